"""Claims: the best due entry, one per category, one worker each, at most as many as the queue allows."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from consumer_process import entry, wait_entry
from jobs import claimed, queued, run_all, worker

from postroom.core import clock
from postroom.core.database import Location, transaction
from postroom.core.jobs import claims, endings
from postroom.core.jobs.claims import Claim, ClaimLost
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.tables.base import database
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueue, JobQueueCategory, JobQueueLogEntry


def order_of(count: int) -> list[int]:
    found = []
    for _ in range(count):
        claim = claimed()
        found.append(claim.entry_no)
        with transaction():
            endings.succeed(claim)
    return found


def test_priority_goes_before_earliest_start_and_that_before_entry_no(firm: Location) -> None:
    past = clock.now() - timedelta(minutes=1)
    plain, again = wait_entry(), wait_entry()
    late = wait_entry(earliest_start=past)
    first = wait_entry(priority=0, earliest_start=past)
    assert order_of(4) == [first, plain, again, late]


def test_what_is_not_due_expired_or_not_ready_is_not_claimed(firm: Location) -> None:
    now = clock.now()
    wait_entry(earliest_start=now + timedelta(hours=1), priority=0)
    wait_entry(expiration=now - timedelta(seconds=1))
    wait_entry(status=EntryStatus.ON_HOLD)
    wait_entry(status=EntryStatus.ERROR)
    assert claims.claim_next(worker()) is None


def test_a_claim_stamps_entry_document_and_log(firm: Location) -> None:
    (waiting,) = queued()
    claim = claimed()
    held = entry(waiting.entry_no)
    assert held is not None
    me = worker()
    assert (held.status, held.attempts, held.claim_token) == (EntryStatus.IN_PROCESS, 1, claim.token)
    assert (held.host, held.process_id, held.process_start) == (me.host, me.process_id, me.process_start)
    assert Document.get_by_id(waiting.record_id).job_queue_status is JobQueueStatus.POSTING
    log = JobQueueLogEntry.get()
    assert (log.status, log.posting_id, log.job_queue_code) == (LogStatus.IN_PROCESS, claim.token, "SPPOST")


def test_a_category_runs_one_entry_at_a_time_over_all_queues_and_a_blank_one_excludes_nothing(firm: Location) -> None:
    JobQueue.create(code="SECOND", category_filter="SALESPOST", started=True, max_concurrent=5)
    wait_entry(category_code="SALESPOST")
    wait_entry(category_code="SALESPOST")
    first = claimed()
    assert claims.claim_next(worker()) is None
    blank = [wait_entry(), wait_entry()]
    assert {claimed().entry_no, claimed().entry_no} == set(blank)
    with transaction():
        endings.succeed(first)
    assert claimed().category_code == "SALESPOST"


def test_a_queue_runs_no_more_than_its_maximum(firm: Location) -> None:
    for _ in range(5):
        wait_entry()
    for _ in range(4):
        assert claimed().job_queue_code == "DEFAULT"
    assert claims.claim_next(worker()) is None


@pytest.mark.parametrize(
    ("category_filter", "taken"),
    [("SALES*&<>SALESX", {"SALESPOST"}), ("SALESX|PURCHPOST", {"SALESX", "PURCHPOST"}), ("''", {""})],
)
def test_a_queue_takes_what_its_filter_says(firm: Location, category_filter: str, taken: set[str]) -> None:
    JobQueueCategory.create(code="SALESX")
    JobQueue.update(started=False).execute()
    JobQueue.create(code="MINE", category_filter=category_filter, started=True, max_concurrent=9)
    for category in ("", "SALESPOST", "SALESX", "PURCHPOST"):
        wait_entry(category_code=category)
    found = set()
    while claim := claims.claim_next(worker()):
        found.add(claim.category_code)
    assert found == taken


def test_stopped_unnamed_and_pinned_queues_are_not_served(firm: Location) -> None:
    wait_entry(category_code="SALESPOST")
    assert claims.claim_next(worker("PPPOST")) is None
    JobQueue.update(on_host="elsewhere").where(JobQueue.code == "SPPOST").execute()
    assert claims.claim_next(worker()) is None
    JobQueue.update(on_host="", started=False).where(JobQueue.code == "SPPOST").execute()
    assert claims.claim_next(worker()) is None
    JobQueue.update(started=True).where(JobQueue.code == "SPPOST").execute()
    assert claimed("SPPOST").category_code == "SALESPOST"


def test_workers_that_race_never_get_the_same_entry_nor_fill_a_queue_beyond_its_maximum(firm: Location) -> None:
    JobQueue.update(max_concurrent=7).where(JobQueue.code == "DEFAULT").execute()
    for _ in range(20):
        wait_entry()
    begin = threading.Barrier(4)
    taken: list[Claim] = []

    def race() -> None:
        database.connect(reuse_if_open=True)
        try:
            begin.wait()
            for _ in range(40):
                if claim := claims.claim_next(worker()):
                    taken.append(claim)
        finally:
            database.close()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 7
    assert len({claim.entry_no for claim in taken}) == 7


def test_a_revoked_claim_can_end_nothing(firm: Location) -> None:
    queued()
    claim = claimed()
    with transaction():
        endings.try_again(claim, (), timedelta(0))
    with pytest.raises(ClaimLost), transaction():
        endings.succeed(claim)
    left = entry(claim.entry_no)
    assert left is not None
    assert left.status is EntryStatus.READY
    assert run_all() == 1
