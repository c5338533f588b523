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
from postroom.core.posting import parts, source
from postroom.core.posting.parts import HUNDRED, Taken
from postroom.core.posting.source import Source, SourceLine
from postroom.core.posting.steps import Step
from postroom.core.posting_setup import PostingSetup, VatPair
from postroom.core.statements import in_parts


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """One line. `line_amount` is as typed, before the invoice discount; all others are without VAT, but `vat`.

    Of a part, all are what its invoice takes. `net` is what remains after both discounts; `net_lcy` and the discounts
    in LCY add up to the undiscounted revenue.
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
    """A document: lines in their order (comments included, worth nothing) and VAT groups by first use.

    `invoice_discounts` are those of the lines as typed, with VAT where prices include it.
    """

    lines: tuple[LineAmounts, ...]
    groups: tuple[VatGroup, ...]
    net: Decimal
    vat: Decimal
    gross: Decimal
    net_lcy: Decimal
    gross_lcy: Decimal
    invoice_discounts: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Totals:
    """What a document's list shows."""

    amount: Decimal
    vat_amount: Decimal
    amount_including_vat: Decimal


NO_VAT = VatPair(VatType.EXEMPT, ZERO, "", "", "")


def compute(document: Source, setup: PostingSetup, part: Step | None = None) -> Amounts:
    """All amounts of a document invoiced whole, or of the `part` that a posting invoices.

    A VAT pair that is not set up counts as exempt (a check names it). What cancels a posted document is worth what that
    one was.
    """
    step = setup.precision_of(document.currency_code)
    if document.cancels:
        from postroom.core.posting import mirror  # imported late: it stands on what is computed here

        return mirror.amounts(document, step)
    if part is None or part.is_whole:
        part = None
        taken = parts.whole(document, step)
    else:
        taken = parts.invoiced(document, part.invoice, step)
    before = ZERO if part is None else document.amount_taken
    typed, shares = taken.amounts, taken.invoice_discounts
    business = document.party.vat_business_group if document.party else ""
    rows: dict[str, list[int]] = {}
    for index, line in enumerate(document.lines):
        if line.type is not LineType.COMMENT and (part is None or part.invoice[index]):
            rows.setdefault(line.vat_group, []).append(index)
    nets, vats, rates = [ZERO] * len(typed), [ZERO] * len(typed), [ZERO] * len(typed)
    drafts: list[tuple[str, VatPair, list[int], Decimal, Decimal, Decimal]] = []
    for group, members in rows.items():
        pair = setup.vat.get((business, group), NO_VAT)
        rate = EXACT.divide(pair.document_rate, HUNDRED)
        amounts = [typed[index] - shares[index] for index in members]
        base, computed = _base_and_vat(sum(amounts, ZERO), rate, document.prices_including_vat, step)
        vat = _declared([document.lines[index] for index in members], computed)
        if document.prices_including_vat:
            base += computed - vat
            net_parts = spread(base, amounts, step)
            vat_parts = [amount - net for amount, net in zip(amounts, net_parts, strict=True)]
        else:
            net_parts, vat_parts = amounts, spread(vat, amounts, step)
        for index, net, vat_part in zip(members, net_parts, vat_parts, strict=True):
            nets[index], vats[index], rates[index] = net, vat_part, rate
        drafts.append((group, pair, members, base, vat, computed))
    return _in_lcy(document, setup, taken, before, nets, vats, rates, drafts)


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
    taken: Taken,
    before: Decimal,
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

    both = [*nets, *(draft[4] for draft in drafts)]
    in_lcy = both if same else _carried(both, factor, lcy_step)
    nets_lcy, vats_lcy = in_lcy[: len(nets)], in_lcy[len(nets) :]
    if before and not same:
        now = sum(both if document.prices_including_vat else nets, ZERO)
        remainder = to_lcy(before + now) - to_lcy(before) - to_lcy(now)
        _give_to_last(nets_lcy, nets, remainder)
    lines = []
    for index, line in enumerate(document.lines):
        line_discount, invoice_discount = taken.line_discounts[index], taken.invoice_discounts[index]
        if document.prices_including_vat:
            line_discount = round_to(EXACT.divide(line_discount, ONE + rates[index]), step)
            invoice_discount = round_to(EXACT.divide(invoice_discount, ONE + rates[index]), step)
        lines.append(
            LineAmounts(
                line,
                taken.amounts[index],
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
    gross_lcy = net_lcy + sum(vats_lcy, ZERO)
    return Amounts(
        tuple(lines), tuple(groups), net, vat, net + vat, net_lcy, gross_lcy, invoice_discounts=taken.invoice_discounts
    )


def _give_to_last(nets_lcy: list[Decimal], nets: Sequence[Decimal], remainder: Decimal) -> None:
    """Let the last line that is worth something take what rounding earlier invoices to LCY left."""
    last = max((index for index, net in enumerate(nets) if net), default=None)
    if last is not None:
        nets_lcy[last] += remainder


def _carried(amounts: Sequence[Decimal], factor: Decimal, step: Decimal) -> list[Decimal]:
    """Amounts in LCY, each the rounded sum so far less what those before it took, so that the total is exact."""
    carried, so_far, given = [], ZERO, ZERO
    for amount in amounts:
        so_far += amount
        part = round_to(EXACT.multiply(so_far, factor), step) - given
        given += part
        carried.append(part)
    return carried


def totals_of(document_ids: Sequence[int]) -> Mapping[int, Totals]:
    """The totals of documents by id, for their lists; those that are gone are left out."""
    setup = posting_setup.current()
    totals = {}
    for part in in_parts(document_ids, 1000):
        for document in source.read_many(part):
            amounts = compute(document, setup)
            totals[document.id] = Totals(amounts.net, amounts.vat, amounts.gross)
    return totals
