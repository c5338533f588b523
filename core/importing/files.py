"""CSV files as they lie on the disk: read, decoded, their kind told by the header, their cells made values.

Nothing here looks at the company. Whatever is wrong becomes a FileProblem; reading goes on as far as it can.
"""

from __future__ import annotations

import csv
import io
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postroom.core.errors import FileProblem
from postroom.core.importing.columns import KINDS, Kind

LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the physical line where it starts (the header being line 1), and its values by column."""

    line: int
    values: dict[str, Any]


@dataclass(slots=True)
class Sheet:
    """One file. `columns` are those it has; rows hold a value for every column of its kind, defaults included.

    A row with a bad cell is among `rows` all the same, with the default in its place, so that what refers to it is
    not called missing too.
    """

    file: str
    kind: Kind
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)


class Problems:
    """Every problem found so far, over all files."""

    def __init__(self) -> None:
        self.found: list[FileProblem] = []

    def add(self, file: str, line: int | None, column: str, value: object, message: str) -> None:
        text = str(value)
        shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
        self.found.append(FileProblem(file, line, column, shown, message))

    def in_row(self, sheet: Sheet, row: Row, column: str, message: str, value: object | None = None) -> None:
        """A problem with one cell; `value` where it is not simply what the cell holds."""
        held = row.values.get(column, "") if value is None else value
        self.add(sheet.file, row.line, column, int(held) if isinstance(held, bool) else held, message)


def read(path: Path, problems: Problems, wanted: str = "") -> Sheet | None:
    """The sheet of one file, None if its kind cannot be told. `wanted` is the kind it must be, if the caller knows."""
    file = str(path)
    text = _text(path, problems)
    if text is None:
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = _next(reader, file, problems)
    while header is not None and not header[1]:
        header = _next(reader, file, problems)
    if header is None:
        if not text.strip():
            problems.add(file, None, "", "", "The file is empty; it needs a header row.")
        return None
    columns = tuple(cell.strip() for cell in header[1])
    kind = _kind(path, header[0], columns, problems, wanted)
    if kind is None:
        return None
    sheet = Sheet(file, kind, columns)
    _read_rows(reader, sheet, problems)
    return sheet


def _text(path: Path, problems: Problems) -> str | None:
    file = str(path)
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            problems.add(file, None, "", "", "This is a folder; name a CSV file.")
            return None
        stored = path.read_bytes()
    except FileNotFoundError:
        problems.add(file, None, "", "", "There is no such file.")
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problems.add(file, None, "", "", f"The file cannot be read: {reason}.")
        return None
    try:
        text = stored.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = stored.count(b"\n", 0, error.start) + 1
        value = stored[error.start : error.start + 4].hex(" ")
        problems.add(file, line, "", value, "The file is not UTF-8 here; save it as CSV in UTF-8.")
        return None
    at = text.find("\0")
    if at >= 0:
        line = text.count("\n", 0, at) + 1
        problems.add(
            file, line, "", "", "The file holds a NUL character here, so it is no text; save it as CSV in UTF-8."
        )
        return None
    return text


def _next(reader: Any, file: str, problems: Problems) -> tuple[int, list[str]] | None:
    """The next row and the line it starts on; None at the end, or where the file stops being CSV."""
    start = reader.line_num + 1
    try:
        return start, next(reader)
    except StopIteration:
        return None
    except csv.Error as error:
        problems.add(file, start, "", "", _CSV_ERRORS.get(str(error).partition(" (")[0], f"This is not CSV: {error}."))
        return None


_CSV_ERRORS = {
    "unexpected end of data": "A quote opens in this row and never closes.",
    "field larger than field limit": f"A field is larger than {csv.field_size_limit():,} characters.",
    "',' expected after '\"'": "A quote within a quoted field is not doubled.",
}


def _kind(path: Path, line: int, columns: tuple[str, ...], problems: Problems, wanted: str) -> Kind | None:
    """The kind that a header tells; files that could be several kinds are told apart by their names.

    Where it is plain but for columns that the kind does not have, its rows are read all the same, for what else is bad.
    """
    file = str(path)
    had = len(problems.found)
    for column in sorted({column for column in columns if columns.count(column) > 1 or not column}):
        what = "This column stands twice in the header." if column else "A column of the header has no name."
        problems.add(file, line, column, column, what)
    given = set(columns)
    candidates = [KINDS[wanted]] if wanted else list(KINDS.values())
    fitting = [kind for kind in candidates if given <= kind.names and kind.needed <= given]
    if len(fitting) > 1:
        named = [kind for kind in fitting if kind.name[:-1] in path.stem.lower().replace("-", "_")]
        fitting = named if len(named) == 1 else fitting
    if len(fitting) > 1:
        names = " or ".join(kind.name for kind in fitting)
        hint = " or ".join(f"{kind.name}.csv" for kind in fitting)
        problems.add(file, line, "", ",".join(columns), f"The header could be of {names}; name the file {hint}.")
    elif not fitting:
        alike = {kind.name: (len(given & kind.names), len(given & kind.needed)) for kind in candidates}
        best = max(candidates, key=lambda kind: alike[kind.name])
        _explain_header(file, line, columns, best, problems)
        is_plain = len(given) == len(columns) and list(alike.values()).count(alike[best.name]) == 1
        return best if is_plain and best.needed <= given else None
    return fitting[0] if len(fitting) == 1 and len(problems.found) == had else None


_SEPARATORS = {";": "semicolons", "\t": "tabs"}
"""What spreadsheets write in place of commas, and how it is called."""


def _explain_header(file: str, line: int, columns: tuple[str, ...], kind: Kind, problems: Problems) -> None:
    given = set(columns)
    separator = next((sign for sign in _SEPARATORS if len(columns) == 1 and sign in columns[0]), "")
    if separator:
        message = f"The columns are separated by {_SEPARATORS[separator]}; save the file with commas between them."
        problems.add(file, line, "", columns[0], message)
        return
    if not given & kind.names:
        kinds = ", ".join(KINDS)
        problems.add(file, line, "", ",".join(columns), f"The header is none of an import file ({kinds}).")
        return
    for column in columns:
        if column and column not in kind.names:
            known = ", ".join(sorted(kind.names))
            problems.add(file, line, column, column, f"{kind.name} have no such column; they have {known}.")
    for column in sorted(kind.needed - given):
        problems.add(file, line, column, "", f"{kind.name} need the column {column}.")


def _read_rows(reader: Any, sheet: Sheet, problems: Problems) -> None:
    kind, columns, file = sheet.kind, sheet.columns, sheet.file
    known = [(place, kind.by_name[name]) for place, name in enumerate(columns) if name in kind.names]
    readers = [(place, column.name, column.read, column.stored_in) for place, column in known]
    defaults = {column.stored_in: column.default for column in kind.columns}
    needed = kind.needed_cells
    while (found := _next(reader, file, problems)) is not None:
        line, cells = found
        if not cells:
            continue
        if len(cells) != len(columns):
            message = f"The row has {len(cells)} fields and the header {len(columns)}."
            problems.add(file, line, "", cells[0] if cells else "", message)
            continue
        values = defaults.copy()
        for place, name, read_cell, stored_in in readers:
            cell = cells[place]
            if not cell:
                continue
            try:
                values[stored_in] = read_cell(cell)
            except ValueError as error:
                values[stored_in] = defaults[stored_in]
                problems.add(file, line, name, cell, f"{name} {error}.")
                if name in needed:
                    values[_UNREADABLE] = True
        for name in needed:
            if values[name] in ("", None) and _UNREADABLE not in values:
                problems.add(file, line, name, "", f"{name} must not be blank.")
        sheet.rows.append(Row(line, values))


_UNREADABLE = "\0unreadable"
"""Marks a row of which a needed cell was already reported."""


def is_unreadable(row: Row) -> bool:
    """Whether a cell that the row cannot do without could not be read."""
    return _UNREADABLE in row.values
