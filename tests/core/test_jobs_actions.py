"""Every action on Job Queue Entries in every status: what it moves, what is refused and why, who may do it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from jobs import (
    ANN,
    assert_verified,
    category,
    changes,
    claimed,
    document_status,
    here,
    in_error,
    logs_of,
    queue_invoice,
    row,
    set_row,
    wait_entry,
)

from postroom.core import clock, users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import Refused, UsageError, problems_from_json
from postroom.core.jobs import claims, entries, notes, runs
from postroom.core.jobs.entries import Names
from postroom.core.jobs.results import EntryResult
from postroom.core.kinds import Area, EntryStatus, JobQueueStatus, LogStatus, PostedKind
from postroom.core.statements import execute
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry

pytestmark = pytest.mark.usefixtures("firm")

Action = Callable[[Names, str], list[EntryResult]]

ACTIONS: dict[str, Action] = {
    "ready": lambda ids, user: entries.set_ready(ids, user=user),
    "restart": lambda ids, user: entries.restart(ids, user=user),
    "hold": lambda ids, user: entries.set_on_hold(ids, user=user),
    "cancel": lambda ids, user: entries.cancel(ids, user=user),
    "delete": lambda ids, user: entries.delete(ids, user=user),
    "priority": lambda ids, user: entries.set_priority(ids, 5, user=user),
    "run-once": lambda ids, user: entries.run_once(ids, user=user),
}


def in_status(status: EntryStatus) -> JobQueueEntry:
    """A queued invoice whose entry came to the status by the ordinary way."""
    entry = queue_invoice()
    match status:
        case EntryStatus.ERROR:
            return in_error(entry)
        case EntryStatus.ON_HOLD:
            entries.set_on_hold([entry.entry_no], user=ANN)
        case EntryStatus.IN_PROCESS:
            claimed()
    found = row(entry.entry_no)
    assert found.status is status
    return found


def done(results: list[EntryResult]) -> list[str]:
    return [result.result for result in results]


@pytest.mark.parametrize(("action", "logged"), [("ready", "Set Status to Ready"), ("restart", "Restart")])
@pytest.mark.parametrize("status", [EntryStatus.ERROR, EntryStatus.ON_HOLD])
def test_an_entry_in_error_or_on_hold_becomes_ready_with_its_attempts_and_errors_gone(
    status: EntryStatus, action: str, logged: str
) -> None:
    entry = in_status(status)
    before = len(changes())
    (result,) = ACTIONS[action]([entry.entry_no], ANN)
    assert (result.result, result.entry_id) == ("ready" if action == "ready" else "restarted", entry.id)
    assert (result.type, result.no) == ("sales-invoice", entry.record_no)
    after = row(entry.id)
    assert (after.status, after.attempts, after.errors, after.held_by) == (EntryStatus.READY, 0, "", "")
    assert document_status(after) is JobQueueStatus.SCHEDULED
    assert changes()[before:] == [(ANN, logged, "Status", status.value, "Ready")]
    assert_verified()


def test_set_ready_keeps_a_start_that_was_planned_and_restart_does_not() -> None:
    later = clock.now() + timedelta(hours=3)
    held = [wait_entry(status=EntryStatus.ON_HOLD, earliest_start=later) for _ in range(2)]
    entries.set_ready([held[0].entry_no], user=ANN)
    entries.restart([held[1].entry_no], user=ANN)
    assert row(held[0].id).earliest_start == held[0].earliest_start
    assert row(held[1].id).earliest_start is None


def test_the_delay_of_the_last_attempt_does_not_outlive_the_error() -> None:
    failed = set_row(in_error(queue_invoice()), earliest_start=clock.now() + timedelta(hours=1), attempts=3)
    entries.set_ready([failed.entry_no], user=ANN)
    assert row(failed.id).earliest_start is None


def test_an_entry_on_hold_with_inactivity_timeout_can_be_woken_or_put_on_hold() -> None:
    woken, held = (wait_entry(status=EntryStatus.ON_HOLD_INACTIVE) for _ in range(2))
    assert done(entries.set_ready([woken.id], user=ANN)) == ["ready"]
    assert done(entries.set_on_hold([held.id], user=ANN)) == ["on hold"]
    assert (row(woken.id).status, row(held.id).status) == (EntryStatus.READY, EntryStatus.ON_HOLD)


@pytest.mark.parametrize("status", [EntryStatus.READY, EntryStatus.ERROR])
def test_a_ready_or_failed_entry_is_put_on_hold_by_name(status: EntryStatus) -> None:
    entry = in_status(status)
    assert done(entries.set_on_hold([entry.entry_no], user=ANN)) == ["on hold"]
    after = row(entry.id)
    assert (after.status, after.held_by) == (EntryStatus.ON_HOLD, ANN)
    assert document_status(after) is JobQueueStatus.SCHEDULED
    assert changes()[-1] == (ANN, "Set On Hold", "Status", status.value, "On Hold")
    assert claims.claim_next(here()) is None
    assert_verified()


def test_cancel_asks_the_worker_to_stop_and_leaves_the_entry_to_it() -> None:
    entry = in_status(EntryStatus.IN_PROCESS)
    assert done(entries.cancel([entry.entry_no], user=ANN)) == ["cancelling"]
    after = row(entry.id)
    assert (after.status, after.cancel_requested_by) == (EntryStatus.IN_PROCESS, ANN)
    assert document_status(after) is JobQueueStatus.POSTING
    assert changes()[-1] == (ANN, "Cancel", "Status", "In Process", "On Hold")


@pytest.mark.parametrize("status", [EntryStatus.READY, EntryStatus.ERROR, EntryStatus.ON_HOLD])
def test_a_deleted_entry_leaves_its_document_released_and_out_of_the_queue(status: EntryStatus) -> None:
    entry = in_status(status)
    assert done(entries.delete([entry.entry_no], user=ANN)) == ["deleted"]
    assert not JobQueueEntry.select().exists()
    document = Document.get_by_id(entry.record_id)
    assert (document.job_queue_status, document.status.value) == (JobQueueStatus.BLANK, "Released")
    assert changes()[-1] == (ANN, "Delete", "", entry.description, "")
    assert_verified()


@pytest.mark.parametrize("status", [EntryStatus.READY, EntryStatus.ERROR, EntryStatus.ON_HOLD])
def test_another_priority_decides_who_is_next(status: EntryStatus) -> None:
    entry = in_status(status)
    earlier = wait_entry(category_code="SALESPOST", priority=5)
    assert done(entries.set_priority([entry.entry_no], 1, user=ANN)) == ["priority set"]
    after = row(entry.id)
    assert (after.priority, after.status) == (1, status)
    assert changes()[-1] == (ANN, "Modify", "Priority", "1000", "1")
    assert claimed().entry_no == (entry if status is EntryStatus.READY else earlier).entry_no


@pytest.mark.parametrize("priority", [-1, 1_000_001])
def test_a_priority_out_of_range_is_refused_before_any_entry_is_touched(priority: int) -> None:
    entry = wait_entry()
    with pytest.raises(Refused, match="from 0 to 1000000") as refused:
        entries.set_priority([entry.id], priority, user=ANN)
    assert (refused.value.problems[0].field, refused.value.problems[0].value) == ("priority", str(priority))
    assert row(entry.id).priority == 1000


FORBIDDEN = [
    ("ready", EntryStatus.READY, "only On Hold or Error"),
    ("ready", EntryStatus.IN_PROCESS, "only On Hold or Error"),
    ("restart", EntryStatus.READY, "can be restarted"),
    ("restart", EntryStatus.IN_PROCESS, "can be restarted"),
    ("hold", EntryStatus.ON_HOLD, "only Ready or Error"),
    ("hold", EntryStatus.IN_PROCESS, "can be put on hold"),
    ("cancel", EntryStatus.READY, "only In Process can be cancelled"),
    ("cancel", EntryStatus.ERROR, "only In Process can be cancelled"),
    ("cancel", EntryStatus.ON_HOLD, "only In Process can be cancelled"),
    ("delete", EntryStatus.IN_PROCESS, "cannot be deleted now"),
    ("priority", EntryStatus.IN_PROCESS, "cannot be given another priority now"),
    ("run-once", EntryStatus.IN_PROCESS, "cannot be run once more now"),
]


@pytest.mark.parametrize(("action", "status", "reason"), FORBIDDEN)
def test_what_a_status_forbids_is_refused_with_the_reason_and_changes_nothing(
    action: str, status: EntryStatus, reason: str
) -> None:
    entry = in_status(status)
    before, logged = entry._asdict(), changes()
    (result,) = ACTIONS[action]([entry.entry_no], ANN)
    (problem,) = result.errors
    assert (result.result, problem.code, problem.value) == ("refused", "entry_state", status.value)
    assert reason in problem.message
    assert f"Job Queue Entry {entry.entry_no}" in problem.record
    assert problem.hint
    assert row(entry.id)._asdict() == before
    assert document_status(entry) is status.document_status
    assert changes() == logged


@pytest.mark.parametrize("action", ACTIONS)
def test_an_entry_that_is_not_there_is_told_and_stops_none_of_the_others(action: str) -> None:
    needs = {"cancel": EntryStatus.IN_PROCESS, "hold": EntryStatus.READY}
    entry = in_status(needs.get(action, EntryStatus.ON_HOLD))
    missing, found = ACTIONS[action](["999", entry.id], ANN)
    assert (missing.result, missing.errors[0].code, missing.entry_id) == ("refused", "entry_unknown", "999")
    assert found.result != "refused"


def test_a_refusal_undoes_nothing_that_came_before_it() -> None:
    first, second = queue_invoice(), queue_invoice()
    assert done(entries.set_on_hold([first.entry_no, 999_999, second.entry_no], user=ANN)) == [
        "on hold",
        "refused",
        "on hold",
    ]
    assert {row(one.id).status for one in (first, second)} == {EntryStatus.ON_HOLD}


@pytest.mark.parametrize("action", ACTIONS)
def test_others_entries_need_job_queue_admin(action: str) -> None:
    entry = in_status(EntryStatus.IN_PROCESS if action == "cancel" else EntryStatus.ERROR)
    before = entry._asdict()
    (refused,) = ACTIONS[action]([entry.entry_no], "bo")
    assert (refused.result, refused.errors[0].code) == ("refused", "not_permitted")
    assert refused.errors[0].field == "job_queue_admin"
    assert row(entry.id)._asdict() == before
    (result,) = ACTIONS[action]([entry.entry_no], current_user())
    assert result.result != "refused"


@pytest.mark.parametrize("action", ACTIONS)
def test_ones_own_entries_need_post(action: str) -> None:
    entry = in_status(EntryStatus.IN_PROCESS if action == "cancel" else EntryStatus.ERROR)
    users.set_user(ANN, {"may_post": "false"}, user=current_user())
    (refused,) = ACTIONS[action]([entry.entry_no], ANN)
    assert (refused.result, refused.errors[0].code, refused.errors[0].field) == ("refused", "not_permitted", "may_post")


def test_run_once_posts_here_and_now_and_says_what_came_out() -> None:
    entry = queue_invoice()
    (result,) = entries.run_once([entry.entry_no], user=ANN)
    assert (result.result, result.entry_id) == ("posted", entry.id)
    assert {(ref.area, ref.kind, ref.no) for ref in result.posted} == {
        (one.area, one.kind, one.no) for one in PostedDocument.select()
    }
    assert {ref.kind for ref in result.posted} == {PostedKind.SHIPMENT, PostedKind.INVOICE}
    assert {(type(ref.area), type(ref.kind)) for ref in result.posted} == {(Area, PostedKind)}
    assert not JobQueueEntry.select().exists()
    assert not Document.select().where(Document.id == entry.record_id).exists()
    (log,) = logs_of(entry)
    assert (log.status, log.job_queue_code, log.process_id) == (LogStatus.SUCCESS, "", here().process_id)
    assert_verified()


@pytest.mark.parametrize("status", [EntryStatus.READY, EntryStatus.ERROR, EntryStatus.ON_HOLD])
def test_run_once_leaves_one_line_in_the_change_log_whatever_the_entry_was(status: EntryStatus) -> None:
    entry = in_status(status)
    before = changes()
    entries.run_once([entry.entry_no], user=ANN)
    assert changes() == [*before, (ANN, "Run Once", "Status", status.value, "In Process")]


def test_run_once_of_a_recurring_entry_logs_the_copy_it_made_and_nothing_of_the_entry() -> None:
    entry = wait_entry(next_run_date_formula="1D")
    entries.run_once([entry.entry_no], user=ANN)
    assert changes() == [(ANN, "Run Once", "", "", f"a copy of entry {entry.entry_no}")]


@pytest.mark.parametrize("status", [EntryStatus.ERROR, EntryStatus.ON_HOLD])
def test_run_once_also_takes_what_failed_or_was_held_and_what_starts_later(status: EntryStatus) -> None:
    entry = set_row(in_status(status), earliest_start=clock.now() + timedelta(days=1))
    assert done(entries.run_once([entry.entry_no], user=ANN)) == ["posted"]
    assert_verified()


def test_run_once_tells_why_the_run_failed() -> None:
    entry = in_error(queue_invoice())
    (problem,) = problems_from_json(entry.errors)
    assert "blocked" in problem.message
    assert document_status(entry) is JobQueueStatus.ERROR
    assert [log.status for log in logs_of(entry)] == [LogStatus.ERROR]
    (note,) = notes.list_notes(ANN)
    assert problem.message in note.text
    assert (note.record_type, note.record_no) == ("sales-invoice", entry.record_no)
    assert_verified()


def test_run_once_finding_its_category_busy_says_so_and_leaves_the_entry_alone() -> None:
    running, ready, held = queue_invoice(), queue_invoice(), queue_invoice()
    entries.set_on_hold([held.id], user=ANN)
    claimed()
    results = entries.run_once([ready.entry_no, held.entry_no], user=ANN)
    assert [(one.result, one.errors[0].code) for one in results] == [("refused", "category_busy")] * 2
    for entry, status, held_by in ((ready, EntryStatus.READY, ""), (held, EntryStatus.ON_HOLD, ANN)):
        after = row(entry.id)
        assert (after.status, after.held_by, after.attempts) == (status, held_by, 0)
        assert document_status(after) is JobQueueStatus.SCHEDULED
    assert row(running.id).status is EntryStatus.IN_PROCESS
    assert document_status(running) is JobQueueStatus.POSTING


def test_an_expiration_that_passed_puts_entry_and_document_in_error_and_tells_the_user() -> None:
    late = set_row(queue_invoice(), expiration=clock.now() - timedelta(seconds=1))
    in_time = set_row(queue_invoice(), expiration=clock.now() + timedelta(hours=1))
    recurring = wait_entry(expiration=clock.now() - timedelta(seconds=1), next_run_date_formula="1D")
    assert entries.expire_overdue() == 1
    after = row(late.id)
    (problem,) = problems_from_json(after.errors)
    assert (after.status, problem.code, problem.field) == (EntryStatus.ERROR, "expired", "expiration")
    assert problem.hint
    assert document_status(after) is JobQueueStatus.ERROR
    assert (row(in_time.id).status, row(recurring.id).status) == (EntryStatus.READY, EntryStatus.READY)
    (note,) = notes.list_notes(ANN)
    assert "Expiration" in note.text
    assert (note.record_type, note.record_no) == ("sales-invoice", late.record_no)
    assert entries.expire_overdue() == 0
    assert_verified()


def test_an_entry_past_its_expiration_is_not_claimed_even_before_anybody_noticed() -> None:
    set_row(queue_invoice(), expiration=clock.now() - timedelta(seconds=1))
    assert claims.claim_next(here()) is None


def test_the_document_follows_its_entry_from_queue_to_posting_to_error_and_back_to_posted() -> None:
    entry = queue_invoice()
    seen = [document_status(entry)]
    claim = claimed()
    seen.append(document_status(entry))
    Document.update(party_no="NOBODY").where(Document.id == entry.record_id).execute()
    runs.run(claim)
    seen.append(document_status(entry))
    entries.restart([entry.id], user=ANN)
    seen.append(document_status(entry))
    Document.update(party_no="C1").where(Document.id == entry.record_id).execute()
    runs.run(claimed())
    scheduled, posting, error = JobQueueStatus.SCHEDULED, JobQueueStatus.POSTING, JobQueueStatus.ERROR
    assert seen == [scheduled, posting, error, scheduled]
    assert not Document.select().where(Document.id == entry.record_id).exists()
    assert [log.status for log in logs_of(entry)] == [LogStatus.ERROR, LogStatus.SUCCESS]
    assert_verified()


def test_a_list_shows_who_has_what_and_takes_filters() -> None:
    code = category("SLOW")
    first, second = wait_entry(category_code=code), wait_entry("bo", category_code=code)
    claimed()
    running = entries.show(first.entry_no)
    assert (running.status, running.job_queue, running.why) == ("In Process", "DEFAULT", None)
    assert (running.host, running.process_id) == (here().host, here().process_id)
    assert running.started is not None
    assert [one.entry_no for one in entries.list_entries()] == [first.entry_no, second.entry_no]
    assert [one.id for one in entries.list_entries("user=bo")] == [second.id]
    assert [one.id for one in entries.list_entries("status=Ready")] == [second.id]
    assert [one.id for one in entries.list_entries(user=ANN)] == [first.id]
    assert [one.id for one in entries.list_entries(entry_nos=[second.entry_no])] == [second.id]
    with pytest.raises(UsageError):
        entries.list_entries("colour=red")


def test_an_overdue_entry_deleted_meanwhile_keeps_no_other_from_expiring(firm: Location) -> None:
    first, second, third = (wait_entry(expiration=clock.now() - timedelta(seconds=1)) for _ in range(3))
    deletion = f"DELETE FROM job_queue_entry WHERE entry_no = {second.entry_no}"
    if firm.is_postgres:
        when = f"ON UPDATE TO job_queue_entry WHERE NEW.entry_no = {first.entry_no}"
        execute(f"CREATE RULE somebody_deletes AS {when} DO ALSO {deletion}")
    else:
        when = f"AFTER UPDATE ON job_queue_entry WHEN NEW.entry_no = {first.entry_no}"
        execute(f"CREATE TRIGGER somebody_deletes {when} BEGIN {deletion}; END")
    assert entries.expire_overdue() == 2
    assert [row(one.id).status for one in (first, third)] == [EntryStatus.ERROR, EntryStatus.ERROR]
    assert [one.entry_no for one in entries.list_entries()] == [first.entry_no, third.entry_no]
