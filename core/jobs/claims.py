"""Claiming: taking the best due entry for one worker, proven free and exclusive by the database itself.

A claim is a compare-and-set on the entry's row. The partial unique index on In Process categories holds every category
to one entry at a time, over all job queues and hosts.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from peewee import IntegrityError

from postroom.core import clock, filters
from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.errors import PostroomError
from postroom.core.jobs import due, windows
from postroom.core.jobs.due import Place
from postroom.core.kinds import JobQueueStatus, LogStatus
from postroom.core.statements import Row, answer, asked, execute, insert_returning, pipelined, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import RECURS, JobQueueLogEntry


class RaceLost(Exception):
    """Another worker took the entry between the look and the claim."""


class ClaimLost(PostroomError):
    """The worker's claim was revoked (timeout, cancel, takeover): whatever it did must be rolled back."""


class NotYet(PostroomError):
    """A run found that it cannot do its work now, and has done nothing: back to Ready, no attempt counted."""


PRINT_DOCUMENT = "print-document"
PRINT_CATEGORY = "PRINT-"
"""How the categories of print jobs begin: one per printer, taken by print workers and by nobody else."""
PRINTER_PAUSE = timedelta(minutes=1)
"""How long a printer that does not respond is left alone between two tries."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Who claims. `job_queues` limits it to some queues; empty means all that its host may serve.

    `prints`: it takes print jobs and nothing else; the others take everything else.
    """

    host: str
    process_id: int
    process_start: str
    consumer_id: str
    job_queues: tuple[str, ...] = ()
    prints: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry in the hands of one worker. `token` is also the id of the posting it makes; seconds are whole."""

    token: str
    log_no: int
    entry_no: int
    entry_id: str
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
    reading: Any = field(default=None, compare=False)
    """What its posting has asked of the database already."""


@dataclass(frozen=True, slots=True)
class ServedQueue:
    """A started job queue that a worker may serve, with the category codes its filter takes."""

    code: str
    max_concurrent: int
    categories: tuple[str, ...]


_MOST_RACES = 5

COLUMNS = (
    "entry_no, id, job, record_type, record_id, record_no, parameters, description, user_id, category_code,"
    " job_queue_code, attempts, max_attempts, rerun_delay, job_timeout, batch_no, notify_on_success, earliest_start,"
    f" {RECURS}"
)
"""A Claim's fields from `entry_no` on, in their order."""


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
    while (found := _best(worker)) is not None:
        queue, place = found
        if place.recurs and windows.postpone(place.entry_no):
            continue
        if engine.is_postgres() and not _has_room_locked(queue):
            return None
        return mark_in_process(worker, queue.code, place.entry_no, place.record_id)
    return None


def served_queues(worker: Worker) -> list[ServedQueue]:
    """The started queues that this worker may serve, with the categories that are its kind of work."""
    return _served(worker, query(_STATE))


_STATE = (
    "SELECT 'category' AS kind, code, '' AS about, 0 AS most, '' AS on_host FROM job_queue_category"
    " UNION ALL SELECT 'queue', code, category_filter, max_concurrent, on_host FROM job_queue WHERE started"
    " UNION ALL SELECT 'running', category_code, job_queue_code, 0, '' FROM job_queue_entry"
    " WHERE status = 'In Process'"
)
"""Categories, started queues and what runs, in one statement: it is asked for every document."""


def _served(worker: Worker, state: Sequence[Row]) -> list[ServedQueue]:
    categories = tuple(sorted(code for kind, code, *_ in state if kind == "category"))
    return [
        ServedQueue(code, most, _of_kind(categories_taken(taken, categories), worker.prints))
        for kind, code, taken, most, on_host in sorted(state)
        if kind == "queue" and on_host in ("", worker.host) and (not worker.job_queues or code in worker.job_queues)
    ]


@lru_cache(maxsize=256)
def categories_taken(category_filter: str, categories: tuple[str, ...]) -> tuple[str, ...]:
    """The codes among all categories, blank included, that a job queue's filter takes."""
    everything = ("", *categories)
    if not category_filter:
        return everything
    chosen = filters.parse(category_filter)
    return tuple(code for code in everything if chosen.matches(code))


@lru_cache(maxsize=256)
def _of_kind(categories: tuple[str, ...], prints: bool) -> tuple[str, ...]:
    return tuple(code for code in categories if code.startswith(PRINT_CATEGORY) is prints)


def _resting_printers() -> set[str]:
    """The categories of printers that do not respond and were tried less than a minute ago."""
    since = instant_to_stored(clock.now() - PRINTER_PAUSE)
    found = query("SELECT code FROM printer WHERE not_responding_since > 0 AND last_tried_at > ?", (since,))
    return {f"{PRINT_CATEGORY}{code}" for (code,) in found}


def count_claimable(worker: Worker) -> int:
    """How many entries such workers could claim now beside each other, as far as their queues have room."""
    queues, running, heads = _line(worker)
    waiting: dict[ServedQueue, int] = {}
    for category, _ in heads:
        waiting[queues[category]] = waiting.get(queues[category], 0) + 1
    return sum(min(count, queue.max_concurrent - running.get(queue.code, 0)) for queue, count in waiting.items())


def _best(worker: Worker) -> tuple[ServedQueue, Place] | None:
    """The best due entry over all served queues that have room."""
    with pipelined():
        found = look(worker)
    return best_of(found, worker)


@dataclass(frozen=True, slots=True)
class Look:
    """Asked of the database, and answered when it is read: what runs, who serves what, which entries come first."""

    state: Any
    heads: Any
    """Of `categories`, those that the worker had to do with before: on PostgreSQL one wait answers both."""
    categories: tuple[str, ...]
    resting: frozenset[str]


_known: dict[Worker, tuple[str, ...]] = {}
"""The categories that each worker of this process had to do with when it last looked."""
_MOST_AT_ONCE = 16
"""Categories whose heads are asked for before it is known which of them are free; also workers remembered."""


def look(worker: Worker) -> Look:
    """Ask for the line, in a pipeline that may be open."""
    resting = frozenset(_resting_printers()) if worker.prints else frozenset()
    state = asked(_STATE)
    known = _known.get(worker, ()) if engine.is_postgres() else ()
    return Look(state, due.ask(known) if known else None, known, resting)


def best_of(found: Look, worker: Worker, leaving: Claim | None = None) -> tuple[ServedQueue, Place] | None:
    """The best due entry over all served queues that have room, by what a look found.

    `leaving`: the claim that ends now and, when it was looked, still had its place.
    """
    queues, _, heads = _seen(found, worker, leaving)
    if not heads:
        return None
    category, place = min(heads, key=lambda head: head[1].key)
    return queues[category], place


def _line(worker: Worker) -> tuple[dict[str, ServedQueue], dict[str, int], list[tuple[str, Place]]]:
    """The first due entry of each category that is free, by category the queue to run it, and what each queue runs."""
    with pipelined():
        found = look(worker)
    return _seen(found, worker)


def _seen(
    found: Look, worker: Worker, leaving: Claim | None = None
) -> tuple[dict[str, ServedQueue], dict[str, int], list[tuple[str, Place]]]:
    state = answer(found.state)
    busy = set(found.resting)
    running: dict[str, int] = {}
    places = [(category, queue_code) for kind, category, queue_code, *_ in state if kind == "running"]
    if leaving is not None and (leaving.category_code, leaving.job_queue_code) in places:
        places.remove((leaving.category_code, leaving.job_queue_code))
    for category, queue_code in places:
        if category:
            busy.add(category)
        running[queue_code] = running.get(queue_code, 0) + 1
    served = _served(worker, state)
    open_queues: dict[str, ServedQueue] = {}
    for queue in served:
        if running.get(queue.code, 0) < queue.max_concurrent:
            for category in queue.categories:
                if category not in busy:
                    open_queues.setdefault(category, queue)
    heads = answer(found.heads) if found.heads is not None and open_queues.keys() <= set(found.categories) else None
    concerned = tuple(dict.fromkeys(category for queue in served for category in queue.categories))
    if len(_known) > _MOST_AT_ONCE:
        _known.clear()
    _known[worker] = concerned if len(concerned) <= _MOST_AT_ONCE else ()
    return open_queues, running, due.first_of_each(list(open_queues), instant_to_stored(clock.now()), heads)


def _has_room_locked(queue: ServedQueue) -> bool:
    """Hold the queue's row, so that no two workers fill its last place, and count again what it runs."""
    with pipelined():
        held = asked("SELECT code FROM job_queue WHERE code = ? AND started FOR UPDATE", (queue.code,))
        ((running,),) = query(
            "SELECT count(*) FROM job_queue_entry WHERE status = 'In Process' AND job_queue_code = ?", (queue.code,)
        )
    return bool(answer(held)) and bool(running < queue.max_concurrent)


def mark_in_process(worker: Worker, queue_code: str, entry_no: int, record_id: int | None) -> Claim:
    """Claim one Ready entry by its number, in the caller's transaction, whatever its earliest start.

    The document is written before the entry, here as everywhere. Raises as `take` does.
    """
    now = instant_to_stored(clock.now())
    token = secrets.token_hex(8)
    with pipelined():
        if record_id is not None:
            execute("UPDATE document SET job_queue_status = ? WHERE id = ?", (JobQueueStatus.POSTING.value, record_id))
        marked = query(
            "UPDATE job_queue_entry SET status = 'In Process', started_at = ?, job_queue_code = ?, host = ?,"
            " process_id = ?, process_start = ?, consumer_id = ?, claim_token = ?, attempts = attempts + 1,"
            f" cancel_requested_by = '' WHERE entry_no = ? AND status = 'Ready' RETURNING {COLUMNS}",
            (
                *(now, queue_code, worker.host, worker.process_id, worker.process_start, worker.consumer_id, token),
                entry_no,
            ),
        )
    if not marked:
        raise RaceLost
    claim = claim_of(token, marked[0])
    (log_no,) = insert_returning(
        JobQueueLogEntry,
        LOG_COLUMNS,
        [
            (
                *(claim.entry_id, claim.job, claim.description, claim.record_type, claim.record_no, claim.user_id),
                *(claim.category_code, queue_code, worker.host, worker.process_id, now, 0),
                *(LogStatus.IN_PROCESS.value, claim.attempt, "", "", token, claim.batch_no),
            )
        ],
        "entry_no",
    )
    return replace(claim, log_no=log_no)


def prove(claim: Claim) -> None:
    """Hold the claim until the caller's transaction ends. Raises ClaimLost: then nothing of it may be committed."""
    if not answer(ask_proof(claim)):
        raise lost(claim)


def ask_proof(claim: Claim) -> Any:
    """Hold the claim and ask for its row; with none it is lost."""
    held = " FOR UPDATE" if engine.is_postgres() else ""
    return asked(
        f"SELECT entry_no FROM job_queue_entry WHERE entry_no = ? AND claim_token = ? AND status = 'In Process'{held}",
        (claim.entry_no, claim.token),
    )


def lost(claim: Claim) -> ClaimLost:
    """The error of a claim that was revoked."""
    return ClaimLost(
        "The entry was taken from this worker.",
        record=claim.description,
        hint="Nothing was posted by it; the entry says what became of it.",
    )


def open_claim(entry_no: int) -> Claim | None:
    """The claim under which an entry is In Process, read from its row: a recovery ends it in the worker's place."""
    rows = query(
        f"SELECT claim_token, {COLUMNS} FROM job_queue_entry WHERE entry_no = ? AND status = 'In Process'", (entry_no,)
    )
    if not rows:
        return None
    claim = claim_of(rows[0][0], rows[0][1:])
    logs = query(
        "SELECT entry_no FROM job_queue_log_entry WHERE posting_id = ? AND job_entry_id = ?",
        (claim.token, claim.entry_id),
    )
    return replace(claim, log_no=logs[0][0]) if logs else claim


def claim_of(token: str, row: Row) -> Claim:
    """The claim that an entry's `COLUMNS` make, its log entry not known yet."""
    fields = list(row)
    fields[-3], fields[-1] = bool(fields[-3]), bool(fields[-1])  # 0 or 1 on SQLite
    return Claim(token, 0, *fields)


LOG_COLUMNS = (
    *("job_entry_id", "job", "description", "record_type", "record_no", "user_id", "category_code", "job_queue_code"),
    *("host", "process_id", "started_at", "ended_at", "status", "attempt", "errors", "call_stack", "posting_id"),
    "batch_no",
)
"""The columns of a log entry in the order in which rows of it are written."""
