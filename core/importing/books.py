"""What the company has when an import begins: every record that rows may name, read once, and the templates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from postroom.core import posting_setup, values
from postroom.core.kinds import Area
from postroom.core.posting_setup import PostingSetup
from postroom.core.statements import query
from postroom.core.tables import setup as tables
from postroom.core.tables.setup import ExchangeRate, MasterTemplate

MOST_HINTS = 20


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """What a document needs of its customer or vendor."""

    name: str
    general_business_group: str
    vat_business_group: str
    posting_group: str
    currency_code: str
    payment_days: int


@dataclass(slots=True)
class Books:
    """Records by their nos. Imported rows are added as they are taken, so that later rows may name them."""

    setup: PostingSetup
    parties: dict[tuple[Area, str], PartyFacts]
    items: dict[str, str]
    charges: dict[str, str]
    accounts: set[str]
    vat_groups: set[str]
    templates: dict[str, MasterTemplate]
    codes: dict[str, set[str]]
    rates: dict[str, list[tuple[date, Decimal]]] = field(default_factory=dict)
    hints_left: int = MOST_HINTS

    def hint(self, code: str, known: Iterable[str], what: str) -> str:
        """What was perhaps meant. Only the first few problems get one: looking for likenesses takes its time."""
        if not self.hints_left:
            return ""
        self.hints_left -= 1
        return f" {values.near(code, known, what)}"

    def factor_on(self, currency: str, day: date | None) -> Decimal | None:
        """LCY per unit of a currency on a day; None where no rate is known."""
        known = [rate for rate in self.rates.get(currency, ()) if day is None or rate[0] <= day]
        return max(known)[1] if known else None


def read() -> Books:
    """Everything, in a query per table. Items and charges are kept with their VAT product posting group."""
    rates: dict[str, list[tuple[date, Decimal]]] = {}
    for rate in ExchangeRate.select():
        rates.setdefault(rate.currency_code, []).append((rate.starting_date, rate.factor))
    return Books(
        setup=posting_setup.current(),
        parties={
            (Area(area), no): PartyFacts(*facts)
            for area, no, *facts in query(
                "SELECT area, no, name, general_business_group, vat_business_group, posting_group, currency_code,"
                " payment_days FROM party"
            )
        },
        items=dict(query("SELECT no, vat_product_group FROM item")),
        charges=dict(query("SELECT no, vat_product_group FROM charge")),
        accounts={no for (no,) in query("SELECT no FROM gl_account")},
        vat_groups=_codes_of(tables.VatProductGroup),
        templates={row.kind: row for row in MasterTemplate.select()},
        codes={
            "general_business_group": _codes_of(tables.GeneralBusinessGroup),
            "vat_business_group": _codes_of(tables.VatBusinessGroup),
            "general_product_group": _codes_of(tables.GeneralProductGroup),
            "inventory_group": _codes_of(tables.InventoryGroup),
            "currency_code": _codes_of(tables.Currency),
            **{
                f"posting_group of {area}": {
                    code for (code,) in query("SELECT code FROM party_posting_group WHERE area = ?", (area.value,))
                }
                for area in Area
            },
        },
        rates=rates,
    )


def _codes_of(model: Any) -> set[str]:
    return {row.code for row in model.select(model.code)}
