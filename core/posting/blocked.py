"""Whether customer, vendor and items exist and take part in what a posting does."""

from __future__ import annotations

from collections.abc import Iterator

from postroom.core.errors import Problem
from postroom.core.kinds import Blocked
from postroom.core.posting.source import Source, SourceLine
from postroom.core.posting.steps import Step


def party(document: Source, step: Step) -> Iterator[Problem]:
    """Whether the customer or vendor exists and is not blocked for what the posting does."""
    title, record = document.area.party_title, document.record
    if document.party is None:
        yield Problem(
            "party_unknown" if document.party_no else "party_missing",
            f"{title} {document.party_no} does not exist."
            if document.party_no
            else f"The document names no {title.lower()}.",
            record,
            field="party_no",
            value=document.party_no,
            hint=f"Choose a {title.lower()} that exists.",
        )
        return
    block = Blocked(document.party.blocked)
    blocks = block is Blocked.INVOICE or (block is Blocked.SHIP and step.ships)
    if block is Blocked.ALL or (blocks and not document.type.is_return):
        yield Problem(
            "party_blocked",
            f"{title} {document.party_no} is blocked ({block.value}).",
            record,
            field="party_no",
            value=document.party_no,
            hint=f"Clear Blocked on {title.lower()} {document.party_no}, or choose another.",
        )


def item(document: Source, line: SourceLine) -> Iterator[Problem]:
    """Whether a line's item exists and is not blocked."""
    record, number = document.record, line.line_no
    if line.item is None:
        yield Problem(
            "item_unknown",
            f"Item {line.no} does not exist.",
            record,
            number,
            "no",
            line.no,
            "Choose an item that exists.",
        )
        return
    if line.item.blocked:
        yield Problem(
            "item_blocked",
            f"Item {line.no} is blocked.",
            record,
            number,
            "no",
            line.no,
            f"Clear Blocked on item {line.no}, or choose another.",
        )
