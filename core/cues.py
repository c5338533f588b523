"""The cues of the Role Centre: how much waits, runs, failed and was posted today, and how fast the work goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from postroom.core import clock, company, status
from postroom.core.statements import query
from postroom.core.status import Status
from postroom.core.tables.base import instant_to_stored

MINUTES = 30
"""The throughput is shown for so many minutes."""
_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class Cues:
    """How the work stands for one user. `throughput` is how many runs ended well in each of the last minutes.

    `in_queue` counts all that is Ready, also what waits for its time.
    """

    status: Status
    in_queue: int
    posted_today: int
    to_handle: int
    mine_to_handle: int
    throughput: tuple[int, ...]


def read(user: str) -> Cues:
    """The cues now."""
    now = clock.now()
    zone = company.time_zone()
    midnight = datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone)
    ((posted,),) = query(
        "SELECT count(*) FROM job_queue_log_entry WHERE ended_at >= ? AND status = 'Success' AND job = 'post-document'",
        (instant_to_stored(midnight),),
    )
    ((in_queue,),) = query("SELECT count(*) FROM job_queue_entry WHERE status = 'Ready'")
    failed = query(
        "SELECT user_id, count(*) FROM job_queue_entry WHERE status = 'Error' AND job = 'post-document'"
        " GROUP BY user_id"
    )
    return Cues(
        status.read(),
        int(in_queue),
        int(posted),
        sum(count for _, count in failed),
        sum(count for name, count in failed if name == user),
        _throughput(now),
    )


def _throughput(now: datetime) -> tuple[int, ...]:
    last = instant_to_stored(now) // _MINUTE
    ended: dict[int, int] = {
        int(minute): int(count)
        for minute, count in query(
            f"SELECT ended_at / {_MINUTE}, count(*) FROM job_queue_log_entry"
            f" WHERE ended_at >= ? AND status = 'Success' GROUP BY ended_at / {_MINUTE}",
            (instant_to_stored(now - timedelta(minutes=MINUTES)),),
        )
    }
    return tuple(ended.get(minute, 0) for minute in range(last - MINUTES + 1, last + 1))
