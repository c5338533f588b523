"""Number series: the next number, date-ranged lines, exhaustion, and no gap after a rollback."""

from __future__ import annotations

from datetime import date

import pytest

from postroom.core import database, numbering
from postroom.core.database import Location
from postroom.core.errors import Refused
from postroom.core.tables.setup import NumberSeries, NumberSeriesLine


def series(code: str, *lines: dict[str, object]) -> None:
    NumberSeries.create(code=code)
    for line in lines:
        first = str(line["starting_no"])
        NumberSeriesLine.create(series_code=code, last_value=numbering.split(first)[2] - 1, **line)


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ("103001", ("", 6, 103001, "")),
        ("S-INV0099", ("S-INV", 4, 99, "")),
        ("2026-001/B", ("2026-", 3, 1, "/B")),
    ],
)
def test_the_last_digits_are_the_counted_ones(number: str, parts: tuple[str, int, int, str]) -> None:
    assert numbering.split(number) == parts


def test_numbers_follow_each_other_and_grow_beyond_their_width(firm: Location) -> None:
    series("X", {"starting_no": "X98"})
    assert numbering.draw_many("X", 3) == ["X98", "X99", "X100"]
    assert numbering.draw("X") == "X101"


def test_a_rolled_back_drawing_leaves_no_gap(firm: Location) -> None:
    series("X", {"starting_no": "X1"})
    with pytest.raises(Refused), database.transaction():
        _ = numbering.draw("X") + numbering.draw("NONE")
    assert numbering.draw("X") == "X1"


def test_increments_are_kept(firm: Location) -> None:
    series("X", {"starting_no": "X10", "increment": 5})
    NumberSeriesLine.update(last_value=5).where(NumberSeriesLine.series_code == "X").execute()
    assert numbering.draw_many("X", 2) == ["X10", "X15"]


def test_the_line_in_force_on_the_date_gives_the_number(firm: Location) -> None:
    series(
        "X",
        {"starting_no": "26-1", "starting_date": date(2026, 1, 1)},
        {"starting_no": "27-1", "starting_date": date(2027, 1, 1)},
    )
    assert numbering.draw("X", date(2026, 12, 31)) == "26-1"
    assert numbering.draw("X", date(2027, 1, 1)) == "27-1"
    with pytest.raises(Refused, match="no line that is valid on 2025-12-31"):
        numbering.draw("X", date(2025, 12, 31))


def test_a_series_that_is_used_up_or_missing_says_so_and_what_to_do(firm: Location) -> None:
    series("X", {"starting_no": "X1", "ending_no": "X2"})
    numbering.draw_many("X", 2)
    with pytest.raises(Refused) as refused:
        numbering.draw("X")
    (problem,) = refused.value.problems
    assert (problem.code, problem.record, problem.value) == ("number_series_exhausted", "Number Series X", "X2")
    assert problem.hint == "Add a line with new numbers."
    with pytest.raises(Refused, match="does not exist"):
        numbering.draw("NONE")


def test_a_series_with_fewer_numbers_left_than_are_wanted_gives_none(firm: Location) -> None:
    series("X", {"starting_no": "X1", "ending_no": "X3"})
    with pytest.raises(Refused, match="has 3 numbers left, 4 are wanted"):
        numbering.draw_many("X", 4)
    assert numbering.draw_many("X", 3) == ["X1", "X2", "X3"]
