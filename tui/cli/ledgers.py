"""Commands that read what has been posted: posted documents, ledgers, navigate, the change log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import click

from postroom.core import reading
from postroom.core.errors import UsageError
from postroom.core.jobs import undo
from postroom.core.jobs.results import DocumentResult
from postroom.core.kinds import Area, PostedKind, ReportOutput
from postroom.core.printing import print_jobs
from postroom.core.reading import LEDGERS
from postroom.tui.cli import frame, results, writing
from postroom.tui.cli import undo as undo_options
from postroom.tui.cli.frame import Session, captions

posted_command = frame.group(
    "posted", "Show posted documents, print them again, cancel them.", "postroom posted list --source S-INV1001 --json"
)

ledger_command = frame.group(
    "ledger", "List the entries of a ledger.", "postroom ledger gl --filter account_no=6100..6320 --json"
)

changelog_command = frame.group(
    "changelog", "Show who changed what.", "postroom changelog list --filter 'at=2026-11-24 user=ann'"
)

_POSTED = captions(
    "area",
    "kind",
    "no",
    source_no="Source No.",
    party_no="Party No.",
    posting_date="Posting Date",
    currency="Currency",
    amount="Amount",
    vat_amount="VAT Amount",
    amount_including_vat="Incl. VAT",
    corrects_no="Corrects",
    cancelled_by="Cancelled by",
    user="User",
)
_LINES = captions("line_no", "type", "no", "description", "quantity", "unit_price", "amount", "vat_amount")
_VAT = captions("group", "rate", "base", "amount")
_COLUMNS = {
    "gl": captions(
        "entry_no", "register_no", "account_no", "posting_date", "document_no", "description", "amount", "user"
    ),
    "party": captions(
        "entry_no", "party_no", "posting_date", "document_type", "document_no", "currency", "amount", "remaining_amount"
    ),
    "vat": captions(
        "entry_no", "posting_date", "document_no", "vat_business_group", "vat_product_group", "rate", "base", "amount"
    ),
    "item": captions("entry_no", "item_no", "posting_date", "document_no", "quantity", "user"),
    "value": captions("entry_no", "item_no", "posting_date", "document_no", "cost_amount", "account_no"),
}
_COLUMNS["customer"] = _COLUMNS["vendor"] = _COLUMNS["party"] | {"due_date": "Due Date"}


@frame.command(
    "list",
    "postroom posted list --filter 'kind=invoice posting_date=2026-11-01..'",
    "postroom posted list --source S-ORD1001 --json",
    under=posted_command,
)
@click.option("--source", default="", metavar="NO", help="Only what came out of the document with this no.")
@frame.filter_option
@frame.json_option
def posted_list(session: Session, source: str, filter_text: str) -> None:
    """List posted documents in the order of their posting; with --json each with its VAT and lines."""
    session.read()
    session.write_list(_POSTED, reading.posted_documents(filter_text, source=source))


@frame.command("show", "postroom posted show 103001", under=posted_command)
@click.argument("no")
@click.option("--area", type=click.Choice([area.value for area in Area]), help="Where two areas have the no.")
@click.option("--kind", type=click.Choice([kind.value for kind in PostedKind]), help="Where two kinds have the no.")
@frame.json_option
def posted_show(session: Session, no: str, area: str | None, kind: str | None) -> None:
    """Show one posted document with its lines and its VAT."""
    session.read()
    found = reading.posted_document(no, area=Area(area) if area else None, kind=PostedKind(kind) if kind else None)
    session.write_card(found)
    if not session.as_json:
        _write_part(session, "Lines", _LINES, found["lines"])
        _write_part(session, "VAT", _VAT, found["vat"])


@frame.command(
    "print", "postroom posted print 103001", "postroom posted print 103001 --output pdf", under=posted_command
)
@click.argument("no")
@click.option("--area", type=click.Choice([area.value for area in Area]), help="Where two areas have the no.")
@click.option("--kind", type=click.Choice([kind.value for kind in PostedKind]), help="Where two kinds have the no.")
@click.option(
    "--output",
    type=click.Choice([output.value for output in ReportOutput], case_sensitive=False),
    help="To the Report Inbox or to a printer; else as the setup says.",
)
@frame.json_option
def posted_print(session: Session, no: str, area: str | None, kind: str | None, output: str | None) -> int:
    """Print a posted document; once more, marked COPY, where it was printed before."""
    user = session.open(rings=True)
    ordered = print_jobs.print_posted(
        no,
        user=user,
        area=Area(area) if area else None,
        kind=PostedKind(kind) if kind else None,
        output=ReportOutput(output) if output else None,
    )
    return results.report(session, [DocumentResult(ordered.report.name, no, "queued", ordered.entry_id)])


@frame.command(
    "cancel",
    "postroom posted cancel 103001",
    "postroom posted cancel 103001 103002 --posting-date 2026-11-30",
    "postroom posted cancel --filter 'kind=invoice party_no=C0100 posting_date=2026-11-24'",
    under=posted_command,
)
@click.argument("numbers", metavar="[NO...]", nargs=-1)
@click.option("--area", type=click.Choice([area.value for area in Area]), help="Where two areas have the no.")
@click.option("--kind", type=click.Choice([kind.value for kind in PostedKind]), help="Where two kinds have the no.")
@frame.filter_option
@undo_options.options
@frame.json_option
def posted_cancel(
    session: Session,
    numbers: tuple[str, ...],
    area: str | None,
    kind: str | None,
    filter_text: str,
    now: bool,
    queue_anyway: bool,
    posting_date: str | None,
) -> int:
    """Cancel posted invoices and credit memos: corrective documents are made from them and queued.

    Afterwards every account, customer, vendor and VAT group stands where it stood before.
    """
    request = undo_options.request(now, queue_anyway, posting_date)
    if bool(numbers) == bool(filter_text):
        raise UsageError("Which posted documents?", hint="Name them, or choose them by --filter.")
    user = session.open(rings=True)
    if numbers:
        of_area, of_kind = Area(area) if area else None, PostedKind(kind) if kind else None
        chosen = [undo.find(no, area=of_area, kind=of_kind) for no in dict.fromkeys(numbers)]
    else:
        chosen = undo.matching(filter_text, area=area or "", kind=kind or "")
    return undo_options.carry_out(
        session, len(chosen), lambda advance: undo.cancel(chosen, request, user=user, progress=advance)
    )


@frame.command("navigate", "postroom navigate 103001", "postroom navigate S-ORD1001 --json")
@click.argument("no")
@frame.json_option
def navigate_command(session: Session, no: str) -> None:
    """Show every posted document and ledger entry of a document no."""
    session.read()
    found = reading.navigate(no)
    if session.as_json:
        session.write(found)
        return
    write_parts(session, found["documents"], found["entries"])


def write_parts(
    session: Session,
    documents: Sequence[reading.Row],
    entries: Mapping[str, Sequence[reading.Row]],
    without: Collection[str] = (),
) -> None:
    """Posted documents and then the entries of each ledger that has some, without the columns of these names."""
    _write_part(session, "Posted Documents", _POSTED, documents)
    for name, rows in entries.items():
        columns = {key: caption for key, caption in _COLUMNS[name].items() if key not in without}
        _write_part(session, LEDGERS[name].title, columns, rows)


def _write_part(session: Session, title: str, columns: dict[str, str], rows: Sequence[reading.Row]) -> None:
    if rows:
        writing.write_text(f"\n{title}")
        session.write_list(columns, rows)


def _add_ledger(name: str) -> None:
    title = LEDGERS[name].title

    @frame.command(name, f"postroom ledger {name} --filter posting_date=2026-11-01.. --json", under=ledger_command)
    @frame.filter_option
    @frame.json_option
    def ledger(session: Session, filter_text: str) -> None:
        session.read()
        session.write_list(_COLUMNS[name], reading.ledger(name, filter_text))

    ledger.help = f"List the {title}, amounts with debit positive."


for _name in LEDGERS:
    _add_ledger(_name)


@frame.command("list", "postroom changelog list --filter 'kind=Sales* user=ann'", under=changelog_command)
@frame.filter_option
@frame.json_option
def changelog_list(session: Session, filter_text: str) -> None:
    """List every change of setup, master data, queue or entry by a person, the newest first."""
    session.read()
    columns = captions("entry_no", "at", "user", "action", "kind", "record", "field", "old_value", "new_value")
    session.write_list(columns, reading.change_log(filter_text))
