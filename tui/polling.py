"""How often the pages look at the company, as a person chooses it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from postroom.tui.widgets.dialogs import AskText

if TYPE_CHECKING:
    from postroom.tui.app import PostroomApp


async def ask(desk: PostroomApp) -> None:
    """Ask how often to look at the company; kept for the next time."""

    async def attempt(text: str) -> str:
        try:
            seconds = Decimal(text.strip())
        except InvalidOperation:
            return f"{text} is not a number of seconds. Type one from 0.2 to 3600."
        if not Decimal("0.2") <= seconds <= 3600:
            return f"{text} s is not possible. Type a number of seconds from 0.2 to 3600."
        desk.poll = desk.memory.poll = float(seconds)
        desk.tell_trouble()
        desk.look_now()
        return ""

    await desk.push_screen_wait(
        AskText("Poll", "Seconds between two looks at the company.", f"{desk.poll:g}", attempt=attempt)
    )
