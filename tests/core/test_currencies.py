"""With how many decimals amounts are written."""

from __future__ import annotations

from decimal import Decimal

from postroom.core import currencies
from postroom.core.database import Location
from postroom.core.tables.setup import Currency, GeneralLedgerSetup


def test_each_currency_has_the_decimals_of_its_precision_and_any_other_those_of_the_local_one(firm: Location) -> None:
    for code, precision in (("JPY", "1"), ("KWD", "0.001"), ("OLD", "5"), ("CHF", "0.05")):
        Currency.create(code=code, amount_rounding_precision=precision)
    found = currencies.decimals()
    assert [found.of(code) for code in ("JPY", "KWD", "OLD", "CHF", "", "EUR")] == [0, 3, 0, 2, 2, 2]
    GeneralLedgerSetup.update(amount_rounding_precision=Decimal(1)).execute()
    assert [currencies.decimals().of(code) for code in ("KWD", "")] == [3, 0]
