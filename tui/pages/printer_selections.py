"""Printer Selections: which printer a user's report goes to; the most specific one wins."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text

from postroom.core import company, users
from postroom.core.counted import counted
from postroom.core.plain_text import visible
from postroom.core.printing import printers, selections
from postroom.core.printing.reports import REPORTS
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, LIST, bindings
from postroom.tui.actions.printing import SELECTIONS
from postroom.tui.pages import results
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import AskText
from postroom.tui.widgets.keyed_table import Column
from postroom.tui.widgets.search import Find, Search

ANY_USER, ANY_REPORT = "(any user)", "(any report)"
ANOTHER = "\0"
"""The choice of a user that no list names: no user is called so."""


def report_title(name: str) -> str:
    """A report as read on screen; a blank name stands for any."""
    return REPORTS[name].title if name in REPORTS else name or ANY_REPORT


def said(row: Any) -> str:
    """For whom and what a selection is."""
    return f"{row.user or ANY_USER}, {report_title(row.report)}"


class SelectionsPage(ListPage):
    """The list."""

    PAGE = SELECTIONS
    ACTIONS_OF = (SELECTIONS, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Printer Selections"
    ROWS = ("selection", "selections")
    EMPTY = "No printer is selected: every report comes into the Report Inbox. Ctrl+N selects one."

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("user", "User ID", 24, lambda row: shown.text(row.user or ANY_USER)),
            Column("report", "Report", 26, lambda row: Text(report_title(row.report))),
            Column("printer", "Printer", 0, lambda row: shown.text(row.printer)),
        )

    def key_of(self, row: Any) -> str:
        return f"{row.report} {row.user}"

    def read(self, filter: str, window: Window) -> ListSnapshot:
        found = readings.matching(selections.list_selections(), filter, "user", "report", "printer")
        return readings.sliced(found, self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        text = Text.assemble((visible(said(row)), "bold"), f": {visible(row.printer)}\n")
        return text.append("The most specific selection wins: user and report, report, user, then any.", shown.FAINT)

    async def do_new(self) -> None:
        """Choose the user, the report and the printer, one after the other; Esc leaves everything as it was."""
        user = await self._choose_user()
        if user is None:
            return
        finds = [Find("", ANY_REPORT, ""), *(Find(name, report.title, "") for name, report in REPORTS.items())]
        report = await self.app.push_screen_wait(Search(finds, title="Report"))
        if report is not None:
            await self._select(user, report, "")

    async def do_open(self) -> None:
        row = self.table.row_of(self.table.cursor_key)
        await self._select(row.user, row.report, row.printer)

    async def _choose_user(self) -> str | None:
        """One of the users that are known here, another by name, or any (blank); None to leave it."""
        names = await self.desk.carry_out(_user_names)
        if names is None:
            return None
        finds = [Find("", ANY_USER, ""), *(Find(name, visible(name), "") for name in names)]
        chosen = await self.app.push_screen_wait(Search([*finds, Find(ANOTHER, "Another user", "")], title="User ID"))
        if chosen != ANOTHER:
            return chosen
        return await self.app.push_screen_wait(AskText("User ID", "As the system or the database knows the user"))

    async def _select(self, for_user: str, report: str, present: str) -> None:
        """Choose the printer and let the reports go there."""
        rows = await self.desk.carry_out(printers.list_printers)
        if not rows:
            if rows is not None:
                self.desk.say("There is no printer yet; make one on the page Printers.", "warning")
            return
        finds = [Find(row.code, f"{visible(row.code)}  {visible(row.description)}".strip(), "") for row in rows]
        printer = await self.app.push_screen_wait(Search(finds, title="Printer", value=present))
        if printer is None or printer == present:
            return
        user = self.desk.user
        done = await self.desk.carry_out(
            lambda: selections.select(printer, for_user=for_user, report=report, user=user)
        )
        if done is not None:
            self.desk.say(f"{said(done)}: {done.printer}.")

    async def do_delete(self) -> None:
        rows, user = self.situation().rows, self.desk.user
        what = f"the selection for {said(rows[0])}" if len(rows) == 1 else counted(len(rows), "selection")
        if not await self.desk.ask(f"Delete {what}?", yes="Delete"):
            return

        def delete(place: int) -> str:
            selections.delete(for_user=rows[place].user, report=rows[place].report, user=user)
            return "deleted"

        named = [("printer-selection", said(row)) for row in rows]
        done = await self.desk.carry_out(lambda: list(results.each(named, delete)))
        if done is not None:
            gone = {self.key_of(row) for row, one in zip(rows, done, strict=True) if one.result not in results.BAD}
            self.unmark(gone)
            results.tell(self.desk, "Delete", done, "selections")


def _user_names() -> list[str]:
    """The users that User Setup or a selection names, and the one at work."""
    named = {view.user_id for view in users.list_users()} | {row.user for row in selections.list_selections()}
    return sorted((named | {company.current_user()}) - {""})
