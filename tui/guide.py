"""The ways to everything else: the search for pages and actions, and the keys of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from postroom.tui.actions import shown_key
from postroom.tui.pages import directory
from postroom.tui.widgets.dialogs import Reading
from postroom.tui.widgets.search import Find, Search

if TYPE_CHECKING:
    from postroom.tui.pages.page import Page

WIDE = 120
"""From so many columns on, the keys of a page are told with what a keymap file calls each action."""


async def search(page: Page) -> None:
    """Search for a page or an action of this page, and go there; only inside a worker."""
    finds = [Find(f"page {entry.address}", entry.caption, "Page", help=entry.help) for entry in directory.PAGES]
    finds += [
        Find(
            f"act {action.id}",
            action.caption,
            "Action",
            key=action.shown_key,
            help=action.help,
            why_not=page.why_not(action),
        )
        for action in page.actions
        if not action.motion
    ]
    chosen = await page.app.push_screen_wait(Search(finds))
    if chosen is None:
        return
    kind, _, name = chosen.partition(" ")
    if kind == "page":
        page.desk.open_page(name)
    else:
        page.action_act(name)


def show_keys(page: Page) -> None:
    """Every key of a page, from the table of actions."""
    is_wide = page.app.size.width >= WIDE
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(no_wrap=True)
    if is_wide:
        grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    before = ""
    for action in page.actions:
        if before and action.page != before:
            grid.add_row()
        before = action.page
        keys = Text("  ".join(dict.fromkeys(shown_key(key) for key in action.keys.split(","))), "bold")
        told = Text(f"{action.help}{' Asks first.' if action.dangerous else ''}", "bright_black")
        if is_wide:
            told = Text.assemble(told, (f"  {action.id}", "dim"))
            grid.add_row(keys, Text(action.caption), told)
        else:
            grid.add_row(keys, Text.assemble(action.caption, "  ", told))
    filters = filter_language() if any(action.id == "list.filter" for action in page.actions) else ""
    page.app.push_screen(Reading(f"Keys of {page.caption}", Group(grid, filters)))


_FILTERS = (
    ("no=S-INV1001..S-INV1050", "From one to the other; ..X up to it, X.. from it on."),
    ("party_no=C1*", "Begins with; * is any text, ? one character. Capitals do not count."),
    ("status=Open|Released", "One or the other."),
    ("amount=>100&<500", "Both at once; amount>100 is the same as amount=>100."),
    ("user=<>ann", "Not that one."),
    ("batch_no=''", "Blank; <>'' is not blank."),
    ("name='North Sea*'", "A value with blanks or signs in it, in quotes; a quote in it twice."),
    ("posting_date=..2026-11-30", "Dates in this form; times as 2026-11-24T22:00."),
    ("amount>1000 freight", "Several conditions with blanks between. A word alone is searched for."),
)
"""The filter language by example."""


def filter_language() -> Group:
    """What can be typed after `/`, for the help of a list."""
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for example, meaning in _FILTERS:
        grid.add_row(Text(example, "bold"), Text(meaning, "bright_black"))
    return Group(Text("\nFilters, and which fields the page has: /", "bold"), grid)
