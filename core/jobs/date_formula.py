"""Date formulas such as `1D`, `CM`, `1D+CM`: from one date to another.

formula  terms joined by + or -
term     `3D` three units on · `CM` to the end of the current unit (`-CM` to its start) · `D15`, `WD5` to the next
         15th of a month, the next Friday
units    D day, WD weekday (1 Monday to 7 Sunday), W week, M month, Q quarter, Y year
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

from postroom.core.errors import UsageError

_TERM = re.compile(r"([+-]?)(?:C(WD|D|W|M|Q|Y)|(\d{1,4})(D|W|M|Q|Y)|(WD|D)(\d{1,2}))", re.IGNORECASE)
_ONE_DAY = timedelta(days=1)

Step = Callable[[date], date]


def parse(formula: str) -> Step:
    """The function that a formula stands for. Raises UsageError that names the place it cannot read."""
    text = "".join(formula.split())
    steps: list[Step] = []
    place = 0
    while place < len(text):
        match = _TERM.match(text, place)
        if match is None or (place and not match[1]):
            raise _unreadable(formula, text[place:])
        steps.append(_step(formula, match))
        place = match.end()
    if not steps:
        raise _unreadable(formula, "")

    def apply(day: date) -> date:
        try:
            for step in steps:
                day = step(day)
        except (OverflowError, ValueError) as error:
            raise UsageError(
                f"Date formula {formula} leads beyond the calendar.", field="date formula", value=formula
            ) from error
        return day

    return apply


def _step(formula: str, match: re.Match[str]) -> Step:
    sign = -1 if match[1] == "-" else 1
    if match[2]:
        unit = match[2].upper()
        return lambda day: _bounds(day, unit)[0 if sign < 0 else 1]
    if match[3]:
        count, unit = sign * int(match[3]), match[4].upper()
        return lambda day: _add(day, count, unit)
    unit, number = match[5].upper(), int(match[6])
    if not 1 <= number <= (7 if unit == "WD" else 31):
        raise _unreadable(formula, match[0])

    def wanted(day: date) -> bool:
        return (day.isoweekday() if unit == "WD" else day.day) == number

    def move(day: date) -> date:
        day += sign * _ONE_DAY
        while not wanted(day):
            day += sign * _ONE_DAY
        return day

    return move


def _add(day: date, count: int, unit: str) -> date:
    if unit in "DW":
        return day + timedelta(days=count * (7 if unit == "W" else 1))
    months = count * {"M": 1, "Q": 3, "Y": 12}[unit]
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _bounds(day: date, unit: str) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year that a day lies in."""
    if unit in ("D", "WD"):
        return day, day
    if unit == "W":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    months = {"M": 1, "Q": 3, "Y": 12}[unit]
    first_month = (day.month - 1) // months * months + 1
    last_month = first_month + months - 1
    return date(day.year, first_month, 1), date(day.year, last_month, calendar.monthrange(day.year, last_month)[1])


def _unreadable(formula: str, rest: str) -> UsageError:
    where = f" at {rest!r}" if rest else ""
    return UsageError(
        f"{formula!r} is no date formula{where}.",
        code="date_formula_invalid",
        field="date formula",
        value=formula,
        hint="Write terms such as 1D, 2W, 1M, CM or 1D+CM.",
    )
