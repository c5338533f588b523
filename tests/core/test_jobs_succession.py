"""The next document is taken in the commit that ends a posting: all that a claim promises holds for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from jobs import (
    assert_verified,
    claimed,
    document_status,
    gone,
    here,
    logs_of,
    queued,
    row,
    set_row,
    wait_entry,
    worker,
)

from postroom.core import clock
from postroom.core import database as engine
from postroom.core.company import current_user
from postroom.core.database import Location, transaction
from postroom.core.jobs import claims, endings, entries, queues, recovery, runs
from postroom.core.jobs.claims import Claim, Worker
from postroom.core.jobs.succession import Succession
from postroom.core.jobs.watch import Watch
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.posting import post
from postroom.core.tables.base import database
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import JobQueue, JobQueueCategory, JobQueueEntry, JobQueueLogEntry


def run_one(by: Worker | None = None, *, goes_on: Callable[[], bool] = lambda: True) -> Claim | None:
    """Claim the entry that is due and run it; the claim of the next that came with its end."""
    succession = Succession(by or here(), goes_on)
    runs.run(claimed(by), succession)
    return succession.claim()


def posted() -> list[str]:
    """The documents that have been posted, once for each invoice."""
    return sorted(one.source_no for one in PostedDocument.select().where(PostedDocument.kind == "invoice"))


def assert_nothing_taken(entry: JobQueueEntry) -> None:
    """The entry waits as before, for an ordinary claim."""
    left = row(entry.entry_no)
    assert (left.status, left.attempts, left.claim_token) == (EntryStatus.READY, 0, "")
    assert document_status(entry) is JobQueueStatus.SCHEDULED
    assert not logs_of(entry)


def test_a_posting_ends_with_the_next_document_in_process_and_its_log_entry_open(firm: Location) -> None:
    first, second, third = queued(3)
    claim = run_one()
    assert claim is not None
    assert (claim.entry_no, claim.record_id, claim.record_no) == (second.entry_no, second.record_id, second.record_no)
    held, me = row(second.entry_no), here()
    assert (held.status, held.attempts, held.claim_token) == (EntryStatus.IN_PROCESS, 1, claim.token)
    assert (held.host, held.process_id, held.process_start) == (me.host, me.process_id, me.process_start)
    assert document_status(second) is JobQueueStatus.POSTING
    (log,) = logs_of(second)
    assert (log.entry_no, log.status, log.posting_id) == (claim.log_no, LogStatus.IN_PROCESS, claim.token)
    assert (log.job_queue_code, log.category_code, log.attempt) == ("SPPOST", "SALESPOST", 1)
    assert [log.status for log in logs_of(first)] == [LogStatus.SUCCESS]
    assert_nothing_taken(third)


def test_what_was_handed_on_is_the_same_as_what_an_ordinary_claim_gives(firm: Location) -> None:
    queued(2)
    handed = run_one()
    assert handed is not None
    assert claims.open_claim(handed.entry_no) == handed


def test_what_the_next_posting_reads_comes_with_the_commit_where_the_database_is_waited_for(firm: Location) -> None:
    queued(2)
    handed = run_one()
    assert handed is not None
    assert (handed.reading is not None) is engine.is_postgres()
    Party.update(name="Renamed Ltd").execute()
    assert handed.record_id is not None
    plan = post.prepare(handed.record_id, user="me", posting_id=handed.token, reading=handed.reading)
    party = plan.computed.document.party
    assert party is not None
    assert (party.name == "Renamed Ltd") is not engine.is_postgres()


def test_a_document_changed_after_it_was_read_ahead_is_not_posted_as_it_was(firm: Location) -> None:
    queued(2)
    handed = run_one()
    assert handed is not None
    Document.update(version=Document.version + 1).where(Document.id == handed.record_id).execute()
    runs.run(handed)
    assert len(posted()) == (1 if engine.is_postgres() else 2)


def test_each_document_hands_on_to_the_next_until_none_is_left(firm: Location) -> None:
    queued(5)
    claim: Claim | None = claimed()
    runs_made = 0
    while claim is not None:
        succession = Succession(here())
        runs.run(claim, succession)
        claim, runs_made = succession.claim(), runs_made + 1
    assert (runs_made, len(posted())) == (5, 5)
    assert {log.status for log in JobQueueLogEntry.select()} == {LogStatus.SUCCESS}
    assert_verified()


def test_the_more_urgent_entry_comes_next_also_one_that_was_queued_while_the_last_ran(firm: Location) -> None:
    _, plain, urgent = queued(3)
    claim = claimed()
    set_row(urgent, priority=0)
    succession = Succession(here())
    runs.run(claim, succession)
    handed = succession.claim()
    assert handed is not None
    assert handed.entry_no == urgent.entry_no
    assert_nothing_taken(plain)


def test_the_best_entry_of_another_category_is_not_passed_over(firm: Location) -> None:
    JobQueueCategory.create(code="SALESFAST")
    _, plain, fast = queued(3)
    running, succession = claimed(), Succession(here())
    set_row(fast, category_code="SALESFAST", priority=0)
    runs.run(running, succession)
    claim = succession.claim() or claimed()
    assert claim.entry_no == fast.entry_no
    assert_nothing_taken(plain)


@pytest.mark.parametrize(
    "change",
    [
        {"status": EntryStatus.ON_HOLD},
        {"earliest_start": clock.now() + timedelta(days=1)},
        {"expiration": clock.now() - timedelta(days=1)},
    ],
    ids=["on hold", "later", "expired"],
)
def test_an_entry_changed_since_the_line_was_looked_at_is_not_taken(firm: Location, change: dict[str, object]) -> None:
    _, second = queued(2)
    asked: list[bool] = []

    def goes_on() -> bool:
        asked.append(True)
        if len(asked) == 2:  # just before it is taken: the posting may have waited for its locks
            set_row(second, **change)
        return True

    assert run_one(goes_on=goes_on) is None
    assert len(asked) == 2
    left = row(second.entry_no)
    assert (left.attempts, left.claim_token) == (0, "")
    assert not logs_of(second)


def test_a_worker_told_to_stop_while_its_posting_waits_for_locks_takes_nothing_more(firm: Location) -> None:
    _, second = queued(2)
    asked: list[bool] = []

    def goes_on() -> bool:
        asked.append(True)
        return len(asked) == 1

    assert run_one(goes_on=goes_on) is None
    assert_nothing_taken(second)


@pytest.mark.parametrize(
    "hindrance",
    [
        {"status": EntryStatus.ON_HOLD},
        {"earliest_start": clock.now() + timedelta(days=1)},
        {"expiration": clock.now() - timedelta(days=1)},
    ],
    ids=["on hold", "later", "expired"],
)
def test_what_may_not_run_now_is_not_taken(firm: Location, hindrance: dict[str, object]) -> None:
    _, waiting = queued(2)
    set_row(waiting, **hindrance)
    assert run_one() is None
    assert not logs_of(waiting)
    assert row(waiting.entry_no).attempts == 0


def test_a_job_queue_that_was_stopped_while_its_posting_ran_takes_nothing_more(firm: Location) -> None:
    _, waiting = queued(2)
    claim, succession = claimed(), Succession(here())
    queues.stop("SPPOST", user=current_user())
    runs.run(claim, succession)
    assert succession.claim() is None
    assert len(posted()) == 1
    assert_nothing_taken(waiting)


def test_a_job_queue_whose_maximum_was_lowered_below_what_it_runs_takes_nothing_more(firm: Location) -> None:
    JobQueue.update(max_concurrent=2).where(JobQueue.code == "DEFAULT").execute()
    one, _, waiting = queued(3)
    JobQueueEntry.update(category_code="").execute()
    claim, other = claimed(), claimed()
    assert {claim.job_queue_code, other.job_queue_code} == {"DEFAULT"}
    JobQueue.update(max_concurrent=1).where(JobQueue.code == "DEFAULT").execute()
    succession = Succession(here())
    runs.run(claim, succession)
    assert succession.claim() is None
    assert_nothing_taken(waiting)
    assert claim.entry_no == one.entry_no


def test_a_worker_that_is_to_stop_takes_nothing_more(firm: Location) -> None:
    _, waiting = queued(2)
    assert run_one(goes_on=lambda: False) is None
    assert len(posted()) == 1
    assert_nothing_taken(waiting)


def test_a_worker_of_other_queues_or_another_host_takes_nothing_it_does_not_serve(firm: Location) -> None:
    _, waiting = queued(2)
    claim, succession = claimed(), Succession(worker("PPPOST"))
    runs.run(claim, succession)
    assert succession.claim() is None
    assert_nothing_taken(waiting)


def test_other_jobs_and_recurring_ones_are_left_to_the_ordinary_claim(firm: Location) -> None:
    _, waiting = queued(2)
    wait = wait_entry(category_code="SALESPOST", priority=0, weekdays="Mon,Tue,Wed,Thu,Fri,Sat,Sun")
    JobQueueEntry.update(priority=1).where(JobQueueEntry.entry_no == waiting.entry_no).execute()
    first = JobQueueEntry.get(JobQueueEntry.entry_no < waiting.entry_no)
    with transaction():
        claim = claims.mark_in_process(here(), "SPPOST", first.entry_no, first.record_id)
    succession = Succession(here())
    runs.run(claim, succession)
    assert succession.claim() is None
    assert row(wait.entry_no).status is EntryStatus.READY
    assert_nothing_taken(waiting)


def test_a_posting_that_fails_hands_nothing_on(firm: Location) -> None:
    _, waiting = queued(2)
    Party.update(blocked="All").execute()
    assert run_one() is None
    assert_nothing_taken(waiting)


def test_a_revoked_claim_posts_nothing_and_hands_nothing_on(firm: Location) -> None:
    _, waiting = queued(2)
    claim, succession = claimed(), Succession(here())
    with transaction():
        endings.try_again(claim, (), timedelta(days=1))
    runs.run(claim, succession)
    assert succession.claim() is None
    assert posted() == []
    assert_nothing_taken(waiting)


def test_what_was_handed_to_a_worker_that_died_is_recovered_and_posted_once(firm: Location) -> None:
    _, second = queued(2)
    lost = gone()
    handed = run_one(lost)
    assert handed is not None
    recovery.recover(Watch())
    back = row(second.entry_no)
    assert (back.status, back.attempts) == (EntryStatus.READY, 1)
    assert document_status(second) is JobQueueStatus.SCHEDULED
    runs.run(handed)  # a worker that was only thought dead
    assert len(posted()) == 1
    runs.run(claimed())
    assert len(posted()) == 2
    assert_verified()


def test_what_was_handed_on_can_be_cancelled_like_any_other(firm: Location) -> None:
    _, second = queued(2)
    handed = run_one()
    assert handed is not None
    entries.cancel([second.entry_no], user=current_user())
    with transaction():
        endings.hold(handed, "ann")
    assert row(second.entry_no).status is EntryStatus.ON_HOLD
    assert document_status(second) is JobQueueStatus.SCHEDULED


def test_a_signal_right_after_the_commit_loses_neither_the_posting_nor_the_next_claim(
    firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = queued(2)

    def interrupted(self: Succession) -> None:
        raise runs.JobReturned

    monkeypatch.setattr(Succession, "committed", interrupted)
    handed = run_one()
    assert handed is not None
    assert (handed.entry_no, len(posted())) == (second.entry_no, 1)
    assert claims.open_claim(second.entry_no) == handed
    runs.run(handed)
    assert len(posted()) == 2
    assert_verified()


def test_a_signal_right_before_the_commit_undoes_both(firm: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = queued(2)
    take = Succession.take

    def interrupted(self: Succession, found: claims.Look | None, ended: Claim) -> None:
        take(self, found, ended)
        raise runs.JobReturned

    monkeypatch.setattr(Succession, "take", interrupted)
    assert run_one() is None
    assert posted() == []
    assert row(first.entry_no).status is EntryStatus.READY
    assert_nothing_taken(second)


def test_a_commit_that_fails_hands_nothing_on(firm: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = queued(2)
    succession = Succession(here())
    claim = claimed()

    def no_commit() -> None:
        raise RuntimeError("no commit")

    with monkeypatch.context() as patched:
        patched.setattr(database.obj, "commit", no_commit)
        with pytest.raises(RuntimeError, match="no commit"):
            runs.run(claim, succession)
    assert succession.claim() is None
    assert posted() == []
    assert row(first.entry_no).status is EntryStatus.IN_PROCESS
    assert_nothing_taken(second)


@contextmanager
def held_by_somebody(firm: Location, statement: str, key: object) -> Iterator[None]:
    """A transaction of somebody else's that holds a row."""
    with psycopg.connect(firm.text) as other:
        other.execute(statement, (key,))  # type: ignore[call-overload]
        yield
        other.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM document WHERE id = (SELECT record_id FROM job_queue_entry WHERE entry_no = %s) FOR UPDATE",
        "SELECT 1 FROM job_queue_entry WHERE entry_no = %s FOR UPDATE",
        "SELECT 1 FROM job_queue WHERE code = 'SPPOST' AND %s > 0 FOR UPDATE",
    ],
    ids=["document", "entry", "job queue"],
)
def test_a_posting_waits_for_nobody_who_holds_what_would_be_next(firm: Location, statement: str) -> None:
    if not engine.is_postgres():
        pytest.skip("SQLite has one writer: nobody else can hold a row")
    _, second = queued(2)
    with held_by_somebody(firm, statement, second.entry_no):
        claim, succession = None, Succession(here())
        with transaction():
            first = JobQueueEntry.get(JobQueueEntry.entry_no < second.entry_no)
            claim = claims.mark_in_process(here(), "SPPOST", first.entry_no, first.record_id)
        runs.run(claim, succession)
        assert succession.claim() is None
        assert len(posted()) == 1
    assert_nothing_taken(second)
    assert claimed().entry_no == second.entry_no


def test_workers_beside_each_other_post_each_document_once_and_keep_to_the_maximum(firm: Location) -> None:
    JobQueue.update(max_concurrent=2).where(JobQueue.code == "DEFAULT").execute()
    queued(24)
    JobQueueEntry.update(category_code="").execute()
    begin = threading.Barrier(3)
    most: list[int] = []
    failures: list[BaseException] = []

    def work() -> None:
        database.connect(reuse_if_open=True)
        try:
            begin.wait()
            claim: Claim | None = None
            while claim := claim or claims.claim_next(here()):
                chosen = JobQueueEntry.select().where(JobQueueEntry.status == EntryStatus.IN_PROCESS)
                most.append(chosen.count())
                succession = Succession(here())
                runs.run(claim, succession)
                claim = succession.claim()
        except BaseException as failure:  # noqa: BLE001  a thread's failure is the test's
            failures.append(failure)
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert max(most) <= 2
    while claim := claims.claim_next(here()):  # left by a worker that found the queue full
        runs.run(claim)
    assert len(posted()) == len(set(posted())) == 24
    assert {log.status for log in JobQueueLogEntry.select()} == {LogStatus.SUCCESS}
    assert_verified()
