"""Taking back what lost workers left: killed ones, consumers and hosts that are gone, frozen processes.

Nothing is taken over from a worker that might still act: on this host its process is killed first, on PostgreSQL its
backend is ended, and the claim's token stops whatever comes later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import DatabaseError

from postroom.core import clock
from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.errors import Problem, problems_from_json, problems_to_json
from postroom.core.jobs import claims, consumers, doorbell, endings, processes
from postroom.core.jobs.claims import Claim, ClaimLost
from postroom.core.jobs.consumers import ConsumerView
from postroom.core.jobs.registry import POST_DOCUMENT, may_run_again, unsafe
from postroom.core.jobs.runs import timeout_problem
from postroom.core.jobs.watch import Watch
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
    errors: str


def held_entries() -> list[Held]:
    """Every In Process entry."""
    return [Held(*row) for row in query(_HELD)]


_HELD = (
    "SELECT entry_no, host, process_id, process_start, consumer_id, started_at, job_timeout, cancel_requested_by,"
    " claim_token, errors FROM job_queue_entry WHERE status = 'In Process'"
)


def recover(watch: Watch) -> int:
    """End the runs of workers that are gone, in their place; returns how many. Gone consumers leave the list.

    A `watch` that has looked before knows who is silent or frozen; a new one takes only what is gone for certain.
    """
    recovered = 0
    entries = held_entries()  # before the consumers: who claims has a consumer's row
    everyone = {one.id: one for one in consumers.list_consumers()}
    watch.look(list(everyone.values()), entries)
    gone = {id_ for id_, one in everyone.items() if watch.is_gone(one)}
    ended = {
        id_ for id_ in gone if _end_consumer(everyone[id_])
    }  # first: what is frozen in a claim keeps all others out
    for held in entries:
        consumer = everyone.get(held.consumer_id)
        if not _is_lost(held, consumer, gone, watch):
            _forget_unkillable(held)
        elif make_sure(held) and _take_back(held, consumer):
            _log.warning("entry %s was taken back from worker %s on %s", held.entry_no, held.process_id, held.host)
            recovered += 1
    still = {held.consumer_id for held in held_entries()}
    for consumer_id in ended - still:
        consumers.leave(consumer_id)
    if recovered:
        doorbell.ring_after_commit()
    return recovered


def hold_cancelled(entry_nos: Collection[int]) -> set[int]:
    """Put those of the entries on hold that are cancelled and whose worker on this host cannot hear of it: it is gone,
    or frozen, and then killed first. Returns which they were.
    """
    done = set()
    for held in held_entries():
        is_asked = held.entry_no in entry_nos and bool(held.cancel_requested_by)
        if is_asked and _is_deaf(held) and make_sure(held) and _take_back(held, None):
            done.add(held.entry_no)
    if done:
        doorbell.ring_after_commit()
    return done


def _is_deaf(held: Held) -> bool:
    """Whether a worker is of this host and can do nothing more by itself."""
    return held.host == processes.host() and (
        not processes.is_alive(held.process_id, held.process_start) or processes.is_stopped(held.process_id)
    )


def _is_lost(held: Held, consumer: ConsumerView | None, gone: set[str], watch: Watch) -> bool:
    """Whether the worker of an entry is gone or frozen past the lease, or its consumer is gone."""
    if held.host == processes.host() and (
        not processes.is_alive(held.process_id, held.process_start) or watch.is_frozen(held.process_id)
    ):
        return True
    if held.consumer_id:
        return consumer.id in gone if consumer is not None else watch.is_vanished(held.consumer_id)
    return held.host != processes.host() and _is_past_its_limit(held, clock.now())  # Run Once, which has no heartbeat


def _is_past_its_limit(held: Held, seen: datetime | None) -> bool:
    """Whether a run that was seen at an instant should have been ended before, by its limit or its parent."""
    started = instant_from_stored(held.started_at)
    return started is not None and seen is not None and seen - started > timedelta(seconds=held.job_timeout)


def _end_consumer(consumer: ConsumerView) -> bool:
    """See that nothing of a gone consumer can act or holds a lock any more; False where that is not allowed."""
    if consumer.host == processes.host() and not processes.kill(consumer.process_id, consumer.process_start):
        return False  # its children would end with it
    if engine.is_postgres():
        try:
            query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?"
                " AND datname = current_database()",
                (consumers.application_name(consumer.id),),
            )
        except DatabaseError as error:
            if not engine.is_forbidden(error):
                raise
            return False
    return True


def make_sure(held: Held) -> bool:
    """See that the worker can act no more; False where that is not allowed, which the entry then says."""
    if held.host == processes.host() and not _kill(held):
        return False
    return _end_backend(held)


def _kill(held: Held) -> bool:
    """Kill the worker; False where it may not be killed, which the entry then says."""
    if processes.kill(held.process_id, held.process_start):
        return True
    who = processes.owner(held.process_id)
    _name_unkillable(
        held,
        f"Its worker (process {held.process_id} of {who} on {held.host}) does not respond and may not be killed.",
        f"Let {who} or root end it: `kill -9 {held.process_id}`. Then it runs again by itself.",
    )
    return False


def _end_backend(held: Held) -> bool:
    """End the worker's PostgreSQL connection, so that nothing it sent before is still under way and no lock is held.

    False where this role may not, which the entry then says.
    """
    if not engine.is_postgres():
        return True
    for backend, role in query(
        "SELECT w.backend_pid, a.usename FROM worker w JOIN pg_stat_activity a ON a.pid = w.backend_pid"
        " WHERE w.consumer_id = ? AND w.process_id = ? AND w.backend_pid <> pg_backend_pid()"
        " AND a.datname = current_database()",
        (held.consumer_id, held.process_id),
    ):
        try:
            query("SELECT pg_terminate_backend(CAST(? AS integer))", (backend,))
        except DatabaseError as error:
            if not engine.is_forbidden(error):
                raise
            _name_unkillable(
                held,
                f"Its worker (process {held.process_id} on {held.host}) does not respond, and its connection"
                f" (backend {backend} of role {role}) may not be ended.",
                f"Let {role} or a superuser end it: `SELECT pg_terminate_backend({backend})`."
                " Then it runs again by itself.",
            )
            return False
    return True


def _name_unkillable(held: Held, message: str, hint: str) -> None:
    """Write into the entry that its worker can neither go on nor be ended; `why` and the list show it."""
    problem = Problem(NOT_KILLABLE, message, field="process_id", value=str(held.process_id), hint=hint)
    if _set_errors(held, problems_to_json((problem,))):
        _log.warning("entry %s: %s", held.entry_no, message)


def _forget_unkillable(held: Held) -> None:
    """Take that back where the worker has come to itself."""
    if held.errors and problems_from_json(held.errors)[0].code == NOT_KILLABLE:
        _set_errors(held, "")


def _set_errors(held: Held, told: str) -> bool:
    """Change what an In Process entry tells; whether it told something else before."""
    with transaction():
        changed = execute(
            "UPDATE job_queue_entry SET errors = ? WHERE entry_no = ? AND claim_token = ? AND errors <> ?"
            " AND status = 'In Process'",
            (told, held.entry_no, held.claim_token, told),
        ).rowcount
    return bool(changed)


def _take_back(held: Held, consumer: ConsumerView | None) -> bool:
    """End the run as the loss of its worker asks for; False if somebody else did meanwhile."""
    try:
        with transaction():
            claim = _claim_of(held)
            if claim is None:
                return False
            _end_lost(claim, held, consumer)
    except ClaimLost:
        return False
    return True


def _claim_of(held: Held) -> Claim | None:
    """The claim that was seen; None if it has ended, also where another worker has the entry by now."""
    claim = claims.open_claim(held.entry_no)
    return claim if claim is not None and claim.token == held.claim_token else None


def stop(held: Held, problem: Callable[[Claim], Problem]) -> bool:
    """Kill the worker of a run that must not go on and end the run in Error; False if it may not be, or has ended."""
    if not _kill(held) or not _end_backend(held):
        return False
    try:
        with transaction():
            claim = _claim_of(held)
            if claim is None:
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


def _end_lost(claim: Claim, held: Held, consumer: ConsumerView | None) -> None:
    done = "; nothing of it was posted" if claim.job == POST_DOCUMENT else ""
    problem = Problem(
        "worker_lost",
        f"The worker (process {held.process_id} on {held.host}) was lost{done}.",
        claim.description,
        hint="It runs again by itself.",
    )
    if held.cancel_requested_by:
        endings.hold(claim, held.cancel_requested_by)
    elif consumer is not None and _is_past_its_limit(held, consumer.last_heartbeat):
        # It ran too long and was killed for it; a host that was off since its last heartbeat ran nothing.
        endings.fail(claim, (timeout_problem(claim),))
    elif not may_run_again(claim):
        endings.fail(claim, (unsafe(claim, problem),))
    elif claim.attempt >= claim.max_attempts:
        endings.fail(claim, (_given_up(claim, problem),))
    else:
        delay = timedelta(seconds=claim.rerun_delay if claim.attempt > 1 else 0)
        endings.try_again(claim, (problem,), delay)


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
                claim = _claim_of(held)
                if claim is not None:
                    problem = Problem("returned", reason, claim.description, hint="It runs again by itself.")
                    endings.give_back(claim, problem)
                    returned += 1
    return returned
