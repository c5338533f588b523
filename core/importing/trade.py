"""Documents and their lines from files: checked against the books, computed, and inserted many rows a statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, DecimalException
from typing import Any

from postroom.core import clock, numbering
from postroom.core.documents import terms
from postroom.core.importing.files import Problems, Row, Sheet, is_unreadable
from postroom.core.importing.missing import Lacking, Missing
from postroom.core.kinds import Area, DocumentStatus, DocumentType, JobQueueStatus, LineType
from postroom.core.money import FACTOR_SCALE, ONE, to_units
from postroom.core.posting import amounts
from postroom.core.posting.source import Source, SourceLine, SourceParty
from postroom.core.statements import in_parts, insert, insert_returning, marks, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.setup import setup_of
from postroom.core.tables.trade import Document, DocumentLine, UsedDocumentNo

Key = tuple[DocumentType, str]

LINE_STEP = 10_000


@dataclass(slots=True)
class DocumentDraft:
    """One document as its row says, and its lines."""

    sheet: Sheet
    row: Row
    type: DocumentType
    no: str
    party: SourceParty | None = None
    lines: list[SourceLine] = field(default_factory=list)
    line_rows: dict[int, int] = field(default_factory=dict)
    to_describe: set[int] = field(default_factory=set)
    """The lines whose file has no column for descriptions."""

    @property
    def record(self) -> str:
        return f"{self.type.title} {self.no}" if self.no else f"{self.type.title} without a number"


@dataclass(slots=True)
class Trade:
    """All documents of a command, by type and number; those that get a number from their series by type."""

    drafts: list[DocumentDraft] = field(default_factory=list)
    by_key: dict[Key, DocumentDraft] = field(default_factory=dict)
    unnumbered: dict[DocumentType, list[DocumentDraft]] = field(default_factory=dict)
    lines: int = 0


def take_documents(trade: Trade, sheet: Sheet, missing: Missing, problems: Problems, step: Callable[[], None]) -> None:
    """Check the rows of one documents file. `step` is called with each."""
    for row in sheet.rows:
        step()
        values = row.values
        if values["type"] is None:
            continue
        draft = DocumentDraft(sheet, row, values["type"], values["no"])
        if draft.no:
            first = trade.by_key.setdefault((draft.type, draft.no), draft)
            if first is not draft:
                where = f"line {first.row.line}"
                where = where if first.sheet.file == sheet.file else f"{where} of {first.sheet.file}"
                problems.in_row(sheet, row, "no", f"{draft.record} stands in {where} already.")
                continue
        else:
            trade.unnumbered.setdefault(draft.type, []).append(draft)
        trade.drafts.append(draft)
        if not is_unreadable(row):
            _complete(draft, missing, problems)


def _complete(draft: DocumentDraft, missing: Missing, problems: Problems) -> None:
    """Party, dates and currency of a document, with what follows from them."""
    sheet, row, values = draft.sheet, draft.row, draft.row.values
    area = draft.type.area
    try:
        party = missing.party(area, values["party_no"], values["party_name"])
    except Lacking as lacking:
        problems.in_row(sheet, row, lacking.column, str(lacking))
        return
    draft.party = SourceParty(
        party.name, party.general_business_group, party.vat_business_group, party.posting_group, ""
    )
    values["party_name"] = values["party_name"] or party.name
    if values["vendor_document_no"] and area is Area.SALES:
        problems.in_row(sheet, row, "vendor_document_no", "Only purchase documents bear a vendor's number.")
    document_date: date = values["document_date"] or values["posting_date"]
    if values["due_date"] is None:
        values["due_date"] = terms.due_date(document_date, party.payment_days)
    values["document_date"] = document_date
    if not draft.type.is_order:
        values["ship"] = values["invoice"] = True
    _take_currency(draft, party.currency_code, missing, problems)


def _take_currency(draft: DocumentDraft, of_party: str, missing: Missing, problems: Problems) -> None:
    """A document without a currency column takes its party's; a factor that is not given is the rate of the day."""
    sheet, row, values, books = draft.sheet, draft.row, draft.row.values, missing.books
    code = values["currency_code"] if "currency_code" in sheet.columns else of_party
    if code == books.setup.lcy_code:
        code = ""
    values["currency_code"] = code
    factor: Decimal | None = values["currency_factor"]
    if not code:
        if factor not in (None, ONE):
            problems.in_row(sheet, row, "currency_factor", "There is no currency to have a factor; give currency_code.")
        values["currency_factor"] = ONE
        return
    if code not in books.codes["currency_code"]:
        problems.in_row(sheet, row, "currency_code", f"The currency {code} does not exist.", code)
    elif factor is None:
        values["currency_factor"] = books.factor_on(code, values["posting_date"])
        if values["currency_factor"] is None:
            message = f"{code} has no exchange rate on {values['posting_date']}; give the currency_factor."
            problems.in_row(sheet, row, "currency_factor", message, "")


def refuse_used(trade: Trade, problems: Problems) -> None:
    """Name every document whose number was given before, be it posted or deleted since."""
    by_type: dict[DocumentType, list[str]] = {}
    for type_, no in trade.by_key:
        by_type.setdefault(type_, []).append(no)
    for type_, nos in by_type.items():
        for part in in_parts(nos):
            known = query(
                "SELECT u.no, d.id IS NOT NULL FROM used_document_no u"
                " LEFT JOIN document d ON d.type = u.type AND d.no = u.no"
                f" WHERE u.type = ? AND u.no IN ({marks(len(part))})",
                (type_.value, *part),
            )
            found: dict[str, bool] = dict(known)
            for no in part:
                if no in found:
                    draft = trade.by_key[type_, no]
                    what = (
                        "is there already" if found[no] else "was there already, and has been posted or deleted since"
                    )
                    problems.in_row(
                        draft.sheet, draft.row, "no", f"{draft.record} {what}; a number is given once, choose another."
                    )


def take_lines(trade: Trade, sheet: Sheet, missing: Missing, problems: Problems, step: Callable[[], None]) -> None:
    """Check the rows of one lines file and give them to their documents. `step` is called with each."""
    for row in sheet.rows:
        step()
        trade.lines += 1
        draft = _document_of(trade, sheet, row, problems)
        if draft is None:
            continue
        line_no = row.values["line_no"] or max(draft.line_rows, default=0) + LINE_STEP
        if line_no in draft.line_rows:
            message = f"Line {line_no} of {draft.record} stands in line {draft.line_rows[line_no]} already."
            problems.in_row(sheet, row, "line_no", message)
            continue
        draft.line_rows[line_no] = row.line
        if line_no > 2**31 - 1:
            problems.in_row(sheet, row, "line_no", "The line number is too large.", line_no)
        elif not is_unreadable(row):
            _take_line(draft, line_no, sheet, row, missing, problems)
            if "description" not in sheet.columns:
                draft.to_describe.add(line_no)


def _document_of(trade: Trade, sheet: Sheet, row: Row, problems: Problems) -> DocumentDraft | None:
    type_: DocumentType | None = row.values["document_type"]
    no: str = row.values["document_no"]
    if type_ is None:
        return None
    if no:
        draft = trade.by_key.get((type_, no))
        if draft is None:
            message = (
                f"{type_.title} {no} is not among the documents of this import; import it together with its lines."
            )
            problems.in_row(sheet, row, "document_no", message)
        return draft
    drafts = trade.unnumbered.get(type_, [])
    if len(drafts) == 1:
        return drafts[0]
    title = type_.title.lower()
    message = (
        f"{len(drafts)} documents of type {title} have no number, so it cannot be told whose line this is; number them."
        if drafts
        else f"No document of type {title} is without a number; give the document_no."
    )
    problems.in_row(sheet, row, "document_no", message)
    return None


def _take_line(
    draft: DocumentDraft, line_no: int, sheet: Sheet, row: Row, missing: Missing, problems: Problems
) -> None:
    values = row.values
    type_: LineType = values["type"]
    vat_group = ""
    if type_ is LineType.COMMENT:
        for column in ("no", "quantity"):
            if values[column]:
                problems.in_row(sheet, row, column, "A comment has a description only.")
    elif not values["no"]:
        problems.in_row(sheet, row, "no", f"A line of type {type_.value} needs the no. of what it is about.")
        return
    elif draft.party is None:
        _look_up(type_, sheet, row, missing, problems)
        return
    else:
        found = _vat_group(draft.party.vat_business_group, type_, sheet, row, missing, problems)
        if found is None:
            return
        vat_group = found
    draft.lines.append(
        SourceLine(
            line_no,
            type_,
            values["no"],
            values["description"],
            values["quantity"],
            values["unit_price"],
            values["price_per_quantity"],
            values["line_discount_percent"],
            values["line_discount_amount"],
            vat_group,
            values["vat_amount"],
            values["qty_to_ship"],
            values["qty_to_invoice"],
            None,
        )
    )


def _look_up(type_: LineType, sheet: Sheet, row: Row, missing: Missing, problems: Problems) -> bool | None:
    """Whether what the line names is there; None where it is not and is not made."""
    try:
        return missing.named(type_, row.values["no"])
    except Lacking as lacking:
        problems.in_row(sheet, row, lacking.column, str(lacking))
        return None


def _vat_group(
    business: str, type_: LineType, sheet: Sheet, row: Row, missing: Missing, problems: Problems
) -> str | None:
    """The line's VAT group, once what it names is there or has been made; None where something is lacking."""
    values = row.values
    is_there = _look_up(type_, sheet, row, missing, problems)
    try:
        own = missing.own_vat_group(type_, values["no"])
        group = missing.vat_group(business, values["vat_group"], values["vat_rate"], own)
    except Lacking as lacking:
        problems.in_row(sheet, row, lacking.column, str(lacking))
        return None
    if is_there is False:
        missing.make(type_, values["no"], values["description"], group)
    return None if is_there is None else group


_DOCUMENT_COLUMNS = (
    *("type", "no", "party_no", "party_name", "posting_date", "document_date", "due_date", "external_document_no"),
    *("vendor_document_no", "currency_code", "currency_factor", "prices_including_vat", "invoice_discount_amount"),
    *("ship", "invoice", "corrects_no", "status", "job_queue_status", "amount", "vat_amount", "amount_including_vat"),
    *("version", "created_by", "created_at"),
)
_LINE_COLUMNS = (
    *("document_id", "line_no", "type", "no", "description", "quantity", "unit_price", "price_per_quantity"),
    *("line_discount_percent", "line_discount_amount", "vat_group", "declared_vat_amount", "qty_to_ship"),
    *("qty_to_invoice", "quantity_shipped", "quantity_invoiced"),
)


def compute(
    trade: Trade, missing: Missing, problems: Problems, step: Callable[[], None], *, user: str
) -> list[tuple[Any, ...]]:
    """The stored header row of each document, its amounts by the rules of posting; in the order of the drafts.

    `step` is called with each.
    """
    now = instant_to_stored(clock.now())
    rows = []
    for draft in trade.drafts:
        step()
        try:
            rows.append(_header(draft, missing, user, now))
        except (ValueError, DecimalException) as error:
            message = f"The amounts of {draft.record} cannot be kept: {error}."
            problems.in_row(draft.sheet, draft.row, "", message, "")
    return rows


def _header(draft: DocumentDraft, missing: Missing, user: str, now: int) -> tuple[Any, ...]:
    values = draft.row.values
    draft.lines.sort(key=lambda line: line.line_no)
    worth = amounts.compute(_source(draft, values), missing.books.setup)
    return (
        draft.type.value,
        draft.no,
        values["party_no"],
        values["party_name"],
        values["posting_date"].isoformat(),
        values["document_date"].isoformat(),
        values["due_date"].isoformat(),
        values["external_document_no"],
        values["vendor_document_no"],
        values["currency_code"],
        to_units(values["currency_factor"], FACTOR_SCALE),
        values["prices_including_vat"],
        to_units(values["invoice_discount_amount"]),
        values["ship"],
        values["invoice"],
        values["corrects_no"],
        DocumentStatus.OPEN.value,
        JobQueueStatus.BLANK.value,
        to_units(worth.net),
        to_units(worth.vat),
        to_units(worth.gross),
        1,
        user,
        now,
    )


def _source(draft: DocumentDraft, values: Mapping[str, Any]) -> Source:
    return Source(
        0,
        1,
        draft.type,
        draft.no,
        values["party_no"],
        values["party_name"],
        values["posting_date"],
        values["document_date"],
        values["due_date"],
        values["external_document_no"],
        values["vendor_document_no"],
        values["currency_code"],
        values["currency_factor"],
        values["prices_including_vat"],
        values["invoice_discount_amount"],
        values["ship"],
        values["invoice"],
        values["corrects_no"],
        draft.party,
        tuple(draft.lines),
    )


def draw_numbers(trade: Trade) -> None:
    """Numbers from the series for documents without one, skipping those that were ever used. Draws under a lock."""
    for type_, drafts in trade.unnumbered.items():
        setup = setup_of(type_.area)
        series = getattr(setup, _SERIES[type_.value.partition("-")[2]])
        for draft in drafts:
            while True:
                draft.no = numbering.draw(series, draft.row.values["posting_date"])
                key = (type_, draft.no)
                used = query("SELECT 1 FROM used_document_no WHERE type = ? AND no = ?", (type_.value, draft.no))
                if not used and key not in trade.by_key:
                    break
            trade.by_key[key] = draft


_SERIES = {
    "order": "order_nos",
    "return-order": "return_order_nos",
    "invoice": "invoice_nos",
    "credit-memo": "credit_memo_nos",
}


def insert_all(trade: Trade, headers: Sequence[tuple[Any, ...]]) -> list[int]:
    """Insert documents, lines and the record of their numbers; returns the documents' ids in the files' order."""
    ids: list[int] = []
    for part in in_parts(headers, 1000):
        ids += insert_returning(Document, _DOCUMENT_COLUMNS, part, "id")
    insert(UsedDocumentNo, ("type", "no"), [(header[0], header[1]) for header in headers])
    insert(
        DocumentLine,
        _LINE_COLUMNS,
        [
            (
                id_,
                line.line_no,
                line.type.value,
                line.no,
                line.description,
                to_units(line.quantity),
                to_units(line.unit_price),
                to_units(line.price_per_quantity),
                to_units(line.line_discount_percent),
                to_units(line.line_discount_amount),
                line.vat_group,
                None if line.declared_vat_amount is None else to_units(line.declared_vat_amount),
                None if line.qty_to_ship is None else to_units(line.qty_to_ship),
                None if line.qty_to_invoice is None else to_units(line.qty_to_invoice),
                0,
                0,
            )
            for id_, draft in zip(ids, trade.drafts, strict=True)
            for line in draft.lines
        ],
    )
    return ids
