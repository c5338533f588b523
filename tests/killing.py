"""Consumers that are killed at random moments while they work, until all that is queued has been posted."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress

from consumer_process import ConsumerProcess, until

from postroom.core.database import Location
from postroom.core.jobs.registry import POST_DOCUMENT
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import JobQueueEntry

MOST_BETWEEN = 20
"""At most so many documents are posted between two kills."""
LONGEST_PAUSE = 0.02
"""Seconds, at most, between the last of them and the kill: a posting takes a few milliseconds."""


def run_and_kill(firm: Location, chance: random.Random) -> int:
    """Let consumers post all that is queued, killed at random moments; the last one runs until it is idle.

    Returns how often one was killed.
    """
    kills, left = 0, count_waiting()
    last_tenth = left // 10
    running = ConsumerProcess(firm)
    try:
        while left > last_tenth:
            wanted = left - chance.randint(1, min(MOST_BETWEEN, last_tenth))
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
    last = ConsumerProcess(firm, until_idle=True)
    try:
        last.wait()
    finally:
        last.end()
    return kills


def count_waiting() -> int:
    """How many entries have not begun."""
    return int(
        JobQueueEntry.select()
        .where(JobQueueEntry.status == EntryStatus.READY, JobQueueEntry.job == POST_DOCUMENT)
        .count()
    )
