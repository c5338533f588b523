"""kill -9 amid the undoing of a batch: each document is cancelled once, whoever dies, and the books stand as before."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from builders import document, item, item_line, party
from jobs import QUEUE, assert_verified, run_all
from killing import run_and_kill
from standing import balances_of_all, open_amounts

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import problems_from_json
from postroom.core.jobs import background, entries, undo
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.undo import CancelRequest
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import PurchasesSetup, SalesSetup
from postroom.core.tables.trade import Document
from postroom.core.tables.work import Batch, JobQueueEntry

KINDS = (DocumentType.SALES_INVOICE, DocumentType.PURCHASE_INVOICE, DocumentType.SALES_CREDIT_MEMO)


def test_a_batch_is_cancelled_once_whoever_is_killed(firm: Location) -> None:
    kill_while_cancelling(firm, 60, seed=1)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 8))
def test_a_batch_is_cancelled_once_whoever_is_killed_again_and_again(firm: Location, seed: int) -> None:
    kill_while_cancelling(firm, 200, seed)


def kill_while_cancelling(firm: Location, count: int, seed: int) -> None:
    """Sales and purchases of the same items, so that both areas' queues take back each other's goods in any order."""
    party(Area.SALES)
    party(Area.PURCHASE, "V1")
    for number in range(5):
        item(f"I{number}")
    for setup in (SalesSetup, PurchasesSetup):
        setup.update(maximum_no_of_attempts=20, rerun_delay=0).execute()
    stocked = [document(DocumentType.PURCHASE_INVOICE, [item_line(f"I{number}", 4, 7)]) for number in range(5)]
    assert {one.result for one in background.post(stocked, PostRequest(mode="now"), user=current_user())} == {"posted"}
    before, still_open = balances_of_all(), open_amounts()
    ids = [
        document(KINDS[number % 3], [item_line(f"I{(number + line) % 5}", 1 + line, 10 + number) for line in range(3)])
        for number in range(count)
    ]
    background.post(ids, QUEUE, user=current_user())
    assert run_all() == count
    (batch,) = Batch.select()
    results = undo.cancel_batch(batch.no, CancelRequest(), user=current_user())
    assert {result.result for result in results} == {"queued"}

    assert run_and_kill(firm, random.Random(seed)) > 5

    left = list(JobQueueEntry.select())
    assert {problem.code for entry in left for problem in problems_from_json(entry.errors)} <= {"worker_lost"}
    entries.restart([entry.entry_no for entry in left], user=current_user())
    run_all()
    assert not JobQueueEntry.select().exists()
    assert not Document.select().exists()
    money = PostedDocument.select().where(PostedDocument.cancels, PostedDocument.kind.in_(undo.MONEY))
    cancelled = Counter((row.area, row.kind, row.corrects_no) for row in money)
    assert set(cancelled.values()) == {1}
    assert len(cancelled) == count
    assert balances_of_all() == before
    assert open_amounts() == still_open
    assert_verified()
    again = undo.cancel_batch(batch.no, CancelRequest(), user=current_user())
    assert {problem.code for result in again for problem in result.errors} == {"already_cancelled"}
