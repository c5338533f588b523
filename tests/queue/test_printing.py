"""Print workers in real consumers: beside the posting workers, gone when idle, killed and stopped amid a job."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from consumer_process import ConsumerProcess, lives, running, until
from jobs import queued
from printing_by_hand import file_printer, posted_invoice, print_entry

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import entries
from postroom.core.kinds import EntryStatus
from postroom.core.printing import printers
from postroom.core.tables.work import InboxReport, JobQueueEntry, Worker

Start = Callable[..., ConsumerProcess]

_PROGRAMS = {
    "lp": 'cat > {folder}/printed; echo "request id is Q-1 (0 file(s))"',
    "lpstat": """case "$*" in
        -r) echo "scheduler is running" ;;
        *not-completed*) [ ! -e {folder}/jam ] || echo "Q-1 ann 1" ;;
        esac""",
    "cancel": 'echo "$1" > {folder}/cancelled',
}


class Stuck:
    """A print system of shell scripts whose one job goes on for as long as there is a file `jam`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, script in _PROGRAMS.items():
            program = folder / name
            program.write_text(f"#!/bin/sh\n{script.format(folder=folder)}\n")
            program.chmod(0o755)
        self.env = {"PATH": f"{folder}:{os.environ['PATH']}"}
        (folder / "jam").touch()

    def mend(self) -> None:
        (self.folder / "jam").unlink()

    def has_sent(self) -> bool:
        return (self.folder / "printed").exists()


@pytest.fixture
def stuck(firm: Location, tmp_path: Path) -> Stuck:
    """A printer LASER that does not finish."""
    folder = tmp_path / "programs"
    folder.mkdir()
    printers.add("LASER", {"type": "CUPS", "cups_queue": "Q"}, user=current_user())
    return Stuck(folder)


@pytest.fixture
def start(firm: Location) -> Iterator[Start]:
    started: list[ConsumerProcess] = []

    def begin(*codes: str, **options: Any) -> ConsumerProcess:
        started.append(ConsumerProcess(firm, *codes, **options))
        return started[-1]

    yield begin
    for one in started:
        one.end()


def entry_of(made: JobQueueEntry) -> JobQueueEntry | None:
    found: JobQueueEntry | None = JobQueueEntry.get_or_none(JobQueueEntry.id == made.id)
    return found


def error_of(made: JobQueueEntry) -> str:
    """What the entry says once it is in Error."""
    until(lambda: (found := entry_of(made)) and found.status is EntryStatus.ERROR, what="the error")
    return entries.show(made.entry_no).errors[0].message


def test_a_stuck_printer_takes_no_worker_from_the_postings_nor_from_other_printers(start: Start, stuck: Stuck) -> None:
    soon = "from postroom.queue import print_workers; print_workers.IDLE_SECONDS = 0.1"
    consumer = start(workers=1, prelude=soon, **stuck.env)
    until(lambda: Worker.select().count() == 1, what="the worker")
    assert len(consumer.children()) == 2
    jammed = print_entry("LASER")
    until(stuck.has_sent, what="the job at the printer")
    posted = queued(3)
    shown = print_entry()
    until(lambda: not any(map(entry_of, posted)), what="the postings")
    until(lambda: entry_of(shown) is None, what="the report in the inbox")
    assert InboxReport.select().count() == 1
    assert running(jammed.entry_no)
    stuck.mend()
    until(lambda: entry_of(jammed) is None, what="the end of the jam")
    until(lambda: len(consumer.children()) == 2, what="the end of the idle print workers")
    consumer.tell(signal.SIGTERM)
    assert consumer.wait() == 0


def test_a_print_worker_killed_amid_a_job_leaves_it_in_error_for_it_may_have_been_printed(
    start: Start, stuck: Stuck
) -> None:
    start(workers=1, **stuck.env)
    jammed = print_entry("LASER")
    until(stuck.has_sent, what="the job at the printer")
    worker = until(lambda: running(jammed.entry_no), what="the run")
    os.kill(worker.process_id, signal.SIGKILL)
    assert "It may have been printed." in error_of(jammed)


def test_a_consumer_that_is_stopped_amid_a_print_job_takes_it_back_and_says_so(start: Start, stuck: Stuck) -> None:
    consumer = start(workers=1, prelude="consumer.GRACE_SECONDS = 0.2", **stuck.env)
    jammed = print_entry("LASER")
    until(stuck.has_sent, what="the job at the printer")
    worker = until(lambda: running(jammed.entry_no), what="the run")
    consumer.tell(signal.SIGTERM)
    assert consumer.wait() == 0
    assert not lives(worker.process_id)
    assert (stuck.folder / "cancelled").read_text() == "Q-1\n"
    assert "It may have been printed." in error_of(jammed)


def test_a_run_until_idle_does_not_wait_for_a_printer_that_does_not_respond(start: Start, tmp_path: Path) -> None:
    file_printer("GONE", tmp_path / "gone").rmdir()
    file_printer("FILES", tmp_path / "files")
    no = posted_invoice()
    first, second, done = print_entry("GONE", no), print_entry("GONE", no), print_entry("FILES", no)
    assert start(until_idle=True).wait() == 1
    assert "cannot be written" in error_of(first)
    assert (found := entry_of(second)) is not None
    assert found.status is EntryStatus.READY
    assert entry_of(done) is None
    assert len(list((tmp_path / "files").iterdir())) == 1
