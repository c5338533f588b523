"""Load that goes on and on: memory, open files, the write-ahead log and the time until a document is posted stay flat.

Ten minutes on both databases together; POSTROOM_SOAK_MINUTES=60 makes it an hour.
"""

from __future__ import annotations

import logging
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import StartConsumer
from consumer_process import ConsumerProcess, until
from jobs import QUEUE, invoices

from postroom.core import verify
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.statements import query

MINUTES = float(os.environ.get("POSTROOM_SOAK_MINUTES", "10"))
AT_ONCE = 10
PAUSE = 0.5
"""Seconds between the end of one lot of documents and the next."""
GROWTH = 1.05
"""What memory may grow by between the first and the last quarter: what a worker keeps is filled within minutes."""
LARGEST_WAL = 64 * 2**20
SLOWER = 3.0
"""What the middle of the times may grow by: the machine is not the test's alone."""


@dataclass(frozen=True)
class Reading:
    """One look: memory in MB (PSS) and open files of the consumer with its workers, bytes of the WAL, seconds a lot."""

    memory: float
    files: int
    wal: int
    seconds: float


@pytest.mark.full
def test_continuous_load_leaves_everything_flat(firm: Location, start_consumer: StartConsumer) -> None:
    consumer = start_consumer(firm, workers=2)
    readings: list[Reading] = []
    end = time.monotonic() + MINUTES * 60 / 2
    while time.monotonic() < end:
        readings.append(look(consumer, firm, post_a_lot()))
        time.sleep(PAUSE)  # the load is steady, not the machine's most
    quarter = len(readings) // 4
    early, late = readings[quarter : 2 * quarter], readings[-quarter:]
    told = f"{len(readings)} lots of {AT_ONCE}; early {middle(early)}; late {middle(late)}"
    logging.getLogger(__name__).warning(told)
    assert middle(late).memory <= middle(early).memory * GROWTH, told
    assert middle(late).files <= middle(early).files, told
    assert max(one.wal for one in readings) <= LARGEST_WAL, told
    assert middle(late).seconds <= middle(early).seconds * SLOWER, told
    assert consumer.process.poll() is None
    assert query("SELECT count(*) FROM job_queue_log_entry WHERE status <> 'Success'") == [(0,)]
    assert [check for check in verify.verify().checks if not check.ok] == []


def post_a_lot() -> float:
    """Queue some invoices and wait until they are posted; the seconds that took."""
    ids = invoices(AT_ONCE)
    start = time.monotonic()
    background.post(ids, QUEUE, user=current_user())
    until(lambda: query("SELECT count(*) FROM document") == [(0,)], what="the postings")
    return time.monotonic() - start


def look(consumer: ConsumerProcess, firm: Location, seconds: float) -> Reading:
    processes = [consumer.process.pid, *consumer.children()]
    wal = Path(f"{firm.path}-wal") if not firm.is_postgres else None
    return Reading(
        sum(map(memory, processes)),
        sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in processes),
        wal.stat().st_size if wal is not None and wal.exists() else 0,
        seconds,
    )


def memory(process_id: int) -> float:
    lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def middle(readings: list[Reading]) -> Reading:
    return Reading(
        statistics.median(one.memory for one in readings),
        int(statistics.median(one.files for one in readings)),
        int(statistics.median(one.wal for one in readings)),
        statistics.median(one.seconds for one in readings),
    )
