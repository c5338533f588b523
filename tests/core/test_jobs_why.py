"""Why an entry is not running: each reason of behaviour 5 brought about for real, and which comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from jobs import (
    ANN,
    ELSEWHERE,
    category,
    claimed,
    consumer_row,
    ended_process,
    here,
    in_error,
    queue_invoice,
    row,
    set_row,
    wait_entry,
    worker,
)

from postroom.core import clock
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import Problem
from postroom.core.jobs import claims, consumers, endings, entries, queues
from postroom.core.jobs.why import Why
from postroom.core.kinds import EntryStatus
from postroom.core.statements import execute
from postroom.core.tables.work import JobQueue, JobQueueEntry

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
TRANSIENT = Problem("transient_failure", "The database gave up on the transaction.")


@pytest.fixture(autouse=True)
def _at_noon(firm: Location) -> None:
    """Noon in Copenhagen, so that an hour more or less is the same day."""
    clock.start_at(datetime(2026, 3, 2, 11, tzinfo=UTC))


@pytest.fixture
def served(firm: Location) -> None:
    """A consumer that serves every job queue: this process, though it works on nothing."""
    consumers.register(worker(), 2)


def reason(entry: JobQueueEntry) -> Why:
    found = entries.show(entry.entry_no).why
    assert found is not None
    return found


def shown(instant: datetime | None) -> str:
    assert instant is not None
    return instant.astimezone(COPENHAGEN).strftime("%H:%M:%S")


def test_in_error_and_what() -> None:
    entry = in_error(queue_invoice())
    why = reason(entry)
    (problem,) = entries.show(entry.id).errors
    assert (why.code, why.text) == ("error", f"In error: {problem.message}")
    assert why.hint


def test_in_error_counts_what_it_does_not_show() -> None:
    entry = queue_invoice()
    claim = claimed()
    endings.fail(claim, (Problem("one", "The first."), Problem("two", "The second."), Problem("three", "Third.")))
    assert reason(entry).text == "In error: The first. (and 2 more)"


def test_on_hold_and_by_whom() -> None:
    entry = wait_entry()
    entries.set_on_hold([entry.id], user=ANN)
    assert (reason(entry).code, reason(entry).text) == ("on_hold", "On hold by ann.")
    new = wait_entry(status=EntryStatus.ON_HOLD)
    assert reason(new).text == "On hold."


def test_nothing_to_do_and_when_it_wakes() -> None:
    wakes = clock.now() + timedelta(hours=1)
    entry = wait_entry(status=EntryStatus.ON_HOLD_INACTIVE, earliest_start=wakes)
    assert (reason(entry).code, reason(entry).until) == ("inactive", entry.earliest_start)
    assert reason(entry).text == f"There was nothing to do; it wakes at {shown(wakes)}."


@pytest.mark.usefixtures("served")
def test_the_next_attempt_when_and_after_what() -> None:
    entry = wait_entry(max_attempts=3)
    endings.try_again(claimed(), (TRANSIENT,), timedelta(minutes=10))
    why = reason(entry)
    assert (why.code, why.until) == ("retry", row(entry.id).earliest_start)
    assert why.text == f"Attempt 2 of 3 at {shown(why.until)}, after: {TRANSIENT.message}"


@pytest.mark.usefixtures("served")
def test_a_start_that_has_not_come_today_by_its_time_and_later_by_its_date() -> None:
    soon = wait_entry(earliest_start=clock.now() + timedelta(hours=1))
    late = wait_entry(earliest_start=clock.now() + timedelta(days=10))
    assert (reason(soon).code, reason(soon).until) == ("starts_at", soon.earliest_start)
    assert reason(soon).text == f"It starts at {shown(soon.earliest_start)}."
    assert reason(late).text == "It starts at 2026-03-12 12:00."


@pytest.mark.usefixtures("served")
def test_no_job_queue_takes_its_category() -> None:
    queues.change("DEFAULT", {"category_filter": "PRINT*"}, user=current_user())
    with_category, without = wait_entry(category_code=category("ODD")), wait_entry()
    why = reason(with_category)
    assert (why.code, why.category, why.text) == ("no_job_queue", "ODD", "No job queue takes category ODD.")
    assert reason(without).text == "No job queue takes entries without a category."
    assert why.hint


@pytest.mark.usefixtures("served")
def test_its_job_queue_is_stopped_by_a_person_or_by_itself() -> None:
    entry = wait_entry()
    queues.stop("DEFAULT", user=current_user())
    why = reason(entry)
    assert (why.code, why.text, why.hint) == (
        "queue_stopped",
        "Job queue DEFAULT is stopped.",
        "Start job queue DEFAULT.",
    )
    JobQueue.update(stopped_reason="It failed.").where(JobQueue.code == "DEFAULT").execute()
    assert reason(entry).text == "Job queue DEFAULT is stopped. It failed."


def test_its_job_queue_is_pinned_to_a_host_where_no_consumer_runs() -> None:
    entry = wait_entry()
    queues.change("DEFAULT", {"on_host": ELSEWHERE}, user=current_user())
    assert reason(entry).code == "pinned"
    consumer_row()
    why = reason(entry)
    assert why.code == "pinned"
    assert why.text == "Job queue DEFAULT is pinned to host another-host, where no consumer runs."
    consumer_row("two", host=ELSEWHERE)
    assert reason(entry).code == "about_to_start"


def test_no_consumer_runs_or_has_responded_since() -> None:
    entry = wait_entry()
    why = reason(entry)
    assert (why.code, why.text, why.since) == ("no_consumer", "No consumer is running.", None)
    assert "postroom consumer" in why.hint
    process_id, process_start = ended_process()
    beaten = consumer_row(process_id=process_id, process_start=process_start).last_heartbeat
    why = reason(entry)
    assert why.code == "no_consumer"
    assert why.text == f"No consumer has responded since {shown(beaten)}."
    assert why.since is not None
    assert abs(why.since - beaten) < timedelta(milliseconds=1)


def test_a_consumer_of_another_host_is_gone_when_its_lease_is_over() -> None:
    entry = wait_entry()
    consumer_row(host=ELSEWHERE, silent_for=consumers.LEASE - 5)
    assert reason(entry).code == "about_to_start"
    execute("UPDATE consumer SET last_heartbeat = last_heartbeat - 10000000")
    assert reason(entry).code == "no_consumer"


def test_the_consumers_that_run_serve_other_job_queues() -> None:
    entry = wait_entry()
    consumer_row(job_queues="SPPOST,PPPOST")
    why = reason(entry)
    assert (why.code, why.text) == ("no_consumer", "No consumer serves job queue DEFAULT.")


@pytest.mark.usefixtures("served")
def test_its_category_is_busy_with_which_entry_since_when() -> None:
    code = category("SLOW")
    first, second = wait_entry(category_code=code), wait_entry(category_code=code)
    claimed()
    why = reason(second)
    started = row(first.id).started_at
    assert (why.code, why.category, why.entry_no, why.since) == ("category_busy", "SLOW", first.entry_no, started)
    assert why.text == f"Category SLOW is busy with entry {first.entry_no} (Wait) since {shown(started)}."
    assert entries.show(second.id).status == "Waiting"
    assert row(second.id).status is EntryStatus.READY
    assert entries.show(first.id).why is None


@pytest.mark.usefixtures("served")
def test_its_job_queue_runs_its_maximum() -> None:
    queues.change("DEFAULT", {"max_concurrent": "2"}, user=current_user())
    entry = [wait_entry() for _ in range(3)][2]
    claimed()
    assert reason(entry).code == "ahead"
    claimed()
    why = reason(entry)
    assert (why.code, why.text) == ("queue_at_maximum", "Job queue DEFAULT runs its maximum of 2.")


@pytest.mark.usefixtures("served")
def test_how_many_are_ahead_by_priority_then_start_then_number() -> None:
    third, second = wait_entry(), wait_entry(priority=10)
    fourth = wait_entry(earliest_start=clock.now() - timedelta(hours=1))
    first = wait_entry(priority=0)
    wait_entry(priority=0, earliest_start=clock.now() + timedelta(hours=1))  # not due, so ahead of none
    in_order = [first, second, third, fourth]
    assert [reason(entry).ahead for entry in in_order] == [0, 1, 2, 3]
    assert [reason(entry).code for entry in in_order] == ["about_to_start", "ahead", "ahead", "ahead"]
    assert reason(first).text == "About to start."
    assert reason(second).text == "1 entry is ahead of it."
    assert reason(fourth).text == "3 entries are ahead of it."


@pytest.mark.usefixtures("served")
def test_others_categories_are_not_ahead() -> None:
    wait_entry(category_code=category("ONE"))
    assert reason(wait_entry(category_code=category("TWO"))).code == "about_to_start"


@pytest.mark.usefixtures("served")
def test_long_lists_are_ranked_as_short_ones_are() -> None:
    made = [wait_entry(priority=priority) for priority in (5, 1, 3) for _ in range(10)]
    in_order = sorted(made, key=lambda entry: (entry.priority, entry.entry_no))
    ranked = {view.entry_no: view.why.ahead for view in entries.list_entries() if view.why}
    assert [ranked[entry.entry_no] for entry in in_order] == list(range(30))
    assert [reason(entry).ahead for entry in in_order[::7]] == list(range(0, 30, 7))


def test_the_first_reason_that_holds_is_told_and_each_gives_way_to_the_next() -> None:
    """One entry for which every reason holds at once; they are mended one by one, in the order of behaviour 5."""
    admin = current_user()
    consumer_row("two", host=ELSEWHERE, job_queues="PPPOST")
    code = category("SLOW")
    wait_entry(category_code=code)
    claimed()
    queues.change("DEFAULT", {"max_concurrent": "1", "on_host": "third-host"}, user=admin)
    queues.stop("DEFAULT", user=admin)
    queues.change("DEFAULT", {"category_filter": "PRINT*"}, user=admin)
    entry = wait_entry(
        category_code=code, status=EntryStatus.ERROR, attempts=1, earliest_start=clock.now() + timedelta(hours=1)
    )
    seen = [reason(entry).code]
    entry = set_row(entry, status=EntryStatus.ON_HOLD)
    seen.append(reason(entry).code)
    entry = set_row(entry, status=EntryStatus.READY)
    seen.append(reason(entry).code)
    entry = set_row(entry, attempts=0)
    seen.append(reason(entry).code)
    entries.set_on_hold([entry.id], user=ANN)
    entries.restart([entry.id], user=ANN)
    seen.append(reason(entry).code)
    queues.change("DEFAULT", {"category_filter": "SLOW"}, user=admin)
    seen.append(reason(entry).code)
    queues.start("DEFAULT", user=admin)
    seen.append(reason(entry).code)
    queues.change("DEFAULT", {"on_host": ""}, user=admin)
    seen.append(reason(entry).code)
    consumer_row()
    seen.append(reason(entry).code)
    JobQueueEntry.update(category_code="").where(JobQueueEntry.status == EntryStatus.IN_PROCESS).execute()
    wait_entry(category_code=code, priority=0)
    seen.append(reason(entry).code)
    queues.change("DEFAULT", {"max_concurrent": "4"}, user=admin)
    seen.append(reason(entry).code)
    entries.set_priority([entry.id], 0, user=ANN)
    seen.append(reason(entry).code)
    assert seen == [
        "error",
        "on_hold",
        "retry",
        "starts_at",
        "no_job_queue",
        "queue_stopped",
        "pinned",
        "no_consumer",
        "category_busy",
        "queue_at_maximum",
        "ahead",
        "about_to_start",
    ]


def test_all_workers_of_its_consumer_are_busy(firm: Location) -> None:
    consumer_row("one", workers=1)
    JobQueue.update(started=True).execute()
    running = wait_entry()
    claim = claims.claim_next(replace(here(), consumer_id="one"))
    assert claim is not None
    assert claim.entry_no == running.entry_no
    waiting = wait_entry()
    found = entries.show(waiting.entry_no).why
    assert found is not None
    assert (found.code, found.ahead) == ("workers_busy", 0)
    assert "--workers" in found.hint


def test_of_two_queues_the_one_that_this_host_could_serve_is_told_of(firm: Location) -> None:
    queues.change("DEFAULT", {"category_filter": "", "on_host": "elsewhere"}, user=current_user())
    JobQueue.update(started=True).execute()
    found = entries.show(queue_invoice().entry_no).why
    assert found is not None
    assert found.code == "no_consumer"
