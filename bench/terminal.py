"""The terminal on a million log entries: from a key to the last byte of the repaint, as a person over a line sees it.

A real process on a pseudo terminal of 120x40. What is counted ends with the last byte before a silence, so that also
what is drawn a moment later belongs to it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measures import Rate, rate_of
from processes import processor_seconds
from pty_terminal import on_terminal, pty_terminal
from trade import Site

from postroom.core import clock, database
from postroom.core.database import Location
from postroom.core.statements import execute, insert, query
from postroom.core.tables.base import database as bound
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import JobQueueLogEntry
from postroom.tui.app import PostroomApp

ENTRIES = 1_000_000
TIMES = 10
PAGES = 5
"""So many pages lead beyond the rows that are loaded at first."""
RESTING = 30.0
"""Seconds over which the terminal at rest is watched."""
LOOKS = (600, 3_600)
"""After so many looks, ten minutes and an hour of them at one a second, the memory is read."""


def long_log(site: Site, engine: str) -> dict[str, Rate]:
    """Opening, paging, filtering and sorting, in a log of so many entries."""
    with site.company(engine) as location:
        fill(ENTRIES)
        taken: dict[str, list[float]] = {}
        for number in range(TIMES):  # each with a home of its own: orders and filters are kept
            for what, seconds in one_visit(location, site.folder / f"home{number}"):
                taken.setdefault(what, []).append(seconds)
        return {what: rate_of(seconds) for what, seconds in taken.items()}


def one_visit(location: Location, home: Path) -> Iterator[tuple[str, float]]:
    """One terminal, opened and closed: each step's name and seconds."""
    command = (sys.executable, "-m", "postroom.tui.cli.main", "--company", location.text)
    folders = dict.fromkeys(("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(home))
    with on_terminal(*command, size=(120, 40), environ=folders) as line:
        yield "first paint of the Role Centre, from the command", line.painted(None, b"No consumer is running")
        line.painted(b":", b"Search for a page")
        line.painted(b"job queue log", b"Job Queue Log Entries")
        yield "open the log", line.painted(b"\r", record(ENTRIES - 1))
        for _ in range(PAGES):
            yield "page down", line.painted(b"\x1b[6~", b"S-INV")
        yield "row down", line.painted(b"j")
        yield "last page", line.painted(b"G", record(0))
        yield "first page", line.painted(b"g", record(ENTRIES - 1))
        line.painted(b"/", b"EXPRESSION")
        line.painted(b"status=Error")
        yield "filter by status", line.painted(b"\r", b"Filter: ")
        line.painted(b"/")
        line.painted(b"\x7f" * len("status=Error"))
        yield "no filter any more", line.painted(b"\r", b"S-INV")
        line.painted(b"z", b"Sort by")
        line.painted(b"time")
        yield "sort by time", line.painted(b"\r", b"by Time")


def record(number: int) -> bytes:
    """A record's number, as the list shows it."""
    return f"S-INV{number:07}".encode()


@dataclass(frozen=True)
class Rest:
    """A terminal that nobody touches: the part of a core it takes, what it sends, and for one changed cell."""

    share: float
    sent: int
    sent_for_a_cell: int

    def __str__(self) -> str:
        return f"{self.share:.1%} of a core, {self.sent} bytes sent; {self.sent_for_a_cell} bytes for a changed cell"


def at_rest(site: Site, engine: str) -> Rest:
    """The log's page at rest, and after somebody else has changed a cell of a row that is not under the cursor."""
    with site.company(engine) as location:
        fill(1_000)
        with pty_terminal(location, (120, 40), "job-queue-log-entries") as line:
            line.painted(None)
            before = processor_seconds(line.process.pid)
            sent = len(line.bytes_within(RESTING))
            share = (processor_seconds(line.process.pid) - before) / RESTING
            execute("UPDATE job_queue_log_entry SET record_no = 'S-INV-X' WHERE entry_no = 990")
            seen = len(line.sent)
            line.until(b"S-INV-X")
            line.bytes_until_silent(2.0)
            return Rest(share, sent, len(line.sent) - seen)


def hour_of_polling(site: Site, engine: str) -> dict[int, float]:
    """The terminal's memory in MB after each of `LOOKS` looks at a company in which something was committed before."""
    with site.company(engine) as location:
        fill(1_000)
        app = PostroomApp(location, poll=0.0, first_page="job-queue-log-entries")

        async def watch() -> dict[int, float]:
            found = {}
            async with app.run_test(size=(120, 40)):
                for look in range(1, max(LOOKS) + 1):
                    seen = app.reads
                    execute("UPDATE job_queue_log_entry SET description = ? WHERE entry_no = 1000", (f"Look {look}",))
                    app.look_now()
                    while app.reads == seen:
                        await asyncio.sleep(0.001)
                    if look in LOOKS:
                        found[look] = own_memory()
            return found

        return asyncio.run(watch())


def own_memory() -> float:
    """This process's resident memory in MB."""
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def fill(count: int) -> None:
    """Log entries: a second apart, every hundredth in error."""
    now = instant_to_stored(clock.now())
    fixed = {
        name: field.db_value(field.default)
        for name, field in JobQueueLogEntry._meta.fields.items()
        if field.default is not None and name not in ("entry_no", "record_no")
    }
    varying = ("job_entry_id", "job", "record_no", "user_id", "started_at", "ended_at", "status", "posting_id")
    fixed = {name: value for name, value in fixed.items() if name not in varying}
    fixed |= {"description": "Post Sales Invoice", "record_type": "sales-invoice", "job_queue_code": "SPPOST"}
    columns = (*varying, *fixed)
    with database.transaction():
        for start in range(0, count, 10_000):
            rows = []
            for number in range(start, min(start + 10_000, count)):
                ended = now - (count - number) * 1_000_000
                status = "Error" if number % 100 == 0 else "Success"
                name = f"{number:016x}"
                rows.append(
                    (
                        *(name, "post-document", record(number).decode(), "bench", ended - 5_000, ended, status, name),
                        *fixed.values(),
                    )
                )
            insert(JobQueueLogEntry, columns, rows)
    if database.is_postgres():  # as its own housekeeping does within a minute
        bound.connection().set_autocommit(True)
        bound.execute_sql("VACUUM ANALYZE job_queue_log_entry")
        bound.connection().set_autocommit(False)
    if query("SELECT count(*) FROM job_queue_log_entry")[0][0] != count:
        raise RuntimeError("the log is not as long as it should be")
