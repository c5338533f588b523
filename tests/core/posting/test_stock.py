"""Stock and its cost by itself: what one movement costs, and the laws that hold over any run of movements."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.money import ZERO, round_to
from postroom.core.posting.stock import Stock, move

D = Decimal
CENT = D("0.01")
quantities = st.decimals("-40", "40", places=2, allow_nan=False, allow_infinity=False).filter(bool)
worths = st.none() | st.decimals("0", "500", places=2, allow_nan=False, allow_infinity=False)
steps = st.sampled_from([D("1"), CENT, D("0.001"), D("0.0001")])


def held(quantity: str, value: str, last_cost: str = "0") -> Stock:
    return Stock(D(quantity), D(value), D(last_cost))


@pytest.mark.parametrize(
    ("stock", "quantity", "cost", "moved", "adjusted", "left"),
    [
        # goods come in at their own cost
        (held("0", "0"), "5", "50", "50", "0", ("5", "50", "10")),
        (held("5", "50"), "5", "100", "100", "0", ("10", "150", "15")),
        # and leave at the average, the last unit with all that is left
        (held("3", "10"), "-1", None, "-3.33", "0", ("2", "6.67", "3.335")),
        (held("2", "6.67"), "-1", None, "-3.34", "0", ("1", "3.33", "3.33")),
        (held("1", "3.33"), "-1", None, "-3.33", "0", ("0", "0", "3.33")),
        # they come back at the average, or at what they last cost where there is none
        (held("2", "7"), "2", None, "7", "0", ("4", "14", "3.5")),
        (held("0", "0", "3.5"), "2", None, "7", "0", ("2", "7", "3.5")),
        (held("0", "0"), "2", None, "0", "0", ("2", "0", "0")),
        (held("3", "0.10"), "3000", None, "100", "0", ("3003", "100.10", "0.03333")),  # not at a rounded 0.03333
        # what is not there leaves at the average, then at what it last cost
        (held("2", "20"), "-5", None, "-50", "0", ("-3", "-30", "10")),
        (held("-3", "-30", "10"), "-1", None, "-10", "0", ("-4", "-40", "10")),
        (held("0", "0"), "-1", None, "0", "0", ("-1", "0", "0")),
        # the next receipt sets the cost of what had gone before, in part or altogether
        (held("-4", "-40", "10"), "1", "12", "12", "-8", ("-3", "-36", "12")),
        (held("-4", "-40", "10"), "4", "48", "48", "-8", ("0", "0", "12")),
        (held("-4", "-40", "10"), "6", "72", "72", "-8", ("2", "24", "12")),
        (held("-2", "0"), "5", "50", "50", "-20", ("3", "30", "10")),
        # no value stays on no pieces, whatever a return costs
        (held("2", "20"), "-2", "-25", "-25", "5", ("0", "0", "10")),
    ],
)
def test_a_movement_costs_what_the_rules_say(
    stock: Stock, quantity: str, cost: str | None, moved: str, adjusted: str, left: tuple[str, str, str]
) -> None:
    assert move(stock, D(quantity), None if cost is None else D(cost), CENT) == (D(moved), D(adjusted))
    assert (stock.quantity, stock.value, stock.last_cost) == tuple(D(number) for number in left)


def test_goods_that_a_correction_returns_value_no_others_anew() -> None:
    stock = held("-4", "-40", "10")
    assert move(stock, D(1), D(12), CENT, restores=True) == (D(12), D(0))
    assert (stock.quantity, stock.value) == (D(-3), D(-28))


def test_a_cost_below_nothing_is_never_remembered_as_the_last_known() -> None:
    stock = held("5", "50", "10")
    move(stock, D(-4), D(-240), CENT, restores=True)  # a dear purchase is corrected after its goods were sold
    assert (stock.quantity, stock.value) == (D(1), D(-190))
    assert move(stock, D(-1), None, CENT) == (D(190), D(0))
    assert move(stock, D(-1), None, CENT) == (D(-10), D(0))


def test_more_than_there_is_leaves_with_the_value_and_the_last_known_cost() -> None:
    stock = held("1", "-190", "10.0025")
    assert move(stock, D(-3), None, CENT) == (D("169.99"), D(0))  # 190.00 less twice 10.0025, rounded
    assert (stock.quantity, stock.value) == (D(-2), D("-20.01"))


@given(st.lists(st.tuples(quantities, worths), max_size=25), steps)
def test_costs_and_adjustments_are_the_value_and_no_pieces_are_worth_nothing(
    movements: list[tuple[Decimal, Decimal | None]], step: Decimal
) -> None:
    stock, quantity, value = Stock(), ZERO, ZERO
    for moved, worth in movements:
        given_cost = round_to(worth, step) if worth is not None and moved > 0 else None
        before = Stock(stock.quantity, stock.value, stock.last_cost)
        cost, adjustment = move(stock, moved, given_cost, step)
        quantity, value = quantity + moved, value + cost + adjustment
        assert (stock.quantity, stock.value) == (quantity, value)
        assert stock.value == round_to(stock.value, step)
        assert stock.last_cost >= 0
        assert cost == 0 or (cost > 0) == (moved > 0)
        if given_cost is not None:
            assert cost == given_cost
        if stock.quantity == 0:
            assert stock.value == 0
        if before.quantity >= 0:  # only a stock under zero is valued anew
            assert adjustment == 0
        if before.quantity > 0 and moved == -before.quantity:
            assert cost == -before.value
        if before.quantity < 0 < moved and stock.quantity:
            assert abs(stock.value - cost * stock.quantity / moved) <= step


@given(st.lists(st.tuples(quantities, worths), max_size=8), quantities, worths, steps)
def test_a_movement_and_its_correction_leave_quantity_and_value_as_they_were(
    movements: list[tuple[Decimal, Decimal | None]], moved: Decimal, worth: Decimal | None, step: Decimal
) -> None:
    stock = Stock()
    for quantity, cost in movements:
        move(stock, quantity, round_to(cost, step) if cost is not None and quantity > 0 else None, step)
    before = (stock.quantity, stock.value)
    known = stock.last_cost
    own = round_to(worth, step) if worth is not None and moved > 0 else None
    cost, adjustment = move(stock, moved, own, step)
    _, more = move(stock, -moved, -cost, step, restores=True)
    assert stock.quantity == before[0]
    assert stock.value == before[1] + adjustment + more
    if before[0] >= 0:
        assert (stock.value, adjustment + more) == (before[1], 0)
    if before[0] == 0 and moved < 0:
        assert stock.last_cost == pytest.approx(known, abs=step / abs(moved) + D("0.00001"))


@given(st.lists(st.decimals("0.01", "9", places=2), min_size=1, max_size=12), worths)
def test_what_came_in_goes_out_at_the_same_worth_in_any_parts(parts: list[Decimal], worth: Decimal | None) -> None:
    stock, total = Stock(), sum(parts, ZERO)
    move(stock, total, worth or ZERO, CENT)
    assert -sum((move(stock, -part, None, CENT)[0] for part in parts), ZERO) == (worth or ZERO)
    assert (stock.quantity, stock.value) == (0, 0)
