"""Print jobs: one report each, made in the posting's own transaction, run beside the postings, one per printer.

A print job that was given to a printer never runs again by itself: it may have been printed. `state` says how far it
is, and is written before the job is given away.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import StrEnum

from postroom.core import clock
from postroom.core.database import transaction
from postroom.core.errors import NotFound, PrinterFailed
from postroom.core.jobs import claims
from postroom.core.jobs.claims import Claim, NotYet
from postroom.core.jobs.registry import PRINT_DOCUMENT
from postroom.core.kinds import EntryStatus, ReportOutput
from postroom.core.printing import folder, inbox, paper, printers, rendering
from postroom.core.printing.reports import REPORTS, Report
from postroom.core.statements import execute, insert, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import JobQueueEntry, Printer, PrintJob

PRIORITY = 1000


class PrintState(StrEnum):
    """How far a print job is. While Printing it may have been printed, whatever else is known."""

    WAITING = ""
    PRINTING = "Printing"
    PRINTED = "Printed"
    ERROR = "Error"


def queue(
    wanted: Sequence[tuple[Report, str]],
    *,
    user: str,
    output: ReportOutput,
    printer_codes: Sequence[str],
    copy_no: int = 0,
) -> list[str]:
    """Make a print job and its entry for each report and document no., in the caller's transaction; the entries' ids.

    A blank printer code, and the output PDF, stand for the user's Report Inbox.
    """
    now = instant_to_stored(clock.now())
    ids = [secrets.token_hex(8) for _ in wanted]
    jobs, entries = [], []
    for id_, (report, no), printer_code in zip(ids, wanted, printer_codes, strict=True):
        to = printer_code if output is ReportOutput.PRINT else ""
        jobs.append(
            (
                *(id_, report.name, report.area.value, report.kind.value, no, user),
                *((ReportOutput.PRINT if to else ReportOutput.PDF).value, to, copy_no, PrintState.WAITING.value),
                *("", now, 0),
            )
        )
        entries.append(
            (
                *(
                    id_,
                    user,
                    PRINT_DOCUMENT,
                    f"posted-{report.name}",
                    no,
                    f"Print {paper.name_of(report, no, copy_no)}",
                ),
                *(EntryStatus.READY.value, printers.category_of(to), PRIORITY, printers.job_timeout(to), now, now),
                *_BLANK.values(),
            )
        )
    insert(PrintJob, _JOB_COLUMNS, jobs)
    insert(JobQueueEntry, (*_ENTRY_COLUMNS, *_BLANK), entries)
    return ids


_JOB_COLUMNS = (
    *("entry_id", "report", "area", "kind", "document_no", "user_id", "output", "printer_code", "copy_no", "state"),
    *("message", "created_at", "printed_at"),
)
_ENTRY_COLUMNS = (
    *("id", "user_id", "job", "record_type", "record_no", "description", "status", "category_code", "priority"),
    *("job_timeout", "created_at", "last_ready_at"),
)
_BLANK = {
    name: field.default
    for name, field in JobQueueEntry._meta.fields.items()
    if name not in _ENTRY_COLUMNS and name != "entry_no"
}


def run(claim: Claim) -> str:
    """Print the claimed job's report. Raises PrinterFailed with what the printer said, NotYet while it stays closed."""
    job = _job_of(claim)
    if job.state == PrintState.PRINTED:
        return ""  # it was laid into the inbox before its worker was lost
    made = paper.read(REPORTS[job.report], job.document_no, copy_no=job.copy_no)
    pdf = rendering.pdf(made)
    if job.output is ReportOutput.PDF:
        with transaction():
            claims.prove(claim)
            inbox.put(job.user_id, made.name, job.document_no, pdf)
            _note(claim, PrintState.PRINTED)
        return ""
    printer = printers.find(job.printer_code)
    if printer.not_responding_since is not None:
        _require_open(printer, claim)
    with transaction():
        claims.prove(claim)
        _note(claim, PrintState.PRINTING)
    name = folder.file_name(job.report, job.document_no, f"copy-{job.copy_no}" if job.copy_no else "")
    try:
        printers.put(printer, made.name, name, pdf, seconds=printer.timeout)
    except PrinterFailed as error:
        _failed(claim, printer, error.problems[0].message)
        raise
    except BaseException as error:
        if _is_timeout(error):
            _failed(claim, printer, f"It did not finish within {claim.job_timeout} seconds.")
        raise
    return ""


def finish(claim: Claim) -> None:
    """What a printed job leaves behind, in the transaction that ends its run."""
    _note(claim, PrintState.PRINTED)
    printer_code = claim.category_code.removeprefix(claims.PRINT_CATEGORY)
    if printer_code != printers.INBOX:
        printers.responded(printer_code)


def is_untouched(claim: Claim) -> bool:
    """Whether a run that was lost has given nothing to a printer yet, or has ended well: then it may run again."""
    rows = query("SELECT state FROM print_job WHERE entry_id = ?", (claim.entry_id,))
    return bool(rows) and rows[0][0] in (PrintState.WAITING, PrintState.PRINTED)


def _job_of(claim: Claim) -> PrintJob:
    job: PrintJob | None = PrintJob.get_or_none(PrintJob.entry_id == claim.entry_id)
    if job is None:
        raise NotFound("The entry has no print job.", record=claim.description, hint="Delete the entry.")
    return job


def _require_open(printer: Printer, claim: Claim) -> None:
    """A printer that did not respond is asked first: while it stays closed, nothing is sent and the job waits on."""
    try:
        state = printers.look(printer)
        words = state.words if state.is_closed else ""
    except PrinterFailed as error:
        words = error.problems[0].message
    if words:
        printers.failed(printer.code, words)
        raise NotYet(
            f"Printer {printer.code} still does not respond: {words}",
            code="printer_not_responding",
            record=claim.description,
            hint="It is tried again by itself.",
        )


def _failed(claim: Claim, printer: Printer, message: str) -> None:
    printers.failed(printer.code, message)
    with transaction():
        _note(claim, PrintState.ERROR, message)


def _note(claim: Claim, state: PrintState, message: str = "") -> None:
    printed_at = instant_to_stored(clock.now()) if state is PrintState.PRINTED else 0
    execute(
        "UPDATE print_job SET state = ?, message = ?, printed_at = ? WHERE entry_id = ?",
        (state.value, message, printed_at, claim.entry_id),
    )


def _is_timeout(error: BaseException) -> bool:
    from postroom.core.jobs.runs import JobTimeout  # imported late: the runs stand above the job types

    return isinstance(error, JobTimeout)
