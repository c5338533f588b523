"""Print workers: processes beside the posting workers, started when print jobs are due, gone when there are none.

The sweep counts what they could do, and the parent, which never opens the company, starts as many as are missing.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from huey.consumer import WorkerRecycle

from postroom.core.jobs import claims
from postroom.core.statements import query
from postroom.queue.worker import EntryWorker

MOST = 32
"""Print workers of one consumer, however many more printers the job queue would let print at once."""
IDLE_SECONDS = 5.0
"""How long a print worker waits for the next job before it ends."""
LOOK_SECONDS = 0.2


class PrintWorker(EntryWorker):
    """Claims print jobs and nothing else; nobody rings for it."""

    def initialize(self) -> None:
        super().initialize()
        self.last_job = time.monotonic()

    def loop(self, now: Any = None) -> None:
        """Run a job, or wait a moment for one."""
        self._follow_company()
        claim = self._claim(look_first=True)
        if claim is not None:
            self._run(claim)
            self.last_job = time.monotonic()
        elif time.monotonic() - self.last_job > IDLE_SECONDS:
            raise WorkerRecycle
        else:
            self.stop_flag.wait(LOOK_SECONDS)


class PrintCrew:
    """The print workers of a consumer: how many are wanted, in memory that its processes share, and those that live."""

    def __init__(self, start: Callable[[int], BaseProcess]) -> None:
        self._start = start
        self._wanted = multiprocessing.RawValue("i", 0)
        self._places: dict[int, BaseProcess] = {}

    @property
    def processes(self) -> list[BaseProcess]:
        """Those that were started and have not been buried."""
        return list(self._places.values())

    def want(self, worker: claims.Worker) -> None:
        """In the sweep: note how many print jobs this consumer runs, and could run besides."""
        ((running,),) = query(
            "SELECT count(*) FROM job_queue_entry WHERE status = 'In Process' AND consumer_id = ?"
            " AND job_queue_code <> '' AND category_code LIKE ?",
            (worker.consumer_id, f"{claims.PRINT_CATEGORY}%"),
        )
        self._wanted.value = int(running) + claims.count_claimable(worker)

    def tend(self) -> None:
        """In the parent: bury those that have ended and start those that are missing."""
        for place, process in list(self._places.items()):
            if not process.is_alive():
                del self._places[place]
        missing = min(self._wanted.value, MOST) - len(self._places)
        for place in [place for place in range(MOST) if place not in self._places][: max(missing, 0)]:
            self._places[place] = self._start(place)
