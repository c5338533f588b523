"""Post and Remove From Job Queue: in the session or queued as the setup says, one entry per document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from builders import document, item_line, party
from jobs import (
    QUEUE,
    assert_verified,
    claimed,
    entry_of,
    in_error,
    invoices,
    queue_invoice,
    queued,
    row,
    run_all,
    set_row,
)
from peewee import IntegrityError

from postroom.core import company, documents
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotPermitted, Refused, UsageError
from postroom.core.jobs import background, doorbell, entries, log
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentStatus, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.tables.ledgers import GlEntry, PostedDocument
from postroom.core.tables.setup import ChangeLogEntry, PurchasesSetup, SalesSetup, UserSetup
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import Batch, JobQueueEntry, JobQueueLogEntry, Note, PrintJob

SETUP = PostRequest()


def post(ids: list[int], request: PostRequest = SETUP) -> list[str]:
    return [result.result for result in background.post(ids, request, user=current_user())]


def status_of(id_: int) -> JobQueueStatus:
    found: JobQueueStatus = Document.get_by_id(id_).job_queue_status
    return found


def test_post_is_in_the_session_unless_the_setup_says_queue(firm: Location) -> None:
    assert post(invoices()) == ["posted"]
    (view,) = log.list_log()
    assert (view.status, view.job_queue, len(view.posted)) == ("Success", "", 2)
    SalesSetup.update(post_documents_via_job_queue=True).execute()
    (id_,) = invoices()
    assert post([id_]) == ["queued"]
    assert status_of(id_) is JobQueueStatus.SCHEDULED
    assert post(invoices(), PostRequest(mode="now")) == ["posted"]


def test_a_queued_entry_bears_what_the_setup_says(firm: Location) -> None:
    SalesSetup.update(
        job_queue_category_code="PRINT-PDF",
        priority_for_post=5,
        maximum_no_of_attempts=7,
        rerun_delay=3,
        job_timeout=99,
        notify_on_success=True,
    ).execute()
    (waiting,) = queued()
    assert (waiting.category_code, waiting.priority, waiting.max_attempts) == ("PRINT-PDF", 5, 7)
    assert (waiting.rerun_delay, waiting.job_timeout, waiting.notify_on_success) == (3, 99, True)
    assert (waiting.status, waiting.user_id, waiting.batch_no) == (EntryStatus.READY, current_user(), None)
    assert ChangeLogEntry.select().where(ChangeLogEntry.action == "Queue").count() == 1


def test_several_documents_are_a_batch_of_one_entry_each_and_scheduled_ones_are_refused_by_name(
    firm: Location,
) -> None:
    (waiting,) = queued()
    ids = invoices(3)
    results = background.post([waiting.record_id, *ids], QUEUE, user=current_user())
    assert [result.result for result in results] == ["refused", "queued", "queued", "queued"]
    (problem,) = results[0].errors
    assert problem.code == "document_is_scheduled"
    assert str(waiting.entry_no) in problem.message
    assert current_user() in problem.message
    assert {entry_of(id_).batch_no for id_ in ids} == {Batch.get().no}


def test_one_document_is_checked_before_it_is_queued_and_can_be_queued_anyway(firm: Location) -> None:
    (id_,) = invoices(1, "NOBODY")
    (result,) = background.post([id_], PostRequest(mode="queue"), user=current_user())
    assert result.result == "refused"
    assert result.errors
    assert not JobQueueEntry.select().exists()
    assert post([id_], QUEUE) == ["queued"]


def test_an_open_document_is_released_when_it_is_queued_and_an_unready_one_refused(firm: Location) -> None:
    good = invoices(2, status=DocumentStatus.OPEN)
    empty = document(DocumentType.SALES_INVOICE, [], status=DocumentStatus.OPEN)
    assert post([*good, empty], QUEUE) == ["queued", "queued", "refused"]
    assert {Document.get_by_id(id_).status for id_ in good} == {DocumentStatus.RELEASED}
    assert Document.get_by_id(empty).status is DocumentStatus.OPEN


def test_posting_an_error_again_through_the_queue_reuses_its_entry(firm: Location) -> None:
    (waiting,) = queued(1, "NOBODY")
    run_all()
    assert entry_of(waiting.record_id).status is EntryStatus.ERROR
    assert post([waiting.record_id], QUEUE) == ["queued"]
    again = entry_of(waiting.record_id)
    assert (again.entry_no, again.status, again.attempts, again.errors) == (
        waiting.entry_no,
        EntryStatus.READY,
        0,
        "",
    )
    assert status_of(waiting.record_id) is JobQueueStatus.SCHEDULED


def test_posting_an_error_in_the_session_takes_its_entry_along(firm: Location) -> None:
    (waiting,) = queued(1, "NOBODY")
    run_all()
    Document.update(party_no="C1").where(Document.id == waiting.record_id).execute()
    assert post([waiting.record_id], PostRequest(mode="now")) == ["posted"]
    assert not JobQueueEntry.select().exists()


def test_a_failed_posting_in_the_session_is_logged_and_leaves_the_error_entry(firm: Location) -> None:
    (waiting,) = queued(1, "NOBODY")
    run_all()
    assert post([waiting.record_id], PostRequest(mode="now")) == ["failed"]
    assert entry_of(waiting.record_id).status is EntryStatus.ERROR
    assert [view.status for view in log.list_log()] == ["Error", "Error"]


def test_scheduled_and_posting_documents_can_be_neither_changed_nor_posted(firm: Location) -> None:
    (waiting,) = queued()
    for _ in range(2):
        (result,) = background.post([waiting.record_id], PostRequest(mode="now"), user=current_user())
        assert result.result == "refused"
        with pytest.raises(Refused, match=str(waiting.entry_no)):
            documents.reopen(waiting.record_id, user=current_user())
        with pytest.raises(Refused, match=current_user()):
            documents.delete(waiting.record_id, user=current_user())
        claims_left = JobQueueEntry.select().where(JobQueueEntry.status == EntryStatus.READY).exists()
        if claims_left:
            claimed()


def test_removed_it_is_blank_and_released_and_while_posting_it_cannot_be_removed(firm: Location) -> None:
    first, second = queued(2)
    (result,) = background.remove([first.record_id], user=current_user())
    assert result.result == "removed"
    assert status_of(first.record_id) is JobQueueStatus.BLANK
    claimed()
    (result,) = background.remove([second.record_id], user=current_user())
    assert (result.result, result.errors[0].code) == ("refused", "document_is_posting")
    assert entry_of(second.record_id).status is EntryStatus.IN_PROCESS


def test_one_user_cannot_remove_what_another_queued_and_who_may_not_post_can_do_neither(firm: Location) -> None:
    (waiting,) = queued()
    (result,) = background.remove([waiting.record_id], user="bob")
    assert (result.result, result.errors[0].code) == ("refused", "not_permitted")
    UserSetup.create(user_id="eve", may_post=False)
    with pytest.raises(NotPermitted):
        background.post([waiting.record_id], SETUP, user="eve")


def test_replaced_dates_are_written_when_it_is_queued(firm: Location) -> None:
    ids = invoices(2)
    day = date(2026, 4, 1)
    request = PostRequest(
        mode="queue", posting_date=day, replace_posting_date=True, replace_document_date=True, queue_anyway=True
    )
    assert post(ids, request) == ["queued", "queued"]
    rows = [Document.get_by_id(id_) for id_ in ids]
    assert {(row.posting_date, row.document_date) for row in rows} == {(day, day)}
    assert run_all() == 2
    assert {view.status for view in log.list_log()} == {"Success"}


def test_a_batch_does_what_is_asked_of_orders_and_posts_invoices_whole(firm: Location) -> None:
    (invoice,) = invoices()
    order = document(DocumentType.SALES_ORDER, [item_line()])
    assert post([order, invoice], PostRequest(ship=True)) == ["posted", "posted"]
    assert sorted(row.kind.value for row in PostedDocument.select()) == ["invoice", "shipment", "shipment"]
    assert post([order], PostRequest(ship=True)) == ["failed"]
    assert post([order], PostRequest(ship=True, invoice=True)) == ["posted"]
    assert_verified()


def test_checking_posts_and_queues_nothing(firm: Location) -> None:
    good, bad = invoices()[0], invoices(1, "NOBODY")[0]
    assert post([good, bad], PostRequest(check_only=True)) == ["checked", "failed"]
    assert not JobQueueEntry.select().exists()
    assert not log.list_log()


def test_a_ring_that_fails_undoes_nothing_and_is_not_told(firm: Location) -> None:
    def broken() -> None:
        raise OSError("no doorbell")

    doorbell.install(broken)
    try:
        assert queued()[0].status is EntryStatus.READY
    finally:
        doorbell.install(None)


def test_the_database_allows_one_posting_entry_per_document(firm: Location) -> None:
    (waiting,) = queued()
    with pytest.raises(IntegrityError):
        JobQueueEntry.create(id="twin", user_id="ann", job="post-document", record_id=waiting.record_id)


@pytest.mark.parametrize("sales", [False, True])
@pytest.mark.parametrize("purchases", [False, True])
def test_each_area_follows_its_own_setup_also_within_one_batch(firm: Location, sales: bool, purchases: bool) -> None:
    SalesSetup.update(post_documents_via_job_queue=sales).execute()
    PurchasesSetup.update(post_documents_via_job_queue=purchases).execute()
    first, second = invoices(2)
    party(Area.PURCHASE, "V1")
    bought = document(DocumentType.PURCHASE_INVOICE, [item_line()])
    ids = [first, bought, second, document(DocumentType.SALES_ORDER, [item_line()])]
    sale, purchase = ("queued" if on else "posted" for on in (sales, purchases))
    assert post(ids) == [sale, purchase, sale, sale]
    assert JobQueueEntry.select().count() == 3 * sales + purchases
    assert JobQueueLogEntry.select().count() == 4 - JobQueueEntry.select().count()
    assert_verified()
    run_all()
    assert not Document.select().exists()
    assert_verified()


@pytest.mark.parametrize("on", [False, True])
def test_a_person_may_decide_against_the_setup(firm: Location, on: bool) -> None:
    SalesSetup.update(post_documents_via_job_queue=on).execute()
    assert post(invoices(), PostRequest(mode="now")) == ["posted"]
    assert post(invoices(), PostRequest(mode="queue")) == ["queued"]
    with pytest.raises(UsageError):
        post(invoices(), PostRequest(mode="later"))


def test_a_posting_in_the_session_is_logged_under_the_posting_it_made_with_a_blank_job_queue(firm: Location) -> None:
    (id_,) = invoices()
    no = Document.get_by_id(id_).no
    (result,) = background.post([id_], SETUP, user="ann")
    logged = JobQueueLogEntry.get()
    assert (logged.job_queue_code, logged.category_code, logged.job_entry_id) == ("", "", "")
    assert (logged.user_id, logged.record_no, logged.record_type) == ("ann", no, "sales-invoice")
    assert logged.ended_at >= logged.started_at
    assert {row.posting_id for row in PostedDocument.select()} == {logged.posting_id}
    assert {row.no for row in PostedDocument.select()} == {ref.no for ref in result.posted}
    assert_verified()


@pytest.mark.parametrize("status", [DocumentStatus.OPEN, DocumentStatus.RELEASED])
def test_a_posting_in_the_session_that_fails_is_logged_and_changes_nothing_else(
    firm: Location, status: DocumentStatus
) -> None:
    (id_,) = invoices(1, status=status)
    Party.update(blocked="All", invoice_discount_percent=10).execute()
    was = Document.get_by_id(id_).__data__
    request = PostRequest(
        posting_date=date(2026, 4, 1), replace_posting_date=True, replace_document_date=True, calc_inv_discount=True
    )
    (result,) = background.post([id_], request, user="ann")
    assert (result.result, result.posted) == ("failed", ())
    assert result.errors[0].code
    assert Document.get_by_id(id_).__data__ == was
    (view,) = log.list_log()
    assert (view.status, view.job_queue, view.errors) == ("Error", "", result.errors)
    for table in (GlEntry, PostedDocument, JobQueueEntry, Note):
        assert not table.select().exists()
    assert_verified()


def test_documents_in_the_session_are_posted_one_by_one_and_a_bad_one_stops_no_other(firm: Location) -> None:
    first, last = invoices(2)
    (bad,) = invoices(1, "NOBODY")
    unready = document(DocumentType.SALES_INVOICE, [], status=DocumentStatus.OPEN)
    told: list[int] = []
    results = background.post([first, bad, unready, last, first], SETUP, user="ann", progress=told.append)
    assert [result.result for result in results] == ["posted", "failed", "refused", "posted"]
    assert told == [1, 2, 3, 4]
    assert sorted(row.status.value for row in JobQueueLogEntry.select()) == ["Error", "Success", "Success"]
    assert {id_ for (id_,) in Document.select(Document.id).tuples()} == {bad, unready}
    assert_verified()


def test_replaced_dates_are_posted_in_the_session_too_and_need_a_date(firm: Location) -> None:
    day = date(2026, 4, 1)
    request = PostRequest(mode="now", posting_date=day, replace_posting_date=True)
    assert post(invoices(), request) == ["posted"]
    assert {entry.posting_date for entry in GlEntry.select()} == {day}
    (id_,) = invoices()
    for mode in ("now", "queue", "setup"):
        for request in (
            PostRequest(mode=mode, replace_posting_date=True),
            PostRequest(mode=mode, replace_document_date=True),
        ):
            with pytest.raises(UsageError, match="no date"):
                post([id_], request)
    assert status_of(id_) is JobQueueStatus.BLANK


@pytest.mark.parametrize("mode", ["now", "queue"])
@pytest.mark.parametrize(
    ("type_", "steps"),
    [
        (DocumentType.SALES_ORDER, ["ship", "invoice"]),
        (DocumentType.SALES_RETURN_ORDER, ["receive", "invoice"]),
        (DocumentType.PURCHASE_ORDER, ["receive", "invoice"]),
        (DocumentType.PURCHASE_RETURN_ORDER, ["ship", "invoice"]),
    ],
)
def test_an_order_is_posted_in_steps_and_stays_released_and_blank_between(
    firm: Location, type_: DocumentType, steps: list[str], mode: str
) -> None:
    invoices()
    party(Area.PURCHASE, "V1")
    id_ = document(type_, [item_line()])
    kinds = [type_.goods_kind, type_.money_kind]
    for number, step in enumerate(steps, 1):
        (result,) = background.post([id_], PostRequest(mode=mode, **{step: True}), user=current_user())
        assert result.result == {"now": "posted", "queue": "queued"}[mode], result.errors
        run_all()
        posted = PostedDocument.select().order_by(PostedDocument.id)
        assert [row.kind for row in posted] == kinds[:number]
        view = log.list_log()[0]
        assert (view.status, [ref.no for ref in view.posted]) == ("Success", [posted[number - 1].no])
        assert not JobQueueEntry.select().exists()
        assert_verified()
        if number == 1:
            row = Document.get_by_id(id_)
            assert (row.status, row.job_queue_status) == (DocumentStatus.RELEASED, JobQueueStatus.BLANK)
    assert not Document.select().where(Document.id == id_).exists()


def test_what_was_asked_of_a_queued_order_holds_when_it_is_restarted(firm: Location) -> None:
    invoices()
    order = document(DocumentType.SALES_ORDER, [item_line()])
    Party.update(blocked="All").execute()
    request = PostRequest(mode="queue", ship=True, print=True, queue_anyway=True)
    background.post([order], request, user=current_user())
    entry = entry_of(order)
    assert entry.parameters == '{"print": true, "ship": true}'
    run_all()
    assert status_of(order) is JobQueueStatus.ERROR
    Party.update(blocked="").execute()
    entries.restart([entry.id], user=current_user())
    run_all()
    assert [row.kind.value for row in PostedDocument.select()] == ["shipment"]
    assert status_of(order) is JobQueueStatus.BLANK
    (job,) = PrintJob.select()
    assert job.report == "sales-shipment"


def test_what_failed_is_posted_again_as_it_was_asked_before(firm: Location) -> None:
    invoices()
    order = document(DocumentType.SALES_ORDER, [item_line()])
    request = PostRequest(mode="queue", invoice=True, print=True, queue_anyway=True)
    background.post([order], request, user=current_user())
    run_all()
    assert status_of(order) is JobQueueStatus.ERROR
    again = PostRequest(mode="queue", again=True)
    (result,) = background.post([order], again, user=current_user())
    assert (result.result, result.errors[0].code) == ("refused", "nothing_to_post")
    assert post([order], PostRequest(mode="now", ship=True)) == ["posted"]
    assert post([order], again) == ["queued"]  # with its entry gone, as the document says
    background.remove([order], user=current_user())
    background.post([order], request, user=current_user())
    Party.update(blocked="All").execute()
    run_all()
    assert post([order], PostRequest(mode="queue", again=True, queue_anyway=True)) == ["queued"]
    entry = entry_of(order)
    assert (entry.parameters, entry.description[:14]) == ('{"print": true, "invoice": true}', "Post and Print")


def test_an_order_in_error_that_is_partly_posted_in_the_session_is_blank_again(firm: Location) -> None:
    invoices()
    order = document(DocumentType.SALES_ORDER, [item_line()], posting_date=None)
    assert post([order], PostRequest(mode="queue", queue_anyway=True)) == ["queued"]
    run_all()
    assert status_of(order) is JobQueueStatus.ERROR
    documents.set_fields(order, {"posting_date": "2026-03-02"}, user="ann")
    assert post([order], PostRequest(mode="now", ship=True)) == ["posted"]
    assert status_of(order) is JobQueueStatus.BLANK
    assert_verified()


def test_the_check_before_queueing_is_of_what_is_asked(firm: Location) -> None:
    invoices()
    order = document(DocumentType.SALES_ORDER, [item_line()])
    (result,) = background.post([order], PostRequest(mode="queue", invoice=True), user=current_user())
    assert (result.result, result.errors[0].code) == ("refused", "nothing_to_post")
    assert post([order], PostRequest(check_only=True, invoice=True)) == ["failed"]
    assert post([order], PostRequest(check_only=True, ship=True)) == ["checked"]


def test_without_check_before_queueing_the_error_shows_when_it_runs(firm: Location) -> None:
    SalesSetup.update(check_before_queueing=False).execute()
    (id_,) = invoices(1, "NOBODY")
    assert post([id_], PostRequest(mode="queue")) == ["queued"]
    assert_verified()
    run_all()
    assert status_of(id_) is JobQueueStatus.ERROR
    assert_verified()


def test_a_batch_is_not_checked_before_it_is_queued(firm: Location) -> None:
    ids = [*invoices(1), *invoices(1, "NOBODY")]
    assert post(ids, PostRequest(mode="queue")) == ["queued", "queued"]
    run_all()
    assert status_of(ids[1]) is JobQueueStatus.ERROR
    assert_verified()


GUARDED: list[Callable[[int], object]] = [
    lambda id_: documents.set_fields(id_, {"posting_date": "2026-04-01"}, user="bob"),
    lambda id_: documents.set_line(id_, 10000, {"quantity": "2"}, user="bob"),
    lambda id_: documents.reopen(id_, user="bob"),
    lambda id_: documents.release(id_, user="bob"),
    lambda id_: documents.delete(id_, user="bob"),
]


@pytest.mark.parametrize("act", GUARDED, ids=["set_fields", "set_line", "reopen", "release", "delete"])
def test_what_is_refused_for_a_queued_document_names_the_entry_who_queued_it_and_when(
    firm: Location, act: Callable[[int], object]
) -> None:
    waiting = queue_invoice()
    was = Document.get_by_id(waiting.record_id).__data__
    created = waiting.created_at.astimezone(company.time_zone())
    named = f"entry {waiting.entry_no}, queued by ann at {created:%Y-%m-%d %H:%M}"
    for status in (EntryStatus.READY, EntryStatus.ON_HOLD):
        set_row(waiting, status=status)
        with pytest.raises(Refused, match=named) as refused:
            act(waiting.record_id)
        (problem,) = refused.value.problems
        assert (problem.code, "Remove" in problem.hint) == ("document_is_scheduled", True)
    set_row(waiting, status=EntryStatus.READY)
    assert Document.get_by_id(waiting.record_id).__data__ == was
    claimed()
    with pytest.raises(Refused, match=named) as refused:
        act(waiting.record_id)
    assert refused.value.problems[0].code == "document_is_posting"
    assert_verified()


@pytest.mark.parametrize("mode", ["now", "queue", "setup"])
def test_a_queued_document_is_not_posted_again_whichever_way(firm: Location, mode: str) -> None:
    waiting = queue_invoice()
    (result,) = background.post([waiting.record_id], PostRequest(mode=mode), user="bob")
    (problem,) = result.errors
    assert (result.result, problem.code) == ("refused", "document_is_scheduled")
    assert f"entry {waiting.entry_no}, queued by ann at" in problem.message
    assert row(waiting.entry_no).user_id == "ann"
    assert not JobQueueLogEntry.select().exists()
    assert_verified()


@pytest.mark.parametrize("status", [EntryStatus.READY, EntryStatus.ON_HOLD, EntryStatus.ERROR])
def test_one_removes_ones_own_whatever_it_waits_for(firm: Location, status: EntryStatus) -> None:
    waiting = queue_invoice()
    if status is EntryStatus.ERROR:
        in_error(waiting)
    elif status is EntryStatus.ON_HOLD:
        entries.set_on_hold([waiting.entry_no], user="ann")
    assert_verified()
    was = status_of(waiting.record_id)
    (result,) = background.remove([waiting.record_id], user="ann")
    assert (result.result, result.entry_id) == ("removed", waiting.id)
    source = Document.get_by_id(waiting.record_id)
    assert (source.job_queue_status, source.status) == (JobQueueStatus.BLANK, DocumentStatus.RELEASED)
    assert not JobQueueEntry.select().exists()
    (change,) = ChangeLogEntry.select().where(ChangeLogEntry.action == "Remove From Job Queue")
    assert (change.user_id, change.record, change.old_value, change.new_value) == ("ann", source.no, was.value, "")
    assert_verified()


def test_a_job_queue_admin_removes_what_others_queued_and_nobody_what_is_not_queued(firm: Location) -> None:
    waiting = queue_invoice()
    (result,) = background.remove([waiting.record_id], user="bob")
    assert (result.result, result.errors[0].code) == ("refused", "not_permitted")
    assert "ann" in result.errors[0].hint
    UserSetup.create(user_id="bob", job_queue_admin=True)
    assert [one.result for one in background.remove([waiting.record_id], user="bob")] == ["removed"]
    results = background.remove([waiting.record_id, 999_999], user="bob")
    assert [(one.result, one.errors[0].code) for one in results] == [
        ("refused", "document_not_queued"),
        ("refused", "document_gone"),
    ]
    assert_verified()


def test_a_document_in_error_can_be_mended_and_takes_its_entry_along_when_deleted(firm: Location) -> None:
    failed = in_error(queue_invoice())
    documents.reopen(failed.record_id, user="ann")
    documents.set_fields(failed.record_id, {"posting_date": "2026-04-01"}, user="ann")
    assert status_of(failed.record_id) is JobQueueStatus.ERROR
    assert_verified()
    documents.delete(failed.record_id, user="ann")
    assert not JobQueueEntry.select().exists()
    assert_verified()


def test_posting_an_error_in_the_session_drops_its_entry_with_the_posting_or_keeps_it_with_the_failure(
    firm: Location,
) -> None:
    failed = in_error(queue_invoice())
    Party.update(blocked="All").execute()
    assert post([failed.record_id], PostRequest(mode="now")) == ["failed"]
    kept = row(failed.entry_no)
    assert (kept.status, kept.errors) == (EntryStatus.ERROR, failed.errors)
    assert status_of(failed.record_id) is JobQueueStatus.ERROR
    assert_verified()
    Party.update(blocked="").execute()
    assert post([failed.record_id], PostRequest(mode="now")) == ["posted"]
    assert not JobQueueEntry.select().exists()
    assert_verified()
