"""A FastTab of a card: a caption that folds and unfolds what stands below it."""

from __future__ import annotations

from typing import Any

from textual.widget import Widget
from textual.widgets import Collapsible


class FastTab(Collapsible):
    """Textual's, with a plain sign before the caption; folding it never scrolls the cursor out of sight."""

    def __init__(self, *children: Widget, title: str, collapsed: bool, id: str) -> None:
        super().__init__(*children, title=title, collapsed=collapsed, collapsed_symbol="+", expanded_symbol="-", id=id)

    def scroll_visible(self, *arguments: Any, **options: Any) -> None:
        """Textual calls it after each folding; of several at once only the one with the cursor counts."""
        if self.has_focus_within:
            super().scroll_visible(*arguments, **options)
