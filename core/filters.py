"""NAV's filter expressions, the one filter language of lists, job queues, batches and the command line.

    expression   or of ands: `A*|B&<>BX`; `&` binds tighter than `|`; a parenthesis that starts a term groups
    term         `value`, `<>value`, `<value`, `<=value`, `>value`, `>=value`, `from..to`, `from..`, `..to`
    value        `*` any text, `?` one character (texts only); `'...'` takes everything between as it stands,
                 a quote in it doubled; `''` is blank

Texts compare without regard to case, by code point. Dates are ISO dates; a time filtered by a date means that whole
day in the company's time zone. Blank dates, times and numbers lie in no range; a blank number is also 0.
The same expression means the same for `Filter.matches` (in memory) and `condition` (in either database).
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import lru_cache, reduce
from typing import Any
from zoneinfo import ZoneInfo

from peewee import (
    SQL,
    BooleanField,
    DateField,
    Field,
    FieldAlias,
    ForeignKeyField,
    IntegerField,
    NodeList,
    Value,
    fn,
)

from postroom.core import database as engine
from postroom.core.errors import UsageError
from postroom.core.tables.base import InstantField, ScaledField, database, instant_to_stored

LONGEST = 10_000
DEEPEST = 20
_NUMBER = re.compile(r"[+-]?(\d{1,25}(\.\d{0,25})?|\.\d{1,25})\Z", re.ASCII)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(=|<>|<=|>=|<|>)", re.ASCII)
_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1
_FIRST, _LAST = datetime(2, 1, 1), datetime(9998, 12, 31)
"""Times beyond these cannot be moved between time zones."""


class Kind(Enum):
    """What the filtered values are, and with it how operands are read."""

    TEXT = "a text"
    NUMBER = "a number such as 1234.50"
    DATE = "a date such as 2026-01-31"
    INSTANT = "a date or time such as 2026-01-31 or 2026-01-31T14:30"
    BOOLEAN = "true or false"


@dataclass(frozen=True, slots=True)
class Operand:
    """A value as written: literal characters, `None` standing for `*` and `...` (Ellipsis) for `?`."""

    parts: tuple[Any, ...]
    position: int

    @property
    def has_wildcards(self) -> bool:
        return any(not isinstance(part, str) for part in self.parts)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else "*" if part is None else "?" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; `..` ranges have the operator `..` and either end may be open (None)."""

    operator: str
    low: Operand | None
    high: Operand | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts of which `all` or `any` must hold."""

    glue: str
    parts: tuple[Node, ...]


Node = Term | Joined
Span = tuple[Any, Any]
"""What an operand stands for: the first and last value it covers, both included (a day covers all its times)."""


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


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """One word of a list's filter: an expression for `field`, or a word to search (field blank)."""

    field: str
    filter: Filter


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
    _refuse_unstorable(expression)
    return Filter(text, _Parser(text).whole() if text else None)


def quote(value: str) -> str:
    """The expression that means exactly this text."""
    return "'" + value.replace("'", "''") + "'"


def parse_filter(text: str) -> list[FieldFilter]:
    """A list's filter: words by blanks, `field=EXPR` each or a bare word to search. Raises UsageError.

    Blanks between quotes belong to the value: `no=10..20 party_no=C* name='North Sea*'`; `amount>100` works too.
    """
    return [_field_filter(text, word, start) for start, word in _words(text)]


def _field_filter(text: str, word: str, start: int) -> FieldFilter:
    found = _FIELD.match(word)
    if found:
        name, sign = found.groups()
        expression = word[found.end() if sign == "=" else found.end(1) :]
        return FieldFilter(name.lower().replace("-", "_"), parse(expression))
    if word[0] in "|&" or word[-1] in "|&":
        raise _wrong(text, start, f"{word} stands alone", "Write an expression without blanks: no=A|B.")
    parser = _Parser(word)
    operand = parser.bare_word()
    return FieldFilter("", Filter(word, Term("=", Operand((None, *operand.parts, None), start))))


def _words(text: str) -> list[tuple[int, str]]:
    words, start, at = [], -1, 0
    while at < len(text):
        if text[at].isspace():
            if start >= 0:
                words.append((start, text[start:at]))
            start = -1
            at += 1
            continue
        start = at if start < 0 else start
        at = _end_of_quotes(text, at) if _opens_quote(text, at) else at + 1
    if start >= 0:
        words.append((start, text[start:]))
    return words


def _opens_quote(text: str, at: int) -> bool:
    """A quote opens a literal at the start of a value or after a sign; in `O'Brien` it is an apostrophe."""
    if text[at] != "'":
        return False
    before = text[:at]
    return not before or before[-1].isspace() or before[-1] in "=<>|&*?(" or before.endswith("..")


def _end_of_quotes(text: str, at: int) -> int:
    """The place after the literal that opens at `at`."""
    end = at + 1
    while True:
        end = text.find("'", end)
        if end < 0:
            raise _wrong(text, at, "a quote opens and never closes", "Write '...' around a value, a quote in it twice.")
        if text[end + 1 : end + 2] != "'":
            return end + 1
        end += 2


class _Parser:
    """Recursive descent over one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self._any()
        if self.at < len(self.text):
            raise self._wrong(f"{self.text[self.at]} is not expected here", "Put a value with special signs in quotes.")
        return node

    def bare_word(self) -> Operand:
        """A word to search: everything but quotes and wildcards is literal."""
        return self._operand(stop="")

    def _any(self) -> Node:
        return self._joined("|", lambda: self._joined("&", self._term))

    def _joined(self, glue: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self.text.startswith(glue, self.at):
            self.at += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(glue, tuple(parts))

    def _term(self) -> Node:
        self._skip()
        if self.text.startswith("(", self.at):
            return self._group()
        for sign in ("<>", "<=", ">=", "<", ">", "="):
            if self.text.startswith(sign, self.at):
                self.at += len(sign)
                return self._compared(sign)
        return self._value_or_range()

    def _group(self) -> Node:
        if self.depth == DEEPEST:
            raise self._wrong(f"more than {DEEPEST} parentheses are open", "Write a simpler expression.")
        opened = self.at
        self.at += 1
        self.depth += 1
        node = self._any()
        self.depth -= 1
        if not self.text.startswith(")", self.at):
            self.at = opened
            raise self._wrong("a parenthesis opens and never closes", "Close it, or put the value in quotes.")
        self.at += 1
        self._skip()
        return node

    def _compared(self, sign: str) -> Term:
        value = self._operand()
        if not value.parts and not self._was_blank(value):
            raise self._wrong(f"a value must follow {sign}", f"Write {sign}VALUE, or {sign}'' for blank.")
        if self.text.startswith("..", self.at):
            raise self._wrong(f"a range cannot follow {sign}", "Write either a comparison or FROM..TO.")
        if value.has_wildcards and sign not in ("<>", "="):
            raise self._wrong(
                f"{sign} takes no * or ?", "Put the value in quotes if the sign is meant.", value.position
            )
        return Term(sign, value)

    def _value_or_range(self) -> Term:
        low = self._operand()
        has_low = bool(low.parts) or self._was_blank(low)
        if not self.text.startswith("..", self.at):
            if not has_low:
                raise self._wrong("a value is missing", "Write a value, or '' for blank.")
            return Term("=", low)
        self.at += 2
        high = self._operand()
        has_high = bool(high.parts) or self._was_blank(high)
        if not has_low and not has_high:
            raise self._wrong("a range needs at least one end", "Write FROM..TO, FROM.. or ..TO.", low.position)
        if self.text.startswith("..", self.at):
            raise self._wrong("a range has two ends at most", "Write FROM..TO.")
        for end in (low, high):
            if end.has_wildcards:
                raise self._wrong(
                    "a range takes no * or ?", "Put the value in quotes if the sign is meant.", end.position
                )
        return Term("..", low if has_low else None, high if has_high else None)

    def _was_blank(self, value: Operand) -> bool:
        """Whether an operand without characters was written as `''` rather than left out."""
        return "'" in self.text[value.position : self.at]

    def _operand(self, stop: str = "|&<>") -> Operand:
        self._skip()
        start, nested = self.at, 0
        parts: list[Any] = []
        literal_until = 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if _opens_quote(self.text, self.at):
                end = _end_of_quotes(self.text, self.at)
                parts += self.text[self.at + 1 : end - 1].replace("''", "'")
                self.at, literal_until = end, len(parts)
                continue
            if stop and (char in "|&" or self.text.startswith("..", self.at)):
                break
            if stop and char in "<>":
                raise self._wrong(f"{char} stands before a value, not within one", "Write & or | between two terms.")
            if stop and char == ")" and self.depth and not nested:
                break
            nested += (char == "(") - (char == ")" and nested > 0)
            parts.append(None if char == "*" else ... if char == "?" else char)
            self.at += 1
        while len(parts) > literal_until and isinstance(parts[-1], str) and parts[-1].isspace():
            parts.pop()
        return Operand(tuple(parts), start)

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _wrong(self, what: str, hint: str, at: int | None = None) -> UsageError:
        return _wrong(self.text, self.at if at is None else at, what, hint)


def _wrong(expression: str, at: int, what: str, hint: str) -> UsageError:
    return UsageError(
        f"The filter {expression} cannot be read at position {at + 1}: {what}.",
        code="filter_invalid",
        value=expression,
        hint=hint,
    )


def _refuse_unstorable(expression: str) -> None:
    for at, char in enumerate(expression):
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise UsageError(
                f"The filter holds a character that no text can hold, at position {at + 1}.",
                code="filter_invalid",
                value=expression.encode("unicode_escape").decode("ascii"),
                hint="Take it out.",
            )


def fold(text: str) -> str:
    """How texts are compared: in lower case, the two small sigmas being one letter wherever they stand."""
    return text.lower().replace("ς", "σ")


def _span(whole: str, kind: Kind, operand: Operand, time_zone: ZoneInfo | None) -> Span | None:
    """What an operand stands for among values of a kind; None for blank (never for texts)."""
    text = operand.text
    if kind is Kind.TEXT:
        return fold(text), fold(text)
    if operand.has_wildcards:
        raise _wrong(whole, operand.position, f"* and ? search in texts, and this is filtered by {kind.value}", _WILD)
    text = text.strip()
    if not text and kind is not Kind.BOOLEAN:
        return None
    try:
        return _READERS[kind](text, time_zone)
    except (ValueError, OverflowError) as error:
        shown = text or "''"
        raise _wrong(
            whole, operand.position, f"{shown} is not {kind.value}", "Write the value in that form."
        ) from error


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

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _edge(sign: str, span: Span) -> Any:
    """Which end of a span a comparison is with: before its first, or up to and with its last."""
    return span[0] if sign in ("<", ">=") else span[1]


def _matches(whole: Filter, node: Node, value: object, time_zone: ZoneInfo | None) -> bool:
    if isinstance(node, Joined):
        found = [_matches(whole, part, value, time_zone) for part in node.parts]  # all, so that each operand is read
        return all(found) if node.glue == "&" else any(found)
    kind, comparable = _comparable(value)
    if kind is None:
        return _matches_blank(node)
    if node.low is not None and node.low.has_wildcards and kind is Kind.TEXT:
        return (_pattern(node.low).match(comparable) is not None) == (node.operator == "=")
    low, high = (
        _span(whole.expression, kind, operand, time_zone) if operand is not None else None
        for operand in (node.low, node.high)
    )
    _refuse_unordered(whole.expression, node, kind)
    if node.operator in ("=", "<>"):
        if low is None:
            is_equal = kind is Kind.NUMBER and comparable == 0
        else:
            is_equal = low[0] <= comparable <= low[1]
        return bool(is_equal) == (node.operator == "=")
    if node.operator == "..":
        return (low is None or comparable >= low[0]) and (high is None or comparable <= high[1])
    assert low is not None
    return bool(_COMPARE[node.operator](comparable, _edge(node.operator, low)))


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


def _matches_blank(term: Term) -> bool:
    """A blank value is equal to `''` alone and lies in no range."""
    is_blank = term.low is not None and not term.low.text.strip("*")
    return is_blank == (term.operator == "=") if term.operator in ("=", "<>") else False


def _refuse_unordered(expression: str, term: Term, kind: Kind) -> None:
    """Blank has no place in an order of dates or numbers, nor truth values any order."""
    if term.operator in ("=", "<>") or kind is Kind.TEXT:
        return
    if kind is Kind.BOOLEAN:
        at = (term.low or term.high).position  # type: ignore[union-attr]
        raise _wrong(expression, at, f"{term.operator} does not compare true and false", "Write true or <>true.")
    for operand in (term.low, term.high):
        if operand is not None and not operand.text.strip():
            raise _wrong(
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


def condition(field: Field, expression: str | Filter, *, time_zone: ZoneInfo | None = None) -> Any:
    """The peewee condition for a column of the open company. Raises UsageError like `Filter.matches`."""
    chosen = parse(expression) if isinstance(expression, str) else expression
    if chosen.root is None:
        return SQL("1 = 1")
    return _node_condition(_Column(field, chosen.expression, time_zone), chosen.root)


def conditions(
    filters: str | Sequence[FieldFilter],
    fields: Mapping[str, Field],
    searched: Sequence[Field] = (),
    *,
    time_zone: ZoneInfo | None = None,
) -> list[Any]:
    """The conditions of a list's filter: `fields` by their names, bare words looked for in the `searched` columns.

    Raises UsageError for a field that the list does not have. Searched columns that are no texts are left out.
    """
    chosen = parse_filter(filters) if isinstance(filters, str) else filters
    found = []
    for one in chosen:
        if one.field:
            refuse_unknown(one.field, fields)
            found.append(condition(fields[one.field], one.filter, time_zone=time_zone))
        else:
            texts = [field for field in searched if kind_of(field) is Kind.TEXT]
            parts = [condition(field, one.filter, time_zone=time_zone) for field in texts]
            found.append(_balanced(operator.or_, parts) if parts else SQL("1 = 0"))
    return found


def row_matches(
    filters: str | Sequence[FieldFilter],
    row: Mapping[str, object],
    searched: Sequence[str] = (),
    *,
    time_zone: ZoneInfo | None = None,
) -> bool:
    """Whether a row in memory passes a list's filter; bare words look in the `searched` texts. Raises UsageError."""
    chosen = parse_filter(filters) if isinstance(filters, str) else filters
    for one in chosen:
        if one.field:
            refuse_unknown(one.field, row)
            if not one.filter.matches(row[one.field], time_zone):
                return False
        elif not any(isinstance(row[name], str) and one.filter.matches(row[name]) for name in searched):
            return False
    return True


def refuse_unknown(field: str, fields: Mapping[str, object]) -> None:
    """Raise UsageError unless a list has the field."""
    if field not in fields:
        raise UsageError(
            f"There is no field {field} to filter by.",
            code="filter_invalid",
            field=field,
            value=field,
            hint=f"The fields are {', '.join(sorted(fields))}.",
        )


def kind_of(field: Field) -> Kind:
    """How a column's values are compared."""
    if isinstance(field, FieldAlias):
        field = field.field
    if isinstance(field, ForeignKeyField):
        field = field.rel_field
    if isinstance(field, BooleanField):
        return Kind.BOOLEAN
    if isinstance(field, InstantField):
        return Kind.INSTANT
    if isinstance(field, DateField):
        return Kind.DATE
    return Kind.NUMBER if isinstance(field, IntegerField) else Kind.TEXT


class _Column:
    """One column with what its filter needs: kind, scale, and its name in lower case in this database."""

    def __init__(self, field: Field, expression: str, time_zone: ZoneInfo | None) -> None:
        self.node = field
        self.expression = expression
        self.time_zone = time_zone
        base = field.field if isinstance(field, FieldAlias) else field
        self.kind = kind_of(field)
        self.scale = base.scale if isinstance(base, ScaledField) else 0
        self.is_nullable = bool(base.null)

    def span(self, operand: Operand | None) -> Span | None:
        """An operand as stored values."""
        found = _span(self.expression, self.kind, operand, self.time_zone) if operand is not None else None
        if found is None:
            return None
        if self.kind is Kind.NUMBER:
            units = found[0].scaleb(self.scale)
            return _held(math.ceil(units)), _held(math.floor(units))
        if self.kind is Kind.INSTANT:
            return instant_to_stored(found[0]), instant_to_stored(found[1])
        return found

    def folded(self, *, is_ascii: bool) -> Any:
        """The column in lower case; SQLite's own function knows ASCII alone, which is enough for an ASCII operand."""
        if not engine.is_postgres():
            if is_ascii:
                return fn.LOWER(self.node)
            _teach_fold()
            return fn.POSTROOM_FOLD(self.node)
        if is_ascii or not _has_icu():
            return fn.LOWER(self.node)
        lowered = fn.LOWER(NodeList((self.node, SQL('COLLATE "und-x-icu"'))))
        return fn.REPLACE(lowered, _plain("ς"), _plain("σ"))


def _held(units: int) -> int:
    """No stored integer lies beyond these, so a comparison with them means the same."""
    return min(max(units, _SMALLEST), _LARGEST)


def _node_condition(column: _Column, node: Node) -> Any:
    if isinstance(node, Joined):
        parts = [_node_condition(column, part) for part in node.parts]
        return _balanced(operator.and_ if node.glue == "&" else operator.or_, parts)
    _refuse_unordered(column.expression, node, column.kind)
    found = _text_condition(column, node) if column.kind is Kind.TEXT else _value_condition(column, node)
    if column.is_nullable and node.operator == "<>" and _matches_blank(node):
        return found | column.node.is_null()
    return found


def _balanced(joined: Callable[[Any, Any], Any], parts: list[Any]) -> Any:
    """Parts joined as a tree of small depth, which the databases and peewee limit."""
    while len(parts) > 2:
        parts = [reduce(joined, parts[at : at + 2]) for at in range(0, len(parts), 2)]
    return reduce(joined, parts)


def _plain(value: Any) -> Value:
    return Value(value, converter=False)


def _text_condition(column: _Column, term: Term) -> Any:
    text = "".join(part for operand in (term.low, term.high) if operand for part in operand.parts if type(part) is str)
    has_case = text.upper() != text.lower()  # without, the column itself is compared and its index serves
    folded = column.folded(is_ascii=text.isascii()) if has_case or term.operator not in ("=", "<>") else column.node
    if term.low is not None and term.low.has_wildcards:
        # peewee binds the pattern and its escape sign; both databases know the clause
        is_not = "NOT " if term.operator == "<>" else ""
        return NodeList((folded, SQL(f"{is_not}LIKE"), _plain(_like(term.low)), SQL("ESCAPE '!'")), parens=True)
    low, high = column.span(term.low), column.span(term.high)
    if term.operator == "=":
        return _compared(folded, "=", low)
    if term.operator == "<>":
        return _compared(folded, "<>", low)
    ordered = NodeList((folded, SQL('COLLATE "C"'))) if engine.is_postgres() else folded
    if term.operator == "..":
        ends = [("<=", high)] if low is None else [(">=", low)] if high is None else [(">=", low), ("<=", high)]
        return _balanced(operator.and_, [_compared(ordered, sign, span) for sign, span in ends])
    return _compared(ordered, term.operator, low)


def _compared(node: Any, sign: str, span: Span | None) -> Any:
    assert span is not None
    return NodeList((node, SQL(sign), _plain(span[0])), parens=True)


def _like(operand: Operand) -> str:
    out = []
    for part in operand.parts:
        if part is None:
            out.append("%")
        elif part is ...:
            out.append("_")
        else:
            out.append(f"!{part}" if part in "%_!" else part)
    return fold("".join(out))


def _value_condition(column: _Column, term: Term) -> Any:
    node = column.node
    low, high = column.span(term.low), column.span(term.high)
    if term.operator in ("=", "<>"):
        if low is None:
            return _blank_condition(column, is_blank=term.operator == "=")
        first, last = low
        if term.operator == "=":
            return (node == _plain(first)) if first == last else node.between(_plain(first), _plain(last))
        return (node != _plain(first)) if first == last else (node < _plain(first)) | (node > _plain(last))
    parts = []
    if column.kind is Kind.INSTANT:
        parts.append(node != _plain(0))
    if term.operator == "..":
        if low is not None:
            parts.append(node >= _plain(low[0]))
        if high is not None:
            parts.append(node <= _plain(high[1]))
    else:
        assert low is not None
        parts.append(_COMPARE[term.operator](node, _plain(_edge(term.operator, low))))
    return _balanced(operator.and_, parts)


def _blank_condition(column: _Column, *, is_blank: bool) -> Any:
    node = column.node
    if column.kind is Kind.DATE:
        return node.is_null() if is_blank else node.is_null(False)
    blank = (node == _plain(0)) | node.is_null() if column.is_nullable else node == _plain(0)
    return blank if is_blank else ~blank


def _teach_fold() -> None:
    """Give SQLite Python's lower case under the name POSTROOM_FOLD, on this and later connections."""
    if not getattr(database.obj, "_postroom_fold", False):
        database.obj.register_function(fold, "POSTROOM_FOLD", 1)
        database.obj._postroom_fold = True


def _has_icu() -> bool:
    """Whether the server knows lower case beyond its locale."""
    known: bool | None = getattr(database.obj, "_postroom_has_icu", None)
    if known is None:
        cursor = database.execute_sql("SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'")
        known = bool(cursor.fetchone()[0])
        database.obj._postroom_has_icu = known
    return known
