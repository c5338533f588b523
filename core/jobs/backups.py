"""The job that backs the company up: one file per run into a folder, the oldest ones deleted beyond a number."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroom.core import clock, company
from postroom.core.errors import CompanyError, UsageError

if TYPE_CHECKING:
    from postroom.core.jobs.claims import Claim


def _read_folder(text: str) -> str:
    """A folder by its whole path: a consumer may have been started anywhere."""
    folder = text.strip()
    if not folder or not os.path.isabs(folder):
        raise ValueError("must be a folder by its whole path, such as /var/backups")
    return folder


def _read_keep(text: str) -> int:
    """How many files stay; 0 keeps all."""
    if not (text.isascii() and text.isdigit() and int(text) <= 10_000):
        raise ValueError("must be a whole number from 0 (keep all) to 10000")
    return int(text)


PARAMETERS: Mapping[str, Callable[[str], Any]] = {"folder": _read_folder, "keep": _read_keep}


def check_parameters(given: Mapping[str, Any]) -> None:
    """Raise UsageError where no folder is named."""
    if not given.get("folder"):
        raise UsageError(
            "A backup needs a folder.", field="folder", hint="Give --param folder=/var/backups, on the consumer's host."
        )


def run(claim: Claim) -> str:
    """Write one backup; a run that is repeated after a crash writes another. Raises CompanyError."""
    given = json.loads(claim.parameters)
    folder, location = Path(given["folder"]), company.location()
    if not folder.is_dir():
        raise CompanyError(
            f"The folder {folder} does not exist on this host.",
            code="folder_missing",
            record=claim.description,
            field="folder",
            value=str(folder),
            hint="Make it, or name another.",
        )
    stem = location.path.stem if not location.is_postgres else re.sub(r"\W", "_", location.database_name)
    ending = "dump" if location.is_postgres else "db"
    target = folder / f"{stem}-{clock.now():%Y%m%d-%H%M%S}.{ending}"
    company.backup(location, target)
    _delete_oldest(folder, re.compile(rf"{re.escape(stem)}-\d{{8}}-\d{{6}}\.{ending}"), given.get("keep", 0))
    return ""


def _delete_oldest(folder: Path, ours: re.Pattern[str], keep: int) -> None:
    """Delete the oldest backups beyond `keep`; their names sort by age."""
    made = sorted(path for path in folder.iterdir() if ours.fullmatch(path.name))
    for path in made[:-keep] if keep else ():
        path.unlink(missing_ok=True)
