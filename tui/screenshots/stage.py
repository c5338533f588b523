"""The demo company on one particular morning, the same on every machine and for every user.

Most documents are posted, some are in error, some wait, one is being posted; whoever draws is `anna`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from itertools import count, cycle
from pathlib import Path
from unittest.mock import patch

from postroom.core import clock, company, demo, documents, masters, setups, users
from postroom.core.database import Location, transaction
from postroom.core.demo.trade import COMPANY
from postroom.core.documents.views import DocumentView
from postroom.core.jobs import background, claims, consumers, entries, notes, processes, runs, schedules
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.claims import Claim, Worker
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.jobs.schedules import Schedule
from postroom.core.kinds import DocumentType
from postroom.core.printing import inbox, printers, selections
from postroom.core.tables.work import JobQueueCategory, Printer

NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
USER, COLLEAGUE = "anna", "bert"
WORKER = Worker("tern-office", 4107, "1", "office")
SLOW, FAST = (14, 9, 31, 21, 5, 61, 9, 24, 52, 13, 6, 98, 9, 33, 49, 14, 70, 5), (4, 9, 17, 3, 5, 31, 8, 4)
"""Seconds between two runs, again and again: the throughput has its ups and downs."""
LEFT = 2
"""So many documents of each type nobody has queued yet."""
WEEK = frozenset(range(5))


@contextmanager
def staged(path: Path) -> Iterator[Location]:
    """The company made at `path`, closed. While it lasts it is that morning, and the user is `anna`."""
    with patch.object(processes, "account", lambda: USER), patch.object(secrets, "token_hex", _numbered_ids()):
        try:
            location = Location(str(path))
            _make(location)
            clock.stand_still_at(NOW)
            yield location
        finally:
            clock.start_at_real_time()


def _numbered_ids() -> Callable[[int], str]:
    numbers = count(1)
    return lambda length: hashlib.sha256(str(next(numbers)).encode()).hexdigest()[: 2 * length]


def _make(location: Location) -> None:
    clock.stand_still_at(NOW - timedelta(hours=2))
    company.create(location, company.NewCompany(name=COMPANY, time_zone="Europe/Copenhagen"))
    try:
        demo.fill(user=USER)
        _set_up()
        _schedule()
        _queue_and_post()
    finally:
        company.close()


def _set_up() -> None:
    """What an administrator did first thing in the morning."""
    clock.stand_still_at(NOW - timedelta(minutes=75))
    users.set_user(COLLEAGUE, {"may_view": "true", "may_post": "true"}, user=USER)
    setups.change({"sales.report_output_type": "PDF", "ledger.allow_posting_to": "2026-12-31"}, user=USER)
    masters.set_record("customer", "C1002", {"payment_days": "21"}, user=USER)
    with transaction():
        # No folder of this host is asked for: its picture would differ where it is missing.
        Printer.create(code="OFFICE", description="Beside the door", folder="/srv/postroom/office")
        Printer.create(code="STORE", description="Picking desk", folder="/srv/postroom/store", timeout=120)
        for code in ("OFFICE", "STORE"):
            JobQueueCategory.create(code=printers.category_of(code), description=f"Print jobs for {code}")
    selections.select("OFFICE", user=USER)
    selections.select("STORE", report="sales-shipment", user=USER)
    selections.select("STORE", for_user=COLLEAGUE, report="sales-invoice", user=USER)


def _schedule() -> None:
    clock.stand_still_at(NOW - timedelta(minutes=70))
    night = Recurrence(WEEK, starting_time=time(22))
    schedules.schedule("delete-old-log-entries", {"older_than": "30"}, Schedule(night), user=USER)
    noon = Recurrence(WEEK, starting_time=time(12), ending_time=time(18), minutes=60)
    schedules.schedule("batch-post-sales-orders", {"ship": "true", "invoice": "true"}, Schedule(noon), user=USER)
    weekly = Schedule(Recurrence(formula="1W"), start=NOW + timedelta(days=1), hold=True)
    schedules.schedule("backup", {"folder": "/srv/postroom/backup", "keep": "4"}, weekly, user=USER)


def _queue_and_post() -> None:
    first = (DocumentType.SALES_INVOICE, DocumentType.PURCHASE_INVOICE)
    clock.stand_still_at(NOW - timedelta(minutes=31))
    consumers.register(WORKER, workers=2)
    _queue(first, USER)
    _run_what_is_due(SLOW)
    clock.stand_still_at(NOW - timedelta(minutes=5))
    _queue([DocumentType.SALES_ORDER, DocumentType.PURCHASE_ORDER], COLLEAGUE)
    _queue([kind for kind in DocumentType if kind not in first and not kind.is_order], USER)
    _run_what_is_due(FAST, at_most=17)
    clock.stand_still_at(NOW - timedelta(seconds=40))
    waiting = [entry for entry in entries.list_entries() if entry.status == "Ready" and entry.record_no]
    entries.set_priority([waiting[-1].id], 10, user=USER)
    entries.set_on_hold([waiting[-3].id], user=USER)
    with transaction():
        for no in ("S-INV+1002", "S-INV+1003", "S-INV+1007"):
            inbox.put(USER, f"Sales Invoice {no}", no, b" " * 14_208)
    notes.write(USER, "The printer STORE was out of paper and has gone on.")
    clock.stand_still_at(NOW - timedelta(seconds=1))
    consumers.heartbeat(WORKER)
    claims.claim_next(WORKER)


def _queue(kinds: Sequence[DocumentType], user: str) -> None:
    for kind in kinds:
        ids = [view.id for view in _open_documents(kind)][:-LEFT]
        background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=user)


def _open_documents(kind: DocumentType) -> list[DocumentView]:
    return documents.list_documents(f"type={kind.value}")


def _run_what_is_due(pauses: Sequence[int], at_most: int = 1000) -> None:
    """The consumer's work, one entry after the other."""
    for _, pause in zip(range(at_most), cycle(pauses), strict=False):
        claim = claims.claim_next(WORKER)
        if claim is None:
            return
        _run(claim)
        clock.stand_still_at(clock.now() + timedelta(seconds=pause))


def _run(claim: Claim) -> None:
    clock.stand_still_at(clock.now() + timedelta(milliseconds=180 + claim.entry_no * 37 % 240))
    runs.run(claim)
