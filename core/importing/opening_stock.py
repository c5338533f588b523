"""The stock that new items start with: one register of the ledgers, stock accounts against equity."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from postroom.core import clock
from postroom.core.kinds import PostedKind
from postroom.core.money import EXACT, round_to, to_units
from postroom.core.statements import insert, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.ledgers import GlEntry, GlRegister, ItemLedgerEntry, ValueEntry
from postroom.core.tables.trade import ItemStock

EQUITY_ACCOUNT = "2900"
DOCUMENT_NO = "OPENING"
SOURCE_CODE = "OPENING"
DESCRIPTION = "Opening stock"


@dataclass(frozen=True, slots=True)
class Opening:
    """One item's first stock; `value` in LCY, rounded. The stored forms fit the database."""

    item_no: str
    quantity: int
    value: int
    unit_cost: int
    stock_account: str


def opening(item_no: str, quantity: Decimal, unit_cost: Decimal, stock_account: str, precision: Decimal) -> Opening:
    """Quantity times unit cost, as it will be stored. Raises ValueError where that does not fit."""
    value = round_to(EXACT.multiply(quantity, unit_cost), precision)
    return Opening(item_no, to_units(quantity), to_units(value), to_units(unit_cost), stock_account)


def write(openings: Sequence[Opening], on: date, *, user: str) -> None:
    """Post the openings under one balanced register, in the caller's transaction. Their items have no stock yet."""
    if not openings:
        return
    ((register_no,),) = query(
        "UPDATE counter SET last_value = last_value + 1 WHERE name = 'gl_register' RETURNING last_value"
    )
    posting_id, day = uuid.uuid4().hex, on.isoformat()
    tail = (SOURCE_CODE, user, posting_id)
    about = (day, PostedKind.RECEIPT.value, DOCUMENT_NO)
    insert(
        GlRegister,
        ("no", "posting_id", "posting_date", "source_code", "user_id", "created_at"),
        [(register_no, posting_id, day, SOURCE_CODE, user, instant_to_stored(clock.now()))],
    )
    by_account: dict[str, int] = {}
    for one in openings:
        by_account[one.stock_account] = by_account.get(one.stock_account, 0) + one.value
        by_account[EQUITY_ACCOUNT] = by_account.get(EQUITY_ACCOUNT, 0) - one.value
    insert(
        GlEntry,
        ("register_no", "account_no", "posting_date", "document_kind", "document_no", "description", "amount", *_TAIL),
        [
            (register_no, account, *about, DESCRIPTION, amount, *tail)
            for account, amount in sorted(by_account.items())
            if amount
        ],
    )
    lines = [(one, index + 1) for index, one in enumerate(openings)]
    ledger = ("register_no", "item_no", "posting_date", "document_kind", "document_no", "line_no")
    insert(
        ItemLedgerEntry,
        (*ledger, "quantity", *_TAIL),
        [(register_no, one.item_no, *about, line_no, one.quantity, *tail) for one, line_no in lines],
    )
    insert(
        ValueEntry,
        (*ledger, "cost_amount", "stock_account", *_TAIL),
        [
            (register_no, one.item_no, *about, line_no, one.value, one.stock_account, *tail)
            for one, line_no in lines
            if one.value
        ],
    )
    insert(
        ItemStock,
        ("item_no", "quantity", "value", "last_cost"),
        [(one.item_no, one.quantity, one.value, one.unit_cost) for one in openings],
    )


_TAIL = ("source_code", "user_id", "posting_id")
