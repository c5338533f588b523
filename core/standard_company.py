"""What every new company starts with: chart of accounts, posting groups and pairs, number series, job queues."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from postroom.core import clock
from postroom.core.kinds import AccountType, Area, VatType
from postroom.core.tables import setup, work
from postroom.core.tables.base import Table

ACCOUNTS: tuple[tuple[str, str, AccountType, bool], ...] = (
    ("1000", "Assets", AccountType.HEADING, False),
    ("1100", "Office Equipment", AccountType.POSTING, True),
    ("1200", "Stock of Resale Goods", AccountType.POSTING, False),
    ("1210", "Stock of Raw Materials", AccountType.POSTING, False),
    ("1300", "Receivables, Home", AccountType.POSTING, False),
    ("1310", "Receivables, Union", AccountType.POSTING, False),
    ("1320", "Receivables, Abroad", AccountType.POSTING, False),
    ("1400", "Bank", AccountType.POSTING, True),
    ("1450", "Cash", AccountType.POSTING, True),
    ("1990", "Total Assets", AccountType.TOTAL, False),
    ("2000", "Liabilities", AccountType.HEADING, False),
    ("2100", "Payables, Home", AccountType.POSTING, False),
    ("2110", "Payables, Union", AccountType.POSTING, False),
    ("2120", "Payables, Abroad", AccountType.POSTING, False),
    ("2200", "Goods Received Not Invoiced", AccountType.POSTING, False),
    ("2300", "Sales VAT", AccountType.POSTING, False),
    ("2310", "Purchase VAT", AccountType.POSTING, False),
    ("2320", "Reverse Charge VAT", AccountType.POSTING, False),
    ("2900", "Equity", AccountType.POSTING, True),
    ("2990", "Total Liabilities", AccountType.TOTAL, False),
    ("6000", "Income", AccountType.HEADING, False),
    ("6100", "Sales of Resale Goods, Home", AccountType.POSTING, True),
    ("6110", "Sales of Resale Goods, Union", AccountType.POSTING, True),
    ("6120", "Sales of Resale Goods, Abroad", AccountType.POSTING, True),
    ("6200", "Sales of Raw Materials, Home", AccountType.POSTING, True),
    ("6210", "Sales of Raw Materials, Union", AccountType.POSTING, True),
    ("6220", "Sales of Raw Materials, Abroad", AccountType.POSTING, True),
    ("6300", "Sales of Services, Home", AccountType.POSTING, True),
    ("6310", "Sales of Services, Union", AccountType.POSTING, True),
    ("6320", "Sales of Services, Abroad", AccountType.POSTING, True),
    ("6400", "Freight and Fees Charged", AccountType.POSTING, True),
    ("6500", "Sales Returns", AccountType.POSTING, True),
    ("6600", "Line Discounts Granted", AccountType.POSTING, True),
    ("6610", "Invoice Discounts Granted", AccountType.POSTING, True),
    ("6990", "Total Income", AccountType.TOTAL, False),
    ("7000", "Cost", AccountType.HEADING, False),
    ("7100", "Cost of Resale Goods", AccountType.POSTING, True),
    ("7200", "Cost of Raw Materials", AccountType.POSTING, True),
    ("7300", "Cost of Services", AccountType.POSTING, True),
    ("7400", "Purchase Variance", AccountType.POSTING, True),
    ("7500", "Freight and Fees Paid", AccountType.POSTING, True),
    ("7990", "Total Cost", AccountType.TOTAL, False),
    ("8000", "Operating Expenses", AccountType.HEADING, False),
    ("8100", "Rent", AccountType.POSTING, True),
    ("8200", "Cleaning", AccountType.POSTING, True),
    ("8300", "Office Supplies", AccountType.POSTING, True),
    ("8400", "Telephone", AccountType.POSTING, True),
    ("8500", "Electricity", AccountType.POSTING, True),
    ("8600", "Advertising", AccountType.POSTING, True),
    ("8990", "Total Operating Expenses", AccountType.TOTAL, False),
)

AREAS = (("HOME", "Home country"), ("UNION", "Customs union"), ("ABROAD", "Other countries"))
PRODUCTS = (("RESALE", "Goods for resale"), ("RAW", "Raw materials"), ("SERVICES", "Services"))
VAT_PRODUCTS = (("VAT25", "Full rate"), ("VAT10", "Reduced rate"), ("VAT0", "Zero rate"), ("NOVAT", "Outside VAT"))
RATES = {"VAT25": Decimal(25), "VAT10": Decimal(10), "VAT0": Decimal(0), "NOVAT": Decimal(0)}

SERIES = (
    ("S-ORD", "Sales orders", "S-ORD1001"),
    ("S-RET", "Sales return orders", "S-RET1001"),
    ("S-INV", "Sales invoices", "S-INV1001"),
    ("S-CR", "Sales credit memos", "S-CR1001"),
    ("S-SHPT+", "Posted sales shipments", "102001"),
    ("S-INV+", "Posted sales invoices", "103001"),
    ("S-RCPT+", "Posted return receipts", "107001"),
    ("S-CR+", "Posted sales credit memos", "104001"),
    ("P-ORD", "Purchase orders", "P-ORD1001"),
    ("P-RET", "Purchase return orders", "P-RET1001"),
    ("P-INV", "Purchase invoices", "P-INV1001"),
    ("P-CR", "Purchase credit memos", "P-CR1001"),
    ("P-RCPT+", "Posted purchase receipts", "1070001"),
    ("P-INV+", "Posted purchase invoices", "1080001"),
    ("P-SHPT+", "Posted return shipments", "1100001"),
    ("P-CR+", "Posted purchase credit memos", "1090001"),
)

JOB_QUEUES = (
    ("SPPOST", "Sales posting", "SALESPOST", 1),
    ("PPPOST", "Purchase posting", "PURCHPOST", 1),
    ("PRINT", "Print jobs", "PRINT*", 8),
    ("DEFAULT", "All other jobs", "<>SALESPOST&<>PURCHPOST&<>PRINT*", 4),
)

CATEGORIES = (
    ("SALESPOST", "Posting of sales documents"),
    ("PURCHPOST", "Posting of purchase documents"),
    ("PRINT-PDF", "Reports for the Report Inbox"),
)


def write(*, amount_precision: Decimal, time_zone: str) -> None:
    """Fill the empty tables of a new company."""
    setup.CompanyInformation.create(id=1)
    setup.GeneralLedgerSetup.create(id=1, amount_rounding_precision=amount_precision, company_time_zone=time_zone)
    _insert(
        setup.GlAccount,
        ({"no": no, "name": name, "type": kind, "direct_posting": direct} for no, name, kind, direct in ACCOUNTS),
    )
    _write_groups()
    _write_pairs()
    _write_series()
    _write_job_queues()
    _write_templates()
    setup.Counter.create(name="gl_register")


def _write_groups() -> None:
    for model, rows in (
        (setup.GeneralBusinessGroup, AREAS),
        (setup.VatBusinessGroup, AREAS),
        (setup.GeneralProductGroup, PRODUCTS),
        (setup.VatProductGroup, VAT_PRODUCTS),
    ):
        _insert(model, ({"code": code, "description": description} for code, description in rows))
    _insert(
        setup.InventoryGroup,
        (
            {"code": "RESALE", "description": "Goods for resale", "stock_account": "1200"},
            {"code": "RAW", "description": "Raw materials", "stock_account": "1210"},
        ),
    )
    _insert(
        setup.PartyPostingGroup,
        (
            {"area": area, "code": code, "description": title, "account_no": f"{first + step * 10}"}
            for area, first in ((Area.SALES, 1300), (Area.PURCHASE, 2100))
            for step, (code, title) in enumerate(AREAS)
        ),
    )


def _write_pairs() -> None:
    sales = {"RESALE": 6100, "RAW": 6200, "SERVICES": 6300}
    cost = {"RESALE": "7100", "RAW": "7200", "SERVICES": "7300"}
    _insert(
        setup.GeneralPostingSetup,
        (
            {
                "business_group": area,
                "product_group": product,
                "sales_account": f"{sales[product] + step * 10}",
                "sales_credit_memo_account": "6500",
                "sales_line_discount_account": "6600",
                "sales_invoice_discount_account": "6610",
                "cost_of_sales_account": cost[product],
                "received_not_invoiced_account": "2200",
                "purchase_variance_account": "7400",
            }
            for step, (area, _) in enumerate(AREAS)
            for product, _ in PRODUCTS
        ),
    )
    kinds = {"HOME": VatType.NORMAL, "UNION": VatType.REVERSE_CHARGE, "ABROAD": VatType.EXEMPT}
    _insert(
        setup.VatPostingSetup,
        (
            {
                "business_group": area,
                "product_group": product,
                "type": VatType.EXEMPT if product == "NOVAT" else kinds[area],
                "rate": Decimal(0) if area == "ABROAD" else RATES[product],
                "sales_vat_account": "2300",
                "purchase_vat_account": "2310",
                "reverse_charge_account": "2320",
            }
            for area, _ in AREAS
            for product, _ in VAT_PRODUCTS
        ),
    )


def _write_series() -> None:
    _insert(setup.NumberSeries, ({"code": code, "description": title} for code, title, _ in SERIES))
    for code, _, first in SERIES:
        digits = first.rpartition("-")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        setup.NumberSeriesLine.create(series_code=code, starting_no=first, last_value=int(digits) - 1)
    setup.SalesSetup.create(
        id=1,
        job_queue_category_code="SALESPOST",
        order_nos="S-ORD",
        return_order_nos="S-RET",
        invoice_nos="S-INV",
        credit_memo_nos="S-CR",
        posted_shipment_nos="S-SHPT+",
        posted_invoice_nos="S-INV+",
        posted_return_receipt_nos="S-RCPT+",
        posted_credit_memo_nos="S-CR+",
    )
    setup.PurchasesSetup.create(
        id=1,
        job_queue_category_code="PURCHPOST",
        order_nos="P-ORD",
        return_order_nos="P-RET",
        invoice_nos="P-INV",
        credit_memo_nos="P-CR",
        posted_receipt_nos="P-RCPT+",
        posted_invoice_nos="P-INV+",
        posted_return_shipment_nos="P-SHPT+",
        posted_credit_memo_nos="P-CR+",
    )


def _write_job_queues() -> None:
    _insert(work.JobQueueCategory, ({"code": code, "description": title} for code, title in CATEGORIES))
    _insert(
        work.JobQueue,
        (
            {
                "code": code,
                "description": title,
                "category_filter": chosen,
                "max_concurrent": most,
                "started": True,
                "started_at": clock.now(),
            }
            for code, title, chosen, most in JOB_QUEUES
        ),
    )


def _write_templates() -> None:
    home = {"general_business_group": "HOME", "vat_business_group": "HOME", "posting_group": "HOME"}
    goods = {"general_product_group": "RESALE", "vat_product_group": "VAT25", "inventory_group": "RESALE"}
    setup.MasterTemplate.create(kind="customer", **home)
    setup.MasterTemplate.create(kind="vendor", **home)
    setup.MasterTemplate.create(kind="item", unit="PCS", **goods)
    setup.MasterTemplate.create(kind="charge", vat_product_group="VAT25", account_no="6400")


def _insert(model: type[Table], rows: Iterable[dict[str, Any]]) -> None:
    model.insert_many(list(rows)).execute()
