"""What is drawn: every page of the directory, and the cards, boxes and lines that keys open from there."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.tui.pages import directory


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the page it begins on, the keys pressed there, and a text that it must show then."""

    name: str
    address: str
    keys: tuple[str, ...] = ()
    shows: str = ""


def _from(address: str, *pictures: tuple[str, str, str]) -> tuple[Picture, ...]:
    """Pictures that begin on one page: name, keys with blanks between them, text that is to be seen."""
    return tuple(Picture(name, address, tuple(keys.split()), shows) for name, keys, shows in pictures)


def typed(text: str) -> str:
    """The keys that type a text."""
    return " ".join({" ": "space", "=": "equals_sign"}.get(letter, letter) for letter in text)


PAGES = tuple(Picture(entry.address, entry.address) for entry in directory.PAGES)

CARDS = (
    *_from(
        "sales-order",
        ("document-card", "enter", "General"),
    ),
)

PICTURES = (*PAGES, *CARDS)
