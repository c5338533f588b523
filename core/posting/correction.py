"""What a document that corrects a posted one takes over from it: accounts, cost, and the entry it settles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from postroom.core.errors import Problem
from postroom.core.kinds import CORRECTED, LineType, PostedKind
from postroom.core.money import EXACT, ZERO, from_units, round_to
from postroom.core.posting import restoring
from postroom.core.posting.accounts import LineAccounts
from postroom.core.posting.source import Source
from postroom.core.statements import marks, query


@dataclass(frozen=True, slots=True)
class Original:
    """The corrected document.

    `accounts` goes by line no., type and no.; `goods` maps a line no. and its item to the quantity that it invoiced and
    what that cost, in LCY, when it was moved: by the same posting or, of an order in parts, by earlier ones.
    """

    kind: PostedKind
    no: str
    register_no: int
    source: tuple[str, str]
    accounts: Mapping[tuple[int, str, str], LineAccounts]
    goods: Mapping[tuple[int, str], tuple[Decimal, Decimal]]


def read_original(document: Source) -> tuple[Original | None, Problem | None]:
    """The posted document that `document` corrects, or why it cannot: (None, None) when it corrects none."""
    if not document.corrects_no:
        return None, None
    kind = CORRECTED[document.type.money_kind]
    found = query(
        "SELECT id, party_no, currency_code, register_no, source_type, source_no FROM posted_document"
        " WHERE area = ? AND kind = ? AND no = ?",
        (document.area.value, kind.value, document.corrects_no),
    )
    if not found:
        return None, _problem(
            document,
            "corrects_unknown",
            f"There is no posted {document.area.value} {kind.title.lower()} {document.corrects_no}.",
        )
    ((posted_id, party_no, currency_code, register_no, *source),) = found
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
    accounts: dict[tuple[int, str, str], LineAccounts] = {}
    goods: dict[tuple[int, str], tuple[Decimal, Decimal]] = {}
    for line_no, type_, no, quantity, cost, *found_accounts in query(
        "SELECT line_no, type, no, quantity, cost_amount, account_no, line_discount_account, invoice_discount_account,"
        " stock_account, cost_account, received_account, variance_account FROM posted_line"
        " WHERE posted_document_id = ?",
        (posted_id,),
    ):
        accounts[line_no, type_, no] = LineAccounts(*found_accounts)
        if type_ == LineType.ITEM:
            goods[line_no, no] = (from_units(quantity), from_units(cost))
    return Original(kind, document.corrects_no, int(register_no), (source[0], source[1]), accounts, goods), None


def same_lines(document: Source, original: Original | None) -> Mapping[int, LineAccounts]:
    """The original's accounts for those lines that name the same as the line they correct."""
    if original is None:
        return {}
    return {
        line.line_no: original.accounts[key]
        for line in document.lines
        if (key := (line.line_no, line.type.value, line.no)) in original.accounts
    }


def cost_of_goods(
    document: Source, original: Original | None, ship: Sequence[Decimal], item_nos: Sequence[str], step: Decimal
) -> dict[int, Decimal]:
    """At which cost a correction's goods move, in LCY and cumulative, by line no.; without those that the original
    did not have. `ship` is how much of each line moves, `step` the precision of LCY.
    """
    if original is None:
        return {}
    added = added_later(original, item_nos, step)
    costs = {}
    for line, quantity in zip(document.lines, ship, strict=True):
        moved, worth = original.goods.get((line.line_no, line.no), (ZERO, ZERO))
        if moved:
            worth += added.get((line.line_no, line.no), ZERO)
            after, before = (
                round_to(EXACT.divide(EXACT.multiply(worth, abs(pieces)), abs(moved)), step)
                for pieces in (line.quantity_shipped + quantity, line.quantity_shipped)
            )
            costs[line.line_no] = after - before
    return costs


def added_later(original: Original, item_nos: Sequence[str], step: Decimal) -> dict[tuple[int, str], Decimal]:
    """What later receipts added to the cost of goods that the original took from an empty stock, by line and item.

    Register numbers are in the order in which an item moved, for a posting draws its own while it holds its items.
    """
    if not item_nos:
        return {}
    adjusted: dict[str, dict[int, Decimal]] = {}
    for item_no, register_no, cost in query(
        "SELECT item_no, register_no, SUM(cost_amount) FROM value_entry"
        " WHERE line_no = 0 AND register_no >"
        " (SELECT MIN(register_no) FROM posted_document WHERE source_type = ? AND source_no = ?)"
        f" AND item_no IN ({marks(len(item_nos))}) GROUP BY item_no, register_no",
        (*original.source, *item_nos),
    ):
        adjusted.setdefault(item_no, {})[register_no] = from_units(int(cost))
    return {
        (line_no, item_no): round_to(cost, step)
        for item_no, adjustments in adjusted.items()
        for line_no, cost in _shares_of_invoice(original, item_no, adjustments, step).items()
    }


def _shares_of_invoice(
    original: Original, item_no: str, adjustments: Mapping[int, Decimal], step: Decimal
) -> dict[int, Decimal]:
    """The part of an item's adjustments that each line of the original bears, for the goods that it invoiced.

    Each invoice of an order takes its share of what is shipped by then and not yet invoiced.
    """
    posted: dict[int, list[tuple[bool, int, Decimal]]] = {}
    for register_no, kind, line_no, quantity in query(
        "SELECT d.register_no, d.kind, l.line_no, l.quantity FROM posted_document d"
        " JOIN posted_line l ON l.posted_document_id = d.id WHERE d.source_type = ? AND d.source_no = ?"
        " AND d.register_no <= ? AND l.type = 'item' AND l.no = ?",
        (*original.source, original.register_no, item_no),
    ):
        is_invoice = kind in (PostedKind.INVOICE, PostedKind.CREDIT_MEMO)
        posted.setdefault(register_no, []).append((is_invoice, line_no, from_units(quantity)))
    pieces: dict[int, Decimal] = {}
    worth: dict[int, Decimal] = {}
    taken: dict[int, Decimal] = {}
    for register_no in sorted(posted):
        shares: Mapping[int, Decimal] = {}
        if any(not is_invoice for is_invoice, *_ in posted[register_no]):
            shares = restoring.shares_of(register_no, item_no, adjustments, step)
        for is_invoice, line_no, quantity in sorted(posted[register_no]):  # a posting moves before it invoices
            if not is_invoice:
                pieces[line_no] = pieces.get(line_no, ZERO) + quantity
                worth[line_no] = worth.get(line_no, ZERO) + shares.get(line_no, ZERO)
            elif pieces.get(line_no):
                part = EXACT.divide(EXACT.multiply(worth[line_no], quantity), pieces[line_no])
                taken[line_no] = part if register_no == original.register_no else ZERO
                pieces[line_no] -= quantity
                worth[line_no] -= part
    return taken


def _problem(document: Source, code: str, message: str) -> Problem:
    return Problem(
        code,
        message,
        document.record,
        field="corrects_no",
        value=document.corrects_no,
        hint="Name the posted document that this one corrects, or leave the field blank.",
    )
