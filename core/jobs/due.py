"""The line of due entries: Ready, their start come, not expired, in the order in which they are served.

Order: priority, earliest start, entry no. Within one priority all that starts later stands behind all that is due, so
that a line is read by steps into the index and never by passing over what waits for its time (100,000 such entries).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from postroom.core.statements import Row, query
from postroom.core.tables.work import RECURS

_COLUMNS = f"priority, earliest_start, entry_no, expiration, record_id, {RECURS}"
LAST = 2**62
"""Beyond every number and every instant."""


Key = tuple[int, int, int]
"""What the order goes by: priority, earliest start as stored, entry no."""


class Place(NamedTuple):
    """An entry's place in its line; instants as stored."""

    priority: int
    earliest_start: int
    entry_no: int
    expiration: int
    record_id: int | None
    recurs: bool

    @property
    def key(self) -> Key:
        return self[:3]


def first_of_each(categories: Sequence[str], now: int) -> list[tuple[str, Place]]:
    """The first due entry of each category that has one."""
    found = []
    beyond: dict[str, Key] = dict.fromkeys(categories, (-1, 0, 0))
    while beyond:
        heads = _heads(beyond)
        beyond = {}
        for category, *place in heads:
            head = Place(*place)
            if head.earliest_start > now:
                beyond[category] = (head.priority, LAST, 0)
            elif 0 < head.expiration <= now:
                beyond[category] = head.key
            else:
                found.append((category, head))
    return found


def _heads(beyond: dict[str, Key]) -> list[Row]:
    parameters = [value for category, key in beyond.items() for value in (category, *key)]
    return query(_heads_text(len(beyond)), parameters)


@lru_cache(maxsize=256)
def _heads_text(categories: int) -> str:
    one = (
        f"SELECT * FROM (SELECT category_code, {_COLUMNS} FROM job_queue_entry"
        " WHERE status = 'Ready' AND category_code = ? AND (priority, earliest_start, entry_no) > (?, ?, ?)"
        " ORDER BY priority, earliest_start, entry_no LIMIT 1) AS head"
    )
    return " UNION ALL ".join([one] * categories)


def first(category: str, now: int, most: int) -> list[Key]:
    """What orders the first due entries of one category, at most so many."""
    found: list[Key] = []
    beyond: Key = (-1, 0, 0)
    while len(found) < most:
        asked = most - len(found)
        rows = query(
            "SELECT priority, earliest_start, entry_no, expiration FROM job_queue_entry WHERE status = 'Ready'"
            " AND category_code = ? AND (priority, earliest_start, entry_no) > (?, ?, ?)"
            " ORDER BY priority, earliest_start, entry_no LIMIT ?",
            (category, *beyond, asked),
        )
        for priority, start, entry_no, expiration in rows:
            if start > now:
                beyond = (priority, LAST, 0)
                break
            beyond = (priority, start, entry_no)
            if not 0 < expiration <= now:
                found.append(beyond)
        else:
            if len(rows) < asked:
                break
    return found
