"""Each failure of a run caused for real: frozen, deaf, locked out, without a database, without its host."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MakeCompany, StartConsumer
from consumer_process import entry, lives, running, until, wait_entry
from halting import IMPATIENT, SLOW_CHECK, SLOW_CLAIM, SLOW_POSTING, Halt, assert_verified, posted_count
from jobs import consumer_row, queued

from postroom.core import clock, company
from postroom.core.database import Location
from postroom.core.errors import problems_from_json
from postroom.core.jobs import entries
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry

DEAF_JOB = """
import signal, time
from postroom.core.jobs import registry
def deaf(claim):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2])
    time.sleep(600)
    return ""
registry.JOB_TYPES["deaf"] = registry.JobType("deaf", "Deaf", 7200, True, deaf, {})
"""


def test_a_job_deaf_to_its_time_limit_is_killed_and_the_next_one_runs(
    firm: Location, start_consumer: StartConsumer
) -> None:
    number, next_one = wait_entry(job="deaf", job_timeout=1, priority=1), wait_entry()
    kill_soon = "\nfrom datetime import timedelta\nfrom postroom.core.jobs import recovery\n"
    kill_soon += "recovery.KILL_AFTER = timedelta(seconds=0.5)\n"
    start_consumer(firm, workers=1, prelude=DEAF_JOB + kill_soon)
    until(lambda: entry(next_one) is None, what="the next one's end")
    failed = entry(number)
    assert failed is not None
    (problem,) = problems_from_json(failed.errors)
    assert (failed.status, problem.code, problem.value) == (EntryStatus.ERROR, "timeout", "1")


def test_a_deaf_job_that_was_cancelled_is_killed_and_on_hold(firm: Location, start_consumer: StartConsumer) -> None:
    number = wait_entry(job="deaf", user_id=company.current_user())
    kill_soon = "\nfrom datetime import timedelta\nfrom postroom.core.jobs import recovery\n"
    kill_soon += "recovery.KILL_AFTER = timedelta(seconds=0.3)\n"
    start_consumer(firm, workers=1, prelude=DEAF_JOB + kill_soon)
    until(lambda: running(number))
    entries.cancel([number], user=company.current_user())
    until(lambda: (found := entry(number)) and found.status is EntryStatus.ON_HOLD, what="the hold")


def test_a_posting_that_holds_the_write_lock_too_long_is_stopped_and_everybody_else_goes_on(
    sqlite_firm: Location, start_consumer: StartConsumer, tmp_path: Path
) -> None:
    (held,) = queued()
    halt = Halt(tmp_path)
    limit = "\nfrom datetime import timedelta\nfrom postroom.core.jobs import recovery\n"
    limit += "recovery.WRITE_LOCK_LIMIT = timedelta(seconds=1)\n"
    consumer = start_consumer(sqlite_firm, **halt.options(SLOW_POSTING + limit))
    worker = halt.worker()
    until(lambda: not lives(worker), what="the worker's end")
    failed = until(lambda: (found := entry(held.entry_no)) and found.status is EntryStatus.ERROR and found)
    (problem,) = problems_from_json(failed.errors)  # type: ignore[union-attr]
    assert problem.code == "write_lock_held"
    assert Document.get_by_id(held.record_id).job_queue_status is JobQueueStatus.ERROR
    assert posted_count() == 0
    number = wait_entry()
    until(lambda: entry(number) is None, what="the next job")
    assert consumer.process.poll() is None
    assert_verified()


def test_a_database_locked_by_another_program_costs_no_attempt(
    sqlite_firm: Location, start_consumer: StartConsumer
) -> None:
    waiting = queued(5)
    consumer = start_consumer(sqlite_firm, workers=1, prelude=IMPATIENT)
    until(lambda: consumer.children(), what="the consumer")
    with sqlite3.connect(sqlite_firm.path, isolation_level=None) as other:
        until(lambda: _begins(other), what="the lock")
        until(lambda: "locked" in consumer.messages, what="the word of it")
        assert consumer.process.poll() is None
        other.execute("ROLLBACK")
    until(lambda: posted_count() == 5, what="the postings")
    assert not JobQueueEntry.select().exists()
    logged = list(JobQueueLogEntry.select().where(JobQueueLogEntry.job_entry_id << [one.id for one in waiting]))
    assert {row.attempt for row in logged} == {1}
    assert_verified()


def _begins(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def test_a_frozen_posting_is_killed_and_the_queue_goes_on(
    firm: Location, start_consumer: StartConsumer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.6")
    waiting = queued(3)
    halt = Halt(tmp_path)
    start_consumer(firm, workers=1, **halt.options(SLOW_POSTING))
    worker = halt.worker()
    os.kill(worker, signal.SIGSTOP)  # on SQLite it holds the only write lock
    halt.go.touch()
    start_consumer(firm, workers=1)
    until(lambda: posted_count() == 3, what="the postings")
    assert not lives(worker)
    assert not JobQueueEntry.select().exists()
    first = JobQueueLogEntry.select().where(JobQueueLogEntry.job_entry_id == waiting[0].id)
    assert [row.status for row in first.order_by(JobQueueLogEntry.entry_no)] == [LogStatus.ERROR, LogStatus.SUCCESS]
    assert_verified()


def test_a_consumer_frozen_amid_a_claim_keeps_no_other_from_working(
    firm: Location, start_consumer: StartConsumer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds SQLite's write lock, or its job queue's row, and no entry that anybody sees."""
    monkeypatch.setenv("POSTROOM_LEASE", "0.6")
    (waiting,) = queued()
    halt = Halt(tmp_path)
    frozen = start_consumer(firm, workers=1, **halt.options(SLOW_CLAIM))
    halt.worker()
    os.killpg(frozen.process.pid, signal.SIGSTOP)
    assert not running(waiting.entry_no)
    start_consumer(firm, workers=1, prelude=IMPATIENT)
    until(lambda: posted_count() == 1, what="the posting by the other")
    assert_verified()


def test_a_consumer_that_slept_past_its_lease_comes_back_and_posts_nothing_twice(
    firm: Location, start_consumer: StartConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.5")
    queued(40)
    sleeper = start_consumer(firm)
    until(lambda: posted_count() > 2, what="the first postings")
    os.killpg(sleeper.process.pid, signal.SIGSTOP)
    gone = clock.now() + timedelta(seconds=1)
    until(lambda: clock.now() > gone, what="the lease's end")
    os.killpg(sleeper.process.pid, signal.SIGCONT)
    until(lambda: posted_count() == 40, what="the postings")
    assert not JobQueueEntry.select().exists()
    assert sleeper.process.poll() is None
    number = wait_entry()
    until(lambda: entry(number) is None, what="the job after it")
    assert_verified()


@pytest.mark.parametrize("hours", [-3, pytest.param(3, marks=pytest.mark.full)])
def test_a_clock_that_jumps_ends_no_run_and_loses_no_consumer(
    firm: Location, start_consumer: StartConsumer, tmp_path: Path, hours: int
) -> None:
    (waiting,) = queued()
    JobQueueEntry.update(job_timeout=3600).execute()
    halt = Halt(tmp_path)
    jump = tmp_path / "jump"
    shifting = f"""
from datetime import timedelta
from postroom.core import clock
plain = clock.now
clock.now = lambda: plain() + timedelta(hours={hours} if os.path.exists({str(jump)!r}) else 0)
"""
    first = start_consumer(firm, workers=1, **halt.options(SLOW_CHECK + shifting))
    worker = halt.worker()
    jump.touch()
    second = start_consumer(firm, workers=1, prelude="import os" + shifting)
    number = wait_entry(category_code="PURCHPOST")
    until(lambda: entry(number) is None, what="a job after the jump")
    assert lives(worker)
    assert running(waiting.entry_no)
    halt.go.touch()
    until(lambda: posted_count() == 1, what="the posting")
    assert {first.process.poll(), second.process.poll()} == {None}
    assert [row.status for row in JobQueueLogEntry.select() if row.record_no] == [LogStatus.SUCCESS]
    assert_verified()


RECOVER_AS_NOBODY = """
import os, sys
from postroom.core import company
from postroom.core.database import Location
from postroom.core.jobs import recovery
from postroom.core.jobs.watch import Watch
os.setgid(65534)
os.setuid(65534)
company.open_company(Location(sys.argv[1]))
watch = Watch()
while not any(held.errors for held in recovery.held_entries()):
    assert recovery.recover(watch) == 0
print("named")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_a_worker_that_may_not_be_killed_is_not_taken_over_and_why_names_it(
    make_sqlite: MakeCompany, start_consumer: StartConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        firm = Location(str(Path(folder) / "firm.db"))
        shutil.copy(make_sqlite().path, firm.path)
        company.open_company(firm)
        others = start_consumer(firm, workers=1)
        number = wait_entry(60, category_code="SALESPOST")
        held = until(lambda: running(number), what="the job")
        assert held is not None
        (behind,) = queued()
        os.killpg(others.process.pid, signal.SIGSTOP)
        for path in (Path(folder), *Path(folder).iterdir()):
            path.chmod(0o777)

        done = subprocess.run(
            [sys.executable, "-c", RECOVER_AS_NOBODY, firm.text],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.stdout.strip() == "named", done.stderr
        found = entries.show(number).why
        assert found is not None
        assert (found.code, f"process {held.process_id} of root" in found.text) == ("worker_not_killable", True)
        assert f"kill -9 {held.process_id}" in found.hint
        assert lives(held.process_id)
        assert running(number)
        consumer_row()  # this process stands for one that responds
        why = entries.show(behind.entry_no).why
        assert why is not None
        assert (why.code, "may not be killed" in why.text) == ("category_busy", True)
        os.killpg(others.process.pid, signal.SIGCONT)
        until(lambda: entries.show(number).why is None, what="its worker, which goes on")
        company.close()
