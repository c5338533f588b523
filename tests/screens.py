"""The terminal in tests: opened headless at a size, driven by keys, waited for by what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from textual import _wait
from textual.pilot import Pilot

from postroom.core import company
from postroom.core.database import Location
from postroom.tui.app import PostroomApp
from postroom.tui.keymap import Keymap
from postroom.tui.memory import Memory
from postroom.tui.pages.page import Page

SIZES = [pytest.param((80, 24), id="80x24"), pytest.param((120, 40), id="120x40", marks=pytest.mark.full)]
"""The large terminal is for the long form: `make test` has five minutes."""
DEADLINE = 10.0
_wait.SLEEP_GRANULARITY = 0.004  # after each key the pilot looks so often whether the program is idle; 0.02 as it comes
FRAMES = dict.fromkeys(map(ord, "│╭╮╰╯─▌┃"), " ")


class Terminal:
    """One open terminal: `press` keys, read what is `shown`, wait `until` something is so."""

    def __init__(self, app: PostroomApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, line by line."""
        width, height = self.app.size
        lines = []
        for strip in self.app.screen._compositor.render_strips():
            lines.append("".join(segment.text for segment in strip).rstrip())
        assert len(lines) <= height
        assert all(len(line) <= width for line in lines)
        return lines

    @property
    def shown(self) -> str:
        return "\n".join(self.lines)

    def line(self, part: str) -> str:
        """The first line with `part` in it; blank if there is none."""
        return next((line for line in self.lines if part in line), "")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text, character by character, into what has the focus."""
        await self.press(*("space" if character == " " else character for character in text))

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until `condition` holds; fails with the screen if it does not in time."""
        end = monotonic() + DEADLINE
        while not condition():
            if monotonic() > end:
                pytest.fail(f"It did not come to pass. The screen:\n{self.shown}")
            await self.pilot.pause(0.01)

    @property
    def read(self) -> str:
        """What stands on the screen as one reads it: without frames, line breaks and repeated blanks."""
        return " ".join(self.shown.translate(FRAMES).split())

    async def sees(self, *parts: str) -> None:
        """Wait until all these texts stand on the screen, be it over several lines."""
        await self.until(lambda: all(part in self.shown or part in self.read for part in parts))

    async def hears(self, part: str) -> None:
        """Wait until a message that passes by says this."""
        await self.until(lambda: any(part in notification.message for notification in self.app._notifications))

    async def sees_no(self, *parts: str) -> None:
        """Wait until none of these texts stands on the screen."""
        await self.until(lambda: not any(part in self.shown for part in parts))

    async def goes_to(self, words: str) -> None:
        """Search for a page by words and open the first that is found."""
        await self.press("colon")
        await self.sees("Search for a page or an action")
        await self.type(words)
        await self.press("enter")

    @property
    def page(self) -> Page:
        page = self.app.page_in_front()
        assert page is not None
        return page


@asynccontextmanager
async def terminal(
    location: Location,
    size: tuple[int, int] = (80, 24),
    page: str = "job-queue-entries",
    memory: Memory | None = None,
    keymap: Keymap | None = None,
) -> AsyncIterator[Terminal]:
    """The terminal on a company, after its first look at it."""
    company.open_company(location)
    app = PostroomApp(location, poll=0.05, memory=memory, keymap=keymap, first_page=page, few_colours=False)
    async with app.run_test(size=size, notifications=True) as pilot:
        opened = Terminal(app, pilot)
        await opened.until(lambda: app.reads)
        yield opened
