"""`postroom` without a command, on a terminal: the first start, and what it leads to."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest
from command_line import until
from pty_terminal import PROGRAM, PtyTerminal, on_terminal

from postroom.core.jobs import processes

FULL_SCREEN, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
QUIT = b"\x11"


def companies(folder: Path) -> list[str]:
    """The companies in the data folder."""
    return sorted(path.name for path in (folder / "data").rglob("*.db") if not path.stem.endswith("-queue"))


def answer(terminal: PtyTerminal, question: bytes, line: bytes) -> None:
    """Wait until it is asked, and type a line."""
    terminal.until_new(question)
    terminal.type(line + b"\n")


def test_a_first_start_greets_says_what_there_is_and_makes_nothing_on_quit(tmp_path: Path) -> None:
    with on_terminal(PROGRAM) as terminal:
        answer(terminal, b"demo, new or quit", b"quit")
        assert terminal.ends() == 0
        place = str(tmp_path / "data" / "postroom" / "company.db").encode()
        assert b"Welcome to Postroom" in terminal.sent
        assert place in terminal.sent.replace(b"\r\n", b"")
    assert b"Traceback" not in terminal.sent
    assert companies(tmp_path) == []


@pytest.mark.parametrize("keys", [b"\x04", b"\x03"], ids=["end of file", "Ctrl-C"])
def test_a_first_start_that_is_interrupted_ends_with_130_and_makes_nothing(tmp_path: Path, keys: bytes) -> None:
    for questions in (1, 2):
        with on_terminal(PROGRAM) as terminal:
            terminal.until(b"demo, new or quit")
            if questions == 2:
                terminal.type(b"new\n")
                terminal.until(b"Name of the company")
            while terminal.process.poll() is None:  # what is pressed before the line is read may be missed
                terminal.type(keys)
                terminal.bytes_within(2.0)
            assert terminal.ends() == 130
    assert companies(tmp_path) == []


def test_a_new_company_is_asked_for_what_stays_and_opens_in_the_full_screen(tmp_path: Path) -> None:
    with on_terminal(PROGRAM) as terminal:
        answer(terminal, b"demo, new or quit", b"maybe")
        answer(terminal, b"is not one of", b"NEW")
        answer(terminal, b"Name of the company", "Bø & Søn".encode())
        answer(terminal, b"Time zone", b"Europe/New_Atlantis_beyond_the_Pillars")
        answer(terminal, b"Pillars is not a time zone. It looks like\r\nEurope/Copenhagen.\r\n", b"Europe/Copenhagen")
        answer(terminal, b"Smallest amount", b"0.05")
        answer(terminal, b"is not one of", b"1")
        terminal.until(FULL_SCREEN)
        terminal.until(b"My Job Queue")  # the name was echoed before, when it was typed
        assert "Bø & Søn".encode() in terminal.sent
        terminal.type(QUIT)
        assert terminal.ends() == 0
    connection = sqlite3.connect(tmp_path / "data" / "postroom" / "company.db")
    assert connection.execute("SELECT name FROM company").fetchall() == [("Bø & Søn",)]
    setup = connection.execute("SELECT company_time_zone, amount_rounding_precision FROM general_ledger_setup")
    assert setup.fetchall() == [("Europe/Copenhagen", 100_000)]
    connection.close()
    assert companies(tmp_path) == ["company.db"]


def test_the_second_start_asks_nothing(tmp_path: Path) -> None:
    made = tmp_path / "data" / "postroom" / "company.db"
    made.parent.mkdir(parents=True)
    subprocess.run([PROGRAM, "--company", str(made), "init"], check=True, timeout=60, capture_output=True)
    with on_terminal(PROGRAM) as terminal:
        terminal.until(b"My Job Queue")
        assert b"Welcome" not in terminal.sent


def test_the_demo_company_opens_with_a_consumer_from_a_first_start(tmp_path: Path) -> None:
    with on_terminal(PROGRAM) as terminal:
        answer(terminal, b"demo, new or quit", b"")
        terminal.until(b"Consumer running", 60)
        terminal.type(QUIT)
        assert terminal.ends() == 0
        _, left, after = terminal.sent.rpartition(LEFT)
        assert left, "the terminal is left as it was"
        assert b"The demo's own consumer has ended with it" in after
    assert companies(tmp_path) == ["demo.db"]


@pytest.mark.parametrize("choice", [b"demo", b"new"])
def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path, choice: bytes) -> None:
    (tmp_path / "data").write_text("a file where the folder would be")
    with on_terminal(PROGRAM) as terminal:
        answer(terminal, b"demo, new or quit", choice)
        assert terminal.ends() == 2
        told = b" ".join(terminal.sent.split())
        assert b"cannot be made" in told
        assert b"Name the company with --company, or set XDG_DATA_HOME" in told
        assert b"Traceback" not in terminal.sent


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "postroom"
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    with on_terminal(PROGRAM) as terminal:
        answer(terminal, b"demo, new or quit", b"new")
        for question in (b"Name of the company", b"Time zone", b"Smallest amount"):
            answer(terminal, question, b"")
        assert terminal.ends() == 2
        assert b"Permission denied" in terminal.sent
        assert b"Traceback" not in terminal.sent


def test_a_terminal_that_is_too_small_says_so_and_recovers_when_it_grows(tmp_path: Path) -> None:
    made = tmp_path / "firm.db"
    subprocess.run([PROGRAM, "--company", str(made), "init"], check=True, timeout=60, capture_output=True)
    for size in ((40, 10), (20, 3), (1, 1)):
        with on_terminal(PROGRAM, "--company", str(made), size=size) as terminal:
            terminal.until(FULL_SCREEN)
            terminal.bytes_until_silent(1.0)
            if size == (40, 10):
                assert b"Too small: 80x24 at least" in terminal.sent
            terminal.resize((80, 24))
            terminal.until_new(b"No consumer is running")
            before = len(terminal.sent)
            terminal.type(b"?")
            terminal.until_new(b"Keys of")
            assert b"Too small" not in terminal.sent[before:]
            terminal.type(QUIT)
            assert terminal.ends() == 0


def test_a_consumer_started_from_the_role_centre_outlives_the_terminal(tmp_path: Path) -> None:
    made = tmp_path / "firm.db"
    subprocess.run([PROGRAM, "--company", str(made), "init"], check=True, timeout=60, capture_output=True)
    try:
        with on_terminal(PROGRAM, "--company", str(made)) as terminal:
            terminal.until(b"No consumer is running")
            terminal.type(b"c")
            terminal.until(b"Consumer running, 2 workers")
            process_id, process_start = consumer_of(made)
            terminal.hang_up()
            assert terminal.process.wait(30) == 128 + signal.SIGHUP
        assert processes.is_alive(process_id, process_start)
    finally:
        stop = [PROGRAM, "--company", str(made), "consumer", "--stop"]
        subprocess.run(stop, check=True, timeout=60, capture_output=True)
    assert not processes.is_alive(process_id, process_start)


def test_a_dropped_line_ends_the_demo_with_its_consumer(tmp_path: Path) -> None:
    company = tmp_path / "data" / "postroom" / "demo.db"
    with on_terminal(PROGRAM, "demo") as terminal:
        terminal.until(b"Consumer running", 60)
        process_id, process_start = consumer_of(company)
        terminal.hang_up()
        assert terminal.process.wait(30) == 128 + signal.SIGHUP
    until(lambda: not processes.is_alive(process_id, process_start))


def test_a_batch_without_a_filter_asks_on_a_terminal(tmp_path: Path) -> None:
    company = str(tmp_path / "firm.db")
    subprocess.run([PROGRAM, "--company", company, "init", "--demo"], check=True, timeout=60, capture_output=True)
    with on_terminal(PROGRAM, "--company", company, "post", "--queue") as terminal:
        terminal.until(b"Post all 83 documents? [y/N]")
        terminal.type(b"n\n")
        assert terminal.ends() == 130


def test_the_demo_on_a_terminal_has_a_consumer_while_it_is_looked_at(tmp_path: Path) -> None:
    company = tmp_path / "data" / "postroom" / "demo.db"
    with on_terminal(PROGRAM, "demo") as terminal:
        terminal.until(b"\x1b[?1049h")
        process_id, process_start = consumer_of(company)
        assert processes.is_alive(process_id, process_start)
        terminal.until(b"Job Queue")
        terminal.type(b"\x11")
        terminal.until(b"\x1b[?1049l")
        assert terminal.ends() == 0
    until(lambda: not processes.is_alive(process_id, process_start))


def consumer_of(company: Path) -> tuple[int, str]:
    """The process of the one consumer of a company and when it started."""
    connection = sqlite3.connect(company)
    (found,) = connection.execute("SELECT process_id, process_start FROM consumer").fetchall()
    connection.close()
    return int(found[0]), str(found[1])
