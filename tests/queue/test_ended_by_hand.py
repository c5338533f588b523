"""Runs that a person ends: interrupted in the foreground, set to Error while a worker is at them."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress

import pytest
from conftest import StartConsumer
from consumer_process import entry, lives, running, until, wait_entry
from forked_program import Forked, server

from postroom.core import company, users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import entries, log, processes
from postroom.core.jobs import foreground as foreground_room
from postroom.core.jobs.claims import Claim
from postroom.core.kinds import EntryStatus, LogStatus
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry


@pytest.fixture
def foreground(firm: Location) -> Iterator[tuple[int, Forked]]:
    """A job of a minute that another process runs by Run Once: its entry no., and the process."""
    waiting = wait_entry(60, user_id=current_user())
    environment = {**os.environ, "POSTROOM_COMPANY": firm.text}
    with tempfile.TemporaryFile() as output:
        program = server().start("", ["entry", "run-once", str(waiting)], environment, output.fileno())
        until(lambda: running(waiting))
        yield waiting, program
        with suppress(ProcessLookupError):
            program.send_signal(signal.SIGKILL)


def assert_ended(entry_no: int, status: EntryStatus, held_by: str) -> None:
    found = entry(entry_no)
    assert found is not None
    assert (found.status, found.held_by, found.claim_token) == (status, held_by, "")
    assert JobQueueLogEntry.get().status is LogStatus.ERROR


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_in_the_foreground_that_is_interrupted_is_rolled_back_and_on_hold(
    foreground: tuple[int, Forked], number: signal.Signals
) -> None:
    waiting, program = foreground
    program.send_signal(number)
    assert program.wait(20) == 130
    assert_ended(waiting, EntryStatus.ON_HOLD, current_user())


def test_a_run_in_the_foreground_that_is_cancelled_by_somebody_ends_soon(foreground: tuple[int, Forked]) -> None:
    waiting, program = foreground
    users.set_user("bo", {"job_queue_admin": "true"}, user=current_user())
    (result,) = entries.cancel([waiting], user="bo")
    assert result.result == "cancelling"
    assert program.wait(20) == 1
    assert_ended(waiting, EntryStatus.ON_HOLD, "bo")


def test_a_run_in_the_foreground_of_another_host_that_is_set_to_error_ends_soon(
    foreground: tuple[int, Forked],
) -> None:
    waiting, program = foreground
    JobQueueEntry.update(host="elsewhere").execute()
    (result,) = log.set_error([JobQueueLogEntry.get().entry_no], user=current_user())
    assert result.errors == ()
    assert program.wait(20) == 1
    assert_ended(waiting, EntryStatus.ERROR, "")


def test_a_run_in_the_foreground_that_was_killed_is_cancelled_at_once_with_no_consumer_there(
    foreground: tuple[int, Forked],
) -> None:
    waiting, program = foreground
    program.send_signal(signal.SIGKILL)
    program.wait(20)
    (result,) = entries.cancel([waiting], user=current_user())
    assert result.result == "on hold"
    assert_ended(waiting, EntryStatus.ON_HOLD, current_user())


def test_a_run_in_the_foreground_that_is_frozen_is_killed_and_cancelled_at_once_with_no_consumer_there(
    foreground: tuple[int, Forked],
) -> None:
    waiting, program = foreground
    process_id = running(waiting).process_id
    program.send_signal(signal.SIGSTOP)
    until(lambda: processes.is_stopped(process_id))
    (result,) = entries.cancel([waiting], user=current_user())
    assert result.result == "on hold"
    until(lambda: not lives(process_id))
    assert_ended(waiting, EntryStatus.ON_HOLD, current_user())


def test_a_run_set_to_error_has_its_worker_ended_first(firm: Location, start_consumer: StartConsumer) -> None:
    waiting = wait_entry(60, user_id=current_user())
    consumer = start_consumer(firm, workers=1)
    worker = until(lambda: running(waiting)).process_id
    (result,) = log.set_error([JobQueueLogEntry.get().entry_no], user=current_user())
    assert result.errors == ()
    until(lambda: not lives(worker))
    found = entry(waiting)
    assert found is not None
    assert found.status is EntryStatus.ERROR
    after = wait_entry(0)
    until(lambda: entry(after) is None)
    assert consumer.process.poll() is None
    company.close()


def test_a_run_that_is_interrupted_before_it_begins_is_on_hold_too(
    sqlite_firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = wait_entry(60, user_id=current_user())

    def interrupted(claim: Claim) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(foreground_room, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        entries.run_once([waiting], user=current_user())
    assert_ended(waiting, EntryStatus.ON_HOLD, current_user())
