"""Printers and their cards: where they print, whether they respond, how many print jobs wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import filters, values
from postroom.core.counted import counted
from postroom.core.plain_text import visible
from postroom.core.printing import print_jobs, printers
from postroom.core.printing.printers import PrinterType
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, FORM, LIST, bindings
from postroom.tui.actions.printing import PRINTER, PRINTERS
from postroom.tui.pages import results
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.pages.page import PageActions
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import AskText
from postroom.tui.widgets.keyed_table import Column
from postroom.tui.widgets.search import Choose

_PLACES = {
    PrinterType.FILE: ("folder", "The whole path of a folder on the consumer's host, such as /srv/print"),
    PrinterType.CUPS: ("cups_queue", "The queue of the print system on the consumer's host; `lpstat -e` lists them"),
}
"""The field that says where a printer of a type prints, and what to type there."""
INBOX_PLACE = "Report Inbox"
_HELP = {
    "description": "What it is, or where it stands.",
    "type": "File writes PDFs into a folder, CUPS prints. Fill in CUPS Queue before CUPS, Folder before File.",
    "folder": _PLACES[PrinterType.FILE][1] + ".",
    "cups_queue": _PLACES[PrinterType.CUPS][1] + ".",
    "timeout": "How long a print job may take; then it is in Error and the printer is Not responding.",
}


def place_of(row: Any) -> str:
    """Where a printer prints."""
    return str(row.folder if row.type == PrinterType.FILE else row.cups_queue)


def waiting(row: Any) -> str:
    """How many print jobs wait for a printer, in words."""
    return f"{counted(row.waiting, 'print job')} not printed" if row.waiting else "Nothing waits"


class PrinterActions(PageActions):
    """What can be done with printers, the same in the list and on the card."""

    def _codes(self) -> list[str]:
        return [row.code for row in self.situation().rows]

    async def do_test(self) -> None:
        codes, user = self._codes(), self.desk.user
        self.desk.say(f"A Test Page goes to {', '.join(codes)}.")

        def test(place: int) -> str:
            return printers.test(codes[place], user=user).rstrip(".")

        named = [("printer", code) for code in codes]
        done = await self.desk.carry_out_beside(lambda: list(results.each(named, test)))
        if done is not None:
            results.tell(self.desk, "Test Page", done, "printers")

    def do_jobs(self) -> None:
        (row,) = self.situation().rows[:1]
        page: Any = self.desk.open_page("job-queue-entries")
        page.want_filter(f"category={filters.quote(row.category)}")

    async def do_move(self) -> None:
        """Ask where to; what is just being tried stays, and is told of."""
        (row,), user = self.situation().rows[:1], self.desk.user
        found = await self.desk.carry_out(printers.list_printers)
        places = {INBOX_PLACE: printers.INBOX, **{one.code: one.code for one in found or () if one.code != row.code}}
        box = Choose(f"Move {counted(row.waiting, 'print job')} to", list(places), INBOX_PLACE)
        chosen = await self.app.push_screen_wait(box)
        if chosen is None:
            return
        to = places[chosen]
        count = await self.desk.carry_out(lambda: print_jobs.move(row.code, to, user=user))
        if count is not None:
            where = "the Report Inbox" if to == printers.INBOX else to
            self.desk.say(f"{counted(count, 'print job')} moved from {row.code} to {where}.")

    async def do_delete(self) -> None:
        codes, user = self._codes(), self.desk.user
        rows, details = PrintersPage.ROWS, "This cannot be undone."
        gone = await results.delete_each(self.desk, codes, rows, lambda code: printers.delete(code, user=user), details)
        self.done_with(gone)

    def done_with(self, codes: set[str]) -> None:
        """These printers are gone."""


class PrintersPage(ListPage, PrinterActions):
    """The list."""

    PAGE = PRINTERS
    ACTIONS_OF = (PRINTERS, PRINTER, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Printers"
    ROWS = ("printer", "printers")
    EMPTY = "There is no printer yet. Ctrl+N makes one. Reports that are not printed come into the Report Inbox."

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("code", "Code", 15, lambda row: shown.text(row.code)),
            Column("state", "State", 15, lambda row: shown.status(row.state)),
            Column("waiting", "Waiting", 8, lambda row: Text(f"{row.waiting:,}" if row.waiting else ""), right=True),
            Column("type", "Type", 5, lambda row: Text(row.type)),
            Column("place", "Folder or Queue", 0, lambda row: shown.text(place_of(row))),
            Column("description", "Description", 26, lambda row: shown.text(row.description), from_width=110),
        )

    def key_of(self, row: Any) -> str:
        return str(row.code)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        names = ("code", "state", "waiting", "type", "folder", "cups_queue", "description", "timeout")
        found = readings.matching(printers.list_printers(), filter, *names)
        return readings.sliced(found, self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        text = Text.assemble(
            (visible(row.code), "bold"), f"  {visible(row.description)}".rstrip(), f"  {waiting(row)}\n"
        )
        text.append(state_of(row, self.desk.time_zone))
        return text.append(f"\n{row.type}: {visible(place_of(row))}", shown.FAINT)

    def done_with(self, codes: set[str]) -> None:
        self.unmark(codes)

    def do_open(self) -> None:
        self.app.push_screen(PrinterCard(self.table.cursor_key))

    async def do_new(self) -> None:
        """Ask for code, type and place, each mended where it was typed; then the card opens."""
        user, made = self.desk.user, list[str]()

        async def attempt_code(text: str) -> str:
            return await self.desk.attempt(lambda: made.append(printers.free_code(text, user=user)))

        await self.app.push_screen_wait(
            AskText("New Printer", "Code; its print jobs run in the category PRINT-code", attempt=attempt_code)
        )
        types = [type_.value for type_ in PrinterType]
        chosen = await self.app.push_screen_wait(Choose("Type", types, types[0])) if made else None
        if chosen is None:
            return
        field, help = _PLACES[PrinterType(chosen)]
        code = made[-1]

        async def attempt_place(text: str) -> str:
            return await self.desk.attempt(lambda: printers.add(code, {"type": chosen, field: text}, user=user))

        if await self.app.push_screen_wait(AskText(printers.FIELDS[field][0], help, attempt=attempt_place)) is not None:
            self.app.push_screen(PrinterCard(code))


def state_of(row: Any, time_zone: str) -> Text:
    """A printer's state and, where it does not respond, since when and what it said."""
    text = shown.status(row.state)
    if row.not_responding_since is not None:
        text.append(f" since {shown.whole_stamp(row.not_responding_since, time_zone)}")
    return text.append(f"  {visible(row.last_message)}", "") if row.last_message else text


class PrinterCard(FormPage, PrinterActions):
    """One printer."""

    ACTIONS_OF = (PRINTER, FORM, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    TEXTS = ("Status",)
    UNFOLDED = frozenset(TEXTS)

    def __init__(self, code: str, field: str = "") -> None:
        self.code = code
        super().__init__(field)

    @property
    def address(self) -> str:
        return f"printer-card {self.code}"

    @property
    def caption(self) -> str:
        return f"Printer {visible(self.code)}"

    def form_fields(self) -> Sequence[FormField]:
        return [form_field(key) for key in printers.FIELDS]

    def reading(self) -> Callable[[], Any]:
        code, time_zone = self.code, self.desk.time_zone
        return lambda: read_card(code, time_zone)

    def change(self, key: str, text: str) -> Any:
        printers.change(self.code, {key: text}, user=self.desk.user)

    def done_with(self, codes: set[str]) -> None:
        if self.code in codes and self.desk.page_in_front() is self:
            self.desk.pop_screen()


def form_field(key: str, value: str = "") -> FormField:
    """A printer's field as a form has it."""
    caption, kind = printers.FIELDS[key]
    choices = tuple(type_.value for type_ in PrinterType) if key == "type" else ()
    return FormField(key, "General", caption, kind, _HELP[key], choices, value=value)


def read_card(code: str, time_zone: str) -> FormSnapshot:
    """A printer's card. Raises NotFound."""
    row = printers.show(code)
    fields = tuple(form_field(key, values.shown(kind, getattr(row, key))) for key, (_, kind) in printers.FIELDS.items())
    status = Text.assemble(state_of(row, time_zone), f"\n{waiting(row)}; category {visible(row.category)}")
    title = Text.assemble((f"Printer {visible(code)}", "bold"), "   ", shown.status(row.state))
    return FormSnapshot(row, title, fields, (("Status", status),))
