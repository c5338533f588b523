"""Posted documents, ledgers, navigate and the change log are read as they were written, in few queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import builders
import pytest

from postroom.core import database as engine
from postroom.core import reading, setups
from postroom.core.database import Location
from postroom.core.errors import NotFound, UsageError
from postroom.core.importing import opening_stock
from postroom.core.kinds import Area, DocumentType, PostedKind
from postroom.core.posting import post
from postroom.core.tables.base import database
from postroom.core.tables.setup import NumberSeriesLine, UserSetup


def posted(type_: DocumentType, *lines: dict[str, Any], **fields: Any) -> str:
    """Post a document of these lines and return its no."""
    document_id = builders.document(type_, lines, **fields)
    no = str(builders.Document.get_by_id(document_id).no)
    with engine.transaction():
        post.write(post.prepare(document_id, user="ann", posting_id=f"posting-of-{no}"))
    return no


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """The statements that were sent meanwhile."""
    sent: list[str] = []

    inner = database.obj
    original = inner.execute_sql

    def counting(sql: str, *args: Any, **more: Any) -> Any:
        sent.append(sql)
        return original(sql, *args, **more)

    inner.execute_sql = counting
    try:
        yield sent
    finally:
        del inner.execute_sql


@pytest.fixture
def trade(firm: Location) -> Location:
    builders.party(Area.SALES, "C1", name="North & [South]")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    return firm


def test_a_posted_invoice_is_listed_with_its_lines_and_its_vat_per_group(trade: Location) -> None:
    no = posted(
        DocumentType.SALES_INVOICE,
        builders.item_line(quantity=3, price="99.99"),
        builders.item_line(quantity=1, price=50, vat="VAT10"),
        builders.item_line(quantity=-1, price=10),
        external_document_no="PO-7",
    )
    shipment, invoice = reading.posted_documents(source=no)
    assert (shipment["kind"], invoice["kind"]) == (PostedKind.SHIPMENT, PostedKind.INVOICE)
    assert invoice["area"] is Area.SALES
    assert invoice["source_type"] is DocumentType.SALES_INVOICE
    assert (invoice["source_no"], invoice["external_document_no"], invoice["party_no"]) == (no, "PO-7", "C1")
    assert (invoice["amount"], invoice["vat_amount"], invoice["amount_including_vat"]) == (
        Decimal("339.97"),
        Decimal("77.49"),
        Decimal("417.46"),
    )
    assert invoice["vat"] == [
        {"group": "VAT25", "rate": 25, "base": Decimal("289.97"), "amount": Decimal("72.49")},
        {"group": "VAT10", "rate": 10, "base": Decimal(50), "amount": Decimal(5)},
    ]
    assert [(line["line_no"], line["quantity"], line["amount"]) for line in invoice["lines"]] == [
        (10000, 3, Decimal("299.97")),
        (20000, 1, 50),
        (30000, -1, -10),
    ]
    assert shipment["vat"] == []
    assert shipment["amount"] == 0
    assert len(shipment["lines"]) == 3


def test_posted_documents_are_filtered_by_their_keys_and_searched_by_words(trade: Location) -> None:
    first = posted(DocumentType.SALES_INVOICE, builders.item_line(price=10))
    second = posted(DocumentType.PURCHASE_INVOICE, builders.item_line(price=20))

    def sources(filter: str) -> list[str]:
        return [row["source_no"] for row in reading.posted_documents(filter)]

    assert sources("kind=invoice") == [first, second]
    assert sources("area=purchase kind=invoice amount=20") == [second]
    assert sources("kind=invoice [south]") == [first]
    assert sources("no=''") == []
    with pytest.raises(UsageError, match="no field colour"):
        reading.posted_documents("colour=red")


def test_a_posted_document_is_found_by_its_no_and_an_ambiguous_one_named(trade: Location) -> None:
    posted(DocumentType.SALES_INVOICE, builders.item_line())
    found = reading.posted_documents("kind=invoice")[0]
    assert reading.posted_document(found["no"])["source_no"] == found["source_no"]
    assert reading.posted_document(found["no"], area=Area.SALES, kind=PostedKind.INVOICE) == found
    with pytest.raises(NotFound, match="nowhere"):
        reading.posted_document("nowhere")
    with pytest.raises(NotFound):
        reading.posted_document(found["no"], area=Area.PURCHASE)


def test_one_no_in_two_areas_must_be_told_apart(trade: Location) -> None:
    posted(DocumentType.SALES_INVOICE, builders.item_line())
    ((no,),) = engine_rows("SELECT no FROM posted_document WHERE kind = 'invoice'")
    lower_series_by_one("P-INV+", no)
    posted(DocumentType.PURCHASE_INVOICE, builders.item_line())
    with pytest.raises(UsageError, match="purchase invoice"):
        reading.posted_document(no)
    assert reading.posted_document(no, area=Area.PURCHASE)["area"] is Area.PURCHASE
    assert {row["area"] for row in reading.navigate(no)["documents"]} == {Area.SALES, Area.PURCHASE}


def engine_rows(sql: str) -> list[tuple[Any, ...]]:
    return list(database.execute_sql(sql).fetchall())


def lower_series_by_one(code: str, no: str) -> None:
    """Make the next number of a series `no`."""
    NumberSeriesLine.update(starting_no=no, last_value=int(no) - 1).where(
        NumberSeriesLine.series_code == code
    ).execute()
    setups.raise_version()


def owner() -> str:
    return str(UserSetup.select(UserSetup.user_id).where(UserSetup.may_setup).get().user_id)


def test_the_ledgers_hold_what_was_posted_debit_positive(trade: Location) -> None:
    posted(DocumentType.PURCHASE_INVOICE, builders.item_line(quantity=10, price=4))
    posted(DocumentType.SALES_INVOICE, builders.item_line(quantity=2, price=100))
    general = list(reading.ledger("gl"))
    assert sum(row["amount"] for row in general) == 0
    assert [row["entry_no"] for row in general] == sorted(row["entry_no"] for row in general)
    assert [(row["party_no"], row["amount"], row["remaining_amount"]) for row in reading.ledger("customer")] == [
        ("C1", 250, 250)
    ]
    assert [(row["party_no"], row["amount"]) for row in reading.ledger("vendor")] == [("V1", -50)]
    assert [(row["area"], row["rate"], row["base"], row["amount"]) for row in reading.ledger("vat")] == [
        (Area.PURCHASE, 25, 40, 10),
        (Area.SALES, 25, -200, -50),
    ]
    assert [row["quantity"] for row in reading.ledger("item")] == [10, -2]
    assert [row["cost_amount"] for row in reading.ledger("value")] == [40, -8]


def test_ledgers_are_filtered_also_by_what_remains_open(trade: Location) -> None:
    no = posted(DocumentType.SALES_INVOICE, builders.item_line(quantity=2, price=100))
    invoice = next(row["no"] for row in reading.posted_documents("kind=invoice", source=no))
    posted(DocumentType.SALES_CREDIT_MEMO, builders.item_line(quantity=2, price=100), corrects_no=invoice)
    posted(DocumentType.SALES_INVOICE, builders.item_line(quantity=1, price=8))
    remaining = [(row["document_type"], row["amount"], row["remaining_amount"]) for row in reading.ledger("customer")]
    assert remaining == [
        (PostedKind.INVOICE, 250, 0),
        (PostedKind.CREDIT_MEMO, -250, 0),
        (PostedKind.INVOICE, 10, 10),
    ]
    assert [row["amount"] for row in reading.ledger("customer", "remaining_amount<>0")] == [10]
    assert [row["amount"] for row in reading.ledger("customer", "remaining_amount=0 amount>0")] == [250]
    assert [row["account_no"] for row in reading.ledger("gl", "account_no=2300 amount=-2")] == ["2300"]
    for wrong in ("remaining_amount=much", "colour=red", "amount=1..2..3"):
        with pytest.raises(UsageError):
            reading.ledger("customer", wrong)


def test_navigate_finds_every_entry_of_a_posted_no_and_of_a_source_no(trade: Location) -> None:
    no = posted(DocumentType.SALES_ORDER, builders.item_line(quantity=2, price=100))
    posted(DocumentType.SALES_ORDER, builders.item_line(quantity=5, price=7))
    whole = reading.navigate(no)
    assert [row["kind"] for row in whole["documents"]] == [PostedKind.SHIPMENT, PostedKind.INVOICE]
    assert {name: len(rows) for name, rows in whole["entries"].items()} == {
        "gl": 3,
        "customer": 1,
        "vendor": 0,
        "vat": 1,
        "item": 1,
        "value": 0,
    }
    invoice = whole["documents"][1]["no"]
    assert {row["document_no"] for row in reading.navigate(invoice)["entries"]["gl"]} == {invoice}
    assert reading.navigate(invoice)["entries"]["item"] == []
    with pytest.raises(NotFound, match="Nothing has been posted under nowhere"):
        reading.navigate("nowhere")


def test_navigate_finds_what_the_partys_own_no_stands_on_and_entries_without_a_document(trade: Location) -> None:
    posted(DocumentType.SALES_INVOICE, builders.item_line(), external_document_no="PO-7")
    posted(DocumentType.PURCHASE_INVOICE, builders.item_line(), vendor_document_no="THEIRS-8")
    for no, area in (("PO-7", Area.SALES), ("THEIRS-8", Area.PURCHASE)):
        found = reading.navigate(no)
        assert {row["area"] for row in found["documents"]} == {area}
        assert found["entries"]["gl"]
    builders.item("OLD")
    with engine.transaction():
        opening = opening_stock.opening("OLD", Decimal(7), Decimal(2), "1200", Decimal("0.01"))
        opening_stock.write([opening], builders.DAY, user="ann")
    found = reading.navigate("OPENING")
    assert found["documents"] == []
    assert [(row["item_no"], row["quantity"]) for row in found["entries"]["item"]] == [("OLD", 7)]


def test_a_posting_is_read_whole_by_its_id(trade: Location) -> None:
    no = posted(DocumentType.SALES_INVOICE, builders.item_line(quantity=2, price=100))
    assert reading.posting(f"posting-of-{no}") == {
        key: value for key, value in reading.navigate(no).items() if key != "no"
    }
    nothing = reading.posting("unknown")
    assert (nothing["documents"], any(nothing["entries"].values())) == ([], False)


def test_the_change_log_is_read_newest_first_and_filtered(firm: Location) -> None:
    user = owner()
    setups.change({"sales.job_timeout": "1h"}, user=user)
    setups.change({"purchases.rerun_delay": "20"}, user=user)
    rows = list(reading.change_log())
    assert [(row["field"], row["old_value"], row["new_value"]) for row in rows] == [
        ("Rerun Delay (sec.)", "10", "20"),
        ("Job Timeout", "2:00", "1:00"),
    ]
    assert [row["user"] for row in reading.change_log("kind=Sales*")] == [user]
    assert list(reading.change_log("at=2000-01-01")) == []


def test_a_list_costs_the_same_queries_however_long_it_is(trade: Location) -> None:
    def cost() -> int:
        with counted_queries() as sent:
            reading.posted_documents()
            list(reading.ledger("customer"))
        return len(sent)

    posted(DocumentType.SALES_INVOICE, builders.item_line())
    one = cost()
    for _ in range(4):
        posted(DocumentType.SALES_INVOICE, builders.item_line())
    assert cost() == one
