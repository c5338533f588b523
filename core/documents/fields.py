"""Which fields of a document and of its lines a person types, and how what was typed is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from postroom.core import values
from postroom.core.errors import Problem
from postroom.core.kinds import Area, DocumentType, LineType
from postroom.core.tables.trade import Document
from postroom.core.values import FieldKind, Value


@dataclass(frozen=True, slots=True)
class DocumentField:
    """One field that is typed. `column` is its column where another name is shown; `longest` bounds texts and codes.

    `while_released` fields may be changed on a released document too: they do not change the deal.
    """

    name: str
    caption: str
    kind: FieldKind
    help: str = ""
    column: str = ""
    longest: int = values.LONGEST_CODE
    choices: tuple[str, ...] = ()
    while_released: bool = False
    area: Area | None = None
    orders_only: bool = False
    read: Callable[[str], Value] | None = None

    @property
    def stored_in(self) -> str:
        return self.column or self.name


def _read_percent(text: str) -> Decimal:
    percent = values.read_decimal(text) if text.strip() else Decimal(0)
    if not 0 <= percent <= 100:
        raise ValueError("is not between 0 and 100")
    return percent


def _read_positive(text: str) -> Decimal:
    number = values.read_decimal(text)
    if number <= 0:
        raise ValueError("is not greater than 0")
    return number


def _read_optional(text: str) -> Decimal | None:
    return values.read_decimal(text) if text.strip() else None


_DATE, _CODE, _TEXT = FieldKind.DATE, FieldKind.CODE, FieldKind.TEXT
_DECIMAL, _BOOLEAN = FieldKind.DECIMAL, FieldKind.BOOLEAN
_EXTERNAL = values.LONGEST_EXTERNAL_NO

HEADER: tuple[DocumentField, ...] = (
    DocumentField("party_no", "Customer/Vendor No.", _CODE, "Brings name, currency and due date along."),
    DocumentField("party_name", "Name", _TEXT, "The name as it stands on the document.", longest=values.LONGEST_TEXT),
    DocumentField("posting_date", "Posting Date", _DATE, "The date of the ledger entries.", while_released=True),
    DocumentField("document_date", "Document Date", _DATE, "From which the due date counts.", while_released=True),
    DocumentField("due_date", "Due Date", _DATE, "When it is to be paid.", while_released=True),
    DocumentField(
        "external_document_no",
        "External Document No.",
        _CODE,
        "The other side's number of the deal.",
        longest=_EXTERNAL,
        while_released=True,
    ),
    DocumentField(
        "vendor_document_no",
        "Vendor Document No.",
        _CODE,
        "The number on the vendor's invoice or credit memo.",
        longest=_EXTERNAL,
        while_released=True,
        area=Area.PURCHASE,
    ),
    DocumentField("currency_code", "Currency Code", _CODE, "Blank: the local currency."),
    DocumentField(
        "currency_factor", "Currency Factor", _DECIMAL, "LCY per unit of the currency.", read=values.read_factor
    ),
    DocumentField("prices_including_vat", "Prices Including VAT", _BOOLEAN, "Whether unit prices contain the VAT."),
    DocumentField("invoice_discount_amount", "Invoice Discount Amount", _DECIMAL, "Spread over the lines by amount."),
    DocumentField("ship", "Ship", _BOOLEAN, "Whether posting moves the goods.", while_released=True, orders_only=True),
    DocumentField(
        "receive",
        "Receive",
        _BOOLEAN,
        "Whether posting moves the goods.",
        column="ship",
        while_released=True,
        orders_only=True,
    ),
    DocumentField("invoice", "Invoice", _BOOLEAN, "Whether posting invoices.", while_released=True, orders_only=True),
    DocumentField("corrects_no", "Corrects No.", _CODE, "The posted document whose accounts and cost it goes back to."),
)

LINE: tuple[DocumentField, ...] = (
    DocumentField(
        *("type", "Type", FieldKind.CHOICE, "What the line names; a comment has neither number nor amount."),
        choices=tuple(kind.value for kind in LineType),
    ),
    DocumentField("no", "No.", _CODE, "The item, G/L account or charge."),
    DocumentField(
        "description", "Description", _TEXT, "The item, account or charge brings its own.", longest=values.LONGEST_TEXT
    ),
    DocumentField("quantity", "Quantity", _DECIMAL, "A negative quantity moves as a return."),
    DocumentField("unit_price", "Unit Price", _DECIMAL, "Sales: Unit Price; purchases: Direct Unit Cost."),
    DocumentField(
        "price_per_quantity", "Price per Quantity", _DECIMAL, "How many the price is for.", read=_read_positive
    ),
    DocumentField(
        "line_discount_percent", "Line Discount %", _DECIMAL, "Taken off quantity times price.", read=_read_percent
    ),
    DocumentField("line_discount_amount", "Line Discount Amount", _DECIMAL, "Taken off after the percentage."),
    DocumentField("vat_group", "VAT Product Posting Group", _CODE, "With the customer's or vendor's it says the rate."),
    DocumentField(
        "vat_amount",
        "VAT Amount",
        _DECIMAL,
        "The VAT that the vendor's own document declares: of an order in parts, the invoice that comes next.",
        column="declared_vat_amount",
        while_released=True,
        read=_read_optional,
    ),
    DocumentField(
        "qty_to_ship",
        "Qty. to Ship",
        _DECIMAL,
        "What the next posting ships. Blank: by default, what is outstanding.",
        while_released=True,
        orders_only=True,
        read=_read_optional,
    ),
    DocumentField(
        "qty_to_receive",
        "Qty. to Receive",
        _DECIMAL,
        "What the next posting receives. Blank: by default, what is outstanding.",
        column="qty_to_ship",
        while_released=True,
        orders_only=True,
        read=_read_optional,
    ),
    DocumentField(
        "qty_to_invoice",
        "Qty. to Invoice",
        _DECIMAL,
        "What the next posting invoices. Blank: what has moved and is not invoiced, and what is to move.",
        while_released=True,
        orders_only=True,
        read=_read_optional,
    ),
)


def record(document: Document) -> str:
    """How messages name a document."""
    return f"{document.type.title} {document.no}"


def read_all(
    fields: tuple[DocumentField, ...],
    changes: Mapping[str, str],
    type_: DocumentType,
    where: str,
    line: int | None = None,
) -> dict[str, Value]:
    """What was typed, by column. Raises UsageError with every unknown field and every value that does not fit."""
    known = {field.name: field for field in fields}
    read: dict[str, Value] = {}
    problems: list[Problem] = []

    def bad(code: str, message: str, name: str, hint: str) -> None:
        problems.append(Problem(code, message, where, line, name, changes[name], hint))

    for name, text in changes.items():
        field = known.get(name)
        if field is None:
            bad("unknown_field", f"There is no field {name}.", name, f"The fields are {', '.join(known)}.")
        elif field.area not in (None, type_.area):
            bad("unknown_field", f"{field.caption} is a field of purchase documents.", name, "Leave it out.")
        elif field.stored_in in read:
            bad("field_twice", f"{field.caption} is given twice.", name, "Give it once.")
        else:
            try:
                read[field.stored_in] = _read(field, text)
            except ValueError as error:
                bad("bad_value", f"{field.caption}: {text or 'blank'} {error}.", name, "")
                continue
            if field.orders_only and not type_.is_order and read[field.stored_in] not in (True, None):
                bad("orders_only", f"{field.caption} is a field of orders.", name, "Other documents are posted whole.")
    values.refuse_all(problems)
    return read


def _read(field: DocumentField, text: str) -> Value:
    if field.read is not None:
        return field.read(text)
    if field.kind is FieldKind.CODE:
        return values.read_code(text, field.longest)
    if field.kind is FieldKind.TEXT:
        return values.read_text(text, field.longest)
    return values.read(field.kind, text, field.choices)
