"""Starting a consumer in the background: a process of its own, with a log file, never two by accident."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_state_path

from postroom.core import clock, company
from postroom.core.database import Location
from postroom.core.errors import CompanyError
from postroom.core.jobs import consumers, processes
from postroom.core.jobs.consumers import ConsumerView
from postroom.core.tables.base import database

START_SECONDS = 15.0
"""How long a consumer may take to put its row down."""
STOP_SECONDS = 35.0
"""How long a consumer may take to end: its grace time and some."""
LOOK_SECONDS = 0.02


def start_in_background(
    location: Location, *, workers: int = 2, job_queues: Sequence[str] = (), another: bool = False
) -> int:
    """Start a consumer that outlives this process; returns its process id once its heartbeat is there.

    Unless `another` is asked for, one that lives on this host already is left to it and its process id returned.
    Raises CompanyError, with the end of its log, if it does not come up.
    """
    was_open = database.obj is not None and not database.is_closed()
    if not was_open:
        company.open_company(location)
    try:
        log = log_path(location)
        with _alone(log):
            here = [one.process_id for one in consumers.alive() if one.host == processes.host()]
            if here and not another:
                return here[0]
            return _start(location, log, workers, job_queues)
    finally:
        if not was_open:
            company.close()


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of a consumer that was asked to end: it `ended`, or why it has not."""

    process_id: int
    ended: bool
    message: str


def stop_on_this_host() -> list[Stopped]:
    """Ask every consumer of the open company on this host to end, and wait: running jobs end first, or go back.

    One that does not end within its grace time is left alone and says why.
    """
    here = [one for one in consumers.alive() if one.host == processes.host()]
    asked = {one.process_id: _ask(one) for one in here}
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end and any(not asked[one.process_id] and _may_still_end(one) for one in here):
        time.sleep(LOOK_SECONDS)
    return [_outcome(one, asked[one.process_id]) for one in here]


def _ask(consumer: ConsumerView) -> str:
    """Send SIGTERM to the very process; why not, or blank."""
    if not processes.is_alive(consumer.process_id, consumer.process_start):
        return ""
    try:
        os.kill(consumer.process_id, signal.SIGTERM)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return f"it runs as {consumer.running_as}, who must end it: `kill {consumer.process_id}`"
    return ""


def _may_still_end(consumer: ConsumerView) -> bool:
    lives = processes.is_alive(consumer.process_id, consumer.process_start)
    return lives and not processes.is_stopped(consumer.process_id)


def _outcome(consumer: ConsumerView, why_not: str) -> Stopped:
    pid = consumer.process_id
    if why_not:
        return Stopped(pid, False, f"Consumer {pid} was not asked to end: {why_not}.")
    if not processes.is_alive(pid, consumer.process_start):
        return Stopped(pid, True, f"Consumer {pid} has ended.")
    if processes.is_stopped(pid):
        return Stopped(
            pid,
            False,
            f"Consumer {pid} is suspended; it ends once it goes on (`kill -CONT {pid}`), or `kill -9 {pid}`.",
        )
    return Stopped(
        pid, False, f"Consumer {pid} has not ended yet; it waits for what runs, or end it with `kill -9 {pid}`."
    )


def log_path(location: Location) -> Path:
    """Where the consumers of this host write: beside the company's file, or in the user's state directory."""
    if not location.is_postgres:
        return location.path.with_name(f"{location.path.stem}-consumer.log")
    parts = urlsplit(location.text)
    name = "-".join(part for part in (parts.hostname or "local", parts.path.strip("/")) if part)
    folder = user_state_path("postroom", appauthor=False, ensure_exists=True)
    return folder / f"consumer-{''.join(c if c.isalnum() or c in '-_.' else '_' for c in name)}.log"


def _start(location: Location, log: Path, workers: int, job_queues: Sequence[str]) -> int:
    environment = {**os.environ, "POSTROOM_COMPANY": location.text if location.is_postgres else str(location.path)}
    if environment.get("POSTROOM_CLOCK"):  # a trial: the consumer lives at the time that this process has come to
        environment["POSTROOM_CLOCK"] = clock.now().isoformat()
    with log.open("ab") as messages:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "postroom.queue.consumer", str(workers), *job_queues],
            stdin=subprocess.DEVNULL,
            stdout=messages,
            stderr=messages,
            start_new_session=True,
            env=environment,
        )
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if any(one.process_id == process.pid for one in consumers.alive() if one.host == processes.host()):
            return process.pid
        time.sleep(LOOK_SECONDS)
    if process.poll() is None:
        process.terminate()
    raise CompanyError(
        f"The consumer did not start: {_last_line(log)}",
        code="consumer_not_started",
        hint=f"Its messages are in {log}.",
    )


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing."


@contextmanager
def _alone(log: Path) -> Iterator[None]:
    """Nobody else starts a consumer of this company on this host meanwhile."""
    try:
        lock = log.with_name(f"{log.name}.lock").open("w")
    except OSError as error:
        raise CompanyError(f"{log} cannot be written: {error.strerror}.", hint="Check the folder.") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
