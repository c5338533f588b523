"""What has been posted, for those who look: posted documents, ledgers, all entries of a document no., the change log.

Rows are dictionaries with the keys that commands write as JSON; amounts are `Decimal`, ledgers debit positive.
Every list takes a filter (`core.filters`) over its own keys and costs a fixed number of queries, the open amounts of
party ledgers one more for each thousand entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from peewee import Field

from postroom.core import corrections, filters
from postroom.core.errors import NotFound, UsageError
from postroom.core.filters import FieldFilter
from postroom.core.kinds import Area, LineType, PostedKind
from postroom.core.money import ZERO, from_units
from postroom.core.statements import in_parts, marks, query
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
from postroom.core.tables.setup import ChangeLogEntry

Row = dict[str, Any]

_POSTED: dict[str, Field] = {
    "id": PostedDocument.id,
    "area": PostedDocument.area,
    "kind": PostedDocument.kind,
    "no": PostedDocument.no,
    "source_type": PostedDocument.source_type,
    "source_no": PostedDocument.source_no,
    "external_document_no": PostedDocument.external_document_no,
    "vendor_document_no": PostedDocument.vendor_document_no,
    "party_no": PostedDocument.party_no,
    "party_name": PostedDocument.party_name,
    "posting_date": PostedDocument.posting_date,
    "document_date": PostedDocument.document_date,
    "due_date": PostedDocument.due_date,
    "currency": PostedDocument.currency_code,
    "amount": PostedDocument.amount,
    "vat_amount": PostedDocument.vat_amount,
    "amount_including_vat": PostedDocument.amount_including_vat,
    "amount_lcy": PostedDocument.amount_lcy,
    "corrects_no": PostedDocument.corrects_no,
    "cancels": PostedDocument.cancels,
    "batch_no": PostedDocument.batch_no,
    "user": PostedDocument.user_id,
    "posted_at": PostedDocument.posted_at,
    "register_no": PostedDocument.register_no,
    "posting_id": PostedDocument.posting_id,
}

_LINES: dict[str, Field] = {
    "posted_document": PostedLine.posted_document,
    "line_no": PostedLine.line_no,
    "type": PostedLine.type,
    "no": PostedLine.no,
    "description": PostedLine.description,
    "quantity": PostedLine.quantity,
    "unit_price": PostedLine.unit_price,
    "price_per_quantity": PostedLine.price_per_quantity,
    "line_discount_amount": PostedLine.line_discount_amount,
    "invoice_discount_amount": PostedLine.invoice_discount_amount,
    "amount": PostedLine.amount,
    "vat_amount": PostedLine.vat_amount,
    "amount_including_vat": PostedLine.amount_including_vat,
    "vat_business_group": PostedLine.vat_business_group,
    "vat_group": PostedLine.vat_product_group,
    "vat_rate": PostedLine.vat_rate,
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """One ledger: its table, its columns by key, and for party ledgers the area."""

    title: str
    model: type[Table]
    columns: Mapping[str, Field]
    searched: tuple[str, ...]
    area: Area | None = None


def _ledger(title: str, model: Any, own: Mapping[str, Field], party_area: Area | None = None) -> Ledger:
    """A ledger's own columns between those that all have."""
    columns: dict[str, Field] = {
        "entry_no": model.entry_no,
        "register_no": model.register_no,
        "posting_date": model.posting_date,
        "document_type": model.document_kind,
        "document_no": model.document_no,
        **own,
        "source_code": model.source_code,
        "user": model.user_id,
        "posting_id": model.posting_id,
    }
    searched = tuple(key for key in columns if key in _SEARCHED)
    return Ledger(title, model, columns, searched, party_area)


_SEARCHED = {"document_no", "account_no", "party_no", "item_no", "description", "external_document_no", "user"}


def _party_ledger(title: str, area: Area) -> Ledger:
    return _ledger(
        title,
        PartyLedgerEntry,
        {
            "party_no": PartyLedgerEntry.party_no,
            "external_document_no": PartyLedgerEntry.external_document_no,
            "currency": PartyLedgerEntry.currency_code,
            "amount": PartyLedgerEntry.amount,
            "amount_lcy": PartyLedgerEntry.amount_lcy,
            "due_date": PartyLedgerEntry.due_date,
            "account_no": PartyLedgerEntry.account_no,
        },
        area,
    )


LEDGERS: dict[str, Ledger] = {
    "gl": _ledger(
        "G/L Entries",
        GlEntry,
        {
            "account_no": GlEntry.account_no,
            "description": GlEntry.description,
            "amount": GlEntry.amount,
        },
    ),
    "customer": _party_ledger("Customer Ledger Entries", Area.SALES),
    "vendor": _party_ledger("Vendor Ledger Entries", Area.PURCHASE),
    "vat": _ledger(
        "VAT Entries",
        VatEntry,
        {
            "area": VatEntry.area,
            "vat_business_group": VatEntry.vat_business_group,
            "vat_product_group": VatEntry.vat_product_group,
            "type": VatEntry.type,
            "rate": VatEntry.rate,
            "base": VatEntry.base,
            "amount": VatEntry.amount,
            "account_no": VatEntry.account_no,
        },
    ),
    "item": _ledger(
        "Item Ledger Entries",
        ItemLedgerEntry,
        {
            "item_no": ItemLedgerEntry.item_no,
            "line_no": ItemLedgerEntry.line_no,
            "quantity": ItemLedgerEntry.quantity,
        },
    ),
    "value": _ledger(
        "Value Entries",
        ValueEntry,
        {
            "item_no": ValueEntry.item_no,
            "line_no": ValueEntry.line_no,
            "cost_amount": ValueEntry.cost_amount,
            "account_no": ValueEntry.stock_account,
        },
    ),
}
"""The ledgers by the name that commands give them."""

_REMAINING = "remaining_amount"


def posted_documents(filter: str = "", *, source: str = "") -> list[Row]:
    """Posted documents in the order of their posting, each with `vat` per group and `lines`.

    `corrected_by` are the nos. of those that correct it, `cancelled_by` that of the one that cancels it, or blank.

    `source` takes those that came out of the document with this no. Raises UsageError for a filter that cannot be read.
    """
    conditions = filters.conditions(filter, _POSTED, [_POSTED[key] for key in _SEARCHED_POSTED])
    if source:
        conditions.append(PostedDocument.source_no == source)
    return _posted(conditions)


_SEARCHED_POSTED = ("no", "source_no", "external_document_no", "vendor_document_no", "party_no", "party_name", "user")


def posted_document(no: str, *, area: Area | None = None, kind: PostedKind | None = None) -> Row:
    """The posted document with this no. Raises NotFound, and UsageError where several have it."""
    conditions = [PostedDocument.no == no]
    if area is not None:
        conditions.append(PostedDocument.area == area)
    if kind is not None:
        conditions.append(PostedDocument.kind == kind)
    found = _posted(conditions)
    refuse_not_one(no, [(row["area"], row["kind"]) for row in found])
    return found[0]


def refuse_not_one(no: str, found: Sequence[tuple[Area, PostedKind]]) -> None:
    """Raise NotFound where no posted document with this no. was found, and UsageError where several were."""
    if not found:
        raise NotFound(f"There is no posted document {no}.", value=no, hint="`postroom posted list` shows them all.")
    if len(found) > 1:
        named = ", ".join(f"{area.value} {kind.value}" for area, kind in found)
        raise UsageError(
            f"{no} is the no. of several posted documents: {named}.",
            code="ambiguous",
            value=no,
            hint="Say which with --area and --kind.",
        )


def ledger(name: str, filter: str = "") -> Iterator[Row]:
    """The entries of the ledger `name` (see LEDGERS), by entry no. Raises UsageError at once for what cannot be read.

    Party ledgers tell `remaining_amount`: what no other entry has settled, in the entry's currency.
    """
    chosen = LEDGERS[name]
    wanted = filters.parse_filter(filter)
    if chosen.area is None:
        return _entries(chosen, _conditions(chosen, wanted))
    remaining = [one for one in wanted if one.field == _REMAINING]
    stored = [one for one in wanted if one.field != _REMAINING]
    filters.row_matches(remaining, {_REMAINING: ZERO})
    rows = _entries(chosen, _conditions(chosen, stored))
    return (row for row in rows if filters.row_matches(remaining, row)) if remaining else rows


def navigate(no: str) -> Row:
    """Every posted document and ledger entry of a document no.

    It is a posted document's, else its source's, else the customer's or vendor's own no. on it; or one that entries
    bear without a document, as opening stock. Keys: `no`, `documents` (as in `posted_documents`), `entries` (ledger
    name: rows). Raises NotFound.
    """
    documents = _posted_under(no)
    entries = _entries_of(documents) if documents else _entries_under([no], [])
    if not documents and not any(entries.values()):
        raise NotFound(
            f"Nothing has been posted under {no}.",
            value=no,
            hint="Give the no. of a posted document, of the order or invoice it came from, or the customer's or"
            " vendor's own.",
        )
    return {"no": no, "documents": documents, "entries": entries}


def posting(posting_id: str) -> Row:
    """All that one posting left behind, by its id: `documents` and `entries` as in `navigate`; none for an unknown id.

    Party ledger entries tell what is open after it.
    """
    documents = _posted([PostedDocument.posting_id == posting_id])
    return {"documents": documents, "entries": _entries_of(documents)}


def entries_of(document: Row) -> dict[str, list[Row]]:
    """The entries of one posted document, by ledger."""
    return _entries_of([document])


def _posted_under(no: str) -> list[Row]:
    """The posted documents that bear a no., or that came from a document that bore it, or whose party calls them so."""
    for condition in (
        PostedDocument.no == no,
        PostedDocument.source_no == no,
        (PostedDocument.external_document_no == no) | (PostedDocument.vendor_document_no == no),
    ):
        if found := _posted([condition]):
            return found
    return []


def _entries_of(documents: Sequence[Row]) -> dict[str, list[Row]]:
    """The entries of posted documents, by ledger."""
    numbers = sorted({row["no"] for row in documents})
    return _entries_under(numbers, sorted({row["posting_id"] for row in documents}))


def _entries_under(numbers: Sequence[str], postings: Sequence[str]) -> dict[str, list[Row]]:
    """By ledger the entries that bear these document nos. and belong to these postings; to any where none is named."""
    found = {}
    for name, chosen in LEDGERS.items():
        conditions = [*_conditions(chosen, ()), chosen.columns["document_no"].in_(numbers)]
        if postings:
            conditions.append(chosen.columns["posting_id"].in_(postings))
        found[name] = list(_entries(chosen, conditions))
    return found


_CHANGES: dict[str, Field] = {
    "entry_no": ChangeLogEntry.entry_no,
    "at": ChangeLogEntry.at,
    "user": ChangeLogEntry.user_id,
    "action": ChangeLogEntry.action,
    "kind": ChangeLogEntry.kind,
    "record": ChangeLogEntry.record,
    "field": ChangeLogEntry.field,
    "old_value": ChangeLogEntry.old_value,
    "new_value": ChangeLogEntry.new_value,
}


_SEARCHED_CHANGES = ("user", "action", "kind", "record", "field", "old_value", "new_value")


def change_log(filter: str = "") -> Iterator[Row]:
    """Who changed what, from what, to what; the newest first. Raises UsageError for a filter that cannot be read."""
    return _rows(ChangeLogEntry, _CHANGES, change_conditions(filter), [ChangeLogEntry.entry_no.desc()])


def _rows(model: Any, columns: Mapping[str, Field], conditions: Iterable[Any], order: Sequence[Any]) -> Iterator[Row]:
    select = model.select(*columns.values()).order_by(*order)
    for condition in conditions:
        select = select.where(condition)
    keys = tuple(columns)
    return (dict(zip(keys, values, strict=True)) for values in select.tuples().iterator())


def _posted(conditions: Sequence[Any]) -> list[Row]:
    documents = list(_rows(PostedDocument, _POSTED, conditions, [PostedDocument.id]))
    lines: dict[int, list[Row]] = {}
    for ids in in_parts(row["id"] for row in documents):
        order = [PostedLine.posted_document, PostedLine.line_no]
        for line in _rows(PostedLine, _LINES, [PostedLine.posted_document.in_(ids)], order):
            lines.setdefault(line.pop("posted_document"), []).append(line)
    for row in corrections.told(documents):
        own = lines.get(row.pop("id"), [])
        row["vat"] = _vat_of(own) if row["kind"] in (PostedKind.INVOICE, PostedKind.CREDIT_MEMO) else []
        row["lines"] = [{key: line[key] for key in line if key != "vat_business_group"} for line in own]
    return documents


def _vat_of(lines: Iterable[Row]) -> list[Row]:
    """What a document's lines come to per VAT group, in the order in which the groups first stand on it."""
    groups: dict[tuple[str, str], Row] = {}
    for line in lines:
        if line["type"] is LineType.COMMENT:
            continue
        group = groups.setdefault(
            (line["vat_business_group"], line["vat_group"]),
            {"group": line["vat_group"], "rate": line["vat_rate"], "base": ZERO, "amount": ZERO},
        )
        group["base"] += line["amount"]
        group["amount"] += line["vat_amount"]
    return list(groups.values())


def _conditions(chosen: Ledger, wanted: Sequence[FieldFilter]) -> list[Any]:
    conditions = filters.conditions(wanted, chosen.columns, [chosen.columns[key] for key in chosen.searched])
    if chosen.area is not None:
        conditions.append(PartyLedgerEntry.area == chosen.area)
    return conditions


def _entries(chosen: Ledger, conditions: Sequence[Any]) -> Iterator[Row]:
    rows = _rows(chosen.model, chosen.columns, conditions, [chosen.columns["entry_no"]])
    return rows if chosen.area is None else _with_remaining(rows)


def _with_remaining(rows: Iterable[Row]) -> Iterator[Row]:
    for part in in_parts(rows, 1000):
        settled = _settled([row["entry_no"] for row in part])
        for row in part:
            yield {**row, _REMAINING: row["amount"] - settled.get(row["entry_no"], ZERO)}


def _settled(entry_nos: Sequence[int]) -> dict[int, Decimal]:
    """By entry no. what other entries have closed of these."""
    return {
        entry_no: from_units(int(amount))
        for entry_no, amount in query(
            "SELECT entry_no, SUM(amount) FROM party_ledger_application"
            f" WHERE entry_no IN ({marks(len(entry_nos))}) GROUP BY entry_no",
            entry_nos,
        )
    }


def ledger_conditions(name: str, filter: str) -> list[Any]:
    """A filter over a ledger's stored columns as conditions for a query. Raises UsageError."""
    chosen = LEDGERS[name]
    return _conditions(chosen, filters.parse_filter(filter))


def ledger_entries(name: str, entry_nos: Sequence[int]) -> list[Row]:
    """The entries of a ledger with these numbers, by entry no."""
    chosen = LEDGERS[name]
    number = chosen.columns["entry_no"]
    return [row for part in in_parts(entry_nos) for row in _entries(chosen, [number << part])]


def posted_conditions(filter: str) -> list[Any]:
    """A filter over posted documents as conditions for a query. Raises UsageError."""
    return filters.conditions(filter, _POSTED, [_POSTED[key] for key in _SEARCHED_POSTED])


def posted_headers(ids: Sequence[int]) -> list[Row]:
    """Posted documents with these ids, without their lines, in the order of their posting."""
    found = [
        row
        for part in in_parts(ids)
        for row in _rows(PostedDocument, _POSTED, [PostedDocument.id << part], [PostedDocument.id])
    ]
    return list(corrections.told(found))


def posted_by_id(id_: int) -> Row:
    """One posted document with its id, its lines and its VAT. Raises NotFound."""
    found = _posted([PostedDocument.id == id_])
    if not found:
        raise NotFound("There is no such posted document.", value=str(id_), hint="Look at the list again.")
    return {"id": id_, **found[0]}


def change_conditions(filter: str) -> list[Any]:
    """A filter over the change log as conditions for a query. Raises UsageError."""
    return filters.conditions(filter, _CHANGES, [_CHANGES[key] for key in _SEARCHED_CHANGES])


def changes(entry_nos: Sequence[int]) -> list[Row]:
    """The entries of the change log with these numbers."""
    number = ChangeLogEntry.entry_no
    return [
        row
        for part in in_parts(entry_nos)
        for row in _rows(ChangeLogEntry, _CHANGES, [number << part], [number.desc()])
    ]
