"""What a person types into a field, made a value of the field's kind, and back into the text that is shown.

Every reader raises ValueError with the end of a sentence that begins with what was typed:
`2026-13-01 is not a date: there is no such day`.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum

from postroom.core.errors import Problem, UsageError
from postroom.core.money import FACTOR_SCALE, parse_decimal, write

Value = str | bool | int | Decimal | date | None

LONGEST_CODE = 20
LONGEST_EXTERNAL_NO = 35
LONGEST_TEXT = 250
LARGEST_INTEGER = 2**31 - 1
"""PostgreSQL's integer columns hold no more."""


class FieldKind(StrEnum):
    """What a field holds. A CODE names a record of the field's table; a SERIES a number series."""

    TEXT = "text"
    CODE = "code"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DURATION = "duration"
    CHOICE = "choice"
    SERIES = "series"
    TIME_ZONE = "time zone"


_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
_FACTOR = re.compile(rf"\d{{1,8}}(\.\d{{1,{FACTOR_SCALE}}})?\Z", re.ASCII)
_CLOCK = re.compile(r"(\d{1,6}):(\d{2})(?::(\d{2}))?\Z", re.ASCII)
_UNITS = re.compile(r"(?:(\d{1,6})\s*h)?\s*(?:(\d{1,8})\s*m(?:in)?)?\s*(?:(\d{1,9})\s*s(?:ec)?)?\Z", re.ASCII)


def read(kind: FieldKind, text: str, choices: Iterable[str] = ()) -> Value:
    """The value that `text` stands for. Blank is None for a date, zero for a number, and itself for texts and codes."""
    typed = text.strip()
    if kind is FieldKind.BOOLEAN:
        return read_boolean(typed)
    if kind is FieldKind.INTEGER:
        return read_integer(typed) if typed else 0
    if kind is FieldKind.DECIMAL:
        return read_decimal(typed) if typed else Decimal(0)
    if kind is FieldKind.DATE:
        return read_date(typed) if typed else None
    if kind is FieldKind.DURATION:
        return read_duration(typed)
    if kind is FieldKind.CHOICE:
        return read_choice(typed, choices)
    if kind is FieldKind.TEXT:
        return read_text(text)
    return read_code(text)


def read_boolean(text: str) -> bool:
    """true/false, yes/no, on/off, 1/0, in any case."""
    word = text.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError("is neither true nor false (yes and no, on and off, 1 and 0 will do)")


def read_integer(text: str) -> int:
    """A whole number that the database can hold."""
    if not re.fullmatch(r"-?\d{1,12}", text.strip(), re.ASCII):
        raise ValueError("is not a whole number")
    number = int(text)
    if abs(number) > LARGEST_INTEGER:
        raise ValueError(f"is too large: at most {LARGEST_INTEGER}")
    return number


def read_decimal(text: str) -> Decimal:
    """An exact number with a decimal point."""
    try:
        return parse_decimal(text)
    except ValueError as error:
        raise ValueError(f"cannot be taken: {error}") from None


def read_factor(text: str) -> Decimal:
    """A currency factor: LCY per unit of the currency."""
    if not _FACTOR.match(text.strip()) or not Decimal(text.strip()):
        raise ValueError(f"is not a factor greater than 0 with at most {FACTOR_SCALE} decimals")
    return Decimal(text.strip())


def read_date(text: str) -> date:
    """A day written as 2026-11-24."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError("is not a date such as 2026-11-24")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date: there is no such day") from None


def read_duration(text: str) -> int:
    """Seconds from `7200`, `2h`, `90m`, `1h 30m`, `45s`, `2:00` (hours and minutes) or `2:00:00`."""
    typed = text.strip().lower()
    if typed.isascii() and typed.isdigit() and len(typed) <= 10:
        seconds = int(typed)
    elif clock := _CLOCK.match(typed):
        hours, minutes, rest = (int(part or 0) for part in clock.groups())
        if minutes > 59 or rest > 59:
            raise ValueError("is not a duration: minutes and seconds go up to 59")
        seconds = hours * 3600 + minutes * 60 + rest
    elif typed and (units := _UNITS.match(typed)):
        hours, minutes, rest = (int(part or 0) for part in units.groups())
        seconds = hours * 3600 + minutes * 60 + rest
    else:
        raise ValueError("is not a duration such as 2:00 (hours and minutes), 2h, 90m or 7200 (seconds)")
    if seconds > LARGEST_INTEGER:
        raise ValueError("is too long")
    return seconds


def read_choice(text: str, choices: Iterable[str]) -> str:
    """The one of `choices` that was meant, whatever its case."""
    allowed = list(choices)
    for choice in allowed:
        if choice.lower() == text.strip().lower():
            return choice
    named = ", ".join(choice or "blank" for choice in allowed)
    raise ValueError(f"is not one of {named}")


def read_code(text: str, longest: int = LONGEST_CODE) -> str:
    """A code or number: trimmed, its case kept, one line of at most `longest` characters."""
    code = text.strip()
    if len(code) > longest:
        raise ValueError(f"is too long: at most {longest} characters")
    if any(not character.isprintable() for character in code):
        raise ValueError("holds characters that cannot be printed")
    return code


def read_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """A name or description: line breaks are allowed, nothing that a database cannot keep."""
    if len(text) > longest:
        raise ValueError(f"is too long: at most {longest} characters")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds characters that cannot be stored")
    return text.strip()


def shown(kind: FieldKind, value: Value) -> str:
    """The text of a value, as it could be typed again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind is FieldKind.DURATION and isinstance(value, int):
        return shown_duration(value)
    if isinstance(value, Decimal):
        return write(value)
    return str(value)


def shown_duration(seconds: int) -> str:
    """`2:00` for two hours; with seconds only where there are some."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if rest else f"{hours}:{minutes:02}"


MOST_CHOICES = 8
"""So many are all named in a hint; of more than that..."""
NEIGHBOURS = 5
"""... those that stand next to what was typed."""


def near(word: str, words: Iterable[str], what: str) -> str:
    """A hint that names those of `words` that were meant, else what there is to choose from: of many the neighbours."""
    known = sorted(words)
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if not known:
        return f"There is no {what} yet."
    article = "an" if what[:1].lower() in tuple("aeiou") else "a"
    if len(known) <= MOST_CHOICES:
        return f"Choose {article} {what} from {', '.join(known)}."
    first = min(max(bisect_left(known, word) - NEIGHBOURS // 2, 0), len(known) - NEIGHBOURS)
    return f"Choose {article} {what}, such as {', '.join(known[first : first + NEIGHBOURS])} ({len(known):,} in all)."


def refuse_all(problems: Iterable[Problem]) -> None:
    """Raise UsageError with all of `problems`, if there are any."""
    found = tuple(problems)
    if found:
        error = UsageError(found[0].message)
        error.problems = found
        raise error
