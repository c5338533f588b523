"""What the two commands that cancel have in common: options, and the report of what became of each document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from postroom.core.errors import UsageError
from postroom.core.jobs.undo import CancelRequest, CancelResult
from postroom.tui.cli import frame, results, writing
from postroom.tui.cli.frame import Session

Advance = Callable[[int], None] | None


def options(function: Callable[..., Any]) -> Callable[..., Any]:
    """How the corrective documents are posted, and dated."""
    for option in (
        click.option("--now", is_flag=True, help="Post the corrective documents in this process instead of queueing."),
        click.option("--queue-anyway", is_flag=True, help="Queue also what the check finds wrong now."),
        click.option(
            "--posting-date", metavar="D", help="Of all; else each has the date of what it cancels, or today's."
        ),
    ):
        function = option(function)
    return function


def request(now: bool, queue_anyway: bool, posting_date: str | None) -> CancelRequest:
    """The options as the business takes them. Raises UsageError."""
    if now and queue_anyway:
        raise UsageError("--now and --queue-anyway exclude each other.", hint="Give one of them, or none.")
    return CancelRequest("now" if now else "queue", queue_anyway, frame.parse_day(posting_date, "posting-date"))


def carry_out(session: Session, count: int, act: Callable[[Advance], list[CancelResult]]) -> int:
    """Cancel, with a bar for many, and report."""
    with writing.progress_bar("Cancelling", count) as advance:
        done = act(advance)
    return results.report(session, done)
