"""Every key of every page reaches its action where the page has the keys: no widget on it takes one away."""

from __future__ import annotations

import pytest
from jobs import wait_entry
from screens import terminal

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.tables.work import JobQueueEntry

PAGES = {
    "role-centre": (),
    "documents": (),
    "documents card": ("enter",),
    "documents lines": ("enter", "l"),
    "documents line": ("enter", "l", "enter"),
    "documents-to-handle": (),
    "batches": (),
    "notes": (),
    "job-queues": (),
    "job-queues card": ("enter",),
    "job-queue-categories": (),
    "job-queue-entries": (),
    "job-queue-entries card": ("enter",),
    "job-queue-log-entries": (),
    "job-queue-log-entries card": ("enter",),
    "sales-setup": (),
    "customer": (),
    "customer card": ("enter",),
    "charge": (),
    "charge card": ("enter",),
    "posted-documents": (),
    "posted-documents card": ("enter",),
    "posted-documents navigate": ("n",),
    "gl-ledger-entries": (),
    "trial-balance": (),
    "change-log": (),
    "user-setup": (),
    "user-setup card": ("enter",),
    "batch-post-sales-orders": (),
    "schedule-backup": (),
}
"""By address and what is meant: the keys that lead to it."""


@pytest.mark.parametrize("name", PAGES)
async def test_each_key_of_the_page_is_taken_for_its_action(posted_demo: Location, name: str) -> None:
    async with terminal(posted_demo, (80, 24), name.partition(" ")[0]) as screen:
        for key in PAGES[name]:
            before = screen.page
            await screen.press(key)
            await screen.until(lambda: screen.page is not before and not screen.page.awaits)  # noqa: B023
        page = screen.page
        taken: list[str] = []

        def take(action_id: str) -> None:
            taken.append(action_id)

        page.action_act = take  # type: ignore[method-assign]
        lost = []
        for action in page.actions:
            for key in action.keys.split(",") if not action.motion else ():
                taken.clear()
                await screen.pilot.press(key)
                if taken != [action.id]:
                    lost.append((key, action.id, *taken))
        assert lost == []


async def test_an_empty_list_offers_no_key_that_needs_a_row_and_a_filled_one_all(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="role-centre") as screen:
        await screen.sees("Nothing of mine waits or has failed.")
        assert screen.lines[-1].split("   ") == [" 1 Documents", "6 To Handle", "/ Filter", ": Search", "? Keys"]
        wait_entry(current_user())
        await screen.sees("1 entry of mine", "Enter Card   r Ready")
        JobQueueEntry.delete().execute()
        await screen.sees_no("Enter Card")
