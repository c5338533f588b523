"""Documents: numbered, filled in, released, reopened, listed, deleted; and what each state refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from postroom.core import clock, documents, setups
from postroom.core.company import current_user
from postroom.core.database import Location, transaction
from postroom.core.errors import NotFound, NotPermitted, Problem, Refused, UsageError, problems_to_json
from postroom.core.kinds import Area, DocumentStatus, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.posting import post, source
from postroom.core.tables.setup import ChangeLogEntry, Charge, Currency, ExchangeRate, NumberSeries, UserSetup
from postroom.core.tables.trade import Document, DocumentLine, Item, Party, UsedDocumentNo
from postroom.core.tables.work import JobQueueEntry

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def trade(firm: Location) -> Location:
    """The open company with a customer, vendors, two items and a charge, on 2026-11-20."""
    clock.start_at(NOON)
    for area, no, name, business, days in (
        (Area.SALES, "C1", "Harbour Stores", "HOME", 30),
        (Area.PURCHASE, "V1", "Mill & Sons", "HOME", 14),
        (Area.PURCHASE, "V2", "Union Mill", "UNION", 0),
    ):
        Party.create(
            area=area,
            no=no,
            name=name,
            payment_days=days,
            general_business_group=business,
            vat_business_group=business,
            posting_group=business,
        )
    goods = {"general_product_group": "RESALE", "vat_product_group": "VAT25", "inventory_group": "RESALE"}
    Item.create(no="I1", description="Lamp", unit_price="100", unit_cost="60", **goods)
    Item.create(no="I2", description="Shade", unit_price="9.95", unit_cost="4", **goods)
    Charge.create(no="FREIGHT", description="Freight", account_no="6400", vat_product_group="VAT25")
    return firm


def make(type: str = "sales-invoice", lines: list[dict[str, str]] | None = None, **fields: str) -> int:
    """A document with its party and, unless told, one lamp; returns its id."""
    fields.setdefault("party_no", "C1" if type.startswith("sales") else "V1")
    document = documents.new(type, fields, user="ann")
    for line in [{"no": "I1", "quantity": "1"}] if lines is None else lines:
        documents.set_line(document.id, None, line, user="ann")
    return document.id


def queue(document_id: int, status: EntryStatus, errors: str = "") -> None:
    """Put a document in the job queue as a command would."""
    JobQueueEntry.create(
        id=f"e{document_id}",
        user_id="bob",
        job="post-document",
        record_id=document_id,
        status=status,
        batch_no=7,
        errors=errors,
        created_at=clock.now(),
    )
    Document.update(job_queue_status=status.document_status, status=DocumentStatus.RELEASED).where(
        Document.id == document_id
    ).execute()


def refusal(code: str) -> object:
    return pytest.raises((Refused, UsageError), check=lambda error: error.problems[0].code == code)


def test_numbers_are_drawn_from_the_series_of_each_type(trade: Location) -> None:
    made = [documents.new(kind, user="ann").no for kind in DocumentType]
    assert made == [
        "S-ORD1001",
        "S-RET1001",
        "S-INV1001",
        "S-CR1001",
        "P-ORD1001",
        "P-RET1001",
        "P-INV1001",
        "P-CR1001",
    ]
    assert documents.new("sales-invoice", user="ann").no == "S-INV1002"
    assert UsedDocumentNo.select().count() == 9


def test_a_typed_number_is_taken_once_and_passed_over_by_the_series(trade: Location) -> None:
    documents.new("sales-invoice", user="ann", no="S-INV1001")
    assert documents.new("sales-invoice", user="ann").no == "S-INV1002"
    with refusal("document_no_used"):
        documents.new("sales-invoice", user="ann", no="S-INV1001")
    assert documents.new("sales-order", user="ann", no="S-INV1001").no == "S-INV1001"


def test_a_deleted_documents_number_is_not_given_again(trade: Location) -> None:
    made = documents.new("sales-invoice", user="ann", no="MINE")
    documents.delete(made.id, user="ann")
    with refusal("document_no_used"):
        documents.new("sales-invoice", user="ann", no="MINE")
    assert [(row.action, row.record) for row in ChangeLogEntry.select()] == [("Delete", "MINE")]


def test_a_series_without_manual_numbers_takes_none(trade: Location) -> None:
    NumberSeries.update(manual_nos=False).where(NumberSeries.code == "S-INV").execute()
    with refusal("manual_no_not_allowed"):
        documents.new("sales-invoice", user="ann", no="MINE")


def test_no_series_is_named_as_the_reason(trade: Location) -> None:
    setups.change({"sales.invoice_nos": ""}, user=current_user())
    with refusal("number_series_missing"):
        documents.new("sales-invoice", user="ann")
    assert not Document.select().exists()


def test_the_party_brings_name_and_due_date(trade: Location) -> None:
    view = documents.new("sales-invoice", {"party_no": "C1"}, user="ann")
    assert (view.party_name, view.posting_date, view.document_date) == (
        "Harbour Stores",
        date(2026, 11, 20),
        date(2026, 11, 20),
    )
    assert view.due_date == date(2026, 12, 20)
    assert view.status is DocumentStatus.OPEN


def test_the_work_date_is_the_companys_not_utcs(trade: Location) -> None:
    clock.start_at(datetime(2026, 11, 20, 23, 30, tzinfo=UTC))
    assert documents.new("sales-invoice", user="ann").posting_date == date(2026, 11, 21)


def test_default_posting_date_may_be_none(trade: Location) -> None:
    setups.change({"sales.default_posting_date": "No Date"}, user=current_user())
    view = documents.new("sales-invoice", {"party_no": "C1"}, user="ann")
    assert (view.posting_date, view.document_date, view.due_date) == (None, None, None)


def test_dates_follow_the_posting_date_until_they_are_typed(trade: Location) -> None:
    made = documents.new("sales-invoice", {"party_no": "C1"}, user="ann")
    view = documents.set_fields(made.id, {"posting_date": "2026-11-01"}, user="ann")
    assert (view.document_date, view.due_date) == (date(2026, 11, 1), date(2026, 12, 1))
    documents.set_fields(made.id, {"due_date": "2026-11-15"}, user="ann")
    view = documents.set_fields(made.id, {"posting_date": "2026-11-02"}, user="ann")
    assert (view.document_date, view.due_date) == (date(2026, 11, 2), date(2026, 11, 15))


def test_a_currency_takes_the_rate_of_the_posting_date(trade: Location) -> None:
    Currency.create(code="USD")
    with refusal("currency_invalid"):
        documents.new("sales-invoice", {"party_no": "C1", "currency_code": "USD"}, user="ann")
    ExchangeRate.create(currency_code="USD", starting_date=date(2026, 1, 1), factor="0.9")
    ExchangeRate.create(currency_code="USD", starting_date=date(2026, 11, 1), factor="0.8123456789")
    made = documents.new("sales-invoice", {"party_no": "C1", "currency_code": "USD"}, user="ann")
    assert documents.find(made.no).currency_factor == Decimal("0.8123456789")
    documents.set_fields(made.id, {"posting_date": "2026-10-01"}, user="ann")
    assert documents.find(made.no).currency_factor == Decimal("0.9")
    documents.set_fields(made.id, {"currency_factor": "0.95"}, user="ann")
    documents.set_fields(made.id, {"posting_date": "2026-11-02"}, user="ann")
    assert documents.find(made.no).currency_factor == Decimal("0.95")
    documents.set_fields(made.id, {"currency_code": "EUR"}, user="ann")
    assert (documents.find(made.no).currency_code, documents.find(made.no).currency_factor) == ("", 1)
    with refusal("currency_invalid"):
        documents.set_fields(made.id, {"currency_code": "UDS"}, user="ann")


def test_lines_bring_what_their_record_knows_and_totals_follow(trade: Location) -> None:
    lines = [
        {"no": "I1", "quantity": "3"},
        {"type": "charge", "no": "FREIGHT", "quantity": "1", "unit_price": "12.50"},
        {"type": "gl_account", "no": "8100", "quantity": "1", "unit_price": "10", "vat_group": "VAT10"},
        {"type": "comment", "description": "with thanks"},
    ]
    shown = documents.show(make(lines=lines))
    assert [
        (line.line_no, line.description, line.unit_price, line.vat_group, line.vat_rate) for line in shown.lines
    ] == [
        (10000, "Lamp", Decimal(100), "VAT25", Decimal(25)),
        (20000, "Freight", Decimal("12.5"), "VAT25", Decimal(25)),
        (30000, "Rent", Decimal(10), "VAT10", Decimal(10)),
        (40000, "with thanks", Decimal(0), "", Decimal(0)),
    ]
    assert (shown.view.amount, shown.view.vat_amount, shown.view.amount_including_vat) == (
        Decimal("322.50"),
        Decimal("79.13"),
        Decimal("401.63"),
    )
    assert sum(line.amount for line in shown.lines) == shown.view.amount


def test_a_purchase_line_takes_the_cost_and_prices_including_vat_contain_it(trade: Location) -> None:
    assert documents.show(make("purchase-invoice")).lines[0].unit_price == 60
    with_vat = documents.show(make(prices_including_vat="true"))
    assert with_vat.lines[0].unit_price == 125
    assert (with_vat.view.amount, with_vat.view.amount_including_vat) == (100, 125)


def test_a_price_is_in_the_documents_currency(trade: Location) -> None:
    Currency.create(code="USD", unit_amount_rounding_precision="0.01")
    shown = documents.show(make(currency_code="USD", currency_factor="0.9"))
    assert shown.lines[0].unit_price == Decimal("111.11")


def test_a_line_is_changed_and_deleted_and_typed_values_stay(trade: Location) -> None:
    made = make()
    documents.set_line(made, 10000, {"unit_price": "80", "line_discount_percent": "10"}, user="ann")
    shown = documents.set_line(made, 10000, {"quantity": "2"}, user="ann")
    assert (shown.lines[0].unit_price, shown.view.amount) == (80, 144)
    shown = documents.set_line(made, 10000, {"no": "I2"}, user="ann")
    assert (shown.lines[0].description, shown.lines[0].unit_price) == ("Shade", Decimal("9.95"))
    assert documents.set_line(made, 10000, user="ann", delete=True).view.amount == 0
    with refusal("line_unknown"):
        documents.set_line(made, 10000, user="ann", delete=True)


def test_a_document_that_goes_between_two_reads_is_told_as_gone(
    trade: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = documents.new(DocumentType.SALES_INVOICE, {"party_no": "C1"}, user=current_user()).id
    read = source.read

    def read_and_lose(document_id: int) -> source.Source:
        found = read(document_id)
        documents.delete(document_id, user=current_user())
        return found

    monkeypatch.setattr(source, "read", read_and_lose)
    with pytest.raises(NotFound) as refused:
        documents.show(id_)
    assert refused.value.problems[0].code == "document_gone"


def test_every_change_raises_the_version(trade: Location) -> None:
    made = make(lines=[])
    seen = [Document.get_by_id(made).version]
    for act in (
        lambda: documents.set_fields(made, {"external_document_no": "X"}, user="ann"),
        lambda: documents.set_line(made, None, {"no": "I1", "quantity": "1"}, user="ann"),
        lambda: documents.set_line(made, 10000, user="ann", delete=True),
    ):
        act()
        seen.append(Document.get_by_id(made).version)
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("act", ["field", "line", "reopen"])
def test_a_posting_computed_before_a_change_does_not_write_after_it(trade: Location, act: str) -> None:
    made = make()
    documents.release(made, user="ann")
    plan = post.prepare(made, user="ann", posting_id="p1")
    documents.reopen(made, user="ann")
    if act == "field":
        documents.set_fields(made, {"external_document_no": "X"}, user="ann")
    elif act == "line":
        documents.set_line(made, 10000, {"quantity": "2"}, user="ann")
    with pytest.raises(Refused), transaction():
        post.write(plan)
    assert documents.find("S-INV1001").id == made


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("party", "C1", "unknown_field"),
        ("no", "X", "unknown_field"),
        ("status", "Released", "unknown_field"),
        ("job_queue_status", "Posting", "unknown_field"),
        ("posting_date", "31.12.2026", "bad_value"),
        ("party_no", "C2", "party_unknown"),
        ("party_no", "C" * 21, "bad_value"),
        ("external_document_no", "x" * 36, "bad_value"),
        ("vendor_document_no", "V", "unknown_field"),
        ("ship", "false", "orders_only"),
        ("invoice_discount_amount", "1,5", "bad_value"),
        ("currency_factor", "0", "bad_value"),
        ("prices_including_vat", "2", "bad_value"),
        ("party_name", "a\0b", "bad_value"),
    ],
)
def test_a_bad_header_field_is_named_and_nothing_changes(trade: Location, field: str, value: str, code: str) -> None:
    made = make()
    before = documents.show(made)
    with pytest.raises(UsageError) as raised:
        documents.set_fields(
            made, {"external_document_no": "NEW", field: value} if field[0] != "e" else {field: value}, user="ann"
        )
    problem = raised.value.problems[0]
    assert (problem.code, problem.field, problem.value) == (code, field, value)
    assert documents.show(made) == before


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("kind", "item", "unknown_field"),
        ("type", "resource", "bad_value"),
        ("no", "I9", "no_unknown"),
        ("quantity", "1e3", "bad_value"),
        ("quantity", "NaN", "bad_value"),
        ("price_per_quantity", "0", "bad_value"),
        ("line_discount_percent", "101", "bad_value"),
        ("vat_group", "VAT99", "vat_group_unknown"),
        ("qty_to_ship", "0", "orders_only"),
    ],
)
def test_a_bad_line_field_is_named_with_its_line(trade: Location, field: str, value: str, code: str) -> None:
    made = make()
    with pytest.raises(UsageError) as raised:
        documents.set_line(made, 10000, {field: value}, user="ann")
    problem = raised.value.problems[0]
    assert (problem.code, problem.record, problem.line, problem.field) == (
        code,
        "Sales Invoice S-INV1001",
        10000,
        field,
    )


def test_an_unknown_field_is_answered_with_the_fields(trade: Location) -> None:
    with pytest.raises(UsageError) as raised:
        documents.new("sales-invoice", {"customer": "C1"}, user="ann")
    assert "party_no" in raised.value.problems[0].hint


def test_an_order_says_what_to_ship_and_invoice(trade: Location) -> None:
    made = make("sales-order", ship="1", invoice="0")
    shown = documents.set_line(made, 10000, {"quantity": "5", "qty_to_ship": "3", "qty_to_invoice": ""}, user="ann")
    assert (shown.view.ship, shown.view.invoice, shown.lines[0].qty_to_ship, shown.lines[0].qty_to_invoice) == (
        True,
        False,
        3,
        3,
    )
    for wanted in ("6", "-1"):
        with refusal("quantity_invalid"):
            documents.set_line(made, 10000, {"qty_to_ship": wanted}, user="ann")


def test_release_names_everything_that_is_missing(trade: Location) -> None:
    made = documents.new("purchase-order", user="ann")
    documents.set_line(made.id, None, {"type": "comment", "description": "hello"}, user="ann")
    documents.set_line(made.id, None, {"no": "I1"}, user="ann")
    with pytest.raises(Refused) as raised:
        documents.release(made.id, user="ann")
    assert [problem.code for problem in raised.value.problems] == ["party_missing", "nothing_to_release"]
    assert "vendor" in raised.value.problems[0].message


def test_a_released_document_takes_dates_and_outside_numbers_only(trade: Location) -> None:
    made = make("purchase-invoice")
    assert documents.release(made, user="ann").status is DocumentStatus.RELEASED
    assert documents.release(made, user="ann").status is DocumentStatus.RELEASED
    view = documents.set_fields(made, {"posting_date": "2026-11-19", "vendor_document_no": "V-9"}, user="ann")
    assert (view.status, view.vendor_document_no) == (DocumentStatus.RELEASED, "V-9")
    with refusal("document_released"):
        documents.set_fields(made, {"party_no": "V2"}, user="ann")
    with refusal("document_released"):
        documents.set_line(made, None, {"no": "I1"}, user="ann")
    assert documents.reopen(made, user="ann").status is DocumentStatus.OPEN
    documents.set_fields(made, {"party_no": "V2"}, user="ann")


def test_the_invoice_discount_is_computed_at_release_where_the_setup_says(trade: Location) -> None:
    Party.update(invoice_discount_percent="5").where(Party.no == "C1").execute()
    plain = make()
    documents.release(plain, user="ann")
    assert documents.show(plain).view.amount == 100
    setups.change({"sales.calc_inv_discount": "true"}, user=current_user())
    discounted = make(lines=[{"no": "I2", "quantity": "3"}])
    documents.release(discounted, user="ann")
    shown = documents.show(discounted)
    assert (shown.invoice_discount_amount, shown.view.amount) == (Decimal("1.49"), Decimal("28.36"))


@pytest.mark.parametrize("status", [EntryStatus.READY, EntryStatus.ON_HOLD, EntryStatus.IN_PROCESS])
def test_a_document_in_the_queue_cannot_be_touched(trade: Location, status: EntryStatus) -> None:
    made = make()
    queue(made, status)
    before = documents.show(made)
    for act in (
        lambda: documents.set_fields(made, {"external_document_no": "X"}, user="ann"),
        lambda: documents.set_line(made, 10000, {"quantity": "2"}, user="ann"),
        lambda: documents.release(made, user="ann"),
        lambda: documents.reopen(made, user="ann"),
        lambda: documents.delete(made, user="ann"),
    ):
        with pytest.raises(Refused, match="bob"):
            act()
    assert documents.show(made) == before


def test_a_document_in_error_can_be_mended_and_deleted_with_its_entry(trade: Location) -> None:
    made = make()
    queue(made, EntryStatus.ERROR, problems_to_json([Problem("party_blocked", "Customer C1 is blocked.")]))
    view = documents.reopen(made, user="ann")
    assert (view.job_queue_status, view.job_queue_entry_id, view.batch_no) == (JobQueueStatus.ERROR, f"e{made}", 7)
    assert view.errors[0].code == "party_blocked"
    documents.set_fields(made, {"external_document_no": "X"}, user="ann")
    documents.delete(made, user="ann")
    assert not JobQueueEntry.select().exists()
    assert not Document.select().exists()
    assert not DocumentLine.select().exists()


def test_an_order_shipped_and_not_invoiced_is_not_deleted(trade: Location) -> None:
    made = make("sales-order")
    DocumentLine.update(quantity_shipped=1).execute()
    with refusal("moved_not_invoiced"):
        documents.delete(made, user="ann")
    with refusal("moved_not_invoiced"):
        documents.set_line(made, 10000, user="ann", delete=True)
    with refusal("quantity_invalid"):
        documents.set_line(made, 10000, {"quantity": "0.5"}, user="ann")
    with refusal("line_moved"):
        documents.set_line(made, 10000, {"no": "I2"}, user="ann")
    DocumentLine.update(quantity_invoiced=1).execute()
    documents.delete(made, user="ann")


def test_party_and_currency_stay_once_goods_have_moved(trade: Location) -> None:
    made = make("purchase-order")
    DocumentLine.update(quantity_shipped=1).execute()
    for changes in ({"party_no": "V2"}, {"prices_including_vat": "true"}):
        with refusal("document_moved"):
            documents.set_fields(made, changes, user="ann")
    documents.set_fields(made, {"party_no": "V1", "party_name": "Mill"}, user="ann")


def test_a_total_too_large_to_keep_is_refused(trade: Location) -> None:
    made = make()
    with refusal("amount_too_large"):
        documents.set_line(made, 10000, {"quantity": "9" * 12, "unit_price": "9" * 12}, user="ann")
    assert documents.show(made).view.amount == 100
    Item.update(unit_price="9" * 12).execute()
    Currency.create(code="XXS")
    with refusal("amount_too_large"):
        make(currency_code="XXS", currency_factor="0.0000000001")


def test_the_last_day_of_the_calendar_has_a_due_date(trade: Location) -> None:
    view = documents.new("sales-invoice", {"party_no": "C1", "posting_date": "9999-12-31"}, user="ann")
    assert view.due_date == date(9999, 12, 31)


@pytest.mark.parametrize("no", ["", "\0", "\udcff", "x" * 500, "[/x]", "\x1b[31m"])
def test_a_number_that_cannot_be_one_is_not_found(firm: Location, no: str) -> None:
    with pytest.raises(NotFound):
        documents.find(no)


def test_a_document_is_found_by_its_number_and_its_type_where_that_is_needed(trade: Location) -> None:
    documents.new("sales-order", user="ann", no="A1")
    documents.new("sales-invoice", user="ann", no="A1")
    assert documents.find("A1", "sales-order").type is DocumentType.SALES_ORDER
    with refusal("document_ambiguous"):
        documents.find("A1")
    with pytest.raises(NotFound):
        documents.find("A2")
    with pytest.raises(NotFound):
        documents.find("A1", "purchase-order")
    with refusal("bad_value"):
        documents.find("A1", "sales")


def test_a_list_is_filtered_by_any_column_and_by_words(trade: Location) -> None:
    first, second = make(), make("purchase-order")
    queue(second, EntryStatus.READY)

    def found(filter: str) -> list[int]:
        return [view.id for view in documents.list_documents(filter)]

    assert found("") == [first, second]
    assert found("type=purchase*") == [second]
    assert found("party_no=C*|X") == [first]
    assert found("amount=60..99") == [second]
    assert found("posting_date=2026-11-20") == [first, second]
    assert found("job_queue_status='Scheduled for Posting'") == [second]
    assert found("job_queue_status=''") == [first]
    assert found("batch_no=7") == [second]
    assert found("harbour") == [first]
    assert found("harbour mill") == []
    with pytest.raises(UsageError):
        documents.list_documents("colour=red")


def test_the_list_is_one_statement_however_many_documents(trade: Location, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        queue(make(), EntryStatus.READY)
    with caplog.at_level("DEBUG", logger="peewee"):
        assert len(documents.list_documents()) == 3
    assert len([entry for entry in caplog.records if "SELECT" in entry.getMessage()]) == 1


def test_changing_documents_needs_post(trade: Location) -> None:
    made = make()
    UserSetup.create(user_id="eve", may_post=False)
    for act in (
        lambda: documents.new("sales-invoice", user="eve"),
        lambda: documents.set_fields(made, {}, user="eve"),
        lambda: documents.set_line(made, None, {}, user="eve"),
        lambda: documents.release(made, user="eve"),
        lambda: documents.reopen(made, user="eve"),
        lambda: documents.delete(made, user="eve"),
    ):
        with pytest.raises(NotPermitted, match="permission set Post"):
            act()


def test_a_document_gone_meanwhile_is_said_to_be_gone(trade: Location) -> None:
    made = make()
    documents.delete(made, user="ann")
    with pytest.raises(NotFound, match="no longer there"):
        documents.set_fields(made, {}, user="ann")


def test_a_new_precision_recomputes_the_amounts_kept(trade: Location) -> None:
    made = make(lines=[{"no": "I1", "quantity": "1", "unit_price": "0.125"}])
    assert documents.show(made).view.amount == Decimal("0.13")
    setups.change({"ledger.amount_rounding_precision": "0.001"}, user=current_user())
    assert documents.show(made).view.amount == Decimal("0.125")


def test_a_due_date_of_long_terms_is_counted_in_days(trade: Location) -> None:
    Party.update(payment_days=365).where(Party.no == "C1").execute()
    view = documents.new("sales-invoice", {"party_no": "C1"}, user="ann")
    assert view.due_date == date(2026, 11, 20) + timedelta(days=365)
