"""The terminal as a real process on a pseudo terminal: every byte that it sends is seen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from postroom.core.database import Location

DEADLINE = 20.0
OPEN = "import sys; from postroom.core.database import Location; from postroom.tui.app import run; {}"


class PtyTerminal:
    """A running terminal and what it has sent so far."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process, self.descriptor = process, descriptor
        self.sent = b""

    def read(self, seconds: float) -> bytes:
        """What comes within so many seconds, the first portion only; empty if nothing does."""
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if not ready:
            return b""
        try:
            portion = os.read(self.descriptor, 65536)
        except OSError:  # the other end is closed
            return b""
        self.sent += portion
        return portion

    def until(self, condition: Callable[[], object]) -> None:
        """Read on until `condition` holds."""
        end = monotonic() + DEADLINE
        while not condition():
            if monotonic() > end:
                pytest.fail(f"it did not come to pass; sent: {self.sent[-3000:]!r}")
            self.read(0.05)

    def bytes_until_silent(self, seconds: float) -> bytes:
        """Everything that comes until nothing came for so many seconds."""
        before = len(self.sent)
        while self.read(seconds):
            pass
        return self.sent[before:]

    def type(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def ends(self) -> int:
        """Wait until the process ends, reading what it still sends; returns its exit code."""
        self.until(lambda: self.process.poll() is not None)
        self.bytes_until_silent(0.1)
        return self.process.returncode


@contextmanager
def pty_terminal(
    location: Location, size: tuple[int, int], page: str, environ: dict[str, str] | None = None
) -> Iterator[PtyTerminal]:
    """`postroom` on a pseudo terminal of a size (columns, lines), opened at a page."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TEXTUAL_THEME")}
    variables |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "", "LINES": ""} | (environ or {})
    call = f"sys.exit(run(Location({location.text!r}), first_page={page!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN.format(call)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=variables,
        cwd=Path(location.text).parent,
        start_new_session=True,
    )
    os.close(theirs)
    terminal = PtyTerminal(process, ours)
    try:
        yield terminal
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):  # a test may have closed it: a line that drops
            os.close(ours)
