"""Documents at the edge: odd VAT, discounts over the price, amounts at the end of the number range, hostile text.

Each either posts, and the books still prove, or is refused with a problem that a clerk understands.
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

import builders
import pytest
from builders import balances, document, item_line
from peewee import IntegrityError

from postroom.core import database
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import CheckFailed, Refused
from postroom.core.jobs import undo
from postroom.core.kinds import Area, DocumentType, LineType
from postroom.core.money import ZERO
from postroom.core.posting import check, post, source, stock
from postroom.core.statements import execute
from postroom.core.tables.ledgers import GlRegister, PostedLine
from postroom.core.tables.setup import Company, Currency, NumberSeriesLine, PurchasesSetup
from postroom.core.tables.trade import Document, ItemStock
from postroom.core.verify import verify

D = Decimal
MOST = D("9999999999999.99999")
NINE = D(9 * 10**12)
PURCHASE = DocumentType.PURCHASE_INVOICE
SALE = DocumentType.SALES_INVOICE


def post_now(document_id: int) -> tuple[post.PostedRef, ...]:
    plan = post.prepare(document_id, user="ann", posting_id=secrets.token_hex(8))
    with database.transaction():
        return post.write(plan)


def codes_of(document_id: int) -> list[str]:
    """The codes with which a document is refused; each problem says what is wrong and what to do."""
    before = balances()
    with pytest.raises(CheckFailed) as failed:
        post_now(document_id)
    assert balances() == before
    assert all(problem.message and problem.hint and problem.record for problem in failed.value.problems)
    return [problem.code for problem in failed.value.problems]


def rent(quantity: Any, price: Any) -> dict[str, Any]:
    return {
        "type": LineType.GL_ACCOUNT,
        "no": "8100",
        "quantity": D(quantity),
        "unit_price": D(price),
        "vat_group": "VAT25",
    }


@pytest.fixture
def trade(sqlite_firm: Location) -> Location:
    """Parties at home and in the union, two items, five cents of VAT difference allowed on purchases."""
    for group, number in (("HOME", "1"), ("UNION", "2")):
        builders.party(Area.SALES, f"C{number}", group)
        builders.party(Area.PURCHASE, f"V{number}", group)
    builders.item("I1")
    builders.item("I2")
    PurchasesSetup.update(max_vat_difference_allowed=D("0.05")).execute()
    Company.update(setup_version=Company.setup_version + 1).execute()
    return sqlite_firm


def test_the_vendors_own_vat_is_posted_within_the_difference_allowed(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I1", 1, 100, declared_vat_amount=D("25.03")), item_line("I1", 1, 0)]))
    assert balances() == {"1200": D(100), "2100": D("-125.03"), "2310": D("25.03")}
    assert verify().ok


@pytest.mark.parametrize(
    ("party_no", "declared", "code"),
    [
        ("V1", "25.06", "vat_difference_too_large"),
        ("V1", "25.00333", "vat_amount_too_fine"),
        ("V2", "0.03", "vat_difference_too_large"),  # reverse charge: the vendor bills no VAT at all
    ],
)
def test_a_declared_vat_that_cannot_be_is_refused(trade: Location, party_no: str, declared: str, code: str) -> None:
    line = item_line("I1", 1, 100, declared_vat_amount=D(declared))
    assert codes_of(document(PURCHASE, [line], party_no=party_no)) == [code]


def test_goods_with_more_discount_than_price_come_in_at_nothing(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I2", 1, 100, line_discount_amount=D(105)), item_line("I1", 1, 50)]))
    assert balances() == {"1200": D(50), "2100": D("-56.25"), "2310": D("11.25"), "7400": D(-5)}
    stock = ItemStock.get_by_id("I2")
    assert (stock.quantity, stock.value) == (1, 0)
    assert verify().ok


TOO_LARGE: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "quantity x price": ([item_line("I1", MOST, MOST)], {}),
    "divided by next to nothing": ([item_line("I1", MOST, MOST, price_per_quantity=D("0.00001"))], {}),
    "all of it discount": ([item_line("I1", MOST, MOST, line_discount_percent=D(100)), item_line("I2")], {}),
    "a discount far below zero": ([item_line("I1", 1, NINE, line_discount_percent=-MOST)], {}),
    "lines that cancel out": ([*[item_line("I1", 1, NINE)] * 6, *[rent(-1, NINE)] * 6], {}),
    "pieces for nothing": ([item_line("I1", MOST, 0)] * 6, {}),
    "with its VAT": ([item_line("I1", 1, NINE)], {}),
    "invoice discount": ([item_line("I1", 1, 1)], {"invoice_discount_amount": -MOST}),
}


SMALLER_INCLUDING_VAT = ("with its VAT", "invoice discount")


@pytest.mark.parametrize(
    ("case", "including_vat"),
    [(case, False) for case in TOO_LARGE] + [(case, True) for case in TOO_LARGE if case not in SMALLER_INCLUDING_VAT],
)
@pytest.mark.parametrize("type_", [PURCHASE, SALE])
def test_amounts_beyond_thirteen_digits_are_refused(
    trade: Location, type_: DocumentType, case: str, including_vat: bool
) -> None:
    lines, fields = TOO_LARGE[case]
    document_id = document(type_, [dict(line) for line in lines], prices_including_vat=including_vat, **fields)
    assert codes_of(document_id) == ["amount_too_large"]


IN_DOLLARS: dict[str, Any] = {"currency_code": "USD"}
LARGEST: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "pieces": (item_line("I1", 11 * 10**12, 0), {}, "11000000000000"),
    "amount and discounts": (
        item_line("I1", 1, 11 * 10**12, line_discount_percent=D(40)),
        {"invoice_discount_amount": D(2 * 10**12), "currency_factor": D("0.5"), **IN_DOLLARS},
        "13000000000000",  # 6.6 after its line discount of 4.4; the 2 off the invoice count once more
    ),
    "amount and discounts in LCY": (
        item_line("I1", 1, 6 * 10**12, line_discount_percent=D(40)),
        {"invoice_discount_amount": D(10**12), "currency_factor": D(2), **IN_DOLLARS},
        "12000000000000",
    ),
    "with VAT": (
        item_line("I1", 1, 8 * 10**12),
        {"currency_factor": D("0.5"), **IN_DOLLARS},
        "10000000000000",
    ),
    "with VAT in LCY": (
        item_line("I1", 1, 4 * 10**12),
        {"currency_factor": D(2), **IN_DOLLARS},
        "10000000000000",
    ),
}


@pytest.mark.parametrize("case", LARGEST)
def test_of_all_that_adds_up_to_too_much_the_largest_sum_is_told(trade: Location, case: str) -> None:
    line, fields, most = LARGEST[case]
    Currency.create(code="USD")
    Company.update(setup_version=Company.setup_version + 1).execute()
    (problem,) = check.check(document(SALE, [line], **fields), user="ann")
    assert (problem.code, problem.value) == ("amount_too_large", most)


def test_a_stock_worth_more_than_thirteen_digits_is_refused(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I1", 1, 6 * 10**12)]))
    assert codes_of(document(PURCHASE, [item_line("I1", 1, 6 * 10**12)])) == ["stock_too_large"]
    post_now(document(PURCHASE, [item_line("I2", MOST, 0)]))
    assert codes_of(document(PURCHASE, [item_line("I2", 1, 0)])) == ["stock_too_large"]
    assert verify().ok


def test_goods_that_a_cancellation_would_make_worth_more_than_thirteen_digits_stay_sold(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I1", 1, 6 * 10**12)]))
    sold = post_now(document(SALE, [item_line("I1", 1, 1)]))[-1].no
    post_now(document(PURCHASE, [item_line("I1", 1, 6 * 10**12)]))
    (result,) = undo.cancel([undo.find(sold)], undo.CancelRequest("now"), user=current_user())
    assert [problem.code for problem in result.errors] == ["stock_too_large"]
    assert verify().ok


def test_a_piece_that_would_cost_more_than_thirteen_digits_is_refused(trade: Location) -> None:
    crumb = item_line("I1", "0.00001", 7 * 10**12, price_per_quantity=D("0.00001"))
    assert codes_of(document(PURCHASE, [crumb])) == ["stock_too_large"]
    post_now(document(PURCHASE, [item_line("I2", 1, 7 * 10**12)]))
    assert codes_of(document(SALE, [item_line("I2", 3, 1)])) == ["stock_too_large"]


@pytest.mark.parametrize(
    ("cost", "adjustment", "value", "is_refused"),
    [
        ("9999999999999.99999", "0", "0", False),
        ("10000000000000", "0", "0", True),
        ("6000000000000", "5000000000000", "0", True),
        ("-6000000000000", "-5000000000000", "0", True),
        ("0", "0", "-10000000000000", True),
    ],
)
def test_what_moves_an_items_value_is_refused_from_fourteen_digits_on(
    trade: Location, cost: str, adjustment: str, value: str, is_refused: bool
) -> None:
    bought = source.read(document(PURCHASE, [item_line("I1", 1, 1)]))
    movement = stock.Movement("I1", 10000, D(1), D(cost), D(adjustment))
    problems = list(stock.too_large(bought, [movement], {"I1": stock.Stock(D(1), D(value))}))
    assert [problem.code for problem in problems] == ["stock_too_large"] * is_refused


def test_what_a_posting_moves_in_all_and_pieces_under_zero_are_refused_from_fourteen_digits_on(
    trade: Location,
) -> None:
    sold = source.read(document(SALE, [item_line("I1", 2, 1), item_line("I2", 1, 1)]))
    movements = [stock.Movement("I1", 10000, D(-2), -NINE, ZERO), stock.Movement("I2", 20000, D(-1), -NINE, ZERO)]
    some, far_below = stock.Stock(D(1), D(1)), stock.Stock(-MOST - 1, ZERO)
    problems = list(stock.too_large(sold, movements, {"I1": some, "I2": some}))
    assert [(problem.line, problem.value) for problem in problems] == [(20000, "1")]
    problems = list(stock.too_large(sold, movements[:1], {"I1": far_below}))
    assert [(problem.line, problem.value) for problem in problems] == [(10000, "2")]


def test_the_largest_amounts_that_there_are_post(trade: Location) -> None:
    post_now(document(PURCHASE, [item_line("I1", 1, "7999999999999.99")]))
    assert balances()["2100"] == D("-9999999999999.99")
    assert verify().ok


@pytest.mark.parametrize("text", ["a\x00b\x1b[31m\x9b\r\n\u202e", "x" * 10_000])
def test_any_text_is_carried_over_as_it_is(trade: Location, text: str) -> None:
    post_now(
        document(
            SALE,
            [item_line("I1", 1, 100, description=text), {"type": LineType.COMMENT, "description": text}],
            party_name=text,
            external_document_no=text,
        )
    )
    assert {line.description for line in PostedLine.select()} == {text}
    assert verify().ok


@pytest.mark.parametrize(
    ("precision", "factor", "quantity", "price", "expected"),
    [
        # 3 x 33.50 = 100.50, so 101 and 25 VAT; 126 x 0.0466... = 5.88, of which 101 x 0.0466... = 4.71 are goods
        ("1", "0.0466666667", 3, "33.5", {"1200": "4.71", "2100": "-5.88", "2310": "1.17"}),
        # 0.005 and 0.001 VAT; 0.006 x 18.12... = 0.11, of which 0.005 x 18.12... = 0.09 are goods
        ("0.001", "18.1234567891", 1, "0.005", {"1200": "0.09", "2100": "-0.11", "2310": "0.02"}),
    ],
)
def test_a_foreign_document_is_as_exact_as_its_currency_and_balances_in_lcy(
    trade: Location, precision: str, factor: str, quantity: int, price: str, expected: dict[str, str]
) -> None:
    Currency.create(code="CUR", amount_rounding_precision=D(precision))
    Company.update(setup_version=Company.setup_version + 1).execute()
    line = item_line("I1", quantity, price)
    post_now(document(PURCHASE, [line], currency_code="CUR", currency_factor=D(factor)))
    assert balances() == {account: D(amount) for account, amount in expected.items()}
    assert verify().ok


def test_a_series_that_gives_a_used_number_is_named(firm: Location) -> None:
    builders.party(Area.SALES)
    builders.item()
    made = [document(SALE, [item_line()]) for _ in range(2)]
    post_now(made[0])
    NumberSeriesLine.update(last_value=NumberSeriesLine.last_value - NumberSeriesLine.increment).where(
        NumberSeriesLine.series_code == "S-INV+"
    ).execute()
    with pytest.raises(Refused, match="S-INV\\+") as refused:
        post_now(made[1])
    (problem,) = refused.value.problems
    assert (problem.code, problem.record) == ("posted_number_used", f"Sales Invoice {Document.get_by_id(made[1]).no}")
    assert "102002 of series S-SHPT+ or 103001 of series S-INV+" in problem.message
    assert problem.hint
    assert GlRegister.select().count() == 1


def test_a_clash_that_is_none_of_numbers_stays_what_it_is(firm: Location) -> None:
    builders.party(Area.SALES)
    builders.item()
    plan = post.prepare(document(SALE, [item_line()]), user="ann", posting_id="x")

    class Clash:
        def hold(self) -> None: ...

        def require(self) -> None: ...

        def write(self) -> None:
            raise IntegrityError("NOT NULL constraint failed: job_queue_log.no")

    with pytest.raises(IntegrityError, match="job_queue_log"), database.transaction():
        post.write(plan, Clash())
    assert balances() == {}


def test_a_posted_document_that_is_refused_with_a_new_number_is_none_of_numbers_either(trade: Location) -> None:
    plan = post.prepare(document(SALE, [item_line()]), user="ann", posting_id="x")
    execute(
        "CREATE TRIGGER closed BEFORE INSERT ON posted_document"
        " BEGIN SELECT RAISE(ABORT, 'posted_document is closed'); END"
    )
    with pytest.raises(IntegrityError, match="is closed"), database.transaction():
        post.write(plan)
    assert balances() == {}
