"""Print jobs: one report each, made in the posting's own transaction, run beside the postings, one per printer.

A print job that was given to a printer never runs again by itself: it may have been printed. `state` says how far it
is, and is written before the job is given away.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from postroom.core import changelog, clock, reading, users
from postroom.core.counted import counted
from postroom.core.database import transaction
from postroom.core.errors import NotFound, PrinterFailed, UsageError
from postroom.core.jobs import claims, doorbell, notes
from postroom.core.jobs.claims import PRINT_DOCUMENT, Claim, NotYet
from postroom.core.kinds import Area, DocumentType, EntryStatus, PostedKind, ReportOutput
from postroom.core.printing import cups, folder, inbox, listings, paper, printers, rendering, selections
from postroom.core.printing.paper import Paper
from postroom.core.printing.reports import ALL, Listing, Report
from postroom.core.statements import execute, in_parts, insert, marks, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.setup import setup_of
from postroom.core.tables.work import JobQueueEntry, Printer, PrintJob
from postroom.core.users import Permission

PRIORITY = 1000


class PrintState(StrEnum):
    """How far a print job is. While Printing it may have been printed, whatever else is known."""

    WAITING = ""
    PRINTING = "Printing"
    PRINTED = "Printed"
    ERROR = "Error"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a report goes: a printer, or with a blank code its user's Report Inbox.

    `is_fallback`: a printer was meant, but none is selected. `job_timeout` in seconds.
    """

    printer_code: str = ""
    job_timeout: int = printers.DEFAULT_TIMEOUT + printers.GRACE_SECONDS
    is_fallback: bool = False


Wanted = tuple[Report | Listing, str, Destination]
"""A report, what it is about (the posted document's no.), and where it goes."""


def destination(report: Report | Listing, *, user: str, output: ReportOutput | None = None) -> Destination:
    """Where a user's report goes: to its selected printer if the setup of its area, or `output`, says Print.

    A listing belongs to no area: it goes into the inbox unless `output` says otherwise.
    """
    if output is None and isinstance(report, Report):
        output = setup_of(report.area).report_output_type
    if output is not ReportOutput.PRINT:
        return Destination()
    code = selections.choose(user, report.name)
    return Destination(code, printers.job_timeout(code)) if code else Destination(is_fallback=True)


def reports_of(type_: DocumentType) -> tuple[Report, ...]:
    """The reports of Post and Print: of an order all that comes out of it, else the document itself."""
    kinds = (type_.goods_kind, type_.money_kind) if type_.is_order else (type_.money_kind,)
    return tuple(Report(type_.area, kind) for kind in kinds)


def queue(wanted: Sequence[Wanted], *, user: str, copy_no: int = 0) -> list[str]:
    """Make a print job and its entry for each wanted report, in the caller's transaction; returns the entries' ids."""
    now = instant_to_stored(clock.now())
    ids = [secrets.token_hex(8) for _ in wanted]
    jobs, entries = [], []
    for id_, (report, no, to) in zip(ids, wanted, strict=True):
        output = ReportOutput.PRINT if to.printer_code else ReportOutput.PDF
        name = paper.name_of(report, no, copy_no)
        jobs.append(
            (
                *(id_, report.name, no, user, output.value, to.printer_code, copy_no, PrintState.WAITING.value, ""),
                *(now, 0),
            )
        )
        entries.append(
            (
                *(id_, user, PRINT_DOCUMENT, report.record_type, no, f"Print {name}", EntryStatus.READY.value),
                *(printers.category_of(to.printer_code), PRIORITY, to.job_timeout, now, now),
                *_BLANK.values(),
            )
        )
        if to.is_fallback:
            told = f"{name}: no printer is selected for it, so it comes into the Report Inbox."
            notes.write(user, told, report.record_type, no)
    insert(PrintJob, _JOB_COLUMNS, jobs)
    insert(JobQueueEntry, (*_ENTRY_COLUMNS, *_BLANK), entries)
    return ids


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was asked for by printing a posted document: a print job of entry `entry_id`, `copy_no` 0 the original."""

    report: Report
    entry_id: str
    copy_no: int
    to: Destination

    @property
    def told(self) -> str:
        """What becomes of it, for a person: `copy 1 queued for printer STORE`."""
        what = f"copy {self.copy_no}" if self.copy_no else "original"
        if self.to.printer_code:
            return f"{what} queued for printer {self.to.printer_code}"
        why = ", no printer is selected for it" if self.to.is_fallback else ""
        return f"{what} queued for the Report Inbox{why}"


def print_posted(
    no: str,
    *,
    user: str,
    area: Area | None = None,
    kind: PostedKind | None = None,
    output: ReportOutput | None = None,
) -> Ordered:
    """Print a posted document: the original where no print job was ever made of it, else once more, marked COPY.

    Needs Post. Raises NotFound, and UsageError where several documents have the no.
    """
    users.require(user, Permission.POST)
    found = reading.posted_document(no, area=area, kind=kind)
    report = Report(found["area"], found["kind"])
    to = destination(report, user=user, output=output)
    with transaction():
        ((last,),) = query(
            "SELECT COALESCE(max(copy_no), -1) FROM print_job WHERE report = ? AND document_no = ?", (report.name, no)
        )
        copy_no = last + 1
        (id_,) = queue([(report, no, to)], user=user, copy_no=copy_no)
        changelog.record(user, "Reprint" if copy_no else "Print", report.title, no, field="Copy", new=copy_no)
        doorbell.ring_after_commit()
    return Ordered(report, id_, copy_no, to)


def print_listing(listing: Listing, about: str, *, user: str, output: ReportOutput | None = None) -> str:
    """Print a report over many records; returns the entry's id. Needs Post.

    Raises what `listings.read` raises: what cannot be printed is not queued.
    """
    users.require(user, Permission.POST)
    listings.read(listing, about)
    to = destination(listing, user=user, output=output)
    with transaction():
        (id_,) = queue([(listing, about, to)], user=user)
        doorbell.ring_after_commit()
    return id_


def move(code: str, to: str, *, user: str) -> int:
    """Let all that waits for a printer, is held or failed there go to another, or to the Report Inbox (`PDF`).

    Returns how many print jobs that were; what is being tried stays. What failed stays in Error until it is restarted.
    Needs Job Queue Admin. Raises NotFound for a printer that is not there, UsageError where both are the same.
    """
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    for printer in {code, to} - {printers.INBOX}:
        printers.find(printer)
    if code == to:
        raise UsageError(f"{to} is where they wait already.", field="to", value=to, hint="Name another printer.")
    to_code = "" if to == printers.INBOX else to
    with transaction():
        moved = query(
            "UPDATE job_queue_entry SET category_code = ?, job_timeout = ? WHERE job = ? AND category_code = ?"
            " AND status <> 'In Process' RETURNING id",
            (
                *(printers.category_of(to_code), printers.job_timeout(to_code), PRINT_DOCUMENT),
                printers.category_of("" if code == printers.INBOX else code),
            ),
        )
        output = ReportOutput.PRINT if to_code else ReportOutput.PDF
        for part in in_parts([id_ for (id_,) in moved]):
            execute(
                f"UPDATE print_job SET printer_code = ?, output = ? WHERE entry_id IN ({marks(len(part))})",
                (to_code, output.value, *part),
            )
        changelog.record(user, "Move Print Jobs", printers.KIND, code, field="Printer", old=code, new=to)
        doorbell.ring_after_commit()
    return len(moved)


def waiting_for_inbox(posted: Sequence[tuple[Report, str]], *, user: str) -> list[str]:
    """The entries of the print jobs that lay these documents into the user's own inbox and have not run yet."""
    ids = []
    for report, no in posted:
        ids += [
            id_
            for (id_,) in query(
                "SELECT entry_id FROM print_job WHERE document_no = ? AND report = ? AND user_id = ? AND state = ?"
                " AND output = ?",
                (no, report.name, user, PrintState.WAITING.value, ReportOutput.PDF.value),
            )
        ]
    return ids


_JOB_COLUMNS = (
    *("entry_id", "report", "document_no", "user_id", "output", "printer_code", "copy_no", "state", "message"),
    *("created_at", "printed_at"),
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
    made = _paper_of(job)
    pdf = rendering.pdf(made)
    if job.output is ReportOutput.PDF:
        with transaction():
            claims.prove(claim)
            listing = json.dumps(made.content) if isinstance(made.report, Listing) else ""
            inbox.put(job.user_id, made.name, job.document_no, pdf, listing)
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
    except cups.Withdrawn:
        with transaction():
            claims.prove(claim)
            _note(claim, PrintState.WAITING)
        raise NotYet(
            f"Printer {printer.code} was changed before it took the print job.",
            code="printer_changed",
            record=claim.description,
            hint="It is printed by itself where the printer prints now.",
        ) from None
    except PrinterFailed as error:
        _failed(claim, printer, error.problems[0].message)
        raise
    except BaseException as error:
        if _is_timeout(error):
            _failed(claim, printer, f"It did not finish within {counted(claim.job_timeout, 'second')}.")
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


def _paper_of(job: PrintJob) -> Paper:
    report = ALL[job.report]
    if isinstance(report, Report):
        return paper.read(report, job.document_no, copy_no=job.copy_no)
    return listings.read(report, job.document_no)


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
