"""A box over a page: answered once, and gone only from the top."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Box(ModalScreen[Answer]):
    """Its first answer counts. With another box over it, it goes when that has gone: Textual takes away what is on top,
    whichever box asked for it."""

    _answer: tuple[Answer | None] | None = None
    """What it goes with when it comes to the top."""
    _has_gone = False

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        if self._answer is None:
            self._answer = (result,)
            return self._go()
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        self._go()

    def _go(self) -> AwaitComplete:
        if self._answer is None or self._has_gone or not (self.is_mounted and self.is_active):
            return AwaitComplete()
        self._has_gone = True
        return super().dismiss(*self._answer)
