"""Huey as a doorbell: one task without arguments, in JSON, never pickled. What there is to do stands in the company.

Beside an SQLite company the messages travel in a file of their own; with PostgreSQL in tables of the same database.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import suppress
from typing import Any

from huey import PostgresHuey, SqliteHuey
from huey.api import Huey
from huey.registry import Message
from huey.serializer import Serializer

from postroom.core import grants
from postroom.core.database import Location
from postroom.core.jobs import doorbell

NAME = "postroom"
LISTEN_SECONDS = 0.25
"""How long a worker listens to PostgreSQL before it looks whether it shall stop."""


class JsonSerializer(Serializer):
    """Messages as JSON lists: whoever can write the queue can ring, and nothing else."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        fields = json.loads(bytes(data))
        return Message(*fields)


def make(location: Location) -> Huey:
    """The Huey of a company. A worker sets its `answer`: what it does when it is rung. Makes no tables."""
    options: dict[str, Any] = {
        "name": NAME,
        "results": False,
        "serializer": JsonSerializer(),
        "create_tables": False,
    }
    if location.is_postgres:
        huey: Huey = PostgresHuey(dsn=location.text, read_timeout=LISTEN_SECONDS, connect_timeout=5, **options)
    else:
        huey = SqliteHuey(filename=str(location.queue_path), fsync=False, timeout=1, **options)

    @huey.task(name="ring")  # type: ignore[untyped-decorator]
    def ring() -> None:
        huey.answer()

    huey.ring = ring
    huey.answer = _nobody
    return huey


def install(location: Location) -> None:
    """Let this process ring the company's consumers whenever it has queued something."""
    made: list[Huey] = []

    def ring() -> None:
        if not made:
            made.append(make(location))
        try:
            made[0].ring()
        except Exception:
            made.clear()
            raise

    doorbell.install(ring)


def prepare(location: Location) -> None:
    """Make the messages' tables of an open PostgreSQL company; the file beside another is made when it is needed."""
    if location.is_postgres:
        huey = make(location)
        try:
            QueueFile(location, huey).reopen()
        finally:
            huey.storage.close()


def _has_tables(huey: Huey) -> bool:
    """Whether the messages' tables are there; asked first, since only some roles may make tables."""
    ((found,),) = huey.storage.sql("SELECT to_regclass(%s)", (huey.storage.table_task,), results=True)
    return found is not None


def _nobody() -> None:
    """Who only rings never answers."""


class QueueFile:
    """The messages' file of an SQLite company, watched: deleted, replaced or broken it costs rings and no work."""

    def __init__(self, location: Location, huey: Huey) -> None:
        self.path = None if location.is_postgres else location.queue_path
        self.huey = huey
        self.known = self._identity()

    def has_changed(self) -> bool:
        """Whether the file in its place is another one than this process has open."""
        return self.path is not None and self._identity() != self.known

    def reopen(self) -> None:
        """Open the file in its place; a broken one is moved aside. Raises sqlite3 errors when that fails.

        With PostgreSQL the tables are made once, by a role that may, in the open company.
        """
        if self.path is None:
            if not _has_tables(self.huey):
                self.huey.storage.initialize_schema()
                grants.give_messages()
            return
        self.huey.storage.close()
        try:
            self.huey.storage.initialize_schema()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            os.replace(self.path, self.path.with_name(f"{self.path.name}.broken"))
            for leftover in ("-wal", "-shm"):
                self.path.with_name(self.path.name + leftover).unlink(missing_ok=True)
            self.huey.storage.close()
            self.huey.storage.initialize_schema()
        self.known = self._identity()

    def _identity(self) -> tuple[int, int] | None:
        with suppress(OSError):
            if self.path is not None:
                found = os.stat(self.path)
                return found.st_dev, found.st_ino
        return None
