"""What is measured: each function makes a company, does one kind of work, and gives back a rate per second."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import floor
from trade import LINES, Site, import_invoices

from postroom.core import company, database, verify
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.posting import post
from postroom.core.statements import query
from postroom.core.tables.ledgers import PostedDocument

QUEUE = PostRequest(mode="queue", queue_anyway=True)
"""How documents come into the queue of a measurement: unchecked, as of a batch."""


@dataclass(frozen=True)
class Rate:
    """How many a second, and the middle and the slow end of single ones in milliseconds where they were taken."""

    per_second: float
    p50: float | None = None
    p95: float | None = None


def floors(
    site: Site, engine: str, rows: str, count: int, *, before: Callable[[], None] = lambda: None
) -> dict[str, Rate]:
    """Bare SQL, one durable transaction a document: `rows` is keys, spec or product, as `floor` tells them apart.

    `before` puts into the company what is to be there already.
    """
    with site.company(engine) as location:
        before()
        ids = _queued(site, count * (2 if engine == "postgres" else 1) + 1)
        posting_id = post_first(ids[0])
        company.close()
        connection = floor.Connection(location)
        try:
            log = floor.log_rows(connection, log_values())
            posting = floor.read_posting(connection, posting_id, log)
            if rows == "keys":
                floor.prepare_spec_tables(connection)
            make = {"keys": floor.keys_work, "spec": floor.spec_work, "product": floor.product_work}[rows]
            works = [make(posting, number, id_) for number, id_ in enumerate(ids[1:], 1)]
            if engine == "sqlite":
                return {"multi-row": rate_of(floor.write_sqlite(connection, works))}
            return {
                "multi-row": rate_of(floor.write_multi_row(connection, works[:count])),
                "pipelined": rate_of(floor.write_pipelined(connection, works[count:])),
            }
        finally:
            connection.close()


def in_session(site: Site, engine: str, count: int) -> Rate:
    """Posted one by one in this process."""
    with site.company(engine):
        taken = []
        for id_ in import_invoices(site.folder, 1, count):
            start = time.perf_counter()
            plan = post.prepare(id_, user="bench", posting_id=secrets.token_hex(8))
            with database.transaction():
                post.write(plan)
            taken.append(time.perf_counter() - start)
        return rate_of(taken)


def in_background(site: Site, engine: str, count: int, workers: int) -> tuple[Rate, Rate]:
    """Queued, then posted by a consumer process: from its first claim to its last commit. Second: queueing alone."""
    with site.company(engine) as location:
        ids = import_invoices(site.folder, 1, count)
        start = time.perf_counter()
        background.post(ids, QUEUE, user=company.current_user())
        queueing = Rate(count / (time.perf_counter() - start))
        consume(location, workers)
        posted = PostedDocument.select().where(PostedDocument.kind == "invoice").count()
        if posted != count:
            raise RuntimeError(f"{posted} of {count} documents were posted")
        ((first, last),) = query("SELECT min(started_at), max(ended_at) FROM job_queue_log_entry")
        return Rate(count / ((last - first) / 1e6)), queueing


def imported(site: Site, engine: str, count: int) -> Rate:
    """Documents of three lines read from CSV."""
    with site.company(engine):
        start = time.perf_counter()
        import_invoices(site.folder, 1, count, lines=3)
        return Rate(count / (time.perf_counter() - start))


def verified(site: Site, engine: str, count: int) -> Rate:
    """Ledger rows examined by `verify` after so many postings."""
    with site.company(engine):
        for id_ in import_invoices(site.folder, 1, count):
            plan = post.prepare(id_, user="bench", posting_id=secrets.token_hex(8))
            with database.transaction():
                post.write(plan)
        rows = sum(
            int(query(f"SELECT count(*) FROM {table}")[0][0])
            for table in ("gl_entry", "vat_entry", "party_ledger_entry", "item_ledger_entry", "value_entry")
        )
        start = time.perf_counter()
        result = verify.verify()
        seconds = time.perf_counter() - start
        if not result.ok:
            raise RuntimeError("; ".join(check.detail for check in result.checks if not check.ok))
        return Rate(rows / seconds)


def _queued(site: Site, count: int) -> list[int]:
    """So many invoices, queued; the first one is left out of the queue."""
    first, *others = import_invoices(site.folder, 1, count, LINES)
    background.post(others, QUEUE, user=company.current_user())
    return [first, *others]


def post_first(document_id: int) -> str:
    """Post one document in this process; its posting."""
    posting_id = secrets.token_hex(8)
    plan = post.prepare(document_id, user="bench", posting_id=posting_id)
    with database.transaction():
        post.write(plan)
    return posting_id


def log_values() -> dict[str, object]:
    """What stands in the log entry of such a posting."""
    now = int(time.time() * 1e6)
    return {
        "job_entry_id": "0123456789abcdef",
        "job": "post-document",
        "description": "Post Sales Invoice B0000001",
        "record_type": "sales-invoice",
        "record_no": "B0000001",
        "user_id": "bench",
        "category_code": "SALESPOST",
        "job_queue_code": "SPPOST",
        "host": "bench",
        "process_id": 1,
        "started_at": now,
        "ended_at": now,
        "status": "Success",
        "attempt": 1,
        "posting_id": "",
        "batch_no": None,
    }


def consume(location: Location, workers: int) -> None:
    """Run a consumer until it is idle."""
    command = [sys.executable, "-m", "postroom.tui.cli.main", "--company", location.text, "consumer"]
    done = subprocess.run(
        [*command, "--until-idle", "--workers", str(workers)], capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        raise RuntimeError(f"the consumer ended with {done.returncode}: {done.stderr[-500:]}")


def rate_of(taken: list[float]) -> Rate:
    """The rate of single times in seconds, with their middle and slow end."""
    ordered = sorted(taken)
    return Rate(len(taken) / sum(taken), ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.95)] * 1000)
