"""A real terminal for tests: tmux, 80 columns by 24 lines, its keys and its screen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEADLINE = 30.0
POSTROOM = str(Path(sys.executable).with_name("postroom"))


class Tmux:
    """One tmux server with one window."""

    def __init__(self, folder: Path) -> None:
        self.name = f"postroom-{uuid.uuid4().hex[:8]}"
        self.folder = folder

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.name, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR")},
        )
        return done.stdout

    def open(self, width: int = 80, height: int = 24) -> None:
        """A shell on the screen."""
        self._tmux(
            "new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(self.folder), "env PS1='ready> ' sh"
        )
        self.sees("ready>")

    def run(self, *command: str) -> None:
        """Type a command into the shell."""
        self._tmux("send-keys", "-l", shlex.join(command))
        self.keys("Enter")

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names: `Enter`, `Escape`, `j`."""
        self._tmux("send-keys", *names)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    @property
    def shown(self) -> str:
        return self._tmux("capture-pane", "-p")

    def line(self, part: str) -> str:
        return next((line for line in self.shown.splitlines() if part in line), "")

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > end:
                pytest.fail(f"It did not come to pass. The screen:\n{self.shown}")
            time.sleep(0.05)  # between two looks at the screen, not instead of one

    def sees(self, *parts: str) -> None:
        self.until(lambda: all(part in (screen := self.shown) for part in parts) and screen)

    def sees_no(self, *parts: str) -> None:
        self.until(lambda: not any(part in self.shown for part in parts))

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self.name, "kill-server"], capture_output=True, check=False)


@contextmanager
def tmux(folder: Path) -> Iterator[Tmux]:
    """A terminal with a shell in `folder`. Skips where there is no tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("no tmux here")
    screen = Tmux(folder)
    screen.open()
    try:
        yield screen
    finally:
        screen.close()
