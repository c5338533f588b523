"""The one line that says how the work stands: consumers, queues, backlog, errors, and whether somebody should look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postroom.core import clock
from postroom.core.jobs import consumers, queues
from postroom.core.jobs.claims import categories_taken
from postroom.core.jobs.queues import QueueState, QueueView
from postroom.core.statements import query
from postroom.core.tables.base import instant_from_stored, instant_to_stored

LAST_MINUTES = 5
"""Over how many minutes the throughput is taken."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """A job queue's code and shown state."""

    code: str
    state: str


@dataclass(frozen=True, slots=True)
class Status:
    """How the work stands. `backlog` is what is due and not running; `attention` what somebody should look at.

    `ended_per_minute` is how many runs ended well in each of the last minutes, rounded down; `seconds_until_empty` how
    long the backlog takes at that pace, None while nothing ends.
    """

    consumers: int
    queues: tuple[QueueStatus, ...]
    backlog: int
    in_process: int
    errors: int
    oldest_waiting_seconds: int
    attention: tuple[str, ...]
    ended_per_minute: int
    seconds_until_empty: int | None


def read() -> Status:
    """How the work stands now."""
    now = clock.now()
    living = len(consumers.alive())
    views = queues.list_queues()
    counts: dict[str, int] = dict(query("SELECT status, count(*) FROM job_queue_entry GROUP BY status"))
    ((backlog, oldest),) = query(
        "SELECT count(*), min(CASE WHEN earliest_start > last_ready_at THEN earliest_start ELSE last_ready_at END)"
        " FROM job_queue_entry WHERE status = 'Ready' AND earliest_start <= ?",
        (instant_to_stored(now),),
    )
    since = instant_from_stored(oldest)
    errors = int(counts.get("Error", 0))
    ended = _count_ended(now - timedelta(minutes=LAST_MINUTES))
    attention = []
    if errors:
        attention.append("1 entry is in error." if errors == 1 else f"{errors} entries are in error.")
    if backlog and not living:
        waiting = "1 entry waits" if backlog == 1 else f"{backlog} entries wait"
        attention.append(f"{waiting} and no consumer is running.")
    attention += [
        f"Job queue {view.code} stopped itself: {view.stopped_reason}" for view in views if view.stopped_reason
    ]
    attention += [
        f"The consumer on {one.host} (process {one.process_id}) is gone."
        for one in consumers.list_consumers()
        if not one.is_alive
    ]
    if living:
        attention += _unserved(views, instant_to_stored(now))
    return Status(
        living,
        tuple(QueueStatus(view.code, view.state.value) for view in views),
        int(backlog),
        int(counts.get("In Process", 0)),
        errors,
        max(0, int((now - since).total_seconds())) if since else 0,
        tuple(attention),
        ended // LAST_MINUTES,
        _seconds_until_empty(int(backlog) + int(counts.get("In Process", 0)), ended),
    )


def _count_ended(since: datetime) -> int:
    """How many runs of entries ended in Success since then."""
    ((count,),) = query(
        "SELECT count(*) FROM job_queue_log_entry WHERE ended_at >= ? AND status = 'Success' AND job_queue_code <> ''",
        (instant_to_stored(since),),
    )
    return int(count)


def _seconds_until_empty(left: int, ended: int) -> int | None:
    if not left:
        return 0
    return -(-left * LAST_MINUTES * 60 // ended) if ended else None


def _unserved(views: Sequence[QueueView], now: int) -> list[str]:
    """The started queues that no living consumer serves and that have work."""
    codes = tuple(row[0] for row in query("SELECT code FROM job_queue_category ORDER BY code"))
    due = {
        category
        for (category,) in query(
            "SELECT DISTINCT category_code FROM job_queue_entry WHERE status = 'Ready' AND earliest_start <= ?", (now,)
        )
    }
    return [
        f"Job queue {view.code} is not responding and has work waiting."
        for view in views
        if view.state is QueueState.NOT_RESPONDING and due & set(categories_taken(view.category_filter, codes))
    ]
