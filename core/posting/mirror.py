"""The posted document that another one cancels, as what cancelling it posts: the same figures, their sign turned.

Nothing is computed anew. So an account, a customer, a VAT group stand afterwards as they stood before, whatever became
of rates, precisions, accounts and posting groups meanwhile (behaviour 10, *Undo*).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from postroom.core.kinds import CORRECTED, LineType, VatType
from postroom.core.money import EXACT, ONE, ZERO, from_units, round_to
from postroom.core.posting import parts
from postroom.core.posting.amounts import Amounts, LineAmounts, VatGroup
from postroom.core.posting.source import Source, SourceLine
from postroom.core.posting_setup import VatPair
from postroom.core.statements import query


@dataclass(frozen=True, slots=True)
class PartyMirror:
    """The party's ledger entry to post; `amount` in the document's currency, `amount_lcy` in LCY, debit positive."""

    account_no: str
    amount: Decimal
    amount_lcy: Decimal


@dataclass(frozen=True, slots=True)
class VatMirror:
    """A VAT entry to post; base and amount in LCY, debit positive."""

    business_group: str
    product_group: str
    type: VatType
    rate: Decimal
    base: Decimal
    amount: Decimal
    account_no: str


@dataclass(frozen=True, slots=True)
class LineMirror:
    """What a posted line has that its document's line does not say. `cost` of its goods is in LCY, usually positive."""

    business_group: str
    vat_type: VatType
    vat_rate: Decimal
    vat_account: str
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Mirror:
    """What cancelling a posted document posts: to G/L accounts in LCY, to its party, to VAT; and its lines by no."""

    gl: tuple[tuple[str, Decimal], ...]
    party: PartyMirror
    vat: tuple[VatMirror, ...]
    lines: Mapping[int, LineMirror]


def read(document: Source) -> Mirror:
    """The mirror of the posted invoice or credit memo that a document cancels; it exists, for it never goes."""
    posted_id, entry = _place(document)
    ((account_no, amount, amount_lcy),) = query(
        f"SELECT account_no, amount, amount_lcy FROM party_ledger_entry {_OF_DOCUMENT}", entry
    )
    gl = query(f"SELECT account_no, amount FROM gl_entry {_OF_DOCUMENT} ORDER BY entry_no", entry)
    lines = query(
        "SELECT line_no, vat_account, cost_amount, vat_business_group, vat_type, vat_rate FROM posted_line"
        " WHERE posted_document_id = ?",
        (posted_id,),
    )
    return Mirror(
        tuple((account, -from_units(amount)) for account, amount in gl),
        PartyMirror(account_no, -from_units(amount), -from_units(amount_lcy)),
        tuple(_vat_entries(entry)),
        {
            line_no: LineMirror(business, VatType(type_), from_units(rate), account, from_units(cost))
            for line_no, account, cost, business, type_, rate in lines
        },
    )


_OF_DOCUMENT = "WHERE register_no = ? AND document_kind = ? AND document_no = ?"


def _place(document: Source) -> tuple[int, tuple[int, str, str]]:
    """The id of the cancelled document, and how its ledger entries name it."""
    kind = CORRECTED[document.type.money_kind].value
    ((posted_id, register_no),) = query(
        "SELECT id, register_no FROM posted_document WHERE area = ? AND kind = ? AND no = ?",
        (document.area.value, kind, document.corrects_no),
    )
    return posted_id, (register_no, kind, document.corrects_no)


def _vat_entries(entry: tuple[int, str, str]) -> Iterator[VatMirror]:
    for business, product, type_, rate, base, amount, account in query(
        "SELECT vat_business_group, vat_product_group, type, rate, base, amount, account_no"
        f" FROM vat_entry {_OF_DOCUMENT} ORDER BY entry_no",
        entry,
    ):
        yield VatMirror(
            business, product, VatType(type_), from_units(rate), -from_units(base), -from_units(amount), account
        )


def amounts(document: Source, step: Decimal) -> Amounts:
    """What a document that cancels another is worth: what that one was, on its face as positive.

    Its VAT groups tell type and rate alone, which its lines show: what is posted to VAT stands in its `Mirror`. `step`
    is its currency's precision.
    """
    posted_id, entry = _place(document)
    posted = {
        row[0]: row[1:]
        for row in query(
            "SELECT line_no, vat_product_group, vat_type, vat_rate, amount, vat_amount, line_discount_amount,"
            " invoice_discount_amount, amount_lcy FROM posted_line WHERE posted_document_id = ?",
            (posted_id,),
        )
    }
    lines, groups = [], dict[str, VatGroup]()
    for line, whole in zip(document.lines, parts.whole(document, step).amounts, strict=True):
        group, type_, rate, *units = posted[line.line_no]
        net, vat, line_discount, invoice_discount, net_lcy = (from_units(value) for value in units)
        typed = net + invoice_discount
        if document.prices_including_vat:
            percent = _pair(group, VatType(type_), from_units(rate)).pair.document_rate
            typed = _as_typed(line, whole, net + vat, line_discount, invoice_discount, percent, step)
        lines.append(LineAmounts(line, typed, net, vat, line_discount, invoice_discount, net_lcy, ZERO, ZERO))
        if line.type is not LineType.COMMENT:
            groups.setdefault(group, _pair(group, VatType(type_), from_units(rate)))
    net, vat = sum((line.net for line in lines), ZERO), sum((line.vat for line in lines), ZERO)
    net_lcy = sum((line.net_lcy for line in lines), ZERO)
    ((owed_lcy,),) = query(f"SELECT amount_lcy FROM party_ledger_entry {_OF_DOCUMENT}", entry)
    discounts = [line.line_amount - line.net - (line.vat if document.prices_including_vat else ZERO) for line in lines]
    return Amounts(
        tuple(lines), tuple(groups.values()), net, vat, net + vat, net_lcy, abs(from_units(owed_lcy)), discounts
    )


def _as_typed(
    line: SourceLine,
    whole: Decimal,
    gross: Decimal,
    line_discount: Decimal,
    invoice_discount: Decimal,
    percent: Decimal,
    step: Decimal,
) -> Decimal:
    """What a line whose price includes VAT came to before its invoice discount; a posted line tells that without VAT.

    Its quantity, price and line discount tell (`whole`), unless it was a part whose rounding stood off by more. Only a
    line discount that was an amount, beside a percentage or an invoice discount, may be shown a step or two off.
    """
    if not invoice_discount:
        return gross

    def with_vat(amount: Decimal) -> Decimal:
        return round_to(EXACT.multiply(amount, ONE + EXACT.divide(percent, parts.HUNDRED)), step)

    likely = gross + with_vat(invoice_discount)
    if line_discount and not line.line_discount_percent:
        whole += line.line_discount_amount - with_vat(line_discount)
    return whole if abs(whole - likely) <= 2 * step else likely


def _pair(group: str, type_: VatType, rate: Decimal) -> VatGroup:
    """What the lines of a VAT group were posted with."""
    return VatGroup(group, VatPair(type_, rate, "", "", ""), ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)
