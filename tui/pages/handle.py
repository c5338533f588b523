"""Documents to Handle: those whose posting failed, the same reasons together; mend the cause once, post all again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import company, documents
from postroom.core.counted import counted
from postroom.core.jobs import background, handling
from postroom.core.plain_text import visible
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, LIST, bindings
from postroom.tui.actions.jobs import HANDLE
from postroom.tui.pages import causes, results
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import Reading
from postroom.tui.widgets.keyed_table import Column


def said(row: Any) -> str:
    """All that is wrong with a document, to filter by."""
    return " ".join(problem.message for problem in row.errors)


class HandlePage(ListPage):
    """Mine first, everyone's below them or left out."""

    PAGE = HANDLE
    ACTIONS_OF = (HANDLE, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Documents to Handle"
    ROWS = ("document", "documents")
    EMPTY = "Nothing is in error. What fails in the background is collected here, with its reason."

    @property
    def mine_only(self) -> bool:
        return self.desk.chosen.get(self.address) == "mine"

    def asked(self) -> object:
        return (*super().asked(), self.mine_only)  # type: ignore[misc]

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("record", "Document", 26, lambda row: Text(shown.record(row.type, row.no))),
            Column("user", "User", 10, lambda row: shown.text(row.user), from_width=100),
            Column("batch", "Batch", 6, lambda row: Text(str(row.batch_no or "")), right=True, from_width=120),
            Column("error", "What is wrong", 0, lambda row: Text(shown.one_line(row.errors), "red")),
        )

    def key_of(self, row: Any) -> str:
        return str(row.entry_id)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        rows = handling.list_documents(company.current_user(), mine_only=self.mine_only)
        found = readings.matching(rows, filter, "type", "no", "user", "batch_no", errors=said)
        return readings.sliced(found, self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        same = self._same_reason(row)
        text = Text.assemble((shown.record(row.type, row.no), "bold"), f"  queued by {visible(row.user)}")
        if len(same) > 1:
            text.append(f"  {len(same)} documents have this reason", "yellow")
        return text.append("\n").append(shown.problem_lines(row.errors))

    def _same_reason(self, row: Any) -> list[Any]:
        return [one for one in self.snapshot.rows if one.reason == row.reason]

    async def do_open(self) -> None:
        (row,) = self.situation().rows[:1]
        text = Text.assemble((shown.record(row.type, row.no), "bold"), "\n\n", shown.problem_lines(row.errors))
        answer = await self.app.push_screen_wait(Reading("Errors", text, {"m": "Go to the Cause", "t": "Post Again"}))
        if answer == "m":
            await causes.open_cause(self.desk, row.errors[0])
        elif answer == "t":
            await self._again([row])

    async def do_mend(self) -> None:
        (row,) = self.situation().rows[:1]
        if row.errors:
            await causes.open_cause(self.desk, row.errors[0])

    async def do_again(self) -> None:
        await self._again(self.situation().rows)

    async def do_again_group(self) -> None:
        (row,) = self.situation().rows[:1]
        same = self._same_reason(row)
        question = f"Post again all {len(same)} documents with this reason?" if len(same) > 1 else "Post it again?"
        if await self.desk.ask(question, shown.one_line(row.errors), yes="Post Again"):
            await self._again(same)

    async def _again(self, rows: Sequence[Any]) -> None:
        user = self.desk.user
        wanted = [(row.no, row.type) for row in rows]

        def post(progress: Any) -> Any:
            ids = [documents.find(no, kind).id for no, kind in wanted]
            request = background.PostRequest(mode="queue", again=True, queue_anyway=len(ids) > 1)
            return background.post(ids, request, user=user, progress=progress)

        done = await self.desk.long_work(f"Post again: {len(wanted)} documents", len(wanted), post)
        if done is not None:
            self.unmark({row.entry_id for row in rows})
            await causes.tell(self.desk, "Post Again", done)

    async def do_document(self) -> None:
        from postroom.tui.pages.document import DocumentCard

        (row,) = self.situation().rows[:1]
        found = await self.desk.carry_out(lambda: documents.find(row.no, row.type))
        if found is not None:
            self.desk.show_page(DocumentCard(found.id, found.type))

    def do_mine(self) -> None:
        self.desk.chosen[self.address] = "" if self.mine_only else "mine"
        self.desk.say("Only what I queued is shown." if self.mine_only else "What anybody queued is shown.")
        self.awaits = True
        self.desk.look_now(even_if_paused=True)

    async def do_remove(self) -> None:
        rows, user = list(self.situation().rows), self.desk.user
        what = shown.record(rows[0].type, rows[0].no) if len(rows) == 1 else counted(len(rows), "document")
        if await results.ask_to_remove(self.desk, what, len(rows)):
            wanted = [(row.no, row.type) for row in rows]
            done = await self.desk.carry_out(
                lambda: background.remove([documents.find(no, kind).id for no, kind in wanted], user=user)
            )
            results.tell(self.desk, "Remove From Job Queue", done or ())
