"""Number series: which line is valid on a date, and drawing the next number without gaps or twins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from postroom.core.counted import counted
from postroom.core.errors import Problem, Refused
from postroom.core.statements import Row, answer, asked, query

_PARTS = re.compile(r"(.*?)(\d+)(\D*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """One run of a series: the text around its digits, its last number and from which on it warns (None: never)."""

    id: int
    series_code: str
    starting_date: date | None
    prefix: str
    width: int
    suffix: str
    last_allowed: int | None
    warns_from: int | None

    def number(self, value: int) -> str:
        """The number that a value of the counted digits stands for."""
        return f"{self.prefix}{value:0{self.width}d}{self.suffix}"


def split(number: str) -> tuple[str, int, int, str]:
    """A number's prefix, the width and value of its last digits, and its suffix. Raises ValueError without digits."""
    match = _PARTS.match(number)
    if match is None:
        raise ValueError(f"{number!r} has no digits to count")
    prefix, digits, suffix = match.groups()
    return prefix, len(digits), int(digits), suffix


def read_lines() -> dict[str, tuple[SeriesLine, ...]]:
    """Every series with its lines, the latest starting date first."""
    lines: dict[str, list[SeriesLine]] = {}
    for id_, code, starting, first, last, warning in query(
        "SELECT id, series_code, starting_date, starting_no, ending_no, warning_no FROM number_series_line"
    ):
        prefix, width, _, suffix = split(first)
        since = date.fromisoformat(starting) if isinstance(starting, str) else starting
        end, warns_from = (split(number)[2] if number else None for number in (last, warning))
        lines.setdefault(code, []).append(SeriesLine(id_, code, since, prefix, width, suffix, end, warns_from))
    return {
        code: tuple(sorted(found, key=lambda line: line.starting_date or date.min, reverse=True))
        for code, found in lines.items()
    }


def valid_line(lines: Sequence[SeriesLine], on: date | None) -> SeriesLine | None:
    """The line of a series that gives numbers on a date: the latest one started by then."""
    for line in lines:
        if line.starting_date is None or on is None or line.starting_date <= on:
            return line
    return None


def problem_with(code: str, lines: Sequence[SeriesLine], on: date | None, count: int = 1) -> Problem | None:
    """Why a series would not give numbers on a date: missing, not valid then, or used up; None when it would."""
    record = f"Number Series {code}" if code else "Number Series"
    if not lines:
        return Problem(
            "number_series_missing",
            "The number series does not exist or has no lines." if code else "No number series is set up.",
            record,
            field="series",
            value=code,
            hint="Name a series under Number Series in the setup, and give it a line.",
        )
    line = valid_line(lines, on)
    if line is None:
        return Problem(
            "number_series_not_valid",
            f"The series has no line that is valid on {on}.",
            record,
            field="starting_date",
            value=str(on),
            hint="Add a line with an earlier starting date, or change the posting date.",
        )
    if line.last_allowed is not None:
        ((used, step),) = query("SELECT last_value, increment FROM number_series_line WHERE id = ?", (line.id,))
        left = (line.last_allowed - used) // step
        if left < count:
            return _exhausted(line, left, count)
    return None


def warning_with(lines: Sequence[SeriesLine], on: date | None) -> Problem | None:
    """What somebody should know of a series before it is used up: its Warning No. has been drawn on a date's line."""
    line = valid_line(lines, on)
    if line is None or line.warns_from is None:
        return None
    ((used, step),) = query("SELECT last_value, increment FROM number_series_line WHERE id = ?", (line.id,))
    if used < line.warns_from:
        return None
    left = f"{line.number(used)} was drawn, its Warning No. is {line.number(line.warns_from)}"
    if line.last_allowed is not None:
        count = (line.last_allowed - used) // step
        left = f"{counted(count, 'number is', 'numbers are')} left up to {line.number(line.last_allowed)}"
    return Problem(
        "number_series_running_out",
        f"The number series is running out: {left}.",
        f"Number Series {line.series_code}",
        field="warning_no",
        value=line.number(line.warns_from),
        hint="Add a line with new numbers, or a later Ending No.: once they are used up, nothing more gets a number.",
    )


def draw(series_code: str, on: date | None = None) -> str:
    """The next number of a series, in the caller's transaction, which alone decides whether it counts as used."""
    return draw_many(series_code, 1, on)[0]


def draw_many(series_code: str, count: int, on: date | None = None) -> list[str]:
    """The next `count` numbers of a series, in order. Raises Refused when the series cannot give them."""
    lines = read_lines().get(series_code, ())
    problem = problem_with(series_code, lines, on, count)
    line = valid_line(lines, on)
    if problem is not None or line is None:
        raise refusal(problem)
    return draw_from(line, count, on)


def draw_from(line: SeriesLine, count: int = 1, on: date | None = None) -> list[str]:
    """The next numbers of one line, for documents of a date. Locks the line until the caller's transaction ends."""
    return drawn(line, answer(ask(line, count, on)), count)


def ask(line: SeriesLine, count: int = 1, on: date | None = None) -> Any:
    """Draw as `draw_from` does, in a pipeline that may be open; its answer is for `drawn`."""
    return asked(
        "UPDATE number_series_line SET last_value = last_value + increment * ?,"
        " last_date_used = COALESCE(?, last_date_used) WHERE id = ? RETURNING last_value, increment",
        (count, on.isoformat() if on else None, line.id),
    )


def drawn(line: SeriesLine, rows: Sequence[Row], count: int = 1) -> list[str]:
    """The numbers that `ask` has drawn. Raises Refused when the series is used up, or its line deleted meanwhile."""
    if not rows:
        raise refusal(problem_with(line.series_code, (), None))
    ((last, step),) = rows
    if line.last_allowed is not None and last > line.last_allowed:
        raise refusal(_exhausted(line))
    return [line.number(last - step * behind) for behind in range(count - 1, -1, -1)]


def refusal(problem: Problem | None) -> Refused:
    """The error for a series that cannot give a number."""
    found = problem or Problem("number_series_missing", "The number series gives no number.")
    return Refused(
        found.message, code=found.code, record=found.record, field=found.field, value=found.value, hint=found.hint
    )


def _exhausted(line: SeriesLine, left: int = 0, wanted: int = 1) -> Problem:
    return Problem(
        "number_series_exhausted",
        f"The number series has {counted(left, 'number')} left, {wanted} are wanted."
        if left > 0
        else "The number series is used up.",
        f"Number Series {line.series_code}",
        field="ending_no",
        value=line.number(line.last_allowed or 0),
        hint="Add a line with new numbers.",
    )
