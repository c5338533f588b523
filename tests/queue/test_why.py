"""Why an entry is not running, read beside real consumers: what the program says is what is the case."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from conftest import StartConsumer
from consumer_process import ConsumerProcess, entry, running, until, wait_entry
from jobs import queued

from postroom.core import clock, company
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import entries, queues, schedules
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.jobs.schedules import Schedule
from postroom.core.jobs.why import Why
from postroom.core.kinds import EntryStatus
from postroom.core.tables.trade import Party
from postroom.core.tables.work import JobQueueCategory, Worker

Start = Callable[..., ConsumerProcess]
EVERY_DAY = frozenset(range(7))


@pytest.fixture
def start(firm: Location, start_consumer: StartConsumer) -> Start:
    """Starts consumers of the open company."""
    return partial(start_consumer, firm)


def why(entry_no: int) -> Why:
    found = entries.show(entry_no).why
    assert found is not None
    return found


def code(entry_no: int) -> str:
    """The reason's code; blank while it runs or once it is gone."""
    if entry(entry_no) is None:
        return ""
    found = entries.show(entry_no).why
    return found.code if found is not None else ""


def test_what_holds_an_entry_back_while_a_consumer_runs(start: Start) -> None:
    start(workers=4)
    JobQueueCategory.create(code="NIGHT")
    holder = wait_entry(60, category_code="NIGHT")
    until(lambda: running(holder))
    waits = wait_entry(category_code="NIGHT")
    busy = why(waits)
    assert (busy.code, busy.category, busy.entry_no) == ("category_busy", "NIGHT", holder)
    assert entries.show(waits).status == "Waiting"

    queues.change("DEFAULT", {"max_concurrent": "1"}, user=current_user())
    assert why(wait_entry()).text == "Job queue DEFAULT runs its maximum of 1."

    later = wait_entry(earliest_start=clock.now() + timedelta(hours=1))
    assert (why(later).code, why(later).until) == ("starts_at", entries.show(later).earliest_start)

    here = clock.now().astimezone(company.time_zone())
    past = Recurrence(EVERY_DAY, "", (here - timedelta(hours=2)).time(), (here - timedelta(hours=1)).time(), 10)
    outside = schedules.schedule("wait", {"seconds": "0"}, Schedule(past, hold=True), user=current_user())
    assert why(outside.entry_no).code == "on_hold"
    entries.set_ready([outside.id], user=current_user())
    assert why(outside.entry_no).until == entries.show(outside.entry_no).next_run

    queues.stop("SPPOST", user=current_user())
    (document,) = queued()
    assert why(document.entry_no).text == "Job queue SPPOST is stopped."
    queues.start("SPPOST", user=current_user())
    until(lambda: entry(document.entry_no) is None, what="the posting")

    queues.change("SPPOST", {"on_host": "elsewhere"}, user=current_user())
    (document,) = queued()
    assert why(document.entry_no).code == "pinned"
    queues.change("SPPOST", {"category_filter": "NONE", "on_host": ""}, user=current_user())
    assert (why(document.entry_no).code, why(document.entry_no).category) == ("no_job_queue", "SALESPOST")
    Party.update(blocked="All").execute()
    queues.change("SPPOST", {"category_filter": "SALESPOST"}, user=current_user())
    until(lambda: code(document.entry_no) == "error", what="the failure")
    assert "is blocked" in why(document.entry_no).text


def test_what_lost_workers_leave_and_who_does_not_respond(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", "2")
    (first,) = queued()
    assert (why(first.entry_no).code, why(first.entry_no).since) == ("no_consumer", None)
    consumer = start(workers=1)
    until(lambda: entry(first.entry_no) is None, what="the posting")

    number = wait_entry(60, rerun_delay=600)
    first_worker = until(lambda: running(number)).process_id  # type: ignore[union-attr]
    os.kill(first_worker, signal.SIGKILL)
    second = until(lambda: (held := running(number)) and held.process_id != first_worker and held, what="a second run")
    os.kill(second.process_id, signal.SIGKILL)  # type: ignore[union-attr]
    until(lambda: code(number) == "retry", what="the second loss")
    retry = why(number)
    assert retry.text.startswith("Attempt 3 of 3 at ")
    assert "was lost" in retry.text

    killed = (first_worker, second.process_id)  # type: ignore[union-attr]
    (worker_row,) = until(
        lambda: [one for one in Worker.select() if one.process_id not in killed], what="another worker"
    )
    os.kill(worker_row.process_id, signal.SIGSTOP)
    a, b, c = queued(3)
    assert (why(a.entry_no).code, why(c.entry_no).code, why(c.entry_no).ahead) == ("about_to_start", "ahead", 2)
    assert why(b.entry_no).text == "1 entry is ahead of it."

    os.killpg(consumer.process.pid, signal.SIGSTOP)
    until(lambda: code(a.entry_no) == "not_responding", what="the lease's end")
    assert str(consumer.process.pid) in why(a.entry_no).text
    consumer.end()
    until(lambda: code(a.entry_no) == "no_consumer")
    assert why(a.entry_no).since is not None
    assert entry(a.entry_no).status is EntryStatus.READY  # type: ignore[union-attr]
