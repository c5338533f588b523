"""The consumer: the process that posts in the background. N worker processes and the sweep, under Huey's consumer.

Beyond starting, stopping and replacing its children this process does nothing, and it never forks with an open
connection: SQLite would lose its locks, PostgreSQL's socket would have two owners.
"""

from __future__ import annotations

import gc
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from multiprocessing.process import BaseProcess
from typing import Any

import huey.consumer
from huey.api import Huey

from postroom.core import bugs, clock, company, users
from postroom.core import database as engine
from postroom.core.database import Location, transaction
from postroom.core.errors import PostroomError
from postroom.core.jobs import claims, consumers, processes, queues, recovery
from postroom.core.jobs.watch import Watch
from postroom.core.tables.base import database
from postroom.core.tables.setup import Company
from postroom.core.users import Permission
from postroom.queue import broker, idle, print_workers
from postroom.queue.background import log_path, start_in_background, stop_on_this_host
from postroom.queue.broker import QueueFile
from postroom.queue.children import RETURN_SIGNAL, ChildProcesses, Watched
from postroom.queue.print_workers import PrintCrew, PrintWorker
from postroom.queue.sweep import Sweep
from postroom.queue.worker import EntryWorker

__all__ = ["log_path", "run", "start_in_background", "stop_on_this_host"]

GRACE_SECONDS = 25.0
"""How long running entries may take to end when the consumer is asked to stop."""
HEALTH_SECONDS = 0.5
STEP_SECONDS = 60.0
"""A sweep that needs longer for one step hangs; one that a locked database holds up waits five seconds at a time."""
START_PAUSE = 0.2
"""Between two tries to begin in a database that is locked."""

_log = logging.getLogger(__name__)


def run(
    location: Location,
    *,
    workers: int = 2,
    until_idle: bool = False,
    job_queues: Sequence[str] = (),
    tell: Callable[[str], object] = lambda text: None,
) -> int:
    """Serve the job queues of a company until told to stop; the exit code: 0, 130 after SIGINT.

    `until_idle`: start the named queues (all, if none is named), end when they have nothing left to do, stop those it
    started, `tell` what became of their entries; 1 if one ended in Error meanwhile. Raises NotFound for a queue that
    does not exist, CompanyError, DatabaseAway, NotPermitted.
    """
    _log_to_stderr()
    codes = tuple(dict.fromkeys(job_queues))
    me = _identity(codes)
    os.environ["PGAPPNAME"] = consumers.application_name(me.consumer_id)
    company.open_company(location)
    _take_clock()
    since = clock.now()
    started = _begin(me, workers, automatic_only=not until_idle)
    lease = consumers.lease()
    hub = broker.make(location)
    queue_file = _queue_file(location, hub)
    company.close()
    crew = Crew(hub, queue_file, me, lease=lease, workers=workers, until_idle=until_idle)
    _log.info("consumer %s serves %s with %s workers", me.process_id, location.shown, workers)
    # What is there now stays, in every child: looking through it for garbage took 25 ms amid a posting.
    gc.collect()
    gc.freeze()
    try:
        crew.run()
    finally:
        crew.end_children()
        hub.storage.close()
        _leave(location, me, started if until_idle else [])
    has_errors = until_idle and _tell_errors(location, since, crew.watched.expired.count, tell)
    if crew.received is not None:
        return 130 if crew.received == signal.SIGINT else 0
    return 1 if has_errors else 0


class Crew(huey.consumer.Consumer):
    """Huey's consumer with our workers, our sweep in the scheduler's place, and our way to stop."""

    scheduler: Any

    def __init__(
        self, hub: Huey, queue_file: QueueFile, me: claims.Worker, *, lease: float, workers: int, until_idle: bool
    ) -> None:
        self.me = me
        self.lease = lease
        self.until_idle = until_idle
        self.watched = Watched.of(workers + print_workers.MOST)
        self.print_crew = PrintCrew(self._start_print_worker)
        self.frozen: dict[int, float] = {}
        """Since when a child is seen frozen, on the monotonic clock, by process id."""
        self.queue_file = queue_file
        super().__init__(
            hub,
            workers=workers,
            periodic=False,
            initial_delay=0.03,  # SQLite's messages are polled: more often would cost an idle consumer 2 % of a core
            max_delay=0.04,
            backoff=1,
            worker_type="process",
            check_worker_health=True,
            health_check_interval=HEALTH_SECONDS,
            shutdown_timeout=GRACE_SECONDS,
            graceful_signal="TERM",
        )
        self._signal_actions = dict.fromkeys((signal.SIGTERM, signal.SIGINT, signal.SIGHUP), (False, True))

    @property
    def received(self) -> signal.Signals | None:
        """The signal that asked to stop."""
        return None if self._signum is None else signal.Signals(self._signum)

    def get_environment(self, worker_type: str) -> ChildProcesses:
        return ChildProcesses(signal.SIGTERM, RETURN_SIGNAL)

    def _create_worker(self) -> EntryWorker:
        return self._worker_at(len(self.worker_threads))

    def _start_print_worker(self, place: int) -> BaseProcess:
        worker = self._worker_at(self.workers + place, PrintWorker, replace(self.me, prints=True))
        process: BaseProcess = self._create_process(worker, f"Print-{place + 1}")
        process.start()
        return process

    def _worker_at(
        self, place: int, kind: type[EntryWorker] = EntryWorker, me: claims.Worker | None = None
    ) -> EntryWorker:
        return kind(
            parent=me or self.me,
            place=place,
            watched=self.watched,
            queue_file=self.queue_file,
            huey=self.huey,
            stop_flag=self.stop_flag,
            default_delay=self.default_delay,
            max_delay=self.max_delay,
            backoff=self.backoff,
        )

    def _create_scheduler(self) -> Sweep:
        return Sweep(
            parent=self.me,
            workers=self.workers,
            watched=self.watched,
            print_crew=self.print_crew,
            until_idle=self.until_idle,
            huey=self.huey,
            stop_flag=self.stop_flag,
            interval=1,
            periodic=False,
        )

    def loop(self, health_check_ts: float | None = None) -> float | None:
        """One look at the children, ten times a second."""
        checked: float | None = super().loop(health_check_ts)
        self.print_crew.tend()
        return checked

    @property
    def children(self) -> list[BaseProcess]:
        """Every child that was started, the sweep last."""
        every = [process for _, process in self.worker_threads] + self.print_crew.processes + [self.scheduler]
        return [process for process in every if process.pid is not None]

    def _join_workers(self) -> bool:
        """Wait for all that run to end, as long as the grace time lasts; whether they did."""
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.children:
            child.join(max(deadline - time.monotonic(), 0))
        return not any(child.is_alive() for child in self.children)

    def _interrupt_workers(self) -> None:
        self.environment.interrupt_workers(self.children[:-1])

    def check_worker_health(self) -> None:
        """Replace children that have ended, each worker in its place; kill those that are frozen or hang."""
        self._kill_frozen()
        for place, (_, process) in enumerate(self.worker_threads):
            if not process.is_alive():
                worker = self._worker_at(place)
                self.worker_threads[place] = (worker, self._create_process(worker, f"Worker-{place + 1}"))
                self.worker_threads[place][1].start()
        if not self.scheduler.is_alive():
            self.scheduler = self._create_process(self._create_scheduler(), "Sweep")
            self.scheduler.start()

    def _kill_frozen(self) -> None:
        now = time.monotonic()
        if self.watched.pulse.seconds() > STEP_SECONDS and self.scheduler.is_alive():
            _log.warning("the sweep (process %s) hangs; it is killed", self.scheduler.pid)
            self.watched.pulse.beat()
            self.scheduler.kill()
            self.scheduler.join()
        stopped = {
            child.pid: child for child in self.children if child.pid is not None and processes.is_stopped(child.pid)
        }
        self.frozen = {pid: self.frozen.get(pid, now) for pid in stopped}
        for pid, child in stopped.items():
            # Without the sweep no heartbeat is written: others would take this consumer for gone.
            if now - self.frozen[pid] > (self.lease / 3 if child is self.scheduler else self.lease):
                _log.warning("process %s does not respond; it is killed", pid)
                child.kill()
                child.join()

    def end_children(self) -> None:
        """See that no child is left: those that end by themselves are waited for, the others killed."""
        self.stop_flag.set()
        started = self.children
        deadline = time.monotonic() + (GRACE_SECONDS if self.received is None else 2.0)
        for child in started:
            child.join(max(deadline - time.monotonic(), 0))
        for child in started:
            if child.is_alive():
                child.kill()
                child.join()


def _identity(codes: tuple[str, ...]) -> claims.Worker:
    pid = os.getpid()
    return claims.Worker(processes.host(), pid, processes.start_of(pid), secrets.token_hex(8), codes)


def _begin(me: claims.Worker, workers: int, *, automatic_only: bool) -> list[str]:
    """Take back what is lost, start the job queues, put the consumer's row down; returns the queues that were stopped.

    Raises NotPermitted for a database role that may not do what entries do: each would end in Error. Whoever keeps the
    database locked is waited for; a frozen consumer that does is found and ended here.
    """
    watch, told = Watch(), ""
    while True:
        try:
            if told:
                engine.reconnect()
            users.require_in_database("run a consumer", Permission.POST, Permission.JOB_QUEUE_ADMIN)
            recovery.recover(watch)
            queues.stop_unserved()  # before this consumer serves them: who has started them shall know
            with transaction():
                started = queues.start_for_consumer(me.job_queues, automatic_only=automatic_only)
                consumers.register(me, workers)
            consumers.heartbeat(me)  # before the first worker: a queue that was served, however briefly, says so
            return started
        except Exception as error:
            if not engine.is_away(error):
                raise
            if told != engine.reason(error):
                told = engine.reason(error)
                _log.warning("the database is locked or away: %s", told)
            time.sleep(START_PAUSE)


def _queue_file(location: Location, hub: Huey) -> QueueFile:
    """Where the consumer is rung, opened; on PostgreSQL its tables are made where they are not there."""
    queue_file = QueueFile(location, hub)
    try:
        queue_file.reopen()
    except Exception as error:  # noqa: BLE001  without a doorbell the workers look by themselves
        _log.warning("nobody can ring this consumer, it looks for work once a second: %s", error)
    return queue_file


def _leave(location: Location, me: claims.Worker, started: list[str]) -> None:
    """Give back what killed workers still hold, stop the queues that were started for this run, leave the list."""
    try:
        database.connect(reuse_if_open=True)
        recovery.return_all(me.consumer_id, "The consumer was stopped before the job had ended.")
        queues.stop_for_consumer(started)
        consumers.leave(me.consumer_id)
    except Exception as error:  # noqa: BLE001  whoever looks next sees that this process is gone
        _log.warning("the consumer could not leave %s: %s", location.shown, error)
    finally:
        company.close()


def _tell_errors(location: Location, since: datetime, expired: int, tell: Callable[[str], object]) -> bool:
    """Tell what became of the entries; whether one of them ended in Error."""
    database.connect(reuse_if_open=True)
    try:
        tell(idle.told(since, expired))
        return expired > 0 or idle.count_errors(since) > 0
    finally:
        company.close()


def _take_clock() -> None:
    """POSTROOM_CLOCK in a process that no command started; only on companies made for tests."""
    wanted = os.environ.get("POSTROOM_CLOCK")
    if wanted and not clock.is_shifted() and Company.get_by_id(1).is_test:
        clock.start_at(datetime.fromisoformat(wanted).astimezone())


class _Lines(logging.Formatter):
    """One line per message: a bug's call stack goes to the log file for bugs, not before the user's eyes."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, Exception):
            return super().format(record)
        place = bugs.keep(error)
        told = f"{record.getMessage()}: {type(error).__name__}: {error}"
        plain = logging.makeLogRecord({**record.__dict__, "exc_info": None, "args": None, "exc_text": None})
        plain.msg = f"{' '.join(told.split())}{f' (details are in {place})' if place else ''}"
        return bugs.without_password(super().format(plain))


def _log_to_stderr() -> None:
    """Warnings go where the process's messages go; of Huey's news only its errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(message)s"))
    for name in ("postroom", "huey"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(handler)
    logging.getLogger("huey").setLevel(logging.ERROR)


def main() -> int:
    """Run a consumer for POSTROOM_COMPANY: what `start_in_background` starts."""
    arguments: list[Any] = sys.argv[1:]
    try:
        return run(Location(os.environ["POSTROOM_COMPANY"]), workers=int(arguments[0]), job_queues=arguments[1:])
    except PostroomError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
