"""Each of the eight types posts what the table in behaviour 13 says; corrections leave every account where it was."""

from __future__ import annotations

import secrets
from datetime import date
from decimal import Decimal
from typing import Any

import builders
import pytest
from at_once import at_once
from builders import balances, document, item_line

from postroom.core import database
from postroom.core.database import Location
from postroom.core.errors import CheckFailed, Refused
from postroom.core.kinds import Area, DocumentType, LineType, PostedKind
from postroom.core.posting import post
from postroom.core.tables.ledgers import (
    GlEntry,
    GlRegister,
    ItemLedgerEntry,
    PartyLedgerApplication,
    PartyLedgerEntry,
    PostedDocument,
    PostedLine,
    ValueEntry,
    VatEntry,
)
from postroom.core.tables.trade import Document, DocumentLine, ItemStock, Party

D = Decimal


def post_now(document_id: int) -> tuple[post.PostedRef, ...]:
    plan = post.prepare(document_id, user="ann", posting_id=secrets.token_hex(8))
    with database.transaction():
        return post.write(plan)


@pytest.fixture
def trade(firm: Location) -> Location:
    """A customer, a vendor, and an item of which ten pieces at 60.00 are in stock."""
    builders.party(Area.SALES, "C1")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 10, 60)]))
    return firm


def change(before: dict[str, Decimal]) -> dict[str, Decimal]:
    """What the balances of the accounts have moved by."""
    after = balances()
    moved = {account: after.get(account, D(0)) - before.get(account, D(0)) for account in {*before, *after}}
    return {account: amount for account, amount in sorted(moved.items()) if amount}


SALE = {
    "1300": D("250.00"),  # receivables, gross of 2 x 100.00
    "6100": D("-200.00"),  # revenue
    "2300": D("-50.00"),  # output VAT
    "7100": D("120.00"),  # cost of sales, 2 x 60.00
    "1200": D("-120.00"),  # stock
}
SALE_RETURNED = {
    "1300": D("-250.00"),
    "6500": D("200.00"),  # sales returns
    "2300": D("50.00"),
    "7100": D("-120.00"),
    "1200": D("120.00"),
}
PURCHASE = {
    "2100": D("-175.00"),  # payables, gross of 2 x 70.00
    "2310": D("35.00"),  # input VAT
    "1200": D("140.00"),  # stock; goods received not invoiced is back at 0
}
PURCHASE_RETURNED = {
    "2100": D("175.00"),
    "2310": D("-35.00"),
    "1200": D("-120.00"),  # at the average of 60.00
    "7400": D("-20.00"),  # purchase variance: 140.00 credited for goods worth 120.00
}


@pytest.mark.parametrize(
    ("type_", "price", "expected", "kinds", "pieces"),
    [
        (DocumentType.SALES_ORDER, 100, SALE, ("shipment", "invoice"), -2),
        (DocumentType.SALES_INVOICE, 100, SALE, ("shipment", "invoice"), -2),
        (DocumentType.SALES_RETURN_ORDER, 100, SALE_RETURNED, ("return_receipt", "credit_memo"), 2),
        (DocumentType.SALES_CREDIT_MEMO, 100, SALE_RETURNED, ("return_receipt", "credit_memo"), 2),
        (DocumentType.PURCHASE_ORDER, 70, PURCHASE, ("receipt", "invoice"), 2),
        (DocumentType.PURCHASE_INVOICE, 70, PURCHASE, ("receipt", "invoice"), 2),
        (DocumentType.PURCHASE_RETURN_ORDER, 70, PURCHASE_RETURNED, ("return_shipment", "credit_memo"), -2),
        (DocumentType.PURCHASE_CREDIT_MEMO, 70, PURCHASE_RETURNED, ("return_shipment", "credit_memo"), -2),
    ],
)
def test_each_type_posts_its_documents_and_ledgers(
    trade: Location,
    type_: DocumentType,
    price: int,
    expected: dict[str, Decimal],
    kinds: tuple[str, str],
    pieces: int,
) -> None:
    before = balances()
    document_id = document(type_, [item_line("I1", 2, price)])
    posted = post_now(document_id)

    assert change(before) == expected
    assert tuple(ref.kind.value for ref in posted) == kinds
    assert not Document.select().where(Document.id == document_id).exists()
    assert not DocumentLine.select().where(DocumentLine.document == document_id).exists()
    goods, money = (PostedDocument.get(no=ref.no, kind=ref.kind, area=ref.area) for ref in posted)
    net = D(2 * price)
    assert (money.amount, money.vat_amount, money.amount_including_vat) == (net, net / 4, net * 5 / 4)
    assert goods.posting_id == money.posting_id
    assert PostedLine.get(posted_document=money).amount == net
    (moved,) = ItemLedgerEntry.select().where(ItemLedgerEntry.document_no == goods.no)
    assert moved.quantity == pieces
    assert sum(entry.cost_amount for entry in ValueEntry.select()) == balances()["1200"]
    (party_entry,) = PartyLedgerEntry.select().where(PartyLedgerEntry.document_no == money.no)
    assert party_entry.amount == expected.get("1300", expected.get("2100"))
    (vat_entry,) = VatEntry.select().where(VatEntry.document_no == money.no)
    assert vat_entry.amount == expected.get("2300", expected.get("2310"))
    assert abs(vat_entry.base) == net
    stock = ItemStock.get_by_id("I1")
    assert stock.quantity == 10 + pieces
    made = [GlEntry, PartyLedgerEntry, VatEntry, ItemLedgerEntry, ValueEntry, GlRegister]
    stamps = {
        (row.source_code, row.user_id)
        for ledger in made
        for row in ledger.select().where(ledger.posting_id == goods.posting_id)
    }
    assert stamps == {("SALES" if type_.area is Area.SALES else "PURCHASES", "ann")}


def test_every_register_balances_and_is_numbered_without_gaps(trade: Location) -> None:
    post_now(document(DocumentType.SALES_INVOICE, [item_line("I1", 1, "33.33")]))
    post_now(document(DocumentType.SALES_INVOICE, [item_line("I1", 1, "0.01")]))
    assert [register.no for register in GlRegister.select().order_by(GlRegister.no)] == [1, 2, 3]
    for register in GlRegister.select():
        assert sum(e.amount for e in GlEntry.select().where(GlEntry.register_no == register.no)) == 0


def test_a_credit_memo_that_corrects_an_invoice_leaves_every_account_where_it_was(trade: Location) -> None:
    before = balances()
    lines = [
        item_line("I1", 3, "99.99", line_discount_percent=D("12.5")),
        {"type": LineType.GL_ACCOUNT, "no": "8100", "quantity": D(1), "unit_price": D(50), "vat_group": "VAT10"},
    ]
    _, invoice = post_now(document(DocumentType.SALES_INVOICE, lines, invoice_discount_amount=D(10)))
    # Meanwhile goods come in dearer: the return must still take the original's cost.
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 7, 90)]))
    between = balances()
    _, memo = post_now(
        document(DocumentType.SALES_CREDIT_MEMO, lines, invoice_discount_amount=D(10), corrects_no=invoice.no)
    )
    purchase = {"2100": D("-787.50"), "2310": D("157.50"), "1200": D("630.00")}
    assert change(before) == purchase
    assert between != before
    entries = {e.entry_no: e for e in PartyLedgerEntry.select().where(PartyLedgerEntry.area == Area.SALES)}
    closed = {a.entry_no: a.amount for a in PartyLedgerApplication.select()}
    assert {no: entry.amount - closed[no] for no, entry in entries.items()} == dict.fromkeys(entries, D(0))
    assert PostedDocument.get(no=memo.no, kind=PostedKind.CREDIT_MEMO).corrects_no == invoice.no


def test_prices_including_vat_take_the_base_from_the_gross(trade: Location) -> None:
    _, invoice = post_now(
        document(
            DocumentType.SALES_INVOICE,
            [item_line("I1", 1, "9.99"), item_line("I1", 1, "9.99"), item_line("I1", 1, "9.99")],
            prices_including_vat=True,
        )
    )
    posted = PostedDocument.get(no=invoice.no, kind=PostedKind.INVOICE)
    assert (posted.amount, posted.vat_amount, posted.amount_including_vat) == (D("23.98"), D("5.99"), D("29.97"))
    lines = list(PostedLine.select().where(PostedLine.posted_document == posted))
    assert sum(line.amount for line in lines) == posted.amount
    assert sum(line.vat_amount for line in lines) == posted.vat_amount


def test_sales_discounts_go_to_their_accounts_and_revenue_is_undiscounted(trade: Location) -> None:
    before = balances()
    post_now(
        document(
            DocumentType.SALES_INVOICE,
            [item_line("I1", 1, 100, line_discount_percent=D(10), line_discount_amount=D(5))],
            invoice_discount_amount=D(8),
        )
    )
    moved = change(before)
    assert (moved["6100"], moved["6600"], moved["6610"]) == (D(-100), D(15), D(8))
    assert (moved["1300"], moved["2300"]) == (D("96.25"), D("-19.25"))


def test_purchase_discounts_lower_the_cost_of_the_goods(trade: Location) -> None:
    before = balances()
    post_now(
        document(
            DocumentType.PURCHASE_INVOICE,
            [item_line("I1", 1, 100, line_discount_percent=D(10))],
            invoice_discount_amount=D(9),
        )
    )
    assert change(before) == {"2100": D("-101.25"), "2310": D("20.25"), "1200": D("81.00")}


def test_a_reverse_charge_purchase_claims_and_owes_the_same_vat(trade: Location) -> None:
    builders.party(Area.PURCHASE, "V2", "UNION")
    before = balances()
    _, invoice = post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 1, 100)], party_no="V2"))
    assert change(before) == {"2110": D(-100), "2310": D(25), "2320": D(-25), "1200": D(100)}
    entries = VatEntry.select().where(VatEntry.document_no == invoice.no).order_by(VatEntry.entry_no)
    assert [(e.account_no, e.amount) for e in entries] == [("2310", D(25)), ("2320", D(-25))]


def test_a_charge_and_a_gl_line_post_net_to_their_accounts(trade: Location) -> None:
    from postroom.core.tables.setup import Charge, Company

    Charge.create(no="FREIGHT", account_no="6400", vat_product_group="VAT25")
    Company.update(setup_version=Company.setup_version + 1).execute()
    before = balances()
    post_now(
        document(
            DocumentType.SALES_INVOICE,
            [
                {"type": LineType.CHARGE, "no": "FREIGHT", "quantity": D(1), "unit_price": D(20), "vat_group": "VAT25"},
                {
                    "type": LineType.GL_ACCOUNT,
                    "no": "8100",
                    "quantity": D(1),
                    "unit_price": D(50),
                    "vat_group": "VAT0",
                    "line_discount_percent": D(10),
                },
                {"type": LineType.COMMENT, "description": "Thank you"},
            ],
        )
    )
    assert change(before) == {"1300": D(70), "6400": D(-20), "8100": D(-45), "2300": D(-5)}
    assert [row.item_no for row in ItemStock.select()] == ["I1"]  # which alone is a matter of stock


def test_a_posted_line_bears_the_accounts_that_it_has_and_no_others(trade: Location) -> None:
    lines = [
        item_line("I1", 1, 100),
        {"type": LineType.GL_ACCOUNT, "no": "8100", "quantity": D(1), "unit_price": D(50), "vat_group": "VAT25"},
        {"type": LineType.COMMENT, "description": "with care"},
    ]
    _, invoice = post_now(document(DocumentType.SALES_INVOICE, lines))
    posted = PostedDocument.get(area=Area.SALES, no=invoice.no)
    goes_to = [name for name in PostedLine._meta.sorted_field_names if name.endswith(("account", "account_no"))]
    borne = {
        line.type: {name: no for name in goes_to if (no := getattr(line, name))}
        for line in PostedLine.select().where(PostedLine.posted_document == posted)
    }
    assert borne.pop(LineType.ITEM).keys() == set(goes_to)
    assert borne == {LineType.GL_ACCOUNT: {"account_no": "8100", "vat_account": "2300"}, LineType.COMMENT: {}}


def test_a_negative_line_of_a_purchase_credit_memo_brings_its_goods_at_its_price(trade: Location) -> None:
    before = balances()
    post_now(document(DocumentType.PURCHASE_CREDIT_MEMO, [item_line("I1", 5, 70), item_line("I1", -2, 70)]))
    moved = change(before)
    assert moved["1200"] == -5 * 60 + 2 * 70
    assert moved["2100"] == D("262.50")


def test_a_part_of_an_order_posts_its_own_lines_and_the_comments_which_are_worth_nothing(trade: Location) -> None:
    lines = [
        item_line("I1", 1, 100, qty_to_ship=D(1)),
        {"type": LineType.COMMENT, "description": "Thank you"},
        item_line("I1", 2, 100, qty_to_ship=D(0)),
    ]
    refs = post_now(document(DocumentType.SALES_ORDER, lines))
    assert [ref.kind.value for ref in refs] == ["shipment", "invoice"]
    for ref in refs:
        posted = PostedDocument.get(no=ref.no, kind=ref.kind)
        rows = list(PostedLine.select().where(PostedLine.posted_document == posted).order_by(PostedLine.line_no))
        assert [row.line_no for row in rows] == [10000, 20000]
        comment = rows[1]
        worth = ("quantity", "line_discount_amount", "invoice_discount_amount", "amount", "vat_amount", "cost_amount")
        assert {getattr(comment, name) for name in worth} == {D(0)}


def test_comments_of_a_whole_document_are_worth_nothing(trade: Location) -> None:
    lines = [item_line("I1", 1, 100), {"type": LineType.COMMENT, "description": "Thank you"}]
    _, invoice = post_now(document(DocumentType.SALES_INVOICE, lines, invoice_discount_amount=D(5)))
    posted = PostedDocument.get(no=invoice.no, kind=invoice.kind)
    (comment,) = PostedLine.select().where(PostedLine.posted_document == posted, PostedLine.type == LineType.COMMENT)
    assert (comment.line_discount_amount, comment.invoice_discount_amount, comment.amount) == (0, 0, 0)


@pytest.mark.parametrize("type_", [DocumentType.SALES_INVOICE, DocumentType.PURCHASE_INVOICE])
def test_a_posted_invoice_bears_what_its_goods_cost_whichever_way_they_went(
    trade: Location, type_: DocumentType
) -> None:
    for ref in post_now(document(type_, [item_line("I1", "0.5", 60)])):
        (line,) = PostedDocument.get(no=ref.no, kind=ref.kind, area=ref.area).lines
        assert line.cost_amount == 30


def test_three_pieces_for_ten_sold_one_by_one_leave_nothing_behind(trade: Location) -> None:
    builders.item("I3")
    third = item_line("I3", 3, "3.33333", line_discount_amount=D("-0.00001"))  # 3 pieces for 10.00
    post_now(document(DocumentType.PURCHASE_INVOICE, [third]))
    costs = []
    for _ in range(3):
        before = balances()
        post_now(document(DocumentType.SALES_INVOICE, [item_line("I3", 1, 5)]))
        costs.append(change(before)["7100"])
    assert costs == [D("3.33"), D("3.34"), D("3.33")]
    stock = ItemStock.get_by_id("I3")
    assert (stock.quantity, stock.value) == (0, 0)


def test_a_sale_before_the_receipt_is_valued_when_the_goods_come(trade: Location) -> None:
    builders.item("I4")
    post_now(document(DocumentType.SALES_INVOICE, [item_line("I4", 2, 50)]))  # nothing known: cost 0
    before = balances()
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I4", 5, 10)]))
    assert change(before) == {"2100": D("-62.50"), "2310": D("12.50"), "1200": D(30), "7100": D(20)}
    stock = ItemStock.get_by_id("I4")
    assert (stock.quantity, stock.value) == (3, 30)


def test_a_document_with_problems_names_all_of_them_and_changes_nothing(trade: Location) -> None:
    Party.update(blocked="All").where(Party.no == "C1").execute()
    before = balances()
    document_id = document(
        DocumentType.SALES_INVOICE, [item_line("NONE", 1, 1), item_line("I1", 1, 1, vat="ODD")], posting_date=None
    )
    with pytest.raises(CheckFailed) as failed:
        post_now(document_id)
    assert [problem.code for problem in failed.value.problems] == [
        "party_blocked",
        "posting_date_missing",
        "item_unknown",
        "vat_posting_setup_missing",
    ]
    assert all(problem.record and problem.message and problem.hint for problem in failed.value.problems)
    assert change(before) == {}
    assert Document.select().where(Document.id == document_id).exists()


def test_a_document_changed_after_it_was_computed_is_not_posted(trade: Location) -> None:
    document_id = document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 100)])
    plan = post.prepare(document_id, user="ann", posting_id="x")
    Document.update(version=Document.version + 1).where(Document.id == document_id).execute()
    with pytest.raises(Refused, match="changed") as refused, database.transaction():
        post.write(plan)
    (problem,) = refused.value.problems
    assert (problem.code, problem.record) == ("document_changed", plan.computed.document.record)
    assert problem.hint


def test_a_document_posted_by_somebody_else_meanwhile_is_not_posted_again(trade: Location) -> None:
    document_id = document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 100)])
    plan = post.prepare(document_id, user="ann", posting_id="x")
    post_now(document_id)
    before = balances()
    with pytest.raises(Refused, match="changed"), database.transaction():
        post.write(plan)
    assert balances() == before


def test_a_document_that_several_post_at_the_same_moment_is_posted_once(trade: Location) -> None:
    document_id = document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 100)])
    plans = [post.prepare(document_id, user="ann", posting_id=f"P{turn}") for turn in range(4)]

    def write() -> str:
        try:
            with database.transaction():
                post.write(plans.pop())
        except Refused as refused:
            return refused.problems[0].code
        return "posted"

    assert sorted(map(str, at_once(write))) == ["document_changed"] * 3 + ["posted"]
    assert ItemStock.get_by_id("I1").quantity == 9


def test_stock_taken_meanwhile_is_noticed_under_the_lock(trade: Location) -> None:
    builders.item("I5", prevent_negative=True)
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I5", 1, 10)]))
    first, second = (document(DocumentType.SALES_INVOICE, [item_line("I5", 1, 20)]) for _ in range(2))
    plan = post.prepare(second, user="ann", posting_id="late")
    post_now(first)
    with pytest.raises(CheckFailed) as failed, database.transaction():
        post.write(plan)
    assert [problem.code for problem in failed.value.problems] == ["not_enough_stock"]
    assert ItemStock.get_by_id("I5").quantity == 0


def test_first_receipts_of_an_item_at_the_same_moment_are_all_in_stock(trade: Location) -> None:
    builders.item("I5")
    ids = [document(DocumentType.PURCHASE_INVOICE, [item_line("I5", 1, 10)]) for _ in range(4)]
    plans = [post.prepare(document_id, user="ann", posting_id=f"P{document_id}") for document_id in ids]

    def receive() -> str:
        with database.transaction():
            return post.write(plans.pop())[0].kind.value

    assert at_once(receive) == ["receipt"] * 4
    stock = ItemStock.get_by_id("I5")
    assert (stock.quantity, stock.value) == (4, 40)


def test_a_vendors_number_taken_meanwhile_is_noticed_and_nothing_is_written(trade: Location) -> None:
    first, second = (document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 1, 20)]) for _ in range(2))
    Document.update(vendor_document_no="V-77").where(Document.id << [first, second]).execute()
    plan = post.prepare(second, user="ann", posting_id="late")
    post_now(first)
    before = balances()
    with pytest.raises(CheckFailed) as failed, database.transaction():
        post.write(plan)
    (problem,) = failed.value.problems
    assert problem.code == "vendor_document_no_used"
    assert problem.message == "Vendor Document No. V-77 of vendor V1 is already used."
    assert change(before) == {}
    assert DocumentLine.select().where(DocumentLine.document == second).count() == 1


def test_a_total_of_zero_posts(trade: Location) -> None:
    _, invoice = post_now(document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 100), item_line("I1", -1, 100)]))
    assert PostedDocument.get(no=invoice.no, kind=PostedKind.INVOICE).amount_including_vat == 0
    assert not GlEntry.select().where(GlEntry.amount == 0).exists()


def the_invoice(**fields: Any) -> PostedDocument:
    """What comes of a sales invoice for one piece."""
    _, ref = post_now(document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 100)], **fields))
    posted: PostedDocument = PostedDocument.get(no=ref.no, kind=ref.kind)
    return posted


EARLIER, LATER = date(2026, 2, 27), date(2026, 4, 1)


@pytest.mark.parametrize(
    ("document_date", "due_date", "dated", "due"),
    [
        (EARLIER, LATER, EARLIER, LATER),
        (EARLIER, None, EARLIER, EARLIER),
        (None, LATER, builders.DAY, LATER),
        (None, None, builders.DAY, builders.DAY),
    ],
)
def test_a_due_date_that_is_blank_is_the_document_date_and_that_the_posting_date(
    trade: Location, document_date: date | None, due_date: date | None, dated: date, due: date
) -> None:
    posted = the_invoice(document_date=document_date, due_date=due_date)
    assert (posted.posting_date, posted.document_date, posted.due_date) == (builders.DAY, dated, due)
    assert PartyLedgerEntry.get(document_no=posted.no).due_date == due


def test_a_customer_is_named_as_the_document_does_or_as_the_customer_is_called(trade: Location) -> None:
    assert the_invoice(party_name="Ann & Daughters").party_name == "Ann & Daughters"
    assert the_invoice(party_name="").party_name == "Name of C1"


def test_a_party_entry_bears_the_number_that_the_other_side_gave_the_document(trade: Location) -> None:
    sold = the_invoice(external_document_no="ORDER-7", vendor_document_no="")
    assert PartyLedgerEntry.get(document_no=sold.no).external_document_no == "ORDER-7"
    bought = document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 1, 60)], vendor_document_no="V-7")
    _, ref = post_now(bought)
    assert PartyLedgerEntry.get(document_no=ref.no, area=Area.PURCHASE).external_document_no == "V-7"


@pytest.mark.parametrize("typed", [7, 0])
def test_an_invoice_in_the_local_currency_has_the_factor_1_whatever_was_typed(trade: Location, typed: int) -> None:
    assert the_invoice(currency_factor=D(typed)).currency_factor == 1


@pytest.mark.parametrize("type_", [DocumentType.SALES_INVOICE, DocumentType.PURCHASE_INVOICE])
def test_a_line_without_a_quantity_is_posted_with_the_others_and_is_worth_nothing(
    trade: Location, type_: DocumentType
) -> None:
    before = balances()
    post_now(document(type_, [item_line("I1", 1, 60)]))
    alone, before = change(before), balances()
    refs = post_now(document(type_, [item_line("I1", 1, 60), item_line("I1", 0, 60)]))
    assert change(before) == alone
    for ref in refs:
        lines = PostedDocument.get(no=ref.no, kind=ref.kind, area=ref.area).lines
        assert [line.quantity for line in lines.order_by(PostedLine.line_no)] == [1, 0]
    assert not ItemLedgerEntry.select().where(ItemLedgerEntry.quantity == 0).exists()


@pytest.mark.parametrize("precision", ["1", "0.001", "0.0001"])
def test_other_precisions_are_as_exact(make, precision: str) -> None:  # type: ignore[no-untyped-def]
    from postroom.core import company

    company.open_company(make(precision))
    builders.party(Area.SALES, "C1")
    builders.item("I1")
    _, invoice = post_now(document(DocumentType.SALES_INVOICE, [item_line("I1", "1.5", "33.3333")]))
    posted = PostedDocument.get(no=invoice.no, kind=PostedKind.INVOICE)
    expected = {"1": ("50", "13"), "0.001": ("50.000", "12.500"), "0.0001": ("50.0000", "12.5000")}[precision]
    assert (posted.amount, posted.vat_amount) == (D(expected[0]), D(expected[1]))
    assert sum(entry.amount for entry in GlEntry.select()) == 0
