"""Documents that correct a posted one: what they take over from it, what they settle, and what they refuse."""

from __future__ import annotations

import secrets
from decimal import Decimal

import builders
import pytest
from builders import balances, document, item_line
from standing import open_amounts

from postroom.core import database, setups
from postroom.core.database import Location
from postroom.core.errors import CheckFailed
from postroom.core.kinds import Area, DocumentType, LineType, PostedKind
from postroom.core.posting import check, post
from postroom.core.tables.ledgers import PartyLedgerApplication, PostedDocument
from postroom.core.tables.setup import Charge, Company, Currency
from postroom.core.tables.trade import ItemStock
from postroom.core.verify import verify

D = Decimal
PURCHASE, PURCHASE_BACK = DocumentType.PURCHASE_INVOICE, DocumentType.PURCHASE_CREDIT_MEMO
SALE, SALE_BACK = DocumentType.SALES_INVOICE, DocumentType.SALES_CREDIT_MEMO


def post_now(document_id: int) -> tuple[post.PostedRef, ...]:
    plan = post.prepare(document_id, user="ann", posting_id=secrets.token_hex(8))
    with database.transaction():
        return post.write(plan)


def codes_of(document_id: int) -> list[str]:
    problems = check.check(document_id, user="ann")
    with pytest.raises(CheckFailed) as failed:
        post_now(document_id)
    assert failed.value.problems == problems
    assert all(problem.message and problem.hint and problem.record for problem in problems)
    return [problem.code for problem in problems]


def stock_of(no: str) -> tuple[Decimal, Decimal]:
    stock = ItemStock.get_by_id(no)
    return stock.quantity, stock.value


@pytest.fixture
def trade(firm: Location) -> Location:
    """Two customers, two vendors, two items, and a currency."""
    for number in ("1", "2"):
        builders.party(Area.SALES, f"C{number}")
        builders.party(Area.PURCHASE, f"V{number}")
        builders.item(f"I{number}")
    Currency.create(code="EUR")
    Company.update(setup_version=Company.setup_version + 1).execute()
    return firm


def test_a_purchase_corrected_after_its_goods_were_sold_takes_its_own_cost_out(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I1", 10, 10)]))
    before = balances()
    _, dear = post_now(document(PURCHASE, [item_line("I1", 10, 60)]))
    post_now(document(SALE, [item_line("I1", 15, 100)]))  # at the average of 35.00: 525.00, which leaves 175.00
    sold = balances()
    post_now(document(PURCHASE_BACK, [item_line("I1", 10, 60)], corrects_no=dear.no, vendor_document_no=""))
    after = balances()
    assert stock_of("I1") == (D(-5), D(-425))
    assert {account: after.get(account, D(0)) - sold.get(account, D(0)) for account in ("1200", "2100", "2310")} == {
        "1200": D(-600),
        "2100": D(750),
        "2310": D(-150),
    }
    assert "2200" not in after
    assert "7400" not in after
    assert after["2100"] == before["2100"]
    # The next receipt sets the cost: cost of sales ends at fifteen pieces for 100.00 + 50.00.
    post_now(document(PURCHASE, [item_line("I1", 5, 10)]))
    assert stock_of("I1") == (0, 0)
    assert balances()["7100"] == D(150)
    assert verify().ok


def test_a_purchase_corrected_at_once_leaves_every_account_where_it_was(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I1", 3, 10)]))
    before, stock = balances(), stock_of("I1")
    lines = [item_line("I1", 7, "33.33", line_discount_percent=D(5)), item_line("I2", 1, "0.05")]
    _, invoice = post_now(document(PURCHASE, lines, invoice_discount_amount=D("1.11")))
    post_now(
        document(PURCHASE_BACK, lines, invoice_discount_amount=D("1.11"), corrects_no=invoice.no, vendor_document_no="")
    )
    assert balances() == before
    assert (stock_of("I1"), stock_of("I2")) == (stock, (0, 0))
    assert PartyLedgerApplication.select().count() == 2
    assert verify().ok


def test_a_line_that_names_another_item_does_not_take_the_originals_cost(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I1", 2, 60), item_line("I2", 2, 5)]))
    _, invoice = post_now(document(SALE, [item_line("I1", 1, 100)]))
    post_now(document(SALE_BACK, [item_line("I2", 1, 100)], corrects_no=invoice.no))
    assert stock_of("I2") == (3, 15)
    assert verify().ok


def test_a_line_goes_back_to_the_account_of_a_charge_that_is_no_more(trade: Location) -> None:
    charge = Charge.create(no="FREIGHT", account_no="6400", vat_product_group="VAT25")
    setups.raise_version()
    lines = [item_line("FREIGHT", 1, 100, type=LineType.CHARGE)]
    _, invoice = post_now(document(SALE, lines))
    assert balances()["6400"] == D(-100)
    charge.delete_instance()
    setups.raise_version()
    post_now(document(SALE_BACK, lines, corrects_no=invoice.no))
    assert balances() == {}


@pytest.mark.parametrize(
    ("type_", "fields", "code"),
    [
        (SALE_BACK, {"corrects_no": "NONE"}, "corrects_unknown"),
        (SALE, {"corrects_no": "invoice"}, "corrects_unknown"),  # an invoice corrects a credit memo only
        (PURCHASE_BACK, {"corrects_no": "invoice"}, "corrects_unknown"),  # of the other area
        (SALE_BACK, {"corrects_no": "shipment"}, "corrects_unknown"),
        (SALE_BACK, {"corrects_no": "invoice", "party_no": "C2"}, "corrects_other_party"),
        (
            SALE_BACK,
            {"corrects_no": "invoice", "currency_code": "EUR", "currency_factor": D("7.5")},
            "corrects_other_currency",
        ),
    ],
)
def test_what_cannot_be_corrected_is_refused(
    trade: Location, type_: DocumentType, fields: dict[str, object], code: str
) -> None:
    shipment, invoice = post_now(document(SALE, [item_line("I1", 1, 100)]))
    named = {"invoice": invoice.no, "shipment": shipment.no}
    fields = {**fields, "corrects_no": named.get(str(fields["corrects_no"]), fields["corrects_no"])}
    assert codes_of(document(type_, [item_line("I1", 1, 100)], **fields)) == [code]


def test_a_correction_refused_is_told_what_there_is_instead(trade: Location) -> None:
    line = item_line("I1", 1, 100)
    euros: dict[str, object] = {"currency_code": "EUR", "currency_factor": D("7.5")}
    (_, at_home), (_, in_euros) = post_now(document(SALE, [line])), post_now(document(SALE, [line], **euros))

    def told(**fields: object) -> str:
        (problem,) = check.check(document(SALE_BACK, [line], **fields), user="ann")
        return problem.message

    assert told(corrects_no="NONE") == "There is no posted sales invoice NONE."
    assert told(corrects_no=at_home.no, party_no="C2") == f"Invoice {at_home.no} belongs to C1, not to C2."
    assert told(corrects_no=at_home.no, **euros) == f"Invoice {at_home.no} is in the local currency, not in EUR."
    assert told(corrects_no=in_euros.no) == f"Invoice {in_euros.no} is in EUR, not in the local currency."


def test_a_corrections_vendor_number_may_be_blank_but_not_used_twice(trade: Location) -> None:
    _, invoice = post_now(document(PURCHASE, [item_line("I1", 2, 10)]))
    post_now(document(PURCHASE_BACK, [item_line("I1", 1, 10)], vendor_document_no="CM-1"))
    again = document(PURCHASE_BACK, [item_line("I1", 1, 10)], corrects_no=invoice.no, vendor_document_no="CM-1")
    assert codes_of(again) == ["vendor_document_no_used"]


def test_two_vendor_numbers_prepared_together_are_posted_once(trade: Location) -> None:
    made = [
        document(type_, [item_line("I1", 1, 10)], vendor_document_no="SAME", party_no=party)
        for type_, party in ((PURCHASE, "V1"), (PURCHASE, "V1"), (PURCHASE, "V2"), (PURCHASE_BACK, "V1"))
    ]
    plans = [post.prepare(document_id, user="ann", posting_id=f"P{document_id}") for document_id in made]
    refused = []
    for position, plan in enumerate(plans):
        try:
            with database.transaction():
                post.write(plan)
        except CheckFailed as failed:
            refused.append((position, [problem.code for problem in failed.problems]))
    assert refused == [(1, ["vendor_document_no_used"])]
    numbers = [posted.no for posted in PostedDocument.select().where(PostedDocument.kind == PostedKind.INVOICE)]
    assert len(numbers) == 2
    assert verify().ok  # the refused one used up no number


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"currency_code": "XXX", "currency_factor": D(7)}, "currency_unknown"),
        ({"currency_code": "EUR", "currency_factor": D(0)}, "currency_factor_missing"),
    ],
)
def test_a_currency_that_cannot_be_converted_is_refused(trade: Location, fields: dict[str, object], code: str) -> None:
    assert codes_of(document(SALE, [item_line("I1", 1, 100)], **fields)) == [code]


def sell(quantity: int) -> str:
    return post_now(document(SALE, [item_line("I1", quantity, 100)]))[1].no


def take_back(quantity: int, corrects_no: str) -> None:
    post_now(document(SALE_BACK, [item_line("I1", quantity, 100)], corrects_no=corrects_no))


def buy(quantity: int, price: str) -> None:
    post_now(document(PURCHASE, [item_line("I1", quantity, price)]))


def test_corrections_close_no_more_than_the_others_left_open(trade: Location) -> None:
    sale = sell(4)  # 500.00
    take_back(1, sale)
    take_back(1, sale)
    _, dear = post_now(
        document(SALE_BACK, [item_line("I1", 2, 300)], corrects_no=sale)
    )  # 750.00, of which 250.00 close
    still_open = open_amounts()
    assert still_open.get(("invoice", sale), 0) == 0
    assert still_open["credit_memo", dear.no] == -500
    assert verify().ok


def test_a_correction_of_nothing_closes_nothing(trade: Location) -> None:
    _, free = post_now(document(SALE, [item_line("I1", 1, 0)]))
    post_now(document(SALE_BACK, [item_line("I1", 1, 0)], corrects_no=free.no))
    assert not PartyLedgerApplication.select().exists()


def test_goods_sold_before_they_came_return_with_what_the_receipt_added(trade: Location) -> None:
    sale = sell(2)  # of nothing, at nothing
    buy(5, "10")  # 20.00 of it goes to cost of sales
    take_back(2, sale)
    assert stock_of("I1") == (5, 50)
    assert balances() == {"1200": D(50), "2100": D("-62.50"), "2310": D("12.50")}
    assert verify().ok


def test_what_receipts_added_is_shared_by_the_sales_that_were_short(trade: Location) -> None:
    buy(1, "60")
    first, second = sell(2), sell(3)  # one piece short, then three more, all at 60.00
    buy(2, "10")  # four pieces cost 10.00 instead: the first sale is served, and one piece of the second
    buy(2, "13")  # two pieces cost 13.00 instead, both of the second sale
    assert stock_of("I1") == (0, 0)
    assert balances()["7100"] == D(60 + 10 + 10 + 13 + 13)
    take_back(2, first)
    assert stock_of("I1") == (2, 70)
    take_back(3, second)
    assert stock_of("I1") == (5, 106)
    assert "7100" not in balances()
    assert verify().ok


def test_a_sale_taken_back_before_the_receipt_leaves_what_it_added_to_the_other(trade: Location) -> None:
    first, second = sell(2), sell(2)
    take_back(2, second)
    buy(2, "10")
    take_back(2, first)
    assert stock_of("I1") == (2, 20)
    assert "7100" not in balances()
    assert verify().ok
