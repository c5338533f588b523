"""A document's header: made, its fields changed, deleted; and what the party and the dates bring along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from peewee import IntegrityError

from postroom.core import changelog, clock, company, numbering, users, values
from postroom.core.database import transaction
from postroom.core.documents import counting, fields, state, terms
from postroom.core.documents.fields import record
from postroom.core.documents.views import POST_DOCUMENT, DocumentView, list_documents, read_type
from postroom.core.errors import Problem, Refused
from postroom.core.kinds import DocumentType
from postroom.core.tables.setup import Currency, GeneralLedgerSetup, NumberSeries, setup_of
from postroom.core.tables.trade import Document, DocumentLine, Party, UsedDocumentNo
from postroom.core.tables.work import JobQueueEntry
from postroom.core.users import Permission
from postroom.core.values import Value

_SERIES = {"order": "order_nos", "return-order": "return_order_nos", "invoice": "invoice_nos"}


def new(type: DocumentType | str, changes: Mapping[str, str] | None = None, *, user: str, no: str = "") -> DocumentView:
    """Make a document, its number drawn from the setup's series unless `no` is given. Needs Post.

    Raises UsageError with every bad field, Refused for a number that was used before or a series that gives none.
    """
    users.require(user, Permission.POST)
    kind = read_type(type)
    with transaction():
        setup = setup_of(kind.area)
        today = clock.today(company.time_zone().key)
        first = today if setup.default_posting_date == "Work Date" else None
        document = Document(
            type=kind,
            party_no="",
            posting_date=first,
            document_date=first,
            due_date=first,
            created_by=user,
            created_at=clock.now(),
        )
        document.no = _read_no(no)
        read = fields.read_all(fields.HEADER, changes or {}, kind, record(document).strip())
        _apply(document, read)
        if document.no:
            _take_typed_no(document, setup)
        else:
            _draw_no(document, setup, document.posting_date or today)
        document.version = 1
        document.save(force_insert=True)
        state.changed(document)
        (view,) = list_documents(ids=[document.id])
        return view


def set_fields(document_id: int, changes: Mapping[str, str], *, user: str) -> DocumentView:
    """Change header fields, all or none. Needs Post.

    Refused while the document is scheduled or posting; a released one takes dates, outside numbers, and what the next
    posting does.
    """
    users.require(user, Permission.POST)
    with transaction():
        document = state.changeable(document_id)
        read = fields.read_all(fields.HEADER, changes, document.type, record(document))
        allowed = {field.stored_in for field in fields.HEADER if field.while_released}
        if not read.keys() <= allowed:
            state.refuse_released(document)
            state.refuse_cancelling(document)
        _refuse_moved(document, read)
        before = {name: getattr(document, name) for name in ("currency_factor", "invoice_discount_amount")}
        _apply(document, read)
        counting.header_changed(document, before)
        state.changed(document)
        (view,) = list_documents(ids=[document_id])
        return view


def _refuse_moved(document: Document, read: Mapping[str, Value]) -> None:
    """Once goods have moved, party, currency and the meaning of prices stay what they were posted with."""
    for column in ("party_no", "currency_code", "prices_including_vat"):
        if column in read and read[column] != getattr(document, column):
            for line in state.lines_of(document):
                if line.quantity_shipped:
                    raise Refused(
                        "Goods of this document have moved.",
                        code="document_moved",
                        record=record(document),
                        line=line.line_no,
                        field=column,
                        value=str(getattr(document, column)),
                        hint="Make another document for what is left.",
                    )


def delete(document_id: int, *, user: str) -> None:
    """Delete a document, and its entry when that is in Error. Its number is not given again. Needs Post."""
    users.require(user, Permission.POST)
    with transaction():
        document = state.changeable(document_id)
        for line in state.lines_of(document):
            if line.quantity_shipped != line.quantity_invoiced:
                moved = "received" if document.type.receives else "shipped"
                raise Refused(
                    f"Something on it is {moved} and not invoiced.",
                    code="moved_not_invoiced",
                    record=record(document),
                    line=line.line_no,
                    field="quantity_invoiced",
                    value=values.shown(values.FieldKind.DECIMAL, line.quantity_invoiced),
                    hint=f"Invoice what was {moved}, then the document goes by itself.",
                )
        JobQueueEntry.delete().where(
            JobQueueEntry.record_id == document_id, JobQueueEntry.job == POST_DOCUMENT
        ).execute()
        DocumentLine.delete().where(DocumentLine.document == document_id).execute()
        Document.delete().where(Document.id == document_id).execute()
        changelog.record(user, "Delete", document.type.title, document.no)


def _read_no(no: str) -> str:
    try:
        return values.read_code(no)
    except ValueError as error:
        values.refuse_all([Problem("bad_value", f"No.: {no} {error}.", field="no", value=no)])
        raise


def _series_code(document: Document, setup: Any) -> str:
    code: str = getattr(setup, _SERIES.get(document.type.value.partition("-")[2], "credit_memo_nos"))
    return code


def _take_typed_no(document: Document, setup: Any) -> None:
    series = NumberSeries.get_or_none(NumberSeries.code == _series_code(document, setup))
    if series is not None and not series.manual_nos:
        raise Refused(
            f"Numbers of number series {series.code} are not typed by hand.",
            code="manual_no_not_allowed",
            record=record(document),
            field="no",
            value=document.no,
            hint="Leave the number out, or allow Manual Nos. on the series.",
        )
    used = UsedDocumentNo.get_or_none(UsedDocumentNo.type == document.type, UsedDocumentNo.no == document.no)
    if used is not None:
        raise _used(document)
    try:
        UsedDocumentNo.create(type=document.type, no=document.no)
    except IntegrityError as error:
        raise _used(document) from error


def _used(document: Document) -> Refused:
    return Refused(
        f"The number {document.no} is already used.",
        code="document_no_used",
        record=record(document),
        field="no",
        value=document.no,
        hint="A number is given once, also when its document was posted or deleted; choose another.",
    )


def _draw_no(document: Document, setup: Any, on: date) -> None:
    """The next number of the series that nobody typed by hand before."""
    while True:
        document.no = numbering.draw(_series_code(document, setup), on)
        if UsedDocumentNo.get_or_none(UsedDocumentNo.type == document.type, UsedDocumentNo.no == document.no) is None:
            UsedDocumentNo.create(type=document.type, no=document.no)
            return


def _apply(document: Document, read: Mapping[str, Value]) -> None:
    """Put what was typed into the header, with what follows from it; typed fields win."""
    before = {name: getattr(document, name) for name in ("posting_date", "document_date", "due_date", "party_no")}
    terms_before = _due_date(document)
    factor_before = terms.factor_on(document.currency_code, document.posting_date)
    for column, value in read.items():
        setattr(document, column, value)
    party = _check_party(document) if "party_no" in read else None
    if party is not None and before["party_no"] != document.party_no:
        if "party_name" not in read:
            document.party_name = party.name
        if "currency_code" not in read:
            document.currency_code = party.currency_code
    if "document_date" not in read and before["document_date"] == before["posting_date"]:
        document.document_date = document.posting_date
    if "due_date" not in read and before["due_date"] == terms_before:
        document.due_date = _due_date(document)
    if not document.cancels:  # it keeps the factor of what it cancels, on whatever day
        _check_currency(document, read, factor_before)


def _check_party(document: Document) -> Party | None:
    if not document.party_no:
        document.party_name = ""
        return None
    area = document.type.area
    party = Party.get_or_none(Party.area == area, Party.no == document.party_no)
    if party is None:
        numbers = [row.no for row in Party.select(Party.no).where(Party.area == area)]
        title = area.party_title
        values.refuse_all(
            [
                Problem(
                    "party_unknown",
                    f"{title} {document.party_no} does not exist.",
                    record(document),
                    field="party_no",
                    value=document.party_no,
                    hint=values.near(document.party_no, numbers, title.lower()),
                )
            ]
        )
    return party


def _due_date(document: Document) -> date | None:
    """The document date plus the party's Payment Days; the document date itself without a party."""
    party = Party.get_or_none(Party.area == document.type.area, Party.no == document.party_no)
    return terms.due_date(document.document_date, party.payment_days if party is not None else 0)


def _check_currency(document: Document, read: Mapping[str, Value], factor_before: Decimal | None) -> None:
    """A currency must exist; its factor is the one typed, else the rate of the posting date."""
    code = document.currency_code
    if code == GeneralLedgerSetup.get_by_id(1).lcy_code:
        document.currency_code = code = ""
    if not code:
        if "currency_factor" in read and document.currency_factor != 1:
            _refuse_currency(
                document, "currency_factor", "There is no currency to have a factor.", "Set currency_code."
            )
        document.currency_factor = Decimal(1)
        return
    if "currency_code" in read or "party_no" in read:
        codes = [row.code for row in Currency.select(Currency.code)]
        if code not in codes:
            hint = values.near(code, codes, "currency")
            _refuse_currency(document, "currency_code", f"Currency {code} does not exist.", hint)
    if "currency_factor" in read:
        return
    if not read.keys() & {"currency_code", "party_no", "posting_date"}:
        return
    is_by_hand = document.currency_factor != factor_before and not read.keys() & {"currency_code", "party_no"}
    if is_by_hand:
        return
    factor = terms.factor_on(code, document.posting_date)
    if factor is None:
        values.refuse_all(
            [terms.no_factor(record(document), code, document.posting_date, str(document.currency_factor))]
        )
    document.currency_factor = factor


def _refuse_currency(document: Document, field: str, message: str, hint: str) -> None:
    value = str(getattr(document, field))
    values.refuse_all([Problem("currency_invalid", message, record(document), field=field, value=value, hint=hint)])
