"""Taking back what lost workers left: killed ones, consumers and hosts that are gone, frozen processes.

Nothing is taken over from a worker that might still act: on this host its process is killed first, on PostgreSQL its
backend is ended, and the claim's token stops whatever comes later.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from postroom.core import clock
from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.errors import Problem
from postroom.core.jobs import claims, consumers, doorbell, endings, processes
from postroom.core.jobs.claims import Claim, ClaimLost
from postroom.core.jobs.consumers import ConsumerView
from postroom.core.jobs.registry import JOB_TYPES
from postroom.core.jobs.runs import timeout_problem
from postroom.core.statements import query
from postroom.core.tables.base import instant_from_stored

_log = logging.getLogger(__name__)

KILL_AFTER = timedelta(seconds=5)
"""How long after its limit, or after a cancel, a worker that did not react is killed."""


@dataclass(frozen=True, slots=True)
class Held:
    """An In Process entry and who has it."""

    entry_no: int
    host: str
    process_id: int
    process_start: str
    consumer_id: str
    started_at: int
    job_timeout: int
    cancel_requested_by: str


def held_entries() -> list[Held]:
    """Every In Process entry."""
    return [Held(*row) for row in query(_HELD)]


_HELD = (
    "SELECT entry_no, host, process_id, process_start, consumer_id, started_at, job_timeout, cancel_requested_by"
    " FROM job_queue_entry WHERE status = 'In Process'"
)


def recover() -> int:
    """End the runs of workers that are gone, in their place; returns how many. Gone consumers leave the list."""
    recovered = 0
    everyone = consumers.list_consumers()
    gone = {one.id: one for one in everyone if _is_gone(one)}
    known = {one.id for one in everyone}
    for held in held_entries():
        if _is_lost(held, gone, known) and _make_sure(held, gone.get(held.consumer_id)):
            recovered += _take_back(held)
    still = {held.consumer_id for held in held_entries()}
    for consumer_id in gone:
        if consumer_id not in still:
            consumers.leave(consumer_id)
    if recovered:
        doorbell.ring_after_commit()
    return recovered


def _is_gone(consumer: ConsumerView) -> bool:
    """Whether a consumer counts as gone: its process is, its lease elsewhere, or it is frozen past its lease."""
    if not consumer.is_alive:
        return True
    late = consumer.last_heartbeat is None or clock.now() - consumer.last_heartbeat > _lease()
    return late and consumer.host == processes.host() and processes.is_stopped(consumer.process_id)


def _lease() -> timedelta:
    return timedelta(seconds=consumers.lease())


def _is_lost(held: Held, gone: Mapping[str, ConsumerView], known: set[str]) -> bool:
    """Whether the worker of an entry is gone or frozen past the lease, or its consumer is gone."""
    if held.host == processes.host():
        if not processes.is_alive(held.process_id, held.process_start):
            return True
        since = instant_from_stored(held.started_at)
        if processes.is_stopped(held.process_id) and since is not None and clock.now() - since > _lease():
            return True
    if held.consumer_id in gone:
        return True
    return bool(held.consumer_id) and held.consumer_id not in known


def _make_sure(held: Held, consumer: ConsumerView | None) -> bool:
    """See that the worker can act no more; False where it lives and may not be killed."""
    if held.host == processes.host():
        if not processes.kill(held.process_id, held.process_start):
            _log.warning("entry %s: worker %s may not be killed", held.entry_no, held.process_id)
            return False
        if consumer is not None and consumer.host == held.host:
            # Frozen past its lease: what is left of it must not come back to the same work.
            processes.kill(consumer.process_id, consumer.process_start)
    if engine.is_postgres():
        _end_backend(held)
    return True


def _end_backend(held: Held) -> None:
    """End the worker's PostgreSQL connection, so that nothing it sent before is still under way."""
    for (backend,) in query(
        "SELECT w.backend_pid FROM worker w JOIN pg_stat_activity a ON a.pid = w.backend_pid"
        " WHERE w.consumer_id = ? AND w.process_id = ? AND w.backend_pid <> pg_backend_pid()"
        " AND a.datname = current_database()",
        (held.consumer_id, held.process_id),
    ):
        query("SELECT pg_terminate_backend(?)", (backend,))


def _take_back(held: Held) -> int:
    """End the run as the loss of its worker asks for; 0 if somebody else did meanwhile."""
    try:
        with transaction():
            claim = claims.open_claim(held.entry_no)
            if claim is None:
                return 0
            _end_lost(claim, held)
    except ClaimLost:
        return 0
    _log.warning("entry %s was taken back from worker %s on %s", held.entry_no, held.process_id, held.host)
    return 1


def _end_lost(claim: Claim, held: Held) -> None:
    problem = Problem(
        "worker_lost",
        f"The worker (process {held.process_id} on {held.host}) was lost; nothing of it was posted.",
        claim.description,
        hint="It runs again by itself.",
    )
    if held.cancel_requested_by:
        endings.hold(claim, held.cancel_requested_by)
    elif _is_over(held):
        endings.fail(claim, (timeout_problem(claim),))
    elif claim.job in JOB_TYPES and not JOB_TYPES[claim.job].rerun_is_safe:
        endings.fail(claim, (_unsafe(claim, problem),))
    elif claim.attempt >= claim.max_attempts:
        endings.fail(claim, (_given_up(claim, problem),))
    else:
        delay = timedelta(seconds=claim.rerun_delay if claim.attempt > 1 else 0)
        endings.try_again(claim, (problem,), delay)


def _is_over(held: Held) -> bool:
    started = instant_from_stored(held.started_at)
    return started is not None and clock.now() - started > timedelta(seconds=held.job_timeout)


def _unsafe(claim: Claim, problem: Problem) -> Problem:
    return Problem(
        problem.code,
        f"{problem.message} It may have been done all the same.",
        claim.description,
        hint="Look, then restart it.",
    )


def _given_up(claim: Claim, problem: Problem) -> Problem:
    return Problem(
        problem.code,
        f"{problem.message} That was attempt {claim.attempt} of {claim.max_attempts}.",
        claim.description,
        hint="Find out what ends the workers, then restart it.",
    )


def return_all(consumer_id: str, reason: str) -> int:
    """Give back what a stopping consumer's ended workers still hold, no attempt counted."""
    returned = 0
    for held in held_entries():
        if held.consumer_id == consumer_id and not processes.is_alive(held.process_id, held.process_start):
            with transaction():
                claim = claims.open_claim(held.entry_no)
                if claim is not None:
                    problem = Problem("returned", reason, claim.description, hint="It runs again by itself.")
                    endings.give_back(claim, problem)
                    returned += 1
    return returned


def overdue(held: Held) -> bool:
    """Whether a run is so long over its limit, that its worker must be killed."""
    started = instant_from_stored(held.started_at)
    return started is not None and clock.now() - started > timedelta(seconds=held.job_timeout) + KILL_AFTER
