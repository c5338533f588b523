"""Worked examples as a bookkeeper checks them: account, debit, credit of each document type in each of four cases.

Ten pieces of the item are in stock at 60.00. Every document is over 2 pieces, so that their cost is 120.00.
"""

from __future__ import annotations

import secrets
from decimal import Decimal

import builders
import pytest
from builders import balances, document, item_line

from postroom.core import database
from postroom.core.database import Location
from postroom.core.kinds import Area, DocumentType
from postroom.core.posting import post
from postroom.core.tables.setup import GlAccount
from postroom.core.verify import verify

D = Decimal
OPPOSITE = {
    "sales-order": "sales-credit-memo",
    "sales-invoice": "sales-credit-memo",
    "sales-return-order": "sales-invoice",
    "sales-credit-memo": "sales-invoice",
    "purchase-order": "purchase-credit-memo",
    "purchase-invoice": "purchase-credit-memo",
    "purchase-return-order": "purchase-invoice",
    "purchase-credit-memo": "purchase-invoice",
}

SOLD = """
    1300 Receivables, Home              225.00
    6600 Line Discounts Granted          20.00
    2300 Sales VAT                                45.00
    6100 Sales of Resale Goods, Home             200.00
    7100 Cost of Resale Goods           120.00
    1200 Stock of Resale Goods                   120.00
"""
SALE_RETURNED = """
    6500 Sales Returns                  200.00
    2300 Sales VAT                       45.00
    6600 Line Discounts Granted                   20.00
    1300 Receivables, Home                       225.00
    1200 Stock of Resale Goods          120.00
    7100 Cost of Resale Goods                    120.00
"""
SOLD_INCLUDING_VAT = """
    1300 Receivables, Home              180.00
    6600 Line Discounts Granted          16.00
    2300 Sales VAT                                36.00
    6100 Sales of Resale Goods, Home             160.00
    7100 Cost of Resale Goods           120.00
    1200 Stock of Resale Goods                   120.00
"""
SALE_RETURNED_INCLUDING_VAT = """
    6500 Sales Returns                  160.00
    2300 Sales VAT                       36.00
    6600 Line Discounts Granted                   16.00
    1300 Receivables, Home                       180.00
    1200 Stock of Resale Goods          120.00
    7100 Cost of Resale Goods                    120.00
"""
SOLD_TO_THE_UNION = """
    1310 Receivables, Union             180.00
    6600 Line Discounts Granted          20.00
    6110 Sales of Resale Goods, Union            200.00
    7100 Cost of Resale Goods           120.00
    1200 Stock of Resale Goods                   120.00
"""
UNION_SALE_RETURNED = """
    6500 Sales Returns                  200.00
    6600 Line Discounts Granted                   20.00
    1310 Receivables, Union                      180.00
    1200 Stock of Resale Goods          120.00
    7100 Cost of Resale Goods                    120.00
"""
BOUGHT = """
    1200 Stock of Resale Goods          180.00
    2310 Purchase VAT                    45.00
    2100 Payables, Home                          225.00
"""
PURCHASE_RETURNED = """
    2100 Payables, Home                 225.00
    2310 Purchase VAT                             45.00
    7400 Purchase Variance                        60.00
    1200 Stock of Resale Goods                   120.00
"""
BOUGHT_INCLUDING_VAT = """
    1200 Stock of Resale Goods          144.00
    2310 Purchase VAT                    36.00
    2100 Payables, Home                          180.00
"""
PURCHASE_RETURNED_INCLUDING_VAT = """
    2100 Payables, Home                 180.00
    2310 Purchase VAT                             36.00
    7400 Purchase Variance                        24.00
    1200 Stock of Resale Goods                   120.00
"""
BOUGHT_IN_THE_UNION = """
    1200 Stock of Resale Goods          180.00
    2110 Payables, Union                         180.00
    2310 Purchase VAT                    45.00
    2320 Reverse Charge VAT                       45.00
"""
UNION_PURCHASE_RETURNED = """
    2110 Payables, Union                180.00
    7400 Purchase Variance                        60.00
    1200 Stock of Resale Goods                   120.00
    2320 Reverse Charge VAT              45.00
    2310 Purchase VAT                             45.00
"""
# 2 pieces at 100.00 less 10 %; at home with 25 % VAT, added to the price or included in it.
EXAMPLES = {
    "sales": {"normal": SOLD, "including VAT": SOLD_INCLUDING_VAT, "reverse charge": SOLD_TO_THE_UNION},
    "sales return": {
        "normal": SALE_RETURNED,
        "including VAT": SALE_RETURNED_INCLUDING_VAT,
        "reverse charge": UNION_SALE_RETURNED,
    },
    "purchase": {"normal": BOUGHT, "including VAT": BOUGHT_INCLUDING_VAT, "reverse charge": BOUGHT_IN_THE_UNION},
    "purchase return": {
        "normal": PURCHASE_RETURNED,
        "including VAT": PURCHASE_RETURNED_INCLUDING_VAT,
        "reverse charge": UNION_PURCHASE_RETURNED,
    },
}


def post_now(document_id: int) -> tuple[post.PostedRef, ...]:
    plan = post.prepare(document_id, user="ann", posting_id=secrets.token_hex(8))
    with database.transaction():
        return post.write(plan)


def read_table(table: str) -> dict[str, Decimal]:
    """What a table moves by account, debit positive: a credit stands one column further right than a debit."""
    moved: dict[str, Decimal] = {}
    for line in table.strip("\n").splitlines():
        amount = D(line.split()[-1])
        moved[line.split()[0]] = amount if len(line) < CREDIT_ENDS else -amount
    assert sum(moved.values()) == 0, "a worked example balances"
    return moved


CREDIT_ENDS = len("    1200 Stock of Resale Goods                   120.00")


def change(before: dict[str, Decimal]) -> dict[str, Decimal]:
    after = balances()
    moved = {account: after.get(account, D(0)) - before.get(account, D(0)) for account in {*before, *after}}
    return {account: amount for account, amount in moved.items() if amount}


def example(type_: DocumentType, case: str, corrects_no: str = "") -> int:
    """2 pieces at 100.00 less 10 %, as an example's table describes them."""
    party = f"{'C' if type_.area is Area.SALES else 'V'}-{'UNION' if case == 'reverse charge' else 'HOME'}"
    return document(
        type_,
        [item_line("I1", 2, 100, line_discount_percent=D(10))],
        party_no=party,
        prices_including_vat=case == "including VAT",
        corrects_no=corrects_no,
    )


@pytest.fixture
def trade(sqlite_firm: Location) -> Location:
    for group in ("HOME", "UNION"):
        builders.party(Area.SALES, f"C-{group}", group)
        builders.party(Area.PURCHASE, f"V-{group}", group)
    builders.item("I1")
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 10, 60)], party_no="V-HOME"))
    return sqlite_firm


@pytest.mark.parametrize("case", ["normal", "including VAT", "reverse charge"])
@pytest.mark.parametrize("type_", list(DocumentType))
def test_each_type_posts_as_its_example_says(trade: Location, type_: DocumentType, case: str) -> None:
    before = balances()
    post_now(example(type_, case))
    key = type_.area.value + (" return" if type_.is_return else "")
    assert change(before) == read_table(EXAMPLES[key][case])
    assert verify().ok


@pytest.mark.parametrize("case", ["normal", "including VAT", "reverse charge"])
@pytest.mark.parametrize("type_", list(DocumentType))
def test_its_correction_posts_the_example_the_other_way_round(trade: Location, type_: DocumentType, case: str) -> None:
    _, posted = post_now(example(type_, case))
    before = balances()
    post_now(example(DocumentType(OPPOSITE[type_.value]), case, corrects_no=posted.no))
    key = type_.area.value + (" return" if type_.is_return else "")
    expected = read_table(EXAMPLES[key][case])
    assert change(before) == {account: -amount for account, amount in expected.items()}
    assert verify().ok


def test_the_examples_name_the_accounts_as_the_chart_does(sqlite_firm: Location) -> None:
    chart = {account.no: account.name for account in GlAccount.select()}
    for cases in EXAMPLES.values():
        for table in cases.values():
            for line in table.strip("\n").splitlines():
                no, *name, _ = line.split()
                assert chart[no] == " ".join(name)
