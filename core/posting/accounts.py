"""Which account a line goes to, and what is missing where none is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from postroom.core.errors import Problem
from postroom.core.kinds import AccountType, Area, LineType
from postroom.core.posting.source import Source, SourceLine
from postroom.core.posting_setup import GeneralPair, PostingSetup


@dataclass(frozen=True, slots=True)
class LineAccounts:
    """Where one line goes. `revenue` is the sales account, the G/L account or the charge's; for items on purchases
    `received_not_invoiced`. Blank where the line does not need one, or where none is set up (the check says which).
    """

    revenue: str = ""
    line_discount: str = ""
    invoice_discount: str = ""
    stock: str = ""
    cost_of_sales: str = ""
    received_not_invoiced: str = ""
    purchase_variance: str = ""


NO_ACCOUNTS = LineAccounts()


def of_line(
    document: Source, line: SourceLine, setup: PostingSetup, original: Mapping[int, LineAccounts]
) -> LineAccounts:
    """The accounts of a line; a document that corrects another posts to the original's (by line no.)."""
    if line.line_no in original:
        return original[line.line_no]
    if line.type is LineType.GL_ACCOUNT:
        return LineAccounts(revenue=line.no)
    if line.type is LineType.CHARGE:
        charge = setup.charges.get(line.no)
        return LineAccounts(revenue=charge.account_no if charge else "")
    pair = general_pair(document, line, setup)
    if pair is None or line.item is None:
        return NO_ACCOUNTS
    returned = document.type.is_return
    return LineAccounts(
        revenue=pair.sales_credit_memo if returned else pair.sales,
        line_discount=pair.line_discount,
        invoice_discount=pair.invoice_discount,
        stock=setup.stock_accounts.get(line.item.inventory_group, ""),
        cost_of_sales=pair.cost_of_sales,
        received_not_invoiced=pair.received_not_invoiced,
        purchase_variance=pair.purchase_variance,
    )


def general_pair(document: Source, line: SourceLine, setup: PostingSetup) -> GeneralPair | None:
    """The General Posting Setup pair of an item line, or None."""
    if document.party is None or line.item is None:
        return None
    return setup.general.get((document.party.general_business_group, line.item.general_product_group))


def party_account(document: Source, setup: PostingSetup) -> str:
    """The receivables or payables account, blank where none is set up."""
    if document.party is None:
        return ""
    return setup.party_accounts.get((document.area.value, document.party.posting_group), "")


def problem_with(
    account_no: str, setup: PostingSetup, *, record: str, line: int | None, field: str, where: str, direct: bool = False
) -> Problem | None:
    """Why an account cannot take an entry: not set up, unknown, a heading, blocked, or without Direct Posting.

    `where` names the setup that has to name it; `direct` is True for an account that a line names itself.
    """
    if not account_no:
        return Problem(
            "account_not_set_up", f"{where} names no {field}.", record, line, field, "", f"Fill in {field} in {where}."
        )
    account = setup.accounts.get(account_no)
    if account is None:
        return Problem(
            "gl_account_unknown",
            f"G/L account {account_no} does not exist.",
            record,
            line,
            field,
            account_no,
            "Choose an account of the chart of accounts." if direct else f"Correct {field} in {where}.",
        )
    if account.type is not AccountType.POSTING:
        return Problem(
            "gl_account_not_posting",
            f"G/L account {account_no} is a {account.type.value.lower()} and takes no entries.",
            record,
            line,
            field,
            account_no,
            "Choose a posting account.",
        )
    if account.blocked:
        return Problem(
            "gl_account_blocked",
            f"G/L account {account_no} is blocked.",
            record,
            line,
            field,
            account_no,
            f"Unblock G/L account {account_no}, or choose another.",
        )
    if direct and not account.direct_posting:
        return Problem(
            "direct_posting_not_allowed",
            f"G/L account {account_no} does not allow Direct Posting.",
            record,
            line,
            field,
            account_no,
            "Choose an account that allows Direct Posting; this one is filled by postings alone.",
        )
    return None


def needed(document: Source, line: SourceLine, accounts: LineAccounts) -> list[tuple[str, str]]:
    """The (field, account) pairs that an item line needs for its posting, discounts only where it has some."""
    if document.area is Area.SALES:
        pairs = [
            ("Sales Credit Memo Account" if document.type.is_return else "Sales Account", accounts.revenue),
            ("Cost of Sales Account", accounts.cost_of_sales),
        ]
        if line.line_discount_percent or line.line_discount_amount:
            pairs.append(("Sales Line Disc. Account", accounts.line_discount))
        if document.invoice_discount_amount:
            pairs.append(("Sales Inv. Disc. Account", accounts.invoice_discount))
        return pairs
    return [
        ("Received Not Invoiced Account", accounts.received_not_invoiced),
        ("Purchase Variance Account", accounts.purchase_variance),
        ("Cost of Sales Account", accounts.cost_of_sales),
    ]
