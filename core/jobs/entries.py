"""The actions on Job Queue Entries. Each takes several entries and tells for each what it did, or why not.

One's own entries need the permission set Post, others' Job Queue Admin. A document follows its entry's status.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from peewee import IntegrityError

from postroom.core import clock, company, users
from postroom.core.database import transaction
from postroom.core.errors import NotFound, PostroomError, Problem, Refused, problems_to_json
from postroom.core.jobs import (
    claims,
    doorbell,
    due,
    entry_rows,
    foreground,
    notes,
    processes,
    recovery,
    recurrence,
    recurrence_fields,
)
from postroom.core.jobs.claims import Claim
from postroom.core.jobs.entry_access import (
    KIND,
    LOWEST_PRIORITY,
    locked,
    log_change,
    move,
    move_document,
    refuse_in_process,
    require_changed,
    require_right,
    require_status,
)
from postroom.core.jobs.entry_rows import EntryRow, find
from postroom.core.jobs.entry_views import EntryView, conditions, list_entries, show
from postroom.core.jobs.registry import POST_DOCUMENT
from postroom.core.jobs.results import EntryResult
from postroom.core.kinds import Area, EntryStatus, JobQueueStatus, PostedKind
from postroom.core.posting.post import PostedRef
from postroom.core.statements import execute, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import RECURS, JobQueueEntry
from postroom.core.users import Permission

__all__ = [
    "EntryView",
    "cancel",
    "conditions",
    "delete",
    "expire_overdue",
    "list_entries",
    "restart",
    "run_once",
    "set_on_hold",
    "set_priority",
    "set_ready",
    "show",
    "wake_resting",
]

Names = Sequence[str | int]


def set_ready(ids: Names, *, user: str) -> list[EntryResult]:
    """Set Status to Ready: from On Hold or Error, attempts back to 0, errors cleared."""

    def act(entry: EntryRow) -> None:
        _to_ready(entry)
        log_change(user, "Set Status to Ready", entry, "Status", entry.status.value, EntryStatus.READY.value)

    return _each(ids, user, "ready", act)


def restart(ids: Names, *, user: str) -> list[EntryResult]:
    """Restart what failed or was held: as Set Status to Ready, but at once."""

    def act(entry: EntryRow) -> None:
        _to_ready(entry, at_once=True)
        log_change(user, "Restart", entry, "Status", entry.status.value, EntryStatus.READY.value)

    return _each(ids, user, "restarted", act)


def set_on_hold(ids: Names, *, user: str) -> list[EntryResult]:
    """Set On Hold: a Ready entry, or one in Error, is parked by a person."""

    def act(entry: EntryRow) -> None:
        require_status(entry, "put on hold", EntryStatus.READY, EntryStatus.ERROR, EntryStatus.ON_HOLD_INACTIVE)
        move(entry, EntryStatus.ON_HOLD, "held_by = ?", (user,))
        log_change(user, "Set On Hold", entry, "Status", entry.status.value, EntryStatus.ON_HOLD.value)

    return _each(ids, user, "on hold", act)


def cancel(ids: Names, *, user: str) -> list[EntryResult]:
    """Cancel a run: its worker is asked to stop, then stopped; what it did is rolled back, the entry goes on hold.

    At once where its worker, on this host, is gone or frozen: nobody else may come to take it back.
    """
    asked: dict[str, int] = {}

    def act(entry: EntryRow) -> None:
        require_status(entry, "cancelled", EntryStatus.IN_PROCESS)
        changed = execute(
            "UPDATE job_queue_entry SET cancel_requested_by = ? WHERE entry_no = ? AND claim_token = ?"
            " AND status = 'In Process'",
            (user, entry.entry_no, entry.claim_token),
        ).rowcount
        require_changed(entry, changed)
        log_change(user, "Cancel", entry, "Status", entry.status.value, EntryStatus.ON_HOLD.value)
        asked[entry.id] = entry.entry_no

    results = _each(ids, user, "cancelling", act)
    held = recovery.hold_cancelled(set(asked.values()))
    return [replace(one, result="on hold") if asked.get(one.entry_id) in held else one for one in results]


def delete(ids: Names, *, user: str) -> list[EntryResult]:
    """Delete entries that are not In Process. A document's entry: Remove From Job Queue, its status becomes blank."""

    def act(entry: EntryRow) -> None:
        refuse_in_process(entry, "deleted")
        move_document(entry, JobQueueStatus.BLANK)
        changed = execute(
            "DELETE FROM job_queue_entry WHERE entry_no = ? AND status <> 'In Process'", (entry.entry_no,)
        ).rowcount
        require_changed(entry, changed)
        log_change(user, "Delete", entry, "", entry.description, "")

    return _each(ids, user, "deleted", act)


def set_priority(ids: Names, priority: int, *, user: str) -> list[EntryResult]:
    """Set Priority: 0 is served first."""
    if not 0 <= priority <= LOWEST_PRIORITY:
        raise Refused(
            f"A priority is a whole number from 0 to {LOWEST_PRIORITY}.",
            field="priority",
            value=str(priority),
            hint="0 is served first.",
        )

    def act(entry: EntryRow) -> None:
        refuse_in_process(entry, "given another priority")
        changed = execute(
            "UPDATE job_queue_entry SET priority = ? WHERE entry_no = ? AND status <> 'In Process'",
            (priority, entry.entry_no),
        ).rowcount
        require_changed(entry, changed)
        log_change(user, "Modify", entry, "Priority", str(entry.priority), str(priority))

    return _each(ids, user, "priority set", act)


def run_once(ids: Names, *, user: str, is_logged: bool = True) -> list[EntryResult]:
    """Run entries here and now, each under its category; the result is that of the run.

    `is_logged`: False for what another command of the user includes, which its Change Log need not tell.
    """
    return [_run_once(name, user, is_logged) for name in ids]


def expire_overdue() -> int:
    """Put one-time entries whose Expiration passed before they ran in Error, their documents too; returns how many."""
    now = instant_to_stored(clock.now())
    overdue = [number for (number,) in query(f"{due.overdue('entry_no')} AND NOT {RECURS}", (now,))]
    expired = 0
    for number in overdue:
        with suppress(NotFound), transaction():  # deleted meanwhile
            entry = locked(number)
            if entry.status is EntryStatus.READY:
                assert entry.expiration is not None
                expiration = entry.expiration.astimezone(company.time_zone())
                problem = Problem(
                    "expired",
                    f"Its Expiration, {expiration:%Y-%m-%d %H:%M}, passed before it ran.",
                    entry.description,
                    field="expiration",
                    hint="Give it a later expiration and restart it.",
                )
                move(entry, EntryStatus.ERROR, "errors = ?", (problems_to_json((problem,)),))
                notes.write(
                    entry.user_id, f"{entry.description}: {problem.message}", entry.record_type, entry.record_no
                )
                expired += 1
    return expired


def wake_resting() -> int:
    """Set recurring entries to Ready that had nothing to do and whose inactivity period is over; returns how many."""
    now = instant_to_stored(clock.now())
    resting = f"status = '{EntryStatus.ON_HOLD_INACTIVE.value}' AND earliest_start <= ?"
    if not query(f"SELECT 1 FROM job_queue_entry WHERE {resting} LIMIT 1", (now,)):
        return 0
    with transaction():
        woken = int(
            execute(
                f"UPDATE job_queue_entry SET status = 'Ready', last_ready_at = ? WHERE {resting}",
                (now, now),
            ).rowcount
        )
        doorbell.ring_after_commit()
    return woken


def _each(ids: Names, user: str, done: str, act: Callable[[EntryRow], None]) -> list[EntryResult]:
    """Do one thing to each entry, each in a transaction of its own; a refusal stops none of the others."""
    results = []
    for name in ids:
        try:
            with transaction():
                entry = locked(find(name).entry_no)
                require_right(entry, user)
                act(entry)
        except PostroomError as error:
            results.append(EntryResult("", "", "refused", str(name), errors=error.problems))
        else:
            results.append(EntryResult(entry.record_type, entry.record_no, done, entry.id))
    return results


def _to_ready(entry: EntryRow, *, at_once: bool = False) -> None:
    require_status(
        entry,
        "restarted" if at_once else "set to Ready",
        EntryStatus.ON_HOLD,
        EntryStatus.ERROR,
        EntryStatus.ON_HOLD_INACTIVE,
    )
    start, planned = entry.earliest_start, entry.planned_start
    if at_once or (entry.attempts and entry.status is EntryStatus.ERROR):
        start = None
    if not at_once and entry.recurs:
        start = planned = _next_start(entry)
    move(
        entry,
        EntryStatus.READY,
        "attempts = 0, errors = '', held_by = '', cancel_requested_by = '', earliest_start = ?, planned_start = ?,"
        " last_ready_at = ?",
        (instant_to_stored(start), instant_to_stored(planned), instant_to_stored(clock.now())),
    )
    doorbell.ring_after_commit()


def _next_start(entry: EntryRow) -> datetime:
    """The planned start of a recurring entry, or the next one that its rules allow once that has passed."""
    now, zone, rules = clock.now(), company.time_zone(), recurrence_fields.of_entry(entry)
    if entry.planned_start is None:
        return recurrence.first_run(rules, now, zone)
    planned: datetime = entry.planned_start
    return planned if planned > now else recurrence.next_run(rules, planned, now, zone)


def _run_once(name: str | int, user: str, is_logged: bool) -> EntryResult:
    try:
        claim = foreground.run(lambda: _claim_here(name, user, is_logged))
    except PostroomError as error:
        return EntryResult("", "", "refused", str(name), errors=error.problems)
    after = entry_rows.by_number([claim.entry_no])
    posted = tuple(
        PostedRef(Area(area), PostedKind(kind), no)
        for area, kind, no in query(
            "SELECT area, kind, no FROM posted_document WHERE posting_id = ? ORDER BY id", (claim.token,)
        )
    )
    if not after or claim.recurs:
        done = "posted" if posted else "done"
        return EntryResult(claim.record_type, claim.record_no, done, claim.entry_id, posted=posted)
    return EntryResult(claim.record_type, claim.record_no, "failed", claim.entry_id, errors=show(claim.entry_no).errors)


def _claim_here(name: str | int, user: str, is_logged: bool) -> Claim:
    """Claim an entry for this very process, under its category."""
    pid = os.getpid()
    here = claims.Worker(processes.host(), pid, processes.start_of(pid), "")
    try:
        with transaction():
            entry = locked(find(name).entry_no)
            require_right(entry, user)
            if entry.job == POST_DOCUMENT:
                users.require_in_database("post", Permission.POST)
            if entry.recurs:
                entry = _one_time_copy(entry, user)
            else:
                refuse_in_process(entry, "run once more")
                if is_logged:
                    log_change(user, "Run Once", entry, "Status", entry.status.value, EntryStatus.IN_PROCESS.value)
            if entry.status is not EntryStatus.READY:
                _to_ready(entry)
            claimed = claims.mark_in_process(here, "", entry.entry_no, entry.record_id)
    except (IntegrityError, claims.RaceLost):
        claimed = None
    if claimed is None:
        raise Refused(
            "The entry's category is busy, or somebody else took it meanwhile.",
            code="category_busy",
            record=f"{KIND} {name}",
            hint="Try again when the running one has ended.",
        )
    return claimed


_NOT_COPIED = (
    *("entry_no", "weekdays", "next_run_date_formula", "starting_time", "ending_time", "no_of_minutes_between_runs"),
    *(
        "inactivity_timeout",
        "earliest_start",
        "planned_start",
        "expiration",
        "attempts",
        "errors",
        "held_by",
        "cancel_requested_by",
    ),
    *("started_at", "job_queue_code", "host", "process_id", "process_start", "consumer_id", "claim_token", "status"),
)


def _one_time_copy(entry: EntryRow, user: str) -> EntryRow:
    """A copy of a recurring entry that runs once; the recurring one stays as it is."""
    kept = {name: value for name, value in entry._asdict().items() if name not in _NOT_COPIED}
    now = clock.now()
    made = JobQueueEntry.create(
        **{**kept, "id": secrets.token_hex(8), "user_id": user, "created_at": now, "last_ready_at": now}
    )
    copied = find(made.entry_no)
    log_change(user, "Run Once", copied, "", "", f"a copy of entry {entry.entry_no}")
    return copied
