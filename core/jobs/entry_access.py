"""What every action on a Job Queue Entry begins with: holding it, the right to it, refusing it by its status."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.core import changelog, users
from postroom.core import database as engine
from postroom.core.errors import Refused
from postroom.core.jobs.entry_rows import EntryRow, find
from postroom.core.kinds import EntryStatus, JobQueueStatus
from postroom.core.statements import execute, query
from postroom.core.users import Permission

KIND = "Job Queue Entry"
LOWEST_PRIORITY = 1_000_000
"""The largest number; 0 is served first."""


def locked(entry_no: int) -> EntryRow:
    """The entry, held until the transaction ends; its document is held first, here as everywhere."""
    entry = find(entry_no)
    if engine.is_postgres():
        if entry.record_id is not None:
            query("SELECT id FROM document WHERE id = ? FOR UPDATE", (entry.record_id,))
        query("SELECT entry_no FROM job_queue_entry WHERE entry_no = ? FOR UPDATE", (entry_no,))
        entry = find(entry_no)
    return entry


def require_right(entry: EntryRow, user: str) -> None:
    """One's own entries need Post, others' Job Queue Admin. Raises NotPermitted."""
    users.require(user, Permission.POST if entry.user_id == user else Permission.JOB_QUEUE_ADMIN)


def require_status(entry: EntryRow, what: str, *allowed: EntryStatus) -> None:
    """Raise Refused unless the entry is in one of these statuses."""
    if entry.status not in allowed:
        raise refusal(entry, f"It is {entry.status.value}; only {_listed(allowed)} can be {what}.")


def refuse_in_process(entry: EntryRow, what: str) -> None:
    """Raise Refused while the entry runs."""
    if entry.status is EntryStatus.IN_PROCESS:
        raise refusal(entry, f"It is In Process and cannot be {what} now.", "Cancel it first, or wait.")


def require_changed(entry: EntryRow, changed: int) -> None:
    """Raise Refused where the statement met no entry as it was read."""
    if changed != 1:
        raise refusal(entry, "Somebody else changed it meanwhile.")


def move(entry: EntryRow, status: EntryStatus, changes: str, values: tuple[object, ...]) -> None:
    """Move an entry to a status, and its document with it. Raises Refused if it moved meanwhile."""
    move_document(entry, status.document_status)
    changed = execute(
        f"UPDATE job_queue_entry SET status = ?, {changes} WHERE entry_no = ? AND status = ?",
        (status.value, *values, entry.entry_no, entry.status.value),
    ).rowcount
    require_changed(entry, changed)


def move_document(entry: EntryRow, status: JobQueueStatus) -> None:
    """Give the entry's document, if it has one, a Job Queue Status."""
    if entry.record_id is not None:
        execute("UPDATE document SET job_queue_status = ? WHERE id = ?", (status.value, entry.record_id))


def refusal(entry: EntryRow, message: str, hint: str = "Look at it again.") -> Refused:
    """The error of an action that the entry's status forbids."""
    return Refused(
        message,
        code="entry_state",
        record=f"{KIND} {entry.entry_no} ({entry.description})",
        field="status",
        value=entry.status.value,
        hint=hint,
    )


def _listed(statuses: Sequence[EntryStatus]) -> str:
    return " or ".join(status.value for status in statuses)


def log_change(user: str, action: str, entry: EntryRow, field: str, old: str, new: str) -> None:
    changelog.record(user, action, KIND, f"{entry.entry_no} {entry.description}".strip(), field=field, old=old, new=new)
