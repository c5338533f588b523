"""The terminal on a million log entries: from a key to the last byte of the repaint, as a person over a line sees it.

A real process on a pseudo terminal of 120x40. What is counted ends with the last byte that comes before `QUIET` seconds
of silence, so that also what is drawn a moment later belongs to it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measures import Rate, rate_of
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
QUIET = 0.2
PATIENCE = 30.0
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
    with on_a_line(location, home) as line:
        yield "first paint of the Role Centre, from the command", line.painted(None)
        line.painted(b":")
        line.painted(b"job queue log")
        yield "open the log", line.painted(b"\r")
        yield "page down", line.painted(b"\x1b[6~")
        yield "last page", line.painted(b"G")
        line.painted(b"g")
        line.painted(b"/")
        line.painted(b"status=Error")
        yield "filter by status", line.painted(b"\r")
        line.painted(b"/")
        line.painted(b"\x7f" * len("status=Error"))
        line.painted(b"\r")
        line.painted(b"z")
        line.painted(b"jj")
        yield "sort by time", line.painted(b"\r")


class Line:
    """A terminal's line. `painted` sends keys and returns the seconds until the last byte of what they draw."""

    def __init__(self, descriptor: int, since: float) -> None:
        self.descriptor, self.since = descriptor, since

    def painted(self, keys: bytes | None) -> float:
        """`keys` None: the seconds since the process was started."""
        start = self.since
        if keys is not None:
            start = time.perf_counter()
            os.write(self.descriptor, keys)
        last, wait = 0.0, PATIENCE
        while select.select([self.descriptor], [], [], wait)[0]:
            os.read(self.descriptor, 1 << 16)
            last, wait = time.perf_counter(), QUIET if keys is not None else 1.0
        if not last:
            raise RuntimeError(f"nothing was drawn after {keys!r}")
        return last - start


@contextmanager
def on_a_line(location: Location, home: Path) -> Iterator[Line]:
    """`postroom` as a process of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    folders = dict.fromkeys(("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(home))
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "postroom.tui.cli.main", "--company", location.text],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **folders, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Line(ours, start)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


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
                        *(name, "post-document", f"S-INV{number:07}", "bench", ended - 5_000, ended, status, name),
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
