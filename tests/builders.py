"""Short ways to make records in tests: parties, items, documents with lines."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from postroom.core import users
from postroom.core.company import current_user
from postroom.core.database import transaction
from postroom.core.kinds import Area, DocumentStatus, DocumentType, LineType
from postroom.core.posting import post
from postroom.core.posting.post import PostedRef
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.tables.ledgers import GlEntry
from postroom.core.tables.trade import Document, DocumentLine, Item, Party

DAY = date(2026, 3, 2)
_numbers = itertools.count(1)


def party(area: Area, no: str = "C1", group: str = "HOME", **fields: Any) -> Party:
    """A customer (area sales) or vendor of one trade area."""
    values = {
        "name": f"Name of {no}",
        "general_business_group": group,
        "vat_business_group": group,
        "posting_group": group,
    }
    made: Party = Party.create(area=area, no=no, **{**values, **fields})
    return made


def item(no: str = "I1", **fields: Any) -> Item:
    """A resale item at full VAT."""
    values = {
        "description": f"Item {no}",
        "general_product_group": "RESALE",
        "vat_product_group": "VAT25",
        "inventory_group": "RESALE",
    }
    made: Item = Item.create(no=no, **{**values, **fields})
    return made


def item_line(no: str = "I1", quantity: Any = 1, price: Any = 100, vat: str = "VAT25", **fields: Any) -> dict[str, Any]:
    """The fields of an item line."""
    return {
        "type": LineType.ITEM,
        "no": no,
        "quantity": Decimal(str(quantity)),
        "unit_price": Decimal(str(price)),
        "vat_group": vat,
        **fields,
    }


def document(type_: DocumentType, lines: Sequence[dict[str, Any]], party_no: str = "", **fields: Any) -> int:
    """A released document dated DAY with these lines; returns its id. Purchases get a vendor document no."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "no": f"D{number}",
        "party_no": party_no or ("C1" if type_.area is Area.SALES else "V1"),
        "posting_date": DAY,
        "document_date": DAY,
        "due_date": DAY,
        "status": DocumentStatus.RELEASED,
        "vendor_document_no": f"VD{number}" if type_.area is Area.PURCHASE else "",
    }
    made = Document.create(type=type_, **{**values, **fields})
    for position, line in enumerate(lines, 1):
        DocumentLine.create(document=made, line_no=position * 10000, **line)
    return int(made.id)


def post_now(document_id: int, asked: Asked = AS_THE_DOCUMENT_SAYS) -> tuple[PostedRef, ...]:
    """Post a document in a transaction of its own, as a job would: whole, or what is asked of it."""
    plan = post.prepare(document_id, user="ann", posting_id=secrets.token_hex(8), asked=asked)
    with transaction():
        return post.write(plan)


def balances() -> dict[str, Decimal]:
    """The balance of every account that is not zero, in LCY, debit positive."""
    totals: dict[str, Decimal] = {}
    for entry in GlEntry.select(GlEntry.account_no, GlEntry.amount):
        totals[entry.account_no] = totals.get(entry.account_no, Decimal(0)) + entry.amount
    return {account: total for account, total in sorted(totals.items()) if total}


def take_away(field: str) -> None:
    """The permission set of a field of User Setup is this user's no more; somebody else keeps Setup."""
    user = current_user()
    users.set_user("boss", {"may_setup": "true"}, user=user)
    users.set_user(user, {field: "false"}, user=user)
