"""Printers: a folder of the host, or a queue of its print system. Each has its own job queue category.

A printer that did not take or finish a job is *Not responding*: its other jobs wait, one is tried each minute, and the
first that succeeds ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from postroom.core import changelog, clock, company, users, values
from postroom.core.counted import counted
from postroom.core.database import transaction
from postroom.core.errors import NotFound, PrinterFailed, Problem, Refused
from postroom.core.jobs import doorbell
from postroom.core.jobs.claims import PRINT_CATEGORY, PRINT_DOCUMENT
from postroom.core.printing import cups, folder, layouts, paper, rendering
from postroom.core.statements import query
from postroom.core.tables.work import JobQueueCategory, JobQueueEntry, Printer, PrinterSelection
from postroom.core.users import Permission
from postroom.core.values import FieldKind, Value

INBOX = "PDF"
"""The printer code of the Report Inbox."""
DEFAULT_TIMEOUT = 300
GRACE_SECONDS = 30
"""How long after its printer's timeout a print job is stopped from outside."""
TEST_SECONDS = 20
"""How long a Test Page is waited for."""
LONGEST_CODE = values.LONGEST_CODE - len(PRINT_CATEGORY)
KIND = "Printer"


class PrinterType(StrEnum):
    FILE = "File"
    CUPS = "CUPS"


FIELDS: Mapping[str, tuple[str, FieldKind]] = {
    "description": ("Description", FieldKind.TEXT),
    "type": ("Type", FieldKind.CHOICE),
    "folder": ("Folder", FieldKind.TEXT),
    "cups_queue": ("CUPS Queue", FieldKind.TEXT),
    "timeout": ("Timeout", FieldKind.DURATION),
}
"""The fields a person changes: caption and kind by their key."""


@dataclass(frozen=True, slots=True)
class PrinterView:
    """A printer as lists show it. `timeout` in seconds; `waiting` counts the print jobs that are not In Process."""

    code: str
    description: str
    type: str
    folder: str
    cups_queue: str
    timeout: int
    category: str
    state: str
    not_responding_since: datetime | None
    last_message: str
    waiting: int


def category_of(printer_code: str) -> str:
    """The job queue category of a printer's jobs; of the Report Inbox for a blank code."""
    return f"{PRINT_CATEGORY}{printer_code or INBOX}"


def job_timeout(printer_code: str) -> int:
    """The Job Timeout of a printer's entries: a moment longer than the printer's own, which is the one that counts."""
    rows = query("SELECT timeout FROM printer WHERE code = ?", (printer_code,)) if printer_code else []
    return (int(rows[0][0]) if rows else DEFAULT_TIMEOUT) + GRACE_SECONDS


def list_printers() -> list[PrinterView]:
    """All printers by code."""
    waiting: dict[str, int] = {}
    for category, count in query(
        "SELECT category_code, count(*) FROM job_queue_entry WHERE status <> 'In Process' AND job = ?"
        " GROUP BY category_code",
        (PRINT_DOCUMENT,),
    ):
        waiting[category] = count
    return [_view(row, waiting) for row in Printer.select().order_by(Printer.code)]


def show(code: str) -> PrinterView:
    """One printer. Raises NotFound."""
    find(code)
    found = next((view for view in list_printers() if view.code == code), None)
    return found if found is not None else show(code)  # deleted meanwhile, which is told there


def free_code(code: str, *, user: str) -> str:
    """The code that a new printer would bear. Raises what `add` would raise about the user and the code alone."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    name = _read_code(code)
    _refuse_taken(name)
    return name


def add(code: str, fields: Mapping[str, str], *, user: str) -> PrinterView:
    """Make a printer and its category. Needs Job Queue Admin. Raises UsageError with every bad field."""
    name = free_code(code, user=user)
    read = _read(name, {"type": PrinterType.FILE.value, **fields})
    with transaction():
        _refuse_taken(name)
        _refuse_incomplete(Printer(code=name, **read))
        Printer.create(code=name, **read)
        if JobQueueCategory.get_or_none(JobQueueCategory.code == category_of(name)) is None:
            JobQueueCategory.create(code=category_of(name), description=f"Print jobs for {name}")
        changelog.record(user, "Insert", KIND, name)
    return show(name)


def change(code: str, fields: Mapping[str, str], *, user: str) -> PrinterView:
    """Change a printer, all fields or none; it counts as responding again. Needs Job Queue Admin."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    read = _read(code, fields)
    with transaction():
        row = find(code)
        for field, value in read.items():
            old = getattr(row, field)
            if old != value:
                caption, kind = FIELDS[field]
                changelog.record(
                    *(user, "Modify", KIND, code),
                    field=caption,
                    old=values.shown(kind, old),
                    new=values.shown(kind, value),
                )
            setattr(row, field, value)
        _refuse_incomplete(row)
        row.not_responding_since, row.last_tried_at, row.last_message = None, None, ""
        row.save()
        JobQueueEntry.update(job_timeout=row.timeout + GRACE_SECONDS).where(
            JobQueueEntry.job == PRINT_DOCUMENT, JobQueueEntry.category_code == category_of(code)
        ).execute()
        doorbell.ring_after_commit()
    return show(code)


def delete(code: str, *, user: str) -> None:
    """Delete a printer that no print job and no selection names, and its category. Needs Job Queue Admin."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    with transaction():
        find(code)
        jobs = JobQueueEntry.select().where(JobQueueEntry.category_code == category_of(code)).count()
        selections = PrinterSelection.select().where(PrinterSelection.printer_code == code).count()
        if jobs or selections:
            used = [counted(jobs, "job queue entry", "job queue entries")] * bool(jobs)
            used += [counted(selections, "printer selection")] * bool(selections)
            raise Refused(
                f"The printer is used by {' and '.join(used)}.",
                code="printer_used",
                record=f"{KIND} {code}",
                hint="Let them end, delete them, or select another printer first.",
            )
        Printer.delete().where(Printer.code == code).execute()
        JobQueueCategory.delete().where(JobQueueCategory.code == category_of(code)).execute()
        changelog.record(user, "Delete", KIND, code)


def find(code: str) -> Printer:
    """The printer's row. Raises NotFound."""
    row: Printer | None = Printer.get_or_none(Printer.code == code)
    if row is None:
        raise NotFound(
            f"There is no printer {code}.",
            record=f"{KIND} {code}",
            field="code",
            value=code,
            hint=values.near(code, [one.code for one in Printer.select(Printer.code)], "printer"),
        )
    return row


def put(printer: Printer, title: str, name: str, pdf: bytes, *, seconds: float) -> str:
    """Print a PDF, waiting until it is done; what came of it, in words. `name` is that of a file. May take long.

    Raises PrinterFailed with what the printer said, and cups.Withdrawn where the printer was changed before it took
    anything.
    """
    if printer.type == PrinterType.FILE:
        return f"Written to {folder.put(printer.folder, name, pdf)}."
    media = paper.company_on_paper()["paper_size"]
    cups.send(printer.cups_queue, title, pdf, media=media, seconds=seconds, is_wanted=lambda: not _has_moved(printer))
    return f"Printed on {printer.cups_queue}."


def _has_moved(printer: Printer) -> bool:
    """Whether somebody has made it print elsewhere, or deleted it, since its row was read."""
    row = Printer.get_or_none(Printer.code == printer.code)
    return row is None or (row.type, row.cups_queue) != (printer.type, printer.cups_queue)


def look(printer: Printer) -> cups.QueueState:
    """Whether a printer would print now, and what it says. Raises PrinterFailed where it is not there at all."""
    if printer.type == PrinterType.FILE:
        words = folder.look(printer.folder)
        return cups.QueueState(bool(words), words)
    return cups.look(printer.cups_queue)


def test(code: str, *, user: str) -> str:
    """Print a Test Page here and now; what came of it. Raises PrinterFailed, and says where a person has to act."""
    users.require(user, Permission.POST)
    row = find(code)
    try:
        state = look(row)
        if state.is_closed:
            raise PrinterFailed(
                f"The printer needs a person: {state.words}.",
                code="printer_needs_person",
                record=f"{KIND} {code}",
                hint="See to the printer, then test it again.",
            )
        now = clock.now().astimezone(company.time_zone())
        (page,) = rendering.rendered(
            layouts.in_force(layouts.TEST_PAGE), paper.test_page(code, f"{now:%Y-%m-%d %H:%M}")
        )
        name = folder.file_name("test-page", code)
        told = put(row, "Postroom Test Page", name, page, seconds=min(TEST_SECONDS, row.timeout))
    except PrinterFailed as error:
        failed(code, error.problems[0].message)
        raise
    responded(code)
    return f"{told} The printer says: {state.words}." if state.words else told


def failed(code: str, message: str) -> None:
    """Note that a printer did not take or finish a job: from now on its other jobs wait."""
    now = clock.now()
    with transaction():
        Printer.update(last_tried_at=now, last_message=message).where(Printer.code == code).execute()
        Printer.update(not_responding_since=now).where(
            Printer.code == code, Printer.not_responding_since == 0
        ).execute()


def responded(code: str) -> None:
    """Note that a printer has printed: its jobs no longer wait."""
    with transaction():
        Printer.update(not_responding_since=0, last_message="").where(
            Printer.code == code, (Printer.not_responding_since != 0) | (Printer.last_message != "")
        ).execute()


def _view(row: Printer, waiting: Mapping[str, int]) -> PrinterView:
    return PrinterView(
        code=row.code,
        description=row.description,
        type=row.type,
        folder=row.folder,
        cups_queue=row.cups_queue,
        timeout=row.timeout,
        category=category_of(row.code),
        state="Not responding" if row.not_responding_since else "Ready",
        not_responding_since=row.not_responding_since,
        last_message=row.last_message,
        waiting=waiting.get(category_of(row.code), 0),
    )


def _read_code(code: str) -> str:
    try:
        name = values.read_code(code, LONGEST_CODE)
        if not name or name.upper() == INBOX:
            raise ValueError(f"is no code for a printer: {INBOX} is the Report Inbox" if name else "is blank")
    except ValueError as error:
        values.refuse_all([Problem("bad_value", f"{code} {error}.", KIND, field="code", value=code)])
        raise
    return name


def _refuse_taken(code: str) -> None:
    if Printer.get_or_none(Printer.code == code) is not None:
        raise Refused(f"There is a printer {code} already.", code="printer_exists", record=f"{KIND} {code}", value=code)


def _read(code: str, fields: Mapping[str, str]) -> dict[str, Value]:
    read: dict[str, Value] = {}
    problems = []
    for field, text in fields.items():
        if field not in FIELDS:
            message, hint = f"{field} is not a field of a printer.", values.near(field, FIELDS, "field")
            problems.append(Problem("unknown_field", message, f"{KIND} {code}", field=field, value=text, hint=hint))
            continue
        try:
            read[field] = values.read(FIELDS[field][1], text, [type_.value for type_ in PrinterType])
            _check(field, str(read[field]))
        except ValueError as error:
            message = f"{FIELDS[field][0]}: {text} {error}."
            problems.append(Problem("bad_value", message, f"{KIND} {code}", field=field, value=text))
    values.refuse_all(problems)
    return read


def _check(field: str, value: str) -> None:
    if field == "timeout" and not 1 <= int(value) <= 86_400:
        raise ValueError("must be from 1 second to a day")
    if field == "folder" and value and not Path(value).is_absolute():
        raise ValueError("is not a whole path, such as /srv/print")
    if field == "cups_queue" and (
        value.startswith("-") or any(c in "/#?" or not c.isprintable() or c == " " for c in value)
    ):
        raise ValueError("cannot be the name of a CUPS queue")


def _refuse_incomplete(row: Printer) -> None:
    """A printer names the place where it prints."""
    field = "folder" if row.type == PrinterType.FILE else "cups_queue"
    if not getattr(row, field):
        values.refuse_all(
            [
                Problem(
                    "field_missing",
                    f"A printer of the type {row.type} needs a {FIELDS[field][0]}.",
                    f"{KIND} {row.code}",
                    field=field,
                    hint=f"Fill in {FIELDS[field][0]} ({field}=…).",
                )
            ]
        )
