"""The fields of the setup windows: key, caption, FastTab, kind, help, and what may be chosen.

A field's key is its window and its name: `sales.post_documents_via_job_queue`, `ledger.allow_posting_from`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from postroom.core.company import AMOUNT_PRECISIONS
from postroom.core.kinds import ReportOutput
from postroom.core.tables.setup import CompanyInformation, GeneralLedgerSetup, PurchasesSetup, SalesSetup
from postroom.core.values import FieldKind, Value

UNIT_PRECISIONS = ("0.00001", "0.0001", "0.001", "0.01", "0.1", "1")
CATEGORY = "Job Queue Category"
NUMBER_SERIES = "No. Series"


@dataclass(frozen=True, slots=True)
class SetupField:
    """One field of a setup window.

    `value` is its text as it could be typed again (booleans `true` and `false`, durations `2:00`), `stored` the value
    itself. `table` is what a code names; `choices` are the texts that may be chosen, if they are a closed list.
    `least` is the least number that is accepted.
    """

    key: str
    window: str
    tab: str
    caption: str
    kind: FieldKind
    help: str
    choices: tuple[str, ...] = ()
    table: str = ""
    least: int | None = None
    value: str = ""
    stored: Value = None

    @property
    def name(self) -> str:
        """The field's name in its table."""
        return self.key.partition(".")[2]


WINDOWS: dict[str, tuple[str, type[Any]]] = {
    "sales": ("Sales & Receivables Setup", SalesSetup),
    "purchases": ("Purchases & Payables Setup", PurchasesSetup),
    "ledger": ("General Ledger Setup", GeneralLedgerSetup),
    "company": ("Company Information", CompanyInformation),
}
"""The windows by the first part of their fields' keys: title and table."""


def _fields_of_area(prefix: str) -> list[SetupField]:
    window = WINDOWS[prefix][0]
    is_sales = prefix == "sales"

    def field(tab: str, name: str, caption: str, kind: FieldKind, help: str, **more: Any) -> SetupField:
        return SetupField(f"{prefix}.{name}", window, tab, caption, kind, help, **more)

    def series(name: str, caption: str, what: str) -> SetupField:
        return field(
            "Number Series", name, caption, FieldKind.SERIES, f"The series that numbers {what}.", table=NUMBER_SERIES
        )

    general = [
        field(
            "General",
            "ext_doc_no_mandatory" if is_sales else "vendor_doc_no_mandatory",
            "Ext. Doc. No. Mandatory" if is_sales else "Vendor Doc. No. Mandatory",
            FieldKind.BOOLEAN,
            "A document is posted only if it bears an external document no."
            if is_sales
            else "A purchase invoice or credit memo is posted only if it bears the vendor's own number.",
        ),
        field(
            "General",
            "default_qty_to_ship" if is_sales else "default_qty_to_receive",
            "Default Qty. to Ship" if is_sales else "Default Qty. to Receive",
            FieldKind.CHOICE,
            "Remainder: what is outstanding moves unless the line says otherwise. Blank: only what the line says.",
            choices=("Remainder", "Blank"),
        ),
        field(
            "General",
            "calc_inv_discount",
            "Calc. Inv. Discount",
            FieldKind.BOOLEAN,
            "The invoice discount is computed from the party's percentage when a document is released.",
        ),
        field(
            "General",
            "max_vat_difference_allowed",
            "Max. VAT Difference Allowed",
            FieldKind.DECIMAL,
            "How far a declared VAT amount may be from the computed one.",
            least=0,
        ),
        field(
            "General",
            "default_posting_date",
            "Default Posting Date",
            FieldKind.CHOICE,
            "What a new document gets: today in the company's time zone, or nothing.",
            choices=("Work Date", "No Date"),
        ),
    ]
    moved, returned = ("Shipment", "Return Receipt") if is_sales else ("Receipt", "Return Shipment")
    word = "sales" if is_sales else "purchase"
    numbers = [
        series("order_nos", "Order Nos.", f"{word} orders"),
        series("return_order_nos", "Return Order Nos.", f"{word} return orders"),
        series("invoice_nos", "Invoice Nos.", f"{word} invoices"),
        series("credit_memo_nos", "Credit Memo Nos.", f"{word} credit memos"),
        series(
            "posted_shipment_nos" if is_sales else "posted_receipt_nos",
            f"Posted {moved} Nos.",
            f"posted {moved.lower()}s",
        ),
        series("posted_invoice_nos", "Posted Invoice Nos.", f"posted {word} invoices"),
        series(
            "posted_return_receipt_nos" if is_sales else "posted_return_shipment_nos",
            f"Posted {returned} Nos.",
            f"posted {returned.lower()}s",
        ),
        series("posted_credit_memo_nos", "Posted Credit Memo Nos.", f"posted {word} credit memos"),
    ]
    return [*general, *_background_posting(field), *numbers]


def _background_posting(field: Any) -> list[SetupField]:
    tab = "Background Posting"
    return [
        field(
            tab,
            "post_documents_via_job_queue",
            "Post Documents via Job Queue",
            FieldKind.BOOLEAN,
            "Post queues the document instead of posting it in the session. "
            "Turning it off also turns off Post & Print with Job Queue.",
        ),
        field(
            tab,
            "post_and_print_with_job_queue",
            "Post & Print with Job Queue",
            FieldKind.BOOLEAN,
            "Post and Print queues too. Turning it on also turns on Post Documents via Job Queue.",
        ),
        field(
            tab,
            "job_queue_category_code",
            "Job Queue Category Code",
            FieldKind.CODE,
            "Copied to every entry: at most one entry of a category runs at a time. Blank: none holds them apart.",
            table=CATEGORY,
        ),
        field(
            tab,
            "notify_on_success",
            "Notify on Success",
            FieldKind.BOOLEAN,
            "A note to the user who queued the document when it has posted.",
        ),
        field(
            tab,
            "priority_for_post",
            "Priority for Post",
            FieldKind.INTEGER,
            "Copied to the entry; 0 is served first.",
            least=0,
        ),
        field(
            tab,
            "priority_for_post_and_print",
            "Priority for Post & Print",
            FieldKind.INTEGER,
            "Copied to the entry of Post and Print; 0 is served first.",
            least=0,
        ),
        field(
            tab,
            "job_timeout",
            "Job Timeout",
            FieldKind.DURATION,
            "A posting that stops responding is ended after this time and becomes Error. "
            "Typed as 2:00 (hours and minutes), 2h, 90m or 7200 (seconds).",
            least=1,
        ),
        field(
            tab,
            "maximum_no_of_attempts",
            "Maximum No. of Attempts",
            FieldKind.INTEGER,
            "How often a posting is tried in all, the first time included. Only passing failures are tried again.",
            least=1,
        ),
        field(
            tab,
            "rerun_delay",
            "Rerun Delay (sec.)",
            FieldKind.INTEGER,
            "Seconds until the second attempt; doubled for each further one.",
            least=0,
        ),
        field(
            tab,
            "check_before_queueing",
            "Check Before Queueing",
            FieldKind.BOOLEAN,
            "The full posting check runs when a person queues a document, and its errors are shown at once.",
        ),
        field(
            tab,
            "report_output_type",
            "Report Output Type",
            FieldKind.CHOICE,
            "Where Post & Print sends its documents: PDF (Report Inbox) or Print (a printer).",
            choices=tuple(output.value for output in ReportOutput),
        ),
    ]


def _fields_of_ledger() -> list[SetupField]:
    window = WINDOWS["ledger"][0]

    def field(name: str, caption: str, kind: FieldKind, help: str, **more: Any) -> SetupField:
        return SetupField(f"ledger.{name}", window, "General", caption, kind, help, **more)

    return [
        field(
            "allow_posting_from",
            "Allow Posting From",
            FieldKind.DATE,
            "The first posting date allowed. Blank: no limit. User Setup may differ for one user.",
        ),
        field(
            "allow_posting_to",
            "Allow Posting To",
            FieldKind.DATE,
            "The last posting date allowed. Blank: no limit. User Setup may differ for one user.",
        ),
        field(
            "lcy_code",
            "LCY Code",
            FieldKind.TEXT,
            "The local currency, in which the ledgers are kept. Fixed once something is posted.",
        ),
        field(
            "amount_rounding_precision",
            "Amount Rounding Precision",
            FieldKind.CHOICE,
            "What amounts in the local currency are rounded to. Fixed once something is posted.",
            choices=AMOUNT_PRECISIONS,
        ),
        field(
            "unit_amount_rounding_precision",
            "Unit-Amount Rounding Precision",
            FieldKind.CHOICE,
            "What unit prices and unit costs in the local currency are rounded to.",
            choices=UNIT_PRECISIONS,
        ),
        field(
            "company_time_zone",
            "Company Time Zone",
            FieldKind.TIME_ZONE,
            "The time zone in which dates and times of day are meant, such as Europe/Copenhagen.",
        ),
    ]


def _fields_of_company() -> list[SetupField]:
    """Company Information, as it stands on every document that is printed."""
    window = WINDOWS["company"][0]

    def field(tab: str, name: str, caption: str, help: str, **more: Any) -> SetupField:
        return SetupField(f"company.{name}", window, tab, caption, FieldKind.TEXT, help, **more)

    return [
        field("General", "name", "Name", "The name on printed documents. Blank: the name the company was made with."),
        field("General", "address", "Address", "Street and number; line breaks are allowed."),
        field("General", "post_code", "Post Code", "The post code of the address."),
        field("General", "city", "City", "The city of the address."),
        field("General", "country_code", "Country Code", "The country of the address."),
        field("General", "vat_registration_no", "VAT Registration No.", "Stands at the foot of every document."),
        field("Communication", "phone_no", "Phone No.", "Stands at the head of every document."),
        field("Communication", "email", "Email", "Stands at the head of every document."),
        field("Communication", "home_page", "Home Page", "Stands at the head of every document."),
        field("Payments", "bank_name", "Bank Name", "Stands at the foot of every document."),
        field("Payments", "iban", "IBAN", "The account that customers are asked to pay to."),
        field("Payments", "swift_code", "SWIFT Code", "The bank's code, for payments from abroad."),
        SetupField(
            "company.paper_size",
            window,
            "Printing",
            "Paper Size",
            FieldKind.CHOICE,
            "The paper that documents are printed on.",
            choices=("A4", "Letter"),
        ),
    ]


FIELDS: dict[str, SetupField] = {
    field.key: field
    for field in (
        *_fields_of_area("sales"),
        *_fields_of_area("purchases"),
        *_fields_of_ledger(),
        *_fields_of_company(),
    )
}
"""Every field by its key, in the order of the windows; without values."""
