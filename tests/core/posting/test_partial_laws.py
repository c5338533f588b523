"""Laws of postings in parts, over random orders and steps: what was ordered is shipped, invoiced and balanced."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import builders
import pytest
from builders import post_now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.core import documents
from postroom.core.database import Location
from postroom.core.errors import PostroomError
from postroom.core.kinds import Area, DocumentType, LineType
from postroom.core.money import round_to
from postroom.core.posting import amounts, source
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.posting_setup import current
from postroom.core.tables.ledgers import PostedDocument, PostedLine
from postroom.core.tables.setup import Charge, Company, Currency, PurchasesSetup
from postroom.core.tables.trade import Document, DocumentLine
from postroom.core.verify import verify

D = Decimal
ORDERS = [type_ for type_ in DocumentType if type_.is_order]
NUMBERS = {LineType.ITEM: "A", LineType.GL_ACCOUNT: "8100", LineType.CHARGE: "FREIGHT", LineType.COMMENT: ""}
MOST_STEPS = 8


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


lines = st.fixed_dictionaries(
    {
        "type": st.sampled_from([LineType.ITEM, LineType.ITEM, LineType.ITEM, *LineType]),
        "quantity": decimals("-5", "30", 2),
        "unit_price": decimals("0", "99", 5),
        "price_per_quantity": st.sampled_from([D(1), D(1), D(3)]),
        "line_discount_percent": st.sampled_from([D(0), D(0), D("12.5"), D("33.33333")]),
        "line_discount_amount": st.sampled_from([D(0), D(0), D("0.99")]),
        "vat_group": st.sampled_from(["VAT25", "VAT10", "VAT0"]),
    }
)
orders = st.fixed_dictionaries(
    {
        "type": st.sampled_from(ORDERS),
        "lines": st.lists(lines, max_size=3),
        "group": st.sampled_from(["HOME", "UNION", "ABROAD"]),
        "invoice_discount_amount": st.sampled_from([D(0), D(0), D("7.77")]),
        "prices_including_vat": st.booleans(),
        "currency": st.sampled_from([("", D(1)), ("", D(1)), ("EUR", D("7.4605")), ("JPY", D("0.0466666667"))]),
    }
)
steps = st.lists(
    st.fixed_dictionaries(
        {
            "asked": st.sampled_from(["goods", "invoice", "both", "both"]),
            "shares": st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=4, max_size=4),
            "new_price": st.sampled_from([None, None, None, "1.25", "98.76543"]),
        }
    ),
    max_size=MOST_STEPS,
)


@pytest.fixture
def trade(firm: Location) -> Location:
    for group in ("HOME", "UNION", "ABROAD"):
        builders.party(Area.SALES, f"C-{group}", group)
        builders.party(Area.PURCHASE, f"V-{group}", group)
    builders.item("A")
    Charge.create(no="FREIGHT", account_no="6400", vat_product_group="VAT25")
    Currency.create(code="EUR")
    Currency.create(code="JPY", amount_rounding_precision=D(1))
    PurchasesSetup.update(vendor_doc_no_mandatory=False).execute()
    Company.update(setup_version=Company.setup_version + 1).execute()
    return firm


def make(drawn: dict[str, Any]) -> int:
    """An order of the drawn lines, and of one that keeps its total above 0."""
    made = [{**line, "no": NUMBERS[line["type"]]} for line in drawn["lines"]]
    for line in made:
        if line["type"] is LineType.COMMENT:
            line.update(quantity=D(0), unit_price=D(0), line_discount_amount=D(0), vat_group="")
    made.append(builders.item_line("A", 10, 1000))
    code, factor = drawn["currency"]
    return builders.document(
        drawn["type"],
        made,
        party_no=f"{'C' if drawn['type'].area is Area.SALES else 'V'}-{drawn['group']}",
        invoice_discount_amount=drawn["invoice_discount_amount"],
        prices_including_vat=drawn["prices_including_vat"],
        currency_code=code,
        currency_factor=factor,
    )


def take_step(order: int, drawn: dict[str, Any], *, with_prices: bool) -> None:
    """Type shares of what is outstanding, and post."""
    detail = documents.show(order)
    if with_prices and drawn["new_price"] is not None:
        documents.reopen(order, user="ann")
        documents.set_line(order, detail.lines[-1].line_no, {"unit_price": drawn["new_price"]}, user="ann")
        documents.release(order, user="ann")
    moves = drawn["asked"] in ("goods", "both")
    for line, (to_ship, to_invoice) in zip(detail.lines, drawn["shares"], strict=False):
        if line.type is LineType.COMMENT:
            continue
        ship = round_to((line.quantity - line.quantity_shipped) * to_ship / 100, D("0.01"))
        moved = line.quantity_shipped - line.quantity_invoiced + (ship if moves else 0)
        invoice = round_to(moved * to_invoice / 100, D("0.01"))
        typed = {"qty_to_ship": str(ship), "qty_to_invoice": str(invoice)}
        documents.set_line(order, line.line_no, typed, user="ann")
    receives = Document.get_by_id(order).type.receives
    asked = Asked(
        ship=moves and not receives, receive=moves and receives, invoice=drawn["asked"] in ("invoice", "both")
    )
    assert refusals(order, asked) <= {"nothing_to_post", "total_negative"}


def refusals(order: int, asked: Asked) -> set[str]:
    """Post an order; the codes of why it was not."""
    try:
        post_now(order, asked)
    except PostroomError as error:
        return {problem.code for problem in error.problems}
    return set()


def finish(order: int) -> set[str]:
    """Post what is left; the codes of why it was not."""
    DocumentLine.update(qty_to_ship=None, qty_to_invoice=None).where(DocumentLine.document == order).execute()
    Document.update(version=Document.version + 1).where(Document.id == order).execute()
    return refusals(order, AS_THE_DOCUMENT_SAYS)


def is_there(order: int) -> bool:
    return bool(Document.select().where(Document.id == order).exists())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=orders, taken=steps, with_prices=st.booleans())
def test_any_steps_end_with_all_ordered_shipped_and_invoiced(
    trade: Location, drawn: dict[str, Any], taken: list[dict[str, Any]], with_prices: bool
) -> None:
    assert_all_is_posted(drawn, taken, with_prices=with_prices)


@pytest.mark.full
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=orders, taken=steps, with_prices=st.booleans())
def test_any_steps_of_many_orders_end_with_all_ordered_shipped_and_invoiced(
    trade: Location, drawn: dict[str, Any], taken: list[dict[str, Any]], with_prices: bool
) -> None:
    assert_all_is_posted(drawn, taken, with_prices=with_prices)


def assert_all_is_posted(drawn: dict[str, Any], taken: list[dict[str, Any]], *, with_prices: bool) -> None:
    order = make(drawn)
    row = Document.get_by_id(order)
    whole = amounts.compute(source.read(order), current())
    ordered = {line.line_no: line.quantity for line in DocumentLine.select().where(DocumentLine.document == order)}
    has_other_prices = with_prices and any(step["new_price"] is not None for step in taken)
    for step in taken:
        if is_there(order):
            take_step(order, step, with_prices=with_prices)
            assert [check for check in verify().checks if not check.ok] == []
    if is_there(order) and (refused := finish(order)):
        assert refused == {"total_negative"}  # what is left may come to less than nothing
        return
    assert [check for check in verify().checks if not check.ok] == []
    assert not DocumentLine.select().where(DocumentLine.document == order).exists()
    for kind in (row.type.goods_kind, row.type.money_kind):
        posted = PostedDocument.select().where(PostedDocument.source_no == row.no, PostedDocument.kind == kind)
        moved: dict[int, Decimal] = {}
        for line in PostedLine.select().where(PostedLine.posted_document << list(posted)):
            moved[line.line_no] = moved.get(line.line_no, D(0)) + line.quantity
        assert {no: quantity for no, quantity in moved.items() if quantity} == {
            no: quantity for no, quantity in ordered.items() if quantity
        }
    if not has_other_prices and all(line["quantity"] for line in drawn["lines"] if line["type"] != "comment"):
        column = "amount_including_vat" if row.prices_including_vat else "amount"
        total = sum(getattr(invoice, column) for invoice in posted)
        assert total == (whole.gross if row.prices_including_vat else whole.net)
