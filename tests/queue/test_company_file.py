"""The company's file goes away, or becomes another, under a consumer: it waits, and serves what is in its place."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import MakeCompany, StartConsumer
from consumer_process import entry, until, wait_entry

from postroom.core import company
from postroom.core.database import Location
from postroom.core.tables.work import Consumer, Worker


def files_of(location: Location) -> list[Path]:
    """The company's own file and SQLite's beside it."""
    return [location.path.with_name(location.path.name + more) for more in ("", "-wal", "-shm")]


def test_a_file_that_is_moved_away_is_waited_for_and_never_made_anew(
    sqlite_firm: Location, start_consumer: StartConsumer, tmp_path: Path
) -> None:
    number = wait_entry()
    consumer = start_consumer(sqlite_firm)
    until(lambda: entry(number) is None, what="the first job")
    company.close()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for file in files_of(sqlite_firm):
        file.rename(elsewhere / file.name)
    until(lambda: "unable to open" in consumer.messages, what="the word that it is gone")
    assert not sqlite_firm.path.exists()
    assert consumer.process.poll() is None
    for file in reversed(files_of(sqlite_firm)):
        (elsewhere / file.name).rename(file)
    company.open_company(sqlite_firm)
    number = wait_entry()
    until(lambda: entry(number) is None, what="the job after it came back")
    assert "Traceback" not in consumer.messages


def test_another_company_put_in_its_place_is_served(
    sqlite_firm: Location, make_sqlite: MakeCompany, start_consumer: StartConsumer
) -> None:
    other = make_sqlite()
    company.open_company(other)
    number = wait_entry()
    company.close()
    company.open_company(sqlite_firm)
    consumer = start_consumer(sqlite_firm)
    until(lambda: Worker.select().count() == 2, what="the consumer")
    company.close()
    for file in files_of(sqlite_firm)[1:]:
        file.unlink(missing_ok=True)
    shutil.move(other.path, sqlite_firm.path)
    company.open_company(sqlite_firm)
    until(lambda: entry(number) is None, what="the other one's job")
    until(lambda: Consumer.select().exists(), what="the consumer's row in it")
    assert consumer.process.poll() is None
    assert "Traceback" not in consumer.messages
