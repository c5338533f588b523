"""A list's own view: the filter, order and cursor that its user left, which no other page's wish takes away."""

from __future__ import annotations

import pytest
from screens import Terminal, terminal

from postroom.core import clock, company
from postroom.core.database import Location
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import JobQueueEntry
from postroom.tui.memory import Memory


def add_entry(no: str, status: EntryStatus = EntryStatus.ON_HOLD) -> None:
    """An entry of mine, of the job `wait`, which needs no document."""
    JobQueueEntry.create(
        id=no.lower(),
        user_id=company.current_user(),
        job="wait",
        record_type="sales-invoice",
        record_no=no,
        description=f"Post {no}",
        status=status,
        created_at=clock.now(),
    )


def cursor_line(screen: Terminal) -> str:
    """The record of the row under the cursor."""
    return str(screen.list.table.row_of(screen.list.table.cursor_key).record_no)


async def test_what_a_cue_asks_for_does_not_become_the_lists_own_filter(sqlite_firm: Location) -> None:
    add_entry("S-INV1")
    add_entry("S-INV2", EntryStatus.ERROR)
    memory = Memory(None)
    async with terminal(sqlite_firm, page="role-centre", memory=memory) as screen:
        await screen.press("4")
        await screen.is_on("job-queue-entries")
        await screen.sees("1 entry", "Filter: status=Error")
        await screen.press("enter")
        await screen.until(lambda: screen.page.address != "job-queue-entries")
        await screen.press("escape")
        await screen.sees("1 entry", "Filter: status=Error")
        await screen.goes_to("job queue entries")  # it is in front: its own view comes in place of the cue's
        await screen.sees("2 entries")
        await screen.sees_no("Filter:")
        await screen.press("escape", "4", "escape")
        await screen.is_on("role-centre")
        await screen.goes_to("job queue entries")
        await screen.sees("2 entries")
        await screen.sees_no("Filter:")
    assert not memory.view("job-queue-entries")


async def test_a_filter_typed_on_what_a_cue_opened_is_not_kept_either_but_an_order_is(sqlite_firm: Location) -> None:
    add_entry("S-INV1", EntryStatus.ERROR)
    add_entry("S-INV2")
    memory = Memory(None)
    memory.keep_view("job-queue-entries", filter="S-INV2")
    async with terminal(sqlite_firm, page="role-centre", memory=memory) as screen:
        await screen.press("4", "slash")
        await screen.fills_in("S-INV1")
        await screen.sees("Filter: S-INV1", "1 entry")
        await screen.press("z", "down", "enter")
        await screen.until(lambda: memory.view("job-queue-entries").get("sort"))
        await screen.press("escape")
        await screen.is_on("role-centre")
        await screen.goes_to("job queue entries")
        await screen.sees("Filter: S-INV2", "   by ")


@pytest.mark.parametrize(("filter", "row"), [("record_no=S-INV1|S-INV2|S-INV4", "S-INV1"), ("S-INV3", "S-INV3")])
async def test_the_cursor_stays_on_its_row_if_the_filter_lets_it_through_else_it_goes_to_the_first(
    sqlite_firm: Location, filter: str, row: str
) -> None:
    for number in range(1, 6):
        add_entry(f"S-INV{number}")
    async with terminal(sqlite_firm) as screen:
        await screen.press("j", "j")
        assert cursor_line(screen) == "S-INV3"
        await screen.press("slash")
        await screen.fills_in(filter)
        await screen.until(lambda: screen.list.state.filter == filter and screen.list.has_read)
        assert cursor_line(screen) == row
        await screen.press("backslash")
        await screen.sees("5 entries")
        assert cursor_line(screen) == row
