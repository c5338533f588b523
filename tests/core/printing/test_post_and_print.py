"""Post and Print: which print jobs a posting makes, in its own transaction, for each document type, setup and batch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import builders
import pytest
from builders import document, item_line
from jobs import changes, here, row, run_all
from printing_by_hand import file_printer, posted_invoice

from postroom.core import setups, users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted
from postroom.core.jobs import background, claims, entries, runs, schedules
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.schedules import Schedule
from postroom.core.kinds import Area, DocumentType, LogStatus, PostedKind, ReportOutput
from postroom.core.printing import print_jobs, selections
from postroom.core.printing.reports import Report
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import NumberSeriesLine
from postroom.core.tables.trade import Document
from postroom.core.tables.work import Batch, InboxReport, JobQueueEntry, JobQueueLogEntry, Note, PrintJob

PRINT = PostRequest(print=True)
QUEUE = PostRequest(print=True, mode="queue", queue_anyway=True)


def me() -> str:
    return current_user()


@pytest.fixture(autouse=True)
def trade(firm: Location) -> Location:
    builders.party(Area.SALES, "C1")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    return firm


def invoices(count: int) -> list[int]:
    return [document(DocumentType.SALES_INVOICE, [item_line()]) for _ in range(count)]


def run_print_jobs() -> None:
    while claim := claims.claim_next(replace(here(), prints=True)):
        runs.run(claim)


def made() -> list[str]:
    """The reports of the print jobs made so far."""
    return [job.report for job in PrintJob.select().order_by(PrintJob.id)]


@pytest.mark.parametrize(
    ("type_", "reports"),
    [
        (DocumentType.SALES_ORDER, ["sales-shipment", "sales-invoice"]),
        (DocumentType.SALES_INVOICE, ["sales-invoice"]),
        (DocumentType.SALES_RETURN_ORDER, ["sales-return-receipt", "sales-credit-memo"]),
        (DocumentType.SALES_CREDIT_MEMO, ["sales-credit-memo"]),
        (DocumentType.PURCHASE_ORDER, ["purchase-receipt", "purchase-invoice"]),
        (DocumentType.PURCHASE_INVOICE, ["purchase-invoice"]),
        (DocumentType.PURCHASE_RETURN_ORDER, ["purchase-return-shipment", "purchase-credit-memo"]),
        (DocumentType.PURCHASE_CREDIT_MEMO, ["purchase-credit-memo"]),
    ],
)
def test_each_type_prints_what_comes_out_of_it(type_: DocumentType, reports: list[str]) -> None:
    (result,) = background.post([document(type_, [item_line()])], QUEUE, user=me())
    entry = row(result.entry_id)
    assert (entry.parameters, entry.description) == ('{"print": true}', f"Post and Print {type_.title} {result.no}")
    run_all()
    assert made() == reports
    jobs = JobQueueEntry.select().order_by(JobQueueEntry.entry_no)
    assert [(job.job, job.category_code, job.user_id) for job in jobs] == [("print-document", "PRINT-PDF", me())] * len(
        reports
    )
    numbers = {Report(row.area, row.kind).name: row.no for row in PostedDocument.select()}
    for job in PrintJob.select():
        assert job.document_no == numbers[job.report]
    run_print_jobs()
    assert InboxReport.select().count() == len(reports)


def test_without_print_nothing_is_printed() -> None:
    background.post(invoices(1), replace(QUEUE, print=False), user=me())
    run_all()
    background.post(invoices(1), replace(PRINT, print=False), user=me())
    assert made() == []
    assert JobQueueEntry.select().count() == 0


@pytest.mark.parametrize(
    ("post", "post_and_print", "result"),
    [("false", "false", "posted"), ("true", "false", "posted"), ("true", "true", "queued")],
)
def test_post_and_print_is_queued_only_if_the_setup_says_so(post: str, post_and_print: str, result: str) -> None:
    setups.change(
        {
            "sales.post_documents_via_job_queue": post,
            "sales.post_and_print_with_job_queue": post_and_print,
            "sales.priority_for_post_and_print": "7",
        },
        user=me(),
    )
    (done,) = background.post(invoices(1), PRINT, user=me())
    assert done.result == result
    if result == "queued":
        assert row(done.entry_id).priority == 7
        return
    (report,) = InboxReport.select()
    assert report.document_no == done.posted[-1].no, "in the session the inbox has it at once"
    assert changes() == [], "nobody asked for Run Once"
    assert JobQueueEntry.select().count() == 0


def test_a_person_prints_to_the_selected_printer_and_the_posting_is_a_success_whatever_that_does(
    tmp_path: Path,
) -> None:
    folder = file_printer("STORE", tmp_path / "store")
    selections.select("STORE", user=me())
    setups.change({"sales.report_output_type": "Print"}, user=me())
    folder.rmdir()
    (result,) = background.post(invoices(1), replace(PRINT, mode="now"), user=me())
    assert result.result == "posted"
    (entry,) = JobQueueEntry.select()
    assert entry.category_code == "PRINT-STORE"
    run_print_jobs()
    logs = {log.job: log.status for log in JobQueueLogEntry.select()}
    assert logs == {"post-document": LogStatus.SUCCESS, "print-document": LogStatus.ERROR}
    folder.mkdir()
    entries.run_once([entry.entry_no], user=me())
    assert len(list(folder.iterdir())) == 1


def test_without_a_selected_printer_the_report_comes_into_the_inbox_and_its_user_is_told() -> None:
    setups.change({"purchases.report_output_type": "Print"}, user=me())
    background.post([document(DocumentType.PURCHASE_INVOICE, [item_line()])], replace(PRINT, mode="now"), user=me())
    assert InboxReport.select().count() == 1
    (note,) = Note.select()
    assert "no printer is selected" in note.text


def test_print_jobs_are_rolled_back_with_their_posting() -> None:
    NumberSeriesLine.update(ending_no="103000").where(NumberSeriesLine.series_code == "S-INV+").execute()
    background.post(invoices(1), QUEUE, user=me())
    run_all()
    assert PostedDocument.select().count() == 0
    assert made() == []


def test_a_batch_prints_each_of_its_documents() -> None:
    results = background.post(invoices(3), QUEUE, user=me())
    assert {json.loads(batch.options)["print"] for batch in Batch.select()} == {True}
    assert {row(result.entry_id).parameters for result in results} == {'{"print": true}'}
    run_all()
    assert made() == ["sales-invoice"] * 3


def test_a_scheduled_batch_prints_if_told_to() -> None:
    invoices(2)
    schedules.schedule("batch-post-sales-invoices", {"print": "true"}, Schedule(), user=me())
    run_all()
    assert made() == ["sales-invoice"] * 2
    assert not Document.select().exists()


def test_what_is_queued_again_prints_only_if_asked_to_again() -> None:
    (id_,) = invoices(1)
    (first,) = background.post([id_], QUEUE, user=me())
    background.remove([id_], user=me())
    (second,) = background.post([id_], replace(QUEUE, print=False), user=me())
    assert (row(second.entry_id).parameters, row(second.entry_id).description[:11]) == ("{}", "Post Sales ")
    JobQueueEntry.update(status="Error").execute()
    Document.update(job_queue_status="Error").execute()
    (third,) = background.post([id_], QUEUE, user=me())
    assert third.entry_id == second.entry_id != first.entry_id
    assert (row(third.entry_id).parameters, row(third.entry_id).description[:8]) == ('{"print": true}', "Post and")


def test_the_first_print_is_the_original_and_a_reprint_a_new_print_job_marked_copy(tmp_path: Path) -> None:
    no = posted_invoice()
    for number in (0, 1, 2):
        ordered = print_jobs.print_posted(no, user=me())
        assert (ordered.report.name, ordered.copy_no) == ("sales-invoice", number)
        assert PrintJob.get(PrintJob.entry_id == ordered.entry_id).copy_no == number
    run_print_jobs()
    assert [report.description for report in InboxReport.select().order_by(InboxReport.id)] == [
        f"Sales Invoice {no}",
        f"Sales Invoice {no} Copy 1",
        f"Sales Invoice {no} Copy 2",
    ]
    folder = file_printer("STORE", tmp_path / "store")
    selections.select("STORE", report="sales-invoice", user=me())
    ordered = print_jobs.print_posted(no, user=me(), output=ReportOutput.PRINT)
    assert ordered.told == "copy 3 queued for printer STORE"
    run_print_jobs()
    assert [file.name for file in folder.iterdir()] == [f"sales-invoice-{no}-copy-3.pdf"]


def test_a_reprint_needs_post_and_a_document() -> None:
    with pytest.raises(NotFound, match="999"):
        print_jobs.print_posted("999", user=me(), area=Area.SALES, kind=PostedKind.INVOICE)
    users.set_user("ann", {"may_post": "false"}, user=me())
    with pytest.raises(NotPermitted):
        print_jobs.print_posted("999", user="ann")
