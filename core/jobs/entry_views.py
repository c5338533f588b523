"""Job Queue Entries as lists and cards show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from peewee import SQL, Field, NodeList

from postroom.core import clock, company, filters
from postroom.core import database as engine
from postroom.core.errors import Problem, problems_from_json
from postroom.core.jobs import entry_rows, recurrence, recurrence_fields, why
from postroom.core.jobs.entry_rows import EntryRow
from postroom.core.jobs.why import Why
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import JobQueueEntry

WAITING = "Waiting"
"""Shown for a Ready entry whose category is busy; never stored."""


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with its reason for not running. Delays and timeouts are seconds.

    `parameters` is JSON; `recurrence` tells its rules in words, blank for one that runs once.
    """

    id: str
    entry_no: int
    description: str
    job: str
    record_type: str
    record_no: str
    status: str
    category: str
    priority: int
    earliest_start: datetime | None
    expiration: datetime | None
    attempts: int
    max_attempts: int
    rerun_delay: int
    job_timeout: int
    batch_no: int | None
    user: str
    notify_on_success: bool
    created: datetime | None
    started: datetime | None
    job_queue: str
    host: str
    process_id: int
    held_by: str
    parameters: str
    recurrence: str
    next_run: datetime | None
    why: Why | None
    errors: tuple[Problem, ...]


COLUMNS: Mapping[str, Field] = {
    "id": JobQueueEntry.id,
    "entry_no": JobQueueEntry.entry_no,
    "description": JobQueueEntry.description,
    "job": JobQueueEntry.job,
    "record_type": JobQueueEntry.record_type,
    "record_no": JobQueueEntry.record_no,
    "status": JobQueueEntry.status,
    "category": JobQueueEntry.category_code,
    "priority": JobQueueEntry.priority,
    "earliest_start": JobQueueEntry.earliest_start,
    "attempts": JobQueueEntry.attempts,
    "max_attempts": JobQueueEntry.max_attempts,
    "batch_no": JobQueueEntry.batch_no,
    "user": JobQueueEntry.user_id,
    "started": JobQueueEntry.started_at,
    "host": JobQueueEntry.host,
    "errors": JobQueueEntry.errors,
}
_SEARCHED = tuple(COLUMNS[name] for name in ("description", "record_no", "category", "user", "errors"))


_SHOWN = (
    EntryStatus.READY.value,
    WAITING,
    *(status.value for status in EntryStatus if status is not EntryStatus.READY),
)


def conditions(filter: str) -> list[Any]:
    """A filter expression over entries as conditions for a query; a status is the one shown. Raises UsageError."""
    chosen = filters.parse_filter(filter)
    found = filters.conditions([one for one in chosen if one.field != "status"], COLUMNS, _SEARCHED)
    return found + [_is_shown(one.filter) for one in chosen if one.field == "status"]


def _is_shown(chosen: filters.Filter) -> Any:
    """The condition under which an entry's shown status passes a filter."""
    filters.refuse_unlisted("status", chosen, _SHOWN)
    wanted = [status for status in _SHOWN if chosen.matches(status)]
    column: Any = JobQueueEntry.status
    if EntryStatus.READY.value in wanted and not engine.is_postgres():
        # SQLite would take its index and sort all that are Ready: 100 ms for a page of 100,000.
        column = NodeList((SQL("+"), column), glue="")
    stored = column.in_([status for status in wanted if status != WAITING])
    if (WAITING in wanted) == (EntryStatus.READY.value in wanted):
        return stored
    return stored | why.waits_for_its_category() if WAITING in wanted else stored & ~why.waits_for_its_category()


def list_entries(
    filter: str = "", *, user: str | None = None, entry_nos: Sequence[int] | None = None
) -> list[EntryView]:
    """Entries by entry no., narrowed by a filter, to one user's, or to some numbers."""
    where = conditions(filter)
    if user is not None:
        where.append(JobQueueEntry.user_id == user)
    if entry_nos is None or where:
        if entry_nos is not None:
            where.append(JobQueueEntry.entry_no << list(entry_nos))
        chosen = JobQueueEntry.select(JobQueueEntry.entry_no).order_by(JobQueueEntry.entry_no)
        if where:
            chosen = chosen.where(*where)
        entry_nos = [number for (number,) in cast(Iterable[tuple[int]], chosen.tuples())]
    return _views(entry_rows.by_number(entry_nos))


def show(name: str | int) -> EntryView:
    """One entry by its id or its entry no. Raises NotFound."""
    return _views([entry_rows.find(name)])[0]


def _views(rows: Sequence[EntryRow]) -> list[EntryView]:
    """Rows as they are shown, their reasons judged together."""
    reasons = why.explain(rows)
    zone = company.time_zone()
    return [_view(row, reasons[row.entry_no], zone) for row in rows]


def _next_run(row: EntryRow, zone: ZoneInfo) -> datetime | None:
    """When a recurring entry runs next, after the present run if it runs; None for one that runs once."""
    if not row.recurs:
        return None
    now, rules = clock.now(), recurrence_fields.of_entry(row)
    if row.status is EntryStatus.READY:
        return row.earliest_start or now
    if row.status is not EntryStatus.IN_PROCESS:
        return row.earliest_start or recurrence.first_run(rules, now, zone)
    return recurrence.next_run(rules, row.planned_start or row.started_at or now, now, zone)


def _view(row: EntryRow, reason: Why | None, zone: ZoneInfo) -> EntryView:
    running = row.status is EntryStatus.IN_PROCESS
    next_run = _next_run(row, zone)
    return EntryView(
        id=row.id,
        entry_no=row.entry_no,
        description=row.description,
        job=row.job,
        record_type=row.record_type,
        record_no=row.record_no,
        status=WAITING if reason is not None and reason.code == "category_busy" else row.status.value,
        category=row.category_code,
        priority=row.priority,
        earliest_start=row.earliest_start,
        expiration=row.expiration,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        rerun_delay=row.rerun_delay,
        job_timeout=row.job_timeout,
        batch_no=row.batch_no,
        user=row.user_id,
        notify_on_success=row.notify_on_success,
        created=row.created_at,
        started=row.started_at if running else None,
        job_queue=row.job_queue_code if running else "",
        host=row.host if running else "",
        process_id=row.process_id if running else 0,
        held_by=row.held_by,
        parameters=row.parameters,
        recurrence="" if next_run is None else recurrence.with_next(recurrence_fields.of_entry(row), next_run, zone),
        next_run=next_run,
        why=reason,
        errors=problems_from_json(row.errors),
    )
