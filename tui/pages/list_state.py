"""What of a list is loaded and shown: its window over the rows, filter, order, marks and cursor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of a long list are loaded: from its top or bottom, or from (until) the row with a key, inclusive."""

    start: Literal["top", "bottom", "from", "until"] = "top"
    key: str = ""
    sort: str = ""
    """The column that the list is sorted by, with a `-` before it downwards; blank is the list's own order."""


@dataclass
class ListState:
    """What a list keeps when one leaves it and comes back."""

    filter: str = ""
    window: Window = Window()
    marks: set[str] = field(default_factory=set)
    cursor_key: str = ""
