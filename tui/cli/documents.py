"""Commands on documents that are not yet posted: list, show, new, set, set-line, release, reopen, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from postroom.core import documents
from postroom.core.documents import DocumentDetail
from postroom.core.errors import UsageError, describe
from postroom.core.kinds import DocumentType
from postroom.core.tables.trade import Document
from postroom.tui.cli import frame, results, writing
from postroom.tui.cli.frame import Session, captions

document_command = frame.group(
    "document",
    "List, show and change documents not yet posted.",
    "postroom document list --filter 'type=sales-* C0001'",
)

type_option = click.option(
    "--type",
    "type_",
    metavar="T",
    help=f"Where a no. stands in two types: {', '.join(kind.value for kind in DocumentType)}.",
)

_COLUMNS = captions(
    "type",
    "no",
    "party_no",
    party_name="Name",
    posting_date="Posting Date",
    status="Status",
    job_queue_status="Job Queue Status",
    currency="Cur.",
    amount_including_vat="Incl. VAT",
    errors="Error",
)
_LINES = captions(
    "line_no", "type", "no", "description", "quantity", "unit_price", "amount", "vat_amount", vat_group="VAT Group"
)


def _line_columns(type_: DocumentType) -> dict[str, str]:
    """The columns of a document's lines: those of orders tell what has moved, and what the next posting does."""
    if not type_.is_order:
        return _LINES
    verb, done = ("Receive", "Received") if type_.receives else ("Ship", "Shipped")
    return {
        **_LINES,
        "qty_to_ship": f"To {verb}",
        "quantity_shipped": done,
        "qty_to_invoice": "To Invoice",
        "quantity_invoiced": "Invoiced",
    }


@frame.command(
    "list",
    "postroom document list --filter \"type=sales-invoice job_queue_status='Error'\"",
    "postroom document list --json",
    under=document_command,
)
@click.option("--type", "type_", metavar="T", help="Only documents of this type.")
@frame.filter_option
@frame.json_option
def document_list(session: Session, type_: str | None, filter_text: str) -> None:
    """List the documents that are not yet posted, in the order in which they were made."""
    session.read()
    session.write_list(_COLUMNS, documents.list_documents(of_type(type_, filter_text)))


def of_type(type_: str | None, filter_text: str) -> str:
    """A filter narrowed to one document type. Raises UsageError for an unknown one."""
    if type_ is None:
        return filter_text
    return f"type={read_type(type_).value} {filter_text}"


def read_type(text: str) -> DocumentType:
    """A document type by its slug. Raises UsageError."""
    try:
        return DocumentType(text)
    except ValueError as error:
        raise UsageError(
            f"{text} is not a document type.",
            field="type",
            value=text,
            hint=f"Choose from {', '.join(kind.value for kind in DocumentType)}.",
        ) from error


def find_all(numbers: Sequence[str], type_: str | None) -> list[Document]:
    """The documents of these numbers, each once. Raises NotFound; UsageError where one stands in two types."""
    kind = read_type(type_) if type_ is not None else None
    return [documents.find(no, kind) for no in dict.fromkeys(numbers)]


@frame.command("show", "postroom document show S-INV1001", under=document_command)
@click.argument("no")
@type_option
@frame.json_option
def document_show(session: Session, no: str, type_: str | None) -> None:
    """Show one document with its lines, and why it did not post."""
    session.read()
    (document,) = find_all([no], type_)
    _write(session, documents.show(document.id))


@frame.command(
    "new",
    "postroom document new --type sales-invoice party_no=C0001 external_document_no=PO-77",
    under=document_command,
)
@click.option("--type", "type_", metavar="T", required=True, help="Its type, such as sales-invoice.")
@click.option("--no", default="", metavar="NO", help="Its no.; else the next of the number series.")
@click.argument("changes", metavar="FIELD=VALUE...", nargs=-1)
@frame.json_option
def document_new(session: Session, type_: str, no: str, changes: tuple[str, ...]) -> None:
    """Make a document without lines; `document set-line` adds them."""
    user = session.open()
    view = documents.new(read_type(type_), frame.pairs(changes), user=user, no=no)
    _write(session, documents.show(view.id))


@frame.command("set", "postroom document set S-INV1001 posting_date=2026-11-30", under=document_command)
@click.argument("no")
@click.argument("changes", metavar="FIELD=VALUE...", nargs=-1, required=True)
@type_option
@frame.json_option
def document_set(session: Session, no: str, changes: tuple[str, ...], type_: str | None) -> None:
    """Change fields of a document's header, all of them or none."""
    user = session.open()
    (document,) = find_all([no], type_)
    documents.set_fields(document.id, frame.pairs(changes), user=user)
    _write(session, documents.show(document.id))


@frame.command(
    "set-line",
    "postroom document set-line S-INV1001 10000 type=item no=I0007 quantity=3",
    "postroom document set-line S-ORD1001 10000 qty_to_ship=2 qty_to_invoice=0",
    "postroom document set-line S-INV1001 10000 --delete",
    under=document_command,
)
@click.argument("no")
@click.argument("line_no", type=click.IntRange(1, 2**31 - 1))
@click.argument("changes", metavar="FIELD=VALUE...", nargs=-1)
@click.option("--delete", is_flag=True, help="Delete the line instead.")
@type_option
@frame.json_option
def document_set_line(
    session: Session, no: str, line_no: int, changes: tuple[str, ...], delete: bool, type_: str | None
) -> None:
    """Change a line of a document, add it if there is none of that number, or delete it."""
    if delete == bool(changes):
        raise UsageError("Give either FIELD=VALUE or --delete.")
    user = session.open()
    (document,) = find_all([no], type_)
    _write(session, documents.set_line(document.id, line_no, frame.pairs(changes), user=user, delete=delete))


@frame.command("release", "postroom document release S-INV1001 S-INV1002", under=document_command)
@click.argument("numbers", metavar="NO...", nargs=-1, required=True)
@type_option
@frame.json_option
def document_release(session: Session, numbers: tuple[str, ...], type_: str | None) -> int:
    """Make documents ready to post."""
    user = session.open()

    def release(document: Document) -> str:
        documents.release(document.id, user=user)
        return "released"

    return results.report(session, results.each(find_all(numbers, type_), _named, release))


@frame.command("reopen", "postroom document reopen S-INV1001", under=document_command)
@click.argument("numbers", metavar="NO...", nargs=-1, required=True)
@type_option
@frame.json_option
def document_reopen(session: Session, numbers: tuple[str, ...], type_: str | None) -> int:
    """Make released documents editable again."""
    user = session.open()

    def reopen(document: Document) -> str:
        documents.reopen(document.id, user=user)
        return "reopened"

    return results.report(session, results.each(find_all(numbers, type_), _named, reopen))


@frame.command("delete", "postroom document delete S-INV1001", under=document_command)
@click.argument("numbers", metavar="NO...", nargs=-1, required=True)
@type_option
@frame.json_option
def document_delete(session: Session, numbers: tuple[str, ...], type_: str | None) -> int:
    """Delete documents; their numbers are not given again."""
    user = session.open()

    def delete(document: Document) -> str:
        documents.delete(document.id, user=user)
        return "deleted"

    return results.report(session, results.each(find_all(numbers, type_), _named, delete))


def _named(document: Document) -> dict[str, str]:
    return {"type": document.type, "no": document.no}


def _write(session: Session, detail: DocumentDetail) -> None:
    """A whole document: its list row and the rest of its header side by side, and its lines."""
    rest = frame.as_mapping(detail)
    whole: dict[str, Any] = {**frame.as_mapping(detail.view), **rest}
    del whole["view"]
    session.write_card(whole)
    if not session.as_json:
        for problem in detail.view.errors:
            writing.write_text(f"Error: {describe(problem)}")
        if detail.lines:
            writing.write_text("")
            session.write_list(_line_columns(detail.view.type), detail.lines)
