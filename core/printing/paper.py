"""What stands on a posted document's paper, as plain texts: the one thing that a layout is given, in JSON.

Numbers are exact decimals written for people (`1,234.50`), days ISO dates. docs/printing.md lists the keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from postroom.core import clock
from postroom.core.errors import NotFound
from postroom.core.kinds import Area, DocumentType, LineType, PostedKind, VatType
from postroom.core.money import EXACT, ONE, ZERO, places, round_to, write
from postroom.core.plain_text import visible
from postroom.core.printing.reports import Listing, Report
from postroom.core.tables.ledgers import PostedDocument, PostedLine
from postroom.core.tables.setup import Company, CompanyInformation, Currency, GeneralLedgerSetup
from postroom.core.tables.trade import Item, Party

_LONG_WORD = re.compile(r"(\S{12})(?=\S)")


@dataclass(frozen=True, slots=True)
class Paper:
    """A report ready for its layout: `content` is JSON's own types only."""

    report: Report | Listing
    no: str
    copy_no: int
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called: `Sales Invoice 103001`, with its copy's number."""
        return name_of(self.report, self.no, self.copy_no)


def name_of(report: Report | Listing, no: str, copy_no: int) -> str:
    """What a paper is called: `Sales Invoice 103001 Copy 1`."""
    return f"{report.title} {no}{f' Copy {copy_no}' if copy_no else ''}"


def read(report: Report, no: str, *, copy_no: int = 0) -> Paper:
    """The paper of a posted document; `copy_no` 0 is the original. Raises NotFound."""
    row = PostedDocument.get_or_none(
        PostedDocument.area == report.area, PostedDocument.kind == report.kind, PostedDocument.no == no
    )
    if row is None:
        raise NotFound(f"There is no posted {report.title} {no}.", record=f"{report.title} {no}", value=no)
    lines = list(PostedLine.select().where(PostedLine.posted_document == row.id).order_by(PostedLine.line_no))
    return _set(report, row, lines, copy_no)


def _set(report: Report, row: PostedDocument, lines: Sequence[PostedLine], copy_no: int) -> Paper:
    ledger = GeneralLedgerSetup.get_by_id(1)
    currency = Currency.get_or_none(Currency.code == row.currency_code)
    setup = currency if currency is not None else ledger
    form = _Form(places(setup.amount_rounding_precision))
    has_amounts = report.kind in (PostedKind.INVOICE, PostedKind.CREDIT_MEMO)
    content = {
        "report": report.name,
        "area": report.area.value,
        "kind": report.kind.value,
        "no": text_of(row.no),
        "copy_no": copy_no,
        "company": company_on_paper(),
        "party": _party(row),
        "posting_date": row.posting_date.isoformat(),
        "document_date": row.document_date.isoformat(),
        "due_date": row.due_date.isoformat(),
        "source_type": row.source_type.title,
        "source_no": text_of(row.source_no),
        "external_document_no": text_of(row.external_document_no),
        "vendor_document_no": text_of(row.vendor_document_no),
        "corrects_no": text_of(row.corrects_no),
        "currency": text_of(row.currency_code or ledger.lcy_code),
        "prices_including_vat": bool(row.prices_including_vat),
        "has_amounts": has_amounts,
        "lines": _lines(lines, row, form, has_amounts),
        "vat": _vat(lines, form) if has_amounts else [],
        "totals": _totals(row, lines, form, ledger.lcy_code) if has_amounts else {},
    }
    return Paper(report, row.no, copy_no, content)


def sample(report: Report) -> Paper:
    """A paper that nobody has posted, with a line and a comment: what a layout is tried with."""
    day = clock.now().date()
    worth = {"amount": Decimal(100), "vat_amount": Decimal(25), "amount_including_vat": Decimal(125)}
    row = PostedDocument(
        area=report.area,
        kind=report.kind,
        no="SAMPLE",
        source_type=DocumentType.SALES_ORDER if report.area is Area.SALES else DocumentType.PURCHASE_ORDER,
        source_no="SAMPLE",
        party_no="SAMPLE",
        party_name="A party",
        **dict.fromkeys(("posting_date", "document_date", "due_date"), day),
        **dict.fromkeys(("external_document_no", "vendor_document_no", "corrects_no", "currency_code"), ""),
        currency_factor=ONE,
        prices_including_vat=False,
        **worth,
    )
    line = PostedLine(
        type=LineType.ITEM,
        no="SAMPLE",
        description="An item",
        quantity=Decimal(2),
        unit_price=Decimal(50),
        price_per_quantity=ONE,
        **dict.fromkeys(("line_discount_percent", "line_discount_amount", "invoice_discount_amount"), ZERO),
        vat_type=VatType.NORMAL,
        vat_product_group="VAT",
        vat_rate=Decimal(25),
        **worth,
    )
    comment = PostedLine(type=LineType.COMMENT, description="A comment", invoice_discount_amount=ZERO)
    return _set(report, row, [line, comment], 0)


def company_on_paper() -> dict[str, str]:
    """Company Information as a letterhead has it; the company's own name where no other is given."""
    row = CompanyInformation.get_by_id(1)
    told = {
        name: text_of(getattr(row, name))
        for name in CompanyInformation._meta.sorted_field_names
        if name not in ("id", "name")
    }
    return {"name": text_of(row.name or Company.get_by_id(1).name), **told}


@dataclass(frozen=True, slots=True)
class _Form:
    """How the document's currency writes amounts."""

    places: int

    def amount(self, value: Decimal) -> str:
        return grouped(value, self.places)


def grouped(value: Decimal, least_places: int = 0) -> str:
    """`1,234,567.50`: exact, with the thousands set apart."""
    whole, point, decimals = write(value, least_places).partition(".")
    sign = whole[:1] if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{point}{decimals}"


def text_of(typed: str) -> str:
    """A person's text for paper: control characters spelled out, long words with places where they may break."""
    return _LONG_WORD.sub("\\1\u200b", visible(typed, line_breaks=True))


def _party(row: PostedDocument) -> dict[str, str]:
    """Name as posted; the address as the party has it today."""
    party = Party.get_or_none(Party.area == row.area, Party.no == row.party_no)
    return {
        "title": row.area.party_title,
        "no": text_of(row.party_no),
        "name": text_of(row.party_name),
        **{
            name: text_of(getattr(party, name)) if party is not None else ""
            for name in ("address", "post_code", "city", "country_code")
        },
    }


def _lines(lines: Sequence[PostedLine], row: PostedDocument, form: _Form, has_amounts: bool) -> list[dict[str, str]]:
    """The lines with what they come to, and in `carried` the sum of all lines so far."""
    items = {line.no for line in lines if line.type is LineType.ITEM}
    units = {item.no: item.unit for item in Item.select(Item.no, Item.unit).where(Item.no << sorted(items))}
    shown, carried = [], ZERO
    for line in lines:
        if line.type is LineType.COMMENT:
            told = {"type": line.type.value, "no": "", "description": text_of(line.description)}
            shown.append({**told, "carried": form.amount(carried)} if has_amounts else told)
            continue
        told = {
            "type": line.type.value,
            "no": text_of(line.no),
            "description": text_of(line.description),
            "quantity": grouped(line.quantity),
            "unit": text_of(units.get(line.no, "") if line.type is LineType.ITEM else ""),
        }
        if has_amounts:
            amount = _line_amount(line, row)
            carried += amount
            told |= {
                "unit_price": grouped(line.unit_price, form.places),
                "price_per_quantity": "" if line.price_per_quantity == ONE else grouped(line.price_per_quantity),
                "discount": _discount(line, row, form),
                "vat_rate": _vat_rate(line),
                "amount": form.amount(amount),
                "carried": form.amount(carried),
            }
        shown.append(told)
    return shown


def _line_amount(line: PostedLine, row: PostedDocument) -> Decimal:
    """Without VAT before the invoice discount; with prices including VAT what the line costs after all."""
    if row.prices_including_vat:
        return Decimal(line.amount_including_vat)
    return Decimal(line.amount + line.invoice_discount_amount)


def _discount(line: PostedLine, row: PostedDocument, form: _Form) -> str:
    """The percentage where it is the whole line discount, else the amount."""
    percent = line.line_discount_percent
    if percent and not row.prices_including_vat:
        step = Decimal(1).scaleb(-form.places)
        full = EXACT.divide(EXACT.multiply(line.quantity, line.unit_price), line.price_per_quantity)
        reduced = EXACT.multiply(full, ONE - EXACT.divide(percent, Decimal(100)))
        if round_to(full, step) - round_to(reduced, step) != line.line_discount_amount:
            percent = ZERO
    if percent:
        return f"{grouped(percent)}%"
    return form.amount(line.line_discount_amount) if line.line_discount_amount else ""


def _vat_rate(line: PostedLine) -> str:
    return f"{grouped(line.vat_rate)}%" if line.vat_type is VatType.NORMAL else ""


def _vat(lines: Sequence[PostedLine], form: _Form) -> list[dict[str, str]]:
    """The VAT specification: base and VAT of each group, in the order in which the groups first stand on the lines."""
    groups: dict[str, tuple[PostedLine, Decimal, Decimal]] = {}
    for line in lines:
        if line.type is not LineType.COMMENT:
            first, base, vat = groups.get(line.vat_product_group, (line, ZERO, ZERO))
            groups[line.vat_product_group] = (first, base + line.amount, vat + line.vat_amount)
    return [
        {
            "group": text_of(group),
            "type": first.vat_type.value,
            "rate": _vat_rate(first) or "0%",
            "base": form.amount(base),
            "amount": form.amount(vat),
        }
        for group, (first, base, vat) in groups.items()
    ]


def _totals(row: PostedDocument, lines: Sequence[PostedLine], form: _Form, lcy: str) -> dict[str, str]:
    discount = sum((line.invoice_discount_amount for line in lines), ZERO)
    total = {
        "lines": form.amount(row.amount + discount),
        "invoice_discount": form.amount(discount) if discount else "",
        "amount": form.amount(row.amount),
        "vat_amount": form.amount(row.vat_amount),
        "amount_including_vat": form.amount(row.amount_including_vat),
        "lcy": "",
        "factor": "",
    }
    if row.currency_code:
        total |= {"lcy": text_of(lcy), "factor": grouped(row.currency_factor)}
    return total


def test_page(printer: str, now: str) -> dict[str, Any]:
    """What stands on the Test Page of a printer."""
    return {"company": company_on_paper(), "printer": text_of(printer), "now": now}
