"""What the user is told when a command cannot go on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from postroom.tui.cli import writing

if TYPE_CHECKING:
    from postroom.core.errors import FileProblem, PostroomError, Problem


def report(error: Exception, *, as_json: bool = False) -> int:
    """Say on standard error what is wrong, and return the exit code. Never a traceback: that goes to a log file.

    `as_json`: every reason on standard output too.
    """
    code, lines, problems = _as_told(error) or _as_bug(error)
    for line in lines:
        writing.say(line)
    if as_json:
        writing.write_errors(problems)
    return code


def wrong_usage(message: str, value: str, hint: str, as_json: bool) -> int:
    """The same for a command line that cannot be read."""
    for line in (f"Error: {f'{value}: ' if value else ''}{message}", hint):
        if line:
            writing.say(line)
    if as_json:
        from postroom.core.errors import Problem

        writing.write_errors([Problem("usage_error", message, value=value, hint=hint)])
    return 2


Told = tuple[int, Sequence[str], Sequence["Problem | FileProblem"]]
"""Exit code, lines for a person, reasons."""


def _as_bug(error: Exception) -> Told:
    from postroom.core import bugs
    from postroom.core.errors import Problem

    place = bugs.keep(error)
    name = f"{type(error).__name__}: {error}".splitlines()[0]
    where = f"Details are in {place}." if place else "The details could not be kept: no log file can be written."
    message = f"Internal error ({bugs.without_password(name)})."
    hint = f"{where} Please report it; nothing half done was kept."
    return 1, [f"{message} {hint}"], [Problem("internal_error", message, hint=hint)]


def _as_told(error: Exception) -> Told | None:
    """What is no bug: an error of the one tree, a database away, a file that cannot be used."""
    from postroom.core.errors import InputInvalid, PostroomError, Problem, describe, describe_place

    told = error if isinstance(error, PostroomError) else _from_database(error)
    if told is None:
        if isinstance(error, OSError) and error.filename is not None:
            file = os.fsdecode(error.filename)
            message = f"{file}: {error.strerror}."
            return 2, [message], [Problem("file_error", message, value=file)]
        return None
    if isinstance(told, InputInvalid):
        return told.exit_code, [*(describe_place(row) for row in told.rows), str(told)], told.rows
    return told.exit_code, [describe(problem) for problem in told.problems], told.problems


def _from_database(error: Exception) -> PostroomError | None:
    """What the database meant, if it is something a user can do something about."""
    if "postroom.core.database" not in sys.modules:
        return None
    from postroom.core import database as engine

    return engine.translate(error, "The company's database")
