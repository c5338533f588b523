"""Documents to Handle, the way from an error to its cause, batches and notes: what each key does."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import builders
import jobs
import pytest
from screens import SIZES, Terminal, is_on, terminal

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import Problem
from postroom.core.jobs import background, entries, notes
from postroom.core.kinds import Area, EntryStatus, JobQueueStatus
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import JobQueueEntry, Note
from postroom.tui.pages.causes import open_cause
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.document_lines import LineCard
from postroom.tui.pages.form import FieldRow
from postroom.tui.pages.handle import HandlePage
from postroom.tui.pages.records import RecordCard

Size = tuple[int, int]


def statuses(entries: list[JobQueueEntry]) -> set[EntryStatus]:
    """How entries stand now; empty if all are gone."""
    numbers = [one.entry_no for one in entries]
    return {one.status for one in JobQueueEntry.select().where(JobQueueEntry.entry_no << numbers)}


def record(entry: JobQueueEntry) -> str:
    return f"Sales Invoice {entry.record_no}"


async def marks(screen: Terminal, count: int) -> None:
    await screen.press(*["space"] * count)
    await screen.sees(f"{count} marked")


@pytest.mark.parametrize("size", SIZES)
async def test_what_failed_is_listed_with_its_reason_and_enter_tells_all_of_it(
    sqlite_firm: Location, size: Size
) -> None:
    first, second = jobs.blocked(2)
    async with terminal(sqlite_firm, size, "documents-to-handle") as screen:
        await screen.sees("2 documents", record(first), record(second), "2 documents have this reason")
        assert "Customer C1 is blocked" in screen.line(record(second))
        await screen.press("enter")
        await screen.sees("Errors", "1. ", "[Customer No.]", "m Go to the Cause")
        await screen.answers("Errors", "escape")
        await is_on(screen, HandlePage)


async def test_post_again_is_refused_with_the_reason_until_the_cause_is_mended(sqlite_firm: Location) -> None:
    (entry,) = jobs.blocked()
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.sees("1 document")
        await screen.press("t")
        await screen.sees("Post Again", f"{record(entry)} refused", "Customer C1 is blocked")
        await screen.answers("refused", "escape")
        assert statuses([entry]) == {EntryStatus.ERROR}
        jobs.unblock()
        await screen.press("t")
        await screen.hears(f"{record(entry)}: queued.")
        await screen.sees("Nothing is in error.")
        assert statuses([entry]) == {EntryStatus.READY}
        assert JobQueueEntry.select().count() == 1


async def test_marked_documents_are_posted_again_together(sqlite_firm: Location) -> None:
    failed = jobs.blocked(3)
    jobs.unblock()
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await marks(screen, 2)
        await screen.press("t")
        await screen.hears("2 documents: queued.")
        await screen.sees("1 document", record(failed[2]))
        await screen.sees_no("marked")
        assert statuses(failed[:2]) == {EntryStatus.READY}
        assert statuses(failed[2:]) == {EntryStatus.ERROR}


async def test_all_of_the_same_reason_are_posted_again_after_a_question_that_counts_them(
    sqlite_firm: Location,
) -> None:
    same, other = jobs.blocked(2, "C1"), jobs.blocked(1, "C2")
    jobs.unblock()
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.sees("3 documents")
        await screen.press("T")
        await screen.answers("Post again all 2 documents with this reason?", "n")
        assert statuses(same) == {EntryStatus.ERROR}
        await screen.press("T")
        await screen.answers("Post again all 2 documents with this reason?", "y")
        await screen.hears("2 documents: queued.")
        await screen.sees("1 document", "Customer C2 is blocked")
        assert statuses(same) == {EntryStatus.READY}
        assert statuses(other) == {EntryStatus.ERROR}
        await screen.press("T")
        await screen.answers("Post it again?", "n")


@pytest.mark.parametrize("size", SIZES)
async def test_the_cause_is_mended_where_m_leads_and_escape_leads_back(sqlite_firm: Location, size: Size) -> None:
    jobs.blocked()
    async with terminal(sqlite_firm, size, "documents-to-handle") as screen:
        await screen.sees("1 document")
        await screen.press("m")
        await screen.is_on("customer-card C1")
        assert screen.app.focused is screen.page.query_one("#field-blocked", FieldRow)
        await screen.press("enter")
        await screen.answers("Leave as it is", "escape")
        await screen.press("enter")
        await screen.sees("Leave as it is")
        await screen.press("home", "enter")
        await screen.until(lambda: "(blank)" in screen.line("Blocked ..."))
        assert Party.get(Party.no == "C1").blocked == ""
        await screen.press("escape")
        await is_on(screen, HandlePage)
        await screen.press("t")
        await screen.sees("Nothing is in error.")


async def test_the_document_itself_is_a_key_away(sqlite_firm: Location) -> None:
    (entry,) = jobs.blocked()
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.press("d")
        await is_on(screen, DocumentCard)
        await screen.sees(record(entry), "Released", "Error")


async def test_mine_come_first_and_those_of_others_can_be_left_out(sqlite_firm: Location) -> None:
    (theirs,) = jobs.blocked(1, "C1", user=jobs.ANN)
    (mine,) = jobs.blocked(1, "C2")
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.sees("2 documents", record(mine), record(theirs))
        assert screen.shown.index(record(mine)) < screen.shown.index(record(theirs))
        await screen.press("a")
        await screen.hears("Only what I queued is shown.")
        await screen.sees("1 document")
        await screen.sees_no(record(theirs))
        await screen.press("a")
        await screen.hears("What anybody queued is shown.")
        await screen.sees("2 documents", record(theirs))


async def test_removing_asks_how_many_of_what_and_leaves_them_released(sqlite_firm: Location) -> None:
    first, *others = jobs.blocked(3)
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.sees("3 documents")
        await screen.press("D")
        await screen.answers(f"Remove {record(first)} from the job queue?", "n")
        await screen.press("D")
        await screen.answers("It stays Released.", "y")
        await screen.hears(f"{record(first)}: removed.")
        await screen.sees("2 documents")
        assert statuses([first]) == set()
        assert Document.get_by_id(first.record_id).job_queue_status is JobQueueStatus.BLANK
        await marks(screen, 2)
        await screen.press("D")
        await screen.answers("Remove 2 documents from the job queue?", "y")
        await screen.sees("Nothing is in error.")
        assert statuses(others) == set()
        for key, caption in (("D", "Remove From Job Queue"), ("t", "Post Again"), ("m", "Go to the Cause")):
            await screen.press(key)
            await screen.hears(f"{caption}: There is no document under the cursor.")


async def test_the_filter_of_fields_and_words_stays_when_one_acts_and_returns(sqlite_firm: Location) -> None:
    jobs.blocked(1, "C1", user=jobs.ANN)
    jobs.blocked(2, "C2", user=jobs.ANN)
    jobs.blocked(1, "C3")
    jobs.unblock("C2")
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.press("slash")
        await screen.fills_in(f"user={jobs.ANN} blocked")
        await screen.sees("3 documents", f"Filter: user={jobs.ANN} blocked")
        await screen.press("j", "t")
        await screen.sees("2 documents", f"Filter: user={jobs.ANN} blocked")
        await screen.press("d")
        await is_on(screen, DocumentCard)
        await screen.press("escape")
        await screen.sees("2 documents", f"Filter: user={jobs.ANN} blocked")
        await screen.press("slash")
        await screen.fills_in("colour=red")
        await screen.hears("There is no field colour to filter by.")


CAUSES = [
    (Problem("x", "m", "Sales Invoice INV1", None, "posting_date"), DocumentCard, "posting_date"),
    (Problem("x", "m", "Sales Invoice INV1", None, "something"), DocumentCard, "party_no"),
    (Problem("x", "m", "Sales Invoice INV1", 10000, "quantity"), LineCard, "quantity"),
    (Problem("item_blocked", "m", "Sales Invoice INV1", 10000, "no", "I1"), RecordCard, "blocked"),
    (Problem("x", "m", "Item I1", None, "unit_price"), RecordCard, "unit_price"),
    (
        Problem(
            "x", "m", "Item I1", None, "Stock Account", "", "Fill in Stock Account in Inventory Posting Group RESALE."
        ),
        RecordCard,
        "stock_account",
    ),
]


@pytest.mark.parametrize(("problem", "page", "field"), CAUSES)
async def test_an_error_leads_to_the_field_that_it_names(
    sqlite_firm: Location, problem: Problem, page: type, field: str
) -> None:
    jobs.invoices(no="INV1")
    async with terminal(sqlite_firm) as screen:
        await open_cause(screen.app, problem)
        await is_on(screen, page)
        assert screen.app.focused is screen.page.query_one(f"#field-{field}", FieldRow)


@pytest.mark.parametrize(
    ("code", "address"),
    [("general_posting_setup_missing", "general-posting-setup"), ("vat_posting_setup_missing", "vat-posting-setup")],
)
async def test_a_missing_pair_of_groups_leads_to_the_list_of_pairs(
    sqlite_firm: Location, code: str, address: str
) -> None:
    async with terminal(sqlite_firm) as screen:
        await open_cause(screen.app, Problem(code, "There is none.", "Sales Invoice INV1"))
        await screen.is_on(address)


async def test_an_error_that_no_page_mends_is_told_with_what_to_do(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        await open_cause(screen.app, Problem("disk_full", "The disk is full.", "Host h", hint="Make room."))
        await screen.hears("There is no page for this: The disk is full. Make room.")
        await open_cause(screen.app, Problem("x", "It is wrong.", "Sales Invoice GONE", None, "posting_date"))
        await screen.sees("Not done", "GONE")


def batch_of(count: int) -> list[JobQueueEntry]:
    """A batch of invoices, the last of them of a customer who is blocked; all have run."""
    ids = jobs.invoices(count - 1)
    builders.party(Area.SALES, "C2", blocked="All")
    ids += jobs.invoices(1, "C2")
    background.post(ids, jobs.QUEUE, user=current_user())
    entries = list(JobQueueEntry.select().order_by(JobQueueEntry.entry_no))
    jobs.run_all()
    return entries


@pytest.mark.parametrize("size", SIZES)
async def test_a_batch_shows_how_far_it_is_and_leads_to_its_entries_and_posted_documents(
    sqlite_firm: Location, size: Size
) -> None:
    batch_of(3)
    async with terminal(sqlite_firm, size, "batches") as screen:
        await screen.sees("1 batch", "==========!!!!!!", "2 of 3 posted, 1 failed, 0 to go")
        assert (current_user() in screen.line("====!!")) == (size[0] >= 110)
        await screen.press("enter")
        await screen.sees("Job Queue Entries", "1 entry", "Filter: batch_no=1", "Customer C2 is blocked")
        await screen.press("escape", "p")
        await screen.sees("Posted Documents", "4 posted documents", "Filter: batch_no=1")


async def test_a_file_of_the_batches_holds_numbers_and_whole_times(sqlite_firm: Location, tmp_path: Path) -> None:
    batch_of(3)
    async with terminal(sqlite_firm, page="batches") as screen:
        await screen.sees("1 batch")
        await screen.press("Y")
        await screen.fills_in(str(tmp_path / "batches.csv"))
        await screen.hears("Written:")
    ((row),) = csv.DictReader((tmp_path / "batches.csv").read_text().splitlines())
    assert "Progress" not in row
    assert [row[caption] for caption in ("No.", "Posted", "Failed", "To go")] == ["1", "2", "1", "0"]
    assert datetime.fromisoformat(row["Time"]).tzinfo is not None


async def test_exactly_what_failed_of_the_marked_batches_is_restarted(sqlite_firm: Location) -> None:
    *_, failed = batch_of(3)
    jobs.queued(2)
    jobs.unblock("C2")
    async with terminal(sqlite_firm, page="batches") as screen:
        await screen.sees("2 batches")
        await screen.press("t")
        await screen.hears("Restart What Failed: Nothing of it has failed.")
        await marks(screen, 2)
        await screen.press("t")
        await screen.hears(f"{record(failed)}: ")
        await screen.sees("0 failed, 1 to go")
        assert jobs.row(failed.entry_no).status is EntryStatus.READY
        await screen.press("slash")
        await screen.fills_in("no=1")
        await screen.sees("1 batch", "Filter: no=1")


async def test_a_batch_whose_entries_are_gone_leads_to_its_result(sqlite_firm: Location) -> None:
    jobs.queued(2)
    jobs.run_all()
    async with terminal(sqlite_firm, page="batches") as screen:
        await screen.sees("2 of 2 posted")
        await screen.press("enter")
        await screen.is_on("batch-result")
        await screen.sees("Batch Result")


async def test_what_waits_of_the_batches_is_taken_out_of_the_job_queue_and_what_failed_stays(
    sqlite_firm: Location,
) -> None:
    *_, failed = batch_of(3)
    waiting = jobs.queued(3)
    entries.set_on_hold([waiting[0].entry_no], user=current_user())
    async with terminal(sqlite_firm, page="batches") as screen:
        await screen.sees("2 batches", "3 to go")
        await screen.press("R")
        await screen.answers("Remove 3 documents that wait of batch 2 from the job queue? They stay Released.", "n")
        assert JobQueueEntry.select().count() == 4
        await screen.press("asterisk", "R")
        await screen.answers("Remove 3 documents that wait of batches 2, 1 from the job queue?", "y")
        await screen.hears("3 documents: removed.")
        assert [row.entry_no for row in JobQueueEntry.select()] == [failed.entry_no]
        await screen.sees("0 to go")
        await screen.press("R")
        await screen.hears("Remove From Job Queue: Nothing of it waits.")


async def test_no_batch_says_what_one_is_and_its_keys_why_not(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="batches") as screen:
        await screen.sees("No batch yet.")
        for key, caption in (("enter", "Entries"), ("p", "Posted Documents"), ("t", "Restart What Failed")):
            await screen.press(key)
            await screen.hears(f"{caption}: There is no batch under the cursor.")


@pytest.mark.parametrize("size", SIZES)
async def test_notes_are_read_one_by_one_and_taken_as_read_all_at_once(sqlite_firm: Location, size: Size) -> None:
    notes.write(current_user(), "It failed.\nFor two reasons.")
    notes.write(current_user(), "It is posted.")
    notes.write(jobs.ANN, "Not mine.")
    async with terminal(sqlite_firm, size, "notes") as screen:
        await screen.sees("2 notes", "2 new notes", "It is posted.")
        assert "Not mine" not in screen.shown
        await screen.press("j", "enter")
        await screen.sees("Note", "For two reasons.")
        await screen.answers("Esc Close", "escape")
        await screen.press("r")
        await screen.sees_no("new notes")
        assert {(one.user_id, one.is_read) for one in Note.select()} == {(current_user(), True), (jobs.ANN, False)}
        await screen.press("slash")
        await screen.fills_in("posted")
        await screen.sees("1 note")
