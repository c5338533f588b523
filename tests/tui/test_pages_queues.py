"""Job Queues with their cards, and Job Queue Categories: what each key does, what is asked, what is refused."""

from __future__ import annotations

import builders
import jobs
import pytest
from screens import SIZES, is_on, terminal

from postroom.core import setups
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import categories, consumers, queues
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import JobQueue, JobQueueCategory
from postroom.queue import background
from postroom.tui.pages.form import FieldRow
from postroom.tui.pages.queues import QueueCard, QueuesPage

Size = tuple[int, int]


def started() -> set[str]:
    return {view.code for view in queues.list_queues() if view.started}


def stopped(*codes: str) -> None:
    for code in codes:
        queues.stop(code, user=current_user())


def codes() -> list[str]:
    return [view.code for view in categories.list_categories()]


@pytest.mark.parametrize("size", SIZES)
async def test_the_queues_show_their_state_and_stop_after_a_question(sqlite_firm: Location, size: Size) -> None:
    async with terminal(sqlite_firm, size, "job-queues") as screen:
        await screen.sees("4 job queues", "SPPOST", "<>SALESPOST&<>PURCHPOST&<", "Never served yet")
        assert "Not responding" in screen.line("DEFAULT")
        assert ("Auto" in screen.line("Category Filter")) == (size[0] >= 100)
        await screen.press("s")
        await screen.hears("Start Job Queue: It is started already.")
        await screen.press("S")
        await screen.answers("Stop job queue DEFAULT?", "n")
        assert started() == {"DEFAULT", "PPPOST", "PRINT", "SPPOST"}
        await screen.press("S")
        await screen.answers("What runs is finished; the others wait.", "y")
        await screen.hears("Stopped: DEFAULT.")
        await screen.until(lambda: "Stopped" in screen.line("<>SALESPOST"))
        assert started() == {"PPPOST", "PRINT", "SPPOST"}
        await screen.press("S")
        await screen.hears("Stop Job Queue: It is stopped already.")


async def test_several_queues_stop_and_start_together(sqlite_firm: Location) -> None:
    jobs.consumer_row()
    async with terminal(sqlite_firm, page="job-queues") as screen:
        await screen.sees("4 job queues")
        await screen.press("space", "space", "S")
        await screen.answers("Stop 2 job queues?", "y")
        await screen.hears("Stopped: DEFAULT, PPPOST.")
        assert started() == {"PRINT", "SPPOST"}
        await screen.press("s")
        await screen.hears("Started: DEFAULT, PPPOST.")
        assert started() == {"DEFAULT", "PPPOST", "PRINT", "SPPOST"}
        assert isinstance(screen.app.screen, QueuesPage), "nothing is asked: a consumer is alive"


async def test_starting_a_queue_that_nobody_serves_says_so_and_offers_a_consumer(sqlite_firm: Location) -> None:
    stopped("SPPOST")
    async with terminal(sqlite_firm, page="job-queues") as screen:
        await screen.press("G", "s")
        await screen.hears("Started: SPPOST.")
        await screen.answers("No consumer that may serve SPPOST is alive. Start one on this host?", "n")
        assert started() >= {"SPPOST"}
        assert not consumers.list_consumers()


async def test_a_consumer_is_started_from_the_list_and_runs_in_the_background(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="job-queues") as screen:
        try:
            await screen.press("c")
            await screen.hears("A consumer is being started.")
            await screen.hears("runs on this host.")
            await screen.sees("Consumer running, 2 workers")
            (consumer,) = consumers.alive()
            await screen.hears(f"Consumer {consumer.process_id} runs on this host.")
        finally:
            assert [one.ended for one in background.stop_on_this_host()] == [True]


async def test_the_entries_that_a_queue_takes_are_a_key_away(sqlite_firm: Location) -> None:
    jobs.category("NIGHT")
    jobs.wait_entry(category_code="SALESPOST")
    jobs.wait_entry(category_code="NIGHT")
    async with terminal(sqlite_firm, page="job-queues") as screen:
        await screen.press("l")
        await screen.sees("1 entry", "Filter: category=<>SALESPOST&<>PURCHPOST&<")
        await screen.press("escape", "G", "enter")
        await is_on(screen, QueueCard)
        await screen.press("l")
        await screen.sees("1 entry", "Filter: category=SALESPOST")


@pytest.mark.parametrize("size", SIZES)
async def test_general_and_nas_settings_are_changed_on_the_card_and_wrong_values_mended_where_typed(
    sqlite_firm: Location, size: Size
) -> None:
    async with terminal(sqlite_firm, size, "job-queues") as screen:
        await screen.press("G", "enter")
        await is_on(screen, QueueCard)
        await screen.sees("Job Queue SPPOST", "- General", "+ NAS Settings")
        await screen.changes("description", "Sales by night")
        await screen.until(lambda: "Sales by night" in screen.line("Description ..."))
        await screen.changes("category_filter", "(SALESPOST")
        await screen.sees("Leave as it is", "(SALESPOST")
        await screen.fills_in("SALES*")
        await screen.until(lambda: "SALES*" in screen.line("Job Queue Category Filter ..."))
        await screen.changes("max_concurrent", "0")
        await screen.sees("must be from 1 to 1000")
        await screen.fills_in("3")
        await screen.until(lambda: " 3" in screen.line("Maximum Concurrent Jobs ..."))
        await screen.at_field("start_automatically")
        await screen.press("space")
        await screen.until(lambda: "[ ] No" in screen.line("Start Automatically from NAS"))
        await screen.changes("on_host", "elsewhere")
        await screen.until(lambda: "elsewhere" in screen.line("Start on This Host"))
    view = queues.show("SPPOST")
    assert (view.description, view.category_filter, view.max_concurrent) == ("Sales by night", "SALES*", 3)
    assert (view.start_automatically, view.on_host) == (False, "elsewhere")


async def test_the_card_starts_and_stops_its_queue_and_tells_who_serves_it(sqlite_firm: Location) -> None:
    jobs.consumer_row()
    async with terminal(sqlite_firm, page="job-queues") as screen:
        await screen.press("G", "enter")
        await is_on(screen, QueueCard)
        await screen.press("S")
        await screen.answers("Stop job queue SPPOST?", "y")
        await screen.sees("Job Queue SPPOST   Stopped")
        await screen.press("S")
        await screen.hears("Stop Job Queue: It is stopped already.")
        await screen.press("s")
        await screen.hears("Started: SPPOST.")
        await screen.sees("Job Queue SPPOST   Starting")
        assert "SPPOST" in started()


async def test_a_queue_that_stopped_itself_says_why(sqlite_firm: Location) -> None:
    JobQueue.update(started=False, stopped_reason="Its last 20 entries all failed.").execute()
    async with terminal(sqlite_firm, page="job-queues") as screen:
        await screen.sees("Stopped", "Its last 20 entries all failed.")
        await screen.press("enter")
        await is_on(screen, QueueCard)
        await screen.press("f", "G")
        await screen.sees("Stopped: Its last 20 entries all failed.")


async def test_without_job_queue_admin_queues_and_categories_stay_as_they_are(sqlite_firm: Location) -> None:
    stopped("PRINT")
    builders.take_away("job_queue_admin")
    lacks = "lacks the permission set Job Queue Admin"
    async with terminal(sqlite_firm, page="job-queues") as screen:
        await screen.press("S", "y")
        await screen.sees("Not done", lacks)
        await screen.answers("Not done", "escape")
        await screen.press("j", "j", "s")
        await screen.sees("Not done", lacks)
        await screen.answers("Not done", "escape")
        await screen.press("enter")
        await is_on(screen, QueueCard)
        await screen.changes("max_concurrent", "3")
        await screen.sees(lacks)
        await screen.press("escape", "escape")
        await screen.goes_to("job queue categories")
        await screen.sees("3 categories")
        await screen.press("n")
        await screen.fills_in("NIGHT")
        await screen.sees(lacks)
        await screen.press("escape", "D", "y")
        await screen.sees("refused", lacks)
    assert started() == {"DEFAULT", "PPPOST", "SPPOST"}
    assert queues.show("PRINT").max_concurrent == 8
    assert "NIGHT" not in codes()


async def test_a_filter_finds_queues_by_their_fields(sqlite_firm: Location) -> None:
    stopped("PRINT")
    async with terminal(sqlite_firm, page="job-queues") as screen:
        await screen.press("slash")
        await screen.fills_in("state=Stopped")
        await screen.sees("1 job queue ", "PRINT")
        await screen.press("s")
        await screen.answers("No consumer that may serve PRINT is alive.", "n")
        await screen.sees("Nothing matches the filter state=Stopped.")
        assert "PRINT" in started()


@pytest.mark.parametrize("size", SIZES)
async def test_a_category_is_made_renamed_with_what_bears_it_and_deleted_after_a_question(
    sqlite_firm: Location, size: Size
) -> None:
    async with terminal(sqlite_firm, size, "job-queue-categories") as screen:
        await screen.sees("3 categories")
        await screen.press("ctrl+n")
        await screen.fills_in("SALESPOST")
        await screen.sees("The category SALESPOST exists already. Choose another code.")
        await screen.fills_in("NIGHT What runs by night")
        await screen.sees("4 categories", "What runs by night")
        entry = jobs.wait_entry(category_code="NIGHT", status=EntryStatus.ON_HOLD)
        await screen.press("slash")
        await screen.fills_in("code=NIGHT")
        await screen.sees("1 category", "1 entry bears it; at most one of them runs at a time.")
        await screen.press("D")
        await screen.answers("Delete category NIGHT?", "y")
        await screen.sees("Category NIGHT refused", "The category is used by 1 job queue entry.")
        await screen.answers("refused", "escape")
        await screen.press("l")
        await screen.sees("Job Queue Entries", "1 entry", "Filter: category='NIGHT'")
        await screen.press("escape", "backslash")
        await screen.sees("4 categories")
        await screen.press("enter")
        await screen.sees("Rename NIGHT", "New code")
        await screen.fills_in("PURCHPOST")
        await screen.sees("The category PURCHPOST exists already.")
        await screen.fills_in("LATE")
        await screen.until(lambda: "LATE" in codes())
        assert jobs.row(entry.entry_no).category_code == "LATE"
        assert JobQueueCategory.get_by_id("LATE").description == "What runs by night"


async def test_of_several_categories_those_in_use_stay_marked_and_say_by_what(sqlite_firm: Location) -> None:
    me = current_user()
    for code in ("A", "B"):
        categories.add(code, user=me)
    setups.change({"sales.job_queue_category_code": "B"}, user=me)
    async with terminal(sqlite_firm, page="job-queue-categories") as screen:
        await screen.sees("5 categories")
        await screen.press("D")
        await screen.answers("Delete category A?", "n")
        await screen.press("space", "space", "D")
        await screen.answers("Delete 2 categories?", "y")
        await screen.sees("1 done, 1 not", "Category A deleted", "used by Sales & Receivables Setup")
        await screen.answers("1 done", "escape")
        await screen.sees("4 categories", "1 marked")
        assert "A" not in codes()
        assert "B" in codes()


async def test_the_cursor_stands_on_the_field_that_a_card_is_opened_for(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="job-queues") as screen:
        screen.app.push_screen(QueueCard("SPPOST", "on_host"))
        await is_on(screen, QueueCard)
        assert screen.app.focused is screen.page.query_one("#field-on_host", FieldRow)
        await screen.sees("- NAS Settings", "Only consumers of this host serve it.")
