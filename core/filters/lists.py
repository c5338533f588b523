"""The filter of a whole list: an expression per field, and words looked for in the shown columns."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from peewee import SQL, Field

from postroom.core.errors import UsageError
from postroom.core.filters.conditions import balanced, choices_of, condition, kind_of
from postroom.core.filters.expressions import Joined, Node, Operand, Parser, Term, end_of_quotes, opens_quote, wrong
from postroom.core.filters.matching import Filter, parse, quote
from postroom.core.filters.values import Kind, fold

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(=|<>|<=|>=|<|>)", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """One word of a list's filter: an expression for `field`, or a word to search (field blank)."""

    field: str
    filter: Filter


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
        if not expression:
            hint = f"Write {name}=VALUE without a blank between, or {name}='' for blank."
            raise wrong(text, start + found.end(), f"a value must follow {name}=", hint)
        return FieldFilter(name.lower().replace("-", "_"), parse(expression))
    if word[0] in "|&" or word[-1] in "|&":
        raise wrong(text, start, f"{word} stands alone", "Write an expression without blanks: no=A|B.")
    parser = Parser(word)
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
        at = end_of_quotes(text, at) if opens_quote(text, at) else at + 1
    if start >= 0:
        words.append((start, text[start:]))
    return words


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
            refuse_unlisted(one.field, one.filter, choices_of(fields[one.field]))
            found.append(condition(fields[one.field], one.filter, time_zone=time_zone))
        else:
            texts = [field for field in searched if kind_of(field) is Kind.TEXT]
            parts = [condition(field, one.filter, time_zone=time_zone) for field in texts]
            found.append(balanced(operator.or_, parts) if parts else SQL("1 = 0"))
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
        raise UnknownField(field, sorted(fields))


class UnknownField(UsageError):
    """A list has no such field to filter by; `fields` are those that it has."""

    def __init__(self, field: str, fields: Sequence[str]) -> None:
        self.fields = tuple(fields)
        super().__init__(
            f"There is no field {field} to filter by.",
            code="filter_invalid",
            field=field,
            value=field,
            hint=f"The fields are {', '.join(fields)}.",
        )


def refuse_unlisted(field: str, chosen: Filter, values: Sequence[str]) -> None:
    """Raise UsageError where a filter of a closed list's field names a value that the list does not have.

    A field without `values` is none of a closed list.
    """
    known = {fold(value) for value in values}
    if not known:
        return
    for term in _terms(chosen.root):
        if term.operator not in ("=", "<>") or term.low is None or term.low.has_wildcards:
            continue
        if fold(term.low.text) not in known:
            typed = [quote(value) if " " in value or not value else value for value in values]
            raise UsageError(
                f"There is no {field} {term.low.text or 'blank'}.",
                code="filter_invalid",
                field=field,
                value=term.low.text,
                hint=f"It is one of {', '.join(typed)}.",
            )


def _terms(node: Node | None) -> list[Term]:
    if isinstance(node, Joined):
        return [term for part in node.parts for term in _terms(part)]
    return [node] if node is not None else []
