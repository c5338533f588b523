"""How many of what, in words: `1 document`, `1,204 documents`. The one place that decides between one and many."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, one: str, many: str = "") -> str:
    """A number and its noun, `many` where it does not simply end in s: `counted(2, "entry", "entries")`."""
    return f"{number:,} {plural(number, one, many)}"


def plural(number: int, one: str, many: str = "") -> str:
    """The noun alone, or any words that differ between one and many: `plural(n, "it is", "they are")`."""
    return one if number == 1 else many or f"{one}s"


def named(keys: Sequence[object], one: str, many: str = "") -> str:
    """The one record by its key, several by their number: `printer STORE`, `3 printers`."""
    return f"{one} {keys[0]}" if len(keys) == 1 else counted(len(keys), one, many)
