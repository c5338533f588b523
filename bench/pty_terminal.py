"""The real program on a pseudo terminal, for tests and the benchmark: keys go in, every byte that it sends is seen.

The terminal is the program's controlling one, so that closing it hangs up as a dropped line does.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from postroom.core.database import Location

PROGRAM = str(Path(sys.executable).with_name("postroom"))
DEADLINE = 30.0
QUIET = 0.2
"""Seconds of silence after which what a key drew is held for drawn."""
SETTLED = 1.0
"""The same after the program was started: its first data may come some time after its first frame."""
_OPEN = """
import os, sys
from postroom.core.database import Location
from postroom.tui.app import run
exec(os.environ.get("POSTROOM_TEST_PRELUDE", ""))
sys.exit(run(Location(sys.argv[1]), first_page=sys.argv[2]))
"""
_FORGOTTEN = ("NO_COLOR", "TEXTUAL_THEME", "COLUMNS", "LINES")
"""Variables of whoever starts the tests that would change what is drawn."""


class PtyTerminal:
    """A running program and what it has sent so far. Seconds are counted by `time.perf_counter`."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int, started: float) -> None:
        self.process, self.descriptor, self.started = process, descriptor, started
        self.sent = b""

    def read(self, seconds: float) -> bytes:
        """What comes within so many seconds, the first portion only; empty if nothing does."""
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if not ready:
            return b""
        try:
            portion = os.read(self.descriptor, 1 << 16)
        except OSError:  # the other end is closed
            return b""
        self.sent += portion
        return portion

    def until(self, wanted: bytes | Callable[[], object], seconds: float = DEADLINE) -> None:
        """Read on until the words were sent, or the condition holds. Raises AssertionError if that does not come."""
        end = time.perf_counter() + seconds
        while not (wanted in self.sent if isinstance(wanted, bytes) else wanted()):
            if time.perf_counter() > end:
                raise AssertionError(f"{wanted!r} did not come to pass; sent: {self.sent[-3000:]!r}")
            if not self.read(0.05) and self.process.poll() is not None and isinstance(wanted, bytes):
                raise AssertionError(f"it ended before {wanted!r}; sent: {self.sent[-3000:]!r}")

    def until_new(self, words: bytes) -> None:
        """The same for words that are sent from now on."""
        before = len(self.sent)
        self.until(lambda: words in self.sent[before:])

    def bytes_within(self, seconds: float) -> bytes:
        """Everything that comes in so many seconds."""
        before, end = len(self.sent), time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)
        return self.sent[before:]

    def bytes_until_silent(self, seconds: float) -> bytes:
        """Everything that comes until nothing came for so many seconds. Raises AssertionError if that does not come."""
        before, end = len(self.sent), time.perf_counter() + DEADLINE
        while self.read(seconds):
            if time.perf_counter() > end:
                raise AssertionError(f"it never fell silent; sent: {self.sent[-3000:]!r}")
        return self.sent[before:]

    def painted(self, keys: bytes | None, words: bytes = b"") -> float:
        """Type keys; the seconds until the last byte of what they draw, in which the words are.

        None: those since the program was started.
        """
        before, start = len(self.sent), self.started
        if keys is not None:
            start = time.perf_counter()
            self.type(keys)
        last, wait = 0.0, DEADLINE
        while self.read(wait):
            last = time.perf_counter()
            if words in self.sent[before:]:
                wait = QUIET if keys is not None else SETTLED
        if not last or words not in self.sent[before:]:
            raise AssertionError(f"{words!r} was not drawn after {keys!r}; sent: {self.sent[before:][-3000:]!r}")
        return last - start

    def type(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def resize(self, size: tuple[int, int]) -> None:
        """Give the terminal another size (columns, lines); the system tells the program so."""
        _set_size(self.descriptor, size)

    def hang_up(self) -> None:
        """Drop the line: the terminal is gone, and the system tells the program so."""
        os.close(self.descriptor)

    def ends(self) -> int:
        """Wait until the program ends, reading what it still sends; returns its exit code."""
        self.until(lambda: self.process.poll() is not None)
        self.bytes_until_silent(0.1)
        return self.process.returncode


@contextmanager
def on_terminal(
    *command: str, size: tuple[int, int] = (80, 24), environ: dict[str, str] | None = None, folder: Path | None = None
) -> Iterator[PtyTerminal]:
    """A command on a pseudo terminal of a size (columns, lines); it is killed if it does not end by itself."""
    ours, theirs = pty.openpty()
    _set_size(theirs, size)
    variables = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
    variables |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | (environ or {})
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=variables,
        cwd=folder,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        yield PtyTerminal(process, ours, started)
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):  # the test may have hung up
            os.close(ours)


def _set_size(descriptor: int, size: tuple[int, int]) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))


def _take_terminal() -> None:
    """In the new process: standard input is its controlling terminal, and Ctrl-C is heard, as after a login."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def pty_terminal(
    location: Location, size: tuple[int, int], page: str, environ: dict[str, str] | None = None
) -> Iterator[PtyTerminal]:
    """The full screen on a company, opened at a page. POSTROOM_TEST_PRELUDE is Python that its process runs first."""
    folder = None if location.is_postgres else location.path.parent
    command = (sys.executable, "-c", _OPEN, location.text, page)
    with on_terminal(*command, size=size, environ=environ, folder=folder) as terminal:
        yield terminal
