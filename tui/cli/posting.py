"""Commands that post, or show what a posting would write: post, preview, remove."""

from __future__ import annotations

import sys

import click

from postroom.core import documents
from postroom.core.counted import plural
from postroom.core.documents import DocumentView
from postroom.core.errors import UsageError, describe
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.posting import preview
from postroom.core.posting.steps import Asked
from postroom.tui.cli import frame, ledgers, results, writing
from postroom.tui.cli.documents import find_all, of_type, type_option
from postroom.tui.cli.frame import Session


@frame.command(
    "post",
    "postroom post --no S-INV1001",
    "postroom post --all --queue",
    "postroom post --no S-INV1001 --print",
    "postroom post --type sales-order --filter 'posting_date=..2026-11-30' --ship",
)
@type_option
@click.option("--no", "numbers", metavar="NO", multiple=True, help="A document; may be given several times.")
@click.argument("more", metavar="[NO...]", nargs=-1)
@click.option("--all", "all_", is_flag=True, help="Every document that is not scheduled already.")
@frame.filter_option
@click.option("--ship", is_flag=True, help="Ship, on sales orders and purchase return orders.")
@click.option("--receive", is_flag=True, help="Receive, on purchase orders and sales return orders.")
@click.option("--invoice", is_flag=True, help="Invoice. With none of these three: as each document says.")
@click.option("--print", "print_", is_flag=True, help="Post and Print: to the Report Inbox or a printer, per setup.")
@click.option("--now", is_flag=True, help="Post in this process, whatever the setup says.")
@click.option("--queue", is_flag=True, help="Queue, whatever the setup says.")
@click.option("--queue-anyway", is_flag=True, help="Queue also what the check finds wrong now.")
@click.option("--check", is_flag=True, help="Only check, and list every error.")
@click.option("--posting-date", metavar="D", help="A posting date for all, used with the two options below.")
@click.option("--replace-posting-date", is_flag=True, help="Put it on every document.")
@click.option("--replace-document-date", is_flag=True, help="Put it on every document as document date.")
@click.option("--calc-inv-discount", is_flag=True, help="Compute the invoice discount anew.")
@frame.json_option
def post_command(
    session: Session,
    type_: str | None,
    numbers: tuple[str, ...],
    more: tuple[str, ...],
    all_: bool,
    filter_text: str,
    ship: bool,
    receive: bool,
    invoice: bool,
    print_: bool,
    now: bool,
    queue: bool,
    queue_anyway: bool,
    check: bool,
    posting_date: str | None,
    replace_posting_date: bool,
    replace_document_date: bool,
    calc_inv_discount: bool,
) -> int:
    """Post documents, or queue them for background posting, as the setup says. Several documents are a batch."""
    if now and (queue or queue_anyway):
        raise UsageError("--now and --queue exclude each other.", hint="Give one of them, or none: as the setup says.")
    if check and (now or queue or queue_anyway):
        raise UsageError("--check posts and queues nothing.", hint="Leave it out, or --now, --queue, --queue-anyway.")
    day = frame.parse_day(posting_date, "posting-date")
    if (replace_posting_date or replace_document_date) and day is None:
        raise UsageError("There is no date to replace with.", field="posting-date", hint="Give --posting-date too.")
    user = session.open(rings=True)
    chosen = _choose(session, type_, (*numbers, *more), all_, filter_text)
    request = PostRequest(
        ship=ship,
        receive=receive,
        invoice=invoice,
        print=print_,
        mode="now" if now else "queue" if queue or queue_anyway else "setup",
        queue_anyway=queue_anyway,
        check_only=check,
        posting_date=day,
        replace_posting_date=replace_posting_date,
        replace_document_date=replace_document_date,
        calc_inv_discount=calc_inv_discount,
    )
    with writing.progress_bar("Checking" if check else "Posting", len(chosen)) as advance:
        done = background.post(chosen, request, user=user, progress=advance)
    return results.report(session, done)


def _choose(session: Session, type_: str | None, numbers: tuple[str, ...], all_: bool, filter_text: str) -> list[int]:
    """The ids of the documents that are meant. Raises UsageError for a choice that says nothing, or two things."""
    if numbers and (all_ or filter_text):
        raise UsageError("Name documents by --no, or choose them by --filter or --all, not both.")
    if numbers:
        return [document.id for document in find_all(numbers, type_)]
    found = documents.list_documents(of_type(type_, filter_text))
    if not all_ and not filter_text:
        _confirm(found)
    return [view.id for view in found]


def _confirm(found: list[DocumentView]) -> None:
    """A batch with no filter asks first; without a terminal it needs --all."""
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        raise UsageError("Which documents?", hint="Give --no NO, --filter F, or --all.")
    what = plural(len(found), "the one document", f"all {len(found):,} documents")
    click.confirm(f"Post {what}?", abort=True, err=True)


@frame.command("remove", "postroom remove S-INV1001 S-INV1002")
@click.argument("numbers", metavar="NO...", nargs=-1, required=True)
@type_option
@frame.json_option
def remove_command(session: Session, numbers: tuple[str, ...], type_: str | None) -> int:
    """Remove documents from the job queue; they stay released."""
    user = session.open()
    chosen = [document.id for document in find_all(numbers, type_)]
    return results.report(session, background.remove(chosen, user=user))


@frame.command(
    "preview",
    "postroom preview S-INV1001",
    "postroom preview --type sales-order S-ORD1001 --json",
    "postroom preview S-ORD1001 --ship",
)
@click.argument("no")
@type_option
@click.option("--ship", is_flag=True, help="What shipping would post, of sales orders and purchase return orders.")
@click.option("--receive", is_flag=True, help="What receiving would post, of purchase orders and sales return orders.")
@click.option("--invoice", is_flag=True, help="What invoicing would post. With none of these: as the document says.")
@frame.json_option
def preview_command(session: Session, no: str, type_: str | None, ship: bool, receive: bool, invoice: bool) -> int:
    """Show what a document would post, entry by entry; nothing is posted. Exit 1 if it would fail, with every reason.

    The document is posted and that undone, so numbers are shown as ***. A queued document stays queued.
    """
    user = session.open()
    (document,) = find_all([no], type_)
    found = preview.preview(document.id, user=user, asked=Asked(ship, receive, invoice))
    if session.as_json:
        session.write(found)
    elif found.errors:
        writing.write_text(f"{found.type.title} {found.no}: would not post")
        for problem in found.errors:
            writing.write_text(f"    {describe(problem)}")
    else:
        ledgers.write_parts(session, found.documents, found.entries, without=("entry_no", "register_no"))
    return 1 if found.errors else 0
