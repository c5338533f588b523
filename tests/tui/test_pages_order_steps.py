"""Orders in parts on the pages: Ship or Invoice asks what of them, and their lines show and take how much."""

from __future__ import annotations

import builders
from screens import Terminal, terminal
from textual.widgets import OptionList

from postroom.core import documents, setups
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document, DocumentLine
from postroom.core.tables.work import JobQueueEntry
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.document_lines import LineCard, LinesPage

ASKED = ("Ship and Invoice", "Enter OK")


def made(no: str, **fields: object) -> Document:
    """A sales order of five pieces."""
    if not builders.Party.select().where(builders.Party.no == "C1").exists():
        builders.party(Area.SALES)
        builders.item()
    id_ = builders.document(DocumentType.SALES_ORDER, [builders.item_line(quantity=5)], no=no, **fields)
    documents.recompute_amounts(Document.id == id_)
    return Document.get_by_id(id_)  # type: ignore[no-any-return]


def kinds() -> list[str]:
    return [row.kind.value for row in PostedDocument.select().order_by(PostedDocument.id)]


async def chooses(screen: Terminal, step: str) -> None:
    """Choose what of an order is posted."""
    await screen.sees(*ASKED)
    options = screen.app.screen.query_one(OptionList)
    names = [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]
    options.highlighted = names.index(step)
    await screen.press("enter")


async def test_ship_or_invoice_asks_what_of_an_order_and_begins_with_what_it_says(sqlite_firm: Location) -> None:
    order = made("SO-1", invoice=False)
    async with terminal(sqlite_firm, page="documents") as screen:
        await screen.sees("SO-1")
        await screen.press("s")
        await screen.sees("Post Sales Order SO-1", *ASKED)
        options = screen.app.screen.query_one(OptionList)
        assert str(options.get_option_at_index(options.highlighted or 0).prompt) == "Ship"
        await screen.press("escape")
        await screen.sees_no("Enter OK")
        assert kinds() == []
        await screen.press("s")
        await screen.sees(*ASKED)
        await screen.press("enter")
        await screen.until(lambda: kinds() == ["shipment"])
        await screen.press("s")
        await chooses(screen, "Invoice")
        await screen.until(lambda: kinds() == ["shipment", "invoice"])
        await screen.sees_no("SO-1")
    assert not Document.select().where(Document.id == order.id).exists()


async def test_post_asks_nothing_and_does_what_the_header_says(sqlite_firm: Location) -> None:
    made("SO-1", invoice=False)
    async with terminal(sqlite_firm, page="documents") as screen:
        await screen.sees("SO-1")
        await screen.press("p")
        await screen.until(lambda: kinds() == ["shipment"])


async def test_an_invoice_goes_whole_and_says_so(sqlite_firm: Location) -> None:
    made("SO-1")
    builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no="SI-1")
    async with terminal(sqlite_firm, page="sales-invoice") as screen:
        await screen.sees("SI-1")
        await screen.press("s")
        await screen.hears("Sales Invoice SI-1 is posted whole")


async def test_several_orders_are_shipped_together(sqlite_firm: Location) -> None:
    made("SO-1")
    made("SO-2", invoice=False)
    async with terminal(sqlite_firm, page="documents") as screen:
        await screen.sees("SO-1", "SO-2")
        await screen.press("asterisk", "s")
        await screen.sees("Post 2 Orders", *ASKED)
        await chooses(screen, "Ship")
        await screen.sees("Post 2 documents?")
        await screen.press("y")
        await screen.until(lambda: kinds() == ["shipment", "shipment"])


async def test_queueing_an_order_keeps_what_was_asked_with_its_entry(sqlite_firm: Location) -> None:
    setups.change({"sales.post_documents_via_job_queue": "true"}, user=current_user())
    made("SO-1")
    async with terminal(sqlite_firm, page="documents") as screen:
        await screen.sees("SO-1")
        await screen.press("s")
        await chooses(screen, "Ship")
        await screen.sees("Scheduled")
    assert JobQueueEntry.get().parameters == '{"ship": true}'


async def test_lines_of_an_order_show_and_take_what_the_next_posting_does(sqlite_firm: Location) -> None:
    order = made("SO-1")
    async with terminal(sqlite_firm, page="documents") as screen:
        await screen.sees("SO-1")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.page, DocumentCard) and screen.page.snapshot)
        await screen.press("l")
        await screen.until(lambda: isinstance(screen.page, LinesPage) and screen.page.snapshot)
        await screen.sees("To Ship", "To Invoice")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.page, LineCard) and screen.page.snapshot)
        await screen.press("f")
        for _ in range(30):
            if screen.app.focused is not None and screen.app.focused.id == "field-qty_to_ship":
                break
            await screen.press("j")
        await screen.press("enter")
        await screen.type("2")
        await screen.press("enter")
        await screen.until(lambda: DocumentLine.get(DocumentLine.document == order.id).qty_to_ship == 2)
        await screen.press("escape", "escape", "s")
        await chooses(screen, "Ship and Invoice")
        await screen.until(lambda: kinds() == ["shipment", "invoice"])
        await screen.press("l")
        await screen.sees("2 shipped, 2 invoiced", "To Ship")


async def test_lines_of_what_comes_in_speak_of_receiving(sqlite_firm: Location) -> None:
    made("SO-1")
    builders.party(Area.PURCHASE, "V1")
    id_ = builders.document(DocumentType.PURCHASE_ORDER, [builders.item_line()], no="PO-1")
    async with terminal(sqlite_firm, size=(120, 40), page="purchase-order") as screen:
        await screen.sees("PO-1")
        await screen.app.push_screen(LinesPage(id_, DocumentType.PURCHASE_ORDER))
        await screen.sees("To Receive", "Received", "To Invoice", "Invoiced", "Unit Price")
