"""Ship or Invoice: an order is posted in part after a person has chosen which, as NAV asks; its header stands first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from postroom.core.counted import counted
from postroom.core.jobs.background import PostRequest
from postroom.tui.widgets.search import Choose


async def ask(page: Any, views: Sequence[Any]) -> PostRequest | None:
    """What is to be done of these orders; None if the person thinks better of it. Only inside a worker."""
    ways = {"Receive" if view.type.receives else "Ship" for view in views}
    moves = " / ".join(sorted(ways, reverse=True))
    steps = {f"{moves} and Invoice": (True, True), moves: (True, False), "Invoice": (False, True)}
    said = {(view.ship, view.invoice) for view in views}
    first = next((name for name, step in steps.items() if said == {step}), "")
    title = f"Post {views[0].record}" if len(views) == 1 else f"Post {counted(len(views), 'Order')}"
    chosen = await page.app.push_screen_wait(Choose(title, list(steps), first))
    if chosen is None:
        return None
    moved, invoiced = steps[chosen]
    return PostRequest(ship=moved and "Ship" in ways, receive=moved and "Receive" in ways, invoice=invoiced)
