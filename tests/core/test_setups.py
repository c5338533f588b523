"""The setup windows: what they hold, how they change, what they refuse."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from postroom.core import clock, company, setups
from postroom.core.database import Location
from postroom.core.errors import NotPermitted, Refused, UsageError
from postroom.core.tables.ledgers import GlRegister
from postroom.core.tables.setup import ChangeLogEntry, Company, GeneralLedgerSetup, PurchasesSetup, SalesSetup


def me() -> str:
    return company.current_user()


def held(key: str) -> str:
    return next(field.value for field in setups.list_fields() if field.key == key)


def change(**changes: str) -> list[str]:
    """`sales__x="1"` sets `sales.x`; returns the keys that changed."""
    typed = {key.replace("__", "."): value for key, value in changes.items()}
    return [field.key for field in setups.change(typed, user=me())]


def test_every_column_of_the_setup_tables_is_a_field(firm: Location) -> None:
    columns = {
        f"{prefix}.{name}"
        for prefix, (_, table) in setups.WINDOWS.items()
        for name in table._meta.fields
        if name != "id"
    }
    assert {field.key for field in setups.list_fields()} == columns


def test_a_new_company_has_the_defaults_of_the_field(firm: Location) -> None:
    shown = {field.key: field.value for field in setups.list_fields()}
    assert shown["sales.post_documents_via_job_queue"] == "false"
    assert shown["sales.job_queue_category_code"] == "SALESPOST"
    assert shown["purchases.job_queue_category_code"] == "PURCHPOST"
    assert shown["purchases.vendor_doc_no_mandatory"] == "true"
    assert shown["sales.job_timeout"] == "2:00"
    assert shown["sales.check_before_queueing"] == "true"
    assert shown["ledger.amount_rounding_precision"] == "0.01"
    assert shown["ledger.allow_posting_from"] == ""


def test_what_is_listed_can_be_typed_again_and_changes_nothing(firm: Location) -> None:
    assert setups.change({field.key: field.value for field in setups.list_fields()}, user=me()) == []
    assert ChangeLogEntry.select().count() == 0


def test_a_change_is_stored_logged_and_raises_the_setup_version(firm: Location) -> None:
    before = Company.get_by_id(1).setup_version
    changed = change(sales__job_timeout="90m", ledger__allow_posting_from="2026-01-01")
    assert changed == ["sales.job_timeout", "ledger.allow_posting_from"]
    assert SalesSetup.get_by_id(1).job_timeout == 5400
    assert GeneralLedgerSetup.get_by_id(1).allow_posting_from == date(2026, 1, 1)
    assert Company.get_by_id(1).setup_version == before + 1
    logged = [(row.user_id, row.kind, row.field, row.old_value, row.new_value) for row in ChangeLogEntry.select()]
    assert logged == [
        (me(), "Sales & Receivables Setup", "Job Timeout", "2:00", "1:30"),
        (me(), "General Ledger Setup", "Allow Posting From", "", "2026-01-01"),
    ]


def test_post_and_print_turns_on_posting_via_job_queue_and_goes_off_with_it(firm: Location) -> None:
    assert set(change(sales__post_and_print_with_job_queue="true")) == {
        "sales.post_documents_via_job_queue",
        "sales.post_and_print_with_job_queue",
    }
    assert set(change(sales__post_documents_via_job_queue="false")) == {
        "sales.post_documents_via_job_queue",
        "sales.post_and_print_with_job_queue",
    }
    assert not PurchasesSetup.get_by_id(1).post_documents_via_job_queue


def test_a_contradiction_is_refused(firm: Location) -> None:
    with pytest.raises(UsageError, match="cannot be on while"):
        change(purchases__post_documents_via_job_queue="false", purchases__post_and_print_with_job_queue="true")


@pytest.mark.parametrize("typed", ["2h", "2:00", "7200", "120m", "1h 60m", "2:00:00"])
def test_a_duration_is_typed_in_several_ways(sqlite_firm: Location, typed: str) -> None:
    change(sales__job_timeout="1:00")
    change(sales__job_timeout=typed)
    assert SalesSetup.get_by_id(1).job_timeout == 7200
    assert held("sales.job_timeout") == "2:00"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sales.job_timeout", "0"),
        ("sales.job_timeout", "2:75"),
        ("sales.job_timeout", ""),
        ("sales.priority_for_post", "-1"),
        ("sales.priority_for_post", "1.5"),
        ("sales.priority_for_post", ""),
        ("sales.priority_for_post", "99999999999"),
        ("sales.maximum_no_of_attempts", "0"),
        ("sales.rerun_delay", "-1"),
        ("sales.max_vat_difference_allowed", "-0.01"),
        ("sales.max_vat_difference_allowed", "1e5"),
        ("sales.max_vat_difference_allowed", "NaN"),
        ("sales.report_output_type", "Fax"),
        ("sales.default_posting_date", "Yesterday"),
        ("sales.job_queue_category_code", "NOSUCH"),
        ("sales.order_nos", "NOSUCH"),
        ("sales.notify_on_success", "maybe"),
        ("ledger.allow_posting_from", "2026-02-30"),
        ("ledger.allow_posting_from", "01.02.2026"),
        ("ledger.company_time_zone", "Mars/Olympus"),
        ("ledger.amount_rounding_precision", "0.05"),
        ("ledger.lcy_code", ""),
    ],
)
def test_a_bad_value_is_refused_by_its_field_and_nothing_is_written(firm: Location, key: str, value: str) -> None:
    with pytest.raises(UsageError) as refusal:
        setups.change({"sales.calc_inv_discount": "true", key: value}, user=me())
    problem = refusal.value.problems[0]
    assert (problem.code, problem.field, problem.value) == ("bad_value", key, value)
    assert not SalesSetup.get_by_id(1).calc_inv_discount
    assert ChangeLogEntry.select().count() == 0


def test_an_unknown_key_is_answered_with_its_neighbours(firm: Location) -> None:
    with pytest.raises(UsageError) as refusal:
        setups.change({"sales.job_timout": "1h", "sales.order_nos": "S-ORDD"}, user=me())
    first, second = refusal.value.problems
    assert first.code == "unknown_key"
    assert "sales.job_timeout" in first.hint
    assert "S-ORD" in second.hint


def test_blank_clears_a_category_and_a_date(firm: Location) -> None:
    change(sales__job_queue_category_code="", ledger__allow_posting_to="2026-12-31")
    change(ledger__allow_posting_to="")
    assert SalesSetup.get_by_id(1).job_queue_category_code == ""
    assert GeneralLedgerSetup.get_by_id(1).allow_posting_to is None


def test_allow_posting_from_may_not_be_later_than_to(firm: Location) -> None:
    change(ledger__allow_posting_to="2026-06-30")
    with pytest.raises(UsageError, match="later than Allow Posting To"):
        change(ledger__allow_posting_from="2026-07-01")
    change(ledger__allow_posting_from="2026-07-01", ledger__allow_posting_to="2026-07-31")


def test_the_amount_precision_is_fixed_once_something_is_posted(firm: Location) -> None:
    change(ledger__amount_rounding_precision="0.001")
    assert GeneralLedgerSetup.get_by_id(1).amount_rounding_precision == Decimal("0.001")
    GlRegister.create(
        no=1, posting_id="p", posting_date=date(2026, 1, 1), source_code="S", user_id="u", created_at=clock.now()
    )
    with pytest.raises(Refused, match="has been posted") as refusal:
        change(ledger__amount_rounding_precision="0.01")
    assert refusal.value.exit_code == 1
    change(ledger__amount_rounding_precision="0.0010")


def test_changing_setup_needs_the_permission_set(firm: Location) -> None:
    with pytest.raises(NotPermitted):
        setups.change({"sales.calc_inv_discount": "true"}, user="ann")
