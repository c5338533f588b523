"""Exact numbers: rounding half away from zero, spreading without loss, reading and storing without a float."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core import money

D = Decimal
amounts = st.decimals("-99999999", "99999999", places=5, allow_nan=False, allow_infinity=False)
precisions = st.sampled_from([D("1"), D("0.1"), D("0.01"), D("0.001"), D("0.0001")])


@pytest.mark.parametrize(
    ("value", "precision", "expected"),
    [
        ("2.345", "0.01", "2.35"),
        ("-2.345", "0.01", "-2.35"),
        ("2.344999", "0.01", "2.34"),
        ("0.5", "1", "1"),
        ("-0.5", "1", "-1"),
        ("1.00005", "0.0001", "1.0001"),
        ("12", "5", "10"),
        ("12.5", "5", "15"),
    ],
)
def test_rounding_goes_half_away_from_zero(value: str, precision: str, expected: str) -> None:
    assert money.round_to(D(value), D(precision)) == D(expected)


@given(amounts, precisions)
def test_rounding_is_to_the_nearest_step_and_symmetric(value: Decimal, precision: Decimal) -> None:
    rounded = money.round_to(value, precision)
    assert abs(rounded - value) * 2 <= precision
    assert rounded % precision == 0
    assert money.round_to(-value, precision) == -rounded


@given(st.integers(-(10**10), 10**10), st.lists(amounts, min_size=1, max_size=12), precisions)
def test_spread_parts_are_rounded_and_add_up(steps: int, weights: list[Decimal], precision: Decimal) -> None:
    total = steps * precision
    parts = money.spread(total, weights, precision)
    assert sum(parts) == total
    assert all(part % precision == 0 for part in parts)


def test_spread_carries_the_remainder_and_leaves_zero_weights_alone() -> None:
    assert money.spread(D("10.00"), [D(1), D(1), D(1)], D("0.01")) == [D("3.33"), D("3.34"), D("3.33")]
    assert money.spread(D("1.00"), [D(5), D(0), D(5)], D("0.01")) == [D("0.50"), D(0), D("0.50")]
    assert money.spread(D("1.00"), [D(5), D(-5), D(0)], D("0.01")) == [D(0), D("1.00"), D(0)]
    assert money.spread(D("1.00"), [D(0), D(0)], D("0.01")) == [D(0), D("1.00")]
    assert money.spread(D("1.00"), [], D("0.01")) == []


@pytest.mark.parametrize(
    "text", ["1e5", "NaN", "1,5", "1.000,00", "", "  ", "--1", "+1", "1.", ".", "-.", "0x10", "½", "١", "1_000"]
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a decimal number"):
        money.parse_decimal(text)


def test_the_zero_before_the_point_may_be_left_out() -> None:
    assert money.parse_decimal(".5") == D("0.5")
    assert money.parse_decimal("-.25") == D("-0.25")


def test_too_many_digits_are_refused() -> None:
    with pytest.raises(ValueError, match="five decimal places"):
        money.parse_decimal("1.000001")
    with pytest.raises(ValueError, match="too large"):
        money.parse_decimal("9" * 30)
    assert money.parse_decimal("1.50000000") == D("1.5")
    assert money.parse_decimal("-9999999999999.99999") == D("-9999999999999.99999")


@given(amounts)
def test_what_is_stored_comes_back_exactly(value: Decimal) -> None:
    assert money.from_units(money.to_units(value)) == value
    assert money.parse_decimal(money.write(value)) == value


def test_what_cannot_be_stored_exactly_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 5 decimal places"):
        money.to_units(D("0.000001"))
    with pytest.raises(ValueError, match="too large"):
        money.to_units(D(10) ** 14)


@pytest.mark.parametrize(
    ("value", "least", "expected"),
    [("1234.5", 2, "1234.50"), ("0", 2, "0.00"), ("-0.00", 0, "0"), ("1.23450", 2, "1.2345"), ("1E+3", 0, "1000")],
)
def test_amounts_are_written_plainly(value: str, least: int, expected: str) -> None:
    assert money.write(D(value), least) == expected
