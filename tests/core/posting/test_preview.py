"""Preview Posting: it shows exactly what the posting then writes, and leaves nothing behind, not even a number used."""

from __future__ import annotations

import secrets
from dataclasses import replace
from decimal import Decimal
from typing import Any

import builders
import pytest
from builders import document, item_line
from jobs import QUEUE, assert_verified

from postroom.core import company, reading, setups
from postroom.core import database as engine
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted
from postroom.core.jobs import background
from postroom.core.kinds import Area, DocumentStatus, DocumentType, JobQueueStatus, LineType, VatType
from postroom.core.posting import check, post
from postroom.core.posting.preview import PLACEHOLDER, preview
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.statements import query
from postroom.core.tables import ALL
from postroom.core.tables.base import database
from postroom.core.tables.setup import VatPostingSetup
from postroom.core.tables.trade import Document, Party

D = Decimal


@pytest.fixture
def trade(firm: Location) -> Location:
    """A customer, a vendor, two items of which one is in stock, and reverse charge for one VAT group."""
    builders.party(Area.SALES)
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    builders.item("I2", prevent_negative=True)
    VatPostingSetup.update(type=VatType.REVERSE_CHARGE).where(
        VatPostingSetup.business_group == "HOME", VatPostingSetup.product_group == "VAT10"
    ).execute()
    setups.raise_version()
    post_now(document(DocumentType.PURCHASE_INVOICE, [item_line("I1", 3, "3.33"), item_line("I2", 20, 4)]))
    return firm


def post_now(document_id: int) -> str:
    posting_id = secrets.token_hex(8)
    with engine.transaction():
        post.write(post.prepare(document_id, user="ann", posting_id=posting_id))
    return posting_id


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    return {model.__name__: sorted(query(f'SELECT * FROM "{model._meta.table_name}"'), key=repr) for model in ALL}


def without_numbers(rows: Any) -> list[dict[str, Any]]:
    drawn = ("no", "document_no", "posting_id", "register_no", "entry_no", "posted_at", "user")
    return [{key: value for key, value in row.items() if key not in drawn} for row in rows]


LINES = [
    item_line("I1", 2, "19.99", line_discount_percent=D("12.5")),
    item_line("I2", 5, "7.77", vat="VAT10"),
    {"type": LineType.GL_ACCOUNT, "no": "8100", "quantity": D(1), "unit_price": D(30), "vat_group": "VAT25"},
    {"type": LineType.COMMENT, "description": "with care"},
]


@pytest.mark.parametrize("kind", DocumentType)
def test_a_preview_shows_the_rows_that_the_posting_then_writes(trade: Location, kind: DocumentType) -> None:
    document_id = document(kind, LINES, invoice_discount_amount=D("1.11"))
    found = preview(document_id, user="ann")
    assert found.errors == ()
    assert (found.type, found.no) == (kind, Document.get_by_id(document_id).no)
    written = reading.posting(post_now(document_id))
    assert without_numbers(found.documents) == without_numbers(written["documents"])
    assert [row["kind"] for row in found.documents] == [kind.goods_kind, kind.money_kind]
    assert {(row["no"], row["posting_id"], row["posted_at"]) for row in found.documents} == {(PLACEHOLDER, "", None)}
    for name, rows in written["entries"].items():
        assert without_numbers(found.entries[name]) == without_numbers(rows), name
        assert {row["document_no"] for row in found.entries[name]} <= {PLACEHOLDER}
        assert {(row["entry_no"], row["register_no"]) for row in found.entries[name]} <= {(None, None)}
    filled = {name for name, rows in found.entries.items() if rows}
    assert filled == {"gl", "customer" if kind.area is Area.SALES else "vendor", "vat", "item", "value"}
    assert sum(row["amount"] for row in found.entries["gl"]) == 0


def test_a_preview_leaves_every_row_as_it_was(trade: Location) -> None:
    document_id = document(DocumentType.SALES_INVOICE, LINES)
    before = everything()
    for _ in range(2):
        assert preview(document_id, user="ann").documents
    assert everything() == before
    post_now(document_id)
    numbers = [row["no"] for row in reading.posted_documents("area=sales")]
    assert numbers == ["102001", "103001"]  # the first of their series: the previews used up none
    assert_verified()


def test_a_queued_document_is_previewed_and_stays_queued(trade: Location) -> None:
    document_id = document(DocumentType.SALES_INVOICE, LINES)
    background.post([document_id], QUEUE, user=company.current_user())
    before = everything()
    assert preview(document_id, user="ann").entries["gl"]
    assert everything() == before
    assert Document.get_by_id(document_id).job_queue_status is JobQueueStatus.SCHEDULED


def test_of_an_order_the_part_that_is_asked_is_previewed_and_of_a_queued_one_what_its_entry_is_to_do(
    trade: Location,
) -> None:
    order = document(DocumentType.SALES_ORDER, [item_line("I2", 3, 100, qty_to_ship=D(2))])

    def kinds(asked: Asked = AS_THE_DOCUMENT_SAYS) -> list[str]:
        found = preview(order, user="ann", asked=asked)
        return [row["kind"].value for row in found.documents] or [problem.code for problem in found.errors]

    assert kinds() == ["shipment", "invoice"]
    assert kinds(Asked(ship=True)) == ["shipment"]
    assert kinds(Asked(invoice=True)) == ["nothing_to_post"]
    background.post([order], replace(QUEUE, ship=True), user=company.current_user())
    assert kinds() == ["shipment"]
    assert kinds(Asked(ship=True, invoice=True)) == ["shipment", "invoice"]
    assert_verified()


def test_an_open_document_is_previewed_as_it_would_be_released(trade: Location) -> None:
    Party.update(invoice_discount_percent=10).where(Party.no == "C1").execute()
    setups.change({"sales.calc_inv_discount": "true"}, user=company.current_user())
    open_id = document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 100)], status=DocumentStatus.OPEN)
    (_, invoice) = preview(open_id, user="ann").documents
    assert invoice["amount"] == 90
    left = Document.get_by_id(open_id)
    assert (left.status, left.invoice_discount_amount) == (DocumentStatus.OPEN, 0)


def test_what_would_not_post_is_told_with_every_reason_and_nothing_else(trade: Location) -> None:
    Party.update(blocked="All").where(Party.no == "C1").execute()
    document_id = document(DocumentType.SALES_INVOICE, [item_line("I2", 21, 1)], posting_date=None)
    before = everything()
    found = preview(document_id, user="ann")
    assert [problem.code for problem in found.errors] == ["party_blocked", "posting_date_missing", "not_enough_stock"]
    assert found.errors == check.check(document_id, user="ann")
    assert (found.documents, set(found.entries), any(found.entries.values())) == ((), set(reading.LEDGERS), False)
    assert everything() == before


def test_an_open_document_that_cannot_be_released_says_why(trade: Location) -> None:
    empty = document(DocumentType.SALES_INVOICE, [], status=DocumentStatus.OPEN)
    assert [problem.code for problem in preview(empty, user="ann").errors] == ["nothing_to_release"]


def test_a_preview_of_a_correction_shows_what_it_leaves_open(trade: Location) -> None:
    post_now(document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 100)]))
    (invoice,) = reading.posted_documents("area=sales kind=invoice")
    memo = document(DocumentType.SALES_CREDIT_MEMO, [item_line("I1", 1, 100)], corrects_no=invoice["no"])
    (row,) = preview(memo, user="ann").entries["customer"]
    assert (row["amount"], row["remaining_amount"]) == (-125, 0)
    assert [row["remaining_amount"] for row in reading.ledger("customer")] == [125]


def test_sqlites_write_lock_is_taken_only_when_all_is_computed(trade: Location) -> None:
    document_id = document(DocumentType.SALES_INVOICE, LINES)
    order: list[str] = []
    inner = database.obj
    execute_sql = inner.execute_sql

    def noting(sql: str, *rest: Any, **more: Any) -> Any:
        order.append("reads the lines" if "FROM document_line" in sql and sql.startswith("\nSELECT") else "")
        return execute_sql(sql, *rest, **more)

    inner.execute_sql = noting
    engine.watch_write_lock(lambda taken: order.append("locks" if taken else "unlocks"))
    try:
        preview(document_id, user="ann")
    finally:
        engine.watch_write_lock(None)
        del inner.execute_sql
    if not engine.is_postgres():
        assert list(dict.fromkeys(step for step in order if step)) == ["reads the lines", "locks", "unlocks"]
        assert order.index("locks") > max(place for place, step in enumerate(order) if step == "reads the lines")


def test_a_preview_needs_the_permission_to_post_and_a_document(trade: Location) -> None:
    document_id = document(DocumentType.SALES_INVOICE, LINES)
    user = company.current_user()
    builders.take_away("may_post")
    with pytest.raises(NotPermitted):
        preview(document_id, user=user)
    with pytest.raises(NotFound):
        preview(document_id + 1, user="ann")


def test_a_document_that_goes_while_it_is_previewed_is_not_there(trade: Location) -> None:
    document_id = document(DocumentType.SALES_INVOICE, LINES)
    inner = database.obj
    execute_sql = inner.execute_sql

    def going(sql: str, *rest: Any, **more: Any) -> Any:
        if 'FROM "document" ' in sql:
            execute_sql(f"DELETE FROM document_line WHERE document_id = {document_id}")
            execute_sql(f"DELETE FROM document WHERE id = {document_id}")
        return execute_sql(sql, *rest, **more)

    inner.execute_sql = going
    try:
        with pytest.raises(NotFound) as gone:
            preview(document_id, user="ann")
    finally:
        del inner.execute_sql
    assert [problem.code for problem in gone.value.problems] == ["document_gone"]
