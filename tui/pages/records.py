"""Master records of every kind: their list and their card. What a kind has is said in `core.masters.kinds`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import filters, masters, values
from postroom.core.errors import NotFound
from postroom.core.masters import KINDS, MasterField, MasterKind
from postroom.core.masters.kinds import shown_key
from postroom.core.plain_text import visible
from postroom.core.values import FieldKind
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, FORM, LIST, bindings
from postroom.tui.actions.records import LEDGER_OF, RECORDS
from postroom.tui.pages import results
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import AskText
from postroom.tui.widgets.keyed_table import Column
from postroom.tui.widgets.search import Find

_HELP = {
    "address": "Street and number, as they stand on printed documents.",
    "blocked": "Ship, Invoice: only returns and credit memos are posted. All: nothing is.",
    "payment_days": "From the document date to the due date.",
    "invoice_discount_percent": "What Calc. Inv. Discount takes off the whole document.",
    "unit": "What one of it is called: PCS, BOX.",
    "unit_price": "What a new sales line asks for one.",
    "unit_cost": "What a new purchase line pays for one, and what opening stock is worth.",
    "prevent_negative": "A posting that would take more than there is in stock fails.",
    "direct_posting": "Whether document lines may name the account.",
    "manual_nos": "Whether a number may be typed in place of the next one.",
    "starting_no": "The first number; its last digits are counted up.",
    "ending_no": "The last number. Blank: no end.",
}
"""What fields of master records mean, where their captions do not say it."""
POSTING_ACCOUNTS = "type=Posting"
"""The accounts that take entries: no headings and totals."""
LEDGERS = {"customer": "party_no", "vendor": "party_no", "item": "item_no", "gl-account": "account_no"}
"""The kinds that ledger entries name, and in which field; the ledgers bear the kind's slug, G/L's is `gl`."""
MOST_NAMED = 10
"""A question names so many records by their keys."""
_KEY_CAPTIONS = {
    "no": "No.",
    "code": "Code",
    "kind": "Kind",
    "business_group": "Business Group",
    "product_group": "Product Group",
    "series_code": "Series Code",
    "starting_date": "Starting Date",
    "currency_code": "Currency Code",
}

_ROWS = {
    "customer": ("customer", "customers"),
    "vendor": ("vendor", "vendors"),
    "item": ("item", "items"),
    "gl-account": ("account", "accounts"),
    "charge": ("charge", "charges"),
    "general-posting-setup": ("pair of groups", "pairs of groups"),
    "vat-posting-setup": ("pair of groups", "pairs of groups"),
    "number-series": ("series", "series"),
    "number-series-line": ("line", "lines"),
    "currency": ("currency", "currencies"),
    "exchange-rate": ("rate", "rates"),
    "template": ("template", "templates"),
}
"""What the rows of a kind are called; those of the others are groups."""


def key_of(kind: MasterKind, row: Any) -> str:
    return shown_key({name: row[name] for name in kind.key})


def typed(field: MasterField, value: Any) -> str:
    """A stored value as it could be typed again."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return values.shown(field.kind, value) if value is not None else ""


def name_of(row: Any) -> str:
    """A record's name or description."""
    return str(row.get("name") or row.get("description") or "")


def options_of(slug: str, among: str = "") -> list[Find]:
    """The records of a kind that pass a filter, to choose one."""
    kind = KINDS[slug]
    rows = masters.list_records(slug, among)
    return [Find(key_of(kind, row), f"{key_of(kind, row)}  {visible(name_of(row))}".strip(), "") for row in rows]


def of_template(kind: MasterKind) -> dict[str, str]:
    """What a new record of a kind starts with: the fields that the company's template for it says."""
    (found,) = [row for row in masters.list_records("template") if row["kind"] == kind.slug] or [{}]
    return {field.name: str(found[field.name]) for field in kind.fields if found.get(field.name)}


class RecordsPage(ListPage):
    """The list of one kind."""

    PAGE = RECORDS
    EMPTY = "There is none yet. Ctrl+N makes one."

    def __init__(self, kind: str, caption: str) -> None:
        self.kind = KINDS[kind]
        self.CAPTION = caption
        self.ROWS = _ROWS.get(kind, ("group", "groups"))
        super().__init__()

    ACTIONS_OF: ClassVar[tuple[str, ...]] = (RECORDS, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)

    @property
    def address(self) -> str:
        return self.kind.slug

    def columns(self) -> tuple[Column, ...]:
        def column(name: str, caption: str, kind: FieldKind) -> Column:
            return _column(name, caption, kind, lambda row: self._cell(row, name))

        keys = [column(name, _KEY_CAPTIONS[name], FieldKind.CODE) for name in self.kind.key]
        fields = [column(field.name, field.caption, field.kind) for field in self.kind.fields]
        if self.kind.slug == "item":
            fields.insert(1, column("stock_on_hand", "On Hand", FieldKind.DECIMAL))
        return (*keys, *fields)

    def _cell(self, row: Any, name: str) -> Text:
        value = row.get(name)
        if isinstance(value, bool):
            return Text("Yes" if value else "")
        if isinstance(value, Decimal):
            return Text(shown.amount(value, self.decimals.lcy if name in _PRICES else 0))
        return shown.text(value.isoformat() if isinstance(value, date) else value)

    def key_of(self, row: Any) -> str:
        return key_of(self.kind, row)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        return readings.sliced(masters.list_records(self.kind.slug, filter), self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        text = Text.assemble((visible(self.key_of(row)), "bold"), "  ", visible(name_of(row)), "\n")
        seen = {"name", "description", *self.table.shown_columns}
        said = [
            f"{field.caption}: {self._cell(row, field.name)}"
            for field in self.kind.fields
            if row[field.name] and field.name not in seen
        ]
        return text.append("  ".join(said), shown.FAINT)

    def do_open(self) -> None:
        self.app.push_screen(card_of(self.kind.slug, self.table.cursor_key))

    async def do_new(self) -> None:
        """Ask for the key and then for what the record cannot be without; each is mended where it was typed."""
        slug, user = self.kind.slug, self.desk.user
        required = [field for field in self.kind.fields if field.is_required]
        asked = [(" x ".join(_KEY_CAPTIONS[name] for name in self.kind.key), "")]
        asked += [(field.caption, field.name) for field in required]
        key, given, made = "", dict(of_template(self.kind)), list[str]()

        def take(name: str, text: str) -> None:
            nonlocal key
            if name:
                given[name] = text
            else:
                key = text
            if name != asked[-1][1]:
                masters.refuse_known(slug, key)
            else:
                made.append(self.key_of(masters.new_record(slug, key, given, user=user)))

        for caption, name in asked:

            async def attempt(text: str, name: str = name) -> str:
                return await self.desk.attempt(lambda: take(name, text))

            box = AskText(f"New {self.kind.title}", caption, attempt=attempt)
            if await self.app.push_screen_wait(box) is None:
                return
        self.app.push_screen(card_of(slug, made[0]))

    async def do_delete(self) -> None:
        slug, user = self.kind.slug, self.desk.user
        keys = [self.key_of(row) for row in self.situation().rows]
        self.unmark(
            await results.delete_each(
                self.desk, keys, self.ROWS, lambda key: masters.delete_record(slug, key, user=user), self._named(keys)
            )
        )

    def _named(self, keys: Sequence[str]) -> str:
        """The one record by its name, several by their keys."""
        if len(keys) == 1:
            return visible(name_of(self.table.row_of(keys[0]) or {}))
        more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
        return f"{', '.join(visible(key) for key in keys[:MOST_NAMED])}{more}"


class LedgerRecordsPage(RecordsPage):
    """The list of a kind that ledger entries name."""

    ACTIONS_OF = (RECORDS, LEDGER_OF, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)

    def do_ledger_entries(self) -> None:
        open_ledger(self.desk, self.kind.slug, self.table.cursor_key)


def open_ledger(desk: Any, slug: str, no: str) -> None:
    """The ledger entries that name a record."""
    ledger = "gl" if slug == "gl-account" else slug
    desk.open_page(f"{ledger}-ledger-entries").want_filter(f"{LEDGERS[slug]}={filters.quote(no)}")


def card_of(slug: str, no: str, field: str = "") -> RecordCard:
    """The card of one record; its field under the cursor."""
    return (LedgerRecordCard if slug in LEDGERS else RecordCard)(slug, no, field)


class RecordCard(FormPage):
    """The card of one record, to change its fields."""

    def __init__(self, slug: str, no: str, field: str = "") -> None:
        self.kind, self.no = KINDS[slug], no
        super().__init__(field)

    @property
    def address(self) -> str:
        return f"{self.kind.slug}-card {self.no}"

    @property
    def caption(self) -> str:
        return f"{self.kind.title} {visible(self.no)}"

    def form_fields(self) -> Sequence[FormField]:
        return [of_master(field) for field in self.kind.fields]

    def reading(self) -> Callable[[], Any]:
        slug, no = self.kind.slug, self.no
        return lambda: read_card(slug, no)

    def change(self, key: str, text: str) -> Any:
        masters.set_record(self.kind.slug, self.no, {key: text}, user=self.desk.user)


class LedgerRecordCard(RecordCard):
    """The card of a record that ledger entries name."""

    ACTIONS_OF = (LEDGER_OF, FORM, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)

    def do_ledger_entries(self) -> None:
        open_ledger(self.desk, self.kind.slug, self.no)


def of_master(field: MasterField, value: str = "") -> FormField:
    """A master record's field as a form has it."""
    return FormField(
        field.name,
        _tab_of(field),
        field.caption,
        field.kind,
        _choice_help(field) if field.names else _help_of(field),
        field.choices,
        field.names,
        value,
        among=POSTING_ACCOUNTS if field.names == "gl-account" else "",
    )


def _choice_help(field: MasterField) -> str:
    which = "posting account" if field.names == "gl-account" else KINDS[field.names].title
    return f"Enter shows every {which}."


def _help_of(field: MasterField) -> str:
    if field.name == "blocked" and field.kind is FieldKind.BOOLEAN:
        return "Nothing that names it is posted."
    return _HELP.get(field.name, "")


def _tab_of(field: MasterField) -> str:
    """General, Posting (groups and accounts), or Payment."""
    if field.names or field.name in ("posting_group", "direct_posting"):
        return "Posting" if field.names != "currency" else "Payment"
    return "Payment" if field.name in ("payment_days", "invoice_discount_percent") else "General"


def read_card(slug: str, no: str) -> FormSnapshot:
    """A record's card. Raises NotFound for one that is gone."""
    kind = KINDS[slug]
    row = next((row for row in masters.list_records(slug) if key_of(kind, row) == no), None)
    if row is None:
        raise NotFound(f"{kind.record(no)} does not exist.", record=kind.record(no))
    title = Text.assemble((f"{kind.title} {visible(no)}", "bold"), "   ", visible(name_of(row)))
    return FormSnapshot(row, title, tuple(of_master(field, typed(field, row[field.name])) for field in kind.fields))


_TYPED_NUMBERS = ("amount_rounding_precision", "unit_amount_rounding_precision", "factor")
"""Fields that hold numbers and are read in a way of their own."""
_PRICES = ("unit_price", "unit_cost")
"""Fields in the local currency; other numbers have the decimals that they need."""


def _column(name: str, caption: str, kind: FieldKind, cell: Callable[[Any], Text]) -> Column:
    is_number = kind in (FieldKind.DECIMAL, FieldKind.INTEGER) or name in _TYPED_NUMBERS
    if name in ("name", "description"):
        return Column(name, caption, 0, cell, least=20)
    least = 12 if is_number else 16 if kind is FieldKind.TEXT else 10
    return Column(name, caption, max(least, len(caption)), cell, right=is_number)
