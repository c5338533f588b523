"""The one error tree, and the plain record in which every message to a user travels.

PostroomError
├── UsageError            wrong arguments, unreadable or invalid input       (exit code 2)
│   └── InputInvalid      files with bad rows; carries a FileProblem per row
├── CompanyError          no company, not a company, newer or older schema   (exit code 2)
├── DatabaseAway          the database does not answer or is locked          (exit code 2)
└── Refused               a document, entry or record in the wrong state     (exit code 1)
    ├── NotFound          the named record does not exist
    ├── NotPermitted      the user lacks the permission set
    ├── PrinterFailed     a printer did not take or finish what was sent to it
    └── CheckFailed       the posting check; carries every Problem it found
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from postroom.core.counted import counted


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why something cannot be done: which record, line, field and value, and what to do about it.

    `record` reads like `Sales Invoice S-INV1001` or `Customer C0001`; `line` is a document line number or None.
    """

    code: str
    message: str
    record: str = ""
    line: int | None = None
    field: str = ""
    value: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One bad place in an import file. `line` counts from 1, the header row being line 1."""

    file: str
    line: int | None
    column: str
    value: str
    message: str


class PostroomError(Exception):
    """Whatever Postroom tells a user instead of doing what was asked. `problems` holds one or more reasons."""

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        record: str = "",
        line: int | None = None,
        field: str = "",
        value: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (
            Problem(code or _slug(type(self).__name__), message, record, line, field, value, hint),
        )

    def __str__(self) -> str:
        return "\n".join(describe(problem) for problem in self.problems)


class UsageError(PostroomError):
    """Wrong arguments, or input that cannot be read."""

    exit_code = 2


class InputInvalid(UsageError):
    """Import files with bad rows. Nothing was written."""

    def __init__(self, rows: Iterable[FileProblem]) -> None:
        self.rows = tuple(rows)
        super().__init__(f"{counted(len(self.rows), 'problem')} in the input; nothing was imported.")


class CompanyError(PostroomError):
    """There is no company there, or this program cannot use it."""

    exit_code = 2


class DatabaseAway(PostroomError):
    """The database cannot be reached, or stays locked. Nothing was changed; the same call may succeed later."""

    exit_code = 2


class Refused(PostroomError):
    """The record is in a state, or the user in a position, that does not allow this."""


class NotFound(Refused):
    """The named record does not exist."""


class NotPermitted(Refused):
    """The user lacks the permission set for this."""


class PrinterFailed(Refused):
    """A printer did not take or finish what was sent to it; the message is what the printer said."""


class CheckFailed(Refused):
    """The posting check found errors; `problems` holds every one of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = tuple(problems)
        super().__init__(found[0].message)
        self.problems = found


def describe(problem: Problem) -> str:
    """One problem as a sentence or two for a person: where, unless the message names it, what, and what to do."""
    where = "" if _names(problem.message, problem.record) else problem.record
    if problem.line is not None:
        where = f"{where}, line {problem.line}" if where else f"Line {problem.line}"
    text = f"{where}: {problem.message}" if where else problem.message
    return f"{text} {problem.hint}" if problem.hint else text


def _names(message: str, record: str) -> bool:
    return bool(record) and re.search(rf"(?i)(?<!\w){re.escape(record)}(?![\w-])", message) is not None


def describe_place(problem: FileProblem) -> str:
    """One bad place of an import file in a line: `documents.csv:3: no: 'SI-1': ...`."""
    place = f"{problem.file}:{problem.line}" if problem.line is not None else problem.file
    value = f"{problem.value!r}" if problem.value else ""
    return ": ".join(part for part in (place, problem.column, value, problem.message) if part)


def problems_to_json(problems: Iterable[Problem]) -> str:
    """How the error messages of an entry or a log entry are stored."""
    return json.dumps([asdict(problem) for problem in problems], ensure_ascii=False)


def problems_from_json(text: str) -> tuple[Problem, ...]:
    """The inverse of `problems_to_json`; blank text holds no problems."""
    return tuple(Problem(**row) for row in json.loads(text)) if text else ()


def _slug(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
