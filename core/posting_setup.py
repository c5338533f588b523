"""Everything of the setup that a posting looks up, read once per change of setup and not per document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from postroom.core import numbering
from postroom.core.kinds import AccountType, Area, PostedKind, VatType
from postroom.core.numbering import SeriesLine
from postroom.core.statements import answer, asked
from postroom.core.tables import setup
from postroom.core.tables.base import database


@dataclass(frozen=True, slots=True)
class AreaSetup:
    """What one of the two trade setups says about posting. `series` maps each posted kind to its number series.

    `ships_remainder`: Qty. to Ship (to Receive) defaults to what is outstanding, else to nothing.
    """

    title: str
    external_no_mandatory: bool
    vendor_no_mandatory: bool
    max_vat_difference: Decimal
    series: Mapping[PostedKind, str]
    ships_remainder: bool = True


@dataclass(frozen=True, slots=True)
class GeneralPair:
    """Accounts of one General Posting Setup pair; blank where none is set."""

    sales: str
    sales_credit_memo: str
    line_discount: str
    invoice_discount: str
    cost_of_sales: str
    received_not_invoiced: str
    purchase_variance: str


@dataclass(frozen=True, slots=True)
class VatPair:
    """One VAT Posting Setup pair. `rate` is the percentage of the setup; a document's own VAT may count with 0."""

    type: VatType
    rate: Decimal
    sales_account: str
    purchase_account: str
    reverse_charge_account: str

    @property
    def document_rate(self) -> Decimal:
        """The percentage that stands on the document: 0 for reverse charge and exempt."""
        return self.rate if self.type is VatType.NORMAL else Decimal(0)


@dataclass(frozen=True, slots=True)
class Account:
    type: AccountType
    direct_posting: bool
    blocked: bool


@dataclass(frozen=True, slots=True)
class ChargeSetup:
    account_no: str
    vat_group: str


@dataclass(frozen=True, slots=True)
class PostingSetup:
    """A frozen picture of the setup at one `version`. Precisions are steps such as 0.01."""

    version: int
    precision: Decimal
    lcy_code: str
    allowed: tuple[date | None, date | None]
    allowed_by_user: Mapping[str, tuple[date | None, date | None]]
    areas: Mapping[Area, AreaSetup]
    general: Mapping[tuple[str, str], GeneralPair]
    vat: Mapping[tuple[str, str], VatPair]
    stock_accounts: Mapping[str, str]
    party_accounts: Mapping[tuple[str, str], str]
    accounts: Mapping[str, Account]
    charges: Mapping[str, ChargeSetup]
    series: Mapping[str, tuple[SeriesLine, ...]]
    currencies: Mapping[str, Decimal]

    def precision_of(self, currency_code: str) -> Decimal:
        """The step of amounts in a currency; LCY's for blank."""
        return self.currencies.get(currency_code, self.precision) if currency_code else self.precision

    def allowed_dates(self, user: str) -> tuple[date | None, date | None]:
        """Allow Posting From and To for a user: User Setup's where it has either, else the company's."""
        own = self.allowed_by_user.get(user, (None, None))
        return own if own != (None, None) else self.allowed


_cached: tuple[Any, PostingSetup] | None = None


def ask() -> Any:
    """Ask for the setup's version, in a pipeline that may be open; for `current`."""
    return asked("SELECT setup_version FROM company WHERE id = 1")


def current(version_asked: Any = None) -> PostingSetup:
    """The setup as it stands now: one small query, unless it was asked before, and a full read only after a change."""
    global _cached
    ((version,),) = answer(version_asked if version_asked is not None else ask())
    if _cached is not None and _cached[0] is database.obj and _cached[1].version == version:
        return _cached[1]
    setup = _read(version)
    if not database.in_transaction():  # a version that is rolled back will be given again, for another setup
        _cached = (database.obj, setup)
    return setup


def _read(version: int) -> PostingSetup:
    ledger = setup.GeneralLedgerSetup.get_by_id(1)
    sales, purchases = setup.SalesSetup.get_by_id(1), setup.PurchasesSetup.get_by_id(1)
    return PostingSetup(
        version=version,
        precision=ledger.amount_rounding_precision,
        lcy_code=ledger.lcy_code,
        allowed=(ledger.allow_posting_from, ledger.allow_posting_to),
        allowed_by_user={
            row.user_id: (row.allow_posting_from, row.allow_posting_to) for row in setup.UserSetup.select()
        },
        areas={
            Area.SALES: AreaSetup(
                "Sales & Receivables Setup",
                sales.ext_doc_no_mandatory,
                False,
                sales.max_vat_difference_allowed,
                {
                    PostedKind.SHIPMENT: sales.posted_shipment_nos,
                    PostedKind.INVOICE: sales.posted_invoice_nos,
                    PostedKind.RETURN_RECEIPT: sales.posted_return_receipt_nos,
                    PostedKind.CREDIT_MEMO: sales.posted_credit_memo_nos,
                },
                sales.default_qty_to_ship != "Blank",
            ),
            Area.PURCHASE: AreaSetup(
                "Purchases & Payables Setup",
                False,
                purchases.vendor_doc_no_mandatory,
                purchases.max_vat_difference_allowed,
                {
                    PostedKind.RECEIPT: purchases.posted_receipt_nos,
                    PostedKind.INVOICE: purchases.posted_invoice_nos,
                    PostedKind.RETURN_SHIPMENT: purchases.posted_return_shipment_nos,
                    PostedKind.CREDIT_MEMO: purchases.posted_credit_memo_nos,
                },
                purchases.default_qty_to_receive != "Blank",
            ),
        },
        general={
            (row.business_group, row.product_group): GeneralPair(
                row.sales_account,
                row.sales_credit_memo_account,
                row.sales_line_discount_account,
                row.sales_invoice_discount_account,
                row.cost_of_sales_account,
                row.received_not_invoiced_account,
                row.purchase_variance_account,
            )
            for row in setup.GeneralPostingSetup.select()
        },
        vat={
            (row.business_group, row.product_group): VatPair(
                row.type, row.rate, row.sales_vat_account, row.purchase_vat_account, row.reverse_charge_account
            )
            for row in setup.VatPostingSetup.select()
        },
        stock_accounts={row.code: row.stock_account for row in setup.InventoryGroup.select()},
        party_accounts={(row.area.value, row.code): row.account_no for row in setup.PartyPostingGroup.select()},
        accounts={row.no: Account(row.type, row.direct_posting, row.blocked) for row in setup.GlAccount.select()},
        charges={row.no: ChargeSetup(row.account_no, row.vat_product_group) for row in setup.Charge.select()},
        series=numbering.read_lines(),
        currencies={row.code: row.amount_rounding_precision for row in setup.Currency.select()},
    )
