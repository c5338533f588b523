"""A line to type in that sends no control character to the terminal, whatever it holds."""

from __future__ import annotations

from rich.text import Text
from textual.reactive import reactive
from textual.widgets import Input

from postroom.core.plain_text import visible

UNSEEN = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character that cannot be shown; one cell wide, so that the cursor finds its place."""


class TextLine(Input):
    """Textual's Input draws its value as it is: an escape sequence in a name would reach the terminal.

    And its cursor blinks, which sends something twice a second for as long as it waits; this one's stands still.
    """

    cursor_blink = reactive(False, init=False)

    @property
    def _value(self) -> Text:
        drawn = "".join(character if visible(character) == character else UNSEEN for character in self.value)
        return Text(drawn, no_wrap=True, overflow="ignore", end="")
