"""Master records: listed, changed, checked against the setup they name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from postroom.core import documents, masters, numbering
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted, Refused, UsageError
from postroom.core.kinds import Area, Blocked
from postroom.core.tables.setup import ChangeLogEntry, Company, GlAccount
from postroom.core.tables.trade import Item, ItemStock, Party


def me() -> str:
    return current_user()


def version() -> int:
    return Company.get_by_id(1).setup_version


def set_new(kind: str, no: str, **changes: str) -> masters.records.Row:
    return masters.set_record(kind, no, changes, user=me(), create=True)


def refusal(code: str) -> object:
    return pytest.raises((Refused, UsageError), check=lambda error: error.problems[0].code == code)


HOME = {"general_business_group": "HOME", "vat_business_group": "HOME", "posting_group": "HOME"}
GOODS = {"general_product_group": "RESALE", "vat_product_group": "VAT25", "inventory_group": "RESALE"}


@pytest.mark.parametrize("kind", masters.KINDS)
def test_every_kind_can_be_listed_and_what_is_listed_typed_again(firm: Location, kind: str) -> None:
    set_new("customer", "C1", **HOME)
    set_new("vendor", "V1", **HOME)
    set_new("item", "I1", **GOODS)
    set_new("charge", "FREIGHT", account_no="6400", vat_product_group="VAT25")
    set_new("currency", "USD", description="Dollar")
    set_new("exchange-rate", "USD x 2026-01-01", factor="0.9")
    rows = masters.list_records(kind)
    assert rows
    before = ChangeLogEntry.select().count()
    chosen = masters.KINDS[kind]
    for row in rows:
        key = " x ".join(str(row[name]) for name in chosen.key if row[name] is not None)
        typed = {field.name: "" if row[field.name] is None else str(row[field.name]) for field in chosen.fields}
        assert masters.set_record(kind, key, typed, user=me()) == {
            name: value for name, value in row.items() if name not in ("last_value", "last_date_used")
        }
    assert ChangeLogEntry.select().count() == before


def test_a_change_is_stored_and_logged_field_by_field(firm: Location) -> None:
    set_new("customer", "C1", name="Harbour Stores", **HOME)
    row = masters.set_record("customer", "C1", {"blocked": "all", "payment_days": "30"}, user=me())
    assert (row["blocked"], row["payment_days"]) == (Blocked.ALL, 30)
    party = Party.get(Party.area == Area.SALES, Party.no == "C1")
    assert (party.blocked, party.payment_days, party.name) == (Blocked.ALL, 30, "Harbour Stores")
    logged = [
        (entry.action, entry.kind, entry.record, entry.field, entry.old_value, entry.new_value)
        for entry in ChangeLogEntry.select().order_by(ChangeLogEntry.entry_no)
    ]
    assert logged[0] == ("Insert", "Customer", "C1", "", "", "")
    assert logged[-2:] == [
        ("Modify", "Customer", "C1", "Payment Days", "0", "30"),
        ("Modify", "Customer", "C1", "Blocked", "", "All"),
    ]


def test_a_customer_and_a_vendor_may_bear_the_same_number(firm: Location) -> None:
    set_new("customer", "X1", name="buys")
    set_new("vendor", "X1", name="sells")
    assert masters.list_records("customer")[0]["name"] == "buys"
    masters.set_record("vendor", "X1", {"name": "sells more"}, user=me())
    assert masters.list_records("customer")[0]["name"] == "buys"


def test_an_unknown_record_is_not_made_by_a_slip(firm: Location) -> None:
    set_new("customer", "C0001")
    with pytest.raises(NotFound) as raised:
        masters.set_record("customer", "C0O01", {"blocked": "All"}, user=me())
    hint = raised.value.problems[0].hint
    assert hint == "Did you mean C0001? `postroom customer set C0O01 --new` makes it."
    assert Party.select().count() == 1


def test_of_many_records_the_nearest_five_are_offered_and_the_missing_one_is_named_once(sqlite_firm: Location) -> None:
    for number in range(20):
        set_new("customer", f"C{number:04}")
    with pytest.raises(NotFound) as raised:
        masters.set_record("customer", "XYZ", {}, user=me())
    assert str(raised.value) == (
        "Customer XYZ does not exist. Choose a Customer, such as C0015, C0016, C0017, C0018, C0019 (20 in all)."
        " `postroom customer set XYZ --new` makes it."
    )


@pytest.mark.parametrize(
    ("kind", "field", "value", "code"),
    [
        ("customer", "colour", "red", "unknown_field"),
        ("customer", "blocked", "Sometimes", "bad_value"),
        ("customer", "posting_group", "HOMER", "bad_value"),
        ("customer", "general_business_group", "HOMER", "bad_value"),
        ("customer", "currency_code", "XYZ", "bad_value"),
        ("customer", "payment_days", "-1", "bad_value"),
        ("customer", "payment_days", "1.5", "bad_value"),
        ("customer", "invoice_discount_percent", "101", "bad_value"),
        ("customer", "name", "a\0b", "bad_value"),
        ("item", "unit_price", "1,5", "bad_value"),
        ("item", "unit_price", "1" * 30, "bad_value"),
        ("item", "inventory_group", "RESLE", "bad_value"),
        ("item", "prevent_negative", "maybe", "bad_value"),
        ("item", "blocked", "Ship", "bad_value"),
        ("charge", "account_no", "9999", "bad_value"),
        ("charge", "account_no", "1000", "account_not_posting"),
        ("gl-account", "type", "Sum", "bad_value"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_written(
    firm: Location, kind: str, field: str, value: str, code: str
) -> None:
    set_new(kind, "X1")
    before = masters.list_records(kind)
    with refusal(code):
        masters.set_record(kind, "X1", {field: value}, user=me())
    assert masters.list_records(kind) == before


def test_blocked_items_are_typed_as_all_and_blank_or_true_and_false(firm: Location) -> None:
    set_new("item", "I1")
    for typed, blocked in (("All", True), ("", False), ("true", True), ("no", False)):
        assert masters.set_record("item", "I1", {"blocked": typed}, user=me())["blocked"] is blocked


def test_items_show_their_stock(firm: Location) -> None:
    set_new("item", "I1")
    set_new("item", "I2")
    ItemStock.create(item_no="I2", quantity="7", value="70.50", last_cost="10")
    rows = masters.list_records("item")
    assert [(row["no"], row["stock_on_hand"], row["stock_value"]) for row in rows] == [
        ("I1", 0, 0),
        ("I2", 7, Decimal("70.5")),
    ]
    assert [row["no"] for row in masters.list_records("item", "stock_on_hand=0")] == ["I1"]
    assert [row["no"] for row in masters.list_records("item", "no=I* stock_value>10")] == ["I2"]


def test_lists_are_filtered_and_an_unknown_field_is_refused(firm: Location) -> None:
    set_new("customer", "C1", name="Harbour Stores", city="Ribe")
    set_new("customer", "C2", name="Mill")
    assert [row["no"] for row in masters.list_records("customer", "harbour")] == ["C1"]
    assert [row["no"] for row in masters.list_records("customer", "city=''")] == ["C2"]
    with pytest.raises(UsageError):
        masters.list_records("customer", "stock_on_hand=1")
    with refusal("bad_value"):
        masters.list_records("costumer")


@pytest.mark.parametrize("account_no", ["1300", "2100", "1200", "2200", "2300", "2310", "2320"])
def test_direct_posting_is_refused_where_a_setup_names_the_account(firm: Location, account_no: str) -> None:
    with pytest.raises(Refused) as raised:
        masters.set_record("gl-account", account_no, {"direct_posting": "true"}, user=me())
    problem = raised.value.problems[0]
    assert (problem.code, problem.field) == ("direct_posting_not_allowed", "direct_posting")
    assert "Setup" in problem.message or "Posting Group" in problem.message
    assert not GlAccount.get_by_id(account_no).direct_posting
    with refusal("account_in_use"):
        masters.set_record("gl-account", account_no, {"type": "Heading"}, user=me())


def test_an_account_that_allows_direct_posting_is_not_made_a_receivables_account(firm: Location) -> None:
    with refusal("direct_posting_not_allowed"):
        masters.set_record("customer-posting-group", "HOME", {"account_no": "8100"}, user=me())
    masters.set_record("gl-account", "8100", {"direct_posting": "false"}, user=me())
    masters.set_record("customer-posting-group", "HOME", {"account_no": "8100"}, user=me())
    with refusal("direct_posting_not_allowed"):
        masters.set_record("gl-account", "8100", {"direct_posting": "true"}, user=me())


def test_setup_needs_setup_and_trade_needs_post(firm: Location) -> None:
    masters.set_record("customer", "C1", {}, user="ann", create=True)
    masters.set_record("item", "I1", {}, user="ann", create=True)
    for kind, no in (("gl-account", "8100"), ("charge", "X"), ("vat-product-group", "VAT25")):
        with pytest.raises(NotPermitted):
            masters.set_record(kind, no, {}, user="ann", create=True)


def test_what_postings_remember_raises_the_setup_version_and_parties_do_not(firm: Location) -> None:
    before = version()
    set_new("customer", "C1")
    set_new("item", "I1")
    assert version() == before
    set_new("charge", "FREIGHT", account_no="6400")
    assert version() == before + 1
    masters.set_record("charge", "FREIGHT", {"account_no": "6400"}, user=me())
    assert version() == before + 1


def test_a_new_pair_needs_its_groups(firm: Location) -> None:
    with refusal("bad_value"):
        set_new("vat-posting-setup", "HOME x VAT99", rate="99")
    set_new("vat-product-group", "VAT99")
    row = set_new("vat-posting-setup", "HOME x VAT99", rate="19.5", sales_vat_account="2300")
    assert (row["business_group"], row["product_group"], row["rate"]) == ("HOME", "VAT99", Decimal("19.5"))
    with refusal("bad_value"):
        set_new("vat-posting-setup", "HOME", rate="1")


def test_a_changed_vat_rate_recomputes_the_amounts_kept_on_documents(firm: Location) -> None:
    set_new("customer", "C1", **HOME)
    set_new("item", "I1", unit_price="100", **GOODS)
    made = documents.new("sales-invoice", {"party_no": "C1"}, user=me())
    documents.set_line(made.id, None, {"no": "I1", "quantity": "1"}, user=me())
    masters.set_record("vat-posting-setup", "HOME x VAT25", {"rate": "24"}, user=me())
    (view,) = documents.list_documents()
    assert view.amount_including_vat == 124
    masters.set_record("customer", "C1", {"vat_business_group": "ABROAD"}, user=me())
    (view,) = documents.list_documents()
    assert view.amount_including_vat == 100


def test_a_series_gets_a_new_line_and_keeps_its_start_once_it_was_used(firm: Location) -> None:
    row = set_new("number-series-line", "S-INV x 2026-07-01", starting_no="SI-0501", ending_no="SI-0502")
    assert row["ending_no"] == "SI-0502"
    masters.set_record("number-series-line", "S-INV x 2026-07-01", {"starting_no": "SI-0500"}, user=me())
    assert numbering.draw("S-INV", date(2026, 7, 2)) == "SI-0500"
    assert numbering.draw("S-INV", date(2026, 6, 30)) == "S-INV1001"
    with refusal("series_in_use"):
        masters.set_record("number-series-line", "S-INV x 2026-07-01", {"starting_no": "SI-0100"}, user=me())
    masters.set_record("number-series-line", "S-INV x 2026-07-01", {"ending_no": "SI-0999"}, user=me())
    assert numbering.draw("S-INV", date(2026, 7, 2)) == "SI-0501"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"starting_no": "ABC"},
        {"starting_no": "A1", "ending_no": "B9"},
        {"starting_no": "A5", "ending_no": "A4"},
        {"starting_no": "A5", "ending_no": "A9", "warning_no": "A10"},
        {"starting_no": "A5", "warning_no": "A4"},
        {"starting_no": "A5", "increment": "0"},
        {"starting_no": "A99999999999"},
    ],
)
def test_a_series_line_that_cannot_count_is_refused(firm: Location, changes: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        set_new("number-series-line", "S-INV x 2026-07-01", **changes)
    assert Item.select().count() == 0
    assert not [row for row in masters.list_records("number-series-line") if row["starting_date"]]


def test_a_line_for_an_unknown_series_is_refused(firm: Location) -> None:
    with refusal("bad_value"):
        set_new("number-series-line", "NOSUCH", starting_no="A1")


def test_stock_stays_on_the_account_it_stands_on(firm: Location) -> None:
    set_new("item", "I1", **GOODS)
    ItemStock.create(item_no="I1", quantity="7", value="70.50", last_cost="10")
    with refusal("item_has_stock"):
        masters.set_record("item", "I1", {"inventory_group": "RAW"}, user=me())
    with refusal("item_has_stock"):
        masters.set_record("inventory-group", "RESALE", {"stock_account": "1210"}, user=me())
    ItemStock.update(quantity=0, value=0).execute()
    masters.set_record("item", "I1", {"inventory_group": "RAW"}, user=me())
    masters.set_record("inventory-group", "RESALE", {"stock_account": "1210"}, user=me())


def test_a_new_record_is_one_that_is_not_there_yet(firm: Location) -> None:
    assert masters.new_record("currency", "CHF", {"description": "Swiss franc"}, user=me())["code"] == "CHF"
    with refusal("record_exists"):
        masters.new_record("currency", "CHF", {"description": "Another"}, user=me())
    assert [row["description"] for row in masters.list_records("currency", "code=CHF")] == ["Swiss franc"]


@pytest.mark.parametrize(
    ("kind", "key", "field", "text"),
    [
        ("exchange-rate", "USD x 2026-02-01", "factor", "0.9"),
        ("number-series-line", "S-INV x 2027-01-01", "starting_no", "A1"),
    ],
)
def test_what_a_record_cannot_be_without_is_asked_for_when_it_is_made(
    firm: Location, kind: str, key: str, field: str, text: str
) -> None:
    set_new("currency", "USD")
    before = masters.list_records(kind)
    masters.refuse_known(kind, key)
    for wrong in ({}, {field: ""}):
        with pytest.raises(UsageError) as refused:
            masters.new_record(kind, key, wrong, user=me())
        assert refused.value.problems[0].field == field
    assert masters.list_records(kind) == before
    masters.new_record(kind, key, {field: text}, user=me())
    assert len(masters.list_records(kind)) == len(before) + 1


def test_a_key_that_no_record_could_have_is_refused_before_anything_is_asked(firm: Location) -> None:
    for key in ("", "USD", "CHF x 2026-01-01", "USD x soon"):
        with pytest.raises(UsageError):
            masters.refuse_known("exchange-rate", key)
