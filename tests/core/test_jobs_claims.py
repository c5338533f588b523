"""Claims: the best due entry, one per category, one worker each, at most as many as the queue allows."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from consumer_process import entry, wait_entry
from jobs import assert_verified, claimed, queued, run_all, worker
from peewee import IntegrityError

from postroom.core import clock
from postroom.core.database import Location, transaction
from postroom.core.jobs import claims, endings
from postroom.core.jobs.claims import Claim, ClaimLost
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.statements import execute
from postroom.core.tables.base import database
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueue, JobQueueCategory, JobQueueEntry, JobQueueLogEntry


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
    assert claimed(worker("SPPOST")).category_code == "SALESPOST"


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


def test_the_database_itself_refuses_a_second_entry_of_a_category_in_process(firm: Location) -> None:
    first, second = wait_entry(category_code="SALESPOST"), wait_entry(category_code="SALESPOST")
    other, blank = wait_entry(category_code="PURCHPOST"), wait_entry()
    for number in (first, other, blank, wait_entry()):
        execute("UPDATE job_queue_entry SET status = 'In Process' WHERE entry_no = ?", (number,))
    with pytest.raises(IntegrityError), transaction():
        execute("UPDATE job_queue_entry SET status = 'In Process' WHERE entry_no = ?", (second,))
    with pytest.raises(IntegrityError), transaction():
        execute("UPDATE job_queue_entry SET category_code = 'SALESPOST' WHERE entry_no = ?", (other,))
    left = entry(second)
    assert left is not None
    assert left.status is EntryStatus.READY


def test_a_claim_by_its_number_is_refused_while_the_category_is_busy_and_changes_nothing(firm: Location) -> None:
    first, second = queued(2)
    holder = claimed()
    assert holder.entry_no == first.entry_no
    with pytest.raises(IntegrityError), transaction():
        claims.mark_in_process(worker(), "", second.entry_no, second.record_id)
    waiting = entry(second.entry_no)
    assert waiting is not None
    assert (waiting.status, waiting.attempts, waiting.claim_token) == (EntryStatus.READY, 0, "")
    assert Document.get_by_id(second.record_id).job_queue_status is JobQueueStatus.SCHEDULED
    assert JobQueueLogEntry.select().count() == 1
    assert_verified()


def test_an_entry_that_is_not_ready_cannot_be_claimed_by_its_number(firm: Location) -> None:
    number = wait_entry(status=EntryStatus.ON_HOLD)
    for nobodys in (number, number + 1):
        with pytest.raises(claims.RaceLost), transaction():
            claims.mark_in_process(worker(), "", nobodys, None)
    assert not JobQueueLogEntry.select().exists()


def test_a_pinned_queue_is_served_on_its_host_only(firm: Location) -> None:
    JobQueue.update(on_host="elsewhere").where(JobQueue.code == "SPPOST").execute()
    number = wait_entry(category_code="SALESPOST")
    assert claims.claim_next(worker()) is None
    claim = claims.claim_next(worker(host="elsewhere"))
    assert claim is not None
    assert claim.entry_no == number
    held = entry(number)
    assert held is not None
    assert (held.host, held.job_queue_code) == ("elsewhere", "SPPOST")


_CLAIMS_WHEN_TOLD = """
import os, sys
from postroom.core import company
from postroom.core.database import Location, transaction
from postroom.core.jobs import claims, endings, processes
company.open_company(Location(sys.argv[1]))
me = claims.Worker(processes.host(), os.getpid(), processes.start_of(os.getpid()), "")
print("ready", flush=True)
held = []
for line in sys.stdin:
    if line.strip() == "claim":
        claim = claims.claim_next(me)
        if claim:
            held.append(claim)
        print(f"{claim.entry_no} {claim.category_code}" if claim else "none", flush=True)
    else:
        for claim in held:
            with transaction():
                endings.succeed(claim)
        held.clear()
        print("ended", flush=True)
"""


class ClaimingProcess:
    """A process that claims one entry when told to, and ends what it holds when told so."""

    def __init__(self, location: Location) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CLAIMS_WHEN_TOLD, location.text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@contextmanager
def claiming_processes(location: Location, count: int) -> Iterator[list[ClaimingProcess]]:
    started = [ClaimingProcess(location) for _ in range(count)]
    try:
        for one in started:
            assert one.answer() == "ready"
        yield started
    finally:
        for one in started:
            one.process.kill()
            one.process.communicate()


def test_two_processes_that_claim_at_once_never_take_two_entries_of_one_category(firm: Location) -> None:
    JobQueue.update(max_concurrent=9).execute()
    numbers = [wait_entry(category_code=code) for _ in range(12) for code in ("SALESPOST", "PURCHPOST")]
    done: list[int] = []
    with claiming_processes(firm, 2) as both:
        while len(done) < len(numbers):
            for _ in range(2):  # the second round meets categories that are all taken
                for one in both:
                    one.tell("claim")
                taken = [answer.split() for one in both if (answer := one.answer()) != "none"]
                assert len({category for _, category in taken}) == len(taken)
                done += [int(number) for number, _ in taken]
            running = JobQueueEntry.select().where(JobQueueEntry.status == EntryStatus.IN_PROCESS)
            assert sorted(row.category_code for row in running) == ["PURCHPOST", "SALESPOST"]
            assert_verified()
            for one in both:
                one.tell("end")
            assert [one.answer() for one in both] == ["ended", "ended"]
    assert sorted(done) == sorted(numbers)
    assert not JobQueueEntry.select().exists()
