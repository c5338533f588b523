"""Which layout a report is set with: the company's own for the report, its own for the kind, or the standard one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from postroom.core.printing.reports import LISTINGS, REPORTS
from postroom.core.statements import query

STANDARD = Path(__file__).with_name("standard_layouts")
"""Where the layouts lie that come along; a layout reads no file outside of it."""

DOCUMENT, LISTING, TEST_PAGE = "document", "listing", "test-page"

NAMES: Mapping[str, str] = {
    **{name: name for name in (DOCUMENT, LISTING, TEST_PAGE)},
    **dict.fromkeys(REPORTS, DOCUMENT),
    **dict.fromkeys(LISTINGS, LISTING),
}
"""Every name that a layout of the company's own may have, with the layout in whose place it stands."""


@dataclass(frozen=True, slots=True)
class Source:
    """A layout: its name, and its text in Typst's language."""

    name: str
    text: str
    is_own: bool


def in_force(name: str) -> Source:
    """The layout that a name of NAMES is set with now."""
    own: dict[str, str] = dict(query("SELECT name, source FROM layout WHERE name IN (?, ?)", (name, NAMES[name])))
    for candidate in (name, NAMES[name]):
        if candidate in own:
            return Source(candidate, own[candidate], is_own=True)
    return standard(name)


def standard(name: str) -> Source:
    """The layout that comes along for a name of NAMES."""
    return Source(NAMES[name], (STANDARD / f"{NAMES[name]}.typ").read_text(encoding="utf-8"), is_own=False)
