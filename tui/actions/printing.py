"""Actions on printers, printer selections, the Report Inbox, and posted documents that are printed once more."""

from __future__ import annotations

from postroom.core.kinds import PostedKind
from postroom.tui.actions.base import Action, Situation, is_connected, needs_rows

PRINTERS = "printers"
PRINTER = "printer"
"""The page of actions that a printer has in the list and on its card."""
SELECTIONS = "printer-selections"
INBOX = "report-inbox"
REPORT = "report"
"""The page of actions that a report has in the Report Inbox and on its card."""
POSTED_DOCUMENT = "posted-document"
"""The page of actions that a posted document has in the list and on its card."""

LISTING = "listing"
"""The page of a report over many records."""

_printer = needs_rows("printer")
_selection = needs_rows("printer selection")
_report = needs_rows("report")
_posted = needs_rows("posted document")


def _cancellable(situation: Situation) -> str:
    """Possible for invoices and credit memos, one of them not cancelled yet."""
    why_not = _posted(situation)
    if why_not:
        return why_not
    money = [row for row in situation.rows if row["kind"] in (PostedKind.INVOICE, PostedKind.CREDIT_MEMO)]
    if not money:
        return "Goods come back with their invoice or credit memo; cancel that one."
    if all(row["cancelled_by"] for row in money):
        return f"{money[0]['no']} is cancelled already, by {money[0]['cancelled_by']}."
    return ""


ACTIONS: tuple[Action, ...] = (
    Action("printers.open", "Card", "enter,f2", "All its fields, to change them.", "Card", possible=_printer),
    Action(
        "printers.new",
        "New",
        "ctrl+n,n",
        "Make a printer: a folder, or a queue of the print system.",
        "New",
        possible=is_connected,
    ),
    Action(
        "printer.test",
        "Test Page",
        "t",
        "Print one here and now; says what the printer says.",
        "Test Page",
        possible=_printer,
    ),
    Action(
        "printer.move",
        "Move Print Jobs",
        "m",
        "Let what waits for it, or failed on it, go to another printer or the Report Inbox.",
        "Move",
        possible=_printer,
    ),
    Action("printer.jobs", "Print Jobs", "l", "The job queue entries that wait for it.", "Jobs", possible=_printer),
    Action(
        "printer.delete",
        "Delete",
        "D",
        "Only one that no print job and no selection names.",
        "Delete",
        dangerous=True,
        possible=_printer,
    ),
    Action(
        "printer-selections.open",
        "Change the Printer",
        "enter,f2",
        "Let the same reports go to another printer.",
        "Printer",
        possible=_selection,
    ),
    Action(
        "printer-selections.new",
        "New",
        "ctrl+n,n",
        "Select a printer for a user, a report, both, or all.",
        "New",
        possible=is_connected,
    ),
    Action(
        "printer-selections.delete",
        "Delete",
        "D",
        "The next less specific selection holds.",
        "Delete",
        dangerous=True,
        possible=_selection,
    ),
    Action("report-inbox.open", "Open", "enter,f2", "What stands in it; it is marked read.", "Open", possible=_report),
    Action(
        "report.pdf",
        "Open the PDF",
        "o",
        "With your PDF program, or save it where there is none.",
        "PDF",
        possible=_report,
    ),
    Action("report.save", "Save", "s", "As a PDF file, where you say; never over another.", "Save", possible=_report),
    Action("report.delete", "Delete", "D", "The report is gone for good.", "Delete", dangerous=True, possible=_report),
    Action(
        "report-inbox.delete-all",
        "Delete All",
        "Z",
        "Every report, or every one that the filter lets through.",
        dangerous=True,
        possible=_report,
    ),
    Action(
        "posted-document.print",
        "Print",
        "p",
        "Once more, marked COPY: into the Report Inbox or on a printer.",
        "Print",
        possible=_posted,
    ),
    Action(
        "listing.about",
        "What It Is About",
        "f2,e",
        "Other registers, another period, another batch.",
        "About",
        possible=is_connected,
    ),
    Action(
        "listing.print", "Print", "p", "Into the Report Inbox or on a printer.", "Print", possible=needs_rows("report")
    ),
    Action("listing.save", "Save", "s", "As a PDF file, where you say.", "Save", possible=needs_rows("report")),
    Action(
        "posted-document.navigate",
        "Navigate",
        "n",
        "Every posted document and ledger entry of its number.",
        "Navigate",
        possible=_posted,
    ),
    Action(
        "posted-document.cancel",
        "Cancel",
        "C",
        "Undo invoices and credit memos: corrective documents are made from them and queued.",
        "Cancel",
        wide=True,
        dangerous=True,
        possible=_cancellable,
    ),
    Action(
        "posted-document.jobs",
        "Print Jobs",
        "l",
        "Its job queue entries that are not printed yet.",
        "Print jobs",
        wide=True,
        possible=_posted,
    ),
)
