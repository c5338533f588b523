"""Number series that run out are told before documents wait for them: in the status, and by every check."""

from __future__ import annotations

from datetime import date

import pytest
from builders import DAY
from jobs import invoices, run_all

from postroom.core import masters, numbering, series_watch, status
from postroom.core.company import current_user
from postroom.core.database import transaction
from postroom.core.jobs import background, notes, schedules
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.schedules import Schedule
from postroom.core.tables.setup import NumberSeriesLine

pytestmark = pytest.mark.usefixtures("firm")
"""Posted sales invoices are numbered 103001, 103002, ..."""


def set_line(key: str = "S-INV+", *, create: bool = False, **fields: str) -> None:
    masters.set_record("number-series-line", key, fields, user=current_user(), create=create)


def draw(count: int, series: str = "S-INV+") -> None:
    with transaction():
        numbering.draw_many(series, count, DAY)


def told(on: date = DAY) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.record, problem.value) for problem in series_watch.running_out(on)]


def test_a_series_warns_from_its_warning_no_on_until_it_is_used_up() -> None:
    assert told() == []
    set_line(warning_no="103003", ending_no="103005")
    draw(2)
    assert told() == []
    draw(1)
    assert told() == [("number_series_running_out", "Number Series S-INV+", "103003")]
    (problem,) = series_watch.running_out(DAY)
    assert problem.message == (
        "Posted Invoice Nos.: The number series is running out: 2 numbers are left up to 103005."
    )
    assert "nothing more gets a number" in problem.hint
    draw(1)
    assert "1 number is left" in series_watch.running_out(DAY)[0].message
    draw(1)
    assert told() == [("number_series_exhausted", "Number Series S-INV+", "103005")]


def test_what_is_left_is_counted_in_steps_and_an_open_end_has_no_count() -> None:
    set_line(warning_no="103001", ending_no="103024", increment="10")
    draw(1)
    assert "2 numbers are left up to 103024" in series_watch.running_out(DAY)[0].message
    set_line(ending_no="")
    assert series_watch.running_out(DAY)[0].message.endswith("103001 was drawn, its Warning No. is 103001.")


def test_a_line_that_begins_later_warns_when_it_is_in_force() -> None:
    set_line(warning_no="103001", ending_no="103005")
    set_line("S-INV+ x 2027-01-01", create=True, starting_no="2027-001", ending_no="2027-999")
    draw(1)
    assert [code for code, *_ in told(date(2026, 12, 31))] == ["number_series_running_out"]
    assert told(date(2027, 1, 1)) == []


def test_only_series_that_a_setup_names_are_told() -> None:
    masters.set_record("number-series", "OLD", {}, user=current_user(), create=True)
    set_line("OLD", create=True, starting_no="OLD1", ending_no="OLD1")
    draw(1, "OLD")
    assert told() == []


def test_the_status_tells_it_so_that_somebody_looks() -> None:
    set_line("S-ORD", ending_no="S-ORD1001")
    assert status.read().attention == ()
    draw(1, "S-ORD")
    (attention,) = status.read().attention
    assert attention == "Number Series S-ORD: Order Nos.: The number series is used up."


def test_a_check_warns_and_lets_the_document_pass() -> None:
    set_line(warning_no="103001", ending_no="103009")
    draw(1)
    made = invoices(2)
    for result in check(made):
        assert (result.result, result.errors) == ("checked", ())
        (warning,) = result.warnings
        assert (warning.code, warning.field) == ("number_series_running_out", "Posted Invoice Nos.")
        assert warning.record == f"Sales Invoice {result.no}"
    draw(8)
    for result in check(made):
        assert [problem.code for problem in result.errors] == ["number_series_exhausted"]
        assert result.warnings == ()


def check(ids: list[int]) -> list[background.DocumentResult]:
    return background.post(ids, PostRequest(check_only=True), user=current_user())


def test_a_scheduled_check_tells_it_once_in_its_note() -> None:
    set_line(warning_no="103001", ending_no="103009")
    draw(1)
    invoices(3)
    schedules.schedule("check", {}, Schedule(), user=current_user())
    assert run_all() == 1
    (note,) = notes.list_notes(current_user())
    assert note.text.count("is running out") == 1


def test_the_last_date_of_a_series_is_kept() -> None:
    draw(1)
    line = NumberSeriesLine.get(NumberSeriesLine.series_code == "S-INV+")
    assert (line.last_value, line.last_date_used) == (103001, DAY)
    with transaction():
        numbering.draw("S-INV+")
    assert NumberSeriesLine.get_by_id(line.id).last_date_used == DAY
    (row,) = masters.list_records("number-series-line", "series_code=S-INV+")
    assert (row["last_value"], row["last_date_used"]) == (103002, DAY)
