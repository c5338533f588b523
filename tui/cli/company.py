"""Commands on the company as a whole: init, upgrade, backup, move."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from postroom.core import clock, company, moving, row_copying
from postroom.core.company import NewCompany
from postroom.core.database import Location
from postroom.core.errors import UsageError
from postroom.tui.cli import frame, trial, writing
from postroom.tui.cli.frame import Session


@frame.command("init", "postroom --company firm.db init --time-zone Europe/Copenhagen")
@click.option("--demo", is_flag=True, help="Fill it with the demo company's master data and documents.")
@click.option("--name", default="", metavar="TEXT", help="The company's name; else that of its file or database.")
@click.option("--amount-precision", default="0.01", show_default=True, metavar="P", help="1, 0.1, 0.01, 0.001, 0.0001.")
@click.option("--time-zone", default="", metavar="Z", help="Such as Europe/Copenhagen; else this machine's.")
@click.option("--test", "is_test", is_flag=True, help="For trials: allows POSTROOM_CLOCK and POSTROOM_LEASE.")
@frame.json_option
def init_command(session: Session, demo: bool, name: str, amount_precision: str, time_zone: str, is_test: bool) -> None:
    """Make a new company with setup, chart of accounts and job queues. Nothing is ever overwritten."""
    trial.apply(os.environ, is_test=is_test)
    if session.company is None:
        frame.make_data_folder()
    location = session.location
    own_name = name or (location.shown.rpartition("/")[2] if location.is_postgres else location.path.stem)
    wanted = NewCompany(own_name, amount_precision=amount_precision, time_zone=time_zone, is_test=is_test)
    company.create(location, wanted)
    session.is_open = True
    if location.is_postgres:
        from postroom.queue import broker

        broker.prepare(location)
    if demo:
        from postroom.core import demo as demo_company

        demo_company.fill(user=company.current_user())
    _tell(session, {"company": location.shown}, f"Made the company {location.shown}.")


@frame.command("backup", "postroom backup /safe/place/firm-2026-11-24.db")
@click.argument("file", type=click.Path(path_type=Path))
@frame.json_option
def backup_command(session: Session, file: Path) -> None:
    """Write a consistent copy of the company while others work in it. Nothing is ever overwritten."""
    session.open()
    company.backup(session.location, file)
    _tell(session, {"company": session.location.shown, "backup": file}, f"Wrote {file}.")


@frame.command("upgrade", "postroom --company firm.db upgrade")
@click.option("--backup", "backup_to", type=click.Path(path_type=Path), help="Where the backup goes; else beside it.")
@frame.json_option
def upgrade_command(session: Session, backup_to: Path | None) -> None:
    """Bring the company to this program's schema, a backup first."""
    location = session.location
    target = backup_to or _beside(session)
    steps = company.upgrade(location, target)
    told = {"company": location.shown, "steps": steps, "backup": target if steps else None}
    if steps:
        _tell(session, told, f"Upgraded {location.shown} ({', '.join(steps)}). The backup is {target}.")
    else:
        _tell(session, told, f"{location.shown} is up to date.")


@frame.command("move", "postroom --company firm.db move postgresql://post@db.example/firm")
@click.argument("target", metavar="PATH|URL")
@frame.json_option
def move_command(session: Session, target: str) -> None:
    """Move the company from SQLite to PostgreSQL or back. What it leaves takes no change and says where it is."""
    user = session.open()
    source, wanted = session.location.shown, Location(target)
    with writing.progress_bar("Moving", row_copying.count()) as advance:
        moved = moving.move(wanted, user=user, progress=advance)
    if wanted.is_postgres:
        from postroom.queue import broker

        broker.prepare(wanted)
    checks = [{"name": check.name, "ok": check.ok, "examined": check.examined} for check in moved.verification.checks]
    told = {"from": source, "to": wanted.shown, "rows": moved.rows, "checks": checks}
    total = sum(moved.rows.values())
    _tell(session, told, f"Moved {total:,} rows to {wanted.shown}; every invariant holds there as it did here.")


def _tell(session: Session, document: dict[str, Any], message: str) -> None:
    """What was done: a message for a person, or a JSON document."""
    if session.as_json:
        session.write(document)
    else:
        writing.say(message)


def _beside(session: Session) -> Path:
    """Where an upgrade's backup goes unless told: the company's folder, or this one for a server's."""
    location = session.location
    stamp = clock.now().strftime("%Y%m%d-%H%M%S")
    if not location.is_postgres:
        return location.path.with_name(f"{location.path.stem}-before-upgrade-{stamp}{location.path.suffix}")
    name = location.shown.partition("?")[0].rpartition("/")[2]
    if not name:
        raise UsageError(f"{location.shown} names no database.")
    return Path(f"{name}-before-upgrade-{stamp}.dump").absolute()
