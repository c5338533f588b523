"""The Role Centre: the cues, how fast the work goes, and My Job Queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Sparkline, Static

from postroom.core import company, cues
from postroom.core.cues import Cues
from postroom.core.jobs import notes
from postroom.core.plain_text import visible
from postroom.core.tables.work import JobQueueEntry
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, ENTRIES, LIST, bindings
from postroom.tui.actions.documents import ROLE_CENTRE
from postroom.tui.pages.entries import EntryActions, EntryCard, reason
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.pages.queues import start_consumer
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.keyed_table import Column

CUES_A_LINE, CUE_WIDTH = 4, 20
"""The cues stand in columns, four a line, which 80 characters have room for."""


@dataclass(frozen=True, slots=True)
class RoleSnapshot:
    """The cues, and my entries."""

    cues: Cues
    mine: ListSnapshot


class RoleCentre(EntryActions, ListPage):
    """The first page."""

    PAGE = ROLE_CENTRE
    SORTS = ()
    ACTIONS_OF = (ROLE_CENTRE, ENTRIES, LIST, ANYWHERE)
    WITHOUT = frozenset(f"{ENTRIES}.{name}" for name in ("cancel", "run-once", "set-on-hold", "remove-failed"))
    BINDINGS: ClassVar = bindings(*ACTIONS_OF, without=WITHOUT)
    CAPTION = "My Job Queue"
    ROWS = ("entry of mine", "entries of mine")
    EMPTY = (
        "Nothing of mine waits or has failed.\n\nGo to Documents (1) and post one with F9;"
        " : finds Import, which takes documents from CSV files."
    )

    @property
    def caption(self) -> str:
        return "Role Centre"

    def body(self) -> ComposeResult:
        yield Static(markup=False, id="cues")
        with Horizontal(id="pace"):
            yield Static(markup=False, id="pace-text")
            yield Sparkline([0] * cues.MINUTES, id="pace-line")
        yield from super().body()

    def columns(self) -> tuple[Column, ...]:
        return (
            Column(
                "record", "Record", 28, lambda one: Text(shown.record(one.record_type, one.record_no, one.description))
            ),
            Column("status", "Status", 11, lambda one: shown.status(one.status)),
            Column("reason", "Why", 0, reason),
        )

    def key_of(self, row: Any) -> str:
        return str(row.entry_no)

    def read(self, filter: str, window: Window) -> Any:
        user = company.current_user()
        where = [JobQueueEntry.user_id == user, *readings.entries().conditions(filter)]
        return RoleSnapshot(cues.read(user), readings.read_entries_where(where, window))

    def show(self, snapshot: Any) -> None:
        self._draw_cues(snapshot.cues)
        super().show(snapshot.mine)

    def _draw_cues(self, now: Cues) -> None:
        unread = self.desk.health.standing.unread_notes
        cues_shown = (
            ("1", "Documents", None, ""),
            ("2", "In Queue", now.in_queue, "bold blue"),
            ("3", "In Process", now.status.in_process, "bold cyan"),
            ("4", "Errors", now.status.errors, "bold red" if now.status.errors else "bold green"),
            ("5", "Posted Today", now.posted_today, "bold green"),
            ("6", "To Handle", now.to_handle, "bold red" if now.to_handle else "bold green"),
            ("7", "Notes", unread, "bold yellow" if unread else "bold"),
            ("8", "Job Queues", None, ""),
        )
        text = Text()
        for place, (key, caption, value, style) in enumerate(cues_shown):
            cue = Text(" ").append(key, shown.FAINT).append(f" {caption}")
            if value is not None:
                cue.append(f" {value:,}", style)
            if place % CUES_A_LINE < CUES_A_LINE - 1:
                cue.pad_right(max(2, CUE_WIDTH - cue.cell_len))
            text.append("\n" if place == CUES_A_LINE else "").append(cue)
        for line in now.status.attention[:3]:
            text.append(f"\n ! {visible(line)}", "yellow")
        if not now.status.consumers:
            text.append("\n   c starts a consumer on this host.", shown.FAINT)
        elif not now.status.attention:
            text.append("\n Nothing needs attention.", shown.FAINT)
        drawn = self.query_one("#cues", Static)
        if drawn.content != text:
            drawn.update(text)
        left = now.status.seconds_until_empty
        said = f"{now.status.ended_per_minute or ('under 1' if left else 0)} a minute"
        if now.status.backlog and left is not None:
            said += f", empty in {shown.duration(left)}"
        pace = self.query_one("#pace-text", Static)
        if pace.content != f" Throughput: {said}  ":
            pace.update(f" Throughput: {said}  ")
        pace_line = self.query_one(Sparkline)
        if list(pace_line.data or ()) != list(now.throughput):
            pace_line.data = list(now.throughput)

    def detail(self, row: Any) -> Text:
        text = Text.assemble((shown.record(row.record_type, row.record_no, row.description), "bold"), "  ")
        text.append(shown.status(row.status)).append("\n")
        return text.append(shown.problem_lines(row.errors) if row.errors else reason(row))

    def done_with(self, keys: set[str]) -> None:
        self.unmark(keys)

    def do_open(self) -> None:
        self.app.push_screen(EntryCard(self.table.row_of(self.table.cursor_key).id))

    def do_show_errors(self) -> None:
        self.app.push_screen(EntryCard(self.table.row_of(self.table.cursor_key).id, "Errors"))

    def do_why(self) -> None:
        self.do_open()

    def do_documents(self) -> None:
        self.desk.open_page("documents")

    def _entries(self, filter: str) -> None:
        page: Any = self.desk.open_page("job-queue-entries")
        page.want_filter(filter)

    def do_in_queue(self) -> None:
        self._entries("status=Ready|Waiting")

    def do_in_process(self) -> None:
        self._entries("status='In Process'")

    def do_errors(self) -> None:
        self._entries("status=Error")

    def do_posted_today(self) -> None:
        self.desk.open_page("posted-documents")

    def do_to_handle(self) -> None:
        self.desk.open_page("documents-to-handle")

    def do_notes(self) -> None:
        self.desk.open_page("notes")

    def do_queues(self) -> None:
        self.desk.open_page("job-queues")

    async def do_consumer(self) -> None:
        await start_consumer(self.desk)

    async def do_read(self) -> None:
        user = self.desk.user
        await self.desk.carry_out(lambda: notes.mark_read(user))
