"""What ends a run from outside ends all of it: its work, its statement in PostgreSQL, its locks."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from conftest import MakeCompany, StartConsumer
from consumer_process import entry, lives, running, until, wait_entry
from halting import SLOW_CLAIM, Halt, assert_verified, posted_count
from jobs import invoices, queued

from postroom.core import company
from postroom.core.database import Location
from postroom.core.errors import problems_from_json
from postroom.core.jobs import background, entries
from postroom.core.kinds import EntryStatus
from postroom.core.statements import query

HOLDING_JOB = """
import signal
from postroom.core.database import transaction
from postroom.core.jobs import registry
from postroom.core.statements import query
def holding(claim):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    with transaction():
        query("SELECT 1 FROM item_stock WHERE item_no = 'I1' FOR UPDATE")
        query("SELECT pg_sleep(600)")
    return ""
registry.JOB_TYPES["holding"] = registry.JobType("holding", "Holding", 7200, True, holding, {})
from datetime import timedelta
from postroom.core.jobs import recovery
recovery.KILL_AFTER = timedelta(seconds=0.5)
"""


def test_a_killed_worker_leaves_no_statement_in_postgres_that_holds_locks(
    make_postgres: MakeCompany, start_consumer: StartConsumer
) -> None:
    firm = make_postgres()
    company.open_company(firm)
    background.post(invoices(), background.PostRequest(mode="now"), user=company.current_user())  # so that I1 has stock
    number = wait_entry(job="holding", job_timeout=1, priority=1)
    queued()
    start_consumer(firm, workers=1, prelude=HOLDING_JOB)
    until(lambda: posted_count() == 2, what="the posting that needs the lock")
    failed = entry(number)
    assert failed is not None
    assert [problem.code for problem in problems_from_json(failed.errors)] == ["timeout"]


BUSY_JOB = """
from postroom.core.database import transaction
from postroom.core.jobs import registry
from postroom.core.statements import query
def busy(claim):
    with transaction():
        query("SELECT pg_sleep(600)")
    return ""
registry.JOB_TYPES["busy"] = registry.JobType("busy", "Busy", 7200, True, busy, {})
"""


@pytest.mark.parametrize("how", ["timeout", "cancel", "stop"])
def test_what_ends_a_run_ends_its_statement_in_postgres_too(
    make_postgres: MakeCompany, start_consumer: StartConsumer, how: str
) -> None:
    firm = make_postgres()
    company.open_company(firm)
    me = company.current_user()
    number = wait_entry(job="busy", job_timeout=1 if how == "timeout" else 100, user_id=me)
    consumer = start_consumer(firm, workers=1, prelude=BUSY_JOB + "consumer.GRACE_SECONDS = 0.3\n")
    until(lambda: busy_statements(), what="the statement")
    if how == "cancel":
        entries.cancel([number], user=me)
    elif how == "stop":
        consumer.tell(signal.SIGTERM)
    until(lambda: not running(number), what="the end of the run")
    assert not busy_statements()
    ended = entry(number)
    assert ended is not None
    reasons = [(problem.code, problem.value) for problem in problems_from_json(ended.errors)]
    assert (ended.status, ended.attempts, reasons) == {
        "timeout": (EntryStatus.ERROR, 1, [("timeout", "1")]),
        "cancel": (EntryStatus.ON_HOLD, 1, [("cancelled", "")]),
        "stop": (EntryStatus.READY, 0, []),
    }[how]
    if how == "stop":
        assert consumer.wait() == 0


def busy_statements() -> int:
    """How many statements of the job above this database is busy with."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = ? AND state = 'active'"
    ((count,),) = query(sql, ("SELECT pg_sleep(600)",))
    return int(count)


def test_after_the_grace_time_what_runs_is_returned_without_counting_the_attempt(
    firm: Location, start_consumer: StartConsumer
) -> None:
    number = wait_entry(60)
    consumer = start_consumer(firm, workers=1, prelude="consumer.GRACE_SECONDS = 0.3\n")
    until(lambda: running(number), what="the job")
    consumer.tell(signal.SIGTERM)
    assert consumer.wait() == 0
    found = entry(number)
    assert found is not None
    assert (found.status, found.attempts) == (EntryStatus.READY, 0)


HANGING_SWEEP = """
import os, signal, time
from postroom.core.jobs import consumers
plain = consumers.heartbeat
def heartbeat(me):
    is_sweep = os.getpid() != me.process_id  # the consumer itself writes the first one
    if is_sweep and not os.path.exists(os.environ["POSTROOM_TEST_MARK"]):
        with open(os.environ["POSTROOM_TEST_MARK"], "w") as mark:
            mark.write(str(os.getpid()))
        time.sleep(600)
    plain(me)
consumers.heartbeat = heartbeat
consumer.STEP_SECONDS = 0.5
"""


def test_a_sweep_that_hangs_is_replaced(firm: Location, start_consumer: StartConsumer, tmp_path: Path) -> None:
    halt = Halt(tmp_path)
    start_consumer(firm, workers=1, **halt.options(HANGING_SWEEP))
    sweep = halt.worker()
    number = wait_entry(60)
    held = until(lambda: running(number), what="the job")
    until(lambda: not lives(sweep), what="the end of the sweep")
    os.kill(held.process_id, signal.SIGKILL)  # type: ignore[union-attr]
    until(lambda: (found := entry(number)) and found.attempts == 2, what="the second run")


def test_a_worker_that_holds_the_write_lock_amid_a_claim_is_killed_too(
    sqlite_firm: Location, start_consumer: StartConsumer, tmp_path: Path
) -> None:
    queued()
    halt = Halt(tmp_path)
    limit = "from datetime import timedelta\nfrom postroom.core.jobs import recovery\n"
    limit += "recovery.WRITE_LOCK_LIMIT = timedelta(seconds=0.5)\n"
    start_consumer(sqlite_firm, workers=1, **halt.options(SLOW_CLAIM + limit))
    worker = halt.worker()
    until(lambda: not lives(worker), what="the worker's end")
    halt.go.touch()
    until(lambda: posted_count() == 1, what="the posting")
    assert_verified()
