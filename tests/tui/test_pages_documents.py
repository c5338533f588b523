"""Documents, their cards and lines: what each key does to them, and what is said where it cannot."""

from __future__ import annotations

import threading
from typing import Any

import builders
import jobs
import pytest
from screens import SIZES, goes_to_field, goes_to_row, is_on, terminal
from textual.worker import WorkerState

from postroom.core import currencies, documents, masters, numbering, setups
from postroom.core.company import current_user
from postroom.core.database import Location, transaction
from postroom.core.errors import Problem
from postroom.core.jobs import background, queues
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentStatus, DocumentType, JobQueueStatus
from postroom.core.posting.check import check
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import GeneralPostingSetup, InventoryGroup, PartyPostingGroup, VatPostingSetup
from postroom.core.tables.trade import Document, DocumentLine, Party
from postroom.core.tables.work import JobQueueEntry
from postroom.tui import shown
from postroom.tui.pages.causes import open_cause
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.document_lines import LineCard, LinesPage
from postroom.tui.pages.form import FieldRow
from postroom.tui.pages.list_page import ListPage

WILD = "[bold]A[/x] \x1b[31m漢字 שלום \u202eevil"
SHOWN_WILD = "[bold]A[/x] \\e[31m漢字 שלום \\u{202e}evil"


def the(no: str) -> Document:
    """The document as it stands now."""
    found: Document = Document.get(Document.no == no)
    return found


def is_there(no: str) -> bool:
    return Document.select().where(Document.no == no).exists()


def queue(*nos: str) -> None:
    background.post([the(no).id for no in nos], PostRequest(mode="queue", queue_anyway=True), user=current_user())


def in_session() -> None:
    """Post posts in the session."""
    keys = ("sales.post_documents_via_job_queue", "purchases.post_documents_via_job_queue")
    setups.change(dict.fromkeys(keys, "false"), user=current_user())


def reopened(no: str) -> Document:
    documents.reopen(the(no).id, user=current_user())
    return the(no)


@pytest.mark.parametrize("size", SIZES)
async def test_left_right_and_tab_lead_through_the_eight_types(demo_firm: Location, size: tuple[int, int]) -> None:
    async with terminal(demo_firm, size, "documents") as screen:
        await screen.sees("Sales Orders   18 documents", "[Orders]", "S-ORD1001")
        assert (" Orders " in screen.line("[Orders]")) == (size[0] >= 90)
        assert ("Posting Date" in screen.line("Job Queue Status")) == (size[0] >= 100)
        await screen.press("right")
        await screen.sees("Sales Return Orders", "S-RET1001", "[Returns]")
        await screen.press("tab", "tab", "tab")
        await screen.sees("Purchase Orders", "P-ORD1001", "[Orders]")
        await screen.press("left", "shift+tab", "left", "left", "left")
        await screen.sees("Purchase Credit Memos", "P-CR1001", "[Memos]")


async def test_each_type_keeps_its_filter_marks_and_cursor(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="documents") as screen:
        await screen.press("slash")
        await screen.type("no=S-ORD1002..S-ORD1004")
        await screen.press("enter")
        await screen.sees("3 documents", "Filter: no=S-ORD1002..S-ORD1004")
        await screen.press("j", "space", "right")
        await screen.sees("Sales Return Orders", "S-RET1001")
        await screen.sees_no("Filter:", "marked")
        await screen.press("left")
        await screen.sees("3 documents", "1 marked", "Filter: no=S-ORD1002..S-ORD1004")
        await screen.sees("Sales Order S-ORD1004")
        await screen.goes_to("batches")
        await screen.sees("No batch yet")
        await screen.press("escape")
        await screen.sees("3 documents", "Filter:")


@pytest.mark.parametrize("size", SIZES)
async def test_post_queues_where_the_setup_says_so(demo_firm: Location, size: tuple[int, int]) -> None:
    async with terminal(demo_firm, size, "documents") as screen:
        await goes_to_row(screen, "S-ORD1001")
        await screen.press("f9")
        await screen.hears("Sales Order S-ORD1001: queued.")
        await screen.until(lambda: "Scheduled for Posting" in screen.line(" S-ORD1001"))
        assert the("S-ORD1001").job_queue_status is JobQueueStatus.SCHEDULED
        await screen.press("p")
        await screen.hears("Post: Sales Order S-ORD1001 is Scheduled for Posting; remove it from the job queue first.")
        assert JobQueueEntry.select().count() == 1


async def test_what_is_queued_where_no_job_queue_takes_it_now_says_so_at_once(demo_firm: Location) -> None:
    queues.stop("SPPOST", user=current_user())
    queues.stop("DEFAULT", user=current_user())
    async with terminal(demo_firm, page="documents") as screen:
        await goes_to_row(screen, "S-ORD1001")
        await screen.press("f9")
        await screen.hears("Sales Order S-ORD1001: queued. Job queue SPPOST is stopped.")


async def test_post_posts_in_the_session_where_the_setup_says_so(demo_firm: Location) -> None:
    in_session()
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1002")
        await screen.press("p")
        await screen.until(lambda: not is_there("S-INV1002"))
        posted = PostedDocument.get(PostedDocument.source_no == "S-INV1002", PostedDocument.kind == "invoice")
        await screen.hears("Sales Invoice S-INV1002: posted as ")
        await screen.hears(posted.no)
        await screen.sees("21 documents")
        await goes_to_row(screen, "S-INV1004")
        await screen.press("b")
        await screen.hears("Sales Invoice S-INV1004: queued.")
        assert JobQueueEntry.select().count() == 1


async def test_what_the_check_refuses_may_be_queued_anyway(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1003")
        await screen.press("p")
        await screen.sees("S-INV1003 would not post now", "Customer C1099 is blocked")
        await screen.press("n")
        await screen.press("k", "j")
        assert screen.app.screen is screen.page  # it was answered; no second box tells the same
        assert not JobQueueEntry.select().exists()
        await screen.press("p")
        await screen.answers("m Go to the Cause", "m")
        await screen.sees("Customer C1099", "Blocked")
        await screen.press("escape", "b")
        await screen.sees("would not post now")
        await screen.press("y")
        await screen.hears("Sales Invoice S-INV1003: queued.")
        assert the("S-INV1003").job_queue_status is JobQueueStatus.SCHEDULED


async def test_marked_documents_are_posted_together_after_a_question(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="documents") as screen:
        await screen.press("space", "space", "space")
        await screen.sees("3 marked")
        await screen.press("p")
        await screen.sees("Post 3 documents?")
        await screen.press("n")
        await screen.sees_no("Post 3 documents?")
        assert not JobQueueEntry.select().exists()
        await screen.press("p", "y")
        await screen.hears("3 documents: queued.")
        await screen.sees_no("marked")
        assert {entry.batch_no for entry in JobQueueEntry.select()} == {1}


async def test_of_several_those_that_failed_stay_marked_and_are_named(demo_firm: Location) -> None:
    in_session()
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await screen.press("space", "space", "space", "p", "y")
        await screen.sees("2 done, 1 not", "Sales Invoice S-INV1003 failed", "Customer C1099 is blocked")
        await screen.press("escape")
        await screen.sees("1 marked")
        assert is_there("S-INV1003")
        assert not is_there("S-INV1001")


@pytest.mark.parametrize("size", SIZES)
async def test_check_tells_every_reason_and_posts_nothing(demo_firm: Location, size: tuple[int, int]) -> None:
    async with terminal(demo_firm, size, "sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1002")
        await screen.press("c")
        await screen.hears("Sales Invoice S-INV1002: checked.")
        await screen.press("j", "c")
        await screen.sees("Sales Invoice S-INV1003", "Customer C1099 is blocked")
        await screen.press("q")
        await screen.sees_no("0 done")
        await screen.press("asterisk", "c")
        await screen.sees("18 would post, 4 would not", "Check")
        await screen.press("q")
        await screen.sees("18 marked")
        assert not JobQueueEntry.select().exists()
        assert not PostedDocument.select().exists()


async def test_a_check_that_warns_is_shown_to_be_read(demo_firm: Location) -> None:
    masters.set_record(
        "number-series-line", "S-INV+", {"warning_no": "103001", "ending_no": "103099"}, user=current_user()
    )
    with transaction():
        numbering.draw("S-INV+")
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1002")
        await screen.press("c")
        await screen.sees("Sales Invoice S-INV1002 checked", "Warning", "98 numbers are left")


async def test_release_and_reopen_and_why_not(demo_firm: Location) -> None:
    documents.set_line(reopened("S-ORD1002").id, 10000, user=current_user(), delete=True)
    for line in DocumentLine.select().where(DocumentLine.document == the("S-ORD1002").id):
        documents.set_line(the("S-ORD1002").id, line.line_no, user=current_user(), delete=True)
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("r")
        await screen.hears("Release: Sales Order S-ORD1001 is released already.")
        await screen.press("o")
        await screen.hears("Reopened: Sales Order S-ORD1001.")
        assert the("S-ORD1001").status is DocumentStatus.OPEN
        await screen.until(lambda: screen.line(" S-ORD1001").endswith("Open"))
        await screen.press("o")
        await screen.hears("Reopen: Sales Order S-ORD1001 is open already.")
        await screen.press("r")
        await screen.hears("Released: Sales Order S-ORD1001.")
        assert the("S-ORD1001").status is DocumentStatus.RELEASED
        await screen.press("j", "r")
        await screen.sees("Not done", "No line has both")
        assert the("S-ORD1002").status is DocumentStatus.OPEN


async def test_job_queue_status_says_who_queued_it_and_why_it_waits(demo_firm: Location) -> None:
    queue("S-ORD1001")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("Scheduled for Posting")
        await screen.press("w")
        await screen.sees("Scheduled for Posting", f"Queued by {current_user()}", "as entry 1", "consumer")
        await screen.press("escape", "j", "w")
        await screen.hears("Job Queue Status: Sales Order S-ORD1002 is not in the job queue.")


async def test_job_queue_status_of_what_is_posted_names_the_worker(demo_firm: Location) -> None:
    queue("S-ORD1001")
    claim = jobs.claimed()
    async with terminal(demo_firm, page="documents") as screen:
        await screen.until(lambda: "Posting" in screen.line(" S-ORD1001"))
        await screen.press("w")
        await screen.sees(f"Posted by process {JobQueueEntry.get().process_id} on ", "since")
        await screen.press("escape")
        for key, caption in (("R", "Remove From Job Queue"), ("p", "Post"), ("D", "Delete"), ("o", "Reopen")):
            await screen.press(key)
            await screen.hears(f"{caption}: Sales Order S-ORD1001 is ")
        assert JobQueueEntry.get().claim_token == claim.token
        assert is_there("S-ORD1001")


async def test_job_queue_status_of_an_error_is_every_error_and_m_leads_to_the_field(posted_demo: Location) -> None:
    async with terminal(posted_demo, page="sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1007")
        await screen.press("w")
        await screen.sees("Job Queue Status", "Error", "2025-12-30", "m Go to the Cause")
        await screen.press("escape", "m")
        await is_on(screen, DocumentCard)
        assert screen.app.focused is screen.page.query_one("#field-posting_date", FieldRow)
        await screen.press("escape")
        await screen.sees("Sales Invoices")


async def test_m_says_when_there_is_no_error(demo_firm: Location) -> None:
    queue("S-ORD1001")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("Scheduled for Posting")
        await screen.press("m")
        await screen.hears("Sales Order S-ORD1001 has no error.")
        await screen.press("j", "m")
        await screen.hears("Go to the Cause: Sales Order S-ORD1002 is not in the job queue.")


async def test_remove_from_job_queue_asks_and_leaves_the_document(demo_firm: Location) -> None:
    queue("S-ORD1001", "S-ORD1002")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("Scheduled for Posting")
        await screen.press("R")
        await screen.sees("Remove Sales Order S-ORD1001 from the job queue?", "It stays Released.")
        await screen.press("enter")
        await screen.sees_no("It stays Released.")
        assert JobQueueEntry.select().count() == 2
        await screen.press("space", "space", "R")
        await screen.sees("Remove 2 documents from the job queue?")
        await screen.press("y")
        await screen.hears("2 documents: removed.")
        await screen.sees_no("Scheduled for Posting")
        assert not JobQueueEntry.select().exists()
        assert the("S-ORD1001").status is DocumentStatus.RELEASED


async def test_delete_asks_and_refuses_what_is_scheduled(demo_firm: Location) -> None:
    queue("S-ORD1002")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("Scheduled for Posting")
        await screen.press("D")
        await screen.sees("Delete Sales Order S-ORD1001?", "This cannot be undone.")
        await screen.press("escape")
        await screen.sees_no("This cannot be undone.")
        await screen.press("D", "y")
        await screen.hears("Deleted: Sales Order S-ORD1001.")
        await screen.sees("17 documents")
        assert not is_there("S-ORD1001")
        await screen.sees("Sales Order S-ORD1002")
        await screen.press("D")
        await screen.hears("Delete: Sales Order S-ORD1002 is Scheduled for Posting; remove it")
        assert is_there("S-ORD1002")


async def test_of_several_deleted_the_one_that_cannot_is_named(demo_firm: Location) -> None:
    queue("S-ORD1002")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("Scheduled for Posting")
        await screen.press("space", "space", "space", "D")
        await screen.sees("Delete 3 documents?")
        await screen.press("y")
        await screen.sees("2 done, 1 not", "Sales Order S-ORD1002")
        assert is_there("S-ORD1002")
        assert not is_there("S-ORD1001")
        assert not is_there("S-ORD1003")


async def test_batch_post_opens_the_request_page_of_the_type(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="documents") as screen:
        await screen.press("right", "B")
        await screen.sees("Batch Post Sales Return Orders")


@pytest.mark.parametrize("size", SIZES)
async def test_a_new_document_opens_as_a_card_and_is_filled_in(demo_firm: Location, size: tuple[int, int]) -> None:
    async with terminal(demo_firm, size, "sales-invoice") as screen:
        before = Document.select().where(Document.type == DocumentType.SALES_INVOICE).count()
        await screen.press("ctrl+n")
        await is_on(screen, DocumentCard)
        assert Document.select().where(Document.type == DocumentType.SALES_INVOICE).count() == before + 1
        made = Document.select().order_by(Document.id.desc()).first()
        await screen.sees(f"Sales Invoice {made.no}", "Open")
        await goes_to_field(screen, "party_no")
        await screen.press("enter")
        await screen.sees("Customer No.", "Lanternfish Hardware")
        await screen.type("copper")
        await screen.sees_no("Lanternfish Hardware")
        await screen.press("enter")
        await screen.until(lambda: "The Copper Kettle" in screen.line("Customer Name") or "Copper" in screen.shown)
        assert Document.get_by_id(made.id).party_no == "C1002"
        await goes_to_field(screen, "posting_date")
        await screen.press("f2")
        await screen.sees("Leave as it is")
        await screen.type("yesterday-ish")
        await screen.press("enter")
        await screen.sees("yesterday-ish")
        await screen.until(lambda: "date" in screen.read.lower())
        await screen.press("ctrl+u")
        await screen.type("2026-11-03")
        await screen.press("enter")
        await screen.sees_no("Leave as it is")
        await screen.sees("2026-11-03")
        assert str(Document.get_by_id(made.id).posting_date) == "2026-11-03"


async def test_without_the_permission_nothing_is_done_and_it_is_said(demo_firm: Location) -> None:
    builders.take_away("may_post")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        for keys in (("n",), ("p",), ("b",), ("c",), ("o",), ("D", "y")):
            await screen.press(*keys)
            await screen.sees("Not done", "lacks the permission set Post")
            await screen.press("escape")
            await screen.sees_no("Not done")
        assert not JobQueueEntry.select().exists()
        assert Document.select().where(Document.type == DocumentType.SALES_ORDER).count() == 18
        assert the("S-ORD1001").status is DocumentStatus.RELEASED


@pytest.mark.parametrize("size", SIZES)
async def test_wild_names_show_as_text_on_list_card_and_lines(demo_firm: Location, size: tuple[int, int]) -> None:
    Document.update(party_name=WILD).where(Document.no == "S-ORD1001").execute()
    DocumentLine.update(description=WILD, no="[/x]").where(DocumentLine.document == the("S-ORD1001").id).execute()
    async with terminal(demo_firm, size, "documents") as screen:
        await screen.sees(SHOWN_WILD)
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await screen.sees("[bold]A[/x] \\e[31m漢字 שלום \\u{202e}")
        await screen.press("l")
        await is_on(screen, LinesPage)
        await screen.sees(SHOWN_WILD, "[/x]")
        await screen.press("enter")
        await is_on(screen, LineCard)
        await screen.sees("[bold]A[/x] \\e[31m")


@pytest.mark.parametrize("size", SIZES)
async def test_the_card_posts_checks_releases_and_removes_like_the_list(
    demo_firm: Location, size: tuple[int, int]
) -> None:
    async with terminal(demo_firm, size, "documents") as screen:
        await goes_to_row(screen, "S-ORD1001")
        await screen.press("f2")
        await is_on(screen, DocumentCard)
        await screen.sees("Sales Order S-ORD1001   Released", "Customer No.", "C2002")
        await screen.press("c")
        await screen.hears("Sales Order S-ORD1001: checked.")
        await screen.press("o")
        await screen.sees("Sales Order S-ORD1001   Open")
        await screen.press("r")
        await screen.sees("Sales Order S-ORD1001   Released")
        await screen.press("w")
        await screen.hears("Job Queue Status: Sales Order S-ORD1001 is not in the job queue.")
        await screen.press("b")
        await screen.sees("Sales Order S-ORD1001   Released   Scheduled for Posting")
        await screen.press("w")
        await screen.sees("Queued by")
        await screen.press("escape", "R", "y")
        await screen.hears("Sales Order S-ORD1001: removed.")
        await screen.until(lambda: the("S-ORD1001").job_queue_status is JobQueueStatus.BLANK)


async def test_a_card_whose_document_is_posted_or_deleted_says_so_and_closes(demo_firm: Location) -> None:
    in_session()
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await screen.press("p")
        await screen.hears("Sales Order S-ORD1001: posted as ")
        await screen.sees("Sales Orders", "17 documents")
        assert len(screen.app.messages.said) == 1  # what closed the card says the same, which stands once
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        documents.delete(the("S-ORD1002").id, user=current_user())
        await screen.hears("Deleted: Sales Order S-ORD1002.")
        await screen.sees("Sales Orders", "16 documents")
        await screen.press("j", "enter")
        await is_on(screen, DocumentCard)
        (done,) = background.post([the("S-ORD1004").id], PostRequest(mode="now"), user=current_user())
        assert not done.errors
        await screen.hears("Sales Order S-ORD1004: posted as ")
        await screen.sees("15 documents")


async def test_a_document_that_goes_while_a_field_of_its_card_is_typed_leaves_no_trace(demo_firm: Location) -> None:
    reopened("S-ORD1001")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await goes_to_field(screen, "external_document_no")
        await screen.press("enter")
        await screen.sees("Leave as it is")
        documents.delete(the("S-ORD1001").id, user=current_user())
        await screen.hears("Deleted: Sales Order S-ORD1001.")
        await screen.sees("17 documents")
        await screen.sees_no("Leave as it is")
        await screen.press("j")
        assert screen.page.address == "documents"


async def test_a_card_follows_what_others_change_and_refuses_what_they_made_impossible(demo_firm: Location) -> None:
    reopened("S-ORD1001")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        documents.set_fields(the("S-ORD1001").id, {"external_document_no": "PO-77"}, user=current_user())
        await screen.until(lambda: "PO-77" in screen.line("External Document No."))
        await goes_to_field(screen, "external_document_no")
        await screen.press("enter")
        await screen.sees("Leave as it is")
        queue("S-ORD1001")
        await screen.type("PO-78")
        await screen.press("enter")
        await screen.sees("Scheduled", "Remove")
        await screen.press("escape")
        assert the("S-ORD1001").external_document_no == "PO-77"


async def test_a_released_document_keeps_its_customer_unless_it_is_reopened(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await goes_to_field(screen, "party_no")
        await screen.press("enter")
        await screen.sees("Sales Order S-ORD1001 is released. Reopen it to change it?")
        await screen.press("n", "enter")
        await screen.sees("Reopen it to change it?")
        assert the("S-ORD1001").status is DocumentStatus.RELEASED
        await screen.press("y")
        await screen.sees("Lanternfish Hardware")
        await screen.type("wren")
        await screen.press("enter")
        await screen.until(lambda: the("S-ORD1001").party_no == "C1003")
        assert the("S-ORD1001").status is DocumentStatus.OPEN


async def test_a_scheduled_document_is_changed_after_it_left_the_job_queue(demo_firm: Location) -> None:
    queue("S-ORD1001")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await goes_to_field(screen, "party_no")
        await screen.press("enter")
        await screen.sees("Sales Order S-ORD1001 is Scheduled for Posting. Remove it", "job queue to change it?")
        await screen.sees("Queued by", "as entry 1")
        await screen.press("n", "enter")
        await screen.sees("job queue to change it?")
        assert the("S-ORD1001").job_queue_status is JobQueueStatus.SCHEDULED
        await screen.press("y")
        await screen.sees("Lanternfish Hardware")
        document = the("S-ORD1001")
        assert (document.status, document.job_queue_status) == (DocumentStatus.OPEN, JobQueueStatus.BLANK)
        assert not JobQueueEntry.select().exists()


async def test_what_is_typed_while_released_asks_nothing(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await goes_to_field(screen, "external_document_no")
        await screen.press("enter")
        await screen.sees("The other side's number of the deal.", "Leave as it is")
        await screen.press("escape")
        assert the("S-ORD1001").status is DocumentStatus.RELEASED


@pytest.mark.parametrize("size", SIZES)
async def test_lines_are_added_changed_and_deleted(demo_firm: Location, size: tuple[int, int]) -> None:
    id_ = reopened("S-ORD1001").id
    lines = DocumentLine.select().where(DocumentLine.document == id_)
    before = lines.count()
    async with terminal(demo_firm, size, "documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter", "l")
        await is_on(screen, LinesPage)
        await screen.sees("Sales Order S-ORD1001   ", f"{before} line")
        await screen.press("ctrl+n")
        await is_on(screen, LineCard)
        assert lines.count() == before + 1
        made = lines.order_by(DocumentLine.line_no.desc()).first()
        await screen.sees(f"Line {made.line_no} of Sales Order S-ORD1001")
        await goes_to_field(screen, "no")
        await screen.press("enter")
        await screen.sees("1000  Storm lantern, brass")
        await screen.type("1020")
        await screen.press("enter")
        await screen.until(lambda: lines.where(DocumentLine.no == "1020", DocumentLine.line_no == made.line_no).count())
        await goes_to_field(screen, "quantity")
        await screen.press("enter")
        await screen.type("many")
        await screen.press("enter")
        await screen.sees("many")
        await screen.press("ctrl+u")
        await screen.type("3")
        await screen.press("enter")
        await screen.sees_no("Leave as it is")
        assert DocumentLine.get_by_id(made.id).quantity == 3
        await screen.press("escape")
        await is_on(screen, LinesPage)
        await screen.press("G", "D")
        await screen.sees(f"Delete line {made.line_no}?")
        await screen.press("y")
        await screen.sees(f"{before} line")
        await screen.until(lambda: lines.count() == before)


async def test_lines_of_a_released_document_are_changed_after_it_is_reopened(demo_firm: Location) -> None:
    lines = DocumentLine.select().where(DocumentLine.document == the("S-ORD1001").id)
    before = lines.count()
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter", "l")
        await is_on(screen, LinesPage)
        await screen.sees(" lines   ")
        await screen.press("n")
        await screen.sees("Reopen it to change it?")
        await screen.press("n", "D")
        await screen.sees("Delete line 10000?")
        await screen.press("y")
        await screen.sees("Reopen it to change it?")
        await screen.press("n", "enter")
        await is_on(screen, LineCard)
        await goes_to_field(screen, "quantity")
        await screen.press("enter")
        await screen.sees("Reopen it to change it?")
        assert lines.count() == before
        assert the("S-ORD1001").status is DocumentStatus.RELEASED
        await screen.press("y")
        await screen.sees("A negative quantity moves as a return.", "Leave as it is")
        await screen.press("ctrl+u")
        await screen.type("9")
        await screen.press("enter")
        await screen.until(lambda: lines.where(DocumentLine.quantity == 9).exists())
        assert the("S-ORD1001").status is DocumentStatus.OPEN


async def test_several_lines_are_deleted_at_once(demo_firm: Location) -> None:
    id_ = reopened("S-ORD1001").id
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter", "l")
        await is_on(screen, LinesPage)
        await screen.press("asterisk", "D")
        await screen.sees("lines?")
        await screen.press("y")
        await screen.sees("There is no line yet. Ctrl+N adds one.")
        assert not DocumentLine.select().where(DocumentLine.document == id_).exists()
        await screen.press("D")
        await screen.hears("Delete Line: There is no line under the cursor.")


async def test_a_line_deleted_by_somebody_else_while_its_card_is_open_is_said(demo_firm: Location) -> None:
    id_ = reopened("S-ORD1001").id
    first = DocumentLine.select().where(DocumentLine.document == id_).order_by(DocumentLine.line_no).first()
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter", "l", "enter")
        await is_on(screen, LineCard)
        documents.set_line(id_, first.line_no, user=current_user(), delete=True)
        await screen.hears(f"Line {first.line_no} is no longer there.")


async def test_a_card_stays_until_its_own_action_has_told_what_came_of_it(demo_firm: Location) -> None:
    document = reopened("S-INV1001")
    may_end = threading.Event()

    def delete_and_take_long() -> None:
        documents.delete(document.id, user=current_user())
        may_end.wait(10)

    async with terminal(demo_firm, page="sales-invoice") as screen:
        screen.app.push_screen(DocumentCard(document.id, DocumentType.SALES_INVOICE))
        await screen.sees("Sales Invoice S-INV1001", "Posting Date")
        reads = screen.app.reads
        worker = screen.page.run_worker(screen.app.carry_out(delete_and_take_long))
        await screen.until(lambda: not is_there("S-INV1001") and screen.app.reads > reads)
        assert isinstance(screen.page, DocumentCard)
        may_end.set()
        await screen.until(lambda: isinstance(screen.page, ListPage))
        assert worker.state is WorkerState.SUCCESS


async def test_the_lines_of_a_document_that_is_gone_say_so_and_lead_back(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter", "l")
        await is_on(screen, LinesPage)
        documents.delete(the("S-ORD1001").id, user=current_user())
        await screen.until(lambda: screen.app.messages.said)
        await screen.press("escape")
        await screen.sees("Sales Orders", "17 documents")


async def test_an_empty_list_says_what_to_do(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="documents") as screen:
        await screen.sees("There is no document of this type. Ctrl+N makes one")
        await screen.press("p")
        await screen.hears("Post: There is no document under the cursor.")
        await screen.press("right")
        await screen.sees("Sales Return Orders")


async def test_a_party_unknown_meanwhile_is_refused_on_the_card(demo_firm: Location) -> None:
    reopened("S-ORD1001")
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await goes_to_field(screen, "party_no")
        await screen.press("enter")
        await screen.sees("Wren & Daughters")
        Party.delete().where(Party.area == Area.SALES, Party.no == "C1003").execute()
        await screen.type("wren")
        await screen.press("enter")
        await screen.sees("Not done", "Customer C1003 does not exist.")
        assert the("S-ORD1001").party_no == "C2002"


@pytest.mark.parametrize(
    ("code", "value", "address"),
    [("gl_account_blocked", "6100", "gl-account-card 6100"), ("item_blocked", "I1", "item-card I1")],
)
async def test_what_is_blocked_is_opened_where_it_is_unblocked(
    sqlite_firm: Location, code: str, value: str, address: str
) -> None:
    builders.item()
    async with terminal(sqlite_firm) as screen:
        await open_cause(screen.app, Problem(code, "It is blocked.", "Sales Invoice S-INV1", 10000, "no", value))
        await screen.until(lambda: screen.page.address == address)
        await screen.sees("Blocked")


@pytest.mark.parametrize(
    ("table", "column", "address", "field"),
    [
        (InventoryGroup, "stock_account", "inventory-group-card RESALE", "Stock Account"),
        (PartyPostingGroup, "account_no", "customer-posting-group-card HOME", "Receivables Account"),
        (GeneralPostingSetup, "sales_account", "general-posting-setup-card HOME x RESALE", "Sales Account"),
        (VatPostingSetup, "sales_vat_account", "vat-posting-setup-card HOME x VAT25", "Sales VAT Account"),
    ],
)
async def test_an_account_that_is_not_set_up_is_filled_in_where_the_error_says(
    sqlite_firm: Location, table: Any, column: str, address: str, field: str
) -> None:
    builders.party(Area.SALES)
    builders.item()
    id_ = builders.document(DocumentType.SALES_INVOICE, [builders.item_line()])
    table.update({column: ""}).execute()
    problem = check(id_, user=current_user())[0]
    assert (problem.code, problem.field) == ("account_not_set_up", field)
    async with terminal(sqlite_firm) as screen:
        await open_cause(screen.app, problem)
        await screen.until(lambda: screen.page.address == address)
        await screen.sees(field)


async def test_a_new_line_left_without_a_word_leaves_no_trace_and_one_with_a_word_stays(demo_firm: Location) -> None:
    id_ = reopened("S-ORD1001").id
    lines = DocumentLine.select().where(DocumentLine.document == id_)
    before = lines.count()
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        await screen.press("enter", "l")
        await is_on(screen, LinesPage)
        await screen.press("ctrl+n")
        await is_on(screen, LineCard)
        assert lines.count() == before + 1
        await screen.press("escape")
        await is_on(screen, LinesPage)
        await screen.until(lambda: lines.count() == before)
        await screen.press("ctrl+n")
        await is_on(screen, LineCard)
        await goes_to_field(screen, "description")
        await screen.press("enter")
        await screen.type("Thanks")
        await screen.press("enter")
        await screen.until(lambda: lines.where(DocumentLine.description == "Thanks").exists())
        await screen.press("escape")
        await is_on(screen, LinesPage)
        await screen.sees("Thanks")
        assert lines.count() == before + 1


async def test_from_what_the_check_found_m_leads_to_the_field(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1007")
        await screen.press("c")
        await screen.sees("Sales Invoice S-INV1007 failed", "m Go to the Cause")
        await screen.press("m")
        await is_on(screen, DocumentCard)
        assert screen.app.focused is screen.page.query_one("#field-posting_date", FieldRow)


async def test_a_new_customer_starts_with_the_groups_of_the_template(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="customer") as screen:
        await screen.sees("There is none yet. Ctrl+N makes one.")
        await screen.press("n")
        await screen.sees("New Customer")
        await screen.type("C9")
        await screen.press("enter")
        await screen.sees("Customer C9", "Name ....")
        made = Party.get(Party.no == "C9")
        groups = (made.general_business_group, made.vat_business_group, made.posting_group)
        assert groups == ("HOME", "HOME", "HOME")


async def test_a_customer_without_a_posting_group_is_named_and_opened_on_that_field(demo_firm: Location) -> None:
    Party.update(posting_group="").where(Party.no == "C2002").execute()
    (problem, *_) = check(the("S-ORD1001").id, user=current_user())
    assert problem.message == "Customer C2002 has no Customer Posting Group."
    async with terminal(demo_firm, page="documents") as screen:
        await open_cause(screen.app, problem)
        await screen.sees("Customer C2002", "Customer Posting Group")
        await screen.until(lambda: getattr(screen.app.focused, "id", "") == "field-posting_group")


async def test_what_a_document_comes_to_is_read_in_80_columns_in_list_lines_and_preview(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="purchase-order") as screen:
        await screen.sees("Posting Date 20")
        view = screen.list.table.row_of(screen.list.table.cursor_key)
        total = f"Including VAT {shown.money(view.amount_including_vat, view.currency, currencies.decimals())}"
        assert f"Posting Date {shown.day(view.posting_date)}   {total}" in screen.shown
        assert f"Amount {shown.money(view.amount, view.currency, currencies.decimals())}   VAT " in screen.shown
        await screen.press("v")
        await screen.sees(f"Preview Posting: {view.record}   Nothing is posted.", "*** stands for a number")
        await screen.press("escape", "enter", "l")
        await is_on(screen, LinesPage)
        assert screen.lines[1].startswith(f" Lines of {view.record}   ")
        assert screen.lines[1].endswith(total)


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_says_behind_the_word_error_what_is_wrong(posted_demo: Location, size: tuple[int, int]) -> None:
    async with terminal(posted_demo, page="sales-order", size=size) as screen:
        await screen.sees("S-ORD1003")
        assert "Error  Item 5010 is bl" in screen.line("S-ORD1003")
        assert "Error" not in screen.line("S-ORD1017")
        written = await screen.list.written()
        assert written is not None
        header, *rows = written.splitlines()
        assert header.endswith("Status,Job Queue Status,Error")
        assert any(row.endswith("Released,Error,Item 5010 is blocked.") for row in rows)
