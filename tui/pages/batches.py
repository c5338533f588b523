"""Batches with their progress, and the notes that Postroom left for a user."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text

from postroom.core import company
from postroom.core.counted import counted
from postroom.core.jobs import background, batches, notes, undo
from postroom.core.plain_text import visible
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, LIST, bindings
from postroom.tui.actions.jobs import BATCHES, NOTES
from postroom.tui.pages import results, subjects, undoing
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import Reading
from postroom.tui.widgets.keyed_table import Column, time_column

BAR = 16
"""How long a whole batch is drawn: 80 characters have room for it."""


def bar(row: Any) -> Text:
    """How far a batch is: posted `=`, failed `!`, to go `.`."""
    if not row.total:
        return Text("")
    posted, failed = BAR * row.posted // row.total, -(-BAR * row.failed // row.total)
    text = Text("=" * posted, "green").append("!" * failed, "bold red")
    return text.append("." * max(0, BAR - posted - failed), shown.FAINT)


class BatchesPage(ListPage):
    """The batches, newest first."""

    PAGE = BATCHES
    ACTIONS_OF = (BATCHES, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Batches"
    ROWS = ("batch", "batches")
    EMPTY = "No batch yet. Several documents posted at once are one, and so is what a batch job queues."

    def columns(self) -> tuple[Column, ...]:
        def number(name: str, caption: str) -> Column:
            return Column(name, caption, 6, lambda row: Text(f"{getattr(row, name):,}"), right=True)

        return (
            Column("no", "No.", 5, lambda row: Text(str(row.no)), right=True),
            time_column(self, "created", "Time", lambda row: row.created),
            number("posted", "Posted"),
            number("failed", "Failed"),
            number("to_go", "To go"),
            Column("bar", "Progress", BAR, bar, is_drawing=True),
            Column("report", "Report", 0, lambda row: shown.text(row.report)),
            Column("user", "User", 10, lambda row: shown.text(row.user), from_width=110),
        )

    def key_of(self, row: Any) -> str:
        return str(row.no)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        fields = ("no", "report", "user", "created", "total", "posted", "failed", "to_go")
        found = readings.matching(batches.list_batches(), filter, *fields)
        return readings.sliced(found, self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        said = f"{row.posted} of {row.total} posted, {row.failed} failed, {row.to_go} to go"
        return Text.assemble((f"Batch {row.no}  {visible(row.report)}", "bold"), f"  by {visible(row.user)}\n{said}")

    async def do_open(self) -> None:
        """Its entries; where none is left, what became of it."""
        filter = f"batch_no={self.table.cursor_key}"
        found = await self.desk.carry_out(lambda: readings.read_entries(filter, Window()))
        if found is None:
            return
        if not found.rows:
            self.do_result()
            return
        page: Any = self.desk.open_page("job-queue-entries")
        page.want_filter(filter)

    def do_posted(self) -> None:
        page: Any = self.desk.open_page("posted-documents")
        page.want_filter(f"batch_no={self.table.cursor_key}")

    def do_result(self) -> None:
        self.desk.open_page("batch-result", about=self.table.cursor_key)

    def _chosen(self) -> tuple[list[int], str]:
        """The numbers of the batches that an action is for, and what they are called."""
        numbers = [row.no for row in self.situation().rows]
        named = ", ".join(map(str, numbers))
        return numbers, f"batch {named}" if len(numbers) == 1 else f"batches {named}"

    async def do_remove(self) -> None:
        """Take what still waits of the batches out of the job queue."""
        (numbers, title), user = self._chosen(), self.desk.user
        ids = await self.desk.carry_out(lambda: [id_ for no in numbers for id_ in batches.waiting(no)])
        if not ids:
            if ids is not None:
                self.desk.say(f"No document of {title} waits any more.", "warning")
            return
        waits = counted(len(ids), "document that waits", "documents that wait")
        if await results.ask_to_remove(self.desk, f"{waits} of {title}", len(ids)):
            done = await self.desk.long_work(
                f"Remove From Job Queue: {counted(len(ids), 'document')}",
                len(ids),
                lambda progress: background.remove(ids, user=user, progress=progress),
            )
            if done is not None:
                results.tell(self.desk, "Remove From Job Queue", done)
                self.unmark(set(map(str, numbers)))

    async def do_cancel(self) -> None:
        """Undo what the batches have posted."""
        numbers, title = self._chosen()
        ids = await self.desk.carry_out(lambda: [id_ for no in numbers for id_ in undo.of_batch(no)])
        if not ids:
            self.desk.say(f"No invoice and no credit memo of {title} is posted.", "warning")
            return
        what = f"what {title} posted"
        if await undoing.cancel(self.desk, ids, what, f"Cancel {title.title()}") is not None:
            self.unmark(set(map(str, numbers)))

    async def do_restart(self) -> None:
        numbers, user = [row.no for row in self.situation().rows], self.desk.user
        done = await self.desk.carry_out(lambda: [one for no in numbers for one in batches.restart(no, user=user)])
        if done is not None:
            results.tell(self.desk, "Restart", done)


class NotesPage(ListPage):
    """My notes, newest first."""

    PAGE = NOTES
    ACTIONS_OF = (NOTES, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Notes"
    ROWS = ("note", "notes")
    EMPTY = "No note. Failures leave one, and successes where Notify on Success is on."

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("new", "", 3, lambda row: Text("" if row.is_read else "new", "bold yellow")),
            time_column(self, "created", "Time", lambda row: row.created),
            Column("text", "Note", 0, lambda row: shown.text(row.text)),
        )

    def key_of(self, row: Any) -> str:
        return str(row.id)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        fields = ("text", "created", "is_read", "record_type", "record_no")
        found = readings.matching(notes.list_notes(company.current_user()), filter, *fields)
        return readings.sliced(found, self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        when = shown.whole_stamp(row.created, self.desk.time_zone)
        return Text.assemble((when, "bold"), "\n", visible(row.text, line_breaks=True))

    async def do_open(self) -> None:
        """Read the note; then it is new no more. From there to what it is about."""
        (row,) = self.situation().rows[:1]
        user, answers = self.desk.user, {"d": "Show Record"} if row.record_type else {}
        if not row.is_read:
            await self.desk.carry_out(lambda: notes.mark_read(user, row.id))
        if await self.app.push_screen_wait(Reading("Note", self.detail(row), answers)):
            await self.do_show_record()

    async def do_show_record(self) -> None:
        (row,) = self.situation().rows[:1]
        await subjects.show_record(self.desk, row.record_type, row.record_no)

    async def do_mark_read(self) -> None:
        user = self.desk.user
        await self.desk.carry_out(lambda: notes.mark_read(user))
