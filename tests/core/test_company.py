"""Making and opening a company: nothing overwritten, nothing half done, every refusal in words with a remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from conftest import MakeCompany, on_server, server_url

from postroom.core import company
from postroom.core.company import NewCompany
from postroom.core.database import Location, without_password
from postroom.core.errors import CompanyError, DatabaseAway, PostroomError, UsageError
from postroom.core.tables.base import database
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import Company, GlAccount
from postroom.core.tables.work import JobQueue


def test_a_new_company_has_setup_accounts_and_four_started_job_queues(firm: Location) -> None:
    assert Company.get_by_id(1).is_test
    assert GlAccount.select().count() > 30
    assert {queue.code for queue in JobQueue.select() if queue.started and queue.start_automatically} == {
        "SPPOST",
        "PPPOST",
        "PRINT",
        "DEFAULT",
    }


def test_sqlite_runs_as_the_laws_say(sqlite_firm: Location) -> None:
    def pragma(name: str) -> object:
        return database.execute_sql(f"PRAGMA {name}").fetchone()[0]

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)


def test_a_company_is_never_overwritten(make: MakeCompany) -> None:
    location = make()
    with pytest.raises(CompanyError, match=r"exists already|is not empty"):
        company.create(location, NewCompany())
    company.open_company(location)
    assert Company.get_by_id(1).name == "Test"


@pytest.mark.parametrize("wanted", [NewCompany(amount_precision="0.02"), NewCompany(time_zone="Mars/Olympus")])
def test_a_nonsense_choice_leaves_nothing_behind(tmp_path: Path, wanted: NewCompany) -> None:
    with pytest.raises(UsageError):
        company.create(Location(str(tmp_path / "new.db")), wanted)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_or_an_unwritable_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(CompanyError, match="does not exist"):
        company.create(Location(str(tmp_path / "none" / "new.db")), NewCompany())
    with pytest.raises(PostroomError):
        company.create(Location("/proc/new.db"), NewCompany())


def test_what_is_no_company_is_not_opened(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("this is no database, whatever its name says; " * 50)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    empty = tmp_path / "empty.db"
    empty.touch()
    for path, words in (
        (text, "not a Postroom company"),
        (other, "not a Postroom company"),
        (empty, "is empty"),
        (tmp_path, "is a folder"),
        (tmp_path / "none.db", "no company at"),
    ):
        with pytest.raises(CompanyError, match=words):
            company.open_company(Location(str(path)))
    assert not (tmp_path / "none.db").exists()


def test_a_company_of_a_newer_program_is_left_alone(make: MakeCompany) -> None:
    location = make()
    company.open_company(location)
    database.execute_sql("INSERT INTO schema_migration (name, applied) VALUES ('9999_future', '2030-01-01 00:00:00')")
    company.close()
    for attempt in (company.open_company, company.upgrade):
        with pytest.raises(CompanyError, match="newer Postroom") as refused:
            attempt(location)
        assert refused.value.problems[0].code == "company_newer"


def test_a_company_of_an_older_program_asks_for_the_upgrade(make: MakeCompany) -> None:
    location = make()
    company.open_company(location)
    database.execute_sql("DELETE FROM schema_migration")
    company.close()
    with pytest.raises(CompanyError, match="postroom upgrade"):
        company.open_company(location)


def test_a_backup_is_a_whole_company(sqlite_firm: Location, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    company.backup(sqlite_firm, copy)
    with pytest.raises(CompanyError, match="exists already"):
        company.backup(sqlite_firm, copy)
    company.close()
    company.open_company(Location(str(copy)))
    assert PostedDocument.select().count() == 0
    assert Company.get_by_id(1).name == "Test"


def test_a_server_that_does_not_answer_is_away_not_a_crash() -> None:
    with pytest.raises(DatabaseAway) as away:
        company.open_company(Location("postgresql://ann:secret@127.0.0.1:1/firm?connect_timeout=1"))
    assert "secret" not in str(away.value)


def test_a_database_that_does_not_exist_is_named(postgres_server: str) -> None:
    on_server("SELECT 1")
    with pytest.raises(CompanyError, match="no database postroom_none"):
        company.open_company(Location(server_url("postroom_none")))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:secret@host:5432/firm", "postgresql://ann@host:5432/firm"),
        ("postgresql://host/firm?user=ann&password=secret", "postgresql://host/firm?user=ann&password=…"),
        ("postgresql://ann@host/firm", "postgresql://ann@host/firm"),
    ],
)
def test_passwords_are_never_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown
    assert Location(url).shown == shown
