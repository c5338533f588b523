"""The daily window of recurring entries at claim time: what is due but outside of it waits until it opens."""

from __future__ import annotations

from datetime import datetime

from postroom.core import clock, company
from postroom.core.jobs import entry_rows, recurrence, recurrence_fields
from postroom.core.jobs.entry_rows import EntryRow
from postroom.core.kinds import EntryStatus
from postroom.core.statements import execute
from postroom.core.tables.base import instant_to_stored


def opens_at(entry: EntryRow) -> datetime | None:
    """When the window of an entry opens that is outside of it now; None for one inside, or without a window."""
    if not (entry.recurs and entry.ending_time):
        return None
    rules, now, zone = recurrence_fields.of_entry(entry), clock.now(), company.time_zone()
    return None if recurrence.in_window(rules, now, zone) else recurrence.allowed(rules, now, zone)


def postpone(entry_no: int) -> bool:
    """Move a due entry outside its window to the next opening, in the caller's transaction; False if it is inside."""
    found = entry_rows.by_number([entry_no])
    opening = opens_at(found[0]) if found else None
    if opening is None:
        return False
    # By a formula the runs after it are counted from the date that was planned.
    planned = found[0].planned_start if found[0].next_run_date_formula else opening
    execute(
        "UPDATE job_queue_entry SET earliest_start = ?, planned_start = ?"
        " WHERE entry_no = ? AND status = ? AND earliest_start = ?",
        (
            *(instant_to_stored(opening), instant_to_stored(planned), entry_no, EntryStatus.READY.value),
            instant_to_stored(found[0].earliest_start),
        ),
    )
    return True
