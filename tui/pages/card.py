"""A card to read: FastTabs of fields and texts about one record, kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Collapsible, Static
from textual.widgets._collapsible import CollapsibleTitle

from postroom.core.plain_text import visible
from postroom.tui.actions import Situation
from postroom.tui.pages.page import Page, field_line
from postroom.tui.widgets.fast_tab import FastTab


@dataclass(frozen=True, slots=True)
class Section:
    """One FastTab: its caption, and its text as it is to be drawn."""

    caption: str
    body: Text


@dataclass(frozen=True, slots=True)
class CardSnapshot:
    """What a card shows: the record itself (None if it is gone), its title and its sections in order."""

    row: Any
    title: Text
    sections: tuple[Section, ...]


def fields(*pairs: tuple[str, object]) -> Text:
    """Captions and values one below the other; blank values are left out."""
    lines = [
        field_line(caption, value if isinstance(value, Text) else Text(visible(str(value)), "bold"), 30)
        for caption, value in pairs
        if value not in (None, "")
    ]
    return Text("\n").join(lines)


class CardPage(Page):
    """A card over the record of a key. Subclasses say which sections it may have and read its snapshot."""

    CSS_PATH = "card.tcss"
    SECTIONS: tuple[str, ...] = ()
    """Every FastTab the card may have, in order; one without text is not shown."""

    def __init__(self, record_key: Any, unfold: str = "") -> None:
        super().__init__()
        self.record_key, self.unfold = record_key, unfold
        self.snapshot: CardSnapshot | None = None
        self.folded: set[str] = set()
        """The FastTabs that a person has folded; others unfold when nothing else is to be seen."""

    @property
    def address(self) -> str:
        return f"{self.PAGE} {self.record_key}"

    def read(self, time_zone: str) -> CardSnapshot:
        """What stands on the card now. Runs in the reader's thread."""
        raise NotImplementedError

    def reading(self) -> Callable[[], Any]:
        read, time_zone = self.read, self.desk.time_zone
        return lambda: read(time_zone)

    def situation(self) -> Situation:
        row = self.snapshot.row if self.snapshot is not None else None
        return Situation(rows=(row,) if row is not None else (), connected=self.desk.is_connected)

    def copied(self) -> str:
        if self.snapshot is None:
            return ""
        parts = [f"{section.caption}\n{section.body.plain}" for section in self.snapshot.sections]
        return "\n\n".join([self.snapshot.title.plain, *parts])

    def body(self) -> ComposeResult:
        yield Static(markup=False, id="caption")
        with VerticalScroll(id="tabs", can_focus=False):
            for place, caption in enumerate(self.SECTIONS):
                collapsed = bool(self.unfold) and caption != self.unfold
                yield FastTab(Static(markup=False), title=caption, collapsed=collapsed, id=f"tab-{place}")

    def on_mount(self) -> None:
        super().on_mount()
        for tab in self.query(Collapsible):
            tab.display = False

    def show(self, snapshot: Any) -> None:
        assert isinstance(snapshot, CardSnapshot)
        first = self.snapshot is None
        self.snapshot = snapshot
        caption = self.query_one("#caption", Static)
        if caption.content != snapshot.title:
            caption.update(snapshot.title)
        bodies = {section.caption: section.body for section in snapshot.sections}
        for tab in self.query(Collapsible):
            body = bodies.get(str(tab.title))
            if tab.display != (body is not None):
                tab.display = body is not None
            text = tab.query_one("Contents > Static", Static)
            if body is not None and text.content != body:
                text.update(body)
        shown = [tab for tab in self.query(Collapsible) if tab.display]
        if shown and (first or all(tab.collapsed and tab.title not in self.folded for tab in shown)):
            wanted = next((tab for tab in shown if tab.title == self.unfold), shown[0])
            wanted.collapsed = False
            wanted.query_one(CollapsibleTitle).focus()
        self.update_keys()

    def do_fold(self) -> None:
        if isinstance(self.focused, CollapsibleTitle):
            self.focused.action_toggle_collapsible()

    @on(Collapsible.Toggled)
    def keep_fold(self, event: Collapsible.Toggled) -> None:
        title = event.collapsible.title
        self.folded = self.folded | {title} if event.collapsible.collapsed else self.folded - {title}

    def do_down(self) -> None:
        self.query_one("#tabs").scroll_relative(y=1, animate=False)

    def do_up(self) -> None:
        self.query_one("#tabs").scroll_relative(y=-1, animate=False)

    def do_first_line(self) -> None:
        self.query_one("#tabs").scroll_home(animate=False)

    def do_last_line(self) -> None:
        self.query_one("#tabs").scroll_end(animate=False)

    def do_next_tab(self) -> None:
        self._to_tab(1)

    def do_previous_tab(self) -> None:
        self._to_tab(-1)

    def _to_tab(self, direction: int) -> None:
        titles = [tab.query_one(CollapsibleTitle) for tab in self.query(Collapsible) if tab.display]
        at = next((place for place, title in enumerate(titles) if title is self.focused), -1)
        if 0 <= at + direction < len(titles):
            titles[at + direction].focus()
