"""A parsed filter and what passes it in memory."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from postroom.core.errors import UsageError
from postroom.core.filters.expressions import Joined, Node, Operand, Parser, Term, refuse_unstorable, wrong
from postroom.core.filters.values import Kind, Span, fold, span_of

LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed expression. A blank one matches everything."""

    expression: str
    root: Node | None

    def matches(self, value: object, time_zone: ZoneInfo | None = None) -> bool:
        """Whether a text, number, date, datetime, truth value or blank (None) passes.

        Raises UsageError where an operand is no value of that kind. Times without `time_zone` are the company's.
        """
        if self.root is None:
            return True
        return _matches(self, self.root, value, time_zone)


@lru_cache(maxsize=1024)
def parse(expression: str) -> Filter:
    """Read an expression. Raises UsageError that names it, the position, and what to write."""
    text = expression.strip()
    if len(text) > LONGEST:
        raise UsageError(
            f"The filter is {len(text):,} characters long; at most {LONGEST:,} are read.",
            code="filter_invalid",
            value=text[:40],
            hint="Split it into several filters.",
        )
    refuse_unstorable(expression)
    return Filter(text, Parser(text).whole() if text else None)


def quote(value: str) -> str:
    """The expression that means exactly this text."""
    return "'" + value.replace("'", "''") + "'"


COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def edge(sign: str, span: Span) -> Any:
    """Which end of a span a comparison is with: before its first, or up to and with its last."""
    return span[0] if sign in ("<", ">=") else span[1]


def _matches(whole: Filter, node: Node, value: object, time_zone: ZoneInfo | None) -> bool:
    if isinstance(node, Joined):
        found = [_matches(whole, part, value, time_zone) for part in node.parts]  # all, so that each operand is read
        return all(found) if node.glue == "&" else any(found)
    kind, comparable = _comparable(value)
    if kind is None:
        return matches_blank(node)
    if node.low is not None and node.low.has_wildcards and kind is Kind.TEXT:
        return (_pattern(node.low).match(comparable) is not None) == (node.operator == "=")
    low, high = (
        span_of(whole.expression, kind, operand, time_zone) if operand is not None else None
        for operand in (node.low, node.high)
    )
    refuse_unordered(whole.expression, node, kind)
    if node.operator in ("=", "<>"):
        if low is None:
            is_equal = kind is Kind.NUMBER and comparable == 0
        else:
            is_equal = low[0] <= comparable <= low[1]
        return bool(is_equal) == (node.operator == "=")
    if node.operator == "..":
        return (low is None or comparable >= low[0]) and (high is None or comparable <= high[1])
    assert low is not None
    return bool(COMPARE[node.operator](comparable, edge(node.operator, low)))


def _comparable(value: object) -> tuple[Kind | None, Any]:
    if value is None:
        return None, None
    if isinstance(value, str):
        return Kind.TEXT, fold(str(value.value) if isinstance(value, Enum) else value)
    if isinstance(value, bool):
        return Kind.BOOLEAN, value
    if isinstance(value, Decimal | int):
        return Kind.NUMBER, Decimal(value)
    if isinstance(value, datetime):
        return Kind.INSTANT, value.astimezone(UTC)
    if isinstance(value, date):
        return Kind.DATE, value
    raise TypeError(f"a filter cannot look at {type(value).__name__}")


def matches_blank(term: Term) -> bool:
    """A blank value is equal to `''` alone and lies in no range."""
    is_blank = term.low is not None and not term.low.text.strip("*")
    return is_blank == (term.operator == "=") if term.operator in ("=", "<>") else False


def refuse_unordered(expression: str, term: Term, kind: Kind) -> None:
    """Blank has no place in an order of dates or numbers, nor truth values any order."""
    if term.operator in ("=", "<>") or kind is Kind.TEXT:
        return
    if kind is Kind.BOOLEAN:
        at = (term.low or term.high).position  # type: ignore[union-attr]
        raise wrong(expression, at, f"{term.operator} does not compare true and false", "Write true or <>true.")
    for operand in (term.low, term.high):
        if operand is not None and not operand.text.strip():
            raise wrong(
                expression, operand.position, f"blank cannot be compared by {term.operator}", "Write '' or <>'' alone."
            )


@lru_cache(maxsize=1024)
def _pattern(operand: Operand) -> re.Pattern[str]:
    """A regular expression that never backtracks over a `*` already passed, so that no filter can hang."""
    runs: list[str] = [""]
    for part in operand.parts:
        if part is None:
            runs.append("")
        else:
            runs[-1] += "." if part is ... else re.escape(fold(part))
    first, *others = runs
    if not others:
        return re.compile(first + r"\Z", re.DOTALL)
    between = "".join(f"(?>.*?{run})" for run in others[:-1] if run)
    return re.compile(f"{first}{between}.*{others[-1]}\\Z", re.DOTALL)
