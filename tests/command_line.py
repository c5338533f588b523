"""Running the program as users do: in this process, and as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from forked_program import server

PROGRAM = Path(sys.executable).with_name("postroom")


class Told:
    """What one run of the program came to. Never a traceback."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        assert "Traceback" not in out + err, out + err
        assert "Internal error" not in err, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Told]


def spawn(*arguments: str, **environment: str) -> Told:
    """Run the program in a process of its own, without a terminal."""
    done = subprocess.run(
        [server().program, *arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    return Told(done.returncode, done.stdout.decode(), done.stderr.decode())


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def open_files(process_id: int) -> list[str]:
    """What a process has open."""
    try:
        return [os.readlink(entry) for entry in Path(f"/proc/{process_id}/fd").iterdir()]
    except OSError:
        return []
