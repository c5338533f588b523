"""Release and reopen: from being written to being ready to post, and back."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from postroom.core import posting_setup, users
from postroom.core.database import transaction
from postroom.core.documents import counting, state
from postroom.core.documents.fields import record
from postroom.core.documents.views import DocumentView, list_documents
from postroom.core.errors import Problem, Refused
from postroom.core.kinds import DocumentStatus, LineType
from postroom.core.money import EXACT, round_to
from postroom.core.posting import parts, source
from postroom.core.tables.setup import setup_of
from postroom.core.tables.trade import Document, Party
from postroom.core.users import Permission


def release(document_id: int, *, user: str) -> DocumentView:
    """Make a document ready to post. A released one stays as it is. Needs Post; Refused with every reason."""
    users.require(user, Permission.POST)
    with transaction():
        release_in_transaction(state.changeable(document_id))
        (view,) = list_documents(ids=[document_id])
        return view


def release_in_transaction(document: Document) -> None:
    """The same for a document that the caller holds and may change. Raises Refused with every reason."""
    if document.status is DocumentStatus.RELEASED:
        return
    problems = tuple(_unready(document))
    if problems:
        refusal = Refused(problems[0].message)
        refusal.problems = problems
        raise refusal
    setup = setup_of(document.type.area)
    if setup.calc_inv_discount:
        calculate_invoice_discount(document)
    document.status = DocumentStatus.RELEASED
    Document.update(status=DocumentStatus.RELEASED).where(Document.id == document.id).execute()


def reopen(document_id: int, *, user: str) -> DocumentView:
    """Make a released document editable again. Needs Post; refused while it is scheduled or posting."""
    users.require(user, Permission.POST)
    with transaction():
        document = state.changeable(document_id)
        if document.status is DocumentStatus.RELEASED:
            Document.update(status=DocumentStatus.OPEN, version=Document.version + 1).where(
                Document.id == document_id
            ).execute()
        (view,) = list_documents(ids=[document_id])
        return view


def calculate_invoice_discount(document: Document) -> None:
    """Set the invoice discount from the party's percentage, in the caller's transaction; without one it stays.

    Of a partly invoiced order it is what is taken already, and the percentage of what is left. That of a cancellation
    is what it cancels had.
    """
    if document.cancels:
        return
    party = Party.get_or_none(Party.area == document.type.area, Party.no == document.party_no)
    if party is None or not party.invoice_discount_percent:
        return
    discount = _invoice_discount(document, party.invoice_discount_percent)
    if discount != document.invoice_discount_amount and document.invoice_discount_taken:
        counting.begin_discount(document)
        discount = _invoice_discount(document, party.invoice_discount_percent)
    document.invoice_discount_amount = discount
    state.changed(document)


def _invoice_discount(document: Document, percent: Decimal) -> Decimal:
    step = posting_setup.current().precision_of(document.currency_code)
    left = sum(parts.left_amounts(source.read(document.id), step), Decimal(0))
    share = round_to(EXACT.divide(EXACT.multiply(left, percent), Decimal(100)), step)
    before: Decimal = document.invoice_discount_before
    return before + share


def _unready(document: Document) -> Iterator[Problem]:
    """Why a document cannot be released."""
    title = document.type.area.party_title
    if not document.party_no:
        yield Problem(
            "party_missing",
            f"The document names no {title.lower()}.",
            record(document),
            field="party_no",
            hint=f"Choose a {title.lower()}.",
        )
    if not any(line.type is not LineType.COMMENT and line.no and line.quantity for line in state.lines_of(document)):
        yield Problem(
            "nothing_to_release",
            "No line has both a number and a quantity.",
            record(document),
            field="lines",
            hint="Add a line with a number and a quantity.",
        )
