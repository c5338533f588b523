"""What a document would post, by ledger: the page of Preview Posting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import currencies, reading
from postroom.core.plain_text import visible
from postroom.core.posting import preview
from postroom.core.posting.preview import Preview
from postroom.tui import shown
from postroom.tui.actions import ANYWHERE, CARD, bindings
from postroom.tui.pages import causes, results
from postroom.tui.pages.card import CardPage, CardSnapshot, Section
from postroom.tui.pages.ledgers import document_lines, entry_sections

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "gl": ("document_type", "document_no", "account_no", "amount"),
    "customer": ("document_type", "document_no", "party_no", "amount", "remaining_amount", "due_date"),
    "vendor": ("document_type", "document_no", "party_no", "amount", "remaining_amount", "due_date"),
    "vat": ("document_type", "document_no", "vat_product_group", "rate", "base", "amount", "account_no"),
    "item": ("document_type", "document_no", "item_no", "quantity"),
    "value": ("document_type", "document_no", "item_no", "cost_amount", "account_no"),
}


class PreviewCard(CardPage):
    """A preview as it was when it was asked for; F5 makes it anew."""

    PAGE = "preview"
    ACTIONS_OF = (CARD, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Preview Posting"
    SECTIONS = ("Posted Documents", *(ledger.title for ledger in reading.LEDGERS.values()))

    def __init__(self, document_id: int, found: Preview) -> None:
        super().__init__(document_id)
        self.found = found

    def asked(self) -> object:
        return (self.address, id(self.found))

    def reading(self) -> Callable[[], Any]:
        found = self.found
        return lambda: card_of(found)

    def do_refresh(self) -> None:
        self.run_worker(self._preview_again(), exclusive=True)

    async def _preview_again(self) -> None:
        id_, user = self.record_key, self.desk.user
        found = await self.desk.carry_out(lambda: preview.preview(id_, user=user))
        if found is not None and found.errors:
            failed = results.RecordResult(found.type.value, found.no, "failed", errors=found.errors)
            await causes.tell(self.desk, self.CAPTION, [failed])
        elif found is not None:
            self.found = found
            super().do_refresh()


def card_of(found: Preview) -> CardSnapshot:
    """A preview as a card."""
    name = f"Preview Posting: {found.type.title} {visible(found.no)}"
    title = Text.assemble((name, "bold"), ("   Nothing is posted.", shown.FAINT))
    decimals = currencies.decimals()
    would_be = document_lines(found.documents, decimals).append(
        f"\n{preview.PLACEHOLDER} stands for a number that is drawn then.", shown.FAINT
    )
    sections = (Section("Posted Documents", would_be), *entry_sections(found.entries, decimals, _COLUMNS))
    return CardSnapshot(found, title, sections)
