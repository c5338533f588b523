"""The fields of a Job Queue Entry that a person changes on its card, while it is On Hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from postroom.core import clock, company, values
from postroom.core.database import transaction
from postroom.core.errors import Problem, UsageError
from postroom.core.jobs import entry_rows, recurrence, recurrence_fields, registry, schedules
from postroom.core.jobs.claims import PRINT_DOCUMENT
from postroom.core.jobs.entry_access import KIND, LOWEST_PRIORITY, locked, log_change, refusal, require_right
from postroom.core.jobs.entry_rows import EntryRow
from postroom.core.jobs.entry_views import EntryView, show
from postroom.core.jobs.recurrence import WEEKDAYS
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import JobQueueEntry
from postroom.core.values import FieldKind, Value

MOST_ATTEMPTS = 100
LONGEST_DELAY = 86_400
"""Seconds: a day between two attempts."""


def _weekdays(text: str) -> str:
    return ",".join(WEEKDAYS[day] for day in sorted(recurrence_fields.read_weekdays(text)))


def _time(text: str) -> str:
    read = recurrence_fields.read_time("time", text.strip())
    return read.isoformat() if read else ""


def _instant(text: str) -> datetime | None:
    return recurrence_fields.read_instant("time", text, company.time_zone()) if text.strip() else None


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = values.read_integer(text)
        if not least <= number <= most:
            raise ValueError(f"must be from {least} to {most}")
        return number

    return read


def _seconds(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        seconds = values.read_duration(text)
        if not least <= seconds <= most:
            raise ValueError(f"must be from {least} to {most} seconds")
        return seconds

    return read


FIELDS: Mapping[str, tuple[str, str, Callable[[str], Any]]] = {
    "description": ("Description", "description", values.read_text),
    "category": ("Job Queue Category Code", "category_code", values.read_code),
    "priority": ("Priority", "priority", _whole(0, LOWEST_PRIORITY)),
    "earliest_start": ("Earliest Start", "earliest_start", _instant),
    "expiration": ("Expiration", "expiration", _instant),
    "max_attempts": ("Maximum No. of Attempts", "max_attempts", _whole(1, MOST_ATTEMPTS)),
    "rerun_delay": ("Rerun Delay (sec.)", "rerun_delay", _seconds(0, LONGEST_DELAY)),
    "job_timeout": ("Job Timeout", "job_timeout", _seconds(1, values.LARGEST_INTEGER)),
    "notify_on_success": ("Notify on Success", "notify_on_success", values.read_boolean),
    "weekdays": ("Weekdays", "weekdays", _weekdays),
    "next_run_date_formula": ("Next Run Date Formula", "next_run_date_formula", lambda text: text.strip().upper()),
    "starting_time": ("Starting Time", "starting_time", _time),
    "ending_time": ("Ending Time", "ending_time", _time),
    "no_of_minutes_between_runs": (
        "No. of Minutes between Runs",
        "no_of_minutes_between_runs",
        _whole(0, schedules.LONGEST_MINUTES),
    ),
    "inactivity_timeout": (
        "Inactivity Timeout Period",
        "inactivity_timeout",
        _whole(0, schedules.LONGEST_MINUTES),
    ),
}
"""Caption, column and reader of each field by its key; `param.NAME` is a parameter of the job besides."""
RULES = ("weekdays", "next_run_date_formula", "starting_time", "ending_time", "no_of_minutes_between_runs")
"""The fields that say when it runs again."""
PARAMETER = "param."


def change(name: str | int, changes: Mapping[str, str], *, user: str) -> EntryView:
    """Change fields of an entry that is On Hold, all or none. One's own with Post, others' as Job Queue Admin.

    Minutes between runs clear the date formula. Raises UsageError with every bad field, Refused unless On Hold.
    """
    entry_no = entry_rows.find(name).entry_no
    with transaction():
        entry = locked(entry_no)
        require_right(entry, user)
        if entry.status is not EntryStatus.ON_HOLD:
            raise refusal(
                entry,
                f"It is {entry.status.value}; fields are changed only On Hold.",
                f"Set it on hold first: `postroom entry hold {entry.entry_no}`.",
            )
        read = _read(entry, changes)
        if entry.job == PRINT_DOCUMENT and "category_code" in read:
            raise refusal(entry, "The category of a print job is that of its printer.", "Change the printer instead.")
        changed = entry._replace(**read)
        _refuse_rules(changed)
        if any(rule in read for rule in RULES) and "earliest_start" not in read:
            read |= {"earliest_start": None, "planned_start": None}  # Set Status to Ready plans it anew
        elif "earliest_start" in read:
            read["planned_start"] = read["earliest_start"]
        if read:
            JobQueueEntry.update(**read).where(JobQueueEntry.entry_no == entry_no).execute()
        _log(user, entry, read)
    return show(entry_no)


def texts(name: str | int) -> dict[str, str]:
    """Each field's value as it could be typed again. Rules are left out for what runs once. Raises NotFound."""
    entry = entry_rows.find(name)
    return {
        key: _text(column, getattr(entry, column))
        for key, (_, column, _) in FIELDS.items()
        if entry.record_id is None or key not in (*RULES, "inactivity_timeout")
    }


def _text(column: str, value: Value | datetime) -> str:
    if isinstance(value, datetime):
        return value.astimezone(company.time_zone()).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
    return values.shown(FieldKind.DURATION if column == "job_timeout" else FieldKind.TEXT, value)


def _read(entry: EntryRow, changes: Mapping[str, str]) -> dict[str, Any]:
    """The columns that change, with their values. Raises UsageError with every bad field."""
    read: dict[str, Any] = {}
    problems: list[Problem] = []
    parameters = {name.removeprefix(PARAMETER): text for name, text in changes.items() if name.startswith(PARAMETER)}
    for key, text in changes.items():
        if key.startswith(PARAMETER):
            continue
        if key not in FIELDS or (key in (*RULES, "inactivity_timeout") and entry.record_id is not None):
            what = "runs once and has no field" if key in FIELDS else "has no field"
            hint = "" if key in FIELDS else values.near(key, FIELDS, "field")
            problems.append(_problem(entry, "unknown_field", f"It {what} {key}.", key, text, hint))
            continue
        try:
            read[FIELDS[key][1]] = FIELDS[key][2](text)
        except ValueError as error:
            problems.append(_problem(entry, "bad_value", f"{FIELDS[key][0]}: {text} {error}.", key, text))
        except UsageError as error:
            (found,) = error.problems
            problems.append(_problem(entry, "bad_value", found.message, key, text, found.hint))
    if problems:
        values.refuse_all(problems)
    if read.get("no_of_minutes_between_runs") and "next_run_date_formula" not in read:
        read["next_run_date_formula"] = ""
    if parameters:
        read["parameters"] = _read_parameters(entry, parameters)
    if read.get("category_code"):
        schedules.refuse_unknown_category(read["category_code"])
    if read.get("expiration") is not None and read["expiration"] <= clock.now():
        values.refuse_all(
            [_problem(entry, "bad_value", "Expiration lies in the past.", "expiration", changes["expiration"])]
        )
    return {column: value for column, value in read.items() if getattr(entry, column) != value}


def _read_parameters(entry: EntryRow, given: Mapping[str, str]) -> str:
    """The job's parameters with those given in place of the old; a blank one is taken away."""
    job = registry.job_type(entry.job)
    kept: dict[str, Any] = {name: value for name, value in json.loads(entry.parameters).items() if name not in given}
    fresh = registry.read_parameters(job, {name: text for name, text in given.items() if text}, others=kept)
    return json.dumps({**kept, **fresh})


def _refuse_rules(changed: EntryRow) -> None:
    """Raise UsageError for rules that do not go together."""
    recurrence.check(recurrence_fields.of_entry(changed))
    if changed.inactivity_timeout and not changed.recurs:
        raise UsageError(
            "Only a recurring job has an Inactivity Timeout Period.",
            field="inactivity_timeout",
            value=str(changed.inactivity_timeout),
            hint="Give weekdays or a formula, or clear it.",
        )


def _log(user: str, entry: EntryRow, read: Mapping[str, Any]) -> None:
    captions = {column: caption for caption, column, _ in FIELDS.values()} | {"parameters": "Parameters"}
    for column, value in read.items():
        if column in captions:
            log_change(user, "Modify", entry, captions[column], _shown(getattr(entry, column)), _shown(value))


def _shown(value: Value | datetime) -> str:
    if isinstance(value, datetime):
        return value.astimezone(company.time_zone()).isoformat(timespec="minutes")
    return values.shown(FieldKind.TEXT, value)


def _problem(entry: EntryRow, code: str, message: str, field: str, value: str, hint: str = "") -> Problem:
    return Problem(code, message, f"{KIND} {entry.entry_no} ({entry.description})", field=field, value=value, hint=hint)
