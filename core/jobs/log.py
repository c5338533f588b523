"""Job Queue Log Entries: every run, how it ended, and the posted documents that came out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Field

from postroom.core import changelog, clock, filters, users
from postroom.core.counted import counted
from postroom.core.database import transaction
from postroom.core.errors import (
    NotFound,
    PostroomError,
    Problem,
    Refused,
    problems_from_json,
    problems_to_json,
)
from postroom.core.filters import Filter
from postroom.core.jobs import claims, endings, entry_rows, notes, processes, recovery
from postroom.core.jobs.claims import Claim
from postroom.core.jobs.entry_access import locked, move
from postroom.core.jobs.results import EntryResult
from postroom.core.kinds import Area, EntryStatus, LogStatus, PostedKind
from postroom.core.posting.post import PostedRef
from postroom.core.statements import execute, in_parts, marks, query
from postroom.core.tables.work import JobQueueLogEntry
from postroom.core.users import Permission

KIND = "Job Queue Log Entry"


@dataclass(frozen=True, slots=True)
class LogView:
    """One run. `duration` is in seconds, rounded down; blank while it lasts. `job_queue` is blank for the session."""

    entry_no: int
    job_queue_entry_id: str
    description: str
    job: str
    record_type: str
    record_no: str
    status: str
    start: datetime | None
    end: datetime | None
    duration: int | None
    attempt: int
    user: str
    category: str
    job_queue: str
    host: str
    process_id: int
    batch_no: int | None
    errors: tuple[Problem, ...]
    call_stack: str
    posting_id: str
    posted: tuple[PostedRef, ...]


COLUMNS: Mapping[str, Field] = {
    "entry_no": JobQueueLogEntry.entry_no,
    "job_queue_entry_id": JobQueueLogEntry.job_entry_id,
    "description": JobQueueLogEntry.description,
    "job": JobQueueLogEntry.job,
    "record_type": JobQueueLogEntry.record_type,
    "record_no": JobQueueLogEntry.record_no,
    "status": JobQueueLogEntry.status,
    "start": JobQueueLogEntry.started_at,
    "end": JobQueueLogEntry.ended_at,
    "attempt": JobQueueLogEntry.attempt,
    "user": JobQueueLogEntry.user_id,
    "category": JobQueueLogEntry.category_code,
    "job_queue": JobQueueLogEntry.job_queue_code,
    "host": JobQueueLogEntry.host,
    "process_id": JobQueueLogEntry.process_id,
    "batch_no": JobQueueLogEntry.batch_no,
    "errors": JobQueueLogEntry.errors,
}
_SEARCHED = tuple(COLUMNS[name] for name in ("description", "record_no", "category", "user", "errors"))


def conditions(filter: str) -> list[Any]:
    """A filter expression over log entries as conditions for a query. Raises UsageError."""
    chosen = filters.parse_filter(filter)
    of_status = [one.filter for one in chosen if one.field == "status"]
    for expression in of_status:
        filters.refuse_unlisted("status", expression, [status.value for status in LogStatus])
    others = [one for one in chosen if one.field != "status"]
    return [*map(_of_status, of_status), *filters.conditions(others, COLUMNS, _SEARCHED)]


def _of_status(expression: Filter) -> Any:
    """A filter of the status as a condition by name: one status alone is read from an index, in the list's order."""
    passing = [status for status in LogStatus if expression.matches(status.value)]
    if not passing:
        return SQL("1 = 0")
    if len(passing) == 1:
        return JobQueueLogEntry.status == passing[0]
    return JobQueueLogEntry.status.not_in([status for status in LogStatus if status not in passing])


def list_log(filter: str = "", *, entry_nos: Sequence[int] | None = None) -> list[LogView]:
    """Log entries, the newest first, narrowed by a filter or to some numbers."""
    chosen = JobQueueLogEntry.select().order_by(JobQueueLogEntry.entry_no.desc())
    where = conditions(filter)
    if where:
        chosen = chosen.where(*where)
    if entry_nos is not None:
        rows = [row for part in in_parts(entry_nos) for row in chosen.where(JobQueueLogEntry.entry_no << part)]
    else:
        rows = list(chosen)
    posted = _posted([row.posting_id for row in rows])
    return [_view(row, posted.get(row.posting_id, ())) for row in rows]


def show(entry_no: int) -> LogView:
    """One log entry. Raises NotFound."""
    for view in list_log(entry_nos=[entry_no]):
        return view
    raise NotFound(f"There is no log entry {entry_no}.", record=f"{KIND} {entry_no}", hint="It may have been deleted.")


def clean(older_than: timedelta | None, *, user: str) -> int:
    """Delete log entries that ended so long ago, or all if None, but none In Process; returns how many."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    with transaction():
        chosen = JobQueueLogEntry.delete().where(JobQueueLogEntry.status != LogStatus.IN_PROCESS)
        if older_than is not None:
            chosen = chosen.where(JobQueueLogEntry.ended_at < clock.now() - older_than)
        deleted = int(chosen.execute())
        what = "all" if older_than is None else f"older than {counted(older_than.days, 'day')}"
        changelog.record(user, "Delete", KIND, what, old=counted(deleted, "entry", "entries"))
    return deleted


def set_error(entry_nos: Sequence[int], *, user: str) -> list[EntryResult]:
    """Set Status to Error on runs In Process: the claim is revoked, so that nothing of them can be committed."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    results = []
    for number in entry_nos:
        try:
            results.append(_set_error(number, user))
        except PostroomError as error:
            results.append(EntryResult("", "", "refused", str(number), errors=error.problems))
    return results


def _set_error(number: int, user: str) -> EntryResult:
    was_killed = _end_worker(number, show(number))
    with transaction():
        claim = _held_claim(show(number).posting_id)
        view = show(number)  # the run may have ended until the entry could be held
        problem = Problem(
            "set_to_error", f"Set to Error by {user}.", view.description, hint="Restart it if it is to run."
        )
        if view.status == LogStatus.IN_PROCESS and claim is not None:
            endings.fail(claim, (problem,))
        elif not (was_killed and _fail_taken_back(view, problem)):
            raise Refused(
                f"It is {view.status}; only a run In Process can be set to Error.",
                code="entry_state",
                record=f"{KIND} {number}",
                field="status",
                value=view.status,
                hint="Look at its entry, which may run again.",
            )
        before, after = LogStatus.IN_PROCESS.value, LogStatus.ERROR.value
        changelog.record(user, "Set Status to Error", KIND, str(number), field="Status", old=before, new=after)
    return EntryResult(view.record_type, view.record_no, "set to error", view.job_queue_entry_id)


def _fail_taken_back(view: LogView, problem: Problem) -> bool:
    """Keep an entry from running again that a sweep took back before the one who killed its worker could fail it."""
    try:
        entry = locked(entry_rows.find(view.job_queue_entry_id).entry_no)
    except NotFound:
        return False
    if view.status != LogStatus.ERROR or entry.status is not EntryStatus.READY:
        return False
    errors = problems_to_json((problem,))
    move(entry, EntryStatus.ERROR, "errors = ?", (errors,))
    execute("UPDATE job_queue_log_entry SET errors = ? WHERE entry_no = ?", (errors, view.entry_no))
    notes.write(entry.user_id, notes.of_failure(entry.description, problem), entry.record_type, entry.record_no)
    return True


def _held_claim(token: str) -> Claim | None:
    """The claim of that token, its entry held until the transaction ends; None if it has ended."""
    rows = query("SELECT entry_no FROM job_queue_entry WHERE claim_token = ? AND status = 'In Process'", (token,))
    if not rows:
        return None
    try:
        entry = locked(rows[0][0])
    except NotFound:  # it ended well meanwhile
        return None
    return claims.open_claim(entry.entry_no) if entry.claim_token == token else None


def _end_worker(number: int, view: LogView) -> bool:
    """Kill the worker of a run on this host, so that a restart runs beside nothing; False where there is none to kill.

    Raises Refused if it may not be killed.
    """
    held = next((one for one in recovery.held_entries() if one.claim_token == view.posting_id), None)
    if held is None or (held.host, held.process_id) == (processes.host(), os.getpid()):
        return False
    if not recovery.make_sure(held):
        raise Refused(
            f"Its worker, process {held.process_id} of {processes.owner(held.process_id)} on {held.host}, may not be"
            " ended by you.",
            code="worker_not_killable",
            record=f"{KIND} {number}",
            hint="Cancel the entry: its own consumer stops the worker.",
        )
    return True


def _posted(posting_ids: Sequence[str]) -> dict[str, tuple[PostedRef, ...]]:
    """What came out of postings, by posting id."""
    found: dict[str, tuple[PostedRef, ...]] = {}
    for part in in_parts([id_ for id_ in posting_ids if id_]):
        for posting_id, area, kind, no in query(
            "SELECT posting_id, area, kind, no FROM posted_document"
            f" WHERE posting_id IN ({marks(len(part))}) ORDER BY id",
            part,
        ):
            found[posting_id] = (*found.get(posting_id, ()), PostedRef(Area(area), PostedKind(kind), no))
    return found


def _view(row: JobQueueLogEntry, posted: tuple[PostedRef, ...]) -> LogView:
    ended = row.ended_at
    return LogView(
        entry_no=row.entry_no,
        job_queue_entry_id=row.job_entry_id,
        description=row.description,
        job=row.job,
        record_type=row.record_type,
        record_no=row.record_no,
        status=row.status.value,
        start=row.started_at,
        end=ended,
        duration=int((ended - row.started_at).total_seconds()) if ended and row.started_at else None,
        attempt=row.attempt,
        user=row.user_id,
        category=row.category_code,
        job_queue=row.job_queue_code,
        host=row.host,
        process_id=row.process_id,
        batch_no=row.batch_no,
        errors=problems_from_json(row.errors),
        call_stack=row.call_stack,
        posting_id=row.posting_id,
        posted=posted,
    )
