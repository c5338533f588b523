"""Batch posting, checking and cleaning as jobs, over both databases."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta

import builders
import pytest

from postroom.core import clock, setups
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotPermitted, UsageError
from postroom.core.jobs import background, batches, claims, entries, log, notes, processes, runs, schedules
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.jobs.schedules import Schedule
from postroom.core.kinds import Area, DocumentStatus, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import UserSetup
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import JobQueueEntry

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
"""12:00 in Copenhagen."""
ALL_DAYS = Recurrence(weekdays=frozenset(range(7)), minutes=10)
INVOICES = "batch-post-sales-invoices"


@pytest.fixture
def ann(firm: Location) -> str:
    """A user who may post, with two customers, one of them blocked, at noon."""
    builders.party(Area.SALES, "C1")
    builders.party(Area.SALES, "C2", blocked="All")
    builders.item("I1")
    clock.start_at(NOON)
    return "ann"


def invoice(no: str, party_no: str = "C1") -> int:
    return builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no=no, party_no=party_no)


def schedule(job: str, plan: Schedule | None = None, user: str = "ann", **parameters: str) -> entries.EntryView:
    return schedules.schedule(job, parameters, plan or Schedule(), user=user)


def work(most: int = 100) -> int:
    """Run what is due here and now, as a worker does; returns how many entries ran."""
    pid = os.getpid()
    worker = claims.Worker(processes.host(), pid, processes.start_of(pid), "")
    for count in range(most):
        if (claim := claims.claim_next(worker)) is None:
            return count
        runs.run(claim)
    return most


def entry_of(no: str) -> JobQueueEntry:
    found: JobQueueEntry = JobQueueEntry.get(JobQueueEntry.record_no == no)
    return found


def last_note(user: str = "ann") -> str:
    return notes.list_notes(user)[0].text


def test_a_batch_queues_one_entry_per_document_and_one_bad_one_stops_no_other(ann: str) -> None:
    for no, party in (("A1", "C1"), ("A2", "C2"), ("A3", "C1")):
        invoice(no, party)
    schedule(INVOICES)
    assert work() == 4
    (batch,) = batches.list_batches()
    assert (batch.report, batch.user, batch.total, batch.posted, batch.failed) == (
        *("Batch Post Sales Invoices", "ann"),
        *(3, 2, 1),
    )
    assert entry_of("A2").status.value == "Error"
    assert any(f"3 documents queued as batch {batch.no}." in note.text for note in notes.list_notes("ann"))


def test_one_document_makes_a_batch_too_and_other_types_are_left(ann: str) -> None:
    invoice("A1")
    builders.document(DocumentType.SALES_ORDER, [builders.item_line()], no="O1")
    schedule(INVOICES)
    assert work(1) == 1
    (batch,) = batches.list_batches()
    assert entry_of("A1").batch_no == batch.no
    assert Document.get(Document.no == "O1").job_queue_status.value == ""


def test_documents_scheduled_already_are_skipped_and_listed(ann: str) -> None:
    invoice("A1")
    schedule(INVOICES)
    work(1)
    first = entry_of("A1")
    entries.set_on_hold([first.id], user=ann)
    invoice("A2")
    schedule(INVOICES)
    work(1)
    assert (entry_of("A1").id, entry_of("A1").batch_no) == (first.id, first.batch_no)
    assert entry_of("A2").batch_no != first.batch_no
    assert "Skipped, as scheduled already: A1." in last_note()


def test_the_options_are_written_to_the_documents_when_they_are_queued(ann: str) -> None:
    invoice("A1")
    invoice("B1")
    schedule(
        INVOICES,
        filter="no=A*",
        posting_date="2026-03-31",
        replace_posting_date="true",
    )
    work(1)
    a1, b1 = (Document.get(Document.no == no) for no in ("A1", "B1"))
    assert (a1.posting_date, a1.document_date) == (date(2026, 3, 31), builders.DAY)
    assert a1.job_queue_status.value == "Scheduled for Posting"
    assert (b1.posting_date, b1.job_queue_status.value) == (builders.DAY, "")


def test_today_is_the_day_of_the_run_in_the_companys_time_zone(ann: str) -> None:
    invoice("A1")
    tonight = Schedule(start=datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    schedule(INVOICES, tonight, posting_date="today", replace_posting_date="yes")
    clock.start_at(datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    work(1)
    assert Document.get(Document.no == "A1").posting_date == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("job", "parameters"),
    [
        (INVOICES, {"replace_posting_date": "true"}),
        (INVOICES, {"posting_date": "soon"}),
        (INVOICES, {"filter": "colour=red"}),
        (INVOICES, {"print": "maybe"}),
        (INVOICES, {"ship": "maybe"}),
        ("batch-post-sales-orders", {"receive": "true"}),
        ("batch-post-purchase-orders", {"ship": "true", "invoice": "true"}),
        ("check", {"filter": "posting_date=soon"}),
        ("delete-old-log-entries", {"older_than": "-1"}),
    ],
)
def test_parameters_that_cannot_be_are_refused_when_scheduling(ann: str, job: str, parameters: dict[str, str]) -> None:
    UserSetup.create(user_id="ann", job_queue_admin=True)
    with pytest.raises(UsageError):
        schedule(job, **parameters)
    assert JobQueueEntry.select().count() == 0


def test_all_eight_types_can_be_posted_in_batches(ann: str) -> None:
    for kind in DocumentType:
        assert schedule(f"batch-post-{kind.value}s").description == f"Batch Post {kind.title}s"


def test_a_recurring_batch_with_nothing_to_do_rests_and_wakes_by_itself(ann: str) -> None:
    made = schedule(INVOICES, Schedule(rules=ALL_DAYS, inactivity=30))
    assert work() == 1
    resting = entries.show(made.id)
    assert resting.status == "On Hold with Inactivity Timeout"
    assert resting.why is not None
    assert resting.why.code == "inactive"
    assert timedelta(minutes=30) <= resting.why.until - NOON < timedelta(minutes=31)  # type: ignore[operator]
    assert (work(), entries.wake_resting()) == (0, 0)
    invoice("A1")
    clock.start_at(NOON + timedelta(minutes=31))
    assert entries.wake_resting() == 1
    assert work() == 2
    assert PostedDocument.select().count() == 2
    assert entries.show(made.id).status == "Ready"


def test_a_resting_batch_wakes_inside_its_window(ann: str) -> None:
    morning = Recurrence(weekdays=ALL_DAYS.weekdays, starting_time=time(8), ending_time=time(12, 15), minutes=10)
    made = schedule(INVOICES, Schedule(rules=morning, inactivity=30))
    work()
    assert entries.show(made.id).earliest_start == datetime(2026, 11, 25, 7, tzinfo=UTC)


def test_without_an_inactivity_period_a_batch_with_nothing_to_do_keeps_to_its_plan(ann: str) -> None:
    made = schedule(INVOICES, Schedule(rules=ALL_DAYS))
    once = schedule(INVOICES)
    assert work() == 2
    assert entries.show(made.id).status == "Ready"
    assert JobQueueEntry.get_or_none(JobQueueEntry.id == once.id) is None
    with pytest.raises(UsageError, match="Inactivity"):
        schedule(INVOICES, Schedule(inactivity=30))


def test_a_check_posts_nothing_and_tells_what_would_fail(ann: str) -> None:
    invoice("A1")
    invoice("A2", "C2")
    schedule("check", filter="type=sales-invoice")
    assert work() == 1
    assert PostedDocument.select().count() == 0
    assert {row.job_queue_status.value for row in Document.select()} == {""}
    assert "2 documents checked, 1 would fail. Sales Invoice A2" in last_note()


def test_old_log_entries_are_deleted_by_age(ann: str) -> None:
    UserSetup.create(user_id="ann", job_queue_admin=True)
    schedule("wait")
    work()
    clock.start_at(NOON + timedelta(days=3))
    schedule("wait")
    work()
    clock.start_at(NOON + timedelta(days=8))
    schedule("delete-old-log-entries")
    assert work() == 1
    assert [view.job for view in log.list_log()] == ["delete-old-log-entries", "wait"]
    schedule("delete-old-log-entries", older_than="0")
    work()
    assert len(log.list_log()) == 1


def test_who_may_only_post_schedules_batches_and_checks_but_no_housekeeping(ann: str) -> None:
    schedule("check")
    with pytest.raises(NotPermitted):
        schedule("delete-old-log-entries")
    UserSetup.create(user_id="eve", may_post=False)
    with pytest.raises(NotPermitted):
        schedule(INVOICES, user="eve")


def test_checking_a_scheduled_batch_tells_what_it_would_do_and_changes_nothing(ann: str) -> None:
    invoice("A")
    invoice("B", "C2")
    invoice("C")
    Document.update(status=DocumentStatus.OPEN).execute()
    Document.update(posting_date=date(2020, 1, 1)).where(Document.no == "C").execute()
    setups.change({"ledger.allow_posting_from": "2026-01-01"}, user=current_user())
    made = schedule(INVOICES, Schedule(hold=True))
    results = schedules.check(made.id, user=ann)
    assert [(result.no, result.result) for result in results] == [("A", "checked"), ("B", "failed"), ("C", "failed")]
    assert [result.errors[0].code for result in results[1:]] == ["party_blocked", "posting_date_not_allowed"]
    assert all(document.status is DocumentStatus.OPEN for document in Document.select())
    assert Document.get(Document.no == "C").posting_date == date(2020, 1, 1)
    dated = schedule(INVOICES, Schedule(hold=True), posting_date="today", replace_posting_date="yes")
    assert [result.result for result in schedules.check(dated.id, user=ann)] == ["checked", "failed", "checked"]
    assert Document.get(Document.no == "C").posting_date == date(2020, 1, 1)
    with pytest.raises(UsageError, match="queues no documents"):
        schedules.check(schedule("check").id, user=ann)


def test_a_restarted_batch_runs_exactly_what_failed(ann: str) -> None:
    for no, party_no in (("A", "C1"), ("B", "C2"), ("C", "C1")):
        invoice(no, party_no)
    schedule(INVOICES)
    work()
    (batch,) = batches.list_batches()
    assert (batch.posted, batch.failed, batch.to_go) == (2, 1, 0)
    Party.update(blocked="").where(Party.no == "C2").execute()
    (result,) = batches.restart(batch.no, user=ann)
    assert (result.no, result.result) == ("B", "restarted")
    assert work() == 1
    assert (batches.show(batch.no).posted, batches.show(batch.no).failed) == (3, 0)
    assert batches.restart(batch.no, user=ann) == []


@pytest.mark.parametrize("again", [True, False], ids=["post again", "post"])
def test_what_failed_and_is_posted_again_stays_in_its_batch(ann: str, again: bool) -> None:
    ids = [invoice(no, party_no) for no, party_no in (("A", "C1"), ("B", "C2"), ("C", "C2"))]
    schedule(INVOICES)
    work()
    (batch,) = batches.list_batches()
    Party.update(blocked="").where(Party.no == "C2").execute()
    for chosen in [ids[1:]] if again else [[ids[1]], [ids[2]]]:
        background.post(chosen, PostRequest(mode="queue", again=again, queue_anyway=True), user=ann)
    work()
    assert [(one.no, one.total, one.posted) for one in batches.list_batches()] == [(batch.no, 3, 3)]


def test_a_batch_whose_claim_was_revoked_queues_nothing(ann: str) -> None:
    invoice("A")
    made = schedule(INVOICES)
    pid = os.getpid()
    claim = claims.claim_next(claims.Worker(processes.host(), pid, processes.start_of(pid), ""))
    assert claim is not None
    JobQueueEntry.update(claim_token="another").where(JobQueueEntry.id == made.id).execute()
    runs.run(claim)
    assert Document.get(Document.no == "A").job_queue_status is JobQueueStatus.BLANK
    assert [(entry.id, entry.status) for entry in JobQueueEntry.select()] == [(made.id, EntryStatus.IN_PROCESS)]
