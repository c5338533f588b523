"""What a document that corrects a posted one takes over from it: accounts, cost, and the entry it settles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from postroom.core.errors import Problem
from postroom.core.kinds import PostedKind
from postroom.core.money import from_units
from postroom.core.posting.accounts import LineAccounts
from postroom.core.posting.source import Source
from postroom.core.statements import query

_CORRECTED = {PostedKind.CREDIT_MEMO: PostedKind.INVOICE, PostedKind.INVOICE: PostedKind.CREDIT_MEMO}


@dataclass(frozen=True, slots=True)
class Original:
    """The corrected document.

    `accounts` goes by line no., type and no.; `goods` maps a line no. and its item to the quantity that it moved and
    what that cost, in LCY.
    """

    kind: PostedKind
    no: str
    accounts: Mapping[tuple[int, str, str], LineAccounts]
    goods: Mapping[tuple[int, str], tuple[Decimal, Decimal]]


def read_original(document: Source) -> tuple[Original | None, Problem | None]:
    """The posted document that `document` corrects, or why it cannot: (None, None) when it corrects none."""
    if not document.corrects_no:
        return None, None
    kind = _CORRECTED[document.type.money_kind]
    found = query(
        "SELECT id, party_no, currency_code, posting_id FROM posted_document WHERE area = ? AND kind = ? AND no = ?",
        (document.area.value, kind.value, document.corrects_no),
    )
    if not found:
        return None, _problem(
            document,
            "corrects_unknown",
            f"There is no posted {document.area.value} {kind.title.lower()} {document.corrects_no}.",
        )
    ((posted_id, party_no, currency_code, posting_id),) = found
    if party_no != document.party_no:
        return None, _problem(
            document,
            "corrects_other_party",
            f"{kind.title} {document.corrects_no} belongs to {party_no}, not to {document.party_no}.",
        )
    if currency_code != document.currency_code:
        return None, _problem(
            document,
            "corrects_other_currency",
            f"{kind.title} {document.corrects_no} is in {currency_code or 'the local currency'},"
            f" not in {document.currency_code or 'the local currency'}.",
        )
    accounts = {
        (line_no, type_, no): LineAccounts(*found)
        for line_no, type_, no, *found in query(
            "SELECT line_no, type, no, account_no, line_discount_account, invoice_discount_account, stock_account,"
            " cost_account, received_account, variance_account FROM posted_line"
            " WHERE posted_document_id = ? AND type <> 'comment'",
            (posted_id,),
        )
    }
    goods = {
        (line_no, item_no): (from_units(quantity), from_units(cost))
        for line_no, item_no, quantity, cost in query(
            "SELECT l.line_no, l.no, l.quantity, l.cost_amount FROM posted_line l"
            " JOIN posted_document d ON d.id = l.posted_document_id"
            " WHERE d.posting_id = ? AND d.kind NOT IN ('invoice', 'credit_memo') AND l.type = 'item'",
            (posting_id,),
        )
    }
    return Original(kind, document.corrects_no, accounts, goods), None


def same_lines(document: Source, original: Original | None) -> Mapping[int, LineAccounts]:
    """The original's accounts for those lines that name the same as the line they correct."""
    if original is None:
        return {}
    return {
        line.line_no: original.accounts[key]
        for line in document.lines
        if (key := (line.line_no, line.type.value, line.no)) in original.accounts
    }


def _problem(document: Source, code: str, message: str) -> Problem:
    return Problem(
        code,
        message,
        document.record,
        field="corrects_no",
        value=document.corrects_no,
        hint="Name the posted document that this one corrects, or leave the field blank.",
    )
