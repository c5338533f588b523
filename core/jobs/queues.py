"""Job Queues: the named runners. Listed with their state, started, stopped, changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postroom.core import changelog, clock, filters, users, values
from postroom.core.database import transaction
from postroom.core.errors import NotFound, Problem
from postroom.core.jobs import consumers, doorbell
from postroom.core.jobs.consumers import ConsumerView
from postroom.core.kinds import LogStatus
from postroom.core.statements import query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import JobQueue
from postroom.core.users import Permission
from postroom.core.values import FieldKind, Value

ABANDONED = "Every consumer that served it is gone."
"""Why a queue that a person started counts as stopped."""
MOST_FAILURES = 20
"""So many unexpected failures in a row stop a job queue."""


class QueueState(StrEnum):
    """What a job queue is seen to do."""

    STOPPED = "Stopped"
    STARTING = "Starting"
    RUNNING = "Running"
    NOT_RESPONDING = "Not responding"
    STOPPING = "Stopping"


@dataclass(frozen=True, slots=True)
class QueueView:
    """A job queue as lists show it. `host` and `process_id` are those of the consumer that served it last."""

    code: str
    description: str
    category_filter: str
    started: bool
    start_automatically: bool
    on_host: str
    max_concurrent: int
    state: QueueState
    last_heartbeat: datetime | None
    host: str
    process_id: int
    running_as: str
    stopped_reason: str


FIELDS: Mapping[str, tuple[str, FieldKind]] = {
    "description": ("Description", FieldKind.TEXT),
    "category_filter": ("Job Queue Category Filter", FieldKind.TEXT),
    "start_automatically": ("Start Automatically from NAS", FieldKind.BOOLEAN),
    "on_host": ("Start on This Host", FieldKind.TEXT),
    "max_concurrent": ("Maximum Concurrent Jobs", FieldKind.INTEGER),
}
"""The fields a person changes: caption and kind by their key."""


def list_queues() -> list[QueueView]:
    """All job queues by code."""
    alive = consumers.alive()
    running = {
        code for (code,) in query("SELECT DISTINCT job_queue_code FROM job_queue_entry WHERE status = 'In Process'")
    }
    return [_view(row, alive, row.code in running) for row in JobQueue.select().order_by(JobQueue.code)]


def show(code: str) -> QueueView:
    """One job queue. Raises NotFound."""
    _row(code)
    found = next((view for view in list_queues() if view.code == code), None)
    return found if found is not None else show(code)  # deleted meanwhile, which is told there


def start(code: str, *, user: str) -> QueueView:
    """Let a job queue take entries. Needs Job Queue Admin. Whether anybody serves it is in `is_served`."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    with transaction():
        row = _row(code)
        if not row.started or is_abandoned(row, consumers.alive()):
            _set_started(code, True)
            changelog.record(user, "Start Job Queue", "Job Queue", code, field="Started", old="false", new="true")
        doorbell.ring_after_commit()
    return show(code)


def stop(code: str, *, user: str) -> QueueView:
    """Let a job queue take no more entries; the running posting finishes. Needs Job Queue Admin."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    with transaction():
        row = _row(code)
        if row.started:
            _set_started(code, False)
            changelog.record(user, "Stop Job Queue", "Job Queue", code, field="Started", old="true", new="false")
    return show(code)


def is_served(code: str) -> bool:
    """Whether a consumer that may serve the job queue is alive."""
    row = _row(code)
    return any(consumer.may_serve(code, row.on_host) for consumer in consumers.alive())


def change(code: str, changes: Mapping[str, str], *, user: str) -> QueueView:
    """Change fields of a job queue, all or none. Needs Job Queue Admin. Raises UsageError with every bad field."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    read = _read(code, changes)
    with transaction():
        row = _row(code)
        for field, value in read.items():
            old = getattr(row, field)
            if old != value:
                caption, kind = FIELDS[field]
                changelog.record(
                    user,
                    "Modify",
                    "Job Queue",
                    code,
                    field=caption,
                    old=values.shown(kind, old),
                    new=values.shown(kind, value),
                )
        if read:
            JobQueue.update(**read).where(JobQueue.code == code).execute()
        doorbell.ring_after_commit()
    return show(code)


def start_for_consumer(codes: Sequence[str] = (), *, automatic_only: bool) -> list[str]:
    """Start the named job queues (none named: all) for a consumer that begins; returns those that were stopped.

    Raises NotFound.
    """
    for code in codes:
        _row(code)
    with transaction():
        chosen = [
            row.code
            for row in JobQueue.select().where(~JobQueue.started).order_by(JobQueue.code)
            if (not codes or row.code in codes) and (row.start_automatically or not automatic_only)
        ]
        for code in chosen:
            _set_started(code, True)
    return chosen


def stop_for_consumer(codes: Sequence[str]) -> None:
    """Stop again what `start_for_consumer` started."""
    with transaction():
        for code in codes:
            _set_started(code, False)


def stop_unserved(alive: Sequence[ConsumerView] | None = None) -> list[str]:
    """Mark queues Stopped that a person started and whose every consumer is gone since; returns them.

    `alive`: the consumers that live, where the caller knows better than this host's clock.
    """
    alive = consumers.alive() if alive is None else alive
    stopped = []
    for row in JobQueue.select().where(JobQueue.started & ~JobQueue.start_automatically):
        if is_abandoned(row, alive):
            with transaction():
                _set_started(row.code, False, ABANDONED)
            stopped.append(row.code)
    return stopped


def is_abandoned(row: JobQueue, alive: Sequence[ConsumerView]) -> bool:
    """Whether a person started the queue and every consumer that served it since is gone: it counts as Stopped.

    So it is shown before anybody has marked it.
    """
    if not row.started or row.start_automatically or row.last_heartbeat is None or row.started_at is None:
        return False
    return row.last_heartbeat >= row.started_at and not _serving(row, alive)


def _serving(row: JobQueue, alive: Sequence[ConsumerView]) -> list[ConsumerView]:
    return [consumer for consumer in alive if consumer.may_serve(row.code, row.on_host)]


def stop_if_all_failed(code: str) -> bool:
    """Stop a job queue whose last 20 runs since its start all failed unexpectedly, with the reason; whether it was."""
    if not code:  # Run Once belongs to no job queue
        return False
    with transaction():
        since = instant_to_stored(_row(code).started_at)
        last = query(
            "SELECT status, call_stack FROM job_queue_log_entry WHERE job_queue_code = ? AND status <> ?"
            " AND started_at >= ? ORDER BY entry_no DESC LIMIT ?",
            (code, LogStatus.IN_PROCESS.value, since, MOST_FAILURES),
        )
        if len(last) < MOST_FAILURES or any(
            status != LogStatus.ERROR.value or not call_stack for status, call_stack in last
        ):
            return False
        reason = f"Its last {MOST_FAILURES} entries all failed unexpectedly; see the call stacks in the log."
        _set_started(code, False, reason)
    return True


def _set_started(code: str, started: bool, reason: str = "") -> None:
    now = clock.now() if started else None
    fields = {"started": started, "stopped_reason": reason, **({"started_at": now} if started else {})}
    JobQueue.update(**fields).where(JobQueue.code == code).execute()


def _row(code: str) -> JobQueue:
    row: JobQueue | None = JobQueue.get_or_none(JobQueue.code == code)
    if row is None:
        codes = [one.code for one in JobQueue.select(JobQueue.code)]
        raise NotFound(
            f"There is no job queue {code}.",
            record=f"Job Queue {code}",
            field="code",
            value=code,
            hint=values.near(code, codes, "job queue"),
        )
    return row


def _view(row: JobQueue, alive: Sequence[ConsumerView], is_running: bool) -> QueueView:
    abandoned = is_abandoned(row, alive)
    state = QueueState.STOPPED if abandoned else _state(row, alive, is_running)
    return QueueView(
        code=row.code,
        description=row.description,
        category_filter=row.category_filter,
        started=row.started and not abandoned,
        start_automatically=row.start_automatically,
        on_host=row.on_host,
        max_concurrent=row.max_concurrent,
        state=state,
        last_heartbeat=row.last_heartbeat,
        host=row.host,
        process_id=row.process_id,
        running_as=row.running_as,
        stopped_reason=ABANDONED if abandoned else row.stopped_reason,
    )


def _state(row: JobQueue, alive: Sequence[ConsumerView], is_running: bool) -> QueueState:
    if not row.started:
        return QueueState.STOPPING if is_running else QueueState.STOPPED
    serving = _serving(row, alive)
    if not any(consumer.is_responding for consumer in serving):
        return QueueState.NOT_RESPONDING
    beaten = row.last_heartbeat is not None and (row.started_at is None or row.last_heartbeat >= row.started_at)
    return QueueState.RUNNING if beaten else QueueState.STARTING


def _read(code: str, changes: Mapping[str, str]) -> dict[str, Value]:
    read: dict[str, Value] = {}
    problems = []
    for field, text in changes.items():
        if field not in FIELDS:
            message, hint = f"{field} is not a field of a job queue.", values.near(field, FIELDS, "field")
            problems.append(Problem("unknown_field", message, f"Job Queue {code}", field=field, value=text, hint=hint))
            continue
        try:
            read[field] = values.read(FIELDS[field][1], text)
            if field == "max_concurrent" and not 1 <= int(str(read[field])) <= 1000:
                raise ValueError("must be from 1 to 1000")
        except ValueError as error:
            message = f"{FIELDS[field][0]}: {text} {error}."
            problems.append(Problem("bad_value", message, f"Job Queue {code}", field=field, value=text))
    values.refuse_all(problems)
    if "category_filter" in read:
        filters.parse(str(read["category_filter"]))
    return read
