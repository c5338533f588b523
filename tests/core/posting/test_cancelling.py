"""Cancelling a posted document: every balance as before, whatever became of the setup; what refuses it; never twice."""

from __future__ import annotations

import itertools
import secrets
from decimal import Decimal
from typing import Any

import builders
import pytest
from at_once import at_once
from builders import document, item_line
from jobs import assert_verified
from standing import balances_of_all, open_amounts

from postroom.core import company, documents, reading, setups
from postroom.core import database as engine
from postroom.core.database import Location
from postroom.core.documents import cancellations
from postroom.core.errors import CheckFailed, Refused
from postroom.core.jobs import undo
from postroom.core.jobs.undo import CancelRequest, CancelResult
from postroom.core.kinds import Area, DocumentStatus, DocumentType, LineType, VatType
from postroom.core.posting import check, post
from postroom.core.posting.steps import Asked
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import (
    Currency,
    ExchangeRate,
    GeneralLedgerSetup,
    GeneralPostingSetup,
    GlAccount,
    InventoryGroup,
    PartyPostingGroup,
    VatPostingSetup,
)
from postroom.core.tables.trade import Document, DocumentLine, Item, ItemStock, Party

D = Decimal
NOW = CancelRequest("now")
SALE, SALE_BACK = DocumentType.SALES_INVOICE, DocumentType.SALES_CREDIT_MEMO
PURCHASE, PURCHASE_BACK = DocumentType.PURCHASE_INVOICE, DocumentType.PURCHASE_CREDIT_MEMO
LINES = [
    item_line("I1", 3, "19.99", line_discount_percent=D("12.5"), line_discount_amount=D("0.07")),
    item_line("I2", 5, "7.77", vat="VAT10"),
    item_line("I1", -1, "4"),
    {"type": LineType.GL_ACCOUNT, "no": "8100", "quantity": D(1), "unit_price": D(30), "vat_group": "VAT25"},
    {"type": LineType.COMMENT, "description": "with care"},
]


@pytest.fixture
def trade(firm: Location) -> Location:
    """Two customers, two vendors, two items of which one is in stock, a currency, reverse charge for one VAT group."""
    for number in ("1", "2"):
        builders.party(Area.SALES, f"C{number}")
        builders.party(Area.PURCHASE, f"V{number}")
        builders.item(f"I{number}")
    Currency.create(code="EUR")
    ExchangeRate.create(currency_code="EUR", starting_date=builders.DAY, factor=D("7.4613"))
    VatPostingSetup.update(type=VatType.REVERSE_CHARGE).where(
        VatPostingSetup.business_group == "HOME", VatPostingSetup.product_group == "VAT10"
    ).execute()
    setups.raise_version()
    post_now(document(PURCHASE, [item_line("I1", 7, "3.33")]))
    return firm


def post_now(document_id: int) -> str:
    """Post a document; the no. of the invoice or credit memo that came of it."""
    with engine.transaction():
        posted = post.write(post.prepare(document_id, user="ann", posting_id=secrets.token_hex(8)))
    return posted[-1].no


def id_of(no: str) -> int:
    return undo.find(no)


def cancel(*nos: str, request: CancelRequest = NOW) -> list[CancelResult]:
    return undo.cancel([id_of(no) for no in nos], request, user=company.current_user())


def cancelled(no: str) -> str:
    """Cancel a posted document; the no. of what cancels it."""
    (result,) = cancel(no)
    assert result.result == "posted", result.errors
    return result.posted[-1].no


def codes(results: list[CancelResult]) -> list[list[str]]:
    return [[problem.code for problem in result.errors] for result in results]


def the(no: str) -> dict[str, Any]:
    return reading.posted_document(no)


KINDS = {
    "home": {},
    "including VAT": {"prices_including_vat": True, "invoice_discount_amount": D("7.77")},
    "discounts": {"invoice_discount_amount": D("3.33")},
    "foreign": {"currency_code": "EUR", "currency_factor": D("7.4613"), "invoice_discount_amount": D("0.99")},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("type_", DocumentType)
def test_each_document_cancelled_leaves_every_balance_as_it_was(
    trade: Location, type_: DocumentType, kind: str
) -> None:
    before, still_open = balances_of_all(), open_amounts()
    no = post_now(document(type_, LINES, **KINDS[kind]))
    assert balances_of_all() != before
    by = cancelled(no)
    assert balances_of_all() == before
    assert open_amounts() == still_open
    original, correction = the(no), the(by)
    assert (original["cancelled_by"], original["corrected_by"]) == (by, [by])
    assert (correction["corrects_no"], correction["cancels"]) == (no, True)
    for key in ("amount", "vat_amount", "amount_including_vat", "amount_lcy", "currency", "vat", "party_no"):
        assert correction[key] == original[key], key
    same = (
        "line_no",
        "type",
        "no",
        "quantity",
        "unit_price",
        "amount",
        "vat_amount",
        "amount_including_vat",
        "vat_rate",
    )
    assert [[line[key] for key in same] for line in correction["lines"]] == [
        [line[key] for key in same] for line in original["lines"]
    ]
    assert correction["vendor_document_no"] == ""
    assert_verified()


@pytest.mark.parametrize("kind", ["home", "including VAT", "foreign"])
@pytest.mark.parametrize("type_", [one for one in DocumentType if one.is_order])
def test_the_invoices_of_an_order_in_parts_cancelled_leave_every_balance_as_it_was(
    trade: Location, type_: DocumentType, kind: str
) -> None:
    before = balances_of_all()
    lines = [item_line("I1", 11, "3.33", line_discount_percent=D("7.5")), item_line("I2", 3, "0.07")]
    order = document(type_, lines, **KINDS[kind])
    nos = []
    for ship, invoice in ((4, 1), (2, 0), (3, 7), (2, 3)):
        line = DocumentLine.document == order, DocumentLine.line_no == 10000
        DocumentLine.update(qty_to_ship=D(ship), qty_to_invoice=D(invoice)).where(*line).execute()
        if type_.area is Area.PURCHASE:
            Document.update(vendor_document_no=f"THEIRS-{ship}-{invoice}").where(Document.id == order).execute()
        posted = builders.post_now(order)
        nos += [ref.no for ref in posted if ref.kind is type_.money_kind]
    assert len(nos) == 3  # the second posting invoices nothing
    for no in reversed(nos) if kind == "foreign" else nos:
        cancelled(no)
    assert balances_of_all() == before
    assert_verified()


def change_everything() -> None:
    """Other rates, types, accounts, precisions and groups than anything was posted with."""
    for number, name in (("6199", "Other Sales"), ("1399", "Other Receivables"), ("2199", "Other Payables")):
        GlAccount.create(no=number, name=name)
    GlAccount.create(no="7199", name="Other Cost")
    GlAccount.create(no="1299", name="Other Stock")
    GlAccount.create(no="2399", name="Other VAT")
    VatPostingSetup.update(
        rate=D(19), type=VatType.NORMAL, sales_vat_account="2399", purchase_vat_account="2399"
    ).execute()
    GeneralPostingSetup.update(
        sales_account="6199",
        sales_credit_memo_account="6199",
        sales_line_discount_account="6199",
        sales_invoice_discount_account="6199",
        cost_of_sales_account="7199",
        received_not_invoiced_account="2199",
        purchase_variance_account="7199",
    ).execute()
    PartyPostingGroup.update(account_no="1399").where(PartyPostingGroup.area == Area.SALES).execute()
    PartyPostingGroup.update(account_no="2199").where(PartyPostingGroup.area == Area.PURCHASE).execute()
    InventoryGroup.update(stock_account="1299").execute()
    GeneralLedgerSetup.update(amount_rounding_precision=D(1)).execute()
    Currency.update(amount_rounding_precision=D(1)).execute()
    ExchangeRate.update(factor=D(9)).execute()
    Party.update(vat_business_group="UNION", general_business_group="UNION", posting_group="UNION").execute()
    Item.update(vat_product_group="VAT0", general_product_group="RAW", inventory_group="RAW").execute()
    setups.raise_version()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("type_", [SALE, SALE_BACK, PURCHASE, PURCHASE_BACK])
def test_a_setup_that_changed_meanwhile_changes_no_figure(trade: Location, type_: DocumentType, kind: str) -> None:
    before = balances_of_all()
    no = post_now(document(type_, LINES, **KINDS[kind]))
    change_everything()
    by = cancelled(no)
    assert balances_of_all() == before
    assert the(by)["vat"] == the(no)["vat"]
    listed = [row for row in documents.list_documents() if row.no == the(by)["source_no"]]
    assert listed == []
    assert_verified()


def test_a_vat_pair_that_is_gone_keeps_nothing_from_being_cancelled(trade: Location) -> None:
    before = balances_of_all()
    no = post_now(document(SALE, LINES))
    VatPostingSetup.delete().execute()
    GeneralPostingSetup.delete().execute()
    setups.raise_version()
    cancelled(no)
    assert balances_of_all() == before


@pytest.mark.parametrize("invoice_discount", ["0", "7.77"])
@pytest.mark.parametrize("including_vat", [True, False])
def test_the_open_document_shows_amounts_and_discounts_as_they_were_typed(
    trade: Location, including_vat: bool, invoice_discount: str
) -> None:
    lines = [
        item_line("I1", 3, "19.99", line_discount_amount=D("0.11")),
        item_line("I1", 3, "19.99", line_discount_percent=D("12.5")),
        item_line("I2", 5, "7.77", vat="VAT10"),
        {"type": LineType.COMMENT, "description": "with care"},
    ]
    typed = document(SALE, lines, prices_including_vat=including_vat, invoice_discount_amount=D(invoice_discount))
    before = documents.show(typed)
    no = post_now(typed)
    with engine.transaction():
        (made,) = cancellations.make([id_of(no)], user="ann")
    shown = documents.show(made.document_id)
    assert shown.invoice_discount_amount == D(invoice_discount)
    for name in ("quantity", "unit_price", "line_discount_percent", "line_discount_amount", "line_amount", "amount"):
        assert [getattr(line, name) for line in shown.lines] == [getattr(line, name) for line in before.lines], name


@pytest.mark.parametrize("kind", ["discounts", "foreign"])
def test_the_open_document_shows_what_it_will_post(trade: Location, kind: str) -> None:
    bought = document(PURCHASE, LINES, **KINDS[kind])
    typed = [line.line_amount for line in documents.show(bought).lines]
    no = post_now(bought)
    change_everything()
    with engine.transaction():
        (made,) = cancellations.make([id_of(no)], user="ann")
    (view,) = documents.list_documents(ids=[made.document_id])
    original = the(no)
    assert (view.type, view.status, view.no) == (PURCHASE_BACK, DocumentStatus.RELEASED, made.no)
    assert (view.amount, view.vat_amount, view.amount_including_vat) == (
        original["amount"],
        original["vat_amount"],
        original["amount_including_vat"],
    )
    documents.recompute_amounts()
    assert documents.list_documents(ids=[made.document_id]) == [view]
    detail = documents.show(made.document_id)
    assert (detail.corrects_no, detail.currency_factor) == (no, KINDS[kind].get("currency_factor", 1))
    assert [line.line_amount for line in detail.lines] == typed
    assert [(line.line_no, line.quantity, line.amount, line.vat_amount, line.vat_rate) for line in detail.lines] == [
        (line["line_no"], line["quantity"], line["amount"], line["vat_amount"], line["vat_rate"])
        for line in original["lines"]
    ]


def test_what_cancels_a_document_takes_dates_and_nothing_else(trade: Location) -> None:
    no = post_now(document(SALE, LINES, **KINDS["foreign"]))
    with engine.transaction():
        (made,) = cancellations.make([id_of(no)], user="ann")
    user = company.current_user()
    ExchangeRate.create(currency_code="EUR", starting_date="2026-03-03", factor=D(8))
    documents.set_fields(made.document_id, {"posting_date": "2026-03-05"}, user=user)
    assert documents.show(made.document_id).currency_factor == D("7.4613")
    documents.reopen(made.document_id, user=user)
    with pytest.raises(Refused, match="takes everything but dates"):
        documents.set_fields(made.document_id, {"invoice_discount_amount": "1"}, user=user)
    with pytest.raises(Refused, match="takes everything but dates"):
        documents.set_line(made.document_id, 10000, {"quantity": "1"}, user=user)
    with pytest.raises(Refused, match="takes everything but dates"):
        documents.set_line(made.document_id, 10000, user=user, delete=True)
    Party.update(invoice_discount_percent=10).execute()
    setups.change({"sales.calc_inv_discount": "true"}, user=user)
    documents.release(made.document_id, user=user)
    assert documents.show(made.document_id).view.amount == the(no)["amount"]


def test_nothing_is_cancelled_twice(trade: Location) -> None:
    no = post_now(document(SALE, LINES))
    by = cancelled(no)
    (again,) = cancel(no)
    assert (again.type, again.no, again.result) == ("posted-sales-invoice", no, "refused")
    (problem,) = again.errors
    assert (problem.code, problem.record, problem.field, problem.value) == (
        *("already_cancelled", f"Posted Sales Invoice {no}", "corrects_no", no),
    )
    assert f"Sales Credit Memo {by}" in problem.message
    assert problem.hint
    by_hand = document(SALE_BACK, LINES, corrects_no=no)
    assert [problem.code for problem in check.check(by_hand, user="ann")] == ["already_cancelled"]
    with pytest.raises(CheckFailed):
        post_now(by_hand)


def test_what_cancels_a_document_can_be_cancelled_in_its_turn(trade: Location) -> None:
    before = balances_of_all()
    no = post_now(document(PURCHASE, LINES))
    posted = balances_of_all()
    memo = cancelled(no)
    invoice = cancelled(memo)
    assert the(invoice)["corrects_no"] == memo
    assert balances_of_all() == posted
    assert open_amounts()[("invoice", invoice)] == -the(no)["amount_including_vat"]
    assert codes(cancel(no)) == [["already_cancelled"]]  # its place is taken by the invoice that cancelled its memo
    cancelled(invoice)
    assert balances_of_all() == before
    assert_verified()


def test_a_document_that_is_being_cancelled_is_not_cancelled_by_a_second_one(trade: Location) -> None:
    no = post_now(document(SALE, LINES))
    (first,) = cancel(no, request=CancelRequest())
    assert first.result == "queued"
    (second,) = cancel(no, request=CancelRequest())
    assert (second.result, codes([second])) == ("refused", [["being_cancelled"]])
    assert f"Sales Credit Memo {first.no}" in second.errors[0].message
    assert "Scheduled for Posting" in second.errors[0].message
    assert Document.select().where(Document.cancels).count() == 1


def test_one_that_is_corrected_in_part_is_cancelled_only_once_its_correction_is(trade: Location) -> None:
    before = balances_of_all()
    no = post_now(document(SALE, [item_line("I1", 4, 100)]))
    memo, other = (post_now(document(SALE_BACK, [item_line("I1", 1, 100)], corrects_no=no)) for _ in range(2))
    (result,) = cancel(no)
    (problem,) = result.errors
    assert (problem.code, problem.field, problem.value) == ("already_corrected", "corrects_no", no)
    assert f"by Sales Credit Memo {memo} of 2026-03-02" in problem.message
    assert problem.hint.startswith(f"Cancel Sales Credit Memo {memo} first")
    cancelled(memo)
    assert codes(cancel(no)) == [["already_corrected"]]
    cancelled(other)
    cancelled(no)
    assert balances_of_all() == before
    assert_verified()


def test_no_line_is_corrected_by_more_than_was_posted(trade: Location) -> None:
    account = {"type": LineType.GL_ACCOUNT, "no": "8100", "quantity": D(1), "vat_group": "VAT25"}
    no = post_now(document(SALE, [item_line("I1", 4, 100), {**account, "unit_price": D(50)}]))
    post_now(document(SALE_BACK, [item_line("I1", 3, 100), {**account, "unit_price": D(20)}], corrects_no=no))
    too_much = document(SALE_BACK, [item_line("I1", 2, 100), {**account, "unit_price": D(31)}], corrects_no=no)
    problems = check.check(too_much, user="ann")
    assert [(problem.code, problem.line, problem.field, problem.value) for problem in problems] == [
        ("corrected_more_than_posted", 10000, "quantity", "2"),
        ("corrected_more_than_posted", 20000, "amount", "31"),
    ]
    assert all(problem.hint and problem.record for problem in problems)
    beside = document(SALE_BACK, [item_line("I2", 9, 100), {**account, "unit_price": D(31)}], corrects_no=no)
    assert [problem.line for problem in check.check(beside, user="ann")] == [20000]  # the first corrects no line of it
    post_now(document(SALE_BACK, [item_line("I1", 1, 100), {**account, "unit_price": D(30)}], corrects_no=no))
    assert_verified()


def test_the_first_correction_takes_back_no_more_than_was_posted_either(trade: Location) -> None:
    no = post_now(document(SALE, [item_line("I1", 3, 100)]))
    too_much = document(SALE_BACK, [item_line("I1", 5, 100)], corrects_no=no)
    (problem,) = check.check(too_much, user="ann")
    assert (problem.code, problem.message) == ("corrected_more_than_posted", "5 is too much: 3 was posted.")
    assert problem.hint == f"At most 3 is left of this line of {no}."


def test_what_a_cancelled_correction_took_back_may_be_taken_back_again(trade: Location) -> None:
    before = balances_of_all()
    no = post_now(document(SALE, [item_line("I1", 3, 100)]))
    cancelled(post_now(document(SALE_BACK, [item_line("I1", 2, 100)], corrects_no=no)))
    post_now(document(SALE_BACK, [item_line("I1", 3, 100)], corrects_no=no))
    assert balances_of_all() == before
    assert_verified()


def test_two_corrections_that_are_prepared_together_are_posted_once(trade: Location) -> None:
    no = post_now(document(SALE, [item_line("I1", 2, 100)]))
    ids = [document(SALE_BACK, [item_line("I1", 2, 100)], corrects_no=no) for _ in range(2)]
    plans = [post.prepare(id_, user="ann", posting_id=f"P{id_}") for id_ in ids]
    with engine.transaction():
        post.write(plans[0])
    with pytest.raises(CheckFailed) as failed, engine.transaction():
        post.write(plans[1])
    assert [problem.code for problem in failed.value.problems] == ["corrected_more_than_posted"]
    assert_verified()


def test_corrections_that_are_posted_at_the_same_moment_take_back_no_more_than_was_posted(trade: Location) -> None:
    no = post_now(document(SALE, [item_line("I1", 2, 100)]))
    ids = [document(SALE_BACK, [item_line("I1", 2, 100)], corrects_no=no) for _ in range(4)]
    plans = [post.prepare(id_, user="ann", posting_id=f"P{id_}") for id_ in ids]

    def write() -> str:
        try:
            with engine.transaction():
                post.write(plans.pop())
        except CheckFailed as failed:
            return failed.problems[0].code
        return "posted"

    assert sorted(map(str, at_once(write))) == ["corrected_more_than_posted"] * 3 + ["posted"]
    assert_verified()


@pytest.mark.parametrize("mode", ["queue", "now"])
def test_several_who_cancel_at_the_same_moment_cancel_once(trade: Location, mode: str) -> None:
    before = balances_of_all()
    no = post_now(document(SALE, LINES))
    id_, user = id_of(no), company.current_user()
    told = at_once(lambda: undo.cancel([id_], CancelRequest(mode), user=user)[0].result)
    assert sorted(map(str, told)) == ["posted" if mode == "now" else "queued", "refused", "refused", "refused"], told
    if mode == "now":
        assert balances_of_all() == before
        assert PostedDocument.select().where(PostedDocument.cancels).count() == 2  # the goods' document and the money's
    assert Document.select().where(Document.cancels).count() == (0 if mode == "now" else 1)


def refusals(no: str) -> list[tuple[str, bool]]:
    (result,) = cancel(no)
    assert result.result == "refused"
    assert not Document.select().where(Document.cancels).exists()
    return [(problem.code, bool(problem.hint and problem.message and problem.record)) for problem in result.errors]


def test_what_refuses_a_cancellation_is_told_and_leaves_nothing_behind(trade: Location) -> None:
    no = post_now(document(SALE, LINES))
    bought = post_now(document(PURCHASE, [item_line("I2", 5, 1)]))
    Party.update(blocked="All").where(Party.no == "C1").execute()
    Item.update(blocked=True).where(Item.no == "I1").execute()
    GlAccount.update(blocked=True).where(GlAccount.no == "6100").execute()
    setups.raise_version()
    assert refusals(no) == [
        ("party_blocked", True),
        ("item_blocked", True),
        ("item_blocked", True),
        ("gl_account_blocked", True),
    ]
    Item.update(prevent_negative=True).where(Item.no == "I2").execute()
    assert refusals(bought) == [("not_enough_stock", True)]
    assert balances_of_all()


def stock_of(item_no: str) -> tuple[Decimal, Decimal]:
    stock = ItemStock.get_by_id(item_no)
    return stock.quantity, stock.value


def test_each_sale_cancelled_takes_back_what_a_later_receipt_added_to_its_own_goods(trade: Location) -> None:
    first = post_now(document(SALE, [item_line("I2", 2, 100), item_line("I2", 1, 100)]))  # of nothing, at nothing
    second = post_now(document(SALE, [item_line("I2", 4, 100)]))
    post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # seven of them are sold: 56.00 go to cost of sales
    for sale, quantity, value in ((first, 6, 48), (second, 10, 80)):
        cancelled(sale)
        assert stock_of("I2") == (quantity, value)
    assert "7100" not in builders.balances()
    assert_verified()


def test_invoices_of_goods_that_were_shipped_before_take_back_what_a_receipt_added_to_them(trade: Location) -> None:
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 4, 100)])
    builders.post_now(order, Asked(ship=True))  # of nothing, at nothing
    DocumentLine.update(qty_to_invoice=D(1)).where(DocumentLine.document == order).execute()
    (first,), (second,) = (builders.post_now(order, Asked(invoice=True)) for _ in range(2))
    post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # 32.00 go to cost of sales
    for invoice, quantity, value in ((second, 9, 72), (first, 10, 80)):
        cancelled(invoice.no)
        assert stock_of("I2") == (quantity, value)
    assert "7100" not in builders.balances()
    assert_verified()


def test_a_receipt_cancelled_leaves_what_the_correction_of_one_of_two_lines_took_back(trade: Location) -> None:
    sale = post_now(document(SALE, [item_line("I2", 2, 100), item_line("I2", 2, 100)]))  # of nothing, at nothing
    bought = post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # 32.00 go to cost of sales
    post_now(document(SALE_BACK, [item_line("I2", 1, 100)], corrects_no=sale))  # 8.00 of them come back
    assert stock_of("I2") == (7, 56)
    cancelled(bought)
    assert stock_of("I2") == (-3, 0)
    assert "7100" not in builders.balances()
    assert_verified()


def test_a_receipt_cancelled_leaves_what_was_corrected_of_a_later_invoices_goods(trade: Location) -> None:
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 4, 100, qty_to_ship=D(2))])
    builders.post_now(order, Asked(ship=True, invoice=True))  # of nothing, at nothing
    first = post_now(document(PURCHASE, [item_line("I2", 2, 8)]))  # what these two cost
    _, invoice = builders.post_now(order, Asked(ship=True, invoice=True))
    post_now(document(PURCHASE, [item_line("I2", 20, 6)]))  # what the other two cost
    post_now(document(SALE_BACK, [item_line("I2", 2, 100)], corrects_no=invoice.no))
    assert stock_of("I2") == (20, 120)
    cancelled(first)
    assert stock_of("I2") == (18, 120)
    assert "7100" not in builders.balances()
    assert_verified()


def test_a_sale_of_more_than_the_half_piece_that_there_was_takes_back_what_was_added_to_the_rest(
    trade: Location,
) -> None:
    post_now(document(PURCHASE, [item_line("I2", "0.5", 8)]))
    sale = post_now(document(SALE, [item_line("I2", "2.5", 100)]))  # at 20.00
    post_now(document(PURCHASE, [item_line("I2", 10, 10)]))  # 4.00 more for the two that were not there
    assert stock_of("I2") == (8, 80)
    cancelled(sale)
    assert stock_of("I2") == (D("10.5"), 104)
    assert "7100" not in builders.balances()
    assert_verified()


def test_a_sale_cancelled_takes_back_what_a_receipt_added_that_was_corrected_in_part(trade: Location) -> None:
    sale = post_now(document(SALE, [item_line("I2", 2, 100)]))  # of nothing, at nothing
    bought = post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # 16.00 go to cost of sales
    post_now(document(PURCHASE_BACK, [item_line("I2", 1, 8)], corrects_no=bought))
    assert stock_of("I2") == (7, 56)
    cancelled(sale)
    assert stock_of("I2") == (9, 72)
    assert "7100" not in builders.balances()
    assert_verified()


def test_invoices_share_to_the_cent_what_a_receipt_added(trade: Location) -> None:
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 3, 100)])
    builders.post_now(order, Asked(ship=True))  # of nothing, at nothing
    DocumentLine.update(qty_to_invoice=D(1)).where(DocumentLine.document == order).execute()
    (first,), (second,) = (builders.post_now(order, Asked(invoice=True)) for _ in range(2))
    post_now(document(PURCHASE, [item_line("I2", 3, 10, price_per_quantity=D(3))]))
    cancelled(first.no)
    assert stock_of("I2") == (1, D("3.33"))
    cancelled(second.no)
    assert stock_of("I2") == (3, 10)
    assert "7100" not in builders.balances()
    assert_verified()


def test_an_invoice_takes_back_nothing_that_was_added_to_a_line_of_another_invoice(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I2", 2, 5)]))
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 2, 100), item_line("I2", 2, 100)])
    builders.post_now(order, Asked(ship=True))  # the second line's goods are not there yet, and go at 5.00 too
    second_line = DocumentLine.document == order, DocumentLine.line_no == 20000
    DocumentLine.update(qty_to_invoice=D(0)).where(*second_line).execute()
    (first,), (second,) = (builders.post_now(order, Asked(invoice=True)) for _ in range(2))
    post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # 6.00 more go to cost of sales
    for invoice, quantity, value in ((second, 10, 80), (first, 12, 90)):
        cancelled(invoice.no)
        assert stock_of("I2") == (quantity, value)
    assert_verified()


def test_lines_of_one_item_shipped_before_and_with_their_invoice_take_back_what_was_added_to_each(
    trade: Location,
) -> None:
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 2, 100, qty_to_ship=D(1)) for _ in range(2)])
    builders.post_now(order, Asked(ship=True))  # of nothing, at nothing
    invoice = builders.post_now(order)[-1]
    post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # 32.00 go to cost of sales
    cancelled(invoice.no)
    assert stock_of("I2") == (10, 80)
    assert_verified()


def test_an_invoice_of_goods_shipped_with_it_and_before_takes_back_only_what_was_added_to_its_own(
    trade: Location,
) -> None:
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 3, 100, qty_to_ship=D(1))])
    builders.post_now(order, Asked(ship=True))  # of nothing, at nothing
    DocumentLine.update(qty_to_ship=D(1), qty_to_invoice=D(1)).where(DocumentLine.document == order).execute()
    invoice = builders.post_now(order)[-1]
    post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # 16.00 go to cost of sales, half of it is invoiced
    cancelled(invoice.no)
    assert stock_of("I2") == (9, 72)
    assert_verified()


@pytest.mark.parametrize("by_hand", [True, False])
def test_goods_shipped_before_and_after_the_receipt_that_valued_the_first_come_back_at_both_costs(
    trade: Location, by_hand: bool
) -> None:
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 4, 100, qty_to_ship=D(2))])
    builders.post_now(order, Asked(ship=True))  # of nothing, at nothing
    post_now(document(PURCHASE, [item_line("I2", 1, 8), item_line("I2", 1, 9)]))  # 17.00 go to cost of sales
    invoice = builders.post_now(order)[-1].no  # and two more pieces, at the 9.00 that the last one cost
    assert stock_of("I2") == (-2, -18)
    if by_hand:
        post_now(document(SALE_BACK, [item_line("I2", 4, 100)], corrects_no=invoice))
    else:
        cancelled(invoice)
    assert stock_of("I2") == (2, 17)
    assert "7100" not in builders.balances()
    assert_verified()


def test_an_order_without_goods_that_was_shipped_before_is_cancelled(trade: Location) -> None:
    before = balances_of_all()
    order = document(DocumentType.SALES_ORDER, LINES[3:])
    builders.post_now(order, Asked(ship=True))
    cancelled(builders.post_now(order)[-1].no)
    assert balances_of_all() == before


def test_a_sale_cancelled_while_stock_is_under_zero_values_no_other_goods_anew(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I2", 1, 10)]))
    sold = post_now(document(SALE, [item_line("I2", 1, 100)]))
    post_now(document(PURCHASE, [item_line("I2", 1, 12)]))
    post_now(document(SALE, [item_line("I2", 5, 100)]))
    assert stock_of("I2") == (-4, -48)
    cancelled(sold)
    assert stock_of("I2") == (-3, -38)
    assert_verified()


def test_lines_of_one_item_go_back_as_one_line_of_all_their_pieces_would(trade: Location) -> None:
    bought = post_now(document(PURCHASE, [item_line("I2", 1, 10), item_line("I2", 1, 10)]))
    post_now(document(PURCHASE, [item_line("I2", 1, 16)]))
    sold = post_now(document(SALE, [item_line("I2", 2, 100)]))
    assert stock_of("I2") == (1, 12)
    cancelled(bought)  # after its second line no pieces are left, but 2.00, which its first line takes along
    assert stock_of("I2") == (-1, -8)
    cancelled(sold)
    assert stock_of("I2") == (1, 16)
    assert "7100" not in builders.balances()
    assert_verified()


def a_purchase_cancelled_that_leaves_value_on_no_pieces() -> tuple[str, str]:
    """Two came at 12.50, one is sold, one came at 7.50; cancelling the first purchase takes 25.00 of 20.00 along.

    The sale, and what cancelled the purchase.
    """
    bought = post_now(document(PURCHASE, [item_line("I2", 2, "12.50")]))
    sold = post_now(document(SALE, [item_line("I2", 1, 100)]))
    post_now(document(PURCHASE, [item_line("I2", 1, "7.50")]))
    assert stock_of("I2") == (2, 20)
    memo = cancelled(bought)
    assert stock_of("I2") == (0, 0)
    assert builders.balances()["7100"] == D("7.50")  # 12.50 of the sale less 5.00 that were left on no pieces
    assert_verified()
    return sold, memo


def test_value_left_on_no_pieces_is_there_again_for_the_next_cancellation(trade: Location) -> None:
    sold, _ = a_purchase_cancelled_that_leaves_value_on_no_pieces()
    cancelled(sold)
    assert stock_of("I2") == (1, D("7.50"))
    assert "7100" not in builders.balances()
    assert_verified()


def test_value_left_on_no_pieces_comes_back_when_what_left_it_is_cancelled(trade: Location) -> None:
    _, memo = a_purchase_cancelled_that_leaves_value_on_no_pieces()
    cancelled(memo)
    assert stock_of("I2") == (2, 20)
    assert builders.balances()["7100"] == D("12.50")
    assert_verified()


def test_value_left_on_no_pieces_stays_in_cost_of_sales_once_other_goods_have_moved(trade: Location) -> None:
    sold, memo = a_purchase_cancelled_that_leaves_value_on_no_pieces()
    post_now(document(PURCHASE, [item_line("I2", 1, 9)]))
    cancelled(sold)
    assert stock_of("I2") == (2, D("21.50"))
    assert builders.balances()["7100"] == D(-5)
    cancelled(memo)
    assert stock_of("I2") == (4, D("41.50"))  # its 25.00 less the 5.00 that it had written off
    assert "7100" not in builders.balances()
    assert_verified()


@pytest.mark.parametrize("turn", list(itertools.permutations(range(3))))
def test_a_sale_and_the_two_receipts_that_valued_it_are_cancelled_in_any_order(
    trade: Location, turn: tuple[int, int, int]
) -> None:
    before = balances_of_all()
    made = [(SALE, [item_line("I2", 2, 100), item_line("I2", 2, 100)])]  # of nothing, at nothing
    made += [(PURCHASE, [item_line("I2", 1, 8)]), (PURCHASE, [item_line("I2", 5, 10)])]
    nos = [post_now(document(type_, lines)) for type_, lines in made]
    assert (stock_of("I2"), builders.balances()["7100"]) == ((2, 20), 38)
    for place in turn:
        cancelled(nos[place])
    assert balances_of_all() == before
    assert_verified()


@pytest.mark.parametrize("returned", [1, 2])
def test_a_receipt_cancelled_takes_along_what_it_had_added_to_goods_that_are_not_back(
    trade: Location, returned: int
) -> None:
    sold = post_now(document(SALE, [item_line("I2", 2, 100)]))  # of nothing, at nothing
    bought = post_now(document(PURCHASE, [item_line("I2", 5, 10)]))  # 20.00 go to cost of sales
    post_now(document(SALE_BACK, [item_line("I2", returned, 100)], corrects_no=sold))
    assert builders.balances().get("7100", 0) == 20 - 10 * returned
    cancelled(bought)
    assert stock_of("I2") == (returned - 2, 0)
    assert "7100" not in builders.balances()
    assert_verified()


def test_a_receipt_cancelled_between_two_invoices_of_goods_that_it_valued_leaves_nothing_behind(
    trade: Location,
) -> None:
    post_now(document(SALE, [item_line("I2", 1, 100)]))  # of nothing, at nothing, as all that follow
    before = balances_of_all()
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 4, 100, qty_to_ship=D(2))])
    builders.post_now(order, Asked(ship=True))
    DocumentLine.update(qty_to_invoice=D(2)).where(DocumentLine.document == order).execute()
    first, second = (builders.post_now(order)[-1].no for _ in range(2))
    bought = post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # 40.00 go to cost of sales
    for no, stock in ((first, (7, 56)), (bought, (-3, 0)), (second, (-1, 0))):
        cancelled(no)
        assert stock_of("I2") == stock
    assert balances_of_all() == before
    assert_verified()


def test_goods_that_a_return_order_brings_back_before_its_credit_memo_have_what_a_receipt_added(
    trade: Location,
) -> None:
    post_now(document(SALE, [item_line("I2", 1, 100)]))  # of nothing, at nothing
    sold = post_now(document(SALE, [item_line("I2", 2, 100)]))
    bought = post_now(document(PURCHASE, [item_line("I2", 10, 8)]))  # 24.00 go to cost of sales
    builders.post_now(
        document(DocumentType.SALES_RETURN_ORDER, [item_line("I2", 2, 100)], corrects_no=sold), Asked(receive=True)
    )
    assert stock_of("I2") == (9, 72)
    cancelled(bought)
    assert stock_of("I2") == (-1, 0)
    assert "7100" not in builders.balances()
    assert_verified()


@pytest.mark.parametrize("by_hand", [True, False])
def test_goods_whose_receipt_was_cancelled_return_without_what_it_had_added(trade: Location, by_hand: bool) -> None:
    before = balances_of_all()
    sold = post_now(document(SALE, [item_line("I2", 2, 100)]))  # of nothing, at nothing
    cancelled(post_now(document(PURCHASE, [item_line("I2", 5, 10)])))  # 20.00 went to cost of sales, and came back
    if by_hand:
        post_now(document(SALE_BACK, [item_line("I2", 2, 100)], corrects_no=sold))
    else:
        cancelled(sold)
    assert balances_of_all() == before
    assert_verified()


@pytest.mark.parametrize("account", ["1200", "7100"])
def test_a_cancellation_needs_the_accounts_that_its_goods_go_back_to(trade: Location, account: str) -> None:
    no = post_now(document(SALE, [item_line("I1", 1, 5)]))
    GlAccount.update(blocked=True).where(GlAccount.no == account).execute()
    setups.raise_version()
    (result,) = cancel(no)
    (problem,) = result.errors
    assert (problem.code, problem.field, problem.value) == ("gl_account_blocked", "account_no", account)
    assert problem.hint.startswith(f"It goes back to the accounts of the posted Invoice {no}.")


def test_nothing_is_needed_of_a_line_that_moved_nothing(trade: Location) -> None:
    Item.update(general_product_group="RAW", inventory_group="RAW").where(Item.no == "I2").execute()
    no = post_now(document(SALE, [item_line("I1", 1, 5), item_line("I2", 0, 5)]))
    Item.update(blocked=True).where(Item.no == "I2").execute()
    of_raw = InventoryGroup.get(InventoryGroup.code == "RAW").stock_account
    GlAccount.update(blocked=True).where(GlAccount.no == of_raw).execute()
    setups.raise_version()
    cancelled(no)


def test_what_a_document_moved_both_ways_goes_back_from_its_last_line_to_its_first(trade: Location) -> None:
    Item.update(prevent_negative=True).where(Item.no == "I2").execute()
    before = balances_of_all()
    cancelled(post_now(document(PURCHASE, [item_line("I2", 5, 1), item_line("I2", -3, 1)])))  # 3 first, then 5 of 5
    assert balances_of_all() == before


def test_a_credit_memo_is_cancelled_although_shipping_is_blocked_and_an_invoice_is_not_made_again(
    trade: Location,
) -> None:
    invoice = post_now(document(SALE, LINES))
    memo = post_now(document(SALE_BACK, [item_line("I1", 1, 5)]))
    Party.update(blocked="Ship").where(Party.no == "C1").execute()
    cancelled(invoice)
    assert refusals(memo) == [("party_blocked", True)]


def test_goods_alone_are_not_cancelled(trade: Location) -> None:
    no = post_now(document(SALE, LINES))
    shipment = PostedDocument.get(PostedDocument.kind == "shipment")
    (result,) = undo.cancel([shipment.id], NOW, user=company.current_user())
    assert (result.type, result.no, result.result) == ("posted-sales-shipment", shipment.no, "refused")
    (problem,) = result.errors
    assert (problem.code, no in problem.hint) == ("not_cancellable", True)


def test_it_is_dated_as_the_original_or_today_where_that_day_is_closed(trade: Location) -> None:
    first, second = (post_now(document(SALE, [item_line("I1", 1, 5)])) for _ in range(2))
    assert the(cancelled(first))["posting_date"] == builders.DAY
    setups.change({"ledger.allow_posting_from": "2026-04-01"}, user=company.current_user())
    assert the(cancelled(second))["posting_date"] > builders.DAY
    third = post_now(document(SALE, [item_line("I1", 1, 5)], posting_date="2026-04-02", document_date="2026-04-02"))
    closed = CancelRequest("now", posting_date=builders.DAY)
    assert codes(cancel(third, request=closed)) == [["posting_date_not_allowed"]]


def test_an_external_document_no_that_became_mandatory_is_not_asked_of_it(trade: Location) -> None:
    no = post_now(document(SALE, LINES))
    setups.change({"sales.ext_doc_no_mandatory": "true"}, user=company.current_user())
    cancelled(no)
