"""Two hosts with a network of their own each, and one PostgreSQL: one is cut off amid its work and comes back."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from consumer_process import ConsumerProcess, until
from jobs import QUEUE, invoices
from postgres_server import server_of_its_own

from postroom.core import company, verify
from postroom.core.company import NewCompany, current_user
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.tables.base import database

DOCUMENTS = 5_000
NETWORK = "10.213.0.0/16"
CUTS = 3


@dataclass(frozen=True)
class Host:
    """A network namespace: a cable leads from it to the server's side."""

    name: str
    number: int

    @property
    def around(self) -> tuple[str, ...]:
        """What starts a process on this host."""
        named = ("unshare", "--uts", "sh", "-c", f'hostname {self.name} && exec "$@"', "sh")
        return ("ip", "netns", "exec", self.name, *named)

    @property
    def server_address(self) -> str:
        return f"10.213.{self.number}.1"

    def lay_cable(self) -> None:
        here, there = f"pr{self.number}a", f"pr{self.number}b"
        ip("netns", "add", self.name)
        ip("link", "add", here, "type", "veth", "peer", "name", there)
        ip("link", "set", there, "netns", self.name)
        ip("addr", "add", f"{self.server_address}/24", "dev", here)
        ip("link", "set", here, "up")
        ip("-n", self.name, "addr", "add", f"10.213.{self.number}.2/24", "dev", there)
        ip("-n", self.name, "link", "set", there, "up")
        ip("-n", self.name, "link", "set", "lo", "up")

    def cut(self) -> None:
        ip("link", "set", f"pr{self.number}a", "down")

    def mend(self) -> None:
        ip("link", "set", f"pr{self.number}a", "up")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    hosts = Host("postroom-one", 1), Host("postroom-two", 2)
    try:
        for host in hosts:
            host.lay_cable()
    except (OSError, subprocess.CalledProcessError) as error:
        take_away(hosts)
        pytest.skip(f"this machine does not let the test make networks: {error}")
    try:
        yield hosts
    finally:
        take_away(hosts)


def take_away(hosts: tuple[Host, ...]) -> None:
    for host in hosts:
        for command in (("link", "del", f"pr{host.number}a"), ("netns", "del", host.name)):
            subprocess.run(["ip", *command], check=False, capture_output=True)


def posted(url: str) -> int:
    with psycopg.connect(url) as connection:
        return int(connection.execute("SELECT count(*) FROM posted_document WHERE kind = 'invoice'").fetchall()[0][0])


def at_work(url: str) -> str:
    """The host that posts just now; blank if none does."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT host FROM job_queue_entry WHERE status = 'In Process'").fetchall()
        return str(rows[0][0]) if rows else ""


@pytest.mark.full
def test_a_host_that_is_cut_off_loses_its_work_to_the_other_and_commits_nothing_stale_when_it_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "2")
    with two_hosts() as (one, two), server_of_its_own(network=NETWORK, addresses="*") as server:
        firm = Location(server.url)
        company.create(firm, NewCompany(is_test=True))
        background.post(invoices(DOCUMENTS), QUEUE, user=current_user())
        company.close()
        consumers = {
            host: ConsumerProcess(Location(server.url_at(host.server_address)), workers=2, around=host.around)
            for host in (one, two)
        }
        try:
            for _ in range(CUTS):
                before = posted(server.url)
                until(lambda before=before: posted(server.url) > before + 200, what="postings before the cut")  # type: ignore[misc]
                host = {one.name: one, two.name: two}[until(lambda: at_work(server.url), what="a posting to cut off")]
                host.cut()
                before = posted(server.url)
                until(lambda before=before: posted(server.url) > before + 200, what="postings by the other")  # type: ignore[misc]
                host.mend()
            until(lambda: posted(server.url) == DOCUMENTS, seconds=600, what="all postings")
            assert {consumer.process.poll() for consumer in consumers.values()} == {None}
        finally:
            for host, consumer in consumers.items():
                logging.getLogger(__name__).warning("%s said: %s", host.name, consumer.messages)
                consumer.end()
        database.connect()
        rows = database.execute_sql(
            "SELECT source_no, count(*) FROM posted_document WHERE kind = 'invoice' GROUP BY 1 HAVING count(*) > 1"
        ).fetchall()
        assert rows == []
        select = "SELECT DISTINCT host FROM job_queue_log_entry WHERE status = 'Success'"
        hosts = database.execute_sql(select).fetchall()
        assert {name for (name,) in hosts} == {one.name, two.name}
        taken_back = database.execute_sql("SELECT count(*) FROM job_queue_log_entry WHERE status = 'Error'").fetchone()
        assert taken_back[0] >= 1
        assert [check for check in verify.verify().checks if not check.ok] == []
