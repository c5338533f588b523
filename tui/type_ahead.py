"""Keys typed before a page shows what they are meant for: they wait for it and are then taken, in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from textual.events import Key

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


class TypeAhead:
    """The keys that wait: for the page in front, or for what the key before them does.

    Over a slow line several keys come at once; without this the letters after `:` would reach the page before the
    search is open, and act there. `press` gives a key to the widget with the cursor.
    """

    def __init__(self, app: PostroomApp, press: Callable[[Key], Awaitable[None]]) -> None:
        self._app, self._give_to_widget = app, press
        self._keys: deque[Key] = deque()
        self._is_giving = False
        self._held = 0
        """How much of what was typed is being taken."""

    @property
    def waits(self) -> bool:
        """Whether there are keys that nobody has been given yet, or one whose doing has not begun."""
        return bool(self._keys) or self._is_giving

    async def take(self, key: Key) -> None:
        """Hand the key on as soon as its turn has come.

        One that means something without data acts at once unless others wait before it; Esc takes those back.
        """
        if key.key in LEAVING or (self._acts_at_once(key) and not self.waits):
            await self._give_to_widget(key)
        elif key.key == "escape" and self._must_wait():
            self.forget()
        else:
            self._keys.append(key)
            self._go_on(patiently=False)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While what was typed is being taken: the next keys are for what comes of it."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._go_on(patiently=False)

    def awaited_no_more(self) -> None:
        """The page in front shows what it asked for, or that will not come."""
        self._go_on(patiently=True)

    def _go_on(self, *, patiently: bool) -> None:
        if self._keys and not self._is_giving and not self._must_wait():
            self._is_giving = True
            self._app.run_worker(self._give(patiently=patiently), name="type-ahead")

    def forget(self) -> None:
        """What they were meant for is gone."""
        self._keys.clear()

    async def _give(self, *, patiently: bool) -> None:
        """Hand them out, until one leads to a page that must be read first; its reading goes on with the rest.

        `patiently`: what a key commands is done before the next one; what was typed before the page was seen waits so.
        """
        try:
            while self._keys and not self._must_wait():
                await self._press(self._keys.popleft(), patiently=patiently)
        finally:
            self._is_giving = False

    def _acts_at_once(self, key: Key) -> bool:
        own = self._app.keymap.keys
        return any(key.key in own.get(id_, BY_ID[id_].keys).split(",") for id_ in AT_ONCE)

    def _must_wait(self) -> bool:
        return bool(self._held) or self._is_awaited()

    def _is_awaited(self) -> bool:
        """Whether the page in front, no dialog over it, still waits for what it asked for."""
        stack = self._app.screen_stack
        page = stack[-1] if stack else None
        return isinstance(page, Page) and page.awaits and self._app.is_connected

    async def _press(self, key: Key, *, patiently: bool) -> None:
        """Press a key, and let what it opens come to rest: the next one may be meant for it."""
        app = self._app
        screen = app.screen
        way = (app.focused or screen).ancestors_with_self
        await self._give_to_widget(key)
        for node in way:  # it goes from the widget with the cursor up to the app
            for _ in range(2):  # what a widget has posted to itself about it, such as a line that was taken, goes first
                await _called(node.call_later)
        for _ in range(HOPS):
            await asyncio.sleep(0)
        while patiently and app.commands and isinstance(app.screen, Page):
            await asyncio.sleep(GAP)
        if patiently or app.screen is not screen:
            await _called(app.screen.call_after_refresh)


async def _called(call: Callable[[Callable[[], None]], bool]) -> None:
    """Wait until a widget has come to what it was given to call, or is gone."""
    called = asyncio.Event()
    if not call(called.set):
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(called.wait(), 1)
