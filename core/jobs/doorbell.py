"""Ringing the consumer when work was queued. A lost ring costs a second, a double one nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable

from postroom.core.tables.base import database

_log = logging.getLogger(__name__)
_ringer: Callable[[], None] | None = None


def install(ringer: Callable[[], None] | None) -> None:
    """Give this process the way to ring, or none: then consumers find the work by themselves within a second."""
    global _ringer
    _ringer = ringer


def ring_after_commit() -> None:
    """Ring once the open transaction is committed (at once outside of one). Never raises, never undoes anything."""
    database.after_commit(_ring)


def _ring() -> None:
    if _ringer is None:
        return
    try:
        _ringer()
    except Exception as error:  # noqa: BLE001  whatever the broker's trouble, the work is queued and will be found
        _log.warning("the consumer could not be rung: %s", error)
