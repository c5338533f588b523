"""What the user is told when a command cannot go on."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from postroom.tui.cli import writing

if TYPE_CHECKING:
    from postroom.core.errors import PostroomError


def report(error: Exception) -> int:
    """Say on standard error what is wrong, and return the exit code. Never a traceback: that goes to a log file."""
    told = _as_told(error)
    if told is not None:
        code, lines = told
        for line in lines:
            writing.say(line)
        return code
    from postroom.core import bugs

    place = bugs.keep(error)
    name = f"{type(error).__name__}: {error}".splitlines()[0]
    where = f"Details are in {place}." if place else "The details could not be kept: no log file can be written."
    writing.say(
        f"Internal error ({bugs.without_password(name)}). {where} Please report it; nothing half done was kept."
    )
    return 1


def _as_told(error: Exception) -> tuple[int, list[str]] | None:
    """Exit code and lines for what is no bug: an error of the one tree, a database away, a file that cannot be used."""
    from postroom.core.errors import InputInvalid, PostroomError, describe

    told = error if isinstance(error, PostroomError) else _from_database(error)
    if told is None:
        if isinstance(error, OSError) and error.filename is not None:
            return 2, [f"{os.fsdecode(error.filename)}: {error.strerror}."]
        return None
    if isinstance(told, InputInvalid):
        rows = [
            ": ".join(
                part
                for part in (
                    f"{row.file}:{row.line}" if row.line is not None else row.file,
                    row.column,
                    f"{row.value!r}" if row.value else "",
                    row.message,
                )
                if part
            )
            for row in told.rows
        ]
        return told.exit_code, [*rows, str(told)]
    return told.exit_code, [describe(problem) for problem in told.problems]


def _from_database(error: Exception) -> PostroomError | None:
    """What the database meant, if it is something a user can do something about."""
    if "postroom.core.database" not in sys.modules:
        return None
    from postroom.core import database as engine

    return engine.translate(error, "The company's database")
