"""Where the details of a bug are kept: in a log file, for no user sees a call stack."""

from __future__ import annotations

import os
import re
import sys
import time
import traceback
from pathlib import Path

from platformdirs import user_state_path

_PASSWORD = re.compile(r"(?i)(postgres(?:ql)?://[^:@/\s]*):[^@\s]*@|(password=)[^\s&'\"]+")


def keep(error: Exception) -> Path | None:
    """Write the call stack to the log file in the user's state folder; returns its path, None where that fails."""
    path = user_state_path("postroom", appauthor=False) / "postroom.log"
    stack = without_password("".join(traceback.format_exception(error)))
    arguments = without_password(" ".join(sys.argv[1:]))
    text = f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} pid {os.getpid()}: postroom {arguments}\n{stack}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(text)
    except OSError:
        return None
    return path


def without_password(text: str) -> str:
    """The text without the passwords of PostgreSQL URLs and options in it."""
    return _PASSWORD.sub(lambda match: f"{match.group(1) or match.group(2)}…{'@' if match.group(1) else ''}", text)


def told(error: Exception) -> str:
    """One sentence about a bug, its details kept in the log file."""
    place = keep(error)
    kept = f"Details are in {place}." if place is not None else "The details could not be kept."
    return f"Internal error ({type(error).__name__}). {kept} Please report it."
