"""Posting a document that cancels a posted one: its checks, its entries, and the goods going back.

Figures are those of its `mirror`; nothing of the setup is looked up but what decides whether it may post at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from postroom.core.errors import Problem
from postroom.core.kinds import CORRECTED, LineType
from postroom.core.money import ZERO
from postroom.core.posting import accounts, blocked, checks, correction, restoring, stock
from postroom.core.posting.accounts import LineAccounts
from postroom.core.posting.correction import Original
from postroom.core.posting.mirror import Mirror
from postroom.core.posting.source import Source
from postroom.core.posting.steps import Step
from postroom.core.posting.stock import Movement, Stock
from postroom.core.posting_setup import PostingSetup


def find_problems(
    document: Source,
    setup: PostingSetup,
    step: Step,
    mirror: Mirror,
    line_accounts: Sequence[LineAccounts],
    *,
    user: str,
) -> tuple[Problem, ...]:
    """Every reason why a cancellation cannot post: what is blocked, closed, missing, sold meanwhile or cancelled."""
    return (
        *blocked.party(document, step),
        *checks.posting_date(document, setup, user),
        *checks.series(document, setup, step),
        *_items(document),
        *_accounts(document, setup, mirror, line_accounts),
        *checks.stock_shortages(document, step),
    )


def _items(document: Source) -> Iterator[Problem]:
    for line in document.lines:
        if line.type is LineType.ITEM and line.quantity:
            yield from blocked.item(document, line)


def _accounts(
    document: Source, setup: PostingSetup, mirror: Mirror, line_accounts: Sequence[LineAccounts]
) -> Iterator[Problem]:
    """The original's accounts that take no entries any more."""
    named = [account_no for account_no, _ in mirror.gl]
    for line, found in zip(document.lines, line_accounts, strict=True):
        if line.quantity:
            named += [found.stock, found.cost_of_sales]
    where = f"the posted {CORRECTED[document.type.money_kind].title} {document.corrects_no}"
    for account_no in dict.fromkeys(named):
        if account_no:
            problem = accounts.problem_with(
                account_no, setup, record=document.record, line=None, field="account_no", where=where
            )
            if problem:
                yield replace(problem, hint=f"It goes back to the accounts of {where}. Unblock it, or undo it by hand.")


def move_goods(
    document: Source, mirror: Mirror, original: Original, stocks: Mapping[str, Stock], step: Decimal
) -> dict[int, Movement]:
    """Move the goods back under the locks of their items, at what they cost, the last line first; by line no.

    With the first of an item goes what else of its value is restored. `step` is the precision of LCY.
    """
    restored = restoring.of_cancelled(original.register_no, sorted(stocks), step)
    adjustments = {no: one.adjustment for no, one in restored.items()}
    if restoring.moved_before(original.register_no, original.source):
        for (_, item_no), cost in correction.added_later(original, sorted(stocks), step).items():
            adjustments[item_no] += cost
    else:
        for item_no, one in restored.items():
            adjustments[item_no] += one.shares
    left_over = {no: one.left_over for no, one in restored.items()}
    movements = {}
    for line in reversed(document.lines):
        if line.type is not LineType.ITEM or not line.quantity:
            continue
        on_hand, quantity = stocks[line.no], stock.into_stock(document, line.quantity)
        own = mirror.lines[line.line_no].cost
        adjustment, back = adjustments.pop(line.no, ZERO), left_over[line.no]
        on_hand.value += adjustment + back
        cost, written_off = stock.move(on_hand, quantity, own if quantity > 0 else -own, step, restores=True)
        left_over[line.no] = -written_off
        movements[line.line_no] = Movement(line.no, line.line_no, quantity, cost, adjustment, back + written_off)
    return movements
