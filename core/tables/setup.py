"""Setup windows, posting groups and their pairs, number series, users, and the change log over all of them."""

from __future__ import annotations

from typing import Any

from peewee import BooleanField, CompositeKey, DateField, IntegerField, TextField

from postroom.core.kinds import AccountType, Area, ReportOutput, VatType
from postroom.core.tables.base import ChoiceField, FactorField, InstantField, NumberField, ScaledField, Table


class Company(Table):
    """The company itself: one row, id 1. `setup_version` rises with every change of setup, accounts or groups.

    `moved_to` is where it lives now, if it has been moved away from here.
    """

    name = TextField()
    created_at = InstantField()
    created_by = TextField()
    is_test = BooleanField(default=False)
    setup_version = IntegerField(default=1)
    moved_to = TextField(default="")


class CompanyInformation(Table):
    """What the company's letters and documents bear: one row, id 1. A blank name: the company's own."""

    name = TextField(default="")
    address = TextField(default="")
    post_code = TextField(default="")
    city = TextField(default="")
    country_code = TextField(default="")
    phone_no = TextField(default="")
    email = TextField(default="")
    home_page = TextField(default="")
    vat_registration_no = TextField(default="")
    bank_name = TextField(default="")
    iban = TextField(default="")
    swift_code = TextField(default="")
    paper_size = TextField(default="A4")


class Layout(Table):
    """A layout of the company's own, in place of the one that comes along; `source` is Typst."""

    name = TextField(primary_key=True)
    source = TextField()
    imported_by = TextField()
    imported_at = InstantField()


class GeneralLedgerSetup(Table):
    """One row, id 1."""

    allow_posting_from = DateField(null=True)
    allow_posting_to = DateField(null=True)
    lcy_code = TextField(default="EUR")
    amount_rounding_precision = ScaledField(default="0.01")
    unit_amount_rounding_precision = ScaledField(default="0.00001")
    company_time_zone = TextField(default="UTC")


class BackgroundPostingSetup(Table):
    """What Sales & Receivables Setup and Purchases & Payables Setup have in common."""

    post_documents_via_job_queue = BooleanField(default=False)
    post_and_print_with_job_queue = BooleanField(default=False)
    job_queue_category_code = TextField(default="")
    notify_on_success = BooleanField(default=False)
    priority_for_post = IntegerField(default=1000)
    priority_for_post_and_print = IntegerField(default=1000)
    job_timeout = IntegerField(default=7200)
    maximum_no_of_attempts = IntegerField(default=3)
    rerun_delay = IntegerField(default=10)
    check_before_queueing = BooleanField(default=True)
    report_output_type = ChoiceField(ReportOutput, default=ReportOutput.PDF)
    calc_inv_discount = BooleanField(default=False)
    max_vat_difference_allowed = ScaledField(default=0)
    default_posting_date = TextField(default="Work Date")
    order_nos = TextField(default="")
    return_order_nos = TextField(default="")
    invoice_nos = TextField(default="")
    credit_memo_nos = TextField(default="")
    posted_invoice_nos = TextField(default="")
    posted_credit_memo_nos = TextField(default="")


class SalesSetup(BackgroundPostingSetup):
    """Sales & Receivables Setup: one row, id 1."""

    ext_doc_no_mandatory = BooleanField(default=False)
    default_qty_to_ship = TextField(default="Remainder")
    posted_shipment_nos = TextField(default="")
    posted_return_receipt_nos = TextField(default="")


class PurchasesSetup(BackgroundPostingSetup):
    """Purchases & Payables Setup: one row, id 1."""

    vendor_doc_no_mandatory = BooleanField(default=True)
    default_qty_to_receive = TextField(default="Remainder")
    posted_receipt_nos = TextField(default="")
    posted_return_shipment_nos = TextField(default="")


def setup_of(area: Area) -> Any:
    """The row of the area's setup window."""
    return (SalesSetup if area is Area.SALES else PurchasesSetup).get_by_id(1)


class NumberSeries(Table):
    """A named source of numbers."""

    code = TextField(primary_key=True)
    description = TextField(default="")
    manual_nos = BooleanField(default=True)


class NumberSeriesLine(Table):
    """One run of numbers, valid from a date. The counted digits are the last ones in `starting_no`.

    `last_value` is the number those digits last stood for; one less than the first before any was drawn.
    """

    series_code = TextField()
    starting_date = DateField(null=True)
    starting_no = TextField()
    ending_no = TextField(default="")
    warning_no = TextField(default="")
    increment = IntegerField(default=1)
    last_value = IntegerField()
    last_date_used = DateField(null=True)

    class Meta:
        indexes = ((("series_code", "starting_date"), False),)


class Counter(Table):
    """Numbers without gaps that no series owns: the G/L register's."""

    name = TextField(primary_key=True)
    last_value = IntegerField(default=0)


class GlAccount(Table):
    """The chart of accounts."""

    no = TextField(primary_key=True)
    name = TextField(default="")
    type = ChoiceField(AccountType, default=AccountType.POSTING)
    direct_posting = BooleanField(default=True)
    blocked = BooleanField(default=False)


class Charge(Table):
    """A freight or fee that may stand on a line and has its account."""

    no = TextField(primary_key=True)
    description = TextField(default="")
    account_no = TextField(default="")
    vat_product_group = TextField(default="")


class Group(Table):
    """Base of the plain posting groups: a code and what it means."""

    code = TextField(primary_key=True)
    description = TextField(default="")


class GeneralBusinessGroup(Group):
    """Trade areas: who one trades with."""


class GeneralProductGroup(Group):
    """Product groups: what one trades."""


class VatBusinessGroup(Group):
    """The party's half of a VAT pair."""


class VatProductGroup(Group):
    """The line's half of a VAT pair."""


class InventoryGroup(Group):
    """Inventory Posting Setup: the account on which the stock of these items stands."""

    stock_account = TextField(default="")


class PartyPostingGroup(Table):
    """Customer and vendor posting groups: the receivables (payables) account."""

    area = ChoiceField(Area)
    code = TextField()
    description = TextField(default="")
    account_no = TextField(default="")

    class Meta:
        primary_key = CompositeKey("area", "code")


class GeneralPostingSetup(Table):
    """Accounts by general business group x general product group."""

    business_group = TextField()
    product_group = TextField()
    sales_account = TextField(default="")
    sales_credit_memo_account = TextField(default="")
    sales_line_discount_account = TextField(default="")
    sales_invoice_discount_account = TextField(default="")
    cost_of_sales_account = TextField(default="")
    received_not_invoiced_account = TextField(default="")
    purchase_variance_account = TextField(default="")

    class Meta:
        primary_key = CompositeKey("business_group", "product_group")


class VatPostingSetup(Table):
    """Rate, type and accounts by VAT business group x VAT product group."""

    business_group = TextField()
    product_group = TextField()
    type = ChoiceField(VatType, default=VatType.NORMAL)
    rate = ScaledField(default=0)
    sales_vat_account = TextField(default="")
    purchase_vat_account = TextField(default="")
    reverse_charge_account = TextField(default="")

    class Meta:
        primary_key = CompositeKey("business_group", "product_group")


class MasterTemplate(Table):
    """What `import --create-missing` gives a new `kind`: customer, vendor, item or charge."""

    kind = TextField(primary_key=True)
    general_business_group = TextField(default="")
    vat_business_group = TextField(default="")
    posting_group = TextField(default="")
    general_product_group = TextField(default="")
    vat_product_group = TextField(default="")
    inventory_group = TextField(default="")
    account_no = TextField(default="")
    unit = TextField(default="")


class Currency(Table):
    """A foreign currency and its own precision."""

    code = TextField(primary_key=True)
    description = TextField(default="")
    amount_rounding_precision = ScaledField(default="0.01")
    unit_amount_rounding_precision = ScaledField(default="0.00001")


class ExchangeRate(Table):
    """LCY per unit of a currency, from a date on."""

    currency_code = TextField()
    starting_date = DateField()
    factor = FactorField()

    class Meta:
        primary_key = CompositeKey("currency_code", "starting_date")


class UserSetup(Table):
    """What one user may do, and the dates that user may post on where they differ from the company's."""

    user_id = TextField(primary_key=True)
    may_view = BooleanField(default=True)
    may_post = BooleanField(default=True)
    job_queue_admin = BooleanField(default=False)
    may_setup = BooleanField(default=False)
    allow_posting_from = DateField(null=True)
    allow_posting_to = DateField(null=True)


class ChangeLogEntry(Table):
    """Who changed what, when, from what, to what. `kind` names the table as on screen, `record` its key."""

    entry_no = NumberField()
    at = InstantField()
    user_id = TextField()
    action = TextField()
    kind = TextField()
    record = TextField()
    field = TextField(default="")
    old_value = TextField(default="")
    new_value = TextField(default="")
