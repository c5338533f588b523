"""Verify: a good company passes every check, and a company broken by hand in one place fails the check that says so."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from builders import DAY, document, item, item_line, party
from conftest import PostgresCompanies, Template, server_url

from postroom.core import clock, company
from postroom.core.database import Location, is_postgres, transaction
from postroom.core.importing import opening_stock
from postroom.core.jobs import processes
from postroom.core.kinds import Area, DocumentType, EntryStatus, LineType, LogStatus
from postroom.core.posting import post
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.statements import execute, query
from postroom.core.tables.base import database
from postroom.core.tables.setup import Currency
from postroom.core.tables.trade import Document
from postroom.core.tables.work import Consumer, JobQueueEntry, JobQueueLogEntry
from postroom.core.verify import CHECKS, verify

USER = "anna"


def post_now(document_id: int, asked: Asked = AS_THE_DOCUMENT_SAYS) -> tuple[post.PostedRef, ...]:
    """Post with a log entry as a worker would write it."""
    source = Document.get_by_id(document_id)
    posting_id = uuid.uuid4().hex
    plan = post.prepare(document_id, user=USER, posting_id=posting_id, asked=asked)
    with transaction():
        posted = post.write(plan)
        JobQueueLogEntry.create(
            job_entry_id=uuid.uuid4().hex,
            job="post-document",
            record_type=source.type.value,
            record_no=source.no,
            user_id=USER,
            status=LogStatus.SUCCESS,
            posting_id=posting_id,
        )
    return posted


def entry_of(document_id: int, status: EntryStatus, **fields: object) -> JobQueueEntry:
    """A Job Queue Entry that posts a document, with the document's status in agreement."""
    source = Document.get_by_id(document_id)
    Document.update(job_queue_status=status.document_status).where(Document.id == document_id).execute()
    values = {
        "id": uuid.uuid4().hex,
        "user_id": USER,
        "job": "post-document",
        "record_type": source.type.value,
        "record_id": document_id,
        "record_no": source.no,
        "description": f"Post {source.no}",
        "status": status,
    }
    made: JobQueueEntry = JobQueueEntry.create(**{**values, **fields})
    return made


def in_process_here() -> dict[str, object]:
    """The fields of an entry that this very process works on."""
    pid = os.getpid()
    return {"host": processes.host(), "process_id": pid, "process_start": processes.start_of(pid)}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def good_company(
    request: pytest.FixtureRequest, templates: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Location]:
    """Where a company is that has opening stock, all eight types posted (one in a currency, one correcting another, one
    under reverse charge), orders posted in part, and documents still open, queued, in process and in error.
    """
    if request.param == "sqlite":
        location = Location(str(tmp_path_factory.mktemp("good") / "firm.db"))
        shutil.copy(templates.sqlite("0.01"), location.text)
    else:
        request.getfixturevalue("postgres_server")
        companies: PostgresCompanies = request.getfixturevalue("postgres_companies")
        name = companies.take("0.01")
        location = Location(server_url(name))
    company.open_company(location)
    party(Area.SALES)
    party(Area.PURCHASE, "V1")
    party(Area.PURCHASE, "V2", "UNION")
    party(Area.SALES, "C2", "UNION")
    item()
    item("I2")
    item("I3")
    with transaction():
        opening_stock.write(
            [opening_stock.opening("I3", Decimal(7), Decimal("3.5"), stock_account(), Decimal("0.01"))], DAY, user=USER
        )
    Currency.create(code="USD")
    lines = [item_line(quantity=3, price="9.99"), item_line("I2", 2, "7.35"), {"type": LineType.COMMENT, "no": ""}]
    for type_ in DocumentType:
        post_now(document(type_, lines))
    parts = [item_line(quantity=3, price="9.99", qty_to_ship=Decimal(2), qty_to_invoice=Decimal(1))]
    post_now(document(DocumentType.SALES_ORDER, parts, no="PARTLY"))
    post_now(document(DocumentType.PURCHASE_ORDER, lines, no="RECEIVED"), Asked(receive=True))
    post_now(document(DocumentType.PURCHASE_INVOICE, lines, "V2"))
    post_now(document(DocumentType.SALES_INVOICE, lines, "C2"))
    post_now(document(DocumentType.SALES_ORDER, lines, currency_code="USD", currency_factor=Decimal("0.91234")))
    _, invoice = post_now(document(DocumentType.SALES_INVOICE, lines))
    post_now(document(DocumentType.SALES_CREDIT_MEMO, lines, corrects_no=invoice.no))
    document(DocumentType.SALES_ORDER, lines, no="OPEN")
    entry_of(document(DocumentType.SALES_ORDER, lines, no="QUEUED"), EntryStatus.READY, category_code="SALESPOST")
    entry_of(document(DocumentType.SALES_ORDER, lines, no="FAILED"), EntryStatus.ERROR, category_code="SALESPOST")
    entry_of(
        document(DocumentType.SALES_ORDER, lines, no="RUNNING"),
        EntryStatus.IN_PROCESS,
        category_code="SALESPOST",
        **in_process_here(),
    )
    company.close()
    yield location
    if request.param == "postgres":
        companies.give_back(name)


@pytest.fixture
def good(good_company: Location) -> Iterator[Location]:
    """That company open, in a transaction that is rolled back."""
    company.open_company(good_company)
    with database.transaction() as all_of_it:
        yield good_company
        all_of_it.rollback()
    company.close()


def stock_account() -> str:
    ((account,),) = query("SELECT stock_account FROM inventory_group WHERE code = 'RESALE'")
    return str(account)


def test_a_good_company_passes_every_check(good: Location) -> None:
    told: list[tuple[int, int]] = []

    found = verify(lambda done, of: told.append((done, of)))

    assert [check for check in found.checks if not check.ok or check.detail] == []
    assert found.ok
    assert [check.name for check in found.checks] == [name for name, _ in CHECKS]
    assert told == [(done, len(CHECKS)) for done in range(1, len(CHECKS) + 1)]
    assert [check.name for check in found.checks if check.examined <= 0] == []


def test_examined_counts_the_rows_looked_at(good: Location) -> None:
    examined = {check.name: check.examined for check in verify().checks}

    assert examined["registers_balance"] == count("gl_entry")
    assert examined["register_numbers_without_gaps"] == 16
    assert examined["posted_series_without_gaps_or_twins"] == count("posted_document") == 29
    assert examined["in_process_has_live_worker"] == 1


def count(table: str) -> int:
    return int(query(f"SELECT COUNT(*) FROM {table}")[0][0])


def test_an_empty_company_is_ok(firm: Location) -> None:
    assert [check for check in verify().checks if not check.ok] == []


def test_it_writes_nothing_and_waits_for_no_writer(good_company: Location) -> None:
    company.open_company(good_company)
    before = count("change_log_entry")

    assert verify().ok

    assert count("change_log_entry") == before
    with transaction():
        assert verify().ok


def unguard() -> None:
    """Take the database's own guards off, as only somebody with the file in hands can."""
    if is_postgres():
        execute("SET LOCAL session_replication_role = replica")
    else:
        execute("PRAGMA defer_foreign_keys = on")
        for (name,) in query("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            execute(f"DROP TRIGGER {name}")
    for index in (
        *("posted_document_posting_id_kind", "job_queue_entry_one_per_category", "posted_document_area_kind_no"),
        *("postedcocument_posting_id_kind",),
    ):
        execute(f"DROP INDEX IF EXISTS {index}")


FIRST_INVOICE = "(SELECT MIN(id) FROM posted_document WHERE kind = 'invoice' AND area = 'sales')"
FIRST_SHIPMENT = "(SELECT MIN(id) FROM posted_document WHERE kind = 'shipment')"
PARTLY = "(SELECT id FROM document WHERE no = 'PARTLY')"
OF_INVOICE = f"register_no = (SELECT register_no FROM posted_document WHERE id = {FIRST_INVOICE})"

BREAKS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "a G/L entry a cent too high": (
        "registers_balance",
        ("UPDATE gl_entry SET amount = amount + 1000 WHERE entry_no = (SELECT MAX(entry_no) FROM gl_entry)",),
        ("register 16", "0.01"),
    ),
    "a register gone from the middle": (
        "register_numbers_without_gaps",
        ("DELETE FROM gl_register WHERE no = 5",),
        ("no. 5 is missing",),
    ),
    "the first registers gone": (
        "register_numbers_without_gaps",
        ("DELETE FROM gl_register WHERE no < 4",),
        ("nos. 1 to 3 are missing",),
    ),
    "the last register gone": (
        "register_numbers_without_gaps",
        ("DELETE FROM gl_register WHERE no = 16",),
        ("is no. 15, but 16",),
    ),
    "a VAT entry with another posting's id": (
        "entries_bear_their_register",
        ("UPDATE vat_entry SET posting_id = 'x' WHERE entry_no = (SELECT MIN(entry_no) FROM vat_entry)",),
        ("VAT entry", "another posting id"),
    ),
    "an item ledger entry without its register": (
        "entries_bear_their_register",
        ("UPDATE item_ledger_entry SET register_no = 99 WHERE entry_no = 2",),
        ("Item ledger entry 2", "register 99, which does not exist"),
    ),
    "a customer entry on another account": (
        "customer_ledger_equals_receivables",
        (f"UPDATE party_ledger_entry SET account_no = '9999' WHERE {OF_INVOICE}",),
        ("9999", "customer ledger"),
    ),
    "a vendor entry a cent off in LCY": (
        "vendor_ledger_equals_payables",
        (
            "UPDATE party_ledger_entry SET amount_lcy = amount_lcy + 1000 WHERE entry_no ="
            " (SELECT MIN(entry_no) FROM party_ledger_entry WHERE area = 'purchase')",
        ),
        ("vendor ledger", "-0.01 apart"),
    ),
    "a VAT entry on another account": (
        "vat_entries_equal_vat_accounts",
        (f"UPDATE vat_entry SET account_no = '9999' WHERE {OF_INVOICE}",),
        ("9999", "VAT entries"),
    ),
    "stock on hand one too many": (
        "item_ledger_equals_stock",
        ("UPDATE item_stock SET quantity = quantity + 100000 WHERE item_no = 'I2'",),
        ("Item I2",),
    ),
    "stock gone without a trace": (
        "item_ledger_equals_stock",
        ("DELETE FROM item_stock WHERE item_no = 'I3'",),
        ("Item I3", "7.00", "0.00"),
    ),
    "stock value a cent off": (
        "value_entries_equal_stock_value",
        ("UPDATE item_stock SET value = value + 1000 WHERE item_no = 'I3'",),
        ("Item I3", "24.50", "24.51"),
    ),
    "a value entry on another account": (
        "value_entries_equal_stock_accounts",
        (
            "UPDATE value_entry SET stock_account = '9999' WHERE entry_no ="
            " (SELECT MAX(entry_no) FROM value_entry WHERE line_no > 0)",
        ),
        ("9999", "value entries"),
    ),
    "opening stock on another account": (
        "opening_stock_equals_its_accounts",
        ("UPDATE value_entry SET cost_amount = cost_amount + 5 WHERE document_no = 'OPENING'",),
        ("register 1", "24.50", "24.50005"),
    ),
    "a document posted into the opening register": (
        "opening_stock_equals_its_accounts",
        ("UPDATE vat_entry SET register_no = 1 WHERE entry_no = (SELECT MIN(entry_no) FROM vat_entry)",),
        ("register 1 holds a VAT entry",),
    ),
    "a posted line a cent off": (
        "lines_equal_headers",
        (
            "UPDATE posted_line SET amount = amount + 1000"
            f" WHERE line_no = 10000 AND posted_document_id = {FIRST_INVOICE}",
        ),
        ("Posted Sales Invoice", "amount"),
    ),
    "a posted line gone": (
        "lines_equal_headers",
        (f"DELETE FROM posted_line WHERE posted_document_id = {FIRST_INVOICE}",),
        ("Posted Sales Invoice", "add up to 0.00"),
    ),
    "a header that does not add up": (
        "lines_equal_headers",
        (
            f"UPDATE posted_document SET amount_including_vat = amount_including_vat + 1000 WHERE id = {FIRST_INVOICE}",
            "UPDATE posted_line SET amount_including_vat = amount_including_vat + 1000"
            f" WHERE line_no = 10000 AND posted_document_id = {FIRST_INVOICE}",
        ),
        ("do not make",),
    ),
    "a customer entry gone": (
        "headers_equal_party_ledger",
        (f"DELETE FROM party_ledger_entry WHERE {OF_INVOICE}",),
        ("has no customer or vendor ledger entry",),
    ),
    "a customer entry of another customer": (
        "headers_equal_party_ledger",
        (f"UPDATE party_ledger_entry SET party_no = 'C9' WHERE {OF_INVOICE}",),
        ("another customer",),
    ),
    "a customer entry a cent off": (
        "headers_equal_party_ledger",
        (f"UPDATE party_ledger_entry SET amount = amount + 1000 WHERE {OF_INVOICE}",),
        ("0.01 away",),
    ),
    "two documents' G/L entries mixed": (
        "documents_balance_in_gl",
        (
            "UPDATE gl_entry SET document_no = 'X1' WHERE entry_no = (SELECT MAX(entry_no) FROM gl_entry"
            " WHERE document_kind = 'invoice')",
        ),
        ("Posted Invoice X1", "out of balance"),
    ),
    "G/L entries of a document that does not exist": (
        "documents_balance_in_gl",
        (f"UPDATE gl_entry SET document_no = 'GHOST' WHERE document_kind = 'invoice' AND {OF_INVOICE}",),
        ("GHOST", "did not post"),
    ),
    "a VAT base a cent off": (
        "lines_equal_vat_entries",
        (f"UPDATE vat_entry SET base = base + 1000 WHERE {OF_INVOICE}",),
        ("0.01 apart in base",),
    ),
    "a VAT amount a cent off": (
        "lines_equal_vat_entries",
        (f"UPDATE vat_entry SET amount = amount + 1000 WHERE {OF_INVOICE}",),
        ("0.01 in VAT",),
    ),
    "one of two reverse charge entries gone": (
        "lines_equal_vat_entries",
        ("DELETE FROM vat_entry WHERE type = 'Reverse Charge'",),
        ("reverse charge", "add up to 0.00"),
    ),
    "an item ledger entry one piece off": (
        "lines_equal_item_ledger",
        ("UPDATE item_ledger_entry SET quantity = quantity + 100000 WHERE document_kind = 'shipment'",),
        ("Posted Shipment", "item I1"),
    ),
    "a shipped line that moved nothing": (
        "lines_equal_item_ledger",
        (f"UPDATE posted_line SET quantity = quantity + 100000 WHERE posted_document_id = {FIRST_SHIPMENT}",),
        ("Posted Shipment", "line 10000"),
    ),
    "a value entry a cent off": (
        "lines_equal_value_entries",
        (
            "UPDATE value_entry SET cost_amount = cost_amount + 1000 WHERE entry_no = (SELECT MAX(entry_no)"
            " FROM value_entry WHERE line_no > 0)",
        ),
        ("Posted Return Receipt", "line 20000", "item I2"),
    ),
    "a header without its posting's id": (
        "headers_bear_their_posting",
        (f"UPDATE posted_document SET posting_id = '' WHERE id = {FIRST_INVOICE}",),
        ("Posted Sales Invoice", "no posting id"),
    ),
    "a header with another posting's id": (
        "headers_bear_their_posting",
        (f"UPDATE posted_document SET posting_id = 'x' WHERE id = {FIRST_INVOICE}",),
        ("another posting id than its register",),
    ),
    "two headers of one kind from one posting": (
        "headers_bear_their_posting",
        (
            "UPDATE posted_document SET register_no = 3, posting_id = (SELECT posting_id FROM gl_register WHERE no = 3)"
            " WHERE kind = 'invoice' AND area = 'sales'",
        ),
        ("documents of one kind bear the posting id",),
    ),
    "a posting whose log says Error": (
        "logs_name_their_documents",
        ("UPDATE job_queue_log_entry SET status = 'Error' WHERE entry_no = 3",),
        ("Log entry 3", "is Error"),
    ),
    "a posting whose log names another document": (
        "logs_name_their_documents",
        ("UPDATE job_queue_log_entry SET record_no = 'OTHER' WHERE entry_no = 3",),
        ("Log entry 3", "OTHER instead of"),
    ),
    "a Success that posted nothing": (
        "logs_name_their_documents",
        ("UPDATE job_queue_log_entry SET posting_id = 'lost' WHERE entry_no = 3",),
        ("Log entry 3", "no posted document"),
    ),
    "a posted number missing": (
        "posted_series_without_gaps_or_twins",
        (f"DELETE FROM posted_document WHERE id = {FIRST_INVOICE}",),
        ("is missing between",),
    ),
    "a posted number twice": (
        "posted_series_without_gaps_or_twins",
        (
            f"UPDATE posted_document SET no = (SELECT no FROM posted_document WHERE id = {FIRST_INVOICE})"
            " WHERE kind = 'invoice' AND area = 'sales'",
        ),
        ("was given twice",),
    ),
    "a posted number that the series never gave": (
        "posted_series_without_gaps_or_twins",
        (f"UPDATE posted_document SET no = 'HANDMADE' WHERE id = {FIRST_INVOICE}",),
        ("HANDMADE is posted, but was never given",),
    ),
    "a series that has given more than is posted": (
        "posted_series_without_gaps_or_twins",
        (
            "UPDATE number_series_line SET last_value = last_value + 2 * increment WHERE series_code ="
            f" (SELECT number_series FROM posted_document WHERE id = {FIRST_INVOICE})",
        ),
        ("is missing between",),
    ),
    "a source document back again": (
        "no_source_both_posted_and_there",
        (
            "UPDATE posted_document SET source_type = 'sales-order', source_no = 'OPEN' WHERE kind = 'invoice'"
            f" AND id = {FIRST_INVOICE}",
        ),
        ("Sales Order OPEN was posted in full",),
    ),
    "shipped more than was posted": (
        "orders_equal_posted_lines",
        (
            "UPDATE document_line SET quantity_shipped = 200000 WHERE line_no = 20000"
            " AND document_id = (SELECT id FROM document WHERE no = 'OPEN')",
        ),
        ("Sales Order OPEN, line 20000: 2.00 shipped by the line, 0.00",),
    ),
    "invoiced more than was posted": (
        "orders_equal_posted_lines",
        (
            "UPDATE document_line SET quantity_invoiced = 100000 WHERE line_no = 10000"
            " AND document_id = (SELECT id FROM document WHERE no = 'OPEN')",
        ),
        ("Sales Order OPEN, line 10000: 1.00 invoiced by the line, 0.00",),
    ),
    "a partly shipped order of which less is shipped than was posted": (
        "orders_equal_posted_lines",
        (f"UPDATE document_line SET quantity_shipped = 100000 WHERE document_id = {PARTLY}",),
        ("Sales Order PARTLY, line 10000: 1.00 shipped by the line, 2.00",),
    ),
    "an order that forgot what its goods cost": (
        "orders_equal_posted_costs",
        (f"UPDATE document_line SET goods_value = goods_value + 1000 WHERE document_id = {PARTLY}",),
        ("Sales Order PARTLY, line 10000: goods for", "moved by the line"),
    ),
    "an order that forgot what of it is invoiced": (
        "orders_equal_posted_costs",
        (f"UPDATE document_line SET goods_value_invoiced = 0 WHERE document_id = {PARTLY}",),
        ("Sales Order PARTLY, line 10000: goods for 0.00 invoiced by the line",),
    ),
    "goods received that no order knows of": (
        "received_not_invoiced_equals_orders",
        (
            "UPDATE document_line SET goods_value = 0 WHERE line_no = 10000"
            " AND document_id = (SELECT id FROM document WHERE no = 'RECEIVED')",
        ),
        ("Goods received not invoiced (G/L account 2200) stand at -44.67, the orders' lines at -14.70.",),
    ),
    "an order gone with goods that were never invoiced": (
        "finished_orders_are_invoiced",
        (
            f"DELETE FROM document_line WHERE document_id = {PARTLY}",
            "DELETE FROM document WHERE no = 'PARTLY'",
        ),
        ("Sales Order PARTLY, line 10000: 2.00 was shipped or received, 1.00 invoiced",),
    ),
    "an invoice at another cost than its goods": (
        "finished_orders_are_invoiced",
        (
            "UPDATE posted_line SET cost_amount = cost_amount + 1000"
            f" WHERE line_no = 10000 AND posted_document_id = {FIRST_INVOICE}",
        ),
        ("line 10000: its goods moved for",),
    ),
    "an application one way only": (
        "applications_settle_both_ways",
        ("DELETE FROM party_ledger_application WHERE id = (SELECT MAX(id) FROM party_ledger_application)",),
        ("do not settle each other",),
    ),
    "an application to an entry that is not there": (
        "applications_settle_both_ways",
        (
            "UPDATE party_ledger_application SET entry_no = 99 WHERE id ="
            " (SELECT MAX(id) FROM party_ledger_application)",
        ),
        ("Ledger entry 99",),
    ),
    "more settled than owed": (
        "no_entry_over_settled",
        ("UPDATE party_ledger_application SET amount = amount * 2",),
        ("Customer ledger entry", "of C1"),
    ),
    "a worker that is gone": (
        "in_process_has_live_worker",
        ("UPDATE job_queue_entry SET process_start = '1@gone' WHERE record_no = 'RUNNING'",),
        ("Post RUNNING", "that process is gone"),
    ),
    "a worker of another host without heartbeat": (
        "in_process_has_live_worker",
        ("UPDATE job_queue_entry SET host = 'elsewhere' WHERE record_no = 'RUNNING'",),
        ("Post RUNNING", "elsewhere", "heartbeat"),
    ),
    "a document that says Posting while its entry is Ready": (
        "document_status_agrees_with_entry",
        ("UPDATE document SET job_queue_status = 'Posting' WHERE no = 'QUEUED'",),
        ("Sales Order QUEUED has the Job Queue Status Posting", "is Ready"),
    ),
    "a document in Error without an entry": (
        "document_status_agrees_with_entry",
        ("UPDATE document SET job_queue_status = 'Error' WHERE no = 'OPEN'",),
        ("Sales Order OPEN", "no Job Queue Entry"),
    ),
    "an entry whose document is gone": (
        "document_status_agrees_with_entry",
        ("UPDATE job_queue_entry SET record_id = 999999 WHERE record_no = 'QUEUED'",),
        ("which is not there",),
    ),
    "two entries of a category In Process": (
        "one_in_process_per_category",
        (
            "UPDATE job_queue_entry SET status = 'In Process' WHERE record_no = 'QUEUED'",
            "UPDATE document SET job_queue_status = 'Posting' WHERE no = 'QUEUED'",
        ),
        ("SALESPOST has 2 entries",),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_by_hand_turns_its_check_red(good: Location, name: str) -> None:
    check_name, statements, words = BREAKS[name]
    unguard()
    for statement in statements:
        assert execute(statement).rowcount != 0, "nothing was broken"

    found = verify()

    check = next(check for check in found.checks if check.name == check_name)
    assert not found.ok
    assert not check.ok, [red for red in found.checks if not red.ok]
    for word in words:
        assert word in check.detail


def test_each_check_is_broken_by_some_test() -> None:
    assert {check for check, _, _ in BREAKS.values()} == {name for name, _ in CHECKS}


def test_a_worker_of_another_host_lives_by_its_consumers_heartbeat(good: Location) -> None:
    Consumer.create(
        id="far", host="elsewhere", process_id=1, process_start="1", started_at=clock.now(),
        last_heartbeat=clock.now() - timedelta(seconds=5), workers=2, running_as=USER,
    )  # fmt: skip
    JobQueueEntry.update(host="elsewhere", consumer_id="far").where(JobQueueEntry.record_no == "RUNNING").execute()

    assert verify().ok


def test_an_order_partly_posted_may_stay(good: Location) -> None:
    unguard()
    execute("UPDATE posted_document SET source_type = 'sales-order', source_no = 'OPEN' WHERE id = " + FIRST_INVOICE)
    execute(
        "UPDATE document_line SET quantity = quantity * 2, quantity_invoiced = quantity"
        " WHERE document_id = (SELECT id FROM document WHERE no = 'OPEN')"
    )

    red = {check.name for check in verify().checks if not check.ok}

    assert "no_source_both_posted_and_there" not in red
    assert "orders_equal_posted_lines" not in red


def test_only_the_first_offenders_are_named_and_the_others_counted(good: Location) -> None:
    unguard()
    execute("DELETE FROM gl_entry WHERE document_kind <> 'invoice' AND account_no = ?", (stock_account(),))

    check = next(check for check in verify().checks if check.name == "registers_balance")

    assert check.detail.count("out of balance") == 5
    assert check.detail.endswith("more.")


def test_amounts_beyond_the_database_are_told_not_a_crash(good: Location) -> None:
    unguard()
    execute("UPDATE gl_entry SET amount = 9000000000000000000 WHERE amount > 0")

    found = verify()

    check = next(check for check in found.checks if check.name == "registers_balance")
    assert not check.ok
    assert ("out of balance" if is_postgres() else "does not fit") in check.detail
