"""What every page is: a status bar, its body, its line of keys; it asks for snapshots and shows what comes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen

from postroom.core.currencies import Decimals
from postroom.tui import copying, polling
from postroom.tui.actions import ANYWHERE, BY_ID, Action, Situation, actions_of
from postroom.tui.widgets.key_line import KeyLine
from postroom.tui.widgets.status_bar import Health, StatusBar

if TYPE_CHECKING:
    from postroom.tui.app import PostroomApp


class Page(Screen[None]):
    """A screen over one kind of record. Subclasses say what they ask for (`asked`, `reading`) and `show` what came."""

    AUTO_FOCUS = ""  # Textual's would give a filter line that is not shown the keys
    PAGE: ClassVar[str] = ""
    """The page's name in the table of actions."""
    ACTIONS_OF: ClassVar[tuple[str, ...]] = (ANYWHERE,)
    """The pages of the table whose actions this page has."""
    CAPTION: str = ""
    WITHOUT: ClassVar[frozenset[str]] = frozenset()
    """Actions of ACTIONS_OF that make no sense here."""
    awaits: bool = True
    """Whether what it asked for is still to be shown: keys are meant for what will be there, and wait for it."""

    @property
    def caption(self) -> str:
        """What stands above the page."""
        return self.CAPTION

    @property
    def desk(self) -> PostroomApp:
        """The app, by its own type."""
        return cast("PostroomApp", self.app)

    @property
    def decimals(self) -> Decimals:
        """With how many decimals the amounts of each currency are shown."""
        return self.desk.health.standing.decimals

    @property
    def actions(self) -> tuple[Action, ...]:
        own = [action for action in actions_of(*self.ACTIONS_OF) if action.id not in self.WITHOUT]
        return self.desk.keymap.changed(self.address.partition(" ")[0], own)

    @property
    def address(self) -> str:
        """Which page of its kind this is: two with the same address show the same."""
        return self.PAGE

    def compose(self) -> ComposeResult:
        yield StatusBar()
        yield from self.body()
        yield KeyLine(self.actions, self.why_not, self.has_rows)

    def body(self) -> ComposeResult:
        """The widgets between the status bar and the line of keys."""
        yield from ()

    def reopened(self, wanted: Page) -> None:
        """Somebody went to this page again, as `wanted` would have been made."""

    def asked(self) -> object:
        """What the page wants to see now; another value makes the reader look although nothing changed."""
        return self.address

    def reading(self) -> Callable[[], Any]:
        """What reads it, run in the reader's thread. It must not touch the page."""
        return lambda: None

    def show(self, snapshot: Any) -> None:
        """Show what was read."""

    def situation(self) -> Situation:
        """What actions would act on now."""
        return Situation(connected=self.desk.is_connected, is_first_page=self.desk.is_first(self))

    def why_not(self, action: Action) -> str:
        """Why the action is not possible now; blank if it is."""
        return action.possible(self.situation())

    def has_rows(self) -> bool:
        """Whether there is something to act on, also while the database is away."""
        situation = self.situation()
        return bool(situation.rows) or not situation.connected

    def on_mount(self) -> None:
        self.show_health(self.desk.health)

    def on_screen_resume(self) -> None:
        self.show_health(self.desk.health)
        self.desk.look_now()

    def show_health(self, health: Health) -> None:
        """Bring status bar and line of keys up to date."""
        self.query_one(StatusBar).health = health
        self.show_messages()
        self.update_keys()

    def show_messages(self) -> None:
        """Show the messages that stand; without any, the keys."""
        self.query_one(KeyLine).show_said(self.desk.messages.said)

    def on_key_line_dismissed(self) -> None:
        self.desk.messages.hush()

    def update_keys(self) -> None:
        """What is possible may have changed."""
        self.query_one(KeyLine).update_states()

    def action_act(self, action_id: str) -> None:
        """Carry out an action of the table, or say why it is not possible now."""
        action = BY_ID[action_id]
        if not action.motion:
            self.desk.messages.hush()
        why_not = self.why_not(action)
        if why_not:
            self.desk.say(f"{action.caption}: {why_not}", "warning")
            return
        done = getattr(self, action.method)()
        if inspect.isawaitable(done):
            self.run_worker(cast(Any, done), exit_on_error=True)

    def do_search(self) -> Any:
        from postroom.tui import guide  # it knows every page

        return guide.search(self)

    def do_help(self) -> None:
        from postroom.tui import guide

        guide.show_keys(self)

    def do_back(self) -> Any:
        self.desk.pop_screen()

    def do_refresh(self) -> None:
        self.desk.look_now(even_if_paused=True)

    def do_pause(self) -> None:
        self.desk.pause()

    def copied(self) -> str:
        """What Copy takes: text, rows as lines with tabs between their cells. Blank if there is nothing."""
        return ""

    async def written(self) -> str | None:
        """What Copy to a File writes; None if that was stopped."""
        return self.copied() + "\n"

    def do_copy(self) -> None:
        copying.to_clipboard(self.desk, self.copied())

    async def do_copy_to_file(self) -> None:
        text = await self.written()
        if text is not None:
            await copying.to_file(self.desk, text)

    def do_poll(self) -> Any:
        return polling.ask(self.desk)

    def do_suspend(self) -> None:
        """Stop the process until `fg`; not amid a command, which would keep its locks meanwhile."""
        if self.desk.commands:
            self.desk.say("Something is being carried out; suspend when it has ended.", "warning")
        else:
            self.desk.action_suspend_process()

    def do_quit(self) -> None:
        self.desk.exit()


# The base of what a list and its card can do alike, which is a second base of both: to a type checker a page, else
# nothing, for styles are found by a screen's first base.
if TYPE_CHECKING:
    PageActions = Page
else:
    PageActions = object


def field_line(caption: str, value: Text, width: int = 34) -> Text:
    """A field as cards show it: its caption, a dotted leader, its value."""
    dots = "." * max(1, width - len(caption) - 1)
    return Text.assemble(caption, " ", (dots, "dim"), " ", value)
