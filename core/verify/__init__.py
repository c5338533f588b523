"""Proving a company's books: every invariant recomputed from the rows themselves, in one consistent snapshot.

A check is a function that only reads and returns a Finding; `CHECKS` lists them in the order in which they are shown.
Sums are made by the database over scaled integers: exact on both (PostgreSQL sums them as numeric, SQLite as int64).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from peewee import DatabaseError

from postroom.core import database as engine
from postroom.core.statements import execute
from postroom.core.tables.base import database
from postroom.core.verify import accounts, documents, numbers, orders, registers, settlements, work
from postroom.core.verify.finding import Finding

__all__ = ["CHECKS", "Check", "Finding", "Verification", "verify"]

CHECKS: tuple[tuple[str, Callable[[], Finding]], ...] = (
    ("registers_balance", registers.balance),
    ("register_numbers_without_gaps", registers.without_gaps),
    ("entries_bear_their_register", registers.entries_bear_their_register),
    ("customer_ledger_equals_receivables", accounts.customer_ledger),
    ("vendor_ledger_equals_payables", accounts.vendor_ledger),
    ("vat_entries_equal_vat_accounts", accounts.vat_entries),
    ("item_ledger_equals_stock", accounts.item_ledger),
    ("value_entries_equal_stock_value", accounts.stock_value),
    ("value_entries_equal_stock_accounts", accounts.stock_accounts),
    ("opening_stock_equals_its_accounts", accounts.opening_stock),
    ("received_not_invoiced_equals_orders", accounts.received_not_invoiced),
    ("lines_equal_headers", documents.lines_equal_headers),
    ("headers_equal_party_ledger", documents.headers_equal_party_ledger),
    ("documents_balance_in_gl", documents.balance_in_gl),
    ("lines_equal_vat_entries", documents.lines_equal_vat_entries),
    ("lines_equal_item_ledger", documents.lines_equal_item_ledger),
    ("lines_equal_value_entries", documents.lines_equal_value_entries),
    ("headers_bear_their_posting", documents.headers_bear_their_posting),
    ("logs_name_their_documents", documents.logs_name_their_documents),
    ("posted_series_without_gaps_or_twins", numbers.posted_series),
    ("no_source_both_posted_and_there", orders.no_source_still_there),
    ("orders_equal_posted_lines", orders.orders_equal_posted_lines),
    ("orders_equal_posted_costs", orders.orders_equal_posted_costs),
    ("finished_orders_are_invoiced", orders.finished_orders_are_invoiced),
    ("applications_settle_both_ways", settlements.both_ways),
    ("no_entry_over_settled", settlements.not_over_settled),
    ("in_process_has_live_worker", work.in_process_has_live_worker),
    ("document_status_agrees_with_entry", work.document_status_agrees),
    ("one_in_process_per_category", work.one_per_category),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant. `examined` counts the rows it looked at; `detail` names the first offenders, blank when ok."""

    name: str
    ok: bool
    examined: int
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks, in their order; `ok` when every one holds."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def verify(progress: Callable[[int, int], None] | None = None) -> Verification:
    """Run every check on the open company, changing nothing; true of one instant, also while others post.

    `progress` is told how many checks of how many are done.
    """
    checks = []
    with _snapshot():
        for done, (name, find) in enumerate(CHECKS, 1):
            checks.append(_run(name, find))
            if progress is not None:
                progress(done, len(CHECKS))
    return Verification(tuple(checks))


def _run(name: str, find: Callable[[], Finding]) -> Check:
    try:
        found = find()
    except DatabaseError as error:
        if "integer overflow" not in str(error):
            raise
        return Check(
            name,
            False,
            0,
            "The amounts are so large that their sum does not fit the database's 64 bits, so nothing can be proved."
            " No posting makes such amounts: look for an entry of more than 13 digits.",
        )
    return Check(name, not found.wrong, found.examined, found.detail)


@contextmanager
def _snapshot() -> Iterator[None]:
    """One read transaction. SQLite's sees the company as of its first read, PostgreSQL's as REPEATABLE READ."""
    if database.in_transaction():
        yield
    elif engine.is_postgres():
        with database.transaction():
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        with database.transaction("DEFERRED"):
            yield
