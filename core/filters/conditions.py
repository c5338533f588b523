"""A parsed filter as a condition of the open company's database, on a column of any kind."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from peewee import SQL, BooleanField, DateField, Field, FieldAlias, ForeignKeyField, IntegerField, NodeList, Value, fn

from postroom.core import database as engine
from postroom.core.filters.expressions import Joined, Node, Operand, Term
from postroom.core.filters.matching import COMPARE, Filter, edge, matches_blank, parse, refuse_unordered
from postroom.core.filters.values import Kind, Span, fold, span_of
from postroom.core.tables.base import ChoiceField, InstantField, ScaledField, database, instant_to_stored

_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1


def condition(field: Field, expression: str | Filter, *, time_zone: ZoneInfo | None = None) -> Any:
    """The peewee condition for a column of the open company. Raises UsageError like `Filter.matches`."""
    chosen = parse(expression) if isinstance(expression, str) else expression
    if chosen.root is None:
        return SQL("1 = 1")
    return _node_condition(_Column(field, chosen.expression, time_zone), chosen.root)


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


def choices_of(field: Field) -> list[str]:
    """The values of a column that holds one of a closed list; none for any other."""
    base = field.field if isinstance(field, FieldAlias) else field
    return [value for value, _ in base.choices] if isinstance(base, ChoiceField) else []


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
        found = span_of(self.expression, self.kind, operand, self.time_zone) if operand is not None else None
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
        return balanced(operator.and_ if node.glue == "&" else operator.or_, parts)
    refuse_unordered(column.expression, node, column.kind)
    found = _text_condition(column, node) if column.kind is Kind.TEXT else _value_condition(column, node)
    if column.is_nullable and node.operator == "<>" and matches_blank(node):
        return found | column.node.is_null()
    return found


def balanced(joined: Callable[[Any, Any], Any], parts: list[Any]) -> Any:
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
        return balanced(operator.and_, [_compared(ordered, sign, span) for sign, span in ends])
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
        parts.append(COMPARE[term.operator](node, _plain(edge(term.operator, low))))
    return balanced(operator.and_, parts)


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
