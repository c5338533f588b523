"""The command that runs a consumer, the process that posts in the background."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click

from postroom.core import company
from postroom.tui.cli import frame
from postroom.tui.cli.frame import Session


@frame.command("consumer", "postroom consumer", "postroom consumer --until-idle --job-queue SPPOST")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
@click.option("--until-idle", is_flag=True, help="End when nothing is left to do; exit 1 if an entry ended in Error.")
@click.option("--job-queue", "job_queues", metavar="CODE", multiple=True, help="Only this queue; may be given again.")
@click.argument("more", metavar="[CODE...]", nargs=-1)
@frame.json_option
def consumer_command(
    session: Session, workers: int, until_idle: bool, job_queues: tuple[str, ...], more: tuple[str, ...]
) -> int:
    """Post in the background: serve the started job queues until told to stop."""
    signal.signal(signal.SIGTERM, _end)
    session.open()
    company.close()
    from postroom.queue import consumer

    code = consumer.run(session.location, workers=workers, until_idle=until_idle, job_queues=(*job_queues, *more))
    if session.as_json:
        session.is_open = False
        session.write({"until_idle": until_idle, "exit_code": code})
    return code


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM before the consumer has taken over the signals: nothing runs yet, and the end is as good as later."""
    sys.exit(0)
