"""The sweep: a process beside the workers that writes heartbeats, ends what hangs and takes back what was lost."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import huey.consumer

from postroom.core import database as engine
from postroom.core.errors import DatabaseAway
from postroom.core.jobs import claims, consumers, doorbell, entries, processes, queues, recovery, runs
from postroom.core.jobs.watch import Watch
from postroom.core.statements import query
from postroom.core.tables.base import database
from postroom.queue import idle
from postroom.queue.children import CANCEL_SIGNAL, Watched, die_with
from postroom.queue.print_workers import PrintCrew

TICK_SECONDS = 0.5
IDLE_TICK_SECONDS = 0.05
"""A consumer that runs until idle shall end at once when it is."""
SWEEP_SECONDS = 0.5
"""A killed worker is noticed within so many seconds."""
LOCK_MILLISECONDS = 2000
"""So long a step waits for a row that somebody holds; then the others have their turn."""

_log = logging.getLogger(__name__)


class Sweep(huey.consumer.Scheduler):
    """Stands in the scheduler's place: Huey's own schedule is not used, the company's entries are the schedule."""

    def __init__(
        self,
        *,
        parent: claims.Worker,
        workers: int,
        watched: Watched,
        print_crew: PrintCrew,
        until_idle: bool,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.parent = parent
        self.printers = replace(parent, prints=True)
        self.print_crew = print_crew
        self.watched = watched
        self.workers = workers
        self.until_idle = until_idle
        self.next_beat = 0.0
        self.next_sweep = 0.0
        self.watch = Watch()
        self.troubles: dict[str, str] = {}
        """What each step that fails has said."""
        self.cancelled: dict[int, float] = {}
        self.astray: set[tuple[int, float]] = set()
        """Workers at a run, by process id and its begin, that held no entry at the last look."""

    def initialize(self) -> None:
        """In the new process: end with the parent, open the company."""
        die_with(self.parent.process_id)
        doorbell.install(self.huey.ring)
        self._safely(self._connect)

    def loop(self, now: Any = None) -> None:
        """One tick."""
        self._safely(self._tick)
        self.stop_flag.wait(IDLE_TICK_SECONDS if self.until_idle else TICK_SECONDS)

    def shutdown(self) -> None:
        with suppress(Exception):
            database.close()

    def _connect(self) -> None:
        database.connect()
        if engine.is_postgres():
            database.execute_sql(f"SET lock_timeout = {LOCK_MILLISECONDS}")

    def _tick(self) -> None:
        if engine.has_moved():
            database.close()
        if database.is_closed():
            self._connect()
        if time.monotonic() >= self.next_sweep:
            # First what keeps others from writing; then each by itself, so that none keeps the others from being done.
            for step in (
                self._end_hanging,
                self._end_revoked,
                self._beat,
                self._recover,
                self._bury_workers,
                self._expire,
                entries.wake_resting,
                self._stop_unserved,
            ):
                if database.is_closed():
                    self._connect()
                self._safely(step)
            self.next_sweep = time.monotonic() + SWEEP_SECONDS
        self._safely(self._want_print_workers)
        if self.until_idle and idle.is_idle(self.parent):
            self.stop_flag.set()

    def _beat(self) -> None:
        """The heartbeat. A row that is not there (this host slept past its lease, the file is another) is put down."""
        if all(consumer.id != self.parent.consumer_id for consumer in consumers.list_consumers()):
            consumers.register(self.parent, self.workers)
        elif time.monotonic() < self.next_beat:
            return
        consumers.heartbeat(self.parent)
        self.next_beat = time.monotonic() + consumers.heartbeat_seconds()

    def _end_hanging(self) -> None:
        """Ask cancelled runs to stop; kill workers that did not react, to that, their time limit, or a lock held long.

        How long a run lasts is told by its worker, by the monotonic clock: a host that slept, a clock that was set or a
        database that was away ends no job.
        """
        held = [one for one in recovery.held_entries() if one.consumer_id == self.parent.consumer_id]
        for one in held:
            limit = one.job_timeout + recovery.KILL_AFTER.total_seconds()
            if self.watched.write_locks.seconds(one.process_id) > recovery.WRITE_LOCK_LIMIT.total_seconds():
                _log.warning("entry %s: worker %s holds the write lock; it is killed", one.entry_no, one.process_id)
                recovery.stop(one, recovery.lock_problem)
            elif self.watched.runs.seconds(one.process_id) > limit:
                _log.warning("entry %s is over its time limit; its worker %s is killed", one.entry_no, one.process_id)
                recovery.stop(one, runs.timeout_problem)
            elif one.cancel_requested_by:
                self._cancel(one)
        for process_id in self.watched.write_locks.longer_than(recovery.WRITE_LOCK_LIMIT.total_seconds()):
            if all(one.process_id != process_id for one in held) and processes.start_of(process_id):
                _log.warning("worker %s holds the write lock amid a claim; it is killed", process_id)
                processes.kill(process_id, processes.start_of(process_id))
        numbers = {one.entry_no for one in held if one.cancel_requested_by}
        self.cancelled = {number: at for number, at in self.cancelled.items() if number in numbers}

    def _end_revoked(self) -> None:
        """Kill workers that run what is no longer their own: set to Error, or taken back, from another host.

        Two looks in a row must find them so: that a run has ended is told a moment after its entry says it.
        """
        running = self.watched.runs.running()  # before the entries: a run begins when its claim is committed
        held = {one.process_id for one in recovery.held_entries() if one.consumer_id == self.parent.consumer_id}
        astray = {(process_id, since) for process_id, since in running.items() if process_id not in held}
        for process_id, _ in astray:
            if not processes.start_of(process_id):
                self.watched.runs.forget(process_id)
        for process_id, _ in astray & self.astray:
            if start := processes.start_of(process_id):
                _log.warning("worker %s runs what is no longer its own; it is killed", process_id)
                processes.kill(process_id, start)
        self.astray = astray

    def _recover(self) -> None:
        recovery.recover(self.watch)

    def _expire(self) -> None:
        self.watched.expired.add(entries.expire_overdue())

    def _stop_unserved(self) -> None:
        everyone = consumers.list_consumers()
        queues.stop_unserved([one for one in everyone if one.workers and not self.watch.is_gone(one)])

    def _want_print_workers(self) -> None:
        self.print_crew.want(self.printers)

    def _bury_workers(self) -> None:
        """Take the rows of worker processes away that are gone, once what they held is taken back."""
        rows = query(
            "SELECT process_id, process_start FROM worker WHERE consumer_id = ? AND process_id NOT IN"
            " (SELECT process_id FROM job_queue_entry WHERE status = 'In Process' AND consumer_id = ?)",
            (self.parent.consumer_id, self.parent.consumer_id),
        )
        gone = [process_id for process_id, start in rows if not processes.is_alive(process_id, start)]
        if gone:
            consumers.forget_workers(self.parent.consumer_id, gone)

    def _cancel(self, held: recovery.Held) -> None:
        asked = self.cancelled.get(held.entry_no)
        if asked is None:
            self.cancelled[held.entry_no] = time.monotonic()
            if processes.is_alive(held.process_id, held.process_start):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(held.process_id, CANCEL_SIGNAL)
        elif time.monotonic() - asked > recovery.KILL_AFTER.total_seconds():
            processes.kill(held.process_id, held.process_start)

    def _safely(self, act: Callable[[], object]) -> None:
        """Do a step; what the database, or a bug, did not let through is said once and tried again at the next tick."""
        name = getattr(act, "__name__", "")
        self.watched.pulse.beat()
        try:
            act()
        except Exception as error:  # noqa: BLE001  a step that fails must keep no other from being done
            if isinstance(error, DatabaseAway) or engine.is_away(error) or engine.is_transient(error):
                self._say(name, f"the database is locked or away: {engine.reason(error)}", None)
            else:
                self._say(name, f"the sweep failed at {name.strip('_')}", error)
            with suppress(Exception):
                database.close()
        else:
            if self.troubles.pop(name, None) and not self.troubles:
                _log.warning("the sweep goes on")

    def _say(self, name: str, text: str, bug: Exception | None) -> None:
        if self.troubles.get(name) != text:
            _log.warning(text, exc_info=bug)
        self.troubles[name] = text
