"""Preview Posting, posted documents and Navigate on the screen: what each key shows and does."""

from __future__ import annotations

import builders
import pytest
from screens import SIZES, terminal

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document, Party
from postroom.tui.pages.ledgers import LedgerPage, NavigateCard, PostedPage
from postroom.tui.pages.preview import PreviewCard

NOW = PostRequest(mode="now")


@pytest.fixture
def trade(sqlite_firm: Location) -> Location:
    """A customer, a vendor, and an item with five in stock."""
    builders.party(Area.SALES)
    builders.party(Area.PURCHASE, "V1")
    builders.item()
    bought = builders.document(DocumentType.PURCHASE_INVOICE, [builders.item_line("I1", 5, 10)], no="BOUGHT")
    assert {one.result for one in background.post([bought], NOW, user=current_user())} == {"posted"}
    return sqlite_firm


def invoice(no: str, **fields: object) -> int:
    return builders.document(DocumentType.SALES_INVOICE, [builders.item_line("I1", 2, 100)], no=no, **fields)


@pytest.mark.parametrize("size", SIZES)
async def test_a_preview_shows_the_entries_by_ledger(trade: Location, size: tuple[int, int]) -> None:
    invoice("SI-1")
    async with terminal(trade, size, "sales-invoice") as screen:
        await screen.sees("SI-1")
        await screen.press("v")
        await screen.sees(
            "Preview Posting: Sales Invoice SI-1", "Nothing is posted", "Posted Sales Invoice ***   250.00"
        )
        assert isinstance(screen.page, PreviewCard)
        for title in ("G/L Entries", "Customer Ledger Entries", "VAT Entries", "Item Ledger Entries", "Value Entries"):
            await screen.press("tab", "enter")
            await screen.sees(title)
        text = screen.page.copied()
        assert [part for part in ("1300", "250.00", "-20.00") if part not in text] == []
        assert "Vendor Ledger Entries" not in text
        await screen.press("escape")
        await screen.sees("SI-1")
    assert PostedDocument.select().where(PostedDocument.source_no == "SI-1").count() == 0


async def test_a_preview_is_made_anew_when_it_is_refreshed(trade: Location) -> None:
    id_ = invoice("SI-1")
    async with terminal(trade, page="sales-invoice") as screen:
        await screen.sees("SI-1")
        await screen.press("v")
        await screen.sees("250.00")
        Document.update(invoice_discount_amount=100).where(Document.id == id_).execute()
        await screen.press("f5")
        await screen.sees("125.00")
        Document.update(posting_date=None).where(Document.id == id_).execute()
        await screen.press("f5")
        await screen.sees("Posting Date is blank")


async def test_the_reasons_against_a_posting_are_shown_as_by_a_check(trade: Location) -> None:
    Party.update(blocked="All").where(Party.no == "C1").execute()
    invoice("SI-1")
    async with terminal(trade, page="sales-invoice") as screen:
        await screen.sees("SI-1")
        await screen.press("enter")
        await screen.sees("Customer No.")
        await screen.press("v")
        await screen.sees("Customer C1 is blocked (All).", "Clear Blocked on customer C1")


async def test_navigate_leads_from_documents_and_entries_to_each_kind_of_entry(trade: Location) -> None:
    assert {one.result for one in background.post([invoice("SI-1")], NOW, user=current_user())} == {"posted"}
    posted = PostedDocument.get(PostedDocument.source_no == "SI-1", PostedDocument.kind == "invoice")
    async with terminal(trade, page="posted-documents") as screen:
        await screen.sees(posted.no)
        await screen.press("n")
        await screen.sees(f"Navigate: {posted.no}", "Posted Sales Invoice")
        await screen.press("o")
        await screen.until(lambda: isinstance(screen.page, PostedPage))
        await screen.sees(f"no='{posted.no}'", "1 posted document")
        for tabs, title in ((1, "G/L Entries"), (2, "Customer Ledger Entries"), (3, "VAT Entries")):
            await screen.press("n")
            await screen.sees(f"Navigate: {posted.no}", title)
            await screen.press(*["tab"] * tabs, "o")
            await screen.until(lambda: isinstance(screen.page, LedgerPage))
            await screen.sees(title, f"document_no='{posted.no}'", posted.no)
            await screen.press("n")  # and from an entry back to all of its document
            await screen.until(lambda: isinstance(screen.page, NavigateCard))
            await screen.sees(f"Navigate: {posted.no}")
            await screen.press("escape", "escape", "escape")
            await screen.until(lambda: isinstance(screen.page, PostedPage))
