"""Consumers and their workers as rows: who lives, since when, what they serve. A heartbeat proves a consumer alive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from postroom.core import clock
from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.jobs import processes
from postroom.core.jobs.claims import Worker
from postroom.core.statements import execute, query
from postroom.core.tables.base import instant_from_stored, instant_to_stored
from postroom.core.tables.setup import Company

LEASE = 15.0
"""Seconds after its last heartbeat when a consumer of another host counts as gone."""
HEARTBEAT = 5.0
"""Seconds between two heartbeats."""


@dataclass(frozen=True, slots=True)
class ConsumerView:
    """A consumer process. `is_alive` as far as this host can tell: by its process here, by its heartbeat elsewhere.

    One that lives and has no heartbeat younger than the lease is not responding.
    """

    id: str
    host: str
    process_id: int
    process_start: str
    started: datetime | None
    last_heartbeat: datetime | None
    workers: int
    running_as: str
    job_queues: tuple[str, ...]
    is_alive: bool
    is_responding: bool

    def may_serve(self, code: str, on_host: str) -> bool:
        """Whether a job queue pinned to `on_host` (blank: any) is one of those it serves."""
        return self.workers > 0 and on_host in ("", self.host) and (not self.job_queues or code in self.job_queues)


def lease() -> float:
    """The lease in seconds: 15, or POSTROOM_LEASE on a company made for tests."""
    wanted = os.environ.get("POSTROOM_LEASE", "")
    if wanted and Company.get_by_id(1).is_test:
        with suppress(ValueError):
            return max(float(wanted), 0.1)
    return LEASE


def heartbeat_seconds() -> float:
    """Seconds between two heartbeats: 5, less where the lease is short."""
    return min(HEARTBEAT, lease() / 3)


def application_name(consumer_id: str) -> str:
    """The name that all of a consumer's connections to PostgreSQL bear."""
    return f"postroom {consumer_id}"


def register(consumer: Worker, workers: int) -> None:
    """Put a consumer's row down; from now on its heartbeat speaks for it."""
    now = instant_to_stored(clock.now())
    with transaction():
        execute(
            "INSERT INTO consumer (id, host, process_id, process_start, started_at, last_heartbeat, workers,"
            " running_as, job_queues) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(consumer.consumer_id, consumer.host, consumer.process_id, consumer.process_start, now, now, workers),
                *(processes.account(), ",".join(consumer.job_queues)),
            ),
        )


def heartbeat(consumer: Worker) -> None:
    """Write the heartbeat of a consumer and of the job queues that it serves."""
    now = instant_to_stored(clock.now())
    named = ",".join("?" * len(consumer.job_queues))
    with transaction():
        execute("UPDATE consumer SET last_heartbeat = ? WHERE id = ?", (now, consumer.consumer_id))
        execute("UPDATE worker SET last_heartbeat = ? WHERE consumer_id = ?", (now, consumer.consumer_id))
    free = " FOR UPDATE SKIP LOCKED" if engine.is_postgres() else ""  # a claim may hold it, also one that is frozen
    with transaction():
        execute(
            "UPDATE job_queue SET last_heartbeat = ?, host = ?, process_id = ?, running_as = ?"
            " WHERE code IN (SELECT code FROM job_queue"
            f" WHERE started AND on_host IN ('', ?){f' AND code IN ({named})' if named else ''}{free})",
            (now, consumer.host, consumer.process_id, processes.account(), consumer.host, *consumer.job_queues),
        )


def leave(consumer_id: str) -> None:
    """Take a consumer's row and its workers' away."""
    with transaction():
        execute("DELETE FROM worker WHERE consumer_id = ?", (consumer_id,))
        execute("DELETE FROM consumer WHERE id = ?", (consumer_id,))


def register_worker(worker: Worker) -> None:
    """Put a worker process down, with the PostgreSQL backend that its connection has."""
    backend = query("SELECT pg_backend_pid()")[0][0] if engine.is_postgres() else 0
    now = instant_to_stored(clock.now())
    with transaction():
        execute("DELETE FROM worker WHERE consumer_id = ? AND process_id = ?", (worker.consumer_id, worker.process_id))
        execute(
            "INSERT INTO worker (consumer_id, process_id, process_start, backend_pid, last_heartbeat)"
            " VALUES (?, ?, ?, ?, ?)",
            (worker.consumer_id, worker.process_id, worker.process_start, backend, now),
        )


def forget_workers(consumer_id: str, process_ids: Sequence[int]) -> None:
    """Take the rows of worker processes away that have ended."""
    for process_id in process_ids:
        execute("DELETE FROM worker WHERE consumer_id = ? AND process_id = ?", (consumer_id, process_id))


def list_consumers() -> list[ConsumerView]:
    """All consumers with a row, those that live and those that nobody has buried yet."""
    limit = clock.now() - timedelta(seconds=lease())
    views = []
    for row in query(
        "SELECT id, host, process_id, process_start, started_at, last_heartbeat, workers, running_as, job_queues"
        " FROM consumer ORDER BY started_at, id"
    ):
        last = instant_from_stored(row[5])
        beats = last is not None and last > limit
        lives = processes.is_alive(row[2], row[3]) if row[1] == processes.host() else beats
        views.append(
            ConsumerView(
                *(row[0], row[1], row[2], row[3], instant_from_stored(row[4]), last, row[6], row[7]),
                tuple(code for code in row[8].split(",") if code),
                lives,
                lives and beats,
            )
        )
    return views


def alive() -> list[ConsumerView]:
    """The consumers that live and have workers."""
    return [consumer for consumer in list_consumers() if consumer.is_alive and consumer.workers]
