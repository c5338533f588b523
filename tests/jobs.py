"""Short ways to queue and run work in tests, in this process."""

from __future__ import annotations

import os
from typing import Any

from builders import document, item, item_line, party

from postroom.core.company import current_user
from postroom.core.jobs import background, claims, processes, runs
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.claims import Claim, Worker
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.trade import Party
from postroom.core.tables.work import JobQueueEntry

QUEUE = PostRequest(mode="queue", queue_anyway=True)


def worker(*codes: str, host: str = "", consumer_id: str = "c1") -> Worker:
    """This process as a worker of this host, or of another."""
    pid = os.getpid()
    return Worker(host or processes.host(), pid, processes.start_of(pid), consumer_id, codes)


def invoices(count: int = 1, party_no: str = "", **fields: Any) -> list[int]:
    """Released sales invoices of one line; customer C1 and item I1 are made with the first."""
    if not Party.select().exists():
        party(Area.SALES)
        item()
    return [document(DocumentType.SALES_INVOICE, [item_line()], party_no, **fields) for _ in range(count)]


def queued(count: int = 1, party_no: str = "", **fields: Any) -> list[JobQueueEntry]:
    """Invoices that wait in the job queue; their entries."""
    ids = invoices(count, party_no, **fields)
    results = background.post(ids, QUEUE, user=current_user())
    assert {result.result for result in results} == {"queued"}, results
    return [entry_of(id_) for id_ in ids]


def entry_of(document_id: int) -> JobQueueEntry:
    found: JobQueueEntry = JobQueueEntry.get(JobQueueEntry.record_id == document_id)
    return found


def claimed(*codes: str) -> Claim:
    """The next entry, claimed by this process."""
    claim = claims.claim_next(worker(*codes))
    assert claim is not None
    return claim


def run_all() -> int:
    """Claim and run in this process until nothing is left; how many runs that were."""
    count = 0
    while claim := claims.claim_next(worker()):
        runs.run(claim)
        count += 1
    return count
