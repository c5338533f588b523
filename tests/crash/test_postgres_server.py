"""A PostgreSQL server of the test's own, stopped and started under a consumer that posts."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import psycopg
import pytest
from consumer_process import ConsumerProcess, until
from jobs import QUEUE, invoices
from postgres_server import Server, server_of_its_own

from postroom.core import company, verify
from postroom.core.company import NewCompany
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.tables.base import database

DOCUMENTS = 300


@pytest.fixture
def server() -> Iterator[Server]:
    with server_of_its_own() as made:
        yield made


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
