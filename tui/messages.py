"""What is said to the person for a moment: the messages that stand in the line of keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from postroom.core.plain_text import visible
from postroom.tui.widgets.key_line import Said, Severity

if TYPE_CHECKING:
    from postroom.tui.app import PostroomApp


class Messages:
    """Those that stand now: two at most, none twice; they go by themselves or when the person goes on."""

    def __init__(self, app: PostroomApp, show: Callable[[], None]) -> None:
        self._app, self._show = app, show
        self.said: tuple[Said, ...] = ()
        """The newest last."""
        self.seconds: dict[Severity, float] = {"information": 6.0, "warning": 12.0, "error": 30.0}
        """How long one stays, by its severity, if nothing is done meanwhile."""

    def say(self, message: str, severity: Severity) -> None:
        said = Said(visible(message, line_breaks=True), severity)
        self._keep((*[one for one in self.said if one.text != said.text][-1:], said))
        self._app.set_timer(self.seconds[severity], lambda: self._forget(said))

    def hush(self) -> None:
        """What was said is of the past."""
        self._keep(())

    def _forget(self, said: Said) -> None:
        self._keep(tuple(one for one in self.said if one is not said))

    def _keep(self, said: tuple[Said, ...]) -> None:
        if said != self.said:
            self.said = said
            self._show()
