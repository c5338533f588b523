"""Lists, cards and changes from the command line have the keys of the interface, and tell refusals apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import builders
import pytest
from command_line import Run
from conftest import MakeCompany

from postroom.core import company, documents
from postroom.core import database as engine
from postroom.core.database import Location
from postroom.core.kinds import Area, DocumentType
from postroom.core.masters import KINDS
from postroom.core.posting import post
from postroom.tui.cli import masters
from postroom.tui.cli.main import COMMANDS


def keys(names: str) -> set[str]:
    return set(names.split())


DOCUMENT = keys(
    "type no party_no party_name posting_date status job_queue_status currency amount vat_amount"
    " amount_including_vat job_queue_entry_id batch_no errors"
)
LINE = keys(
    "line_no type no description quantity unit_price amount vat_group vat_rate qty_to_ship qty_to_invoice"
    " quantity_shipped quantity_invoiced"
)
POSTED = keys(
    "area kind no source_type source_no external_document_no party_no posting_date currency amount vat_amount"
    " amount_including_vat amount_lcy posting_id user corrects_no vat lines"
)
LEDGERS = {
    "gl": "entry_no register_no account_no posting_date document_no description amount user posting_id",
    "customer": "entry_no party_no document_no document_type amount remaining_amount due_date posting_id",
    "vendor": "entry_no party_no document_no document_type amount remaining_amount due_date posting_id",
    "vat": "entry_no document_no vat_business_group vat_product_group rate base amount posting_id",
    "item": "entry_no item_no document_no quantity posting_id",
    "value": "entry_no item_no document_no cost_amount posting_id",
}


@pytest.fixture
def trade(make: MakeCompany) -> Location:
    """A company with a customer, a vendor, an item, an open invoice OPEN, and one posted document of each area."""
    location = make()
    company.open_company(location)
    builders.party(Area.SALES, "C1")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    builders.document(DocumentType.SALES_INVOICE, [builders.item_line(quantity=3, price="0.5")], no="OPEN")
    documents.recompute_amounts()
    for type_, no in ((DocumentType.PURCHASE_ORDER, "BOUGHT"), (DocumentType.SALES_INVOICE, "SOLD")):
        id_ = builders.document(type_, [builders.item_line(quantity=2, price="10.5")], no=no)
        with engine.transaction():
            post.write(post.prepare(id_, user="ann", posting_id=f"posting-{no}"))
    company.close()
    return location


def ask(run: Run, location: Location, *arguments: str) -> Any:
    told = run("--company", location.text, *arguments, "--json")
    assert told.code == 0, told.err
    assert told.err == ""
    return told.json


def test_documents_are_listed_and_shown_with_the_keys_of_the_interface(run: Run, trade: Location) -> None:
    (listed,) = ask(run, trade, "document", "list")
    assert set(listed) >= DOCUMENT
    assert (listed["type"], listed["no"], listed["status"], listed["job_queue_status"]) == (
        "sales-invoice",
        "OPEN",
        "Released",
        "",
    )
    shown = ask(run, trade, "document", "show", "OPEN")
    assert set(shown) >= DOCUMENT | {"lines"}
    (line,) = shown["lines"]
    assert set(line) >= LINE
    assert (line["quantity"], line["unit_price"], line["amount"], line["vat_rate"]) == ("3.00", "0.50", "1.50", "25.00")


def test_a_document_is_made_filled_released_and_deleted(run: Run, trade: Location) -> None:
    new = ask(run, trade, "document", "new", "--type", "sales-invoice", "--no", "MINE", "party_no=C1")
    assert (new["no"], new["status"], new["lines"]) == ("MINE", "Open", [])
    ask(run, trade, "document", "set", "MINE", "posting_date=2026-04-01", "external_document_no=PO 7")
    filled = ask(
        run, trade, "document", "set-line", "MINE", "10000", "type=item", "no=I1", "quantity=2", "unit_price=4"
    )
    assert (filled["amount"], filled["vat_amount"], filled["amount_including_vat"]) == ("8.00", "2.00", "10.00")
    assert (filled["posting_date"], filled["external_document_no"]) == ("2026-04-01", "PO 7")
    released = ask(run, trade, "document", "release", "MINE", "OPEN")
    assert [row["result"] for row in released["results"]] == ["released", "released"]
    refused = run("--company", trade.text, "document", "set-line", "MINE", "10000", "quantity=3")
    assert refused.code == 1
    assert "Reopen it first" in refused.err
    assert ask(run, trade, "document", "reopen", "MINE")["results"][0]["result"] == "reopened"
    assert ask(run, trade, "document", "set-line", "MINE", "10000", "--delete")["lines"] == []
    gone = ask(run, trade, "document", "delete", "MINE")
    assert gone["results"] == [
        {"type": "sales-invoice", "no": "MINE", "result": "deleted", "entry_id": "", "posted": [], "errors": []}
    ]
    assert [row["no"] for row in ask(run, trade, "document", "list")] == ["OPEN"]


def test_one_refused_document_does_not_stop_the_others(run: Run, trade: Location) -> None:
    ask(run, trade, "document", "new", "--type", "sales-order", "--no", "EMPTY")
    told = run("--company", trade.text, "document", "release", "EMPTY", "OPEN", "--json")
    assert told.code == 1
    refused, released = told.json["results"]
    assert (refused["result"], released["result"]) == ("refused", "released")
    assert {error["field"] for error in refused["errors"]} >= {"party_no"}
    assert all(
        set(error) == {"code", "record", "line", "field", "value", "message", "hint"} for error in refused["errors"]
    )
    assert told.json["counts"]["refused"] == 1


def test_a_no_in_two_types_must_be_told_apart(run: Run, trade: Location) -> None:
    ask(run, trade, "document", "new", "--type", "sales-order", "--no", "OPEN")
    told = run("--company", trade.text, "document", "show", "OPEN")
    assert told.code == 2
    assert "sales-order" in told.err
    assert ask(run, trade, "document", "show", "OPEN", "--type", "sales-order")["type"] == "sales-order"
    assert run("--company", trade.text, "document", "show", "OPEN", "--type", "letter").code == 2
    assert run("--company", trade.text, "document", "show", "NOWHERE").code == 1


def test_documents_are_filtered(run: Run, trade: Location) -> None:
    assert ask(run, trade, "document", "list", "--filter", "party_no=C* amount>1") != []
    assert ask(run, trade, "document", "list", "--type", "sales-order") == []
    for wrong in ("no=(", "colour=red", "amount=1e5", "posting_date=tomorrow"):
        told = run("--company", trade.text, "document", "list", "--filter", wrong, "--json")
        assert (told.code, list(told.json)) == (2, ["errors"]), wrong


def test_posted_documents_have_the_keys_of_the_interface(run: Run, trade: Location) -> None:
    listed = ask(run, trade, "posted", "list")
    assert [(row["area"], row["kind"]) for row in listed] == [
        ("purchase", "receipt"),
        ("purchase", "invoice"),
        ("sales", "shipment"),
        ("sales", "invoice"),
    ]
    assert all(set(row) >= POSTED for row in listed)
    invoice = listed[-1]
    assert (invoice["source_type"], invoice["source_no"], invoice["amount"]) == ("sales-invoice", "SOLD", "21.00")
    assert invoice["vat"] == [{"group": "VAT25", "rate": "25.00", "base": "21.00", "amount": "5.25"}]
    assert set(invoice["lines"][0]) >= keys("line_no type no quantity unit_price amount vat_amount")
    assert ask(run, trade, "posted", "list", "--source", "SOLD", "--filter", "kind=invoice") == [invoice]
    assert ask(run, trade, "posted", "show", invoice["no"]) == invoice
    assert run("--company", trade.text, "posted", "show", "NOWHERE").code == 1


@pytest.mark.parametrize("name", LEDGERS)
def test_every_ledger_has_the_keys_of_the_interface(name: str, run: Run, trade: Location) -> None:
    rows = ask(run, trade, "ledger", name)
    assert rows
    assert all(set(row) >= set(LEDGERS[name].split()) for row in rows)
    told = run("--company", trade.text, "ledger", name, "--filter", "posting_id=posting-*")
    assert told.code == 0
    assert len(told.out.splitlines()) == len(rows) + 2


def test_navigate_shows_all_entries_of_a_no(run: Run, trade: Location) -> None:
    found = ask(run, trade, "navigate", "SOLD")
    assert [row["kind"] for row in found["documents"]] == ["shipment", "invoice"]
    assert set(found["entries"]) == set(LEDGERS)
    told = run("--company", trade.text, "navigate", "SOLD")
    assert "Customer Ledger Entries" in told.out
    assert run("--company", trade.text, "navigate", "NOWHERE").code == 1


def test_setup_is_listed_changed_and_kept_in_the_change_log(run: Run, trade: Location) -> None:
    fields = {row["key"]: row["value"] for row in ask(run, trade, "setup", "list")}
    assert fields["sales.post_documents_via_job_queue"] is False
    assert fields["ledger.amount_rounding_precision"] == "0.01"
    assert fields["sales.job_timeout"] == 7200
    (changed,) = ask(run, trade, "setup", "set", "sales.post_documents_via_job_queue=true", "sales.rerun_delay=10")
    assert (changed["key"], changed["value"]) == ("sales.post_documents_via_job_queue", True)
    assert ask(run, trade, "setup", "set", "sales.rerun_delay=10") == []
    (entry,) = ask(run, trade, "changelog", "list")
    assert set(entry) == keys("entry_no at user action kind record field old_value new_value")
    assert entry["at"].endswith(("+01:00", "+02:00"))
    told = run("--company", trade.text, "setup", "set", "sales.rerun_delay=soon", "sales.colour=red")
    assert told.code == 2
    assert len(told.err.splitlines()) == 2


def test_users_are_listed_and_their_rights_hold(run: Run, trade: Location) -> None:
    (owner,) = ask(run, trade, "user", "list")
    (ann,) = ask(run, trade, "user", "set", "ann", "may_setup=true", "allow_posting_from=2026-01-01")
    assert (ann["user_id"], ann["may_setup"], ann["allow_posting_from"]) == ("ann", True, "2026-01-01")
    ask(run, trade, "user", "set", owner["user_id"], "may_setup=false", "may_view=false")
    told = run("--company", trade.text, "setup", "set", "sales.rerun_delay=20")
    assert told.code == 1
    assert "Setup" in told.err
    assert run("--company", trade.text, "document", "list").code == 1


def test_master_data_is_listed_changed_and_made(run: Run, trade: Location) -> None:
    blocked = ask(run, trade, "customer", "set", "C1", "blocked=All", "name=[/x]")
    assert (blocked["no"], blocked["blocked"], blocked["name"]) == ("C1", "All", "[/x]")
    assert [row["no"] for row in ask(run, trade, "customer", "list", "--filter", "blocked=All")] == ["C1"]
    (item,) = ask(run, trade, "item", "list")
    assert (item["no"], item["stock_on_hand"]) == ("I1", "0.00")
    new = ask(run, trade, "charge", "set", "FREIGHT", "account_no=6400", "vat_product_group=VAT25", "--new")
    assert new["account_no"] == "6400"
    pair = ask(run, trade, "vat-posting-setup", "set", "HOME x VAT25", "rate=24")
    assert pair["rate"] == "24.00"
    assert run("--company", trade.text, "vendor", "set", "NOBODY", "name=x").code == 1
    assert run("--company", trade.text, "item", "set", "I1", "unit_price=1e5").code == 2
    assert run("--company", trade.text, "gl-account", "set", "2300", "direct_posting=true").code == 1


def test_master_data_typed_in_error_is_deleted_and_what_is_named_stays(run: Run, trade: Location) -> None:
    ask(run, trade, "customer", "set", "C01", "name=a slip", "--new")
    assert ask(run, trade, "customer", "delete", "C01") == {"deleted": "C01"}
    assert [row["no"] for row in ask(run, trade, "customer", "list")] == ["C1"]
    ask(run, trade, "vat-product-group", "set", "VAT7", "--new")
    assert run("--company", trade.text, "vat-product-group", "delete", "VAT7").err == (
        "Deleted VAT Product Posting Group VAT7.\n"
    )
    told = run("--company", trade.text, "customer", "delete", "C1")
    assert told.code == 1
    assert "names it in Customer No. " in told.err
    told = run("--company", trade.text, "template", "delete", "customer", "--json")
    assert (told.code, told.json["errors"][0]["code"]) == (1, "template_stays")


def test_every_kind_of_master_record_has_its_commands(run: Run, trade: Location) -> None:
    for kind in KINDS.values():
        assert COMMANDS[kind.slug] == ("masters", masters.sentence_of(kind.title))
        assert isinstance(ask(run, trade, kind.slug, "list"), list)
        assert run("--company", trade.text, kind.slug, "list").code == 0


def test_init_makes_the_demo_company_on_request(run: Run, tmp_path: Path) -> None:
    company = str(tmp_path / "demo.db")
    assert run("--company", company, "init", "--demo").code == 0
    documents = run("--company", company, "document", "list", "--json").json
    assert {row["type"] for row in documents} == {type_.value for type_ in DocumentType}
