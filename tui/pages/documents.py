"""Documents not yet posted: the eight lists in one page, a type at a time."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from postroom.core import documents, filters
from postroom.core.kinds import Area, DocumentType
from postroom.core.plain_text import visible
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, LIST, bindings
from postroom.tui.actions.documents import DOCUMENT, DOCUMENTS
from postroom.tui.pages.document import DocumentActions, DocumentCard, status_of
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.keyed_table import FILES_ONLY, Column

TYPES = tuple(DocumentType)
_SHORT = {
    DocumentType.SALES_ORDER: "Orders",
    DocumentType.SALES_RETURN_ORDER: "Returns",
    DocumentType.SALES_INVOICE: "Invoices",
    DocumentType.SALES_CREDIT_MEMO: "Memos",
}
_SHORT |= {kind: _SHORT[DocumentType(kind.value.replace("purchase", "sales"))] for kind in TYPES if kind not in _SHORT}


def status_with_error(row: Any) -> Text:
    """The Job Queue Status and, behind Error, the first reason."""
    error = shown.one_line(row.errors)
    return Text.assemble(status_of(row), "  ", (error, "red")) if error else status_of(row)


class DocumentsPage(ListPage, DocumentActions):
    """One type at a time; filter, marks and cursor are kept for each."""

    PAGE = DOCUMENTS
    SORTS = tuple(readings.DOCUMENT_SORTS)
    ACTIONS_OF = (DOCUMENTS, DOCUMENT, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    EMPTY = "There is no document of this type. Ctrl+N makes one; Left and Right lead to the other types."

    def __init__(self, kind: str = "") -> None:
        self.wanted = kind
        self.kind = DocumentType(kind) if kind else TYPES[0]
        super().__init__()

    @property
    def CAPTION(self) -> str:  # type: ignore[override]  # noqa: N802
        return f"{self.kind.title}s"

    @property
    def ROWS(self) -> tuple[str, str]:  # type: ignore[override]  # noqa: N802
        return "document", "documents"

    @property
    def address(self) -> str:
        return self.PAGE

    @property
    def state_name(self) -> str:
        return f"{self.address} {self.kind.value}"

    def body(self) -> ComposeResult:
        yield Static(markup=False, id="types")
        yield from super().body()

    def on_mount(self) -> None:
        if not self.wanted:
            self.kind = DocumentType(self.desk.chosen.get(self.address, self.kind.value))
        super().on_mount()
        self._take_type(self.kind)

    def reopened(self, wanted: Any) -> None:
        super().reopened(wanted)
        if wanted.wanted:
            self._take_type(wanted.kind)

    def _take_type(self, kind: DocumentType) -> None:
        """Show another type, with the filter, marks and cursor that it had."""
        self.kind, self.drilled = kind, None
        self.desk.chosen[self.address] = kind.value
        self._take_state(self.own_state())
        self._draw_types()

    def _draw_types(self) -> None:
        """The types of both areas where there is room for them, else those of this one."""
        text, is_wide = Text(no_wrap=True), self.app.size.width >= 90
        for kind in TYPES:
            if kind in (DocumentType.SALES_ORDER, DocumentType.PURCHASE_ORDER):
                text.append(" Sales " if kind.area is Area.SALES else " Purchases ", shown.FAINT)
            if is_wide or kind.area is self.kind.area:
                chosen = kind is self.kind
                text.append(f"[{_SHORT[kind]}]" if chosen else f" {_SHORT[kind]} ", "bold" if chosen else "")
        self.query_one("#types", Static).update(text)

    def on_resize(self) -> None:
        self._draw_types()

    def asked(self) -> object:
        return (self.address, self.kind, self.state.filter, self.state.window)

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("no", "No.", 12, lambda row: shown.text(row.no)),
            Column("party", "Customer/Vendor", 0, lambda row: shown.text(f"{row.party_no} {row.party_name}"), least=21),
            Column("posting_date", "Posting Date", 12, lambda row: Text(shown.day(row.posting_date)), from_width=108),
            Column("amount", "Incl. VAT", 12, self._including_vat, right=True, from_width=94),
            Column("currency", "Cur.", 4, lambda row: shown.text(row.currency), from_width=94),
            Column("status", "Status", 8, lambda row: Text(row.status.value)),
            Column(
                "queue",
                "Job Queue Status",
                0,
                status_with_error,
                least=21,
                value=lambda row: str(row.job_queue_status.value),
            ),
            Column("error", "Error", 0, lambda row: Text(shown.one_line(row.errors)), from_width=FILES_ONLY),
        )

    def _including_vat(self, row: Any) -> Text:
        return Text(shown.amount(row.amount_including_vat, self.decimals.of(row.currency)))

    def key_of(self, row: Any) -> str:
        return str(row.id)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        return readings.read_documents(self.kind, filter, window)

    def detail(self, row: Any) -> Text:
        text = Text.assemble((visible(row.record), "bold"), f"  {visible(row.party_name)}  ", status_of(row))
        if row.errors:  # what is wrong comes first, for there may be no room for more
            text.append("\n").append(shown.problem_lines(row.errors))
        total = f"Including VAT {shown.money(row.amount_including_vat, row.currency, self.decimals)}"
        parts = (("Amount", row.amount), ("VAT", row.vat_amount))
        made_of = "   ".join(f"{caption} {shown.money(value, row.currency, self.decimals)}" for caption, value in parts)
        return text.append(f"\nPosting Date {shown.day(row.posting_date)}   {total}\n{made_of}")

    def done_with(self, keys: set[str]) -> None:
        self.unmark(keys)

    def do_open(self) -> None:
        self.app.push_screen(DocumentCard(int(self.table.cursor_key), self.kind))

    async def do_new(self) -> None:
        kind, user = self.kind, self.desk.user
        made = await self.desk.carry_out(lambda: documents.new(kind, {}, user=user))
        if made is not None:
            self.app.push_screen(DocumentCard(made.id, kind))

    def do_next_type(self) -> None:
        self._take_type(TYPES[(TYPES.index(self.kind) + 1) % len(TYPES)])

    def do_previous_type(self) -> None:
        self._take_type(TYPES[(TYPES.index(self.kind) - 1) % len(TYPES)])

    def do_batch(self) -> None:
        """The request page of a batch; what is marked stands in its filter, to be seen and changed."""
        marked = self.situation().rows if self.state.marks else ()
        numbers = "|".join(filters.quote(row.no) for row in marked)
        self.desk.open_page(f"batch-post-{self.kind.value}s", numbers=numbers)
