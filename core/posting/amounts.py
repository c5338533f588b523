"""What a document is worth: line amounts, discounts, VAT per group, and all of it in LCY (spec: behaviour 13).

Amounts are positive on the document's face, rounded to its currency's precision, half away from zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from postroom.core import posting_setup
from postroom.core.kinds import LineType, VatType
from postroom.core.money import EXACT, ONE, ZERO, round_to, spread
from postroom.core.posting import source
from postroom.core.posting.source import Source, SourceLine
from postroom.core.posting_setup import PostingSetup, VatPair
from postroom.core.statements import in_parts

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """One line. `line_amount` is as typed, before the invoice discount; all others are without VAT, but `vat`.

    `net` is what remains after both discounts; `net_lcy` and the discounts in LCY add up to the undiscounted revenue.
    """

    line: SourceLine
    line_amount: Decimal
    net: Decimal
    vat: Decimal
    line_discount: Decimal
    invoice_discount: Decimal
    net_lcy: Decimal
    line_discount_lcy: Decimal
    invoice_discount_lcy: Decimal


@dataclass(frozen=True, slots=True)
class VatGroup:
    """The VAT of one pair on one document. `reverse_vat_lcy` is what a reverse-charge purchase owes and claims.

    `computed` is the VAT before a declared amount replaced it.
    """

    product_group: str
    pair: VatPair
    base: Decimal
    vat: Decimal
    computed: Decimal
    base_lcy: Decimal
    vat_lcy: Decimal
    reverse_vat_lcy: Decimal


@dataclass(frozen=True, slots=True)
class Amounts:
    """A whole document: lines in their order (comments included, worth nothing) and VAT groups by first use."""

    lines: tuple[LineAmounts, ...]
    groups: tuple[VatGroup, ...]
    net: Decimal
    vat: Decimal
    gross: Decimal
    net_lcy: Decimal
    gross_lcy: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What a document's list shows."""

    amount: Decimal
    vat_amount: Decimal
    amount_including_vat: Decimal


_NO_VAT = VatPair(VatType.EXEMPT, ZERO, "", "", "")


def compute(document: Source, setup: PostingSetup) -> Amounts:
    """All amounts of a document, invoiced whole. A VAT pair that is not set up counts as exempt (a check names it)."""
    step = setup.precision_of(document.currency_code)
    typed = [_line_amount(line, step) for line in document.lines]
    weights = [
        ZERO if line.type is LineType.COMMENT else amount for line, amount in zip(document.lines, typed, strict=True)
    ]
    shares = _invoice_discount(document, weights, step)
    business = document.party.vat_business_group if document.party else ""
    rows: dict[str, list[int]] = {}
    for index, line in enumerate(document.lines):
        if line.type is not LineType.COMMENT:
            rows.setdefault(line.vat_group, []).append(index)
    nets, vats, rates = [ZERO] * len(typed), [ZERO] * len(typed), [ZERO] * len(typed)
    drafts: list[tuple[str, VatPair, list[int], Decimal, Decimal, Decimal]] = []
    for group, members in rows.items():
        pair = setup.vat.get((business, group), _NO_VAT)
        rate = EXACT.divide(pair.document_rate, HUNDRED)
        amounts = [typed[index] - shares[index] for index in members]
        base, computed = _base_and_vat(sum(amounts, ZERO), rate, document.prices_including_vat, step)
        vat = _declared([document.lines[index] for index in members], computed)
        if document.prices_including_vat:
            base += computed - vat
            parts = spread(base, amounts, step)
            vat_parts = [amount - part for amount, part in zip(amounts, parts, strict=True)]
        else:
            parts, vat_parts = amounts, spread(vat, amounts, step)
        for index, part, vat_part in zip(members, parts, vat_parts, strict=True):
            nets[index], vats[index], rates[index] = part, vat_part, rate
        drafts.append((group, pair, members, base, vat, computed))
    return _in_lcy(document, setup, typed, shares, nets, vats, rates, drafts)


def _line_amount(line: SourceLine, step: Decimal) -> Decimal:
    if line.type is LineType.COMMENT:
        return ZERO
    full = _full_amount(line)
    percent = EXACT.divide(line.line_discount_percent, HUNDRED)
    return round_to(EXACT.multiply(full, ONE - percent) - line.line_discount_amount, step)


def _full_amount(line: SourceLine) -> Decimal:
    return EXACT.divide(EXACT.multiply(line.quantity, line.unit_price), line.price_per_quantity or ONE)


def _invoice_discount(document: Source, weights: Sequence[Decimal], step: Decimal) -> list[Decimal]:
    if not document.invoice_discount_amount:
        return [ZERO] * len(weights)
    return spread(document.invoice_discount_amount, weights, step)


def _base_and_vat(amount: Decimal, rate: Decimal, including_vat: bool, step: Decimal) -> tuple[Decimal, Decimal]:
    """Base and VAT of a group's amounts: VAT = round(base x rate), or base = round(gross / (1 + rate))."""
    if including_vat:
        base = round_to(EXACT.divide(amount, ONE + rate), step)
        return base, amount - base
    return amount, round_to(EXACT.multiply(amount, rate), step)


def _declared(lines: Sequence[SourceLine], computed: Decimal) -> Decimal:
    """The VAT that the vendor's own document declares for a group, where any of its lines does."""
    declared = [line.declared_vat_amount for line in lines if line.declared_vat_amount is not None]
    return sum(declared, ZERO) if declared else computed


def _in_lcy(
    document: Source,
    setup: PostingSetup,
    typed: Sequence[Decimal],
    shares: Sequence[Decimal],
    nets: Sequence[Decimal],
    vats: Sequence[Decimal],
    rates: Sequence[Decimal],
    drafts: Sequence[tuple[str, VatPair, list[int], Decimal, Decimal, Decimal]],
) -> Amounts:
    step, lcy_step = setup.precision_of(document.currency_code), setup.precision
    factor = document.currency_factor if document.currency_code else ONE
    same = factor == ONE and step == lcy_step

    def to_lcy(amount: Decimal) -> Decimal:
        return amount if same else round_to(EXACT.multiply(amount, factor), lcy_step)

    parts = [*nets, *(draft[4] for draft in drafts)]
    in_lcy = parts if same else _carried(parts, factor, lcy_step)
    nets_lcy, vats_lcy = in_lcy[: len(nets)], in_lcy[len(nets) :]
    lines = []
    for index, line in enumerate(document.lines):
        line_discount, invoice_discount = ZERO, shares[index]
        if line.type is not LineType.COMMENT:
            line_discount = round_to(_full_amount(line), step) - typed[index]
            if document.prices_including_vat and rates[index]:
                line_discount = round_to(EXACT.divide(line_discount, ONE + rates[index]), step)
                invoice_discount = round_to(EXACT.divide(invoice_discount, ONE + rates[index]), step)
        lines.append(
            LineAmounts(
                line,
                typed[index],
                nets[index],
                vats[index],
                line_discount,
                invoice_discount,
                nets_lcy[index],
                to_lcy(line_discount),
                to_lcy(invoice_discount),
            )
        )
    groups = []
    for (group, pair, members, base, vat, computed), vat_lcy in zip(drafts, vats_lcy, strict=True):
        base_lcy = sum((nets_lcy[index] for index in members), ZERO)
        reverse = round_to(EXACT.divide(EXACT.multiply(base_lcy, pair.rate), HUNDRED), lcy_step)
        groups.append(VatGroup(group, pair, base, vat, computed, base_lcy, vat_lcy, reverse))
    net, vat = sum(nets, ZERO), sum((draft[4] for draft in drafts), ZERO)
    net_lcy = sum(nets_lcy, ZERO)
    return Amounts(tuple(lines), tuple(groups), net, vat, net + vat, net_lcy, net_lcy + sum(vats_lcy, ZERO))


def _carried(amounts: Sequence[Decimal], factor: Decimal, step: Decimal) -> list[Decimal]:
    """Amounts in LCY, each the rounded sum so far less what those before it took, so that the total is exact."""
    parts, so_far, given = [], ZERO, ZERO
    for amount in amounts:
        so_far += amount
        part = round_to(EXACT.multiply(so_far, factor), step) - given
        given += part
        parts.append(part)
    return parts


def totals_of(document_ids: Sequence[int]) -> Mapping[int, Totals]:
    """The totals of documents by id, for their lists; those that are gone are left out."""
    setup = posting_setup.current()
    totals = {}
    for part in in_parts(document_ids, 1000):
        for document in source.read_many(part):
            amounts = compute(document, setup)
            totals[document.id] = Totals(amounts.net, amounts.vat, amounts.gross)
    return totals
