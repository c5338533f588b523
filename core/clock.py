"""The one clock. Instants are aware datetimes in UTC; local time exists only where it is shown or typed."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_offset = timedelta(0)
_standing: datetime | None = None


def now() -> datetime:
    """The present instant, in UTC."""
    return _standing or datetime.fromtimestamp(time.time(), UTC) + _offset


def today(time_zone: str) -> date:
    """The present date in a time zone such as `Europe/Copenhagen`."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def start_at(instant: datetime) -> None:
    """Let this process live at another time, running on at real speed. Only test companies allow it."""
    global _offset, _standing
    _offset, _standing = instant.astimezone(UTC) - datetime.fromtimestamp(time.time(), UTC), None


def stand_still_at(instant: datetime) -> None:
    """Let time stand still in this process, at an instant: what is drawn from it is alike each time."""
    global _standing
    _standing = instant.astimezone(UTC)


def start_at_real_time() -> None:
    """Undo `start_at` and `stand_still_at`."""
    global _offset, _standing
    _offset, _standing = timedelta(0), None


def is_shifted() -> bool:
    """Whether this process lives at another time than the real one."""
    return _standing is not None or _offset != timedelta(0)
