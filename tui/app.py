"""The full-screen terminal: which pages there are, the one poll that feeds them, and how commands are carried out."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rich.text import Text
from textual.app import App
from textual.events import Event, Key, Paste

from postroom.core import bugs, clock, company
from postroom.core.database import Location
from postroom.core.errors import DatabaseAway, NotFound, PostroomError, UsageError
from postroom.core.plain_text import visible
from postroom.tui import hanging_up, keymap, shown, suspending
from postroom.tui.cli import crash
from postroom.tui.colours import THEME, has_few_colours, terminal_palette
from postroom.tui.keymap import Keymap
from postroom.tui.memory import Memory, of_company
from postroom.tui.messages import Messages
from postroom.tui.pages import directory
from postroom.tui.pages.page import Page
from postroom.tui.pdf_program import PdfProgram
from postroom.tui.snapshots import BUSY_SECONDS, Desk, Reader, change_mark, read_standing
from postroom.tui.type_ahead import TypeAhead
from postroom.tui.widgets.box import Box
from postroom.tui.widgets.dialogs import Ask, Progress
from postroom.tui.widgets.dialogs import Reading as ReadingBox
from postroom.tui.widgets.key_line import Severity
from postroom.tui.widgets.status_bar import Health

if TYPE_CHECKING:
    from postroom.tui.pages.list_state import ListState

Result = TypeVar("Result")

POLL = 1.0
"""Seconds between two looks at the company, unless chosen otherwise."""
REST = 4
"""After a look that took long, the next waits so many times as long: a slow search must not keep a core busy."""
PATIENCE = 3.0
"""After so many seconds without an answer the page says so."""
HOLD = 0.1
"""So many seconds a new page waits for its rows, to be drawn once with them."""


class PostroomApp(App[int]):
    """Postroom on a whole screen. `poll` is the time between two looks at the company, in seconds."""

    CSS_PATH = "app.tcss"
    TITLE = "Postroom"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (36, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar = []

    def __init__(
        self,
        location: Location,
        *,
        poll: float | None = None,
        memory: Memory | None = None,
        keymap: Keymap | None = None,
        first_page: str = directory.FIRST,
        few_colours: bool | None = None,
    ) -> None:
        few = has_few_colours(os.environ) if few_colours is None else few_colours
        if few:
            os.environ["TEXTUAL_THEME"] = "ansi-dark"  # Textual chooses its colour filter before a theme can be set
        super().__init__(ansi_color=True if few else None)
        self.register_theme(THEME)
        self.theme = "ansi-dark" if few else THEME.name
        if not few:
            self.ansi_theme_dark = terminal_palette()
        self.location = location
        self.memory = memory or Memory(None)
        self.keymap = keymap or Keymap()
        self.set_keymap(self.keymap.keys)
        self.poll = poll or self.memory.poll or POLL
        self.messages = Messages(self, self._show_messages)
        self.first_page = first_page
        self.reader = Reader(location)
        self.clerk = Desk(location, "postroom-clerk")
        self.health = Health()
        self.list_states: dict[str, ListState] = {}
        """What each list keeps while it is closed, by the page's address."""
        self.chosen: dict[str, str] = {}
        """What was chosen on a page that shows one of several lists, by the page's address."""
        self.pdf_program = PdfProgram()
        self._last_read: Page | None = None
        """The page whose snapshot was shown last."""
        self.reads = 0
        """How often a snapshot was shown; tests wait for it."""
        self._wake = asyncio.Event()
        self._held = ExitStack()
        """What is drawn once it is closed."""
        self._look_once = False
        self.first_words = ""
        """A message to begin with."""
        self.commands = 0
        """How many use cases run at the clerk's desk; a page must not go before it has told what came of its own."""
        self.early_keys = TypeAhead(self, super().on_event)
        """The keys that wait for what they are meant for."""
        self._last_refusal = ""
        self._told_trouble = ""
        self.has_bell = False
        """Whether the clerk can ring the consumer; Huey is imported with the first command, not at the start."""

    @property
    def is_connected(self) -> bool:
        return self.health.away_since is None

    @property
    def time_zone(self) -> str:
        """The company's time zone, in which all times are shown."""
        return self.health.standing.time_zone

    @property
    def user(self) -> str:
        """Who is at work: what the company knows this user as."""
        return self.health.standing.user

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Textual installs no handler: without these the terminal would stay in its alternate screen.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._end, number)
        hanging_up.guard(self._driver)
        self.open_page(self.first_page)
        self.tell_trouble()
        if self.first_words:
            self.say(self.first_words, "warning")
        self.run_worker(self._keep_looking(), name="poll", exit_on_error=True)

    def _end(self, number: int) -> None:
        hanging_up.let_go(self._driver)
        self.exit(128 + number)

    def on_unmount(self) -> None:
        self.reader.desk.close()
        self.clerk.close()
        self.pdf_program.close()

    async def on_event(self, event: Event) -> None:
        """A key waits until the page shows what it is meant for."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            await self.early_keys.take(event)
        else:
            await super().on_event(event)

    def _shown(self, page: Page) -> None:
        """The page waits no more: it shows what it asked for, or that will not come."""
        page.awaits = False
        self.early_keys.awaited_no_more()

    # What pages call.

    def open_page(self, address: str, **options: Any) -> Page:
        """Show a page: going back to it if it is open below, else above all others."""
        return self.show_page(directory.make(address, **options))

    def show_page(self, page: Page) -> Page:
        """The same for a page that was made, such as a record's card: one that is open already is not stacked twice."""
        for depth, screen in enumerate(self.screen_stack):
            if isinstance(screen, Page) and screen.address == page.address:
                for _ in range(len(self.screen_stack) - depth - 1):
                    self.pop_screen()
                screen.reopened(page)
                return screen
        self._hold()
        self.push_screen(page)
        return page

    def _hold(self) -> None:
        """Draw nothing until the page in front has its rows, or for HOLD seconds."""
        self._held.enter_context(self.batch_update())
        self.set_timer(HOLD, self._held.close)

    def is_first(self, page: Page) -> bool:
        """Whether there is nothing to go back to."""
        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]
        return bool(pages) and pages[0] is page

    def look_now(self, *, even_if_paused: bool = False) -> None:
        """Look at the company at once instead of at the next tick."""
        self._look_once = self._look_once or even_if_paused
        self._wake.set()

    def pause(self) -> None:
        """Stop updating until it is resumed; F5 still reads once."""
        self._set_health(replace(self.health, paused=not self.health.paused))
        self.look_now()

    def say(self, message: str, severity: Severity = "information") -> None:
        """A message in the place of the keys, for a few seconds or until the next action."""
        self.messages.say(message, severity)

    def _show_messages(self) -> None:
        page = self.page_in_front()
        if page is not None and page.is_mounted:
            page.show_messages()

    def action_suspend_process(self) -> None:
        suspending.stop(self)

    def action_help_quit(self) -> None:
        """Ctrl+C: what ends the program."""
        self.say("q quits, Ctrl+Q also while something is typed. Consumers go on; the demo's own ends.")

    def tell_trouble(self) -> None:
        """Say once what keeps the terminal from remembering."""
        if self.memory.trouble and self.memory.trouble != self._told_trouble:
            self._told_trouble = self.memory.trouble
            self.say(self.memory.trouble, "warning")

    async def ask(self, question: str, details: str = "", *, yes: str = "Yes", no: str = "No") -> bool:
        """A question; only inside a worker."""
        return await self.push_screen_wait(Ask(question, details, yes=yes, no=no)) == "y"

    async def command(self, job: Callable[[], Result]) -> Result:
        """Run a use case at the clerk's desk and look again. Raises what it refuses."""

        def job_with_bell() -> Result:
            if not self.has_bell:
                from postroom.queue import broker

                broker.install(self.location)
                self.has_bell = True
            return job()

        self.commands += 1
        try:
            return await self._done(self.clerk.do(job_with_bell))
        finally:
            self.commands -= 1
            self.reader.forget()
            self.look_now(even_if_paused=True)

    async def _done(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What comes of the clerk's work; where the database keeps silent, it is said once that it waits."""
        task = asyncio.ensure_future(work)
        while not (await asyncio.wait({task}, timeout=PATIENCE))[0]:
            if self.health.silent_since is not None:
                self.say("Not done yet: it waits for the database, which does not answer.", "warning")
                break
        return await task

    async def carry_out(self, job: Callable[[], Result]) -> Result | None:
        """Run a use case at the clerk's desk. What it refuses is shown; then None comes back."""
        return await self._or_refused(self.command(job))

    async def attempt(self, job: Callable[[], object]) -> str:
        """Run a use case with what is being typed; what it refuses, in words to be read there, or blank."""
        try:
            await self.command(job)
        except PostroomError as error:
            brief = map(shown.brief, error.problems)
            return " ".join(part for problem in brief for part in (problem.message, problem.hint) if part)
        except Exception as error:  # noqa: BLE001  a bug in a use case must not take the terminal away
            return bugs.told(error)
        return ""

    async def carry_out_beside(self, job: Callable[[], Result]) -> Result | None:
        """The same at a desk of its own, for what may take long: other commands need not wait for it."""
        desk = Desk(self.location, "postroom-beside")
        try:
            return await self._or_refused(desk.do(job))
        finally:
            desk.close()
            self.look_now(even_if_paused=True)

    async def _or_refused(self, commanded: Awaitable[Result]) -> Result | None:
        try:
            result = await commanded
        except DatabaseAway as error:
            self.say(shown.told(error), "error")
            return None
        except PostroomError as error:
            self.push_screen(ReadingBox("Not done", Text(visible(shown.told(error), line_breaks=True))))
            return None
        except Exception as error:  # noqa: BLE001  a bug in a use case must not take the terminal away
            self.push_screen(ReadingBox("Not done", Text(visible(bugs.told(error), line_breaks=True))))
            return None
        return result

    async def long_work(self, title: str, total: int, job: Callable[[Callable[[int], None]], Result]) -> Result | None:
        """Run a use case over several records with a progress bar; Esc stops it between two of them.

        `job` is given what it calls with the number of records done. Comes back with None if it was refused or stopped.
        """
        if total < 2:
            return await self.carry_out(lambda: job(lambda done: None))
        box = Progress(title, total)
        await self.push_screen(box)  # only what is mounted can go again
        try:
            return await self.carry_out(lambda: job(box.advance))
        finally:
            box.dismiss()

    # The poll.

    async def _keep_looking(self) -> None:
        rest = 0.0
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(self.poll, rest))
            self._wake.clear()
            page = self.page_in_front()
            if not self.health.paused or self._look_once or (page is not None and page.awaits):
                self._look_once = False
                began = time.monotonic()
                if await self._look() is self.page_in_front():
                    self._held.close()
                if not gc.isenabled():  # from now on; what the start has made stays and need not be gone through again
                    gc.freeze()
                    gc.enable()
                rest = REST * (time.monotonic() - began)
            elif not self.is_connected:
                await self._look_for_database()

    async def _look(self) -> Page | None:
        """Look at the company for the page in front, which is returned."""
        page = self.page_in_front()
        if page is not None:
            await self._look_for(page)
        return page

    async def _look_for(self, page: Page) -> None:
        asked = page.asked()
        if page.awaits or page is not self._last_read:  # another page may have asked for the same just now
            self.reader.forget()
        try:
            reading = await self._answer(self.reader.read(asked, page.reading(), read_standing))
        except DatabaseAway:
            self.reader.forget()
            if self.is_connected:
                self._set_health(replace(self.health, away_since=clock.now()))
                self.early_keys.awaited_no_more()
            return
        except NotFound as error:
            self.close_gone(page, shown.told(error))
            return
        except Exception as error:  # noqa: BLE001  a bug in reading must not take the terminal away
            self._refuse_once(shown.told(error) if isinstance(error, PostroomError) else bugs.told(error))
            self._shown(page)
            return
        if not self.is_running:  # the pages go before the look at the company ends
            return
        if reading is None:
            self._set_health(replace(self.health, away_since=None))
            return
        self._last_refusal = ""
        self._set_health(replace(self.health, standing=reading.standing, away_since=None, read_once=True))
        if page is self.page_in_front() and page.is_mounted and page.asked() == asked:
            self._last_read = page
            page.show(reading.page)
            self._shown(page)
        else:
            self.reader.forget()
            self.look_now(even_if_paused=True)
        self.reads += 1

    async def _look_for_database(self) -> None:
        """While paused nothing is read, but a database that is back is found."""
        with suppress(PostroomError):
            await self._answer(self.reader.desk.do(change_mark))
            self._set_health(replace(self.health, away_since=None))

    async def _answer(self, reading: Coroutine[Any, Any, Result]) -> Result:
        """What the database answers; while it does not, the page says so."""
        task = asyncio.ensure_future(reading)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done and self.is_connected:
            self._set_health(replace(self.health, silent_since=clock.now()))
        try:
            return await task
        finally:
            self._set_health(replace(self.health, silent_since=None))

    def close_gone(self, page: Page, message: str) -> None:
        """Go back from a page whose record was posted or deleted meanwhile, and say so."""
        if self.commands:  # maybe by this page, whose result would be lost with it; a later look closes it
            return
        if self.page_in_front() is not page or self.is_first(page):
            self._refuse_once(message)
            return
        while isinstance(box := self.screen, Box):  # a question or a field being typed goes along
            box.dismiss(None)
            if self.screen is box:  # it is not drawn yet; a later look closes the page
                return
        self.say(message)
        self.early_keys.forget()
        self.pop_screen()

    def _refuse_once(self, message: str) -> None:
        """What cannot be read (a right that is missing) is said once, not every second."""
        if message != self._last_refusal:
            self._last_refusal = message
            self.say(message, "error")

    def _fatal_error(self) -> None:
        """A bug in the drawing ends the terminal. `run` says so in a line; Textual would show a traceback."""
        self._close_messages_no_wait()

    def page_in_front(self) -> Page | None:
        """The page that is shown, also below a dialog."""
        pages = [screen for screen in self.screen_stack if isinstance(screen, Page)]
        return pages[-1] if pages else None

    def _set_health(self, health: Health) -> None:
        if health == self.health:
            return
        self.health = health
        page = self.page_in_front()
        if page is not None and page.is_mounted:
            page.show_health(health)


def run(location: Location, *, first_page: str = directory.FIRST) -> int:
    """Open the terminal on an existing company; returns the exit code. Raises PostroomError if it cannot be opened."""
    company.open_company(location, busy_seconds=BUSY_SECONDS)
    return show(location, first_page=first_page)


def show(location: Location, *, first_page: str = directory.FIRST) -> int:
    """The same for the company that this process has opened, with a patience of BUSY_SECONDS."""
    company.close()  # the desks make connections of their own
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    try:
        own_keys, trouble = keymap.read(keymap.place()), ""
    except UsageError as error:
        own_keys, trouble = Keymap(), str(error)
    app = PostroomApp(location, first_page=first_page, memory=of_company(location), keymap=own_keys)
    app.first_words = trouble
    app.run()
    if hanging_up.has_ended(app._driver):
        return 128 + signal.SIGHUP
    if app._exception is not None:
        return crash.report(app._exception)
    return app.return_value if app.return_value is not None else app.return_code or 0
