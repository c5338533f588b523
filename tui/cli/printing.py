"""Commands on printers, printer selections and the user's own Report Inbox."""

from __future__ import annotations

from pathlib import Path

import click

from postroom.core.counted import counted
from postroom.core.printing import inbox, print_jobs, printers, selections
from postroom.core.printing.reports import ALL
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import NUMBER, Session, captions

printer_command = frame.group(
    "printer",
    "List, add, change, test and delete printers.",
    "postroom printer add STORE cups_queue=Store_Laser type=CUPS",
)
printer_selection_command = frame.group(
    "printer-selection",
    "Select which printer a user's report goes to. The most specific selection wins.",
    "postroom printer-selection set STORE --report sales-shipment",
)
inbox_command = frame.group("inbox", "List, save and delete the reports in your Report Inbox.", "postroom inbox list")

_PRINTERS = captions(
    "code", "description", "type", "folder", cups_queue="CUPS Queue", timeout="Timeout (sec.)"
) | captions("state", "waiting", "last_message")
_SELECTIONS = captions("user", "report", "printer")
_INBOX = captions("id", "created", "description", "document_no", is_read="Read", size="Bytes")

_user_option = click.option("--user", "for_user", default="", metavar="U", help="Only for this user; else for any.")
_report_option = click.option(
    "--report", default="", metavar="R", help=f"Only for this report; else for any: {', '.join(ALL)}."
)


@frame.command("list", "postroom printer list", under=printer_command)
@frame.json_option
def printer_list(session: Session) -> None:
    """List the printers, whether they respond, and how many print jobs wait."""
    session.read()
    session.write_list(_PRINTERS, printers.list_printers())


@frame.command(
    "add",
    "postroom printer add FILES folder=/srv/print",
    "postroom printer add STORE type=CUPS cups_queue=Store_Laser timeout=2m",
    under=printer_command,
)
@click.argument("code")
@click.argument("fields", metavar="KEY=VALUE...", nargs=-1, required=True)
@frame.json_option
def printer_add(session: Session, code: str, fields: tuple[str, ...]) -> None:
    """Make a printer: type (File or CUPS), folder, cups_queue, timeout, description."""
    user = session.open()
    session.write_card(printers.add(code, frame.pairs(fields), user=user))


@frame.command("set", "postroom printer set STORE timeout=10m", under=printer_command)
@click.argument("code")
@click.argument("fields", metavar="KEY=VALUE...", nargs=-1, required=True)
@frame.json_option
def printer_set(session: Session, code: str, fields: tuple[str, ...]) -> None:
    """Change a printer; it counts as responding again."""
    user = session.open(rings=True)
    session.write_card(printers.change(code, frame.pairs(fields), user=user))


@frame.command("delete", "postroom printer delete STORE", under=printer_command)
@click.argument("code")
@frame.json_option
def printer_delete(session: Session, code: str) -> None:
    """Delete a printer that nothing uses."""
    user = session.open()
    printers.delete(code, user=user)
    tell_deleted(session, code, f"Deleted the printer {code}.")


@frame.command(
    "move", "postroom printer move STORE OFFICE", f"postroom printer move STORE {printers.INBOX}", under=printer_command
)
@click.argument("code")
@click.argument("to")
@frame.json_option
def printer_move(session: Session, code: str, to: str) -> None:
    """Let what waits for a printer, or failed on it, go to another; TO is a printer or PDF, the Report Inbox."""
    user = session.open(rings=True)
    count = print_jobs.move(code, to, user=user)
    if session.as_json:
        session.write({"printer": code, "to": to, "moved": count})
    else:
        writing.say(f"Moved {counted(count, 'print job')} from {code} to {to}.")


@frame.command("test", "postroom printer test STORE", under=printer_command)
@click.argument("code")
@frame.json_option
def printer_test(session: Session, code: str) -> None:
    """Print a Test Page here and now; exit 1 if the printer needs a person, with what it says."""
    user = session.open(rings=True)
    told = printers.test(code, user=user)
    if session.as_json:
        session.write({"printer": code, "message": told})
    else:
        writing.say(told)


@frame.command("list", "postroom printer-selection list", under=printer_selection_command)
@frame.json_option
def selection_list(session: Session) -> None:
    """List the selections; a blank user or report stands for any."""
    session.read()
    session.write_list(_SELECTIONS, selections.list_selections())


@frame.command(
    "set",
    "postroom printer-selection set FILES",
    "postroom printer-selection set STORE --user ann --report sales-shipment",
    under=printer_selection_command,
)
@click.argument("printer")
@_user_option
@_report_option
@frame.json_option
def selection_set(session: Session, printer: str, for_user: str, report: str) -> None:
    """Let reports go to a printer: all, one user's, one report, or one user's one report."""
    user = session.open()
    session.write_list(_SELECTIONS, [selections.select(printer, for_user=for_user, report=report, user=user)])


@frame.command("delete", "postroom printer-selection delete --user ann", under=printer_selection_command)
@_user_option
@_report_option
@frame.json_option
def selection_delete(session: Session, for_user: str, report: str) -> None:
    """Take a selection away."""
    user = session.open()
    selections.delete(for_user=for_user, report=report, user=user)
    tell_deleted(session, {"user": for_user, "report": report}, "Deleted the printer selection.")


@frame.command("list", "postroom inbox list", "postroom inbox list --filter is_read=false", under=inbox_command)
@frame.filter_option
@frame.json_option
def inbox_list(session: Session, filter_text: str) -> None:
    """List your reports, the newest first."""
    user = session.read()
    session.write_list(_INBOX, inbox.list_reports(filter_text, user=user))


@frame.command("save", "postroom inbox save 7 --out invoice.pdf", under=inbox_command)
@click.argument("id_", metavar="ID", type=NUMBER)
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="A file, or a folder; else here.")
@frame.json_option
def inbox_save(session: Session, id_: int, out: Path) -> None:
    """Save a report as PDF and mark it read; never overwrites."""
    user = session.open()
    path = inbox.save(id_, out, user=user)
    if session.as_json:
        session.write({"id": id_, "path": str(path)})
    else:
        writing.say(f"Saved {path}.")


@frame.command("delete", "postroom inbox delete 7 8", under=inbox_command)
@click.argument("ids", metavar="ID...", type=NUMBER, nargs=-1, required=True)
@frame.json_option
def inbox_delete(session: Session, ids: tuple[int, ...]) -> None:
    """Delete reports from your inbox."""
    user = session.open()
    count = inbox.delete(ids, user=user)
    tell_deleted(session, list(ids), f"Deleted {counted(count, 'report')}.")


def tell_deleted(session: Session, deleted: object, told: str) -> None:
    """Say what was deleted."""
    if session.as_json:
        session.write({"deleted": deleted})
    else:
        writing.say(told)
