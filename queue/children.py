"""The processes of a consumer: they end with their parent, and only their parent tells them to stop."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from huey.consumer import BaseProcess, ProcessEnvironment

from postroom.core import database as engine
from postroom.core.jobs import runs

RETURN_SIGNAL = signal.SIGUSR1
"""Roll back the running entry and return it: the consumer's grace time is over."""
CANCEL_SIGNAL = signal.SIGUSR2
"""A person has cancelled the running entry."""

_PR_SET_PDEATHSIG = 1


class Stopwatches:
    """Since when each worker process is in the midst of something, in memory that all processes of a consumer share.

    `watch` lets a function be told in a worker when that begins and ends.
    """

    def __init__(self, workers: int, watch: Callable[[Callable[[bool], None]], None]) -> None:
        self._watch = watch
        self._process_ids = multiprocessing.RawArray("q", workers)
        self._since = multiprocessing.RawArray("d", workers)

    def take_place(self, place: int) -> None:
        """In a new worker: note from now on in this place."""
        self._process_ids[place], self._since[place] = os.getpid(), 0.0

        def note(is_in_it: bool) -> None:
            self._since[place] = time.monotonic() if is_in_it else 0.0

        self._watch(note)

    def seconds(self, process_id: int) -> float:
        """How long a worker has been in the midst of it; 0 if it is not."""
        for place, known in enumerate(self._process_ids):
            if known == process_id:
                since = float(self._since[place])
                return time.monotonic() - since if since else 0.0
        return 0.0

    def running(self) -> dict[int, float]:
        """Since when each process is in the midst of it, by the monotonic clock; also one that has ended in it."""
        return {process_id: since for process_id, since in zip(self._process_ids, self._since, strict=True) if since}

    def forget(self, process_id: int) -> None:
        """Of a process that has ended in the midst of it: its id may be another's before a new worker has its place."""
        for place, known in enumerate(self._process_ids):
            if known == process_id:
                self._since[place] = 0.0

    def longer_than(self, seconds: float) -> list[int]:
        """The processes that have been in the midst of it for longer, also those that have ended in it."""
        return [process_id for process_id in self._process_ids if self.seconds(process_id) > seconds]


class Pulse:
    """When the sweep has last done something, in memory that it shares with its parent."""

    def __init__(self) -> None:
        self._last = multiprocessing.RawValue("d", time.monotonic())

    def beat(self) -> None:
        """It does something now."""
        self._last.value = time.monotonic()

    def seconds(self) -> float:
        """How long ago that was."""
        return time.monotonic() - float(self._last.value)


class Tally:
    """How many entries of the consumer's run expired, in memory that the sweep shares with its parent."""

    def __init__(self) -> None:
        self._count = multiprocessing.RawValue("q", 0)

    def add(self, count: int) -> None:
        """So many more; the sweep is the only one that counts."""
        self._count.value += count

    @property
    def count(self) -> int:
        return int(self._count.value)


@dataclass(frozen=True, slots=True)
class Watched:
    """What a consumer watches in its children, for what a hanging process cannot notice itself."""

    pulse: Pulse
    """The sweep's."""

    write_locks: Stopwatches
    """SQLite's only write lock, held by a worker."""
    runs: Stopwatches
    """Work that has a time limit."""
    expired: Tally
    """Entries that ended in Error without a run, which the log therefore does not tell."""

    @classmethod
    def of(cls, workers: int) -> Watched:
        """Stopwatches for so many workers."""
        locks, work = Stopwatches(workers, engine.watch_write_lock), Stopwatches(workers, runs.watch_runs)
        return cls(Pulse(), locks, work, Tally())

    def take_place(self, place: int) -> None:
        """In a new worker: note from now on in this place."""
        self.write_locks.take_place(place)
        self.runs.take_place(place)


class ChildProcesses(ProcessEnvironment):
    """Huey's process workers, deaf to the signals that a terminal or a supervisor sends to the whole group."""

    def init_child(self, process: BaseProcess) -> None:
        for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        signal.signal(RETURN_SIGNAL, signal.SIG_IGN)
        signal.signal(CANCEL_SIGNAL, signal.SIG_IGN)


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends; end at once if the parent is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
