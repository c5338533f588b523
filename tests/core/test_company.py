"""Making and opening a company: nothing overwritten, nothing half done, every refusal in words with a remedy."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from conftest import MakeCompany, NewDatabase, on_server, server_url
from playhouse.migrations import Runner
from playhouse.schema_diff import diff_models

from postroom.core import company
from postroom.core import database as engine
from postroom.core.company import NewCompany
from postroom.core.database import Location, without_password
from postroom.core.errors import CompanyError, DatabaseAway, PostroomError, UsageError
from postroom.core.tables import ALL
from postroom.core.tables.base import database
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import Company, CompanyInformation, GlAccount
from postroom.core.tables.work import JobQueue, JobQueueEntry


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
    with pytest.raises(CompanyError, match=r"postroom --company \S+ upgrade`"):
        company.open_company(location)


def test_a_company_of_the_first_schema_is_upgraded_and_keeps_its_entries(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "first"
    first.mkdir()
    shutil.copy(company.MIGRATIONS / "0001_first_schema.py", first)
    location = Location(new_database())
    with monkeypatch.context() as older:
        older.setattr(company, "MIGRATIONS", first)
        made = engine.connect(location, create=True)
        database.initialize(made)
        Runner(made, str(first)).up()
        made.execute_sql(OLD_COMPANY)
        made.execute_sql(OLD_ENTRY)
        company.close()
    with pytest.raises(CompanyError, match=r"postroom --company \S+ upgrade`"):
        company.open_company(location)
    backup = tmp_path / "before"
    steps = sorted(path.stem for path in company.MIGRATIONS.glob("0*.py"))
    assert company.upgrade(location, backup) == steps[1:]
    assert backup.stat().st_size > 0
    company.close()
    company.open_company(location)
    entry = JobQueueEntry.get()
    assert (entry.id, entry.earliest_start, entry.planned_start) == ("kept", entry.planned_start, entry.earliest_start)
    assert CompanyInformation.get_by_id(1).paper_size == "A4"
    assert not diff_models(database.obj, ALL)


OLD_COMPANY = """
INSERT INTO company (id, name, created_at, created_by, is_test, setup_version) VALUES (1, 'Old', 0, 'ann', true, 1)
"""
OLD_ENTRY = """
INSERT INTO job_queue_entry (entry_no, id, user_id, job, record_type, record_no, parameters, description, status,
 category_code, priority, earliest_start, expiration, max_attempts, attempts, rerun_delay, job_timeout, weekdays,
 next_run_date_formula, starting_time, ending_time, no_of_minutes_between_runs, inactivity_timeout, notify_on_success,
 errors, held_by, cancel_requested_by, created_at, last_ready_at, started_at, job_queue_code, host, process_id,
 process_start, consumer_id, claim_token)
VALUES (1, 'kept', 'ann', 'wait', '', '', '{}', 'Wait', 'Ready', '', 1000, 1700000000000000, 0, 3, 0, 10, 7200, 'mon',
 '', '', '', 0, 0, false, '', '', '', 0, 0, 0, '', '', 0, '', '', '')
"""


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
