"""Print jobs: taken by print workers only, done once, held up by their own printer alone, never repeated unasked."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import pytest
from consumer_process import until
from jobs import consumer_row, gone, here, logs_of, row, set_row, wait_entry
from print_system import PrintSystem, told
from printing_by_hand import file_printer, posted_invoice, print_entry, print_job

from postroom.core import clock
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted, Refused, UsageError, problems_from_json
from postroom.core.jobs import claims, entries, entry_fields, queues, recovery, runs, schedules
from postroom.core.jobs.schedules import Schedule
from postroom.core.jobs.watch import Watch
from postroom.core.kinds import EntryStatus, LogStatus
from postroom.core.printing import cups, own_layouts, print_jobs, printers
from postroom.core.printing.print_jobs import PrintState
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.work import InboxReport, JobQueueEntry, Note, Printer
from postroom.core.verify import verify


def me() -> str:
    return current_user()


def printing() -> claims.Worker:
    """This process as a print worker."""
    return replace(here(), prints=True)


def run_next() -> bool:
    """Let a print worker claim and run one entry; whether there was one."""
    claim = claims.claim_next(printing())
    if claim is not None:
        runs.run(claim)
    return claim is not None


def error_of(entry: JobQueueEntry) -> str:
    (problem,) = problems_from_json(row(entry.id).errors)
    return problem.message


@pytest.fixture(autouse=True)
def _at_noon() -> None:
    clock.start_at(datetime(2026, 3, 2, 11, tzinfo=UTC))


def test_a_report_comes_into_its_users_inbox_once(firm: Location) -> None:
    no = posted_invoice()
    entry = print_entry(no=no)
    assert (entry.job, entry.category_code, entry.record_no) == ("print-document", "PRINT-PDF", no)
    assert entry.description == f"Print Sales Invoice {no}"
    assert run_next()
    (report,) = InboxReport.select()
    assert (report.user_id, report.description, report.document_no) == (me(), f"Sales Invoice {no}", no)
    assert bytes(report.content).startswith(b"%PDF")
    assert JobQueueEntry.select().count() == 0
    job = print_job(entry)
    assert job.state == PrintState.PRINTED
    assert job.printed_at is not None
    assert [log.status for log in logs_of(entry)] == [LogStatus.SUCCESS]
    assert not run_next()


def test_a_report_goes_to_its_printer(firm: Location, tmp_path: Path) -> None:
    folder = file_printer("FILES", tmp_path / "prints")
    no = posted_invoice()
    entry = print_entry("FILES", no)
    assert (entry.category_code, entry.job_timeout) == ("PRINT-FILES", 330)
    assert run_next()
    (file,) = folder.iterdir()
    assert file.name == f"sales-invoice-{no}.pdf"
    assert file.read_bytes().startswith(b"%PDF")
    assert print_job(entry).state == PrintState.PRINTED
    assert [check.name for check in verify().checks if not check.ok] == []


def test_a_layout_that_breaks_leaves_the_posting_as_it_is_and_prints_once_it_is_mended(firm: Location) -> None:
    no = posted_invoice()
    source = f'#let data = json(bytes(sys.inputs.data))\n#if data.no == "{no}" [#nothing] else [fine]'
    own_layouts.import_layout("sales-invoice", source.encode(), user=me())
    entry = print_entry(no=no)
    assert run_next()
    assert "sales-invoice.typ, line 2" in error_of(entry)
    assert PostedDocument.select().where(PostedDocument.no == no).exists()
    own_layouts.delete("sales-invoice", user=me())
    entries.restart([entry.entry_no], user=me())
    assert run_next()
    assert print_job(entry).state == PrintState.PRINTED


def test_print_workers_and_posting_workers_take_only_their_own(firm: Location) -> None:
    printed, waited = print_entry(), wait_entry()
    assert claims.count_claimable(printing()) == 1
    ours = claims.claim_next(here())
    assert ours is not None
    assert ours.entry_no == waited.entry_no
    assert claims.claim_next(here()) is None
    theirs = claims.claim_next(printing())
    assert theirs is not None
    assert theirs.entry_no == printed.entry_no
    assert claims.claim_next(printing()) is None


def test_a_printer_prints_one_job_at_a_time_and_the_queue_as_many_as_it_may(firm: Location, tmp_path: Path) -> None:
    no = posted_invoice()
    for code in ("A", "B", "C"):
        file_printer(code, tmp_path / code)
        for _ in range(2):
            print_entry(code, no)
    assert claims.count_claimable(printing()) == 3
    queues.change("PRINT", {"max_concurrent": "2"}, user=me())
    assert claims.count_claimable(printing()) == 2
    taken = [claims.claim_next(printing()) for _ in range(3)]
    assert [claim.category_code for claim in taken if claim] == ["PRINT-A", "PRINT-B"]
    assert claims.count_claimable(printing()) == 0


def test_a_jammed_printer_holds_up_its_own_jobs_only_and_each_minute_one_is_tried(
    firm: Location, tmp_path: Path
) -> None:
    consumer_row()
    folder = file_printer("STORE", tmp_path / "store")
    other = file_printer("OFFICE", tmp_path / "office")
    no = posted_invoice()
    first, second, third = (print_entry("STORE", no) for _ in range(3))
    elsewhere = print_entry("OFFICE", no)
    folder.rmdir()
    assert run_next()
    assert row(first.id).status is EntryStatus.ERROR
    assert "cannot be written: No such file" in error_of(first)
    assert print_job(first).state == PrintState.ERROR
    assert [note.user_id for note in Note.select()] == [me()]
    printer = printers.show("STORE")
    assert (printer.state, printer.waiting) == ("Not responding", 3)
    why = entries.show(second.entry_no).why
    assert why is not None
    assert (why.code, why.since, why.category) == (
        *("printer_not_responding", printer.not_responding_since, "PRINT-STORE"),
    )
    assert "Printer STORE has not responded since 12:00:0" in why.text
    assert "No such file" in why.text

    assert run_next(), "the other printer's job"
    assert len(list(other.iterdir())) == 1
    assert not run_next()
    clock.start_at(clock.now() + timedelta(minutes=1))
    assert run_next(), "one try"
    assert (row(second.id).status, row(second.id).attempts) == (EntryStatus.READY, 0)
    assert "still does not respond: there is no folder" in problems_from_json(logs_of(second)[0].errors)[0].message
    assert print_job(second).state == PrintState.WAITING
    assert not run_next()
    assert printers.show("STORE").not_responding_since == printer.not_responding_since

    folder.mkdir()
    assert not run_next(), "its minute is not over"
    clock.start_at(clock.now() + timedelta(minutes=1))
    while run_next():
        pass
    assert len(list(folder.iterdir())) == 2
    assert printers.show("STORE").state == "Ready"
    assert entries.restart([first.entry_no], user=me())[0].result == "restarted"
    assert run_next()
    assert len(list(folder.iterdir())) == 3
    assert JobQueueEntry.select().count() == 0
    assert not JobQueueEntry.select().where(JobQueueEntry.id << [third.id, elsewhere.id]).exists()


def test_a_job_lost_while_it_prints_is_in_error_for_it_may_have_been_printed(firm: Location, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    entry = print_entry("FILES")
    assert claims.claim_next(replace(gone(), prints=True)) is not None
    _put_state(entry, PrintState.PRINTING)
    assert recovery.recover(Watch()) == 1
    assert row(entry.id).status is EntryStatus.ERROR
    assert "It may have been printed." in error_of(entry)
    entries.restart([entry.entry_no], user=me())
    assert run_next()
    assert len(list((tmp_path / "prints").iterdir())) == 1


@pytest.mark.parametrize("state", [PrintState.WAITING, PrintState.PRINTED])
def test_a_job_lost_before_it_was_sent_or_after_it_was_done_runs_to_its_end(
    firm: Location, tmp_path: Path, state: PrintState
) -> None:
    folder = file_printer("FILES", tmp_path / "prints")
    entry = print_entry("FILES")
    assert claims.claim_next(replace(gone(), prints=True)) is not None
    _put_state(entry, state)
    assert recovery.recover(Watch()) == 1
    assert row(entry.id).status is EntryStatus.READY
    assert run_next()
    assert len(list(folder.iterdir())) == (1 if state is PrintState.WAITING else 0)
    assert [log.status for log in logs_of(entry)] == [LogStatus.ERROR, LogStatus.SUCCESS]


def test_a_job_returned_while_it_prints_is_in_error_too(firm: Location, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    entry = print_entry("FILES")
    assert claims.claim_next(replace(gone("c1"), prints=True)) is not None
    _put_state(entry, PrintState.PRINTING)
    recovery.return_all("c1", "The consumer was stopped.")
    assert row(entry.id).status is EntryStatus.ERROR
    assert error_of(entry) == "The consumer was stopped. It may have been printed."


def _put_state(entry: JobQueueEntry, state: PrintState) -> None:
    job = print_job(entry)
    job.state = state.value
    job.save()


def test_a_lost_claim_sends_nothing_to_the_printer(firm: Location, tmp_path: Path) -> None:
    folder = file_printer("FILES", tmp_path / "prints")
    entry = print_entry("FILES")
    claim = claims.claim_next(printing())
    assert claim is not None
    set_row(entry, claim_token="another")
    runs.run(claim)
    assert list(folder.iterdir()) == []
    assert print_job(entry).state == PrintState.WAITING


def test_a_printers_new_timeout_is_that_of_its_waiting_jobs(firm: Location, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    entry = print_entry("FILES")
    printers.change("FILES", {"timeout": "1h"}, user=me())
    assert row(entry.id).job_timeout == 3630


def test_a_printer_with_jobs_is_not_deleted_and_nobody_schedules_or_moves_them(
    sqlite_firm: Location, tmp_path: Path
) -> None:
    file_printer("FILES", tmp_path / "prints")
    entry = print_entry("FILES")
    with pytest.raises(Refused, match=r"1 job queue entry\."):
        printers.delete("FILES", user=me())
    with pytest.raises(UsageError, match="queued, not scheduled"):
        schedules.schedule("print-document", {}, Schedule(), user=me())
    entries.set_on_hold([entry.entry_no], user=me())
    with pytest.raises(Refused, match="that of its printer"):
        entry_fields.change(entry.entry_no, {"category": "SALESPOST"}, user=me())


def test_run_once_prints_in_the_foreground(firm: Location, tmp_path: Path) -> None:
    folder = file_printer("FILES", tmp_path / "prints")
    entry = print_entry("FILES")
    (result,) = entries.run_once([entry.entry_no], user=me())
    assert result.result == "done"
    assert len(list(folder.iterdir())) == 1


def test_a_jam_in_the_print_system_ends_in_error_after_the_printers_timeout_and_works_again_after_it(
    sqlite_firm: Location, print_system: PrintSystem
) -> None:
    printers.add("LASER", {"type": "CUPS", "cups_queue": print_system.queue, "timeout": "2"}, user=me())
    no = posted_invoice()
    first, second = print_entry("LASER", no), print_entry("LASER", no)
    print_system.jam()
    assert run_next()
    assert row(first.id).status is EntryStatus.ERROR
    assert "did not finish within 2 seconds: it has no paper" in error_of(first)
    assert print_system.waiting() == []
    assert not run_next()
    print_system.mend()
    Printer.update(timeout=30).execute()
    clock.start_at(clock.now() + timedelta(minutes=1))
    assert run_next()
    assert JobQueueEntry.get_or_none(JobQueueEntry.id == second.id) is None
    assert print_system.printed(), "the cancelled job may have come out as well, once there was paper"
    assert printers.show("LASER").state == "Ready"

    told("cupsdisable", "-r", "Out of order", print_system.queue)
    printers.failed("LASER", "It has no paper.")
    third = print_entry("LASER", no)
    clock.start_at(clock.now() + timedelta(minutes=1))
    assert run_next()
    assert row(third.id).status is EntryStatus.READY, "a stopped queue is not even sent a job"
    assert "Out of order" in printers.show("LASER").last_message
    with pytest.raises(Refused, match="needs a person"):
        printers.test("LASER", user=me())


def test_a_cancelled_job_is_taken_back_from_the_print_system(sqlite_firm: Location, print_system: PrintSystem) -> None:
    printers.add("LASER", {"type": "CUPS", "cups_queue": print_system.queue}, user=me())
    entry = print_entry("LASER")
    print_system.jam()
    claim = claims.claim_next(printing())
    assert claim is not None

    def on_cancel(number: int, frame: FrameType | None) -> None:
        raise runs.JobCancelled("ann")

    def cancel() -> None:
        until(print_system.waiting)
        os.kill(os.getpid(), signal.SIGUSR2)

    before = signal.signal(signal.SIGUSR2, on_cancel)
    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        runs.run(claim)
    finally:
        thread.join()
        signal.signal(signal.SIGUSR2, before)
    assert row(entry.id).status is EntryStatus.ON_HOLD
    assert print_system.waiting() == []
    assert not print_jobs.is_untouched(claim)


def test_what_waits_held_or_failed_moves_to_another_printer_or_the_inbox_and_what_is_tried_stays(
    firm: Location, tmp_path: Path
) -> None:
    folder = file_printer("FILES", tmp_path / "prints")
    printers.add("JAM", {"type": "CUPS", "cups_queue": "Jam", "timeout": "600"}, user=me())
    tried, waits, held, failed = (print_entry("JAM") for _ in range(4))
    claims.claim_next(printing())
    set_row(held, status=EntryStatus.ON_HOLD)
    set_row(failed, status=EntryStatus.ERROR)
    assert print_jobs.move("JAM", "FILES", user=me()) == 3
    assert (row(tried.id).category_code, print_job(tried).printer_code) == ("PRINT-JAM", "JAM")
    moved = [row(entry.id) for entry in (waits, held, failed)]
    assert {(one.category_code, one.job_timeout) for one in moved} == {("PRINT-FILES", 330)}
    assert [one.status for one in moved] == [EntryStatus.READY, EntryStatus.ON_HOLD, EntryStatus.ERROR]
    assert run_next()
    assert not run_next()
    assert len(list(folder.iterdir())) == 1
    assert print_jobs.move("FILES", "PDF", user=me()) == 2
    entries.restart([failed.id], user=me())
    assert run_next()
    assert (print_job(failed).state, InboxReport.select().count()) == (PrintState.PRINTED, 1)
    assert verify().ok


def test_a_move_needs_the_admin_and_two_printers(firm: Location, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    with pytest.raises(NotPermitted):
        print_jobs.move("FILES", "PDF", user="ann")
    with pytest.raises(UsageError, match="where they wait already"):
        print_jobs.move("FILES", "FILES", user=me())
    with pytest.raises(NotFound, match="no printer NONE"):
        print_jobs.move("FILES", "NONE", user=me())


def test_a_printer_that_is_changed_while_it_takes_nothing_gives_its_job_back(
    firm: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prints").mkdir()
    printers.add("JAM", {"type": "CUPS", "cups_queue": "Jam"}, user=me())
    entry = print_entry("JAM")

    def takes_nothing(*command: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
        if command[0] == "lp":
            printers.change("JAM", {"folder": str(tmp_path / "prints"), "type": "File"}, user=me())
        return subprocess.CompletedProcess(command, 1, "", "lp: Bad file descriptor")

    monkeypatch.setattr(cups, "_run", takes_nothing)
    monkeypatch.setattr(cups, "LOOK_SECONDS", 0)
    assert run_next()
    assert (row(entry.id).status, row(entry.id).attempts) == (EntryStatus.READY, 0)
    assert (print_job(entry).state, printers.show("JAM").state) == (PrintState.WAITING, "Ready")
    assert run_next()
    assert [path.suffix for path in (tmp_path / "prints").iterdir()] == [".pdf"]
