"""Which pages there are, by address; a page's module is imported when it is opened first."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postroom.tui.pages.page import Page


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that the search finds. `options` are what its class is made with."""

    address: str
    caption: str
    help: str
    module: str
    page: str
    options: tuple[tuple[str, Any], ...] = ()


PAGES: tuple[Entry, ...] = (
    Entry("role-centre", "Role Centre", "Cues, throughput, My Job Queue.", "role_centre", "RoleCentre"),
    Entry("documents", "Documents", "Orders, invoices, credit memos not yet posted.", "documents", "DocumentsPage"),
    *(
        Entry(
            f"{area}-{slug}",
            f"{area.title()} {caption}",
            help,
            "documents",
            "DocumentsPage",
            (("kind", f"{area}-{slug}"),),
        )
        for area in ("sales", "purchase")
        for slug, caption, help in (
            ("order", "Orders", "Shipped or received, and invoiced."),
            ("return-order", "Return Orders", "Goods that come or go back, and their credit."),
            ("invoice", "Invoices", "Invoiced, the goods moved along."),
            ("credit-memo", "Credit Memos", "Credited, the goods moved back along."),
        )
    ),
    Entry(
        "documents-to-handle",
        "Documents to Handle",
        "What failed, with its reason; mend and post again.",
        "handle",
        "HandlePage",
    ),
    Entry("import", "Import", "CSV files of documents and master data.", "import_files", "ImportPage"),
    Entry("batches", "Batches", "What was queued together, and how far it is.", "batches", "BatchesPage"),
    Entry("notes", "Notes", "What Postroom told me.", "batches", "NotesPage"),
    Entry("job-queues", "Job Queues", "The runners: started, stopped, who serves them.", "queues", "QueuesPage"),
    Entry(
        "job-queue-categories",
        "Job Queue Categories",
        "At most one entry of each runs at a time.",
        "queues",
        "CategoriesPage",
    ),
    Entry("job-queue-entries", "Job Queue Entries", "What waits, runs or failed.", "entries", "EntriesPage"),
    Entry("job-queue-log-entries", "Job Queue Log Entries", "Every run and how it ended.", "log_entries", "LogPage"),
    Entry(
        "sales-setup",
        "Sales & Receivables Setup",
        "Background posting, number series and rules of sales.",
        "setups",
        "SetupPage",
        (("window", "sales"),),
    ),
    Entry(
        "purchases-setup",
        "Purchases & Payables Setup",
        "Background posting, number series and rules of purchases.",
        "setups",
        "SetupPage",
        (("window", "purchases"),),
    ),
    Entry(
        "ledger-setup",
        "General Ledger Setup",
        "Posting dates, rounding precision, currency, time zone.",
        "setups",
        "SetupPage",
        (("window", "ledger"),),
    ),
)
_RECORDS = (
    ("customer", "Customers", "Who is sold to: names, groups, payment, blocked."),
    ("vendor", "Vendors", "Who is bought from: names, groups, payment, blocked."),
    ("item", "Items", "What is sold and bought: prices, groups, stock."),
    ("gl-account", "Chart of Accounts", "The G/L accounts of the ledger."),
    ("charge", "Charges", "Freight and fees, with their accounts."),
    ("general-business-group", "Gen. Business Posting Groups", "Groups of customers and vendors."),
    ("general-product-group", "Gen. Product Posting Groups", "Groups of items."),
    ("vat-business-group", "VAT Business Posting Groups", "VAT groups of customers and vendors."),
    ("vat-product-group", "VAT Product Posting Groups", "VAT groups of what is sold and bought."),
    ("inventory-group", "Inventory Posting Groups", "Where stock stands in the ledger."),
    ("customer-posting-group", "Customer Posting Groups", "Receivables accounts."),
    ("vendor-posting-group", "Vendor Posting Groups", "Payables accounts."),
    ("general-posting-setup", "General Posting Setup", "Accounts per business and product group."),
    ("vat-posting-setup", "VAT Posting Setup", "Rate and accounts per VAT group pair."),
    ("number-series", "No. Series", "Where numbers come from."),
    ("number-series-line", "No. Series Lines", "The runs of numbers by starting date."),
    ("currency", "Currencies", "Currencies and their precision."),
    ("exchange-rate", "Exchange Rates", "What a currency is worth from a date on."),
    ("template", "Templates", "What records made on import start with."),
)
PAGES += tuple(
    Entry(
        slug,
        caption,
        help,
        "records",
        "LedgerRecordsPage" if slug in ("customer", "vendor", "item", "gl-account") else "RecordsPage",
        (("kind", slug), ("caption", caption)),
    )
    for slug, caption, help in _RECORDS
)
PAGES += (
    Entry(
        "posted-documents", "Posted Documents", "Invoices, credit memos, shipments, receipts.", "ledgers", "PostedPage"
    ),
    *(
        Entry(
            f"{name}-ledger-entries",
            title,
            "What was posted, entry by entry.",
            "ledgers",
            "LedgerPage",
            (("ledger", name),),
        )
        for name, title in (
            ("gl", "G/L Entries"),
            ("customer", "Customer Ledger Entries"),
            ("vendor", "Vendor Ledger Entries"),
            ("vat", "VAT Entries"),
            ("item", "Item Ledger Entries"),
            ("value", "Value Entries"),
        )
    ),
    Entry(
        "trial-balance",
        "Trial Balance",
        "Net change and balance of each account.",
        "listings",
        "ListingPage",
        (("listing", "trial-balance"),),
    ),
    Entry(
        "posting-register",
        "Posting Register",
        "Every entry, register by register.",
        "listings",
        "ListingPage",
        (("listing", "posting-register"),),
    ),
    Entry(
        "batch-result",
        "Batch Result",
        "What became of each document of a batch.",
        "listings",
        "ListingPage",
        (("listing", "batch-result"),),
    ),
    Entry(
        "company-setup",
        "Company Information",
        "The letterhead of printed documents: name, address, bank, paper.",
        "setups",
        "SetupPage",
        (("window", "company"),),
    ),
    Entry("change-log", "Change Log", "Who changed what, from, to.", "change_log", "ChangesPage"),
    Entry("user-setup", "User Setup", "What users may do, and their posting dates.", "users", "UsersPage"),
)
PAGES += (
    Entry("report-inbox", "Report Inbox", "My reports as PDF: open, save, delete.", "inbox", "InboxPage"),
    Entry("printers", "Printers", "Folders and CUPS queues, and whether they respond.", "printers", "PrintersPage"),
    Entry(
        "printer-selections",
        "Printer Selections",
        "Which printer a user's report goes to.",
        "printer_selections",
        "SelectionsPage",
    ),
    *(
        Entry(
            f"batch-post-{area}-{slug}",
            f"Batch Post {area.title()} {caption}",
            "Options and filters; check, run now, or schedule.",
            "job_form",
            "BatchForm",
            (("job", f"batch-post-{area}-{slug}"),),
        )
        for area in ("sales", "purchase")
        for slug, caption in (
            ("orders", "Orders"),
            ("invoices", "Invoices"),
            ("credit-memos", "Credit Memos"),
            ("return-orders", "Return Orders"),
        )
    ),
    *(
        Entry(f"schedule-{job}", f"Schedule: {caption}", help, "job_form", "JobForm", (("job", job),))
        for job, caption, help in (
            ("check", "Check Documents", "Check what matches, and tell what would fail."),
            ("delete-old-log-entries", "Delete Old Log Entries", "Keep the log short."),
            ("backup", "Back Up the Company", "A copy into a folder, again and again."),
        )
    ),
)
FIRST = "role-centre"
"""Where the terminal opens."""

_JOB_PAGES = ("BatchForm", "JobForm")


def job_pages() -> dict[str, str]:
    """The address of the request page of each job that a person can schedule, by the job's caption."""
    return {entry.caption.removeprefix("Schedule: "): entry.address for entry in PAGES if entry.page in _JOB_PAGES}


_BY_ADDRESS = {entry.address: entry for entry in PAGES}


def page_class(entry: Entry) -> type[Page]:
    """The class of a page, its module imported."""
    found: type[Page] = getattr(importlib.import_module(f"postroom.tui.pages.{entry.module}"), entry.page)
    return found


def make(address: str, **options: Any) -> Page:
    """A new page. Raises KeyError for an address that is none."""
    entry = _BY_ADDRESS[address]
    return page_class(entry)(**dict(entry.options), **options)
