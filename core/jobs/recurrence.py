"""When a recurring entry runs next (behaviour 7): weekdays or a date formula, a daily window, minutes between runs.

Wall-clock times are those of the company's time zone: one that a clock change leaves out is the first that exists
after it, one that comes twice is the first. Instants are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from postroom.core.errors import UsageError
from postroom.core.jobs import date_formula

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = timedelta(days=1)
_DAY_MINUTES = 1440
_MIDNIGHT = time()
_SECOND = timedelta(seconds=1)
_LONGEST_PERIOD = 367
"""Days from one within a year to the first of the next."""
_ANY_DAY = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A recurring entry's rules. `weekdays` are numbers from 0 (Monday); `minutes` 0 means once a day.

    Without weekdays and without a formula it does not recur.
    """

    weekdays: frozenset[int] = frozenset()
    formula: str = ""
    starting_time: time | None = None
    ending_time: time | None = None
    minutes: int = 0

    @property
    def recurs(self) -> bool:
        return bool(self.weekdays or self.formula)


def check(rules: Recurrence) -> None:
    """Raise UsageError for rules that exclude each other or mean nothing."""
    if rules.formula:
        _later_date(rules, date_formula.parse(rules.formula), _ANY_DAY)
        if rules.weekdays:
            raise UsageError(
                "Weekdays and a date formula exclude each other.",
                field="next_run_date_formula",
                value=rules.formula,
                hint="Keep one of them.",
            )
        if rules.minutes:
            raise UsageError(
                "Minutes between runs and a date formula exclude each other.",
                field="no_of_minutes_between_runs",
                value=str(rules.minutes),
                hint="Clear the formula and choose weekdays.",
            )
    if rules.minutes < 0:
        raise UsageError(
            "Minutes between runs may not be negative.", field="no_of_minutes_between_runs", value=str(rules.minutes)
        )
    if rules.minutes and not rules.weekdays:
        raise UsageError(
            "Minutes between runs need at least one weekday.",
            field="no_of_minutes_between_runs",
            value=str(rules.minutes),
            hint="Choose the weekdays on which it runs.",
        )
    if rules.ending_time and not rules.recurs:
        raise UsageError(
            "What runs once has no Ending Time.",
            field="ending_time",
            value=_clock(rules.ending_time),
            hint="Choose the weekdays on which it runs, or leave it out.",
        )


def next_run(rules: Recurrence, planned: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """The first run after the one planned at `planned` that is later than `now`. Raises UsageError after year 9999."""
    try:
        return (_by_formula if rules.formula else _by_steps)(rules, planned, now, zone)
    except OverflowError as error:
        raise UsageError(
            "The next run lies beyond the calendar, which ends with the year 9999.",
            code="beyond_calendar",
            value=in_words(rules),
        ) from error


def _by_steps(rules: Recurrence, planned: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    later = max(planned, now)
    steps = _steps_past(rules, planned, later)
    while True:
        candidate = _moved_on(rules, planned, steps, zone)
        run = allowed(rules, candidate, zone)
        if candidate > later and run > later:
            return run
        steps += 1


def next_runs(rules: Recurrence, planned: datetime, count: int, zone: ZoneInfo) -> list[datetime]:
    """The next `count` runs, each taken as run on time."""
    runs: list[datetime] = []
    for _ in range(count):
        planned = next_run(rules, planned, planned, zone)
        runs.append(planned)
    return runs


def first_run(rules: Recurrence, now: datetime, zone: ZoneInfo) -> datetime:
    """The first run of a new entry: now if the rules allow it, else the next time they do.

    What runs once a day at a time, without a window, never runs late on its first day.
    """
    start = rules.starting_time or _MIDNIGHT
    today = instant_of(datetime.combine(now.astimezone(zone).date(), start), zone)
    if rules.formula:
        return today if today >= now else _by_formula(rules, today, now, zone)
    if rules.recurs and rules.starting_time is not None and rules.ending_time is None and not rules.minutes:
        return allowed(rules, today, zone) if today >= now else next_run(rules, today, now, zone)
    return allowed(rules, now, zone)


def in_window(rules: Recurrence, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a time of day lies within Starting Time and Ending Time, both inside."""
    local = now.astimezone(zone).replace(tzinfo=None)
    return _into_window(rules, local) == local


def in_words(rules: Recurrence) -> str:
    """The rules as a clerk would say them, such as `every weekday at 22:00`."""
    if not rules.recurs:
        return "once"
    start = rules.starting_time
    if rules.formula:
        return f"by {rules.formula} at {_clock(start or _MIDNIGHT)}"
    days = _days_in_words(rules.weekdays)
    if not rules.minutes:
        return f"{days} at {_clock(start or _MIDNIGHT)}"
    every = "every minute" if rules.minutes == 1 else f"every {rules.minutes} minutes"
    window = ""
    if start or rules.ending_time:
        until = f" to {_clock(rules.ending_time)}" if rules.ending_time else ""
        window = f" from {_clock(start or _MIDNIGHT)}{until}"
    return f"{days} {every}{window}"


def with_next(rules: Recurrence, run: datetime, zone: ZoneInfo) -> str:
    """The rules and the next run, such as `every weekday at 22:00, next Tue 24 Nov 22:00`."""
    local = run.astimezone(zone)
    return f"{in_words(rules)}, next {NAMES[local.weekday()][:3]} {local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"


def _by_formula(rules: Recurrence, planned: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    move = date_formula.parse(rules.formula)
    start = rules.starting_time or _MIDNIGHT
    day = planned.astimezone(zone).date()
    later = max(planned, now)
    while True:
        day = _later_date(rules, move, day)
        run = instant_of(datetime.combine(day, start), zone)
        if run > later:
            return run


def _later_date(rules: Recurrence, move: date_formula.Step, day: date) -> date:
    """The formula's date; one that stays in its period, such as `CM` on the last of a month, means the next period."""
    for days in range(_LONGEST_PERIOD):
        base = day + days * _DAY
        found = move(base)
        if found > base:
            return found
    raise UsageError(
        f"Date formula {rules.formula} does not lead to a later date.",
        code="date_formula_invalid",
        field="next_run_date_formula",
        value=rules.formula,
        hint="Write a formula that moves forward, such as 1D or 1D+CM.",
    )


def _steps_past(rules: Recurrence, planned: datetime, later: datetime) -> int:
    """About how many steps from the planned start lie before `later`; never too many, at least 1."""
    step = timedelta(minutes=rules.minutes or _DAY_MINUTES)
    return max(1, (later - planned) // step - 1)


def _moved_on(rules: Recurrence, planned: datetime, steps: int, zone: ZoneInfo) -> datetime:
    """The planned start so many steps later: whole days by the local calendar, anything else by elapsed time."""
    if rules.minutes % _DAY_MINUTES:
        return planned + steps * timedelta(minutes=rules.minutes)
    local = planned.astimezone(zone).replace(tzinfo=None)
    if not rules.minutes:
        local = datetime.combine(local.date(), rules.starting_time or _MIDNIGHT)
    return instant_of(local + timedelta(days=steps * (rules.minutes // _DAY_MINUTES or 1)), zone)


def allowed(rules: Recurrence, candidate: datetime, zone: ZoneInfo) -> datetime:
    """The candidate itself if window and weekdays allow it, else where rules 3 and 4 move it."""
    local = candidate.astimezone(zone).replace(tzinfo=None)
    moved = _to_weekday(rules, _into_window(rules, local))
    return candidate if moved == local else instant_of(moved, zone)


def _into_window(rules: Recurrence, local: datetime) -> datetime:
    """Rule 3: a time outside the daily window moves to the next Starting Time."""
    start, end, at = rules.starting_time or _MIDNIGHT, rules.ending_time, local.time()
    if end is not None and start > end:
        return datetime.combine(local.date(), start) if end < at < start else local
    if end is not None and at > end:
        return datetime.combine(local.date() + _DAY, start)
    return datetime.combine(local.date(), start) if at < start else local


def _to_weekday(rules: Recurrence, local: datetime) -> datetime:
    """Rule 4: forward to the first allowed weekday, on a moved day at Starting Time."""
    if not rules.weekdays or local.weekday() in rules.weekdays:
        return local
    day = local.date()
    while day.weekday() not in rules.weekdays:
        day += _DAY
    return datetime.combine(day, rules.starting_time or _MIDNIGHT)


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """A wall-clock time as an instant: left out by a clock change, the first that exists; twice there, the first."""
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    # Left out by a clock change, which lies between what the later and the earlier offset make of it.
    low, high = local.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    offset = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def _days_in_words(weekdays: frozenset[int]) -> str:
    if len(weekdays) == 7:
        return "every day"
    if weekdays == frozenset(range(5)):
        return "every weekday"
    names = [NAMES[day] for day in sorted(weekdays)]
    return "every " + (names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}")


def _clock(at: time) -> str:
    return at.strftime("%H:%M" if not at.second else "%H:%M:%S")
