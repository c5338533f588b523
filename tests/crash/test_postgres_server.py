"""A PostgreSQL server of the test's own, stopped and started under a consumer that posts."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from conftest import MUST_HAVE_POSTGRES
from consumer_process import ConsumerProcess, until
from jobs import QUEUE, invoices

from postroom.core import company, verify
from postroom.core.company import NewCompany
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.tables.base import database

DOCUMENTS = 300


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
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._control("-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str) -> None:
        self._control("-m", mode, "-w", "stop")

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = ["runuser", "-u", "postgres", "--", str(self.programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


@pytest.fixture
def server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found or shutil.which("runuser") is None:
        if MUST_HAVE_POSTGRES:
            pytest.fail("PostgreSQL's server programs are required and not installed")
        pytest.skip("PostgreSQL's server programs are not installed")
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="postroom-server-") as name:
        folder = Path(name)
        shutil.chown(folder, "postgres")
        made = Server(found[-1], folder)
        made.start()
        try:
            yield made
        finally:
            company.close()
            if (folder / "data" / "postmaster.pid").exists():
                made.stop("immediate")


def left(url: str) -> int:
    """How many documents are not posted yet, asked on a connection of its own; many while the server is away."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            ((count,),) = connection.execute("SELECT count(*) FROM document").fetchall()
            return int(count)
    except psycopg.OperationalError:
        return DOCUMENTS


@pytest.mark.parametrize("mode", [pytest.param("fast", marks=pytest.mark.full), "immediate"])
def test_a_server_that_goes_and_comes_back_costs_no_attempt_and_no_document(server: Server, mode: str) -> None:
    firm = Location(server.url)
    company.create(firm, NewCompany(is_test=True))
    background.post(invoices(DOCUMENTS), QUEUE, user="ann")
    company.close()
    consumer = ConsumerProcess(firm)
    try:
        until(lambda: left(server.url) < DOCUMENTS, what="the first postings")
        server.stop(mode)
        until(lambda: "away" in consumer.messages, what="the word that the database is away")
        assert consumer.process.poll() is None
        server.start()
        until(lambda: left(server.url) == 0, what="the postings")
        assert consumer.process.poll() is None
        assert "Traceback" not in consumer.messages, consumer.messages
    finally:
        logging.getLogger(__name__).warning("The consumer said: %s", consumer.messages)
        consumer.end()
    database.connect()
    rows = database.execute_sql("SELECT status, attempt, count(*) FROM job_queue_log_entry GROUP BY 1, 2").fetchall()
    assert sum(count for status, _, count in rows if status == "Success") == DOCUMENTS
    assert {attempt for _, attempt, _ in rows} == {1}
    assert database.execute_sql("SELECT count(*) FROM job_queue_entry").fetchone()[0] == 0
    assert [check for check in verify.verify().checks if not check.ok] == []
