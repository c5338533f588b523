"""Laws of undo, over random documents: posted and then cancelled, in any order, they leave every balance as it was."""

from __future__ import annotations

import random
import secrets
from decimal import Decimal
from typing import Any

import builders
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jobs import assert_verified
from standing import balances_of_all, open_amounts

from postroom.core import company, setups
from postroom.core import database as engine
from postroom.core.database import Location
from postroom.core.errors import CheckFailed
from postroom.core.jobs import undo
from postroom.core.jobs.undo import CancelRequest
from postroom.core.kinds import Area, DocumentType, LineType, VatType
from postroom.core.posting import post
from postroom.core.tables.setup import (
    Charge,
    Currency,
    GeneralLedgerSetup,
    GeneralPostingSetup,
    GlAccount,
    PartyPostingGroup,
    VatPostingSetup,
)
from postroom.core.tables.trade import Document, DocumentLine, Item, Party

D = Decimal


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                [LineType.ITEM, LineType.ITEM, LineType.ITEM, LineType.GL_ACCOUNT, LineType.CHARGE, LineType.COMMENT]
            ),
            "item": st.sampled_from("AAB"),
            "quantity": st.one_of(st.integers(1, 9).map(Decimal), decimals("-4", "20", 2)),
            "unit_price": st.one_of(st.integers(0, 50).map(Decimal), decimals("0", "99", 5)),
            "line_discount_percent": st.sampled_from([D(0), D(0), D("12.5"), D("33.33333"), D(100)]),
            "vat_group": st.sampled_from(["VAT25", "VAT10", "VAT0", "NOVAT"]),
        }
    ),
    min_size=1,
    max_size=4,
)
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(list(DocumentType)),
            "lines": LINES,
            "group": st.sampled_from(["HOME", "HOME", "UNION"]),
            "invoice_discount_amount": st.sampled_from([D(0), D(0), D("0.77")]),
            "prices_including_vat": st.booleans(),
            "currency": st.sampled_from(["", "", "EUR", "JPY"]),
        }
    ),
    min_size=1,
    max_size=5,
)
NUMBERS = {LineType.GL_ACCOUNT: "8100", LineType.CHARGE: "FREIGHT", LineType.COMMENT: ""}
FACTORS = {"": D(1), "EUR": D("7.4613"), "JPY": D("0.0456789")}


@pytest.fixture
def trade(firm: Location) -> Location:
    for group in ("HOME", "UNION"):
        builders.party(Area.SALES, f"C-{group}", group)
        builders.party(Area.PURCHASE, f"V-{group}", group)
    builders.item("A")
    builders.item("B", general_product_group="RAW", inventory_group="RAW")
    Charge.create(no="FREIGHT", account_no="6400", vat_product_group="VAT25")
    Currency.create(code="EUR")
    Currency.create(code="JPY", amount_rounding_precision=D(1))
    VatPostingSetup.update(type=VatType.REVERSE_CHARGE).where(VatPostingSetup.product_group == "VAT10").execute()
    for number in ("6199", "7199"):
        GlAccount.create(no=number, name="Another")
    setups.raise_version()
    return firm


def posted(drawn: dict[str, Any]) -> str | None:
    """Post a document; the no. of its invoice or credit memo, None where the check refuses it."""
    lines = []
    for line in drawn["lines"]:
        is_item = line["type"] is LineType.ITEM
        fields = {"type": line["type"], "no": line["item"] if is_item else NUMBERS[line["type"]]}
        if line["type"] is not LineType.COMMENT:
            fields |= {key: line[key] for key in ("quantity", "unit_price", "line_discount_percent", "vat_group")}
        lines.append(fields)
    area: Area = drawn["type"].area
    document_id = builders.document(
        drawn["type"],
        lines,
        party_no=f"{'C' if area is Area.SALES else 'V'}-{drawn['group']}",
        invoice_discount_amount=drawn["invoice_discount_amount"],
        prices_including_vat=drawn["prices_including_vat"],
        currency_code=drawn["currency"],
        currency_factor=FACTORS[drawn["currency"]],
    )
    try:
        with engine.transaction():
            return post.write(post.prepare(document_id, user="ann", posting_id=secrets.token_hex(8)))[-1].no
    except CheckFailed:  # nothing to post, or a negative total
        DocumentLine.delete().where(DocumentLine.document == document_id).execute()
        Document.delete().where(Document.id == document_id).execute()
        return None


def cancel_all(nos: list[str]) -> None:
    results = undo.cancel([undo.find(no) for no in nos], CancelRequest("now"), user=company.current_user())
    assert {result.result for result in results} <= {"posted"}, results


def cancel_in_turn(nos: list[str]) -> None:
    for no in nos:
        cancel_all([no])


LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONG_LAW = settings(LAW, max_examples=300)


def all_cancelled(before: list[dict[str, Any]], drawn: list[dict[str, Any]], seed: int) -> None:
    for one in before:
        posted(one)
    standing, still_open = balances_of_all(), open_amounts()
    nos = [no for no in map(posted, drawn) if no is not None]
    random.Random(seed).shuffle(nos)
    cancel_in_turn(nos)
    assert balances_of_all() == standing
    assert open_amounts() == still_open
    assert_verified()


@LAW
@given(before=DOCUMENTS, drawn=DOCUMENTS, seed=st.integers(0, 1000))
def test_documents_cancelled_in_any_order_leave_every_balance_as_it_was(
    trade: Location, before: list[dict[str, Any]], drawn: list[dict[str, Any]], seed: int
) -> None:
    all_cancelled(before, drawn, seed)


@pytest.mark.full
@LONG_LAW
@given(before=DOCUMENTS, drawn=DOCUMENTS, seed=st.integers(0, 1000))
def test_many_documents_cancelled_in_any_order_leave_every_balance_as_it_was(
    trade: Location, before: list[dict[str, Any]], drawn: list[dict[str, Any]], seed: int
) -> None:
    all_cancelled(before, drawn, seed)


def change_setup(chance: random.Random) -> None:
    """Change a rate, a type, accounts, a precision or groups."""
    match chance.randrange(6):
        case 0:
            VatPostingSetup.update(rate=D(chance.randrange(30))).execute()
        case 1:
            types = list(VatType)
            VatPostingSetup.update(type=chance.choice(types)).where(VatPostingSetup.product_group == "VAT10").execute()
        case 2:
            accounts = {"sales_account": "6199", "cost_of_sales_account": "7199", "sales_line_discount_account": "6199"}
            GeneralPostingSetup.update(**accounts).where(
                GeneralPostingSetup.business_group == chance.choice(["HOME", "UNION"])
            ).execute()
        case 3:
            step = chance.choice([D(1), D("0.1"), D("0.01"), D("0.0001")])
            GeneralLedgerSetup.update(amount_rounding_precision=step).execute()
            Currency.update(amount_rounding_precision=step).where(Currency.code == "EUR").execute()
        case 4:
            group = chance.choice(["HOME", "UNION"])
            Party.update(vat_business_group=group, general_business_group=group).execute()
        case _:
            Item.update(vat_product_group="VAT0").execute()
            PartyPostingGroup.update(account_no="7199").where(PartyPostingGroup.area == Area.PURCHASE).execute()
    setups.raise_version()


@LAW
@given(before=DOCUMENTS, drawn=DOCUMENTS, seed=st.integers(0, 1000))
def test_a_setup_that_changes_between_changes_nothing_of_it(
    trade: Location, before: list[dict[str, Any]], drawn: list[dict[str, Any]], seed: int
) -> None:
    chance = random.Random(seed)
    for one in before:
        posted(one)
    standing = balances_of_all()
    nos = [no for no in map(posted, drawn) if no is not None]
    change_setup(chance)
    change_setup(chance)
    cancel_all(nos)
    assert balances_of_all() == standing
