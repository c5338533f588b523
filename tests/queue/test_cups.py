"""Post and Print on a real print system: whatever the printer does, the document is posted and nothing else waits."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import StartConsumer
from consumer_process import entry, until
from jobs import entry_of, invoices
from print_system import PrintSystem, queue_of_its_own, told
from printing_by_hand import posted_invoice, print_entry

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import background, entries
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import EntryStatus, LogStatus, ReportOutput
from postroom.core.printing import print_jobs, printers, selections
from postroom.core.printing.print_jobs import PrintState
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import SalesSetup
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry, PrintJob

Break = Callable[[PrintSystem], None]
MANY = 50


def jammed(system: PrintSystem) -> None:
    system.jam()


def stopped(system: PrintSystem) -> None:
    told("cupsdisable", "-r", "Out of order", system.queue)


def rejecting(system: PrintSystem) -> None:
    told("cupsreject", "-r", "On holiday", system.queue)


def killed(system: PrintSystem) -> None:
    os.kill(system.printer.pid, signal.SIGKILL)
    system.printer.wait()


def gone(system: PrintSystem) -> None:
    printers.change("LASER", {"cups_queue": "nobody_has_this"}, user=current_user())


def laser(system: PrintSystem, timeout: int) -> None:
    """The printer LASER on the queue, for everything that is printed."""
    fields = {"type": "CUPS", "cups_queue": system.queue, "timeout": str(timeout)}
    printers.add("LASER", fields, user=current_user())
    selections.select("LASER", user=current_user())
    SalesSetup.update(post_and_print_with_job_queue=True, report_output_type=ReportOutput.PRINT).execute()


def post_and_print() -> JobQueueEntry:
    """The entry of an invoice that is queued to be posted and printed."""
    (id_,) = invoices(1)
    background.post([id_], PostRequest(mode="queue", queue_anyway=True, print=True), user=current_user())
    return entry_of(id_)


def print_job_in_error() -> PrintJob:
    until(lambda: PrintJob.get_or_none(PrintJob.state == PrintState.ERROR), what="the print job in Error")
    found: PrintJob = PrintJob.get(PrintJob.state == PrintState.ERROR)
    until(lambda: entries.show(found.entry_id).status == EntryStatus.ERROR, what="its entry in Error")
    return found


@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        (jammed, "it has no paper"),
        (killed, "did not finish within 2 seconds"),
        pytest.param(stopped, "Out of order", marks=pytest.mark.full),
        pytest.param(rejecting, "does not take the job", marks=pytest.mark.full),
        pytest.param(gone, "has no queue", marks=pytest.mark.full),
    ],
)
def test_a_printer_that_fails_holds_up_neither_its_posting_nor_the_next(
    sqlite_firm: Location, start_consumer: StartConsumer, tmp_path: Path, breaks: Break, words: str
) -> None:
    with queue_of_its_own(tmp_path / "cups") as system:
        laser(system, timeout=2)
        breaks(system)
        posting = post_and_print()
        start_consumer(sqlite_firm, workers=1)
        until(lambda: entry(posting.entry_no) is None, what="the posting")
        job = print_job_in_error()
        assert words in entries.show(job.entry_id).errors[0].message
        assert PostedDocument.select().where(PostedDocument.no == job.document_no).exists()
        own = JobQueueLogEntry.get(JobQueueLogEntry.job_entry_id == posting.id)
        assert own.status is LogStatus.SUCCESS
        following = post_and_print()
        until(lambda: entry(following.entry_no) is None, what="the next posting")


def test_a_print_system_that_does_not_run_is_told_and_the_document_is_posted(
    sqlite_firm: Location, start_consumer: StartConsumer, tmp_path: Path
) -> None:
    with queue_of_its_own(tmp_path / "cups") as system:
        laser(system, timeout=1)
        posting = post_and_print()
        start_consumer(sqlite_firm, workers=1, CUPS_SERVER="localhost:9")
        until(lambda: entry(posting.entry_no) is None, what="the posting")
        assert "is not running" in entries.show(print_job_in_error().entry_id).errors[0].message


def test_what_waits_for_a_jammed_printer_waits_once_for_it_and_is_printed_after_it(
    sqlite_firm: Location, start_consumer: StartConsumer, tmp_path: Path
) -> None:
    with queue_of_its_own(tmp_path / "cups") as system:
        laser(system, timeout=1)
        no = posted_invoice()
        for _ in range(MANY):
            print_entry("LASER", no)
        system.jam()
        start_consumer(sqlite_firm, workers=1)
        failed = print_job_in_error()
        waiting = [view for view in entries.list_entries() if view.id != failed.entry_id]
        assert len(waiting) == MANY - 1
        assert {view.why.code for view in waiting if view.why} == {"printer_not_responding"}
        printed_next = post_and_print()
        until(lambda: entry(printed_next.entry_no) is None, what="a posting meanwhile")
        system.mend()
        JobQueueEntry.delete().where(JobQueueEntry.id << [view.id for view in waiting[3:]]).execute()
        printers.change("LASER", {"timeout": "60"}, user=current_user())  # it counts as responding again
        until(lambda: PrintJob.select().where(PrintJob.state == PrintState.PRINTED).count() == 4, what="the prints")
        again = print_jobs.print_posted(no, user=current_user()).entry_id
        until(lambda: entry_is_gone(again), what="the reprint")
        assert len(system.printed()) >= 5


def entry_is_gone(id_: str) -> bool:
    return not JobQueueEntry.select().where(JobQueueEntry.id == id_).exists()
