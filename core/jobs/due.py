"""The line of due entries: Ready, their start come, not expired, in the order in which they are served.

Order: priority, earliest start, entry no. Within one priority all that starts later stands behind all that is due, so
that a line is read by steps into the index and never by passing over what waits for its time (100,000 such entries).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from postroom.core import database as engine
from postroom.core.statements import Row, answer, asked, query
from postroom.core.tables.work import RECURS

_COLUMNS = f"priority, earliest_start, entry_no, expiration, record_id, {RECURS}"
LAST = 2**62
"""Beyond every number and every instant."""
FIRST_STEP = 64
"""Entries that a first look takes from the line; each further one four times as many.

A look has no end but its size: with one, both databases read on through all of the same priority and start, 25 ms.
"""
_LINE = (
    "FROM job_queue_entry WHERE status = 'Ready' AND category_code = ? AND (expiration = 0 OR expiration > ?)"
    " AND (priority, earliest_start, entry_no) > (?, ?, ?)"
)
"""The unexpired entries of a category behind a place, those that start later among them."""


Key = tuple[int, int, int]
"""What the order goes by: priority, earliest start as stored, entry no."""
_BEGINNING: Key = (-1, 0, 0)


class Place(NamedTuple):
    """An entry's place in its line; instants as stored."""

    category: str
    priority: int
    earliest_start: int
    entry_no: int
    expiration: int
    record_id: int | None
    recurs: bool

    @property
    def key(self) -> Key:
        return self[1:4]


def first_of_each(categories: Sequence[str], now: int, heads: Sequence[Row] | None = None) -> list[tuple[str, Place]]:
    """The first due entry of each category that has one. `heads`: what `ask` found, of these categories at least."""
    found = []
    beyond: dict[str, Key] = dict.fromkeys(categories, _BEGINNING)
    while beyond:
        rows = answer(_ask(beyond)) if heads is None else [head for head in heads if head[0] in beyond]
        beyond, heads = {}, None
        for row in rows:
            head = Place(*row)
            category = head.category
            if head.earliest_start > now:
                beyond[category] = (head.priority, LAST, 0)
            elif 0 < head.expiration <= now:
                beyond[category] = head.key
            else:
                found.append((category, head))
    return found


def ask(categories: Sequence[str]) -> Any:
    """Ask for the first entries of some categories, due or not; for `answer`."""
    return _ask(dict.fromkeys(categories, _BEGINNING))


def _ask(beyond: dict[str, Key]) -> Any:
    parameters = [value for category, key in beyond.items() for value in (category, *key)]
    return asked(_heads_text(len(beyond)), parameters)


@lru_cache(maxsize=256)
def _heads_text(categories: int) -> str:
    one = (
        f"SELECT * FROM (SELECT category_code, {_COLUMNS} FROM job_queue_entry"
        " WHERE status = 'Ready' AND category_code = ? AND (priority, earliest_start, entry_no) > (?, ?, ?)"
        " ORDER BY priority, earliest_start, entry_no LIMIT 1) AS head"
    )
    return " UNION ALL ".join([one] * categories)


def between(category: str, now: int, most: int, least: Key, last: Key) -> list[Key]:
    """What orders the due entries of one category from one place to another, both included, at most so many."""
    found: list[Key] = []
    beyond: Key = (least[0], least[1], least[2] - 1)
    size = FIRST_STEP
    while len(found) < most:
        taken = min(size, most - len(found))
        size *= 4
        rows = query(
            f"SELECT priority, earliest_start, entry_no {_LINE} ORDER BY priority, earliest_start, entry_no LIMIT ?",
            (category, now, *beyond, taken),
        )
        for priority, start, entry_no in rows:
            if (priority, start, entry_no) > last:
                return found
            if start > now:
                beyond = (priority, LAST, 0)
                break
            beyond = (priority, start, entry_no)
            found.append(beyond)
        else:
            if len(rows) < taken:
                break
    return found


def count_before(category: str, now: int, most: int, key: Key) -> int:
    """How many due entries of one category come before a place, at most so many; the database counts them."""
    count = 0
    beyond: Key = (-1, 0, 0)
    size = FIRST_STEP
    while count < most:
        taken = min(size, most - count)
        seen = found = 0
        for priority, there, due in query(
            "SELECT priority, count(*), sum(CASE WHEN earliest_start <= ? THEN 1 ELSE 0 END) FROM"
            f" (SELECT priority, earliest_start, entry_no {_LINE}"
            " ORDER BY priority, earliest_start, entry_no LIMIT ?) AS line"
            " WHERE (priority, earliest_start, entry_no) < (?, ?, ?) GROUP BY priority ORDER BY priority",
            (now, category, now, *beyond, taken, *key),
        ):
            seen, found = seen + there, found + int(due)
            if due < there:
                beyond = (priority, LAST, 0)
                count += found
                break
        else:
            if seen < taken or taken == most - count:
                return count + found
            size *= 4  # once more from there, for where this step ended is not known
    return count


def overdue(what: str) -> str:
    """The statement that reads `what` of the Ready entries that have expired; its parameter is now, as stored."""
    # SQLite, which keeps no statistics, would read everything that is Ready.
    index = "" if engine.is_postgres() else " INDEXED BY job_queue_entry_expiring"
    return f"SELECT {what} FROM job_queue_entry{index} WHERE status = 'Ready' AND expiration > 0 AND expiration <= ?"
