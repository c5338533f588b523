"""Cancel: posted documents, a selection, a whole batch are undone through the job queue, each once, with reasons."""

from __future__ import annotations

import jobs
import pytest
from builders import document, item, item_line, party, take_away
from standing import balances_of_all, open_amounts

from postroom.core import company, setups
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted, Refused, UsageError
from postroom.core.jobs import background, batches, claims, entries, undo
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.undo import CancelRequest
from postroom.core.kinds import Area, DocumentType, JobQueueStatus, PostedKind
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import Batch, JobQueueEntry, Note

QUEUE = CancelRequest()


@pytest.fixture
def trade(firm: Location) -> Location:
    party(Area.SALES)
    party(Area.SALES, "C2")
    party(Area.PURCHASE, "V1")
    item("I1")
    item("I2")
    return firm


def user() -> str:
    return company.current_user()


def posted_batch(count: int = 4) -> int:
    """The no. of a batch that posted sales and purchase invoices and a credit memo."""
    ids = [document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 5, 10 + number)]) for number in range(count // 2)]
    ids += [document(DocumentType.SALES_INVOICE, [item_line("I1", 2, 100)]) for _ in range(count - count // 2)]
    ids.append(document(DocumentType.SALES_CREDIT_MEMO, [item_line("I2", 1, 30)]))
    background.post(ids, jobs.QUEUE, user=user())
    assert jobs.run_all() == len(ids)
    return max(row.no for row in Batch.select())


def money() -> list[PostedDocument]:
    return list(PostedDocument.select().where(PostedDocument.kind.in_(undo.MONEY)).order_by(PostedDocument.id))


def test_a_whole_batch_is_undone_by_a_batch_the_last_posted_first(trade: Location) -> None:
    before = balances_of_all()
    no = posted_batch()
    originals = money()
    results = undo.cancel_batch(no, QUEUE, user=user())
    assert [(result.result, result.cancels.no) for result in results] == [("queued", row.no) for row in originals]
    queued = list(JobQueueEntry.select().order_by(JobQueueEntry.entry_no))
    assert [entry.record_no for entry in queued] == [result.no for result in reversed(results)]
    (batch,) = {entry.batch_no for entry in queued}
    view = batches.show(batch)
    assert (view.report, view.total, view.to_go) == (f"Cancel Batch {no}", len(originals), len(originals))
    assert {row.job_queue_status for row in Document.select()} == {JobQueueStatus.SCHEDULED}
    assert [(row.type.value, row.corrects_no) for row in Document.select().order_by(Document.id)]
    jobs.run_all()
    assert balances_of_all() == before
    assert open_amounts() == {}
    assert batches.show(batch).posted == len(originals)
    assert not Document.select().exists()
    jobs.assert_verified()


def test_a_batch_that_cancelled_can_be_cancelled_in_its_turn(trade: Location) -> None:
    no = posted_batch()
    posted = balances_of_all()
    undo.cancel_batch(no, QUEUE, user=user())
    jobs.run_all()
    (last,) = Batch.select().order_by(Batch.no.desc()).limit(1)
    undo.cancel_batch(last.no, QUEUE, user=user())
    jobs.run_all()
    assert balances_of_all() == posted
    jobs.assert_verified()


def test_what_is_cancelled_or_being_cancelled_is_refused_and_the_rest_is_not(trade: Location) -> None:
    before = balances_of_all()
    no = posted_batch()
    first, second, *rest = money()
    undo.cancel([first.id], CancelRequest("now"), user=user())
    undo.cancel([second.id], QUEUE, user=user())
    results = undo.cancel_batch(no, QUEUE, user=user())
    assert [result.result for result in results] == ["refused", "refused", *["queued"] * len(rest)]
    assert [problem.code for result in results[:2] for problem in result.errors] == [
        "already_cancelled",
        "being_cancelled",
    ]
    jobs.run_all()
    assert balances_of_all() == before
    again = undo.cancel_batch(no, QUEUE, user=user())
    assert {problem.code for result in again for problem in result.errors} == {"already_cancelled"}
    assert not Document.select().exists()


def test_one_that_cannot_be_undone_stops_no_other_and_is_to_handle(trade: Location) -> None:
    ids = [document(DocumentType.SALES_INVOICE, [item_line()], party_no=no) for no in ("C1", "C2")]
    background.post(ids, PostRequest(mode="now"), user=user())
    Party.update(blocked="All").where(Party.no == "C1").execute()
    results = undo.cancel([row.id for row in money()], QUEUE, user=user())
    assert [result.result for result in results] == ["queued", "queued"]
    jobs.run_all()
    (left,) = Document.select()
    assert (left.party_no, left.job_queue_status, left.cancels) == ("C1", JobQueueStatus.ERROR, True)
    assert Note.select().where(Note.record_no == left.no).count() == 1
    Party.update(blocked="").execute()
    entries.restart([jobs.entry_of(left.id).entry_no], user=user())
    jobs.run_all()
    assert balances_of_all() == {}


def test_a_single_one_is_checked_before_it_is_queued_unless_told_otherwise(trade: Location) -> None:
    background.post([document(DocumentType.SALES_INVOICE, [item_line()])], PostRequest(mode="now"), user=user())
    (row,) = money()
    Party.update(blocked="All").execute()
    (refused,) = undo.cancel([row.id], QUEUE, user=user())
    assert (refused.result, [problem.code for problem in refused.errors]) == ("refused", ["party_blocked"])
    assert not Document.select().exists()
    assert not JobQueueEntry.select().exists()
    setups.change({"sales.check_before_queueing": "false"}, user=user())
    (queued,) = undo.cancel([row.id], QUEUE, user=user())
    assert queued.result == "queued"
    background.remove([Document.get(Document.no == queued.no).id], user=user())
    (again,) = undo.cancel([row.id], CancelRequest(queue_anyway=True), user=user())
    assert (again.result, [problem.code for problem in again.errors]) == ("refused", ["being_cancelled"])
    assert "not in the job queue" in again.errors[0].message


def test_a_kill_amid_the_posting_leaves_the_cancellation_to_be_posted_once(trade: Location) -> None:
    before = balances_of_all()
    background.post([document(DocumentType.SALES_INVOICE, [item_line()])], PostRequest(mode="now"), user=user())
    (row,) = money()
    (result,) = undo.cancel([row.id], QUEUE, user=user())
    claim = claims.claim_next(jobs.gone())
    assert claim is not None
    assert claim.record_no == result.no
    assert [problem.code for problem in undo.cancel([row.id], QUEUE, user=user())[0].errors] == ["being_cancelled"]
    jobs.set_row(jobs.row(claim.entry_no), status="Ready", claim_token="")
    Document.update(job_queue_status=JobQueueStatus.SCHEDULED).execute()
    jobs.run_all()
    assert balances_of_all() == before


def test_who_cancelled_what_is_in_the_change_log(trade: Location) -> None:
    background.post([document(DocumentType.SALES_INVOICE, [item_line()])], PostRequest(mode="now"), user=user())
    (row,) = money()
    (result,) = undo.cancel([row.id], QUEUE, user="ann")
    assert jobs.changes("Posted Sales Invoice") == [
        ("ann", "Cancel", "Cancelled by", "", f"Sales Credit Memo {result.no}")
    ]
    assert ("ann", "Queue", "Job Queue Status", "", "Scheduled for Posting") in jobs.changes("Sales Credit Memo")


def test_a_thousand_and_one_are_one_batch(trade: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "AT_ONCE", 2)
    no = posted_batch(6)
    told: list[int] = []
    results = undo.cancel_batch(no, QUEUE, user=user(), progress=told.append)
    assert {result.result for result in results} == {"queued"}
    assert told == [2, 4, 6, 7]
    assert len({entry.batch_no for entry in JobQueueEntry.select()}) == 1


def test_a_batch_that_is_unknown_or_has_posted_nothing_is_refused(trade: Location) -> None:
    with pytest.raises(NotFound):
        undo.cancel_batch(7, QUEUE, user=user())
    background.post([document(DocumentType.SALES_INVOICE, [item_line()]) for _ in range(2)], jobs.QUEUE, user=user())
    (batch,) = Batch.select()
    with pytest.raises(Refused, match="Nothing of batch"):
        undo.cancel_batch(batch.no, QUEUE, user=user())


def test_a_posted_document_is_found_by_its_no_money_before_goods(trade: Location) -> None:
    background.post([document(DocumentType.SALES_INVOICE, [item_line()])], PostRequest(mode="now"), user=user())
    (row,) = money()
    assert undo.find(row.no) == undo.find(row.no, area=Area.SALES, kind=PostedKind.INVOICE) == row.id
    for wrong in ("103999", ""):
        with pytest.raises(NotFound):
            undo.find(wrong)
    with pytest.raises(NotFound):
        undo.find(row.no, area=Area.PURCHASE)
    assert undo.matching("party_no=C1") == [row.id]
    assert undo.matching("party_no=C2") == []
    assert undo.matching("party_no=C1", area="purchase") == []
    with pytest.raises(UsageError):
        undo.matching("colour=red")


def test_cancelling_needs_the_permission_to_post(trade: Location) -> None:
    background.post([document(DocumentType.SALES_INVOICE, [item_line()])], PostRequest(mode="now"), user=user())
    (row,) = money()
    take_away("may_post")
    with pytest.raises(NotPermitted):
        undo.cancel([row.id], QUEUE, user=user())
    with pytest.raises(UsageError):
        undo.cancel([row.id], CancelRequest("tomorrow"), user="ann")
