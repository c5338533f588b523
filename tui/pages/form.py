"""A card to fill in: its FastTabs fold, its fields are changed one by one and at once. What is refused is mended there.

A subclass says which fields it has (`form_fields`), reads them (`reading`, a FormSnapshot) and changes them (`change`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import DescendantFocus
from textual.reactive import reactive
from textual.widgets import Collapsible, Static
from textual.widgets._collapsible import CollapsibleTitle

from postroom.core import clock
from postroom.core.errors import Refused
from postroom.core.plain_text import visible
from postroom.core.values import FieldKind
from postroom.tui import typed_dates
from postroom.tui.actions import ANYWHERE, FORM, Situation, bindings
from postroom.tui.pages.page import Page, field_line
from postroom.tui.widgets.dialogs import AskText
from postroom.tui.widgets.fast_tab import FastTab
from postroom.tui.widgets.search import BLANK, Choose, Find, Search


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form. `value` is its text as it could be typed again (booleans `true` and `false`).

    `names` is the slug of the master records among which it may be chosen, those that pass the filter `among`;
    `choices` a closed list. A field that is not `editable` says in `help` why.
    """

    key: str
    tab: str
    caption: str
    kind: FieldKind = FieldKind.TEXT
    help: str = ""
    choices: tuple[str, ...] = ()
    names: str = ""
    value: str = ""
    editable: bool = True
    among: str = ""


@dataclass(frozen=True, slots=True)
class FormSnapshot:
    """What a form shows: the record (None if it is gone), its title, its fields, and texts in FastTabs of their own."""

    row: Any
    title: Text
    fields: tuple[FormField, ...]
    texts: tuple[tuple[str, Text], ...] = ()


class FieldRow(Static, can_focus=True):
    """One field: caption, dotted leader, value; on a wide terminal also what it means."""

    ALLOW_SELECT = False
    field: reactive[FormField | None] = reactive(None, layout=False)

    def __init__(self, field: FormField) -> None:
        super().__init__(markup=False, id=widget_id(field.key))
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


def widget_id(key: str) -> str:
    """A field's widget: its key without what an id may not hold."""
    return f"field-{key.replace('.', '-')}"


def shown_value(field: FormField) -> Text:
    """A field's value as the form shows it."""
    style = "bold" if field.editable else ""
    if field.kind is FieldKind.BOOLEAN:
        return Text("[x] Yes", style) if field.value == "true" else Text("[ ] No")
    if not field.value:
        return Text(BLANK, "dim")
    text = Text(visible(field.value), style)
    return text.append(" h") if field.kind is FieldKind.DURATION else text


def said_value(field: FormField) -> str:
    """A field's value in a sentence."""
    if field.kind is FieldKind.BOOLEAN:
        return "Yes" if field.value == "true" else "No"
    return field.value or "blank"


def asked_as(field: FormField) -> str:
    """What stands above the line in which a field is typed: what it means, and how it is written."""
    return f"{field.help} {typed_dates.HOW}".lstrip() if field.kind is FieldKind.DATE else field.help


class FormPage(Page):
    """The page. `field` is the key of the field under the cursor at first, such as the one that an error names."""

    PAGE = FORM
    ACTIONS_OF: ClassVar[tuple[str, ...]] = (FORM, ANYWHERE)
    CSS_PATH = "form.tcss"
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    TEXTS: ClassVar[tuple[str, ...]] = ()
    """FastTabs of text that the form may have below its fields; one without text is not shown."""
    UNFOLDED: ClassVar[frozenset[str]] = frozenset()
    """FastTabs that are open from the start, besides the first, unless the user has folded them before."""

    def __init__(self, field: str = "") -> None:
        super().__init__()
        self.wanted = field
        self.fields = {one.key: one for one in self.form_fields()}
        self.snapshot: FormSnapshot | None = None

    def form_fields(self) -> Sequence[FormField]:
        """Every field, in the order of the form, without values."""
        raise NotImplementedError

    def change(self, key: str, text: str) -> Any:
        """Write one field; runs at the clerk's desk. Returns fields that changed along with it, or nothing."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        yield Static(Text(self.caption, style="bold"), markup=False, id="caption")
        tabs = list(dict.fromkeys(field.tab for field in self.fields.values()))
        with VerticalScroll(id="tabs", can_focus=False):
            for place, tab in enumerate([*tabs, *self.TEXTS]):
                rows: list[Static] = [FieldRow(field) for field in self.fields.values() if field.tab == tab]
                texts = [Static(markup=False, classes="text")]
                is_folded = place > 0 and tab not in self.UNFOLDED
                yield FastTab(*(rows or texts), title=tab, collapsed=is_folded, id=f"tab-{place}")
        yield Static(markup=False, id="help")

    def on_mount(self) -> None:
        super().on_mount()
        folds = self.desk.memory.folds(self.address.partition(" ")[0])
        for title in self.query(CollapsibleTitle):
            title._bindings.key_to_bindings.pop("enter", None)  # it folds by a message, later than the next key comes
        for tab in self.query(Collapsible):
            tab.collapsed = folds.get(tab.title, tab.collapsed)
            tab.display = tab.title not in self.TEXTS
        self.go_to_field(self.wanted)

    def reopened(self, wanted: Page) -> None:
        if isinstance(wanted, FormPage) and wanted.wanted:
            self.go_to_field(wanted.wanted)

    def go_to_field(self, key: str) -> None:
        """Put the cursor on a field, its FastTab unfolded; on the first one where there is none of that key."""
        if key in self.fields:
            row = self.query_one(f"#{widget_id(key)}", FieldRow)
            next(tab for tab in self.query(Collapsible) if tab in row.ancestors).collapsed = False
            row.focus()
        elif self.fields:
            self.query(FieldRow).first().focus()

    def situation(self) -> Situation:
        row = self.snapshot.row if self.snapshot is not None else None
        return Situation(
            rows=(row,) if row is not None else (),
            connected=self.desk.is_connected,
            is_first_page=self.desk.is_first(self),
        )

    def show(self, snapshot: Any) -> None:
        assert isinstance(snapshot, FormSnapshot)
        self.snapshot = snapshot
        caption = self.query_one("#caption", Static)
        if caption.content != snapshot.title:
            caption.update(snapshot.title)
        for field in snapshot.fields:
            self.fields[field.key] = field
            row = self.query_one(f"#{widget_id(field.key)}", FieldRow)
            if not row.known or row.field != field:
                row.known = True
                row.field = field
                row.refresh()
        texts = dict(snapshot.texts)
        for tab in self.query(Collapsible):
            if tab.title in self.TEXTS:
                text = texts.get(tab.title, Text(""))
                shown = tab.query_one(".text", Static)
                if shown.content != text:
                    shown.update(text)
                if tab.display != bool(text):
                    tab.display = bool(text)
        self.update_keys()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Below the form stands what the field under the cursor means."""
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
        memory, kind = self.desk.memory, self.address.partition(" ")[0]
        tab, is_folded = event.collapsible.title, event.collapsible.collapsed
        if memory.folds(kind).get(tab) != is_folded:
            memory.keep_folds(kind, {**memory.folds(kind), tab: is_folded})

    @property
    def row(self) -> FieldRow | None:
        """The field under the cursor."""
        return self.focused if isinstance(self.focused, FieldRow) else None

    def copied(self) -> str:
        """The value of the field under the cursor."""
        return self.row.field.value if self.row is not None and self.row.field is not None else ""

    async def written(self) -> str | None:
        """The whole card."""
        if self.snapshot is None:
            return None
        lines = [f"{field.caption}: {said_value(field)}" for field in self.snapshot.fields]
        lines += [f"{caption}\n{text.plain}" for caption, text in self.snapshot.texts if text]
        return "\n".join([self.snapshot.title.plain, *lines, ""])

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
        for tab in self.query(Collapsible):
            if tab.query_one(CollapsibleTitle) is self.focused:
                tab.collapsed = not tab.collapsed  # at once, so that the next key finds its fields

    def why_not_edit(self, field: FormField) -> str:
        """Why a field cannot be changed now; blank if it can."""
        return "" if field.editable else field.help or f"{field.caption} is not typed by hand."

    async def may_edit(self, field: FormField) -> bool:
        """Whether to go on changing a field; a subclass may ask first for what that needs."""
        return True

    async def _edit(self, field: FormField) -> None:
        """Change one field: turn it, choose, or type; what is refused can be mended where it was typed."""
        why_not = self.why_not_edit(field)
        if why_not:
            self.desk.say(why_not, "warning")
        elif not await self.may_edit(field):
            return
        elif field.kind is FieldKind.BOOLEAN:
            await self._change(field, "false" if field.value == "true" else "true")
        elif field.choices:
            chosen = await self.app.push_screen_wait(Choose(field.caption, field.choices, field.value))
            if chosen is not None and chosen != field.value:
                await self._change(field, chosen)
        elif field.names:
            await self._choose(field)
        else:
            await self.app.push_screen_wait(
                AskText(field.caption, asked_as(field), field.value, attempt=self._attempt(field))
            )

    async def _choose(self, field: FormField) -> None:
        """Choose among the records that the field may name, by typing a part of number or name."""
        from postroom.tui.pages.records import options_of

        found = await self.desk.carry_out(lambda: options_of(field.names, field.among)) or []
        if field.value and field.value not in (find.id for find in found):  # what stands there is no other's
            found.insert(0, Find(field.value, visible(field.value), ""))
        finds = [Find("", BLANK, ""), *found]
        chosen = await self.app.push_screen_wait(Search(finds, title=field.caption, value=field.value))
        if chosen is not None and chosen != field.value:
            await self._change(field, chosen)

    async def _change(self, field: FormField, value: str) -> None:
        """Write what was chosen; what somebody else has written meanwhile is overwritten after a question."""
        others: list[FormField] = []

        def write() -> Any:
            others.extend(self._changed_meanwhile(field, value))
            return None if others else self.change(field.key, value)

        changed = await self.desk.carry_out(write)
        if not others:
            self._tell(field, changed)
            return
        question = f"{field.caption} was changed meanwhile to {said_value(others[0])}."
        new = said_value(replace(field, value=value))
        if await self.desk.ask(question, f"Overwrite it with {new}?", yes="Overwrite"):
            await self._change(others[0], value)

    def _attempt(self, field: FormField) -> Callable[[str], Awaitable[str]]:
        """What writes a typed text, and says what is wrong with it; what was written meanwhile is overwritten by it
        only when it is entered once more."""
        started_with = field

        async def attempt(text: str) -> str:
            changed: list[Any] = []
            if field.kind is FieldKind.DATE:
                text = typed_dates.in_full(text, clock.today(self.desk.time_zone))

            def write() -> None:
                nonlocal started_with
                for other in self._changed_meanwhile(started_with, text):
                    started_with = other
                    raise Refused(
                        f"Changed meanwhile to {said_value(other)}.", field=field.key, hint="Enter again overwrites it."
                    )
                changed.append(self.change(field.key, text))

            wrong = await self.desk.attempt(write)
            if not wrong:
                self._tell(field, changed[0])
            return wrong

        return attempt

    def _changed_meanwhile(self, field: FormField, text: str) -> list[FormField]:
        """The field as it stands now if that is neither how it was nor what it is to be. Runs at the clerk's desk."""
        now = next((one for one in self.reading()().fields if one.key == field.key), field)
        return [now] if now.value not in (field.value, text) else []

    def _tell(self, field: FormField, changed: Any) -> None:
        """Fields that changed along with the one that was meant."""
        others = [other for other in changed or () if isinstance(other, FormField) and other.key != field.key]
        if others:
            self.desk.say("\n".join(f"{other.caption} is now {said_value(other)}." for other in others))

    def do_next_field(self) -> None:
        self._move(1)

    def do_previous_field(self) -> None:
        self._move(-1)

    def _move(self, direction: int) -> None:
        places = self._places()
        at = places.index(self.focused) if self.focused in places else -1
        self.set_focus(places[min(max(0, at + direction), len(places) - 1)])

    def _places(self) -> list[Any]:
        """Where the cursor can stand, top to bottom. What a FastTab unfolded just now shows, before it is drawn."""
        places: list[Any] = []
        for tab in self.query(Collapsible):
            if tab.display:
                places.append(tab.query_one(CollapsibleTitle))
                if not tab.collapsed:
                    places += tab.query(FieldRow)
        return places

    def do_first_field(self) -> None:
        places = self._places()
        self.set_focus(next((place for place in places if isinstance(place, FieldRow)), places[0]))

    def do_last_field(self) -> None:
        self.set_focus(self._places()[-1])

    def do_next_tab(self) -> None:
        self._to_tab(1)

    def do_previous_tab(self) -> None:
        self._to_tab(-1)

    def _to_tab(self, direction: int) -> None:
        """To the FastTab below, or to the one that the cursor is in, then the one above; not beyond the ends."""
        places = self._places()
        at = places.index(self.focused) if self.focused in places else -1
        titles = [place for place, one in enumerate(places) if isinstance(one, CollapsibleTitle)]
        beyond = [place for place in titles if (place > at if direction > 0 else place < at)]
        if beyond:
            self.set_focus(places[beyond[0 if direction > 0 else -1]])

    def do_fold_all(self) -> None:
        tabs = list(self.query(Collapsible))
        collapsed = not any(tab.collapsed for tab in tabs)
        for tab in tabs:
            tab.collapsed = collapsed
        if collapsed:
            self.set_focus(self._places()[0])
