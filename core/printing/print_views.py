"""The print jobs of posted documents as pages show them: how each stands, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from peewee import JOIN

from postroom.core.errors import Problem
from postroom.core.jobs import entry_views
from postroom.core.jobs.entry_views import EntryView
from postroom.core.kinds import EntryStatus
from postroom.core.printing.print_jobs import PrintState
from postroom.core.printing.reports import Report
from postroom.core.statements import in_parts
from postroom.core.tables.work import JobQueueEntry, PrintJob

MAY_HAVE_BEEN_PRINTED = "Its entry was deleted while it was printing: it may have been printed."
NOT_PRINTED = "Its entry was deleted before it was printed."


@dataclass(frozen=True, slots=True)
class PrintJobView:
    """One print job. `copy_no` 0 is the original; a blank `printer` stands for the user's Report Inbox.

    `state` is Waiting, On Hold, Printing, Printed, Error or Deleted; `reason` why it waits or is no longer there, and
    `errors` what went wrong.
    """

    copy_no: int
    printer: str
    user: str
    created: datetime | None
    printed: datetime | None
    state: str
    reason: str = ""
    errors: tuple[Problem, ...] = ()


def of_documents(documents: Iterable[tuple[Report, str]]) -> dict[tuple[str, str], list[PrintJobView]]:
    """The print jobs of posted documents by report name and no., the newest first."""
    wanted = {(report.name, no) for report, no in documents}
    rows = [row for row in _rows(sorted({no for _, no in wanted})) if (row[0], row[1]) in wanted]
    numbers = [row[-1] for row in rows if row[-1] is not None]
    entries = {view.entry_no: view for view in entry_views.list_entries(entry_nos=numbers)} if numbers else {}
    found: dict[tuple[str, str], list[PrintJobView]] = {}
    for report, no, copy_no, printer, user, created, printed, state, message, number in rows:
        view = PrintJobView(
            *(copy_no, printer, user, created, printed),
            *_standing(PrintState(state), message, entries.get(number), is_queued=number is not None),
        )
        found.setdefault((report, no), []).append(view)
    return found


def _rows(numbers: Sequence[str]) -> list[tuple[Any, ...]]:
    """The jobs of these document nos. with their entries' numbers, in one look: entry and job end in one moment."""
    job = PrintJob
    columns = (job.report, job.document_no, job.copy_no, job.printer_code, job.user_id, job.created_at, job.printed_at)
    select = (
        job.select(*columns, job.state, job.message, JobQueueEntry.entry_no)
        .join(JobQueueEntry, JOIN.LEFT_OUTER, on=(JobQueueEntry.id == job.entry_id))
        .order_by(job.id.desc())
    )
    rows: list[tuple[Any, ...]] = []
    for part in in_parts(numbers):
        rows.extend(cast(Iterable[tuple[Any, ...]], select.where(job.document_no << part).tuples()))
    return rows


def _standing(
    state: PrintState, message: str, entry: EntryView | None, *, is_queued: bool
) -> tuple[str, str, tuple[Problem, ...]]:
    """State, reason and errors. The entry tells as long as there is one: a restarted job waits whatever came before."""
    if entry is None:
        if state is PrintState.PRINTED:
            return "Printed", "", ()
        if is_queued:  # it ended between two looks; the next one will tell how
            return "Printing", "", ()
        deleted = MAY_HAVE_BEEN_PRINTED if state is PrintState.PRINTING else message or NOT_PRINTED
        return "Deleted", deleted, ()
    if entry.status == EntryStatus.ERROR:
        return "Error", "", entry.errors
    if entry.status == EntryStatus.IN_PROCESS:
        return "Printing", "", ()
    held = entry.status == EntryStatus.ON_HOLD
    return "On Hold" if held else "Waiting", entry.why.text if entry.why is not None else "", ()
