"""Runs that a person ends: interrupted in the foreground, set to Error while a worker is at them."""

from __future__ import annotations

import os
import signal
import tempfile

import pytest
from conftest import StartConsumer
from consumer_process import entry, lives, running, until, wait_entry
from forked_program import server

from postroom.core import company
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import log
from postroom.core.kinds import EntryStatus, LogStatus
from postroom.core.tables.work import JobQueueLogEntry


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_in_the_foreground_that_is_interrupted_is_rolled_back_and_on_hold(
    firm: Location, number: signal.Signals
) -> None:
    waiting = wait_entry(60, user_id=current_user())
    environment = {**os.environ, "POSTROOM_COMPANY": firm.text}
    with tempfile.TemporaryFile() as output:
        program = server().start("", ["entry", "run-once", str(waiting)], environment, output.fileno())
        until(lambda: running(waiting))
        program.send_signal(number)
        assert program.wait(20) == 130
    found = entry(waiting)
    assert found is not None
    assert found.status is EntryStatus.ON_HOLD
    assert JobQueueLogEntry.get().status is LogStatus.ERROR


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
