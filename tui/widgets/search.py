"""Search for a page or an action by a part of its name: `:` or Ctrl+P, type, Enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from postroom.core.plain_text import visible
from postroom.tui.widgets.box import Box
from postroom.tui.widgets.text_line import TextLine

BLANK = "(blank)"
"""What stands for no value."""


@dataclass(frozen=True, slots=True)
class Find:
    """One thing that can be found. `why_not` says why it is not possible now; blank if it is."""

    id: str
    caption: str
    kind: str
    key: str = ""
    help: str = ""
    why_not: str = ""


def matching(finds: list[Find], typed: str) -> list[Find]:
    """Those whose caption, kind or help has every typed word; where a caption's own words begin so, first.

    Pages come before actions of the same rank: `log entries` finds the page.
    """
    words = typed.lower().replace("/", "").split()  # `gl` and `g/l` are the same

    def said(find: Find) -> str:
        return f"{find.caption} {find.kind} {find.help}".lower().replace("/", "")

    def rank(find: Find) -> tuple[int, bool, int]:
        starts = find.caption.lower().replace("&", " ").replace("/", "").split()
        in_caption = all(any(start.startswith(word) for start in starts) for word in words)
        place = 0 if in_caption else 1 if all(word in find.caption.lower() for word in words) else 2
        return place, find.kind != "Page", len(starts)

    found = [find for find in finds if all(word in said(find) for word in words)]
    return sorted(found, key=rank) if words else found


class Options(OptionList):
    """Textual's, ending at its ends: Down on the last line does not lead to the first."""

    def action_cursor_down(self) -> None:
        if self.highlighted != self.option_count - 1:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        if self.highlighted != 0:
            super().action_cursor_up()

    def page_down(self) -> None:
        self.action_page_down()  # type: ignore[no-untyped-call]

    def page_up(self) -> None:
        self.action_page_up()  # type: ignore[no-untyped-call]


class Search(Box[str | None]):
    """Dismissed with the id of what was chosen, or None."""

    CSS_PATH = ["dialogs.tcss", "search.tcss"]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", show=False),
        Binding("down,ctrl+n", "move(1)", "Down", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "page(1)", "A Page Down", show=False, priority=True),
        Binding("pageup", "page(-1)", "A Page Up", show=False, priority=True),
    ]

    def __init__(self, finds: list[Find], *, title: str = "Search for a page or an action", value: str = "") -> None:
        super().__init__()
        self.finds, self.title_shown, self.value = finds, title, value
        self.found: list[Find] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide search") as box:
            box.border_title = self.title_shown
            yield TextLine(placeholder="A part of its name", compact=True)
            yield Options(compact=True, markup=False)
            yield Static(Text(""), markup=False, classes="answers")

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, typed: str) -> None:
        self.found = [find for find in matching(self.finds, typed) if find.id or not typed]  # no word means blank
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(find)) for find in self.found])
        present = [place for place, find in enumerate(self.found) if find.id == self.value and not typed]
        options.highlighted = (present or [0])[0] if self.found else None
        if not self.found:
            self._tell(Text("Nothing is called so."))

    def _tell(self, text: Text) -> None:
        """What stands below the list."""
        self.query_one(".answers", Static).update(text)

    def _line(self, find: Find) -> Text:
        style = "dim" if find.why_not else ""
        line = Text(no_wrap=True, overflow="ellipsis")
        if find.kind:
            line.append(f"{find.kind:<7} ", "dim")
        return line.append(f"{find.caption:<44} ", style).append(find.key, "bold" if not style else "dim")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self.found):
            self._tell(self._about(self.found[event.option_index]))

    def _about(self, find: Find) -> Text:
        """What stands below the list while the cursor is on this one."""
        return Text(find.why_not or find.help, no_wrap=True, overflow="ellipsis")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.found[event.option_index].id)

    def on_input_submitted(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self.found):
            self.dismiss(self.found[place].id)

    def action_move(self, direction: int) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if direction > 0 else options.action_cursor_up()

    def action_page(self, direction: int) -> None:
        options = self.query_one(Options)
        options.page_down() if direction > 0 else options.page_up()


class Choose(Search):
    """A choice from a closed list, the present value under the cursor. Enter takes it, Esc leaves as it was (None).

    Typing lets only those stay that have what is typed. `details` says what there is to know of the choices.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "go(False)", "First", show=False, priority=True),
        Binding("end", "go(True)", "Last", show=False, priority=True),
    ]

    def __init__(self, title: str, choices: Sequence[str], value: str, details: str = "") -> None:
        super().__init__([Find(choice, choice or BLANK, "") for choice in choices], title=title, value=value)
        self.details = details

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog narrow") as box:
            box.border_title = visible(self.title_shown)
            yield TextLine(placeholder="A part of its name", compact=True)
            yield Options(compact=True, markup=False)
            if self.details:
                yield Static(Text(visible(self.details)), markup=False, classes="details")
            yield Static(Text(""), markup=False, classes="answers")

    def _line(self, find: Find) -> Text:
        return Text(visible(find.caption), "" if find.id else "dim", no_wrap=True, overflow="ellipsis")

    def _about(self, find: Find) -> Text:
        return Text.assemble(("Enter", "bold"), " OK     ", ("Esc", "bold"), " Leave as it is")

    def action_go(self, to_last: bool) -> None:
        options = self.query_one(OptionList)
        options.action_last() if to_last else options.action_first()
