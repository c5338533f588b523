"""The checks of what a posting ships (receives) and invoices: something, and no more than there is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from postroom.core.errors import Problem
from postroom.core.money import write
from postroom.core.posting.source import Source, SourceLine


def nothing_to_post(document: Source) -> Problem:
    """The problem of a posting that would neither move nor invoice anything."""
    record = document.record
    lines = [line for line in document.lines if line.quantity]
    if not lines:
        message = "There is nothing to post: no line has a quantity."
        return Problem(
            "nothing_to_post", message, record, field="lines", hint="Add a line with a number and a quantity."
        )
    verb, done = ("Receive", "received") if document.type.receives else ("Ship", "shipped")
    if all(line.quantity == line.quantity_shipped for line in lines):
        message = f"There is nothing to post: everything is {done}, and nothing of it is to be invoiced."
        return Problem("nothing_to_post", message, record, field="invoice", hint="Invoice it.")
    if not any(line.quantity_shipped != line.quantity_invoiced for line in lines):
        message = f"There is nothing to post: nothing is to be {done}, and nothing {done} is to be invoiced."
        hint = f"{verb} it, and fill in Qty. to {verb} where it is 0."
        return Problem("nothing_to_post", message, record, field="ship", hint=hint)
    message = f"There is nothing to post: neither is anything to be {done} nor to be invoiced."
    hint = f"{verb} or invoice it; look at Qty. to {verb} and Qty. to Invoice of its lines."
    return Problem("nothing_to_post", message, record, field="lines", hint=hint)


def problems_with(document: Source, line: SourceLine, ship: Decimal, invoice: Decimal) -> Iterator[Problem]:
    """A line moves no more than is outstanding, and invoices no more than has moved."""
    verb, done = ("Receive", "received") if document.type.receives else ("Ship", "shipped")
    outstanding = line.quantity - line.quantity_shipped
    if _goes_beyond(ship, outstanding):
        yield Problem(
            "ship_more_than_outstanding",
            f"Qty. to {verb} is {write(ship)}, but {write(outstanding)} of {write(line.quantity)} is outstanding.",
            document.record,
            line.line_no,
            "qty_to_ship",
            write(ship),
            f"Enter {write(outstanding)} at most, or raise the quantity.",
        )
    moved = line.quantity_shipped + ship - line.quantity_invoiced
    if _goes_beyond(invoice, moved):
        yield Problem(
            f"invoice_more_than_{done}",
            f"Qty. to Invoice is {write(invoice)}, but only {write(moved)} is {done} and not invoiced.",
            document.record,
            line.line_no,
            "qty_to_invoice",
            write(invoice),
            f"{verb} it first or with it, or lower Qty. to Invoice to {write(moved)}.",
        )


def _goes_beyond(wanted: Decimal, most: Decimal) -> bool:
    """Whether a quantity is more than there is, or goes the other way."""
    return bool(wanted) and (wanted * most <= 0 or abs(wanted) > abs(most))
