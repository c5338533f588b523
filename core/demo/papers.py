"""The documents of the demo company: ordinary ones by rule, and those that fail in posting, each for its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from postroom.core.demo.trade import CURRENCIES, CUSTOMERS, ITEMS, ORDINARY_ITEMS, VENDORS, DemoItem, DemoParty
from postroom.core.kinds import Area, Blocked, DocumentType, LineType
from postroom.core.money import EXACT, ONE, ZERO, round_to

WORK_DATE = date(2026, 11, 20)
_RATES = {"VAT25": Decimal(25), "VAT10": Decimal(10), "VAT0": ZERO, "PRINTED": Decimal(10)}
_FACTORS = {code: Decimal(factor) for code, _, _, factor in CURRENCIES}
_STEPS = {code: Decimal(step) for code, _, step, _ in CURRENCIES}
_ITEMS = {item.no: item for item in ITEMS}
_PARTIES = {party.no: party for party in (*CUSTOMERS, *VENDORS)}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a demo document, in its document's currency."""

    type: LineType
    no: str = ""
    description: str = ""
    quantity: Decimal = ZERO
    unit_price: Decimal = ZERO
    vat_group: str = ""
    price_per_quantity: Decimal = ONE
    line_discount_percent: Decimal = ZERO
    line_discount_amount: Decimal = ZERO
    declared_vat_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A demo document; `fails_with` is the code of the one error that its posting ends in, blank if it posts."""

    type: DocumentType
    party: DemoParty
    lines: tuple[Line, ...]
    days_ago: int = 0
    external_no: str = ""
    prices_including_vat: bool = False
    invoice_discount: Decimal = ZERO
    corrects_no: str = ""
    fails_with: str = ""
    posting_date: date = field(default=WORK_DATE)


_COUNTS = {
    DocumentType.SALES_ORDER: 15,
    DocumentType.SALES_INVOICE: 18,
    DocumentType.SALES_RETURN_ORDER: 4,
    DocumentType.SALES_CREDIT_MEMO: 5,
    DocumentType.PURCHASE_ORDER: 10,
    DocumentType.PURCHASE_INVOICE: 10,
    DocumentType.PURCHASE_RETURN_ORDER: 3,
    DocumentType.PURCHASE_CREDIT_MEMO: 3,
}
"""How many ordinary documents there are of each type."""

_EXPENSES = (
    ("8100", "Rent of the warehouse", "950"),
    ("8400", "Telephone", "84.20"),
    ("8500", "Electricity", "312.75"),
)
_COMMENTS = ("Deliver to the back door, please.", "As agreed by telephone.", "Packed in wood wool [fragile].")


def papers() -> Iterator[Paper]:
    """All documents, type by type; the failing ones stand among the ordinary ones of their type."""
    failing = list(_failing())
    for kind, count in _COUNTS.items():
        mine = [paper for paper in failing if paper.type is kind]
        for index in range(count):
            yield _ordinary(kind, index)
            if index % 3 == 1 and mine:
                yield mine.pop(0)
        yield from mine


def _ordinary(kind: DocumentType, index: int) -> Paper:
    """The `index`-th ordinary document of a type: parties, items, quantities and terms go round at different paces."""
    parties = [party for party in (CUSTOMERS if kind.area is Area.SALES else VENDORS) if party.blocked is Blocked.NO]
    party = parties[(index * 5 + len(kind.value)) % len(parties)]
    includes_vat = kind.area is Area.SALES and party.group == "HOME" and index % 4 == 3
    lines = [
        _item_line(
            kind, party, ORDINARY_ITEMS[(index * 3 + line * 7) % len(ORDINARY_ITEMS)], index + line, includes_vat
        )
        for line in range(1 + index % 4)
    ]
    if index % 3 == 0 and not kind.is_return:
        charge = "FREIGHT" if kind.area is Area.SALES else "INFREIGHT"
        price = _priced(Decimal("14.90") + index, "VAT25", party, includes_vat)
        lines.append(Line(LineType.CHARGE, charge, "Freight", ONE, price, "VAT25"))
    if kind is DocumentType.PURCHASE_INVOICE and index % 3 == 1:
        account, text, amount = _EXPENSES[index % len(_EXPENSES)]
        lines.append(
            Line(LineType.GL_ACCOUNT, account, text, ONE, _priced(Decimal(amount), "VAT25", party, False), "VAT25")
        )
    if kind is DocumentType.SALES_INVOICE and index % 6 == 2:
        price = _priced(Decimal("45"), "VAT25", party, includes_vat)
        lines.append(Line(LineType.GL_ACCOUNT, "6300", "Knife sharpening, hours", Decimal("1.5"), price, "VAT25"))
    if index % 4 == 2:
        lines.append(Line(LineType.COMMENT, description=_COMMENTS[index % len(_COMMENTS)]))
    return Paper(
        kind,
        party,
        tuple(lines),
        days_ago=(index * 11 + len(kind.value)) % 75,
        external_no=f"{party.no[1:]}-{_SHORT[kind]}{index + 1:03}",
        prices_including_vat=includes_vat,
        invoice_discount=_priced(Decimal("2.50"), "VAT0", party, False) if index % 5 == 4 else ZERO,
    )


_SHORT = {kind: "".join(word[0] for word in kind.value.split("-")).upper() for kind in DocumentType}


def _item_line(kind: DocumentType, party: DemoParty, item: DemoItem, turn: int, includes_vat: bool) -> Line:
    price = _priced(Decimal(item.price if kind.area is Area.SALES else item.cost), item.vat, party, includes_vat)
    is_by_dozen = turn % 9 == 5
    return Line(
        LineType.ITEM,
        item.no,
        item.description,
        Decimal((turn * 5) % 9 + 1) * (12 if kind is DocumentType.PURCHASE_ORDER else 1),
        price * 12 if is_by_dozen else price,
        item.vat,
        price_per_quantity=Decimal(12) if is_by_dozen else ONE,
        line_discount_percent=Decimal("7.5") if turn % 6 == 4 else ZERO,
        line_discount_amount=_priced(Decimal("0.50"), "VAT0", party, False) if turn % 8 == 7 else ZERO,
    )


def _priced(price: Decimal, vat: str, party: DemoParty, includes_vat: bool) -> Decimal:
    """An LCY price in the party's currency, with VAT where asked."""
    if includes_vat:
        price = EXACT.multiply(price, ONE + _RATES[vat] / 100)
    if not party.currency:
        return round_to(price, Decimal("0.00001"))
    return round_to(EXACT.divide(price, _FACTORS[party.currency]), _STEPS[party.currency])


def _sold(no: str, quantity: str = "2", price: str = "") -> Line:
    item = _ITEMS[no]
    return Line(LineType.ITEM, no, item.description, Decimal(quantity), Decimal(price or item.price), item.vat)


def _bought(no: str, quantity: str = "10", **more: Decimal) -> Line:
    item = _ITEMS[no]
    return Line(LineType.ITEM, no, item.description, Decimal(quantity), Decimal(item.cost), item.vat, **more)


def _failing() -> Iterator[Paper]:
    """One document for each of the usual reasons, ordinary in everything else."""
    sales, purchase = _PARTIES["C1001"], _PARTIES["V1002"]
    yield Paper(
        DocumentType.SALES_INVOICE,
        _PARTIES["C1099"],
        (_sold("1000"),),
        3,
        "GB-17",
        fails_with="party_blocked",
    )
    yield Paper(
        DocumentType.SALES_ORDER, sales, (_sold("1010"), _sold("5010", "1")), 2, "LF-881", fails_with="item_blocked"
    )
    yield Paper(
        DocumentType.PURCHASE_INVOICE,
        _PARTIES["V1099"],
        (_bought("1110"),),
        5,
        "DIA-3390",
        fails_with="party_blocked",
    )
    yield Paper(
        DocumentType.SALES_INVOICE,
        _PARTIES["C1004"],
        (_sold("1080"), _sold("1090", "6")),
        external_no="SGC-2025-402",
        fails_with="posting_date_not_allowed",
        posting_date=date(2025, 12, 30),
    )
    yield Paper(
        DocumentType.SALES_ORDER,
        _PARTIES["C3001"],
        (_sold("1000"), _sold("3000", "4")),
        6,
        "PLS-7",
        fails_with="general_posting_setup_missing",
    )
    yield Paper(
        DocumentType.SALES_INVOICE,
        _PARTIES["C2001"],
        (_sold("1040", "24"), _sold("4000", "3")),
        4,
        "MG 88/26",
        fails_with="vat_posting_setup_missing",
    )
    yield Paper(
        DocumentType.PURCHASE_INVOICE,
        purchase,
        (
            _bought("2010", "50"),
            Line(LineType.GL_ACCOUNT, "2300", "VAT of last month", ONE, Decimal("118.40"), "NOVAT"),
        ),
        7,
        "BR-20261113",
        fails_with="direct_posting_not_allowed",
    )
    yield Paper(
        DocumentType.SALES_ORDER, _PARTIES["C1009"], (_sold("5000", "25"),), 1, "PP-55", fails_with="not_enough_stock"
    )
    first = _ordinary(DocumentType.PURCHASE_INVOICE, 0)
    yield Paper(
        DocumentType.PURCHASE_INVOICE,
        first.party,
        first.lines,
        first.days_ago,
        first.external_no,
        fails_with="vendor_document_no_used",
    )
    yield Paper(
        DocumentType.PURCHASE_CREDIT_MEMO, purchase, (_bought("1110", "4"),), 8, fails_with="vendor_document_no_missing"
    )
    yield Paper(
        DocumentType.SALES_INVOICE,
        _PARTIES["C1006"],
        (_sold("1050", "1"), _sold("1060", "-3")),
        9,
        "OFI-3",
        fails_with="total_negative",
    )
    yield Paper(
        DocumentType.PURCHASE_ORDER,
        _PARTIES["V1006"],
        (_bought("5020", "3"),),
        10,
        "QL-5102",
        fails_with="account_not_set_up",
    )
    yield Paper(
        DocumentType.SALES_RETURN_ORDER,
        _PARTIES["C1003"],
        (_sold("1130", "1"), Line(LineType.GL_ACCOUNT, "8600", "Fair stand, shared", ONE, Decimal("60"), "VAT25")),
        12,
        "WD-R2",
        fails_with="gl_account_blocked",
    )
    yield Paper(
        DocumentType.SALES_CREDIT_MEMO,
        _PARTIES["C1010"],
        (_sold("1170", "5"),),
        13,
        "TE-9",
        corrects_no="103999",
        fails_with="corrects_unknown",
    )
    yield Paper(
        DocumentType.PURCHASE_RETURN_ORDER,
        _PARTIES["V1003"],
        (_bought("1080", "2", declared_vat_amount=Decimal("63.20")),),
        14,
        "HF-C77",
        fails_with="vat_difference_too_large",
    )


def dates(paper: Paper) -> tuple[date, date]:
    """Posting date (the document date too) and due date."""
    day = paper.posting_date - timedelta(days=paper.days_ago)
    return day, day + timedelta(days=paper.party.days)
