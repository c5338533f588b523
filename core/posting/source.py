"""A document as its posting reads it: header with its party, lines with their items, in two statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from postroom.core.errors import NotFound
from postroom.core.kinds import Area, DocumentType, LineType
from postroom.core.money import FACTOR_SCALE, ZERO, from_units
from postroom.core.statements import answer, asked, pipelined


@dataclass(frozen=True, slots=True)
class SourceParty:
    """What the posting needs of the customer or vendor."""

    name: str
    general_business_group: str
    vat_business_group: str
    posting_group: str
    blocked: str


@dataclass(frozen=True, slots=True)
class SourceItem:
    """What the posting needs of a line's item."""

    general_product_group: str
    inventory_group: str
    prevent_negative: bool
    blocked: bool


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A document line; numbers as typed, `vat_group` the VAT product posting group.

    From `quantity_shipped` on: what earlier postings left, see `tables.trade.DocumentLine`.
    """

    line_no: int
    type: LineType
    no: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    price_per_quantity: Decimal
    line_discount_percent: Decimal
    line_discount_amount: Decimal
    vat_group: str
    declared_vat_amount: Decimal | None
    qty_to_ship: Decimal | None
    qty_to_invoice: Decimal | None
    item: SourceItem | None
    quantity_shipped: Decimal = ZERO
    quantity_invoiced: Decimal = ZERO
    counted_from: Decimal = ZERO
    discount_counted_from: Decimal = ZERO
    cost_counted_from: Decimal = ZERO
    goods_value: Decimal = ZERO
    goods_value_invoiced: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Source:
    """A document to post. `party` is None when the customer or vendor does not exist.

    From `invoice_discount_before` on: what earlier postings left, see `tables.trade.Document`. One that `cancels` what
    it corrects takes its figures from there (`posting.mirror`).
    """

    id: int
    version: int
    type: DocumentType
    no: str
    party_no: str
    party_name: str
    posting_date: date | None
    document_date: date | None
    due_date: date | None
    external_document_no: str
    vendor_document_no: str
    currency_code: str
    currency_factor: Decimal
    prices_including_vat: bool
    invoice_discount_amount: Decimal
    ship: bool
    invoice: bool
    corrects_no: str
    party: SourceParty | None
    lines: tuple[SourceLine, ...]
    invoice_discount_before: Decimal = ZERO
    invoice_discount_taken: Decimal = ZERO
    amount_taken: Decimal = ZERO
    cancels: bool = False

    @property
    def record(self) -> str:
        """How messages name it."""
        return f"{self.type.title} {self.no}"

    @property
    def area(self) -> Area:
        return self.type.area


_HEADER = """
SELECT d.id, d.version, d.type, d.no, d.party_no, d.party_name, d.posting_date, d.document_date, d.due_date,
       d.external_document_no, d.vendor_document_no, d.currency_code, d.currency_factor, d.prices_including_vat,
       d.invoice_discount_amount, d.ship, d.invoice, d.corrects_no,
       p.name, p.general_business_group, p.vat_business_group, p.posting_group, p.blocked,
       d.invoice_discount_before, d.invoice_discount_taken, d.amount_taken, d.cancels
FROM document d
LEFT JOIN party p ON p.no = d.party_no AND p.area = CASE WHEN d.type LIKE 'sales%' THEN 'sales' ELSE 'purchase' END
WHERE d.id"""

_LINES = """
SELECT l.document_id, l.line_no, l.type, l.no, l.description, l.quantity, l.unit_price, l.price_per_quantity,
       l.line_discount_percent, l.line_discount_amount, l.vat_group, l.declared_vat_amount, l.qty_to_ship,
       l.qty_to_invoice, i.general_product_group, i.inventory_group, i.prevent_negative, i.blocked,
       l.quantity_shipped, l.quantity_invoiced, l.counted_from, l.discount_counted_from, l.cost_counted_from,
       l.goods_value, l.goods_value_invoiced
FROM document_line l
LEFT JOIN item i ON i.no = l.no AND l.type = 'item'
WHERE l.document_id"""


def read(document_id: int) -> Source:
    """One document. Raises NotFound."""
    with pipelined():
        rows = ask([document_id])
    return one_of(rows)


def one_of(rows: Asked) -> Source:
    """The one document that was asked for. Raises NotFound."""
    found = _read(rows)
    if not found:
        raise gone()
    return found[0]


def gone() -> NotFound:
    """The error for a document that was posted or deleted, perhaps between two readings of it."""
    return NotFound(
        "The document is no longer there.", code="document_gone", hint="It may have been posted or deleted meanwhile."
    )


def read_many(document_ids: list[int]) -> list[Source]:
    """Several documents in the order of their ids; those that are gone are left out."""
    if not document_ids:
        return []
    with pipelined():
        rows = ask(document_ids)
    return _read(rows)


Asked = tuple[Any, Any]
"""Of the lines and the headers of documents."""


def ask(document_ids: list[int]) -> Asked:
    """Ask for documents, in a pipeline that may be open. The lines first: whoever changes them raises the version."""
    chosen = f" IN ({', '.join('?' * len(document_ids))})"
    return (
        asked(f"{_LINES}{chosen} ORDER BY l.document_id, l.line_no", document_ids),
        asked(f"{_HEADER}{chosen} ORDER BY d.id", document_ids),
    )


def _read(rows: Asked) -> list[Source]:
    line_rows, header_rows = rows
    lines: dict[int, list[SourceLine]] = {}
    for row in answer(line_rows):
        lines.setdefault(row[0], []).append(
            SourceLine(
                row[1],
                LineType(row[2]),
                row[3],
                row[4],
                from_units(row[5]),
                from_units(row[6]),
                from_units(row[7]),
                from_units(row[8]),
                from_units(row[9]),
                row[10],
                None if row[11] is None else from_units(row[11]),
                None if row[12] is None else from_units(row[12]),
                None if row[13] is None else from_units(row[13]),
                None if row[14] is None else SourceItem(row[14], row[15], bool(row[16]), bool(row[17])),
                *_moved(row[18:25]),
            )
        )
    return [
        Source(
            row[0],
            row[1],
            DocumentType(row[2]),
            row[3],
            row[4],
            row[5],
            as_date(row[6]),
            as_date(row[7]),
            as_date(row[8]),
            row[9],
            row[10],
            row[11],
            from_units(row[12], FACTOR_SCALE),
            bool(row[13]),
            from_units(row[14]),
            bool(row[15]),
            bool(row[16]),
            row[17],
            None if row[18] is None else SourceParty(*row[18:23]),
            tuple(lines.get(row[0], ())),
            from_units(row[23]),
            from_units(row[24]),
            from_units(row[25]),
            bool(row[26]),
        )
        for row in answer(header_rows)
    ]


_NOTHING = (ZERO,) * 7


def _moved(stored: tuple[int, ...]) -> tuple[Decimal, ...]:
    """What earlier postings left of a line; most lines have none, and are not converted for nothing."""
    return tuple(from_units(value) for value in stored) if any(stored) else _NOTHING


def as_date(stored: date | str | None) -> date | None:
    """A stored date, which SQLite gives as text."""
    return date.fromisoformat(stored) if isinstance(stored, str) else stored
