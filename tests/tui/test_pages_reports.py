"""Posting Register, Trial Balance and Batch Result on the screen: read, turned to something else, printed, saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from screens import SIZES, terminal

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.printing import inbox, printers, selections
from postroom.core.tables.work import JobQueueEntry

Size = tuple[int, int]


@pytest.mark.parametrize("size", SIZES)
async def test_a_trial_balance_is_read_turned_to_a_period_printed_and_saved(
    posted_demo: Location, size: Size, tmp_path: Path
) -> None:
    async with terminal(posted_demo, size, "role-centre") as screen:
        await screen.goes_to("trial")
        await screen.sees("Trial Balance", "Period: All", "1000 Assets", "Receivables, Home", "8,115.05")
        await screen.press("e")
        await screen.sees("Leave as it is")
        await screen.type("x")
        await screen.press("enter")
        await screen.sees("x is not a period")
        await screen.press("ctrl+u")
        await screen.type("2026-10-01..2026-10-31")
        await screen.press("enter")
        await screen.sees("Trial Balance 2026-10-01..2026-10-31")
        await screen.press("p", "enter")
        await screen.hears("Trial Balance: lies in the Report Inbox.")
        await screen.press("s")
        await screen.sees("Save Trial Balance")
        await screen.press("ctrl+u")
        await screen.type(str(tmp_path))
        await screen.press("enter")
        await screen.hears("Saved as")
        assert (tmp_path / "trial-balance-2026-10-01..2026-10-31.pdf").read_bytes().startswith(b"%PDF")
        await screen.press("s")
        await screen.press("ctrl+u")
        await screen.type(str(tmp_path))
        await screen.press("enter")
        await screen.sees("exists already")
        await screen.press("escape")
        await screen.goes_to("report inbox")
        await screen.sees("Trial Balance 2026-10-01..2026-10-31")
        await screen.press("enter")
        await screen.sees("- Contents", "Period: 2026-10-01..2026-10-31", "Amounts in: EUR")
    (report,) = inbox.list_reports(user=current_user())
    assert report.is_read


async def test_a_report_for_a_printer_is_left_to_a_consumer(posted_demo: Location, tmp_path: Path) -> None:
    printers.add("FILES", {"folder": str(tmp_path)}, user=current_user())
    selections.select("FILES", user=current_user())
    async with terminal(posted_demo, (80, 24), "trial-balance") as screen:
        await screen.sees("Period: All")
        await screen.press("p", "down", "enter")
        await screen.hears("Trial Balance: is queued to be printed.")
    assert JobQueueEntry.get(JobQueueEntry.job == "print-document").category_code == "PRINT-FILES"


async def test_entries_lead_to_their_posting_register_and_a_batch_to_its_result(posted_demo: Location) -> None:
    async with terminal(posted_demo, (80, 24), "gl-ledger-entries") as screen:
        await screen.sees("G/L Entries")
        await screen.press("space", "space", "r")
        await screen.sees("Posting Register 69", "Register 69", "Credit Memo 1090006")
        await screen.goes_to("batches")
        await screen.sees("1 batch", " 68 ")
        await screen.press("r")
        await screen.sees("Batch Result 1", "Result: 83 documents: 68 posted, 15 in error, 0 to go")
        await screen.goes_to("posting register")
        await screen.sees("Posting Register 69")


async def test_a_company_that_posted_nothing_says_so(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, (80, 24), "posting-register") as screen:
        await screen.sees("Nothing is posted yet.")
        await screen.press("p")
        await screen.hears("There is no report under the cursor.")


async def test_the_heads_of_a_report_stay_in_view_and_its_ends_are_a_key_away(posted_demo: Location) -> None:
    async with terminal(posted_demo, (80, 24), "trial-balance") as screen:
        await screen.sees("1000 Assets", "F2 Period")
        heads = screen.lines[3:5]
        assert "Net Change" in heads[0]
        assert "Debit" in heads[1]
        for end in ("G", "end"):
            await screen.press(end)
            await screen.sees_no("1000 Assets")
            await screen.until(lambda: "Total" in screen.lines[-2])
            assert screen.lines[3:5] == heads
            await screen.press("g" if end == "G" else "home")
            await screen.sees("1000 Assets")
        await screen.press("f2")
        await screen.sees("Period: 2026-01-01..2026-03-31", "blank all")


async def test_a_date_is_asked_for_with_how_it_is_written(posted_demo: Location) -> None:
    async with terminal(posted_demo, (80, 24), "ledger-setup") as screen:
        await screen.at_field("ledger.allow_posting_from")
        await screen.press("enter")
        await screen.sees("Written YYYY-MM-DD: 2026-11-24; or 11-24 (this year)")
