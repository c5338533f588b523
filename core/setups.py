"""The three setup windows: which fields they have, what they hold, and how they are changed.

A field's key is its window and its name: `sales.post_documents_via_job_queue`, `ledger.allow_posting_from`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from postroom.core import changelog, users, values
from postroom.core.company import AMOUNT_PRECISIONS
from postroom.core.database import transaction
from postroom.core.errors import Problem, Refused
from postroom.core.kinds import ReportOutput
from postroom.core.money import write
from postroom.core.setup_version import raise_version
from postroom.core.tables.ledgers import GlRegister
from postroom.core.tables.setup import GeneralLedgerSetup, NumberSeries, PurchasesSetup, SalesSetup
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueCategory
from postroom.core.users import Permission
from postroom.core.values import FieldKind, Value

__all__ = ["FIELDS", "WINDOWS", "SetupField", "change", "list_fields", "raise_version"]

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


FIELDS: dict[str, SetupField] = {
    field.key: field for field in (*_fields_of_area("sales"), *_fields_of_area("purchases"), *_fields_of_ledger())
}
"""Every field by its key, in the order of the windows; without values."""

_PRECISIONS = frozenset({"ledger.amount_rounding_precision", "ledger.unit_amount_rounding_precision"})
_FIXED_ONCE_POSTED = frozenset({"ledger.amount_rounding_precision", "ledger.lcy_code"})


def list_fields() -> list[SetupField]:
    """Every field with what it holds now; fields that name a record carry the codes to choose from."""
    rows = {prefix: table.get_by_id(1) for prefix, (_, table) in WINDOWS.items()}
    codes = _codes()
    return [
        replace(
            field,
            value=values.shown(field.kind, stored),
            stored=stored,
            choices=("", *codes[field.table]) if field.table else field.choices,
        )
        for field in FIELDS.values()
        for stored in [getattr(rows[field.key.partition(".")[0]], field.name)]
    ]


def change(changes: Mapping[str, str], *, user: str) -> list[SetupField]:
    """Set fields to what was typed, all or none; returns the fields that changed. Needs the permission set Setup.

    Raises UsageError with every wrong key and value, Refused for what may not change any more.
    """
    users.require(user, Permission.SETUP)
    with transaction():
        before = {field.key: field for field in list_fields()}
        wanted = _turn_together(_read_all(changes, before))
        _refuse_crossed_dates({key: field.stored for key, field in before.items()} | wanted)
        differing = {key: value for key, value in wanted.items() if before[key].stored != value}
        _refuse_fixed(differing)
        if not differing:
            return []
        _write(differing)
        for key, value in differing.items():
            field = before[key]
            changelog.record(
                user,
                "Modify",
                field.window,
                "",
                field=field.caption,
                old=field.value,
                new=values.shown(field.kind, value),
            )
        raise_version()
        if "ledger.amount_rounding_precision" in differing:
            _recompute_documents()
        return [field for field in list_fields() if field.key in differing]


def _write(differing: Mapping[str, Value]) -> None:
    for prefix, (_, table) in WINDOWS.items():
        here = {FIELDS[key].name: value for key, value in differing.items() if key.startswith(f"{prefix}.")}
        if here:
            table.update(**here).where(table.id == 1).execute()


def _read_all(changes: Mapping[str, str], fields: Mapping[str, SetupField]) -> dict[str, Value]:
    read: dict[str, Value] = {}
    problems = []
    for key, text in changes.items():
        field = fields.get(key)
        if field is None:
            hint = values.near(key, fields, "key")
            problems.append(Problem("unknown_key", f"There is no setup field {key}.", field=key, value=text, hint=hint))
            continue
        try:
            read[key] = _read(field, text)
        except ValueError as error:
            shown = text.strip() or "blank"
            hint = (
                values.near(text, filter(None, field.choices), field.table or "value")
                if field.table or field.kind is FieldKind.CHOICE
                else ""
            )
            problems.append(
                Problem(
                    "bad_value",
                    f"{field.caption}: {shown} {error}.",
                    record=field.window,
                    field=key,
                    value=text,
                    hint=hint,
                )
            )
    values.refuse_all(problems)
    return read


def _read(field: SetupField, text: str) -> Value:
    """The value typed for one field. Raises ValueError with the end of a sentence."""
    if field.kind is FieldKind.TIME_ZONE:
        if text.strip() not in available_timezones():
            raise ValueError("is not a time zone such as Europe/Copenhagen")
        return text.strip()
    if field.table:
        code = values.read_code(text)
        if code not in field.choices:
            raise ValueError(f"is not a {field.table}")
        return code
    if field.key == "ledger.lcy_code":
        code = values.read_code(text, longest=10)
        if not code:
            raise ValueError("is not a currency code")
        return code
    if field.key in _PRECISIONS:
        return Decimal(values.read_choice(write(values.read_decimal(text)), field.choices))
    if field.kind in (FieldKind.INTEGER, FieldKind.DECIMAL) and not text.strip():
        raise ValueError("is not a number")
    value = values.read(field.kind, text, field.choices)
    if field.least is not None and isinstance(value, int | Decimal) and value < field.least:
        raise ValueError(f"is too little: at least {values.shown(field.kind, field.least)}")
    return value


def _codes() -> dict[str, tuple[str, ...]]:
    return {
        CATEGORY: tuple(
            row.code for row in JobQueueCategory.select(JobQueueCategory.code).order_by(JobQueueCategory.code)
        ),
        NUMBER_SERIES: tuple(row.code for row in NumberSeries.select(NumberSeries.code).order_by(NumberSeries.code)),
    }


def _turn_together(wanted: dict[str, Value]) -> dict[str, Value]:
    """Post & Print with Job Queue cannot be on without Post Documents via Job Queue: one turns the other."""
    turned = dict(wanted)
    problems = []
    for prefix in ("sales", "purchases"):
        post, print_ = f"{prefix}.post_documents_via_job_queue", f"{prefix}.post_and_print_with_job_queue"
        if wanted.get(post) is False and wanted.get(print_) is True:
            problems.append(
                Problem(
                    "contradiction",
                    "Post & Print with Job Queue cannot be on while Post Documents via Job Queue is off.",
                    record=WINDOWS[prefix][0],
                    field=print_,
                    value="true",
                    hint="Leave one of the two out.",
                )
            )
        elif wanted.get(post) is False:
            turned[print_] = False
        elif wanted.get(print_) is True:
            turned[post] = True
    values.refuse_all(problems)
    return turned


def _refuse_crossed_dates(after: Mapping[str, Value]) -> None:
    first, last = after["ledger.allow_posting_from"], after["ledger.allow_posting_to"]
    if isinstance(first, date) and isinstance(last, date) and first > last:
        values.refuse_all(
            [
                Problem(
                    "dates_crossed",
                    f"Allow Posting From {first} is later than Allow Posting To {last}.",
                    record=WINDOWS["ledger"][0],
                    field="ledger.allow_posting_from",
                    value=str(first),
                    hint="Change both in one go, or clear one of them.",
                )
            ]
        )


def _refuse_fixed(differing: Mapping[str, Value]) -> None:
    for key in sorted(_FIXED_ONCE_POSTED & differing.keys()):
        if GlRegister.select().exists():
            field = FIELDS[key]
            raise Refused(
                f"{field.caption} cannot change any more: something has been posted.",
                code="fixed_once_posted",
                record=field.window,
                field=key,
                value=values.shown(field.kind, differing[key]),
                hint="Make a new company with `postroom init` for another one.",
            )


def _recompute_documents() -> None:
    """The amounts kept on documents are rounded to the new precision."""
    if Document.select().exists():
        from postroom.core.documents.totals import recompute_amounts  # imported late: documents stand above setup

        recompute_amounts()
