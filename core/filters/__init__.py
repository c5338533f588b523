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

from postroom.core.filters.conditions import condition, kind_of
from postroom.core.filters.lists import (
    FieldFilter,
    UnknownField,
    conditions,
    parse_filter,
    refuse_unknown,
    refuse_unlisted,
    row_matches,
)
from postroom.core.filters.matching import Filter, parse, quote
from postroom.core.filters.renaming import renamed
from postroom.core.filters.values import Kind, fold

__all__ = [
    "FieldFilter",
    "Filter",
    "Kind",
    "UnknownField",
    "condition",
    "conditions",
    "fold",
    "kind_of",
    "parse",
    "parse_filter",
    "quote",
    "refuse_unknown",
    "refuse_unlisted",
    "renamed",
    "row_matches",
]
