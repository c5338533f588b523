"""What lost workers leave of documents: each posted once or not at all; nothing is taken from the living."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest
from conftest import MakeCompany
from consumer_process import until
from jobs import (
    ANN,
    ELSEWHERE,
    assert_verified,
    claimed,
    consumer_row,
    document_status,
    ended_process,
    gone,
    here,
    logs_of,
    queue_invoice,
    row,
    set_row,
    wait_entry,
)

from postroom.core import clock, company, database
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import Problem, problems_from_json
from postroom.core.jobs import claims, consumers, endings, entries, log, notes, recovery, runs
from postroom.core.jobs.claims import ClaimLost, Worker
from postroom.core.jobs.results import EntryResult
from postroom.core.jobs.watch import Watch
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.posting import post
from postroom.core.statements import execute, query
from postroom.core.tables.base import database as bound
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import Company
from postroom.core.tables.work import JobQueueEntry
from postroom.core.tables.work import Worker as WorkerRow


def far(consumer_id: str = "far") -> Worker:
    """A worker of another host."""
    return Worker(ELSEWHERE, 4711, "1@boot", consumer_id)


def problem_of(entry: JobQueueEntry) -> Problem:
    (problem,) = problems_from_json(row(entry.entry_no).errors)
    return problem


def test_a_lost_posting_leaves_nothing_behind_and_is_posted_once_by_the_next_worker(firm: Location) -> None:
    entry = queue_invoice()
    lost = claimed(gone())
    plan = post.prepare(entry.record_id, user=ANN, posting_id=lost.token)
    assert document_status(entry) is JobQueueStatus.POSTING
    assert recovery.recover(Watch()) == 1
    after = row(entry.id)
    assert (after.status, after.attempts, after.earliest_start) == (EntryStatus.READY, 1, None)
    assert document_status(entry) is JobQueueStatus.SCHEDULED
    assert problem_of(entry).code == "worker_lost"
    assert_verified()

    def come_back() -> None:
        with database.transaction():
            post.write(plan)
            endings.succeed(lost)

    with pytest.raises(ClaimLost):
        come_back()
    assert not PostedDocument.select().exists()
    runs.run(claimed())
    assert PostedDocument.select().where(PostedDocument.kind == "invoice").count() == 1
    assert [(one.status, one.attempt) for one in logs_of(entry)] == [(LogStatus.ERROR, 1), (LogStatus.SUCCESS, 2)]
    assert_verified()


def test_three_losses_in_a_row_end_in_error_and_the_user_is_told_once(firm: Location) -> None:
    entry = queue_invoice()
    for attempt in (1, 2, 3):
        claimed(gone())
        assert recovery.recover(Watch()) == 1
        assert row(entry.id).attempts == attempt
        if attempt == 2:
            start = row(entry.id).earliest_start
            assert timedelta(seconds=5) < start - clock.now() <= timedelta(seconds=10)
            set_row(entry, earliest_start=None)
    assert row(entry.id).status is EntryStatus.ERROR
    assert document_status(entry) is JobQueueStatus.ERROR
    assert "attempt 3 of 3" in problem_of(entry).message
    assert len(notes.list_notes(ANN)) == 1
    assert [one.status for one in logs_of(entry)] == [LogStatus.ERROR] * 3
    assert recovery.recover(Watch()) == 0
    assert_verified()


def test_a_lost_run_that_was_cancelled_goes_on_hold(firm: Location) -> None:
    entry = queue_invoice()
    claimed(here("gone"))
    entries.cancel([entry.entry_no], user=ANN)
    process_id, process_start = ended_process()
    set_row(entry, process_id=process_id, process_start=process_start)
    assert recovery.recover(Watch()) == 1
    assert_held(entry)
    assert_verified()


def test_a_cancel_holds_at_once_what_a_worker_of_this_host_has_lost_and_no_other(firm: Location) -> None:
    entry = queue_invoice()
    claimed(gone())
    others = [wait_entry() for _ in range(3)]
    consumer_row("far", host=ELSEWHERE)
    for holder in (far(), here(), gone()):
        claimed(holder)
    results = entries.cancel([one.entry_no for one in (entry, *others[:2])], user=current_user())
    assert [result.result for result in results] == ["on hold", "cancelling", "cancelling"]
    assert {row(one.id).status for one in others} == {EntryStatus.IN_PROCESS}
    assert_held(entry, current_user())


def assert_held(entry: JobQueueEntry, by: str = ANN) -> None:
    """The cancelled run of a posting has ended, and everything says so."""
    after = row(entry.id)
    assert (after.status, after.held_by, after.cancel_requested_by) == (EntryStatus.ON_HOLD, by, "")
    assert document_status(entry) is JobQueueStatus.SCHEDULED
    assert problem_of(entry).message == f"Cancelled by {by}."
    (logged,) = log.list_log(f"job_queue_entry_id={entry.id}")
    assert (logged.status, logged.errors) == ("Error", (problem_of(entry),))


def test_a_lost_run_over_its_time_ends_in_error_with_attempts_left(firm: Location) -> None:
    entry = set_row(queue_invoice(), job_timeout=60)
    claimed(gone("one"))
    consumer_row("one")
    set_row(entry, started_at=clock.now() - timedelta(seconds=61))
    assert recovery.recover(Watch()) == 1
    after = row(entry.id)
    assert (after.status, after.attempts) == (EntryStatus.ERROR, 1)
    assert (problem_of(entry).code, problem_of(entry).value) == ("timeout", "60")
    assert document_status(entry) is JobQueueStatus.ERROR
    assert_verified()


def test_a_cancel_goes_before_the_time_that_is_over(firm: Location) -> None:
    entry = wait_entry(job_timeout=60)
    claimed(gone())
    set_row(entry, started_at=clock.now() - timedelta(seconds=600), cancel_requested_by="bo")
    assert recovery.recover(Watch()) == 1
    assert (row(entry.id).status, row(entry.id).held_by) == (EntryStatus.ON_HOLD, "bo")


def test_what_the_consumer_of_another_host_runs_is_left_alone_while_its_lease_lasts(
    firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    entry = queue_invoice()
    consumer_row("far", host=ELSEWHERE, process_id=4711, process_start="1@boot")
    claimed(far())
    assert consumers.lease() == 0.3
    watch = Watch()
    assert recovery.recover(watch) == 0
    assert row(entry.id).status is EntryStatus.IN_PROCESS
    until(lambda: recovery.recover(watch), what="the lease's end")
    assert row(entry.id).status is EntryStatus.READY
    assert document_status(entry) is JobQueueStatus.SCHEDULED
    assert consumers.list_consumers() == []
    assert_verified()


def test_a_lease_that_is_no_number_or_of_a_real_company_is_that_of_the_specification(
    firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "soon")
    assert consumers.lease() == consumers.LEASE
    monkeypatch.setenv("POSTROOM_LEASE", "2")
    Company.update(is_test=False).execute()
    assert consumers.lease() == consumers.LEASE


def test_the_entry_of_a_consumer_that_nobody_knows_is_taken_back_from_any_host(
    firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    entry = wait_entry()
    claimed(far("forgotten"))
    watch = Watch()
    until(lambda: recovery.recover(watch), what="the takeover")
    assert row(entry.id).status is EntryStatus.READY


def test_gone_consumers_leave_with_their_workers_and_living_ones_stay(firm: Location) -> None:
    process_id, process_start = ended_process()
    consumer_row("gone", process_id=process_id, process_start=process_start)
    consumer_row("here")
    for id_ in ("gone", "here"):
        consumers.register_worker(here(id_))
    kept = wait_entry()
    claimed(here("here"))
    assert recovery.recover(Watch()) == 0
    assert [one.id for one in consumers.list_consumers()] == ["here"]
    assert [one.consumer_id for one in WorkerRow.select()] == ["here"]
    assert row(kept.id).status is EntryStatus.IN_PROCESS


def test_every_lost_entry_is_taken_back_and_the_living_worker_s_is_not(firm: Location) -> None:
    consumer_row("one")
    first, second, third = (wait_entry() for _ in range(3))
    claimed(gone("one"))
    claimed(here("one"))
    claimed(gone("one"))
    assert recovery.recover(Watch()) == 2
    statuses = [row(one.id).status for one in (first, second, third)]
    assert statuses == [EntryStatus.READY, EntryStatus.IN_PROCESS, EntryStatus.READY]
    assert claims.claim_next(here("one")) is not None


def test_a_stopping_consumer_gives_back_what_its_ended_workers_hold_and_counts_no_attempt(firm: Location) -> None:
    entry = queue_invoice()
    claimed(gone("one"))
    others = [wait_entry() for _ in range(2)]
    claimed(here("one"))
    claimed(gone("two"))
    assert recovery.return_all("one", "The consumer was stopped.") == 1
    after = row(entry.id)
    assert (after.status, after.attempts, after.errors) == (EntryStatus.READY, 0, "")
    assert document_status(entry) is JobQueueStatus.SCHEDULED
    assert {row(one.id).status for one in others} == {EntryStatus.IN_PROCESS}
    (logged,) = logs_of(entry)
    assert (logged.status, problems_from_json(logged.errors)[0].code) == (LogStatus.ERROR, "returned")
    assert recovery.return_all("one", "The consumer was stopped.") == 0
    runs.run(claimed())
    assert PostedDocument.select().where(PostedDocument.kind == "invoice").count() == 1


def lost_elsewhere(location: Location) -> tuple[JobQueueEntry, psycopg.Connection, int]:
    """An entry whose worker is on a host that is gone, with the connection that it still has, and its backend."""
    company.open_company(location)
    entry = wait_entry()
    consumer_row("far", host=ELSEWHERE, silent_for=consumers.LEASE + 1)
    claimed(far())
    connection = psycopg.connect(location.text, autocommit=True)
    backend = connection.info.backend_pid
    WorkerRow.create(
        consumer_id="far", process_id=4711, process_start="1@boot", backend_pid=backend, last_heartbeat=clock.now()
    )
    return entry, connection, backend


def test_the_backend_of_a_lost_worker_is_ended_before_its_entry_is_taken(
    make_postgres: MakeCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    entry, worker, _ = lost_elsewhere(make_postgres())
    watch = Watch()
    with worker:
        until(lambda: recovery.recover(watch), what="the takeover")
        with pytest.raises(psycopg.OperationalError):
            worker.execute("SELECT 1")
    assert row(entry.id).status is EntryStatus.READY


def test_a_backend_that_this_role_may_not_end_keeps_its_entry_and_why_says_who_may(
    make_postgres: MakeCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    location = make_postgres()
    entry, worker, backend = lost_elsewhere(location)
    role = f"postroom_test_{backend}"
    run_sql(f"CREATE ROLE {role}", f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}", f"SET ROLE {role}")
    try:
        watch = Watch()
        with worker:
            until(lambda: recovery.recover(watch) == 0 and entries.show(entry.id).why, what="the reason")
            assert worker.execute("SELECT 1").fetchone() == (1,)
            why = entries.show(entry.id).why
            assert why is not None
            assert why.code == "worker_not_killable"
            assert f"backend {backend} of role postgres" in why.text
            assert f"pg_terminate_backend({backend})" in why.hint
        until(lambda: recovery.recover(watch), what="the takeover once it is gone")
        assert row(entry.id).status is EntryStatus.READY
    finally:
        run_sql("RESET ROLE", f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_run_that_ends_while_it_is_set_to_error_is_refused_as_what_it_has_become(make_postgres: MakeCompany) -> None:
    firm = make_postgres()
    company.open_company(firm)
    me, entry, claim = company.current_user(), wait_entry(), claimed()
    told: list[EntryResult] = []

    def set_error() -> None:
        try:
            told.extend(log.set_error([claim.log_no], user=me))
        finally:
            bound.close()

    with psycopg.connect(firm.text) as sweep:
        sweep.execute("UPDATE job_queue_entry SET status = 'Ready', claim_token = ''")
        sweep.execute("UPDATE job_queue_log_entry SET status = 'Error', ended_at = started_at")
        clerk = threading.Thread(target=set_error)
        clerk.start()
        waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        until(lambda: query(waits), what="waiting for the sweep")
    clerk.join()
    (problem,) = told[0].errors
    assert (problem.code, problem.value) == ("entry_state", "Error")
    assert problem.message == "It is Error; only a run In Process can be set to Error."
    assert row(entry.id).status is EntryStatus.READY


def run_sql(*statements: str) -> None:
    for statement in statements:
        execute(statement)
