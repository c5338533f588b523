"""Endings: entry, document and log change together, in the work's own transaction, only under a claim that holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from conftest import MakeCompany
from consumer_process import entry, wait_entry
from jobs import assert_verified, claimed, entry_of, queued, run_all, worker

from postroom.core import clock, company
from postroom.core.company import current_user
from postroom.core.database import Location, transaction
from postroom.core.errors import Problem, problems_from_json
from postroom.core.jobs import claims, endings, entries, notes, runs
from postroom.core.jobs.claims import Claim, ClaimLost
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus, PostedKind
from postroom.core.posting import post
from postroom.core.statements import execute
from postroom.core.tables.ledgers import GlEntry, PostedDocument
from postroom.core.tables.setup import SalesSetup
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry, Note

REASON = Problem("transient_failure", "The database gave up on the transaction.", "Sales Invoice D1")


class Interrupted(Exception):
    """What ends a transaction of a test."""


def log_of(claim: Claim) -> JobQueueLogEntry:
    found: JobQueueLogEntry = JobQueueLogEntry.get_by_id(claim.log_no)
    return found


def status_of(waiting: JobQueueEntry) -> JobQueueStatus:
    found: JobQueueStatus = Document.get_by_id(waiting.record_id).job_queue_status
    return found


def planned(claim: Claim) -> post.Plan:
    assert claim.record_id is not None
    return post.prepare(claim.record_id, user=claim.user_id, posting_id=claim.token)


def test_success_ends_entry_and_log_in_the_transaction_of_the_posting_or_not_at_all(firm: Location) -> None:
    (waiting,) = queued()
    claim = claimed()
    plan = planned(claim)

    def post_and_stop() -> None:
        with transaction():
            post.write(plan)
            endings.succeed(claim)
            assert entry(claim.entry_no) is None
            assert log_of(claim).status is LogStatus.SUCCESS
            raise Interrupted

    with pytest.raises(Interrupted):
        post_and_stop()
    held = entry(claim.entry_no)
    assert held is not None
    assert (held.status, held.claim_token) == (EntryStatus.IN_PROCESS, claim.token)
    assert (log_of(claim).status, log_of(claim).ended_at) == (LogStatus.IN_PROCESS, None)
    assert status_of(waiting) is JobQueueStatus.POSTING
    assert not GlEntry.select().exists()
    assert_verified()

    runs.run(claim)
    assert not JobQueueEntry.select().exists()
    log = log_of(claim)
    assert (log.status, log.errors, log.ended_at is not None) == (LogStatus.SUCCESS, "", True)
    assert {row.posting_id for row in PostedDocument.select()} == {claim.token}
    assert_verified()


def test_a_business_error_puts_entry_document_and_log_in_error_with_every_reason_and_tells_the_user(
    firm: Location,
) -> None:
    (waiting,) = queued()
    Party.update(blocked="All", vat_business_group="").execute()
    claim = claimed()
    runs.run(claim)

    failed = entry_of(waiting.record_id)
    problems = problems_from_json(failed.errors)
    assert (failed.status, failed.attempts, failed.claim_token) == (EntryStatus.ERROR, 1, "")
    assert len(problems) >= 2
    assert all(problem.record and problem.message for problem in problems)
    assert status_of(waiting) is JobQueueStatus.ERROR
    log = log_of(claim)
    assert (log.status, log.errors, log.ended_at is not None) == (LogStatus.ERROR, failed.errors, True)
    (note,) = notes.list_notes(waiting.user_id)
    assert (note.record_no, note.is_read) == (waiting.record_no, False)
    assert problems[0].message in note.text
    assert note.text.count(waiting.record_no) == 1
    assert not GlEntry.select().exists()
    assert claims.claim_next(worker()) is None
    assert_verified()


def test_success_leaves_a_note_only_where_it_was_asked_for(firm: Location) -> None:
    queued()
    run_all()
    assert not Note.select().exists()
    SalesSetup.update(notify_on_success=True).execute()
    (waiting,) = queued()
    run_all()
    (note,) = notes.list_notes(waiting.user_id)
    assert (note.record_no, note.record_type) == (waiting.record_no, "sales-invoice")


def test_another_attempt_waits_for_its_time_keeps_the_reason_and_leaves_the_document_scheduled(firm: Location) -> None:
    (waiting,) = queued()
    claim = claimed()
    before = clock.now()
    with transaction():
        endings.try_again(claim, (REASON,), timedelta(minutes=1))

    back = entry_of(waiting.record_id)
    assert (back.status, back.attempts, back.claim_token) == (EntryStatus.READY, 1, "")
    assert problems_from_json(back.errors) == (REASON,)
    assert back.earliest_start >= before + timedelta(minutes=1)
    assert status_of(waiting) is JobQueueStatus.SCHEDULED
    assert log_of(claim).status is LogStatus.ERROR
    assert not Note.select().exists()
    assert claims.claim_next(worker()) is None
    assert_verified()

    JobQueueEntry.update(earliest_start=None).execute()
    again = claimed()
    assert (again.attempt, again.token != claim.token) == (2, True)
    runs.run(again)
    assert [row.attempt for row in JobQueueLogEntry.select().order_by(JobQueueLogEntry.entry_no)] == [1, 2]
    assert_verified()


def test_a_serialization_failure_is_tried_again_until_no_attempt_is_left_and_costs_no_number(
    make_postgres: MakeCompany,
) -> None:
    company.open_company(make_postgres())
    SalesSetup.update(maximum_no_of_attempts=2, rerun_delay=0).execute()
    (waiting,) = queued()
    execute(
        "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE EXCEPTION USING ERRCODE = ''serialization_failure'', MESSAGE = ''try again''; END'"
    )
    execute("CREATE TRIGGER gives_up BEFORE INSERT ON gl_entry FOR EACH ROW EXECUTE FUNCTION give_up()")

    runs.run(claimed())
    back = entry_of(waiting.record_id)
    assert (back.status, back.attempts) == (EntryStatus.READY, 1)
    assert problems_from_json(back.errors)[0].code == "transient_failure"
    assert_verified()
    runs.run(claimed())
    failed = entry_of(waiting.record_id)
    assert (failed.status, failed.attempts) == (EntryStatus.ERROR, 2)
    assert status_of(waiting) is JobQueueStatus.ERROR
    assert Note.select().count() == 1
    assert not GlEntry.select().exists()
    assert_verified()

    execute("DROP TRIGGER gives_up ON gl_entry")
    queued()
    assert run_all() == 1
    assert_verified()


def test_a_returned_entry_is_ready_at_once_and_no_attempt_is_counted(firm: Location) -> None:
    (waiting,) = queued()
    claim = claimed()
    with transaction():
        endings.give_back(claim, Problem("returned", "The consumer was stopped before the job had ended."))
    back = entry_of(waiting.record_id)
    assert (back.status, back.attempts, back.claim_token) == (EntryStatus.READY, 0, "")
    assert status_of(waiting) is JobQueueStatus.SCHEDULED
    assert log_of(claim).status is LogStatus.ERROR
    assert_verified()
    assert claimed().attempt == 1


def test_a_cancelled_entry_is_on_hold_by_who_cancelled_it_and_its_document_stays_scheduled(firm: Location) -> None:
    (waiting,) = queued()
    claim = claimed()
    with transaction():
        endings.hold(claim, "bob")
    held = entry_of(waiting.record_id)
    assert (held.status, held.held_by, held.claim_token) == (EntryStatus.ON_HOLD, "bob", "")
    assert status_of(waiting) is JobQueueStatus.SCHEDULED
    log = log_of(claim)
    assert log.status is LogStatus.ERROR
    assert "bob" in log.errors
    assert claims.claim_next(worker()) is None
    assert_verified()


@pytest.mark.parametrize(
    "end",
    [
        lambda claim: endings.try_again(claim, (REASON,), timedelta(seconds=10)),
        lambda claim: endings.give_back(claim, REASON),
    ],
    ids=["a transient failure", "a return"],
)
def test_a_run_cancelled_before_it_ends_otherwise_is_on_hold_all_the_same(
    firm: Location, end: Callable[[Claim], None]
) -> None:
    (waiting,) = queued()
    claim = claimed()
    entries.cancel([waiting.id], user=current_user())
    with transaction():
        end(claim)
    held = entry(claim.entry_no)
    assert held is not None
    assert (held.status, held.held_by, held.cancel_requested_by) == (EntryStatus.ON_HOLD, current_user(), "")
    assert problems_from_json(held.errors)[0].code == "cancelled"
    assert problems_from_json(log_of(claim).errors) == (REASON,)
    assert status_of(waiting) is JobQueueStatus.SCHEDULED
    assert_verified()


def test_a_recurring_job_cancelled_as_it_succeeds_is_on_hold_afterwards(firm: Location) -> None:
    number = wait_entry(weekdays="mon,tue,wed,thu,fri,sat,sun", no_of_minutes_between_runs=10)
    claim = claimed()
    entries.cancel([number], user=current_user())
    with transaction():
        endings.succeed(claim)
    held = entry(number)
    assert held is not None
    assert held.status is EntryStatus.ON_HOLD
    assert log_of(claim).status is LogStatus.SUCCESS


def test_a_retry_of_a_recurring_job_leaves_its_plan_where_it_was(firm: Location) -> None:
    start = clock.now() - timedelta(minutes=25)
    number = wait_entry(
        weekdays="mon,tue,wed,thu,fri,sat,sun", no_of_minutes_between_runs=10, earliest_start=start, planned_start=start
    )
    with transaction():
        endings.try_again(claimed(), (REASON,), timedelta(seconds=77))
    clock.start_at(clock.now() + timedelta(seconds=78))
    with transaction():
        endings.succeed(claimed())
    after = entry(number)
    assert after is not None
    assert after.earliest_start == after.planned_start == start + timedelta(minutes=30)


def test_a_worker_whose_claim_was_revoked_commits_nothing_and_leaves_no_gap_in_the_numbers(firm: Location) -> None:
    queued()
    assert run_all() == 1
    (waiting,) = queued()
    lost = claimed()
    plan = planned(lost)
    with transaction():
        endings.try_again(lost, (REASON,), timedelta(0))
    before = GlEntry.select().count()
    drawn: list[post.PostedRef] = []

    def post_all_the_same() -> None:
        with transaction():
            drawn.extend(post.write(plan))
            endings.succeed(lost)

    with pytest.raises(ClaimLost):
        post_all_the_same()
    assert GlEntry.select().count() == before
    assert entry_of(waiting.record_id).status is EntryStatus.READY
    assert log_of(lost).status is LogStatus.ERROR
    assert_verified()

    assert run_all() == 1
    invoice = PostedDocument.get(
        PostedDocument.kind == PostedKind.INVOICE, PostedDocument.source_no == waiting.record_no
    )
    assert invoice.no == drawn[1].no
    assert invoice.posting_id != lost.token
    assert_verified()


def test_a_worker_whose_entry_runs_elsewhere_by_now_does_not_disturb_that_run(firm: Location) -> None:
    (waiting,) = queued()
    lost = claimed()
    with transaction():
        endings.try_again(lost, (REASON,), timedelta(0))
    holder = claimed()
    runs.run(lost)
    held = entry_of(waiting.record_id)
    assert (held.status, held.claim_token) == (EntryStatus.IN_PROCESS, holder.token)
    assert not GlEntry.select().exists()
    assert log_of(holder).status is LogStatus.IN_PROCESS
    runs.run(holder)
    assert not JobQueueEntry.select().exists()
    assert_verified()


@pytest.mark.parametrize(
    "end",
    [
        endings.succeed,
        lambda claim: endings.fail(claim, (REASON,)),
        lambda claim: endings.try_again(claim, (REASON,), timedelta(0)),
        lambda claim: endings.give_back(claim, REASON),
        lambda claim: endings.hold(claim, "bob"),
    ],
    ids=["succeed", "fail", "try_again", "give_back", "hold"],
)
def test_no_ending_of_a_revoked_claim_changes_anything(firm: Location, end: Callable[[Claim], None]) -> None:
    SalesSetup.update(notify_on_success=True).execute()
    (waiting,) = queued()
    lost = claimed()
    with transaction():
        endings.hold(lost, "ann")
    was = (entry_of(waiting.record_id).__data__, log_of(lost).__data__)
    with pytest.raises(ClaimLost), transaction():
        end(lost)
    assert (entry_of(waiting.record_id).__data__, log_of(lost).__data__) == was
    assert status_of(waiting) is JobQueueStatus.SCHEDULED
    assert not Note.select().exists()


def test_a_recurring_entry_that_succeeded_is_ready_for_its_next_start_with_no_attempt_counted(firm: Location) -> None:
    number = wait_entry(next_run_date_formula="1D", attempts=2, errors="[]")
    claim = claimed()
    with transaction():
        endings.succeed(claim)
    back = entry(number)
    assert back is not None
    assert (back.status, back.attempts, back.errors, back.claim_token) == (EntryStatus.READY, 0, "", "")
    assert back.earliest_start > clock.now()
    assert log_of(claim).status is LogStatus.SUCCESS
    assert claims.claim_next(worker()) is None
