"""The top line of every page: whose company, which page, and how things stand. What is wrong is always in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.text import Text
from textual.reactive import reactive
from textual.widgets import Static

from postroom.core.counted import counted
from postroom.core.plain_text import visible
from postroom.tui.snapshots import Standing

LEAST = (80, 24)
"""Columns and lines that every page is made for."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the status bar knows.

    `away_since` is when the database was found away, `silent_since` when it was found to keep one waiting; None while
    it answers.
    """

    standing: Standing = field(default_factory=Standing)
    away_since: datetime | None = None
    silent_since: datetime | None = None
    paused: bool = False
    read_once: bool = False


def words(health: Health) -> list[tuple[str, str]]:
    """What to say about the health, most pressing first, each with `alarm`, `warning` or `calm`."""
    standing = health.standing
    said: list[tuple[str, str]] = []
    if health.away_since is not None:
        said.append((f"Not connected since {local(health.away_since, standing.time_zone)}", "alarm"))
    elif health.silent_since is not None:
        said.append((f"No answer since {local(health.silent_since, standing.time_zone)}", "alarm"))
    if health.paused:
        said.append(("Paused", "warning"))
    if health.away_since is not None or not health.read_once:
        return said
    if standing.unread_notes:
        said.append((counted(standing.unread_notes, "new note"), "warning"))
    if standing.consumers:
        said.append((f"Consumer running, {counted(standing.workers, 'worker')}", "calm"))
    elif standing.consumer_gone_since is not None:
        since = local(standing.consumer_gone_since, standing.time_zone)
        said.append((f"Consumer not responding since {since}", "alarm"))
    else:
        said.append(("No consumer is running", "warning"))
    return said


def local(instant: datetime, time_zone: str) -> str:
    """The time of day, in the company's time zone."""
    return instant.astimezone(ZoneInfo(time_zone)).strftime("%H:%M:%S")


class StatusBar(Static):
    """One line. Its words say the state; its colours only repeat it."""

    DEFAULT_CSS = """
    StatusBar { dock: top; height: 1; width: 100%; padding: 0 1; background: $primary-background; color: $text; }
    """
    STYLES = {"alarm": "bold reverse red", "warning": "bold yellow", "calm": "green"}  # noqa: RUF012

    health: reactive[Health] = reactive(Health(), layout=False)

    def __init__(self) -> None:
        super().__init__(markup=False)

    def watch_health(self, before: Health, now: Health) -> None:
        if words(before) != words(now) or before.standing.company_name != now.standing.company_name:
            self.refresh()

    def render(self) -> Text:
        width = self.size.width - 2
        told = words(self.health)
        if self.app.size.width < LEAST[0] or self.app.size.height < LEAST[1]:
            told.insert(0, ("Too small: {}x{} at least".format(*LEAST), "warning"))
        right = Text("  ").join(
            Text(f" {said} " if kind == "alarm" else said, style=self.STYLES[kind]) for said, kind in told
        )
        company = visible(self.health.standing.company_name)
        left = Text("Postroom", style="bold")
        if company:
            left.append("  ").append(company, style="not bold")
        left.truncate(max(8, width - right.cell_len - 2), overflow="ellipsis")
        return Text.assemble(left, " " * max(1, width - left.cell_len - right.cell_len), right, no_wrap=True)
