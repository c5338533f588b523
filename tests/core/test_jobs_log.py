"""Job Queue Log Entries: what they keep of a run, setting one to Error, cleaning up; notes and batches beside them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from jobs import (
    ANN,
    assert_verified,
    changes,
    claimed,
    document_status,
    gone,
    here,
    in_error,
    logs_of,
    queue_invoice,
    row,
    wait_entry,
)

from postroom.core import clock, database
from postroom.core.company import current_user
from postroom.core.errors import NotFound, NotPermitted, Problem, UsageError
from postroom.core.jobs import background, batches, endings, entries, log, notes, recovery, runs
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.claims import ClaimLost
from postroom.core.jobs.watch import Watch
from postroom.core.kinds import EntryStatus, JobQueueStatus, LogStatus
from postroom.core.posting import post
from postroom.core.tables.ledgers import GlEntry, PostedDocument
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueLogEntry

pytestmark = pytest.mark.usefixtures("firm")


def test_a_run_is_logged_while_it_lasts_and_when_it_has_ended_with_what_it_posted() -> None:
    entry = queue_invoice()
    claim = claimed()
    (during,) = log.list_log()
    assert (during.status, during.end, during.duration, during.posted) == ("In Process", None, None, ())
    assert (during.job_queue, during.category, during.user, during.attempt) == ("SPPOST", "SALESPOST", ANN, 1)
    assert (during.host, during.process_id) == (here().host, here().process_id)
    clock.start_at(clock.now() + timedelta(seconds=90))
    runs.run(claim)
    (after,) = log.list_log()
    assert (after.entry_no, after.status, after.job_queue_entry_id) == (during.entry_no, "Success", entry.id)
    assert after.duration in (90, 91)
    assert after.start is not None
    assert after.end is not None
    assert after.start < after.end
    assert {(ref.area, ref.kind, ref.no) for ref in after.posted} == {
        (one.area, one.kind, one.no) for one in PostedDocument.select()
    }
    assert {ref.kind.value for ref in after.posted} == {"shipment", "invoice"}
    assert log.show(after.entry_no) == after


def test_a_failed_run_keeps_its_errors_and_a_bug_its_call_stack() -> None:
    entry = in_error(queue_invoice())
    assert log.list_log()[0].errors == entries.show(entry.id).errors
    assert log.list_log()[0].call_stack == ""
    wait_entry(parameters="{")
    runs.run(claimed())
    broken = log.list_log()[0]
    assert (broken.status, broken.errors[0].code) == ("Error", "internal_error")
    assert broken.call_stack.startswith("Traceback")
    assert_verified()


def test_the_newest_run_comes_first_and_filters_narrow() -> None:
    first, second = wait_entry(), wait_entry("bo")
    for _ in range(2):
        runs.run(claimed())
    assert [one.job_queue_entry_id for one in log.list_log()] == [second.id, first.id]
    assert [one.user for one in log.list_log("user=bo")] == ["bo"]
    assert log.list_log("status=Error") == []
    number = logs_of(first)[0].entry_no
    assert [one.entry_no for one in log.list_log(entry_nos=[number])] == [number]
    with pytest.raises(NotFound, match="no log entry 999"):
        log.show(999)
    with pytest.raises(UsageError):
        log.list_log("colour=red")


def test_set_to_error_revokes_the_claim_so_that_the_worker_commits_nothing() -> None:
    entry = queue_invoice()
    claim = claimed()
    plan = post.prepare(entry.record_id, user=ANN, posting_id=claim.token)
    (result,) = log.set_error([claim.log_no], user=current_user())
    assert (result.result, result.entry_id, result.no) == ("set to error", entry.id, entry.record_no)

    def commit() -> None:
        with database.transaction():
            post.write(plan)
            endings.succeed(claim)

    with pytest.raises(ClaimLost):
        commit()
    runs.run(claim)

    assert not PostedDocument.select().exists()
    assert not GlEntry.select().exists()
    after = entries.show(entry.id)
    assert (after.status, [problem.code for problem in after.errors]) == ("Error", ["set_to_error"])
    assert document_status(entry) is JobQueueStatus.ERROR
    (logged,) = log.list_log()
    assert (logged.status, logged.posted) == ("Error", ())
    assert current_user() in logged.errors[0].message
    (note,) = notes.list_notes(ANN)
    assert current_user() in note.text
    assert changes("Job Queue Log Entry") == [(current_user(), "Set Status to Error", "Status", "In Process", "Error")]
    assert_verified()


def test_set_to_error_holds_also_where_a_sweep_took_the_killed_workers_entry_back_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = queue_invoice()
    claim = claimed(gone())

    def killed_and_swept(held: recovery.Held) -> bool:
        monkeypatch.undo()
        recovery.recover(Watch())
        assert row(entry.id).status is EntryStatus.READY
        return True

    monkeypatch.setattr(recovery, "make_sure", killed_and_swept)
    (result,) = log.set_error([claim.log_no], user=current_user())
    assert (result.result, result.errors) == ("set to error", ())
    after = entries.show(entry.id)
    assert (after.status, [problem.code for problem in after.errors]) == ("Error", ["set_to_error"])
    assert document_status(entry) is JobQueueStatus.ERROR
    (logged,) = log.list_log()
    assert (logged.status, [problem.code for problem in logged.errors]) == ("Error", ["set_to_error"])
    assert_verified()


def test_what_was_set_to_error_posts_once_when_it_is_restarted() -> None:
    entry = queue_invoice()
    lost = claimed()
    log.set_error([lost.log_no], user=current_user())
    entries.restart([entry.id], user=ANN)
    again = claimed()
    runs.run(lost)
    assert row(entry.id).claim_token == again.token
    runs.run(again)
    assert PostedDocument.select().where(PostedDocument.kind == "invoice").count() == 1
    assert [one.status for one in log.list_log()] == ["Success", "Error"]
    assert_verified()


def test_only_runs_in_process_can_be_set_to_error_and_a_refusal_stops_no_other() -> None:
    wait_entry()
    runs.run(claimed())
    wait_entry()
    running = claimed()
    (ended,) = [one.entry_no for one in log.list_log("status=Success")]
    results = log.set_error([999, ended, running.log_no], user=current_user())
    assert [result.result for result in results] == ["refused", "refused", "set to error"]
    assert [result.errors[0].code for result in results[:2]] == ["not_found", "entry_state"]
    assert "only a run In Process" in results[1].errors[0].message
    (again,) = log.set_error([running.log_no], user=current_user())
    assert (again.result, again.errors[0].code) == ("refused", "entry_state")


def test_the_log_is_changed_by_a_job_queue_admin_only() -> None:
    wait_entry()
    claim = claimed()
    with pytest.raises(NotPermitted):
        log.set_error([claim.log_no], user=ANN)
    with pytest.raises(NotPermitted):
        log.clean(None, user=ANN)
    assert log.show(claim.log_no).status == "In Process"


def test_cleaning_deletes_what_ended_long_ago_or_all_but_never_what_is_in_process() -> None:
    now = clock.now()
    for days in (30, 8, 6):
        clock.start_at(now - timedelta(days=days))
        wait_entry()
        runs.run(claimed())
    clock.start_at(now - timedelta(days=60))
    wait_entry()
    running = claimed()
    clock.start_at_real_time()
    assert log.clean(timedelta(days=7), user=current_user()) == 2
    assert [one.status for one in log.list_log()] == ["In Process", "Success"]
    assert log.clean(timedelta(days=7), user=current_user()) == 0
    assert log.clean(None, user=current_user()) == 1
    assert [one.entry_no for one in log.list_log()] == [running.log_no]
    assert [change[3] for change in changes("Job Queue Log Entry")] == ["2 entries", "0 entries", "1 entry"]
    runs.run(running)
    assert JobQueueLogEntry.get().status is LogStatus.SUCCESS


def test_notes_are_counted_until_they_are_read_and_are_ones_own() -> None:
    notes.write(ANN, "First.")
    notes.write(ANN, "Second.", "sales-invoice", "D1")
    notes.write("bo", "Other.")
    assert notes.unread_count(ANN) == 2
    assert [(note.text, note.record_no, note.is_read) for note in notes.list_notes(ANN)] == [
        ("Second.", "D1", False),
        ("First.", "", False),
    ]
    assert notes.mark_read(ANN) == 2
    assert (notes.unread_count(ANN), notes.unread_count("bo"), notes.mark_read(ANN)) == (0, 1, 0)
    assert notes.list_notes(ANN, unread_only=True) == []
    assert len(notes.list_notes(ANN)) == 2


def test_success_is_noted_where_it_was_asked_for() -> None:
    wait_entry()
    wait_entry(notify_on_success=True, description="Asked for")
    for _ in range(2):
        runs.run(claimed())
    assert [note.text for note in notes.list_notes(ANN)] == ["Asked for: done."]


def test_a_batch_counts_what_is_posted_failed_and_to_go() -> None:
    ids = [queue_invoice().record_id for _ in range(4)]
    entries.delete([one.entry_no for one in entries.list_entries()], user=ANN)
    assert batches.list_batches() == []
    results = background.post(ids, PostRequest(mode="queue"), user=ANN)
    (batch,) = batches.list_batches()
    assert (batch.user, batch.total, batch.posted, batch.failed, batch.to_go) == (ANN, 4, 0, 0, 4)
    assert {row(result.entry_id).batch_no for result in results} == {batch.no}
    runs.run(claimed())
    endings.fail(claimed(), (Problem("bad", "It is bad."),))
    entries.delete([results[3].entry_id], user=ANN)
    after = batches.show(batch.no)
    assert (after.total, after.posted, after.failed, after.to_go) == (3, 1, 1, 1)
    assert {one.batch_no for one in log.list_log()} == {batch.no}
    assert Document.get_by_id(ids[3]).job_queue_status is JobQueueStatus.BLANK
    assert row(results[1].entry_id).status is EntryStatus.ERROR
    with pytest.raises(NotFound, match="no batch 99"):
        batches.show(99)
    assert_verified()
