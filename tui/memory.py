"""What the terminal remembers of its user: filters, orders, folded FastTabs, the poll. A JSON file per company.

It lies in the user's state folder and is written at each change, so that a killed program loses none of it. A file that
cannot be read or written costs nothing but the memory: `trouble` says why, once.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from postroom.core.database import Location

MOST_VIEWS = 500
"""Cards of single records leave views too: the oldest are forgotten."""


class Memory:
    """The memory of this user for one company; `path` None remembers nothing beyond this run."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.trouble = ""
        self._all: dict[str, Any] = self._read()

    def view(self, address: str) -> dict[str, str]:
        """What was kept of a page, texts by name."""
        found = self._part("views").get(address, {})
        return {str(name): text for name, text in found.items() if isinstance(text, str)} if found else {}

    def keep_view(self, address: str, **texts: str) -> None:
        """Keep some of a page; blank texts are forgotten."""
        views = self._part("views")
        kept = {**self.view(address), **texts}
        views.pop(address, None)
        if any(kept.values()):
            views[address] = {name: text for name, text in kept.items() if text}
        while len(views) > MOST_VIEWS:
            del views[next(iter(views))]
        self._write()

    def folds(self, address: str) -> dict[str, bool]:
        """Which FastTabs of a card are folded."""
        found = self._part("folds").get(address, {})
        return {str(tab): folded for tab, folded in found.items() if isinstance(folded, bool)} if found else {}

    def keep_folds(self, address: str, folds: dict[str, bool]) -> None:
        self._part("folds")[address] = dict(folds)
        self._write()

    @property
    def poll(self) -> float | None:
        """Seconds between two looks at the company; None if never chosen."""
        found = self._all.get("poll")
        return float(found) if isinstance(found, (int, float)) and 0.1 <= found <= 3600 else None

    @poll.setter
    def poll(self, seconds: float) -> None:
        self._all["poll"] = seconds
        self._write()

    def _part(self, name: str) -> dict[str, Any]:
        part = self._all.setdefault(name, {})
        if not isinstance(part, dict):
            part = self._all[name] = {}
        return part

    def _read(self) -> dict[str, Any]:
        if self.path is None:
            return {}
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            self.trouble = f"{self.path} cannot be read ({error}): what was kept of your pages is lost."
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self) -> None:
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            new.write_text(json.dumps(self._all, ensure_ascii=True), encoding="utf-8")
            os.replace(new, self.path)
        except OSError as error:
            self.trouble = f"{self.path} cannot be written ({error.strerror}): filters and orders are not kept."


def of_company(location: Location) -> Memory:
    """This user's memory of a company."""
    name = hashlib.sha256(location.shown.encode()).hexdigest()[:16]
    return Memory(user_state_path("postroom", appauthor=False) / "pages" / f"{name}.json")
