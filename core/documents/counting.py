"""Where the counts of a partly posted order begin anew, so that a changed price, discount or quantity holds for what is
left (behaviour 13, *Partial*); `posting.parts` counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from postroom.core.documents.fields import record
from postroom.core.errors import Refused
from postroom.core.money import write
from postroom.core.tables.trade import Document, DocumentLine

TERMS = ("quantity", "unit_price", "price_per_quantity", "line_discount_percent", "line_discount_amount")
"""The fields of a line from which its amounts are counted."""


def terms_of(line: DocumentLine) -> tuple[Decimal, ...]:
    """What a line's amounts are counted from, to see whether it has changed."""
    return tuple(getattr(line, name) for name in TERMS)


def begin_line(line: DocumentLine) -> None:
    """Count the amounts of a line anew from what is invoiced, its cost from what is received; the caller saves it."""
    line.counted_from = line.quantity_invoiced
    line.cost_counted_from = line.quantity_shipped


def begin_discount(document: Document) -> None:
    """Spread what is left of the invoice discount over what is left of the lines; the caller saves the header.

    Costs bear it as well, so theirs begin anew too.
    """
    if not (document.invoice_discount_amount or document.invoice_discount_taken):
        return
    document.invoice_discount_before = document.invoice_discount_taken
    DocumentLine.update(
        discount_counted_from=DocumentLine.quantity_invoiced, cost_counted_from=DocumentLine.quantity_shipped
    ).where(DocumentLine.document == document.id).execute()


def header_changed(document: Document, before: Mapping[str, Any]) -> None:
    """Begin anew what a change of the header concerns, in the caller's transaction; the caller saves the header.

    `before` holds the fields as they were. Raises Refused for an invoice discount of which more is invoiced already.
    """
    if document.currency_factor != before["currency_factor"]:
        document.amount_taken = Decimal(0)
    if document.invoice_discount_amount == before["invoice_discount_amount"]:
        return
    taken, discount = document.invoice_discount_taken, document.invoice_discount_amount
    if taken and (discount * taken < 0 or abs(discount) < abs(taken)):
        raise Refused(
            f"{write(taken)} of the invoice discount is already invoiced.",
            code="discount_invoiced",
            record=record(document),
            field="invoice_discount_amount",
            value=write(discount),
            hint=f"It must be at least {write(taken)}.",
        )
    begin_discount(document)


def refuse_finished(document: Document, lines: Sequence[DocumentLine]) -> None:
    """Raise Refused for a change after which all of an order is invoiced: such an order goes by being posted."""
    if any(line.quantity_invoiced for line in lines) and all(line.quantity == line.quantity_invoiced for line in lines):
        raise Refused(
            "Nothing would be left: all of it is invoiced.",
            code="nothing_left",
            record=record(document),
            field="lines",
            hint="Delete the order instead; what was posted of it stays.",
        )
