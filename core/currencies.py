"""With how many decimals amounts are written: those of their currency, JPY none and KWD three."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from postroom.core.money import places
from postroom.core.tables.setup import Currency, GeneralLedgerSetup


@dataclass(frozen=True, slots=True)
class Decimals:
    """How many decimals the local currency has, and each other one by its code."""

    lcy: int = 2
    others: Mapping[str, int] = field(default_factory=dict)

    def of(self, currency: str) -> int:
        """Those of a currency; blank is the local one."""
        return self.others.get(currency, self.lcy)


def decimals() -> Decimals:
    """Those of the open company's currencies."""
    ledger = GeneralLedgerSetup.get_by_id(1)
    rows: Iterable[Any] = Currency.select(Currency.code, Currency.amount_rounding_precision).tuples()
    others = {code: places(precision) for code, precision in rows}
    return Decimals(places(ledger.amount_rounding_precision), others)
