"""Consumers of several hosts on one PostgreSQL: frozen, silent, with clocks that differ."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MakeCompany, StartConsumer
from consumer_process import entry, lives, running, until, wait_entry
from halting import SLOW_CHECK, SLOW_CLAIM, SLOW_POSTING, Halt, assert_verified, posted_count
from jobs import queued

from postroom.core import clock, company
from postroom.core.jobs import log, queues
from postroom.core.kinds import EntryStatus, LogStatus
from postroom.core.statements import query
from postroom.core.tables.work import JobQueueLogEntry


def on_another_host(name: str) -> tuple[str, ...]:
    """Starts a process as if it ran on another host: its name is another one there, and so is the boot."""
    return ("unshare", "--uts", "sh", "-c", f'hostname {name} && exec "$@"', "sh")


def needs_hosts() -> None:
    if subprocess.run([*on_another_host("elsewhere"), "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let the test name hosts")


def test_a_posting_frozen_on_another_host_is_taken_over_and_commits_nothing_when_it_thaws(
    make_postgres: MakeCompany, start_consumer: StartConsumer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_hosts()
    monkeypatch.setenv("POSTROOM_LEASE", "1")
    firm = make_postgres()
    company.open_company(firm)
    (waiting,) = queued()
    halt = Halt(tmp_path)
    far = start_consumer(firm, workers=1, around=on_another_host("elsewhere"), **halt.options(SLOW_POSTING))
    worker = halt.worker()
    assert running(waiting.entry_no).host == "elsewhere"  # type: ignore[union-attr]
    os.killpg(far.process.pid, signal.SIGSTOP)
    start_consumer(firm, workers=1)
    until(lambda: posted_count() == 1, what="the takeover")
    assert lives(worker)
    assert query("SELECT count(*) FROM posted_document WHERE posting_id = ?", (waiting.claim_token,)) == [(0,)]
    halt.go.touch()
    os.killpg(far.process.pid, signal.SIGCONT)
    queues.change("PPPOST", {"on_host": "elsewhere"}, user=company.current_user())
    number = wait_entry(category_code="PURCHPOST")  # which only the late worker may run, once it is done with the other
    until(lambda: entry(number) is None, what="what the late worker runs next")
    assert posted_count() == 1
    assert entry(waiting.entry_no) is None
    runs = list(JobQueueLogEntry.select().where(JobQueueLogEntry.job_entry_id == waiting.id))
    assert sorted(row.status.value for row in runs) == ["Error", "Success"]
    assert_verified()


def test_a_run_set_to_error_from_another_host_has_its_worker_ended_by_its_own_consumer(
    make_postgres: MakeCompany, start_consumer: StartConsumer
) -> None:
    needs_hosts()
    firm = make_postgres()
    company.open_company(firm)
    me = company.current_user()
    waiting = wait_entry(60, user_id=me)
    far = start_consumer(firm, workers=1, around=on_another_host("elsewhere"))
    worker = until(lambda: running(waiting), what="the job").process_id
    (result,) = log.set_error([JobQueueLogEntry.get().entry_no], user=me)
    assert result.errors == ()
    until(lambda: not lives(worker), what="the end of its worker")
    number = wait_entry()
    until(lambda: entry(number) is None, what="the next job")
    found = entry(waiting)
    assert found is not None
    assert (found.status, found.attempts) == (EntryStatus.ERROR, 1)
    assert far.process.poll() is None
    assert "runs what is no longer its own" in far.messages


def test_a_host_frozen_amid_a_claim_keeps_no_other_from_working(
    make_postgres: MakeCompany, start_consumer: StartConsumer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_hosts()
    monkeypatch.setenv("POSTROOM_LEASE", "0.6")
    firm = make_postgres()
    company.open_company(firm)
    queued()
    halt = Halt(tmp_path)
    frozen = start_consumer(firm, workers=1, around=on_another_host("elsewhere"), **halt.options(SLOW_CLAIM))
    worker = halt.worker()
    os.killpg(frozen.process.pid, signal.SIGSTOP)
    start_consumer(firm, workers=1)
    until(lambda: posted_count() == 1, what="the posting by the other")
    assert lives(worker)
    halt.go.touch()
    os.killpg(frozen.process.pid, signal.SIGCONT)
    number = wait_entry()
    until(lambda: entry(number) is None, what="the next job")
    assert posted_count() == 1
    assert_verified()


@pytest.mark.parametrize("hours", [-3, pytest.param(3, marks=pytest.mark.full)])
def test_hosts_whose_clocks_differ_take_nothing_from_each_other(
    make_postgres: MakeCompany,
    start_consumer: StartConsumer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
) -> None:
    needs_hosts()
    monkeypatch.setenv("POSTROOM_LEASE", "0.6")
    firm = make_postgres()
    company.open_company(firm)
    queued()
    halt = Halt(tmp_path)
    now = clock.now()
    far = start_consumer(
        firm,
        workers=1,
        around=on_another_host("elsewhere"),
        POSTROOM_CLOCK=(now + timedelta(hours=hours)).isoformat(),
        **halt.options(SLOW_CHECK),
    )
    halt.worker()
    near = start_consumer(firm, workers=1)
    until(lambda: clock.now() > now + timedelta(seconds=3), what="the end of several leases")
    number = wait_entry(category_code="PURCHPOST")
    until(lambda: entry(number) is None, what="a job of the other's")
    halt.go.touch()
    until(lambda: posted_count() == 1, what="the posting")
    assert {far.process.poll(), near.process.poll()} == {None}
    assert [row.status for row in JobQueueLogEntry.select() if row.record_no] == [LogStatus.SUCCESS]
    assert "taken back" not in near.messages + far.messages
    assert_verified()
