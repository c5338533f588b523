"""From an error to the field that mends it: on the card that is open already, and from wherever errors are shown."""

from __future__ import annotations

import builders
import jobs
import pytest
from screens import goes_to_row, is_on, terminal

from postroom.core import documents
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import Problem
from postroom.core.kinds import Area, DocumentType
from postroom.core.posting.check import check
from postroom.core.tables.trade import Document, DocumentLine, Item, Party
from postroom.tui.pages.causes import open_cause
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.documents import DocumentsPage
from postroom.tui.pages.form import FieldRow
from postroom.tui.pages.page import Page


def pages_of(app: object) -> list[str]:
    """The pages that are open, the one in front last."""
    return [screen.address for screen in app.screen_stack if isinstance(screen, Page)]  # type: ignore[attr-defined]


async def test_the_cause_on_a_card_that_is_open_is_shown_there_and_not_on_a_second_card(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1007")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        card = screen.page
        await screen.press("c")
        await screen.sees("Sales Invoice S-INV1007 failed", "m Go to the Cause")
        await screen.press("m")
        await screen.until(lambda: screen.app.focused is card.query_one("#field-posting_date", FieldRow))
        assert pages_of(screen.app) == ["documents", card.address]


async def test_a_card_below_others_is_gone_back_to_where_the_cause_is_on_it(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1007")
        await screen.press("enter")
        await is_on(screen, DocumentCard)
        card = screen.page
        await screen.press("l")
        await screen.sees("Lines of Sales Invoice")
        await open_cause(screen.app, Problem("x", "It is wrong.", "Sales Invoice S-INV1007", None, "due_date"))
        await screen.until(lambda: screen.app.focused is card.query_one("#field-due_date", FieldRow))
        assert pages_of(screen.app) == ["documents", card.address]


async def test_a_card_that_comes_to_the_front_closes_at_once_if_its_document_is_gone(demo_firm: Location) -> None:
    found = Document.get(Document.no == "S-INV1007")
    async with terminal(demo_firm, page="sales-invoice") as screen:
        screen.app.reader.STALE_SECONDS = 60.0  # no second look by the clock
        for _ in range(2):  # two cards of the same record ask for the same
            screen.app.push_screen(DocumentCard(found.id, found.type))
            await is_on(screen, DocumentCard)
        documents.reopen(found.id, user=current_user())
        documents.delete(found.id, user=current_user())
        await is_on(screen, DocumentsPage)


async def test_a_preview_that_fails_leads_to_the_cause(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await goes_to_row(screen, "S-INV1007")
        await screen.press("v")
        await screen.answers("m Go to the Cause", "m")
        await is_on(screen, DocumentCard)
        await screen.until(lambda: screen.app.focused is screen.page.query_one("#field-posting_date", FieldRow))


async def test_post_again_that_is_refused_leads_to_the_cause(sqlite_firm: Location) -> None:
    jobs.blocked(1)
    async with terminal(sqlite_firm, page="documents-to-handle") as screen:
        await screen.sees("1 document")
        await screen.press("t")
        await screen.answers("Post Again", "m")
        await screen.is_on("customer-card C1")
        await screen.until(lambda: screen.app.focused is screen.page.query_one("#field-blocked", FieldRow))


@pytest.mark.parametrize(
    ("blank", "address", "field"),
    [
        ((Party, "vat_business_group"), "customer-card C1", "vat_business_group"),
        ((Party, "general_business_group"), "customer-card C1", "general_business_group"),
        ((Item, "general_product_group"), "item-card I1", "general_product_group"),
        ((DocumentLine, "vat_group"), "line-card {} 10000", "vat_group"),
    ],
)
async def test_a_pair_of_groups_with_a_blank_one_leads_to_the_field_that_is_blank(
    sqlite_firm: Location, blank: tuple[type, str], address: str, field: str
) -> None:
    builders.party(Area.SALES)
    builders.item()
    id_ = builders.document(DocumentType.SALES_INVOICE, [builders.item_line()])
    table, column = blank
    table.update({column: ""}).execute()  # type: ignore[attr-defined]
    problem = next(one for one in check(id_, user=current_user()) if "has no pair" in one.message)
    async with terminal(sqlite_firm) as screen:
        await open_cause(screen.app, problem)
        await screen.is_on(address.format(id_))
        await screen.until(lambda: screen.app.focused is screen.page.query_one(f"#field-{field}", FieldRow))
