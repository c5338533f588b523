"""Throughput of the last minutes and the time until the queue is empty, from the log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from jobs import serve

from postroom.core import clock, status
from postroom.core.company import current_user
from postroom.core.jobs import queues
from postroom.core.kinds import LogStatus
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry

pytestmark = pytest.mark.usefixtures("firm")


def ended(minutes_ago: float, count: int, result: LogStatus = LogStatus.SUCCESS, job_queue: str = "SPPOST") -> None:
    at = clock.now() - timedelta(minutes=minutes_ago)
    for number in range(count):
        JobQueueLogEntry.create(
            job_entry_id=f"{minutes_ago}-{number}",
            job="wait",
            user_id="ann",
            job_queue_code=job_queue,
            started_at=at,
            ended_at=at,
            status=result,
            posting_id=f"{minutes_ago}-{number}",
        )


def test_the_time_until_empty_follows_from_what_ended_well_in_the_last_five_minutes() -> None:
    ended(1, 10)
    ended(4, 10)
    ended(6, 50)
    ended(2, 7, LogStatus.ERROR)
    ended(3, 9, job_queue="")
    for number in range(8):
        JobQueueEntry.create(id=f"e{number}", user_id="ann", job="wait")
    assert status.read().seconds_until_empty is None  # nobody works on it
    serve()
    now = status.read()
    assert (now.ended_per_minute, now.seconds_until_empty) == (4, 120)
    queues.stop("DEFAULT", user=current_user())
    assert (status.read().ended_per_minute, status.read().seconds_until_empty) == (4, None)


def test_with_nothing_left_it_is_empty_and_without_pace_nobody_knows() -> None:
    assert status.read().seconds_until_empty == 0
    JobQueueEntry.create(id="e", user_id="ann", job="wait")
    assert (status.read().ended_per_minute, status.read().seconds_until_empty) == (0, None)
