"""The kinds of import files, their columns, and how a cell becomes a value.

Readers raise ValueError with the end of a sentence that begins with the column: `quantity cannot be taken: ...`.
Blank cells never reach them: a blank is the column's default.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from postroom.core import values
from postroom.core.kinds import AccountType, Blocked, DocumentType, LineType
from postroom.core.money import FACTOR_SCALE, ONE, ZERO

LONGEST_TEXT = 10_000
_FACTOR = re.compile(rf"\d{{1,8}}(\.\d{{1,{FACTOR_SCALE}}}0*)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `default` is what a blank or absent cell means; `stored_in` the key of its value, if another."""

    name: str
    read: Callable[[str], Any]
    default: Any = ""
    other_name_of: str = ""

    @property
    def stored_in(self) -> str:
        return self.other_name_of or self.name


@dataclass(frozen=True)
class Kind:
    """One kind of file. `needed` columns must be in the header, `needed_cells` must not be blank either."""

    name: str
    columns: tuple[Column, ...]
    needed: frozenset[str]
    needed_cells: tuple[str, ...]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self.by_name)


@lru_cache(maxsize=16_384)
def decimal(text: str) -> Decimal | None:
    """An exact number; only blanks count as blank."""
    return values.read_decimal(text) if text.strip() else None


def _number(text: str) -> Decimal:
    return decimal(text) or ZERO


def _positive(text: str) -> Decimal:
    number = decimal(text)
    if number is None:
        return ONE
    if number <= 0:
        raise ValueError("is not greater than 0")
    return number


def _percent(text: str) -> Decimal:
    number = _number(text)
    if not 0 <= number <= 100:
        raise ValueError("is not between 0 and 100")
    return number


def _rate(text: str) -> Decimal | None:
    number = decimal(text)
    if number is not None and not 0 <= number <= 100:
        raise ValueError("is not between 0 and 100")
    return number


def _not_negative(text: str) -> Decimal:
    number = _number(text)
    if number < 0:
        raise ValueError("is negative")
    return number


def _factor(text: str) -> Decimal | None:
    written = text.strip()
    if not written:
        return None
    if not _FACTOR.match(written) or not Decimal(written):
        raise ValueError(f"is not a factor greater than 0 with at most {FACTOR_SCALE} decimals")
    return Decimal(written)


@lru_cache(maxsize=16_384)
def _day(text: str) -> date | None:
    return values.read_date(text.strip()) if text.strip() else None


@lru_cache(maxsize=16_384)
def _code(text: str) -> str:
    return values.read_code(text)


def _outside_no(text: str) -> str:
    return values.read_code(text, values.LONGEST_EXTERNAL_NO)


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"is too long: at most {LONGEST_TEXT} characters")
    return text


@lru_cache(maxsize=64)
def _document_type(text: str) -> DocumentType:
    return DocumentType(values.read_choice(text, [kind.value for kind in DocumentType]))


@lru_cache(maxsize=64)
def _line_type(text: str) -> LineType:
    return LineType(values.read_choice(text, [kind.value for kind in LineType]))


def _account_type(text: str) -> AccountType:
    return AccountType(values.read_choice(text, [kind.value for kind in AccountType]))


def _party_blocked(text: str) -> Blocked:
    return Blocked(values.read_choice(text, [kind.value for kind in Blocked]))


def _flag(default: bool) -> Callable[[str], bool]:
    return lambda text: values.read_boolean(text) if text.strip() else default


_off, _on = _flag(False), _flag(True)


def _blocked(text: str) -> bool:
    """Items and accounts are blocked for All or not at all."""
    return True if text.strip().lower() == "all" else _off(text)


def _whole(text: str) -> int | None:
    return values.read_integer(text) if text.strip() else None


def _line_no(text: str) -> int | None:
    number = _whole(text)
    if number is not None and number <= 0:
        raise ValueError("is not a whole number above 0")
    return number


def _days(text: str) -> int:
    number = _whole(text) or 0
    if not 0 <= number <= 36_500:
        raise ValueError("is not a number of days between 0 and 36500")
    return number


def _codes(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, _code) for name in names)


_DOCUMENTS = (
    Column("type", _document_type, None),
    Column("no", _code),
    Column("party_no", _code),
    Column("party_name", _text),
    Column("posting_date", _day, None),
    Column("document_date", _day, None),
    Column("due_date", _day, None),
    Column("external_document_no", _outside_no),
    Column("currency_code", _code),
    Column("currency_factor", _factor, None),
    Column("prices_including_vat", _off, False),
    Column("invoice_discount_amount", _number, ZERO),
    Column("ship", _on, True),
    Column("receive", _on, True, "ship"),
    Column("invoice", _on, True),
    Column("vendor_document_no", _outside_no),
    Column("corrects_no", _code),
)
_LINES = (
    Column("document_type", _document_type, None),
    Column("document_no", _code),
    Column("line_no", _line_no, None),
    Column("type", _line_type, None),
    Column("no", _code),
    Column("description", _text),
    Column("quantity", _number, ZERO),
    Column("unit_price", _number, ZERO),
    Column("price_per_quantity", _positive, ONE),
    Column("line_discount_percent", _percent, ZERO),
    Column("line_discount_amount", _number, ZERO),
    Column("vat_rate", _rate, None),
    Column("vat_group", _code),
    Column("vat_amount", decimal, None),
    Column("qty_to_ship", decimal, None),
    Column("qty_to_receive", decimal, None, "qty_to_ship"),
    Column("qty_to_invoice", decimal, None),
)
_PARTIES = (
    *_codes("no"),
    Column("name", _text),
    Column("address", _text),
    Column("city", _text),
    Column("post_code", _text),
    *_codes("country_code", "general_business_group", "vat_business_group", "posting_group", "currency_code"),
    Column("payment_days", _days, 0),
    Column("blocked", _party_blocked, Blocked.NO),
    Column("invoice_discount_percent", _percent, ZERO),
)
_ITEMS = (
    *_codes("no"),
    Column("description", _text),
    *_codes("unit"),
    Column("unit_price", _number, ZERO),
    Column("unit_cost", _not_negative, ZERO),
    *_codes("general_product_group", "vat_product_group", "inventory_group"),
    Column("prevent_negative", _off, False),
    Column("blocked", _blocked, False),
    Column("opening_quantity", _not_negative, ZERO),
)
_ACCOUNTS = (
    *_codes("no"),
    Column("name", _text),
    Column("type", _account_type, AccountType.POSTING),
    Column("direct_posting", _on, True),
    Column("blocked", _blocked, False),
)
_CHARGES = (*_codes("no"), Column("description", _text), *_codes("account_no", "vat_product_group"))

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("gl_accounts", _ACCOUNTS, frozenset({"no"}), ("no",)),
        Kind("charges", _CHARGES, frozenset({"no"}), ("no",)),
        Kind("items", _ITEMS, frozenset({"no"}), ("no",)),
        Kind("customers", _PARTIES, frozenset({"no"}), ("no",)),
        Kind("vendors", _PARTIES, frozenset({"no"}), ("no",)),
        Kind(
            "documents",
            _DOCUMENTS,
            frozenset({"type", "party_no", "posting_date"}),
            ("type", "party_no", "posting_date"),
        ),
        Kind("lines", _LINES, frozenset({"document_type", "document_no", "type"}), ("document_type", "type")),
    )
}
"""The kinds in the order in which they are imported: what is named before what names it."""
