"""The one table of actions: what can be done on which page, by which keys, and when. Bindings, the line of keys, the
search (Ctrl+P) and the help (`?`) are all made from it.

An action `job-queue-entries.set-on-hold` is carried out by the page's method `do_set_on_hold`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from textual.binding import Binding, BindingType

from postroom.core.kinds import EntryStatus, LogStatus

ANYWHERE = "anywhere"
"""The page of actions that every page has."""
LIST = "list"
"""The page of actions that every list has."""

ENTRIES = "job-queue-entries"
LOG = "job-queue-log-entries"
SETUP = "setup"
CARD = "card"
"""The page of actions that every card to read has."""


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


_SHOWN_KEYS = {
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
    "right_square_bracket": "]",
}


def shown_key(key: str) -> str:
    """`ctrl+p` as `Ctrl+P`, `slash` as `/`, `f5` as `F5`; single letters keep their case."""
    *modifiers, last = key.split("+")
    if last in _SHOWN_KEYS:
        last = _SHOWN_KEYS[last]
    elif modifiers or (last.startswith("f") and last[1:].isdigit()):
        last = last.upper()
    return "+".join([*(modifier.title() for modifier in modifiers), last])


def _needs_rows(what: str) -> Possible:
    def possible(situation: Situation) -> str:
        if not situation.connected:
            return "The company's database is not connected."
        return "" if situation.rows else f"There is no {what} under the cursor."

    return possible


_entry = _needs_rows("entry")
_log_entry = _needs_rows("log entry")


def _entries_in(statuses: Iterable[str], otherwise: str) -> Possible:
    """Possible if at least one of the entries has one of the statuses: each gets its own answer."""
    allowed = frozenset(statuses)

    def possible(situation: Situation) -> str:
        why_not = _entry(situation)
        if why_not or any(row.status in allowed for row in situation.rows):
            return why_not
        if len(situation.rows) == 1:
            return f"Entry {situation.rows[0].entry_no} is {situation.rows[0].status}. {otherwise}"
        return f"None of the {len(situation.rows)} marked entries can. {otherwise}"

    return possible


def _connected(situation: Situation) -> str:
    return "" if situation.connected else "The company's database is not connected."


def _running_log_entry(situation: Situation) -> str:
    why_not = _log_entry(situation)
    if why_not or any(row.status == LogStatus.IN_PROCESS for row in situation.rows):
        return why_not
    return "Only a log entry that is In Process can be set to Error."


def _with_filter(situation: Situation) -> str:
    return "" if situation.has_filter else "There is no filter."


def _back(situation: Situation) -> str:
    return "This is the first page; q quits." if situation.is_first_page else ""


WAITING = "Waiting"
"""A Ready entry whose category is busy. Shown, never stored."""
_HELD = (EntryStatus.ON_HOLD, EntryStatus.ON_HOLD_INACTIVE)
_RESTARTABLE = (EntryStatus.ERROR, *_HELD)
_WAITS = (EntryStatus.READY, WAITING, *_HELD)

ACTIONS: tuple[Action, ...] = (
    Action("anywhere.search", "Search for a Page or an Action", "colon,ctrl+p", "Type a part of its name.", "Search"),
    Action("anywhere.help", "Keys of This Page", "question_mark,f1", "Every key of this page.", "Keys"),
    Action("anywhere.back", "Back", "escape", "To the page before.", possible=_back),
    Action("anywhere.refresh", "Refresh", "f5", "Read the page again now."),
    Action("anywhere.pause", "Pause or Resume Updating", "P", "While paused, pages stay as they are until F5."),
    Action("anywhere.quit", "Quit", "q", "Leave Postroom. Background posting goes on.", "Quit", wide=True),
    Action(
        "list.filter",
        "Filter",
        "slash,f3",
        "status=Error category=SALES* word: fields by NAV's filter language.",
        "Filter",
    ),
    Action("list.clear-filter", "Clear the Filter", "backslash", "Show everything again.", possible=_with_filter),
    Action("list.mark", "Mark", "space", "Mark or unmark the row; actions take all marked rows.", "Mark", wide=True),
    Action("list.mark-all", "Mark All That Match", "asterisk", "Mark every row that the filter lets through."),
    Action("list.unmark-all", "Unmark All", "u", "No row is marked any more."),
    Action(
        "job-queue-entries.open",
        "Card",
        "enter,f2",
        "All fields of the entry, its errors, and why it waits.",
        "Card",
        possible=_entry,
    ),
    Action(
        "job-queue-entries.set-ready",
        "Set Status to Ready",
        "r",
        "It runs when its time, its category and a started queue allow.",
        "Ready",
        possible=_entries_in(_RESTARTABLE, "Only what is On Hold or in Error can be set to Ready."),
    ),
    Action(
        "job-queue-entries.set-on-hold",
        "Set On Hold",
        "h",
        "Park it until somebody sets it to Ready.",
        "Hold",
        possible=_entries_in(
            (EntryStatus.READY, WAITING, EntryStatus.ERROR, EntryStatus.ON_HOLD_INACTIVE),
            "Only what is Ready or in Error can be set On Hold.",
        ),
    ),
    Action(
        "job-queue-entries.restart",
        "Restart",
        "t",
        "Attempts 0, errors cleared, Ready again.",
        "Restart",
        wide=True,
        possible=_entries_in(_RESTARTABLE, "Only what is in Error or On Hold can be restarted."),
    ),
    Action(
        "job-queue-entries.show-errors",
        "Show Errors",
        "e",
        "Every error with its field and what to do.",
        possible=_entry,
    ),
    Action(
        "job-queue-entries.why",
        "Why Is It Not Running?",
        "w",
        "The reason in full, and what to do about it.",
        "Why",
        wide=True,
        possible=_entry,
    ),
    Action("job-queue-entries.log-entries", "Log Entries", "l", "The runs of this entry.", possible=_entry),
    Action(
        "job-queue-entries.set-priority",
        "Set Priority",
        "p",
        "0 is served first.",
        possible=_entries_in((*_WAITS, EntryStatus.ERROR), "A running entry keeps its priority."),
    ),
    Action(
        "job-queue-entries.run-once",
        "Run Once",
        "O",
        "Post now, here, in the foreground.",
        dangerous=True,
        possible=_entries_in((*_WAITS, EntryStatus.ERROR), "It runs already."),
    ),
    Action(
        "job-queue-entries.cancel",
        "Cancel",
        "C",
        "Stop the worker, roll back, and set the entry On Hold.",
        dangerous=True,
        possible=_entries_in((EntryStatus.IN_PROCESS,), "Only what is In Process can be cancelled."),
    ),
    Action(
        "job-queue-entries.delete",
        "Delete (Remove From Job Queue)",
        "D",
        "The entry goes; the document stays Released.",
        "Delete",
        dangerous=True,
        possible=_entries_in((*_WAITS, EntryStatus.ERROR), "Cancel it first."),
    ),
    Action(
        "job-queue-log-entries.open",
        "Card",
        "enter,f2",
        "The run with its errors, posted documents and call stack.",
        "Card",
        possible=_log_entry,
    ),
    Action(
        "job-queue-log-entries.show-errors",
        "Show Errors",
        "e",
        "Every error with its field and what to do.",
        "Errors",
        possible=_log_entry,
    ),
    Action(
        "job-queue-log-entries.show-call-stack",
        "Show Call Stack",
        "s",
        "Where in the program it failed.",
        possible=_log_entry,
    ),
    Action(
        "job-queue-log-entries.set-error",
        "Set Status to Error",
        "E",
        "Also takes the entry away from the worker that runs it.",
        dangerous=True,
        possible=_running_log_entry,
    ),
    Action(
        "job-queue-log-entries.delete-old",
        "Delete Entries Older Than 7 Days",
        "X",
        "Runs In Process stay.",
        dangerous=True,
        possible=_connected,
    ),
    Action(
        "job-queue-log-entries.delete-all",
        "Delete All",
        "Z",
        "Runs In Process stay.",
        dangerous=True,
        possible=_connected,
    ),
    Action(
        "setup.edit",
        "Edit",
        "enter,f2",
        "Change the field, turn it on or off, or fold the FastTab.",
        "Edit",
        possible=_connected,
    ),
    Action(
        "setup.toggle",
        "On or Off",
        "space",
        "Turn the field on or off, or fold the FastTab.",
        "On/Off",
        possible=_connected,
    ),
    Action("setup.fold-all", "Fold or Unfold All FastTabs", "f", "Every FastTab at once.", "Fold", wide=True),
    Action("setup.next-field", "Next Field", "j,down", "", motion=True),
    Action("setup.previous-field", "Previous Field", "k,up", "", motion=True),
    Action("setup.first-field", "First Field", "g,home", "", motion=True),
    Action("setup.last-field", "Last Field", "G,end", "", motion=True),
    Action("setup.next-tab", "Next FastTab", "right_square_bracket", "", motion=True),
    Action("card.fold", "Fold or Unfold", "space", "Fold or unfold the FastTab; Tab goes to the next.", "Fold"),
    Action("card.down", "Down", "j,down", "", motion=True),
    Action("card.up", "Up", "k,up", "", motion=True),
    Action("card.next-tab", "Next FastTab", "right_square_bracket", "", motion=True),
    Action("list.down", "Next Row", "j,down", "", motion=True),
    Action("list.up", "Previous Row", "k,up", "", motion=True),
    Action("list.half-page-down", "Half a Page Down", "ctrl+d", "", motion=True),
    Action("list.half-page-up", "Half a Page Up", "ctrl+u", "", motion=True),
    Action("list.first-row", "First Row", "g,home", "", motion=True),
    Action("list.last-row", "Last Row", "G,end", "", motion=True),
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
