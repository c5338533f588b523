"""`posted cancel` and `batch cancel`: what they report, what the exit code says, and that the books stand as before."""

from __future__ import annotations

from typing import Any

import builders
import pytest
from command_line import Run
from conftest import MakeCompany
from jobs import QUEUE, run_all
from standing import balances_of_all

from postroom.core import company
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.kinds import Area, DocumentType

ERROR = {"code", "record", "line", "field", "value", "message", "hint"}


@pytest.fixture
def trade(make: MakeCompany) -> Location:
    """A company with a posted batch of three: two sales invoices and a purchase invoice."""
    location = make()
    company.open_company(location)
    builders.party(Area.SALES)
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    ids = [builders.document(DocumentType.PURCHASE_INVOICE, [builders.item_line("I1", 9, 4)])]
    ids += [builders.document(DocumentType.SALES_INVOICE, [builders.item_line("I1", 2, 10)]) for _ in range(2)]
    background.post(ids, QUEUE, user=company.current_user())
    run_all()
    company.close()
    return location


def results(run: Run, location: Location, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    told = run("--company", location.text, *arguments, "--json")
    assert told.code == code, told.out + told.err
    assert set(told.json) == {"results", "counts"}
    assert {"posted", "queued", "refused", "failed"} <= set(told.json["counts"])
    for row in told.json["results"]:
        assert {"type", "no", "result", "entry_id", "posted", "errors", "cancels"} <= set(row)
        assert all(set(error) == ERROR for error in row["errors"])
    found: list[dict[str, Any]] = told.json["results"]
    return found


def books(location: Location) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    company.open_company(location)
    found = balances_of_all()
    company.close()
    return found


def test_cancel_queues_the_corrective_document_and_a_second_one_is_refused(run: Run, trade: Location) -> None:
    (row,) = results(run, trade, "posted", "cancel", "103001")
    assert (row["type"], row["result"], bool(row["entry_id"])) == ("sales-credit-memo", "queued", True)
    assert row["cancels"] == {"area": "sales", "kind": "invoice", "no": "103001"}
    (shown,) = run("--company", trade.text, "document", "list", "--json").json
    assert (shown["type"], shown["no"], shown["job_queue_status"]) == (
        *("sales-credit-memo", row["no"], "Scheduled for Posting"),
    )
    (again,) = results(run, trade, "posted", "cancel", "103001", "--area", "sales", "--kind", "invoice", code=1)
    assert (again["type"], again["no"], again["result"]) == ("posted-sales-invoice", "103001", "refused")
    assert [error["code"] for error in again["errors"]] == ["being_cancelled"]
    told = run("--company", trade.text, "posted", "cancel", "103001")
    assert told.code == 1
    assert "Posted Sales Invoice 103001: refused" in told.out


def test_cancel_now_posts_and_the_lists_tell_who_corrects_whom(run: Run, trade: Location) -> None:
    (row,) = results(run, trade, "posted", "cancel", "103002", "--now", "--posting-date", "2026-03-09")
    assert [ref["kind"] for ref in row["posted"]] == ["return_receipt", "credit_memo"]
    memo = row["posted"][1]["no"]
    original = run("--company", trade.text, "posted", "show", "103002", "--json").json
    assert (original["cancelled_by"], original["corrected_by"]) == (memo, [memo])
    correction = run("--company", trade.text, "posted", "show", memo, "--json").json
    assert (correction["corrects_no"], correction["cancels"], correction["posting_date"]) == (
        *("103002", True, "2026-03-09"),
    )
    assert correction["amount"] == original["amount"]
    assert "103002" in run("--company", trade.text, "posted", "list", "--filter", "cancels=true").out
    assert run("--company", trade.text, "verify").code == 0


def test_a_batch_is_cancelled_and_everything_stands_as_before(run: Run, trade: Location) -> None:
    found = results(run, trade, "batch", "cancel", "1")
    assert [row["cancels"]["no"] for row in found] == ["1080001", "103001", "103002"]
    assert {row["result"] for row in found} == {"queued"}
    assert [row["report"] for row in run("--company", trade.text, "batch", "list", "--json").json] == [
        "Cancel Batch 1",
        "Post",
    ]
    company.open_company(trade)
    run_all()
    company.close()
    assert books(trade) == {}
    again = results(run, trade, "batch", "cancel", "1", code=1)
    assert [error["code"] for row in again for error in row["errors"]] == ["already_cancelled"] * 3
    assert run("--company", trade.text, "batch", "cancel", "77").code == 1


def test_a_filter_chooses_what_is_cancelled(run: Run, trade: Location) -> None:
    found = results(run, trade, "posted", "cancel", "--filter", "party_no=C1", "--kind", "invoice", "--now")
    assert [row["cancels"]["no"] for row in found] == ["103001", "103002"]
    assert ("party", "sales", "C1", "", "1300") not in books(trade)
    assert results(run, trade, "posted", "cancel", "--filter", "party_no=C9") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("posted", "cancel"), 2),
        (("posted", "cancel", "103001", "--filter", "party_no=C1"), 2),
        (("posted", "cancel", "103001", "--now", "--queue-anyway"), 2),
        (("posted", "cancel", "103001", "--posting-date", "soon"), 2),
        (("posted", "cancel", "NONE"), 1),
        (("batch", "cancel"), 2),
        (("batch", "cancel", "one"), 2),
    ],
)
def test_what_cannot_be_understood_changes_nothing(
    run: Run, trade: Location, arguments: tuple[str, ...], code: int
) -> None:
    before = books(trade)
    assert run("--company", trade.text, *arguments).code == code
    assert run("--company", trade.text, "document", "list", "--json").json == []
    assert books(trade) == before


def test_a_posted_shipment_is_refused_and_its_invoice_named(run: Run, trade: Location) -> None:
    (row,) = results(run, trade, "posted", "cancel", "102001", code=1)
    assert row["type"] == "posted-sales-shipment"
    assert "103001" in row["errors"][0]["hint"]
