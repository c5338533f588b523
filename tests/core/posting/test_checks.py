"""Every check of a posting, produced for real: the code, record, line, field and value that it tells, and a remedy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import builders
import pytest
from builders import document, item_line

from postroom.core import posting
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import describe
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, Blocked, DocumentType, LineType, VatType
from postroom.core.tables.ledgers import GlEntry, PostedDocument
from postroom.core.tables.setup import (
    Charge,
    Company,
    Currency,
    GeneralLedgerSetup,
    GeneralPostingSetup,
    GlAccount,
    InventoryGroup,
    NumberSeriesLine,
    PartyPostingGroup,
    PurchasesSetup,
    SalesSetup,
    UserSetup,
    VatPostingSetup,
)
from postroom.core.tables.trade import Document, Item, Party

D = Decimal
SALE, SALE_BACK = DocumentType.SALES_INVOICE, DocumentType.SALES_CREDIT_MEMO
PURCHASE, ORDER = DocumentType.PURCHASE_INVOICE, DocumentType.SALES_ORDER
EIGHT = D(8 * 10**12)
"""With its VAT the first amount that is too large."""

Change = tuple[Any, ...]
"""A table, what its fields become, and for which rows, if not for all."""


@dataclass(frozen=True)
class Case:
    """A document that is right but for one thing, and what the check tells of that.

    `lines` and `fields` are the document's own, `says` the message and the hint where their words hang on the cause.
    """

    code: str
    field: str
    value: str = ""
    line: int | None = None
    changes: tuple[Change, ...] = ()
    type: DocumentType = SALE
    lines: tuple[dict[str, Any], ...] = (item_line(quantity=2),)
    fields: tuple[tuple[str, Any], ...] = ()
    says: tuple[str, str] | None = None


def gl_line(no: str, **fields: Any) -> dict[str, Any]:
    return item_line(no, type=LineType.GL_ACCOUNT, **fields)


def pair(field: str) -> Change:
    """An account taken out of every General Posting Setup pair."""
    return GeneralPostingSetup, {field: ""}


def vat_pair(field: str) -> Change:
    return VatPostingSetup, {field: ""}


DISCOUNTED = (item_line(quantity=2, line_discount_percent=D(10)),)
CASES = {
    "no customer": Case(
        "party_missing",
        "party_no",
        fields=(("party_no", None),),
        says=("The document names no customer.", "Choose a customer that exists."),
    ),
    "unknown customer": Case(
        "party_unknown",
        "party_no",
        "NOBODY",
        fields=(("party_no", "NOBODY"),),
        says=("Customer NOBODY does not exist.", "Choose a customer that exists."),
    ),
    "customer blocked for shipping": Case(
        "party_blocked", "party_no", "C1", changes=((Party, {"blocked": Blocked.SHIP}),)
    ),
    "customer blocked for invoices": Case(
        "party_blocked", "party_no", "C1", changes=((Party, {"blocked": Blocked.INVOICE}),)
    ),
    "customer blocked altogether, also for credit memos": Case(
        "party_blocked", "party_no", "C1", changes=((Party, {"blocked": Blocked.ALL}),), type=SALE_BACK
    ),
    "vendor blocked": Case(
        "party_blocked", "party_no", "V1", changes=((Party, {"blocked": Blocked.ALL}),), type=PURCHASE
    ),
    "customer without a posting group": Case(
        "account_not_set_up",
        "Receivables Account",
        changes=((Party, {"posting_group": ""}),),
        says=(
            "Customer C1 has no Customer Posting Group.",
            "Choose a Customer Posting Group on Customer C1.",
        ),
    ),
    "vendor posting group without an account": Case(
        "account_not_set_up",
        "Payables Account",
        changes=((PartyPostingGroup, {"account_no": ""}),),
        type=PURCHASE,
        says=(
            "Vendor Posting Group HOME names no Payables Account.",
            "Fill in Payables Account in Vendor Posting Group HOME.",
        ),
    ),
    "no posting date": Case("posting_date_missing", "posting_date", fields=(("posting_date", None),)),
    "before the dates that the company allows": Case(
        "posting_date_not_allowed",
        "posting_date",
        "2026-03-02",
        changes=((GeneralLedgerSetup, {"allow_posting_from": date(2026, 3, 3)}),),
    ),
    "after the dates that the company allows": Case(
        "posting_date_not_allowed",
        "posting_date",
        "2026-03-02",
        changes=((GeneralLedgerSetup, {"allow_posting_to": date(2026, 3, 1)}),),
    ),
    "outside the dates that the user has": Case(
        "posting_date_not_allowed",
        "posting_date",
        "2026-03-02",
        changes=(
            (GeneralLedgerSetup, {"allow_posting_from": date(2026, 1, 1)}),
            (UserSetup, {"allow_posting_from": date(2026, 3, 3)}),
        ),
    ),
    "no external document no.": Case(
        "external_document_no_missing", "external_document_no", changes=((SalesSetup, {"ext_doc_no_mandatory": True}),)
    ),
    "no vendor document no.": Case(
        "vendor_document_no_missing", "vendor_document_no", type=PURCHASE, fields=(("vendor_document_no", ""),)
    ),
    "vendor document no. used before": Case(
        "vendor_document_no_used",
        "vendor_document_no",
        "USED",
        type=PURCHASE,
        fields=(("vendor_document_no", "USED"),),
        says=(
            "Vendor Document No. USED of vendor V1 is already used by posted invoice 1080001.",
            "Check whether the vendor's document was entered twice, or correct the number.",
        ),
    ),
    "unknown currency": Case(
        "currency_unknown", "currency_code", "XXX", fields=(("currency_code", "XXX"), ("currency_factor", D(2)))
    ),
    "currency without a factor": Case(
        "currency_factor_missing", "currency_factor", "0", fields=(("currency_code", "USD"), ("currency_factor", D(0)))
    ),
    "no number series": Case(
        "number_series_missing", "Posted Invoice Nos.", changes=((SalesSetup, {"posted_invoice_nos": ""}),)
    ),
    "a number series that is not there": Case(
        "number_series_missing",
        "Posted Shipment Nos.",
        "NONE",
        changes=((SalesSetup, {"posted_shipment_nos": "NONE"}),),
    ),
    "number series used up": Case(
        "number_series_exhausted",
        "Posted Shipment Nos.",
        "102001",
        changes=(
            (
                NumberSeriesLine,
                {"ending_no": "102001", "last_value": 102001},
                NumberSeriesLine.series_code == "S-SHPT+",
            ),
        ),
    ),
    "one number left for a shipment and an invoice of the same series": Case(
        "number_series_exhausted",
        "Posted Invoice Nos.",
        "103001",
        changes=(
            (SalesSetup, {"posted_shipment_nos": "S-INV+"}),
            (
                NumberSeriesLine,
                {"ending_no": "103001", "last_value": 103000},
                NumberSeriesLine.series_code == "S-INV+",
            ),
        ),
    ),
    "number series not valid on the date": Case(
        "number_series_not_valid",
        "Posted Invoice Nos.",
        "2026-03-02",
        changes=((NumberSeriesLine, {"starting_date": date(2027, 1, 1)}, NumberSeriesLine.series_code == "S-INV+"),),
    ),
    "nothing to post": Case("nothing_to_post", "lines", lines=(item_line(quantity=0),)),
    "an order of which nothing is to be done": Case(
        "nothing_to_post", "ship", type=ORDER, fields=(("ship", False), ("invoice", False))
    ),
    "an order that is shipped and not to be invoiced": Case(
        "nothing_to_post",
        "invoice",
        type=ORDER,
        lines=(item_line(quantity=2, quantity_shipped=D(2)),),
        fields=(("invoice", False),),
    ),
    "an order partly shipped of which nothing is to be done": Case(
        "nothing_to_post",
        "lines",
        type=ORDER,
        lines=(item_line(quantity=2, quantity_shipped=D(1), qty_to_ship=D(0), qty_to_invoice=D(0)),),
    ),
    "more shipped than is outstanding": Case(
        "ship_more_than_outstanding",
        "qty_to_ship",
        "3",
        10000,
        type=ORDER,
        lines=(item_line(quantity=2, qty_to_ship=D(3)),),
    ),
    "more invoiced than is shipped": Case(
        "invoice_more_than_shipped",
        "qty_to_invoice",
        "2",
        20000,
        type=ORDER,
        lines=(item_line(), item_line(quantity=2, qty_to_ship=D(1), qty_to_invoice=D(2))),
    ),
    "more invoiced than is received": Case(
        "invoice_more_than_received",
        "qty_to_invoice",
        "2",
        10000,
        type=DocumentType.PURCHASE_ORDER,
        lines=(item_line(quantity=2, qty_to_ship=D(0), qty_to_invoice=D(2)),),
    ),
    "a line without a number": Case("line_no_missing", "no", line=10000, lines=(item_line(""),)),
    "a price for no pieces": Case(
        "price_per_quantity_invalid", "price_per_quantity", "0", 10000, lines=(item_line(price_per_quantity=D(0)),)
    ),
    "unknown item": Case("item_unknown", "no", "NONE", 20000, lines=(item_line(), item_line("NONE"))),
    "unknown item of a line without a quantity": Case(
        "item_unknown", "no", "NONE", 20000, lines=(item_line(), item_line("NONE", 0))
    ),
    "blocked item": Case("item_blocked", "no", "I1", 10000, changes=((Item, {"blocked": True}),)),
    "blocked item of an order that is only shipped": Case(
        "item_blocked",
        "no",
        "I1",
        10000,
        changes=((Item, {"blocked": True}),),
        type=ORDER,
        fields=(("invoice", False),),
    ),
    "no General Posting Setup pair": Case(
        "general_posting_setup_missing",
        "general_product_group",
        "ODD",
        10000,
        changes=((Item, {"general_product_group": "ODD"}),),
    ),
    "no Sales Account": Case("account_not_set_up", "Sales Account", line=10000, changes=(pair("sales_account"),)),
    "no Sales Account of an order that is only invoiced": Case(
        "account_not_set_up",
        "Sales Account",
        line=10000,
        changes=(pair("sales_account"),),
        type=ORDER,
        lines=(item_line(quantity=2, quantity_shipped=D(2)),),
    ),
    "no Sales Credit Memo Account": Case(
        "account_not_set_up",
        "Sales Credit Memo Account",
        line=10000,
        changes=(pair("sales_credit_memo_account"),),
        type=SALE_BACK,
    ),
    "no Cost of Sales Account": Case(
        "account_not_set_up", "Cost of Sales Account", line=10000, changes=(pair("cost_of_sales_account"),)
    ),
    "no Sales Line Disc. Account": Case(
        "account_not_set_up",
        "Sales Line Disc. Account",
        line=10000,
        changes=(pair("sales_line_discount_account"),),
        lines=DISCOUNTED,
    ),
    "no Sales Line Disc. Account for a discount amount": Case(
        "account_not_set_up",
        "Sales Line Disc. Account",
        line=10000,
        changes=(pair("sales_line_discount_account"),),
        lines=(item_line(quantity=2, line_discount_amount=D(10)),),
    ),
    "no Sales Inv. Disc. Account": Case(
        "account_not_set_up",
        "Sales Inv. Disc. Account",
        line=10000,
        changes=(pair("sales_invoice_discount_account"),),
        fields=(("invoice_discount_amount", D(1)),),
    ),
    "no Received Not Invoiced Account": Case(
        "account_not_set_up",
        "Received Not Invoiced Account",
        line=10000,
        changes=(pair("received_not_invoiced_account"),),
        type=PURCHASE,
    ),
    "no Purchase Variance Account": Case(
        "account_not_set_up",
        "Purchase Variance Account",
        line=10000,
        changes=(pair("purchase_variance_account"),),
        type=PURCHASE,
    ),
    "no Stock Account": Case(
        "account_not_set_up", "Stock Account", line=10000, changes=((InventoryGroup, {"stock_account": ""}),)
    ),
    "an account of the setup that is not there": Case(
        "gl_account_unknown",
        "Sales Account",
        "9999",
        10000,
        changes=((GeneralPostingSetup, {"sales_account": "9999"}),),
        says=("G/L account 9999 does not exist.", "Correct Sales Account in General Posting Setup HOME x RESALE."),
    ),
    "unknown account": Case(
        "gl_account_unknown",
        "no",
        "9999",
        10000,
        lines=(gl_line("9999"),),
        says=("G/L account 9999 does not exist.", "Choose an account of the chart of accounts."),
    ),
    "an account that is a heading": Case("gl_account_not_posting", "no", "8000", 10000, lines=(gl_line("8000"),)),
    "blocked account": Case(
        "gl_account_blocked",
        "no",
        "8100",
        10000,
        changes=((GlAccount, {"blocked": True}, GlAccount.no == "8100"),),
        lines=(gl_line("8100"),),
    ),
    "account without Direct Posting": Case("direct_posting_not_allowed", "no", "2300", 10000, lines=(gl_line("2300"),)),
    "unknown charge": Case("charge_unknown", "no", "NONE", 10000, lines=(item_line("NONE", type=LineType.CHARGE),)),
    "charge without an account": Case(
        "account_not_set_up",
        "Account No.",
        line=10000,
        changes=((Charge, {"account_no": ""}),),
        lines=(item_line("FREIGHT", type=LineType.CHARGE),),
    ),
    "no VAT Posting Setup pair": Case(
        "vat_posting_setup_missing", "vat_group", "ODD", 20000, lines=(item_line(), item_line(vat="ODD"))
    ),
    "no VAT Posting Setup pair for a declared VAT": Case(
        "vat_posting_setup_missing", "vat_group", "ODD", 10000, lines=(item_line(vat="ODD", declared_vat_amount=D(9)),)
    ),
    "no VAT Posting Setup pair of a line without a quantity": Case(
        "vat_posting_setup_missing", "vat_group", "ODD", 20000, lines=(item_line(), item_line(quantity=0, vat="ODD"))
    ),
    "no Sales VAT Account": Case(
        "account_not_set_up", "Sales VAT Account", line=10000, changes=(vat_pair("sales_vat_account"),)
    ),
    "no Purchase VAT Account": Case(
        "account_not_set_up",
        "Purchase VAT Account",
        line=10000,
        changes=(vat_pair("purchase_vat_account"),),
        type=PURCHASE,
    ),
    "no Reverse Chrg. VAT Account": Case(
        "account_not_set_up",
        "Reverse Chrg. VAT Account",
        line=10000,
        changes=(vat_pair("reverse_charge_account"),),
        type=PURCHASE,
        fields=(("party_no", "V2"),),
    ),
    "VAT difference too large": Case(
        "vat_difference_too_large",
        "vat_amount",
        "50.06",
        10000,
        type=PURCHASE,
        lines=(item_line(quantity=2, declared_vat_amount=D("50.06")),),
        says=(
            "The declared VAT 50.06 differs from the computed 50 by more than 0.05.",
            "Correct it, or raise Max. VAT Difference Allowed in Purchases & Payables Setup.",
        ),
    ),
    "VAT declared where the document bears none": Case(
        "vat_difference_too_large",
        "vat_amount",
        "0.03",
        10000,
        type=PURCHASE,
        lines=(item_line(declared_vat_amount=D("0.03")),),
        fields=(("party_no", "V2"),),
        says=(
            "The declared VAT 0.03 differs from the computed 0 by more than 0.",
            "Clear it: Reverse Charge lines bear no VAT on the document itself.",
        ),
    ),
    "VAT finer than money": Case(
        "vat_amount_too_fine",
        "vat_amount",
        "50.003",
        10000,
        type=PURCHASE,
        lines=(item_line(quantity=2, declared_vat_amount=D("50.003")),),
    ),
    "total negative": Case("total_negative", "amount_including_vat", "-125", lines=(item_line(quantity=-1),)),
    "amounts too large": Case("amount_too_large", "amount", "10000000000000", lines=(item_line(price=EIGHT),)),
    "not enough stock": Case(
        "not_enough_stock", "quantity", "4", 20000, lines=(item_line("FEW", 2), item_line("FEW", 4))
    ),
    "not enough stock for what is shipped now": Case(
        "not_enough_stock",
        "qty_to_ship",
        "6",
        20000,
        type=ORDER,
        lines=(item_line(), item_line("FEW", 9, qty_to_ship=D(6))),
    ),
    "a piece that would cost too much": Case(
        "stock_too_large",
        "quantity",
        "0.00001",
        10000,
        type=PURCHASE,
        lines=(item_line(quantity="0.00001", price=7 * 10**12, price_per_quantity=D("0.00001")),),
    ),
    "corrects what is not there": Case("corrects_unknown", "corrects_no", "NONE", fields=(("corrects_no", "NONE"),)),
    "corrects somebody else's": Case(
        "corrects_other_party", "corrects_no", "103001", type=SALE_BACK, fields=(("corrects_no", "103001"),)
    ),
    "corrects in another currency": Case(
        "corrects_other_currency",
        "corrects_no",
        "103001",
        type=SALE_BACK,
        fields=(("party_no", "C2"), ("corrects_no", "103001"), ("currency_code", "USD"), ("currency_factor", D(2))),
    ),
}


@pytest.fixture
def trade(firm: Location) -> Location:
    """Parties at home (1) and in the union (2), an item, five pieces of another that may not fall under zero."""
    for number, group in (("1", "HOME"), ("2", "UNION")):
        builders.party(Area.SALES, f"C{number}", group)
        builders.party(Area.PURCHASE, f"V{number}", group)
    builders.item("I1")
    builders.item("FEW", prevent_negative=True)
    Charge.create(no="FREIGHT", account_no="6400", vat_product_group="VAT25")
    Currency.create(code="USD")
    PurchasesSetup.update(max_vat_difference_allowed=D("0.05")).execute()
    raise_version()
    bought = document(PURCHASE, [item_line("FEW", 5, 10)], vendor_document_no="USED")
    sold = document(SALE, [item_line()], party_no="C2")
    assert [result.result for result in post([bought, sold])] == ["posted", "posted"]
    return firm


def raise_version() -> None:
    Company.update(setup_version=Company.setup_version + 1).execute()


def post(ids: list[int]) -> list[background.DocumentResult]:
    return background.post(ids, PostRequest(mode="now"), user=current_user())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_wrong_with_a_document_is_told_with_its_place_and_a_remedy(trade: Location, case: Case) -> None:
    fields = dict(case.fields)
    for model, changes, *rows in case.changes:
        change = model.update(**changes)
        (change.where(*rows) if rows else change).execute()
    raise_version()
    document_id = document(case.type, case.lines, **fields)
    if fields.get("party_no", "") is None:
        Document.update(party_no="").where(Document.id == document_id).execute()
    before = GlEntry.select().count(), PostedDocument.select().count()

    (result,) = post([document_id])

    assert result.result == "failed"
    (problem,) = result.errors
    assert (problem.code, problem.line, problem.field, problem.value) == (case.code, case.line, case.field, case.value)
    assert problem.record == f"{case.type.title} {result.no}"
    assert problem.message.endswith(".")
    assert problem.hint.endswith(".")
    assert case.says in (None, (problem.message, problem.hint))
    assert describe(problem).startswith(f"{case.type.title} {result.no}")
    assert (GlEntry.select().count(), PostedDocument.select().count()) == before
    assert Document.get_by_id(document_id).no == result.no


OF_CORRECTIONS = {"already_cancelled", "already_corrected", "corrected_more_than_posted"}
"""What needs another correction posted before: `test_cancelling.py`."""


def codes_in_the_source() -> Iterator[str]:
    """The code of every problem that the modules of posting make, as a pattern where it is put together."""
    for module in sorted(Path(str(posting.__file__)).parent.glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text())):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in ("Problem", "_problem"):
                continue
            for given in node.args[:2]:
                if isinstance(given, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else ".+" for part in given.values]
                    code = "".join(map(str, parts))
                else:
                    code = str(getattr(given, "value", ""))
                if re.fullmatch(r"[a-z_.+]+", code) and "_" in code:
                    yield code
                    break


def test_every_check_that_there_is_has_its_case() -> None:
    made = {case.code for case in CASES.values()}
    found = set(codes_in_the_source())
    assert len(found) > 30
    assert {code for code in found if not any(re.fullmatch(code, one) for one in made)} == OF_CORRECTIONS


@pytest.mark.parametrize(
    ("blocked", "type_", "fields", "result"),
    [
        (Blocked.SHIP, SALE_BACK, {}, "posted"),
        (Blocked.INVOICE, DocumentType.SALES_RETURN_ORDER, {}, "posted"),
        (Blocked.SHIP, ORDER, {"ship": False}, "posted"),  # what was shipped before
        (Blocked.SHIP, ORDER, {"invoice": False}, "failed"),
        (Blocked.INVOICE, ORDER, {"invoice": False}, "failed"),
    ],
)
def test_blocked_customers_take_what_their_block_lets_pass(
    trade: Location, blocked: Blocked, type_: DocumentType, fields: dict[str, Any], result: str
) -> None:
    is_shipped = fields.get("ship") is False
    made = document(type_, [item_line(quantity=2, quantity_shipped=D(1) if is_shipped else D(0))], **fields)
    Party.update(blocked=blocked).where(Party.no == "C1").execute()
    assert [one.result for one in post([made])] == [result]


def test_a_mandatory_external_document_no_is_asked_of_sales_that_have_none(trade: Location) -> None:
    SalesSetup.update(ext_doc_no_mandatory=True).execute()
    raise_version()
    made = [document(SALE, [item_line()], external_document_no="PO 7"), document(PURCHASE, [item_line()])]
    assert [one.result for one in post(made)] == ["posted", "posted"]


@pytest.mark.parametrize("declared", ["49.95", "50.05"])
def test_a_declared_vat_may_differ_by_exactly_what_is_allowed(trade: Location, declared: str) -> None:
    made = document(PURCHASE, [item_line(quantity=2, declared_vat_amount=D(declared))])
    assert [one.result for one in post([made])] == ["posted"]


def test_discount_accounts_are_asked_for_only_where_there_is_a_discount(trade: Location) -> None:
    GeneralPostingSetup.update(sales_line_discount_account="", sales_invoice_discount_account="").execute()
    raise_version()
    assert [one.result for one in post([document(SALE, [item_line()])])] == ["posted"]


@pytest.mark.parametrize(
    ("type_", "party_no", "kind", "group"),
    [
        (PURCHASE, "V1", VatType.EXEMPT, "VAT25"),
        (SALE, "C1", VatType.EXEMPT, "VAT25"),
        (SALE, "C2", VatType.REVERSE_CHARGE, "VAT25"),
        (PURCHASE, "V2", VatType.REVERSE_CHARGE, "VAT0"),
    ],
)
def test_no_vat_accounts_are_asked_for_where_there_is_no_vat(
    trade: Location, type_: DocumentType, party_no: str, kind: VatType, group: str
) -> None:
    accounts = ("sales_vat_account", "purchase_vat_account", "reverse_charge_account")
    VatPostingSetup.update(type=kind, **dict.fromkeys(accounts, "")).execute()
    raise_version()
    made = document(type_, [item_line(vat=group)], party_no=party_no)
    assert [one.result for one in post([made])] == ["posted"]


def test_goods_that_come_in_are_not_refused_where_stock_is_under_zero(trade: Location) -> None:
    assert [one.result for one in post([document(SALE, [item_line("I1", 2)])])] == ["posted"]
    Item.update(prevent_negative=True).execute()
    came, beside = (document(PURCHASE, [item_line(no, "0.5", 10)]) for no in ("I1", "FEW"))
    assert [one.result for one in post([came, beside])] == ["posted", "posted"]


def test_a_shortage_tells_what_each_line_wants_and_what_the_lines_before_it_leave(trade: Location) -> None:
    (result,) = post([document(SALE, [item_line("FEW", 6), item_line("FEW", 1)])])
    assert [problem.message for problem in result.errors] == [
        "Item FEW: 6 wanted, 5 in stock.",
        "Item FEW: 1 wanted, 0 in stock.",
    ]
