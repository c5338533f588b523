"""A job queue with many entries waiting: what a claim, a reason, a page of the list and the counts take.

Half of them are due, in two categories; the other half start later and stand before them by priority.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable

from measures import Rate, rate_of
from trade import Site

from postroom.core import clock, database, status
from postroom.core.jobs import claims, consumers, entries, processes
from postroom.core.statements import insert, query
from postroom.core.tables.base import database as bound
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import JobQueueEntry
from postroom.tui import readings
from postroom.tui.pages.list_state import Window

TIMES = 50
HOUR = 3_600_000_000
COLUMNS = ("id", "user_id", "job", "description", "category_code", "priority", "earliest_start", "last_ready_at")
BLANK = {
    name: field.db_value(field.default)
    for name, field in JobQueueEntry._meta.fields.items()
    if name not in (*COLUMNS, "entry_no")
}


class Undo(Exception):
    """Takes a claim back, so that the next one meets the same queue."""


def deep_queue(site: Site, engine: str, waiting: int) -> dict[str, Rate]:
    """Each look `TIMES` times, on a company with so many entries waiting."""
    with site.company(engine):
        numbers = fill(waiting)
        pid = os.getpid()
        worker = claims.Worker(processes.host(), pid, processes.start_of(pid), "bench")
        consumers.register(worker, 2)
        consumers.heartbeat(worker)
        due = numbers[waiting // 2 + 1]
        looks: dict[str, Callable[[], object]] = {
            "claim": lambda: claim_and_undo(worker),
            "why": lambda: entries.show(due),
            "page of the list": lambda: readings.read_entries("", Window()),
            "last page of the list": lambda: readings.read_entries("", Window("bottom")),
            "counts (status)": status.read,
        }
        return {name: rate_of([timed(look) for _ in range(TIMES)]) for name, look in looks.items()}


def fill(waiting: int) -> list[int]:
    """The entries; their numbers."""
    now = instant_to_stored(clock.now())
    rows = []
    for number in range(waiting):
        later = number % 2 == 0
        category = ("SALESPOST", "PURCHPOST")[number % 4 > 1]
        start, priority = (now + HOUR, 500) if later else (0, 1000)
        rows.append(
            (
                *(secrets.token_hex(8), "bench", "wait", f"Wait {number}", category, priority, start, now),
                *BLANK.values(),
            )
        )
    with database.transaction():
        insert(JobQueueEntry, (*COLUMNS, *BLANK), rows)
    if database.is_postgres():  # as its own housekeeping does within a minute
        bound.connection().set_autocommit(True)
        bound.execute_sql("VACUUM ANALYZE job_queue_entry")
        bound.connection().set_autocommit(False)
    return [number for (number,) in query("SELECT entry_no FROM job_queue_entry ORDER BY entry_no")]


def claim_and_undo(worker: claims.Worker) -> None:
    try:
        with database.transaction():
            if claims.take(worker) is None:
                raise RuntimeError("nothing could be claimed")
            raise Undo
    except Undo:
        return


def timed(look: Callable[[], object]) -> float:
    start = time.perf_counter()
    look()
    return time.perf_counter() - start
