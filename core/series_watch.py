"""Number series that somebody should look at before documents wait for them: running out, or used up."""

from __future__ import annotations

from datetime import date

from postroom.core import numbering, setups
from postroom.core.errors import Problem
from postroom.core.statements import query
from postroom.core.values import FieldKind


def running_out(on: date) -> tuple[Problem, ...]:
    """A problem for each series that a setup names and that is past its Warning No., or used up, on a date."""
    # Most companies have series without an end: one statement, for the role centre asks every second.
    if not query("SELECT 1 FROM number_series_line WHERE ending_no <> '' OR warning_no <> '' LIMIT 1"):
        return ()
    lines = numbering.read_lines()
    uses: dict[str, list[str]] = {}
    for field in setups.list_fields():
        if field.kind is FieldKind.SERIES and field.value in lines:
            uses.setdefault(field.value, []).append(field.caption)
    found = []
    for code, used_for in uses.items():
        problem = numbering.problem_with(code, lines[code], on)
        if problem is not None and problem.code != "number_series_exhausted":
            continue  # a line that begins later is meant so
        problem = problem or numbering.warning_with(lines[code], on)
        if problem is not None:
            message = f"{' and '.join(used_for)}: {problem.message}"
            found.append(
                Problem(problem.code, message, problem.record, None, problem.field, problem.value, problem.hint)
            )
    return tuple(found)
