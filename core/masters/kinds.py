"""Which kinds of master records there are, and their fields: the one table that lists, changes and checks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from postroom.core import values
from postroom.core.company import AMOUNT_PRECISIONS
from postroom.core.kinds import AccountType, Area, Blocked, VatType
from postroom.core.setup_fields import UNIT_PRECISIONS
from postroom.core.tables import setup, trade
from postroom.core.users import Permission
from postroom.core.values import FieldKind, Value

_TEXT, _CODE, _BOOLEAN = FieldKind.TEXT, FieldKind.CODE, FieldKind.BOOLEAN
_DECIMAL, _INTEGER, _DATE, _CHOICE = FieldKind.DECIMAL, FieldKind.INTEGER, FieldKind.DATE, FieldKind.CHOICE


@dataclass(frozen=True, slots=True)
class MasterField:
    """One field that is typed. `names` is the slug of the kind whose record it must name, if it names one.

    `is_guarded` accounts are moved by postings of their own and may not allow Direct Posting. What `is_required` is
    given when a record is made.
    """

    name: str
    caption: str
    kind: FieldKind = _TEXT
    names: str = ""
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    is_guarded: bool = False
    is_required: bool = False
    read: Callable[[str], Value] | None = None


@dataclass(frozen=True, slots=True)
class MasterKind:
    """One kind of master record. `key` are its key's columns; `fixed` columns tell two kinds in one table apart."""

    slug: str
    title: str
    table: type[Any]
    fields: tuple[MasterField, ...]
    key: tuple[str, ...] = ("no",)
    fixed: tuple[tuple[str, Value], ...] = ()
    permission: Permission = Permission.SETUP

    @property
    def is_setup(self) -> bool:
        """Whether postings remember it with the setup."""
        return self.permission is Permission.SETUP

    def record(self, no: str) -> str:
        """How messages name one."""
        return f"{self.title} {no}"


def _blocked_or_not(text: str) -> bool:
    """Items and accounts are blocked for all or not at all: `All` and blank, or true and false."""
    typed = text.strip().lower()
    if typed in ("", Blocked.ALL.value.lower()):
        return bool(typed)
    try:
        return values.read_boolean(typed)
    except ValueError:
        raise ValueError("is neither blank nor All (true and false will do)") from None


_BLOCKED = MasterField("blocked", "Blocked", _BOOLEAN, read=_blocked_or_not)


def _party(slug: str, area: Area, account: str) -> MasterKind:
    return MasterKind(
        slug,
        area.party_title,
        trade.Party,
        (
            MasterField("name", "Name"),
            MasterField("address", "Address"),
            MasterField("city", "City"),
            MasterField("post_code", "Post Code", _CODE),
            MasterField("country_code", "Country Code", _CODE),
            MasterField("general_business_group", "Gen. Bus. Posting Group", _CODE, "general-business-group"),
            MasterField("vat_business_group", "VAT Bus. Posting Group", _CODE, "vat-business-group"),
            MasterField("posting_group", f"{area.party_title} Posting Group", _CODE, account),
            MasterField("currency_code", "Currency Code", _CODE, "currency"),
            MasterField("payment_days", "Payment Days", _INTEGER, least=0, most=3650),
            MasterField("blocked", "Blocked", _CHOICE, choices=tuple(blocked.value for blocked in Blocked)),
            MasterField("invoice_discount_percent", "Invoice Discount %", _DECIMAL, least=0, most=100),
        ),
        fixed=(("area", area),),
        permission=Permission.POST,
    )


def _groups(slug: str, title: str, table: type[Any], *fields: MasterField) -> MasterKind:
    return MasterKind(slug, title, table, (MasterField("description", "Description"), *fields), key=("code",))


def _account(name: str, caption: str, *, is_guarded: bool = False) -> MasterField:
    return MasterField(name, caption, _CODE, "gl-account", is_guarded=is_guarded)


def _party_groups(slug: str, area: Area, caption: str) -> MasterKind:
    return MasterKind(
        slug,
        f"{area.party_title} Posting Group",
        setup.PartyPostingGroup,
        (MasterField("description", "Description"), _account("account_no", caption, is_guarded=True)),
        key=("code",),
        fixed=(("area", area),),
    )


_PRODUCT_GROUPS = (
    MasterField("general_product_group", "Gen. Prod. Posting Group", _CODE, "general-product-group"),
    MasterField("vat_product_group", "VAT Prod. Posting Group", _CODE, "vat-product-group"),
    MasterField("inventory_group", "Inventory Posting Group", _CODE, "inventory-group"),
)

KINDS: Mapping[str, MasterKind] = {
    kind.slug: kind
    for kind in (
        _party("customer", Area.SALES, "customer-posting-group"),
        _party("vendor", Area.PURCHASE, "vendor-posting-group"),
        MasterKind(
            "item",
            "Item",
            trade.Item,
            (
                MasterField("description", "Description"),
                MasterField("unit", "Unit", _CODE),
                MasterField("unit_price", "Unit Price", _DECIMAL),
                MasterField("unit_cost", "Unit Cost", _DECIMAL),
                *_PRODUCT_GROUPS,
                MasterField("prevent_negative", "Prevent Negative Inventory", _BOOLEAN),
                _BLOCKED,
            ),
            permission=Permission.POST,
        ),
        MasterKind(
            "gl-account",
            "G/L Account",
            setup.GlAccount,
            (
                MasterField("name", "Name"),
                MasterField("type", "Account Type", _CHOICE, choices=tuple(kind.value for kind in AccountType)),
                MasterField("direct_posting", "Direct Posting", _BOOLEAN),
                _BLOCKED,
            ),
        ),
        MasterKind(
            "charge",
            "Charge",
            setup.Charge,
            (
                MasterField("description", "Description"),
                _account("account_no", "Account No."),
                MasterField("vat_product_group", "VAT Prod. Posting Group", _CODE, "vat-product-group"),
            ),
        ),
        _groups("general-business-group", "Gen. Business Posting Group", setup.GeneralBusinessGroup),
        _groups("general-product-group", "Gen. Product Posting Group", setup.GeneralProductGroup),
        _groups("vat-business-group", "VAT Business Posting Group", setup.VatBusinessGroup),
        _groups("vat-product-group", "VAT Product Posting Group", setup.VatProductGroup),
        _groups(
            "inventory-group",
            "Inventory Posting Group",
            setup.InventoryGroup,
            _account("stock_account", "Stock Account", is_guarded=True),
        ),
        _party_groups("customer-posting-group", Area.SALES, "Receivables Account"),
        _party_groups("vendor-posting-group", Area.PURCHASE, "Payables Account"),
        MasterKind(
            "general-posting-setup",
            "General Posting Setup",
            setup.GeneralPostingSetup,
            (
                _account("sales_account", "Sales Account"),
                _account("sales_credit_memo_account", "Sales Credit Memo Account"),
                _account("sales_line_discount_account", "Sales Line Disc. Account"),
                _account("sales_invoice_discount_account", "Sales Inv. Disc. Account"),
                _account("cost_of_sales_account", "Cost of Sales Account"),
                _account("received_not_invoiced_account", "Received Not Invoiced Account", is_guarded=True),
                _account("purchase_variance_account", "Purchase Variance Account"),
            ),
            key=("business_group", "product_group"),
        ),
        MasterKind(
            "vat-posting-setup",
            "VAT Posting Setup",
            setup.VatPostingSetup,
            (
                MasterField("type", "VAT Calculation Type", _CHOICE, choices=tuple(kind.value for kind in VatType)),
                MasterField("rate", "VAT %", _DECIMAL, least=0, most=100),
                _account("sales_vat_account", "Sales VAT Account", is_guarded=True),
                _account("purchase_vat_account", "Purchase VAT Account", is_guarded=True),
                _account("reverse_charge_account", "Reverse Chrg. VAT Account", is_guarded=True),
            ),
            key=("business_group", "product_group"),
        ),
        MasterKind(
            "number-series",
            "No. Series",
            setup.NumberSeries,
            (MasterField("description", "Description"), MasterField("manual_nos", "Manual Nos.", _BOOLEAN)),
            key=("code",),
        ),
        MasterKind(
            "number-series-line",
            "No. Series Line",
            setup.NumberSeriesLine,
            (
                MasterField("starting_no", "Starting No.", _CODE, is_required=True),
                MasterField("ending_no", "Ending No.", _CODE),
                MasterField("warning_no", "Warning No.", _CODE),
                MasterField("increment", "Increment-by No.", _INTEGER, least=1, most=1_000_000),
            ),
            key=("series_code", "starting_date"),
        ),
        MasterKind(
            "currency",
            "Currency",
            setup.Currency,
            (
                MasterField("description", "Description"),
                MasterField("amount_rounding_precision", "Amount Rounding Precision", choices=AMOUNT_PRECISIONS),
                MasterField(
                    "unit_amount_rounding_precision", "Unit-Amount Rounding Precision", choices=UNIT_PRECISIONS
                ),
            ),
            key=("code",),
        ),
        MasterKind(
            "exchange-rate",
            "Exchange Rate",
            setup.ExchangeRate,
            (MasterField("factor", "Factor (LCY per unit)", is_required=True, read=values.read_factor),),
            key=("currency_code", "starting_date"),
        ),
        MasterKind(
            "template",
            "Template",
            setup.MasterTemplate,
            (
                MasterField("general_business_group", "Gen. Bus. Posting Group", _CODE, "general-business-group"),
                MasterField("vat_business_group", "VAT Bus. Posting Group", _CODE, "vat-business-group"),
                MasterField("posting_group", "Posting Group", _CODE),
                *_PRODUCT_GROUPS,
                _account("account_no", "Account No."),
                MasterField("unit", "Unit", _CODE),
            ),
            key=("kind",),
        ),
    )
}
"""Every kind by its slug."""

KEY_NAMES: Mapping[str, str] = {
    "series_code": "number-series",
    "currency_code": "currency",
}
"""Key columns that name a record of another kind; the halves of pairs name groups, told apart below."""

PAIR_HALVES: Mapping[str, tuple[str, str]] = {
    "general-posting-setup": ("general-business-group", "general-product-group"),
    "vat-posting-setup": ("vat-business-group", "vat-product-group"),
}

PAIR = " x "
"""Between the two parts of a key such as `HOME x RESALE`."""


def shown_key(key: Mapping[str, Value]) -> str:
    """`C0001`, `HOME x RESALE`, `USD x 2026-01-01`; a blank second part is left out."""
    return PAIR.join(str(part) for part in key.values() if part not in (None, ""))


def kinds_in_key(kind: MasterKind) -> Mapping[str, str]:
    """The slug of the kind whose record each key column names, for those columns that name one."""
    halves = PAIR_HALVES.get(kind.slug)
    named = dict(zip(kind.key, halves, strict=True)) if halves else KEY_NAMES
    return {name: named[name] for name in kind.key if name in named}
