"""What every page has: filters and orders that are kept, the poll, copying, quitting; and which columns sort."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jobs
import pytest
from peewee import Field
from screens import SIZES, is_on, terminal

from postroom.core import reading
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.kinds import EntryStatus
from postroom.core.tables.base import database
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry
from postroom.tui import readings
from postroom.tui.memory import Memory
from postroom.tui.pages import directory
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window

Size = tuple[int, int]

LONG: dict[str, Mapping[str, Field]] = {
    "job-queue-entries": readings.ENTRY_SORTS,
    "job-queue-log-entries": readings.LOG_SORTS,
    "documents": readings.DOCUMENT_SORTS,
    "posted-documents": readings.POSTED_SORTS,
    **{
        f"{name}-ledger-entries": {key: ledger.columns[key] for key in readings.LEDGER_SORTS if key in ledger.columns}
        for name, ledger in reading.LEDGERS.items()
    },
}
"""The long lists by address, and the fields that they sort by."""


def indexed(field: Field) -> bool:
    """Whether an index of the database begins with the field, or with an area that is always given before it."""
    indexes = [one.columns for one in database.get_indexes(field.model._meta.table_name)]
    begins = {columns[1] if columns[0] == "area" and len(columns) > 1 else columns[0] for columns in indexes}
    return field.primary_key or field.column_name in begins


@pytest.mark.parametrize("address", LONG)
def test_long_lists_sort_by_columns_that_the_database_has_in_order(sqlite_firm: Location, address: str) -> None:
    assert [key for key, field in LONG[address].items() if not indexed(field)] == []


@pytest.mark.parametrize("address", LONG)
def test_each_order_of_a_long_list_is_one_of_its_columns(sqlite_firm: Location, address: str) -> None:
    page = directory.make(address)
    assert isinstance(page, ListPage)
    assert page.SORTS is not None
    assert LONG[address]
    known = {column.id for column in page.columns()}
    assert [key for key in LONG[address] if key not in known] == []


@pytest.mark.parametrize("address", LONG)
def test_each_order_of_a_long_list_sorts_it(posted_demo: Location, address: str) -> None:
    page = directory.make(address)
    assert isinstance(page, ListPage)
    for key in LONG[address]:
        up, down = (page.read("", Window(sort=sort)) for sort in (key, f"-{key}"))
        assert up.total == down.total
        if not up.after:
            values = [str(row[key]) if isinstance(row, dict) else None for row in up.rows]
            assert values == sorted(values, key=lambda value: value or "") or key in ("entry_no", "posting_date")
            assert len(up.rows) == len(down.rows)


async def test_filter_and_order_are_there_again_for_the_same_user_and_not_for_another(
    demo_firm: Location, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.json"
    async with terminal(demo_firm, page="documents", memory=Memory(mine)) as screen:
        await screen.press("slash")
        await screen.fills_in("no=S-ORD100*")
        await screen.sees("9 documents", "Filter: no=S-ORD100*")
        await screen.press("z")
        await screen.sees("Sort by", "Its own order", "No., downwards")
        await screen.press("down", "down", "enter")
        await screen.sees("by No., downwards", "S-ORD1009")
        await screen.press("right")
        await screen.sees("Sales Return Orders")
        await screen.sees_no("Filter:", "downwards")
    async with terminal(demo_firm, page="documents", memory=Memory(mine)) as screen:
        await screen.sees("9 documents", "by No., downwards", "Filter: no=S-ORD100*")
        await screen.press("backslash")
        await screen.sees("18 documents")
    async with terminal(demo_firm, page="sales-return-order", memory=Memory(mine)) as screen:
        await screen.sees("Sales Return Orders")
        await screen.press("left")
        await screen.sees("18 documents", "by No., downwards")
    async with terminal(demo_firm, page="documents", memory=Memory(tmp_path / "other.json")) as screen:
        await screen.sees("18 documents")
        assert "downwards" not in screen.shown
    async with terminal(demo_firm, page="documents", memory=Memory(mine)) as screen:
        await screen.sees("18 documents", "by No., downwards")
        assert "Filter:" not in screen.shown


@pytest.mark.parametrize("size", SIZES)
async def test_the_filter_stays_when_one_acts_on_what_it_lets_through_and_when_one_returns(
    demo_firm: Location, size: Size
) -> None:
    async with terminal(demo_firm, size, "sales-invoice") as screen:
        await screen.press("slash")
        await screen.fills_in("no=S-INV1002|S-INV1004 job_queue_status=''")
        await screen.sees("2 documents")
        await screen.press("asterisk", "p", "y")
        await screen.hears("2 documents: queued.")
        await screen.sees("Nothing matches the filter", "/ changes it, \\ shows everything again.", "0 documents")
        await screen.press("slash")
        await screen.fills_in("no=S-INV1002|S-INV1004")
        await screen.sees("2 documents")
        await screen.press("j", "enter")
        await is_on(screen, DocumentCard)
        await screen.press("R", "y")
        await screen.hears("removed.")
        await screen.press("escape")
        await screen.sees("2 documents", "Filter: no=S-INV1002|S-INV1004")
        await screen.sees("Sales Invoice S-INV1004")
        assert [one.no for one in Document.select().where(Document.job_queue_status != "")] == ["S-INV1002"]


async def test_a_filter_that_another_page_asked_for_is_not_remembered(demo_firm: Location, tmp_path: Path) -> None:
    memory = tmp_path / "pages.json"
    async with terminal(demo_firm, page="role-centre", memory=Memory(memory)) as screen:
        await screen.press("4")
        await screen.sees("Filter: status=Error")
    async with terminal(demo_firm, page="job-queue-entries", memory=Memory(memory)) as screen:
        await screen.sees("The job queue is empty.")
        assert "Filter:" not in screen.shown


async def test_marks_are_taken_back_and_the_search_names_each_action(sqlite_firm: Location) -> None:
    for _ in range(3):
        jobs.wait_entry(current_user(), status=EntryStatus.ON_HOLD)
    async with terminal(sqlite_firm) as screen:
        await screen.press("asterisk")
        await screen.sees("3 marked")
        await screen.press("u")
        await screen.sees_no("marked")
        await screen.press("colon")
        await screen.type("mark all")
        await screen.press("enter")
        await screen.sees("3 marked")


async def test_the_poll_is_asked_for_refused_where_it_is_no_number_and_kept(
    sqlite_firm: Location, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "pages.json")
    async with terminal(sqlite_firm, memory=memory) as screen:
        await screen.press("I")
        await screen.sees("Seconds between two looks at the company.")
        await screen.fills_in("often")
        await screen.sees("often is not a number of seconds.")
        await screen.fills_in("0")
        await screen.sees("0 s is not possible.")
        await screen.fills_in("2.5")
        await screen.sees_no("Leave as it is")
        assert screen.app.poll == 2.5
    assert Memory(tmp_path / "pages.json").poll == 2.5


async def test_a_field_is_copied_and_a_card_written_to_a_file(demo_firm: Location, tmp_path: Path) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await screen.at_field("party_no")
        await screen.press("y")
        party = Document.get(Document.no == "S-INV1001").party_no
        assert screen.app.clipboard == party
        await screen.press("Y")
        await screen.fills_in(str(tmp_path / "card.txt"))
        await screen.hears("Written:")
        text = (tmp_path / "card.txt").read_text()
        assert text.startswith("Sales Invoice S-INV1001")
        assert f"Customer No.: {party}" in text
        assert "Totals" in text


async def test_an_empty_list_has_nothing_to_copy_no_filter_to_clear_and_no_page_to_go_back_to(
    sqlite_firm: Location,
) -> None:
    async with terminal(sqlite_firm) as screen:
        await screen.press("y")
        await screen.hears("There is nothing to copy.")
        await screen.press("backslash")
        await screen.hears("Clear the Filter: There is no filter.")
        await screen.press("escape")
        await screen.hears("Back: This is the first page; q quits.")
        assert not JobQueueEntry.select().exists()


async def test_q_ends_the_program(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        await screen.pilot.press("q")
        await screen.until(lambda: not screen.app.is_running)
    assert screen.app.return_code == 0
