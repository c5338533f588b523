"""Computing a document and checking it: all its amounts and accounts, and every reason why it cannot be posted."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core import posting_setup
from postroom.core.errors import Problem
from postroom.core.posting import accounts, amounts, checks, correction, source, warnings
from postroom.core.posting.accounts import LineAccounts
from postroom.core.posting.amounts import Amounts
from postroom.core.posting.correction import Original
from postroom.core.posting.source import Source
from postroom.core.posting_setup import PostingSetup


@dataclass(frozen=True, slots=True)
class Computed:
    """A document computed and checked: what it would post, and every reason why it cannot."""

    document: Source
    setup: PostingSetup
    amounts: Amounts
    accounts: tuple[LineAccounts, ...]
    original: Original | None
    problems: tuple[Problem, ...]


def check(document_id: int, *, user: str) -> tuple[Problem, ...]:
    """Every problem of one document; empty when it would post. Raises NotFound."""
    return compute(source.read(document_id), posting_setup.current(), user=user).problems


def check_and_warn(document_id: int, *, user: str) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Every problem of one document, and what does not hinder it yet: number series that run out. Raises NotFound."""
    document, setup = source.read(document_id), posting_setup.current()
    return compute(document, setup, user=user).problems, tuple(warnings.of_document(document, setup))


def compute(document: Source, setup: PostingSetup, *, user: str) -> Computed:
    """All amounts, accounts and problems of a document."""
    original, corrects_problem = correction.read_original(document)
    same = correction.same_lines(document, original)
    found = [accounts.of_line(document, line, setup, same) for line in document.lines]
    worth = amounts.compute(document, setup)
    problems = checks.find_problems(document, setup, worth, found, user=user, corrects=original is not None)
    if corrects_problem:
        problems = (corrects_problem, *problems)
    return Computed(document, setup, worth, tuple(found), original, problems)
