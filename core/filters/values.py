"""What operands stand for: numbers, dates, times, truth values and folded texts, as spans from first to last."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from postroom.core.filters.expressions import Operand, wrong

_NUMBER = re.compile(r"[+-]?(\d{1,25}(\.\d{0,25})?|\.\d{1,25})\Z", re.ASCII)
_FIRST, _LAST = datetime(2, 1, 1), datetime(9998, 12, 31)
"""Times beyond these cannot be moved between time zones."""


class Kind(Enum):
    """What the filtered values are, and with it how operands are read."""

    TEXT = "a text"
    NUMBER = "a number such as 1234.50"
    DATE = "a date such as 2026-01-31"
    INSTANT = "a date or time such as 2026-01-31 or 2026-01-31T14:30"
    BOOLEAN = "true or false"


Span = tuple[Any, Any]
"""What an operand stands for: the first and last value it covers, both included (a day covers all its times)."""


def fold(text: str) -> str:
    """How texts are compared: in lower case, the two small sigmas being one letter wherever they stand."""
    return text.lower().replace("ς", "σ")


def span_of(whole: str, kind: Kind, operand: Operand, time_zone: ZoneInfo | None) -> Span | None:
    """What an operand stands for among values of a kind; None for blank (never for texts)."""
    text = operand.text
    if kind is Kind.TEXT:
        return fold(text), fold(text)
    if operand.has_wildcards:
        raise wrong(whole, operand.position, f"* and ? search in texts, and this is filtered by {kind.value}", _WILD)
    text = text.strip()
    if not text and kind is not Kind.BOOLEAN:
        return None
    try:
        return _READERS[kind](text, time_zone)
    except (ValueError, OverflowError) as error:
        shown = text or "''"
        raise wrong(whole, operand.position, f"{shown} is not {kind.value}", "Write the value in that form.") from error


_WILD = "Write a value, a range FROM..TO, or a comparison such as >=VALUE."


def _number_span(text: str, _: ZoneInfo | None) -> Span:
    if not _NUMBER.match(text):
        raise ValueError(text)
    return Decimal(text), Decimal(text)


def _date_span(text: str, _: ZoneInfo | None) -> Span:
    if not re.match(r"\d{4}-\d{2}-\d{2}\Z", text, re.ASCII):
        raise ValueError(text)
    found = date.fromisoformat(text)
    return found, found


_TIMES = (
    ("%Y-%m-%d", timedelta(days=1)),
    ("%Y-%m-%dT%H:%M", timedelta(minutes=1)),
    ("%Y-%m-%dT%H:%M:%S", timedelta(seconds=1)),
    ("%Y-%m-%dT%H:%M:%S.%f", timedelta(microseconds=1)),
)
_OFFSET = re.compile(r"(.*T.*)([+-])(\d\d):(\d\d)\Z", re.ASCII)


def _instant_span(text: str, time_zone: ZoneInfo | None) -> Span:
    """First and last microsecond of the day, minute or second that is written."""
    written, zone = text.replace(" ", "T", 1), time_zone
    offset = _OFFSET.match(written)
    chosen: ZoneInfo | timezone
    if offset:
        written, sign, hours, minutes = offset.groups()
        away = timedelta(hours=int(hours), minutes=int(minutes))
        chosen = timezone(away if sign == "+" else -away)
    elif written.endswith("Z") and "T" in written:
        written, chosen = written[:-1], UTC
    else:
        chosen = zone or _company_time_zone()
    for form, length in _TIMES:
        try:
            start = datetime.strptime(written, form)
        except ValueError:
            continue
        if not _FIRST <= start <= _LAST:
            raise ValueError(text)
        first = start.replace(tzinfo=chosen).astimezone(UTC)
        if form == "%Y-%m-%d":
            after = datetime.combine(start.date() + length, time(), tzinfo=chosen).astimezone(UTC)
        else:
            after = first + length
        return first, after - timedelta(microseconds=1)
    raise ValueError(text)


def _company_time_zone() -> ZoneInfo:
    from postroom.core import company  # imported late: the company's setup stands above this room

    return company.time_zone()


_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def _boolean_span(text: str, _: ZoneInfo | None) -> Span:
    lowered = text.lower()
    if lowered not in _TRUE | _FALSE:
        raise ValueError(text)
    return lowered in _TRUE, lowered in _TRUE


_READERS: dict[Kind, Callable[[str, ZoneInfo | None], Span]] = {
    Kind.NUMBER: _number_span,
    Kind.DATE: _date_span,
    Kind.INSTANT: _instant_span,
    Kind.BOOLEAN: _boolean_span,
}
