"""The recurrence of an entry as its row stores it: weekdays `mon,tue`, times `22:00`, minutes, a date formula."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from postroom.core.errors import UsageError
from postroom.core.jobs.entry_rows import EntryRow
from postroom.core.jobs.recurrence import NAMES, WEEKDAYS, Recurrence, instant_of

_DAYS = {name: day for day, full in enumerate(NAMES) for name in (WEEKDAYS[day], full.lower())}


def of_entry(entry: EntryRow) -> Recurrence:
    """The rules of a stored entry."""
    return Recurrence(
        weekdays=read_weekdays(entry.weekdays),
        formula=entry.next_run_date_formula,
        starting_time=read_time("starting_time", entry.starting_time),
        ending_time=read_time("ending_time", entry.ending_time),
        minutes=entry.no_of_minutes_between_runs,
    )


def read_weekdays(text: str) -> frozenset[int]:
    """`mon,Wednesday` as numbers from 0. Raises UsageError."""
    days = set()
    for word in text.replace(",", " ").lower().split():
        if word not in _DAYS:
            raise UsageError(
                f"{word} is not a weekday.", field="weekdays", value=text, hint=f"Write some of {', '.join(WEEKDAYS)}."
            )
        days.add(_DAYS[word])
    return frozenset(days)


def read_time(field: str, text: str) -> time | None:
    """`22:00` or blank. Raises UsageError."""
    if not text:
        return None
    try:
        typed = time.fromisoformat(text)
    except ValueError:
        typed = None
    if typed is None or typed.tzinfo is not None:
        raise UsageError(f"{text} is not a time of day.", field=field, value=text, hint="It looks like 22:00.")
    return typed


def read_instant(field: str, text: str, zone: ZoneInfo) -> datetime:
    """`2026-11-24T22:00` in the company's time, or an instant with its offset. Raises UsageError."""
    try:
        typed = datetime.fromisoformat(text.strip())
    except ValueError:
        typed = None
    if typed is None or not 1970 < typed.year < 9998:
        raise UsageError(
            f"{text} is not a point in time.", field=field, value=text, hint="It looks like 2026-11-24T22:00."
        )
    return instant_of(typed, zone) if typed.tzinfo is None else typed.astimezone(UTC)
