"""Taking back what lost workers left: killed ones, consumers and hosts that are gone, frozen processes.

Nothing is taken over from a worker that might still act: on this host its process is killed first, on PostgreSQL its
backend is ended, and the claim's token stops whatever comes later.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postroom.core import clock
from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.errors import Problem, problems_to_json
from postroom.core.jobs import claims, consumers, doorbell, endings, processes
from postroom.core.jobs.claims import Claim, ClaimLost
from postroom.core.jobs.consumers import ConsumerView
from postroom.core.jobs.registry import JOB_TYPES
from postroom.core.jobs.runs import timeout_problem
from postroom.core.statements import execute, query
from postroom.core.tables.base import instant_from_stored

_log = logging.getLogger(__name__)

NOT_KILLABLE = "worker_not_killable"
WRITE_LOCK_LIMIT = timedelta(seconds=60)
"""How long a run may hold SQLite's only write lock."""
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
    claim_token: str


def held_entries() -> list[Held]:
    """Every In Process entry."""
    return [Held(*row) for row in query(_HELD)]


_HELD = (
    "SELECT entry_no, host, process_id, process_start, consumer_id, started_at, job_timeout, cancel_requested_by,"
    " claim_token FROM job_queue_entry WHERE status = 'In Process'"
)


class Watch:
    """Heartbeats of other hosts as one process sees them change: the clocks of two hosts may differ.

    A consumer is silent when its heartbeat has not changed for a lease; for two heartbeats' time, if it is also older
    than the lease by this host's clock, so that what was lost long ago is taken over soon.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime | None, float]] = {}

    def silent(self, everyone: Sequence[ConsumerView]) -> set[str]:
        """The ids of the consumers on other hosts that count as gone."""
        now = time.monotonic()
        known = self._seen
        self._seen = {
            one.id: known[one.id]
            if one.id in known and known[one.id][0] == one.last_heartbeat
            else (one.last_heartbeat, now)
            for one in everyone
            if one.host != processes.host()
        }
        lease = consumers.lease()
        shortly = min(lease, 2 * consumers.heartbeat_seconds())
        return {
            one.id
            for one in everyone
            if one.id in self._seen and now - self._seen[one.id][1] > (lease if one.is_alive else shortly)
        }


def recover(watch: Watch | None = None) -> int:
    """End the runs of workers that are gone, in their place; returns how many. Gone consumers leave the list.

    Without a `watch`, consumers of other hosts are judged by the age of their heartbeat alone.
    """
    recovered = 0
    everyone = consumers.list_consumers()
    silent = watch.silent(everyone) if watch is not None else None
    gone = {one.id: one for one in everyone if _is_gone(one, silent)}
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


def _is_gone(consumer: ConsumerView, silent: set[str] | None) -> bool:
    """Whether a consumer counts as gone: its process is, its lease elsewhere, or it is frozen past its lease."""
    if silent is not None and consumer.host != processes.host():
        return consumer.id in silent
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
    """See that the worker can act no more; False where it lives and may not be killed, which the entry then says."""
    if held.host == processes.host():
        if not processes.kill(held.process_id, held.process_start):
            _name_unkillable(held)
            return False
        if consumer is not None and consumer.host == held.host:
            # Frozen past its lease: what is left of it must not come back to the same work.
            processes.kill(consumer.process_id, consumer.process_start)
    if engine.is_postgres():
        _end_backend(held)
    return True


def _name_unkillable(held: Held) -> None:
    """Write into the entry that its worker does not respond and may not be killed; `why` and the list show it."""
    who = processes.owner(held.process_id)
    problem = Problem(
        NOT_KILLABLE,
        f"Its worker (process {held.process_id} of {who} on {held.host}) does not respond and may not be killed.",
        field="process_id",
        value=str(held.process_id),
        hint=f"Let {who} or root end it: `kill -9 {held.process_id}`. Then it runs again by itself.",
    )
    told = problems_to_json((problem,))
    with transaction():
        changed = execute(
            "UPDATE job_queue_entry SET errors = ? WHERE entry_no = ? AND process_start = ? AND errors <> ?"
            " AND status = 'In Process'",
            (told, held.entry_no, held.process_start, told),
        ).rowcount
    if changed:
        _log.warning("entry %s: worker %s of %s may not be killed", held.entry_no, held.process_id, who)


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


def stop(held: Held, problem: Callable[[Claim], Problem]) -> bool:
    """Kill the worker of a run that must not go on and end the run in Error; False if it may not be, or has ended."""
    if not processes.kill(held.process_id, held.process_start):
        _name_unkillable(held)
        return False
    try:
        with transaction():
            claim = claims.open_claim(held.entry_no)
            if claim is None or claim.token != held.claim_token:
                return False
            endings.fail(claim, (problem(claim),))
    except ClaimLost:
        return False
    doorbell.ring_after_commit()
    return True


def lock_problem(claim: Claim) -> Problem:
    """The error of a run that kept everybody else from writing."""
    return Problem(
        "write_lock_held",
        f"The job was stopped: it held the database's write lock for more than {WRITE_LOCK_LIMIT.seconds} seconds.",
        claim.description,
        hint="Find out what held it up, such as a slow disk, and restart it.",
    )


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
