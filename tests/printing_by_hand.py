"""Posted invoices and print jobs for tests."""

from __future__ import annotations

import secrets
from pathlib import Path

import builders
from builders import document, item_line

from postroom.core import database as engine
from postroom.core.company import current_user
from postroom.core.jobs import entries
from postroom.core.kinds import Area, DocumentType, PostedKind
from postroom.core.posting import post
from postroom.core.printing import print_jobs, printers
from postroom.core.printing.print_jobs import Destination
from postroom.core.printing.reports import REPORTS
from postroom.core.tables.trade import Party
from postroom.core.tables.work import JobQueueEntry, PrintJob


def posted_invoice() -> str:
    """The no. of a posted sales invoice; the customer and the item come with the first."""
    if not Party.select().exists():
        builders.party(Area.SALES)
        builders.item()
    id_ = document(DocumentType.SALES_INVOICE, [item_line()])
    with engine.transaction():
        made = post.write(post.prepare(id_, user=current_user(), posting_id=secrets.token_hex(8)))
    return next(ref.no for ref in made if ref.kind is PostedKind.INVOICE)


def print_entry(printer: str = "", no: str = "", user: str = "") -> JobQueueEntry:
    """The entry of a print job of an invoice; without a printer it goes to the user's inbox."""
    with engine.transaction():
        (id_,) = print_jobs.queue(
            [(REPORTS["sales-invoice"], no or posted_invoice(), Destination(printer))], user=user or current_user()
        )
    return entries.find(id_)


def file_printer(code: str, folder: Path) -> Path:
    """A File printer; its folder is made unless it is there."""
    folder.mkdir(exist_ok=True)
    printers.add(code, {"folder": str(folder)}, user=current_user())
    return folder


def print_job(entry: JobQueueEntry) -> PrintJob:
    """The print job of an entry as it stands now."""
    found: PrintJob = PrintJob.get(PrintJob.entry_id == entry.id)
    return found
