"""Scheduled jobs over both databases: made, run, planned anew from the planned start, copied to run once."""

from __future__ import annotations

import os
from datetime import UTC, datetime, time, timedelta

import pytest

from postroom.core import clock
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted, Refused, UsageError
from postroom.core.jobs import claims, entries, processes, runs, schedules
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.jobs.schedules import Schedule
from postroom.core.tables.setup import ChangeLogEntry, UserSetup
from postroom.core.tables.work import JobQueueEntry

TUESDAY_NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
"""12:00 in Copenhagen."""
WORKDAYS = frozenset(range(5))
NIGHTLY = Recurrence(weekdays=WORKDAYS, starting_time=time(22))


@pytest.fixture
def ann(firm: Location) -> str:
    """A Job Queue Admin, at noon on a Tuesday."""
    UserSetup.create(user_id="ann", job_queue_admin=True)
    clock.start_at(TUESDAY_NOON)
    return "ann"


def schedule(user: str, plan: Schedule, **parameters: str) -> entries.EntryView:
    return schedules.schedule("wait", {"seconds": "0", **parameters}, plan, user=user)


def work() -> int:
    """Run what is due here and now, as a worker does; returns how many entries ran."""
    pid = os.getpid()
    worker = claims.Worker(processes.host(), pid, processes.start_of(pid), "")
    count = 0
    while (claim := claims.claim_next(worker)) is not None:
        runs.run(claim)
        count += 1
    return count


def test_a_job_scheduled_without_rules_runs_once_and_is_gone(ann: str) -> None:
    made = schedule(ann, Schedule())
    assert (made.status, made.recurrence, made.next_run) == ("Ready", "", None)
    assert work() == 1
    assert JobQueueEntry.select().count() == 0


def test_a_start_in_the_future_is_waited_for(ann: str) -> None:
    made = schedule(ann, Schedule(start=TUESDAY_NOON + timedelta(hours=1)))
    assert work() == 0
    assert made.why is not None
    assert made.why.code == "starts_at"
    clock.start_at(TUESDAY_NOON + timedelta(hours=1))
    assert work() == 1


def test_a_recurring_job_tells_its_rules_and_its_next_run_in_words(ann: str) -> None:
    made = schedule(ann, Schedule(rules=NIGHTLY))
    assert made.recurrence == "every weekday at 22:00, next Tue 24 Nov 22:00"
    assert made.next_run == datetime(2026, 11, 24, 21, tzinfo=UTC)


def test_what_runs_once_a_day_and_is_scheduled_after_its_time_runs_the_next_day_first(ann: str) -> None:
    clock.start_at(TUESDAY_NOON + timedelta(hours=10, minutes=14))
    made = schedule(ann, Schedule(rules=NIGHTLY))
    assert made.next_run == datetime(2026, 11, 25, 21, tzinfo=UTC)
    assert work() == 0


def test_after_a_success_the_next_run_is_counted_from_the_planned_start(ann: str) -> None:
    hourly = Recurrence(weekdays=frozenset(range(7)), minutes=60)
    made = schedule(ann, Schedule(rules=hourly, start=TUESDAY_NOON + timedelta(minutes=5)))
    clock.start_at(TUESDAY_NOON + timedelta(hours=3, minutes=20))
    assert work() == 1
    after = entries.show(made.id)
    assert (after.status, after.attempts) == ("Ready", 0)
    assert after.next_run == TUESDAY_NOON + timedelta(hours=4, minutes=5)


def test_a_date_formula_leads_from_the_runs_date_at_starting_time(ann: str) -> None:
    made = schedule(ann, Schedule(rules=Recurrence(formula="1D+CM", starting_time=time(23))))
    clock.start_at(TUESDAY_NOON + timedelta(hours=12))
    assert work() == 1
    assert entries.show(made.id).next_run == datetime(2026, 11, 30, 22, tzinfo=UTC)


def test_run_once_on_a_recurring_job_runs_a_copy_and_leaves_the_plan(ann: str) -> None:
    made = schedule(ann, Schedule(rules=NIGHTLY))
    (result,) = entries.run_once([made.id], user=ann)
    assert result.result == "done"
    assert result.entry_id != made.id
    assert entries.show(made.id) == made
    assert JobQueueEntry.select().count() == 1


def test_a_held_recurring_job_set_ready_late_runs_at_its_next_planned_time(ann: str) -> None:
    made = schedule(ann, Schedule(rules=NIGHTLY, hold=True))
    assert (made.status, made.held_by) == ("On Hold", ann)
    clock.start_at(TUESDAY_NOON + timedelta(days=1))
    entries.set_ready([made.id], user=ann)
    assert entries.show(made.id).next_run == datetime(2026, 11, 25, 21, tzinfo=UTC)
    assert work() == 0


def test_scheduling_needs_a_job_queue_admin_and_is_kept_in_the_change_log(ann: str) -> None:
    with pytest.raises(NotPermitted):
        schedule("bob", Schedule())
    made = schedule(ann, Schedule(rules=NIGHTLY))
    logged = ChangeLogEntry.select().order_by(ChangeLogEntry.entry_no.desc()).first()
    assert (logged.user_id, logged.action, logged.new_value) == (ann, "Schedule", "every weekday at 22:00")
    assert str(made.entry_no) in logged.record


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Schedule(rules=Recurrence(weekdays=WORKDAYS, formula="1D")), "next_run_date_formula"),
        (Schedule(rules=Recurrence(minutes=5)), "no_of_minutes_between_runs"),
        (Schedule(rules=Recurrence(weekdays=WORKDAYS, minutes=10**7)), "no_of_minutes_between_runs"),
        (Schedule(priority=-1), "priority"),
        (Schedule(expiration=TUESDAY_NOON - timedelta(seconds=1)), "expiration"),
        (Schedule(category="NOWHERE"), "category"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_its_field(ann: str, plan: Schedule, field: str) -> None:
    with pytest.raises((UsageError, NotFound)) as refused:
        schedule(ann, plan)
    assert refused.value.problems[0].field == field
    assert JobQueueEntry.select().count() == 0


def test_unknown_jobs_parameters_and_the_posting_are_refused(ann: str) -> None:
    for job, parameters in (
        ("nothing", {}),
        ("post-document", {}),
        ("wait", {"colour": "red"}),
        ("wait", {"seconds": "-1"}),
    ):
        with pytest.raises((UsageError, Refused)):
            schedules.schedule(job, parameters, Schedule(), user=ann)
    assert JobQueueEntry.select().count() == 0


def test_what_is_due_outside_its_window_says_so_and_waits_until_it_opens(ann: str) -> None:
    night = Recurrence(weekdays=frozenset(range(7)), starting_time=time(22), ending_time=time(6), minutes=30)
    made = schedule(ann, Schedule(rules=night))
    next_noon = TUESDAY_NOON + timedelta(days=1)
    clock.start_at(next_noon)
    opening = datetime(2026, 11, 25, 21, tzinfo=UTC)
    late = entries.show(made.id).why
    assert late is not None
    assert (late.code, late.until) == ("outside_window", opening)
    assert work() == 0
    waiting = entries.show(made.id)
    assert (waiting.status, waiting.earliest_start) == ("Ready", opening)
    clock.start_at(opening + timedelta(hours=7))
    assert work() == 1
    assert entries.show(made.id).earliest_start == opening + timedelta(hours=7, minutes=30)


def test_a_recurring_job_past_its_expiration_is_skipped_and_says_so(ann: str) -> None:
    made = schedule(ann, Schedule(rules=NIGHTLY, expiration=TUESDAY_NOON + timedelta(days=1)))
    clock.start_at(TUESDAY_NOON + timedelta(days=2))
    assert (work(), entries.expire_overdue()) == (0, 0)
    after = entries.show(made.id)
    assert after.why is not None
    assert (after.status, after.why.code) == ("Ready", "expired")


def test_a_start_that_is_given_is_moved_to_starting_time(ann: str) -> None:
    once = schedule(ann, Schedule(rules=Recurrence(starting_time=time(22)), start=TUESDAY_NOON))
    assert once.earliest_start == datetime(2026, 11, 24, 21, tzinfo=UTC)
    daily = schedule(ann, Schedule(rules=Recurrence(formula="1D", starting_time=time(22)), start=TUESDAY_NOON))
    assert daily.earliest_start == datetime(2026, 11, 24, 21, tzinfo=UTC)
    late = TUESDAY_NOON + timedelta(hours=11)
    assert schedule(ann, Schedule(rules=Recurrence(formula="1D", starting_time=time(22)), start=late)).next_run == late


def test_a_date_formula_keeps_to_its_window_and_to_its_plan(ann: str) -> None:
    monthly = Recurrence(formula="1M", starting_time=time(22), ending_time=time(23))
    made = schedule(ann, Schedule(rules=monthly))
    clock.start_at(TUESDAY_NOON + timedelta(hours=11, minutes=30))
    late = entries.show(made.id).why
    opening = datetime(2026, 11, 25, 21, tzinfo=UTC)
    assert late is not None
    assert (late.code, late.until) == ("outside_window", opening)
    assert work() == 0
    assert entries.show(made.id).earliest_start == opening
    clock.start_at(opening)
    assert work() == 1
    assert entries.show(made.id).next_run == datetime(2026, 12, 24, 21, tzinfo=UTC)


def test_what_runs_once_has_no_ending_time(ann: str) -> None:
    with pytest.raises(UsageError) as refused:
        schedule(ann, Schedule(rules=Recurrence(starting_time=time(22), ending_time=time(23))))
    assert refused.value.problems[0].field == "ending_time"
