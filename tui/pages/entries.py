"""Job Queue Entries: what waits, what runs, what failed and why; and the card of one entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text

from postroom.core.counted import counted, plural
from postroom.core.errors import NotFound
from postroom.core.plain_text import visible
from postroom.core.values import shown_duration
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, CARD, ENTRIES, LIST, bindings
from postroom.tui.pages import causes, directory, subjects
from postroom.tui.pages.card import CardPage, CardSnapshot, Section, fields
from postroom.tui.pages.entry_fields import EntryFieldsPage
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.pages.page import PageActions
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import AskText, Reading
from postroom.tui.widgets.keyed_table import Column, time_column
from postroom.tui.widgets.search import Choose


def reason(entry: Any) -> Text:
    """In the list: the error itself, or why it is not running."""
    if entry.errors:
        return Text(shown.one_line(entry.errors), "red")
    if entry.status == "In Process":
        return Text(f"on {visible(entry.host)}, process {entry.process_id}", shown.FAINT)
    return Text(visible(entry.why.text) if entry.why is not None else "")


class EntryActions(PageActions):
    """What can be done with job queue entries, the same in the list and on the card."""

    def chosen(self) -> list[Any]:
        """The entries that an action is for."""
        return list(self.situation().rows)

    async def _on_each(
        self, verb: str, use_case: Callable[..., Any], question: str = "", *, yes: str = "Yes", no: str = "No"
    ) -> None:
        """Ask if it is dangerous, do it, and report on every entry: one as a message, several in a box."""
        entries = self.chosen()
        if question and not await self.desk.ask(question.format(of_what(entries)), listing(entries), yes=yes, no=no):
            return
        ids, user = [entry.id for entry in entries], self.desk.user
        results = await self.desk.carry_out(lambda: use_case(ids, user=user))
        if results is not None:
            self._report(verb, entries, list(results))

    def _report(self, verb: str, entries: Sequence[Any], results: Sequence[Any]) -> None:
        failed = [result for result in results if result.errors]
        self.done_with(
            {str(entry.entry_no) for entry, result in zip(entries, results, strict=False) if not result.errors}
        )
        if not failed:
            self.desk.say(f"{verb}: {of_what(entries)}.")
            return
        report = Text(f"{len(results) - len(failed)} done, {len(failed)} refused\n\n")
        for entry, result in zip(entries, results, strict=False):
            report.append(f"{name_of(entry)}\n", "bold")
            if result.errors:
                report.append(shown.problem_lines(result.errors)).append("\n")
            else:
                report.append(f"   {verb}\n", "green")
        self.app.push_screen(Reading(verb, report))

    def done_with(self, keys: set[str]) -> None:
        """These entries' action has succeeded."""

    def do_set_ready(self) -> Any:
        return self._on_each("Set to Ready", readings.entries().set_ready)

    def do_set_on_hold(self) -> Any:
        return self._on_each("Set On Hold", readings.entries().set_on_hold)

    def do_restart(self) -> Any:
        return self._on_each("Restarted", readings.entries().restart)

    def do_cancel(self) -> Any:
        question = "Cancel {}? What runs is stopped and rolled back."
        it = plural(len(self.chosen()), "it", "them")
        yes, no = f"Yes, cancel {it}", f"No, let {it} run"
        return self._on_each("Cancel asked for", readings.entries().cancel, question, yes=yes, no=no)

    def do_delete(self) -> Any:
        question = "Delete {}? Documents stay Released."
        return self._on_each("Deleted", readings.entries().delete, question, yes="Delete")

    def do_run_once(self) -> Any:
        question = "Run {} now, in the foreground?"
        return self._on_each("Run", readings.entries().run_once, question, yes="Run")

    async def do_set_priority(self) -> None:
        entries, user = self.chosen(), self.desk.user
        ids = [entry.id for entry in entries]
        results: list[Any] = []

        async def attempt(typed: str) -> str:
            if not typed.strip().isascii() or not typed.strip().isdigit() or len(typed.strip()) > 9:
                return f"{typed} is not a priority. Type a whole number; 0 is served first."
            return await self.desk.attempt(
                lambda: results.extend(readings.entries().set_priority(ids, int(typed), user=user))
            )

        caption = f"Priority of {of_what(entries)}. 0 is served first."
        box = AskText("Set Priority", caption, str(entries[0].priority), attempt=attempt)
        typed = await self.app.push_screen_wait(box)
        if typed is not None:
            self._report(f"Priority {int(typed)}", entries, results)

    async def do_edit(self) -> None:
        """Its fields; what is not On Hold is set so first, if the person says so."""
        entry, user = self.chosen()[0], self.desk.user
        if entry.status != "On Hold":
            question = f"Fields are changed On Hold. Set {name_of(entry)} on hold?"
            if not await self.desk.ask(question, "r sets it to Ready again.", yes="Set On Hold"):
                return
            held = await self.desk.carry_out(lambda: readings.entries().set_on_hold([entry.id], user=user))
            if held is None or held[0].errors:
                self._report("Set On Hold", [entry], list(held or ()))
                return
        self.app.push_screen(EntryFieldsPage(self.chosen()[0].entry_no, self.chosen()[0].job))

    async def do_mend(self) -> None:
        await causes.open_cause(self.desk, self.chosen()[0].errors[0])

    async def do_show_record(self) -> None:
        entry = self.chosen()[0]
        await subjects.show_record(self.desk, entry.record_type, entry.record_no)

    async def do_schedule(self) -> None:
        """Ask which job, and open its request page."""
        pages = directory.job_pages()
        chosen = await self.app.push_screen_wait(Choose("Schedule a Job", list(pages), next(iter(pages))))
        if chosen is not None:
            self.desk.open_page(pages[chosen])

    def do_log_entries(self) -> None:
        page = self.desk.open_page("job-queue-log-entries")
        assert isinstance(page, ListPage)
        page.want_filter(f"job_queue_entry_id={self.chosen()[0].id}")


def name_of(entry: Any) -> str:
    """`Sales Invoice S-INV1001 (entry 7)`."""
    return f"{shown.record(entry.record_type, entry.record_no, entry.description)} (entry {entry.entry_no})"


def of_what(entries: Sequence[Any]) -> str:
    """What a question or message is about: the one entry by name, several by number."""
    return name_of(entries[0]) if len(entries) == 1 else counted(len(entries), "entry", "entries")


def failed_ones(entries: Sequence[Any]) -> str:
    """`3 failed entries`."""
    return counted(len(entries), "failed entry", "failed entries")


def listing(entries: Sequence[Any]) -> str:
    """The entries by name, for a question about several."""
    if len(entries) < 2:
        return ""
    more = [f"and {len(entries) - 8} more"] if len(entries) > 8 else []
    return "\n".join([*(name_of(entry) for entry in entries[:8]), *more])


class EntriesPage(EntryActions, ListPage):
    """The list."""

    PAGE = ENTRIES
    SORTS = tuple(readings.ENTRY_SORTS)
    ACTIONS_OF = (ENTRIES, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Job Queue Entries"
    ROWS = ("entry", "entries")
    EMPTY = "The job queue is empty.\n\nWhat is posted via the job queue waits here. : finds Sales & Receivables Setup."

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("entry_no", "No.", 6, lambda entry: Text(str(entry.entry_no)), right=True, from_width=100),
            Column("status", "Status", 10, lambda entry: shown.status(entry.status)),
            Column(
                "record",
                "Record",
                28,
                lambda entry: Text(shown.record(entry.record_type, entry.record_no, entry.description)),
            ),
            Column("category", "Category", 10, lambda entry: shown.text(entry.category), from_width=90),
            Column("priority", "Prio.", 5, lambda entry: Text(str(entry.priority)), right=True, from_width=140),
            Column("attempts", "Att.", 4, attempts, right=True, from_width=120),
            time_column(self, "started", "Start", lambda entry: entry.started or entry.earliest_start, 140),
            Column("user", "User", 10, lambda entry: shown.text(entry.user), from_width=120),
            Column("reason", "Error or why it waits", 0, reason),
        )

    def key_of(self, row: Any) -> str:
        return str(row.entry_no)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        return readings.read_entries(filter, window)

    def detail(self, row: Any) -> Text:
        text = Text.assemble((name_of(row), "bold"), "  ", shown.status(row.status), f"  by {visible(row.user)}\n")
        if row.errors:
            return text.append(shown.problem_lines(row.errors))
        return text.append(visible(row.why.text) if row.why is not None else reason(row).plain)

    def done_with(self, keys: set[str]) -> None:
        self.unmark(keys)

    def _open(self, unfold: str = "") -> None:
        """The card of the entry under the cursor, whatever is marked."""
        self.app.push_screen(EntryCard(self.table.row_of(self.table.cursor_key).id, unfold))

    def do_open(self) -> None:
        self._open()

    def do_show_errors(self) -> None:
        self._open("Errors")

    def do_why(self) -> None:
        self._open("Why Is It Not Running?")

    async def do_remove_failed(self) -> None:
        """Delete what is in Error and matches; how many that are is asked about."""
        filter, user = f"status=Error {self.state.filter}", self.desk.user
        failed = await self.desk.carry_out(lambda: readings.entries().list_entries(filter))
        if not failed:
            self.desk.say("No entry that is shown is in Error.", "warning")
            return
        question = f"Remove {failed_ones(failed)}? Documents stay Released."
        if await self.desk.ask(question, listing(failed), yes="Remove"):
            ids = [entry.id for entry in failed]
            results = await self.desk.carry_out(lambda: readings.entries().delete(ids, user=user))
            if results is not None:
                self._report("Removed", failed, list(results))


def attempts(entry: Any) -> Text:
    """`1/3`, blank before the first."""
    return Text(f"{entry.attempts}/{entry.max_attempts}" if entry.attempts else "")


class EntryCard(EntryActions, CardPage):
    """One entry: its errors, why it is not running, all its fields."""

    PAGE = "job-queue-entry"
    ACTIONS_OF = (CARD, ENTRIES, ANYWHERE)
    WITHOUT = frozenset(f"{ENTRIES}.{name}" for name in ("open", "show-errors", "why", "schedule", "remove-failed"))
    BINDINGS: ClassVar = bindings(*ACTIONS_OF, without=WITHOUT)
    CAPTION = "Job Queue Entry Card"
    SECTIONS = ("Errors", "Why Is It Not Running?", "General", "Options", "Schedule", "Attempts")

    def read(self, time_zone: str) -> CardSnapshot:
        return read_card(self.record_key, time_zone)


def options_of(parameters: str) -> Text:
    """An entry's parameters, those that say something."""
    given = {name: value for name, value in json.loads(parameters or "{}").items() if value not in (None, False, "")}
    return fields(*((shown.caption(name), "Yes" if value is True else value) for name, value in given.items()))


def read_card(entry_id: str, time_zone: str) -> CardSnapshot:
    """The card of an entry, or one that says that it is gone."""
    try:
        entry = readings.entries().show(entry_id)
    except NotFound:
        gone = Section("General", Text("The entry is gone: it has ended with success, or it was deleted."))
        return CardSnapshot(None, Text("Job Queue Entry", "bold"), (gone,))
    title = Text.assemble((name_of(entry), "bold"), "   ", shown.status(entry.status))
    general = fields(
        ("Entry No.", entry.entry_no),
        ("ID", entry.id),
        ("Object to Run", entry.job),
        ("Record to Process", shown.record(entry.record_type, entry.record_no)),
        ("Description", entry.description),
        ("User ID", entry.user),
        ("Status", shown.status(entry.status)),
        ("Job Queue Category Code", entry.category),
        ("Priority", entry.priority),
        ("Batch No.", entry.batch_no),
        ("Started", shown.whole_stamp(entry.started, time_zone)),
        ("Worker", f"{entry.host}, process {entry.process_id}" if entry.process_id else ""),
    )
    schedule = fields(
        ("Earliest Start", shown.whole_stamp(entry.earliest_start, time_zone)),
        ("Expiration", shown.whole_stamp(entry.expiration, time_zone)),
        ("Runs Again", entry.recurrence.partition(", next ")[0]),
        ("Next Run", shown.whole_stamp(entry.next_run, time_zone)),
    )
    attempts = fields(
        ("Attempts", f"{entry.attempts} of {entry.max_attempts}"),
        ("Rerun Delay (sec.)", entry.rerun_delay),
        ("Job Timeout", shown_duration(entry.job_timeout)),
        ("Notify on Success", "Yes" if entry.notify_on_success else "No"),
    )
    sections = [
        Section("Errors", shown.problem_lines(entry.errors)),
        Section("Why Is It Not Running?", Text(visible(entry.why.text, line_breaks=True)) if entry.why else Text("")),
        Section("General", general),
        Section("Options", options_of(entry.parameters)),
        Section("Schedule", schedule),
        Section("Attempts", attempts),
    ]
    return CardSnapshot(entry, title, tuple(section for section in sections if section.body))
