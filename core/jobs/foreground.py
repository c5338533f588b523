"""A run in the foreground, as Run Once makes it: SIGTERM ends it as Ctrl-C does, and a Cancel from anywhere.

A worker is told of a Cancel by its consumer's sweep; such a run has none and looks by itself.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from postroom.core import database as engine
from postroom.core.jobs import claims, processes, runs
from postroom.core.jobs.claims import Claim
from postroom.core.statements import query
from postroom.core.tables.base import database

LOOK_SECONDS = 0.5
"""Between two looks whether the run has been cancelled."""

_CANCEL_SIGNAL = signal.SIGUSR2

_log = logging.getLogger(__name__)


def run(take: Callable[[], Claim]) -> Claim:
    """Take a claim for this very process and run it to one of its endings.

    Raises what `take` raises, and KeyboardInterrupt once what it took is on hold for one.
    """
    with _terminable():
        try:
            claim = take()
            _run(claim)
        except KeyboardInterrupt:
            _hold_own()
            raise
    return claim


def _run(claim: Claim) -> None:
    try:
        with _cancellable(claim):
            runs.run(claim)
    except runs.JobCancelled as cancelled:  # amid another ending
        engine.reconnect()
        runs.hold(claim, cancelled.by)


def _hold_own() -> None:
    """Put on hold what this process has claimed in the foreground, also where its run had not begun yet."""
    engine.reconnect()
    for (entry_no,) in query(
        "SELECT entry_no FROM job_queue_entry WHERE status = 'In Process' AND consumer_id = '' AND host = ?"
        " AND process_id = ? AND process_start = ?",
        (processes.host(), os.getpid(), processes.start_of(os.getpid())),
    ):
        claim = claims.open_claim(entry_no)
        if claim is not None:
            runs.hold(claim, claim.user_id)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does: rolled back and on hold."""
    if not _is_main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _cancellable(claim: Claim) -> Iterator[None]:
    """Raise JobCancelled in the block once somebody has cancelled the run or taken it away."""
    over, by = threading.Event(), ["a person"]

    class Cancelled(runs.JobCancelled):
        def __init__(self) -> None:
            super().__init__(by[0])

    with _interrupter(Cancelled, over) as interrupt:

        def stop(who: str) -> None:
            by[0] = who or by[0]
            interrupt()

        watch = threading.Thread(target=_watch, args=(claim, over, stop), name=f"cancel {claim.entry_no}", daemon=True)
        watch.start()
        try:
            yield
        finally:
            over.set()
            watch.join()


@contextmanager
def _interrupter(raised: type[BaseException], over: threading.Event) -> Iterator[Callable[[], None]]:
    """A function by which another thread raises in this one, until `over`.

    In the main thread it is a signal, which also ends a wait for the database or for time; elsewhere only Python's own
    means, by which the exception comes once the wait has ended.
    """
    here = threading.get_ident()
    if _is_main_thread():

        def interrupt(number: int, frame: FrameType | None) -> None:
            if not over.is_set():
                raise raised

        before = signal.signal(_CANCEL_SIGNAL, interrupt)
        try:
            yield lambda: signal.pthread_kill(here, _CANCEL_SIGNAL)
        finally:
            signal.signal(_CANCEL_SIGNAL, before)
    else:
        try:
            yield lambda: _raise_in(here, ctypes.py_object(raised))
        finally:
            _raise_in(here, None)


def _raise_in(thread: int, raised: ctypes.py_object[type[BaseException]] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


def _watch(claim: Claim, over: threading.Event, stop: Callable[[str], None]) -> None:
    """Look until the block is over, or the run is to be stopped, which is told once."""
    missing = 0
    try:
        while not over.wait(LOOK_SECONDS):
            try:
                rows = query(
                    "SELECT cancel_requested_by FROM job_queue_entry WHERE entry_no = ? AND claim_token = ?",
                    (claim.entry_no, claim.token),
                )
            except Exception as error:  # noqa: BLE001  the run itself meets what is wrong with the database
                _log.info("whether entry %s is cancelled cannot be seen: %s", claim.entry_no, engine.reason(error))
                continue
            missing = 0 if rows else missing + 1  # once: it may just have ended well
            if (missing > 1 or (rows and rows[0][0])) and not over.is_set():
                stop(rows[0][0] if rows else "")
                return
    finally:
        with suppress(Exception):
            database.close()


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
