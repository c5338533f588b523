"""A few lines about one row, of which only those are sent that come to read otherwise."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static


class Detail(Vertical):
    """A text over as many lines as there is room for. One widget a line: a changed line repaints no other."""

    LINES = 7
    """The most that any terminal shows."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = Text("")

    def compose(self) -> ComposeResult:
        for _ in range(self.LINES):
            yield Static(markup=False)

    def show(self, text: Text) -> None:
        """Show a text; what is too long goes on in the next line, and after the last one ends in an ellipsis."""
        if text != self.text:
            self.text = text
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, height = self.content_size
        lines = list(self.text.wrap(self.app.console, width)) if width else []
        if 0 < height < len(lines):
            last = lines[height - 1]
            last.truncate(width - 1)
            last.rstrip()
            last.append("…")
        for place, line in enumerate(self.query(Static)):
            wanted = lines[place] if place < len(lines) else Text("")
            wanted.rstrip()
            wanted.end = ""
            if line.content != wanted:
                line.update(wanted, layout=False)
