"""What an action on several records did to each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.core.errors import PostroomError, Problem
from postroom.core.posting.post import PostedRef


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """What became of one document: `result` is posted, queued, removed, checked, refused or failed."""

    type: str
    no: str
    result: str
    entry_id: str = ""
    posted: tuple[PostedRef, ...] = ()
    errors: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What became of one entry: `result` is the action done, or refused."""

    type: str
    no: str
    result: str
    entry_id: str
    posted: tuple[PostedRef, ...] = ()
    errors: tuple[Problem, ...] = ()


def count(results: Sequence[DocumentResult | EntryResult]) -> dict[str, int]:
    """How many were posted, queued, refused, failed."""
    counts = dict.fromkeys(("posted", "queued", "refused", "failed"), 0)
    for row in results:
        if row.result in counts:
            counts[row.result] += 1
    return counts


def problems_of(error: PostroomError) -> tuple[Problem, ...]:
    """The reasons in an error."""
    return error.problems
