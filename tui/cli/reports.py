"""Commands on reports over many records, and on the layouts of all reports."""

from __future__ import annotations

from pathlib import Path

import click

from postroom.core.errors import UsageError
from postroom.core.jobs import entries
from postroom.core.jobs.results import DocumentResult
from postroom.core.kinds import ReportOutput
from postroom.core.printing import folder, listings, own_layouts, print_jobs, rendering
from postroom.core.printing.reports import LISTINGS, Listing
from postroom.tui.cli import frame, results, writing
from postroom.tui.cli.frame import Session, captions
from postroom.tui.cli.printing import tell_deleted

report_command = frame.group(
    "report",
    "Print or save posting register, trial balance and batch result.",
    "postroom report save trial-balance 2026-01-01..2026-03-31",
)
layout_command = frame.group(
    "layout",
    "List, export and import the layouts of reports: Typst files.",
    "postroom layout export document --out document.typ",
)

_REPORTS = captions("name", "title", "about")
_LAYOUTS = captions("name", "used", is_own="Own") | captions("imported_by", "imported")

_about = click.argument("about", default="")


@frame.command("list", "postroom report list", under=report_command)
@frame.json_option
def report_list(session: Session) -> None:
    """List the reports, and what each is about."""
    session.read()
    session.write_list(_REPORTS, LISTINGS.values())


@frame.command(
    "show", "postroom report show trial-balance", "postroom report show batch-result 7", under=report_command
)
@click.argument("name")
@_about
@frame.json_option
def report_show(session: Session, name: str, about: str) -> None:
    """Show a report here, as text: what it is about are registers (12..15), a period, or a batch no."""
    session.read()
    made = listings.read(_listing(name), about)
    if session.as_json:
        session.write(made.content)
    else:
        writing.write_text(listings.as_text(made.content))


@frame.command(
    "print",
    "postroom report print posting-register 12..15 --output print",
    "postroom report print batch-result 7",
    under=report_command,
)
@click.argument("name")
@_about
@click.option(
    "--output",
    type=click.Choice([output.value for output in ReportOutput], case_sensitive=False),
    default=ReportOutput.PDF.value,
    help="To the Report Inbox, which is the default, or to a printer.",
)
@frame.json_option
def report_print(session: Session, name: str, about: str, output: str) -> int:
    """Print a report: into the Report Inbox at once, or on a printer by a consumer."""
    user = session.open(rings=True)
    listing, wanted = _listing(name), ReportOutput(output)
    entry_id = print_jobs.print_listing(listing, about, user=user, output=wanted)
    if wanted is ReportOutput.PDF:
        return results.report(session, entries.run_once([entry_id], user=user, is_logged=False))
    return results.report(session, [DocumentResult(listing.name, about, "queued", entry_id)])


@frame.command("save", "postroom report save trial-balance --out trial-balance.pdf", under=report_command)
@click.argument("name")
@_about
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="A file, or a folder; else here.")
@frame.json_option
def report_save(session: Session, name: str, about: str, out: Path) -> None:
    """Save a report as PDF; never overwrites."""
    session.read()
    made = listings.read(_listing(name), about)
    path = folder.write_new(out, f"{folder.file_name(name, about)}.pdf", rendering.pdf(made))
    _tell_path(session, {"report": name, "about": about}, path)


@frame.command("list", "postroom layout list", under=layout_command)
@frame.json_option
def layout_list(session: Session) -> None:
    """List the layouts: which one each report is set with."""
    session.read()
    session.write_list(_LAYOUTS, own_layouts.list_layouts())


@frame.command(
    "export",
    "postroom layout export document --out document.typ",
    "postroom layout export sales-invoice --standard",
    under=layout_command,
)
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="A file, or a folder; else standard output.")
@click.option("--standard", is_flag=True, help="The one that comes along, also where the company has its own.")
def layout_export(session: Session, name: str, out: Path | None, standard: bool) -> None:
    """Write the layout that holds for a report; never overwrites."""
    session.read()
    source = own_layouts.export(name, standard=standard)
    if out is None:
        writing.write_text(source.text)
        return
    writing.say(f"Wrote {folder.write_new(out, f'{name}.typ', source.text.encode())}.")


@frame.command("import", "postroom layout import sales-invoice our-invoice.typ", under=layout_command)
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@frame.json_option
def layout_import(session: Session, name: str, file: Path) -> None:
    """Let reports be set with a layout of one's own: a report's name, document, listing or test-page."""
    user = session.open()
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.", field="file", value=str(file), hint="Name a Typst file."
        ) from error
    session.write_card(own_layouts.import_layout(name, content, user=user), _LAYOUTS)


@frame.command("delete", "postroom layout delete sales-invoice", under=layout_command)
@click.argument("name")
@frame.json_option
def layout_delete(session: Session, name: str) -> None:
    """Take a layout of one's own away: the one that comes along holds again."""
    user = session.open()
    own_layouts.delete(name, user=user)
    tell_deleted(session, name, f"Deleted the layout {name} of the company's own.")


def _listing(name: str) -> Listing:
    if name not in LISTINGS:
        raise UsageError(
            f"There is no report {name}.",
            field="name",
            value=name,
            hint=f"Choose from {', '.join(LISTINGS)}. Posted documents are printed with `postroom posted print`.",
        )
    return LISTINGS[name]


def _tell_path(session: Session, what: dict[str, str], path: Path) -> None:
    if session.as_json:
        session.write({**what, "path": str(path)})
    else:
        writing.say(f"Saved {path}.")
