"""What an action is: what can be done on which page, by which keys, and when.

An action `job-queue-entries.set-on-hold` is carried out by the page's method `do_set_on_hold`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ANYWHERE = "anywhere"
"""The page of actions that every page has."""
LIST = "list"
"""The page of actions that every list has."""
CARD = "card"
"""The page of actions that every card to read has."""
FORM = "form"
"""The page of actions that every card to fill in has."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What an action would act on: the marked rows, else the one under the cursor."""

    rows: tuple[Any, ...] = ()
    connected: bool = True
    has_filter: bool = False
    is_first_page: bool = False


Possible = Callable[[Situation], str]
"""Blank if the action is possible now, else a sentence that says why not."""


def always(_: Situation) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do on a page. `keys` are Textual's names, the first is the one shown.

    `footer` is its short caption in the line of keys; blank keeps it out, and `wide` out of narrow terminals. A
    dangerous one asks first.
    """

    id: str
    caption: str
    keys: str
    help: str
    footer: str = ""
    wide: bool = False
    motion: bool = False
    """Whether it only moves the cursor: then the search does not offer it."""
    dangerous: bool = False
    possible: Possible = always

    @property
    def page(self) -> str:
        return self.id.partition(".")[0]

    @property
    def method(self) -> str:
        """The name of the page's method that does it."""
        return f"do_{self.id.partition('.')[2].replace('-', '_')}"

    @property
    def shown_key(self) -> str:
        """Its first key as a person reads it."""
        return shown_key(self.keys.partition(",")[0])


SHOWN_KEYS = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "asterisk": "*",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "up": "Up",
    "down": "Down",
    "home": "Home",
    "end": "End",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "left": "Left",
    "right": "Right",
    "backslash": "\\",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "f21": "Shift+F9",  # as xterm and its kin send it
}


def shown_key(key: str) -> str:
    """`ctrl+p` as `Ctrl+P`, `slash` as `/`, `f5` as `F5`; single letters keep their case."""
    *modifiers, last = key.split("+")
    if last in SHOWN_KEYS:
        last = SHOWN_KEYS[last]
    elif modifiers or (last.startswith("f") and last[1:].isdigit()):
        last = last.upper()
    return "+".join([*(modifier.title() for modifier in modifiers), last])


def needs_rows(what: str) -> Possible:
    """Possible where a row is under the cursor or marked."""

    def possible(situation: Situation) -> str:
        if not situation.connected:
            return "The company's database is not connected."
        return "" if situation.rows else f"There is no {what} under the cursor."

    return possible


def is_connected(situation: Situation) -> str:
    """Possible while the database answers."""
    return "" if situation.connected else "The company's database is not connected."
