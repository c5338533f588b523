"""Where a master record is named, so that nothing is deleted that something still needs.

Documents are looked at before ledgers: a posting that commits meanwhile is seen in one of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from postroom.core import numbering
from postroom.core.errors import Refused
from postroom.core.kinds import Area, DocumentType, LineType
from postroom.core.masters.kinds import KINDS, PAIR_HALVES, MasterKind, kinds_in_key, shown_key
from postroom.core.setup_fields import FIELDS, WINDOWS
from postroom.core.tables.base import Table
from postroom.core.tables.ledgers import (
    GlEntry,
    ItemLedgerEntry,
    PartyLedgerEntry,
    PostedDocument,
    PostedLine,
    ValueEntry,
    VatEntry,
)
from postroom.core.tables.setup import MasterTemplate, NumberSeriesLine
from postroom.core.tables.trade import Document, DocumentLine, Item, ItemStock, Party
from postroom.core.values import FieldKind, Value

Key = Mapping[str, Value]

_MEND_DOCUMENT = "Change or delete that document first."


@dataclass(frozen=True, slots=True)
class Use:
    """Why a record stays, as a sentence that names what uses it and in which field, and what to do about it."""

    message: str
    hint: str


def _named(record: str, field: str, hint: str) -> Use:
    return Use(f"{record} names it in {field.rstrip('.')}.", hint)


def refuse_used(kind: MasterKind, key: Key, shown: str) -> None:
    """Raise Refused with the first use of a record, or with what else keeps it from being deleted."""
    if kind.slug == "template":
        raise Refused(
            "Templates are not deleted: each kind of record that `import --create-missing` makes has one.",
            code="template_stays",
            record=kind.record(shown),
            field="kind",
            value=shown,
            hint="Change its fields.",
        )
    use = next(_uses(kind, key), None)
    if use is not None:
        raise Refused(
            use.message,
            code="record_in_use",
            record=kind.record(shown),
            field=kind.key[0],
            value=shown,
            hint=use.hint,
        )


def _uses(kind: MasterKind, key: Key) -> Iterator[Use]:
    """Every kind of use once, documents first, then setup, then what was posted."""
    yield from _in_documents(kind, key)
    yield from _in_records(kind, key)
    yield from _in_setup(kind, key)
    yield from _in_stock_and_series(kind, key)
    yield from _in_posted(kind, key)


_LINE_TYPES = {"item": LineType.ITEM, "gl-account": LineType.GL_ACCOUNT, "charge": LineType.CHARGE}
_PARTIES = {"customer": Area.SALES, "vendor": Area.PURCHASE}
_LINES = DocumentLine.select(DocumentLine.line_no, Document.type, Document.no).join(Document)


def _in_documents(kind: MasterKind, key: Key) -> Iterator[Use]:
    first = key[kind.key[0]]
    if kind.slug in _PARTIES:
        yield from _headers((Document.party_no == first) & _is_of(_PARTIES[kind.slug]), f"{kind.title} No.")
    elif kind.slug == "currency":
        yield from _headers(Document.currency_code == first, "Currency Code")
    elif kind.slug in _LINE_TYPES:
        is_named = (DocumentLine.type == _LINE_TYPES[kind.slug]) & (DocumentLine.no == first)
        yield from _lines(_LINES.where(is_named), "No.")
    elif kind.slug == "vat-product-group":
        yield from _lines(_LINES.where(DocumentLine.vat_group == first), "VAT Prod. Posting Group")
    elif kind.slug in PAIR_HALVES:
        yield from _lines(_lines_of_pair(kind, key), kind.title)


def _lines_of_pair(kind: MasterKind, key: Key) -> Any:
    """The document lines that post by a pair: the party's group and the line's, or its item's."""
    is_party = (Party.no == Document.party_no) & (
        ((Party.area == Area.SALES) & _is_of(Area.SALES)) | ((Party.area == Area.PURCHASE) & _is_of(Area.PURCHASE))
    )
    lines = _LINES.join(Party, on=is_party)
    if kind.slug == "vat-posting-setup":
        return lines.where(
            Party.vat_business_group == key["business_group"], DocumentLine.vat_group == key["product_group"]
        )
    is_item = (DocumentLine.type == LineType.ITEM) & (DocumentLine.no == Item.no)
    return lines.join_from(DocumentLine, Item, on=is_item).where(
        Party.general_business_group == key["business_group"], Item.general_product_group == key["product_group"]
    )


def _is_of(area: Area) -> Any:
    return Document.type.in_([type_ for type_ in DocumentType if type_.area is area])


def _headers(condition: Any, field: str) -> Iterator[Use]:
    found = Document.select().where(condition).first()
    if found is not None:
        yield _named(f"{found.type.title} {found.no}", field, _MEND_DOCUMENT)


def _lines(select: Any, field: str) -> Iterator[Use]:
    found = select.tuples().first()
    if found is not None:
        line_no, type_, no = found
        yield _named(f"{type_.title} {no}, line {line_no}", field, _MEND_DOCUMENT)


def _in_records(kind: MasterKind, key: Key) -> Iterator[Use]:
    """Other master records: the fields, key columns and halves of pairs that name one of this kind."""
    if len(kind.key) > 1:
        return
    (code,) = key.values()
    for other in KINDS.values():
        named = {field.name: field.caption for field in other.fields if field.names == kind.slug}
        named |= {name: kind.title for name, slug in kinds_in_key(other).items() if slug == kind.slug}
        for name, caption in named.items():
            conditions = [getattr(other.table, fixed) == value for fixed, value in other.fixed]
            found = other.table.select().where(getattr(other.table, name) == code, *conditions).first()
            if found is not None:
                hint = "Delete that first." if name in other.key else "Name another there first."
                yield _named(other.record(shown_key({part: getattr(found, part) for part in other.key})), caption, hint)
    party = kind.slug.removesuffix("-posting-group")
    is_template = (MasterTemplate.kind == party) & (MasterTemplate.posting_group == code)
    if party != kind.slug and MasterTemplate.get_or_none(is_template) is not None:
        yield _named(f"Template {party}", "Posting Group", "Name another there first.")


def _in_setup(kind: MasterKind, key: Key) -> Iterator[Use]:
    if kind.slug == "number-series":
        for field in FIELDS.values():
            row = WINDOWS[field.key.partition(".")[0]][1].get_by_id(1)
            if field.kind is FieldKind.SERIES and getattr(row, field.name) == key["code"]:
                yield _named(field.window, field.caption, "Name another series there first.")
    elif kind.slug == "gl-account":
        from postroom.core.importing.opening_stock import EQUITY_ACCOUNT  # imported late: import stands above masters

        if key["no"] == EQUITY_ACCOUNT:
            yield Use("Opening stock of imported items is posted against it.", "It stays; rename it as you like.")


def _in_stock_and_series(kind: MasterKind, key: Key) -> Iterator[Use]:
    if kind.slug == "item":
        is_there = (ItemStock.quantity != 0) | (ItemStock.value != 0)
        if ItemStock.select().where(ItemStock.item_no == key["no"], is_there).exists():
            yield Use(
                "There is stock of it on hand.", f"Block it instead: `postroom item set {key['no']} blocked=All`."
            )
    elif kind.slug == "number-series-line":
        same_date = NumberSeriesLine.starting_date == key["starting_date"]
        if key["starting_date"] is None:
            same_date = NumberSeriesLine.starting_date.is_null()
        for line in NumberSeriesLine.select().where(NumberSeriesLine.series_code == key["series_code"], same_date):
            prefix, width, first, suffix = numbering.split(line.starting_no)
            if line.last_value != first - line.increment:
                last = f"{prefix}{line.last_value:0{width}d}{suffix}"
                yield Use(f"Numbers were drawn from it, the last {last}.", "Give it an Ending No. to end it.")


def _in_posted(kind: MasterKind, key: Key) -> Iterator[Use]:
    hint = "What was posted never changes and keeps its records."
    if any(field.name == "blocked" for field in kind.fields):
        hint += f" Block it instead: `postroom {kind.slug} set {key['no']} blocked=All`."
    for table, field, condition in _posted_places(kind, key):
        found = table.select().where(condition).first()
        if found is not None:
            yield _named(_POSTED_NAMES[table](found), field, hint)


def _posted_places(kind: MasterKind, key: Key) -> Iterator[tuple[type[Table], str, Any]]:
    """The tables that postings fill and that name a record of some kind: in which field, and when it is this one."""
    first = key[kind.key[0]]
    table: Any
    if kind.slug in _PARTIES:
        for table in (PartyLedgerEntry, PostedDocument):
            yield table, f"{kind.title} No.", (table.area == _PARTIES[kind.slug]) & (table.party_no == first)
    elif kind.slug == "item":
        yield ItemLedgerEntry, "Item No.", ItemLedgerEntry.item_no == first
        yield ValueEntry, "Item No.", ValueEntry.item_no == first
    elif kind.slug == "gl-account":
        for table in (GlEntry, PartyLedgerEntry, VatEntry):
            yield table, "Account No.", table.account_no == first
        yield ValueEntry, "Stock Account", ValueEntry.stock_account == first
        named = [column == first for column in _LINE_ACCOUNTS]
        yield PostedLine, "an account", reduce(or_, named)
    elif kind.slug in ("vat-business-group", "vat-product-group"):
        column = kind.slug.replace("-", "_")
        for table in (VatEntry, PostedLine):
            yield table, kind.title, getattr(table, column) == first
    elif kind.slug == "vat-posting-setup":
        for table in (VatEntry, PostedLine):
            is_business = table.vat_business_group == key["business_group"]
            yield table, kind.title, is_business & (table.vat_product_group == key["product_group"])
    elif kind.slug == "number-series":
        yield PostedDocument, "No. Series", PostedDocument.number_series == first
    elif kind.slug == "currency":
        for table in (PostedDocument, PartyLedgerEntry):
            yield table, "Currency Code", table.currency_code == first
    if kind.slug in _LINE_TYPES:
        yield PostedLine, "No.", (PostedLine.type == _LINE_TYPES[kind.slug]) & (PostedLine.no == first)


_LINE_ACCOUNTS = (
    PostedLine.account_no,
    PostedLine.line_discount_account,
    PostedLine.invoice_discount_account,
    PostedLine.vat_account,
    PostedLine.stock_account,
    PostedLine.cost_account,
    PostedLine.received_account,
    PostedLine.variance_account,
)
"""Where a correction goes back to."""

_POSTED_NAMES: Mapping[type[Table], Callable[[Any], str]] = {
    PostedDocument: lambda row: f"Posted {row.area.title()} {row.kind.title} {row.no}",
    PostedLine: lambda row: f"{_POSTED_NAMES[PostedDocument](row.posted_document)}, line {row.line_no}",
    GlEntry: lambda row: f"G/L Entry {row.entry_no}",
    PartyLedgerEntry: lambda row: f"{row.area.party_title} Ledger Entry {row.entry_no}",
    VatEntry: lambda row: f"VAT Entry {row.entry_no}",
    ItemLedgerEntry: lambda row: f"Item Ledger Entry {row.entry_no}",
    ValueEntry: lambda row: f"Value Entry {row.entry_no}",
}
