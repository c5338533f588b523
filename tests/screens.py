"""The terminal in tests: opened headless at a size, driven by keys, waited for by what it shows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import pytest
from textual import _wait
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Collapsible, Input

from postroom.core import company
from postroom.core.database import Location
from postroom.tui.app import PostroomApp
from postroom.tui.keymap import Keymap
from postroom.tui.memory import Memory
from postroom.tui.pages.form import FormPage
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.page import Page

SIZES = [pytest.param((80, 24), id="80x24"), pytest.param((120, 40), id="120x40", marks=pytest.mark.full)]
"""The large terminal is for the long form: `make test` has five minutes."""
DEADLINE = 10.0
_wait.SLEEP_GRANULARITY = 0.004  # after each key the pilot looks so often whether the program is idle; 0.02 as it comes
_parse_rules = Stylesheet._parse_rules
_parsed: dict[Any, list[RuleSet]] = {}


def _parse_rules_once(sheet: Stylesheet, css: str, **about: Any) -> list[RuleSet]:
    """Each terminal of a test parses the same style sheets: a tenth of the time."""
    key = (css, *about.values(), *sorted(sheet._variables.items()))
    if key not in _parsed:
        _parsed[key] = _parse_rules(sheet, css, **about)
    return _parsed[key]


Stylesheet._parse_rules = _parse_rules_once  # type: ignore[method-assign]
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
        """Press keys, and wait until the page that they are meant for has taken them."""
        await self.pilot.press(*keys)
        await self.until(lambda: not self.app.early_keys.waits)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text, character by character, into what has the focus."""
        await self.press(*("space" if character == " " else character for character in text))

    async def burst(self, *keys: str | Paste) -> None:
        """Keys that come at once, before anything can be done about the first: names, or texts to be typed."""
        for key in keys:
            if isinstance(key, Paste):
                self.app.post_message(key)
                continue
            for one in [key] if key in ("enter", "escape") else key:
                self.app.post_message(
                    Key(_character_to_key(one) if len(one) == 1 else one, one if len(one) == 1 else None)
                )
        await self.pilot.pause()
        await self.until(lambda: not self.app.early_keys.waits)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until `condition` holds; fails with the screen if it does not in time."""
        end = monotonic() + DEADLINE
        while not condition():
            if monotonic() > end:
                pytest.fail(f"It did not come to pass. The screen:\n{self.shown}")
            await self.pilot.pause(0.01)

    @property
    def read(self) -> str:
        """What stands on the screen, or in the box before it, without frames, line breaks and repeated blanks."""
        lines = self.lines
        for box in self.app.screen.query(".dialog"):
            place = box.region
            lines = [line[place.x : place.right] for line in lines[place.y : place.bottom]]
        return " ".join("\n".join(lines).translate(FRAMES).split())

    async def sees(self, *parts: str) -> None:
        """Wait until all these texts stand on the screen, be it over several lines."""
        await self.until(lambda: all(part in self.shown or part in self.read for part in parts))

    async def hears(self, part: str) -> None:
        """Wait until a message that passes by says this."""
        await self.until(lambda: any(part in said.text for said in self.app.messages.said))

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

    @property
    def list(self) -> ListPage:
        """The page in front, which is a list."""
        page = self.page
        assert isinstance(page, ListPage)
        return page

    async def is_on(self, page: type[Page] | str) -> None:
        """Wait until such a page (a class, or an address) is in front and shows what it read."""

        def is_there() -> bool:
            now = self.page
            return (now.address == page if isinstance(page, str) else isinstance(now, page)) and not now.awaits

        await self.until(is_there)

    async def answers(self, question: str, key: str) -> None:
        """Wait for a question or a box with this text, and close it by a key."""
        await self.sees(question)
        before = self.app.screen
        await self.press(key)
        await self.until(lambda: self.app.screen is not before)

    async def fills_in(self, text: str) -> None:
        """Type into the line that is asked for, in place of what stands there, and take it."""
        await self.until(lambda: isinstance(self.app.focused, Input))
        await self.press("end", "ctrl+u")
        await self.type(text)
        await self.press("enter")

    async def changes(self, field: str, text: str) -> None:
        """Type a value into a field of the card in front; that keys lead to fields is tested elsewhere."""
        await self.at_field(field)
        await self.press("enter")
        await self.fills_in(text)

    async def at_field(self, field: str) -> None:
        """Put the cursor on a field of the card in front, once no box is before it."""
        page = self.page
        assert isinstance(page, FormPage)
        await self.until(lambda: self.app.screen is page and not page.awaits)
        page.go_to_field(field)
        await self.pilot.pause()


async def goes_to_row(screen: Terminal, part: str) -> None:
    """Move the cursor down to the row that shows `part`."""
    await screen.sees(part)
    page = screen.list
    for _ in range(len(page.table.keys)):
        row = page.table.row_of(page.table.cursor_key)
        if part in (getattr(row, "no", ""), str(getattr(row, "line_no", ""))):
            return
        await screen.press("j")
    pytest.fail(f"no row {part}")


async def goes_to_field(screen: Terminal, name: str) -> None:
    """Unfold everything and put the cursor on a field, by keys."""
    if any(tab.collapsed for tab in screen.page.query(Collapsible)):
        await screen.press("f")
    for _ in range(60):
        if screen.app.focused is not None and screen.app.focused.id == f"field-{name}":
            return
        await screen.press("j")
    pytest.fail(f"no field {name}")


async def is_on(screen: Terminal, page: type[Page]) -> None:
    """Wait until such a page is in front and shows what it read."""
    await screen.is_on(page)


@asynccontextmanager
async def unread(app: PostroomApp) -> AsyncIterator[Callable[[], None]]:
    """No look at the company comes to an end until what is given is called. Keys are pressed by the pilot meanwhile."""
    may_go_on = threading.Event()
    held: Any = asyncio.ensure_future(app.reader.desk.do(lambda: may_go_on.wait(DEADLINE)))
    try:
        yield may_go_on.set
    finally:
        may_go_on.set()
        await held


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
    async with app.run_test(size=size) as pilot:
        opened = Terminal(app, pilot)
        await opened.until(lambda: app.reads)
        yield opened
        if app.is_running:  # a box that is closing goes before the program does
            await pilot.pause()
