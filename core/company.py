"""A company's life: made, opened, upgraded, backed up, closed."""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from peewee import Database, PeeweeException, SqliteDatabase
from playhouse.migrations import Runner
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postroom.core import clock, grants, standard_company
from postroom.core import database as engine
from postroom.core.database import Location
from postroom.core.errors import CompanyError, NotPermitted, PostroomError, UsageError
from postroom.core.jobs import processes
from postroom.core.money import parse_decimal
from postroom.core.statements import query
from postroom.core.tables.base import database
from postroom.core.tables.setup import Company, UserSetup

_open_at: Location | None = None

MIGRATIONS = Path(__file__).with_name("migrations")
AMOUNT_PRECISIONS = ("1", "0.1", "0.01", "0.001", "0.0001")


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What `create` is told. `is_test` companies accept POSTROOM_CLOCK and POSTROOM_LEASE."""

    name: str = "New Company"
    amount_precision: str = "0.01"
    time_zone: str = ""
    is_test: bool = False


def create(location: Location, wanted: NewCompany) -> None:
    """Make a company with setup, chart of accounts and job queues, and leave it open. Refuses to overwrite."""
    if wanted.amount_precision not in AMOUNT_PRECISIONS:
        raise UsageError(
            f"{wanted.amount_precision} is not an amount precision.",
            field="amount-precision",
            value=wanted.amount_precision,
            hint=f"Choose one of {', '.join(AMOUNT_PRECISIONS)}.",
        )
    time_zone = wanted.time_zone or local_time_zone()
    refuse_unknown_time_zone(time_zone)
    if location.is_postgres:
        made = engine.connect(location)
        _refuse_existing(made, location)
        _fill(made, location, wanted, time_zone)
    else:
        _create_file(location, wanted, time_zone)


def refuse_unknown_time_zone(name: str) -> None:
    """Raise UsageError unless there is a time zone of that name."""
    if name not in available_timezones():
        raise UsageError(
            f"{name} is not a time zone.", field="time-zone", value=name, hint="It looks like Europe/Copenhagen."
        )


def _create_file(location: Location, wanted: NewCompany, time_zone: str) -> None:
    """Built beside its place and linked there when whole, so that a full disk or a kill leaves no half company."""
    path = location.path
    if path.exists():
        raise CompanyError(f"{path} exists already.", hint="Postroom never overwrites a file; choose another name.")
    if not path.parent.is_dir():
        raise CompanyError(f"The folder {path.parent} does not exist.", hint="Make it first.")
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        draft.touch(exist_ok=False)  # so that a folder that takes no files is told by its own name
        made = engine.connect(Location(str(draft)), create=True)
        _fill(made, location, wanted, time_zone)
        made.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        made.close()
        os.link(draft, path)
    except FileExistsError as error:
        raise CompanyError(f"{path} exists already.", hint="Postroom never overwrites a file.") from error
    except OSError as error:
        raise CompanyError(f"{path} cannot be made: {error.strerror}.", hint="Choose another folder.") from error
    finally:
        for leftover in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm")):
            leftover.unlink(missing_ok=True)
    open_company(location)


def _fill(made: Database, location: Location, wanted: NewCompany, time_zone: str) -> None:
    _bind(made, location)
    try:
        with made.atomic():
            Runner(made, str(MIGRATIONS)).up()
            user = current_user()
            Company.create(
                id=1, name=wanted.name, created_at=clock.now(), created_by=user, is_test=wanted.is_test, setup_version=1
            )
            standard_company.write(
                amount_precision=parse_decimal(wanted.amount_precision),
                time_zone=time_zone,
            )
            UserSetup.create(user_id=user, may_view=True, may_post=True, job_queue_admin=True, may_setup=True)
    except (PeeweeException, sqlite3.Error) as error:
        raise engine.translate(error, location.shown) or error from error


def _refuse_existing(made: Database, location: Location) -> None:
    if made.get_tables():
        made.close()
        raise CompanyError(
            f"The database {location.shown} is not empty.", hint="Postroom never overwrites; use an empty database."
        )


def open_company(location: Location, *, busy_seconds: float = engine.BUSY_SECONDS) -> None:
    """Bind `location` as this process's company. Raises CompanyError for what is none, or of another schema."""
    made = engine.connect(location, busy_seconds=busy_seconds)
    try:
        runner = _runner(made, location)
        steps = runner.status()
        newer = [step.name for step in steps if step.path is None]
        if newer:
            raise CompanyError(
                f"{location.shown} was written by a newer Postroom (schema {newer[-1]}).",
                code="company_newer",
                hint="Install the newer program; this one leaves the company as it is.",
            )
        if any(step.applied is None for step in steps):
            raise CompanyError(
                f"{location.shown} was written by an older Postroom.",
                code="company_older",
                hint=f"Run `postroom --company {shlex.quote(location.shown)} upgrade`; it makes a backup first.",
            )
        _refuse_moved(made, location)
    except PostroomError:
        made.close()
        raise
    except (PeeweeException, sqlite3.Error) as error:
        told = _no_rights(made, location) if engine.is_forbidden(error) else engine.translate(error, location.shown)
        made.close()
        raise told or error from error
    if not location.is_postgres:
        made.execute_sql("PRAGMA journal_mode = wal")
    _bind(made, location)


def _no_rights(made: Database, location: Location) -> NotPermitted:
    """What is told to a database role that was given nothing in the company."""
    role, owner = made.execute_sql(
        "SELECT current_user, tableowner FROM pg_tables WHERE tablename = 'company' ORDER BY schemaname"
    ).fetchone()
    return NotPermitted(
        f"The database role {role} has no rights in the company at {location.shown}.",
        code="not_permitted",
        hint=f"{owner}, who owns it, gives some: `postroom grant {role} post`, or view to look only.",
    )


def _refuse_moved(made: Database, location: Location) -> None:
    found = made.execute_sql("SELECT moved_to FROM company").fetchone()
    if found and found[0]:
        raise CompanyError(
            f"The company at {location.shown} has moved to {found[0]}.",
            code="company_moved",
            value=found[0],
            hint="Open it there. What is left here takes no change any more.",
        )


def _bind(made: Database, location: Location) -> None:
    global _open_at
    database.initialize(made)
    _open_at = location


def location() -> Location:
    """Where this process's company is, also while its connection is closed. Raises CompanyError if none was opened."""
    if _open_at is None:
        raise CompanyError("No company is open.", hint="Name one with --company.")
    return _open_at


def upgrade(location: Location, backup_to: Path | None = None) -> list[str]:
    """Bring a company to this program's schema, a backup first; returns the names of the steps taken."""
    made = engine.connect(location)
    runner = _runner(made, location)
    steps = runner.status()
    newer = [step.name for step in steps if step.path is None]
    if newer:
        made.close()
        raise CompanyError(
            f"{location.shown} was written by a newer Postroom (schema {newer[-1]}).",
            code="company_newer",
            hint="Install the newer program; this one leaves the company as it is.",
        )
    _bind(made, location)
    if all(step.applied for step in steps):
        return []
    if backup_to is not None:
        backup(location, backup_to)
    with made.atomic():
        taken = [str(name) for name in runner.up()]
        grants.give_again()
    return taken


def _runner(made: Database, location: Location) -> Runner:
    """The migration runner, once it is clear that this is a company at all."""
    tables = set(made.get_tables())
    if not {"schema_migration", "company"} <= tables:
        made.close()
        what = "empty" if not tables else "not a Postroom company"
        raise CompanyError(f"{location.shown} is {what}.", hint="Make a company with `postroom init`, or name another.")
    return Runner(made, str(MIGRATIONS))


def backup(location: Location, target: Path) -> None:
    """A consistent copy of the open company while others work in it. Refuses to overwrite."""
    if target.exists():
        raise CompanyError(f"{target} exists already.", hint="Choose another name; a backup never overwrites.")
    draft = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        if location.is_postgres:
            _dump_postgres(location, draft)
        else:
            _copy_sqlite(draft)
        os.link(draft, target)
    except (OSError, sqlite3.Error) as error:
        raise CompanyError(f"{target} cannot be written: {error}.", hint="Check the folder and its space.") from error
    finally:
        draft.unlink(missing_ok=True)


def _copy_sqlite(draft: Path) -> None:
    if not isinstance(database.obj, SqliteDatabase):
        raise CompanyError("No company is open.")
    copy = sqlite3.connect(draft)
    try:
        database.connection().backup(copy)
        copy.execute("PRAGMA journal_mode = delete")
    finally:
        copy.close()


def _dump_postgres(location: Location, draft: Path) -> None:
    options = conninfo_to_dict(location.text)
    password = options.pop("password", None)  # the arguments of a process are open to everybody
    try:
        done = subprocess.run(
            [
                "pg_dump",
                "--format=custom",
                f"--file={draft}",
                f"--dbname={make_conninfo(**{name: str(value) for name, value in options.items()})}",
            ],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **({"PGPASSWORD": str(password)} if password else {})},
        )
    except FileNotFoundError as error:
        raise CompanyError("pg_dump is not installed.", hint="Install PostgreSQL's client programs.") from error
    if done.returncode:
        raise CompanyError(
            f"pg_dump failed: {done.stderr.strip()[:300]}", hint="Is pg_dump of the server's version installed?"
        )


def close() -> None:
    """Close this thread's connection to the company."""
    with suppress(PeeweeException, sqlite3.Error):
        if database.obj is not None and not database.is_closed():
            database.close()


def current_user() -> str:
    """Who is at work: the operating system's user, or the database role on PostgreSQL."""
    if engine.is_postgres():
        return str(database.execute_sql("SELECT current_user").fetchone()[0])
    return processes.account()


def time_zone() -> ZoneInfo:
    """The company's time zone, in which dates and times of day are meant."""
    ((name,),) = query("SELECT company_time_zone FROM general_ledger_setup WHERE id = 1")
    return ZoneInfo(name)


def local_time_zone() -> str:
    """The time zone of this host, UTC if it cannot be told."""
    with suppress(OSError):
        link = os.readlink("/etc/localtime")
        name = link.partition("zoneinfo/")[2]
        if name in available_timezones():
            return name
    return "UTC"
