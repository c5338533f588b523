"""When a consumer that runs until idle is done, and whether anything went wrong in its run."""

from __future__ import annotations

from datetime import datetime

from postroom.core import clock
from postroom.core.jobs import claims
from postroom.core.statements import marks, query
from postroom.core.tables.base import instant_to_stored


def is_idle(worker: claims.Worker) -> bool:
    """Whether nothing that the worker's job queues may run is due, In Process (also elsewhere) or waits for a retry.

    What starts later, is on hold, in Error, or waits for another queue or host does not count.
    """
    taken = sorted({code for queue in claims.served_queues(worker) for code in queue.categories})
    if not taken:
        return True
    now = instant_to_stored(clock.now())
    return not query(
        f"SELECT 1 FROM job_queue_entry WHERE category_code IN ({marks(len(taken))}) AND (status = 'In Process'"
        " OR (status = 'Ready' AND (earliest_start <= ? OR attempts > 0) AND (expiration = 0 OR expiration > ?)))"
        " LIMIT 1",
        [*taken, now, now],
    )


def count_errors(since: datetime) -> int:
    """How many entries that stand in Error now got there by a run that ended since then."""
    ((count,),) = query(
        "SELECT count(*) FROM job_queue_entry e WHERE e.status = 'Error' AND EXISTS"
        " (SELECT 1 FROM job_queue_log_entry l WHERE l.job_entry_id = e.id AND l.status = 'Error' AND l.ended_at >= ?)",
        (instant_to_stored(since),),
    )
    return int(count)
