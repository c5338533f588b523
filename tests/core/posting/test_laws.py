"""Laws of every posting, over random documents: what passes the check posts balanced; what fails changes nothing."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

import builders
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.core import database
from postroom.core.database import Location
from postroom.core.errors import CheckFailed
from postroom.core.kinds import Area, DocumentType, LineType, PostedKind
from postroom.core.money import round_to
from postroom.core.posting import check, post
from postroom.core.statements import query
from postroom.core.tables import ALL
from postroom.core.tables.ledgers import (
    GlEntry,
    ItemLedgerEntry,
    PartyLedgerEntry,
    PostedDocument,
    PostedLine,
    ValueEntry,
    VatEntry,
)
from postroom.core.tables.setup import Charge, Company
from postroom.core.tables.trade import Document, DocumentLine, ItemStock

CENT = Decimal("0.01")


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


lines = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                [LineType.ITEM, LineType.ITEM, LineType.GL_ACCOUNT, LineType.CHARGE, LineType.COMMENT]
            ),
            "quantity": decimals("-9", "60", 2),
            "unit_price": decimals("0", "999", 5),
            "price_per_quantity": st.sampled_from([Decimal(1), Decimal(1), Decimal(100), Decimal(3)]),
            "line_discount_percent": st.sampled_from([Decimal(0), Decimal(0), Decimal("12.5"), Decimal("33.33333")]),
            "line_discount_amount": st.sampled_from([Decimal(0), Decimal(0), Decimal("0.99")]),
            "vat_group": st.sampled_from(["VAT25", "VAT10", "VAT0", "NOVAT", "NONE"]),
            "no": st.sampled_from(["A", "B", "A", "B", "MISSING"]),
        }
    ),
    min_size=0,
    max_size=6,
)
documents = st.fixed_dictionaries(
    {
        "type": st.sampled_from(list(DocumentType)),
        "lines": lines,
        "group": st.sampled_from(["HOME", "HOME", "UNION", "ABROAD"]),
        "invoice_discount_amount": st.sampled_from([Decimal(0), Decimal(0), Decimal("7.77")]),
        "prices_including_vat": st.booleans(),
        "sound": st.sampled_from([True, True, True, False]),
    }
)
NUMBERS = {
    LineType.ITEM: {"A": "A", "B": "B", "MISSING": "NOITEM"},
    LineType.GL_ACCOUNT: {"A": "8100", "B": "6400", "MISSING": "2300"},
    LineType.CHARGE: {"A": "FREIGHT", "B": "FREIGHT", "MISSING": "NOCHARGE"},
    LineType.COMMENT: {"A": "", "B": "", "MISSING": ""},
}


@pytest.fixture
def trade(firm: Location) -> Location:
    for group in ("HOME", "UNION", "ABROAD"):
        builders.party(Area.SALES, f"C-{group}", group)
        builders.party(Area.PURCHASE, f"V-{group}", group)
    builders.item("A")
    builders.item("B", prevent_negative=True, general_product_group="RAW", inventory_group="RAW")
    Charge.create(no="FREIGHT", account_no="6400", vat_product_group="VAT25")
    Company.update(setup_version=Company.setup_version + 1).execute()
    return firm


def make(drawn: dict[str, Any]) -> int:
    """A document; a sound one names only what exists, and takes in what it would lack."""
    area, sound = drawn["type"].area, drawn["sound"]
    lines = [{**line, "no": NUMBERS[line["type"]][line["no"]]} for line in drawn["lines"]]
    if sound:
        for line, drawn_line in zip(lines, drawn["lines"], strict=True):
            line["no"] = NUMBERS[line["type"]]["A"] if drawn_line["no"] == "MISSING" else line["no"]
            line["vat_group"] = "VAT25" if line["vat_group"] == "NONE" else line["vat_group"]
        lines.append(builders.item_line("A", 10, 1000))
    return builders.document(
        drawn["type"],
        lines,
        party_no=f"{'C' if area is Area.SALES else 'V'}-{drawn['group']}",
        invoice_discount_amount=drawn["invoice_discount_amount"],
        prices_including_vat=drawn["prices_including_vat"],
    )


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    return {model.__name__: sorted(query(f'SELECT * FROM "{model._meta.table_name}"'), key=repr) for model in ALL}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=documents)
def test_what_passes_the_check_posts_balanced_and_what_fails_changes_nothing(
    trade: Location, drawn: dict[str, Any]
) -> None:
    document_id = make(drawn)
    problems = check.check(document_id, user="ann")
    before = everything() if problems else {}
    posting_id = secrets.token_hex(8)
    try:
        plan = post.prepare(document_id, user="ann", posting_id=posting_id)
        with database.transaction():
            posted = post.write(plan)
    except CheckFailed as failed:
        found = failed.problems
    else:
        found = ()
    assert found == problems
    if found:
        assert everything() == before
        Document.delete().where(Document.id == document_id).execute()
        DocumentLine.delete().where(DocumentLine.document == document_id).execute()
        return
    _assert_books_are_right(posting_id, posted, drawn)


def _assert_books_are_right(posting_id: str, posted: tuple[post.PostedRef, ...], drawn: dict[str, Any]) -> None:
    goods, money = (PostedDocument.get(no=ref.no, kind=ref.kind, area=ref.area) for ref in posted)
    entries = list(GlEntry.select().where(GlEntry.posting_id == posting_id))
    for number in (goods.no, money.no):
        assert sum(e.amount for e in entries if e.document_no == number) == 0
    assert all(e.amount == round_to(e.amount, CENT) != 0 for e in entries)
    rows = list(PostedLine.select().where(PostedLine.posted_document == money))
    assert sum(row.amount for row in rows) == money.amount
    assert sum(row.vat_amount for row in rows) == money.vat_amount
    assert money.amount + money.vat_amount == money.amount_including_vat >= 0
    (party_entry,) = PartyLedgerEntry.select().where(PartyLedgerEntry.posting_id == posting_id)
    assert abs(party_entry.amount) == money.amount_including_vat
    vat_accounts = {"2300", "2310", "2320"}
    vat = list(VatEntry.select().where(VatEntry.posting_id == posting_id))
    assert sum(e.amount for e in vat) == sum(e.amount for e in entries if e.account_no in vat_accounts)
    for row in vat:
        assert abs(row.amount - round_to(row.base * row.rate / 100, CENT)) <= (
            CENT if money.prices_including_vat else 0
        ), row
    for no, account in (("A", "1200"), ("B", "1210")):
        stock = ItemStock.get_or_none(ItemStock.item_no == no)
        quantity = sum((e.quantity for e in ItemLedgerEntry.select().where(ItemLedgerEntry.item_no == no)), Decimal(0))
        value = sum((e.cost_amount for e in ValueEntry.select().where(ValueEntry.item_no == no)), Decimal(0))
        on_account = sum((e.amount for e in GlEntry.select().where(GlEntry.account_no == account)), Decimal(0))
        assert (quantity, value) == ((stock.quantity, stock.value) if stock else (0, 0))
        assert value == on_account
        if stock and stock.quantity == 0:
            assert stock.value == 0
    assert money.kind in (PostedKind.INVOICE, PostedKind.CREDIT_MEMO)
    assert money.source_type == drawn["type"]
