"""The user's own keys: which keys do what, and which actions stand in a page's line of keys. A TOML file.

    [keys]
    "list.sort" = "s,f6"

    [footer]
    job-queue-entries = ["job-queue-entries.restart", "list.sort"]

Keys are Textual's names, or as the screen writes them. A page's own line replaces the built-in one; both tables may be
left out. A file with a mistake is not used at all.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from textual.keys import Keys, _character_to_key

from postroom.core.errors import UsageError
from postroom.core.masters import KINDS
from postroom.tui import pages
from postroom.tui.actions import ACTIONS, BY_ID, Action, actions_of
from postroom.tui.actions.base import SHOWN_KEYS
from postroom.tui.pages import directory
from postroom.tui.pages.page import Page

_MODIFIERS = ("ctrl", "shift", "alt", "super", "hyper", "meta")
_LOOKS = 'Keys are written f6, Ctrl+Y, Shift+F9, Y, / or Space, several as "ctrl+y,Y"'
_UNUSED = "Nothing of the file is used until that is mended: the built-in keys are."
_NO_PAGES = ("", "form", "ledger-entries", "listing", "record", "user")
"""What several pages' actions have in common: no page is called so."""
_CARDS = ("document-card", "line-card", "job-queue-card", "job-queue-entry-fields", "printer-card", "user-card")
"""Cards whose actions are those of their lists."""


@dataclass(frozen=True)
class Keymap:
    """`keys` by action, separated by commas; `footers` the actions of a page's line, by the page's name."""

    keys: Mapping[str, str] = field(default_factory=dict)
    footers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def changed(self, page: str, actions: Sequence[Action]) -> tuple[Action, ...]:
        """A page's actions as this user wants them."""
        mine = [replace(action, keys=self.keys.get(action.id, action.keys)) for action in actions]
        line = self.footers.get(page)
        if line is None:
            return tuple(mine)
        by_id = {action.id: action for action in mine}
        first = [
            replace(by_id[id_], footer=by_id[id_].footer or by_id[id_].caption, wide=False)
            for id_ in line
            if id_ in by_id
        ]
        return (*first, *(replace(action, footer="") for action in mine if action.id not in line))


def place() -> Path:
    """Where the file is looked for."""
    return user_config_path("postroom", appauthor=False) / "keymap.toml"


def read(path: Path) -> Keymap:
    """The keymap of a file; the built-in one where there is none. Raises UsageError with what is wrong in it."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Keymap()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}.", hint=_UNUSED) from error
    wrong = [f"unknown table [{name}]" for name in found if name not in ("keys", "footer")]
    keys = _table(found, "keys", str, wrong)
    footers = _table(found, "footer", list, wrong)
    named = [*keys, *(id_ for line in footers.values() for id_ in line)]
    wrong += [f"there is no action {id_}" for id_ in dict.fromkeys(map(str, named)) if id_ not in BY_ID]
    wrong += [f"there is no page {page}{_like(page)}" for page in footers if page not in page_names()]
    no_keys = [
        f"{id_}: {key.strip()!r} is no key" for id_, text in keys.items() for key in text.split(",") if not _key(key)
    ]
    wrong += [*no_keys, *([_LOOKS] if no_keys else [])]
    keymap = Keymap(
        {id_: keys_of(text) for id_, text in keys.items()},
        {page: tuple(map(str, line)) for page, line in footers.items()},
    )
    wrong = wrong or _twice(keymap)
    if wrong:
        raise UsageError(f"{path}: {'; '.join(wrong[:6])}.", hint=_UNUSED)
    return keymap


def _table(found: Mapping[str, Any], name: str, wanted: type, wrong: list[str]) -> dict[str, Any]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        wrong.append(f"{name} is no table")
        return {}
    wrong += [
        f"{name}.{key}: {value!r} should be {'a list of actions' if wanted is list else 'keys'}"
        for key, value in table.items()
        if not isinstance(value, wanted)
    ]
    return {key: value for key, value in table.items() if isinstance(value, wanted)}


def keys_of(text: str) -> str:
    """Keys separated by commas, by Textual's names; what is no key is left out."""
    return ",".join(filter(None, map(_key, text.split(","))))


def _key(text: str) -> str:
    """A key by Textual's name, as it is typed or as the screen writes it (`Ctrl+Y`, `F9`, `PgDn`, `/`); blank if none.

    Letters alone keep their case. Shift+F9 is also F21, as xterm and its kin send it.
    """
    *modifiers, last = text.strip().split("+")
    modifiers = [one.lower() for one in modifiers]
    if any(one not in _MODIFIERS for one in modifiers):
        return ""
    if len(last) == 1 and last.isalpha() and modifiers == ["shift"]:
        return last.upper()
    if len(last) == 1:
        name = last.lower() if modifiers else last
        return "+".join([*modifiers, name if name.isalnum() else _character_to_key(name)])
    last = _BY_SHOWN.get(last.lower(), last.lower())
    known = {one.value for one in Keys} | {name for action in ACTIONS for name in action.keys.split(",")}
    if last not in known and not (last.replace("_", "").isalpha() and "_" in last):
        return ""
    name = "+".join([*modifiers, last])
    shifted = _SHIFTED.fullmatch(name)
    return f"{name},f{int(shifted[1]) + 12}" if shifted else name


_SHIFTED = re.compile(r"shift\+f(\d|1[0-2])")
_BY_SHOWN = {shown.lower(): key for key, shown in SHOWN_KEYS.items() if len(shown) > 1 and "+" not in shown}
"""Keys by what the screen calls them."""


def page_names() -> set[str]:
    """What the pages are called that have a line of keys."""
    listed = {entry.address for entry in directory.PAGES if entry.page != "DocumentsPage"}
    records = {f"{slug}-card" for slug in KINDS}
    return (listed | {page.PAGE for page in _pages()} | records | set(_CARDS)) - set(_NO_PAGES)


def _like(page: str) -> str:
    """The pages that are called nearly so, in brackets."""
    if any(entry.address == page for entry in directory.PAGES):
        return " (all types of documents are the page documents)"
    near = difflib.get_close_matches(page, page_names(), cutoff=0.5)
    return f" ({' or '.join(near)}?)" if near else ""


def _twice(keymap: Keymap) -> list[str]:
    """Keys that would mean two things on one page, one of them by this file."""
    said = []
    for page in _pages():
        owners: dict[str, str] = {}
        actions = [action for action in actions_of(*page.ACTIONS_OF) if action.id not in page.WITHOUT]
        for action in actions:
            for key in keymap.keys.get(action.id, action.keys).split(","):
                other = owners.setdefault(key, action.id)
                if other != action.id and (other in keymap.keys or action.id in keymap.keys):
                    said.append(f"{key} is both {other} and {action.id}")
    return list(dict.fromkeys(said))


def _pages() -> list[type[Page]]:
    """Every kind of page there is."""
    for module in pkgutil.iter_modules(pages.__path__, f"{pages.__name__}."):
        importlib.import_module(module.name)
    found, waiting = [], [Page]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += one.__subclasses__()
    return found
