"""What commands write: one JSON document or a plain table on standard output, messages on standard error.

Whatever a person or a file typed is spelled out where it holds control characters, and is never markup.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, TextIO

from postroom.core import money, plain_text

_NOT_MONEY = re.compile(r"(quantity|qty|rate|percent|factor|max_vat_difference)")
"""Numbers that tables show without trailing zeros; JSON writes all alike."""

_LEFT_IN_JSON = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What `json` would send as it is, though a terminal may act on it."""

_LEAST_WIDTH = 6
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Look:
    """How a company's numbers and times are written: decimal places of its amounts, its time zone."""

    places: int = 0
    zone: tzinfo | None = None


class OutputLost(Exception):
    """Standard output or error cannot be written: a full disk, mostly."""


PLAIN = Look()
"""Where no company is open."""


def plain(value: Any, look: Look = PLAIN) -> Any:
    """`value` as JSON has it: decimals as exact text with the amounts' places, times with the company's offset.

    Dataclasses become objects, enums their values, durations seconds. Raises TypeError for what has no such form.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Decimal):
        return money.write(value, look.places)
    if isinstance(value, datetime):
        return value.astimezone(look.zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), look) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item, look) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [plain(item, look) for item in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def json_text(document: Any, *, only_ascii: bool = False) -> str:
    """One JSON document as text that any terminal can show."""
    text = json.dumps(document, ensure_ascii=only_ascii, indent=2)
    return _LEFT_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def write_json(document: Any) -> None:
    """The one JSON document of a command, on standard output."""
    _write(sys.stdout, json_text(document, only_ascii=_only_ascii()) + "\n")


_has_begun = False
"""Whether this run of a command has written to standard output."""


def begin() -> None:
    """A new run of a command: nothing is written yet."""
    global _has_begun
    _has_begun = False


def write_errors(problems: Iterable[Any]) -> None:
    """The one JSON document of a command that failed, unless it has begun another."""
    if not _has_begun:
        write_json({"errors": plain(problems)})


def write_json_list(rows: Iterable[Any], look: Look = PLAIN) -> None:
    """A JSON array written row by row, so that a long ledger is never held whole."""
    only_ascii, before = _only_ascii(), "["
    for row in rows:
        text = json_text(plain(row, look), only_ascii=only_ascii).replace("\n", "\n  ")
        _write(sys.stdout, f"{before}\n  {text}", at_once=False)
        before = ","
    _write(sys.stdout, "[]\n" if before == "[" else "\n]\n")


def _only_ascii() -> bool:
    encoding = (sys.stdout.encoding or "").lower() if sys.stdout else ""
    return encoding not in ("utf-8", "utf8")


def write_text(text: str) -> None:
    """Lines for a person, on standard output."""
    _write(sys.stdout, plain_text.visible(text, line_breaks=True) + "\n")


def say(text: str) -> None:
    """A message for a person, on standard error; lost where that cannot be written."""
    try:
        _write(sys.stderr, plain_text.visible(text, line_breaks=True) + "\n")
    except OutputLost:
        close_quietly()


def write_table(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]], look: Look = PLAIN) -> None:
    """Rows under their captions, `columns` being key: caption; cut to the width of a terminal."""
    cells, are_numbers = [], [True] * len(columns)
    for row in rows:
        for index, key in enumerate(columns):
            are_numbers[index] &= _is_number(row.get(key))
        cells.append([cell_text(key, row.get(key), look) for key in columns])
    if not cells:
        say("Nothing to show.")
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = table_lines(list(columns.values()), cells, are_numbers, width)
    _write(sys.stdout, "".join(f"{line}\n" for line in lines))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool))


def table_lines(
    captions: Sequence[str], cells: Sequence[Sequence[str]], are_numbers: Sequence[bool], width: int | None
) -> list[str]:
    """The lines of a table no wider than `width` (None: as wide as it is). Numbers stand to the right, never cut."""
    widths = [max(_width(caption), *(_width(row[index]) for row in cells)) for index, caption in enumerate(captions)]
    if width is not None:
        _narrow(widths, are_numbers, width - len(_GAP) * (len(widths) - 1))
    lines = []
    for row in (captions, ["-" * size for size in widths], *cells):
        parts = [
            _fitted(text, size, to_right=right) for text, size, right in zip(row, widths, are_numbers, strict=True)
        ]
        lines.append(_GAP.join(parts).rstrip())
    return lines


def cell_text(key: str, value: Any, look: Look = PLAIN) -> str:
    """One value as a table shows it, on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return money.write(value, 0 if _NOT_MONEY.search(key) else look.places)
    if isinstance(value, datetime):
        return value.astimezone(look.zone).strftime("%Y-%m-%d %H:%M:%S")
    if is_dataclass(value):
        return plain_text.visible(_in_a_cell(value))
    if isinstance(value, list | tuple):
        return "; ".join(cell_text(key, item, look) for item in value)
    return plain_text.visible(str(plain(value)))


def _in_a_cell(record: Any) -> str:
    """What a cell shows of a reason, a problem or a posted document."""
    for name in ("text", "message"):
        if hasattr(record, name):
            return str(getattr(record, name))
    return f"{plain(record.kind)} {record.no}".replace("_", " ")


def _narrow(widths: list[int], are_numbers: Sequence[bool], room: int) -> None:
    """Take from the widest column of texts until all fit, leaving each some characters."""
    texts = [index for index, is_number in enumerate(are_numbers) if not is_number and widths[index] > _LEAST_WIDTH]
    while texts and sum(widths) > room:
        widest = max(texts, key=widths.__getitem__)
        if widths[widest] <= _LEAST_WIDTH:
            return
        widths[widest] -= 1


def _fitted(text: str, size: int, *, to_right: bool) -> str:
    if _width(text) > size:
        while _width(text) > size - 1:
            text = text[:-1]
        text += "…"
    space = " " * (size - _width(text))
    return space + text if to_right else text + space


def _width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _write(stream: TextIO | None, text: str, *, at_once: bool = True) -> None:
    """Write what the stream's encoding can hold. A reader that went away (`| head`) is no error."""
    global _has_begun
    if stream is None:
        return
    _has_begun = _has_begun or (stream is sys.stdout and text != "")
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        if at_once:
            stream.flush()
    except BrokenPipeError:
        close_quietly()
    except OSError as error:
        raise OutputLost(error.strerror) from error


@contextmanager
def utf8_output() -> Iterator[TextIO]:
    """Standard output for a file's content: UTF-8 as it is, but on a terminal with its control characters spelled out.

    Raises OutputLost.
    """
    wrapper = _Shown if sys.stdout.isatty() else io.TextIOWrapper
    stream = wrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        yield stream
        stream.flush()
    except BrokenPipeError:
        close_quietly()
    except OSError as error:
        raise OutputLost(error.strerror) from error
    finally:
        with suppress(OSError):
            stream.detach()


class _Shown(io.TextIOWrapper):
    """Writes to a terminal, control characters spelled out."""

    def write(self, text: str) -> int:
        return super().write(plain_text.visible(text.replace("\r\n", "\n"), line_breaks=True))


def finish() -> None:
    """Send what is still on its way. Raises OutputLost."""
    if sys.stdout is not None:
        _write(sys.stdout, "")


def close_quietly() -> None:
    """Let Python's own flush at the end write to nowhere: the reader has gone, or the disk is full."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            try:
                os.dup2(nowhere, stream.fileno())
            except (OSError, ValueError, AttributeError):
                continue


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None] | None]:
    """A bar on standard error while a batch goes on, where that is a terminal; gives what counts the finished ones."""
    if total < 2 or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title, markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)
