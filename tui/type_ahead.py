"""Keys typed before a page shows what they are meant for: they wait for it and are then taken, in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.events import Key, Paste
from textual.screen import Screen

from postroom.tui.actions import BY_ID
from postroom.tui.pages.page import Page

if TYPE_CHECKING:
    from postroom.tui.app import PostroomApp

AT_ONCE = ("anywhere.back", "anywhere.quit")
"""Actions that need no data."""
LEAVING = ("ctrl+q", "ctrl+c")
"""Textual's own keys to leave a program; they wait for nothing."""
GAP = 0.02
"""Seconds between two looks whether the command that a key has begun is done."""
HOPS = 3
"""Turns of the event loop in which what a key has begun gets as far as its first question, page or command."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A key, or a text that was pasted, and the screen that was in front then."""

    event: Key | Paste
    front: Screen[Any]
    at_once: bool
    """Whether it means something without the page's rows, and nothing waited before it."""

    @property
    def key(self) -> str:
        """The key's name; blank for what was pasted."""
        return self.event.key if isinstance(self.event, Key) else ""


class TypeAhead:
    """The keys that wait: for the page in front, or for what the key before them does.

    Over a slow line several keys come at once; without this the letters after `:` would reach the page before the
    search is open, and act there. `press` gives a key to the widget with the cursor.
    """

    def __init__(self, app: PostroomApp, press: Callable[[Key | Paste], Awaitable[None]]) -> None:
        self._app, self._give_to_widget = app, press
        self._keys: deque[_Waiting] = deque()
        self._is_giving = False
        self._is_patient = False
        """Whether what a key commands is done before the next one: what was typed before its page was seen waits so."""
        self._holders: list[Screen[Any]] = []
        """The screens on which what was typed is being taken."""

    @property
    def waits(self) -> bool:
        """Whether there are keys that nobody has been given yet, or one whose doing has not begun."""
        return bool(self._keys) or self._is_giving

    async def take(self, event: Key | Paste) -> None:
        """Hand a key on as soon as its turn has come.

        One that means something without data acts without the page's rows unless others wait before it; Esc takes those
        back.
        """
        if isinstance(event, Key) and event.key in LEAVING:
            await self._give_to_widget(event)
            return
        if not self._app.screen_stack:  # the program ends
            return
        at_once = not self._keys and isinstance(event, Key) and self._acts_at_once(event)
        waiting = _Waiting(event, self._app.screen, at_once)
        if self._keys and waiting.key == "escape" and self._must_wait(waiting):
            self.forget()
            return
        self._keys.append(waiting)
        self._go_on()

    @contextmanager
    def held(self, screen: Screen[Any]) -> Iterator[None]:
        """While what was typed on a screen is being taken: the next keys typed there are for what comes of it."""
        self._holders.append(screen)
        try:
            yield
        finally:
            self._holders.remove(screen)
            self._go_on()

    def awaited_no_more(self) -> None:
        """The page in front shows what it asked for, or that will not come."""
        self._is_patient = bool(self._keys)
        self._go_on()

    def forget(self) -> None:
        """What they were meant for is gone."""
        self._keys.clear()

    def _go_on(self) -> None:
        """Hand out what waits, if nothing keeps it."""
        if not self._is_giving and self._next() is not None:
            self._is_giving = True
            self._app.run_worker(self._give(), name="type-ahead")

    async def _give(self) -> None:
        """Hand them out, until one leads to a page that must be read first; its reading goes on with the rest."""
        try:
            while (waiting := self._next()) is not None:
                self._keys.remove(waiting)
                await self._press(waiting.event)
        finally:
            self._is_giving = False
            self._is_patient = self._is_patient and bool(self._keys)

    def _next(self) -> _Waiting | None:
        """The first key that need not wait. One typed into a box does not wait for those typed below it before."""
        for waiting in self._keys:
            if not self._must_wait(waiting):
                return waiting
        return None

    def _must_wait(self, waiting: _Waiting) -> bool:
        if waiting.front in self._holders or self._app.screen in self._holders:
            return not (waiting.at_once and waiting.key == "escape")
        return not waiting.at_once and self._is_awaited()

    def _acts_at_once(self, key: Key) -> bool:
        own = self._app.keymap.keys
        return any(key.key in own.get(id_, BY_ID[id_].keys).split(",") for id_ in AT_ONCE)

    def _is_awaited(self) -> bool:
        """Whether the page in front, no dialog over it, still waits for what it asked for."""
        stack = self._app.screen_stack
        page = stack[-1] if stack else None
        return isinstance(page, Page) and page.awaits and self._app.is_connected

    async def _press(self, event: Key | Paste) -> None:
        """Press a key, and let what it opens come to rest: the next one may be meant for it."""
        app = self._app
        screen = app.screen
        way = (app.focused or screen).ancestors_with_self
        await self._give_to_widget(event)
        for node in way:  # it goes from the widget with the cursor up to the app
            for _ in range(2):  # what a widget has posted to itself about it, such as a line that was taken, goes first
                await _called(node.call_later)
        for _ in range(HOPS):
            await asyncio.sleep(0)
        while self._is_patient and app.commands and isinstance(app.screen, Page):
            await asyncio.sleep(GAP)
        if self._is_patient or app.screen is not screen:
            await _called(app.screen.call_after_refresh)


async def _called(call: Callable[[Callable[[], None]], bool]) -> None:
    """Wait until a widget has come to what it was given to call, or is gone."""
    called = asyncio.Event()
    if not call(called.set):
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(called.wait(), 1)
