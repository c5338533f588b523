"""How a run ends: success, error, another attempt, given back, held. Each ending proves the claim by its token.

The document's Job Queue Status and the open log entry change in the same transaction as the entry. A run that a person
cancelled meanwhile is on hold afterwards, however else it ended, unless it ended for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from postroom.core import clock, company
from postroom.core.errors import Problem, problems_to_json
from postroom.core.jobs import claims, entry_rows, notes, recurrence_fields
from postroom.core.jobs.claims import Claim, Look, lost
from postroom.core.jobs.recurrence import allowed, next_run
from postroom.core.jobs.registry import may_run_again, unsafe
from postroom.core.jobs.succession import Succession
from postroom.core.kinds import EntryStatus, LogStatus
from postroom.core.statements import answer, execute, query
from postroom.core.tables.base import EPOCH, instant_to_stored


class PostingEnd:
    """The good end of a posting's run, inside the posting's own transaction.

    The claim is held and proven, and the line looked at, along with the posting's locks, so that PostgreSQL is waited
    for no more than without all that. With `succession` the transaction takes the next document as well.
    """

    def __init__(self, claim: Claim, succession: Succession | None = None) -> None:
        self._claim = claim
        self._succession = None if claim.recurs else succession
        self._proof: Any = None
        self._found: Look | None = None

    def hold(self) -> None:
        """Hold the claim and ask what comes next, without waiting for an answer."""
        self._proof = claims.ask_proof(self._claim)
        if self._succession is not None:
            self._found = self._succession.look()

    def require(self) -> None:
        """Raise ClaimLost unless the claim is held: then nothing of the posting may be committed."""
        _require(self._claim, len(answer(self._proof)))

    def write(self) -> None:
        """End the run, the last that its transaction does."""
        succeed(self._claim, is_held=True)
        if self._succession is not None:
            self._succession.take(self._found, self._claim)


def succeed(claim: Claim, note: str = "", *, is_held: bool = False) -> None:
    """End a run well, inside the transaction of its work. Raises ClaimLost, and then nothing of it may be committed.

    `note`: what the run has to tell its user. `is_held`: the claim was proven in this transaction.
    """
    _close_log(claim, LogStatus.SUCCESS, (), "")
    if claim.recurs:
        _ready_again(claim, _next_start(claim), attempts=0, errors="", is_planned=True)
    else:
        deleted = execute(
            "DELETE FROM job_queue_entry WHERE entry_no = ? AND claim_token = ? AND status = 'In Process'",
            (claim.entry_no, claim.token),
        )
        if not is_held:
            _require(claim, deleted.rowcount)
    if note:
        notes.write(claim.user_id, note, claim.record_type, claim.record_no)
    if claim.notify_on_success:
        notes.write(claim.user_id, f"{claim.description}: done.", claim.record_type, claim.record_no)


def rest(claim: Claim) -> None:
    """End a run that found nothing to do: a recurring entry with an inactivity period rests that long, from now."""
    minutes = entry_rows.find(claim.entry_no).inactivity_timeout if claim.recurs else 0
    if not minutes:
        succeed(claim)
        return
    _close_log(claim, LogStatus.SUCCESS, (), "")
    _leave_unless_cancelled(
        claim,
        EntryStatus.ON_HOLD_INACTIVE,
        "attempts = 0, errors = '', earliest_start = ?, claim_token = ''",
        (instant_to_stored(_wake_at(claim, minutes)),),
    )


def _wake_at(claim: Claim, minutes: int) -> datetime:
    """When a resting entry wakes: its period from now, or when its window and weekdays allow it after that."""
    rules = recurrence_fields.of_entry(entry_rows.find(claim.entry_no))
    wake = clock.now() + timedelta(minutes=minutes)
    return wake if rules.formula else allowed(rules, wake, company.time_zone())


def fail(claim: Claim, problems: Sequence[Problem], call_stack: str = "") -> None:
    """End a run in Error for good: entry, document and log bear every reason, and the user gets a note."""
    _require(claim, _leave(claim, EntryStatus.ERROR, "errors = ?, claim_token = ''", (problems_to_json(problems),)))
    _close_log(claim, LogStatus.ERROR, problems, call_stack)
    notes.write(claim.user_id, notes.of_failure(claim.description, problems[0]), claim.record_type, claim.record_no)


def try_again(claim: Claim, problems: Sequence[Problem], delay: timedelta, call_stack: str = "") -> None:
    """Back to Ready after a transient failure that counted as an attempt; the last reason is kept.

    In Error, here and when given back, where a second run could do twice what the first may have done.
    """
    if not may_run_again(claim):
        fail(claim, (unsafe(claim, problems[0]),), call_stack)
        return
    _ready_again(
        claim, clock.now() + delay if delay else None, attempts=claim.attempt, errors=problems_to_json(problems)
    )
    _close_log(claim, LogStatus.ERROR, problems, call_stack)


def give_back(claim: Claim, problem: Problem) -> None:
    """Back to Ready without an attempt counted: the consumer stops, or the database was away."""
    if not may_run_again(claim):
        fail(claim, (unsafe(claim, problem),))
        return
    _ready_again(claim, None, attempts=claim.attempt - 1, errors="")
    _close_log(claim, LogStatus.ERROR, (problem,), "")


def hold(claim: Claim, by: str) -> None:
    """Cancelled by a person: rolled back and put on hold."""
    problem = _cancelled(claim, by)
    _put_on_hold(claim, by, (problem,))
    _close_log(claim, LogStatus.ERROR, (problem,), "")


def _cancelled(claim: Claim, by: str) -> Problem:
    return Problem("cancelled", f"Cancelled by {by}.", claim.description, hint="Set its status to Ready to run it.")


def _put_on_hold(claim: Claim, by: str, problems: Sequence[Problem]) -> None:
    _require(
        claim,
        _leave(
            claim,
            EntryStatus.ON_HOLD,
            "errors = ?, held_by = ?, claim_token = '', cancel_requested_by = ''",
            (problems_to_json(problems), by),
        ),
    )


def _leave(claim: Claim, status: EntryStatus, changes: str, values: tuple[object, ...], condition: str = "") -> int:
    """Move entry and document to a status; how many entries that were: 0 where the claim, or the condition, is gone."""
    if claim.record_id is not None:
        execute(
            "UPDATE document SET job_queue_status = ? WHERE id = ?", (status.document_status.value, claim.record_id)
        )
    return int(
        execute(
            f"UPDATE job_queue_entry SET status = ?, {changes} WHERE entry_no = ? AND claim_token = ?"
            f" AND status = 'In Process'{condition}",
            (status.value, *values, claim.entry_no, claim.token),
        ).rowcount
    )


def _leave_unless_cancelled(claim: Claim, status: EntryStatus, changes: str, values: tuple[object, ...]) -> None:
    """Move entry and document to a status in which it runs again by itself; on hold, if a person has cancelled it."""
    if _leave(claim, status, changes, values, " AND cancel_requested_by = ''"):
        return
    rows = query(
        "SELECT cancel_requested_by FROM job_queue_entry WHERE entry_no = ? AND claim_token = ?"
        " AND status = 'In Process'",
        (claim.entry_no, claim.token),
    )
    _require(claim, len(rows))
    _put_on_hold(claim, rows[0][0], (_cancelled(claim, rows[0][0]),))


def _ready_again(claim: Claim, start: datetime | None, *, attempts: int, errors: str, is_planned: bool = False) -> None:
    """Back to Ready; `is_planned`: its rules meant it to start then, so the runs after it are counted from there."""
    stored = claim.earliest_start if start is None else instant_to_stored(start)
    _leave_unless_cancelled(
        claim,
        EntryStatus.READY,
        "attempts = ?, errors = ?, earliest_start = ?, last_ready_at = ?, claim_token = ''"
        + (", planned_start = ?" if is_planned else ""),
        (attempts, errors, stored, instant_to_stored(clock.now()), *([stored] if is_planned else [])),
    )


def _next_start(claim: Claim) -> datetime:
    entry = entry_rows.find(claim.entry_no)
    zone: ZoneInfo = company.time_zone()
    now = clock.now()
    planned = entry.planned_start or entry.started_at or now
    return next_run(recurrence_fields.of_entry(entry), max(planned, EPOCH), now, zone)


def _close_log(claim: Claim, status: LogStatus, problems: Sequence[Problem], call_stack: str) -> None:
    execute(
        "UPDATE job_queue_log_entry SET status = ?, ended_at = ?, errors = ?, call_stack = ? WHERE entry_no = ?",
        (
            status.value,
            instant_to_stored(clock.now()),
            problems_to_json(problems) if problems else "",
            call_stack,
            claim.log_no,
        ),
    )


def _require(claim: Claim, proven: int) -> None:
    if proven != 1:
        raise lost(claim)
