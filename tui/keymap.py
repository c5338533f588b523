"""The user's own keys: which keys do what, and which actions stand in a page's line of keys. A TOML file.

    [keys]
    "list.sort" = "s,f6"

    [footer]
    job-queue-entries = ["job-queue-entries.restart", "list.sort"]

Keys are Textual's names. A page's own line replaces the built-in one; both tables may be left out.
"""

from __future__ import annotations

import importlib
import pkgutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from textual.keys import Keys

from postroom.core.errors import UsageError
from postroom.tui import pages
from postroom.tui.actions import ACTIONS, BY_ID, Action, actions_of
from postroom.tui.pages.page import Page

_MODIFIERS = ("ctrl", "shift", "alt", "super", "hyper", "meta")


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
        raise UsageError(f"{path}: {error}", hint="The built-in keys are used.") from error
    wrong = [f"unknown table [{name}]" for name in found if name not in ("keys", "footer")]
    keys = _table(found, "keys", str, wrong)
    footers = _table(found, "footer", list, wrong)
    named = [*keys, *(id_ for line in footers.values() for id_ in line)]
    wrong += [f"there is no action {id_}" for id_ in dict.fromkeys(map(str, named)) if id_ not in BY_ID]
    wrong += [
        f"{id_}: {key!r} is no key" for id_, text in keys.items() for key in text.split(",") if not _is_key(key.strip())
    ]
    keymap = Keymap(
        {id_: ",".join(key.strip() for key in text.split(",")) for id_, text in keys.items()},
        {page: tuple(map(str, line)) for page, line in footers.items()},
    )
    wrong = wrong or _twice(keymap)
    if wrong:
        raise UsageError(f"{path}: {'; '.join(wrong[:5])}.", hint="The built-in keys are used.")
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


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+")
    known = {one.value for one in Keys} | {name for action in ACTIONS for name in action.keys.split(",")}
    return all(one in _MODIFIERS for one in modifiers) and (
        (len(last) == 1 and last.isalnum()) or last in known or (last.replace("_", "").isalpha() and "_" in last)
    )


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
