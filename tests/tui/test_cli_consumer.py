"""Starting and ending consumers in the background from the command line, as real processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Told, spawn
from conftest import MakeCompany
from consumer_process import lives, until

from postroom.core import company
from postroom.core.database import Location
from postroom.core.jobs import processes
from postroom.core.tables.work import Consumer


class Firm:
    """A company and the program run on it; what it started is killed in the end."""

    def __init__(self, location: Location) -> None:
        self.location = location

    def run(self, *arguments: str) -> Told:
        return spawn("--company", self.location.text, *arguments)

    @property
    def consumers(self) -> list[int]:
        return [row.process_id for row in Consumer.select()]


@pytest.fixture
def firm(make: MakeCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    location = make()
    company.open_company(location)
    made = Firm(location)
    yield made
    for row in Consumer.select():
        processes.kill(row.process_id, row.process_start)


def test_one_is_started_in_the_background_never_two_by_accident_and_ended(firm: Firm) -> None:
    started = firm.run("consumer", "--background", "--workers", "1", "--json")
    assert (started.code, started.json["started"]) == (0, True)
    (pid,) = firm.consumers
    assert started.json["process_id"] == pid
    assert Path(started.json["log"]).exists()
    again = firm.run("consumer", "--background")
    assert (again.code, again.err) == (0, f"Consumer {pid} runs on this host already.\n")
    assert firm.consumers == [pid]
    ended = firm.run("consumer", "--stop")
    assert (ended.code, ended.err) == (0, f"Consumer {pid} has ended.\n")
    assert firm.consumers == []
    assert not lives(pid)
    assert firm.run("consumer", "--stop").err == "No consumer runs on this host.\n"


def test_a_suspended_one_is_named_with_what_to_do(firm: Firm) -> None:
    firm.run("consumer", "--background", "--workers", "1")
    (pid,) = firm.consumers
    os.kill(pid, signal.SIGSTOP)
    until(lambda: processes.is_stopped(pid))
    told = firm.run("consumer", "--stop")
    assert told.code == 1
    assert f"Consumer {pid} is suspended" in told.err
    assert f"kill -CONT {pid}" in told.err
    os.kill(pid, signal.SIGCONT)
    until(lambda: not lives(pid), what="the end that was asked for")


def test_the_row_of_a_killed_one_is_no_consumer_and_its_pid_is_left_alone(firm: Firm) -> None:
    Consumer.create(
        id="gone", host=processes.host(), process_id=os.getpid(), process_start="another", workers=1, running_as="ann"
    )
    assert firm.run("consumer", "--stop").err == "No consumer runs on this host.\n"


def test_starting_a_queue_without_a_terminal_says_that_nobody_serves_it(firm: Firm) -> None:
    told = firm.run("queue", "start", "SPPOST")
    assert told.code == 1
    assert "no consumer that may serve it is alive" in told.err
    assert firm.consumers == []


@pytest.mark.parametrize("options", [("--background", "--stop"), ("--stop", "--until-idle")])
def test_options_that_exclude_each_other_are_refused(firm: Firm, options: tuple[str, ...]) -> None:
    assert firm.run("consumer", *options).code == 2
