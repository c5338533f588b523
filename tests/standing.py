"""Where the books of a company stand: every balance that posting and then cancelling must leave as it was."""

from __future__ import annotations

from typing import Any

from postroom.core.money import from_units
from postroom.core.statements import query

_BALANCES = {
    "G/L account": "SELECT account_no, SUM(amount) FROM gl_entry GROUP BY account_no",
    "party": (
        "SELECT area, party_no, currency_code, account_no, SUM(amount), SUM(amount_lcy) FROM party_ledger_entry"
        " GROUP BY area, party_no, currency_code, account_no"
    ),
    "VAT": (
        "SELECT account_no, area, vat_business_group, vat_product_group, rate, SUM(base), SUM(amount) FROM vat_entry"
        " GROUP BY account_no, area, vat_business_group, vat_product_group, rate"
    ),
    "item": "SELECT item_no, SUM(quantity) FROM item_ledger_entry GROUP BY item_no",
    "item value": "SELECT item_no, stock_account, SUM(cost_amount) FROM value_entry GROUP BY item_no, stock_account",
    "stock on hand": "SELECT item_no, quantity, value FROM item_stock",
}
_SUMS = {"party": 2, "VAT": 2, "stock on hand": 2}


def balances_of_all() -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Every balance that is not zero, by what it is of."""
    found = {}
    for name, sql in _BALANCES.items():
        sums = _SUMS.get(name, 1)
        for row in query(sql):
            amounts = tuple(from_units(int(units)) for units in row[-sums:])
            if any(amounts):
                found[name, *row[:-sums]] = amounts
    return found


def open_amounts() -> dict[tuple[str, str], Any]:
    """What is open of each party ledger entry, in its currency, where anything is."""
    rows = query(
        "SELECT e.document_kind, e.document_no, e.amount - COALESCE((SELECT SUM(a.amount)"
        " FROM party_ledger_application a WHERE a.entry_no = e.entry_no), 0) FROM party_ledger_entry e"
    )
    return {(kind, no): from_units(int(units)) for kind, no, units in rows if units}
