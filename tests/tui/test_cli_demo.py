"""The demo without a terminal, and the consumer as a command: real processes from start to end."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import builders
import pytest
from command_line import PROGRAM, Run, open_files, spawn, until
from conftest import MakeCompany

from postroom.core import company, demo
from postroom.core.database import Location
from postroom.core.kinds import Area, DocumentType
from postroom.tui.actions import BY_ID


def test_the_demo_posts_everything_but_what_was_designed_to_fail(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    told = spawn("demo", "--headless", "--json", POSTROOM_COMPANY=str(other))
    assert told.code == 0, told.out + told.err
    assert told.json["ok"] is True
    assert told.json["unexpected"] == []
    assert {row["no"] for row in told.json["failed"]} == set(demo.EXPECTED_FAILURES)
    assert {row["type"] for row in told.json["types"]} == {type_.value for type_ in DocumentType}
    assert all(row["posted"] for row in told.json["types"])
    assert told.json["verify"]["ok"] is True
    assert not other.exists()
    folder = tmp_path / "data" / "postroom"
    assert (folder / "demo.db").exists()
    assert [path.name for path in folder.glob("*.db") if "demo" not in path.name] == []
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
    once_more = spawn("demo")
    assert once_more.code == 0
    assert f"{len(demo.EXPECTED_FAILURES)} failed, every invariant holds" in once_more.out
    assert "\x1b" not in once_more.out + once_more.err


def test_a_second_demo_waits_its_turn(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "postroom"
    folder.mkdir(parents=True)
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = spawn("demo", "--headless")
    assert told.code == 2
    assert "Another" in told.err
    assert not (folder / "demo.db").exists()


def test_a_result_that_is_not_as_designed_ends_with_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = dict(demo.EXPECTED_FAILURES)
    (first, *_) = wrong
    del wrong[first]
    monkeypatch.setattr(demo, "EXPECTED_FAILURES", wrong)
    told = run("demo", "--json")
    assert told.code == 1
    assert told.json["ok"] is False
    assert [text.split()[0] for text in told.json["unexpected"]] == [first]


@pytest.fixture
def queued(make: MakeCompany, run: Run) -> Location:
    """A company with GOOD and BAD queued; BAD will fail."""
    location = make()
    company.open_company(location)
    builders.party(Area.SALES, "C1")
    builders.party(Area.SALES, "C2", blocked="All")
    builders.item("I1")
    for no, party in (("GOOD", "C1"), ("BAD", "C2")):
        builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no=no, party_no=party)
    company.close()
    assert run("--company", location.text, "post", "--all", "--queue").code == 0
    return location


def statuses(location: Location) -> dict[str, Any]:
    told = spawn("--company", location.text, "document", "list", "--json")
    return {row["no"]: row["job_queue_status"] for row in told.json}


def test_the_help_says_that_the_demos_consumer_ends_with_its_screen(run: Run) -> None:
    assert "It ends when the full screen is left" in " ".join(run("demo", "--help").out.split())
    assert BY_ID["anywhere.quit"].help.endswith("what `postroom demo` started ends.")


def test_a_consumer_works_until_idle_and_says_whether_an_entry_failed(queued: Location) -> None:
    told = spawn("--company", queued.text, "consumer", "--until-idle")
    assert told.code == 1, told.err
    assert told.err == "1 document posted, 1 in error: `postroom handle list` and `postroom entry list` tell why.\n"
    assert statuses(queued) == {"BAD": "Error"}
    again = spawn("--company", queued.text, "consumer", "--until-idle", "--json")
    assert (again.code, again.json) == (0, {"until_idle": True, "exit_code": 0})
    assert again.err == "0 documents posted, none in error.\n"
    assert spawn("--company", queued.text, "verify").code == 0


def test_a_consumer_of_other_queues_leaves_the_work_alone(queued: Location) -> None:
    assert spawn("--company", queued.text, "consumer", "--until-idle", "--job-queue", "PPPOST").code == 0
    assert set(statuses(queued).values()) == {"Scheduled for Posting"}
    assert spawn("--company", queued.text, "consumer", "--until-idle", "--job-queue", "NOWHERE").code in (1, 2)


def test_a_consumer_that_is_told_to_stop_ends_with_0(make_sqlite: MakeCompany) -> None:
    location = make_sqlite()
    process = subprocess.Popen(
        [PROGRAM, "--company", location.text, "consumer"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        until(lambda: count_of("worker", location) == 2)
        process.send_signal(signal.SIGTERM)
        _, message = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, message
    assert b"Traceback" not in message
    assert count_of("consumer", location) == 0


def test_a_consumer_that_is_told_to_stop_while_it_starts_ends_with_0_too(make_sqlite: MakeCompany) -> None:
    """A lock holds it where it opens the company."""
    location = make_sqlite()
    lock = sqlite3.connect(location.path, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    process = subprocess.Popen(
        [PROGRAM, "--company", location.text, "consumer"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        until(lambda: any(str(location.path) in name for name in open_files(process.pid)))
        process.send_signal(signal.SIGTERM)
        lock.close()
        _, message = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, message


def count_of(table: str, location: Location) -> int:
    connection = sqlite3.connect(location.path)
    ((count,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    connection.close()
    return int(count)


def test_starting_a_queue_starts_a_consumer_in_the_background_on_request(make_sqlite: MakeCompany) -> None:
    location = make_sqlite()
    told = spawn("--company", location.text, "queue", "start", "SPPOST", "--with-consumer", "--json")
    process_id = process_of(location)
    try:
        assert told.code == 0, told.err
        assert told.json[0]["state"] in ("Starting", "Running")
        again = spawn("--company", location.text, "queue", "start", "SPPOST", "--with-consumer")
        assert again.code == 0
        assert count_of("consumer", location) == 1
    finally:
        os.kill(process_id, signal.SIGTERM)
    until(lambda: count_of("consumer", location) == 0)


def process_of(location: Location) -> int:
    connection = sqlite3.connect(location.path)
    ((process_id,),) = connection.execute("SELECT process_id FROM consumer").fetchall()
    connection.close()
    return int(process_id)


def test_the_result_is_one_json_document_also_in_a_pipe(tmp_path: Path) -> None:
    done = subprocess.run([PROGRAM, "demo", "--json"], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
