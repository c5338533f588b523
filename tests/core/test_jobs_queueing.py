"""Queueing: one entry per document, held by the database; who is refused stays as it was; entry and document agree."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from builders import document, item_line
from conftest import MakeCompany
from jobs import assert_verified, claimed, entry_of, in_error, invoices, queue_invoice, row, run_all
from peewee import IntegrityError

from postroom.core import clock, company
from postroom.core.company import current_user
from postroom.core.database import Location, transaction
from postroom.core.errors import Problem
from postroom.core.jobs import doorbell, entries
from postroom.core.jobs.queueing import QueueOptions, queue_documents
from postroom.core.jobs.results import DocumentResult
from postroom.core.kinds import DocumentStatus, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.posting import check
from postroom.core.statements import execute
from postroom.core.tables.base import database
from postroom.core.tables.setup import ChangeLogEntry, SalesSetup
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import Batch, JobQueueCategory, JobQueueEntry, JobQueueLogEntry

PLAIN = QueueOptions()
DAY = date(2026, 4, 1)


def queue(ids: list[int], options: QueueOptions = PLAIN, user: str = "ann") -> list[DocumentResult]:
    return queue_documents(ids, options, user=user)


def checked(document_id: int) -> tuple[Problem, ...]:
    return check.check(document_id, user="ann")


def test_a_queued_document_is_scheduled_by_one_ready_entry_and_a_line_of_the_change_log(firm: Location) -> None:
    (id_,) = invoices()
    before = clock.now()
    (result,) = queue([id_])
    source = Document.get_by_id(id_)
    entry = entry_of(id_)
    assert (result.result, result.no, result.entry_id) == ("queued", source.no, entry.id)
    assert (entry.status, entry.attempts, entry.user_id, entry.batch_no) == (EntryStatus.READY, 0, "ann", None)
    assert (entry.job, entry.record_type, entry.record_no) == ("post-document", "sales-invoice", source.no)
    assert before <= entry.created_at <= clock.now()
    assert source.job_queue_status is JobQueueStatus.SCHEDULED
    (change,) = ChangeLogEntry.select().where(ChangeLogEntry.action == "Queue")
    assert (change.user_id, change.record, change.old_value, change.new_value) == (
        "ann",
        source.no,
        "",
        "Scheduled for Posting",
    )
    assert_verified()


def test_each_document_gets_what_the_setup_of_its_area_says(firm: Location) -> None:
    JobQueueCategory.create(code="OWN")
    SalesSetup.update(job_queue_category_code="OWN", priority_for_post=7).execute()
    (sale,) = invoices()
    purchase = document(DocumentType.PURCHASE_INVOICE, [item_line()])
    queue([sale, purchase])
    assert [(entry.category_code, entry.priority) for entry in (entry_of(sale), entry_of(purchase))] == [
        ("OWN", 7),
        ("PURCHPOST", 1000),
    ]


def test_several_documents_are_queued_in_their_order_under_one_batch_number(firm: Location) -> None:
    ids = invoices(5)
    ids.reverse()
    told: list[int] = []
    results = queue_documents(ids, PLAIN, user="ann", progress=told.append)
    assert [result.result for result in results] == ["queued"] * 5
    assert told == [5]
    made = [entry_of(id_) for id_ in ids]
    assert [entry.entry_no for entry in made] == sorted(entry.entry_no for entry in made)
    assert [entry.id for entry in made] == [result.entry_id for result in results]
    assert {entry.batch_no for entry in made} == {Batch.get().no}
    assert Batch.get().user_id == "ann"
    assert run_all() == 5
    assert {log.batch_no for log in JobQueueLogEntry.select()} == {Batch.get().no}
    assert_verified()


def test_one_bad_document_of_a_batch_never_stops_the_others(firm: Location) -> None:
    scheduled, good, other = invoices(3)
    queue([scheduled])
    empty = document(DocumentType.SALES_INVOICE, [], status=DocumentStatus.OPEN)
    results = queue([scheduled, empty, good, 999_999, other])
    assert [result.result for result in results] == ["refused", "refused", "queued", "refused", "queued"]
    assert results[0].errors[0].code == "document_is_scheduled"
    assert results[3].errors[0].code == "document_gone"
    assert_verified()


def test_the_database_refuses_a_second_posting_entry_of_a_document_whatever_the_status_of_the_first(
    firm: Location,
) -> None:
    (id_,) = invoices()
    queue([id_])
    twin = (
        "INSERT INTO job_queue_entry (entry_no, id, {columns})"
        " SELECT * FROM (SELECT 987654 AS entry_no, 'twin' AS id, {columns}"
        " FROM job_queue_entry WHERE record_id = ?) AS copied"
    )
    names = [field.column_name for field in JobQueueEntry._meta.sorted_fields]
    assert names[:2] == ["entry_no", "id"]
    insert = twin.format(columns=", ".join(names[2:]))
    for status in (EntryStatus.READY, EntryStatus.ERROR, EntryStatus.ON_HOLD, EntryStatus.IN_PROCESS):
        JobQueueEntry.update(status=status, category_code="").execute()
        with pytest.raises(IntegrityError), transaction():
            execute(insert, (id_,))
    JobQueueEntry.update(job="wait").execute()
    execute(insert, (id_,))  # any other job may name the document too
    assert JobQueueEntry.select().count() == 2


def test_two_that_queue_the_same_documents_at_once_make_one_entry_of_each(firm: Location) -> None:
    ids = invoices(6)
    begin = threading.Barrier(2)
    results: list[list[str]] = []

    def race(order: list[int]) -> None:
        database.connect(reuse_if_open=True)
        try:
            begin.wait()
            results.append(sorted(result.result for id_ in order for result in queue([id_])))
        finally:
            database.close()

    threads = [threading.Thread(target=race, args=(order,)) for order in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results[0] + results[1]) == ["queued"] * 6 + ["refused"] * 6
    assert JobQueueEntry.select().count() == 6
    assert_verified()


def test_a_document_in_error_that_is_posted_again_reuses_its_entry_as_new(firm: Location) -> None:
    failed = in_error(queue_invoice())
    JobQueueEntry.update(
        earliest_start=clock.now() + timedelta(days=1), expiration=clock.now() - timedelta(days=1), held_by="bob"
    ).execute()
    SalesSetup.update(priority_for_post=3, maximum_no_of_attempts=9, rerun_delay=1, job_timeout=60).execute()
    (result,) = queue([failed.record_id], user="bob")
    again = row(failed.entry_no)
    assert (result.result, result.entry_id) == ("queued", failed.id)
    assert (again.status, again.attempts, again.errors, again.held_by) == (EntryStatus.READY, 0, "", "")
    assert (again.earliest_start, again.expiration) == (None, None)
    assert (again.user_id, again.priority, again.max_attempts, again.rerun_delay) == ("bob", 3, 9, 1)
    assert (again.job_timeout, again.batch_no) == (60, None)
    assert again.created_at == again.last_ready_at > failed.created_at
    assert_verified()
    assert entries.expire_overdue() == 0
    assert run_all() == 1
    assert not JobQueueEntry.select().exists()
    assert_verified()


def test_what_the_check_finds_is_told_and_leaves_the_document_as_it_was(firm: Location) -> None:
    (id_,) = invoices(1, status=DocumentStatus.OPEN)
    Party.update(blocked="All", invoice_discount_percent=Decimal(10)).execute()
    was = Document.get_by_id(id_).__data__
    options = QueueOptions(checked, posting_date=DAY, replace_posting_date=True, calc_inv_discount=True)
    (result,) = queue([id_], options)
    assert (result.result, result.errors) == ("refused", checked_as_posted(id_))
    assert Document.get_by_id(id_).__data__ == was
    assert not JobQueueEntry.select().exists()
    assert not ChangeLogEntry.select().where(ChangeLogEntry.action == "Queue").exists()
    assert_verified()


def checked_as_posted(document_id: int) -> tuple[Problem, ...]:
    """What the check says of the document once it is released."""
    Document.update(status=DocumentStatus.RELEASED).where(Document.id == document_id).execute()
    problems = checked(document_id)
    Document.update(status=DocumentStatus.OPEN).where(Document.id == document_id).execute()
    assert problems
    return problems


def test_the_check_sees_the_dates_with_which_the_document_will_be_posted(firm: Location) -> None:
    (id_,) = invoices(1, posting_date=None)
    assert queue([id_], QueueOptions(checked))[0].result == "refused"
    assert queue([id_], QueueOptions(checked, posting_date=DAY, replace_posting_date=True))[0].result == "queued"
    assert Document.get_by_id(id_).posting_date == DAY
    assert run_all() == 1
    assert_verified()


@pytest.mark.parametrize(("posting", "on_document"), [(True, False), (False, True), (True, True), (False, False)])
def test_only_the_dates_that_are_to_be_replaced_are_replaced(firm: Location, posting: bool, on_document: bool) -> None:
    ids = invoices(2)
    was = Document.get_by_id(ids[0]).posting_date
    options = QueueOptions(posting_date=DAY, replace_posting_date=posting, replace_document_date=on_document)
    queue(ids, options)
    for id_ in ids:
        source = Document.get_by_id(id_)
        assert source.posting_date == (DAY if posting else was)
        assert source.document_date == (DAY if on_document else was)


def test_a_refused_document_keeps_its_dates(firm: Location) -> None:
    scheduled, good = invoices(2)
    queue([scheduled])
    empty = document(DocumentType.SALES_INVOICE, [], status=DocumentStatus.OPEN)
    was = {id_: Document.get_by_id(id_).posting_date for id_ in (scheduled, empty)}
    queue([scheduled, empty, good], QueueOptions(posting_date=DAY, replace_posting_date=True))
    assert {id_: Document.get_by_id(id_).posting_date for id_ in was} == was
    assert Document.get_by_id(good).posting_date == DAY


def test_the_invoice_discount_is_calculated_when_asked_for(firm: Location) -> None:
    (id_,) = invoices(1, status=DocumentStatus.OPEN)
    Party.update(invoice_discount_percent=Decimal(10)).execute()
    queue([id_], QueueOptions(calc_inv_discount=True))
    source = Document.get_by_id(id_)
    assert (source.invoice_discount_amount, source.status) == (Decimal(10), DocumentStatus.RELEASED)
    assert run_all() == 1
    assert_verified()


def test_an_entry_on_hold_keeps_its_document_scheduled_so_that_it_cannot_be_queued_again(firm: Location) -> None:
    waiting = queue_invoice()
    entries.set_on_hold([waiting.entry_no], user=current_user())
    (result,) = queue([waiting.record_id])
    assert (result.result, result.errors[0].code) == ("refused", "document_is_scheduled")
    assert row(waiting.entry_no).status is EntryStatus.ON_HOLD
    assert_verified()


def test_a_document_that_is_being_posted_is_refused_naming_the_entry(firm: Location) -> None:
    waiting = queue_invoice()
    claimed()
    (result,) = queue([waiting.record_id])
    (problem,) = result.errors
    assert (result.result, problem.code) == ("refused", "document_is_posting")
    queued = waiting.created_at.astimezone(company.time_zone())
    assert f"entry {waiting.entry_no}, queued by ann at {queued:%Y-%m-%d %H:%M}" in problem.message
    assert row(waiting.entry_no).status is EntryStatus.IN_PROCESS
    assert_verified()


def test_the_consumer_is_rung_once_the_entries_are_committed_and_a_broken_bell_undoes_nothing(
    make: MakeCompany,
) -> None:
    location = make()
    company.open_company(location)
    ids = invoices(2)
    seen: list[int] = []

    def ring() -> None:
        assert not database.in_transaction()
        seen.append(JobQueueEntry.select().count())
        raise OSError("no doorbell")

    doorbell.install(ring)
    try:
        assert [result.result for result in queue(ids)] == ["queued", "queued"]
        assert seen == [2]
        with pytest.raises(ZeroDivisionError):
            queue_and_fail(invoices())
        assert seen == [2]
    finally:
        doorbell.install(None)
    company.close()
    company.open_company(location)
    assert JobQueueEntry.select().count() == 2
    assert_verified()


def queue_and_fail(ids: list[int]) -> None:
    """Queue inside a transaction that is rolled back."""
    with transaction():
        queue(ids)
        raise ZeroDivisionError
