"""The Report Inbox: a user's own reports, and the card of one, which tells what stands in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import company
from postroom.core.counted import counted
from postroom.core.errors import Refused
from postroom.core.plain_text import visible
from postroom.core.printing import inbox
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, CARD, LIST, bindings
from postroom.tui.actions.printing import INBOX, REPORT
from postroom.tui.pages import results
from postroom.tui.pages.card import CardPage, CardSnapshot, Section, fields
from postroom.tui.pages.ledgers import posted_sections
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.pages.listings import MARGIN_ON_A_CARD, in_one
from postroom.tui.pages.page import PageActions
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import AskText
from postroom.tui.widgets.keyed_table import Column, time_column


@dataclass(frozen=True, slots=True)
class InboxSnapshot(ListSnapshot):
    """A window of the inbox, and how many of all that match are unread."""

    unread: int = 0


def size(count: int) -> str:
    """A size as people read it."""
    return f"{count:,} B" if count < 10_000 else f"{count / 1000:,.0f} kB"


def of_what(rows: Sequence[Any]) -> str:
    return visible(rows[0].description) if len(rows) == 1 else counted(len(rows), "report")


class ReportActions(PageActions):
    """What can be done with reports, the same in the list and on the card."""

    async def do_save(self) -> None:
        """Ask where to; what cannot be written there can be mended where it was typed."""
        rows, user = self.situation().rows, self.desk.user
        done: list[results.RecordResult] = []

        async def attempt(text: str) -> str:
            target = Path(os.path.expanduser(text.strip()))
            if not text.strip():
                return "Type a path."
            if len(rows) > 1 and not os.path.isdir(target):
                return f"{target} is not a folder; {len(rows)} reports need one."
            self.desk.chosen[INBOX] = text.strip()

            def save() -> None:
                if len(rows) == 1:
                    path = inbox.save(rows[0].id, target, user=user)
                    done.append(_result(rows[0], f"saved as {path.absolute()}"))
                else:
                    done.extend(_saved(rows, target, user))

            return await self.desk.attempt(save)

        folder = self.desk.chosen.get(INBOX, os.getcwd())
        ask = AskText(f"Save {of_what(rows)}", "A folder, or the path of a new file", folder, attempt=attempt)
        await self.app.push_screen_wait(ask)
        if done:
            self.done_with({str(row.id) for row, one in zip(rows, done, strict=True) if one.result not in results.BAD})
            results.tell(self.desk, "Save", done, "reports")

    async def do_pdf(self) -> None:
        """Show the PDF with the user's program; where there is none, save it."""
        (row,), user, program = self.situation().rows[:1], self.desk.user, self.desk.pdf_program
        if not program.command:
            self.desk.say("No PDF program can be started here (there is no desktop): save it instead.", "warning")
            await self.do_save()
            return

        def show() -> str:
            name, content = inbox.open_report(row.id, user=user)
            try:
                program.open(name, content)
            except OSError as error:
                raise Refused(f"{program.command} cannot be started: {error.strerror}.", hint="Save it.") from error
            return name

        name = await self.desk.carry_out(show)
        if name is not None:
            self.desk.say(f"Given to {program.command}: {name}.")

    async def do_delete(self) -> None:
        await self._delete([row.id for row in self.situation().rows], of_what(self.situation().rows))

    async def _delete(self, ids: Sequence[int], what: str) -> None:
        if not await self.desk.ask(
            f"Delete {what}?", "This cannot be undone. The documents stay posted.", yes="Delete"
        ):
            return
        user = self.desk.user
        if await self.desk.carry_out(lambda: inbox.delete(ids, user=user)) is not None:
            self.done_with({str(id_) for id_ in ids}, gone=True)
            self.desk.say(f"Deleted: {what}.")

    def done_with(self, keys: set[str], *, gone: bool = False) -> None:
        """These reports' action has succeeded; `gone` if they are deleted."""


def _result(row: Any, said: str) -> results.RecordResult:
    return results.RecordResult("", row.description, said)


def _saved(rows: Sequence[Any], folder: Path, user: str) -> list[results.RecordResult]:
    """Save each report in a folder; those that cannot be say why."""

    def save(place: int) -> str:
        return f"saved in {inbox.save(rows[place].id, folder, user=user).parent.absolute()}"

    return list(results.each([("", row.description) for row in rows], save))


class InboxPage(ListPage, ReportActions):
    """The list, the newest first."""

    PAGE = INBOX
    ACTIONS_OF = (INBOX, REPORT, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Report Inbox"
    ROWS = ("report", "reports")
    EMPTY = "No report. Post and Print lays them here where the Report Output Type is PDF."

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("new", "", 3, lambda row: Text("" if row.is_read else "new", "bold yellow")),
            time_column(self, "created", "Created", lambda row: row.created),
            Column("description", "Description", 0, lambda row: shown.text(row.description)),
            Column("document_no", "Document No.", 16, lambda row: shown.text(row.document_no)),
            Column("size", "Size", 9, lambda row: Text(size(row.size)), right=True, value=lambda row: str(row.size)),
        )

    def key_of(self, row: Any) -> str:
        return str(row.id)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        found = inbox.list_reports(filter, user=company.current_user())
        part = readings.sliced(found, self.key_of, window, self.columns())
        unread = sum(not row.is_read for row in found)
        return InboxSnapshot(part.rows, part.total, part.before, part.after, unread)

    def remark(self) -> str:
        unread = getattr(self.snapshot, "unread", 0)
        return f"{unread:,} unread" if unread else ""

    def detail(self, row: Any) -> Text:
        when = shown.whole_stamp(row.created, self.desk.time_zone)
        read = "read" if row.is_read else "not opened yet"
        return Text.assemble((visible(row.description), "bold"), f"\n{when}  {size(row.size)}  {read}")

    def done_with(self, keys: set[str], *, gone: bool = False) -> None:
        self.unmark(keys)

    async def do_open(self) -> None:
        """Show it, and mark it read; the card comes first, so that the next key is the card's."""
        id_, user = int(self.table.cursor_key), self.desk.user
        self.app.push_screen(ReportCard(id_))
        await self.desk.carry_out(lambda: inbox.open_report(id_, user=user))

    async def do_delete_all(self) -> None:
        """All that are there, or that the filter lets through, when the question is asked: not what comes meanwhile."""
        filter, user = self.state.filter, self.desk.user
        found = await self.desk.carry_out(lambda: inbox.list_reports(filter, user=user))
        if found:
            every = "the one report" if len(found) == 1 else f"all {counted(len(found), 'report')}"
            await self._delete([row.id for row in found], f"{every} that the filter lets through" if filter else every)


class ReportCard(CardPage, ReportActions):
    """One report: its facts, and what the document says that it shows."""

    PAGE = "report-card"
    ACTIONS_OF = (REPORT, CARD, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Report"
    SECTIONS = ("Report", "Contents", "General", "Lines", "VAT")

    def reading(self) -> Callable[[], Any]:
        id_, time_zone, width = self.record_key, self.desk.time_zone, self.size.width - MARGIN_ON_A_CARD
        return lambda: read_card(id_, time_zone, width)

    def asked(self) -> object:
        return (self.address, self.size.width)

    def done_with(self, keys: set[str], *, gone: bool = False) -> None:
        if gone and self.desk.page_in_front() is self:
            self.desk.pop_screen()


def read_card(id_: int, time_zone: str, width: int) -> CardSnapshot:
    """The card of one of the user's own reports, in so many columns. Raises NotFound."""
    row = inbox.show(id_, user=company.current_user())
    about = fields(
        ("Description", row.description),
        ("Document No.", row.document_no),
        ("Created", shown.whole_stamp(row.created, time_zone)),
        ("Size", size(row.size)),
    )
    document = inbox.document_of(row)
    sections = [Section("Report", about), *(posted_sections(document, time_zone) if document is not None else ())]
    listing = inbox.listing_of(id_, user=company.current_user())
    if listing is not None:
        sections.append(Section("Contents", in_one(listing, width)))
    return CardSnapshot(row, Text(visible(row.description), "bold"), tuple(one for one in sections if one.body))
