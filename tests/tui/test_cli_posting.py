"""Post, remove and verify from the command line: who is posted, queued, refused, and what the exit code says."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

import builders
import pytest
from command_line import Run
from conftest import MakeCompany

from postroom.core import company
from postroom.core.database import Location
from postroom.core.kinds import Area, DocumentType

ERROR = {"code", "record", "line", "field", "value", "message", "hint"}


@pytest.fixture
def trade(make: MakeCompany) -> Location:
    """A company with two sound documents, GOOD and BOUGHT, and one that fails, BAD."""
    location = make()
    company.open_company(location)
    builders.party(Area.SALES, "C1")
    builders.party(Area.SALES, "C2", blocked="All")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no="GOOD")
    builders.document(DocumentType.PURCHASE_ORDER, [builders.item_line()], no="BOUGHT")
    builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no="BAD", party_no="C2")
    company.close()
    return location


def results(run: Run, location: Location, *arguments: str, code: int = 0) -> dict[str, Any]:
    """The results of a command by document no."""
    told = run("--company", location.text, *arguments, "--json")
    assert told.code == code, told.out + told.err
    found = told.json
    assert set(found) == {"results", "counts"}
    assert {"posted", "queued", "refused", "failed"} <= set(found["counts"])
    for row in found["results"]:
        assert {"type", "no", "result", "entry_id", "posted", "errors"} <= set(row)
        assert all(set(error) == ERROR for error in row["errors"])
    return {row["no"]: row for row in found["results"]}


def test_post_now_posts_each_document_and_tells_what_came_out(run: Run, trade: Location) -> None:
    found = results(run, trade, "post", "--all", "--now", code=1)
    assert {no: row["result"] for no, row in found.items()} == {"GOOD": "posted", "BOUGHT": "posted", "BAD": "failed"}
    assert [(ref["area"], ref["kind"]) for ref in found["GOOD"]["posted"]] == [
        ("sales", "shipment"),
        ("sales", "invoice"),
    ]
    assert [error["code"] for error in found["BAD"]["errors"]] == ["party_blocked"]
    left = run("--company", trade.text, "document", "list", "--json").json
    assert [row["no"] for row in left] == ["BAD"]
    assert run("--company", trade.text, "verify").code == 0


def test_post_follows_the_setup_unless_told_otherwise(run: Run, trade: Location) -> None:
    assert run("--company", trade.text, "setup", "set", "sales.post_documents_via_job_queue=true").code == 0
    assert results(run, trade, "post", "--no", "GOOD")["GOOD"]["result"] == "queued"
    assert results(run, trade, "post", "--no", "BOUGHT")["BOUGHT"]["result"] == "posted"
    assert results(run, trade, "post", "--no", "BAD", code=1)["BAD"]["result"] == "refused"
    assert results(run, trade, "post", "--no", "BAD", "--queue-anyway")["BAD"]["result"] == "queued"


@pytest.mark.parametrize("also", ["--now", "--queue", "--queue-anyway"])
def test_to_check_and_to_post_exclude_each_other(run: Run, trade: Location, also: str) -> None:
    told = run("--company", trade.text, "post", "--no", "GOOD", "--check", also)
    assert told.code == 2
    assert told.err == "--check posts and queues nothing. Leave it out, or --now, --queue, --queue-anyway.\n"


def test_a_queued_document_is_guarded_until_it_is_removed(run: Run, trade: Location) -> None:
    queued = results(run, trade, "post", "--queue", "--no", "GOOD")["GOOD"]
    assert queued["entry_id"]
    (listed,) = run("--company", trade.text, "document", "list", "--filter", "no=GOOD", "--json").json
    assert (listed["job_queue_status"], listed["job_queue_entry_id"]) == ("Scheduled for Posting", queued["entry_id"])
    assert results(run, trade, "post", "--queue", "--no", "GOOD", code=1)["GOOD"]["result"] == "refused"
    assert run("--company", trade.text, "document", "set", "GOOD", "posting_date=2026-04-01").code == 1
    assert results(run, trade, "remove", "GOOD")["GOOD"]["result"] == "removed"
    assert results(run, trade, "remove", "GOOD", code=1)["GOOD"]["result"] == "refused"
    assert run("--company", trade.text, "document", "set", "GOOD", "posting_date=2026-04-01").code == 0


def test_several_documents_are_named_one_after_the_other(run: Run, trade: Location) -> None:
    found = results(run, trade, "post", "--queue", "--no", "GOOD", "--no", "BOUGHT")
    assert {row["result"] for row in found.values()} == {"queued"}
    assert set(results(run, trade, "remove", "GOOD", "BOUGHT")) == {"GOOD", "BOUGHT"}
    assert set(results(run, trade, "post", "--queue", "--no", "GOOD", "BOUGHT")) == {"GOOD", "BOUGHT"}


def test_documents_are_chosen_by_filter_and_type(run: Run, trade: Location) -> None:
    assert set(results(run, trade, "post", "--check", "--filter", "party_no=C1")) == {"GOOD"}
    assert set(results(run, trade, "post", "--check", "--all", "--type", "purchase-order")) == {"BOUGHT"}
    assert set(results(run, trade, "post", "--check", "--all", "--type", "sales-order")) == set()


def test_check_posts_nothing_and_lists_every_error(run: Run, trade: Location) -> None:
    found = results(run, trade, "post", "--all", "--check", code=1)
    assert {no: row["result"] for no, row in found.items()} == {"GOOD": "checked", "BOUGHT": "checked", "BAD": "failed"}
    assert len(run("--company", trade.text, "document", "list", "--json").json) == 3
    told = run("--company", trade.text, "post", "--all", "--check")
    assert "Customer C2 is blocked" in told.out or "blocked" in told.out
    assert "2 checked" in told.err


def test_a_check_warns_once_of_a_series_that_runs_out(run: Run, trade: Location) -> None:
    for line in ("S-INV+ starting_no=1 warning_no=1 ending_no=9", "S-SHPT+ starting_no=1 warning_no=9 ending_no=9"):
        assert run("--company", trade.text, "number-series-line", "set", *line.split()).code == 0
    assert results(run, trade, "post", "GOOD", "--now")["GOOD"]["result"] == "posted"
    company.open_company(trade)
    for no in ("ONE", "TWO"):
        builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no=no)
    company.close()
    found = results(run, trade, "post", "ONE", "TWO", "--check")
    for row in found.values():
        (warning,) = row["warnings"]
        assert set(warning) == ERROR
        assert warning["code"] == "number_series_running_out"
    told = run("--company", trade.text, "post", "ONE", "TWO", "--check")
    assert told.err.count("8 numbers are left up to 9.") == 1
    assert told.err.startswith("Warning: Posted Invoice Nos.")
    status = run("--company", trade.text, "status")
    assert status.code == 1
    assert "Number Series S-INV+: Posted Invoice Nos.: The number series is running out" in status.out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--type", "sales-invoice"],
        ["--no", "GOOD", "--all"],
        ["--no", "GOOD", "--now", "--queue"],
        ["--all", "--replace-posting-date"],
        ["--all", "--posting-date", "tomorrow"],
        ["--all", "--posting-date", "2026-02-30", "--replace-posting-date"],
        ["--all", "--filter", "colour=red"],
        ["--all", "--type", "letter"],
    ],
    ids=" ".join,
)
def test_an_unclear_choice_posts_nothing_and_ends_with_2(
    arguments: list[str], run: Run, make_sqlite: MakeCompany
) -> None:
    assert run("--company", make_sqlite().text, "post", *arguments).code == 2


def test_an_unknown_document_stops_the_command_before_anything_is_posted(run: Run, trade: Location) -> None:
    assert run("--company", trade.text, "post", "--now", "--no", "GOOD", "--no", "NOWHERE").code == 1
    assert len(run("--company", trade.text, "document", "list", "--json").json) == 3


def test_the_posting_date_may_be_replaced(run: Run, trade: Location) -> None:
    arguments = ["--posting-date", "2026-05-04", "--replace-posting-date"]
    assert results(run, trade, "post", "--now", "--no", "GOOD", *arguments)["GOOD"]["result"] == "posted"
    posted = run("--company", trade.text, "posted", "list", "--source", "GOOD", "--json").json
    assert {row["posting_date"] for row in posted} == {"2026-05-04"}


def test_verify_lists_its_checks_and_fails_when_one_does_not_hold(run: Run, make_sqlite: MakeCompany) -> None:
    location = make_sqlite()
    told = run("--company", location.text, "verify", "--json")
    assert told.code == 0
    assert told.json["ok"] is True
    assert all(set(check) == {"name", "ok", "examined", "detail"} for check in told.json["checks"])
    with sqlite3.connect(location.path) as connection:
        connection.execute("INSERT INTO item_stock (item_no, quantity, value, last_cost) VALUES ('I9', 100000, 0, 0)")
    connection.close()
    broken = run("--company", location.text, "verify", "--json")
    assert broken.code == 1
    assert broken.json["ok"] is False
    assert run("--company", location.text, "verify").code == 1


def test_preview_shows_the_entries_by_ledger_and_posts_nothing(run: Run, trade: Location) -> None:
    told = run("--company", trade.text, "preview", "GOOD", "--json")
    assert told.code == 0
    found = told.json
    assert {"documents", "entries", "errors"} <= set(found)
    assert found["errors"] == []
    assert [(row["kind"], row["no"]) for row in found["documents"]] == [("shipment", "***"), ("invoice", "***")]
    assert set(found["entries"]) == {"gl", "customer", "vendor", "vat", "item", "value"}
    assert {row["account_no"]: row["amount"] for row in found["entries"]["gl"]} == {
        "1300": "125.00",
        "6100": "-100.00",
        "2300": "-25.00",
    }
    shown = run("--company", trade.text, "preview", "--type", "purchase-order", "BOUGHT")
    assert (shown.code, "Vendor Ledger Entries" in shown.out, "***" in shown.out) == (0, True, True)
    assert run("--company", trade.text, "posted", "list", "--json").json == []


def test_preview_of_what_would_fail_ends_with_1_and_every_reason(run: Run, trade: Location) -> None:
    told = run("--company", trade.text, "preview", "BAD", "--json")
    assert told.code == 1
    assert [error["code"] for error in told.json["errors"]] == ["party_blocked"]
    assert all(set(error) == ERROR for error in told.json["errors"])
    assert told.json["documents"] == []
    shown = run("--company", trade.text, "preview", "BAD")
    assert (shown.code, "Sales Invoice BAD: would not post" in shown.out, "blocked (All)" in shown.out) == (
        1,
        True,
        True,
    )
    assert run("--company", trade.text, "preview", "NONE").code == 1
    assert run("--company", trade.text, "preview").code == 2


def line_of(run: Run, location: Location, no: str) -> tuple[Decimal, ...]:
    """To ship, to invoice, shipped and invoiced of a document's first line."""
    shown = run("--company", location.text, "document", "show", no, "--json").json
    keys = ("qty_to_ship", "qty_to_invoice", "quantity_shipped", "quantity_invoiced")
    return tuple(Decimal(shown["lines"][0][key]) for key in keys)


def test_an_order_is_received_and_invoiced_in_steps(run: Run, trade: Location) -> None:
    def set_line(*changes: str) -> None:
        assert run("--company", trade.text, "document", "set-line", "BOUGHT", "10000", *changes).code == 0

    run("--company", trade.text, "document", "reopen", "BOUGHT")
    set_line("quantity=5")
    set_line("qty_to_receive=3")
    assert line_of(run, trade, "BOUGHT") == (3, 3, 0, 0)
    told = run("--company", trade.text, "preview", "BOUGHT", "--receive", "--json").json
    assert [row["kind"] for row in told["documents"]] == ["receipt"]
    found = results(run, trade, "post", "--no", "BOUGHT", "--now", "--receive")
    assert [ref["kind"] for ref in found["BOUGHT"]["posted"]] == ["receipt"]
    assert line_of(run, trade, "BOUGHT") == (2, 5, 3, 0)
    set_line("qty_to_invoice=1")
    found = results(run, trade, "post", "BOUGHT", "--queue", "--invoice")
    assert found["BOUGHT"]["result"] == "queued"
    assert run("--company", trade.text, "consumer", "--until-idle").code == 0
    assert line_of(run, trade, "BOUGHT") == (2, 4, 3, 1)
    shown = run("--company", trade.text, "document", "show", "BOUGHT", "--json").json
    assert (shown["status"], shown["job_queue_status"], shown["job_queue_entry_id"]) == ("Released", "", "")
    told = run("--company", trade.text, "document", "show", "BOUGHT")
    assert "To Receive  Received  To Invoice  Invoiced" in told.out
    assert run("--company", trade.text, "document", "delete", "BOUGHT").code == 1
    set_line("qty_to_invoice=4", "qty_to_receive=1")
    found = results(run, trade, "post", "BOUGHT", "--now", code=1)
    (wrong, mandatory) = found["BOUGHT"]["errors"][1], found["BOUGHT"]["errors"][0]
    assert (wrong["code"], wrong["line"], wrong["field"], wrong["value"]) == (
        *("invoice_more_than_received", 10000, "qty_to_invoice", "4"),
    )
    assert mandatory["code"] == "vendor_document_no_missing"
    set_line("qty_to_invoice=", "qty_to_receive=")
    run("--company", trade.text, "document", "set", "BOUGHT", "vendor_document_no=V-9")
    found = results(run, trade, "post", "BOUGHT", "--now")
    assert [ref["kind"] for ref in found["BOUGHT"]["posted"]] == ["receipt", "invoice"]
    posted = run("--company", trade.text, "posted", "list", "--source", "BOUGHT", "--json").json
    assert [(row["kind"], Decimal(row["lines"][0]["quantity"]), row["amount"]) for row in posted] == [
        ("receipt", 3, "0.00"),
        ("invoice", 1, "100.00"),
        ("receipt", 2, "0.00"),
        ("invoice", 4, "400.00"),
    ]
    assert run("--company", trade.text, "verify").code == 0
