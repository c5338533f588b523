"""What is left of an order that was posted in part: what its invoices take of its goods' cost, and its lines anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from postroom.core.kinds import Area, JobQueueStatus
from postroom.core.money import EXACT, ZERO, round_to, to_units
from postroom.core.posting import amounts
from postroom.core.posting.check import Computed
from postroom.core.posting.source import SourceLine
from postroom.core.posting.stock import Movement
from postroom.core.statements import execute


def invoiced_goods(computed: Computed, movements: Mapping[int, Movement]) -> dict[int, Decimal]:
    """What the goods that a posting invoices cost when they moved, in LCY, + into stock, by line no.

    Purchases: value received x quantity invoiced / quantity received, cumulative (behaviour 13). Sales: their share of
    what is shipped and not invoiced.
    """
    if computed.step.is_whole:
        return {line_no: moved.cost for line_no, moved in movements.items()}
    step, precision = computed.step, computed.setup.precision
    taken = {}
    for line, to_ship, to_invoice in zip(computed.document.lines, step.ship, step.invoice, strict=True):
        if not to_invoice:
            continue
        value = line.goods_value + _cost(movements, line)
        moved, invoiced = line.quantity_shipped + to_ship, line.quantity_invoiced + to_invoice
        if moved == invoiced:
            taken[line.line_no] = value - line.goods_value_invoiced
        elif computed.document.area is Area.PURCHASE:
            so_far = round_to(EXACT.divide(EXACT.multiply(value, invoiced), moved), precision)
            taken[line.line_no] = so_far - line.goods_value_invoiced
        else:
            left, pieces = value - line.goods_value_invoiced, moved - line.quantity_invoiced
            taken[line.line_no] = round_to(EXACT.divide(EXACT.multiply(left, to_invoice), pieces), precision)
    return taken


def keep(computed: Computed, movements: Mapping[int, Movement], goods: Mapping[int, Decimal]) -> None:
    """Write to document and lines what was posted of them; what is to be posted next defaults anew.

    A declared VAT was that of the vendor's document now posted, as its number was: the next invoice has its own.
    """
    document, step, worth = computed.document, computed.step, computed.amounts
    execute(
        "UPDATE document_line SET qty_to_ship = NULL, qty_to_invoice = NULL"
        " WHERE document_id = ? AND (qty_to_ship IS NOT NULL OR qty_to_invoice IS NOT NULL)",
        (document.id,),
    )
    for line, to_ship, to_invoice in zip(document.lines, step.ship, step.invoice, strict=True):
        if to_ship or to_invoice:
            execute(
                "UPDATE document_line SET quantity_shipped = ?, quantity_invoiced = ?, goods_value = ?,"
                " goods_value_invoiced = ?, declared_vat_amount = CASE WHEN ? THEN NULL ELSE declared_vat_amount END"
                " WHERE document_id = ? AND line_no = ?",
                (
                    to_units(line.quantity_shipped + to_ship),
                    to_units(line.quantity_invoiced + to_invoice),
                    to_units(line.goods_value + _cost(movements, line)),
                    to_units(line.goods_value_invoiced + goods.get(line.line_no, ZERO)),
                    bool(to_invoice),
                    *(document.id, line.line_no),
                ),
            )
    taken = worth.gross if document.prices_including_vat else worth.net
    totals = _totals(computed)
    execute(
        "UPDATE document SET version = version + 1, job_queue_status = ?, vendor_document_no = ?,"
        " invoice_discount_taken = ?, amount_taken = ?, amount = ?, vat_amount = ?, amount_including_vat = ?"
        " WHERE id = ?",
        (
            JobQueueStatus.BLANK.value,
            "" if step.invoices else document.vendor_document_no,
            to_units(document.invoice_discount_taken + sum(worth.invoice_discounts, ZERO)),
            to_units(document.amount_taken + taken),
            *(to_units(total) for total in (totals.net, totals.vat, totals.gross)),
            document.id,
        ),
    )


def _cost(movements: Mapping[int, Movement], line: SourceLine) -> Decimal:
    moved = movements.get(line.line_no)
    return moved.cost if moved is not None else ZERO


def _totals(computed: Computed) -> amounts.Amounts:
    """The amounts of the whole order without the VAT that was declared for what is invoiced now."""
    document = computed.document
    lines = tuple(
        replace(line, declared_vat_amount=None) if to_invoice else line
        for line, to_invoice in zip(document.lines, computed.step.invoice, strict=True)
    )
    return amounts.compute(replace(document, lines=lines), computed.setup)
