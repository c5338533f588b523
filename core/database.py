"""Opening the database of a company, and what differs between SQLite and PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import psycopg
from peewee import (
    Database,
    DatabaseError,
    InterfaceError,
    OperationalError,
    SqliteDatabase,
)

from postroom.core.errors import CompanyError, DatabaseAway, NotPermitted, PostroomError, UsageError
from postroom.core.postgres import Postgres
from postroom.core.tables.base import database

BUSY_SECONDS = 5.0
"""How long a statement waits for SQLite's write lock before the database counts as locked."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a company is: the path of an SQLite file, or a `postgresql://` URL."""

    text: str

    @property
    def is_postgres(self) -> bool:
        return self.text.startswith(("postgresql://", "postgres://"))

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(self.text).expanduser().absolute()

    @property
    def queue_path(self) -> Path:
        """Where Huey's messages travel beside an SQLite company: `firm-queue.db` for `firm.db`."""
        return self.path.with_name(f"{self.path.stem}-queue.db")

    @property
    def database_name(self) -> str:
        """The name of a PostgreSQL company's database."""
        return urlsplit(self.text).path.lstrip("/")

    @property
    def shown(self) -> str:
        """The location without its password, for messages, logs and process titles."""
        return without_password(self.text) if self.is_postgres else str(self.path)


_PASSWORD = re.compile(r"(?i)((?:^|[?&\s])(?:password|sslpassword)=)(?:'[^']*'|[^&\s]*)")


def without_password(text: str) -> str:
    """A PostgreSQL URL with every password taken out of it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "postgresql://…"
    netloc = parts.netloc
    if "@" in netloc:
        credentials, _, host = netloc.rpartition("@")
        netloc = f"{credentials.partition(':')[0]}@{host}"
    return _PASSWORD.sub(r"\1…", urlunsplit(parts._replace(netloc=netloc)))


class CompanyFile(SqliteDatabase):
    """An SQLite company. It makes its file only when told to, and knows whether that one is still in its place."""

    def __init__(self, path: Path, *, create: bool, **options: Any) -> None:
        self.path = path
        self.opened: tuple[int, int] | None = None
        super().__init__(f"{path.as_uri()}?mode={'rwc' if create else 'rw'}", uri=True, **options)

    def _connect(self) -> Any:
        made = cast(Any, super())._connect()
        self.opened = self._identity()
        return made

    def has_moved(self) -> bool:
        """Whether the file that was opened has been deleted, moved or replaced."""
        return self._identity() != self.opened

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def connect(location: Location, *, create: bool = False, busy_seconds: float = BUSY_SECONDS) -> Database:
    """The database at `location`, connected. Raises CompanyError or DatabaseAway in words for a user."""
    if location.is_postgres:
        return _connect_postgres(location)
    return _connect_sqlite(location, create=create, busy_seconds=busy_seconds)


def _connect_sqlite(location: Location, *, create: bool, busy_seconds: float) -> Database:
    path = location.path
    if "://" in location.text:
        raise UsageError(
            f"{location.text.partition('://')[0]}:// is not a kind of company Postroom knows.",
            hint="Give the path of a file or a postgresql:// URL.",
        )
    if not create:
        if not path.exists():
            raise CompanyError(
                f"There is no company at {path}.",
                hint="Make one with `postroom init`, or name another with --company.",
            )
        if path.is_dir():
            raise CompanyError(f"{path} is a folder, not a company.", hint="Name the company's file.")
        if path.stat().st_size == 0:  # SQLite would take it for a new database and write its header into it
            raise CompanyError(f"{path} is empty, not a company.", hint="Name another file with --company.")
    made: Database = CompanyFile(
        path,
        create=create,
        pragmas={
            **({"journal_mode": "wal"} if create else {}),  # it stays with the file; a foreign one is left as it is
            "synchronous": "full",
            "foreign_keys": 1,
            "busy_timeout": int(busy_seconds * 1000),
        },
        lock_type="IMMEDIATE",
        timeout=busy_seconds,
    )
    try:
        made.connect()
        made.execute_sql("SELECT count(*) FROM sqlite_master").fetchone()
    except (DatabaseError, OperationalError, sqlite3.Error) as error:
        made.close()
        raise _sqlite_unusable(path, error) from error
    return made


def _sqlite_unusable(path: Path, error: Exception) -> PostroomError:
    text = str(error)
    if _is_broken(error):
        return CompanyError(f"{path} is not a Postroom company ({text}).", hint="Name another file with --company.")
    if "locked" in text or "busy" in text:
        return DatabaseAway(f"{path} is locked by another program.", hint="Try again when that program has ended.")
    return CompanyError(
        f"{path} cannot be opened: {text}.",
        hint="Check that you may read and write the file and its folder, and that the disk has room.",
    )


_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""A server that vanished without a word counts as away after half a minute, not after the system's two hours."""


def _connect_postgres(location: Location) -> Database:
    try:
        parts = urlsplit(location.text)
        port = parts.port
    except ValueError as error:
        raise UsageError(
            "The company's URL cannot be read.", hint="It looks like postgresql://user@host:5432/database."
        ) from error
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise UsageError(f"{location.shown} names no database.", hint="It looks like postgresql://host/database.")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    options = {**_PATIENCE, **options}
    for key, value in (
        ("host", parts.hostname),
        ("port", port),
        ("user", parts.username and unquote(parts.username)),
        ("password", parts.password and unquote(parts.password)),
    ):
        if value:
            options[key] = value
    made = Postgres(name, prefer_psycopg3=True, **options)
    try:
        made.connect()
    except (OperationalError, InterfaceError, psycopg.Error) as error:
        text = " ".join(str(error).split())
        if "does not exist" in text and "database" in text:
            raise CompanyError(
                f"There is no database {name} on that server ({location.shown}).",
                hint="Create it, then `postroom init`.",
            ) from error
        raise DatabaseAway(
            f"The database at {location.shown} does not answer: {_sentence(error)}",
            hint="Check that the server runs and that you may log in; nothing was changed.",
        ) from error
    return made


_DRIVERS_ADVICE = re.compile(r"[\s.]*(Is the server running|Multiple connection attempts failed).*")
_DRIVERS_PREFIX = re.compile(r"^connection (failed|is bad): ")


def _words(error: BaseException) -> str:
    """What a driver says, on one line and without its own advice."""
    return _DRIVERS_PREFIX.sub("", _DRIVERS_ADVICE.sub("", " ".join(str(error).split())))


def _sentence(error: BaseException) -> str:
    text = _words(error)
    return (text[:200] + "…") if len(text) > 200 else text.rstrip(".") + "."


def is_postgres() -> bool:
    """Whether the open company lives in PostgreSQL."""
    return isinstance(database.obj, Postgres)


_AWAY_SQLITE = (
    "database is locked",
    "database table is locked",
    "unable to open database file",
    "disk i/o error",
)
_AWAY_POSTGRES_STATES = ("08", "53", "57P", "55P03", "25006")
_BROKEN_SQLITE = ("file is not a database", "disk image is malformed")
_FULL_SQLITE = ("disk is full", "readonly database", "read-only")
_TRANSIENT_STATES = ("40001", "40P01")


MOVED = "this company has moved"
"""What the database itself says to a change in a place that a company has left."""


def is_away(error: BaseException) -> bool:
    """Whether an exception means that the database is locked, away, broken or without room: no document's fault."""
    if is_full(error) or _is_broken(error):
        return True
    cause = _driver_error(error)
    if isinstance(cause, sqlite3.Error):
        return any(words in str(cause).lower() for words in _AWAY_SQLITE)
    if isinstance(cause, psycopg.Error):
        state = cause.sqlstate
        if state is not None:
            return state.startswith(_AWAY_POSTGRES_STATES)
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return isinstance(error, InterfaceError)


def _is_broken(error: BaseException) -> bool:
    """Whether an exception means that an SQLite file has been overwritten or damaged."""
    cause = _driver_error(error)
    return isinstance(cause, sqlite3.Error) and any(words in str(cause).lower() for words in _BROKEN_SQLITE)


def is_transient(error: BaseException) -> bool:
    """Whether an exception is a deadlock or a serialization failure: worth another attempt."""
    cause = _driver_error(error)
    return isinstance(cause, psycopg.Error) and (cause.sqlstate or "") in _TRANSIENT_STATES


def is_forbidden(error: BaseException) -> bool:
    """Whether an exception means that this PostgreSQL role may not do that."""
    cause = _driver_error(error)
    return isinstance(cause, psycopg.Error) and cause.sqlstate == "42501"


def is_full(error: BaseException) -> bool:
    """Whether an exception means that the disk is full or the file cannot be written."""
    return _full_cause(error) is not None


def _full_cause(error: BaseException) -> BaseException | None:
    """The full disk behind an exception, also where a failed rollback stands in front of it."""
    for cause in _driver_errors(error):
        if isinstance(cause, sqlite3.Error) and any(words in str(cause).lower() for words in _FULL_SQLITE):
            return cause
        if isinstance(cause, psycopg.Error) and cause.sqlstate in ("53100", "53200"):
            return cause
    return None


def _driver_error(error: BaseException) -> BaseException | None:
    return next(_driver_errors(error), None)


def _driver_errors(error: BaseException) -> Iterator[BaseException]:
    """The driver's own errors behind an exception, the nearest first."""
    waiting: list[BaseException | None] = [error]
    known: set[int] = set()
    while waiting:
        seen = waiting.pop(0)
        if seen is None or id(seen) in known:
            continue
        known.add(id(seen))
        if isinstance(seen, sqlite3.Error | psycopg.Error):
            yield seen
        waiting += [getattr(seen, "orig", None), seen.__cause__, seen.__context__]


def reason(error: BaseException) -> str:
    """Why the database failed, in its driver's words on one line: a full disk before what followed from it."""
    return _words(_full_cause(error) or _driver_error(error) or error)


def translate(error: BaseException, shown: str) -> PostroomError | None:
    """A database error in words for a user, or None if it is none that a user can do something about."""
    full = _full_cause(error)
    if full is not None:
        return DatabaseAway(
            f"{shown} cannot be written: {full}.",
            hint="Make room on the disk, or ask for the right to write; nothing was changed.",
        )
    denied = _driver_error(error)
    if isinstance(denied, psycopg.errors.InsufficientPrivilege):
        return NotPermitted(
            f"{shown} does not allow that to you: {_sentence(denied)}",
            code="not_permitted",
            hint="Somebody with the permission set Setup gives rights by `postroom grant`.",
        )
    if MOVED in str(_driver_error(error) or ""):
        return CompanyError(
            f"The company at {shown} has moved.", code="company_moved", hint="Leave Postroom; `postroom` says where to."
        )
    if _is_broken(error):
        return CompanyError(f"{shown} is damaged: {reason(error)}.", hint="Stop its consumers and restore a backup.")
    if is_away(error):
        return DatabaseAway(
            f"{shown} is locked or away: {_sentence(_driver_error(error) or error)}",
            hint="Nothing was changed; try again.",
        )
    return None


_watcher: Callable[[bool], None] | None = None


def watch_write_lock(watcher: Callable[[bool], None] | None) -> None:
    """Have `watcher` told True when this process has got SQLite's only write lock, and False when it gives it back."""
    global _watcher
    _watcher = watcher


@contextmanager
def transaction() -> Iterator[None]:
    """One write transaction: BEGIN IMMEDIATE on SQLite. Inside another it is part of that one."""
    watcher = None if _watcher is None or is_postgres() or database.in_transaction() else _watcher
    with cast(Any, database).atomic():
        if watcher is None:
            yield
            return
        watcher(True)
        try:
            yield
        finally:
            watcher(False)


@contextmanager
def pipelined_transaction(then: Callable[[], object] = lambda: None) -> Iterator[None]:
    """A transaction of its own in which PostgreSQL answers only what is read, and the rest with the commit.

    Until then another statement's errors and `rowcount` are not known. What `then` asks is sent after the commit and
    answered with it. On SQLite a plain transaction, without `then`.
    """
    made = database.obj
    if not isinstance(made, Postgres) or database.in_transaction() or made.is_pipelined():
        with transaction():
            yield
        return
    made.open_pipeline(then)
    try:
        with transaction():
            yield
    finally:
        with suppress(psycopg.Error):  # still open where the transaction could not even begin
            made.close_pipeline()


def prepare_at_once() -> None:
    """Let connections of this process keep every statement prepared from its first run: it will repeat them all."""
    if isinstance(database.obj, Postgres):
        database.obj.prepare_threshold = 0


def has_moved() -> bool:
    """Whether the open company's SQLite file is no longer the one in its place."""
    return isinstance(database.obj, CompanyFile) and not database.is_closed() and database.obj.has_moved()


def reconnect() -> None:
    """A fresh connection for this thread, the old one closed whatever state it is in."""
    if not database.is_closed():
        database.close()
    database.connect()
