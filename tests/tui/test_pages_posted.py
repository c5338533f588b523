"""Preview Posting, posted documents and Navigate on the screen: what each key shows and does."""

from __future__ import annotations

import builders
import pytest
from jobs import QUEUE, run_all
from screens import SIZES, terminal

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import background, undo
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.undo import CancelRequest
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import JobQueueEntry
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
        await screen.sees("Sales Invoice SI-1   Released", "Customer No.")
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
        await screen.until(lambda: isinstance(screen.page, PostedPage) and len(screen.page.table.keys) == 1)
        for tabs, title in ((1, "G/L Entries"), (2, "Customer Ledger Entries"), (3, "VAT Entries")):
            await screen.press("n")
            await screen.sees(f"Navigate: {posted.no}", title)
            await screen.press(*["tab"] * tabs, "o")
            await screen.until(lambda: isinstance(screen.page, LedgerPage))
            await screen.sees(title, f"document_no='{posted.no}'")
            await screen.until(lambda: isinstance(screen.page, LedgerPage) and screen.page.snapshot.rows)
            await screen.press("n")  # and from an entry back to all of its document
            await screen.until(lambda: isinstance(screen.page, NavigateCard))
            await screen.sees(f"Navigate: {posted.no}")
            await screen.press("escape", "escape", "escape")
            await screen.until(lambda: isinstance(screen.page, PostedPage))


def sold(*nos: str) -> list[PostedDocument]:
    """Post an invoice of each no.; what was posted."""
    done = background.post([invoice(no) for no in nos], NOW, user=current_user())
    assert {one.result for one in done} == {"posted"}
    chosen = PostedDocument.select().where(PostedDocument.source_no.in_(nos), PostedDocument.kind == "invoice")
    return list(chosen.order_by(PostedDocument.id))


@pytest.mark.parametrize("size", SIZES)
async def test_marked_documents_are_cancelled_after_a_question_that_counts_them(
    trade: Location, size: tuple[int, int]
) -> None:
    sold("SI-1", "SI-2")
    async with terminal(trade, size, "posted-documents") as screen:
        await screen.sees("6 posted documents")
        await screen.press("asterisk", "C")
        await screen.sees(
            "Cancel 3 posted documents?", "1 Purchase Invoice, 2 Sales Invoices.", "What is posted stays."
        )
        await screen.press("n")
        assert not Document.select().exists()
        await screen.press("C", "y")
        await screen.hears("3 documents: queued.")
        await screen.sees_no("marked")
    assert sorted(row.type.value for row in Document.select()) == [
        "purchase-credit-memo",
        "sales-credit-memo",
        "sales-credit-memo",
    ]
    assert len({entry.batch_no for entry in JobQueueEntry.select()}) == 1


async def test_a_cancelled_document_names_what_cancelled_it_and_is_not_cancelled_again(trade: Location) -> None:
    (posted,) = sold("SI-1")
    undo.cancel([posted.id], CancelRequest("now"), user=current_user())
    memo = PostedDocument.get(PostedDocument.corrects_no == posted.no, PostedDocument.kind == "credit_memo")
    async with terminal(trade, page="posted-documents") as screen:
        await screen.sees(memo.no, f"Cancels {posted.no}")
        await screen.press("slash")
        await screen.type(f"no={posted.no}")
        await screen.press("enter")
        await screen.sees(f"Cancelled by {memo.no}")
        await screen.press("C")
        await screen.hears(f"{posted.no} is cancelled already, by {memo.no}.")
        await screen.press("enter")
        await screen.sees(f"Posted Sales Invoice {posted.no}   Cancelled by {memo.no}", "Cancelled by ...")
        await screen.press("C")
        await screen.hears(f"{posted.no} is cancelled already")


async def test_the_card_of_a_posted_document_cancels_it(trade: Location) -> None:
    (posted,) = sold("SI-1")
    async with terminal(trade, page="posted-documents") as screen:
        await screen.sees(posted.no)
        await screen.press("enter")
        await screen.sees("G/L Register No.")
        await screen.press("C")
        await screen.sees(f"Cancel Posted Sales Invoice {posted.no}?", "1 Sales Invoice.")
        await screen.sees("y Yes, cancel it", "n No, keep it")
        await screen.press("y")
        await screen.hears("queued")
    assert Document.get().corrects_no == posted.no


async def test_what_would_not_post_now_may_be_queued_all_the_same(trade: Location) -> None:
    (posted,) = sold("SI-1")
    Party.update(blocked="All").where(Party.no == "C1").execute()
    async with terminal(trade, page="posted-documents") as screen:
        await screen.sees(posted.no)
        await screen.press("C", "y")
        await screen.sees("would not post now. Queue it anyway?", "Customer C1 is blocked (All).")
        await screen.press("y")
        await screen.hears("queued")
    assert Document.get().cancels


async def test_goods_alone_are_not_cancelled(trade: Location) -> None:
    sold("SI-1")
    async with terminal(trade, page="posted-documents") as screen:
        await screen.press("slash")
        await screen.type("kind=shipment")
        await screen.press("enter")
        await screen.sees("1 posted document")
        await screen.press("C")
        await screen.hears("Goods come back with their invoice or credit memo")


async def test_a_batch_is_cancelled_from_its_page(trade: Location) -> None:
    ids = [invoice("SI-1"), invoice("SI-2")]
    background.post(ids, QUEUE, user=current_user())
    run_all()
    invoice("SI-3")
    async with terminal(trade, page="batches") as screen:
        await screen.sees("Post")
        await screen.press("C")
        await screen.sees("Cancel what batch 1 posted?", "2 Sales Invoices.", "y Yes, cancel them")
        await screen.press("y")
        await screen.hears("2 documents: queued.")
        await screen.sees("2 batches")
        await screen.press("g")
        await screen.sees("Batch 2  Cancel Batch 1")
        await screen.press("C")
        await screen.hears("Nothing of it is posted.")
    run_all()
    assert PostedDocument.select().where(PostedDocument.cancels, PostedDocument.kind == "credit_memo").count() == 2
