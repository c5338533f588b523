"""A CUPS queue of its own for a test, with an IPP printer process behind it that jams when told to."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from consumer_process import until

MUST_HAVE_CUPS = bool(os.environ.get("POSTROOM_REQUIRE_CUPS"))

_COMMAND = """#!/bin/sh
while [ -e {folder}/jam ]; do echo "STATE: +media-empty" >&2; sleep 0.1; done
echo "STATE: -media-empty" >&2
cp "$1" {folder}/printed/$$.part && mv {folder}/printed/$$.part {folder}/printed/$(date +%s%N).pdf
"""


class PrintSystem:
    """One queue. What is printed arrives as files in `folder`/printed."""

    def __init__(self, queue: str, folder: Path, printer: subprocess.Popen[bytes]) -> None:
        self.queue = queue
        self.folder = folder
        self.printer = printer

    def jam(self) -> None:
        (self.folder / "jam").touch()

    def mend(self) -> None:
        (self.folder / "jam").unlink()

    def printed(self) -> list[bytes]:
        """What came out so far, in order."""
        return [path.read_bytes() for path in sorted((self.folder / "printed").glob("*.pdf"))]

    def waiting(self) -> list[str]:
        """The ids of the jobs that the print system still has."""
        return [line.split()[0] for line in told("lpstat", "-W", "not-completed", "-o", self.queue).splitlines()]


def told(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def missing() -> str:
    """What there is not; blank if CUPS can be tried for real."""
    programs = [name for name in ("lp", "lpstat", "lpadmin", "ippeveprinter") if not shutil.which(name, path=_PATH)]
    if programs:
        return f"no {', '.join(programs)} on this host"
    if "is running" not in told("lpstat", "-r"):
        return "CUPS does not run on this host"
    return "" if os.geteuid() == 0 else "only root may make a CUPS queue"


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


@contextmanager
def queue_of_its_own(folder: Path) -> Iterator[PrintSystem]:
    """A queue and its printer; skips where CUPS is missing, and fails there if POSTROOM_REQUIRE_CUPS is set."""
    lacking = missing()
    if lacking:
        if MUST_HAVE_CUPS:
            pytest.fail(f"CUPS is required: {lacking}")
        pytest.skip(lacking)
    for name in ("printed", "spool"):
        (folder / name).mkdir(parents=True)
    command = folder / "print"
    command.write_text(_COMMAND.format(folder=folder))
    command.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    queue = f"postroom_{uuid.uuid4().hex[:8]}"
    printer = subprocess.Popen(
        [
            *(shutil.which("ippeveprinter", path=_PATH) or "", "-p", str(port), "-d", str(folder / "spool")),
            *("-f", "application/pdf", "-c", str(command), queue),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(port), what="the IPP printer")
        uri = f"ipp://127.0.0.1:{port}/ipp/print"
        problem = told("lpadmin", "-p", queue, "-E", "-v", uri, "-m", "everywhere")
        assert queue in told("lpstat", "-p", queue), problem
        yield PrintSystem(queue, folder, printer)
    finally:
        told("cancel", "-a", queue)
        told("lpadmin", "-x", queue)
        printer.kill()
        printer.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
