"""Keys typed before a page shows what they are meant for: they wait for it, keep their order, and can be taken back."""

from __future__ import annotations

import asyncio
import os

import jobs
import pytest
from screens import Terminal, terminal, unread

from postroom.core import company
from postroom.core.database import Location
from postroom.core.kinds import EntryStatus
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry
from postroom.tui.app import PostroomApp
from postroom.tui.pages.entries import EntryCard
from postroom.tui.pages.handle import HandlePage


def entries(count: int) -> None:
    for _ in range(count):
        jobs.wait_entry(company.current_user(), status=EntryStatus.ON_HOLD)


def cursor(screen: Terminal) -> str:
    return screen.list.table.cursor_key


async def test_keys_pressed_before_the_very_first_look_act_on_what_it_brings(sqlite_firm: Location) -> None:
    entries(250)
    app = PostroomApp(sqlite_firm, poll=0.05, first_page="job-queue-entries", few_colours=False)
    async with unread(app) as read_on, app.run_test(size=(80, 24)) as pilot:
        screen = Terminal(app, pilot)
        await pilot.press("G", "k", "k", "space")
        assert app.early_keys.waits
        assert not screen.list.table.keys
        read_on()
        await screen.sees("250 entries", "1 marked")
        assert screen.list.state.marks == {"248"}


async def test_keys_pressed_on_the_way_act_on_the_page_that_the_first_of_them_opens(sqlite_firm: Location) -> None:
    entries(3)
    async with terminal(sqlite_firm) as screen:
        async with unread(screen.app):
            await screen.pilot.press("enter", "p", "7", "enter")
            assert isinstance(screen.page, EntryCard)
        await screen.until(lambda: JobQueueEntry.get(JobQueueEntry.entry_no == 1).priority == 7)
        await screen.is_on(EntryCard)


async def test_the_search_and_what_is_typed_into_it_wait_in_their_order(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="role-centre") as screen:
        async with unread(screen.app):
            await screen.pilot.press("1", "colon", *"queues", "enter")
            assert screen.page.address == "documents"
        await screen.is_on("job-queues")


async def test_another_type_of_documents_is_posted_only_once_it_is_seen(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="documents") as screen:
        await screen.sees("S-ORD1001")
        async with unread(screen.app):
            await screen.pilot.press("right", "b")
        await screen.hears("Sales Return Order S-RET1001: queued.")
        assert [entry.record_no for entry in JobQueueEntry.select()] == ["S-RET1001"]


async def test_a_key_after_a_filter_acts_on_what_matches_it(demo_firm: Location) -> None:
    def released() -> set[str]:
        return {one.no for one in Document.select().where(Document.status == "Released")}

    before = released()
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await screen.press("slash")
        await screen.type("no=S-INV1004")
        await screen.press("enter")
        await screen.until(lambda: screen.list.state.filter)
        await screen.press("o")
        await screen.hears("Reopened: Sales Invoice S-INV1004.")
        assert before - released() == {"S-INV1004"}


async def test_keys_at_once_after_a_filter_are_none_of_it(sqlite_firm: Location) -> None:
    entries(12)
    async with terminal(sqlite_firm) as screen:
        await screen.sees("12 entries")
        await screen.burst("/", "entry_no=>3", "enter", "jj")
        await screen.until(lambda: screen.list.state.filter == "entry_no=>3" and cursor(screen) == "6")


async def test_keys_at_once_after_a_value_are_none_of_it(sqlite_firm: Location) -> None:
    entries(1)
    async with terminal(sqlite_firm) as screen:
        await screen.press("enter")
        await screen.is_on(EntryCard)
        await screen.burst("p", "7", "enter", "r")
        await screen.until(lambda: JobQueueEntry.get().status == EntryStatus.READY)
        assert JobQueueEntry.get().priority == 7


async def test_escape_takes_back_what_waits_and_then_leaves(sqlite_firm: Location) -> None:
    entries(2)
    async with terminal(sqlite_firm) as screen:
        async with unread(screen.app):
            await screen.pilot.press("enter", "D", "escape")
            assert isinstance(screen.page, EntryCard)
            assert not screen.app.early_keys.waits
            await screen.pilot.press("escape")
            assert screen.page.address == "job-queue-entries"
        await screen.press("j")
        await screen.until(lambda: cursor(screen) == "2")
        assert JobQueueEntry.select().count() == 2


async def test_while_the_database_is_away_a_key_says_so_at_once(sqlite_firm: Location) -> None:
    entries(1)
    path = sqlite_firm.path
    async with terminal(sqlite_firm) as screen:
        await screen.sees("1 entry")
        company.close()
        os.rename(path, path.with_name("moved.db"))
        await screen.press("enter", "r")
        await screen.sees("Not connected since")
        await screen.press("r")
        await screen.hears("The company's database is not connected.")
        os.rename(path.with_name("moved.db"), path)
        await screen.sees_no("Not connected since")


async def test_a_page_opened_while_updating_is_paused_is_read_once(sqlite_firm: Location) -> None:
    entries(1)
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.press("P")
        await screen.sees("Paused")
        await screen.goes_to("job queue entries")
        await screen.sees("1 entry", "Paused")
        entries(1)
        await asyncio.sleep(0.3)
        assert "1 entry" in screen.shown


async def test_a_card_opened_anew_within_a_moment_is_read_anew(sqlite_firm: Location) -> None:
    entries(1)
    async with terminal(sqlite_firm) as screen:
        await screen.press("enter")
        await screen.is_on(EntryCard)
        async with unread(screen.app):
            await screen.pilot.press("escape", "enter")
        await screen.is_on(EntryCard)
        await screen.sees("Entry No.")


@pytest.mark.parametrize("key", ["a"])
async def test_a_list_that_changes_its_rows_takes_keys_when_they_are_there(sqlite_firm: Location, key: str) -> None:
    jobs.in_error(jobs.queue_invoice())
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.is_on(HandlePage)
        async with unread(screen.app):
            await screen.pilot.press(key, "D")
        await screen.hears("There is no document under the cursor.")
        assert JobQueueEntry.select().count() == 1
