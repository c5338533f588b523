"""Fields of entries On Hold: changed all or none, each bad one named, the rules planned anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from jobs import ANN, assert_verified, category, changes, queue_invoice, row, wait_entry

from postroom.core import clock
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted, PostroomError, Refused, UsageError
from postroom.core.jobs import entries, entry_fields, schedules
from postroom.core.jobs.entry_rows import EntryRow
from postroom.core.jobs.schedules import Schedule

TUESDAY_NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
"""12:00 in Copenhagen."""


@pytest.fixture(autouse=True)
def _at_noon(firm: Location) -> None:
    clock.start_at(TUESDAY_NOON)


def held(job: str = "wait", **parameters: str) -> EntryRow:
    """A job on hold."""
    return row(schedules.schedule(job, parameters, Schedule(hold=True), user=current_user()).id)


def change(entry: EntryRow, **fields: str) -> EntryRow:
    entry_fields.change(entry.id, fields, user=current_user())
    return row(entry.id)


def test_every_field_is_read_kept_and_written_to_the_change_log() -> None:
    category("NIGHT")
    changed = change(
        held(),
        description="Night work",
        category="NIGHT",
        priority="5",
        expiration="2026-12-24T18:00",
        max_attempts="7",
        rerun_delay="2m",
        job_timeout="0:30",
        notify_on_success="yes",
        weekdays="fri,mon",
        starting_time="22:00",
        ending_time="04:00",
        no_of_minutes_between_runs="30",
        inactivity_timeout="15",
    )
    assert (changed.description, changed.category_code, changed.priority) == ("Night work", "NIGHT", 5)
    assert (changed.max_attempts, changed.rerun_delay, changed.job_timeout) == (7, 120, 1800)
    assert (changed.notify_on_success, changed.weekdays, changed.starting_time) == (True, "mon,fri", "22:00:00")
    assert (changed.ending_time, changed.no_of_minutes_between_runs) == ("04:00:00", 30)
    assert (changed.inactivity_timeout, changed.expiration) == (15, datetime(2026, 12, 24, 17, tzinfo=UTC))
    logged = [entry for entry in changes() if entry[1] == "Modify"]
    assert len(logged) == 14
    assert (current_user(), "Modify", "Priority", "1000", "5") in logged
    assert (current_user(), "Modify", "Rerun Delay (sec.)", "10", "120") in logged


def test_changed_rules_are_planned_anew_when_it_is_set_to_ready() -> None:
    entry = change(held(), weekdays="tue", starting_time="21:30")
    assert entries.show(entry.id).recurrence == "every Tuesday at 21:30, next Tue 24 Nov 21:30"
    entries.set_ready([entry.id], user=current_user())
    assert row(entry.id).earliest_start == row(entry.id).planned_start == datetime(2026, 11, 24, 20, 30, tzinfo=UTC)


def test_a_given_start_is_the_plan() -> None:
    entry = change(held(), weekdays="tue,wed", earliest_start="2026-11-25T09:15", no_of_minutes_between_runs="60")
    entries.set_ready([entry.id], user=current_user())
    assert row(entry.id).planned_start == datetime(2026, 11, 25, 8, 15, tzinfo=UTC)


def test_minutes_clear_the_formula_and_need_a_weekday() -> None:
    entry = change(held(), next_run_date_formula="1d")
    assert entry.next_run_date_formula == "1D"
    with pytest.raises(UsageError, match="at least one weekday"):
        change(entry, no_of_minutes_between_runs="10")
    assert row(entry.id) == entry
    changed = change(entry, no_of_minutes_between_runs="10", weekdays="mon")
    assert (changed.next_run_date_formula, changed.weekdays) == ("", "mon")


def test_parameters_are_checked_as_the_job_checks_them() -> None:
    entry = held("batch-post-sales-invoices", filter="party_no=C1")
    entry_fields.change(
        entry.id, {"param.posting_date": "today", "param.replace_posting_date": "yes"}, user=current_user()
    )
    assert (
        row(entry.id).parameters == '{"filter": "party_no=C1", "posting_date": "today", "replace_posting_date": true}'
    )
    with pytest.raises(UsageError, match="no date to replace"):
        entry_fields.change(entry.id, {"param.posting_date": ""}, user=current_user())
    entry_fields.change(
        entry.id, {"param.posting_date": "", "param.replace_posting_date": "", "param.filter": ""}, user=current_user()
    )
    assert row(entry.id).parameters == "{}"


def test_every_bad_field_is_named_and_nothing_is_changed() -> None:
    entry = held()
    bad = {
        "priority": "-1",
        "job_timeout": "0",
        "weekdays": "mon,someday",
        "starting_time": "25:00",
        "earliest_start": "tomorrow",
        "notify_on_success": "perhaps",
        "colour": "red",
    }
    with pytest.raises(UsageError) as refused:
        entry_fields.change(entry.id, {**bad, "description": "New"}, user=current_user())
    assert {(problem.field, problem.value) for problem in refused.value.problems} == set(bad.items())
    assert all(problem.record.startswith(f"Job Queue Entry {entry.entry_no}") for problem in refused.value.problems)
    assert row(entry.id) == entry


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"category": "NONE"}, NotFound),
        ({"expiration": "2026-11-24T11:00"}, UsageError),
        ({"weekdays": "mon", "next_run_date_formula": "1D"}, UsageError),
        ({"next_run_date_formula": "7X"}, UsageError),
        ({"inactivity_timeout": "5"}, UsageError),
    ],
)
def test_fields_that_cannot_be_together_are_refused(fields: dict[str, str], error: type[PostroomError]) -> None:
    entry = held()
    with pytest.raises(error):
        entry_fields.change(entry.id, fields, user=current_user())
    assert row(entry.id) == entry


def test_only_what_is_on_hold_is_changed_and_the_refusal_says_how() -> None:
    entry = wait_entry()
    with pytest.raises(Refused, match=f"entry hold {entry.entry_no}"):
        change(entry, priority="1")


def test_a_documents_entry_keeps_to_running_once() -> None:
    entry = queue_invoice()
    entries.set_on_hold([entry.id], user=ANN)
    with pytest.raises(UsageError, match="runs once"):
        change(entry, weekdays="mon")
    entry_fields.change(entry.id, {"priority": "1", "earliest_start": "2026-11-24T22:00"}, user=ANN)
    entries.set_ready([entry.id], user=ANN)
    assert row(entry.id).earliest_start == TUESDAY_NOON + timedelta(hours=10)
    assert_verified()


def test_others_entries_need_a_job_queue_admin() -> None:
    entry = held()
    with pytest.raises(NotPermitted):
        entry_fields.change(entry.id, {"priority": "1"}, user=ANN)
