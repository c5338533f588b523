"""The Change Log: every change of setup, master data, queue or entry by a person."""

from __future__ import annotations

from postroom.core import clock
from postroom.core.tables.setup import ChangeLogEntry


def record(
    user: str, action: str, kind: str, record: str, *, field: str = "", old: object = "", new: object = ""
) -> None:
    """Keep one change, in the caller's transaction. `kind` is the table as on screen, `record` its key."""
    ChangeLogEntry.create(
        at=clock.now(),
        user_id=user,
        action=action,
        kind=kind,
        record=record,
        field=field,
        old_value=str(old),
        new_value=str(new),
    )
