"""Import and export from the command line: all or nothing, every bad row named, nothing overwritten."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from command_line import PROGRAM, Run
from conftest import MakeCompany

DOCUMENTS = "type,no,party_no,posting_date\nsales-invoice,A1,C1,2026-03-02\npurchase-order,B1,V1,2026-03-02\n"
LINES = (
    "document_type,document_no,line_no,type,no,quantity,unit_price,vat_rate\n"
    "sales-invoice,A1,10000,item,I1,2,10.50,25\n"
    "purchase-order,B1,10000,item,I1,3,4,25\n"
)
CUSTOMERS = "no,name\nC1,[/x]\nC2,\x1b[31mred\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Files that are right, by name."""
    made = {}
    for name, text in {"documents": DOCUMENTS, "lines": LINES, "customers": CUSTOMERS}.items():
        made[name] = tmp_path / f"{name}.csv"
        made[name].write_text(text, encoding="utf-8")
    return made


def test_files_are_imported_and_counted_by_kind(run: Run, make: MakeCompany, files: dict[str, Path]) -> None:
    company = make().text
    arguments = ["--documents", str(files["documents"]), "--lines", str(files["lines"]), "--create-missing"]
    told = run("--company", company, "import", *arguments, "--json")
    assert told.code == 0
    assert told.json["errors"] == []
    assert {kind: told.json["counts"][kind] for kind in ("documents", "lines", "customers", "vendors", "items")} == {
        "documents": 2,
        "lines": 2,
        "customers": 1,
        "vendors": 1,
        "items": 1,
    }
    again = run("--company", company, "import", *arguments)
    assert again.code == 2
    assert "documents.csv:2" in again.err
    assert "documents.csv:3" in again.err


def test_a_bad_row_stops_the_whole_command_and_every_bad_row_is_named(
    run: Run, make_sqlite: MakeCompany, files: dict[str, Path], tmp_path: Path
) -> None:
    bad = tmp_path / "items.csv"
    bad.write_text("no,description,unit_price\nI1,One,1e5\nI2,Two,2\nI1,Again,\x1b[2J\n")
    company = make_sqlite().text
    told = run("--company", company, "import", str(files["customers"]), str(bad), "--json")
    assert told.code == 2
    assert all(set(row) == {"file", "line", "column", "value", "message"} for row in told.json["errors"])
    assert {row["line"] for row in told.json["errors"]} >= {2, 4}
    assert "\x1b" not in told.out + told.err
    assert run("--company", company, "customer", "list", "--json").json == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"colour,size\nred,3\n",
        b"no,name\n" + b"C1," + b"x" * 300_000 + b"\n",
        b'no,name\nC1,"never closed\n',
        b"no,name\nC1,One,Two\n",
        b"no,name\x00\nC1,One\n",
    ],
)
def test_malformed_files_are_refused_in_words(
    content: bytes, run: Run, make_sqlite: MakeCompany, tmp_path: Path
) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    told = run("--company", make_sqlite().text, "import", str(path))
    assert told.code == 2
    assert "odd.csv" in told.err


def test_files_that_are_not_there_and_wrong_combinations_are_usage_errors(
    run: Run, make_sqlite: MakeCompany, files: dict[str, Path], tmp_path: Path
) -> None:
    company = make_sqlite().text
    for arguments in (
        [],
        [str(tmp_path / "missing.csv")],
        [str(tmp_path)],
        ["--documents", str(files["documents"])],
        [str(files["customers"]), "--lines", str(files["lines"])],
        ["--documents", str(files["lines"]), "--lines", str(files["documents"])],
    ):
        assert run("--company", company, "import", *arguments).code == 2, arguments


def test_an_export_is_what_was_imported_and_overwrites_nothing(
    run: Run, make_sqlite: MakeCompany, files: dict[str, Path], tmp_path: Path
) -> None:
    first, second = make_sqlite().text, make_sqlite().text
    (tmp_path / "out").mkdir()
    out, again = tmp_path / "out" / "customers.csv", tmp_path / "out" / "again.csv"
    assert run("--company", first, "import", str(files["customers"])).code == 0
    assert run("--company", first, "export", "customers", "--out", str(out)).code == 0
    assert run("--company", second, "import", str(out)).code == 0
    assert run("--company", second, "export", "customers", "--out", str(again)).code == 0
    assert again.read_bytes() == out.read_bytes()
    assert "\x1b[31mred" in out.read_text(encoding="utf-8")
    before = out.read_bytes()
    assert run("--company", first, "export", "customers", "--out", str(out)).code == 2
    assert out.read_bytes() == before
    assert run("--company", first, "export", "moons").code == 2
    assert run("--company", first, "export", "customers", "--out", "/proc/out.csv").code == 2
    assert [path.name for path in (tmp_path / "out").glob(".*")] == []


def test_an_export_is_raw_in_a_pipe_and_spelled_out_on_a_terminal(
    run: Run, make_sqlite: MakeCompany, files: dict[str, Path]
) -> None:
    company = make_sqlite().text
    run("--company", company, "import", str(files["customers"]))
    command = [PROGRAM, "--company", company, "export", "customers"]
    piped = subprocess.run(command, capture_output=True, check=True, timeout=60, env={**os.environ, "LANG": "C"})
    assert b"\x1b[31mred" in piped.stdout
    ours, theirs = pty.openpty()
    shown = subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    text = b""
    while part := _read(ours):
        text += part
    os.close(ours)
    assert shown.wait(60) == 0
    assert b"\\e[31mred" in text
    assert b"\x1b" not in text


def _read(descriptor: int) -> bytes:
    """The next bytes from a terminal; nothing once the other side has closed."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
