"""What a posting takes of a document's lines before VAT: all of them, or the part that one invoice or receipt takes.

A part is cumulative: the rounded value of all that was taken so far, less what earlier parts took, so that the parts
add up to the whole to the cent. A changed price, discount or quantity begins the count anew (`documents.counting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from postroom.core.kinds import LineType
from postroom.core.money import EXACT, ONE, ZERO, round_to, spread
from postroom.core.posting.source import Source, SourceLine

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Taken:
    """By line, in the document's currency, as typed (with VAT where prices include it).

    `amounts` before the invoice discount; `line_discounts` is what stands between them and quantity x price.
    """

    amounts: list[Decimal]
    line_discounts: list[Decimal]
    invoice_discounts: list[Decimal]


def whole(document: Source, step: Decimal) -> Taken:
    """The whole document, as if nothing of it had been posted. `step` is its currency's precision."""
    amounts, line_discounts = [], []
    for line in document.lines:
        if line.type is LineType.COMMENT:
            amounts.append(ZERO)
            line_discounts.append(ZERO)
            continue
        full = _full(line, line.quantity)
        amount = round_to(_discounted(line, full, line.line_discount_amount), step)
        amounts.append(amount)
        line_discounts.append(round_to(full, step) - amount)
    return Taken(amounts, line_discounts, _spread(document.invoice_discount_amount, amounts, step))


def invoiced(document: Source, quantities: Sequence[Decimal], step: Decimal) -> Taken:
    """The part that an invoice over these quantities takes."""
    shares = discount_shares(document, step)
    amounts, line_discounts, invoice_discounts = [], [], []
    for line, quantity, share in zip(document.lines, quantities, shares, strict=True):
        before = line.quantity_invoiced - line.counted_from
        after = before + quantity
        amount = _amount(line, after, step) - _amount(line, before, step)
        full = round_to(_full(line, after), step) - round_to(_full(line, before), step)
        amounts.append(amount)
        line_discounts.append(full - amount)
        before = line.quantity_invoiced - line.discount_counted_from
        invoice_discounts.append(_discount(line, share, before + quantity, step) - _discount(line, share, before, step))
    return Taken(amounts, line_discounts, invoice_discounts)


def received(document: Source, quantities: Sequence[Decimal], step: Decimal) -> list[tuple[Decimal, Decimal]]:
    """What each line's goods come to after both discounts: with those of a receipt, and before it."""
    shares = discount_shares(document, step)
    found = []
    for line, quantity, share in zip(document.lines, quantities, shares, strict=True):
        before = line.quantity_shipped - line.cost_counted_from
        after, before = (
            _amount(line, pieces, step) - _discount(line, share, pieces, step) for pieces in (before + quantity, before)
        )
        found.append((after, before))
    return found


def discount_shares(document: Source, step: Decimal) -> list[Decimal]:
    """What each line bears of the invoice discount that is left since its count began."""
    left = document.invoice_discount_amount - document.invoice_discount_before
    return _spread(left, left_amounts(document, step), step)


def left_amounts(document: Source, step: Decimal) -> list[Decimal]:
    """What each line comes to that was not yet invoiced when the count of the invoice discount began."""
    return [_amount(line, line.quantity - line.discount_counted_from, step) for line in document.lines]


def _spread(discount: Decimal, amounts: Sequence[Decimal], step: Decimal) -> list[Decimal]:
    return spread(round_to(discount, step), amounts, step) if discount else [ZERO] * len(amounts)


def _full(line: SourceLine, quantity: Decimal) -> Decimal:
    """Quantity x price, before any discount, not rounded."""
    return EXACT.divide(EXACT.multiply(quantity, line.unit_price), line.price_per_quantity or ONE)


def _discounted(line: SourceLine, full: Decimal, line_discount_amount: Decimal) -> Decimal:
    percent = EXACT.divide(line.line_discount_percent, HUNDRED)
    return EXACT.multiply(full, ONE - percent) - line_discount_amount


def _amount(line: SourceLine, quantity: Decimal, step: Decimal) -> Decimal:
    """What a quantity of a line comes to; it bears its share of the line discount amount."""
    if not quantity or not line.quantity or line.type is LineType.COMMENT:
        return ZERO
    share = line.line_discount_amount
    if share and quantity != line.quantity:
        share = EXACT.divide(EXACT.multiply(share, quantity), line.quantity)
    return round_to(_discounted(line, _full(line, quantity), share), step)


def _discount(line: SourceLine, share: Decimal, quantity: Decimal, step: Decimal) -> Decimal:
    """What a quantity, counted since the invoice discount's count began, bears of the line's share."""
    counted = line.quantity - line.discount_counted_from
    if not share or not counted:
        return ZERO
    return round_to(EXACT.divide(EXACT.multiply(share, quantity), counted), step)
