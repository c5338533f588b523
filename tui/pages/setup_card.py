"""A setup window: its FastTabs fold, its fields are changed one by one and at once. One class serves all three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import DescendantFocus
from textual.reactive import reactive
from textual.widgets import Collapsible, Static
from textual.widgets._collapsible import CollapsibleTitle

from postroom.core import setups
from postroom.core.errors import PostroomError
from postroom.core.plain_text import visible
from postroom.core.setups import SetupField
from postroom.core.values import FieldKind
from postroom.tui.actions import ANYWHERE, FORM, bindings
from postroom.tui.pages.page import Page, field_line
from postroom.tui.widgets.dialogs import AskText, Choose

PLACES = "CollapsibleTitle, FieldRow"
"""Where the cursor can stand on a card."""


class FieldRow(Static, can_focus=True):
    """One field: caption, dotted leader, value; on a wide terminal also what it means."""

    ALLOW_SELECT = False
    field: reactive[SetupField | None] = reactive(None, layout=False)

    def __init__(self, field: SetupField) -> None:
        super().__init__(markup=False, id=field.name)
        self.set_reactive(FieldRow.field, field)
        self.known = False
        """Whether its value has been read."""

    def render(self) -> Text:
        field = self.field
        assert field is not None
        line = field_line(field.caption, shown_value(field) if self.known else Text("…"))
        if self.size.width >= 100:
            line.pad_right(max(0, 56 - line.cell_len))
            line.append(f"  {field.help}", "dim")
        line.truncate(self.size.width, overflow="ellipsis")
        return line

    def on_click(self) -> None:
        self.screen.set_focus(self)


def shown_value(field: SetupField) -> Text:
    """A field's value as the card shows it."""
    if field.kind is FieldKind.BOOLEAN:
        return Text("[x] Yes", "bold") if field.stored else Text("[ ] No")
    if not field.value:
        return Text("(blank)", "bright_black")
    return Text(visible(field.value), "bold")


def said_value(field: SetupField) -> str:
    """A field's value in a sentence."""
    return ("Yes" if field.stored else "No") if field.kind is FieldKind.BOOLEAN else field.value or "blank"


class SetupPage(Page):
    """Sales & Receivables Setup, Purchases & Payables Setup or General Ledger Setup."""

    PAGE = FORM
    ACTIONS_OF = (FORM, ANYWHERE)
    CSS_PATH = "setup_card.tcss"
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)

    def __init__(self, window: str) -> None:
        super().__init__()
        self.window = window
        self.fields = {key: field for key, field in setups.FIELDS.items() if key.startswith(f"{window}.")}

    @property
    def address(self) -> str:
        return f"{self.window}-setup"

    @property
    def caption(self) -> str:
        return setups.WINDOWS[self.window][0]

    def body(self) -> ComposeResult:
        yield Static(Text(self.caption, style="bold"), markup=False, id="caption")
        tabs = list(dict.fromkeys(field.tab for field in self.fields.values()))
        with VerticalScroll(id="tabs", can_focus=False):
            for tab in tabs:
                rows = [FieldRow(field) for field in self.fields.values() if field.tab == tab]
                yield Collapsible(
                    *rows,
                    title=tab,
                    collapsed=tab != tabs[0],
                    collapsed_symbol="+",
                    expanded_symbol="-",
                    id=f"tab-{tabs.index(tab)}",
                )
        yield Static(markup=False, id="help")

    def on_mount(self) -> None:
        super().on_mount()
        folds = self.desk.folds.setdefault(self.address, {})
        for tab in self.query(Collapsible):
            tab.collapsed = folds.get(tab.title, tab.collapsed)
        self.query(FieldRow).first().focus()

    def reading(self) -> Callable[[], Any]:
        prefix = f"{self.window}."
        return lambda: tuple(field for field in setups.list_fields() if field.key.startswith(prefix))

    def show(self, snapshot: Any) -> None:
        for field in snapshot:
            self.fields[field.key] = field
            row = self.query_one(f"#{field.name}", FieldRow)
            if not row.known or row.field != field:
                row.known = True
                row.field = field
                row.refresh()
        self.update_keys()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Below the card stands what the field under the cursor means."""
        widget = event.widget
        if isinstance(widget, FieldRow) and widget.field is not None:
            text = Text(widget.field.help)
        elif isinstance(widget, CollapsibleTitle):
            text = Text("Enter folds or unfolds the FastTab.")
        else:
            return
        self.query_one("#help", Static).update(text)

    @on(Collapsible.Toggled)
    def keep_fold(self, event: Collapsible.Toggled) -> None:
        self.desk.folds.setdefault(self.address, {})[event.collapsible.title] = event.collapsible.collapsed

    @property
    def row(self) -> FieldRow | None:
        """The field under the cursor."""
        return self.focused if isinstance(self.focused, FieldRow) else None

    def do_edit(self) -> Any:
        row = self.row
        if row is None:
            return self._fold()
        if row.field is None or not row.known:
            return None
        return self._edit(row.field)

    def do_toggle(self) -> Any:
        row = self.row
        if row is None:
            return self._fold()
        if row.field is None or not row.known:
            return None
        if row.field.kind is FieldKind.BOOLEAN:
            return self._edit(row.field)
        self.desk.say(f"{row.field.caption} is not a field of Yes and No; Enter edits it.", "warning")
        return None

    def _fold(self) -> None:
        if isinstance(self.focused, CollapsibleTitle):
            self.focused.action_toggle_collapsible()

    async def _edit(self, field: SetupField) -> None:
        """Change one field: turn it, choose, or type; what is refused can be mended where it was typed."""
        if field.kind is FieldKind.BOOLEAN:
            await self._change(field, "false" if field.stored else "true")
        elif field.choices:
            chosen = await self.app.push_screen_wait(Choose(field.caption, field.choices, field.value))
            if chosen is not None and chosen != field.value:
                await self._change(field, chosen)
        else:
            await self.app.push_screen_wait(
                AskText(field.caption, field.help, field.value, attempt=lambda text: self._attempt(field, text))
            )

    async def _change(self, field: SetupField, value: str) -> None:
        user = self.desk.user
        changed = await self.desk.carry_out(lambda: setups.change({field.key: value}, user=user))
        self._tell(field, changed or [])

    async def _attempt(self, field: SetupField, text: str) -> str:
        user = self.desk.user
        try:
            changed = await self.desk.command(lambda: setups.change({field.key: text}, user=user))
        except PostroomError as error:
            return " ".join(part for problem in error.problems for part in (problem.message, problem.hint) if part)
        self._tell(field, changed)
        return ""

    def _tell(self, field: SetupField, changed: list[SetupField]) -> None:
        """Fields that changed along with the one that was meant."""
        others = [other for other in changed if other.key != field.key]
        if others:
            self.desk.say("\n".join(f"{other.caption} is now {said_value(other)}." for other in others))

    def do_next_field(self) -> None:
        self.focus_next(PLACES)

    def do_previous_field(self) -> None:
        self.focus_previous(PLACES)

    def _places(self) -> list[Any]:
        return [place for place in self.focus_chain if isinstance(place, FieldRow | CollapsibleTitle)]

    def do_first_field(self) -> None:
        self.set_focus(self._places()[0])

    def do_last_field(self) -> None:
        self.set_focus(self._places()[-1])

    def do_next_tab(self) -> None:
        titles = [place for place in self._places() if isinstance(place, CollapsibleTitle)]
        focused = self.focused
        at = next((i for i, title in enumerate(titles) if focused is title), None)
        if at is None and focused is not None:
            at = next((i for i, title in enumerate(titles) if title.parent in focused.ancestors), 0)
        self.set_focus(titles[((at if at is not None else -1) + 1) % len(titles)])

    def do_fold_all(self) -> None:
        tabs = list(self.query(Collapsible))
        collapsed = not any(tab.collapsed for tab in tabs)
        for tab in tabs:
            tab.collapsed = collapsed
        if collapsed:
            self.set_focus(self._places()[0])
