"""Run Once outside the main thread, as the screen does it: a Cancel ends it there too."""

from __future__ import annotations

import threading

import pytest
from consumer_process import until
from jobs import ANN, here, logs_of, row, wait_entry

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import entries, foreground, registry
from postroom.core.jobs.claims import Claim
from postroom.core.jobs.registry import JobType
from postroom.core.jobs.results import EntryResult
from postroom.core.kinds import EntryStatus, LogStatus
from postroom.core.tables.base import database


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The job `busy`, which works until it is told that it may end."""
    may_end = threading.Event()

    def work(claim: Claim) -> str:
        while not may_end.wait(0.01):
            continue
        return ""

    monkeypatch.setitem(registry.JOB_TYPES, "busy", JobType("busy", "Busy", 60, True, work, {}))
    monkeypatch.setattr(foreground, "LOOK_SECONDS", 0.02)
    return may_end


class Screen(threading.Thread):
    """Runs an entry once, as the screen's clerk does."""

    def __init__(self, entry_no: int) -> None:
        super().__init__()
        self.entry_no = entry_no
        self.results: list[EntryResult] = []
        self.start()

    def run(self) -> None:
        try:
            self.results += entries.run_once([self.entry_no], user=ANN)
            self.results += entries.run_once([wait_entry().entry_no], user=ANN)
        finally:
            database.close()


def test_a_cancel_ends_the_run_and_nothing_of_what_its_thread_does_next(firm: Location, busy: threading.Event) -> None:
    entry = wait_entry(job="busy")
    screen = Screen(entry.entry_no)
    try:
        until(lambda: row(entry.id).status is EntryStatus.IN_PROCESS)
        (asked,) = entries.cancel([entry.id], user=current_user())
        assert asked.result == "cancelling"
        screen.join(20)
    finally:
        busy.set()
    assert [result.result for result in screen.results] == ["failed", "done"]
    after = row(entry.id)
    assert (after.status, after.held_by) == (EntryStatus.ON_HOLD, current_user())
    assert [problem.code for problem in screen.results[0].errors] == ["cancelled"]
    assert [log.status for log in logs_of(entry)] == [LogStatus.ERROR]


def test_a_run_that_nobody_cancels_ends_as_ever(firm: Location, busy: threading.Event) -> None:
    entry = wait_entry(job="busy")
    screen = Screen(entry.entry_no)
    until(lambda: row(entry.id).process_id == here().process_id)
    busy.set()
    screen.join(20)
    assert [result.result for result in screen.results] == ["done", "done"]
