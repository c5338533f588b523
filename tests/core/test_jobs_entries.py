"""Entries: every action and every refusal, the document always in step; and why an entry does not run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from consumer_process import entry, wait_entry
from jobs import claimed, entry_of, queued, run_all, worker

from postroom.core import clock, status
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import consumers, entries, log, queues
from postroom.core.jobs.results import EntryResult
from postroom.core.kinds import DocumentStatus, EntryStatus, JobQueueStatus
from postroom.core.tables.setup import ChangeLogEntry
from postroom.core.tables.trade import Document
from postroom.core.tables.work import Consumer, JobQueue, JobQueueCategory, JobQueueEntry

Action = Callable[..., list[EntryResult]]


def do(action: Action, number: int, *more: int) -> str:
    (result,) = action([number], *more, user=current_user())
    return result.result


def standing(number: int) -> tuple[str, str]:
    """The status of an entry and of its document."""
    found = entry(number)
    assert found is not None
    return found.status.value, Document.get_by_id(found.record_id).job_queue_status.value


def test_hold_ready_error_and_restart_move_the_document_along(firm: Location) -> None:
    (waiting,) = queued(1, "NOBODY")
    number = waiting.entry_no
    assert do(entries.set_on_hold, number) == "on hold"
    assert standing(number) == ("On Hold", "Scheduled for Posting")
    assert do(entries.set_ready, number) == "ready"
    assert standing(number) == ("Ready", "Scheduled for Posting")
    run_all()
    assert standing(number) == ("Error", "Error")
    assert do(entries.restart, number) == "restarted"
    assert standing(number) == ("Ready", "Scheduled for Posting")
    found = entry(number)
    assert found is not None
    assert (found.attempts, found.errors) == (0, "")
    kept = {row.action for row in ChangeLogEntry.select().where(ChangeLogEntry.kind == "Job Queue Entry")}
    assert {"Set On Hold", "Set Status to Ready", "Restart"} <= kept


def test_deleting_an_entry_is_remove_from_job_queue(firm: Location) -> None:
    (waiting,) = queued()
    assert do(entries.delete, waiting.entry_no) == "deleted"
    document = Document.get_by_id(waiting.record_id)
    assert (document.job_queue_status, document.status) == (JobQueueStatus.BLANK, DocumentStatus.RELEASED)


@pytest.mark.parametrize("action", [entries.set_ready, entries.restart, entries.set_on_hold, entries.delete])
def test_what_is_in_process_is_left_alone(firm: Location, action: Action) -> None:
    (waiting,) = queued()
    claimed()
    (result,) = action([waiting.entry_no], user=current_user())
    assert result.result == "refused"
    assert result.errors[0].value == "In Process"
    assert standing(waiting.entry_no) == ("In Process", "Posting")


@pytest.mark.parametrize("action", [entries.set_ready, entries.restart, entries.cancel])
def test_what_is_ready_cannot_be_made_ready_nor_cancelled(firm: Location, action: Action) -> None:
    (waiting,) = queued()
    assert do(action, waiting.entry_no) == "refused"
    assert standing(waiting.entry_no) == ("Ready", "Scheduled for Posting")


def test_one_bad_entry_stops_none_of_the_others(firm: Location) -> None:
    first, second = queued(2)
    results = entries.set_on_hold([first.entry_no, 999_999, second.entry_no], user=current_user())
    assert [result.result for result in results] == ["on hold", "refused", "on hold"]


def test_others_entries_need_a_job_queue_admin(firm: Location) -> None:
    (waiting,) = queued()
    (result,) = entries.delete([waiting.entry_no], user="bob")
    assert (result.result, result.errors[0].code) == ("refused", "not_permitted")


def test_run_once_posts_here_and_now_under_its_category(firm: Location) -> None:
    first, second = queued(2)
    (result,) = entries.run_once([second.entry_no], user=current_user())
    assert (result.result, {posted.kind for posted in result.posted}) == ("posted", {"shipment", "invoice"})
    claimed()
    third = queued()[0]
    (result,) = entries.run_once([third.entry_no], user=current_user())
    assert (result.result, result.errors[0].code) == ("refused", "category_busy")
    assert standing(third.entry_no) == ("Ready", "Scheduled for Posting")
    assert standing(first.entry_no) == ("In Process", "Posting")


def test_an_expired_entry_ends_in_error_and_its_document_too(firm: Location) -> None:
    (waiting,) = queued()
    JobQueueEntry.update(expiration=clock.now() - timedelta(seconds=1)).execute()
    assert entries.expire_overdue() == 1
    assert standing(waiting.entry_no) == ("Error", "Error")
    assert entry_of(waiting.record_id).errors


def test_set_status_to_error_on_the_log_revokes_the_claim(firm: Location) -> None:
    (waiting,) = queued()
    claim = claimed()
    (result,) = log.set_error([claim.log_no], user=current_user())
    assert not result.errors
    assert standing(waiting.entry_no) == ("Error", "Error")
    (result,) = log.set_error([claim.log_no], user=current_user())
    assert result.result == "refused"


def test_cleaning_the_log_keeps_what_is_in_process(firm: Location) -> None:
    queued(2)
    run_all()
    queued()
    claimed()
    assert log.clean(timedelta(days=7), user=current_user()) == 0
    assert log.clean(None, user=current_user()) == 2
    assert [view.status for view in log.list_log()] == ["In Process"]


def why(number: int) -> str:
    (view,) = entries.list_entries(entry_nos=[number])
    return view.why.code if view.why is not None else ""


def test_why_names_the_reason_that_holds_first(firm: Location) -> None:
    number = wait_entry(category_code="SALESPOST")
    second = wait_entry(category_code="SALESPOST")
    assert why(number) == "no_consumer"
    JobQueue.update(on_host="elsewhere").where(JobQueue.code == "SPPOST").execute()
    assert why(number) == "pinned"
    JobQueue.update(on_host="", started=False).where(JobQueue.code == "SPPOST").execute()
    assert why(number) == "queue_stopped"
    JobQueue.update(started=True).where(JobQueue.code == "SPPOST").execute()
    consumers.register(worker(), 2)
    assert (why(number), why(second)) == ("about_to_start", "ahead")
    claimed()
    assert (why(number), why(second)) == ("", "category_busy")
    entries.set_on_hold([second], user=current_user())
    assert why(second) == "on_hold"
    later = wait_entry(earliest_start=clock.now() + timedelta(hours=1))
    assert why(later) == "starts_at"
    retried = wait_entry(earliest_start=clock.now() + timedelta(hours=1), attempts=1)
    assert why(retried) == "retry"
    JobQueueCategory.create(code="SOLO")
    JobQueue.update(category_filter="<>SOLO").where(JobQueue.code == "DEFAULT").execute()
    assert why(wait_entry(category_code="SOLO")) == "no_job_queue"
    assert why(wait_entry(status=EntryStatus.ERROR)) == "error"


def test_why_names_a_queue_at_its_maximum(firm: Location) -> None:
    consumers.register(worker(), 9)
    JobQueue.update(max_concurrent=1).where(JobQueue.code == "DEFAULT").execute()
    wait_entry()
    number = wait_entry()
    claimed()
    assert why(number) == "queue_at_maximum"


def test_an_entry_whose_category_is_busy_is_shown_waiting_and_stored_ready(firm: Location) -> None:
    consumers.register(worker(), 2)
    wait_entry(category_code="SALESPOST")
    number = wait_entry(category_code="SALESPOST")
    claimed()
    (view,) = entries.list_entries(entry_nos=[number])
    found = entry(number)
    assert found is not None
    assert (view.status, found.status) == ("Waiting", EntryStatus.READY)


def test_a_queue_is_running_with_a_heartbeat_and_not_responding_without_a_consumer(firm: Location) -> None:
    assert queues.show("SPPOST").state.value == "Not responding"
    consumers.register(worker(), 1)
    consumers.heartbeat(worker())
    assert queues.show("SPPOST").state.value == "Running"
    queues.stop("SPPOST", user=current_user())
    assert queues.show("SPPOST").state.value == "Stopped"
    Consumer.update(host="elsewhere", last_heartbeat=clock.now() - timedelta(seconds=60)).execute()
    assert queues.show("PPPOST").state.value == "Not responding"


def test_status_tells_the_backlog_and_what_somebody_should_look_at(firm: Location) -> None:
    queued()
    queued(1, "NOBODY")
    facts = status.read()
    assert (facts.backlog, facts.in_process, facts.errors) == (2, 0, 0)
    assert any("no consumer" in text for text in facts.attention)
    run_all()
    facts = status.read()
    assert (facts.backlog, facts.errors) == (0, 1)
    assert any("error" in text for text in facts.attention)
