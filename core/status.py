"""The one line that says how the work stands: consumers, queues, backlog, errors, and whether somebody should look."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core import clock
from postroom.core.jobs import consumers, queues
from postroom.core.jobs.queues import QueueState
from postroom.core.statements import query
from postroom.core.tables.base import instant_from_stored, instant_to_stored


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """A job queue's code and shown state."""

    code: str
    state: str


@dataclass(frozen=True, slots=True)
class Status:
    """How the work stands. `backlog` is what is due and not running; `attention` what somebody should look at."""

    consumers: int
    queues: tuple[QueueStatus, ...]
    backlog: int
    in_process: int
    errors: int
    oldest_waiting_seconds: int
    attention: tuple[str, ...]


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
        f"Job queue {view.code} is not responding."
        for view in views
        if view.state is QueueState.NOT_RESPONDING and view.last_heartbeat is not None
    ]
    return Status(
        living,
        tuple(QueueStatus(view.code, view.state.value) for view in views),
        int(backlog),
        int(counts.get("In Process", 0)),
        errors,
        max(0, int((now - since).total_seconds())) if since else 0,
        tuple(attention),
    )
