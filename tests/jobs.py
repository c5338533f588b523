"""Short ways to make, queue, claim and run work in tests, in this process; and who else is there, alive or gone."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from datetime import timedelta
from typing import Any

import builders

from postroom.core import clock
from postroom.core.company import current_user
from postroom.core.jobs import background, claims, consumers, entries, processes, runs
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.claims import Claim, Worker
from postroom.core.kinds import Area, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.tables.setup import ChangeLogEntry
from postroom.core.tables.trade import Document, Item, Party
from postroom.core.tables.work import Consumer, JobQueueCategory, JobQueueEntry, JobQueueLogEntry
from postroom.core.verify import verify

ANN = "ann"
"""Has Post and no more."""
ELSEWHERE = "another-host"
QUEUE = PostRequest(mode="queue", queue_anyway=True)


def invoices(count: int = 1, party_no: str = "", **fields: Any) -> list[int]:
    """Released sales invoices of one line; customer C1 and item I1 are made with the first."""
    if not Party.select().where(Party.no == "C1").exists():
        builders.party(Area.SALES)
    if not Item.select().where(Item.no == "I1").exists():
        builders.item()
    lines = [builders.item_line()]
    return [builders.document(DocumentType.SALES_INVOICE, lines, party_no, **fields) for _ in range(count)]


def queued(count: int = 1, party_no: str = "", *, user: str = "", **fields: Any) -> list[JobQueueEntry]:
    """Invoices that wait in the job queue, queued by the company's creator or the user; their entries."""
    ids = invoices(count, party_no, **fields)
    results = background.post(ids, QUEUE, user=user or current_user())
    assert {result.result for result in results} == {"queued"}, results
    return [row(result.entry_id) for result in results]


def queue_invoice(user: str = ANN, **fields: Any) -> JobQueueEntry:
    """One invoice queued by the user; its entry. Fields are the document's."""
    (entry,) = queued(user=user, **fields)
    return entry


def wait_entry(user: str = ANN, seconds: int = 0, **fields: Any) -> JobQueueEntry:
    """A Ready entry that waits some seconds and names no document."""
    values = {
        "id": secrets.token_hex(8),
        "user_id": user,
        "job": "wait",
        "parameters": json.dumps({"seconds": seconds}),
        "description": "Wait",
        "created_at": clock.now(),
        "last_ready_at": clock.now(),
    }
    made: JobQueueEntry = JobQueueEntry.create(**{**values, **fields})
    return row(made.id)


def row(name: str | int) -> JobQueueEntry:
    """The entry as it stands now."""
    return entries.find(name)


def entry_of(document_id: int) -> JobQueueEntry:
    """The entry of a document as it stands now."""
    found: JobQueueEntry = JobQueueEntry.get(JobQueueEntry.record_id == document_id)
    return found


def set_row(entry: JobQueueEntry, **fields: Any) -> JobQueueEntry:
    """The entry with some fields put down as an earlier run would have left them."""
    JobQueueEntry.update(**fields).where(JobQueueEntry.entry_no == entry.entry_no).execute()
    return row(entry.entry_no)


def document_status(entry: JobQueueEntry) -> JobQueueStatus:
    """The Job Queue Status of the entry's document."""
    status: JobQueueStatus = Document.get_by_id(entry.record_id).job_queue_status
    return status


def category(code: str) -> str:
    """A category of that code."""
    JobQueueCategory.create(code=code)
    return code


def worker(*codes: str, host: str = "", consumer_id: str = "c1") -> Worker:
    """This process as a worker of a consumer, of this host or of another."""
    pid = os.getpid()
    return Worker(host or processes.host(), pid, processes.start_of(pid), consumer_id, codes)


def here(consumer_id: str = "") -> Worker:
    """This process as a worker, of no consumer unless told otherwise."""
    return worker(consumer_id=consumer_id)


def ended_process() -> tuple[int, str]:
    """Process id and start of a process of this host that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        start = processes.start_of(process.pid)
    return process.pid, start


def gone(consumer_id: str = "") -> Worker:
    """A worker of this host whose process has ended."""
    return Worker(processes.host(), *ended_process(), consumer_id)


def consumer_row(id_: str = "one", *, silent_for: float = 0, **fields: Any) -> Consumer:
    """A consumer's row, its heartbeat some seconds old; this very process unless the fields say otherwise."""
    now = clock.now()
    values = {
        "host": processes.host(),
        "process_id": os.getpid(),
        "process_start": processes.start_of(os.getpid()),
        "started_at": now - timedelta(seconds=silent_for),
        "last_heartbeat": now - timedelta(seconds=silent_for),
        "workers": 2,
        "running_as": "tester",
    }
    made: Consumer = Consumer.create(id=id_, **{**values, **fields})
    return made


def serve(id_: str = "one") -> Consumer:
    """A consumer of every job queue, with a heartbeat."""
    consumer = consumer_row(id_)
    consumers.heartbeat(Worker(consumer.host, consumer.process_id, consumer.process_start, id_))
    return consumer


def claimed(by: Worker | None = None) -> Claim:
    """The entry that is due, claimed for this process unless told otherwise."""
    claim = claims.claim_next(by or here())
    assert claim is not None, [(one.status, one.why) for one in entries.list_entries()]
    return claim


def run_all() -> int:
    """Claim and run in this process until nothing is left; how many runs that were."""
    count = 0
    while claim := claims.claim_next(here()):
        runs.run(claim)
        count += 1
    return count


def in_error(entry: JobQueueEntry) -> JobQueueEntry:
    """The document entry after a run that failed, because its customer is blocked."""
    Party.update(blocked="All").where(Party.no == "C1").execute()
    (result,) = entries.run_once([entry.entry_no], user=entry.user_id)
    Party.update(blocked="").where(Party.no == "C1").execute()
    assert result.result == "failed"
    found = row(entry.entry_no)
    assert found.status is EntryStatus.ERROR
    return found


def blocked(count: int = 1, party_no: str = "C1", *, user: str = "") -> list[JobQueueEntry]:
    """Invoices of the company's creator or the user whose posting failed: their customer is blocked, and stays so."""
    if not Party.select().where(Party.no == party_no).exists():
        builders.party(Area.SALES, party_no)
    failed = queued(count, party_no, user=user)
    Party.update(blocked="All").where(Party.no == party_no).execute()
    entries.run_once([one.entry_no for one in failed], user=user or current_user())
    return [row(one.entry_no) for one in failed]


def unblock(party_no: str = "C1") -> None:
    Party.update(blocked="").where(Party.no == party_no).execute()


def logs_of(entry: JobQueueEntry) -> list[JobQueueLogEntry]:
    """The runs of an entry, the first one first."""
    chosen = JobQueueLogEntry.select().where(JobQueueLogEntry.job_entry_id == entry.id)
    return list(chosen.order_by(JobQueueLogEntry.entry_no))


def changes(kind: str = "Job Queue Entry") -> list[tuple[str, str, str, str, str]]:
    """The Change Log of one kind of record: who, what, field, from, to."""
    chosen = ChangeLogEntry.select().where(ChangeLogEntry.kind == kind).order_by(ChangeLogEntry.entry_no)
    return [(one.user_id, one.action, one.field, one.old_value, one.new_value) for one in chosen]


def assert_verified() -> None:
    """The whole company holds together."""
    red = [check for check in verify().checks if not check.ok]
    assert not red, red
