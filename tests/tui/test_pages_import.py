"""Import on the screen: files are named, imported whole or not at all, and every bad row is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from screens import SIZES, Terminal, terminal

from postroom.core.database import Location
from postroom.core.tables.trade import Document, Party
from postroom.tui.pages import import_files

CUSTOMERS = (
    "no,name,general_business_group,vat_business_group,posting_group\nC0100,[bold]Harbour[/x] Bikes,HOME,HOME,HOME\n"
)
DOCUMENTS = "type,no,party_no,posting_date\nsales-invoice,SI-1,C0100,2026-11-02\n"
LINES = "document_type,document_no,type,no,quantity,unit_price,vat_rate\nsales-invoice,SI-1,item,PUMP,4,25.50,25\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files, in which the terminal was started."""
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "my documents.csv").write_text(DOCUMENTS)
    (tmp_path / "lines.csv").write_text(LINES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def names(screen: Terminal, files: str) -> None:
    """Type what is to be imported."""
    await screen.goes_to("import")
    await screen.sees("Files ....")
    await screen.until(lambda: "(blank)" in screen.line("Files ...."))
    await screen.press("enter")
    await screen.sees("Paths of CSV files")
    await screen.type(files)
    await screen.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_files_are_named_and_imported_and_it_is_said_what_came(
    sqlite_firm: Location, folder: Path, size: tuple[int, int]
) -> None:
    async with terminal(sqlite_firm, size, "role-centre") as screen:
        await names(screen, "cust*.csv 'my documents.csv' lines.csv")
        await screen.until(lambda: "my documents.csv" in screen.line("Files ...."))
        await screen.press("j", "space")
        await screen.until(lambda: "[x] Yes" in screen.line("Create Missing"))
        await screen.press("f9")
        await screen.sees("Imported 1 item, 1 customer, 1 document, 1 line.", "Made what was missing: 1 item.")
    assert Party.get(Party.no == "C0100").name == "[bold]Harbour[/x] Bikes"
    assert Document.get(Document.no == "SI-1").party_no == "C0100"


async def test_bad_rows_are_shown_with_file_line_column_value_and_reason_and_written_to_a_file(
    sqlite_firm: Location, folder: Path
) -> None:
    (folder / "lines.csv").write_text(LINES.replace("25.50", "25,50").replace("4,", "x,"))
    async with terminal(sqlite_firm, (120, 40), "role-centre") as screen:
        await names(screen, "customers.csv 'my documents.csv' lines.csv")
        await screen.until(lambda: "lines.csv" in screen.line("Files ...."))
        await screen.press("p")
        await screen.sees("Nothing was imported", "lines.csv:2")
        await screen.press("escape")
        await screen.sees("nothing was imported.")
        assert Document.select().count() == 0
        assert not Party.select().where(Party.no == "C0100").exists()
        page = screen.page
        assert isinstance(page, import_files.ImportPage)
        written = await page.written()
        assert written is not None
        assert written.startswith("lines.csv:2")


async def test_a_file_that_is_not_there_is_said_where_it_is_typed(sqlite_firm: Location, folder: Path) -> None:
    async with terminal(sqlite_firm, page="role-centre") as screen:
        await names(screen, "nowhere.csv")
        await screen.sees("There is no file nowhere.csv.", "Relative paths begin at")
        await screen.press("escape", "f9")
        await screen.hears("Name the files first")
