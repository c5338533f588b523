"""The commands on printers, printer selections and the Report Inbox."""

from __future__ import annotations

from pathlib import Path

import builders
import pytest
from command_line import Run
from printing_by_hand import print_entry

from postroom.core import company
from postroom.core.database import Location
from postroom.core.kinds import Area, DocumentType
from postroom.core.printing import inbox


@pytest.fixture(autouse=True)
def _in_this_company(firm: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_COMPANY", firm.text)


def test_printers_and_selections_are_made_listed_and_deleted(run: Run, firm: Location, tmp_path: Path) -> None:
    assert run("printer", "add", "FILES", f"folder={tmp_path}", "--json").json["category"] == "PRINT-FILES"
    (listed,) = run("printer", "list", "--json").json
    assert (listed["code"], listed["type"], listed["timeout"], listed["state"]) == ("FILES", "File", 300, "Ready")
    assert run("printer", "set", "FILES", "timeout=1m").code == 0
    assert run("printer-selection", "set", "FILES", "--user", "ann", "--report", "sales-invoice").code == 0
    assert run("printer-selection", "list", "--json").json == [
        {"user": "ann", "report": "sales-invoice", "printer": "FILES"}
    ]
    refused = run("printer", "delete", "FILES")
    assert refused.code == 1
    assert "1 printer selection." in refused.err
    assert run("printer-selection", "delete", "--user", "ann", "--report", "sales-invoice").code == 0
    assert run("printer", "test", "FILES", "--json").json["message"].endswith("test-page-FILES.pdf.")
    assert run("printer", "delete", "FILES", "--json").json == {"deleted": "FILES"}
    assert run("printer", "list", "--json").json == []


def test_what_waits_for_a_printer_is_moved(run: Run, firm: Location, tmp_path: Path) -> None:
    run("printer", "add", "FILES", f"folder={tmp_path}")
    print_entry("FILES")
    assert run("printer", "move", "FILES", "PDF", "--json").json == {"printer": "FILES", "to": "PDF", "moved": 1}
    assert "Moved 0 print jobs from FILES to PDF." in run("printer", "move", "FILES", "PDF").err
    assert run("printer", "move", "FILES", "FILES").code == 2
    assert "There is no printer NONE." in run("printer", "move", "FILES", "NONE").err


def test_a_printer_that_needs_a_person_is_exit_code_1(run: Run, firm: Location, tmp_path: Path) -> None:
    run("printer", "add", "FILES", f"folder={tmp_path / 'gone'}")
    failed = run("printer", "test", "FILES")
    assert failed.code == 1
    assert "there is no folder" in failed.err


def test_reports_are_listed_saved_and_deleted(run: Run, firm: Location, tmp_path: Path) -> None:
    id_ = inbox.put(company.current_user(), "Sales Invoice 103001", "103001", b"%PDF")
    (listed,) = run("inbox", "list", "--json").json
    assert (listed["id"], listed["is_read"], listed["size"]) == (id_, False, 4)
    saved = run("inbox", "save", str(id_), "--out", str(tmp_path), "--json").json
    assert Path(saved["path"]).read_bytes() == b"%PDF"
    assert run("inbox", "list", "--json").json[0]["is_read"] is True
    assert run("inbox", "save", str(id_), "--out", str(tmp_path)).code == 1
    assert run("inbox", "delete", str(id_)).code == 0
    assert run("inbox", "list", "--json").json == []
    assert run("inbox", "delete", str(id_)).code == 1


def test_post_and_print_and_print_again(run: Run, firm: Location) -> None:
    builders.party(Area.SALES)
    builders.item()
    builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no="INV1")
    (posted,) = run("post", "--no", "INV1", "--now", "--print", "--json").json["results"]
    no = posted["posted"][-1]["no"]
    (report,) = run("inbox", "list", "--json").json
    assert report["document_no"] == no
    (copy,) = run("posted", "print", no, "--json").json["results"]
    assert (copy["type"], copy["no"], copy["result"]) == ("sales-invoice", no, "queued")
    (entry,) = run("entry", "list", "--json").json
    assert (entry["id"], entry["job"], entry["category"]) == (copy["entry_id"], "print-document", "PRINT-PDF")
    assert entry["description"] == f"Print Sales Invoice {no} Copy 1"
    assert run("posted", "print", "999").code == 1
