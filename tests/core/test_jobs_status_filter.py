"""Filtering entries by their status finds what is shown, Waiting included, and refuses a word that is no status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from jobs import category, claimed, in_error, queue_invoice, wait_entry, worker

from postroom.core import clock, filters
from postroom.core.database import Location
from postroom.core.errors import UsageError
from postroom.core.jobs import consumers, entries, log
from postroom.core.jobs.entries import EntryView
from postroom.core.kinds import EntryStatus
from postroom.tui import readings
from postroom.tui.pages.list_state import Window

NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)
WINDOW = {"weekdays": "mon,tue,wed,thu,fri", "starting_time": "20:00", "ending_time": "22:00"}
EXPRESSIONS = [
    *("Waiting", "waiting", "Ready", "Ready|Waiting", "<>Waiting", "<>Ready", "<>Ready&<>Waiting", "W*", "*", "R*|W*"),
    *("Error", "'In Process'", "'On Hold'", "On?Hold*", "'On Hold with Inactivity Timeout'", "Q*"),
]


@pytest.fixture
def entries_of_every_status(firm: Location) -> list[EntryView]:
    """Behind a run of its category: what waits for it alone, and what has another reason too."""
    clock.start_at(NOON)
    in_error(queue_invoice())
    slow = category("SLOW")
    wait_entry(category_code=slow, priority=1)
    claimed()
    hour = timedelta(hours=1)
    wait_entry(category_code=slow)
    wait_entry(category_code=slow, expiration=NOON + hour)
    wait_entry(category_code=slow, earliest_start=NOON + hour)
    wait_entry(category_code=slow, expiration=NOON - hour)
    wait_entry(category_code=slow, **WINDOW)
    wait_entry(category_code=slow, **{**WINDOW, "starting_time": "08:00"})
    wait_entry(category_code=slow, status=EntryStatus.ON_HOLD)
    wait_entry(category_code=slow, status=EntryStatus.ON_HOLD_INACTIVE)
    wait_entry()
    consumers.register(worker(), 2)
    views = entries.list_entries()
    assert [view.status for view in views].count("Waiting") == 3
    assert len({view.status for view in views}) == 6
    return views


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_filter_finds_the_entries_that_are_shown_so(
    expression: str, entries_of_every_status: list[EntryView]
) -> None:
    chosen = filters.parse(expression)
    shown = [view.entry_no for view in entries_of_every_status if chosen.matches(view.status)]
    filter = f"status={expression}"
    assert [view.entry_no for view in entries.list_entries(filter)] == shown
    assert [row.entry_no for row in readings.read_entries(filter, Window()).rows] == shown


@pytest.mark.usefixtures("entries_of_every_status")
def test_nothing_waits_for_a_category_whose_queue_has_another_reason() -> None:
    assert len(entries.list_entries("status=Waiting category=SLOW")) == 3
    assert entries.list_entries("status=Waiting category=SALESPOST") == []
    consumers.leave("c1")
    assert entries.list_entries("status=Waiting") == []
    assert len(entries.list_entries("status=Ready")) == 7


@pytest.mark.parametrize("expression", ["Finished", "<>Finished", "Ready|Finished", "''"])
def test_a_word_that_is_no_status_is_refused_with_those_that_are(expression: str, firm: Location) -> None:
    with pytest.raises(UsageError, match="There is no status") as refused:
        entries.list_entries(f"status={expression}")
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("filter_invalid", "status")
    assert problem.hint == (
        "It is one of Ready, Waiting, 'In Process', Error, 'On Hold', 'On Hold with Inactivity Timeout'."
    )
    with pytest.raises(UsageError, match="There is no status") as refused:
        log.list_log(f"status={expression.replace('Ready', 'Error')}")
    assert refused.value.problems[0].hint == "It is one of 'In Process', Success, Error."
