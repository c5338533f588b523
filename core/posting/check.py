"""Computing a posting and checking it: all its amounts and accounts, and every reason why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from postroom.core import posting_setup
from postroom.core.errors import Problem
from postroom.core.kinds import Area
from postroom.core.money import EXACT, ONE, round_to
from postroom.core.posting import (
    accounts,
    amounts,
    cancelling,
    checks,
    corrected,
    correction,
    mirror,
    parts,
    source,
    steps,
    warnings,
)
from postroom.core.posting.accounts import LineAccounts
from postroom.core.posting.amounts import Amounts
from postroom.core.posting.correction import Original
from postroom.core.posting.mirror import Mirror
from postroom.core.posting.source import Source
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked, Step
from postroom.core.posting_setup import PostingSetup


@dataclass(frozen=True, slots=True)
class Computed:
    """A posting computed and checked: what it would do of the document, and every reason why it cannot.

    `amounts` are those of its invoice. `costs` are what purchased goods cost in LCY that come in before their invoice,
    by line no., signed as the line's quantity.
    """

    document: Source
    setup: PostingSetup
    step: Step
    amounts: Amounts
    accounts: tuple[LineAccounts, ...]
    costs: Mapping[int, Decimal]
    original: Original | None
    problems: tuple[Problem, ...]
    mirror: Mirror | None = None
    """What it posts, where it cancels a posted document."""


def check(document_id: int, *, user: str, asked: Asked = AS_THE_DOCUMENT_SAYS) -> tuple[Problem, ...]:
    """Every problem of one document; empty when it would post. Raises NotFound."""
    return compute(source.read(document_id), posting_setup.current(), user=user, asked=asked).problems


def check_and_warn(
    document_id: int, *, user: str, asked: Asked = AS_THE_DOCUMENT_SAYS
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Every problem of one document, and what does not hinder it yet: number series that run out. Raises NotFound."""
    computed = compute(source.read(document_id), posting_setup.current(), user=user, asked=asked)
    return computed.problems, tuple(warnings.of_posting(computed.document, computed.setup, computed.step))


def compute(document: Source, setup: PostingSetup, *, user: str, asked: Asked = AS_THE_DOCUMENT_SAYS) -> Computed:
    """All amounts, accounts and problems of what a posting does of a document."""
    step = steps.of_document(document, setup, asked)
    original, corrects_problem = correction.read_original(document)
    same = correction.same_lines(document, original)
    found = [accounts.of_line(document, line, setup, same) for line in document.lines]
    worth = amounts.compute(document, setup, step)
    turned = mirror.read(document) if document.cancels else None
    if turned is not None:
        problems = cancelling.find_problems(document, setup, step, turned, found, user=user)
    else:
        problems = checks.find_problems(document, setup, step, worth, found, user=user, corrects=original is not None)
    if corrects_problem:
        problems = (corrects_problem, *problems)
    elif original is not None:
        problems = (*corrected.problems(document, step, worth), *problems)
    costs = _costs(document, setup, step)
    return Computed(document, setup, step, worth, tuple(found), costs, original, problems, turned)


def _costs(document: Source, setup: PostingSetup, step: Step) -> dict[int, Decimal]:
    """The cost of received goods: the line's, after both discounts, without VAT, in LCY, cumulative as amounts are.

    Goods of which as much is invoiced in the same posting are left out: they cost what the invoice says.
    """
    if document.area is not Area.PURCHASE or step.is_whole or not step.ships:
        return {}
    precision = setup.precision_of(document.currency_code)
    factor = document.currency_factor if document.currency_code else ONE
    business = document.party.vat_business_group if document.party else ""

    def in_lcy(amount: Decimal, rate: Decimal) -> Decimal:
        if document.prices_including_vat:
            amount = round_to(EXACT.divide(amount, ONE + rate), precision)
        return round_to(EXACT.multiply(amount, factor), setup.precision)

    costs = {}
    worth = parts.received(document, step.ship, precision)
    for line, to_ship, to_invoice, (after, before) in zip(document.lines, step.ship, step.invoice, worth, strict=True):
        if to_ship and not (to_ship == to_invoice and line.quantity_shipped == line.quantity_invoiced):
            pair = setup.vat.get((business, line.vat_group), amounts.NO_VAT)
            rate = EXACT.divide(pair.document_rate, parts.HUNDRED)
            costs[line.line_no] = in_lcy(after, rate) - in_lcy(before, rate)
    return costs
