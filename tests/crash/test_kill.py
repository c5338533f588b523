"""kill -9 at random moments: each document is posted once or not at all, whoever dies."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress

import pytest
from builders import document, item, item_line, party
from consumer_process import ConsumerProcess, until

from postroom.core import verify
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import problems_from_json
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentType, EntryStatus, LogStatus
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import SalesSetup
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry

DOCUMENTS = 200
MOST_BETWEEN = 20
"""At most so many documents are posted between two kills."""
LONGEST_PAUSE = 0.02
"""Seconds, at most, between the last of them and the kill: a posting takes a few milliseconds."""


def test_documents_are_posted_once_whoever_is_killed(firm: Location) -> None:
    kill_while_posting(firm, seed=1)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 12))
def test_documents_are_posted_once_whoever_is_killed_again_and_again(firm: Location, seed: int) -> None:
    kill_while_posting(firm, seed)


def kill_while_posting(firm: Location, seed: int) -> None:
    chance = random.Random(seed)
    numbers = queue_documents()
    kills, left = 0, DOCUMENTS
    running = ConsumerProcess(firm)
    try:
        while left > DOCUMENTS // 10:
            wanted = left - chance.randint(1, MOST_BETWEEN)
            until(lambda wanted=wanted: count_waiting() <= wanted, what="progress between two kills")  # type: ignore[misc]
            time.sleep(chance.uniform(0, LONGEST_PAUSE))  # the random moment itself
            victim = chance.choice([running.process.pid, *running.children()])
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                kills += 1
            if victim == running.process.pid:
                running.end()
                running = ConsumerProcess(firm)
            left = count_waiting()
    finally:
        running.end()
    assert kills > 5

    last = ConsumerProcess(firm, until_idle=True)
    try:
        last.wait()
    finally:
        last.end()
    posted = Counter(row.source_no for row in PostedDocument.select().where(PostedDocument.kind == "invoice"))
    failed = {row.record_no: problems_from_json(row.errors) for row in JobQueueEntry.select()}
    assert set(posted.values()) == {1}
    assert set(posted) | set(failed) == set(numbers)
    assert not set(posted) & set(failed)
    assert {problem.code for problems in failed.values() for problem in problems} <= {"worker_lost"}
    succeeded = JobQueueLogEntry.select().where(JobQueueLogEntry.status == LogStatus.SUCCESS).count()
    assert succeeded == len(posted)
    assert [check for check in verify.verify().checks if not check.ok] == []


def count_waiting() -> int:
    """How many entries have not begun."""
    return int(JobQueueEntry.select().where(JobQueueEntry.status == EntryStatus.READY).count())


def queue_documents() -> list[str]:
    party(Area.SALES)
    for number in range(5):
        item(f"I{number}")
    SalesSetup.update(maximum_no_of_attempts=20, rerun_delay=0).execute()
    ids = [
        document(DocumentType.SALES_INVOICE, [item_line(f"I{(number + line) % 5}") for line in range(3)])
        for number in range(DOCUMENTS)
    ]
    results = background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=current_user())
    assert {result.result for result in results} == {"queued"}
    return [result.no for result in results]
