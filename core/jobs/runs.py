"""Running a claimed entry: compute first, lock last, and end posting, log and entry in one transaction."""

from __future__ import annotations

import logging
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

from postroom.core import database as engine
from postroom.core import grants
from postroom.core.counted import counted
from postroom.core.database import pipelined_transaction, transaction
from postroom.core.errors import DatabaseAway, PostroomError, Problem
from postroom.core.jobs import endings, posting_options, queues
from postroom.core.jobs.batch_posting import NothingToDo
from postroom.core.jobs.claims import Claim, ClaimLost, NotYet
from postroom.core.jobs.registry import JobType, job_type
from postroom.core.jobs.succession import Succession
from postroom.core.posting import post

_log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds between two looks at a database that is away."""


class Interruption(KeyboardInterrupt):
    """A signal that ends a run.

    No Exception, so that no job's own handler swallows it; a KeyboardInterrupt, for which the driver cancels the
    statement that PostgreSQL is busy with, so that its connection can be used again and holds no lock.
    """


class JobTimeout(Interruption):
    """The job's time is over."""


class JobReturned(Interruption):
    """The consumer stops and its grace time is over: roll back and return the entry."""


class JobCancelled(Interruption):
    """A person cancelled the run."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


def run(claim: Claim, succession: Succession | None = None) -> None:
    """Run a claimed entry to one of its endings. Raises only what the worker itself must act on.

    With `succession` a posting that ends well takes the next document in the same commit.
    """
    limit = _TimeLimit(claim.job_timeout)
    try:
        with limit.holds():
            _work(claim, succession)
    except ClaimLost:
        _log.warning("entry %s was taken from this worker; nothing was committed", claim.entry_no)
    except DatabaseAway as error:
        _failed(claim, error, limit)
    except NotYet as error:
        problem = error.problems[0]
        _end(lambda: endings.give_back(claim, problem))
    except PostroomError as error:
        problems = error.problems
        _end(lambda: endings.fail(claim, problems))
    except JobTimeout:
        _end(lambda: endings.fail(claim, (timeout_problem(claim),)))
    except JobReturned:
        _end(lambda: endings.give_back(claim, _returned(claim)))
    except JobCancelled as cancelled:
        hold(claim, cancelled.by)
    except Exception as error:  # noqa: BLE001  a bug in a job is this entry's error, never the worker's end
        _failed(claim, error, limit)


def hold(claim: Claim, by: str) -> None:
    """Put a cancelled run on hold, unless it has ended."""
    _end(lambda: endings.hold(claim, by))


def _work(claim: Claim, succession: Succession | None) -> None:
    job = job_type(claim.job)
    if job.run is not None:
        try:
            told = job.run(claim)
        except NothingToDo:
            with transaction():
                endings.rest(claim)
        else:
            if job.rerun_is_safe:
                with transaction():
                    _finish(job, claim, told)
            else:
                _end(lambda: _finish(job, claim, told))  # done for good: the database is waited for
        return
    if claim.record_id is None:
        raise PostroomError("The entry names no document.", record=claim.description, hint="Delete the entry.")
    options = posting_options.of_entry(claim.parameters)
    plan = post.prepare(
        claim.record_id,
        user=claim.user_id,
        posting_id=claim.token,
        batch_no=claim.batch_no,
        printing=options.print,
        asked=options.asked,
        reading=claim.reading,
    )
    with pipelined_transaction(then=_read_ahead(succession)):
        post.write(plan, endings.PostingEnd(claim, succession))
    if succession is not None:
        succession.committed()


def _read_ahead(succession: Succession | None) -> Callable[[], None]:
    """Ask for the next document where one is about to be handed on."""

    def ask() -> None:
        if succession is not None and succession.next_document is not None:
            succession.reading = post.ask(succession.next_document)

    return ask


def _failed(claim: Claim, error: Exception, limit: _TimeLimit) -> None:
    """End a run by what an exception means: that its time is over where the signal left something that failed."""
    if limit.is_over:
        _end(lambda: endings.fail(claim, (timeout_problem(claim),)))
    else:
        _classified(claim, error)


def _unexpected(claim: Claim, error: Exception) -> Problem:
    return Problem(
        "internal_error",
        f"The job failed unexpectedly: {type(error).__name__}: {error}",
        claim.description,
        hint="Show the call stack in the log to whoever maintains this program.",
    )


def _forbidden(claim: Claim, error: Exception) -> Problem:
    role = grants.role_at_work()
    return Problem(
        "not_permitted",
        f"The database does not allow that to {role}, who ran the job: {engine.reason(error)[:200]}.",
        claim.description,
        hint=f"Let the company's owner give the rights, `postroom grant {role} post job-queue-admin`, and restart it.",
    )


def _finish(job: JobType, claim: Claim, told: str) -> None:
    if job.finish is not None:
        job.finish(claim)
    endings.succeed(claim, told)


def _classified(claim: Claim, error: Exception) -> None:
    """What an exception means: the database away, worth another attempt, or a bug."""
    if isinstance(error, DatabaseAway) or engine.is_away(error):
        _wait_for_database()
        _end(lambda: endings.give_back(claim, _away(claim, error)))
        return
    if engine.is_transient(error):
        problem = Problem(
            "transient_failure",
            f"The database gave up on the transaction: {engine.reason(error)[:200]}",
            claim.description,
            hint="It is tried again by itself.",
        )
        if claim.attempt < claim.max_attempts:
            delay = timedelta(seconds=claim.rerun_delay * 2 ** (claim.attempt - 1))
            _end(lambda: endings.try_again(claim, (problem,), delay))
        else:
            _end(lambda: endings.fail(claim, (problem,)))
        return
    problem = _forbidden(claim, error) if engine.is_forbidden(error) else _unexpected(claim, error)
    stack = "".join(traceback.format_exception(error))
    _end(lambda: endings.fail(claim, (problem,), stack))
    queues.stop_if_all_failed(claim.job_queue_code)


def _end(ending: Callable[[], None]) -> None:
    """Write an ending in a transaction of its own, again where the database is away or gave up on it.

    A lost claim ends quietly.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            with transaction():
                ending()
            return
        except ClaimLost:
            return
        except Exception as error:
            if not (engine.is_away(error) or engine.is_transient(error)):
                raise
            _log.warning("the end of a run is not written yet: %s", engine.reason(error))
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            _wait_for_database()


def _wait_for_database() -> None:
    """Reconnect, with growing pauses up to two seconds, until the database answers."""
    pause, told = FIRST_PAUSE, ""
    while True:
        try:
            engine.reconnect()
            return
        except Exception as error:  # noqa: BLE001  whatever keeps the database away, it is waited for
            if told != engine.reason(error):
                told = engine.reason(error)
                _log.warning("the database is away: %s", told)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


_watcher: Callable[[bool], None] | None = None


def watch_runs(watcher: Callable[[bool], None] | None) -> None:
    """Have `watcher` told True when the time limit of a run begins to count, and False when its work has ended."""
    global _watcher
    _watcher = watcher


class _TimeLimit:
    """How long a run may work: raises JobTimeout in it. The consumer kills a worker that does not react to that."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.is_over = False

    @contextmanager
    def holds(self) -> Iterator[None]:
        """The block that it limits."""
        try:
            before = signal.signal(signal.SIGALRM, self._end)
        except ValueError:  # not in the main thread, where no signal arrives: the caller's own limit holds
            yield
            return
        if _watcher is not None:
            _watcher(True)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if _watcher is not None:
                _watcher(False)

    def _end(self, signum: int, frame: FrameType | None) -> None:
        self.is_over = True
        raise JobTimeout


def timeout_problem(claim: Claim) -> Problem:
    """The error of a run that took longer than its entry allows."""
    return Problem(
        "timeout",
        f"The job was stopped: it ran longer than its Job Timeout of {counted(claim.job_timeout, 'second')}.",
        claim.description,
        field="job_timeout",
        value=str(claim.job_timeout),
        hint="Find out what held it up, or raise Job Timeout, and restart it.",
    )


def _returned(claim: Claim) -> Problem:
    return Problem(
        "returned",
        "The consumer was stopped before the job had ended.",
        claim.description,
        hint="It runs again by itself.",
    )


def _away(claim: Claim, error: Exception) -> Problem:
    return Problem(
        "database_away",
        f"The database was locked or away: {engine.reason(error)[:200]}",
        claim.description,
        hint="It runs again by itself.",
    )
