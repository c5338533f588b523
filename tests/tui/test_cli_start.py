"""`postroom` without a command, on a terminal."""

from __future__ import annotations

import os
import pty
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from command_line import PROGRAM, until

from postroom.core.jobs import processes


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, program: subprocess.Popen[bytes], ours: int) -> None:
        self.program, self.ours = program, ours
        self.seen = b""

    def until(self, words: bytes) -> None:
        """Read until the program has written `words`, or has ended."""
        while words not in self.seen:
            try:
                part = os.read(self.ours, 65536)
            except OSError:
                part = b""
            assert part, self.seen[-2000:]
            self.seen += part

    def type(self, keys: bytes) -> None:
        os.write(self.ours, keys)


@contextmanager
def on_terminal(*arguments: str) -> Iterator[Terminal]:
    """Run the program on a terminal; it is killed if it does not end by itself."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    program = subprocess.Popen(
        [PROGRAM, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    try:
        yield Terminal(program, ours)
    finally:
        program.kill()
        program.wait()
        os.close(ours)


def test_a_first_start_offers_the_demo_company_or_a_new_one_and_makes_nothing_on_quit(tmp_path: Path) -> None:
    with on_terminal() as terminal:
        terminal.until(b"demo, new or quit")
        terminal.type(b"quit\n")
        assert terminal.program.wait(30) == 0
    assert b"Traceback" not in terminal.seen
    assert not list((tmp_path / "data").rglob("*.db"))


def test_a_first_start_that_is_interrupted_ends_with_130(tmp_path: Path) -> None:
    with on_terminal() as terminal:
        terminal.until(b"demo, new or quit")
        terminal.type(b"\x04")
        assert terminal.program.wait(30) == 130


def test_a_new_company_opens_in_the_full_screen(tmp_path: Path) -> None:
    with on_terminal() as terminal:
        terminal.until(b"demo, new or quit")
        terminal.type(b"new\n")
        terminal.until(b"\x1b[?1049h")
        assert (tmp_path / "data" / "postroom" / "company.db").exists()


def test_a_batch_without_a_filter_asks_on_a_terminal(tmp_path: Path) -> None:
    company = str(tmp_path / "firm.db")
    subprocess.run([PROGRAM, "--company", company, "init", "--demo"], check=True, timeout=60, capture_output=True)
    with on_terminal("--company", company, "post", "--queue") as terminal:
        terminal.until(b"Post all 83 documents? [y/N]")
        terminal.type(b"n\n")
        assert terminal.program.wait(30) == 130


def test_the_demo_on_a_terminal_has_a_consumer_while_it_is_looked_at(tmp_path: Path) -> None:
    company = tmp_path / "data" / "postroom" / "demo.db"
    with on_terminal("demo") as terminal:
        terminal.until(b"\x1b[?1049h")
        process_id, process_start = consumer_of(company)
        assert processes.is_alive(process_id, process_start)
        terminal.until(b"Job Queue")
        terminal.type(b"\x11")
        terminal.until(b"\x1b[?1049l")
        assert terminal.program.wait(30) == 0
    until(lambda: not processes.is_alive(process_id, process_start))


def consumer_of(company: Path) -> tuple[int, str]:
    """The process of the one consumer of a company and when it started."""
    connection = sqlite3.connect(company)
    (found,) = connection.execute("SELECT process_id, process_start FROM consumer").fetchall()
    connection.close()
    return int(found[0]), str(found[1])
