"""The one line that says how the work stands: consumers, queues, backlog, errors, and whether somebody should look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postroom.core import clock, company, series_watch
from postroom.core.counted import counted
from postroom.core.jobs import consumers, due, queues
from postroom.core.jobs.claims import categories_taken
from postroom.core.jobs.queues import QueueState, QueueView
from postroom.core.kinds import EntryStatus
from postroom.core.statements import query
from postroom.core.tables.base import instant_from_stored, instant_to_stored
from postroom.core.tables.work import RECURS, WAITING_SINCE

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
    long the backlog takes at that pace, None while nothing ends or some of it waits for a job queue that does no work.
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
    in_process, errors = (_count_entries(status) for status in (EntryStatus.IN_PROCESS, EntryStatus.ERROR))
    backlog, since = _waiting(now)
    ended = _count_ended(now - timedelta(minutes=LAST_MINUTES))
    attention = []
    if errors:
        attention.append(f"{counted(errors, 'entry is', 'entries are')} in error.")
    if backlog and not living:
        attention.append(f"{counted(backlog, 'entry waits', 'entries wait')} and no consumer is running.")
    attention += [
        f"Job queue {view.code} stopped itself: {view.stopped_reason}" for view in views if view.stopped_reason
    ]
    attention += [
        f"The consumer on {one.host} (process {one.process_id}) is gone."
        for one in consumers.list_consumers()
        if not one.is_alive
    ]
    attention += [
        f"The consumer on {one.host} (process {one.process_id}) does not respond."
        for one in consumers.alive()
        if one.workers and not one.is_responding
    ]
    attention += [
        f"Printer {code} is not responding{f': {said}' if said else '.'}"
        for code, said in query("SELECT code, last_message FROM printer WHERE not_responding_since > 0 ORDER BY code")
    ]
    attention += [
        f"{one.record}: {one.message}" for one in series_watch.running_out(clock.today(str(company.time_zone())))
    ]
    unserved = _unserved(views, instant_to_stored(now)) if living else []
    attention += unserved
    works_on = living and not unserved and not any(view.stopped_reason for view in views)
    return Status(
        living,
        tuple(QueueStatus(view.code, view.state.value) for view in views),
        backlog,
        in_process,
        errors,
        max(0, int((now - since).total_seconds())) if since else 0,
        tuple(attention),
        ended // LAST_MINUTES,
        _seconds_until_empty(backlog + in_process, ended) if works_on or not backlog else None,
    )


def _waiting(now: datetime) -> tuple[int, datetime | None]:
    """How many entries could run, and since when the oldest of them."""
    ready = f"FROM job_queue_entry WHERE status = 'Ready' AND {WAITING_SINCE} <= ?"
    until = (instant_to_stored(now),)
    # Recurring entries past their expiration run no more; they are few and counted apart, so that indexes have all.
    over = f"{RECURS} AND expiration > 0 AND expiration <= ?"
    ((count,),) = query(f"SELECT count(*) {ready}", until)
    ((skipped,),) = query(f"{due.overdue('count(*)')} AND {RECURS} AND {WAITING_SINCE} <= ?", until * 2)
    oldest = query(f"SELECT {WAITING_SINCE} {ready} AND NOT ({over}) ORDER BY {WAITING_SINCE} LIMIT 1", until * 2)
    return count - skipped, instant_from_stored(oldest[0][0]) if oldest else None


def _count_entries(status: EntryStatus) -> int:
    ((count,),) = query("SELECT count(*) FROM job_queue_entry WHERE status = ?", (status.value,))
    return int(count)


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


_WITHOUT_SERVICE = {QueueState.NOT_RESPONDING: "not responding", QueueState.STOPPED: "stopped"}


def _unserved(views: Sequence[QueueView], now: int) -> list[str]:
    """The queues that have work and do none: stopped by a person, or started and served by no living consumer."""
    codes = tuple(row[0] for row in query("SELECT code FROM job_queue_category ORDER BY code"))
    waiting = {category for category, _ in due.first_of_each(("", *codes), now)}
    return [
        f"Job queue {view.code} is {_WITHOUT_SERVICE[view.state]} and has work waiting."
        for view in views
        if view.state in _WITHOUT_SERVICE
        and not view.stopped_reason
        and waiting & set(categories_taken(view.category_filter, codes))
    ]
