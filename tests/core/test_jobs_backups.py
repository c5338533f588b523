"""The backup job: a whole company per run, the oldest files deleted, each obstacle named."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jobs import run_all

from postroom.core import clock, company
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import UsageError
from postroom.core.jobs import entries, handling, schedules
from postroom.core.jobs.schedules import Schedule
from postroom.core.tables.setup import Company

NIGHT = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)


def back_up(folder: Path, **parameters: str) -> str:
    """Schedule a backup and run it; its entry's id."""
    made = schedules.schedule("backup", {"folder": str(folder), **parameters}, Schedule(), user=current_user())
    run_all()
    return made.id


def test_a_run_writes_a_company_that_opens(sqlite_firm: Location, tmp_path: Path) -> None:
    clock.start_at(NIGHT)
    folder = tmp_path / "backups"
    folder.mkdir()
    back_up(folder)
    (made,) = folder.iterdir()
    assert made.name.startswith(f"{sqlite_firm.path.stem}-20261124-2200")
    company.close()
    company.open_company(Location(str(made)))
    assert Company.get_by_id(1).name == "Test"


def test_a_run_on_postgres_dumps_the_database(make_postgres: object, tmp_path: Path) -> None:
    location: Location = make_postgres()  # type: ignore[operator]
    company.open_company(location)
    back_up(tmp_path)
    (made,) = tmp_path.glob(f"{location.database_name}-*.dump")
    assert made.read_bytes()[:5] == b"PGDMP"


def test_the_oldest_files_beyond_the_number_go_and_no_other_file(sqlite_firm: Location, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    stem = sqlite_firm.path.stem
    others = {f"{stem}-notes.txt", "another-20200101-000000.db"}
    for name in others:
        (folder / name).touch()
    for day in range(5):
        clock.start_at(NIGHT + timedelta(days=day))
        back_up(folder, keep="2")
    kept = sorted(path.name for path in folder.iterdir() if path.name not in others)
    assert [name[: -len("0000.db")] for name in kept] == [f"{stem}-20261127-22", f"{stem}-20261128-22"]
    assert others <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("parameters", [{}, {"folder": "backups"}, {"folder": "/tmp", "keep": "all"}])
def test_a_backup_without_a_whole_path_or_a_number_is_refused(
    sqlite_firm: Location, parameters: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        schedules.schedule("backup", parameters, Schedule(), user=current_user())


def test_a_folder_that_is_not_there_is_named_in_the_error(sqlite_firm: Location, tmp_path: Path) -> None:
    entry = entries.show(back_up(tmp_path / "gone"))
    (problem,) = entry.errors
    assert (entry.status, problem.code, problem.value) == ("Error", "folder_missing", str(tmp_path / "gone"))
    assert handling.list_documents(current_user()) == []  # it is no document


def test_a_password_is_in_no_argument_of_pg_dump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "pg_dump"
    stand_in.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/arguments; echo "$PGPASSWORD" > {tmp_path}/password; exit 1\n'
    )
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(company.CompanyError, match="pg_dump failed"):
        company.backup(Location("postgresql://ann:s3cret@127.0.0.1:1/firm"), tmp_path / "copy")
    assert "s3cret" not in (tmp_path / "arguments").read_text()
    assert "dbname=firm" in (tmp_path / "arguments").read_text()
    assert (tmp_path / "password").read_text() == "s3cret\n"
