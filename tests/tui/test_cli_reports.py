"""The commands on reports over many records, and on layouts."""

from __future__ import annotations

from pathlib import Path

import builders
import pytest
from command_line import Run

from postroom.core.database import Location
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.work import JobQueueEntry


@pytest.fixture(autouse=True)
def _posted(firm: Location, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_COMPANY", firm.text)
    builders.party(Area.SALES)
    builders.item()
    builders.document(DocumentType.SALES_INVOICE, [builders.item_line("I1", 1, 100)], no="A1")
    assert run("post", "--no", "A1", "--now").code == 0


def test_a_report_is_shown_saved_and_laid_into_the_inbox(run: Run, tmp_path: Path) -> None:
    shown = run("report", "show", "trial-balance")
    assert shown.code == 0
    assert "125.00" in shown.out
    told = run("report", "show", "posting-register", "1", "--json").json
    assert [column["caption"] for column in told["columns"]] == ["Document", "Account", "Name", "Debit", "Credit"]
    saved = run("report", "save", "posting-register", "1", "--out", str(tmp_path), "--json").json
    assert saved["path"] == str(tmp_path / "posting-register-1.pdf")
    assert Path(saved["path"]).read_bytes().startswith(b"%PDF")
    again = run("report", "save", "posting-register", "1", "--out", str(tmp_path))
    assert (again.code, "exists already" in again.err) == (1, True)
    printed = run("report", "print", "trial-balance", "--json").json
    assert printed["results"][0]["errors"] == []
    assert run("inbox", "list", "--json").json[0]["description"].startswith("Trial Balance")
    assert [one["name"] for one in run("report", "list", "--json").json] == [
        *("posting-register", "trial-balance", "batch-result"),
    ]


def test_a_report_for_a_printer_waits_for_a_consumer(run: Run, tmp_path: Path) -> None:
    run("printer", "add", "FILES", f"folder={tmp_path}")
    run("printer-selection", "set", "FILES")
    queued = run("report", "print", "trial-balance", "--output", "print", "--json").json
    assert queued["counts"]["queued"] == 1
    assert JobQueueEntry.get().category_code == "PRINT-FILES"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "balance"), 2, "There is no report balance"),
        (("show", "trial-balance", "March"), 2, "not a period"),
        (("save", "posting-register", "99"), 1, "no register 99"),
        (("print", "batch-result", "99"), 1, "no batch 99"),
        (("print", "batch-result"), 2, "one batch no"),
    ],
)
def test_what_cannot_be_reported_is_told(run: Run, words: tuple[str, ...], code: int, said: str) -> None:
    told = run("report", *words)
    assert (told.code, said in told.err) == (code, True), told.err
    assert not JobQueueEntry.select().exists()


def test_a_layout_is_exported_changed_imported_and_deleted(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ours.typ"
    assert run("layout", "export", "listing", "--out", str(file)).code == 0
    assert run("layout", "export", "listing").out.strip() == file.read_text().strip()
    assert run("layout", "export", "listing", "--out", str(file)).code == 1
    assert run("layout", "import", "trial-balance", str(file), "--json").json["used"] == "trial-balance"
    listed = {one["name"]: one for one in run("layout", "list", "--json").json}
    assert (listed["trial-balance"]["is_own"], listed["posting-register"]["is_own"]) == (True, False)
    file.write_text("#nothing")
    broken = run("layout", "import", "trial-balance", str(file))
    assert broken.code == 1
    assert "trial-balance.typ, line 1, column 2: unknown variable: nothing" in broken.err
    assert run("layout", "export", "trial-balance", "--standard").out == run("layout", "export", "listing").out
    assert run("layout", "delete", "trial-balance").code == 0
    assert run("layout", "delete", "trial-balance").code == 1
    assert run("layout", "import", "trial-balance", str(tmp_path / "gone.typ")).code == 2
    assert run("layout", "import", "colour", str(file)).code == 2
