"""Import: all of a command's files or nothing, every bad row named with file, line, column, value and reason."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.core import company, importing, posting_setup, verify
from postroom.core.database import Location
from postroom.core.errors import FileProblem, InputInvalid, NotPermitted, Refused, UsageError
from postroom.core.kinds import Area, Blocked, DocumentType
from postroom.core.statements import query
from postroom.core.tables.base import database
from postroom.core.tables.setup import (
    ChangeLogEntry,
    Charge,
    Currency,
    ExchangeRate,
    GlAccount,
    UserSetup,
    VatPostingSetup,
)
from postroom.core.tables.trade import Document, DocumentLine, Item, ItemStock, Party, UsedDocumentNo

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

Write = Callable[[str, str], Path]


@pytest.fixture
def files(tmp_path: Path) -> Write:
    """A function that writes a file and says where it is."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return write


def run(*paths: Path, create_missing: bool = True) -> importing.ImportResult:
    return importing.import_files(list(paths), create_missing=create_missing, user=company.current_user())


def problems_of(*paths: Path, create_missing: bool = True) -> list[FileProblem]:
    """What an import complains about; it must have left nothing behind."""
    before = everything()
    with pytest.raises(InputInvalid) as caught:
        run(*paths, create_missing=create_missing)
    assert everything() == before
    return list(caught.value.rows)


def everything() -> list[int]:
    models = (Document, DocumentLine, UsedDocumentNo, Party, Item, ItemStock, Charge, VatPostingSetup, ChangeLogEntry)
    return [model.select().count() for model in models] + [row[0] for row in query("SELECT last_value FROM counter")]


DOCUMENTS = "type,no,party_no,posting_date\n"
LINES = "document_type,document_no,line_no,type,no,quantity,unit_price,vat_rate\n"


@pytest.mark.parametrize(
    ("folder", "precision"),
    [("purchase-orders", "0.0001"), ("sales-orders", "0.0001"), ("invoices", "0.01"), ("e-invoices", "0.01")],
)
def test_real_documents_import_with_the_totals_of_their_sources(
    make: Callable[..., Location], folder: str, precision: str
) -> None:
    if not DATA.is_dir():
        pytest.skip("the shared data does not stand beside this checkout")
    company.open_company(make(precision))
    run(DATA / folder / "documents.csv", DATA / folder / "lines.csv")
    with (DATA / folder / "expected_totals.csv").open(encoding="utf-8", newline="") as file:
        expected = {
            (row["type"], row["no"]): (Decimal(row["net"]), Decimal(row["vat"]), Decimal(row["gross"]))
            for row in csv.DictReader(file)
        }
    found = {
        (row.type.value, row.no): (row.amount, row.vat_amount, row.amount_including_vat) for row in Document.select()
    }
    assert found == expected


def test_a_document_with_all_its_fields(firm: Location, files: Write) -> None:
    run(files("customers.csv", "no,name,payment_days\nC1,Asiakas Oy,14\n"))
    run(
        files("documents.csv", "\ufeff" + DOCUMENTS + "sales-order, SO1 ,C1,2026-01-31\n"),
        files(
            "lines.csv",
            "document_type,document_no,line_no,type,no,description,quantity,unit_price,vat_group,vat_amount,qty_to_ship\n"
            'sales-order,SO1,10000,item,I1,"two\nlines",-2,.5000000,VAT25,,1\n'
            "sales-order,SO1,20000,charge,FREIGHT,=1+1,1,10,VAT25,2.5,\n"
            "sales-order,SO1,30000,gl_account,8100,,1,10,VAT10,,\n"
            "sales-order,SO1,40000,comment,,[/x]\x1b[31m,,,,,\n",
        ),
    )
    document = Document.get(Document.no == "SO1")
    assert document.party_name == "Asiakas Oy"
    assert document.document_date == date(2026, 1, 31)
    assert document.due_date == date(2026, 2, 14)
    assert (document.amount, document.vat_amount) == (Decimal(19), Decimal("3.50"))
    lines = list(document.lines.order_by(DocumentLine.line_no))
    assert [line.description for line in lines] == ["two\nlines", "=1+1", "", "[/x]\x1b[31m"]
    assert lines[0].qty_to_ship == 1
    assert lines[1].declared_vat_amount == Decimal("2.5")
    assert lines[0].declared_vat_amount is None
    assert Item.get(Item.no == "I1").description == "two\nlines"
    assert UsedDocumentNo.select().count() == 1


def test_every_bad_row_of_every_file_is_named_at_once(firm: Location, files: Write) -> None:
    documents = files(
        "documents.csv",
        DOCUMENTS
        + "sales-invoice,A1,C1,2026-01-01\n"
        + "sales-invoce,A2,C1,2026-01-01\n"
        + "sales-invoice,A3,,2026-02-30\n"
        + "sales-invoice,A1,C1,2026-01-01\n"
        + "sales-invoice,A4,C1\n",
    )
    lines = files(
        "lines.csv",
        "document_type,document_no,line_no,type,no,description,quantity,unit_price,vat_rate\n"
        'sales-invoice,A1,10000,item,I1,"a\nb",1,1e5,25\n'
        "sales-invoice,A1,10000,item,I1,x,1,1,25\n"
        "sales-invoice,A9,10000,item,I1,x,1,1,25\n"
        'sales-invoice,A1,20000,item,I1,x,"1,5",1,25\n'
        "sales-invoice,A1,30000,thing,I1,x,1,1,25\n"
        "sales-invoice,A1,40000,item,,x,1,1,25\n"
        "sales-invoice,A1,50000,gl_account,9999,x,1,1,25\n",
    )
    found = [(Path(row.file).name, row.line, row.column, row.value) for row in problems_of(documents, lines)]
    assert found == [
        ("documents.csv", 3, "type", "sales-invoce"),
        ("documents.csv", 4, "posting_date", "2026-02-30"),
        ("documents.csv", 5, "no", "A1"),
        ("documents.csv", 6, "", "sales-invoice"),
        ("lines.csv", 2, "unit_price", "1e5"),
        ("lines.csv", 4, "line_no", "10000"),
        ("lines.csv", 5, "document_no", "A9"),
        ("lines.csv", 6, "quantity", "1,5"),
        ("lines.csv", 7, "type", "thing"),
        ("lines.csv", 8, "no", ""),
        ("lines.csv", 9, "no", "9999"),
    ]


@pytest.mark.parametrize(
    "amount", ["1e5", "NaN", "inf", "1,5", "9" * 30, "1.123456", "0x1", "١٢", "--1", "1_000", "$1"]
)
def test_amounts_that_are_no_exact_decimals_are_refused(sqlite_firm: Location, files: Write, amount: str) -> None:
    documents = files("documents.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\n")
    lines = files("lines.csv", LINES + f'sales-invoice,A1,1,item,I1,1,"{amount}",25\n')
    (problem,) = problems_of(documents, lines)
    assert (problem.line, problem.column, problem.value) == (2, "unit_price", amount)


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", None, "empty"),
        (b"\xef\xbb\xbf", None, "empty"),
        (b"\n\n", None, "empty"),
        (b"type,no,party_no,posting_date\nsales-invoice,\xe9,C1,2026-01-01\n", 2, "not UTF-8"),
        ("type,no".encode("utf-16"), 1, "not UTF-8"),
        (b"type,no,party_no,posting_date\nsales-invoice,a\x00b,C1,2026-01-01\n", 2, "NUL"),
        (b'type,no,party_no,posting_date\nsales-invoice,"A1,C1,2026-01-01\n', 2, "never closes"),
        (b'type,no,party_no,posting_date\nsales-invoice,"A"1,C1,2026-01-01\n', 2, "not doubled"),
        (b"type,no,party_no,posting_date\nsales-invoice," + b"x" * 200_000 + b",C1,2026-01-01\n", 2, "larger than"),
        (b"type,no,party_no,posting_date,colour\n", 1, "no such column"),
        (b"type,no,party_no\n", 1, "need the column posting_date"),
        (b"type,no,no,party_no,posting_date\n", 1, "stands twice"),
        (b"a,b,c\n1,2,3\n", 1, "none of an import file"),
        (b"type;no;party_no;posting_date\nsales-invoice;A1;C1;2026-01-01\n", 1, "separated by semicolons"),
        (b"type\tno\tparty_no\tposting_date\n", 1, "separated by tabs"),
        (b"type,no,party_no,posting_date\nsales-invoice,A\x1b1,C1,2026-01-01\n", 2, "cannot be printed"),
        (b"type,no,party_no,posting_date\nsales-invoice," + b"N" * 21 + b",C1,2026-01-01\n", 2, "too long"),
        (b"type,no,party_no,posting_date\nsales-invoice,A1,C1,2026-01-01,\n", 2, "5 fields and the header 4"),
    ],
)
def test_a_file_that_is_no_import_file_says_why(
    sqlite_firm: Location, tmp_path: Path, content: bytes, line: int | None, words: str
) -> None:
    path = tmp_path / "input.csv"
    path.write_bytes(content)
    problems = problems_of(path)
    assert any(words in problem.message and problem.line == line for problem in problems), problems


def test_a_column_too_many_does_not_hide_what_else_is_bad(sqlite_firm: Location, files: Write) -> None:
    documents = files(
        "documents.csv",
        "type,no,colour,party_no,posting_date\n,A1,red,C9,2026-02-03\nsales-invoice,A2,,C9,2026-02-03\n",
    )
    found = [(problem.line, problem.column) for problem in problems_of(documents, create_missing=False)]
    assert found == [(1, "colour"), (2, "type"), (3, "party_no")]


def test_a_folder_a_missing_and_an_unreadable_file_are_named(sqlite_firm: Location, tmp_path: Path) -> None:
    assert "folder" in problems_of(tmp_path)[0].message
    assert "no such file" in problems_of(tmp_path / "none.csv")[0].message
    assert "cannot be read" in problems_of(Path("/proc/self/mem"))[0].message
    assert problems_of(Path("x" * 5000))[0].file.startswith("xxx")
    with pytest.raises(UsageError):
        run()


def test_customers_and_vendors_of_one_header_are_told_apart_by_the_files_name(
    sqlite_firm: Location, files: Write
) -> None:
    text = "no,name,general_business_group,blocked\nP1,Name,HOME,ship\n"
    assert run(files("new-vendors.csv", text)).counts == {"vendors": 1}
    assert run(files("customers.csv", text)).counts == {"customers": 1}
    assert {row.area for row in Party.select()} == {Area.SALES, Area.PURCHASE}
    assert Party.get(Party.area == Area.SALES).blocked is Blocked.SHIP
    (problem,) = problems_of(files("people.csv", text))
    assert "customers or vendors" in problem.message


def test_unknown_records_are_refused_unless_they_are_to_be_made(sqlite_firm: Location, files: Write) -> None:
    documents = files("documents.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\n")
    (problem,) = problems_of(documents, create_missing=False)
    assert (problem.column, problem.value) == ("party_no", "C1")
    assert "Customer C1 does not exist" in problem.message
    run(files("customers.csv", "no,name\nC1,One\n"))
    lines = files("lines.csv", LINES + "sales-invoice,A1,1,item,I1,1,1,7\nsales-invoice,A1,2,charge,F,1,1,25\n")
    found = [(row.column, row.value) for row in problems_of(documents, lines, create_missing=False)]
    assert found == [("no", "I1"), ("vat_rate", "7"), ("no", "F")]
    result = run(documents, lines)
    assert result.created == {"items": 1, "charges": 1, "vat_groups": 1}


def test_a_rate_picks_the_group_of_that_rate_and_both_agree_as_numbers(sqlite_firm: Location, files: Write) -> None:
    header = "document_type,document_no,line_no,type,no,quantity,unit_price,vat_rate,vat_group\n"
    documents = files("documents.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\n")
    lines = files(
        "lines.csv",
        header
        + "sales-invoice,A1,1,item,I1,1,1,10.00,\n"
        + "sales-invoice,A1,2,item,I1,1,1,25.0,VAT25\n"
        + "sales-invoice,A1,3,item,I1,1,1,,VAT0\n"
        + "sales-invoice,A1,4,item,I1,1,1,,\n"
        + "sales-invoice,A1,5,item,I2,1,1,21.0,S-21\n"
        + "sales-invoice,A1,6,item,I2,1,1,21,S-21\n"
        + "sales-invoice,A1,7,item,I2,1,1,8.5,\n",
    )
    run(documents, lines)
    groups = [line.vat_group for line in DocumentLine.select().order_by(DocumentLine.line_no)]
    assert groups == ["VAT10", "VAT25", "VAT0", "VAT10", "S-21", "S-21", "VAT8.5"]
    pair = posting_setup.current().vat["HOME", "S-21"]
    assert (pair.rate, pair.sales_account, pair.purchase_account) == (Decimal(21), "2300", "2310")
    documents = files("documents.csv", DOCUMENTS + "sales-invoice,A2,C1,2026-01-01\n")
    lines = files(
        "lines.csv",
        header
        + "sales-invoice,A2,1,item,I1,1,1,10,VAT25\n"
        + "sales-invoice,A2,2,item,I1,1,1,5,NEW\nsales-invoice,A2,3,item,I1,1,1,6,NEW\n"
        + "sales-invoice,A2,4,item,I1,1,1,,NEWER\n",
    )
    found = [(row.line, row.column, row.value) for row in problems_of(documents, lines)]
    assert found == [(2, "vat_rate", "10"), (4, "vat_rate", "6"), (5, "vat_group", "NEWER")]


def test_lines_of_a_file_without_descriptions_get_those_of_what_they_name(firm: Location, files: Write) -> None:
    items = files("items.csv", "no,description\nPUMP,Foot pump\n")
    rows = "{0},item,PUMP,1,10{1}\n{0},gl_account,6300,1,5{1}\n"
    run(
        items,
        files("documents.csv", DOCUMENTS + "sales-invoice,A,C1,2026-11-02\nsales-order,B,C1,2026-11-02\n"),
        files(
            "lines.csv", "document_type,document_no,type,no,quantity,unit_price\n" + rows.format("sales-invoice,A", "")
        ),
        files(
            "more-lines.csv",
            "document_type,document_no,type,no,quantity,unit_price,description\n" + rows.format("sales-order,B", ","),
        ),
    )
    name = GlAccount.get(GlAccount.no == "6300").name
    found = DocumentLine.select().join(Document).order_by(Document.no, DocumentLine.line_no)
    assert [one.description for one in found] == ["Foot pump", name, "", ""]


def test_a_document_already_imported_is_refused_also_when_it_is_gone(firm: Location, files: Write) -> None:
    documents = files("documents.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\nsales-order,A1,C1,2026-01-01\n")
    run(documents)
    assert [row.line for row in problems_of(documents)] == [2, 3]
    Document.delete().execute()
    found = problems_of(documents)
    assert [(row.line, row.column, row.value) for row in found] == [(2, "no", "A1"), (3, "no", "A1")]
    assert "posted or deleted since" in found[0].message


def test_a_blank_number_is_drawn_from_the_series_and_skips_used_ones(firm: Location, files: Write) -> None:
    run(files("documents.csv", DOCUMENTS + "sales-invoice,S-INV1002,C1,2026-01-01\n"))
    run(
        files("documents.csv", DOCUMENTS + "sales-invoice,,C1,2026-01-01\nsales-invoice,,C1,2026-01-02\n"),
    )
    assert sorted(row.no for row in Document.select()) == ["S-INV1001", "S-INV1002", "S-INV1003"]
    run(
        files("documents.csv", DOCUMENTS + "sales-order,,C1,2026-01-01\n"),
        files("lines.csv", LINES + "sales-order,,1,item,I1,1,1,25\n"),
    )
    assert DocumentLine.get().document.no == "S-ORD1001"


def test_lines_of_a_document_that_is_not_imported_with_them_are_refused(firm: Location, files: Write) -> None:
    run(files("documents.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\n"))
    (problem,) = problems_of(files("lines.csv", LINES + "sales-invoice,A1,1,item,I1,1,1,25\n"))
    assert problem.column == "document_no"
    assert "not among the documents of this import" in problem.message


def test_orders_ship_and_invoice_unless_told_otherwise(sqlite_firm: Location, files: Write) -> None:
    run(
        files(
            "documents.csv",
            "type,no,party_no,posting_date,receive,invoice,vendor_document_no\n"
            "purchase-order,P1,V1,2026-01-01,0,,V-1\npurchase-order,P2,V1,2026-01-01,1,0,V-1\n",
        )
    )
    found = [(row.ship, row.invoice) for row in Document.select().order_by(Document.no)]
    assert found == [(False, True), (True, False)]
    (problem,) = problems_of(
        files("d.csv", "type,no,party_no,posting_date,vendor_document_no\nsales-order,S1,C1,2026-01-01,V-1\n")
    )
    assert problem.column == "vendor_document_no"


def test_a_currency_takes_its_rate_of_the_day_unless_the_file_has_one(sqlite_firm: Location, files: Write) -> None:
    Currency.create(code="USD")
    ExchangeRate.create(currency_code="USD", starting_date=date(2026, 1, 1), factor=Decimal("0.9"))
    ExchangeRate.create(currency_code="USD", starting_date=date(2026, 2, 1), factor=Decimal("0.8"))
    header = "type,no,party_no,posting_date,currency_code,currency_factor\n"
    run(
        files(
            "documents.csv",
            header
            + "sales-order,1,C1,2026-01-31,USD,\nsales-order,2,C1,2026-02-01,USD,0.1234567891\n"
            + "sales-order,3,C1,2026-02-01,EUR,\n",
        )
    )
    factors = [(row.currency_code, row.currency_factor) for row in Document.select().order_by(Document.no)]
    assert factors == [("USD", Decimal("0.9")), ("USD", Decimal("0.1234567891")), ("", Decimal(1))]
    found = problems_of(
        files(
            "documents.csv",
            header
            + "sales-order,4,C1,2025-12-31,USD,\nsales-order,5,C1,2026-02-01,XXX,\nsales-order,6,C1,2026-02-01,,2\n"
            + "sales-order,7,C1,2026-02-01,USD,0\n",
        )
    )
    assert [(row.line, row.column) for row in found] == [
        (2, "currency_factor"),
        (3, "currency_code"),
        (4, "currency_factor"),
        (5, "currency_factor"),
    ]


def test_master_data_is_made_and_updated_and_absent_columns_stay(firm: Location, files: Write) -> None:
    version = posting_setup.current().version
    run(
        files(
            "gl_accounts.csv", "no,name,type,direct_posting,blocked\n8700,Postage,Posting,1,\n1400,Bank One,,1,All\n"
        ),
        files("charges.csv", "no,description,account_no,vat_product_group\nFEE,Fee,8700,VAT25\n"),
        files("items.csv", "no,description,unit_price,blocked\nI1,Thing,5.5,0\n"),
        files("customers.csv", "no,name,payment_days\nC1,One,10\n"),
    )
    assert posting_setup.current().version > version
    assert posting_setup.current().charges["FEE"].account_no == "8700"
    assert GlAccount.get(GlAccount.no == "1400").blocked
    run(
        files("items.csv", "no,blocked\nI1,All\n"),
        files("customers.csv", "no,name\nC1,Uno\n"),
    )
    item = Item.get(Item.no == "I1")
    assert (item.description, item.unit_price, item.blocked, item.inventory_group) == (
        "Thing", Decimal("5.5"), True, "RESALE",
    )  # fmt: skip
    party = Party.get(Party.no == "C1")
    assert (party.name, party.payment_days, party.vat_business_group) == ("Uno", 10, "HOME")
    assert ChangeLogEntry.select().where(ChangeLogEntry.action == "Import").count() == 6


def test_master_data_that_names_what_is_not_there_is_refused(sqlite_firm: Location, files: Write) -> None:
    found = problems_of(
        files("items.csv", "no,description,inventory_group,unit_cost\nI1,A,RSALE,1\nI1,B,RESALE,-1\n,C,RESALE,1\n"),
        files("charges.csv", "no,description,account_no,vat_product_group\nF,Fee,4711,VAT99\n"),
        files("gl_accounts.csv", "no,name,type,direct_posting\n1300,Receivables,Posting,1\n9000,X,Sum,1\n"),
    )
    assert [(Path(row.file).stem, row.line, row.column, row.value) for row in found] == [
        ("items", 2, "inventory_group", "RSALE"),
        ("items", 3, "unit_cost", "-1"),
        ("items", 3, "no", "I1"),
        ("items", 4, "no", ""),
        ("charges", 2, "account_no", "4711"),
        ("charges", 2, "vat_product_group", "VAT99"),
        ("gl_accounts", 2, "direct_posting", "1"),
        ("gl_accounts", 3, "type", "Sum"),
    ]


def test_the_opening_quantity_of_new_items_is_posted_in_balance(firm: Location, files: Write) -> None:
    text = (
        "no,description,unit_cost,inventory_group,opening_quantity\n"
        "I1,A,1.335,RESALE,3\nI2,B,2,RAW,1.5\nI3,C,5,RESALE,\nI4,D,0,RAW,7\n"
    )
    run(files("items.csv", text))
    assert query("SELECT account_no, amount FROM gl_entry ORDER BY account_no") == [
        ("1200", 401_000),
        ("1210", 300_000),
        ("2900", -701_000),
    ]
    assert query("SELECT item_no, quantity, value FROM item_stock ORDER BY item_no") == [
        ("I1", 300_000, 401_000),
        ("I2", 150_000, 300_000),
        ("I4", 700_000, 0),
    ]
    assert query("SELECT item_no, quantity FROM item_ledger_entry ORDER BY item_no") == [
        ("I1", 300_000),
        ("I2", 150_000),
        ("I4", 700_000),
    ]
    assert query("SELECT item_no, cost_amount, stock_account FROM value_entry ORDER BY item_no") == [
        ("I1", 401_000, "1200"),
        ("I2", 300_000, "1210"),
    ]
    assert query("SELECT no FROM gl_register") == [(1,)]
    assert [check for check in verify.verify().checks if not check.ok] == []
    run(files("items.csv", text))
    assert query("SELECT no FROM gl_register") == [(1,)]
    assert query("SELECT last_value FROM counter WHERE name = 'gl_register'") == [(1,)]


def test_stock_that_cannot_be_opened_is_refused(sqlite_firm: Location, files: Write) -> None:
    header = "no,unit_cost,inventory_group,opening_quantity\n"
    found = problems_of(files("items.csv", header + "I1,1,,3\nI2,9999999999999,RESALE,9999999999999\n"))
    assert [(row.line, row.column) for row in found] == [(2, "inventory_group"), (3, "opening_quantity")]


def test_amounts_that_overflow_are_named_and_not_a_crash(sqlite_firm: Location, files: Write) -> None:
    documents = files("documents.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\nsales-invoice,A2,C1,9999-12-31\n")
    lines = files("lines.csv", LINES + "sales-invoice,A1,1,item,I1,9999999999999,9999999999999,25\n")
    (problem,) = problems_of(documents, lines)
    assert problem.line == 2
    assert "cannot be kept" in problem.message


def test_who_may_import(sqlite_firm: Location, files: Write) -> None:
    UserSetup.create(user_id="reader", may_post=False)
    UserSetup.create(user_id="clerk", may_post=True, may_setup=False)
    documents = files("documents.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\n")
    with pytest.raises(NotPermitted):
        importing.import_files([documents], create_missing=True, user="reader")
    with pytest.raises(NotPermitted):
        importing.import_files([files("charges.csv", "no,account_no\nF,8100\n")], user="clerk")
    lines = files("lines.csv", LINES + "sales-invoice,A1,1,item,I1,1,1,7\n")
    with pytest.raises(NotPermitted):
        importing.import_files([documents, lines], create_missing=True, user="clerk")
    assert not Document.select().count()
    assert not Party.select().count()
    importing.import_files([documents], create_missing=True, user="clerk")
    assert Document.get().created_by == "clerk"


def test_documents_and_lines_named_as_such_must_be_such(sqlite_firm: Location, files: Write) -> None:
    documents = files("a.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\n")
    lines = files("b.csv", LINES + "sales-invoice,A1,1,item,I1,1,1,25\n")
    with pytest.raises(InputInvalid):
        importing.import_documents(lines, documents, create_missing=True, user=company.current_user())
    result = importing.import_documents(documents, lines, create_missing=True, user=company.current_user())
    assert result.counts == {"customers": 1, "items": 1, "documents": 1, "lines": 1}
    assert len(result.document_ids) == 1
    assert "named twice" in problems_of(documents, documents)[0].message


def test_an_import_of_many_rows_fits_the_databases_limits(firm: Location, files: Write) -> None:
    count = 2500
    documents = files(
        "documents.csv", DOCUMENTS + "".join(f"sales-invoice,D{n},C{n},2026-01-01\n" for n in range(count))
    )
    lines = files(
        "lines.csv",
        LINES + "".join(f"sales-invoice,D{n},{m},item,I{n},1,{n},25\n" for n in range(count) for m in (1, 2)),
    )
    assert run(documents, lines).counts["documents"] == count
    document = Document.get(Document.no == f"D{count - 1}")
    assert document.amount == 2 * (count - 1)
    assert [line.no for line in document.lines] == [f"I{count - 1}"] * 2
    assert document.type is DocumentType.SALES_INVOICE


def test_progress_is_told_to_the_end_and_what_it_raises_leaves_nothing_behind(firm: Location, files: Write) -> None:
    documents = files("documents.csv", DOCUMENTS + "".join(f"sales-invoice,I{n},C1,2026-11-02\n" for n in range(60)))
    lines = files("lines.csv", LINES + "".join(f"sales-invoice,I{n},10000,item,PUMP,1,10,25\n" for n in range(60)))
    before, told = everything(), list[tuple[int, int]]()

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done == 150:
            raise Refused("Stopped.")

    with pytest.raises(Refused, match="Stopped"):
        importing.import_files([documents, lines], create_missing=True, user=company.current_user(), progress=stop)
    assert told == [(50, 180), (100, 180), (150, 180)]
    assert everything() == before
    assert run(documents, lines).counts["documents"] == 60


def test_a_pair_made_later_gives_open_documents_their_vat(firm: Location, files: Write) -> None:
    VatPostingSetup.delete().where(VatPostingSetup.product_group == "VAT25").execute()
    header = "document_type,document_no,line_no,type,no,quantity,unit_price,vat_group,vat_rate\n"
    run(
        files("documents.csv", DOCUMENTS + "sales-invoice,A1,C1,2026-01-01\n"),
        files("lines.csv", header + "sales-invoice,A1,1,gl_account,8100,1,100,VAT25,\n"),
    )
    assert Document.get().vat_amount == 0
    run(
        files("documents.csv", DOCUMENTS + "sales-invoice,A2,C1,2026-01-01\n"),
        files("lines.csv", header + "sales-invoice,A2,1,gl_account,8100,1,100,VAT25,25\n"),
    )
    assert [row.vat_amount for row in Document.select()] == [25, 25]


def test_thousands_of_bad_rows_are_named_without_delay(sqlite_firm: Location, files: Write) -> None:
    run(files("customers.csv", "no\n" + "".join(f"CUSTOMER-{n}\n" for n in range(5000))))
    rows = "".join(f"sales-invoice,D{n},CUSTOMR-{n},2026-01-01\n" for n in range(5000))
    found = problems_of(files("documents.csv", DOCUMENTS + rows), create_missing=False)
    assert len(found) == 5000
    assert "Did you mean" in found[0].message


GOOD = (
    b"type,no,party_no,party_name,posting_date,document_date,currency_code,currency_factor,ship\n"
    b'sales-order,S1,C1,"Name, Ltd",2026-01-31,,,,1\npurchase-invoice,,V1,"two\nlines",2026-01-31,2026-01-01,,1,\n'
)
BYTES = st.sampled_from(
    [b"\0", b'"', b",", b"\n", b"\r", b"\xff", b"\xef\xbb\xbf", b"9" * 30, b"-", b"e", b" ", b"\x1b["]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    damage=st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 6), BYTES), max_size=4), creates=st.booleans()
)
def test_a_damaged_file_is_imported_or_refused_and_never_crashes(
    sqlite_firm: Location, tmp_path: Path, damage: list[tuple[int, int, bytes]], creates: bool
) -> None:
    stored = GOOD
    for at, cut, put in damage:
        stored = stored[:at] + put + stored[at + cut :]
    path = tmp_path / "damaged.csv"
    path.write_bytes(stored)
    imported, refused = 0, ()
    with database.atomic() as transaction:
        try:
            imported = run(path, create_missing=creates).counts.get("documents", 0)
        except InputInvalid as error:
            refused = error.rows
        assert Document.select().count() == imported
        transaction.rollback()
    assert all(row.message for row in refused)
    assert bool(refused) != bool(imported) or not stored.strip()
