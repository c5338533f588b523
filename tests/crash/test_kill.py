"""kill -9 at random moments: each document is posted once or not at all, whoever dies."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from builders import document, item, item_line, party
from consumer_process import ConsumerProcess
from killing import run_and_kill
from printing_by_hand import file_printer

from postroom.core import verify
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import problems_from_json
from postroom.core.jobs import background, entries
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.claims import PRINT_DOCUMENT
from postroom.core.jobs.registry import POST_DOCUMENT
from postroom.core.kinds import Area, DocumentType, LogStatus, ReportOutput
from postroom.core.printing import selections
from postroom.core.printing.print_jobs import PrintState
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import SalesSetup
from postroom.core.tables.trade import Document, DocumentLine
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry, PrintJob

DOCUMENTS = 200
ORDERS = 40


def test_documents_are_posted_once_whoever_is_killed(firm: Location) -> None:
    kill_while_posting(firm, seed=1)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 12))
def test_documents_are_posted_once_whoever_is_killed_again_and_again(firm: Location, seed: int) -> None:
    kill_while_posting(firm, seed)


def test_what_was_posted_to_be_printed_has_its_print_job_whoever_is_killed(firm: Location, tmp_path: Path) -> None:
    folder = tmp_path / "prints"
    file_printer("FILES", folder)
    selections.select("FILES", user=current_user())
    SalesSetup.update(post_and_print_with_job_queue=True, report_output_type=ReportOutput.PRINT).execute()
    kill_while_posting(firm, seed=1, printing=True)
    invoices = {row.no for row in PostedDocument.select().where(PostedDocument.kind == "invoice")}
    jobs = Counter((job.document_no, job.copy_no) for job in PrintJob.select())
    assert jobs == {(no, 0): 1 for no in invoices}
    lost = JobQueueEntry.select().where(JobQueueEntry.job == PRINT_DOCUMENT)
    assert {problems_from_json(entry.errors)[0].code for entry in lost} <= {"worker_lost", "returned"}
    entries.restart([entry.id for entry in lost], user=current_user())  # a person has looked, and wants them again
    last = ConsumerProcess(firm, until_idle=True)
    try:
        assert last.wait() == 0
    finally:
        last.end()
    assert {job.state for job in PrintJob.select()} == {PrintState.PRINTED}
    printed = {re.sub(r"(-\d)?\.pdf$", "", file.name) for file in folder.glob("*.pdf")}
    assert printed == {f"sales-invoice-{no}" for no in invoices}


def test_orders_are_posted_in_parts_once_each_whoever_is_killed(firm: Location) -> None:
    kill_while_posting_parts(firm, seed=1)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 6))
def test_orders_are_posted_in_parts_once_each_whoever_is_killed_again_and_again(firm: Location, seed: int) -> None:
    kill_while_posting_parts(firm, seed)


def kill_while_posting(firm: Location, seed: int, *, printing: bool = False) -> None:
    numbers = queue_documents(printing=printing)
    assert run_and_kill(firm, random.Random(seed)) > 5
    posted = Counter(row.source_no for row in PostedDocument.select().where(PostedDocument.kind == "invoice"))
    postings = JobQueueEntry.select().where(JobQueueEntry.job == POST_DOCUMENT)
    failed = {row.record_no: problems_from_json(row.errors) for row in postings}
    assert set(posted.values()) == {1}
    assert set(posted) | set(failed) == set(numbers)
    assert not set(posted) & set(failed)
    assert {problem.code for problems in failed.values() for problem in problems} <= {"worker_lost"}
    succeeded = (
        JobQueueLogEntry.select()
        .where(JobQueueLogEntry.status == LogStatus.SUCCESS, JobQueueLogEntry.job == POST_DOCUMENT)
        .count()
    )
    assert succeeded == len(posted)
    assert [check for check in verify.verify().checks if not check.ok] == []


def kill_while_posting_parts(firm: Location, seed: int) -> None:
    """Orders of three pieces a line: one shipped, then two shipped and one invoiced, then the rest invoiced."""
    chance = random.Random(seed)
    ids, kills = make_orders(), 0
    for number, (to_ship, to_invoice) in enumerate(((1, 0), (2, 1), (0, 2)), 1):
        DocumentLine.update(qty_to_ship=to_ship, qty_to_invoice=to_invoice).execute()
        results = background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=current_user())
        assert {result.result for result in results} == {"queued"}
        kills += run_and_kill(firm, chance)
        assert not JobQueueEntry.select().exists()
        posted = Counter((row.source_no, row.kind.value) for row in PostedDocument.select())
        shipments, invoices = min(number, 2), number - 1
        assert set(posted.values()) <= {shipments, invoices}
        assert sum(posted.values()) == (shipments + invoices) * len(ids)
        succeeded = JobQueueLogEntry.select().where(JobQueueLogEntry.status == LogStatus.SUCCESS).count()
        assert succeeded == number * len(ids)
        assert [check for check in verify.verify().checks if not check.ok] == []
    assert not Document.select().exists()
    assert kills > 5


def make_masters() -> None:
    party(Area.SALES)
    for number in range(5):
        item(f"I{number}")
    SalesSetup.update(maximum_no_of_attempts=20, rerun_delay=0).execute()


def make_orders() -> list[int]:
    make_masters()
    return [
        document(DocumentType.SALES_ORDER, [item_line(f"I{(number + line) % 5}", 3) for line in range(2)])
        for number in range(ORDERS)
    ]


def queue_documents(*, printing: bool = False) -> list[str]:
    make_masters()
    ids = [
        document(DocumentType.SALES_INVOICE, [item_line(f"I{(number + line) % 5}") for line in range(3)])
        for number in range(DOCUMENTS)
    ]
    request = PostRequest(mode="queue", queue_anyway=True, print=printing)
    results = background.post(ids, request, user=current_user())
    assert {result.result for result in results} == {"queued"}
    return [result.no for result in results]
