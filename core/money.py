"""Exact numbers: how amounts, prices, quantities and rates are rounded, spread and written. The one module that rounds.

In Python they are `Decimal`; in the database integers scaled by 10**5 (currency factors by 10**10).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache

SCALE = 5
FACTOR_SCALE = 10
ZERO = Decimal(0)
ONE = Decimal(1)
SMALLEST = Decimal("0.00001")
"""The smallest number that is stored, and the last place to which prices and quantities are kept."""

EXACT = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
"""The context of every division and product: wide enough that nothing below 10**30 is ever cut."""

LARGEST = Decimal(10) ** 13
"""No stored number reaches this: scaled, it still fits the 64 bits of the database's integer with room for sums."""

MOST_REMEMBERED = 8192
"""Conversions to and from stored numbers that a process remembers."""

_WRITTEN = re.compile(r"-?(\d+(\.\d+)?|\.\d+)\Z", re.ASCII)


def round_to(value: Decimal, precision: Decimal) -> Decimal:
    """`value` to the nearest multiple of `precision` (0.01, 1, 0.0001, ...), half away from zero."""
    steps = EXACT.divide(value, precision).to_integral_value(rounding=ROUND_HALF_UP)
    return EXACT.multiply(steps, precision)


def spread(total: Decimal, weights: Sequence[Decimal], precision: Decimal) -> list[Decimal]:
    """Split `total` in proportion to `weights` into multiples of `precision` that add up to it, carrying the remainder.

    With weights that add up to zero the whole goes to the last weight that is not zero, or else to the last one.
    """
    if not weights:
        return []
    whole = sum(weights, ZERO)
    if whole == 0:
        parts = [ZERO] * len(weights)
        last = max((i for i, weight in enumerate(weights) if weight), default=len(weights) - 1)
        parts[last] = total
        return parts
    parts, given, so_far = [], ZERO, ZERO
    for weight in weights:
        so_far += weight
        part = round_to(EXACT.divide(EXACT.multiply(total, so_far), whole), precision) - given
        given += part
        parts.append(part)
    return parts


def parse_decimal(text: str) -> Decimal:
    """A number as a file or a person writes it: a point, at most five places not counting trailing zeros.

    Raises ValueError with a sentence that says what is wrong.
    """
    written = text.strip()
    if len(written) > 40 or not _WRITTEN.match(written):
        raise ValueError("not a decimal number such as 1234.50 (digits and one point, no exponent, no separators)")
    value = Decimal(written)
    if value != value.quantize(Decimal(1).scaleb(-SCALE), context=Context(prec=60)):
        raise ValueError("more than five decimal places")
    if abs(value) >= LARGEST:
        raise ValueError("too large: at most 13 digits before the point")
    return value


@lru_cache(maxsize=MOST_REMEMBERED)
def to_units(value: Decimal, scale: int = SCALE) -> int:
    """The integer that stands for `value` in the database. Raises ValueError if it would not be exact or not fit.

    Remembered: a posting stores some 170 numbers, mostly the same ones over and over.
    """
    if not value:
        return 0
    try:
        units = int(value.scaleb(scale, _UNROUNDED).to_integral_exact(context=_UNROUNDED))
    except Inexact as inexact:
        raise ValueError(f"{value} has more than {scale} decimal places") from inexact
    if abs(units) >= 1 << 62:
        raise ValueError(f"{value} is too large to be stored")
    return units


@lru_cache(maxsize=MOST_REMEMBERED)
def from_units(units: int, scale: int = SCALE) -> Decimal:
    """The inverse of `to_units`."""
    return Decimal(units).scaleb(-scale, EXACT)


def places(precision: Decimal) -> int:
    """How many decimal places amounts of this precision are written with."""
    return max(0, -int(precision.normalize().as_tuple().exponent))


def write(value: Decimal, least_places: int = 0) -> str:
    """`value` as exact plain text with at least `least_places` decimals and no useless zeros beyond them."""
    plain = f"{value:f}"
    whole, _, decimals = plain.partition(".")
    decimals = decimals.rstrip("0").ljust(least_places, "0")
    text = f"{whole}.{decimals}" if decimals else whole
    return text.lstrip("-") if value == 0 else text


_UNROUNDED = Context(prec=60, traps=[Inexact, InvalidOperation])
