"""Moving a company from SQLite to PostgreSQL and back: every row copied, both sides verified and found equal.

The place left behind stays as it is and takes nothing more: the database itself refuses every change, also of programs
that had it open. Killed at any moment, either nothing has moved, or the new place is whole; the old one is closed last.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from peewee import Database, PeeweeException
from playhouse.migrations import Runner

from postroom.core import changelog, company, grants, row_copying, users
from postroom.core import database as engine
from postroom.core.database import Location
from postroom.core.errors import CompanyError, Refused
from postroom.core.jobs import consumers
from postroom.core.row_copying import Progress
from postroom.core.statements import query
from postroom.core.tables import ALL
from postroom.core.tables.base import database
from postroom.core.tables.setup import Company, UserSetup
from postroom.core.tables.work import Consumer, Worker
from postroom.core.users import Permission
from postroom.core.verify import Verification, verify

_LEFT_BEHIND = (Consumer, Worker)
"""Tables of processes, which move by themselves."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move has brought over: rows by table, and what was proved on both sides."""

    rows: dict[str, int]
    verification: Verification


def move(target: Location, *, user: str, progress: Progress | None = None) -> Moved:
    """Move the open company to an empty place, which is open afterwards. Needs Setup and Job Queue Admin.

    Raises Refused while a consumer lives or a job runs, or where the books do not hold, and CompanyError for a place
    that is not empty. `progress` is told how many rows have been copied.
    """
    users.require(user, Permission.SETUP)
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    source = company.location()
    _refuse_same(source, target)
    _refuse_work()
    before = _proved(source)
    with _standing_still(source) as old, _place(target) as place:
        with place.database.atomic():
            moved = _fill(old, place.database, source, target, user, progress or (lambda count: None))
            _require_equal(before, moved.verification)
        place.finish()
        _close_behind(old, source, target)
    company.open_company(target)
    return moved


def _refuse_same(source: Location, target: Location) -> None:
    if source.is_postgres == target.is_postgres:
        kind = "PostgreSQL" if source.is_postgres else "SQLite"
        raise Refused(
            f"The company is in {kind} already.",
            code="move_same_kind",
            value=target.shown,
            hint="Between two places of one kind use `postroom backup`, or the database's own means.",
        )


def _refuse_work() -> None:
    alive = consumers.alive()
    if alive:
        named = ", ".join(f"process {one.process_id} on {one.host}" for one in alive)
        raise Refused(
            f"A consumer is running: {named}.",
            code="consumer_running",
            hint="Stop it with `postroom consumer --stop` on its host, then move the company.",
        )
    running = query("SELECT entry_no FROM job_queue_entry WHERE status = 'In Process' ORDER BY entry_no")
    if running:
        raise Refused(
            f"Job queue entry {running[0][0]} is In Process.",
            code="entry_in_process",
            value=str(running[0][0]),
            hint="Wait for its end, or cancel it; then move the company.",
        )


def _proved(location: Location) -> Verification:
    """The company's own proof. Raises Refused where it fails: what does not hold here would not hold there."""
    found = verify()
    if not found.ok:
        (first, *_) = [check for check in found.checks if not check.ok]
        raise Refused(
            f"{location.shown} does not hold: {first.name}: {first.detail}",
            code="verify_failed",
            value=first.name,
            hint="`postroom verify` tells all of it. Mend that first, or restore a backup.",
        )
    return found


@contextmanager
def _standing_still(source: Location) -> Iterator[Database]:
    """The old place in one transaction that lets others read and nobody write."""
    old = cast(Database, database.obj)
    with engine.transaction():
        if source.is_postgres:
            names = ", ".join(f'"{table._meta.table_name}"' for table in ALL)
            old.execute_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
        _refuse_work()
        try:
            yield old
        finally:
            database.initialize(old)


class _Place:
    """The new place, empty and connected. A file is built beside its name and linked there once it is whole."""

    def __init__(self, target: Location) -> None:
        self.target = target
        self.draft = target if target.is_postgres else _draft_of(target.path)
        self.database = engine.connect(self.draft, create=not target.is_postgres)

    def finish(self) -> None:
        """Give the place its name; until then it is nowhere. Nothing for a server's, which its commit has made."""
        if not self.target.is_postgres:
            self.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            self.database.close()
            os.link(self.draft.path, self.target.path)

    def close(self) -> None:
        """Leave it; of a draft nothing stays."""
        self.database.close()
        if not self.target.is_postgres:
            for end in ("", "-wal", "-shm"):
                Path(f"{self.draft.path}{end}").unlink(missing_ok=True)


def _draft_of(path: Path) -> Location:
    if path.exists():
        raise CompanyError(f"{path} exists already.", hint="Postroom never overwrites a file; choose another name.")
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        draft.touch(exist_ok=False)
    except OSError as error:
        raise CompanyError(f"{path} cannot be made: {error.strerror}.", hint="Choose another folder.") from error
    return Location(str(draft))


@contextmanager
def _place(target: Location) -> Iterator[_Place]:
    place = _Place(target)
    try:
        if place.database.get_tables():
            raise CompanyError(f"The database {target.shown} is not empty.", hint="Make an empty one with `createdb`.")
        yield place
    except OSError as error:
        raise CompanyError(f"{target.shown} cannot be made: {error.strerror}.", hint="Choose another place.") from error
    except (PeeweeException, sqlite3.Error) as error:
        raise engine.translate(error, target.shown) or error from error
    finally:
        place.close()


def _fill(old: Database, new: Database, source: Location, target: Location, user: str, said: Progress) -> Moved:
    """Schema, rows and numbers of the old place in the new one's open transaction, proved there."""
    Runner(new, str(company.MIGRATIONS)).up()
    rows = row_copying.copy_all([table for table in ALL if table not in _LEFT_BEHIND], old, new, said)
    row_copying.carry_numbers(old, new)
    database.initialize(new)
    try:
        _make_mover_owner()
        name = Company.get_by_id(1).name
        changelog.record(user, "Move", "Company", name, field="Place", old=source.shown, new=target.shown)
        grants.give_again()
        return Moved(rows, verify())
    finally:
        database.initialize(old)


def _make_mover_owner() -> None:
    """Whoever moves a company owns its new place, under the name that they have there."""
    sets = dict.fromkeys(("may_view", "may_post", "job_queue_admin", "may_setup"), True)
    owner = company.current_user()
    if not UserSetup.update(**sets).where(UserSetup.user_id == owner).execute():
        UserSetup.create(user_id=owner, **sets)


def _require_equal(before: Verification, after: Verification) -> None:
    """See that the proof came out the same. Raises Refused; then nothing has moved."""
    if before.checks != after.checks:
        (first, *_) = [two for one, two in zip(before.checks, after.checks, strict=True) if one != two]
        raise Refused(
            f"`verify` finds something else there: {first.name}: {first.detail or first.examined}; nothing has moved.",
            code="move_not_equal",
            value=first.name,
            hint="Please report it.",
        )


def _close_behind(old: Database, source: Location, target: Location) -> None:
    """Have the old place say where the company is, and refuse every change by itself."""
    old.execute_sql(
        f"UPDATE company SET moved_to = {'%s' if source.is_postgres else '?'} WHERE id = 1", (target.shown,)
    )
    tables = [table._meta.table_name for table in ALL]
    if source.is_postgres:
        old.execute_sql(
            "CREATE FUNCTION postroom_has_moved() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{engine.MOVED}'; END $$"
        )
        for name in tables:
            old.execute_sql(
                f'CREATE TRIGGER "{name}_has_moved" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{name}"'
                " FOR EACH STATEMENT EXECUTE FUNCTION postroom_has_moved()"
            )
        return
    for name in tables:
        for act in ("INSERT", "UPDATE", "DELETE"):
            old.execute_sql(
                f'CREATE TRIGGER "{name}_has_moved_{act.lower()}" BEFORE {act} ON "{name}"'
                f" BEGIN SELECT RAISE(ABORT, '{engine.MOVED}'); END"
            )
