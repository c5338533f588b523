"""Signs of life, as one process sees them change: no wall clock decides who is gone, for clocks jump and differ."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from postroom.core.jobs import consumers, processes
from postroom.core.jobs.consumers import ConsumerView


class Holder(Protocol):
    """Who has an entry: a worker process of a consumer on a host."""

    @property
    def host(self) -> str: ...
    @property
    def process_id(self) -> int: ...
    @property
    def consumer_id(self) -> str: ...


class Watch:
    """What stood still since when, by the monotonic clock: heartbeats of consumers, frozen processes of this host.

    A consumer is silent when its heartbeat has not changed for a lease; for two heartbeats' time, if it is also older
    than the lease by this host's clock, so that what was lost long ago is taken over soon.
    """

    def __init__(self) -> None:
        self._beats: dict[str, tuple[datetime | None, float]] = {}
        self._stopped: dict[int, float] = {}

    def look(self, everyone: Sequence[ConsumerView], holders: Sequence[Holder]) -> None:
        """Look once at all consumers and at those who hold entries; who is not among them is forgotten."""
        now = time.monotonic()
        beats = {one.consumer_id: None for one in holders} | {one.id: one.last_heartbeat for one in everyone}
        known = self._beats
        self._beats = {
            id_: known[id_] if id_ in known and known[id_][0] == last else (last, now) for id_, last in beats.items()
        }
        stopped = {
            one.process_id for one in holders if one.host == processes.host() and processes.is_stopped(one.process_id)
        }
        self._stopped = {process_id: self._stopped.get(process_id, now) for process_id in stopped}

    def is_gone(self, consumer: ConsumerView) -> bool:
        """Whether a consumer counts as gone: its process is, or, elsewhere or frozen here, its heartbeat is silent."""
        if consumer.host == processes.host():
            if not consumer.is_alive:
                return True
            if not processes.is_stopped(consumer.process_id):
                return False
        return self._is_silent(consumer.id, consumers.lease() if consumer.is_responding else _short_lease())

    def is_vanished(self, consumer_id: str) -> bool:
        """Whether a consumer without a row stays without one: one that slept puts its own down again."""
        return self._is_silent(consumer_id, _short_lease())

    def is_frozen(self, process_id: int) -> bool:
        """Whether a process of this host that holds an entry has been frozen for a lease."""
        since = self._stopped.get(process_id)
        return since is not None and time.monotonic() - since > consumers.lease()

    def _is_silent(self, consumer_id: str, patience: float) -> bool:
        seen = self._beats.get(consumer_id)
        return seen is not None and time.monotonic() - seen[1] > patience


def _short_lease() -> float:
    return min(consumers.lease(), 2 * consumers.heartbeat_seconds())
