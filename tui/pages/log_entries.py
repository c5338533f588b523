"""Job Queue Log Entries: every run and how it ended, newest first; and the card of one run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from rich.text import Text

from postroom.core.counted import counted, named
from postroom.core.errors import NotFound
from postroom.core.plain_text import visible
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, CARD, LIST, LOG, bindings
from postroom.tui.pages import causes, results, subjects
from postroom.tui.pages.card import CardPage, CardSnapshot, Section, fields
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.pages.page import PageActions
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.keyed_table import Column, time_column


def outcome(entry: Any) -> Text:
    """The error itself, or the posted documents that came out."""
    if entry.errors:
        return Text(shown.one_line(entry.errors), "red")
    return Text(", ".join(visible(posted.no) for posted in entry.posted))


class LogActions(PageActions):
    """What can be done with one run, the same in the list and on the card."""

    async def do_mend(self) -> None:
        (row,) = self.situation().rows[:1]
        await causes.open_cause(self.desk, row.errors[0])

    async def do_show_record(self) -> None:
        (row,) = self.situation().rows[:1]
        await subjects.show_record(self.desk, row.record_type, row.record_no, row.posted)


class LogPage(ListPage, LogActions):
    """The list."""

    PAGE = LOG
    SORTS = tuple(readings.LOG_SORTS)
    ACTIONS_OF = (LOG, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Job Queue Log Entries"
    ROWS = ("log entry", "log entries")
    EMPTY = "Nothing has run yet.\n\nEvery posting leaves a line here, whether it succeeds or not."

    def columns(self) -> tuple[Column, ...]:
        def took_seconds(entry: Any) -> str:
            found = seconds(entry)
            return "" if found is None else f"{found:.3f}"

        return (
            Column("entry_no", "No.", 7, lambda entry: Text(str(entry.entry_no)), right=True, from_width=100),
            Column("status", "Status", 10, lambda entry: shown.status(entry.status)),
            Column(
                "record",
                "Record",
                28,
                lambda entry: Text(shown.record(entry.record_type, entry.record_no, entry.description)),
            ),
            time_column(self, "when", "Time", lambda entry: entry.end or entry.start),
            Column("duration", "Duration", 9, took, right=True, from_width=100, value=took_seconds),
            Column("job_queue", "Job Queue", 10, lambda entry: shown.text(entry.job_queue), from_width=140),
            Column("user", "User", 10, lambda entry: shown.text(entry.user), from_width=120),
            Column("outcome", "Error or result", 0, outcome),
        )

    def key_of(self, row: Any) -> str:
        return str(row.entry_no)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        return readings.read_log(filter, window)

    def detail(self, row: Any) -> Text:
        name = shown.record(row.record_type, row.record_no, row.description)
        text = Text.assemble((name, "bold"), "  ", shown.status(row.status), f"  by {visible(row.user)}")
        if row.end is not None:
            text.append(f" in {shown.duration(seconds(row))}")
        text.append("\n")
        if row.errors:
            return text.append(shown.problem_lines(row.errors))
        return text.append(", ".join(posted_title(posted) for posted in row.posted))

    def _open(self, unfold: str = "") -> None:
        self.app.push_screen(LogCard(int(self.table.cursor_key), unfold))

    def do_open(self) -> None:
        self._open()

    def do_show_errors(self) -> None:
        self._open("Errors")

    def do_show_call_stack(self) -> None:
        self._open("Call Stack")

    async def do_set_error(self) -> None:
        rows = [row for row in self.situation().rows if row.status == "In Process"]
        numbers, user = [row.entry_no for row in rows], self.desk.user
        what = named(numbers, *self.ROWS)
        details = "The worker that runs it loses its claim and can commit nothing any more."
        if await self.desk.ask(f"Set {what} to Error?", details, yes="Set to Error"):
            done = await self.desk.carry_out(lambda: readings.log().set_error(numbers, user=user))
            if done is not None:
                said = [
                    results.RecordResult("log-entry", str(number), one.result, errors=one.errors)
                    for number, one in zip(numbers, done, strict=True)
                ]
                self.unmark({one.no for one in said if one.result not in results.BAD})
                results.tell(self.desk, "Set Status to Error", said, self.ROWS[1])

    async def do_delete_old(self) -> None:
        await self._delete("Delete all log entries older than 7 days?", timedelta(days=7))

    async def do_delete_all(self) -> None:
        await self._delete("Delete all log entries?", None)

    async def _delete(self, question: str, age: timedelta | None) -> None:
        if not await self.desk.ask(question, "What is In Process stays.", yes="Delete"):
            return
        user = self.desk.user
        deleted = await self.desk.carry_out(lambda: readings.log().clean(age, user=user))
        if deleted is not None:
            self.desk.say(f"{counted(deleted, *self.ROWS)} deleted.")


def seconds(entry: Any) -> float | None:
    """How long the run took, to the fraction; None while it lasts."""
    return (entry.end - entry.start).total_seconds() if entry.end is not None and entry.start is not None else None


def took(entry: Any) -> Text:
    return Text(shown.duration(seconds(entry)))


def posted_title(posted: Any) -> str:
    """`Posted Sales Invoice S-INV+1001`."""
    return visible(f"Posted {str(posted.area).title()} {str(posted.kind).replace('_', ' ').title()} {posted.no}")


class LogCard(CardPage, LogActions):
    """One run: errors, posted documents, call stack, and all its fields."""

    PAGE = "job-queue-log-entry"
    ACTIONS_OF = (CARD, LOG, ANYWHERE)
    WITHOUT = frozenset(
        f"{LOG}.{name}" for name in ("open", "show-errors", "show-call-stack", "set-error", "delete-old", "delete-all")
    )
    BINDINGS: ClassVar = bindings(*ACTIONS_OF, without=WITHOUT)
    CAPTION = "Job Queue Log Entry"
    SECTIONS = ("Errors", "Posted Documents", "General", "Call Stack")

    def read(self, time_zone: str) -> CardSnapshot:
        return read_card(self.record_key, time_zone)


def read_card(entry_no: int, time_zone: str) -> CardSnapshot:
    """The card of a run, or one that says that it is gone."""
    try:
        entry = readings.log().show(entry_no)
    except NotFound:
        gone = Section("General", Text("This log entry was deleted."))
        return CardSnapshot(None, Text("Job Queue Log Entry", "bold"), (gone,))
    name = shown.record(entry.record_type, entry.record_no, entry.description)
    title = Text.assemble((f"Log Entry {entry.entry_no}   {name}", "bold"), "   ", shown.status(entry.status))
    general = fields(
        ("Description", entry.description),
        ("Status", shown.status(entry.status)),
        ("Start", shown.whole_stamp(entry.start, time_zone)),
        ("End", shown.whole_stamp(entry.end, time_zone)),
        ("Duration", shown.duration(seconds(entry))),
        ("Attempt", entry.attempt),
        ("User ID", entry.user),
        ("Job Queue", entry.job_queue),
        ("Job Queue Category Code", entry.category),
        ("Worker", f"{entry.host}, process {entry.process_id}" if entry.process_id else ""),
        ("Job Queue Entry ID", entry.job_queue_entry_id),
    )
    sections = [
        Section("Errors", shown.problem_lines(entry.errors)),
        Section("Posted Documents", Text("\n".join(posted_title(posted) for posted in entry.posted))),
        Section("General", general),
        Section("Call Stack", Text(visible(entry.call_stack, line_breaks=True))),
    ]
    return CardSnapshot(entry, title, tuple(section for section in sections if section.body))
