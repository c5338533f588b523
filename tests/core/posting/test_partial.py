"""Orders shipped, received and invoiced in steps: what each step posts, what it leaves, and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import builders
import pytest
from builders import balances, document, item_line, post_now

from postroom.core import documents, setups
from postroom.core.database import Location
from postroom.core.errors import CheckFailed, Refused
from postroom.core.kinds import Area, DocumentStatus, DocumentType, JobQueueStatus, LineType, PostedKind
from postroom.core.posting import check
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.tables.ledgers import PostedDocument, PostedLine
from postroom.core.tables.setup import Company, Currency, PurchasesSetup
from postroom.core.tables.trade import Document, DocumentLine, ItemStock, Party
from postroom.core.verify import verify

D = Decimal
SALE, BACK = DocumentType.SALES_ORDER, DocumentType.SALES_RETURN_ORDER
PURCHASE, PURCHASE_BACK = DocumentType.PURCHASE_ORDER, DocumentType.PURCHASE_RETURN_ORDER
SHIP, RECEIVE, INVOICE = Asked(ship=True), Asked(receive=True), Asked(invoice=True)


@pytest.fixture
def trade(firm: Location) -> Location:
    """A customer, a vendor, two items of which I1 has ten pieces at 60.00; vendors' numbers need not be typed."""
    builders.party(Area.SALES, "C1")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    builders.item("I2")
    PurchasesSetup.update(vendor_doc_no_mandatory=False).execute()
    Company.update(setup_version=Company.setup_version + 1).execute()
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 10, 60)]))
    return firm


def change(before: dict[str, Decimal]) -> dict[str, Decimal]:
    """What the balances of the accounts have moved by."""
    after = balances()
    moved = {account: after.get(account, D(0)) - before.get(account, D(0)) for account in {*before, *after}}
    return {account: amount for account, amount in sorted(moved.items()) if amount}


def of(order: int, **fields: Any) -> None:
    """Type fields of the order's first line."""
    documents.set_line(order, 10000, {name: str(value) for name, value in fields.items()}, user="ann")


def quantities(order: int) -> list[tuple[Decimal, ...]]:
    """To ship, to invoice, shipped and invoiced of each line, as they are shown."""
    return [
        (line.qty_to_ship, line.qty_to_invoice, line.quantity_shipped, line.quantity_invoiced)
        for line in documents.show(order).lines
    ]


def kinds(posted: tuple[Any, ...]) -> list[str]:
    return [ref.kind.value for ref in posted]


def codes_of(order: int, asked: Asked = AS_THE_DOCUMENT_SAYS) -> list[str]:
    """The codes with which it is refused, which the check alone finds as well; each says where and what to do."""
    problems = check.check(order, user="ann", asked=asked)
    with pytest.raises(CheckFailed) as failed:
        post_now(order, asked)
    assert failed.value.problems == problems
    assert all(problem.message and problem.hint and problem.record and problem.field for problem in problems)
    return [problem.code for problem in problems]


def assert_verified() -> None:
    assert [found for found in verify().checks if not found.ok] == []


def test_a_sales_order_goes_in_steps_and_is_gone_when_all_is_invoiced(trade: Location) -> None:
    order = document(SALE, [item_line("I1", 5, 100), {"type": LineType.COMMENT, "description": "Mind the step"}])
    assert quantities(order) == [(5, 5, 0, 0), (0, 0, 0, 0)]
    of(order, qty_to_ship=3, qty_to_invoice=1)
    before = balances()

    assert kinds(post_now(order, SHIP)) == ["shipment"]
    assert change(before) == {"7100": D(180), "1200": D(-180)}
    assert quantities(order) == [(2, 5, 3, 0), (0, 0, 0, 0)]
    assert_verified()

    of(order, qty_to_invoice=1)
    before = balances()
    assert kinds(post_now(order, INVOICE)) == ["invoice"]
    assert change(before) == {"1300": D(125), "6100": D(-100), "2300": D(-25)}
    assert quantities(order) == [(2, 4, 3, 1), (0, 0, 0, 0)]
    row = Document.get_by_id(order)
    assert (row.status, row.job_queue_status) == (DocumentStatus.RELEASED, JobQueueStatus.BLANK)
    assert_verified()

    before = balances()
    assert kinds(post_now(order)) == ["shipment", "invoice"]
    assert change(before) == {"1300": D(500), "6100": D(-400), "2300": D(-100), "7100": D(120), "1200": D(-120)}
    assert not Document.select().where(Document.id == order).exists()
    assert not DocumentLine.select().where(DocumentLine.document == order).exists()
    assert_verified()

    of_order = PostedDocument.select().where(PostedDocument.source_type == SALE).order_by(PostedDocument.id)
    posted = [
        (row.kind.value, [(line.quantity, line.amount, line.cost_amount) for line in row.lines if line.no])
        for row in of_order
    ]
    assert posted == [
        ("shipment", [(3, 0, 180)]),
        ("invoice", [(1, 100, 60)]),
        ("shipment", [(2, 0, 120)]),
        ("invoice", [(4, 400, 240)]),
    ]
    assert PostedLine.select().where(PostedLine.type == LineType.COMMENT).count() == 4


def test_a_shipment_bears_its_share_of_a_line_discount_amount_as_fine_as_it_is_stored(trade: Location) -> None:
    line = item_line("I1", 3, 100, line_discount_amount=D("0.10"))
    order = document(SALE, [line])
    of(order, qty_to_ship=1)
    post_now(order, SHIP)
    post_now(order, SHIP)
    post_now(document(SALE, [line]), SHIP)
    shipped = PostedLine.select().join(PostedDocument).where(PostedDocument.kind == PostedKind.SHIPMENT)
    assert [row.line_discount_amount for row in shipped.order_by(PostedLine.id)] == [
        D("0.03333"),
        D("0.06667"),
        D("0.10"),
    ]


@pytest.mark.parametrize(
    ("type_", "moves", "goods", "money"),
    [
        (SALE, SHIP, "shipment", "invoice"),
        (BACK, RECEIVE, "return_receipt", "credit_memo"),
        (PURCHASE, RECEIVE, "receipt", "invoice"),
        (PURCHASE_BACK, SHIP, "return_shipment", "credit_memo"),
    ],
)
def test_in_steps_or_at_once_the_accounts_are_the_same(
    trade: Location, type_: DocumentType, moves: Asked, goods: str, money: str
) -> None:
    lines = [
        item_line("I1", 3, "33.33", line_discount_percent=D(5)),
        {"type": LineType.GL_ACCOUNT, "no": "8100", "quantity": D(2), "unit_price": D("7.77"), "vat_group": "VAT10"},
    ]
    before = balances()
    post_now(document(type_, lines))
    at_once = change(before)
    stock = ItemStock.get_by_id("I1")
    ItemStock.update(quantity=10, value=600, last_cost=60).execute()
    order, before = document(type_, lines), balances()
    assert kinds(post_now(order, moves)) == [goods]
    assert codes_of(order, moves) == ["nothing_to_post"]
    assert kinds(post_now(order)) == [money]
    assert change(before) == at_once
    assert (ItemStock.get_by_id("I1").quantity, ItemStock.get_by_id("I1").value) == (stock.quantity, stock.value)


def test_goods_received_are_not_invoiced_until_the_invoice_comes(trade: Location) -> None:
    order = document(PURCHASE, [item_line("I2", 3, 10, line_discount_percent=D(10))], invoice_discount_amount=D(6))
    before = balances()
    post_now(order, RECEIVE)  # 27.00 less 6.00
    assert change(before) == {"1200": D(21), "2200": D(-21)}
    assert_verified()
    before = balances()
    post_now(order, INVOICE)
    assert change(before) == {"2200": D(21), "2310": D("5.25"), "2100": D("-26.25")}
    assert_verified()


def test_goods_received_dearer_than_ordered_leave_a_purchase_variance(trade: Location) -> None:
    order = document(PURCHASE, [item_line("I2", 4, 10)])
    post_now(order, RECEIVE)
    documents.reopen(order, user="ann")
    of(order, unit_price=12)  # the vendor's invoice says 12.00
    documents.release(order, user="ann")
    before = balances()
    of(order, qty_to_invoice=1)
    post_now(order, INVOICE)
    assert change(before) == {"2200": D(10), "7400": D(2), "2310": D(3), "2100": D(-15)}
    assert_verified()
    post_now(order, INVOICE)
    assert change(before) == {"2200": D(40), "7400": D(8), "2310": D(12), "2100": D(-60)}
    assert ItemStock.get_by_id("I2").value == 40
    assert_verified()


def test_received_in_two_parts_at_two_prices_and_invoiced_in_three(trade: Location) -> None:
    order = document(PURCHASE, [item_line("I2", 10, 10)])
    before = balances()
    of(order, qty_to_receive=4)
    post_now(order, RECEIVE)  # 40.00
    of(order, qty_to_invoice=3)
    post_now(order, INVOICE)  # 40.00 x 3/4
    assert change(before) == {"1200": D(40), "2200": D(-10), "2310": D("7.50"), "2100": D("-37.50")}
    documents.reopen(order, user="ann")
    of(order, unit_price=12)
    documents.release(order, user="ann")
    before = balances()
    post_now(order, RECEIVE)  # 6 x 12.00, as for what is left
    assert change(before) == {"1200": D(72), "2200": D(-72)}
    before = balances()
    of(order, qty_to_invoice=3)
    post_now(order, INVOICE)  # 112.00 x 6/10 - 30.00 for goods invoiced at 36.00
    assert change(before) == {"2200": D("37.20"), "7400": D("-1.20"), "2310": D(9), "2100": D(-45)}
    assert_verified()
    before = balances()
    post_now(order)  # what is left of 112.00
    assert change(before) == {"2200": D("44.80"), "7400": D("3.20"), "2310": D(12), "2100": D(-60)}
    assert "2200" not in balances()
    assert_verified()


def test_goods_sent_back_in_parts_leave_at_the_average_and_are_credited_at_their_price(trade: Location) -> None:
    order = document(PURCHASE_BACK, [item_line("I1", 3, 70)])
    before = balances()
    post_now(order, SHIP)
    assert change(before) == {"1200": D(-180), "2200": D(180)}
    of(order, qty_to_invoice=2)
    before = balances()
    post_now(order)
    assert change(before) == {"2200": D(-120), "7400": D(-20), "2310": D(-35), "2100": D(175)}
    assert_verified()


def test_a_currencys_receipts_and_invoices_are_exact_in_lcy(trade: Location) -> None:
    Currency.create(code="EUR")
    Company.update(setup_version=Company.setup_version + 1).execute()
    line = item_line("I2", 3, "0.07", vat="VAT0")
    order = document(PURCHASE, [line], currency_code="EUR", currency_factor=D("7.4605"))
    before = balances()
    for _ in range(3):  # 0.07, 0.14 and 0.21 euros so far are 0.52, 1.04 and 1.57
        of(order, qty_to_receive=1)
        post_now(order)
    invoices = PostedDocument.select().where(PostedDocument.source_type == PURCHASE, PostedDocument.kind == "invoice")
    assert [row.amount_lcy for row in invoices.order_by(PostedDocument.id)] == [D("0.52"), D("0.52"), D("0.53")]
    assert change(before) == {"1200": D("1.57"), "2100": D("-1.57")}
    assert_verified()


def test_a_changed_price_counts_anew_for_what_is_left(trade: Location) -> None:
    order = document(
        SALE, [item_line("I1", 6, "1.005", line_discount_amount=D("0.60"))], invoice_discount_amount=D("0.60")
    )
    of(order, qty_to_ship=2)
    post_now(order)
    documents.reopen(order, user="ann")
    of(order, unit_price="2.005")
    documents.release(order, user="ann")
    of(order, qty_to_ship=1)
    post_now(order)
    post_now(order)
    invoices = PostedDocument.select().where(PostedDocument.source_type == SALE, PostedDocument.kind == "invoice")
    # 6 x 1.005 - 0.60 = 5.43, a third is 1.81 less 0.20; left are 4 x 2.005 - 0.40 = 7.62 less 0.40
    assert [row.amount for row in invoices.order_by(PostedDocument.id)] == [D("1.61"), D("1.81"), D("5.41")]
    assert_verified()


def test_the_invoice_discount_is_given_once_whatever_is_changed_between(trade: Location) -> None:
    lines = [item_line("I1", 2, 100), item_line("I1", 2, 100)]
    order = document(SALE, lines, invoice_discount_amount=D(20))
    documents.set_line(order, 20000, {"qty_to_ship": "0"}, user="ann")
    post_now(order)  # the first line, with half of the discount
    documents.reopen(order, user="ann")
    documents.set_line(order, 20000, {"unit_price": "300"}, user="ann")
    documents.release(order, user="ann")
    post_now(order)
    invoices = PostedDocument.select().where(PostedDocument.source_type == SALE, PostedDocument.kind == "invoice")
    assert [row.amount for row in invoices.order_by(PostedDocument.id)] == [190, 590]


def test_a_discount_of_the_customers_percentage_holds_for_what_is_left(trade: Location) -> None:
    Party.update(invoice_discount_percent=10).where(Party.no == "C1").execute()
    setups.change({"sales.calc_inv_discount": "true"}, user=builders.current_user())
    order = document(SALE, [item_line("I1", 4, 10)], status=DocumentStatus.OPEN)
    documents.release(order, user="ann")
    of(order, qty_to_ship=2)
    post_now(order)
    documents.reopen(order, user="ann")
    documents.release(order, user="ann")
    assert Document.get_by_id(order).invoice_discount_amount == 4
    documents.reopen(order, user="ann")
    of(order, unit_price=20)
    documents.release(order, user="ann")
    assert Document.get_by_id(order).invoice_discount_amount == 2 + 4  # of 20.00 taken, and of 40.00 left
    post_now(order)
    invoices = PostedDocument.select().where(PostedDocument.source_type == SALE, PostedDocument.kind == "invoice")
    assert [row.amount for row in invoices.order_by(PostedDocument.id)] == [18, 36]


def test_a_discount_below_what_is_invoiced_of_it_is_refused(trade: Location) -> None:
    order = document(SALE, [item_line("I1", 2, 100)], invoice_discount_amount=D(20))
    of(order, qty_to_ship=1)
    post_now(order)
    documents.reopen(order, user="ann")
    with pytest.raises(Refused) as refused:
        documents.set_fields(order, {"invoice_discount_amount": "9.99"}, user="ann")
    assert refused.value.problems[0].code == "discount_invoiced"
    documents.set_fields(order, {"invoice_discount_amount": "10"}, user="ann")
    post_now(order)
    last = PostedDocument.select().where(PostedDocument.kind == "invoice").order_by(PostedDocument.id.desc()).get()
    assert last.amount == 100


def test_a_declared_vat_is_that_of_the_invoice_that_comes_next(trade: Location) -> None:
    PurchasesSetup.update(max_vat_difference_allowed=D("0.05")).execute()
    Company.update(setup_version=Company.setup_version + 1).execute()
    order = document(PURCHASE, [item_line("I2", 2, 10, declared_vat_amount=D("2.53"))], vendor_document_no="V-1")
    post_now(order, RECEIVE)
    of(order, qty_to_invoice=1)
    assert Document.get_by_id(order).vat_amount == D("2.53")
    before = balances()
    post_now(order)
    assert change(before)["2310"] == D("2.53")
    row = Document.get_by_id(order)
    assert (row.vendor_document_no, row.vat_amount) == ("", 5)
    of(order, vat_amount="2.47")
    before = balances()
    post_now(order)
    assert change(before)["2310"] == D("2.47")
    assert_verified()


def test_a_declared_vat_waits_for_the_invoice_of_its_own_line(trade: Location) -> None:
    PurchasesSetup.update(max_vat_difference_allowed=D("0.05")).execute()
    Company.update(setup_version=Company.setup_version + 1).execute()
    later = item_line("I2", 1, 10, vat="VAT10", declared_vat_amount=D("1.02"), qty_to_ship=D(0))
    order = document(PURCHASE, [item_line("I2", 1, 10, declared_vat_amount=D("2.53")), later])
    post_now(order)
    assert Document.get_by_id(order).vat_amount == D("3.52")
    assert [line.declared_vat_amount for line in DocumentLine.select().order_by(DocumentLine.id)] == [None, D("1.02")]


def test_what_is_typed_of_one_order_stays_when_another_is_posted(trade: Location) -> None:
    typed, order = (document(SALE, [item_line("I1", 3, 100, qty_to_ship=D(1), qty_to_invoice=D(1))]) for _ in range(2))
    post_now(order)
    assert quantities(order) == [(2, 2, 1, 1)]
    assert quantities(typed) == [(1, 1, 0, 0)]


@pytest.mark.parametrize(
    ("fields", "asked", "codes"),
    [
        ({"qty_to_invoice": D(1)}, INVOICE, ["invoice_more_than_shipped"]),
        ({"qty_to_ship": D(1), "qty_to_invoice": D(2)}, Asked(), ["invoice_more_than_shipped"]),
        ({"qty_to_ship": D(1), "qty_to_invoice": D(5)}, Asked(), ["invoice_more_than_shipped"]),
        ({"qty_to_ship": D(6)}, Asked(), ["ship_more_than_outstanding"]),
        (
            {"quantity_shipped": D(2), "qty_to_ship": D(5), "qty_to_invoice": D(5)},
            Asked(),
            ["ship_more_than_outstanding"],
        ),
        ({"qty_to_ship": D(-1)}, SHIP, ["ship_more_than_outstanding"]),
        ({"qty_to_ship": D(0)}, Asked(), ["nothing_to_post"]),
        ({}, INVOICE, ["nothing_to_post"]),
        ({}, RECEIVE, ["nothing_to_post"]),
        ({}, Asked(receive=True, invoice=True), ["nothing_to_post"]),
    ],
)
def test_what_cannot_be_shipped_or_invoiced_is_named(
    trade: Location, fields: dict[str, Decimal], asked: Asked, codes: list[str]
) -> None:
    order = document(SALE, [item_line("I1", 5, 100, **fields)])
    before = balances()
    assert codes_of(order, asked) == codes
    assert balances() == before


def test_a_line_that_is_shipped_whole_hides_no_other_that_is_not(trade: Location) -> None:
    lines = [item_line("I1", 5, 100), item_line("I1", 5, 100, qty_to_ship=D(1), qty_to_invoice=D(5))]
    assert codes_of(document(SALE, lines)) == ["invoice_more_than_shipped"]


def test_a_header_says_what_a_posting_does_and_what_is_asked_overrules_it_once(trade: Location) -> None:
    order = document(SALE, [item_line("I1", 2, 100)], invoice=False)
    assert kinds(post_now(order)) == ["shipment"]
    assert codes_of(order) == ["nothing_to_post"]
    assert Document.get_by_id(order).invoice is False
    assert kinds(post_now(order, INVOICE)) == ["invoice"]


def test_with_the_default_blank_only_what_is_typed_is_shipped(trade: Location) -> None:
    setups.change({"sales.default_qty_to_ship": "Blank"}, user=builders.current_user())
    order = document(SALE, [item_line("I1", 2, 100)])
    assert quantities(order) == [(0, 0, 0, 0)]
    assert codes_of(order) == ["nothing_to_post"]
    of(order, qty_to_ship=1)
    assert quantities(order) == [(1, 1, 0, 0)]
    post_now(order)
    assert quantities(order) == [(0, 0, 1, 1)]
    bought = document(PURCHASE, [item_line("I1", 2, 100)])
    assert quantities(bought) == [(2, 2, 0, 0)]
    assert kinds(post_now(document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 100)]))) == ["shipment", "invoice"]


def test_shipping_needs_no_more_than_shipping_does(trade: Location) -> None:
    """Neither an invoice's number series nor the vendor's document no.; a blocked party is looked at per step."""
    setups.change(
        {"sales.posted_invoice_nos": "", "purchases.vendor_doc_no_mandatory": "true"}, user=builders.current_user()
    )
    order = document(SALE, [item_line("I1", 2, 100)])
    post_now(order, SHIP)
    assert codes_of(order) == ["number_series_missing"]
    bought = document(PURCHASE, [item_line("I1", 2, 100)], vendor_document_no="")
    post_now(bought, RECEIVE)
    assert codes_of(bought) == ["vendor_document_no_missing"]
    Party.update(blocked="Ship").execute()
    assert codes_of(document(SALE, [item_line("I1", 1, 100)]), SHIP) == ["party_blocked"]
    documents.set_fields(bought, {"vendor_document_no": "V-7"}, user="ann")
    assert kinds(post_now(bought)) == ["invoice"]
    Party.update(blocked="Invoice").execute()
    assert "party_blocked" in codes_of(order)


def test_only_the_lines_that_are_posted_are_checked(trade: Location) -> None:
    order = document(SALE, [item_line("I1", 2, 100), item_line("NONE", 2, 100, vat="ODD", qty_to_ship=D(0))])
    assert kinds(post_now(order)) == ["shipment", "invoice"]
    assert codes_of(order) == ["item_unknown", "vat_posting_setup_missing"]


def test_stock_is_guarded_by_what_moves_now(trade: Location) -> None:
    builders.item("I5", prevent_negative=True)
    order = document(SALE, [item_line("I5", 5, 100)])
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I5", 2, 10)]))
    assert codes_of(order) == ["not_enough_stock"]
    of(order, qty_to_ship=3)
    assert check.check(order, user="ann")[0].field == "qty_to_ship"
    of(order, qty_to_ship=2)
    assert kinds(post_now(order)) == ["shipment", "invoice"]


def test_what_has_moved_keeps_an_order_from_being_deleted_or_emptied(trade: Location) -> None:
    order = document(SALE, [item_line("I1", 5, 100, qty_to_ship=D(2)), item_line("I2", 1, 100, qty_to_ship=D(0))])
    post_now(order, SHIP)

    def refusal(act: Any) -> str:
        with pytest.raises(Refused) as refused:
            act()
        return refused.value.problems[0].code

    assert refusal(lambda: documents.delete(order, user="ann")) == "moved_not_invoiced"
    post_now(order, INVOICE)
    documents.reopen(order, user="ann")
    documents.set_line(order, 20000, user="ann", delete=True)
    assert refusal(lambda: documents.set_line(order, 10000, user="ann", delete=True)) == "line_invoiced"
    assert refusal(lambda: of(order, quantity=2)) == "nothing_left"
    of(order, quantity=3)
    assert_verified()
    documents.delete(order, user="ann")
    assert_verified()


def test_a_released_order_takes_what_the_next_posting_does_and_nothing_else(trade: Location) -> None:
    order = document(SALE, [item_line("I1", 5, 100)])
    of(order, qty_to_ship=2, qty_to_invoice=1)
    documents.set_fields(order, {"ship": "true", "invoice": "false"}, user="ann")
    for act in (
        lambda: of(order, qty_to_ship=1, quantity=4),
        lambda: documents.set_line(order, 20000, {"qty_to_ship": "1"}, user="ann"),
        lambda: documents.set_line(order, 10000, user="ann", delete=True),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.problems[0].code == "document_released"


def test_a_correction_of_one_part_returns_its_goods_at_its_own_cost(trade: Location) -> None:
    order = document(SALE, [item_line("I1", 4, 100)])
    of(order, qty_to_ship=3, qty_to_invoice=1)
    post_now(order)  # three pieces at 60.00, one of them invoiced
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 13, 120)]))
    before = balances()
    of(order, qty_to_ship=0)
    (second,) = post_now(order)  # the other two
    memo = document(DocumentType.SALES_CREDIT_MEMO, [item_line("I1", 2, 100)], corrects_no=second.no)
    post_now(memo)
    assert change(before) == {"7100": D(-120), "1200": D(120)}
    assert_verified()


def test_a_correction_of_a_part_of_a_purchase_leaves_every_account_where_it_was(trade: Location) -> None:
    order = document(PURCHASE, [item_line("I2", 5, 10)])
    of(order, qty_to_receive=2)
    post_now(order)
    post_now(order, RECEIVE)
    documents.reopen(order, user="ann")
    of(order, unit_price=11)
    documents.release(order, user="ann")
    before, stock = balances(), ItemStock.get_by_id("I2").value
    of(order, qty_to_invoice=2)
    (second,) = post_now(order)
    lines = [item_line("I2", 2, 11)]
    post_now(document(DocumentType.PURCHASE_CREDIT_MEMO, lines, corrects_no=second.no, vendor_document_no=""))
    # The two pieces are gone again: they were received for 20.00 and never paid for.
    assert change(before) == {"1200": D(-20), "2200": D(20)}
    assert ItemStock.get_by_id("I2").value == stock - 20
    assert_verified()


def test_what_a_receipt_added_to_shipped_goods_is_shared_by_their_invoices(trade: Location) -> None:
    order = document(SALE, [item_line("I2", 4, 100)])
    post_now(order, SHIP)  # of nothing, at nothing
    of(order, qty_to_invoice=1)
    (first,) = post_now(order, INVOICE)
    (second,) = post_now(order, INVOICE)
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I2", 10, 8)]))  # 32.00 go to cost of sales
    for invoice, quantity, value in ((second, 3, 48 + 24), (first, 1, 80)):
        post_now(document(DocumentType.SALES_CREDIT_MEMO, [item_line("I2", quantity, 100)], corrects_no=invoice.no))
        assert ItemStock.get_by_id("I2").value == value
    assert "7100" not in balances()
    assert_verified()


def test_a_return_order_that_corrects_goes_in_parts_at_the_originals_cost(trade: Location) -> None:
    _, invoice = post_now(document(DocumentType.SALES_INVOICE, [item_line("I1", 3, 100)]))
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 7, 130)]))
    order = document(BACK, [item_line("I1", 3, 100)], corrects_no=invoice.no)
    before = balances()
    for _ in range(3):
        of(order, qty_to_receive=1)
        post_now(order, RECEIVE)
    assert change(before) == {"1200": D(180), "7100": D(-180)}
    post_now(order)
    assert_verified()


def test_a_return_order_takes_a_correction_back_by_pieces_that_add_up_to_what_they_cost(trade: Location) -> None:
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I2", 3, 10, price_per_quantity=D(3))]))
    _, invoice = post_now(document(DocumentType.SALES_INVOICE, [item_line("I2", 3, 100)]))
    order = document(BACK, [item_line("I2", 3, 100)], corrects_no=invoice.no)
    values = []
    for _ in range(3):
        of(order, qty_to_receive=1)
        post_now(order, RECEIVE)
        values.append(ItemStock.get_by_id("I2").value)
    assert values == [D("3.33"), D("6.67"), D(10)]
    assert_verified()
