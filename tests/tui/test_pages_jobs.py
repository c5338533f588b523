"""Request pages: options and filters of a batch, checked, run now or scheduled; the other jobs; and long work."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import builders
import jobs
import pytest
from screens import SIZES, Terminal, is_on, terminal
from textual.widgets import ProgressBar

from postroom.core.database import Location
from postroom.core.kinds import Area, EntryStatus
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document
from postroom.core.tables.work import Batch, JobQueueEntry
from postroom.tui.pages.job_form import BatchForm, JobForm
from postroom.tui.widgets.dialogs import Progress

Size = tuple[int, int]


async def ticks(screen: Terminal, field: str) -> None:
    await screen.at_field(field)
    await screen.press("space")


@pytest.mark.parametrize("size", SIZES)
async def test_a_batch_queues_what_its_filters_take_after_a_question_that_counts(
    sqlite_firm: Location, size: Size
) -> None:
    ids = jobs.invoices(3)
    builders.party(Area.SALES, "C2")
    jobs.invoices(1, "C2")
    async with terminal(sqlite_firm, size, "batch-post-sales-invoices") as screen:
        await is_on(screen, BatchForm)
        await screen.changes("filter.party", "C1")
        await screen.until(lambda: "C1" in screen.line("Customer/Vendor No."))
        await screen.press("p")
        await screen.answers("3 documents match.", "n")
        assert not JobQueueEntry.select().exists()
        await screen.press("f9")
        await screen.answers("Batch Post Sales Invoices: queue them now?", "y")
        await screen.hears("3 documents: queued.")
        entries = list(JobQueueEntry.select())
        assert {one.record_id for one in entries} == set(ids)
        assert {one.batch_no for one in entries} == {Batch.get().no}


async def test_a_batch_without_a_filter_says_that_it_takes_all(sqlite_firm: Location) -> None:
    jobs.invoices(2)
    async with terminal(sqlite_firm, page="batch-post-sales-invoices") as screen:
        await screen.press("p")
        await screen.answers("2 documents match. There is no filter: that is all of them.", "n")
        await screen.changes("filter.no", "NONE*")
        await screen.until(lambda: "NONE*" in screen.line("No. ..."))
        await screen.press("p")
        await screen.hears("No document matches.")
        assert not JobQueueEntry.select().exists()


@pytest.mark.parametrize("size", SIZES)
async def test_check_tells_of_each_document_why_it_would_fail_and_queues_nothing(
    sqlite_firm: Location, size: Size
) -> None:
    jobs.invoices(2)
    builders.party(Area.SALES, "C2", blocked="All")
    (bad,) = jobs.invoices(1, "C2")
    async with terminal(sqlite_firm, size, "batch-post-sales-invoices") as screen:
        await screen.press("c")
        await screen.hears("Every document that matches is being checked.")
        await screen.sees("Check: Batch Post Sales Invoices", "2 would post, 1 would not", "Customer C2 is blocked")
        await screen.sees(f"Sales Invoice {Document.get_by_id(bad).no}")
        await screen.answers("2 would post", "escape")
        assert not JobQueueEntry.select().exists()
        assert not PostedDocument.select().exists()


async def test_the_options_are_written_to_the_documents_and_replacing_needs_a_date(sqlite_firm: Location) -> None:
    (id_,) = jobs.invoices()
    async with terminal(sqlite_firm, page="batch-post-sales-invoices") as screen:
        await ticks(screen, "param.replace_posting_date")
        await screen.press("p")
        await screen.sees("Not done", "There is no date to replace with.")
        await screen.answers("Not done", "escape")
        await screen.changes("param.posting_date", "tomorrow")
        await screen.sees("Posting Date: tomorrow", "Leave as it is")
        await screen.fills_in("2026-03-09")
        await ticks(screen, "param.print")
        await screen.until(lambda: "[x] Yes" in screen.line("Print ..."))
        await screen.press("p")
        await screen.answers("1 document matches. There is no filter: that is the only one.", "y")
        await screen.until(lambda: JobQueueEntry.select().exists())
        assert str(Document.get_by_id(id_).posting_date) == "2026-03-09"
        assert json.loads(JobQueueEntry.get().parameters)["print"] is True


async def test_a_filter_that_cannot_be_read_is_mended_where_it_was_typed(sqlite_firm: Location) -> None:
    jobs.invoices()
    async with terminal(sqlite_firm, page="batch-post-sales-invoices") as screen:
        await screen.changes("filter.amount", "dear")
        await screen.sees("dear is not a number", "Leave as it is")
        await screen.fills_in("..1000")
        await screen.until(lambda: "..1000" in screen.line("Amount Including VAT"))
        await screen.changes("param.filter", "colour=red")
        await screen.sees("There is no field colour")
        await screen.fills_in("status=Released")
        await screen.until(lambda: "status=Released" in screen.line("Filter ..."))
        await screen.press("p")
        await screen.answers("1 document matches.", "n")


@pytest.mark.parametrize("size", SIZES)
async def test_a_batch_is_scheduled_with_its_rules_in_words_and_the_next_runs(
    sqlite_firm: Location, size: Size
) -> None:
    async with terminal(sqlite_firm, size, "batch-post-sales-orders") as screen:
        await is_on(screen, BatchForm)
        await screen.changes("plan.minutes", "30")
        await screen.press("s")
        await screen.sees("Not done", "eekday")
        await screen.answers("Not done", "escape")
        await screen.changes("plan.weekdays", "monkey")
        await screen.sees("monkey is not a weekday.")
        await screen.fills_in("mon,fri")
        await screen.changes("plan.starting_time", "25:00")
        await screen.sees("25:00 is not a time of day.")
        await screen.fills_in("22:00")
        await screen.changes("plan.ending_time", "23:00")
        await screen.changes("plan.category", "NONE")
        await screen.changes("filter.no", "S-ORD1*")
        await screen.press("G")
        await screen.press("s")
        await screen.sees("Not done", "There is no job queue category NONE.")
        await screen.answers("Not done", "escape")
        await screen.changes("plan.category", "SALESPOST")
        await screen.press("s")
        await screen.hears("Scheduled as entry 1: every Monday and Friday")
        entry = JobQueueEntry.get()
        assert (entry.job, entry.weekdays, entry.category_code) == ("batch-post-sales-orders", "mon,fri", "SALESPOST")
        assert (entry.starting_time, entry.ending_time, entry.no_of_minutes_between_runs) == (
            "22:00:00",
            "23:00:00",
            30,
        )
        assert json.loads(entry.parameters)["filter"] == "no=S-ORD1*"
        assert entry.status is EntryStatus.READY


async def test_the_next_runs_are_foretold_while_the_rules_are_typed(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, (80, 50), "schedule-check") as screen:
        await is_on(screen, JobForm)
        await screen.press("f")
        await screen.sees("Once, as soon as it is scheduled.")
        await screen.changes("plan.formula", "1M")
        await screen.until(lambda: screen.line(", ...") or ", ..." in screen.read)
        await screen.changes("plan.weekdays", "mon")
        await screen.until(lambda: "Once" not in screen.shown and ", ..." not in screen.read)


@pytest.mark.parametrize("size", SIZES)
async def test_a_backup_is_scheduled_once_with_its_parameters(sqlite_firm: Location, size: Size, tmp_path: Any) -> None:
    async with terminal(sqlite_firm, size, "schedule-backup") as screen:
        await is_on(screen, JobForm)
        await screen.press("s")
        await screen.sees("Not done", "older")
        await screen.answers("Not done", "escape")
        await screen.changes("param.folder", str(tmp_path))
        await screen.changes("param.keep", "many")
        await screen.sees("Keep: many")
        await screen.fills_in("4")
        await screen.changes("plan.start", "2030-01-01T22:00")
        await screen.press("s")
        await screen.hears("Scheduled as entry 1: ")
        entry = JobQueueEntry.get()
        assert json.loads(entry.parameters) == {"folder": str(tmp_path), "keep": 4}
        assert (entry.job, entry.earliest_start.isoformat()) == ("backup", "2030-01-01T21:00:00+00:00")


async def test_without_the_permission_nothing_is_scheduled_or_run(sqlite_firm: Location) -> None:
    jobs.invoices()
    builders.take_away("may_post")
    async with terminal(sqlite_firm, page="batch-post-sales-invoices") as screen:
        await screen.press("s")
        await screen.answers("queue every document of the type at once?", "y")
        await screen.answers("lacks the permission set Post", "escape")
        await screen.press("p", "y")
        await screen.sees("lacks the permission set Post")
        assert not JobQueueEntry.select().exists()


class Work:
    """Work on three records that goes on only when told to: `step` lets it do one more."""

    def __init__(self) -> None:
        self.may = threading.Semaphore(0)
        self.done = 0

    def __call__(self, advance: Callable[[int], None]) -> str:
        for number in (1, 2, 3):
            assert self.may.acquire(timeout=10)
            self.done = number
            advance(number)
        return "all"


async def test_long_work_has_a_bar_and_escape_stops_it_between_two_records(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        work = Work()
        worker = screen.page.run_worker(screen.app.long_work("Posting 3 documents", 3, work))
        await screen.sees("Posting 3 documents", "0%", "Esc Stop after this one")
        work.may.release()
        await screen.sees("33%")
        assert screen.app.screen.query_one(ProgressBar).percentage == pytest.approx(1 / 3)
        await screen.press("escape")
        work.may.release()
        await screen.sees("Not done", "Stopped after 2 of 3.", "What was done stays done.")
        await worker.wait()
        assert (worker.result, work.done) == (None, 2)
        await screen.answers("Not done", "escape")
        assert not isinstance(screen.app.screen, Progress)


async def test_long_work_that_is_let_be_ends_and_its_box_goes(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        work = Work()
        worker = screen.page.run_worker(screen.app.long_work("Posting", 3, work))
        await screen.sees("Esc Stop after this one")
        work.may.release(3)
        await screen.sees_no("Esc Stop after this one")
        await worker.wait()
        assert worker.result == "all"


async def test_work_on_one_record_shows_no_bar(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        seen: list[bool] = []

        def one(advance: Callable[[int], None]) -> str:
            seen.append(isinstance(screen.app.screen, Progress))
            return "one"

        assert await screen.page.run_worker(screen.app.long_work("Posting", 1, one)).wait() == "one"
        assert seen == [False]


async def test_a_bug_in_what_a_box_does_is_told_in_the_box(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        said = await screen.page.run_worker(screen.app.attempt(lambda: 1 // 0)).wait()
        assert said.startswith("Internal error (ZeroDivisionError).")
        assert screen.app.is_running


async def test_the_marked_documents_stand_in_the_filter_of_a_batch_and_no_others_are_taken(
    sqlite_firm: Location,
) -> None:
    jobs.invoices(3)
    nos = [one.no for one in Document.select().order_by(Document.no)]
    async with terminal(sqlite_firm, page="sales-invoice") as screen:
        await screen.sees("3 documents")
        await screen.press("space", "space", "B")
        await is_on(screen, BatchForm)
        await screen.until(lambda: f"'{nos[0]}'|'{nos[1]}'" in screen.line("No. ..."))
        await screen.press("p")
        await screen.answers("2 documents match.", "y")
        await screen.hears("2 documents: queued.")
        assert sorted(one.record_no for one in JobQueueEntry.select()) == nos[:2]
        await screen.press("escape", "u", "B")
        await is_on(screen, BatchForm)
        await screen.press("p")
        await screen.answers("There is no filter", "n")
