"""Dates typed in short: what is no date stays as it was typed, and is refused where it is read."""

from __future__ import annotations

from datetime import date

import pytest
from screens import terminal

from postroom.core import clock
from postroom.core.database import Location
from postroom.core.tables.trade import Document
from postroom.tui.typed_dates import in_full

TODAY = date(2026, 2, 5)


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("t", "2026-02-05"),
        (" T ", "2026-02-05"),
        ("24", "2026-02-24"),
        ("7", "2026-02-07"),
        ("11-24", "2026-11-24"),
        ("2-29", "2-29"),
        ("30", "30"),
        ("0", "0"),
        ("13-01", "13-01"),
        ("2026-11-24", "2026-11-24"),
        ("11-24-26", "11-24-26"),
        ("", ""),
        ("-", "-"),
        ("²4", "²4"),
        ("tomorrow", "tomorrow"),
    ],
)
def test_a_date_in_short_is_written_in_full(typed: str, full: str) -> None:
    assert in_full(typed, TODAY) == full


async def test_the_day_of_a_document_is_typed_in_short(demo_firm: Location) -> None:
    def day() -> date:
        found: date = Document.get(Document.no == "S-ORD1017").posting_date
        return found

    async with terminal(demo_firm, page="sales-order") as screen:
        await screen.press("slash")
        await screen.type("no=S-ORD1017")
        await screen.press("enter", "enter")
        await screen.changes("posting_date", "t")
        await screen.until(lambda: day() == clock.today("Europe/Copenhagen"))
        await screen.changes("posting_date", "11-24")
        await screen.until(lambda: (day().month, day().day) == (11, 24))
        await screen.changes("posting_date", "2-30")
        await screen.sees("2-30 is not a date")
