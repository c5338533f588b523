"""An order invoiced in parts adds up to the whole to the cent; each part's VAT is right by itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.core import posting_setup
from postroom.core.database import Location
from postroom.core.kinds import DocumentType, LineType
from postroom.core.money import ZERO, round_to, write
from postroom.core.posting import amounts
from postroom.core.posting.amounts import Amounts
from postroom.core.posting.source import Source, SourceItem, SourceLine, SourceParty
from postroom.core.posting.steps import Step
from postroom.core.posting_setup import PostingSetup

D = Decimal
ITEM = SourceItem("RESALE", "RESALE", prevent_negative=False, blocked=False)
PARTY = SourceParty("Ann", "HOME", "HOME", "HOME", "")
PRECISIONS = ["0.01", "1", "0.001", "0.0001"]
RATES = {"VAT25": D("0.25"), "VAT10": D("0.10"), "VAT0": D(0)}


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


lines = st.builds(
    SourceLine,
    line_no=st.just(0),
    type=st.sampled_from([LineType.ITEM, LineType.ITEM, LineType.GL_ACCOUNT]),
    no=st.just("I1"),
    description=st.just(""),
    quantity=decimals("-9", "99", 3).filter(bool),
    unit_price=decimals("0", "999", 5),
    price_per_quantity=st.sampled_from([D(1), D(1), D(3), D(100)]),
    line_discount_percent=st.sampled_from([D(0), D("12.5"), D("33.33333"), D(100)]),
    line_discount_amount=st.sampled_from([D(0), D("0.99"), D("7.00001")]),
    vat_group=st.sampled_from(list(RATES)),
    declared_vat_amount=st.none(),
    qty_to_ship=st.none(),
    qty_to_invoice=st.none(),
    item=st.just(ITEM),
)
cuts = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=6, max_size=6)
orders = st.builds(
    Source,
    id=st.just(1),
    version=st.just(1),
    type=st.just(DocumentType.SALES_ORDER),
    no=st.just("SO1"),
    party_no=st.just("C1"),
    party_name=st.just(""),
    posting_date=st.none(),
    document_date=st.none(),
    due_date=st.none(),
    external_document_no=st.just(""),
    vendor_document_no=st.just(""),
    currency_code=st.sampled_from(["", "", "EUR", "JPY"]),
    currency_factor=decimals("0.005", "9", 8),
    prices_including_vat=st.booleans(),
    invoice_discount_amount=st.sampled_from([D(0), D(0), D("7.77"), D(100), D("0.0001")]),
    ship=st.just(True),
    invoice=st.just(True),
    corrects_no=st.just(""),
    party=st.just(PARTY),
    lines=st.lists(lines, min_size=1, max_size=6).map(
        lambda made: tuple(replace(line, line_no=10000 * number) for number, line in enumerate(made, 1))
    ),
)


@pytest.fixture
def setup(sqlite_firm: Location) -> PostingSetup:
    return posting_setup.current()


def with_precision(setup: PostingSetup, precision: str) -> PostingSetup:
    return replace(setup, precision=D(precision), currencies=MappingProxyType({"EUR": D("0.01"), "JPY": D(1)}))


def part_of(document: Source, quantities: tuple[Decimal, ...]) -> Step:
    return Step(quantities, quantities, is_whole=False, completes=False)


def after(document: Source, step: Step, worth: Amounts) -> Source:
    """The order as its posting leaves it."""
    return replace(
        document,
        lines=tuple(
            replace(
                line,
                quantity_shipped=line.quantity_shipped + quantity,
                quantity_invoiced=line.quantity_invoiced + quantity,
            )
            for line, quantity in zip(document.lines, step.invoice, strict=True)
        ),
        invoice_discount_taken=document.invoice_discount_taken + sum(worth.invoice_discounts, ZERO),
        amount_taken=document.amount_taken + (worth.gross if document.prices_including_vat else worth.net),
    )


def in_three(document: Source, shares: list[tuple[int, int]]) -> list[tuple[Decimal, ...]]:
    """Each line's quantity cut in three; every third may be nothing."""
    thirds: list[list[Decimal]] = [[], [], []]
    for line, cut in zip(document.lines, shares, strict=False):
        first, second = sorted(round_to(line.quantity * part / 100, D("0.001")) for part in cut)
        if line.quantity < 0:
            first, second = second, first
        for third, quantity in zip(thirds, (first, second - first, line.quantity - second), strict=True):
            third.append(quantity)
    return [tuple(third) for third in thirds]


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders, shares=cuts, precision=st.sampled_from(PRECISIONS))
def test_three_invoices_add_up_to_the_whole_to_the_cent(
    setup: PostingSetup, order: Source, shares: list[tuple[int, int]], precision: str
) -> None:
    assert_three_add_up(setup, order, shares, precision)


@pytest.mark.full
@settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders, shares=cuts, precision=st.sampled_from(PRECISIONS))
def test_three_invoices_of_thousands_of_orders_add_up(
    setup: PostingSetup, order: Source, shares: list[tuple[int, int]], precision: str
) -> None:
    assert_three_add_up(setup, order, shares, precision)


def assert_three_add_up(setup: PostingSetup, order: Source, shares: list[tuple[int, int]], precision: str) -> None:
    setup = with_precision(setup, precision)
    whole = amounts.compute(order, setup)
    invoices, left = [], order
    for quantities in in_three(order, shares):
        step = part_of(left, quantities)
        worth = amounts.compute(left, setup, step)
        invoices.append(worth)
        left = after(left, step, worth)
    assert all(line.quantity_invoiced == line.quantity for line in left.lines)
    if order.prices_including_vat:
        assert sum(invoice.gross for invoice in invoices) == whole.gross
        assert sum(invoice.gross_lcy for invoice in invoices) == whole.gross_lcy
    else:
        assert sum(invoice.net for invoice in invoices) == whole.net
        assert sum(invoice.net_lcy for invoice in invoices) == whole.net_lcy
    for index, line in enumerate(whole.lines):
        assert sum(invoice.lines[index].line_amount for invoice in invoices) == line.line_amount
        assert sum(invoice.invoice_discounts[index] for invoice in invoices) == whole.invoice_discounts[index]
        if not order.prices_including_vat:
            assert sum(invoice.lines[index].net for invoice in invoices) == line.net
            assert sum(invoice.lines[index].line_discount for invoice in invoices) == line.line_discount
    for invoice in invoices:
        assert_vat_is_right(invoice, order, setup)


def assert_vat_is_right(invoice: Amounts, order: Source, setup: PostingSetup) -> None:
    step = setup.precision_of(order.currency_code)
    for group in invoice.groups:
        rate = RATES[group.product_group]
        if order.prices_including_vat:
            assert group.base == round_to((group.base + group.vat) / (1 + rate), step)
        else:
            assert group.vat == round_to(group.base * rate, step)
    assert sum(line.net for line in invoice.lines) == invoice.net == sum(group.base for group in invoice.groups)
    assert sum(line.vat for line in invoice.lines) == invoice.vat == sum(group.vat for group in invoice.groups)
    assert sum(line.net_lcy for line in invoice.lines) == invoice.net_lcy


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders)
def test_one_invoice_over_everything_is_the_whole(setup: PostingSetup, order: Source) -> None:
    setup = with_precision(setup, "0.01")
    everything = part_of(order, tuple(line.quantity for line in order.lines))
    assert amounts.compute(order, setup, everything) == amounts.compute(order, setup)


def order_of(quantity: str, price: str, **fields: object) -> Source:
    """A sales order of one line; header fields by name, others are the line's."""
    of_header = {
        name: fields.pop(name) for name in ("invoice_discount_amount", "prices_including_vat") if name in fields
    }
    line = SourceLine(
        *(10000, LineType.ITEM, "I1", "", D(quantity), D(price), D(1), D(0), D(0), "VAT25", None, None, None, ITEM)
    )
    header = Source(
        *(1, 1, DocumentType.SALES_ORDER, "SO1", "C1", "", None, None, None, "", "", "", D(1), False, D(0), True, True),
        *("", PARTY, (replace(line, **fields),)),  # type: ignore[arg-type]
    )
    return replace(header, **of_header)  # type: ignore[arg-type]


def invoiced(order: Source, setup: PostingSetup, *quantities: str) -> list[tuple[str, str]]:
    """Net and VAT of invoices over these quantities, one after the other."""
    found = []
    for quantity in quantities:
        step = part_of(order, (D(quantity),))
        worth = amounts.compute(order, setup, step)
        order = after(order, step, worth)
        found.append((write(worth.net, 2), write(worth.vat, 2)))
    return found


def test_parts_carry_what_rounding_left(setup: PostingSetup) -> None:
    # 0.105, 0.21 and 0.315 so far are 0.11, 0.21 and 0.32; each VAT is a quarter of its own net.
    assert invoiced(order_of("3", "0.105"), setup, "1", "1", "1") == [
        ("0.11", "0.03"),
        ("0.10", "0.03"),
        ("0.11", "0.03"),
    ]


def test_parts_share_an_absolute_line_discount_and_the_invoice_discount(setup: PostingSetup) -> None:
    order = order_of("3", "10", line_discount_amount=D(1), invoice_discount_amount=D(2))
    # 29.00 so far is 9.67, 19.33, 29.00, less 0.67, 1.33, 2.00.
    assert invoiced(order, setup, "1", "1", "1") == [("9.00", "2.25"), ("9.00", "2.25"), ("9.00", "2.25")]
