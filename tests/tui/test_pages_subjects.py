"""From an entry, a run or a note to what it is about: the document, its posted documents, the cause of its error."""

from __future__ import annotations

import pytest
from screens import SIZES, Terminal, terminal

from postroom.core import documents
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import background, entries, notes
from postroom.core.jobs.background import PostRequest
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.job_form import BatchForm
from postroom.tui.pages.ledgers import PostedCard
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.records import RecordCard


def queue(*nos: str) -> None:
    ids = [Document.get(Document.no == no).id for no in nos]
    background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=current_user())


async def filters(screen: Terminal, filter: str, *seen: str) -> None:
    """Let only the rows through that a filter matches, and wait for them."""
    page = screen.page
    assert isinstance(page, ListPage)
    before = page.snapshot
    await screen.press("slash")
    await screen.type(filter)
    await screen.press("enter")
    await screen.until(lambda: page.state.filter == filter and page.snapshot is not before)
    await screen.sees(f"Filter: {filter}", *seen)


@pytest.mark.parametrize("size", SIZES)
async def test_d_on_an_entry_opens_its_document_and_esc_leads_back(demo_firm: Location, size: tuple[int, int]) -> None:
    queue("S-INV1002")
    async with terminal(demo_firm, size) as screen:
        await screen.sees("Sales Invoice S-INV1002")
        await screen.press("d")
        await screen.until(lambda: isinstance(screen.page, DocumentCard))
        await screen.sees("Sales Invoice S-INV1002", "Customer No.")
        await screen.press("escape")
        await screen.sees("Job Queue Entries")


async def test_d_on_an_entry_over_no_document_says_so(posted_demo: Location) -> None:
    async with terminal(posted_demo) as screen:
        await filters(screen, "job=post-document", "Error")
        entry = JobQueueEntry.select().first()
        JobQueueEntry.update(record_type="", record_no="").where(JobQueueEntry.id == entry.id).execute()
        await screen.press("f5", "d")
        await screen.hears("Show Record: It is about no document.")


async def test_m_on_an_entry_in_error_opens_what_must_be_mended(posted_demo: Location) -> None:
    async with terminal(posted_demo) as screen:
        await filters(screen, "record_no=S-INV1003", "Customer C1099 is blocked")
        await screen.press("m")
        await screen.until(lambda: isinstance(screen.page, RecordCard))
        await screen.sees("Customer C1099", "Blocked")
        assert screen.app.focused is not None
        assert screen.app.focused.id == "field-blocked"


async def test_m_on_an_entry_without_an_error_says_so(demo_firm: Location) -> None:
    queue("S-INV1002")
    async with terminal(demo_firm) as screen:
        await screen.sees("Sales Invoice S-INV1002")
        await screen.press("m")
        await screen.hears("Go to the Cause: It has no error.")


async def test_n_on_the_entries_leads_to_the_request_page_of_a_job(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        await screen.press("n")
        await screen.sees("Schedule a Job", "Batch Post Sales Orders", "Check Documents", "Back Up the Company")
        await screen.press("down", "enter")
        await screen.until(lambda: isinstance(screen.page, BatchForm))
        await screen.sees("Batch Post Sales Invoices", "Posting Date")


async def test_remove_failed_entries_asks_how_many_and_leaves_the_others_and_the_documents(
    posted_demo: Location,
) -> None:
    waiting = JobQueueEntry.get(JobQueueEntry.record_no == "S-INV1007")
    entries.set_ready([waiting.id], user=current_user())
    failed = JobQueueEntry.select().where(JobQueueEntry.status == "Error").count()
    assert failed > 3
    async with terminal(posted_demo) as screen:
        await filters(screen, "category=SALESPOST", "Error")
        sales = JobQueueEntry.select().where(
            JobQueueEntry.status == "Error", JobQueueEntry.category_code == "SALESPOST"
        )
        count = sales.count()
        assert 0 < count < failed
        await screen.press("X")
        await screen.sees(f"Remove {count} failed entries? Documents stay Released.")
        await screen.press("n")
        assert sales.count() == count
        await screen.press("X")
        await screen.sees(f"Remove {count} failed entries?")
        await screen.press("y")
        await screen.hears(f"Removed: {count} entries.")
    assert sales.count() == 0
    assert JobQueueEntry.select().where(JobQueueEntry.status == "Error").count() == failed - count
    assert JobQueueEntry.get_by_id(waiting.entry_no).status == "Ready"
    assert documents.show(Document.get(Document.no == "S-INV1003").id).view.status.value == "Released"


async def test_remove_failed_entries_says_when_there_is_none(demo_firm: Location) -> None:
    queue("S-INV1002")
    async with terminal(demo_firm) as screen:
        await screen.sees("Sales Invoice S-INV1002")
        await screen.press("X")
        await screen.hears("No entry that is shown is in Error.")


@pytest.mark.parametrize("size", SIZES)
async def test_d_on_a_run_chooses_among_what_it_posted(posted_demo: Location, size: tuple[int, int]) -> None:
    async with terminal(posted_demo, size, "job-queue-log-entries") as screen:
        await filters(screen, "record_no=S-INV1001", "Success")
        await screen.press("d")
        await screen.sees("Posted Documents", "Posted Sales Shipment", "Posted Sales Invoice")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.page, PostedCard))
        await screen.sees("Posted Sales Invoice", "From", "Sales Invoice S-INV1001")


async def test_a_run_that_failed_leads_to_its_document_or_to_what_was_posted_of_it_since(
    posted_demo: Location,
) -> None:
    async with terminal(posted_demo, page="job-queue-log-entries") as screen:
        await filters(screen, "record_no=S-INV1003", "Error")
        await screen.press("d")
        await screen.until(lambda: isinstance(screen.page, DocumentCard))
        await screen.sees("Sales Invoice S-INV1003")
        await screen.press("escape")
        await screen.sees("Filter: record_no=S-INV1003")
        JobQueueLogEntry.update(record_no="S-INV1001").where(JobQueueLogEntry.record_no == "S-INV1003").execute()
        await screen.press("backslash")
        await filters(screen, "record_no=S-INV1001 status=Error", "Error")
        await screen.press("d")
        await screen.sees("Posted Documents", "Posted Sales Invoice")


async def test_m_on_the_card_of_a_run_leads_to_the_cause(posted_demo: Location) -> None:
    async with terminal(posted_demo, page="job-queue-log-entries") as screen:
        await filters(screen, "record_no=S-INV1003", "Error")
        await screen.press("enter")
        await screen.sees("Log Entry", "Clear Blocked")
        await screen.press("m")
        await screen.sees("Customer C1099")


async def test_a_note_leads_to_the_document_that_it_is_about(posted_demo: Location) -> None:
    notes.write(current_user(), "Look at this.", "sales-invoice", "S-INV1003")
    async with terminal(posted_demo, page="notes") as screen:
        await screen.sees("Look at this.")
        await screen.press("d")
        await screen.until(lambda: isinstance(screen.page, DocumentCard))
        await screen.sees("Sales Invoice S-INV1003")


async def test_a_note_that_was_read_is_new_no_more_and_the_others_stay_new(posted_demo: Location) -> None:
    user = current_user()
    notes.mark_read(user)
    notes.write(user, "The first.", "sales-invoice", "S-INV1003")
    notes.write(user, "The second.", "sales-invoice", "S-INV1007")
    async with terminal(posted_demo, page="notes") as screen:
        await screen.sees("The second.", "2 new notes")
        await screen.press("enter")
        await screen.sees("d Show Record")
        await screen.press("d")
        await screen.sees("Sales Invoice S-INV1007")
        await screen.press("escape")
        await screen.sees("1 new note ")
    assert [note.text for note in notes.list_notes(user, unread_only=True)] == ["The first."]
