"""A consumer under load and at rest: categories beside each other, latency, what it costs idle, full ledgers."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import floor
import measures
from measures import QUEUE, Rate, rate_of
from processes import children_of, processor_seconds, pss
from trade import Site, import_invoices, import_purchase_invoices

from postroom.core import company, database
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.statements import execute, query
from postroom.core.tables.base import database as bound
from postroom.core.tables.setup import SalesSetup
from postroom.queue import broker

LEDGER = 1_000_000
LATENCIES = 40
IDLE_SECONDS = 10.0


def two_categories(site: Site, engine: str, count: int, workers: int) -> Rate:
    """Half sales invoices, half purchase invoices, each with their category and series, posted beside each other."""
    with site.company(engine) as location:
        for make in (import_invoices, import_purchase_invoices):
            background.post(make(site.folder, 1, count // 2), QUEUE, user=company.current_user())
        return _posted(location, workers)


def blank_category(site: Site, engine: str, count: int, workers: int) -> Rate:
    """Sales invoices that no category keeps from each other."""
    with site.company(engine) as location:
        SalesSetup.update(job_queue_category_code="").execute()
        background.post(import_invoices(site.folder, 1, count), QUEUE, user=company.current_user())
        return _posted(location, workers)


def checked(site: Site, engine: str, count: int) -> Rate:
    """Documents whose posting check runs and writes nothing."""
    with site.company(engine):
        ids = import_invoices(site.folder, 1, count)
        start = time.perf_counter()
        background.post(ids, PostRequest(check_only=True), user=company.current_user())
        return Rate(count / (time.perf_counter() - start))


@dataclass(frozen=True)
class AtRest:
    """A consumer with two workers: seconds from queued to posted, percent of a core when idle, MB (PSS)."""

    latency: Rate
    idle_percent: float
    memory: float


def at_rest(site: Site, engine: str) -> AtRest:
    """One invoice at a time, each queued when nothing else is there, looked for until it is posted; then nothing."""
    with site.company(engine) as location:
        ids = import_invoices(site.folder, 1, LATENCIES + 1)
        broker.install(location)
        with _consumer(location, 2) as process:
            while query("SELECT count(*) FROM worker") != [(2,)]:
                time.sleep(0.01)
            taken = []
            for id_ in ids:
                start = time.perf_counter()
                background.post([id_], QUEUE, user=company.current_user())
                while query("SELECT 1 FROM document WHERE id = ?", (id_,)):
                    time.sleep(0.001)
                taken.append(time.perf_counter() - start)
                time.sleep(0.2)  # until its workers rest again
            family = [process.pid, *children_of(process.pid)]
            before = sum(map(processor_seconds, family))
            time.sleep(IDLE_SECONDS)
            spent = sum(map(processor_seconds, family)) - before
            return AtRest(rate_of(taken[1:]), 100 * spent / IDLE_SECONDS, sum(map(pss, family)))


def growth(site: Site, engine: str, count: int) -> dict[str, Rate]:
    """Background posting and floor B, on a ledger of a million G/L entries; beside them the same on an empty one."""
    kind = "multi-row" if engine == "sqlite" else "pipelined"
    rates = {}
    for entries in (0, LEDGER):
        with site.company(engine) as location:
            _fill_ledger(entries)
            background.post(import_invoices(site.folder, 1, count), QUEUE, user=company.current_user())
            rates[f"{entries:,} G/L entries there: background, 1 worker"] = _posted(location, 1)
        found = measures.floors(site, engine, "spec", count, before=lambda entries=entries: _fill_ledger(entries))  # type: ignore[misc]
        rates[f"{entries:,} G/L entries there: floor B, {kind}"] = found[kind]
    return rates


def floor_of_two(site: Site, count: int) -> dict[str, Rate]:
    """On PostgreSQL, floor C pipelined: all by one connection, and sales and purchases by one connection each."""
    with site.company("postgres") as location:
        sales = import_invoices(site.folder, 1, count + 1)
        purchases = import_purchase_invoices(site.folder, 1, count + 1)
        posted = [measures.post_first(ids[0]) for ids in (sales, purchases)]
        company.close()
        connection = floor.Connection(location)
        log = floor.log_rows(connection, measures.log_values())
        postings = [floor.read_posting(connection, posting_id, log) for posting_id in posted]
        connection.close()
        works = [
            [floor.product_work(posting, 2 * number + place, id_) for number, id_ in enumerate(ids[1:], 1)]
            for place, (posting, ids) in enumerate(zip(postings, (sales, purchases), strict=True))
        ]
        half = count // 2
        in_turn = [work for pair in zip(works[0][:half], works[1][:half], strict=True) for work in pair]
        alone = _seconds(location, [in_turn])
        beside = _seconds(location, [works[0][half:], works[1][half:]])
        return {
            "floor C, pipelined, two categories by one connection": Rate(2 * half / alone),
            "floor C, pipelined, two categories by two connections": Rate(2 * (count - half) / beside),
        }


def _seconds(location: Location, shares: list[list[floor.Work]]) -> float:
    """How long processes take that write these works beside each other, without their start."""
    context = multiprocessing.get_context("fork")
    begin = context.Barrier(len(shares) + 1)

    def write(works: list[floor.Work]) -> None:
        connection = floor.Connection(location)
        begin.wait()
        floor.write_pipelined(connection, works)
        connection.close()

    processes = [context.Process(target=write, args=(works,)) for works in shares]
    for one in processes:
        one.start()
    begin.wait()
    start = time.perf_counter()
    for one in processes:
        one.join()
    if any(one.exitcode for one in processes):
        raise RuntimeError("a connection of the floor failed")
    return time.perf_counter() - start


def _posted(location: Location, workers: int) -> Rate:
    """All that is queued, posted by a consumer: from its first claim to its last commit."""
    ((count,),) = query("SELECT count(*) FROM job_queue_entry")
    measures.consume(location, workers)
    ((posted, first, last),) = query(
        "SELECT count(*), min(started_at), max(ended_at) FROM job_queue_log_entry WHERE status = 'Success'"
    )
    if posted != count:
        raise RuntimeError(f"{posted} of {count} documents were posted")
    return Rate(count / ((last - first) / 1e6))


@contextmanager
def _consumer(location: Location, workers: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "postroom.tui.cli.main", "--company", location.text, "consumer"]
    process = subprocess.Popen([*command, "--workers", str(workers)], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _fill_ledger(entries: int) -> None:
    """So many G/L entries, as of other documents."""
    if not entries:
        return
    series = (
        "SELECT generate_series AS n FROM generate_series(1, ?)"
        if database.is_postgres()
        else "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ?) SELECT n FROM s"
    )
    with database.transaction():
        execute(
            "INSERT INTO gl_entry (register_no, account_no, posting_date, document_kind, document_no, description,"
            " amount, source_code, user_id, posting_id)"
            " SELECT -(n / 7), '6100', '2025-01-01', 'invoice', 'OLD' || (n / 7), 'Old', 100000, 'SALES', 'bench',"
            " 'old'"
            f" FROM ({series}) AS numbers",
            (entries,),
        )
    if database.is_postgres():
        connection = bound.connection()
        connection.set_autocommit(True)
        execute("VACUUM ANALYZE gl_entry")
        connection.set_autocommit(False)
