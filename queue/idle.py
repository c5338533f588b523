"""When a consumer that runs until idle is done, and whether anything went wrong in its run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from postroom.core import clock
from postroom.core.counted import counted
from postroom.core.jobs import claims
from postroom.core.jobs.registry import POST_DOCUMENT
from postroom.core.statements import marks, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import RECURS


def is_idle(worker: claims.Worker) -> bool:
    """Whether nothing that the worker's job queues may run is due, In Process (also elsewhere) or waits for a retry.

    What starts later, is on hold, in Error, waits for another queue or host, or for a printer that does not respond,
    does not count. What has expired counts until the sweep has put it in Error; of what recurs it never does.
    """
    queues = claims.served_queues(worker) + claims.served_queues(replace(worker, prints=True))
    taken = sorted({code for queue in queues for code in queue.categories})
    running = query("SELECT DISTINCT category_code FROM job_queue_entry WHERE status = 'In Process'")
    if {code for (code,) in running} & set(taken):
        return False
    printers = query("SELECT code FROM printer WHERE not_responding_since > 0")
    silent = {f"{claims.PRINT_CATEGORY}{code}" for (code,) in printers}
    awaited = [code for code in taken if code not in silent]
    if not awaited:
        return True
    now = instant_to_stored(clock.now())
    return not query(
        f"SELECT 1 FROM job_queue_entry WHERE status = 'Ready' AND category_code IN ({marks(len(awaited))})"
        " AND (earliest_start <= ? OR attempts > 0)"
        f" AND (expiration = 0 OR expiration > ? OR NOT {RECURS}) LIMIT 1",
        [*awaited, now, now],
    )


def told(since: datetime, expired: int) -> str:
    """What became of the entries since then, in a sentence; `expired` of them never ran."""
    rows = query(
        "SELECT job = ?, count(*) FROM job_queue_log_entry WHERE status = 'Success' AND ended_at >= ?"
        " AND job_queue_code <> '' GROUP BY 1",
        (POST_DOCUMENT, instant_to_stored(since)),
    )
    ended = {bool(is_posting): count for is_posting, count in rows}
    parts = [f"{counted(ended.get(True, 0), 'document')} posted"]
    if ended.get(False):
        parts.append(f"{counted(ended[False], 'other job')} done")
    errors = count_errors(since) + expired
    if errors:
        return f"{', '.join(parts)}, {errors:,} in error: `postroom handle list` and `postroom entry list` tell why."
    return f"{', '.join(parts)}, none in error."


def count_errors(since: datetime) -> int:
    """How many entries that stand in Error now got there by a run that ended since then."""
    ((count,),) = query(
        "SELECT count(*) FROM job_queue_entry e WHERE e.status = 'Error' AND EXISTS"
        " (SELECT 1 FROM job_queue_log_entry l WHERE l.job_entry_id = e.id AND l.status = 'Error' AND l.ended_at >= ?)",
        (instant_to_stored(since),),
    )
    return int(count)
