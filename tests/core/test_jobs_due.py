"""The line of due entries equals a plain sort of all entries, whatever waits for its time in front of it."""

from __future__ import annotations

import random
import secrets

import pytest

from postroom.core import clock
from postroom.core.database import Location
from postroom.core.jobs import due
from postroom.core.kinds import EntryStatus
from postroom.core.statements import insert, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import JobQueueEntry

MINUTE = 60_000_000
CATEGORIES = ("", "A", "B", "C")
COLUMNS = ("id", "user_id", "job", "status", "category_code", "priority", "earliest_start", "expiration", "attempts")
DEFAULTS = {
    name: field.default
    for name, field in JobQueueEntry._meta.fields.items()
    if name not in COLUMNS and name != "entry_no"
}


def fill(chance: random.Random, count: int, now: int) -> None:
    """Entries of few priorities and starts, many of them later, some expired, some not Ready."""
    statuses = [EntryStatus.READY.value] * 4 + [EntryStatus.ON_HOLD.value, EntryStatus.ERROR.value]
    rows = [
        (
            *(secrets.token_hex(8), "ann", "wait", chance.choice(statuses), chance.choice(CATEGORIES)),
            *(chance.choice((0, 10, 1000, 1000, 1000)), chance.choice((0, now - MINUTE, now, now + 1, now + MINUTE))),
            *(chance.choice((0, 0, 0, now - 1, now, now + 1)), 0),
            *DEFAULTS.values(),
        )
        for _ in range(count)
    ]
    insert(JobQueueEntry, (*COLUMNS, *DEFAULTS), rows)


def slow_line(category: str, now: int) -> list[tuple[int, int, int]]:
    """Priority, earliest start and number of the due entries of a category, sorted."""
    return sorted(
        (priority, start, number)
        for number, status, code, priority, start, expiration in query(
            "SELECT entry_no, status, category_code, priority, earliest_start, expiration FROM job_queue_entry"
        )
        if status == "Ready" and code == category and start <= now and (not expiration or expiration > now)
    )


@pytest.mark.parametrize("step", [2, due.FIRST_STEP])
def test_the_line_is_what_sorting_all_due_entries_gives(
    firm: Location, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "FIRST_STEP", step)
    now = instant_to_stored(clock.now())
    for seed in range(20):
        JobQueueEntry.delete().execute()
        chance = random.Random(seed)
        fill(chance, chance.choice((0, 1, 5, 60)), now)
        lines = {category: slow_line(category, now) for category in CATEGORIES}
        heads = {category: place.key for category, place in due.first_of_each(CATEGORIES, now)}
        assert heads == {category: line[0] for category, line in lines.items() if line}
        for category, line in lines.items():
            for most in (1, 3, 1000):
                assert due.between(category, now, most, (-1, 0, 1), (due.LAST, due.LAST, 0)) == line[:most]
                for place, key in enumerate(line):
                    assert due.count_before(category, now, most, key) == min(place, most)
                    assert due.between(category, now, most, line[0], key) == line[: place + 1][:most]
                    assert due.between(category, now, most, key, line[-1]) == line[place:][:most]


def test_no_category_has_no_line(firm: Location) -> None:
    assert due.first_of_each((), 1) == []
