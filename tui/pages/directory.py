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
    Entry("job-queue-entries", "Job Queue Entries", "What waits, runs or failed.", "entries", "EntriesPage"),
    Entry("job-queue-log-entries", "Job Queue Log Entries", "Every run and how it ended.", "log_entries", "LogPage"),
    Entry(
        "sales-setup",
        "Sales & Receivables Setup",
        "Background posting, number series and rules of sales.",
        "setup_card",
        "SetupPage",
        (("window", "sales"),),
    ),
    Entry(
        "purchases-setup",
        "Purchases & Payables Setup",
        "Background posting, number series and rules of purchases.",
        "setup_card",
        "SetupPage",
        (("window", "purchases"),),
    ),
    Entry(
        "ledger-setup",
        "General Ledger Setup",
        "Posting dates, rounding precision, currency, time zone.",
        "setup_card",
        "SetupPage",
        (("window", "ledger"),),
    ),
)
FIRST = "job-queue-entries"
"""Where the terminal opens."""

_BY_ADDRESS = {entry.address: entry for entry in PAGES}


def make(address: str, **options: Any) -> Page:
    """A new page. Raises KeyError for an address that is none."""
    entry = _BY_ADDRESS[address]
    module = importlib.import_module(f"postroom.tui.pages.{entry.module}")
    page: Page = getattr(module, entry.page)(**dict(entry.options), **options)
    return page
