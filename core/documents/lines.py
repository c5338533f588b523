"""A document's lines: added, changed, deleted; and what an item, account or charge brings along."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from postroom.core import posting_setup, users, values
from postroom.core.database import transaction
from postroom.core.documents import counting, fields, state
from postroom.core.documents.fields import record
from postroom.core.documents.views import DocumentDetail, show
from postroom.core.errors import NotFound, Problem, Refused
from postroom.core.kinds import Area, LineType
from postroom.core.money import EXACT, LARGEST, ONE, round_to, write
from postroom.core.tables.setup import Charge, Currency, GeneralLedgerSetup, GlAccount, VatProductGroup
from postroom.core.tables.trade import Document, DocumentLine, Item, Party
from postroom.core.users import Permission

STEP = 10_000
"""Line numbers go up by this, so that lines fit between."""

_WHILE_RELEASED = {field.name for field in fields.LINE if field.while_released}

_TABLES: dict[LineType, tuple[str, Any]] = {
    LineType.ITEM: ("Item", Item),
    LineType.GL_ACCOUNT: ("G/L Account", GlAccount),
    LineType.CHARGE: ("Charge", Charge),
}


def set_line(
    document_id: int,
    line_no: int | None,
    changes: Mapping[str, str] | None = None,
    *,
    user: str,
    delete: bool = False,
) -> DocumentDetail:
    """Change a line, add one (a line number not yet there; None: after the last), or delete one. Needs Post.

    Refused while the document is scheduled or posting; on a released one only what the next posting does is changed.
    """
    users.require(user, Permission.POST)
    with transaction():
        document = state.changeable(document_id)
        lines = {line.line_no: line for line in state.lines_of(document)}
        number = line_no if line_no is not None else max(lines, default=0) + STEP
        if delete or number not in lines or not (changes or {}).keys() <= _WHILE_RELEASED:
            state.refuse_released(document)
        state.refuse_cancelling(document)
        if delete:
            _delete(document, lines.get(number), number)
        else:
            _change(document, lines.get(number), number, changes or {})
        if any(line.quantity_shipped for line in lines.values()):
            counting.refuse_finished(document, state.lines_of(document))
        state.changed(document)
        return show(document_id)


def _delete(document: Document, line: DocumentLine | None, number: int) -> None:
    if line is None:
        raise NotFound(
            f"There is no line {number}.", code="line_unknown", record=record(document), line=number, value=str(number)
        )
    if line.quantity_shipped != line.quantity_invoiced:
        raise Refused(
            "Goods of this line have moved and are not invoiced.",
            code="moved_not_invoiced",
            record=record(document),
            line=number,
            field="quantity_invoiced",
            value=write(line.quantity_invoiced),
            hint="Invoice them first.",
        )
    if line.quantity_invoiced:
        raise Refused(
            "This line is invoiced in part.",
            code="line_invoiced",
            record=record(document),
            line=number,
            field="quantity_invoiced",
            value=write(line.quantity_invoiced),
            hint=f"Lower its quantity to {write(line.quantity_invoiced)} instead, what was posted of it.",
        )
    line.delete_instance()
    counting.begin_discount(document)


def _change(document: Document, line: DocumentLine | None, number: int, changes: Mapping[str, str]) -> None:
    where = record(document)
    if not 0 < number <= values.LARGEST_INTEGER:
        values.refuse_all(
            [Problem("bad_value", "A line number is a whole number above 0.", where, number, "line_no", str(number))]
        )
    read = fields.read_all(fields.LINE, changes, document.type, where, number)
    is_new = line is None
    if line is None:
        line = DocumentLine(document=document, line_no=number, type=LineType.ITEM)
    before, terms = (line.type, line.no), counting.terms_of(line)
    if "type" in read:
        read["type"] = LineType(str(read["type"]))
        if read["type"] is not line.type:
            line.no = ""
    for column, value in read.items():
        setattr(line, column, value)
    if not is_new and line.quantity_shipped and (line.type, line.no) != before:
        raise Refused(
            "Goods of this line have moved.",
            code="line_moved",
            record=where,
            line=number,
            field="no",
            value=line.no,
            hint="Add another line instead.",
        )
    if line.type is LineType.COMMENT:
        _check_comment(line, where)
    else:
        named = _named(line, where)
        if named is not None and (line.type, line.no) != before:
            _bring_along(document, line, named, read.keys())
    _check_groups(line, where)
    _check_quantities(line, where)
    has_other_terms = is_new or counting.terms_of(line) != terms
    if has_other_terms:
        counting.begin_line(line)
    line.save(force_insert=is_new)
    if has_other_terms:
        counting.begin_discount(document)


def _check_comment(line: DocumentLine, where: str) -> None:
    """A comment has text and nothing else."""
    if line.no or line.quantity:
        field = "no" if line.no else "quantity"
        values.refuse_all(
            [
                Problem(
                    "comment_has_values",
                    "A comment line has a description only.",
                    where,
                    line.line_no,
                    field,
                    str(getattr(line, field)),
                    "Choose another type, or clear the field.",
                )
            ]
        )
    for name in ("unit_price", "line_discount_percent", "line_discount_amount"):
        setattr(line, name, Decimal(0))
    line.vat_group, line.declared_vat_amount, line.price_per_quantity = "", None, ONE
    line.qty_to_ship = line.qty_to_invoice = None


def _named(line: DocumentLine, where: str) -> Item | GlAccount | Charge | None:
    """The item, account or charge of a line. Raises UsageError if there is none of that number."""
    if not line.no:
        return None
    title, table = _TABLES[line.type]
    found: Item | GlAccount | Charge | None = table.get_or_none(table.no == line.no)
    if found is None:
        numbers = [row.no for row in table.select(table.no)]
        hint = values.near(line.no, numbers, title)
        values.refuse_all(
            [Problem("no_unknown", f"{title} {line.no} does not exist.", where, line.line_no, "no", line.no, hint)]
        )
    return found


def _bring_along(
    document: Document, line: DocumentLine, named: Item | GlAccount | Charge, given: Collection[str]
) -> None:
    """Description, VAT group and price, where they were not typed."""
    if "description" not in given:
        line.description = named.name if isinstance(named, GlAccount) else named.description
    if "vat_group" not in given:
        line.vat_group = "" if isinstance(named, GlAccount) else named.vat_product_group
    if "unit_price" not in given and isinstance(named, Item):
        line.unit_price = _price(document, line, named)


def _price(document: Document, line: DocumentLine, item: Item) -> Decimal:
    """The item's price or cost in the document's currency, with VAT where its prices include it."""
    price: Decimal = item.unit_price if document.type.area is Area.SALES else item.unit_cost
    step: Decimal = GeneralLedgerSetup.get_by_id(1).unit_amount_rounding_precision
    if document.currency_code:
        price = EXACT.divide(price, document.currency_factor)
        currency = Currency.get_or_none(Currency.code == document.currency_code)
        step = currency.unit_amount_rounding_precision if currency is not None else step
    if document.prices_including_vat:
        party = Party.get_or_none(Party.area == document.type.area, Party.no == document.party_no)
        business = party.vat_business_group if party is not None else ""
        pair = posting_setup.current().vat.get((business, line.vat_group))
        if pair is not None:
            price = EXACT.multiply(price, ONE + EXACT.divide(pair.document_rate, Decimal(100)))
    if abs(price) >= LARGEST:
        message, hint = f"The price of item {item.no} is too large in this currency.", "Type unit_price."
        values.refuse_all(
            [Problem("amount_too_large", message, record(document), line.line_no, "unit_price", f"{price:.5f}", hint)]
        )
    return round_to(price, step)


def _check_groups(line: DocumentLine, where: str) -> None:
    groups = [row.code for row in VatProductGroup.select(VatProductGroup.code)]
    if line.vat_group and line.vat_group not in groups:
        hint = values.near(line.vat_group, groups, "VAT product posting group")
        message = f"VAT product posting group {line.vat_group} does not exist."
        values.refuse_all(
            [Problem("vat_group_unknown", message, where, line.line_no, "vat_group", line.vat_group, hint)]
        )


def _check_quantities(line: DocumentLine, where: str) -> None:
    """What has moved stays on the line, and what is to move is outstanding."""
    problems = []

    def bad(field: str, message: str, hint: str) -> None:
        problems.append(
            Problem("quantity_invalid", message, where, line.line_no, field, write(getattr(line, field)), hint)
        )

    for field, done, verb in (
        ("qty_to_ship", line.quantity_shipped, "moved"),
        ("qty_to_invoice", line.quantity_invoiced, "invoiced"),
    ):
        outstanding = line.quantity - done
        if done and (line.quantity * done < 0 or abs(line.quantity) < abs(done)):
            bad("quantity", f"{write(done)} is already {verb}.", f"The quantity must be at least {write(done)}.")
        wanted = getattr(line, field)
        if wanted is not None and (wanted * outstanding < 0 or abs(wanted) > abs(outstanding)):
            bad(field, f"Only {write(outstanding)} is outstanding.", "Type less, or leave it blank for all of it.")
    values.refuse_all(problems)
