"""Runs: posting, log and entry end in one transaction; every failure ends as the table of behaviour 6 says."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from consumer_process import entry, wait_entry
from jobs import claimed, queued, run_all
from peewee import OperationalError

from postroom.core import clock
from postroom.core.database import Location, transaction
from postroom.core.errors import problems_from_json
from postroom.core.jobs import endings, log, notes, queues, runs
from postroom.core.jobs import registry as job_registry
from postroom.core.jobs.claims import Claim
from postroom.core.jobs.registry import JOB_TYPES, JobType
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.posting import post
from postroom.core.tables.ledgers import GlEntry, PostedDocument
from postroom.core.tables.setup import SalesSetup
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry

GiveJob = Callable[[Callable[[Claim], None]], None]


@pytest.fixture
def give_job(monkeypatch: pytest.MonkeyPatch) -> GiveJob:
    """Lets the job `wait` do something else."""

    def give(act: Callable[[Claim], None]) -> None:
        job = JobType("wait", "Wait", 7200, True, act, {})
        monkeypatch.setattr(job_registry, "JOB_TYPES", {**JOB_TYPES, "wait": job})

    return give


def test_success_posts_logs_and_ends_the_entry(firm: Location) -> None:
    (waiting,) = queued()
    assert run_all() == 1
    assert entry(waiting.entry_no) is None
    (view,) = log.list_log()
    assert view.status == LogStatus.SUCCESS
    assert {posted.kind for posted in view.posted} == {"shipment", "invoice"}
    assert PostedDocument.get(PostedDocument.kind == "invoice").posting_id == view.posting_id


def test_a_business_error_leaves_nothing_but_its_reasons(firm: Location) -> None:
    (waiting,) = queued(1, "NOBODY")
    assert run_all() == 1
    failed = entry(waiting.entry_no)
    assert failed is not None
    problems = problems_from_json(failed.errors)
    assert failed.status is EntryStatus.ERROR
    assert Document.get_by_id(waiting.record_id).job_queue_status is JobQueueStatus.ERROR
    (view,) = log.list_log()
    assert (view.status, view.errors, view.call_stack) == (LogStatus.ERROR, problems, "")
    assert [note.record_no for note in notes.list_notes(failed.user_id)] == [waiting.record_no]
    assert not GlEntry.select().exists()


def test_a_claim_lost_during_the_posting_rolls_all_of_it_back(firm: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    (waiting,) = queued()
    claim = claimed()
    write = post.write

    def revoked_meanwhile(plan: post.Plan) -> object:
        done = write(plan)
        JobQueueEntry.update(claim_token="another").where(JobQueueEntry.entry_no == claim.entry_no).execute()
        return done

    monkeypatch.setattr(post, "write", revoked_meanwhile)
    runs.run(claim)
    assert not GlEntry.select().exists()
    assert Document.get_or_none(Document.id == waiting.record_id) is not None


def test_a_note_tells_of_success_where_asked_for(firm: Location) -> None:
    SalesSetup.update(notify_on_success=True).execute()
    (waiting,) = queued()
    run_all()
    (note,) = notes.list_notes(waiting.user_id)
    assert waiting.record_no in note.text


def test_a_transient_failure_is_tried_again_later_each_time_until_no_attempt_is_left(
    firm: Location, give_job: GiveJob
) -> None:
    def deadlock(_: Claim) -> None:
        raise OperationalError("deadlock detected") from psycopg.errors.DeadlockDetected("deadlock detected")

    give_job(deadlock)
    number = wait_entry(rerun_delay=10, max_attempts=3)
    delays = []
    for _ in range(2):
        before = clock.now()
        runs.run(claimed())
        found = entry(number)
        assert found is not None
        assert found.status is EntryStatus.READY
        assert problems_from_json(found.errors)[0].code == "transient_failure"
        delays.append(round((found.earliest_start - before).total_seconds()))
        JobQueueEntry.update(earliest_start=None).where(JobQueueEntry.entry_no == number).execute()
    assert delays == [10, 20]
    runs.run(claimed())
    found = entry(number)
    assert found is not None
    assert (found.status, found.attempts) == (EntryStatus.ERROR, 3)


def test_a_database_that_was_locked_costs_no_attempt(firm: Location, give_job: GiveJob) -> None:
    def locked(_: Claim) -> None:
        raise OperationalError("locked") from psycopg.errors.LockNotAvailable("lock not available")

    give_job(locked)
    number = wait_entry()
    runs.run(claimed())
    found = entry(number)
    assert found is not None
    assert (found.status, found.attempts) == (EntryStatus.READY, 0)


def test_a_bug_in_a_job_ends_in_error_with_the_call_stack_in_the_log(firm: Location, give_job: GiveJob) -> None:
    def broken(_: Claim) -> None:
        raise ZeroDivisionError("a bug")

    give_job(broken)
    number = wait_entry()
    runs.run(claimed())
    found = entry(number)
    assert found is not None
    assert found.status is EntryStatus.ERROR
    assert "Traceback" not in found.errors
    (view,) = log.list_log()
    assert "ZeroDivisionError: a bug" in view.call_stack


def test_a_queue_whose_last_twenty_entries_failed_unexpectedly_stops_itself_and_says_so(
    firm: Location, give_job: GiveJob
) -> None:
    def broken(_: Claim) -> None:
        raise ZeroDivisionError("a bug")

    give_job(broken)
    for _ in range(21):
        wait_entry()
    assert run_all() == 20
    view = queues.show("DEFAULT")
    assert not view.started
    assert "20" in view.stopped_reason


def test_a_run_over_its_time_limit_ends_in_error_naming_the_limit(firm: Location) -> None:
    number = wait_entry(60, job_timeout=1)
    runs.run(claimed())
    found = entry(number)
    assert found is not None
    assert found.status is EntryStatus.ERROR
    assert problems_from_json(found.errors)[0].value == "1"


def test_a_returned_entry_counts_no_attempt_and_its_log_entry_is_closed(firm: Location) -> None:
    (waiting,) = queued()
    claim = claimed()
    with transaction():
        endings.give_back(claim, runs._returned(claim))
    found = entry(waiting.entry_no)
    assert found is not None
    assert (found.status, found.attempts) == (EntryStatus.READY, 0)
    assert Document.get_by_id(waiting.record_id).job_queue_status is JobQueueStatus.SCHEDULED
    (view,) = log.list_log()
    assert (view.status, view.end is not None) == (LogStatus.ERROR, True)


def test_a_posting_and_its_entry_name_the_user_who_queued_it(firm: Location) -> None:
    (waiting,) = queued()
    run_all()
    assert {row.user_id for row in GlEntry.select()} == {waiting.user_id}
