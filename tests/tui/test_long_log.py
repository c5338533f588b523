"""A long log is listed, filtered, sorted and counted from indexes: no statement reads or sorts the whole of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from peewee import logger as peewee_logger

from postroom.core import clock, company, cues, status
from postroom.core import database as engine
from postroom.core.database import Location
from postroom.core.tables.base import database
from postroom.core.tables.work import JobQueueLogEntry
from postroom.tui import readings
from postroom.tui.pages.list_state import Window

Plans = Callable[[Callable[[], object]], dict[str, str]]
ROWS = 250


@pytest.fixture
def log(firm: Location) -> None:
    """A log of some entries; every tenth in error."""
    now = clock.now()
    JobQueueLogEntry.insert_many(
        {
            "job_entry_id": f"e{number}",
            "job": "post-document",
            "record_no": f"S-INV{number}",
            "user_id": "ann",
            "job_queue_code": "SPPOST",
            "started_at": now - timedelta(seconds=ROWS - number),
            "ended_at": now - timedelta(seconds=ROWS - number),
            "status": "Error" if number % 10 == 0 else "Success",
            "posting_id": f"p{number}",
        }
        for number in range(ROWS)
    ).execute()


@pytest.fixture
def plans(firm: Location, caplog: pytest.LogCaptureFixture) -> Plans:
    """A function that gives the plan of every statement on the log that an act asks."""
    if engine.is_postgres():  # as with a long table, whose rows are not worth reading or sorting whole
        for way in ("seqscan", "bitmapscan", "sort"):
            database.execute_sql(f"SET enable_{way} = off")

    def plans(act: Callable[[], object]) -> dict[str, str]:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, peewee_logger.name):
            act()
        asked = [one.args or one.msg for one in caplog.records if one.name == peewee_logger.name]
        found = {}
        for sql, parameters in [one for one in asked if isinstance(one, tuple)]:
            text = sql.decode() if isinstance(sql, bytes) else sql
            if text.startswith("SELECT") and "job_queue_log_entry" in text:
                if isinstance(sql, bytes):  # in PostgreSQL's own text
                    lines = database.obj.execute_native(b"EXPLAIN " + sql, parameters).fetchall()
                else:
                    explain = "EXPLAIN" if engine.is_postgres() else "EXPLAIN QUERY PLAN"
                    lines = database.execute_sql(f"{explain} {sql}", parameters).fetchall()
                found[text] = "\n".join(str(line[-1]) for line in lines)
        assert found
        return found

    return plans


READS_ALL = re.compile(r"SCAN (job_queue_log_entry|t1)(?! USING)|Seq Scan on job_queue_log_entry")
SORTS_ALL = re.compile(r"TEMP B-TREE FOR ORDER BY|(?<!Incremental )Sort  \(")


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("sort", ["", "-entry_no", "when", "-when"])
@pytest.mark.parametrize("filter", ["", "status=Error", "status='In Process'", "status=S*"])
def test_a_page_of_the_log_is_read_from_an_index(plans: Plans, filter: str, sort: str) -> None:
    first = readings.read_log(filter, Window(sort=sort)).rows
    windows = [Window(sort=sort), Window("bottom", sort=sort)]
    windows += [Window(start, str(first[10].entry_no), sort) for start in ("from", "until") if len(first) > 10]
    for window in windows:
        for sql, plan in plans(lambda window=window: readings.read_log(filter, window)).items():
            assert not SORTS_ALL.search(plan), f"{sql}\n{plan}"
            assert " WHERE " not in sql or not READS_ALL.search(plan), f"{sql}\n{plan}"


@pytest.mark.usefixtures("log")
def test_what_has_ended_is_counted_from_an_index_alone(plans: Plans) -> None:
    if engine.is_postgres():  # as its own housekeeping does within a minute: only then the index tells enough
        with psycopg.connect(company.location().text, autocommit=True) as connection:
            for _ in range(1000):  # the server's own housekeeping beside it may keep a page from being seen by all
                connection.execute("VACUUM ANALYZE job_queue_log_entry")
                pages = "SELECT relallvisible = relpages FROM pg_class WHERE relname = 'job_queue_log_entry'"
                if connection.execute(pages).fetchone() == (True,):
                    break
    for read in (status.read, lambda: cues.read("ann")):
        for sql, plan in plans(read).items():
            only = "Index Only Scan" if engine.is_postgres() else "COVERING INDEX job_queue_log_entry_ended"
            assert only in plan, f"{sql}\n{plan}"


@pytest.mark.usefixtures("log")
def test_every_filter_of_the_status_means_what_it_says(firm: Location) -> None:
    def found(filter: str) -> int:
        rows = JobQueueLogEntry.select()
        where = readings.log().conditions(filter)
        return int((rows.where(*where) if where else rows).count())

    assert found("status=Error") == 25
    assert found("status=error") == 25
    assert found("status=<>Error") == 225
    assert found("status=Error|Success") == 250
    assert found("status=*s*") == 225
    assert found("status=Error&<>Error") == 0
    assert found("status=A..F") == 25
