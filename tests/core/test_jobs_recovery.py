"""Recovery: what lost workers left is taken back, and only what they left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from consumer_process import entry, lives, until, wait_entry
from jobs import worker

from postroom.core import clock
from postroom.core.database import Location, transaction
from postroom.core.errors import problems_from_json
from postroom.core.jobs import claims, consumers, endings, log, processes, recovery, runs
from postroom.core.jobs.claims import Claim, ClaimLost, Worker
from postroom.core.jobs.watch import Watch
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import Consumer, JobQueueEntry


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Another process that lives until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def identity(process_id: int, consumer_id: str = "c1") -> Worker:
    return Worker(processes.host(), process_id, processes.start_of(process_id), consumer_id)


def claimed_by(who: Worker) -> Claim:
    claim = claims.claim_next(who)
    assert claim is not None
    return claim


def state(number: int) -> tuple[EntryStatus, int]:
    found = entry(number)
    assert found is not None
    return found.status, found.attempts


def test_a_living_worker_keeps_its_entry(firm: Location) -> None:
    number = wait_entry()
    consumers.register(worker(), 1)
    claimed_by(worker())
    assert recovery.recover(Watch()) == 0
    assert state(number) == (EntryStatus.IN_PROCESS, 1)


def test_the_entry_of_a_killed_worker_is_ready_at_once_and_from_the_second_loss_on_after_the_delay(
    firm: Location, sleeper: subprocess.Popen[bytes]
) -> None:
    number = wait_entry(rerun_delay=30)
    consumers.register(worker(), 1)
    gone = identity(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    lost = claimed_by(gone)
    assert recovery.recover(Watch()) == 1
    assert state(number) == (EntryStatus.READY, 1)
    claimed_by(gone)
    before = clock.now()
    assert recovery.recover(Watch()) == 1
    found = entry(number)
    assert found is not None
    assert 25 < (found.earliest_start - before).total_seconds() < 35
    with pytest.raises(ClaimLost), transaction():
        endings.succeed(lost)


def test_the_last_loss_ends_in_error(firm: Location, sleeper: subprocess.Popen[bytes]) -> None:
    number = wait_entry(attempts=2, max_attempts=3)
    gone = identity(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    claimed_by(gone)
    assert recovery.recover(Watch()) == 1
    found = entry(number)
    assert found is not None
    assert found.status is EntryStatus.ERROR
    assert problems_from_json(found.errors)[0].code == "worker_lost"
    assert "3 of 3" in problems_from_json(found.errors)[0].message


def test_a_worker_that_outlived_its_consumer_is_killed_before_its_entry_is_taken(
    firm: Location, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    number = wait_entry()
    claimed_by(identity(sleeper.pid, "vanished"))
    watch = Watch()
    assert recovery.recover(watch) == 0  # a consumer that slept may put its row down again
    assert lives(sleeper.pid)
    until(lambda: recovery.recover(watch), what="the takeover")
    assert sleeper.wait(5) == -signal.SIGKILL
    assert state(number) == (EntryStatus.READY, 1)


def test_a_pid_that_another_process_has_now_is_not_the_worker_and_is_left_alone(
    firm: Location, sleeper: subprocess.Popen[bytes]
) -> None:
    number = wait_entry()
    claimed_by(replace(identity(sleeper.pid), process_start="1@another-boot"))
    assert recovery.recover(Watch()) == 1
    assert state(number) == (EntryStatus.READY, 1)
    assert lives(sleeper.pid)


def test_a_consumer_of_another_host_is_taken_over_once_its_lease_is_over(
    firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    number = wait_entry()
    other = worker(host="elsewhere", consumer_id="far")
    consumers.register(other, 1)
    claimed_by(other)
    watch = Watch()
    assert recovery.recover(watch) == 0
    until(lambda: recovery.recover(watch), what="the lease's end")
    assert state(number) == (EntryStatus.READY, 1)
    assert not Consumer.select().exists()


def test_who_has_just_come_takes_nothing_from_another_host_whatever_the_clocks_say(firm: Location) -> None:
    number = wait_entry()
    other = worker(host="elsewhere", consumer_id="far")
    consumers.register(other, 1)
    claimed_by(other)
    Consumer.update(last_heartbeat=clock.now() - timedelta(hours=1)).execute()
    assert recovery.recover(Watch()) == 0
    assert state(number) == (EntryStatus.IN_PROCESS, 1)


def test_a_worker_is_killed_once_it_has_been_frozen_for_a_lease_however_long_it_has_run(
    firm: Location, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    number = wait_entry()
    consumers.register(worker(), 1)
    claimed_by(identity(sleeper.pid))
    JobQueueEntry.update(started_at=clock.now() - timedelta(hours=1)).execute()
    os.kill(sleeper.pid, signal.SIGSTOP)
    until(lambda: processes.is_stopped(sleeper.pid))
    watch = Watch()
    assert recovery.recover(watch) == 0
    assert lives(sleeper.pid)
    until(lambda: recovery.recover(watch), what="the lease's end")
    assert sleeper.wait(5) == -signal.SIGKILL
    assert state(number) == (EntryStatus.READY, 1)


def test_an_entry_that_another_worker_has_by_now_is_not_taken_from_that_one(
    firm: Location, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = wait_entry()
    consumers.register(worker(), 1)
    lost = identity(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    claimed_by(lost)
    seen = recovery.held_entries()
    assert recovery.recover(Watch()) == 1
    claimed_by(worker())
    monkeypatch.setattr(recovery, "held_entries", lambda: seen)  # a sweep that was slow
    assert recovery.recover(Watch()) == 0
    assert state(number) == (EntryStatus.IN_PROCESS, 2)


def test_a_host_that_was_off_has_run_nothing_meanwhile(firm: Location, sleeper: subprocess.Popen[bytes]) -> None:
    number = wait_entry(job_timeout=7200)
    gone = identity(sleeper.pid)
    consumers.register(gone, 1)
    claimed_by(gone)
    yesterday = clock.now() - timedelta(hours=20)
    JobQueueEntry.update(started_at=yesterday).execute()
    Consumer.update(last_heartbeat=yesterday + timedelta(minutes=1)).execute()
    sleeper.kill()
    sleeper.wait()
    assert recovery.recover(Watch()) == 1
    assert state(number) == (EntryStatus.READY, 1)


def test_run_once_on_another_host_that_is_gone_is_lost_when_its_time_is_over(firm: Location) -> None:
    number = wait_entry(job_timeout=60)
    claimed_by(worker(host="elsewhere", consumer_id=""))
    assert recovery.recover(Watch()) == 0
    JobQueueEntry.update(started_at=clock.now() - timedelta(seconds=66)).execute()
    assert recovery.recover(Watch()) == 1
    assert state(number) == (EntryStatus.READY, 1)


def test_a_run_that_must_not_go_on_loses_its_worker_and_ends_in_error(
    firm: Location, sleeper: subprocess.Popen[bytes]
) -> None:
    number = wait_entry(job_timeout=60)
    claimed_by(identity(sleeper.pid))
    (held,) = recovery.held_entries()
    assert recovery.stop(held, runs.timeout_problem)
    assert sleeper.wait(5) == -signal.SIGKILL
    found = entry(number)
    assert found is not None
    assert (found.status, problems_from_json(found.errors)[0].code) == (EntryStatus.ERROR, "timeout")
    assert not recovery.stop(held, runs.timeout_problem)  # it has ended: nothing more happens


def test_another_hosts_consumer_is_gone_when_its_heartbeat_stands_still_whatever_its_clock_says(
    firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "0.3")
    number = wait_entry()
    consumer = Consumer.create(
        id="far",
        host="elsewhere",
        process_id=1,
        process_start="1@x",
        workers=2,
        running_as="ann",
        started_at=clock.now(),
        last_heartbeat=clock.now() - timedelta(hours=1),
    )
    claimed_by(Worker("elsewhere", 7, "7@x", "far"))
    watch, beats = Watch(), 0

    def beat_and_recover() -> bool:
        nonlocal beats
        beats += 1
        consumer.last_heartbeat += timedelta(seconds=5)  # an hour behind, and alive
        consumer.save()
        return recovery.recover(watch) == 0 and beats > 40

    until(beat_and_recover, what="forty heartbeats")
    assert state(number) == (EntryStatus.IN_PROCESS, 1)
    Consumer.update(last_heartbeat=clock.now() + timedelta(hours=1)).execute()  # an hour ahead, and then silent
    assert recovery.recover(watch) == 0
    until(lambda: recovery.recover(watch), what="the lease's end")
    assert state(number) == (EntryStatus.READY, 1)


def test_a_worker_killed_over_its_limit_leaves_an_error_that_names_the_limit(
    firm: Location, sleeper: subprocess.Popen[bytes]
) -> None:
    number = wait_entry(job_timeout=60)
    gone = identity(sleeper.pid)
    consumers.register(gone, 1)
    claimed_by(gone)
    JobQueueEntry.update(started_at=clock.now() - timedelta(seconds=66)).execute()
    sleeper.kill()
    sleeper.wait()
    assert recovery.recover(Watch()) == 1
    found = entry(number)
    assert found is not None
    assert (problems_from_json(found.errors)[0].code, problems_from_json(found.errors)[0].value) == ("timeout", "60")
    assert {view.status for view in log.list_log()} == {"Error"}
