"""How a run ends: success, error, another attempt, given back, held. Each ending proves the claim by its token.

The document's Job Queue Status and the open log entry change in the same transaction as the entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from postroom.core import clock, company
from postroom.core.errors import Problem, describe, problems_to_json
from postroom.core.jobs import notes, recurrence_fields
from postroom.core.jobs.claims import Claim, ClaimLost
from postroom.core.jobs.recurrence import first_run, next_run
from postroom.core.kinds import EntryStatus, LogStatus
from postroom.core.statements import execute, query
from postroom.core.tables.base import EPOCH, instant_to_stored
from postroom.core.tables.work import JobQueueEntry


def succeed(claim: Claim) -> None:
    """End a run well, inside the transaction of its work. Raises ClaimLost, and then nothing of it may be committed."""
    _close_log(claim, LogStatus.SUCCESS, (), "")
    if claim.recurs:
        _ready_again(claim, _next_start(claim), attempts=0, errors="")
    else:
        proven = execute(
            "DELETE FROM job_queue_entry WHERE entry_no = ? AND claim_token = ? AND status = 'In Process'",
            (claim.entry_no, claim.token),
        ).rowcount
        _require(claim, proven)
    if claim.notify_on_success:
        notes.write(claim.user_id, f"{claim.description}: done.", claim.record_type, claim.record_no)


def rest(claim: Claim) -> None:
    """End a run that found nothing to do: a recurring entry with an inactivity period rests that long, from now."""
    minutes = JobQueueEntry.get_by_id(claim.entry_no).inactivity_timeout if claim.recurs else 0
    if not minutes:
        succeed(claim)
        return
    _close_log(claim, LogStatus.SUCCESS, (), "")
    _leave(
        claim,
        EntryStatus.ON_HOLD_INACTIVE,
        "attempts = 0, errors = '', earliest_start = ?, claim_token = ''",
        (instant_to_stored(_wake_at(claim, minutes)),),
    )


def _wake_at(claim: Claim, minutes: int) -> datetime:
    """When a resting entry wakes: its period from now, or when its window and weekdays allow it after that."""
    rules = recurrence_fields.of_entry(JobQueueEntry.get_by_id(claim.entry_no))
    wake = clock.now() + timedelta(minutes=minutes)
    return wake if rules.formula else first_run(rules, wake, company.time_zone())


def fail(claim: Claim, problems: Sequence[Problem], call_stack: str = "") -> None:
    """End a run in Error for good: entry, document and log bear every reason, and the user gets a note."""
    _leave(claim, EntryStatus.ERROR, "errors = ?, claim_token = ''", (problems_to_json(problems),))
    _close_log(claim, LogStatus.ERROR, problems, call_stack)
    notes.write(claim.user_id, f"{claim.description}: {describe(problems[0])}", claim.record_type, claim.record_no)


def try_again(claim: Claim, problems: Sequence[Problem], delay: timedelta, call_stack: str = "") -> None:
    """Back to Ready after a transient failure that counted as an attempt; the last reason is kept."""
    _ready_again(
        claim, clock.now() + delay if delay else None, attempts=claim.attempt, errors=problems_to_json(problems)
    )
    _close_log(claim, LogStatus.ERROR, problems, call_stack)


def give_back(claim: Claim, problem: Problem) -> None:
    """Back to Ready without an attempt counted: the consumer stops, or the database was away."""
    _ready_again(claim, None, attempts=claim.attempt - 1, errors="")
    _close_log(claim, LogStatus.ERROR, (problem,), "")


def hold(claim: Claim, by: str) -> None:
    """Cancelled by a person: rolled back and put on hold."""
    problem = Problem("cancelled", f"Cancelled by {by}.", claim.description, hint="Set its status to Ready to run it.")
    _leave(
        claim,
        EntryStatus.ON_HOLD,
        "errors = ?, held_by = ?, claim_token = '', cancel_requested_by = ''",
        (problems_to_json((problem,)), by),
    )
    _close_log(claim, LogStatus.ERROR, (problem,), "")


def _leave(claim: Claim, status: EntryStatus, changes: str, values: tuple[object, ...]) -> None:
    if claim.record_id is not None:
        execute(
            "UPDATE document SET job_queue_status = ? WHERE id = ?", (status.document_status.value, claim.record_id)
        )
    proven = execute(
        f"UPDATE job_queue_entry SET status = ?, {changes} WHERE entry_no = ? AND claim_token = ?"
        " AND status = 'In Process'",
        (status.value, *values, claim.entry_no, claim.token),
    ).rowcount
    _require(claim, proven)


def _ready_again(claim: Claim, start: datetime | None, *, attempts: int, errors: str) -> None:
    stored = claim.earliest_start if start is None else instant_to_stored(start)
    _leave(
        claim,
        EntryStatus.READY,
        "attempts = ?, errors = ?, earliest_start = ?, last_ready_at = ?, claim_token = ''",
        (attempts, errors, stored, instant_to_stored(clock.now())),
    )


def _next_start(claim: Claim) -> datetime:
    entry = JobQueueEntry.get_by_id(claim.entry_no)
    zone: ZoneInfo = company.time_zone()
    now = clock.now()
    planned = entry.earliest_start or entry.started_at or now
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
        raise ClaimLost(
            "The entry was taken from this worker.",
            record=claim.description,
            hint="Nothing was posted by it; the entry says what became of it.",
        )


def open_claim(entry_no: int) -> Claim | None:
    """The claim under which an entry is In Process, read from its row: a recovery ends it in the worker's place."""
    rows = query(
        "SELECT e.entry_no, e.id, e.claim_token, COALESCE(l.entry_no, 0), e.job, e.record_type, e.record_id,"
        " e.record_no, e.parameters, e.description, e.user_id, e.category_code, e.job_queue_code, e.attempts,"
        " e.max_attempts, e.rerun_delay, e.job_timeout, e.batch_no, e.notify_on_success, e.earliest_start,"
        " CASE WHEN e.weekdays <> '' OR e.next_run_date_formula <> '' THEN 1 ELSE 0 END"
        " FROM job_queue_entry e"
        " LEFT JOIN job_queue_log_entry l ON l.posting_id = e.claim_token AND l.job_entry_id = e.id"
        " WHERE e.entry_no = ? AND e.status = 'In Process'",
        (entry_no,),
    )
    if not rows:
        return None
    row = rows[0]
    return Claim(*(*row[:18], bool(row[18]), row[19], bool(row[20])))
