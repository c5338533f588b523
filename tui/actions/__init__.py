"""The one table of actions, from its rooms. Bindings, the line of keys, the search (Ctrl+P) and the help (`?`) are all
made from it."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from postroom.tui.actions import documents, jobs, printing, records, shared
from postroom.tui.actions.base import ANYWHERE, CARD, FORM, LIST, Action, Situation, shown_key
from postroom.tui.actions.jobs import ENTRIES, LOG

__all__ = [
    "ACTIONS",
    "ANYWHERE",
    "BY_ID",
    "CARD",
    "ENTRIES",
    "FORM",
    "LIST",
    "LOG",
    "Action",
    "Situation",
    "actions_of",
    "bindings",
    "shown_key",
]

ACTIONS: tuple[Action, ...] = (
    *documents.ACTIONS,
    *jobs.ACTIONS,
    *records.ACTIONS,
    *printing.ACTIONS,
    *shared.ACTIONS,
)

BY_ID = {action.id: action for action in ACTIONS}


def actions_of(*pages: str) -> tuple[Action, ...]:
    """The actions of a page, its own first, in the order of the table."""
    return tuple(action for page in pages for action in ACTIONS if action.page == page)


def bindings(*pages: str, without: frozenset[str] = frozenset()) -> list[BindingType]:
    """Textual's bindings for the actions of these pages. Whether one is possible is asked when its key is pressed."""
    return [
        Binding(action.keys, f"act('{action.id}')", action.caption, show=False, tooltip=action.help, id=action.id)
        for action in actions_of(*pages)
        if action.id not in without
    ]
