"""The company that the benchmark works in, and its work: sales invoices of five lines each.

Each line sells an item; two product groups and two VAT rates, so that an invoice leaves 7 G/L and 2 VAT entries.
"""

from __future__ import annotations

import csv
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import psycopg

from postroom.core import company, importing
from postroom.core.database import Location

ITEMS = 200
CUSTOMERS = 50
LINES = 5
FIRST_DAY = date(2026, 1, 1)


class Site:
    """Where companies are made, and what has to be taken away again. `server` is a PostgreSQL URL, or blank."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.server = server

    @contextmanager
    def company(self, engine: str) -> Iterator[Location]:
        """A new, open company with its customers and items, on `sqlite` or `postgres`; gone afterwards."""
        name = f"postroom_bench_{uuid.uuid4().hex[:12]}"
        with self._place(engine, name) as location:
            try:
                company.create(location, company.NewCompany(name="Bench", time_zone="Europe/Copenhagen", is_test=True))
                import_rows(self.folder, "items", item_rows())
                import_rows(self.folder, "customers", customer_rows())
                import_rows(self.folder, "vendors", vendor_rows())
                yield location
            finally:
                company.close()

    @contextmanager
    def _place(self, engine: str, name: str) -> Iterator[Location]:
        if engine == "sqlite":
            folder = self.folder / name
            folder.mkdir()
            try:
                yield Location(str(folder / "firm.db"))
            finally:
                shutil.rmtree(folder)
            return
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield Location(f"{self.server.rpartition('/')[0]}/{name}")
        finally:
            with psycopg.connect(self.server, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def has_postgres(self) -> bool:
        """Whether the PostgreSQL server answers."""
        if not self.server:
            return False
        try:
            with psycopg.connect(self.server, connect_timeout=3):
                return True
        except psycopg.OperationalError:
            return False


Rows = Iterator[dict[str, object]]


def item_rows() -> Rows:
    """Items in stock, half of each product group, all in one inventory group."""
    for number in range(ITEMS):
        yield {
            "no": item_no(number),
            "description": f"Item {number}",
            "unit": "PCS",
            "unit_price": "10.50",
            "unit_cost": "6",
            "general_product_group": ("RESALE", "RAW")[number % 2],
            "vat_product_group": ("VAT25", "VAT10")[number % 2],
            "inventory_group": "RESALE",
            "opening_quantity": "1000000",
        }


def customer_rows() -> Rows:
    for number in range(CUSTOMERS):
        yield {
            "no": customer_no(number),
            "name": f"Customer {number}",
            "general_business_group": "HOME",
            "vat_business_group": "HOME",
            "posting_group": "HOME",
            "payment_days": "30",
        }


def vendor_rows() -> Rows:
    for row in customer_rows():
        yield {**row, "no": str(row["no"]).replace("C", "V"), "name": str(row["name"]).replace("Customer", "Vendor")}


def item_no(number: int) -> str:
    return f"ITEM{number % ITEMS:04d}"


def customer_no(number: int) -> str:
    return f"C{number % CUSTOMERS:04d}"


def document_rows(first: int, count: int) -> Rows:
    """Sales invoices with the numbers `first` onwards, spread over a month."""
    for number in range(first, first + count):
        yield {
            "type": "sales-invoice",
            "no": document_no(number),
            "party_no": customer_no(number),
            "posting_date": FIRST_DAY + timedelta(days=number % 28),
        }


def document_no(number: int) -> str:
    return f"B{number:07d}"


def line_rows(first: int, count: int, lines: int = LINES) -> Rows:
    for number in range(first, first + count):
        for index in range(lines):
            yield {
                "document_type": "sales-invoice",
                "document_no": document_no(number),
                "line_no": (index + 1) * 10000,
                "type": "item",
                "no": item_no(number * 7 + index),
                "description": f"Item {index}",
                "quantity": index + 1,
                "unit_price": f"{10 + number % 90}.{25 + index}",
            }


def purchase_rows(first: int, count: int) -> Rows:
    """Purchase invoices with the numbers `first` onwards; their lines are those of sales."""
    for row in document_rows(first, count):
        vendor = str(row["party_no"]).replace("C", "V")
        yield {**row, "type": "purchase-invoice", "party_no": vendor, "vendor_document_no": f"{vendor}-{row['no']}"}


def import_purchase_invoices(folder: Path, first: int, count: int) -> tuple[int, ...]:
    """Import so many purchase invoices of `LINES` lines into the open company; returns their ids."""
    documents = write(folder / "documents.csv", purchase_rows(first, count))
    lines = ({**row, "document_type": "purchase-invoice"} for row in line_rows(first, count))
    rows = write(folder / "lines.csv", lines)
    return importing.import_documents(documents, rows, user=company.current_user()).document_ids


def import_invoices(folder: Path, first: int, count: int, lines: int = LINES) -> tuple[int, ...]:
    """Import so many invoices into the open company; returns their ids."""
    documents = write(folder / "documents.csv", document_rows(first, count))
    rows = write(folder / "lines.csv", line_rows(first, count, lines))
    return importing.import_documents(documents, rows, user=company.current_user()).document_ids


def import_rows(folder: Path, kind: str, rows: Rows) -> None:
    importing.import_files([write(folder / f"{kind}.csv", rows)], user=company.current_user())


def write(path: Path, rows: Rows) -> Path:
    first = next(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)
    return path
