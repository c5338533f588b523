"""Every list as CSV: in the import format where there is one, else with the keys that commands write as JSON.

Decimals are exact and plain, dates and times ISO 8601, truth values 0 and 1, blanks empty. Texts that begin with a
sign a spreadsheet would take for a formula are data: they are written as they are, in quotes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from postroom.core import company, masters, posting_setup, reading, setups, users
from postroom.core.documents.views import DocumentView, list_documents
from postroom.core.errors import Problem, UsageError, describe
from postroom.core.importing.columns import KINDS as IMPORT_KINDS
from postroom.core.jobs import batches, categories, entry_views, log, queues
from postroom.core.jobs.batches import BatchView
from postroom.core.jobs.categories import CategoryView
from postroom.core.jobs.entry_views import EntryView
from postroom.core.jobs.log import LogView
from postroom.core.jobs.queues import QueueView
from postroom.core.kinds import Area, DocumentType
from postroom.core.money import from_units, write
from postroom.core.statements import in_parts, marks, query
from postroom.core.tables.base import Table
from postroom.core.tables.setup import Charge, GlAccount
from postroom.core.tables.trade import Document, Item, ItemStock, Party

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: what it is called, and how its columns and rows are read from the open company."""

    title: str
    read: Callable[[], tuple[Sequence[str], Iterable[Row]]]


def export(kind: str, out: TextIO) -> None:
    """Write one list of KINDS to a text stream that translates no line ends. Raises UsageError for an unknown kind."""
    chosen = KINDS.get(kind)
    if chosen is None:
        raise UsageError(
            f"{kind} cannot be exported.",
            code="bad_value",
            field="kind",
            value=kind,
            hint=f"The kinds are {', '.join(KINDS)}.",
        )
    columns, rows = chosen.read()
    zone = company.time_zone()
    if columns:
        out.write(f"{','.join(columns)}\n")
    for row in rows:
        out.write(f"{','.join(_cell(value, zone) for value in row)}\n")


def _cell(value: object, zone: ZoneInfo) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return _quoted(str(value.value) if isinstance(value, Enum) else value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return write(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, int | date):
        return str(value)
    text = _compound(value)
    return _quoted(text) if text else ""


def _quoted(text: str) -> str:
    """In quotes where a reader of CSV needs them, and where a spreadsheet would see a formula or cut off blanks."""
    needs = text[0] in "=+-@\t " or text[-1].isspace() or any(sign in text for sign in ',"\r\n')
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if needs else text


def _compound(value: object) -> str:
    """Lists of problems as sentences, everything else as JSON."""
    if isinstance(value, Sequence):
        if not value:
            return ""
        if all(isinstance(one, Problem) for one in value):
            return "\n".join(describe(one) for one in value)
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _names(value)}
    return write(value) if isinstance(value, Decimal) else str(value)


def _names(view: object) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(view))  # type: ignore[arg-type]


def _import_columns(kind: str) -> list[str]:
    return [column.name for column in IMPORT_KINDS[kind].columns if not column.other_name_of]


def _documents() -> tuple[Sequence[str], Iterable[Row]]:
    columns = _import_columns("documents")
    fields = [getattr(Document, name) for name in columns]
    return columns, (
        _document_row(dict(zip(columns, row, strict=True)))
        for row in Document.select(*fields).order_by(Document.id).tuples().iterator()
    )


def _document_row(values: dict[str, Any]) -> Row:
    """A factor without a currency, and what only orders have, are left blank."""
    if not values["currency_code"]:
        values["currency_factor"] = None
    if not values["type"].is_order:
        values["ship"] = values["invoice"] = None
    return tuple(values.values())


def _lines() -> tuple[Sequence[str], Iterable[Row]]:
    return _import_columns("lines"), _line_rows()


def _line_rows() -> Iterator[Row]:
    """Lines in the order of their documents, each with the rate that its VAT group has there."""
    vat = posting_setup.current().vat
    business = {(Area(area), no): group for area, no, group in query("SELECT area, no, vat_business_group FROM party")}
    for ids in in_parts(id_ for (id_,) in query("SELECT id FROM document ORDER BY id")):
        for type_, no, party_no, line_no, line_type, item_no, text, *rest in query(
            f"{_LINES} WHERE d.id IN ({marks(len(ids))}) ORDER BY d.id, l.line_no", ids
        ):
            *numbers, vat_group, declared, to_ship, to_invoice = rest
            pair = vat.get((business.get((DocumentType(type_).area, party_no), ""), vat_group))
            rate = pair.document_rate if pair is not None and line_type != "comment" else None
            yield (
                *(type_, no, line_no, line_type, item_no, text),
                *(from_units(number) for number in numbers),
                *(rate, vat_group),
                *(None if number is None else from_units(number) for number in (declared, to_ship, to_invoice)),
            )


_LINES = """
SELECT d.type, d.no, d.party_no, l.line_no, l.type, l.no, l.description, l.quantity, l.unit_price, l.price_per_quantity,
       l.line_discount_percent, l.line_discount_amount, l.vat_group, l.declared_vat_amount, l.qty_to_ship,
       l.qty_to_invoice
FROM document d JOIN document_line l ON l.document_id = d.id"""


def _records(kind: str, model: type[Table], *conditions: Any) -> Callable[[], tuple[Sequence[str], Iterable[Row]]]:
    """Master records by no. in the import format."""

    def read() -> tuple[Sequence[str], Iterable[Row]]:
        columns = _import_columns(kind)
        chosen = model.select(*(getattr(model, name) for name in columns)).order_by(model.no)  # type: ignore[attr-defined]
        for condition in conditions:
            chosen = chosen.where(condition)
        return columns, (tuple(map(_blocked_for_all, columns, row)) for row in chosen.tuples().iterator())

    return read


def _blocked_for_all(column: str, value: object) -> object:
    """Items and accounts, like parties, are shown as blocked for All or blank."""
    return ("All" if value else "") if column == "blocked" and isinstance(value, bool) else value


def _items() -> tuple[Sequence[str], Iterable[Row]]:
    """Items with the stock on hand as opening quantity, so that a new company starts with it."""
    columns = _import_columns("items")
    stock = {row.item_no: row.quantity for row in ItemStock.select().where(ItemStock.quantity > 0)}
    fields = [getattr(Item, name) for name in columns if name != "opening_quantity"]
    rows = Item.select(*fields).order_by(Item.no).tuples().iterator()
    names = [field.name for field in fields]
    return columns, ((*map(_blocked_for_all, names, row), stock.get(row[0])) for row in rows)


def _from_rows(
    read: Callable[[], Iterable[Mapping[str, Any]]], columns: Sequence[str] = ()
) -> Callable[[], tuple[Sequence[str], Iterable[Row]]]:
    """A list whose rows are dictionaries; `columns` are what an empty one is still headed with."""

    def read_all() -> tuple[Sequence[str], Iterable[Row]]:
        rows = iter(read())
        first = next(rows, None)
        if first is None:
            return columns, ()
        keys = tuple(first)

        def values() -> Iterator[Row]:
            yield tuple(first.values())
            for row in rows:
                yield tuple(row[key] for key in keys)

        return keys, values()

    return read_all


def _views(views: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Frozen views as dictionaries."""
    for view in views:
        yield {name: getattr(view, name) for name in _names(view)}


def _view_list(title: str, view: type[Any], read: Callable[[], Iterable[Any]]) -> Listing:
    """A list of frozen views, its columns their fields."""
    return Listing(title, _from_rows(lambda: _views(read()), _names(view)))


def _posted_lines() -> Iterator[dict[str, Any]]:
    for document in reading.posted_documents():
        for line in document["lines"]:
            yield {key: document[key] for key in ("area", "kind", "no")} | {
                f"line_{key}" if key in ("no", "type") else key: value for key, value in line.items()
            }


def _posted_documents() -> Iterator[dict[str, Any]]:
    for document in reading.posted_documents():
        yield {key: value for key, value in document.items() if key not in ("lines", "vat")}


def _setup() -> Iterator[dict[str, Any]]:
    for field in setups.list_fields():
        yield {"key": field.key, "window": field.window, "caption": field.caption, "value": field.value}


def _ledger(name: str) -> Callable[[], Iterable[Mapping[str, Any]]]:
    return lambda: reading.ledger(name)


def _master(slug: str) -> Callable[[], Iterable[Mapping[str, Any]]]:
    return lambda: masters.list_records(slug)


_IN_IMPORT_FORMAT = {
    "documents": Listing("Documents", _documents),
    "lines": Listing("Document Lines", _lines),
    "customers": Listing("Customers", _records("customers", Party, Party.area == Area.SALES)),
    "vendors": Listing("Vendors", _records("vendors", Party, Party.area == Area.PURCHASE)),
    "items": Listing("Items", _items),
    "gl_accounts": Listing("G/L Accounts", _records("gl_accounts", GlAccount)),
    "charges": Listing("Charges", _records("charges", Charge)),
}

KINDS: dict[str, Listing] = {
    **_IN_IMPORT_FORMAT,
    "document-list": _view_list("Documents with their standing", DocumentView, list_documents),
    "posted": Listing("Posted Documents", _from_rows(_posted_documents)),
    "posted-lines": Listing("Posted Document Lines", _from_rows(_posted_lines)),
    **{
        name: Listing(ledger.title, _from_rows(_ledger(name), tuple(ledger.columns)))
        for name, ledger in reading.LEDGERS.items()
    },
    "queue": _view_list("Job Queues", QueueView, queues.list_queues),
    "category": _view_list("Job Queue Categories", CategoryView, categories.list_categories),
    "entry": _view_list("Job Queue Entries", EntryView, entry_views.list_entries),
    "log": _view_list("Job Queue Log Entries", LogView, log.list_log),
    "batch": _view_list("Batches", BatchView, batches.list_batches),
    "setup": Listing("Setup", _from_rows(_setup)),
    "user": _view_list("User Setup", users.UserView, users.list_users),
    "changelog": Listing("Change Log Entries", _from_rows(reading.change_log)),
    **{
        slug: Listing(kind.title, _from_rows(_master(slug)))
        for slug, kind in masters.KINDS.items()
        if slug not in ("customer", "vendor", "item", "gl-account", "charge")
    },
}
"""Every list by the name under which it is exported. The first seven are in the import format."""
