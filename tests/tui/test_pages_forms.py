"""Forms: what two people change at the same time, and what is offered to choose."""

from __future__ import annotations

from decimal import Decimal

import builders
from screens import terminal
from textual.widgets import Input

from postroom.core import documents, masters, setups
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.kinds import AccountType, Area, DocumentType, LineType
from postroom.core.tables.setup import GlAccount
from postroom.core.tables.trade import DocumentLine, Item, Party
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.document_lines import LineCard
from postroom.tui.pages.form import FormPage
from postroom.tui.pages.records import RecordCard
from postroom.tui.pages.setups import SetupPage


def change(page: FormPage, key: str, text: str) -> None:
    """What somebody else writes to the field of a card."""
    if isinstance(page, LineCard):
        documents.set_line(page.id_, page.line_no, {key: text}, user=current_user())
    elif isinstance(page, DocumentCard):
        documents.set_fields(page.id_, {key: text}, user=current_user())
    elif isinstance(page, SetupPage):
        setups.change({key: text}, user=current_user())
    else:
        assert isinstance(page, RecordCard)
        masters.set_record(page.kind.slug, page.no, {key: text}, user=current_user())


def cards() -> list[tuple[FormPage, str]]:
    """A card of each kind with a text on it."""
    invoice = DocumentType.SALES_INVOICE
    id_ = builders.document(invoice, [builders.item_line()])
    documents.reopen(id_, user=current_user())
    line = DocumentLine.get(DocumentLine.document == id_).line_no
    return [
        (DocumentCard(id_, invoice), "external_document_no"),
        (LineCard(id_, invoice, line), "description"),
        (RecordCard("customer", "C1"), "name"),
        (SetupPage("company"), "company.name"),
    ]


async def test_what_somebody_else_wrote_into_the_field_meanwhile_is_overwritten_only_by_a_second_enter(
    sqlite_firm: Location,
) -> None:
    builders.party(Area.SALES)
    builders.item()
    async with terminal(sqlite_firm) as screen:
        for page, key in cards():
            screen.app.push_screen(page)
            await screen.is_on(page.address)
            page.go_to_field(key)
            await screen.press("enter")
            await screen.until(lambda: isinstance(screen.app.focused, Input))
            change(page, key, "Theirs")
            await screen.fills_in("Mine")
            await screen.sees("Changed meanwhile to Theirs. Enter again overwrites it.")
            assert page.reading()().fields[[*page.fields].index(key)].value == "Theirs"
            await screen.press("enter")
            await screen.sees_no("Leave as it is")
            assert page.reading()().fields[[*page.fields].index(key)].value == "Mine"
            await screen.press("escape")


async def test_what_somebody_else_chose_meanwhile_is_overwritten_after_a_question(sqlite_firm: Location) -> None:
    builders.party(Area.SALES)
    async with terminal(sqlite_firm) as screen:
        card = RecordCard("customer", "C1")
        screen.app.push_screen(card)
        await screen.is_on(card.address)
        await screen.at_field("blocked")
        await screen.press("enter")
        await screen.sees("Invoice")
        change(card, "blocked", "All")
        await screen.press("down", "enter")
        await screen.answers("Blocked was changed meanwhile to All.", "n")
        assert Party.get(Party.no == "C1").blocked == "All"


async def test_two_who_make_the_same_change_are_not_asked(sqlite_firm: Location) -> None:
    builders.item()
    async with terminal(sqlite_firm) as screen:
        card = RecordCard("item", "I1")
        screen.app.push_screen(card)
        await screen.is_on(card.address)
        await screen.at_field("description")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.focused, Input))
        masters.set_record("item", "I1", {"description": "Kettle"}, user=current_user())
        await screen.fills_in("Kettle")
        await screen.sees_no("Leave as it is")
        assert Item.get(Item.no == "I1").description == "Kettle"


async def test_only_accounts_that_can_be_posted_to_are_offered_and_on_lines_those_of_direct_posting(
    sqlite_firm: Location,
) -> None:
    def has(no: str, name: str, **fields: object) -> None:
        GlAccount.create(no=no, name=f"Sundry {name}", **fields)

    has("9001", "heading", type=AccountType.HEADING)
    has("9002", "costs", direct_posting=True)
    has("9003", "control", direct_posting=False)
    builders.party(Area.SALES)
    line = {"type": LineType.GL_ACCOUNT, "no": "9001", "quantity": Decimal(1), "unit_price": Decimal(5)}
    id_ = builders.document(DocumentType.SALES_INVOICE, [line])
    documents.reopen(id_, user=current_user())
    async with terminal(sqlite_firm) as screen:
        for page, field in (
            (LineCard(id_, DocumentType.SALES_INVOICE, 10000), "no"),
            (RecordCard("general-posting-setup", "HOME x RESALE"), "sales_account"),
        ):
            screen.app.push_screen(page)
            await screen.is_on(page.address)
            await screen.at_field(field)
            await screen.press("enter")
            await screen.type("sundry")
            await screen.sees("9002  Sundry costs")
            assert ("9003" in screen.shown) == (field == "sales_account")
            assert "Sundry heading" not in screen.shown
            await screen.press("escape", "escape")
