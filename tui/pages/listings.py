"""Posting Register, Trial Balance and Batch Result: read here, printed, saved as PDF."""

from __future__ import annotations

import itertools
import os
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from postroom.core.errors import DatabaseAway, PostroomError
from postroom.core.jobs import entries
from postroom.core.kinds import ReportOutput
from postroom.core.plain_text import visible
from postroom.core.printing import folder, listings, print_jobs, rendering
from postroom.core.printing.listings import HEADING, TOTAL, whole
from postroom.core.printing.reports import BATCH_RESULT, LISTINGS, POSTING_REGISTER, TRIAL_BALANCE
from postroom.tui import shown
from postroom.tui.actions import ANYWHERE, CARD, Action, bindings
from postroom.tui.actions.printing import LISTING
from postroom.tui.pages import reprint
from postroom.tui.pages.card import CardPage, CardSnapshot
from postroom.tui.pages.page import Page
from postroom.tui.widgets.dialogs import AskText
from postroom.tui.widgets.search import Choose

OUTPUTS = {said: output for said, output in reprint.OUTPUTS.items() if output is not None}
"""A listing belongs to no area, whose setup could say where it is printed."""
MARGIN, MARGIN_ON_A_CARD = 4, 9
"""Columns of the terminal that the page keeps for itself, and a card on which a report is one FastTab of several."""
GAP = "  "
LEAST = 8
"""Columns that a text keeps at least."""


ABOUT = {
    TRIAL_BALANCE: "Period: 2026-01-01..2026-03-31; ..2026-03-31 is all up to a day, 2026-03-31 that day, blank all.",
    POSTING_REGISTER: "Registers: 12, 12..15, 12|15, or posting_date=2026-03-31; blank is all.",
    BATCH_RESULT: "Batch No.: a number of the page Batches, such as 3.",
}
"""What each report is about, and how that is written."""


@dataclass(frozen=True, slots=True)
class ListingSnapshot(CardSnapshot):
    """A report: what stands above its rows, and its rows."""

    facts: Text = field(default_factory=Text)
    heads: Text = field(default_factory=Text)
    rows: Text = field(default_factory=Text)


class ListingPage(CardPage):
    """One report over many records; its column heads stay in view."""

    PAGE = LISTING
    ACTIONS_OF = (LISTING, CARD, ANYWHERE)
    WITHOUT = frozenset(f"{CARD}.{name}" for name in ("fold", "next-tab", "previous-tab"))
    BINDINGS: ClassVar = bindings(*ACTIONS_OF, without=WITHOUT)

    def __init__(self, listing: str, about: str | None = None) -> None:
        super().__init__(listing)
        self.listing = LISTINGS[listing]
        self.wanted = about
        """What it is to be about; None: the newest there is."""

    @property
    def caption(self) -> str:
        return self.listing.title

    @property
    def address(self) -> str:
        return self.listing.name

    @property
    def actions(self) -> tuple[Action, ...]:
        """What it is about is called by its name: Period, Registers, Batch No."""
        about = self.listing.about
        return tuple(
            replace(one, caption=about, footer=about) if one.method == "do_about" else one for one in super().actions
        )

    def body(self) -> ComposeResult:
        yield Static(markup=False, id="caption")
        yield Static(markup=False, id="facts")
        yield Static(markup=False, id="heads")
        with VerticalScroll(id="tabs"):
            yield Static(markup=False, id="report")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#tabs").focus()

    def show(self, snapshot: Any) -> None:
        assert isinstance(snapshot, ListingSnapshot)
        self.snapshot = snapshot
        for name, text in (
            ("caption", snapshot.title),
            ("facts", snapshot.facts),
            ("heads", snapshot.heads),
            ("report", snapshot.rows),
        ):
            part = self.query_one(f"#{name}", Static)
            if part.content != text:
                part.update(text)
        self.update_keys()

    def copied(self) -> str:
        now = self.snapshot
        if not isinstance(now, ListingSnapshot):
            return ""
        return "\n".join(text.plain for text in (now.title, now.facts, now.heads, now.rows))

    def reopened(self, wanted: Page) -> None:
        assert isinstance(wanted, ListingPage)
        self.wanted = wanted.wanted
        self.desk.look_now()

    def asked(self) -> object:
        return (self.address, self.wanted, self.size.width)

    def reading(self) -> Callable[[], Any]:
        listing, wanted, width = self.listing, self.wanted, self.size.width - MARGIN

        def read() -> CardSnapshot:
            about = listings.newest(listing) if wanted is None else wanted
            title = Text.assemble((listing.title, "bold"), f"  {visible(about)}")
            try:
                facts, heads, rows = drawn(listings.read(listing, about).content, width)
            except DatabaseAway:
                raise
            except PostroomError as error:  # there is nothing to tell, which a later look may find otherwise
                return ListingSnapshot(None, title, (), rows=Text(visible(shown.told(error))))
            return ListingSnapshot(about, title, (), facts, heads, rows)

        return read

    @property
    def about(self) -> str:
        """What is shown; what was wanted where that has nothing to tell."""
        row = self.snapshot.row if self.snapshot is not None else None
        return self.wanted or "" if row is None else str(row)

    async def do_about(self) -> None:
        """Ask what the report is to be about; what it cannot be about is told where it was typed."""
        listing = self.listing

        async def attempt(text: str) -> str:
            wrong = await self.desk.attempt(lambda: listings.read(listing, text.strip()))
            if not wrong:
                self.wanted = text.strip()
            return wrong

        await self.app.push_screen_wait(AskText(listing.title, ABOUT[listing], self.about, attempt=attempt))
        self.desk.look_now()

    async def do_print(self) -> None:
        """Ask where to: into the Report Inbox at once, or on a printer by a consumer."""
        listing, about, user = self.listing, self.about, self.desk.user
        chosen = await self.app.push_screen_wait(Choose(f"Print {listing.title}", list(OUTPUTS), next(iter(OUTPUTS))))
        if chosen is None:
            return
        output = OUTPUTS[chosen]

        def print_it() -> str:
            id_ = print_jobs.print_listing(listing, about, user=user, output=output)
            if output is ReportOutput.PRINT:
                return "is queued to be printed"
            (ran,) = entries.run_once([id_], user=user, is_logged=False)
            return ran.errors[0].message if ran.errors else "lies in the Report Inbox"

        said = await self.desk.carry_out(print_it)
        if said is not None:
            self.desk.say(f"{listing.title}: {said}.")

    async def do_save(self) -> None:
        """Ask where to; what cannot be written there can be mended where it was typed."""
        listing, about = self.listing, self.about
        saved: list[Path] = []

        async def attempt(text: str) -> str:
            if not text.strip():
                return "Type a path."
            target = Path(os.path.expanduser(text.strip()))

            def save() -> None:
                pdf = rendering.pdf(listings.read(listing, about))
                saved.append(folder.write_new(target, f"{folder.file_name(listing.name, about)}.pdf", pdf))

            return await self.desk.attempt(save)

        ask = AskText(f"Save {listing.title}", "A folder, or the path of a new file", os.getcwd(), attempt=attempt)
        await self.app.push_screen_wait(ask)
        if saved:
            self.desk.say(f"Saved as {saved[0].absolute()}.")


def drawn(content: Mapping[str, Any], width: int) -> tuple[Text, Text, Text]:
    """What a listing says in so many columns: its facts, its column heads, its rows.

    Texts that are too long go on in the next line, numbers stay whole.
    """
    are_numbers = [column["is_number"] for column in content["columns"]]
    captions = [column["caption"] for column in content["columns"]]
    rows = [(row["style"], [visible(whole(cell)) for cell in row["cells"]]) for row in content["rows"]]
    widths = _widths(captions, are_numbers, [cells for style, cells in rows if style != HEADING], width)

    def lines(cells: Sequence[str]) -> str:
        wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(cells, widths, strict=True)]
        return "\n".join(
            GAP.join(
                shown.padded(part, size, right=is_number)
                for part, size, is_number in zip(parts, widths, are_numbers, strict=True)
            ).rstrip()
            for parts in itertools.zip_longest(*wrapped, fillvalue="")
        )

    facts = "   ".join(f"{fact['name']}: {visible(whole(fact['value']))}" for fact in content["facts"] if fact["value"])
    text = Text()
    for style, cells in rows:
        if style == HEADING:
            text.append(f"\n{cells[0]}\n" if text else f"{cells[0]}\n", "bold")
        else:
            text.append(f"{lines(cells)}\n", "bold" if style == TOTAL else "")
    text.rstrip()
    return Text(facts), Text(lines(captions), "bold"), text


def in_one(content: Mapping[str, Any], width: int) -> Text:
    """The same as one text."""
    facts, heads, rows = drawn(content, width)
    return Text("\n").join([facts, Text(), heads, rows])


def _widths(
    captions: Sequence[str], are_numbers: Sequence[bool], rows: Sequence[Sequence[str]], width: int
) -> list[int]:
    """How wide each column is; the widest texts give what the terminal has not."""
    widths = [
        max([max(map(len, caption.split())), *(cell_len(row[place]) for row in rows)])
        for place, caption in enumerate(captions)
    ]
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        texts = [place for place, is_number in enumerate(are_numbers) if not is_number]
        widest = max(texts, key=lambda place: widths[place])
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
    return widths
