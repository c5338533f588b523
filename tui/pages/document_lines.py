"""The lines of a document, and the card of one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text

from postroom.core import currencies, documents, values
from postroom.core.counted import named
from postroom.core.currencies import Decimals
from postroom.core.documents import fields as typed_fields
from postroom.core.documents.fields import DocumentField
from postroom.core.errors import NotFound
from postroom.core.kinds import DocumentType, LineType
from postroom.core.plain_text import visible
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, LIST, bindings
from postroom.tui.actions.documents import LINES
from postroom.tui.pages import reopening
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.keyed_table import Column

_NAMES = {"vat_group": "vat-product-group"}
_NAMED_BY = {LineType.ITEM: "item", LineType.GL_ACCOUNT: "gl-account", LineType.CHARGE: "charge"}
"""The master records that a line's No. names, by the line's type."""
_MONEY = ("unit_price", "line_amount")
_TYPES = {kind.title: kind for kind in LineType}
_WHILE_RELEASED = frozenset(field.name for field in typed_fields.LINE if field.while_released)


def line_text(line: Any, kind: DocumentType, places: int) -> Text:
    """A line in one line, amounts with so many decimals; of an order also what of it has moved and is invoiced."""
    text = Text(f"{line.line_no:>6}  {shown.padded(visible(line.no), 10)} ")
    text.append(shown.padded(visible(line.description), 20))
    if line.type is not LineType.COMMENT:
        price, amount = shown.amount(line.unit_price, places), shown.amount(line.line_amount, places)
        text.append(f" {shown.amount(line.quantity, 0):>6} x {price:>10} {amount:>12}")
    if line.quantity_shipped or line.quantity_invoiced:
        text.append(f"  {_moved(line, kind)}", shown.FAINT)
    return text


def _moved(line: Any, kind: DocumentType) -> str:
    done = "received" if kind.receives else "shipped"
    return f"{shown.amount(line.quantity_shipped, 0)} {done}, {shown.amount(line.quantity_invoiced, 0)} invoiced"


@dataclass(frozen=True, slots=True)
class LinesSnapshot(ListSnapshot):
    """The lines, and what they come to."""

    document: Any = None


@dataclass(frozen=True, slots=True)
class LineSnapshot(FormSnapshot):
    """The card of a line, and the document that it stands in."""

    document: Any = None


def totals_text(view: Any, decimals: Decimals, room: int = 0) -> str:
    """What a document's lines come to, in its currency; where there is little room, the total including VAT alone."""
    named_ones = (("Amount", view.amount), ("VAT", view.vat_amount), ("Including VAT", view.amount_including_vat))
    said = [f"{caption} {shown.money(value, view.currency, decimals)}" for caption, value in named_ones]
    whole = "   ".join(said)
    return said[-1] if room and len(whole) > room else whole


COUNT_WIDTH = 18
"""Columns that the count of the lines and the blanks around it need."""


class LinesPage(ListPage):
    """The lines of a document."""

    PAGE = LINES
    ACTIONS_OF = (LINES, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    ROWS = ("line", "lines")
    EMPTY = "There is no line yet. Ctrl+N adds one."

    def __init__(self, id_: int, kind: DocumentType) -> None:
        super().__init__()
        self.id_, self.kind = id_, kind

    @property
    def CAPTION(self) -> str:  # type: ignore[override]  # noqa: N802
        document = getattr(self.snapshot, "document", None)
        return f"Lines of {self.kind.title if document is None else visible(document.record)}"

    @property
    def address(self) -> str:
        return f"{self.PAGE} {self.id_}"

    def columns(self) -> tuple[Column, ...]:
        def number(name: str, caption: str, width: int, from_width: int = 0) -> Column:
            def cell(row: Any) -> Text:
                return Text(shown.amount(getattr(row, name), self._places if name in _MONEY else 0))

            return Column(name, caption, width, cell, right=True, from_width=from_width)

        if self.kind.is_order:
            verb, done = ("Receive", "Received") if self.kind.receives else ("Ship", "Shipped")
            return (
                Column("line_no", "Line", 6, lambda row: Text(str(row.line_no)), right=True, from_width=130),
                Column("no", "No.", 10, lambda row: shown.text(row.no)),
                Column("description", "Description", 0, lambda row: shown.text(row.description)),
                number("quantity", "Quantity", 8),
                number("qty_to_ship", f"To {verb}", len(f"To {verb}")),
                number("quantity_shipped", done, 8, 100),
                number("qty_to_invoice", "To Invoice", 10),
                number("quantity_invoiced", "Invoiced", 8, 100),
                number("unit_price", "Unit Price", 11, 112),
                number("line_discount_percent", "Disc. %", 8, 140),
                number("line_amount", "Amount", 12),
            )
        return (
            Column("line_no", "Line", 6, lambda row: Text(str(row.line_no)), right=True, from_width=100),
            Column("type", "Type", 11, lambda row: Text(row.type.title), from_width=90),
            Column("no", "No.", 12, lambda row: shown.text(row.no)),
            Column("description", "Description", 0, lambda row: shown.text(row.description)),
            number("quantity", "Quantity", 8),
            number("unit_price", "Unit Price", 11),
            number("line_discount_percent", "Disc. %", 8, 110),
            Column("vat_group", "VAT Group", 10, lambda row: shown.text(row.vat_group), from_width=100),
            number("line_amount", "Amount", 12),
        )

    @property
    def _places(self) -> int:
        """How many decimals the document's currency has."""
        document = getattr(self.snapshot, "document", None)
        return self.decimals.of(document.currency if document is not None else "")

    def key_of(self, row: Any) -> str:
        return str(row.line_no)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        names = ("line_no", "type", "no", "description", "quantity", "unit_price", "vat_group", "line_amount")
        shown_document = documents.show(self.id_)
        lines = readings.matching(shown_document.lines, filter, *names)
        part = readings.sliced(lines, self.key_of, window, self.columns())
        return LinesSnapshot(part.rows, part.total, part.before, part.after, shown_document.view)

    def remark(self) -> str:
        """What the lines come to; where there is no room for more, with VAT alone."""
        document = getattr(self.snapshot, "document", None)
        if document is None:
            return ""
        return totals_text(document, self.decimals, self.size.width - cell_len(self.CAPTION) - COUNT_WIDTH)

    def detail(self, row: Any) -> Text:
        text = Text.assemble((f"Line {row.line_no}  {visible(row.no)}", "bold"), f"  {visible(row.description)}\n")
        return text.append(
            f"Amount {shown.amount(row.amount, self._places)}   VAT {shown.amount(row.vat_amount, self._places)}"
            f" ({row.vat_group} {shown.amount(row.vat_rate, 0)} %)"
            + (f"   {_moved(row, self.kind)}" if self.kind.is_order else "")
        )

    async def _may_change(self) -> bool:
        document = getattr(self.snapshot, "document", None)
        return document is not None and await reopening.may_change(self.desk, document)

    def do_open(self) -> None:
        self.app.push_screen(LineCard(self.id_, self.kind, int(self.table.cursor_key)))

    async def do_new(self) -> None:
        user = self.desk.user
        if not await self._may_change():
            return
        before = set(self.table.keys)
        detail = await self.desk.carry_out(lambda: documents.set_line(self.id_, None, {}, user=user))
        if detail is not None:
            added = [line.line_no for line in detail.lines if str(line.line_no) not in before]
            self.app.push_screen(LineCard(self.id_, self.kind, added[-1], is_new=True))

    async def do_delete(self) -> None:
        lines, user = [row.line_no for row in self.situation().rows], self.desk.user
        what = named(lines, "line")
        if await self.desk.ask(f"Delete {what}?", yes="Delete") and await self._may_change():
            await self.desk.carry_out(
                lambda: [documents.set_line(self.id_, line, user=user, delete=True) for line in lines]
            )


class LineCard(FormPage):
    """All fields of one line, and what they come to."""

    TEXTS = ("Totals",)
    UNFOLDED = frozenset(TEXTS)

    def __init__(self, id_: int, kind: DocumentType, line_no: int, field: str = "", *, is_new: bool = False) -> None:
        self.id_, self.kind, self.line_no, self.is_new = id_, kind, line_no, is_new
        super().__init__(field)

    @property
    def address(self) -> str:
        return f"line-card {self.id_} {self.line_no}"

    @property
    def caption(self) -> str:
        return f"Line {self.line_no}"

    def form_fields(self) -> Sequence[FormField]:
        return [of_line(field) for field in line_fields(self.kind)]

    def reading(self) -> Callable[[], Any]:
        id_, kind, line_no = self.id_, self.kind, self.line_no
        return lambda: read_line(id_, kind, line_no)

    def change(self, key: str, text: str) -> Any:
        typed = _TYPES[text].value if key == "type" else text
        documents.set_line(self.id_, self.line_no, {key: typed}, user=self.desk.user)

    async def may_edit(self, field: FormField) -> bool:
        assert isinstance(self.snapshot, LineSnapshot)  # no field is edited before it is known
        return await reopening.may_change(
            self.desk, self.snapshot.document, while_released=field.key in _WHILE_RELEASED
        )

    async def do_back(self) -> None:
        """Leave the line; one that was made just now and says nothing is taken away again."""
        line, user = self.snapshot.row if self.snapshot is not None else None, self.desk.user
        if self.is_new and line is not None and not (line.no or line.description or line.quantity):
            await self.desk.carry_out(lambda: documents.set_line(self.id_, self.line_no, user=user, delete=True))
        if self.desk.page_in_front() is self:
            self.desk.pop_screen()


def line_fields(kind: DocumentType) -> list[DocumentField]:
    """The fields that a line of the document type has."""
    moves = "qty_to_receive" if kind.receives else "qty_to_ship"
    return [
        field
        for field in typed_fields.LINE
        if (not field.orders_only or kind.is_order) and field.name not in ({"qty_to_ship", "qty_to_receive"} - {moves})
    ]


def of_line(field: DocumentField, value: str = "", type_: LineType | None = None) -> FormField:
    """A line's field as a form has it."""
    tab = "Line" if field.name in ("type", "no", "description", "quantity", "unit_price") else "Details"
    names = _NAMED_BY.get(type_, "") if field.name == "no" and type_ is not None else _NAMES.get(field.name, "")
    choices = tuple(_TYPES) if field.name == "type" else field.choices
    among = "type=Posting direct_posting=true" if names == "gl-account" else ""
    return FormField(field.name, tab, field.caption, field.kind, field.help, choices, names, value, among=among)


def read_line(id_: int, kind: DocumentType, line_no: int) -> FormSnapshot:
    """One line's card. Raises NotFound for one that is gone."""
    detail = documents.show(id_)
    line = next((line for line in detail.lines if line.line_no == line_no), None)
    if line is None:
        raise NotFound(f"Line {line_no} is no longer there.", record=detail.view.record)
    stored = {"vat_amount": line.declared_vat_amount, "qty_to_receive": line.qty_to_ship}

    def text(field: DocumentField) -> str:
        value = stored[field.name] if field.name in stored else getattr(line, field.name)
        return value.title if isinstance(value, LineType) else values.shown(field.kind, value)

    title = Text.assemble(
        (f"Line {line_no}", "bold"), f" of {visible(detail.view.record)}   {visible(line.description)}"
    )
    fields = tuple(of_line(field, text(field), line.type) for field in line_fields(kind))
    decimals = currencies.decimals()
    amount, vat = (shown.amount(value, decimals.of(detail.view.currency)) for value in (line.amount, line.vat_amount))
    totals = Text(f"This line: amount {amount}   VAT {vat}\nDocument: {totals_text(detail.view, decimals)}")
    return LineSnapshot(line, title, fields, (("Totals", totals),), detail.view)
