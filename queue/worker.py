"""A worker process: answers rings, and looks by itself each second, by claiming and running until nothing is left."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import huey.consumer

from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.errors import DatabaseAway, Problem
from postroom.core.jobs import claims, consumers, doorbell, endings, processes, runs
from postroom.core.jobs.claims import Claim, ClaimLost
from postroom.core.jobs.succession import Succession
from postroom.core.statements import query
from postroom.core.tables.base import database
from postroom.queue.broker import QueueFile
from postroom.queue.children import CANCEL_SIGNAL, RETURN_SIGNAL, Watched, die_with

LOOK_SECONDS = 1.0
"""How often a worker looks for work that nobody rang for."""
LONGEST_PAUSE = 2.0

_log = logging.getLogger(__name__)


class Cancelled(runs.JobCancelled):
    """The run was cancelled; who did it is read from the entry once the run is rolled back."""

    def __init__(self, claim: Claim) -> None:
        BaseException.__init__(self)
        self.claim = claim

    @property
    def by(self) -> str:  # type: ignore[override]
        engine.reconnect()
        rows = query("SELECT cancel_requested_by FROM job_queue_entry WHERE entry_no = ?", (self.claim.entry_no,))
        return str(rows[0][0]) if rows and rows[0][0] else "a person"


class EntryWorker(huey.consumer.Worker):
    """Huey's worker in its own process and with its own connection to the company."""

    def __init__(
        self, *, parent: claims.Worker, place: int, watched: Watched, queue_file: QueueFile, **options: Any
    ) -> None:
        super().__init__(**options)
        self.parent = parent
        self.place = place
        self.watched = watched
        self.queue_file = queue_file
        self.running: Claim | None = None
        self.next_look = 0.0
        self.is_deaf = False

    def initialize(self) -> None:
        """In the new process: end with the parent, take signals, open the company, put the worker's row down."""
        die_with(self.parent.process_id)
        self.watched.take_place(self.place)
        signal.signal(RETURN_SIGNAL, self._on_return)
        signal.signal(CANCEL_SIGNAL, self._on_cancel)
        pid = os.getpid()
        self.me = replace(self.parent, process_id=pid, process_start=processes.start_of(pid))
        self.huey.answer = self.drain
        doorbell.install(self.huey.ring)
        engine.prepare_at_once()
        self._reconnected(database.connect)
        super().initialize()

    def loop(self, now: Any = None) -> None:
        """Wait for a ring, at most a moment; then, or once a second, do all there is to do."""
        self._follow_company()
        if self.queue_file.has_changed():
            self._quietly(self.queue_file.reopen)
        task = None
        try:
            task = self.huey.dequeue()
            self.is_deaf = False
        except Exception as error:  # noqa: BLE001  a broken doorbell must stop no work
            if not self.is_deaf:
                _log.warning("the queue's messages cannot be read: %s", error)
            self.is_deaf = True
            self.stop_flag.wait(0.2)
            self._quietly(self.queue_file.reopen)
        if task is not None:
            self.huey.execute(task)
        elif time.monotonic() >= self.next_look:
            self.drain()
        elif not self.huey.storage.blocking:
            self.stop_flag.wait(self.delay)

    def _follow_company(self) -> None:
        if engine.has_moved():
            _log.warning("the company's file is gone or another one; what stands in its place is opened")
            self._reconnected(engine.reconnect)

    def drain(self) -> None:
        """Claim and run until nothing is claimable or the consumer stops. The first claim wakes another worker."""
        has_rung = False
        claim: Claim | None = None
        while claim is not None or not self.stop_flag.is_set():
            if claim is None:
                claim = self._claim(look_first=not has_rung)
            if claim is None:
                break
            if not has_rung:
                has_rung = True
                self._quietly(self.huey.ring)
            claim = self._run(claim)
        self.next_look = time.monotonic() + LOOK_SECONDS

    def shutdown(self) -> None:
        super().shutdown()
        self._quietly(lambda: consumers.forget_workers(self.parent.consumer_id, [os.getpid()]))
        self._quietly(database.close)

    def _claim(self, *, look_first: bool) -> Claim | None:
        try:
            return claims.claim_next(self.me, look_first=look_first)
        except Exception as error:
            if not (isinstance(error, DatabaseAway) or engine.is_away(error) or engine.is_transient(error)):
                raise
            _log.warning("no entry can be claimed: %s", engine.reason(error))
            self._reconnected(engine.reconnect)
            return None

    def _run(self, claim: Claim) -> Claim | None:
        """Run one entry; the claim of the next, if one was taken with its end.

        A signal may come amid any ending of it; then it is returned unless it has ended.
        """
        succession = Succession(self.me, lambda: not self.stop_flag.is_set())
        try:
            self.running = claim
            runs.run(claim, succession)
            self.running = None
        except (runs.JobReturned, runs.JobCancelled):
            self.running = None
            self._reconnected(engine.reconnect)
            try:
                with transaction():
                    endings.give_back(claim, _stopped(claim))
            except ClaimLost:
                _log.info("entry %s had ended before it was to be returned", claim.entry_no)
        finally:
            self.running = None
        return self._handed_on(succession)

    def _handed_on(self, succession: Succession) -> Claim | None:
        """The claim that a run has handed on, also where the database was away when it was committed."""
        while True:
            try:
                return succession.claim()
            except Exception as error:
                if not (isinstance(error, DatabaseAway) or engine.is_away(error)):
                    raise
                self._reconnected(engine.reconnect)

    def _reconnected(self, connect: Callable[[], object]) -> None:
        """Connect, with growing pauses while the database is away, until it answers or the consumer stops."""
        pause, told = 0.05, ""
        while True:
            try:
                if database.is_closed() or connect is not database.connect:
                    connect()
                consumers.register_worker(self.me)
                return
            except Exception as error:
                if not (isinstance(error, DatabaseAway) or engine.is_away(error)):
                    raise
                if told != engine.reason(error):
                    told = engine.reason(error)
                    _log.warning("the database is away: %s", told)
                connect = engine.reconnect
                if self.stop_flag.wait(pause):
                    raise KeyboardInterrupt from error
                pause = min(pause * 2, LONGEST_PAUSE)

    def _on_return(self, signum: int, frame: FrameType | None) -> None:
        if self.running is not None:
            self.running = None
            raise runs.JobReturned

    def _on_cancel(self, signum: int, frame: FrameType | None) -> None:
        if self.running is not None:
            claim, self.running = self.running, None
            raise Cancelled(claim)

    def _quietly(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  what is done so is done again, or does without
            _log.info("%s", error)


def _stopped(claim: Claim) -> Problem:
    return Problem(
        "returned",
        "The consumer was stopped before the job had ended.",
        claim.description,
        hint="It runs again by itself.",
    )
