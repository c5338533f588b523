"""The consumer as users run it: real processes over both databases."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from builders import document, item, item_line, party
from conftest import StartConsumer
from consumer_process import ConsumerProcess, entry, lives, running, until, wait_entry

from postroom.core import clock
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import CompanyError, problems_from_json
from postroom.core.jobs import background, consumers, doorbell, entries, queues
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.queues import QueueState
from postroom.core.kinds import Area, DocumentType, EntryStatus, JobQueueStatus, LogStatus
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document
from postroom.core.tables.work import Consumer, JobQueue, JobQueueLogEntry, Worker
from postroom.queue import broker, consumer

Start = Callable[..., ConsumerProcess]


@pytest.fixture
def start(firm: Location, start_consumer: StartConsumer) -> Iterator[Start]:
    """Starts consumers of the open company."""
    yield partial(start_consumer, firm)
    doorbell.install(None)


def queue_invoices(count: int, **fields: Any) -> list[int]:
    party(Area.SALES)
    item()
    ids = [document(DocumentType.SALES_INVOICE, [item_line()], **fields) for _ in range(count)]
    results = background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=current_user())
    assert {result.result for result in results} == {"queued"}
    return ids


def logs(entry_id: str) -> list[JobQueueLogEntry]:
    return list(
        JobQueueLogEntry.select().where(JobQueueLogEntry.job_entry_id == entry_id).order_by(JobQueueLogEntry.entry_no)
    )


def test_queued_documents_are_posted_and_the_run_ends_when_nothing_is_left(start: Start) -> None:
    ids = queue_invoices(5)
    assert start(until_idle=True).wait() == 0
    assert not Document.select().where(Document.id << ids).exists()
    invoices = PostedDocument.select().where(PostedDocument.kind == "invoice")
    assert invoices.count() == 5
    written = list(JobQueueLogEntry.select())
    assert {(row.status, row.job_queue_code, row.attempt) for row in written} == {(LogStatus.SUCCESS, "SPPOST", 1)}
    assert {row.posting_id for row in written} == {row.posting_id for row in invoices}
    assert not Consumer.select().exists()
    assert not Worker.select().exists()


def test_the_run_ends_with_1_when_an_entry_ended_in_error_in_it_and_only_then(start: Start) -> None:
    queue_invoices(1)
    (bad,) = queue_nobodys_invoice()
    assert start(until_idle=True).wait() == 1
    left = Document.get_by_id(bad)
    assert left.job_queue_status is JobQueueStatus.ERROR
    assert start(until_idle=True).wait() == 0


def test_the_run_ends_with_1_when_an_entry_expired_in_it_before_or_while_it_waited(start: Start) -> None:
    overdue = wait_entry(expiration=clock.now() - timedelta(hours=1))
    assert start(until_idle=True).wait() == 1
    assert start(until_idle=True).wait() == 0
    wait_entry(2, category_code="SALESPOST")
    late = wait_entry(category_code="SALESPOST", expiration=clock.now() + timedelta(seconds=1))
    assert start(until_idle=True).wait() == 1
    for number in (overdue, late):
        found = entry(number)
        assert found is not None
        assert [problem.code for problem in problems_from_json(found.errors)] == ["expired"]


def test_a_recurring_entry_past_its_expiration_neither_keeps_the_run_nor_fails_it(start: Start) -> None:
    number = wait_entry(expiration=clock.now() - timedelta(hours=1), next_run_date_formula="1D")
    assert start(until_idle=True).wait() == 0
    assert entry(number) is not None


def queue_nobodys_invoice() -> list[int]:
    ids = [document(DocumentType.SALES_INVOICE, [item_line()], "NOBODY")]
    background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=current_user())
    return ids


def test_until_idle_starts_the_named_queues_and_stops_only_those_again(start: Start) -> None:
    JobQueue.update(started=False).where(JobQueue.code << ["SPPOST", "PPPOST"]).execute()
    sale, purchase = wait_entry(category_code="SALESPOST"), wait_entry(category_code="PURCHPOST")
    assert start("SPPOST", until_idle=True).wait() == 0
    assert entry(sale) is None
    assert entry(purchase) is not None
    states = {row.code: row.started for row in JobQueue.select()}
    assert states == {"SPPOST": False, "PPPOST": False, "PRINT": True, "DEFAULT": True}


def test_what_starts_later_or_is_on_hold_does_not_keep_it(start: Start) -> None:
    later = wait_entry(earliest_start=clock.now() + timedelta(hours=1))
    held = wait_entry(status=EntryStatus.ON_HOLD)
    pinned = wait_entry(category_code="PURCHPOST")
    JobQueue.update(on_host="elsewhere").where(JobQueue.code == "PPPOST").execute()
    assert start(until_idle=True).wait() == 0
    assert all(entry(number) is not None for number in (later, held, pinned))


def test_it_waits_for_a_retry_that_is_still_to_come(start: Start) -> None:
    number = wait_entry(attempts=1, earliest_start=clock.now() + timedelta(seconds=1))
    assert start(until_idle=True).wait() == 0
    assert entry(number) is None


def test_work_that_nobody_rang_for_is_found(start: Start) -> None:
    start()
    until(consumers.alive)
    until(lambda: Worker.select().count() == 2)
    number = wait_entry()
    until(lambda: entry(number) is None, 5)


def test_two_entries_of_a_category_never_run_at_once_and_two_categories_do(start: Start) -> None:
    first, second = wait_entry(60, category_code="SALESPOST"), wait_entry(60, category_code="SALESPOST")
    other = wait_entry(60, category_code="PURCHPOST")
    start(workers=3)
    until(lambda: running(first) and running(other))
    until(lambda: queues.show("SPPOST").state is QueueState.RUNNING)
    again = wait_entry(category_code="")
    until(lambda: entry(again) is None)  # the third worker has looked, and left the second alone
    held = entry(second)
    assert held is not None
    assert held.status is EntryStatus.READY


def test_an_entry_of_a_killed_worker_runs_again_at_once_with_the_attempt_counted(start: Start) -> None:
    number = wait_entry(60)
    started = start()
    first = until(lambda: running(number))
    assert first.process_id in started.children()
    clock_at_kill = clock.now()
    os.kill(first.process_id, signal.SIGKILL)

    def is_elsewhere() -> Any:
        found = running(number)
        return found if found and found.process_id != first.process_id else None

    second = until(is_elsewhere)
    assert clock.now() - clock_at_kill < timedelta(seconds=4)
    assert (second.attempts, second.claim_token != first.claim_token) == (2, True)
    lost, current = logs(second.id)
    assert lost.ended_at - clock_at_kill < timedelta(seconds=2)
    assert (lost.status, current.status) == (LogStatus.ERROR, LogStatus.IN_PROCESS)
    assert problems_from_json(lost.errors)[0].code == "worker_lost"
    until(lambda: Worker.select().count() == 2)


def test_a_killed_sweep_is_replaced(start: Start) -> None:
    number = wait_entry(60)
    started = start(workers=1)
    held = until(lambda: running(number))
    (sweep,) = until(lambda: [one for one in started.children() if one != held.process_id], what="the sweep")
    os.kill(sweep, signal.SIGKILL)
    os.kill(held.process_id, signal.SIGKILL)
    until(lambda: (found := running(number)) and found.process_id != held.process_id, what="the second run")
    assert sweep not in started.children()


def test_consumers_that_start_at_once_share_the_work(start: Start) -> None:
    queue_invoices(30)
    together = [start(until_idle=True) for _ in range(3)]
    assert [one.wait() for one in together] == [0, 0, 0]
    assert PostedDocument.select().where(PostedDocument.kind == "invoice").count() == 30
    assert {(row.status, row.attempt) for row in JobQueueLogEntry.select()} == {(LogStatus.SUCCESS, 1)}


def test_a_queue_says_that_it_is_served_before_its_first_job_runs(start: Start) -> None:
    queues.start("DEFAULT", user=current_user())
    start(prelude="from postroom.queue.sweep import Sweep; Sweep._beat = lambda sweep: None")
    number = wait_entry()
    until(lambda: entry(number) is None, what="a job before any later heartbeat")
    assert queues.show("DEFAULT").last_heartbeat is not None


def test_a_queue_that_a_person_started_is_stopped_by_the_next_consumer_and_not_silently_served(start: Start) -> None:
    queues.change("DEFAULT", {"start_automatically": "false"}, user=current_user())
    queues.start("DEFAULT", user=current_user())
    first = start()
    number = wait_entry()
    until(lambda: entry(number) is None, what="a job while it is served")
    first.process.kill()
    first.process.wait()
    start()
    sale = wait_entry(category_code="SALESPOST")
    left = wait_entry()
    until(lambda: entry(sale) is None, what="a job of a queue that starts automatically")
    until(lambda: queues.show("DEFAULT").state is QueueState.STOPPED, what="the queue, stopped")
    assert entry(left) is not None


def test_the_children_of_a_killed_consumer_end_and_the_next_one_takes_their_entries(start: Start) -> None:
    number = wait_entry(60)
    first = start()
    until(lambda: running(number))
    children = until(lambda: len(found := first.children()) == 3 and found)
    first.process.kill()
    until(lambda: not any(lives(child) for child in children), 5)
    assert running(number) is not None
    second = start()

    def is_its() -> Any:
        found = running(number)
        return found and found.process_id in second.children()

    until(is_its)
    assert [row.process_id for row in Consumer.select()] == [second.process.pid]


def test_asked_to_stop_it_finishes_what_runs_takes_nothing_new_and_ends_with_0(start: Start) -> None:
    number, next_one = wait_entry(2, category_code="SALESPOST"), wait_entry(category_code="SALESPOST")
    started = start()
    until(lambda: running(number))
    started.tell(signal.SIGTERM)
    assert started.wait() == 0
    assert entry(number) is None
    waiting = entry(next_one)
    assert waiting is not None
    assert waiting.status is EntryStatus.READY
    assert not Consumer.select().exists()


def test_interrupted_it_ends_with_130(start: Start) -> None:
    started = start()
    until(lambda: Worker.select().count() == 2)
    started.tell(signal.SIGINT)
    assert started.wait() == 130


def test_asked_twice_it_returns_what_runs_without_counting_the_attempt(start: Start) -> None:
    number = wait_entry(60)
    started = start()
    until(lambda: running(number))
    started.tell(signal.SIGTERM)
    until(lambda: len(started.children()) < 3)  # the idle ones have gone: it waits for the running one
    started.tell(signal.SIGTERM)
    assert started.wait() == 0
    found = entry(number)
    assert found is not None
    assert (found.status, found.attempts) == (EntryStatus.READY, 0)
    (log,) = logs(found.id)
    assert log.status is LogStatus.ERROR


def test_a_job_over_its_time_limit_ends_in_error_naming_the_limit(start: Start) -> None:
    number, next_one = wait_entry(60, job_timeout=1), wait_entry()
    assert start(until_idle=True, workers=1).wait() == 1
    failed = entry(number)
    assert failed is not None
    assert failed.status is EntryStatus.ERROR
    (problem,) = problems_from_json(failed.errors)
    assert (problem.code, problem.value) == ("timeout", "1")
    assert entry(next_one) is None


def test_a_cancelled_run_is_put_on_hold_and_says_by_whom(start: Start) -> None:
    number = wait_entry(60, user_id=current_user())
    start()
    until(lambda: running(number))
    (result,) = entries.cancel([number], user=current_user())
    assert not result.errors

    def is_held() -> Any:
        found = entry(number)
        return found if found and found.status is EntryStatus.ON_HOLD else None

    held = until(is_held)
    assert held.held_by == current_user()


def test_a_consumer_in_the_background_is_there_when_the_call_returns_and_is_not_started_twice(
    firm: Location, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    pid = consumer.start_in_background(firm)
    try:
        assert [row.process_id for row in Consumer.select()] == [pid]
        assert consumer.start_in_background(firm) == pid
        number = wait_entry()
        until(lambda: entry(number) is None)
    finally:
        os.kill(pid, signal.SIGTERM)
    until(lambda: not Consumer.select().exists())


def test_a_consumer_that_cannot_start_says_why(firm: Location, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(CompanyError, match="There is no job queue NONE"):
        consumer.start_in_background(firm, job_queues=["NONE"])


def test_a_message_is_a_ring_in_json_and_nothing_else(sqlite_firm: Location) -> None:
    hub = broker.make(sqlite_firm)
    broker.QueueFile(sqlite_firm, hub).reopen()
    broker.install(sqlite_firm)
    try:
        doorbell.ring_after_commit()
    finally:
        doorbell.install(None)
        hub.storage.close()
    with sqlite3.connect(sqlite_firm.queue_path) as messages:
        ((raw,),) = messages.execute("SELECT data FROM task").fetchall()
    message = json.loads(raw)
    assert message[1] == "postroom.queue.broker.ring"
    assert message[6:8] == [[], {}]


def test_a_deleted_queue_file_loses_no_work(sqlite_firm: Location) -> None:
    started = ConsumerProcess(sqlite_firm)
    try:
        until(lambda: Worker.select().count() == 2)
        sqlite_firm.queue_path.unlink()
        number = wait_entry()
        until(lambda: entry(number) is None)
        until(sqlite_firm.queue_path.exists)
    finally:
        started.end()


def test_a_broken_queue_file_loses_no_work(sqlite_firm: Location) -> None:
    sqlite_firm.queue_path.write_bytes(b"this is no database" * 1000)
    number = wait_entry()
    started = ConsumerProcess(sqlite_firm, until_idle=True)
    try:
        assert started.wait() == 0
        assert entry(number) is None
    finally:
        started.end()


def test_a_queue_file_that_breaks_while_it_is_used_loses_no_work(
    sqlite_firm: Location, start_consumer: StartConsumer
) -> None:
    started = start_consumer(sqlite_firm)
    until(lambda: Worker.select().count() == 2)
    for more in ("", "-wal"):
        path = sqlite_firm.queue_path.with_name(sqlite_firm.queue_path.name + more)
        path.write_bytes(b"this is no database" * 1000)
    broker.install(sqlite_firm)
    number = wait_entry()
    with suppress(sqlite3.DatabaseError):
        doorbell.ring_after_commit()
    until(lambda: entry(number) is None)
    assert started.process.poll() is None
    assert "Traceback" not in started.messages
    doorbell.install(None)
