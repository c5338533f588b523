"""Export: exact, quoted, and in the import format, so that what was imported comes back the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.core import company, exporting, importing
from postroom.core.database import Location
from postroom.core.errors import Problem, UsageError, problems_to_json
from postroom.core.kinds import Area, EntryStatus
from postroom.core.posting import post
from postroom.core.tables.base import database
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
IMPORTED = ("gl_accounts", "charges", "items", "customers", "vendors", "documents", "lines")

MakeCompany = Callable[..., Location]


def exported(kind: str) -> str:
    out = io.StringIO(newline="")
    exporting.export(kind, out)
    return out.getvalue()


def rows_of(kind: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(kind), newline=""), strict=True))


def run(folder: Path, texts: dict[str, str]) -> None:
    paths = []
    for kind, text in texts.items():
        path = folder / f"{kind}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        paths.append(path)
    importing.import_files(paths, create_missing=True, user=company.current_user())


TEXTS = st.text(
    st.one_of(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), st.sampled_from("=+-@,\"'\r\n\t \x1b")
    ),
    max_size=12,
)
CODES = st.text(st.sampled_from("ABCÄäß=+-@,\"'/[].!"), min_size=1, max_size=6)
AMOUNTS = st.decimals(-99999, 99999, places=5).map(lambda number: f"{number:f}")
POSITIVE = st.decimals(Decimal("0.00001"), 9999, places=5).map(lambda number: f"{number:f}")
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(str)
OPTIONAL = st.one_of(st.just(""), AMOUNTS)
SALES = st.sampled_from(["sales-order", "sales-return-order", "sales-invoice", "sales-credit-memo"])
PURCHASES = st.sampled_from(["purchase-order", "purchase-return-order", "purchase-invoice", "purchase-credit-memo"])
FLAGS = st.sampled_from(["", "0", "1"])

DOCUMENT = st.one_of(
    *(
        st.fixed_dictionaries(
            {
                "type": types,
                "party_no": CODES,
                "party_name": TEXTS,
                "posting_date": DAYS,
                "document_date": st.one_of(st.just(""), DAYS),
                "due_date": st.one_of(st.just(""), DAYS),
                "external_document_no": CODES,
                "prices_including_vat": FLAGS,
                "invoice_discount_amount": OPTIONAL,
                "ship": FLAGS,
                "invoice": FLAGS,
                "vendor_document_no": vendor_nos,
                "corrects_no": st.one_of(st.just(""), CODES),
            }
        )
        for types, vendor_nos in ((SALES, st.just("")), (PURCHASES, CODES))
    )
)
LINE = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["item", "charge"]),
        "no": CODES,
        "description": TEXTS,
        "quantity": AMOUNTS,
        "unit_price": AMOUNTS,
        "price_per_quantity": st.one_of(st.just(""), POSITIVE),
        "line_discount_percent": st.sampled_from(["", "0", "12.5", "100"]),
        "line_discount_amount": OPTIONAL,
        "vat_rate": st.sampled_from(["", "25", "10.0", "0", "7.12345"]),
        "vat_amount": OPTIONAL,
        "qty_to_ship": OPTIONAL,
        "qty_to_invoice": OPTIONAL,
    }
)


def as_csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(documents=st.lists(st.tuples(DOCUMENT, st.lists(LINE, max_size=3)), min_size=1, max_size=3))
def test_import_export_import_is_the_same(
    firm: Location, tmp_path: Path, documents: list[tuple[dict[str, str], list[dict[str, str]]]]
) -> None:
    headers = [{"no": f"D{index}", **header} for index, (header, _) in enumerate(documents)]
    lines = [
        {"document_type": header["type"], "document_no": f"D{index}", "line_no": str(10 * (place + 1)), **line}
        for index, (header, own) in enumerate(documents)
        for place, line in enumerate(own)
    ]
    texts = {"documents": as_csv(headers)} | ({"lines": as_csv(lines)} if lines else {})
    with database.atomic() as first:
        run(tmp_path, texts)
        before = {kind: exported(kind) for kind in IMPORTED}
        totals = amounts()
        first.rollback()
    with database.atomic() as second:
        run(tmp_path, before)
        after = {kind: exported(kind) for kind in IMPORTED}
        assert amounts() == totals
        second.rollback()
    assert after == before
    written = list(csv.DictReader(io.StringIO(before["documents"], newline="")))
    for stored, typed in zip(written, headers, strict=True):
        assert typed["party_name"] in ("", stored["party_name"])
        assert stored["external_document_no"] == typed["external_document_no"].strip()
    texts_of_lines = [
        row["description"] for row in csv.DictReader(io.StringIO(before["lines"], newline=""), strict=True)
    ]
    assert texts_of_lines == [line["description"] for line in lines]


def amounts() -> list[tuple[Decimal, ...]]:
    return [(row.amount, row.vat_amount, row.amount_including_vat) for row in Document.select().order_by(Document.id)]


@pytest.mark.parametrize("folder", ["purchase-orders", "sales-orders", "invoices", "e-invoices"])
def test_real_documents_come_back_the_same(make: MakeCompany, tmp_path: Path, folder: str) -> None:
    if not DATA.is_dir():
        pytest.skip("the shared data does not stand beside this checkout")
    precision = "0.0001" if folder.endswith("orders") else "0.01"
    company.open_company(make(precision))
    run(tmp_path, {name: (DATA / folder / f"{name}.csv").read_text("utf-8-sig") for name in ("documents", "lines")})
    before, totals = {kind: exported(kind) for kind in IMPORTED}, amounts()
    company.open_company(make(precision))
    run(tmp_path, before)
    assert {kind: exported(kind) for kind in IMPORTED} == before
    assert amounts() == totals


def test_values_that_look_like_formulas_are_data_in_quotes(sqlite_firm: Location) -> None:
    Party.create(
        area=Area.SALES, no="=1+1", name="@SUM(A1)", address='say "hi", twice', city="two\rlines", country_code=""
    )
    text = exported("customers")
    assert '"=1+1","@SUM(A1)","say ""hi"", twice","two\rlines"' in text
    assert rows_of("customers")[0]["no"] == "=1+1"


def test_stock_on_hand_is_the_opening_quantity_of_a_new_company(make: MakeCompany, tmp_path: Path) -> None:
    company.open_company(make())
    run(tmp_path, {"items": "no,unit_cost,opening_quantity,blocked\nI1,2.5,4,1\nI2,1,,\n"})
    text = exported("items")
    assert [(row["opening_quantity"], row["blocked"]) for row in rows_of("items")] == [("4", "All"), ("", "")]
    company.open_company(make())
    run(tmp_path, {"items": text})
    assert exported("items") == text
    assert rows_of("gl") != []


def test_every_list_can_be_exported_before_and_after_a_posting(firm: Location, tmp_path: Path) -> None:
    for kind in exporting.KINDS:
        exported(kind)
    run(
        tmp_path,
        {
            "documents": "type,no,party_no,posting_date\n"
            "sales-invoice,A1,C1,2026-01-31\nsales-order,A2,C1,2026-01-31\n",
            "lines": "document_type,document_no,line_no,type,no,quantity,unit_price,vat_rate\n"
            "sales-invoice,A1,1,item,I1,3,0.335,25\n",
        },
    )
    user = company.current_user()
    with database.atomic():
        post.write(post.prepare(Document.get(Document.no == "A1").id, user=user, posting_id="p1"))
    for kind in exporting.KINDS:
        assert len({len(row) for row in csv.reader(io.StringIO(exported(kind), newline=""), strict=True)}) <= 1, kind
    assert {(row["document_no"], row["account_no"], row["amount"]) for row in rows_of("gl")} >= {
        ("103001", "1300", "1.26"),
        ("103001", "6100", "-1.01"),
        ("103001", "2300", "-0.25"),
    }
    assert [row["amount"] for row in rows_of("customer")] == ["1.26"]
    assert [row["no"] for row in rows_of("document-list")] == ["A2"]
    assert {row["source_no"] for row in rows_of("posted")} == {"A1"}


def test_an_unknown_list_names_those_there_are(sqlite_firm: Location) -> None:
    with pytest.raises(UsageError, match="customers"):
        exported("clients")


def test_entries_and_the_log_are_exported_with_their_errors_as_sentences(firm: Location) -> None:
    assert exported("log").startswith("entry_no,job_queue_entry_id,")
    problem = Problem("blocked", "The customer is blocked.", "Sales Invoice A1", hint="Unblock it.")
    JobQueueEntry.create(
        id="e1", user_id="ann", job="wait", status=EntryStatus.ERROR, errors=problems_to_json([problem])
    )
    started = datetime(2026, 1, 31, 12, tzinfo=UTC)
    JobQueueLogEntry.create(
        job_entry_id="e1", user_id="ann", job="wait", status="Error", posting_id="p1", started_at=started
    )
    (entry,) = rows_of("entry")
    assert (entry["status"], entry["errors"]) == ("Error", "Sales Invoice A1: The customer is blocked. Unblock it.")
    (logged,) = rows_of("log")
    assert (logged["start"], logged["end"], logged["posted"]) == ("2026-01-31T13:00:00+01:00", "", "")
