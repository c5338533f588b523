"""Print jobs as pages show them: how each stands, and why, whatever became of its entry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from jobs import consumer_row, here, set_row
from printing_by_hand import file_printer, posted_invoice, print_entry, print_job

from postroom.core import clock, reading
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound
from postroom.core.jobs import claims, entries, runs
from postroom.core.kinds import EntryStatus, ReportOutput
from postroom.core.printing import print_jobs, print_views, printers, selections
from postroom.core.printing.print_jobs import PrintState
from postroom.core.printing.print_views import PrintJobView
from postroom.core.printing.reports import REPORTS
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.work import JobQueueEntry, PrintJob

INVOICE = REPORTS["sales-invoice"]


def me() -> str:
    return current_user()


def run_next() -> None:
    claim = claims.claim_next(replace(here(), prints=True))
    assert claim is not None
    runs.run(claim)


def views_of(no: str) -> list[PrintJobView]:
    return print_views.of_documents([(INVOICE, no)]).get((INVOICE.name, no), [])


def the_view(no: str) -> PrintJobView:
    (view,) = views_of(no)
    return view


def test_a_print_job_waits_and_says_why_then_it_is_printed(firm: Location) -> None:
    no = posted_invoice()
    assert views_of(no) == []
    print_entry(no=no)
    waiting = the_view(no)
    assert (waiting.copy_no, waiting.printer, waiting.user, waiting.printed) == (0, "", me(), None)
    assert (waiting.state, waiting.errors) == ("Waiting", ())
    assert "No consumer is running" in waiting.reason
    assert waiting.created is not None
    run_next()
    printed = the_view(no)
    assert (printed.state, printed.reason, printed.errors) == ("Printed", "", ())
    assert printed.printed is not None
    assert waiting.created < printed.printed <= clock.now()


def test_a_print_job_that_runs_is_printing_and_one_on_hold_is_on_hold(firm: Location, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    no = posted_invoice()
    entry = print_entry("FILES", no)
    entries.set_on_hold([entry.entry_no], user=me())
    assert (the_view(no).state, the_view(no).printer) == ("On Hold", "FILES")
    entries.set_ready([entry.entry_no], user=me())
    assert claims.claim_next(replace(here(), prints=True)) is not None
    assert (the_view(no).state, the_view(no).reason) == ("Printing", "")


def test_a_failed_print_job_tells_its_errors_and_one_that_was_restarted_waits_again(
    firm: Location, tmp_path: Path
) -> None:
    printers.add("GONE", {"folder": str(tmp_path / "gone")}, user=me())
    no = posted_invoice()
    entry = print_entry("GONE", no)
    run_next()
    failed = the_view(no)
    assert (failed.state, failed.reason) == ("Error", "")
    (problem,) = failed.errors
    assert "cannot be written: No such file" in problem.message
    assert problem.field == "folder"
    assert "Make the folder" in problem.hint
    entries.restart([entry.entry_no], user=me())
    again = the_view(no)
    assert print_job(entry).state == PrintState.ERROR
    assert (again.state, again.errors) == ("Waiting", ())


def test_an_entry_in_error_is_in_error_also_where_it_tells_no_reason(firm: Location) -> None:
    no = posted_invoice()
    set_row(print_entry(no=no), status=EntryStatus.ERROR)
    assert (the_view(no).state, the_view(no).errors) == ("Error", ())


def test_jobs_behind_a_printer_that_does_not_respond_tell_of_it(firm: Location, tmp_path: Path) -> None:
    consumer_row()
    file_printer("STORE", tmp_path / "store").rmdir()
    no = posted_invoice()
    print_entry("STORE", no)
    print_entry("STORE", no)
    run_next()
    waiting, failed = views_of(no)
    assert (waiting.state, failed.state) == ("Waiting", "Error")
    assert "Printer STORE has not responded since" in waiting.reason


@pytest.mark.parametrize(
    ("state", "message", "shown"),
    [
        (PrintState.WAITING, "", ("Deleted", print_views.NOT_PRINTED)),
        (PrintState.PRINTING, "", ("Deleted", print_views.MAY_HAVE_BEEN_PRINTED)),
        (PrintState.ERROR, "It has no paper.", ("Deleted", "It has no paper.")),
        (PrintState.PRINTED, "", ("Printed", "")),
    ],
)
def test_a_print_job_without_an_entry_tells_what_is_known_of_it(
    firm: Location, state: PrintState, message: str, shown: tuple[str, str]
) -> None:
    no = posted_invoice()
    print_entry(no=no)
    PrintJob.update(state=state.value, message=message).execute()
    JobQueueEntry.delete().execute()
    assert (the_view(no).state, the_view(no).reason) == shown


def test_copies_come_before_what_was_printed_first_and_each_goes_its_own_way(firm: Location, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    selections.select("FILES", user=me())
    no = posted_invoice()
    print_entry(no=no)
    for output in (ReportOutput.PRINT, ReportOutput.PDF):
        print_jobs.print_posted(no, user=me(), output=output)
    assert [(view.copy_no, view.printer) for view in views_of(no)] == [(2, ""), (1, "FILES"), (0, "")]


def test_each_document_gets_its_own_jobs_also_where_two_reports_bear_one_no(firm: Location) -> None:
    first, second, third = (posted_invoice() for _ in range(3))
    for no in (first, second):
        print_entry(no=no)
    PrintJob.update(report="purchase-invoice").where(PrintJob.document_no == second).execute()
    assert print_views.of_documents([]) == {}
    asked = [(report, no) for no in (first, second, third) for report in (INVOICE, REPORTS["purchase-invoice"])]
    found = print_views.of_documents(asked)
    assert sorted(found) == [("purchase-invoice", second), ("sales-invoice", first)]
    assert print_views.of_documents([(INVOICE, second)]) == {}


def test_a_posted_document_found_by_its_id_says_its_id_its_lines_and_its_vat(firm: Location) -> None:
    no = posted_invoice()
    id_ = PostedDocument.get(PostedDocument.no == no).id
    found = reading.posted_by_id(id_)
    assert (found["id"], found["no"], len(found["lines"]), len(found["vat"])) == (id_, no, 1, 1)
    with pytest.raises(NotFound):
        reading.posted_by_id(id_ + 1000)
