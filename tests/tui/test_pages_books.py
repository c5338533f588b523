"""What was posted, on the screen: posted documents, Navigate, the ledgers, foreign amounts, and the Change Log."""

from __future__ import annotations

from typing import Any

import jobs
import pytest
from rich.cells import cell_len
from screens import SIZES, is_on, terminal

from postroom.core import changelog, setups
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import ChangeLogEntry
from postroom.core.tables.trade import Document
from postroom.tui.pages import change_log
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.document_lines import LinesPage
from postroom.tui.pages.ledgers import NavigateCard, PostedCard

Size = tuple[int, int]


def posted(kind: str = "invoice") -> PostedDocument:
    """The posted document of one invoice that went through the job queue."""
    found = PostedDocument.get_or_none(PostedDocument.kind == kind)
    if found is None:
        jobs.queued()
        jobs.run_all()
        found = PostedDocument.get(PostedDocument.kind == kind)
    return found


@pytest.mark.parametrize("size", SIZES)
async def test_a_posted_document_opens_with_lines_vat_and_entries_and_navigate_shows_its_number(
    sqlite_firm: Location, size: Size
) -> None:
    no = posted().no
    async with terminal(sqlite_firm, size, "posted-documents") as screen:
        await screen.sees("2 posted documents", "Sales Invoice", "Sales Shipment")
        await screen.press("slash")
        await screen.fills_in(f"no={no} kind=invoice")
        await screen.sees("1 posted document")
        await screen.press("enter")
        await is_on(screen, PostedCard)
        await screen.sees(f"Posted Sales Invoice {no}", "Amount Including VAT", "125.00")
        await screen.press(*["j"] * 60)
        await screen.sees("G/L Entries", "Customer Ledger Entries", "VAT Entries")
        await screen.press("n")
        await is_on(screen, NavigateCard)
        await screen.press("escape", "escape", "n")
        await is_on(screen, NavigateCard)
        await screen.sees(f"Navigate: {no}", f"Posted Sales Invoice {no}   125.00")


@pytest.mark.parametrize("ledger", ["gl", "customer", "vat", "item"])
async def test_each_ledger_entry_leads_to_all_that_its_document_posted(sqlite_firm: Location, ledger: str) -> None:
    posted()
    async with terminal(sqlite_firm, page=f"{ledger}-ledger-entries") as screen:
        await screen.until(lambda: screen.list.table.keys)
        row = screen.list.table.row_of(screen.list.table.cursor_key)
        await screen.press("enter")
        await is_on(screen, NavigateCard)
        await screen.sees(f"Navigate: {row['document_no']}", "Posted Sales ")


async def test_an_empty_ledger_says_so_and_its_keys_why_not(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="vendor-ledger-entries") as screen:
        await screen.sees("Nothing has been posted to this ledger yet.")
        await screen.press("enter")
        await screen.hears("Navigate: There is no entry under the cursor.")
        await screen.goes_to("posted documents")
        await screen.sees("Nothing has been posted yet.")
        await screen.press("n")
        await screen.hears("Navigate: There is no posted document under the cursor.")


async def test_card_tabs_fold_and_unfold_and_another_is_a_key_away(sqlite_firm: Location) -> None:
    posted()
    async with terminal(sqlite_firm, page="posted-documents") as screen:
        await screen.press("enter")
        await is_on(screen, PostedCard)
        await screen.sees("- General", "From")
        await screen.press("space")
        await screen.sees("+ General")
        await screen.sees_no("Posted at")
        await screen.press("right_square_bracket", "space")
        await screen.sees("+ Lines")
        await screen.press("space")
        await screen.sees("- Lines")


@pytest.mark.parametrize("size", SIZES)
async def test_foreign_amounts_of_documents_never_stand_without_their_currency(demo_firm: Location, size: Size) -> None:
    document = Document.select().where(Document.currency_code == "USD").order_by(Document.id).first()
    async with terminal(demo_firm, size, document.type.value) as screen:
        await screen.press("slash")
        await screen.fills_in(f"no={document.no}")
        await screen.sees("1 document")
        await screen.until(lambda: screen.read.count(" USD") >= 3)
        head, row = screen.line("Job Queue Status"), screen.line(f" {document.no}")
        assert ("Cur." in head, " USD" in row) == ((True, True) if size[0] >= 94 else (False, False))
        assert ("Incl. VAT" in head) == (size[0] >= 94)
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await screen.press("l")
        await is_on(screen, LinesPage)
        await screen.until(lambda: " USD" in screen.line("Including VAT"))


@pytest.mark.parametrize("width", [80, 94, 108, 120, 160])
async def test_the_job_queue_status_of_documents_is_seen_at_every_width(demo_firm: Location, width: int) -> None:
    async with terminal(demo_firm, (width, 24), "documents") as screen:
        await screen.sees("Job Queue Status", "S-ORD1001")
        head = screen.line("Job Queue Status")
        assert [caption in head for caption in ("Incl. VAT", "Posting Date")] == [width >= 94, width >= 108]


async def test_yen_have_no_decimals_in_list_card_and_lines_of_a_document(demo_firm: Location) -> None:
    document = Document.select().where(Document.currency_code == "JPY", Document.type == "purchase-order").first()
    total = f"{document.amount_including_vat:,.0f}"
    async with terminal(demo_firm, (120, 24), "purchase-order") as screen:
        await screen.press("slash")
        await screen.fills_in(f"no={document.no}")
        await screen.until(
            lambda: f" {total} " in screen.line(f" {document.no} ") and "JPY" in screen.line("VAT 0 JPY")
        )
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        await screen.sees(f"Including VAT {total} JPY")
        assert ".00" not in screen.shown
        await screen.press("l")
        await is_on(screen, LinesPage)
        await screen.sees(f"Lines of Purchase Order {document.no} ", f"Including VAT {total} JPY", "Unit Price")
        assert ".00" not in screen.shown
        await screen.press("enter")
        await screen.sees("This line: amount", f"Including VAT {total} JPY")
        assert ".00" not in screen.shown


async def test_yen_have_no_decimals_in_posted_documents_and_ledgers_and_their_worth_in_euro_has(
    posted_demo: Location,
) -> None:
    document = PostedDocument.get(PostedDocument.currency_code == "JPY", PostedDocument.kind == "invoice")
    total, worth = f"{document.amount_including_vat:,.0f}", f"{document.amount_lcy:,.2f}"
    async with terminal(posted_demo, (120, 40), "posted-documents") as screen:
        await screen.press("slash")
        await screen.fills_in(f"no={document.no} kind=invoice")
        await screen.until(lambda: f" {total} " in screen.line(document.party_no))
        await screen.press("enter")
        await is_on(screen, PostedCard)
        await screen.sees(f"{total} JPY", worth)
        lines = screen.shown.partition("- Lines")[2].partition("G/L Entries")[0]
        assert lines
        assert ".00" not in lines
        await screen.press("escape", "n")
        await screen.sees(f"{document.no}   {total} JPY")
        await screen.goes_to(f"{'customer' if document.area.value == 'sales' else 'vendor'} ledger")
        await screen.press("slash")
        await screen.fills_in(f"document_no={document.no}")
        await screen.until(lambda: f"{total} " in screen.line(document.party_no))
        await screen.sees("Amount LCY: ", "JPY")


@pytest.mark.parametrize("size", SIZES)
async def test_foreign_amounts_of_posted_documents_and_ledgers_bear_their_currency(
    posted_demo: Location, size: Size
) -> None:
    document = PostedDocument.get(PostedDocument.currency_code == "USD", PostedDocument.kind == "invoice")
    async with terminal(posted_demo, size, "posted-documents") as screen:
        await screen.press("slash")
        await screen.fills_in(f"no={document.no} kind=invoice")
        await screen.until(lambda: " USD" in screen.line(document.party_no) and "Cur." in screen.line("Incl. VAT"))
        await screen.sees("Including VAT", " USD")
        await screen.press("n")
        await is_on(screen, NavigateCard)
        await screen.until(lambda: " USD" in screen.line(f"{document.no} "))
        area = "customer" if document.area.value == "sales" else "vendor"
        await screen.goes_to(f"{area} ledger")
        await screen.is_on(f"{area}-ledger-entries")
        await screen.press("slash")
        await screen.fills_in(f"document_no={document.no}")
        await screen.until(lambda: " USD" in screen.line(document.party_no))


def change(**more: Any) -> dict[str, Any]:
    """A row of the change log."""
    row = {"kind": "Item", "record": "1000", "field": "Unit Price", "old_value": "10", "new_value": "12.50"}
    return {**row, "action": "Modify", "entry_no": 1, **more}


@pytest.mark.parametrize(
    ("field", "old", "new", "shown"),
    [
        ("Priority", "1000", "5", "Priority: 1000 -> 5"),
        ("Post Documents via Job Queue", "false", "true", "Post Documents via J…: false -> true"),
        ("Description", "", "A long description that goes on", "Descrip…: (blank) -> A long descrip…"),
        ("Description", "A long description that goes on", "B", "Descrip…: A long description t… -> B"),
        ("Address", "x" * 40, "y" * 40, "Address: xxxxxxxxxx… -> yyyyyyyyyy…"),
    ],
)
def test_a_narrow_change_keeps_from_and_to_and_shortens_the_field_first(
    field: str, old: str, new: str, shown: str
) -> None:
    row = change(field=field, old_value=old, new_value=new)
    text = (
        change_log.change_within(row, 36).plain
        if len(change_log.change_of(row)) > 36
        else change_log.change_of(row).plain
    )
    assert cell_len(text) <= 36
    assert text == shown


@pytest.mark.parametrize("width", range(20, 60, 7))
@pytest.mark.parametrize("old", ["", "false", "漢字漢字漢字漢字", "z" * 80])
def test_a_change_fits_whatever_its_values_are(width: int, old: str) -> None:
    for new in ("true", "y" * 80, "[/x]"):
        text = change_log.change_within(change(field="Some Field of Any Length", old_value=old, new_value=new), width)
        assert cell_len(text.plain) <= width
        assert " -> " in text.plain


@pytest.mark.parametrize(
    ("kind", "record", "shown"),
    [
        ("Purchase Credit Memo", "P-CR1004", "Purchase Cre… P-CR1004"),
        ("Item", "1000", "Item 1000"),
        ("Job Queue Entry", "63 Post Sales Credit Memo", "Job Queue Entry 63 Post Sales Credit Memo"),
    ],
)
def test_a_narrow_record_keeps_its_number(kind: str, record: str, shown: str) -> None:
    assert change_log.changed_record_within(change(kind=kind, record=record), 22).plain == shown


@pytest.mark.parametrize("size", SIZES)
async def test_the_change_log_shows_from_and_to_and_enter_the_whole_change(sqlite_firm: Location, size: Size) -> None:
    ChangeLogEntry.delete().execute()
    setups.change({"sales.post_documents_via_job_queue": "true"}, user=current_user())
    changelog.record("ann", "Modify", "Item", "1000", field="Description", old="An old one " * 9, new="A new one " * 9)
    async with terminal(sqlite_firm, size, "change-log") as screen:
        await screen.sees("2 changes")
        line = screen.line("Sales & Rec")
        assert "false -> true" in line
        assert ("Post Documents via Job Queue:" in line) == (size[0] >= 120)
        assert (current_user() in line) == (size[0] >= 100)
        assert " -> A new" in screen.line("Item 1000")
        await screen.press("enter")
        await screen.sees("Change", ("An old one " * 9).strip(), ("A new one " * 9).strip(), "by ann")
        await screen.answers("Esc Close", "escape")
        await screen.press("slash")
        await screen.fills_in("user=ann")
        await screen.sees("1 change ")


async def test_a_list_copied_to_a_file_has_whole_changes(sqlite_firm: Location, tmp_path: Any) -> None:
    changelog.record("ann", "Modify", "Item", "1000", field="Description", old="An old one " * 9, new="A new one " * 9)
    async with terminal(sqlite_firm, page="change-log") as screen:
        await screen.press("Y")
        await screen.fills_in(str(tmp_path / "changes.csv"))
        await screen.hears("Written:")
        assert f"{'An old one ' * 9} -> " in (tmp_path / "changes.csv").read_text()
