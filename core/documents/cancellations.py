"""Documents that cancel posted ones: made from them, many at once, ready to be posted or queued.

Made for reading, not for computing: a cancellation posts the figures of what it cancels (`posting.mirror`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from postroom.core import clock, company, numbering, posting_setup
from postroom.core.errors import Problem
from postroom.core.kinds import CORRECTED, Area, DocumentStatus, DocumentType, PostedKind
from postroom.core.money import FACTOR_SCALE, ZERO, to_units
from postroom.core.posting import corrected, mirror, parts, source
from postroom.core.posting.rows import PostedRef
from postroom.core.posting_setup import PostingSetup
from postroom.core.statements import execute, insert, insert_returning, marks, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import ChangeLogEntry, setup_of
from postroom.core.tables.trade import Document, UsedDocumentNo

_TYPES = {
    (Area.SALES, PostedKind.INVOICE): DocumentType.SALES_CREDIT_MEMO,
    (Area.SALES, PostedKind.CREDIT_MEMO): DocumentType.SALES_INVOICE,
    (Area.PURCHASE, PostedKind.INVOICE): DocumentType.PURCHASE_CREDIT_MEMO,
    (Area.PURCHASE, PostedKind.CREDIT_MEMO): DocumentType.PURCHASE_INVOICE,
}
"""What cancels a posted document."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What was made to cancel a posted document: a document, or the problem that is in its way."""

    posted: PostedRef
    document_id: int = 0
    type: DocumentType | None = None
    no: str = ""
    problem: Problem | None = None


def make(posted_ids: Sequence[int], *, user: str, posting_date: date | None = None) -> list[Cancellation]:
    """Make a cancellation of each posted invoice or credit memo that has none, in the caller's transaction.

    Without a posting date each is dated as what it cancels or, where the user may not post on that day, today. An id
    that is none is left out. Raises Refused for a number series that gives no number.
    """
    rows = {
        row.id: row
        for row in PostedDocument.select().where(PostedDocument.id.in_(posted_ids)).order_by(PostedDocument.id)
    }
    setup, today = posting_setup.current(), clock.today(company.time_zone().key)
    wanted = [rows[id_] for id_ in posted_ids if id_ in rows]
    suspects = _corrected_nos([row.no for row in wanted])
    looked_at = [row for row in wanted if row.no in suspects or (row.area, row.kind) not in _TYPES]
    refused = {row.id: problem for row in looked_at if (problem := _problem_with(row)) is not None}
    made: dict[int, Cancellation] = {}
    for type_ in DocumentType:
        chosen = [row for row in wanted if row.id not in refused and _TYPES[row.area, row.kind] is type_]
        dated = [(row, posting_date or _date_of(row, setup, user, today)) for row in chosen]
        made |= _write(type_, dated, user, today, setup)
    return [
        made.get(row.id) or Cancellation(PostedRef(row.area, row.kind, row.no), problem=refused[row.id])
        for row in wanted
    ]


def _date_of(row: PostedDocument, setup: PostingSetup, user: str, today: date) -> date:
    """The original's posting date, or today where the user may not post on that any more."""
    first, last = setup.allowed_dates(user)
    day: date = row.posting_date
    return today if (first is not None and day < first) or (last is not None and day > last) else day


def _corrected_nos(numbers: Sequence[str]) -> set[str]:
    """Those of these nos. that a document, posted or not, corrects or cancels."""
    within = f"corrects_no IN ({marks(len(numbers))})"
    return {
        no
        for (no,) in query(
            f"SELECT corrects_no FROM document WHERE {within}"
            f" UNION SELECT corrects_no FROM posted_document WHERE {within}",
            [*numbers, *numbers],
        )
    }


def _problem_with(row: PostedDocument) -> Problem | None:
    """Why a posted document is not cancelled: it moves goods alone, or somebody has cancelled or corrected it."""
    record = f"Posted {row.area.title()} {row.kind.title} {row.no}"
    if (row.area, row.kind) not in _TYPES:
        money = PostedDocument.get_or_none(
            PostedDocument.posting_id == row.posting_id,
            PostedDocument.kind.in_((PostedKind.INVOICE, PostedKind.CREDIT_MEMO)),
        )
        return Problem(
            "not_cancellable",
            f"A posted {row.kind.title.lower()} is not cancelled by itself.",
            record,
            field="kind",
            value=row.kind.value,
            hint=f"Cancel {money.kind.title} {money.no}, its goods come along."
            if money is not None
            else "Cancel the invoice or credit memo of its goods.",
        )
    type_ = _TYPES[row.area, row.kind]
    open_one = Document.get_or_none(Document.type == type_, Document.corrects_no == row.no, Document.cancels)
    if open_one is not None:
        status = open_one.job_queue_status.value or "not in the job queue"
        return Problem(
            "being_cancelled",
            f"It is being cancelled already, by {type_.title} {open_one.no} of {open_one.created_by} ({status}).",
            record,
            field="corrects_no",
            value=row.no,
            hint=f"Post {type_.title} {open_one.no}, or delete it to begin anew.",
        )
    return corrected.problem_with(row.area, type_.money_kind, row.no, record, is_cancellation=True)


_COPIED = (
    *("party_no", "party_name", "external_document_no", "currency_code", "prices_including_vat"),
    *("amount", "vat_amount", "amount_including_vat"),
)
_HEADER = (
    *("type", "no", "posting_date", "document_date", "due_date", "currency_factor", "invoice_discount_amount"),
    *("vendor_document_no", "ship", "invoice", "corrects_no", "cancels", "status", "job_queue_status", "version"),
    *("created_by", "created_at", *_COPIED),
)


def _write(
    type_: DocumentType, dated: Sequence[tuple[PostedDocument, date]], user: str, today: date, setup: PostingSetup
) -> dict[int, Cancellation]:
    """The documents of one type with their lines, and the Change Log; by the id of what they cancel."""
    if not dated:
        return {}
    numbers = _draw(type_, len(dated), today)
    discounts = _discounts([row.id for row, _ in dated])
    now = instant_to_stored(clock.now())
    rows = [
        (
            *(type_.value, no, day.isoformat(), day.isoformat(), max(day, row.due_date).isoformat()),
            *(to_units(row.currency_factor, FACTOR_SCALE), discounts.get(row.id, 0), "", True, True, row.no, True),
            *(DocumentStatus.RELEASED.value, "", 1, user, now),
            *(_stored(row, name) for name in _COPIED),
        )
        for (row, day), no in zip(dated, numbers, strict=True)
    ]
    ids = insert_returning(Document, _HEADER, rows, "id")
    insert(UsedDocumentNo, ("type", "no"), [(type_.value, no) for no in numbers])
    _copy_lines(type_, ids)
    including_vat = [id_ for (row, _), id_ in zip(dated, ids, strict=True) if row.prices_including_vat]
    _put_vat_into_discounts(including_vat, setup)
    titles = [f"Posted {row.area.title()} {row.kind.title}" for row, _ in dated]
    insert(
        ChangeLogEntry,
        ("at", "user_id", "action", "kind", "record", "field", "old_value", "new_value"),
        [
            (now, user, "Cancel", title, row.no, "Cancelled by", "", f"{type_.title} {no}")
            for (row, _), no, title in zip(dated, numbers, titles, strict=True)
        ],
    )
    return {
        row.id: Cancellation(PostedRef(row.area, row.kind, row.no), id_, type_, no)
        for (row, _), id_, no in zip(dated, ids, numbers, strict=True)
    }


def _stored(row: PostedDocument, name: str) -> Any:
    """A field's value as it is stored."""
    return PostedDocument._meta.fields[name].db_value(getattr(row, name))


def _discounts(posted_ids: Sequence[int]) -> Mapping[int, int]:
    """The invoice discounts of posted documents, as they are stored, by id."""
    return {
        id_: int(total)
        for id_, total in query(
            "SELECT posted_document_id, SUM(invoice_discount_amount) FROM posted_line"
            f" WHERE posted_document_id IN ({marks(len(posted_ids))}) GROUP BY posted_document_id",
            posted_ids,
        )
    }


def _put_vat_into_discounts(document_ids: list[int], setup: PostingSetup) -> None:
    """Where prices include VAT, the discounts that are shown include it, too; posted lines keep them without."""
    for document in source.read_many(document_ids):
        step = setup.precision_of(document.currency_code)
        worth, taken = mirror.amounts(document, step), parts.whole(document, step)
        shares = sum(worth.invoice_discounts, ZERO)
        execute("UPDATE document SET invoice_discount_amount = ? WHERE id = ?", (to_units(shares), document.id))
        for shown, amount, discount in zip(worth.lines, taken.amounts, taken.line_discounts, strict=True):
            if shown.line.line_discount_amount:
                execute(
                    "UPDATE document_line SET line_discount_amount = ? WHERE document_id = ? AND line_no = ?",
                    (to_units(amount + discount - shown.line_amount), document.id, shown.line.line_no),
                )


def _draw(type_: DocumentType, count: int, on: date) -> list[str]:
    """So many numbers of the type's series that no document ever bore."""
    setup = setup_of(type_.area)
    series = setup.credit_memo_nos if type_.is_return else setup.invoice_nos
    numbers: list[str] = []
    while len(numbers) < count:
        drawn = numbering.draw_many(series, count - len(numbers), on)
        used = {
            no
            for (no,) in query(
                f"SELECT no FROM used_document_no WHERE type = ? AND no IN ({marks(len(drawn))})", (type_.value, *drawn)
            )
        }
        numbers += [no for no in drawn if no not in used]
    return numbers


def _copy_lines(type_: DocumentType, document_ids: Sequence[int]) -> None:
    """The lines of the posted documents, with one discount each: a percentage, or else an amount."""
    names = ("line_no", "type", "no", "description", "quantity", "unit_price", "price_per_quantity")
    execute(
        f"INSERT INTO document_line (document_id, {', '.join(names)}, line_discount_percent, line_discount_amount,"
        " vat_group, quantity_shipped, quantity_invoiced)"
        f" SELECT d.id, {', '.join(f'l.{name}' for name in names)}, l.line_discount_percent,"
        " CASE WHEN l.line_discount_percent = 0 THEN l.line_discount_amount ELSE 0 END, l.vat_product_group, 0, 0"
        " FROM document d JOIN posted_document p ON p.area = ? AND p.kind = ? AND p.no = d.corrects_no"
        f" JOIN posted_line l ON l.posted_document_id = p.id WHERE d.id IN ({marks(len(document_ids))})",
        (type_.area.value, CORRECTED[type_.money_kind].value, *document_ids),
    )
