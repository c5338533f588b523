"""What pages show: immutable snapshots, read in a thread of its own, and only when something may have changed."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from peewee import PeeweeException

from postroom.core import clock, company, currencies
from postroom.core import database as engine
from postroom.core.currencies import Decimals
from postroom.core.database import Location
from postroom.core.errors import DatabaseAway, PostroomError
from postroom.core.tables.base import database

Result = TypeVar("Result")
Query = Callable[[], Any]

BUSY_SECONDS = 2.0
"""How long the terminal's own statements wait for a locked database: a person is waiting too."""


@dataclass(frozen=True, slots=True)
class ListSnapshot:
    """Some rows of a list around the cursor, in the list's order.

    `total` counts all that match, at most COUNT_LIMIT + 1; `before` and `after` say whether there are more rows.
    """

    rows: tuple[Any, ...] = ()
    total: int = 0
    before: bool = False
    after: bool = False


PAGE_ROWS = 100
COUNT_LIMIT = 1000
"""Lists longer than this say `1,000+`: counting a million rows is not worth a second."""


class Desk:
    """A thread with a connection of its own that does one job after another. It never keeps the program from ending."""

    def __init__(self, location: Location, name: str) -> None:
        self._location = location
        self._jobs: queue.SimpleQueue[tuple[Query, asyncio.Future[Any], asyncio.AbstractEventLoop] | None]
        self._jobs = queue.SimpleQueue()
        self._file: tuple[int, int] | None = None
        self.connections = 0
        """How often a connection was made: what is counted per connection starts anew with each."""
        threading.Thread(target=self._work, name=name, daemon=True).start()

    async def do(self, job: Callable[[], Result]) -> Result:
        """Run `job` in the thread, connected. Raises what it raised; a database that is away as DatabaseAway."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._jobs.put((job, future, loop))
        return await future

    def close(self) -> None:
        """Let the thread end after the job it is at."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (task := self._jobs.get()) is not None:
            job, future, loop = task
            try:
                result, error = self._attempt(job), None
            except Exception as raised:  # noqa: BLE001  it is raised again where the job was given
                result, error = None, raised
            with suppress(RuntimeError):  # the loop may be gone by now
                loop.call_soon_threadsafe(_settle, future, result, error)
        company.close()

    def _attempt(self, job: Query) -> Any:
        try:
            self._connect()
            return job()
        except PostroomError as error:
            if isinstance(error, DatabaseAway):
                company.close()
            raise
        except Exception as error:
            told = engine.translate(error, self._location.shown)
            if told is None:
                raise
            company.close()
            raise told from error

    def _connect(self) -> None:
        """A connection to the company that is there now: an SQLite file may have been moved away or replaced."""
        if not self._location.is_postgres:
            try:
                found = os.stat(self._location.path)
            except OSError as error:
                company.close()
                raise DatabaseAway(
                    f"{self._location.shown} is not there: {error.strerror}.",
                    hint="Put the file back; it is looked for.",
                ) from error
            if self._file != (found.st_dev, found.st_ino):
                company.close()
                self._file = (found.st_dev, found.st_ino)
        if database.is_closed():
            with suppress(PeeweeException):
                database.close()
            database.connect(reuse_if_open=True)
            self.connections += 1


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def change_mark() -> str:
    """A text that differs as soon as anybody else committed anything. Costs next to nothing; per connection.

    SQLite counts the commits of others. A PostgreSQL snapshot names the transactions that are not finished yet, so it
    is another one after every commit that wrote (of any database of the server: then once too often, never too seldom).
    """
    statement = "SELECT pg_current_snapshot()::text" if engine.is_postgres() else "PRAGMA data_version"
    return str(database.execute_sql(statement).fetchone()[0])


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at the company brought: the page's snapshot and how the background work stands."""

    page: Any
    standing: Standing
    mark: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the background work stands, for the status bar. `last_heartbeat` is the youngest of any consumer."""

    company_name: str = ""
    user: str = ""
    time_zone: str = "UTC"
    decimals: Decimals = field(default_factory=Decimals)
    consumers: int = 0
    workers: int = 0
    unread_notes: int = 0
    consumer_gone_since: datetime | None = None


class Reader:
    """Reads what a page asks for, unless nothing was committed since it last asked for the same."""

    STALE_SECONDS = 5.0
    """What depends on the time alone (why an entry waits, a consumer's last heartbeat) is read again this often."""

    def __init__(self, location: Location) -> None:
        self.desk = Desk(location, "postroom-reader")
        self._asked: object = None
        self._mark = ""
        self._at: datetime | None = None

    async def read(self, asked: object, query: Query, standing: Callable[[], Standing]) -> Reading | None:
        """Run `query` and `standing` if anything may differ for `asked`; None if not."""
        fresh = (
            asked == self._asked
            and self._at is not None
            and 0 <= (clock.now() - self._at).total_seconds() < self.STALE_SECONDS
        )
        known = self._mark if fresh else ""

        def look() -> Reading | None:
            mark = f"{self.desk.connections}:{change_mark()}"
            return None if mark == known else Reading(query(), standing(), mark)

        reading = await self.desk.do(look)
        if reading is not None:
            self._asked, self._mark, self._at = asked, reading.mark, clock.now()
        return reading

    def forget(self) -> None:
        """Read again whatever is asked for next."""
        self._asked = None


def read_standing() -> Standing:
    """How the background work stands, for the status bar; a few short statements in the reader's thread."""
    from postroom.core.jobs import consumers, notes
    from postroom.core.tables.setup import Company, GeneralLedgerSetup

    oldest = clock.now() - timedelta(seconds=max(consumers.lease(), 2 * consumers.HEARTBEAT))
    seen = [consumer for consumer in consumers.list_consumers() if consumer.workers and consumer.last_heartbeat]
    responding = [one for one in seen if one.is_alive and one.last_heartbeat and one.last_heartbeat > oldest]
    last = max((one.last_heartbeat for one in seen if one.last_heartbeat), default=None)
    user = company.current_user()
    return Standing(
        company_name=Company.get_by_id(1).name,
        user=user,
        unread_notes=notes.unread_count(user),
        time_zone=GeneralLedgerSetup.get_by_id(1).company_time_zone,
        decimals=currencies.decimals(),
        consumers=len(responding),
        workers=sum(consumer.workers for consumer in responding),
        consumer_gone_since=None if responding else last,
    )
