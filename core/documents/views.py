"""Documents as they are listed and shown: frozen pictures with the standing of their Job Queue Entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from peewee import JOIN

from postroom.core import filters, posting_setup, values
from postroom.core.errors import NotFound, Problem, UsageError, problems_from_json
from postroom.core.filters import FieldFilter
from postroom.core.kinds import DocumentStatus, DocumentType, JobQueueStatus, LineType, PostedKind
from postroom.core.posting import amounts, source, steps
from postroom.core.posting.amounts import LineAmounts
from postroom.core.posting.rows import PostedRef
from postroom.core.posting.source import Source
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import ChangeLogEntry
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry

POST_DOCUMENT = "post-document"
"""The job whose entries post documents."""


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One row of the document list. Amounts are in the document's currency (blank: LCY); `errors` are its entry's.

    `ship` (or receive) and `invoice` are what a posting does of an order.
    """

    id: int
    type: DocumentType
    no: str
    party_no: str
    party_name: str
    posting_date: date | None
    document_date: date | None
    due_date: date | None
    external_document_no: str
    vendor_document_no: str
    status: DocumentStatus
    job_queue_status: JobQueueStatus
    currency: str
    amount: Decimal
    vat_amount: Decimal
    amount_including_vat: Decimal
    ship: bool
    invoice: bool
    job_queue_entry_id: str
    job_queue_entry_no: int | None
    batch_no: int | None
    errors: tuple[Problem, ...]

    @property
    def record(self) -> str:
        return f"{self.type.title} {self.no}"


@dataclass(frozen=True, slots=True)
class LineView:
    """One line. `line_amount` is as typed, with VAT where prices include it; `amount` is what remains without VAT
    after the invoice discount, so that the lines add up to the document. To ship (receive) and to invoice is what the
    next posting would, typed or by default."""

    line_no: int
    type: LineType
    no: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    price_per_quantity: Decimal
    line_discount_percent: Decimal
    line_discount_amount: Decimal
    line_amount: Decimal
    amount: Decimal
    vat_amount: Decimal
    vat_group: str
    vat_rate: Decimal
    declared_vat_amount: Decimal | None
    qty_to_ship: Decimal
    qty_to_invoice: Decimal
    quantity_shipped: Decimal
    quantity_invoiced: Decimal


@dataclass(frozen=True, slots=True)
class DocumentDetail:
    """A whole document: its list row, the rest of its header, its lines."""

    view: DocumentView
    currency_factor: Decimal
    prices_including_vat: bool
    invoice_discount_amount: Decimal
    corrects_no: str
    created_by: str
    lines: tuple[LineView, ...]


def find(no: str, type: DocumentType | str | None = None) -> Document:
    """The document of that number. Raises NotFound, and UsageError where it stands in two types and none is named."""
    try:
        values.read_code(no)
    except ValueError:
        raise _unknown("", type, shown=no) from None
    chosen = Document.select().where(Document.no == no)
    if type is not None:
        chosen = chosen.where(Document.type == read_type(type))
    found = list(chosen.order_by(Document.id))
    if not found:
        raise _unknown(no, type)
    if len(found) > 1:
        named = " and ".join(document.type.value for document in found)
        raise UsageError(
            f"There are several documents {no}: {named}.",
            code="document_ambiguous",
            field="no",
            value=no,
            hint="Name its type too, with --type.",
        )
    return found[0]


def read_type(text: DocumentType | str) -> DocumentType:
    """A document type by its slug. Raises UsageError."""
    try:
        return DocumentType(text)
    except ValueError:
        raise UsageError(
            f"{text} is not a document type.",
            code="bad_value",
            field="type",
            value=str(text),
            hint=f"The types are {', '.join(kind.value for kind in DocumentType)}.",
        ) from None


def _unknown(no: str, type: DocumentType | str | None, *, shown: str = "") -> NotFound:
    """The error for a number that is no document's; `shown` instead of one that cannot be any."""
    posted = (
        PostedDocument.select(PostedDocument.kind, PostedDocument.no, PostedDocument.source_type)
        .where(
            PostedDocument.source_no == no,
            PostedDocument.kind.in_((PostedKind.INVOICE, PostedKind.CREDIT_MEMO)),
        )
        .first()
    )
    title = read_type(type).title if type is not None else "document"
    return NotFound(
        f"There is no {title} {shown or no}.",
        code="document_unknown",
        record=f"{title} {shown or no}",
        field="no",
        value=shown or no,
        hint=f"It was posted as {posted.kind.title.lower()} {posted.no}."
        if posted is not None and type in (None, posted.source_type)
        else "`postroom document list` shows those that are not yet posted.",
    )


FILTER_FIELDS: dict[str, Any] = {
    **{name: field for name, field in Document._meta.fields.items() if name not in ("id", "version")},
    "currency": Document.currency_code,
    "receive": Document.ship,
    "batch_no": JobQueueEntry.batch_no,
    "job_queue_entry_id": JobQueueEntry.id,
}
"""What a document list can be filtered by."""

_SEARCHED = (
    Document.type,
    Document.no,
    Document.party_no,
    Document.party_name,
    Document.external_document_no,
    Document.vendor_document_no,
    Document.currency_code,
    Document.status,
    Document.job_queue_status,
)

_COLUMNS = (
    Document.id,
    Document.type,
    Document.no,
    Document.party_no,
    Document.party_name,
    Document.posting_date,
    Document.document_date,
    Document.due_date,
    Document.external_document_no,
    Document.vendor_document_no,
    Document.status,
    Document.job_queue_status,
    Document.currency_code,
    Document.amount,
    Document.vat_amount,
    Document.amount_including_vat,
    Document.ship,
    Document.invoice,
    JobQueueEntry.id,
    JobQueueEntry.entry_no,
    JobQueueEntry.batch_no,
    JobQueueEntry.errors,
)


def with_entries(*columns: Any) -> Any:
    """A query over documents and, where there are any, their posting entries."""
    return Document.select(*columns).join(
        JobQueueEntry,
        JOIN.LEFT_OUTER,
        on=(JobQueueEntry.record_id == Document.id) & (JobQueueEntry.job == POST_DOCUMENT),
    )


def conditions(filter: str | Sequence[FieldFilter]) -> list[Any]:
    """A filter over documents as conditions for a query `with_entries`. Raises UsageError."""
    return filters.conditions(filter, FILTER_FIELDS, _SEARCHED) if filter else []


def list_documents(
    filter: str | Sequence[FieldFilter] = "", *, ids: Sequence[int] | None = None, limit: int | None = None
) -> list[DocumentView]:
    """Documents in the order in which they were made, those that pass `filter` and, where given, are among `ids`.

    One statement, the entries joined. Raises UsageError for a filter that cannot be read.
    """
    chosen = with_entries(*_COLUMNS).order_by(Document.id)
    wanted = conditions(filter)
    if ids is not None:
        wanted.append(Document.id.in_(ids))
    for condition in wanted:
        chosen = chosen.where(condition)
    if limit is not None:
        chosen = chosen.limit(limit)
    rows: Iterable[Any] = chosen.tuples()
    return [_view(row) for row in rows]


def _view(row: tuple[Any, ...]) -> DocumentView:
    """A row of `_COLUMNS`; without an entry its last four are NULL."""
    fields: list[Any] = [*row[:18], row[18] or "", row[19], row[20], problems_from_json(row[21] or "")]
    return DocumentView(*fields)


def show(document_id: int) -> DocumentDetail:
    """A whole document. Raises NotFound."""
    document = source.read(document_id)
    created = Document.select(Document.created_by).where(Document.id == document_id).first()
    views = list_documents(ids=[document_id])
    if created is None or not views:
        raise source.gone()
    setup = posting_setup.current()
    computed = amounts.compute(document, setup)
    rates = {group.product_group: group.pair.document_rate for group in computed.groups}
    remainder = setup.areas[document.area].ships_remainder
    return DocumentDetail(
        view=views[0],
        currency_factor=document.currency_factor,
        prices_including_vat=document.prices_including_vat,
        invoice_discount_amount=document.invoice_discount_amount,
        corrects_no=document.corrects_no,
        created_by=created.created_by,
        lines=tuple(
            _line_view(document, line, rates.get(line.line.vat_group, Decimal(0)), remainder=remainder)
            for line in computed.lines
        ),
    )


def _line_view(document: Source, computed: LineAmounts, rate: Decimal, *, remainder: bool) -> LineView:
    line = computed.line
    to_ship = to_invoice = line.quantity
    if document.type.is_order:
        to_ship = steps.qty_to_ship(line, remainder=remainder)
        to_invoice = steps.qty_to_invoice(line, to_ship)
    return LineView(
        line_no=line.line_no,
        type=line.type,
        no=line.no,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        price_per_quantity=line.price_per_quantity,
        line_discount_percent=line.line_discount_percent,
        line_discount_amount=line.line_discount_amount,
        line_amount=computed.line_amount,
        amount=computed.net,
        vat_amount=computed.vat,
        vat_group=line.vat_group,
        vat_rate=rate,
        declared_vat_amount=line.declared_vat_amount,
        qty_to_ship=to_ship,
        qty_to_invoice=to_invoice,
        quantity_shipped=line.quantity_shipped,
        quantity_invoiced=line.quantity_invoiced,
    )


def posted_last(type: DocumentType, no: str) -> tuple[PostedRef, ...]:
    """What the last posting made of a document that is gone; nothing where it was deleted, also after a part of it."""
    came_out = list(
        PostedDocument.select()
        .where(PostedDocument.source_type == type, PostedDocument.source_no == no)
        .order_by(PostedDocument.id)
    )
    if not came_out or (type.is_order and _was_deleted(type, no, came_out[-1].posted_at)):
        return ()
    return tuple(PostedRef(one.area, one.kind, one.no) for one in came_out if one.posting_id == came_out[-1].posting_id)


def _was_deleted(type: DocumentType, no: str, after: datetime) -> bool:
    """Whether an order was deleted after something of it was posted."""
    deletions = ChangeLogEntry.select().where(
        *(ChangeLogEntry.kind == type.title, ChangeLogEntry.record == no, ChangeLogEntry.action == "Delete"),
        ChangeLogEntry.at >= after,
    )
    return bool(deletions.exists())
