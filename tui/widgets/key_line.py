"""The bottom line of every page: its most used keys, from the table of actions, or for a moment a message.

What is not possible now is dim. A message stands here and not over the page, where it would hide the row that it is
about; one that needs more lines takes them from the page, whose cursor stays in view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from postroom.tui.actions import Action

MOST_KEYS = 7
"""More than seven are not read any more; a wide terminal shows some more."""
MOST_KEYS_WIDE = 11
WIDE = 110
GAP = 3
"""Blanks between two keys."""
Severity = Literal["information", "warning", "error"]
STYLES = {"information": "bold", "warning": "bold yellow", "error": "bold red"}
ALWAYS = ("anywhere.search", "anywhere.help")


def that_fit(actions: tuple[Action, ...], columns: int) -> tuple[Action, ...]:
    """The first actions with a caption that fit into a line of so many columns, in the table's order.

    Those that lead to all others are always among them.
    """
    width, is_wide = columns - 2, columns >= WIDE
    wanted = [action for action in actions if action.footer and (is_wide or not action.wide)]
    fitting = [action for action in wanted if action.id in ALWAYS]
    width -= sum(_width(action) + GAP for action in fitting)
    most = (MOST_KEYS_WIDE if is_wide else MOST_KEYS) - len(fitting)
    for action in [action for action in wanted if action.id not in ALWAYS][:most]:
        width -= _width(action)
        if width < 0:
            break
        fitting.append(action)
        width -= GAP
    return tuple(action for action in wanted if action in fitting)


def _width(action: Action) -> int:
    return len(action.shown_key) + 1 + len(action.footer)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """One message."""

    text: str
    severity: Severity = "information"


class KeyLine(Static):
    """One line of `key caption` pairs, a click on one does it; or the messages that stand, a click takes them away."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: auto; max-height: 6; width: 100%; padding: 0 1; background: $panel; color: $text; }
    """

    class Dismissed(Message):
        """The messages were clicked."""

    def __init__(
        self, actions: tuple[Action, ...], why_not: Callable[[Action], str], has_rows: Callable[[], bool]
    ) -> None:
        super().__init__(markup=False)
        self.actions = tuple(action for action in actions if action.footer)
        self.why_not, self.has_rows = why_not, has_rows
        self._drawn: tuple[tuple[str, bool], ...] = ()
        self.said: tuple[Said, ...] = ()
        """The messages that stand here instead of the keys."""

    def shown(self) -> tuple[Action, ...]:
        """The actions that fit, in the table's order; where there is nothing to act on, those that need nothing."""
        wanted = self.actions
        if not self.has_rows():
            wanted = tuple(action for action in wanted if action.id in ALWAYS or not self.why_not(action))
        return that_fit(wanted, self.size.width)

    def update_states(self) -> None:
        """Draw the line anew if another action is possible now."""
        states = tuple((action.id, not self.why_not(action)) for action in self.shown())
        if states != self._drawn:
            self._drawn = states
            self.refresh()

    def show_said(self, said: tuple[Said, ...]) -> None:
        """Show messages, or the keys again."""
        if said != self.said:
            self.said = said
            self.refresh(layout=True)

    def render(self) -> Text:
        if self.said:
            return Text("\n").join(Text(one.text, STYLES[one.severity]) for one in self.said)
        text = Text(no_wrap=True)
        for action in self.shown():
            if text:
                text.append(" " * GAP)
            possible = not self.why_not(action)
            text.append(action.shown_key, style="bold" if possible else "dim")
            text.append(f" {action.footer}", style="" if possible else "dim")
        return text

    def on_resize(self, _: events.Resize) -> None:
        self.update_states()

    def on_click(self, event: events.Click) -> None:
        if self.said:
            self.post_message(self.Dismissed())
            return
        x = event.x - 1
        for action in self.shown():
            wide = _width(action)
            if 0 <= x < wide:
                self.screen.call_later(self.screen.run_action, f"act('{action.id}')")
                return
            x -= wide + GAP
