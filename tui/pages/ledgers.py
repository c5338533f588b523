"""What was posted: posted documents, the six ledgers, and all entries of a number (Navigate)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Collapsible

from postroom.core import currencies, filters, reading
from postroom.core.currencies import Decimals
from postroom.core.kinds import Area, PostedKind
from postroom.core.plain_text import visible
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, CARD, LIST, bindings
from postroom.tui.actions.printing import POSTED_DOCUMENT
from postroom.tui.actions.records import LEDGER, NAVIGATE, POSTED
from postroom.tui.pages import undoing
from postroom.tui.pages.card import CardPage, CardSnapshot, Section, fields
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.pages.reprint import PostedActions, around, jobs_in_full
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.keyed_table import Column

_CAPTIONS = {
    "entry_no": ("Entry No.", 9),
    "posting_date": ("Posting Date", 12),
    "document_no": ("Document", 12),
    "account_no": ("Account", 10),
    "party_no": ("Customer", 10),
    "item_no": ("Item", 10),
    "description": ("Description", 0),
    "amount": ("Amount", 13),
    "remaining_amount": ("Remaining", 13),
    "base": ("Base", 14),
    "quantity": ("Quantity", 12),
    "cost_amount": ("Cost Amount", 14),
    "due_date": ("Due Date", 12),
    "document_type": ("Type", 16),
    "vat_product_group": ("VAT Group", 10),
    "rate": ("VAT %", 7),
    "user": ("User", 12),
    "currency": ("Cur.", 4),
}
_PARTY = ("entry_no", "posting_date", "document_no", "party_no", "amount", "remaining_amount", "currency", "due_date")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "gl": ("entry_no", "posting_date", "document_no", "account_no", "amount", "description"),
    "customer": _PARTY,
    "vendor": _PARTY,
    "vat": ("entry_no", "posting_date", "document_no", "vat_product_group", "rate", "base", "amount"),
    "item": ("entry_no", "posting_date", "document_no", "item_no", "quantity", "document_type"),
    "value": ("entry_no", "posting_date", "document_no", "item_no", "cost_amount", "account_no"),
}
_LATER = {"rate": 90, "user": 120, "due_date": 90, "entry_no": 100}


def caption(name: str, ledger: str = "") -> str:
    """What stands above a column, in lists and cards alike."""
    if name == "party_no" and ledger == "vendor":
        return "Vendor"
    return _CAPTIONS[name][0] if name in _CAPTIONS else shown.caption(name)


def value(row: Any, name: str, decimals: Decimals, currency: str = "") -> Text:
    """A cell of a row, as lists show it; `currency` is what its amounts are in, where the row itself does not say."""
    found = row.get(name)
    if isinstance(found, Decimal):
        is_local = name == "amount_lcy"
        places = decimals.of("" if is_local else row.get("currency", currency))
        return Text(shown.amount(found, 0 if name in ("quantity", "rate") else places))
    if isinstance(found, date) and not isinstance(found, datetime):
        return Text(shown.day(found))
    return shown.text(str(found).replace("_", " ").title() if name in ("document_type", "kind") else found)


class LedgerPage(ListPage):
    """One ledger, newest first; Enter shows all that the entry's document posted."""

    PAGE = LEDGER
    SORTS = readings.LEDGER_SORTS
    ACTIONS_OF = (LEDGER, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    ROWS = ("entry", "entries")
    EMPTY = "Nothing has been posted to this ledger yet."

    def __init__(self, ledger: str) -> None:
        super().__init__()
        self.ledger = ledger
        self.CAPTION = reading.LEDGERS[ledger].title

    @property
    def address(self) -> str:
        return f"{self.ledger}-ledger-entries"

    def columns(self) -> tuple[Column, ...]:
        return tuple(self._column(name) for name in _COLUMNS[self.ledger])

    def _column(self, name: str) -> Column:
        _, width = _CAPTIONS[name]

        def cell(row: Any) -> Text:
            return value(row, name, self.decimals)

        return Column(
            name, caption(name, self.ledger), width, cell, right=name in _NUMBERS, from_width=_LATER.get(name, 0)
        )

    def key_of(self, row: Any) -> str:
        return str(row["entry_no"])

    def read(self, filter: str, window: Window) -> ListSnapshot:
        return readings.read_ledger(self.ledger, filter, window)

    def detail(self, row: Any) -> Text:
        text = Text.assemble((f"Entry {row['entry_no']}  {visible(row['document_no'])}", "bold"), "\n")
        seen = {"entry_no", "document_no", "posting_id", *self.table.shown_columns}
        said = [
            f"{shown.caption(name)}: {value(row, name, self.decimals).plain}"
            for name in row
            if row[name] not in (None, "") and name not in seen
        ]
        return text.append("   ".join(said), shown.FAINT)

    def do_open(self) -> None:
        (row,) = self.situation().rows[:1]
        self.app.push_screen(NavigateCard(row["document_no"]))

    def do_register(self) -> None:
        numbers = sorted({row["register_no"] for row in self.situation().rows})
        self.desk.open_page("posting-register", about="|".join(map(str, numbers)))


class PostedPage(ListPage, PostedActions):
    """Posted documents of both areas, newest first."""

    PAGE = POSTED
    SORTS = tuple(readings.POSTED_SORTS)
    ACTIONS_OF = (POSTED, POSTED_DOCUMENT, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Posted Documents"
    ROWS = ("posted document", "posted documents")
    EMPTY = "Nothing has been posted yet."

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("kind", "Kind", 20, lambda row: Text(title_of(row))),
            Column("no", "No.", 12, lambda row: shown.text(row["no"])),
            Column("source_no", "From", 14, lambda row: shown.text(row["source_no"]), from_width=102),
            Column("posting_date", "Posting Date", 12, lambda row: Text(shown.day(row["posting_date"])), from_width=90),
            Column("party", "Customer/Vendor", 0, lambda row: shown.text(f"{row['party_no']} {row['party_name']}")),
            Column("amount", "Incl. VAT", 14, self._including_vat, right=True),
            Column("currency", "Cur.", 4, lambda row: shown.text(row["currency"])),
            Column("correction", "Correction", 20, undoing.standing, from_width=140),
            Column("user", "User", 10, lambda row: shown.text(row["user"]), from_width=130),
        )

    def _including_vat(self, row: Any) -> Text:
        return Text(including_vat(row, self.decimals))

    def key_of(self, row: Any) -> str:
        return str(row["id"])

    def read(self, filter: str, window: Window) -> ListSnapshot:
        return readings.read_posted(filter, window)

    def detail(self, row: Any) -> Text:
        title = Text.assemble((f"Posted {title_of(row)} {visible(row['no'])}", "bold"))
        title.append(f"  from {visible(row['source_no'])}, by {visible(row['user'])}")
        names = (("Amount", "amount"), ("VAT", "vat_amount"), ("Including VAT", "amount_including_vat"))
        said = [
            f"{caption} {shown.money(row[name], row['currency'], self.decimals)}"
            for caption, name in names
            if has_amounts(row)
        ]
        if correction := undoing.standing(row).plain:
            title.append(f"  {correction}", "bold yellow")
        amounts = Text("   ".join([f"Posting Date {shown.day(row['posting_date'])}", *said]))
        return around(title, amounts, row["print_jobs"], self.desk.time_zone)

    def done_with(self, keys: set[str]) -> None:
        self.unmark(keys)

    def do_open(self) -> None:
        (row,) = self.situation().rows[:1]
        self.app.push_screen(PostedCard(row["id"]))

    def do_navigate(self) -> None:
        (row,) = self.situation().rows[:1]
        self.app.push_screen(NavigateCard(row["no"]))


def has_amounts(row: Any) -> bool:
    """Whether it is an invoice or a credit memo; shipments and receipts bear no amounts."""
    return row["kind"] in (PostedKind.INVOICE, PostedKind.CREDIT_MEMO)


def including_vat(row: Any, decimals: Decimals) -> str:
    """Its amount including VAT; blank where it bears none."""
    return shown.amount(row["amount_including_vat"], decimals.of(row["currency"])) if has_amounts(row) else ""


def title_of(row: Any) -> str:
    """`Sales Invoice`, `Purchase Receipt`."""
    area = "Sales" if row["area"] is Area.SALES else "Purchase"
    return f"{area} {row['kind'].title}"


class PostedCard(CardPage, PostedActions):
    """One posted document: its header, lines and VAT, its print jobs, and the entries of its posting."""

    PAGE = POSTED_DOCUMENT
    ACTIONS_OF = (POSTED_DOCUMENT, CARD, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Posted Document"
    SECTIONS = ("General", "Lines", "VAT", "Print Jobs", *(ledger.title for ledger in reading.LEDGERS.values()))

    def read(self, time_zone: str) -> CardSnapshot:
        return read_posted_card(self.record_key, time_zone)

    def do_navigate(self) -> None:
        (row,) = self.situation().rows
        self.app.push_screen(NavigateCard(row["no"]))


def read_posted_card(id_: int, time_zone: str) -> CardSnapshot:
    """The card of one posted document. Raises NotFound."""
    (row,) = readings.with_print_jobs([reading.posted_by_id(id_)])
    name = Text(f"Posted {title_of(row)} {visible(row['no'])}", "bold")
    if correction := undoing.standing(row):
        name.append("   ").append_text(correction)
    entries = reading.entries_of(row)
    sections = [
        *posted_sections(row, time_zone),
        Section("Print Jobs", jobs_in_full(row["print_jobs"], time_zone)),
        *entry_sections(entries, currencies.decimals()),
    ]
    return CardSnapshot(row, name, tuple(section for section in sections if section.body))


def posted_sections(row: Any, time_zone: str) -> list[Section]:
    """What a posted document says: its header, lines and VAT."""
    decimals, currency = currencies.decimals(), row["currency"]
    general = fields(
        ("No.", row["no"]),
        ("From", f"{row['source_type'].title} {row['source_no']}"),
        ("Customer/Vendor", f"{row['party_no']} {row['party_name']}"),
        ("Posting Date", shown.day(row["posting_date"])),
        ("Document Date", shown.day(row["document_date"])),
        ("Due Date", shown.day(row["due_date"])),
        ("External Document No.", row["external_document_no"]),
        ("Vendor Document No.", row["vendor_document_no"]),
        ("Corrects No.", row["corrects_no"]),
        ("Cancelled by", row["cancelled_by"]),
        ("Corrected by", "" if row["cancelled_by"] else ", ".join(row["corrected_by"])),
        ("Currency", currency),
        *((caption, shown.money(row[name], currency, decimals)) for caption, name in _AMOUNTS if has_amounts(row)),
        ("Amount (LCY)", shown.amount(row["amount_lcy"], decimals.lcy) if has_amounts(row) else ""),
        ("User ID", row["user"]),
        ("Posted at", shown.whole_stamp(row["posted_at"], time_zone)),
        ("G/L Register No.", row["register_no"]),
        ("Batch No.", row["batch_no"] or ""),
    )
    lines = table(row["lines"], ("no", "description", "quantity", "unit_price", "amount"), decimals, currency=currency)
    vat = table(row["vat"], _VAT, decimals, currency=currency)
    return [Section("General", general), Section("Lines", lines), Section("VAT", vat)]


_AMOUNTS = (
    ("Amount", "amount"),
    ("VAT Amount", "vat_amount"),
    ("Amount Including VAT", "amount_including_vat"),
)
_VAT = ("group", "rate", "base", "amount")
_NUMBERS = frozenset(
    ("quantity", "remaining_amount", "unit_price", "amount", "rate", "base", "cost_amount", "entry_no")
)
_ENTRY_COLUMNS = {
    "gl": ("entry_no", "document_no", "account_no", "amount", "description"),
    "customer": ("entry_no", "document_no", "party_no", "amount", "remaining_amount", "due_date"),
    "vendor": ("entry_no", "document_no", "party_no", "amount", "remaining_amount", "due_date"),
    "vat": ("entry_no", "document_no", "vat_product_group", "rate", "base", "amount"),
    "item": ("entry_no", "document_no", "item_no", "quantity"),
    "value": ("entry_no", "document_no", "item_no", "cost_amount"),
}


def entry_sections(
    entries: Mapping[str, Any],
    decimals: Decimals,
    columns: Mapping[str, tuple[str, ...]] = MappingProxyType(_ENTRY_COLUMNS),
) -> list[Section]:
    """A FastTab per ledger that has entries, with these columns of each ledger."""
    return [
        Section(reading.LEDGERS[name].title, table(rows, columns[name], decimals, ledger=name))
        for name, rows in entries.items()
        if rows
    ]


def document_lines(documents: Sequence[Any], decimals: Decimals) -> Text:
    """Posted documents in a line each: `Posted Sales Invoice 103001   1,000.00`."""
    return Text("\n").join(
        Text(f"Posted {title_of(row)} {visible(row['no'])}   {_with_vat(row, decimals)}".rstrip()) for row in documents
    )


def _with_vat(row: Any, decimals: Decimals) -> str:
    return f"{including_vat(row, decimals)} {visible(row['currency'])}"


def table(rows: Any, names: tuple[str, ...], decimals: Decimals, *, currency: str = "", ledger: str = "") -> Text:
    """Rows as lines of text, their columns as wide as they need, numbers to the right."""
    cells = [[caption(name, ledger) for name in names]]
    cells += [[_told(row, name, decimals, currency) for name in names] for row in rows]
    widths = [min(28, max(cell_len(line[place]) for line in cells)) for place in range(len(names))]
    text = Text()
    for number, line in enumerate(cells):
        parts = [
            shown.padded(cell, width, right=name in _NUMBERS)
            for cell, width, name in zip(line, widths, names, strict=True)
        ]
        text.append("\n" if number else "").append("  ".join(parts).rstrip(), "bold" if not number else "")
    return text if rows else Text("")


def _told(row: Any, name: str, decimals: Decimals, currency: str) -> str:
    """A value where no column of its own tells its currency."""
    if name in ("amount", "remaining_amount") and row.get("currency"):
        return shown.money(row[name], row["currency"], decimals)
    return value(row, name, decimals, currency).plain


class NavigateCard(CardPage):
    """Everything that was posted under a number; from each of its FastTabs to the list of what it shows."""

    PAGE = NAVIGATE
    ACTIONS_OF = (NAVIGATE, CARD, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Navigate"
    SECTIONS = ("Posted Documents", *(ledger.title for ledger in reading.LEDGERS.values()))

    def read(self, time_zone: str) -> CardSnapshot:
        return read_navigate(self.record_key)

    def do_open(self) -> None:
        """Go to the list of what the FastTab with the focus shows, or the posted documents."""
        assert self.snapshot is not None
        found, tab = self.snapshot.row, self.focused.parent if self.focused is not None else None
        title = str(tab.title) if isinstance(tab, Collapsible) else ""
        ledger = next((name for name, one in reading.LEDGERS.items() if one.title == title), "")
        rows = found["entries"][ledger] if ledger else found["documents"]
        column = "document_no" if ledger else "no"
        numbers = dict.fromkeys(row[column] for row in rows)
        page: Any = self.desk.open_page(f"{ledger}-ledger-entries" if ledger else "posted-documents")
        page.want_filter(f"{column}={'|'.join(filters.quote(no) for no in numbers)}")


def read_navigate(no: str) -> CardSnapshot:
    """All documents and entries of a number. Raises NotFound."""
    found = reading.navigate(no)
    decimals = currencies.decimals()
    documents = document_lines(found["documents"], decimals)
    sections = [Section("Posted Documents", documents), *entry_sections(found["entries"], decimals)]
    shown_ones = tuple(section for section in sections if section.body)
    return CardSnapshot(found, Text(f"Navigate: {visible(no)}", "bold"), shown_ones)
