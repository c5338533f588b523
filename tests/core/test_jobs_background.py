"""Post and Remove From Job Queue: in the session or queued as the setup says, one entry per document."""

from __future__ import annotations

from datetime import date

import pytest
from builders import document, item_line
from jobs import QUEUE, claimed, entry_of, invoices, queued, run_all
from peewee import IntegrityError

from postroom.core import documents
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotPermitted, Refused, UsageError
from postroom.core.jobs import background, doorbell, log
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import DocumentStatus, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.tables.setup import ChangeLogEntry, SalesSetup, UserSetup
from postroom.core.tables.trade import Document
from postroom.core.tables.work import Batch, JobQueueEntry

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


def test_what_would_post_only_a_part_or_print_is_refused_and_never_ignored(firm: Location) -> None:
    invoices()
    order = document(DocumentType.SALES_ORDER, [item_line()])
    (result,) = background.post([order], PostRequest(ship=True), user=current_user())
    assert (result.result, result.errors[0].code) == ("refused", "partial_not_supported")
    assert post([order], PostRequest(ship=True, invoice=True)) == ["posted"]
    with pytest.raises(UsageError):
        background.post([], PostRequest(print=True), user=current_user())


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
