"""The demo company: a fictitious trading house with stock and some 80 documents, a dozen of which fail in posting.

Everything in it follows from fixed tables and a fixed work date, so that two demo companies are alike.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from postroom.core import clock, numbering, setups, users
from postroom.core.database import transaction
from postroom.core.demo.papers import WORK_DATE, Paper, dates, papers
from postroom.core.demo.trade import CHARGES, COMPANY, CURRENCIES, CUSTOMERS, ITEMS, VENDORS
from postroom.core.documents.totals import recompute_amounts
from postroom.core.errors import Refused
from postroom.core.importing import opening_stock
from postroom.core.kinds import Area, DocumentStatus, DocumentType, VatType
from postroom.core.setup_version import raise_version
from postroom.core.tables import setup, trade
from postroom.core.users import Permission

__all__ = ["EXPECTED_FAILURES", "WORK_DATE", "fill"]

OPENING_DATE = date(2026, 1, 1)

_SERIES: dict[DocumentType, tuple[str, int]] = {
    DocumentType.SALES_ORDER: ("S-ORD", 1001),
    DocumentType.SALES_RETURN_ORDER: ("S-RET", 1001),
    DocumentType.SALES_INVOICE: ("S-INV", 1001),
    DocumentType.SALES_CREDIT_MEMO: ("S-CR", 1001),
    DocumentType.PURCHASE_ORDER: ("P-ORD", 1001),
    DocumentType.PURCHASE_RETURN_ORDER: ("P-RET", 1001),
    DocumentType.PURCHASE_INVOICE: ("P-INV", 1001),
    DocumentType.PURCHASE_CREDIT_MEMO: ("P-CR", 1001),
}
"""The series of a new company by document type, and where each begins."""


def _expected_failures() -> dict[str, str]:
    seen: Counter[DocumentType] = Counter()
    found = {}
    for paper in papers():
        code, first = _SERIES[paper.type]
        if paper.fails_with:
            found[f"{code}{first + seen[paper.type]}"] = paper.fails_with
        seen[paper.type] += 1
    return found


EXPECTED_FAILURES: dict[str, str] = _expected_failures()
"""The documents that end in Error when all are queued, and the code of the error of each."""


def fill(*, user: str) -> None:
    """Fill the open, just created company. Needs Setup; refused where somebody has begun to work in it."""
    users.require(user, Permission.SETUP)
    if trade.Party.select().exists() or trade.Document.select().exists() or trade.Item.select().exists():
        raise Refused(
            "The company is not empty.",
            code="company_not_empty",
            hint="The demo company goes into a new one: `postroom init --demo`.",
        )
    with transaction():
        _write_setup()
        setups.change(
            {
                "ledger.allow_posting_from": "2026-01-01",
                "sales.post_documents_via_job_queue": "true",
                "purchases.post_documents_via_job_queue": "true",
                "company.address": "Harbour Street 3",
                "company.post_code": "1204",
                "company.city": "Ostervik",
                "company.country_code": "OV",
                "company.phone_no": "+99 1204 440",
                "company.email": "office@ternandharrow.example",
                "company.vat_registration_no": "OV 77 12 05",
                "company.bank_name": "Ostervik Savings Bank",
                "company.iban": "OV12 0500 0000 1205 44",
            },
            user=user,
        )
        _write_parties()
        _write_items(user)
        _write_documents(user)
        raise_version()
        recompute_amounts()


def _write_setup() -> None:
    """What the standard setup lacks: spare parts not sold abroad, printed matter not sold in the union, currencies."""
    setup.Company.update(name=COMPANY).execute()
    setup.GeneralProductGroup.create(code="PARTS", description="Spare parts")
    setup.VatProductGroup.create(code="PRINTED", description="Printed matter")
    for pair in setup.GeneralPostingSetup.select().where(
        (setup.GeneralPostingSetup.product_group == "RESALE") & (setup.GeneralPostingSetup.business_group != "ABROAD")
    ):
        accounts = {name: getattr(pair, name) for name in pair._meta.fields if name.endswith("_account")}
        setup.GeneralPostingSetup.create(business_group=pair.business_group, product_group="PARTS", **accounts)
    for business, kind, rate in (("HOME", VatType.NORMAL, 10), ("ABROAD", VatType.EXEMPT, 0)):
        setup.VatPostingSetup.create(
            business_group=business,
            product_group="PRINTED",
            type=kind,
            rate=rate,
            sales_vat_account="2300",
            purchase_vat_account="2310",
            reverse_charge_account="2320",
        )
    for code, description, step, factor in CURRENCIES:
        setup.Currency.create(
            code=code, description=description, amount_rounding_precision=step, unit_amount_rounding_precision=step
        )
        setup.ExchangeRate.create(currency_code=code, starting_date=OPENING_DATE, factor=factor)
    for no, description, account_no, vat_group in CHARGES:
        setup.Charge.create(no=no, description=description, account_no=account_no, vat_product_group=vat_group)
    setup.GlAccount.update(blocked=True).where(setup.GlAccount.no == "8600").execute()


def _write_parties() -> None:
    trade.Party.insert_many(
        [
            {
                "area": party.area,
                "no": party.no,
                "name": party.name,
                "address": party.address,
                "city": party.city,
                "post_code": party.post_code,
                "country_code": party.country,
                "general_business_group": party.group,
                "vat_business_group": party.group,
                "posting_group": party.group,
                "currency_code": party.currency,
                "payment_days": party.days,
                "blocked": party.blocked,
                "invoice_discount_percent": party.discount,
            }
            for party in (*CUSTOMERS, *VENDORS)
        ]
    ).execute()


def _write_items(user: str) -> None:
    trade.Item.insert_many(
        [
            {
                "no": item.no,
                "description": item.description,
                "unit": item.unit,
                "unit_price": item.price,
                "unit_cost": item.cost,
                "general_product_group": item.group,
                "vat_product_group": item.vat,
                "inventory_group": item.inventory,
                "prevent_negative": item.prevent_negative,
                "blocked": item.blocked,
            }
            for item in ITEMS
        ]
    ).execute()
    accounts = {group.code: group.stock_account for group in setup.InventoryGroup.select()}
    precision: Decimal = setup.GeneralLedgerSetup.get_by_id(1).amount_rounding_precision
    opening_stock.write(
        [
            opening_stock.opening(item.no, Decimal(item.stock), Decimal(item.cost), accounts[item.inventory], precision)
            for item in ITEMS
            if item.stock
        ],
        OPENING_DATE,
        user=user,
    )


def _write_documents(user: str) -> None:
    all_papers = list(papers())
    counts = Counter(paper.type for paper in all_papers)
    numbers = {kind: numbering.draw_many(_SERIES[kind][0], counts[kind], WORK_DATE) for kind in _SERIES}
    places: Counter[DocumentType] = Counter()
    lines: list[dict[str, Any]] = []
    for turn, paper in enumerate(all_papers):
        no = numbers[paper.type][places[paper.type]]
        places[paper.type] += 1
        document = _write_header(paper, no, user, is_released=turn % 3 == 0)
        lines += [
            {
                "document": document,
                "line_no": place * 10_000,
                **{name: getattr(line, name) for name in line.__slots__},
            }
            for place, line in enumerate(paper.lines, 1)
        ]
    trade.DocumentLine.insert_many(lines).execute()


def _write_header(paper: Paper, no: str, user: str, *, is_released: bool) -> trade.Document:
    day, due = dates(paper)
    is_purchase = paper.type.area is Area.PURCHASE
    trade.UsedDocumentNo.create(type=paper.type, no=no)
    factor = next((factor for code, *_, factor in CURRENCIES if code == paper.party.currency), "1")
    document: trade.Document = trade.Document.create(
        type=paper.type,
        no=no,
        party_no=paper.party.no,
        party_name=paper.party.name,
        posting_date=day,
        document_date=day,
        due_date=due,
        external_document_no="" if is_purchase else paper.external_no,
        vendor_document_no=paper.external_no if is_purchase else "",
        currency_code=paper.party.currency,
        currency_factor=factor,
        prices_including_vat=paper.prices_including_vat,
        invoice_discount_amount=paper.invoice_discount,
        corrects_no=paper.corrects_no,
        status=DocumentStatus.RELEASED if is_released else DocumentStatus.OPEN,
        created_by=user,
        created_at=clock.now(),
    )
    return document
