"""Status: the counts, the oldest that waits, and what somebody should look at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from jobs import claimed, consumer_row, ended_process, in_error, queue_invoice, serve, wait_entry

from postroom.core import clock, status
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import entries, queues, runs
from postroom.core.jobs.queues import MOST_FAILURES
from postroom.core.kinds import EntryStatus
from postroom.core.printing import printers
from postroom.core.tables.work import Consumer

pytestmark = pytest.mark.usefixtures("firm")


def test_a_served_company_without_work_needs_nobody() -> None:
    serve()
    found = status.read()
    assert (found.consumers, found.backlog, found.in_process, found.errors) == (1, 0, 0, 0)
    assert (found.oldest_waiting_seconds, found.attention) == (0, ())
    assert [(one.code, one.state) for one in found.queues] == [
        ("DEFAULT", "Running"),
        ("PPPOST", "Running"),
        ("PRINT", "Running"),
        ("SPPOST", "Running"),
    ]


def test_backlog_is_what_is_due_and_not_running() -> None:
    serve()
    for _ in range(3):
        wait_entry()
    wait_entry(earliest_start=clock.now() + timedelta(hours=1))
    wait_entry(status=EntryStatus.ON_HOLD)
    claimed()
    found = status.read()
    assert (found.backlog, found.in_process, found.errors, found.attention) == (2, 1, 0, ())


def test_the_oldest_waits_since_it_was_ready_and_due() -> None:
    serve()
    now = clock.now()
    wait_entry(last_ready_at=now - timedelta(seconds=100))
    assert status.read().oldest_waiting_seconds in (100, 101, 102)
    wait_entry(last_ready_at=now - timedelta(days=1), earliest_start=now - timedelta(seconds=200))
    assert status.read().oldest_waiting_seconds in (200, 201, 202)
    wait_entry(last_ready_at=now - timedelta(days=1), earliest_start=now + timedelta(hours=1))
    assert status.read().oldest_waiting_seconds in (200, 201, 202)


def test_entries_in_error_are_to_be_looked_at_until_somebody_did() -> None:
    serve()
    first, second = queue_invoice(), queue_invoice()
    in_error(first)
    assert (status.read().errors, status.read().attention) == (1, ("1 entry is in error.",))
    in_error(second)
    assert status.read().attention == ("2 entries are in error.",)
    entries.delete([first.entry_no, second.entry_no], user=current_user())
    assert (status.read().errors, status.read().attention) == (0, ())


def test_work_that_waits_for_no_consumer_is_to_be_looked_at() -> None:
    assert status.read().attention == ()
    wait_entry()
    assert status.read().attention == ("1 entry waits and no consumer is running.",)
    wait_entry()
    assert status.read().attention == ("2 entries wait and no consumer is running.",)
    serve()
    assert status.read().attention == ()


def test_a_consumer_that_is_gone_is_not_counted_and_its_job_queues_do_not_respond() -> None:
    serve()
    process_id, process_start = ended_process()
    Consumer.update(process_id=process_id, process_start=process_start).execute()
    found = status.read()
    assert found.consumers == 0
    assert {one.state for one in found.queues} == {"Not responding"}


def test_a_job_queue_that_stopped_itself_is_to_be_looked_at_and_one_that_a_person_stopped_is_not() -> None:
    serve()
    queues.stop("PRINT", user=current_user())
    for _ in range(MOST_FAILURES):
        wait_entry(parameters="{")
        runs.run(claimed())
    attention = status.read().attention
    assert attention[0] == "20 entries are in error."
    (about,) = (text for text in attention if text.startswith("Job queue"))
    assert about.startswith("Job queue DEFAULT stopped itself: Its last 20 entries")


def test_a_printer_that_does_not_respond_asks_for_attention() -> None:
    printers.add("STORE", {"folder": "/nowhere"}, user=current_user())
    assert status.read().attention == ()
    printers.failed("STORE", "It has no paper.")
    assert status.read().attention == ("Printer STORE is not responding: It has no paper.",)


def test_a_consumer_that_does_not_respond_is_to_be_looked_at(firm: Location) -> None:
    consumer_row("one", silent_for=3600)
    assert any("does not respond" in said for said in status.read().attention)


def test_a_recurring_entry_past_its_expiration_waits_no_more() -> None:
    now = clock.now()
    wait_entry(weekdays="mon", last_ready_at=now - timedelta(hours=1), expiration=now - timedelta(seconds=1))
    assert (status.read().backlog, status.read().oldest_waiting_seconds, status.read().attention) == (0, 0, ())
    wait_entry(weekdays="mon", last_ready_at=now - timedelta(seconds=100), expiration=now + timedelta(hours=1))
    found = status.read()
    assert (found.backlog, found.oldest_waiting_seconds in (100, 101, 102)) == (1, True)
