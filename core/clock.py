"""The one clock. Instants are aware datetimes in UTC; local time exists only where it is shown or typed."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_offset = timedelta(0)


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.fromtimestamp(time.time(), UTC) + _offset


def today(time_zone: str) -> date:
    """The present date in a time zone such as `Europe/Copenhagen`."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def start_at(instant: datetime) -> None:
    """Let this process live at another time, running on at real speed. Only test companies allow it."""
    global _offset
    _offset = instant.astimezone(UTC) - datetime.fromtimestamp(time.time(), UTC)


def start_at_real_time() -> None:
    """Undo `start_at`."""
    global _offset
    _offset = timedelta(0)


def is_shifted() -> bool:
    """Whether `start_at` is in force."""
    return _offset != timedelta(0)
