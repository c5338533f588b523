"""The processes of a consumer: they end with their parent, and only their parent tells them to stop."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import time

from huey.consumer import BaseProcess, ProcessEnvironment

from postroom.core import database as engine

RETURN_SIGNAL = signal.SIGUSR1
"""Roll back the running entry and return it: the consumer's grace time is over."""
CANCEL_SIGNAL = signal.SIGUSR2
"""A person has cancelled the running entry."""

_PR_SET_PDEATHSIG = 1


class WriteLocks:
    """Since when each worker process holds SQLite's write lock, in memory that all processes of a consumer share."""

    def __init__(self, workers: int) -> None:
        self._process_ids = multiprocessing.RawArray("q", workers)
        self._since = multiprocessing.RawArray("d", workers)

    def take_place(self, place: int) -> None:
        """In a new worker: note from now on in this place."""
        self._process_ids[place], self._since[place] = os.getpid(), 0.0

        def note(holds: bool) -> None:
            self._since[place] = time.monotonic() if holds else 0.0

        engine.watch_write_lock(note)

    def since(self, process_id: int) -> float:
        """Since when a worker holds the lock, on the monotonic clock; 0 if it does not."""
        for place, known in enumerate(self._process_ids):
            if known == process_id:
                return float(self._since[place])
        return 0.0


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
