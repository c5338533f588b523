"""What an action on several records did to each of them."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core.errors import Problem
from postroom.core.posting.post import PostedRef


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """What became of one document: `result` is posted, queued, removed, checked, refused or failed.

    `warnings` are what a check found that does not hinder it yet.
    """

    type: str
    no: str
    result: str
    entry_id: str = ""
    posted: tuple[PostedRef, ...] = ()
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What became of one entry: `result` is the action done, or refused."""

    type: str
    no: str
    result: str
    entry_id: str
    posted: tuple[PostedRef, ...] = ()
    errors: tuple[Problem, ...] = ()
