"""An entry's fields on a page: changed while it is On Hold, refused with the reason, shown on its card."""

from __future__ import annotations

from datetime import time

import pytest
from jobs import wait_entry
from screens import SIZES, terminal

from postroom.core import company
from postroom.core.database import Location
from postroom.core.jobs import categories, entries, schedules
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import JobQueueEntry


@pytest.mark.parametrize("size", SIZES)
async def test_schedule_and_attempts_are_changed_while_on_hold(sqlite_firm: Location, size: tuple[int, int]) -> None:
    me = company.current_user()
    categories.add("NIGHT", user=me)
    entry = wait_entry(me, 1, status=EntryStatus.ON_HOLD)
    async with terminal(sqlite_firm, size) as screen:
        await screen.sees("1 entry")
        await screen.press("f2")
        await screen.sees("Job Queue Category Code", "Job Timeout")
        await screen.press("j", "enter")
        await screen.sees("NIGHT", "SALESPOST")
        await screen.press("down", "enter")
        await screen.until(lambda: JobQueueEntry.get_by_id(entry.entry_no).category_code)
        await screen.press("f", "G", "k", "enter")
        await screen.sees("Maximum No. of Attempts")
        await screen.type("none")
        await screen.press("enter")
        await screen.sees("none is not a whole number")
        await screen.press(*["backspace"] * 4)
        await screen.type("5")
        await screen.press("enter")
        await screen.until(lambda: JobQueueEntry.get_by_id(entry.entry_no).max_attempts == 5)
        await screen.press("escape", "enter")
        await screen.sees("Attempts", "0 of 5")


async def test_what_is_ready_is_set_on_hold_first_if_the_person_says_so(sqlite_firm: Location) -> None:
    entry = wait_entry(company.current_user(), 1)
    async with terminal(sqlite_firm) as screen:
        await screen.sees("1 entry")
        await screen.press("f2")
        await screen.sees("Fields are changed On Hold. Set Wait", "on hold?")
        await screen.press("n")
        await screen.sees("1 entry")
        assert entries.show(entry.entry_no).status == EntryStatus.READY
        await screen.press("f2")
        await screen.sees("on hold?")
        await screen.press("y")
        await screen.sees("Job Queue Category Code", "Job Timeout")
        assert entries.show(entry.entry_no).status == EntryStatus.ON_HOLD


async def test_what_runs_is_not_changed_and_says_why(sqlite_firm: Location) -> None:
    wait_entry(company.current_user(), 1, status=EntryStatus.IN_PROCESS)
    async with terminal(sqlite_firm) as screen:
        await screen.sees("1 entry")
        await screen.press("f2")
        await screen.hears("Fields are changed On Hold; cancel it first.")


async def test_an_entry_that_is_gone_says_so(sqlite_firm: Location) -> None:
    me = company.current_user()
    entry = wait_entry(me, 1, status=EntryStatus.ON_HOLD)
    async with terminal(sqlite_firm) as screen:
        await screen.press("f2")
        await screen.sees("Job Queue Category Code")
        entries.delete([entry.entry_no], user=me)
        await screen.sees("The entry is gone")


async def test_the_options_of_a_job_are_shown_and_changed_while_on_hold(sqlite_firm: Location) -> None:
    me = company.current_user()
    plan = schedules.Schedule(Recurrence(weekdays=frozenset({0}), starting_time=time(22)))
    made = schedules.schedule("batch-post-sales-invoices", {"filter": "no=A*", "print": "true"}, plan, user=me)
    entries.set_on_hold([made.entry_no], user=me)
    async with terminal(sqlite_firm) as screen:
        await screen.sees("Batch Post Sales Invoices")
        await screen.press("enter")
        await screen.sees("- Options", "no=A*", "Print")
        await screen.press("escape", "f2")
        await screen.sees("+ Options")
        await screen.press("f")
        while screen.app.focused is None or screen.app.focused.id != "field-param-filter":
            await screen.press("j")
        await screen.sees("Further conditions: field=EXPRESSION")
        await screen.press("enter", *["backspace"] * 5)
        await screen.type("no=B*")
        await screen.press("enter")
        await screen.until(lambda: "no=B*" in entries.show(made.entry_no).parameters)
        await screen.until(lambda: "no=B*" in screen.line("Filter ...."))
        assert '"print": true' in entries.show(made.entry_no).parameters
