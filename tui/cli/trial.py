"""POSTROOM_CLOCK and POSTROOM_LEASE: another time and a shorter lease, on companies made for trials only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo

from postroom.core import clock
from postroom.core.errors import UsageError
from postroom.tui.cli.frame import parse_instant

CLOCK = "POSTROOM_CLOCK"
LEASE = "POSTROOM_LEASE"


def apply(environment: Mapping[str, str], *, is_test: bool | None = None) -> None:
    """Start this process's clock where POSTROOM_CLOCK says. Raises UsageError for bad values and real companies.

    `is_test` None: as the open company says.
    """
    wanted = [name for name in (CLOCK, LEASE) if environment.get(name)]
    if not wanted:
        return
    if is_test is None:
        from postroom.core.tables.setup import Company

        is_test = bool(Company.get_by_id(1).is_test)
    if not is_test:
        raise UsageError(
            f"{' and '.join(wanted)} may be set only on a company made with `postroom init --test`.",
            field=wanted[0],
            hint="Unset it; real companies live at the real time.",
        )
    if environment.get(LEASE):
        read_lease(environment[LEASE])
    if environment.get(CLOCK):
        clock.start_at(parse_instant(environment[CLOCK], CLOCK))


def read_lease(text: str) -> float:
    """The seconds after which a consumer counts as gone. Raises UsageError for what is no positive number."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise UsageError(
            f"{LEASE}: {text} is not a number of seconds.", field=LEASE, value=text, hint="It looks like 2 or 0.5."
        )
    return seconds


def zone_of(name: str) -> tzinfo:
    """The company's time zone."""
    return ZoneInfo(name)
