"""What a document that corrects a posted one takes over from it: accounts, cost, and the entry it settles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from postroom.core.errors import Problem
from postroom.core.kinds import PostedKind
from postroom.core.money import EXACT, ZERO, from_units, round_to
from postroom.core.posting.accounts import LineAccounts
from postroom.core.posting.source import Source
from postroom.core.statements import marks, query

_CORRECTED = {PostedKind.CREDIT_MEMO: PostedKind.INVOICE, PostedKind.INVOICE: PostedKind.CREDIT_MEMO}


@dataclass(frozen=True, slots=True)
class Original:
    """The corrected document.

    `accounts` goes by line no., type and no.; `goods` maps a line no. and its item to the quantity that it moved and
    what that cost, in LCY, when it was posted.
    """

    kind: PostedKind
    no: str
    register_no: int
    accounts: Mapping[tuple[int, str, str], LineAccounts]
    goods: Mapping[tuple[int, str], tuple[Decimal, Decimal]]


def read_original(document: Source) -> tuple[Original | None, Problem | None]:
    """The posted document that `document` corrects, or why it cannot: (None, None) when it corrects none."""
    if not document.corrects_no:
        return None, None
    kind = _CORRECTED[document.type.money_kind]
    found = query(
        "SELECT id, party_no, currency_code, register_no, posting_id FROM posted_document"
        " WHERE area = ? AND kind = ? AND no = ?",
        (document.area.value, kind.value, document.corrects_no),
    )
    if not found:
        return None, _problem(
            document,
            "corrects_unknown",
            f"There is no posted {document.area.value} {kind.title.lower()} {document.corrects_no}.",
        )
    ((posted_id, party_no, currency_code, register_no, posting_id),) = found
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
    return Original(kind, document.corrects_no, int(register_no), accounts, goods), None


def same_lines(document: Source, original: Original | None) -> Mapping[int, LineAccounts]:
    """The original's accounts for those lines that name the same as the line they correct."""
    if original is None:
        return {}
    return {
        line.line_no: original.accounts[key]
        for line in document.lines
        if (key := (line.line_no, line.type.value, line.no)) in original.accounts
    }


def added_later(original: Original, item_nos: Sequence[str], step: Decimal) -> dict[tuple[int, str], Decimal]:
    """What later receipts added to the cost of goods that the original took from an empty stock, by line and item.

    Register numbers are in the order in which an item moved, for a posting draws its own while it holds its items.
    """
    if not item_nos:
        return {}
    adjusted: dict[str, dict[int, Decimal]] = {}
    for item_no, register_no, cost in query(
        "SELECT item_no, register_no, SUM(cost_amount) FROM value_entry"
        f" WHERE line_no = 0 AND register_no > ? AND item_no IN ({marks(len(item_nos))}) GROUP BY item_no, register_no",
        (original.register_no, *item_nos),
    ):
        adjusted.setdefault(item_no, {})[register_no] = from_units(int(cost))
    return {
        (line_no, item_no): round_to(cost, step)
        for item_no, adjustments in adjusted.items()
        for line_no, cost in _shares(original.register_no, item_no, adjustments).items()
    }


def _shares(own_register: int, item_no: str, adjustments: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """The part of an item's adjustments that each line of one posting bears; the oldest pieces are served first."""
    ((before,),) = query(
        "SELECT COALESCE(SUM(quantity), 0) FROM item_ledger_entry WHERE item_no = ? AND register_no < ?",
        (item_no, own_register),
    )
    stock, shares = from_units(int(before)), dict[int, Decimal]()
    short = [_Short(0, 0, -stock)] if stock < 0 else []
    corrected = _corrected_registers(own_register, item_no)
    left = dict(adjustments)
    for register_no, line_no, units in query(
        "SELECT register_no, line_no, quantity FROM item_ledger_entry WHERE item_no = ? AND register_no >= ?"
        " ORDER BY register_no, entry_no",
        (item_no, own_register),
    ):
        quantity = from_units(units)
        missing, after = max(-stock, ZERO), max(-stock - quantity, ZERO)
        if after > missing:
            short.append(_Short(register_no, line_no, after - missing))
        elif missing:
            adjustment = left.pop(register_no, ZERO)
            for part in short:
                if part.register_no == own_register:
                    share = EXACT.divide(EXACT.multiply(adjustment, part.quantity), missing)
                    shares[part.line_no] = shares.get(part.line_no, ZERO) - share
            short = _served(short, missing - after, corrected.get(register_no))
        stock += quantity
    return shares


@dataclass(slots=True)
class _Short:
    """Pieces that a line took and that were not there."""

    register_no: int
    line_no: int
    quantity: Decimal


def _served(short: list[_Short], quantity: Decimal, corrected: int | None) -> list[_Short]:
    """What is still short after a quantity came in: a correction's own original is served first, then the oldest."""
    for part in sorted(short, key=lambda part: part.register_no != corrected):
        served = min(part.quantity, quantity)
        part.quantity -= served
        quantity -= served
    return [part for part in short if part.quantity]


def _corrected_registers(since: int, item_no: str) -> dict[int, int]:
    """Registers of corrections that moved an item since a register, each with the register that it corrected."""
    return dict(
        query(
            "SELECT c.register_no, o.register_no FROM posted_document c JOIN posted_document o"
            " ON o.area = c.area AND o.no = c.corrects_no"
            " AND o.kind = CASE WHEN c.kind = 'invoice' THEN 'credit_memo' ELSE 'invoice' END"
            " WHERE c.corrects_no <> '' AND c.kind IN ('invoice', 'credit_memo') AND c.register_no IN"
            " (SELECT register_no FROM item_ledger_entry WHERE item_no = ? AND register_no > ?)",
            (item_no, since),
        )
    )


def _problem(document: Source, code: str, message: str) -> Problem:
    return Problem(
        code,
        message,
        document.record,
        field="corrects_no",
        value=document.corrects_no,
        hint="Name the posted document that this one corrects, or leave the field blank.",
    )
