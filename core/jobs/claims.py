"""Claiming: taking the best due entry for one worker, proven free and exclusive by the database itself.

A claim is a compare-and-set on the entry's row. The partial unique index on In Process categories holds every category
to one entry at a time, over all job queues and hosts.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from peewee import IntegrityError

from postroom.core import clock, filters
from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.errors import PostroomError
from postroom.core.jobs import windows
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.statements import Row, execute, insert_returning, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import JobQueueLogEntry


class RaceLost(Exception):
    """Another worker took the entry between the look and the claim."""


class ClaimLost(PostroomError):
    """The worker's claim was revoked (timeout, cancel, takeover): whatever it did must be rolled back."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Who claims. `job_queues` limits it to some queues; empty means all that its host may serve."""

    host: str
    process_id: int
    process_start: str
    consumer_id: str
    job_queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry in the hands of one worker. `token` is also the id of the posting it makes; seconds are whole."""

    entry_no: int
    entry_id: str
    token: str
    log_no: int
    job: str
    record_type: str
    record_id: int | None
    record_no: str
    parameters: str
    description: str
    user_id: str
    category_code: str
    job_queue_code: str
    attempt: int
    max_attempts: int
    rerun_delay: int
    job_timeout: int
    batch_no: int | None
    notify_on_success: bool
    earliest_start: int
    recurs: bool


@dataclass(frozen=True, slots=True)
class ServedQueue:
    """A started job queue that a worker may serve, with the category codes its filter takes."""

    code: str
    max_concurrent: int
    categories: tuple[str, ...]


_MOST_RACES = 5

_COLUMNS = (
    "entry_no, id, job, record_type, record_id, record_no, parameters, description, user_id, category_code, attempts,"
    " max_attempts, rerun_delay, job_timeout, batch_no, notify_on_success, earliest_start, priority,"
    " CASE WHEN weekdays <> '' OR next_run_date_formula <> '' THEN 1 ELSE 0 END"
)


def claim_next(worker: Worker, *, look_first: bool = True) -> Claim | None:
    """Claim the best due entry, in a transaction of its own; None when nothing may run now.

    Order: priority, earliest start, entry no. With `look_first` it looks without a lock before it takes one, so that an
    idle worker writes nothing; a worker that has just run an entry expects the next and need not look twice.
    """
    for race in range(_MOST_RACES):
        if (look_first or race) and _best(worker) is None:
            return None
        try:
            with transaction():
                claimed = take(worker)
        except (IntegrityError, RaceLost):
            continue  # another worker was first, with the entry or in its category
        if claimed is not None:
            return claimed
    return None


def take(worker: Worker) -> Claim | None:
    """Claim the best due entry inside the caller's transaction.

    Raises IntegrityError or RaceLost when a race for it was lost: then the transaction must be rolled back.
    """
    found = _best(worker)
    while found is not None and found[1][18] and windows.postpone(found[1][0]):
        found = _best(worker)
    if found is None:
        return None
    queue, row = found
    if engine.is_postgres() and not _has_room_locked(queue):
        return None
    return _mark(worker, queue.code, row)


def served_queues(worker: Worker) -> list[ServedQueue]:
    """The started queues that this worker may serve."""
    categories = tuple(code for (code,) in query("SELECT code FROM job_queue_category ORDER BY code"))
    return [
        ServedQueue(code, most, categories_taken(taken, categories))
        for code, taken, most, on_host in query(
            "SELECT code, category_filter, max_concurrent, on_host FROM job_queue WHERE started ORDER BY code"
        )
        if on_host in ("", worker.host) and (not worker.job_queues or code in worker.job_queues)
    ]


@lru_cache(maxsize=256)
def categories_taken(category_filter: str, categories: tuple[str, ...]) -> tuple[str, ...]:
    """The codes among all categories, blank included, that a job queue's filter takes."""
    everything = ("", *categories)
    if not category_filter:
        return everything
    chosen = filters.parse(category_filter)
    return tuple(code for code in everything if chosen.matches(code))


def _best(worker: Worker) -> tuple[ServedQueue, Row] | None:
    """The best due entry over all served queues that have room."""
    busy: set[str] = set()
    running: dict[str, int] = {}
    for category, queue_code in query(
        "SELECT category_code, job_queue_code FROM job_queue_entry WHERE status = ?", (EntryStatus.IN_PROCESS.value,)
    ):
        busy.add(category)
        running[queue_code] = running.get(queue_code, 0) + 1
    busy.discard("")
    open_queues: dict[str, ServedQueue] = {}
    for queue in served_queues(worker):
        if running.get(queue.code, 0) < queue.max_concurrent:
            for category in queue.categories:
                if category not in busy:
                    open_queues.setdefault(category, queue)
    rows = _first_due(list(open_queues))
    if not rows:
        return None
    best = min(rows, key=lambda row: (row[17], row[16], row[0]))
    return open_queues[best[9]], best


def _first_due(categories: Sequence[str]) -> list[Row]:
    """The first due entry of each category, each one step into the index."""
    if not categories:
        return []
    one = (
        f"SELECT * FROM (SELECT {_COLUMNS} FROM job_queue_entry WHERE status = 'Ready' AND category_code = ?"
        " AND earliest_start <= ? AND (expiration = 0 OR expiration > ?)"
        " ORDER BY priority, earliest_start, entry_no LIMIT 1) AS due"
    )
    now = instant_to_stored(clock.now())
    parameters = [value for category in categories for value in (category, now, now)]
    return query(" UNION ALL ".join([one] * len(categories)), parameters)


def _has_room_locked(queue: ServedQueue) -> bool:
    """Hold the queue's row, so that no two workers fill its last place, and count again what it runs."""
    if not query("SELECT code FROM job_queue WHERE code = ? AND started FOR UPDATE", (queue.code,)):
        return False
    ((running,),) = query(
        "SELECT count(*) FROM job_queue_entry WHERE status = 'In Process' AND job_queue_code = ?", (queue.code,)
    )
    return bool(running < queue.max_concurrent)


def mark_in_process(worker: Worker, queue_code: str, entry_no: int) -> Claim | None:
    """Claim one entry by its number (Run Once), whatever its earliest start, in the caller's transaction.

    Raises as `take` does; None when the entry is gone.
    """
    rows = query(f"SELECT {_COLUMNS} FROM job_queue_entry WHERE entry_no = ?", (entry_no,))
    return _mark(worker, queue_code, rows[0]) if rows else None


def _mark(worker: Worker, queue_code: str, row: Row) -> Claim:
    """Claim the entry of a row. The document is written before the entry, here as everywhere."""
    now = instant_to_stored(clock.now())
    token = secrets.token_hex(8)
    if row[4] is not None:
        execute("UPDATE document SET job_queue_status = ? WHERE id = ?", (JobQueueStatus.POSTING.value, row[4]))
    changed = execute(
        "UPDATE job_queue_entry SET status = 'In Process', started_at = ?, job_queue_code = ?, host = ?,"
        " process_id = ?, process_start = ?, consumer_id = ?, claim_token = ?, attempts = attempts + 1,"
        " cancel_requested_by = '' WHERE entry_no = ? AND status = 'Ready'",
        (
            now,
            queue_code,
            worker.host,
            worker.process_id,
            worker.process_start,
            worker.consumer_id,
            token,
            row[0],
        ),
    ).rowcount
    if changed != 1:
        raise RaceLost
    (log_no,) = insert_returning(
        JobQueueLogEntry,
        LOG_COLUMNS,
        [
            (
                *(row[1], row[2], row[7], row[3], row[5], row[8], row[9], queue_code, worker.host, worker.process_id),
                *(now, 0, LogStatus.IN_PROCESS.value, row[10] + 1, "", "", token, row[14]),
            )
        ],
        "entry_no",
    )
    return Claim(
        entry_no=row[0],
        entry_id=row[1],
        token=token,
        log_no=log_no,
        job=row[2],
        record_type=row[3],
        record_id=row[4],
        record_no=row[5],
        parameters=row[6],
        description=row[7],
        user_id=row[8],
        category_code=row[9],
        job_queue_code=queue_code,
        attempt=row[10] + 1,
        max_attempts=row[11],
        rerun_delay=row[12],
        job_timeout=row[13],
        batch_no=row[14],
        notify_on_success=bool(row[15]),
        earliest_start=row[16],
        recurs=bool(row[18]),
    )


LOG_COLUMNS = (
    *("job_entry_id", "job", "description", "record_type", "record_no", "user_id", "category_code", "job_queue_code"),
    *("host", "process_id", "started_at", "ended_at", "status", "attempt", "errors", "call_stack", "posting_id"),
    "batch_no",
)
"""The columns of a log entry in the order in which rows of it are written."""
