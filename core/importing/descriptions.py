"""Descriptions that the rows of lines leave out: those of the items, charges and accounts that they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from postroom.core.importing.trade import DocumentDraft
from postroom.core.kinds import LineType
from postroom.core.statements import in_parts
from postroom.core.tables.setup import Charge, GlAccount
from postroom.core.tables.trade import Item

_DESCRIBED_BY: dict[LineType, tuple[Any, str]] = {
    LineType.ITEM: (Item, "description"),
    LineType.CHARGE: (Charge, "description"),
    LineType.GL_ACCOUNT: (GlAccount, "name"),
}


def fill_in(drafts: Sequence[DocumentDraft]) -> None:
    """A line whose file has no descriptions gets that of what it names, as one that is typed does."""
    silent: dict[LineType, set[str]] = {}
    for draft in drafts:
        for line in draft.lines:
            if line.line_no in draft.to_describe and line.no:
                silent.setdefault(line.type, set()).add(line.no)
    told = {
        (type_, row.no): getattr(row, column)
        for type_, (model, column) in _DESCRIBED_BY.items()
        for part in in_parts(sorted(silent.get(type_, ())))
        for row in model.select(model.no, getattr(model, column)).where(model.no << part)
    }
    for draft in drafts if told else ():
        draft.lines = [
            replace(line, description=told.get((line.type, line.no), "")) if line.line_no in draft.to_describe else line
            for line in draft.lines
        ]
