"""Real documents with known right answers: imported, queued, posted by a consumer process, equal to the last digit."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import NewDatabase
from forked_program import server

DATA = Path(__file__).parents[2] / "shared" / "data"
FOLDERS = {"0.0001": ("purchase-orders", "sales-orders"), "0.01": ("invoices", "e-invoices")}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no {DATA}")


def postroom(company: str, *arguments: str) -> Any:
    """Run a command with --json and give back its document; fails on any exit code but 0."""
    done = subprocess.run(
        [server().program, "--company", company, *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error::ResourceWarning"},
    )
    assert done.returncode == 0, f"{arguments}: exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return json.loads(done.stdout) if done.stdout.strip() else None


def rows(folder: str, name: str) -> list[dict[str, str]]:
    with (DATA / folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("precision", FOLDERS)
def test_every_document_equals_its_answer_and_the_books_hold(new_database: NewDatabase, precision: str) -> None:
    firm = new_database()
    postroom(firm, "init", "--test", "--amount-precision", precision)
    expected = 0
    for folder in FOLDERS[precision]:
        documents, lines = DATA / folder / "documents.csv", DATA / folder / "lines.csv"
        counts = postroom(firm, "import", "--documents", str(documents), "--lines", str(lines), "--create-missing")
        assert counts["counts"]["documents"] == len(rows(folder, "documents.csv"))
        expected += len(rows(folder, "documents.csv"))
    queued = postroom(firm, "post", "--all", "--queue")
    assert queued["counts"] == {"posted": 0, "queued": expected, "refused": 0, "failed": 0}
    postroom(firm, "consumer", "--until-idle")

    assert postroom(firm, "document", "list") == []
    posted = {
        (row["source_type"], row["source_no"]): row
        for row in postroom(firm, "posted", "list")
        if row["kind"] in ("invoice", "credit_memo")
    }
    assert len(posted) == expected
    for folder in FOLDERS[precision]:
        _assert_totals(folder, posted)
        _assert_vat(folder, posted)
    assert postroom(firm, "verify")["ok"] is True


def _assert_totals(folder: str, posted: dict[tuple[str, str], Any]) -> None:
    for answer in rows(folder, "expected_totals.csv"):
        row = posted[answer["type"], answer["no"]]
        found = tuple(Decimal(row[key]) for key in ("amount", "vat_amount", "amount_including_vat"))
        assert found == tuple(Decimal(answer[key]) for key in ("net", "vat", "gross")), answer


def _assert_vat(folder: str, posted: dict[tuple[str, str], Any]) -> None:
    answers: dict[tuple[str, str], dict[str, tuple[Decimal, Decimal, Decimal]]] = defaultdict(dict)
    for answer in rows(folder, "expected_vat.csv"):
        answers[answer["type"], answer["no"]][answer["group"]] = (
            Decimal(answer["rate"]),
            Decimal(answer["base"]),
            Decimal(answer["amount"]),
        )
    for key in {(row["type"], row["no"]) for row in rows(folder, "documents.csv")}:
        found = {
            group["group"]: (Decimal(group["rate"]), Decimal(group["base"]), Decimal(group["amount"]))
            for group in posted[key]["vat"]
        }
        for group, wanted in answers[key].items():
            assert found.get(group) == wanted, (key, group)
        for group in set(found) - set(answers[key]):
            assert found[group][2] == 0, (key, group)
