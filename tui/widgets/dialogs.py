"""What lies over a page for a moment: a question, a line to type, a text to read. Choices are in `search`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, ProgressBar, Static

from postroom.core.errors import Refused
from postroom.core.plain_text import visible
from postroom.tui.actions import BY_ID
from postroom.tui.widgets.box import Box
from postroom.tui.widgets.text_line import TextLine

if TYPE_CHECKING:
    from postroom.tui.app import PostroomApp

_SEARCH = BY_ID["anywhere.search"]


class Answered(Box[str]):
    """A box that one key closes; dismissed with the key of its answer.

    The key of the search closes it, and those below it, as CLOSED, and goes on to the search: what is typed into that
    is no answer.
    """

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(_SEARCH.keys, "leave_for_search", _SEARCH.caption, show=False, id=_SEARCH.id)
    ]
    CLOSED = ""
    answers: Mapping[str, str]

    def on_key(self, event: events.Key) -> None:
        if event.key in self.answers:
            event.stop()
            self.dismiss(event.key)

    async def action_leave_for_search(self) -> None:
        app = self.app
        while isinstance(box := app.screen, Answered):
            box.dismiss(box.CLOSED)
            if app.screen is box:
                return
        if not isinstance(app.screen, Box):
            await app.screen.run_action(f"act('{_SEARCH.id}')")


class Ask(Answered):
    """A question; dismissed with the key of its answer, y or n. Enter says No: y must be meant.

    `yes` and `no` say what each does; `others` are further answers by their keys.
    """

    CLOSED = "n"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss('y')", "Yes", show=False),
        Binding("n,escape,q,enter", "dismiss('n')", "No", show=False),
    ]

    def __init__(
        self,
        question: str,
        details: str = "",
        *,
        yes: str = "Yes",
        no: str = "No",
        others: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.question, self.details = question, details
        self.answers = {"y": yes, **(others or {}), "n": no}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Question"
            yield Static(Text(visible(self.question), style="bold"), markup=False, classes="question")
            if self.details:
                yield Static(Text(visible(self.details, line_breaks=True)), markup=False, classes="details")
            yield Static(told(self.answers), markup=False, classes="answers")


def told(answers: Mapping[str, str]) -> Text:
    """Keys with what they mean, in a line."""
    return Text("     ").join(Text.assemble((key, "bold"), f" {meaning}") for key, meaning in answers.items())


class AskText(Box[str | None]):
    """One line to type. Enter takes it, Esc does not (None).

    `attempt` does something with the text and returns what was wrong with it, or blank; then the box closes.
    """

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back", show=False)]

    def __init__(
        self, title: str, caption: str, value: str = "", *, attempt: Callable[[str], Awaitable[str]] | None = None
    ) -> None:
        super().__init__()
        self.title_shown, self.caption, self.value, self.attempt = title, caption, value, attempt

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = visible(self.title_shown)
            yield Static(Text(visible(self.caption)), markup=False, classes="question")
            yield TextLine(self.value, compact=True, select_on_focus=True)
            yield Static(Text(""), markup=False, classes="wrong")
            yield Static(
                Text.assemble(("Enter", "bold"), " OK     ", ("Esc", "bold"), " Leave as it is"), classes="answers"
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.run_worker(self._try(event.value), exclusive=True)

    async def _try(self, text: str) -> None:
        with cast("PostroomApp", self.app).early_keys.held(self):
            wrong = await self.attempt(text) if self.attempt is not None else ""
            if wrong:
                self.query_one(".wrong", Static).update(Text(visible(wrong, line_breaks=True)))
            else:
                self.dismiss(text)


class Stopped(Refused):
    """A person stopped long work between two records; what was done stays done."""


class Progress(Box[None]):
    """A bar over long work. Esc stops it after the record that it is at."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stop", "Stop", show=False)]

    def __init__(self, title: str, total: int) -> None:
        super().__init__()
        self.title_shown, self.total = title, total
        self.done = 0
        self.is_stopped = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = visible(self.title_shown)
            yield ProgressBar(self.total, show_eta=True)
            yield Static(Text.assemble(("Esc", "bold"), " Stop after this one"), classes="answers")

    def on_mount(self) -> None:
        self.set_interval(0.1, self._draw)

    def advance(self, done: int) -> None:
        """So many records are done. Raises Stopped, in the thread that works, once Esc was pressed."""
        self.done = done
        if self.is_stopped and done < self.total:
            raise Stopped(f"Stopped after {done} of {self.total}.", hint="What was done stays done.")

    def action_stop(self) -> None:
        self.is_stopped = True

    def _draw(self) -> None:
        self.query_one(ProgressBar).update(progress=self.done)


class Reading(Answered):
    """A text to read: the results of an action, the keys of a page. Any of Esc, Enter, q closes it.

    `answers` are further keys with what they mean, such as what to do about an error; the key pressed comes back.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark", "dismiss('')", "Close", show=False),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("ctrl+d,pagedown", "scroll_half(1)", "Half a Page Down", show=False),
        Binding("ctrl+u,pageup", "scroll_half(-1)", "Half a Page Up", show=False),
        Binding("g,home", "scroll_to_end(-1)", "Beginning", show=False),
        Binding("G,end", "scroll_to_end(1)", "End", show=False),
    ]

    def __init__(self, title: str, text: RenderableType, answers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.title_shown, self.text, self.answers = title, text, dict(answers or {})

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = visible(self.title_shown)
            with VerticalScroll(can_focus=True):
                yield Static(self.text, markup=False)
            yield Static(told({**self.answers, "Esc": "Close"}), classes="answers below")

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_scroll_half(self, direction: int) -> None:
        self.action_scroll(direction * max(1, self.query_one(VerticalScroll).size.height // 2))

    def action_scroll_to_end(self, direction: int) -> None:
        text = self.query_one(VerticalScroll)
        text.scroll_to(y=text.max_scroll_y if direction > 0 else 0, animate=False)
