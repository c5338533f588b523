"""A PostgreSQL server of a test's own, which it may stop, start and freeze."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from conftest import MUST_HAVE_POSTGRES

from postroom.core import company


class Server:
    """One server in a folder of its own, run by the user postgres where the tests are root's."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run("initdb", "-D", str(folder / "data"), "--auth=trust", "--encoding=UTF8", "--no-sync")

    @property
    def url(self) -> str:
        return self.url_at("127.0.0.1")

    def url_at(self, address: str) -> str:
        """Where it is reached under one of the machine's addresses."""
        return f"postgresql://postgres@{address}:{self.port}/postgres"

    def let_in(self, network: str) -> None:
        """Take whoever calls from there."""
        with (self.folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")

    def start(self, addresses: str = "127.0.0.1") -> None:
        options = f"-p {self.port} -c listen_addresses={addresses} -c unix_socket_directories={self.folder}"
        self._control("-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str) -> None:
        self._control("-m", mode, "-w", "stop")

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to every process of the server: SIGSTOP freezes it, SIGCONT lets it go on."""
        leader = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == leader:
                    os.kill(int(stat.parent.name), number)
        os.kill(leader, number)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = ["runuser", "-u", "postgres", "--", str(self.programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


@contextmanager
def server_of_its_own(*, network: str = "", addresses: str = "127.0.0.1") -> Iterator[Server]:
    """A running server, gone at the end; it takes callers from `network`. Skips where its programs are missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found or shutil.which("runuser") is None:
        if MUST_HAVE_POSTGRES:
            pytest.fail("PostgreSQL's server programs are required and not installed")
        pytest.skip("PostgreSQL's server programs are not installed")
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="postroom-server-") as name:
        folder = Path(name)
        shutil.chown(folder, "postgres")
        made = Server(found[-1], folder)
        if network:
            made.let_in(network)
        made.start(addresses)
        try:
            yield made
        finally:
            company.close()
            if (folder / "data" / "postmaster.pid").exists():
                made.stop("immediate")
