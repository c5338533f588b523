"""What is done with Job Queue Entries in list, card and Role Centre, and with their log; questions and refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import builders
import jobs
import pytest
from screens import SIZES, is_on, terminal

from postroom.core import clock
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import consumers, notes
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry, Note
from postroom.queue import background
from postroom.tui.pages.entries import EntriesPage, EntryCard
from postroom.tui.pages.entry_fields import EntryFieldsPage
from postroom.tui.pages.log_entries import LogCard

Size = tuple[int, int]
ON_BOTH = pytest.mark.parametrize(
    "on_card", [pytest.param(False, id="list"), pytest.param(True, id="card", marks=pytest.mark.full)]
)


def status(entry: JobQueueEntry) -> str:
    found = JobQueueEntry.get_or_none(JobQueueEntry.entry_no == entry.entry_no)
    return found.status.value if found else "gone"


def record(entry: JobQueueEntry) -> str:
    return f"Sales Invoice {entry.record_no} (entry {entry.entry_no})"


async def opened(screen: Any, on_card: bool) -> None:
    """The first entry in the list, or its card."""
    await screen.sees("(entry 1)")
    if on_card:
        await screen.press("enter")
        await is_on(screen, EntryCard)


@ON_BOTH
async def test_set_on_hold_and_set_to_ready_park_an_entry_and_let_it_go(sqlite_firm: Location, on_card: bool) -> None:
    (entry,) = jobs.queued()
    async with terminal(sqlite_firm) as screen:
        await opened(screen, on_card)
        await screen.press("h")
        await screen.hears(f"Set On Hold: {record(entry)}.")
        assert status(entry) == "On Hold"
        await screen.sees("On Hold")
        await screen.press("h")
        await screen.hears("Set On Hold: Entry 1 is On Hold. Only what is Ready or in Error can be set On Hold.")
        await screen.press("r")
        await screen.hears(f"Set to Ready: {record(entry)}.")
        assert status(entry) == "Ready"
        await screen.until(lambda: "Ready" in screen.line(f"Sales Invoice {entry.record_no}"))
        await screen.press("r")
        await screen.hears("Only what is On Hold or in Error can be set to Ready.")


@ON_BOTH
async def test_restart_clears_the_errors_and_begins_to_count_anew(sqlite_firm: Location, on_card: bool) -> None:
    (entry,) = jobs.blocked()
    jobs.unblock()
    async with terminal(sqlite_firm) as screen:
        await opened(screen, on_card)
        await screen.press("t")
        await screen.hears(f"Restarted: {record(entry)}.")
        again = jobs.row(entry.entry_no)
        assert (again.status, again.attempts, again.errors) == (EntryStatus.READY, 0, "")
        await screen.until(lambda: "Ready" in screen.line(f"Sales Invoice {entry.record_no}"))
        await screen.press("t")
        await screen.hears("Only what is in Error or On Hold can be restarted.")


@ON_BOTH
async def test_run_once_posts_here_and_now_after_a_question(sqlite_firm: Location, on_card: bool) -> None:
    (entry,) = jobs.queued()
    async with terminal(sqlite_firm) as screen:
        await opened(screen, on_card)
        await screen.press("O")
        await screen.answers(f"Run {record(entry)} now, in the foreground?", "n")
        assert not PostedDocument.select().exists()
        await screen.press("O")
        await screen.answers("now, in the foreground?", "y")
        await screen.hears(f"Run: {record(entry)}.")
        assert status(entry) == "gone"
        assert PostedDocument.select().where(PostedDocument.source_no == entry.record_no).exists()
        await screen.sees("The entry is gone" if on_card else "The job queue is empty.")


async def test_a_run_that_fails_says_why_and_stays(sqlite_firm: Location) -> None:
    first, second = jobs.blocked(2)
    async with terminal(sqlite_firm) as screen:
        await screen.press("asterisk", "O")
        await screen.answers("Run 2 entries now, in the foreground?", "y")
        await screen.sees("0 done, 2 refused", "Customer C1 is blocked")
        await screen.answers("0 done", "escape")
        await screen.sees("2 marked")
        assert (status(first), status(second)) == ("Error", "Error")


@ON_BOTH
async def test_cancel_asks_and_leaves_the_entry_on_hold(sqlite_firm: Location, on_card: bool) -> None:
    (entry,) = jobs.queued()
    jobs.claimed(jobs.gone())
    async with terminal(sqlite_firm) as screen:
        await opened(screen, on_card)
        await screen.sees("In Process")
        for key, said in (("D", "Cancel it first."), ("O", "It runs already."), ("p", "keeps its priority.")):
            await screen.press(key)
            await screen.hears(said)
        await screen.press("C")
        await screen.answers(f"Cancel {record(entry)}?", "n")
        assert not jobs.row(1).cancel_requested_by
        await screen.press("C")
        await screen.answers("What runs is stopped and rolled back.", "y")
        await screen.hears(f"Cancel asked for: {record(entry)}.")
        await screen.sees("On Hold")
        assert status(entry) == "On Hold"
        await screen.press("C")
        await screen.hears("Only what is In Process can be cancelled.")


@pytest.mark.parametrize("size", SIZES)
async def test_the_reason_why_it_waits_stands_in_full_on_its_card(sqlite_firm: Location, size: Size) -> None:
    jobs.queued()
    async with terminal(sqlite_firm, size) as screen:
        await screen.sees("(entry 1)", "No consumer is running")
        await screen.press("w")
        await is_on(screen, EntryCard)
        await screen.sees("- Why Is It Not Running?", "No consumer is running")
        assert "+ General" in screen.shown


async def test_the_card_deletes_sets_the_priority_and_leads_to_the_runs_and_fields(sqlite_firm: Location) -> None:
    (entry,) = jobs.blocked()
    async with terminal(sqlite_firm) as screen:
        await opened(screen, True)
        await screen.press("p")
        await screen.sees(f"Priority of {record(entry)}. 0 is served first.")
        await screen.fills_in("7")
        await screen.hears(f"Priority 7: {record(entry)}.")
        assert jobs.row(1).priority == 7
        await screen.press("l")
        await screen.sees("Job Queue Log Entries", "1 log entry", f"job_queue_entry_id={entry.id[:8]}")
        await screen.press("escape", "f2")
        await screen.answers(f"Fields are changed On Hold. Set {record(entry)} on hold?", "n")
        assert status(entry) == "Error"
        await screen.press("f2")
        await screen.answers(f"Fields are changed On Hold. Set {record(entry)} on hold?", "y")
        await is_on(screen, EntryFieldsPage)
        assert status(entry) == "On Hold"
        await screen.press("escape", "D")
        await screen.answers(f"Delete {record(entry)}?", "y")
        await screen.sees("The entry is gone")
        document = Document.get_by_id(entry.record_id)
        assert (document.status.value, document.job_queue_status) == ("Released", JobQueueStatus.BLANK)


async def test_without_the_right_others_entries_stay_as_they_are(sqlite_firm: Location) -> None:
    jobs.queued(user=jobs.ANN)
    builders.take_away("job_queue_admin")
    async with terminal(sqlite_firm) as screen:
        for keys in (("h",), ("D", "y"), ("p", "7", "enter")):
            await screen.sees("(entry 1)")
            await screen.press(*keys)
            await screen.sees("Job Queue Admin")
            await screen.press("escape")
            await screen.until(lambda: isinstance(screen.app.screen, EntriesPage))
        found = jobs.row(1)
        assert (found.status, found.priority) == (EntryStatus.READY, 1000)


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_is_set_to_error_after_a_question_and_its_claim_is_worth_nothing(
    sqlite_firm: Location, size: Size
) -> None:
    (entry,) = jobs.queued()
    jobs.claimed(jobs.gone())
    async with terminal(sqlite_firm, size, "job-queue-log-entries") as screen:
        await screen.sees("1 log entry", "In Process")
        await screen.press("E")
        await screen.answers("Set log entry 1 to Error?", "n")
        assert status(entry) == "In Process"
        await screen.press("E")
        await screen.answers("The worker that runs it loses its claim", "y")
        await screen.hears("Log Entry 1: set to error.")
        assert status(entry) == "Error"
        await screen.sees(f"Set to Error by {current_user()}.")
        await screen.press("E")
        await screen.hears("Only a log entry that is In Process can be set to Error.")


async def test_of_several_runs_only_those_in_process_are_set_to_error(sqlite_firm: Location) -> None:
    jobs.blocked()
    jobs.unblock()
    jobs.queued(2)
    jobs.category("A")
    JobQueueEntry.update(category_code="A").where(JobQueueEntry.entry_no == 3).execute()
    jobs.claimed(jobs.gone())
    jobs.claimed(jobs.gone())
    async with terminal(sqlite_firm, page="job-queue-log-entries") as screen:
        await screen.sees("3 log entries")
        await screen.press("asterisk", "E")
        await screen.answers("Set 2 log entries to Error?", "y")
        await screen.hears("2 log entries: set to error.")
        assert {one.status for one in JobQueueLogEntry.select()} == {LogStatus.ERROR}
        await screen.sees("1 marked")


async def test_a_run_that_ended_before_the_answer_is_not_said_to_be_set_to_error(sqlite_firm: Location) -> None:
    jobs.queued()
    claim = jobs.claimed()
    async with terminal(sqlite_firm, page="job-queue-log-entries") as screen:
        await screen.sees("In Process")
        await screen.press("E")
        await screen.sees("Set log entry 1 to Error?")
        jobs.runs.run(claim)
        await screen.press("y")
        await screen.sees("Set Status to Error", "Log Entry 1 refused", "It is Success")
        assert JobQueueLogEntry.get().status is LogStatus.SUCCESS


@pytest.mark.parametrize("size", SIZES)
async def test_the_card_of_a_run_has_its_errors_its_posted_documents_and_its_fields(
    sqlite_firm: Location, size: Size
) -> None:
    jobs.queued()
    jobs.run_all()
    jobs.blocked()
    posted = PostedDocument.get(PostedDocument.kind == "invoice")
    async with terminal(sqlite_firm, size, "job-queue-log-entries") as screen:
        await screen.sees("2 log entries")
        await screen.press("e")
        await is_on(screen, LogCard)
        await screen.sees("- Errors", "Customer C1 is blocked", "+ General")
        await screen.press("escape", "j", "enter")
        await is_on(screen, LogCard)
        await screen.sees("- Posted Documents", f"Posted Sales Invoice {posted.no}", "Attempt", "Duration")
        await screen.press("Y")
        await screen.answers("Copy to a File", "escape")
        await screen.press("y")
        assert f"Posted Sales Invoice {posted.no}" in screen.app.clipboard
        JobQueueLogEntry.delete().execute()
        await screen.sees("This log entry was deleted.")


async def test_only_runs_older_than_a_week_are_deleted_after_a_question(sqlite_firm: Location) -> None:
    jobs.queued(3)
    jobs.run_all()
    old = clock.now() - timedelta(days=8)
    JobQueueLogEntry.update(ended_at=old).where(JobQueueLogEntry.entry_no < 3).execute()
    async with terminal(sqlite_firm, page="job-queue-log-entries") as screen:
        await screen.sees("3 log entries")
        await screen.press("X")
        await screen.answers("Delete all log entries older than 7 days?", "n")
        assert JobQueueLogEntry.select().count() == 3
        await screen.press("X")
        await screen.answers("What is In Process stays.", "y")
        await screen.hears("2 log entries deleted.")
        await screen.sees("1 log entry")
        builders.take_away("job_queue_admin")
        await screen.press("Z", "y")
        await screen.sees("Not done", "Job Queue Admin")
        assert JobQueueLogEntry.select().count() == 1


@pytest.mark.parametrize("size", SIZES)
async def test_each_cue_of_the_role_centre_leads_to_what_it_counts(sqlite_firm: Location, size: Size) -> None:
    jobs.blocked(2)
    jobs.queued(1)
    notes.write(current_user(), "Hear")
    cues = [
        ("1", "documents", "Sales Orders"),
        ("2", "job-queue-entries", "Filter: status=Ready|Waiting"),
        ("3", "job-queue-entries", "Filter: status='In Process'"),
        ("4", "job-queue-entries", "Filter: status=Error"),
        ("5", "posted-documents", "Posted Documents"),
        ("6", "documents-to-handle", "2 documents"),
        ("7", "notes", "3 notes"),
        ("8", "job-queues", "4 job queues"),
    ]
    async with terminal(sqlite_firm, size, "role-centre") as screen:
        await screen.sees("2 In Queue 1", "4 Errors 2", "6 To Handle 2", "7 Notes 3", "3 entries of mine")
        for key, address, seen in cues:
            await screen.press(key)
            await screen.is_on(address)
            await screen.sees(seen)
            await screen.press("escape")
            await screen.is_on("role-centre")
        await screen.press("N")
        await screen.sees("7 Notes 0")
        assert not Note.select().where(~Note.is_read).exists()


async def test_my_job_queue_restarts_removes_and_explains_my_entries_alone(sqlite_firm: Location) -> None:
    failed, other = jobs.blocked(2)
    jobs.wait_entry(jobs.ANN)
    jobs.unblock()
    async with terminal(sqlite_firm, page="role-centre") as screen:
        await screen.sees("2 entries of mine", "Customer C1 is blocked")
        await screen.press("e")
        await is_on(screen, EntryCard)
        await screen.sees("- Errors", "+ General")
        await screen.press("escape", "t")
        await screen.hears(f"Restarted: {record(failed)}.")
        assert status(failed) == "Ready"
        await screen.press("w")
        await is_on(screen, EntryCard)
        await screen.sees("Why Is It Not Running?")
        await screen.press("escape", "j", "D")
        await screen.answers(f"Delete {record(other)}?", "y")
        await screen.sees("1 entry of mine")
        assert status(other) == "gone"
        await screen.press("slash")
        await screen.fills_in("status=Error")
        await screen.sees("Nothing matches the filter status=Error.")


async def test_a_consumer_is_started_from_the_role_centre_once(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="role-centre") as screen:
        await screen.sees("No consumer is running")
        try:
            await screen.press("c")
            await screen.hears("runs on this host.")
            await screen.sees("Consumer running, 2 workers")
            (consumer,) = consumers.alive()
            screen.app.messages.hush()
            await screen.press("c")
            await screen.hears(f"Consumer {consumer.process_id} runs on this host.")
            assert len(consumers.alive()) == 1
        finally:
            assert [one.ended for one in background.stop_on_this_host()] == [True]


async def test_a_look_at_the_role_centre_counts_the_unread_notes_once(
    sqlite_firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    count = notes.unread_count
    monkeypatch.setattr(notes, "unread_count", lambda user: counted.append(user) or count(user))
    async with terminal(sqlite_firm, page="role-centre") as screen:
        for number in (1, 2):
            reads, before = screen.app.reads, len(counted)
            notes.write(current_user(), f"Note {number}")
            await screen.sees(f"7 Notes {number}")
            assert len(counted) - before == screen.app.reads - reads
