"""The command that runs a consumer, the process that posts in the background."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click

from postroom.core import company
from postroom.core.errors import UsageError
from postroom.core.jobs import consumers, processes
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import Session


@frame.command(
    "consumer",
    "postroom consumer",
    "postroom consumer --until-idle --job-queue SPPOST",
    "postroom consumer --background",
    "postroom consumer --stop",
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
@click.option("--until-idle", is_flag=True, help="End when nothing is left to do; exit 1 if an entry ended in Error.")
@click.option("--job-queue", "job_queues", metavar="CODE", multiple=True, help="Only this queue; may be given again.")
@click.option("--background", is_flag=True, help="Start one that outlives this command, unless one runs here already.")
@click.option("--stop", is_flag=True, help="Ask the consumers on this host to end, and wait until they have.")
@click.argument("more", metavar="[CODE...]", nargs=-1)
@frame.json_option
def consumer_command(
    session: Session,
    workers: int,
    until_idle: bool,
    job_queues: tuple[str, ...],
    background: bool,
    stop: bool,
    more: tuple[str, ...],
) -> int:
    """Post in the background: serve the started job queues until told to stop."""
    if background + stop + until_idle > 1:
        raise UsageError("--background, --stop and --until-idle exclude each other.", hint="Give one of them.")
    if stop:
        return _stop(session)
    if background:
        return _start(session, workers, (*job_queues, *more))
    signal.signal(signal.SIGTERM, _end)
    session.open()
    company.close()
    from postroom.queue import consumer

    codes = (*job_queues, *more)
    code = consumer.run(session.location, workers=workers, until_idle=until_idle, job_queues=codes, tell=writing.say)
    if session.as_json:
        session.is_open = False
        session.write({"until_idle": until_idle, "exit_code": code})
    return code


def _start(session: Session, workers: int, job_queues: tuple[str, ...]) -> int:
    from postroom.queue import consumer

    session.open()
    before = {one.process_id for one in consumers.alive() if one.host == processes.host()}
    process_id = consumer.start_in_background(session.location, workers=workers, job_queues=job_queues)
    log = str(consumer.log_path(session.location))
    is_new = process_id not in before
    if session.as_json:
        session.write({"process_id": process_id, "started": is_new, "log": log})
    elif is_new:
        writing.say(f"Started consumer {process_id}; its messages are in {log}.")
    else:
        writing.say(f"Consumer {process_id} runs on this host already.")
    return 0


def _stop(session: Session) -> int:
    from postroom.queue import consumer

    session.open()
    stopped = consumer.stop_on_this_host()
    if session.as_json:
        session.write(stopped)
    for one in stopped:
        writing.say(one.message)
    if not stopped:
        writing.say("No consumer runs on this host.")
    return 0 if all(one.ended for one in stopped) else 1


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM before the consumer has taken over the signals: nothing runs yet, and the end is as good as later."""
    sys.exit(0)
