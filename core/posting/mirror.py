"""The posted document that another one cancels, as what cancelling it posts: the same figures, their sign turned.

Nothing is computed anew. So an account, a customer, a VAT group stand afterwards as they stood before, whatever became
of rates, precisions, accounts and posting groups meanwhile (behaviour 10, *Undo*).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from postroom.core.kinds import CORRECTED, Area, LineType, VatType
from postroom.core.money import ZERO, from_units
from postroom.core.posting.amounts import Amounts, LineAmounts, VatGroup
from postroom.core.posting.source import Source
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
    gl = query(
        f"SELECT account_no, SUM(amount) FROM gl_entry {_OF_DOCUMENT} GROUP BY account_no ORDER BY MIN(entry_no)", entry
    )
    lines = query(
        "SELECT line_no, vat_account, cost_amount, vat_business_group, vat_type, vat_rate FROM posted_line"
        " WHERE posted_document_id = ?",
        (posted_id,),
    )
    return Mirror(
        tuple((account, -from_units(int(total))) for account, total in gl),
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


def amounts(document: Source) -> Amounts:
    """What a document that cancels another is worth: what that one was, on its face as positive."""
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
    for line in document.lines:
        group, type_, rate, *units = posted[line.line_no]
        net, vat, line_discount, invoice_discount, net_lcy = (from_units(value) for value in units)
        typed = net + invoice_discount + (vat if document.prices_including_vat else ZERO)
        lines.append(LineAmounts(line, typed, net, vat, line_discount, invoice_discount, net_lcy, ZERO, ZERO))
        if line.type is not LineType.COMMENT:
            so_far = groups.get(group) or _no_vat(group, VatType(type_), from_units(rate))
            groups[group] = replace(
                so_far,
                base=so_far.base + net,
                vat=so_far.vat + vat,
                computed=so_far.computed + vat,
                base_lcy=so_far.base_lcy + net_lcy,
            )
    debit = 1 if (document.area is Area.SALES) == document.type.is_return else -1
    for one in _vat_entries(entry):
        group = groups[one.product_group]
        if one.type is VatType.REVERSE_CHARGE and document.area is Area.PURCHASE:
            groups[one.product_group] = replace(group, reverse_vat_lcy=abs(one.amount))
        else:
            groups[one.product_group] = replace(group, vat_lcy=group.vat_lcy + debit * one.amount)
    net, vat = sum((line.net for line in lines), ZERO), sum((line.vat for line in lines), ZERO)
    net_lcy = sum((line.net_lcy for line in lines), ZERO)
    vat_lcy = sum((group.vat_lcy for group in groups.values()), ZERO)
    discounts = [line.invoice_discount for line in lines]
    return Amounts(tuple(lines), tuple(groups.values()), net, vat, net + vat, net_lcy, net_lcy + vat_lcy, discounts)


def _no_vat(group: str, type_: VatType, rate: Decimal) -> VatGroup:
    return VatGroup(group, VatPair(type_, rate, "", "", ""), ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)
