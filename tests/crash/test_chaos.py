"""Several consumers, killed and frozen at random while they post, watched from outside all the time."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from builders import document, item, item_line, party
from conftest import MakeCompany
from consumer_process import ConsumerProcess
from jobs import QUEUE

from postroom.core import company, setups, verify
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import background, categories, entries
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry

LEASE = 1.5
SLOW = """
import random, time
from postroom.core.posting import post
prepare = post.prepare
def slowly(*arguments, **options):
    time.sleep(random.uniform(0, {longest}))
    return prepare(*arguments, **options)
post.prepare = slowly
"""
HELD = "SELECT entry_no, category_code, process_id, claim_token FROM job_queue_entry WHERE status = 'In Process'"


class Watcher:
    """Looks at the queue on a connection of its own: who holds what, never two of a category, and who comes after."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self.doubles: list[str] = []
        self.lost: dict[int, tuple[str, float]] = {}
        """When the worker of an entry died, by entry no., and the claim it died with."""
        self.waits: list[float] = []
        self.held: list[tuple[Any, ...]] = []
        self.looks = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        connection: Any
        if self.location.is_postgres:
            connection = psycopg.connect(self.location.text, autocommit=True)
        else:
            connection = sqlite3.connect(self.location.path, timeout=60)
        while not self.is_over.wait(0.005):
            self.held = list(connection.execute(HELD).fetchall())
            self.looks += 1
            busy = Counter(row[1] for row in self.held if row[1])
            self.doubles += [category for category, count in busy.items() if count > 1]
            now, holders = time.monotonic(), {row[0]: row[3] for row in self.held}
            for entry_no, (token, died) in list(self.lost.items()):
                if holders.get(entry_no, token) != token:
                    self.waits.append(now - died)
                    del self.lost[entry_no]
        connection.close()

    def died(self, process_ids: set[int]) -> None:
        """Note that these processes do no more."""
        now = time.monotonic()
        for entry_no, _, process_id, token in self.held:
            if process_id in process_ids:
                self.lost.setdefault(entry_no, (token, now))

    def end(self) -> None:
        self.is_over.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


def queue_documents(count: int) -> Counter[str]:
    """So many documents, a third in each of three categories; how many of each type."""
    setups.change(
        {"sales.maximum_no_of_attempts": "99", "purchases.maximum_no_of_attempts": "99", "sales.rerun_delay": "0"},
        user=current_user(),
    )
    setups.change({"purchases.rerun_delay": "0"}, user=current_user())
    party(Area.SALES)
    party(Area.PURCHASE, "V1")
    for number in range(4):
        item(f"I{number}")
    categories.add("NIGHT", user=current_user())
    kinds = (DocumentType.SALES_INVOICE, DocumentType.PURCHASE_INVOICE, DocumentType.SALES_ORDER)
    for place, kind in enumerate(kinds):
        ids = [
            document(kind, [item_line(f"I{(number + line) % 4}") for line in range(2)]) for number in range(count // 3)
        ]
        if place == 2:
            setups.change({"sales.job_queue_category_code": "NIGHT"}, user=current_user())
        assert {result.result for result in background.post(ids, QUEUE, user=current_user())} == {"queued"}
    return Counter({kind.value: count // 3 for kind in kinds})


def rage(location: Location, *, consumers: int, workers: int, documents: int, seconds: float, seed: int) -> str:
    """Post documents while consumers are killed and frozen; returns a line of what was measured."""
    chance = random.Random(seed)
    queued = queue_documents(documents)
    prelude = SLOW.format(longest=2 * seconds * min(3, consumers * workers) / documents)

    def begin() -> ConsumerProcess:
        return ConsumerProcess(location, workers=workers, prelude=prelude)

    watcher = Watcher(location)
    running = [begin() for _ in range(consumers)]
    frozen: dict[int, float] = {}
    kills = stops = 0
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end and Document.select().exists():
            time.sleep(chance.uniform(0.05, 0.6))
            for process_id in [one for one, until_ in frozen.items() if until_ < time.monotonic()]:
                del frozen[process_id]
                with suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGCONT)
            place = chance.randrange(consumers)
            victim = chance.choice([running[place].process.pid, *running[place].children()])
            whole = victim == running[place].process.pid
            gone = {victim, *running[place].children()} if whole else {victim}
            with suppress(ProcessLookupError):
                if chance.random() < 0.6:
                    os.kill(victim, signal.SIGKILL)
                    watcher.died(gone)
                    kills += 1
                else:
                    os.kill(victim, signal.SIGSTOP)
                    frozen[victim] = time.monotonic() + chance.uniform(0.1, 3 * LEASE)
                    stops += 1
            if running[place].process.poll() is not None:
                running[place].end()
                running[place] = begin()
    finally:
        for process_id in frozen:
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGCONT)
        for one in running:
            one.end()
    last = ConsumerProcess(location, until_idle=True)
    try:
        code = last.wait(120)
    finally:
        last.end()
        watcher.end()
    assert watcher.doubles == []
    left = [(view.record_no, view.status, view.why) for view in entries.list_entries()]
    assert left == [], "\n".join(map(str, left[:6]))
    assert code == 0
    assert (
        Counter(row.source_type.value for row in PostedDocument.select().where(PostedDocument.kind == "invoice"))
        == queued
    )
    sources = Counter(row.source_no for row in PostedDocument.select().where(PostedDocument.kind == "invoice"))
    assert set(sources.values()) == {1}
    assert not Document.select().exists()
    assert not JobQueueEntry.select().exists()
    assert [check for check in verify.verify().checks if not check.ok] == []
    attempts = JobQueueLogEntry.select().count()
    longest = f"{max(watcher.waits):.2f} s" if watcher.waits else "none"
    return (
        f"{documents} documents, {consumers} consumers x {workers} workers, {kills} kills, {stops} stops,"
        f" {attempts} runs, {watcher.looks} looks; longest from a death to the re-run:"
        f" {longest} (of {len(watcher.waits)})"
    )


@pytest.fixture(autouse=True)
def _lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_LEASE", str(LEASE))


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        print(f"\nchaos: {line}")  # noqa: T201  the measure is the point


@pytest.mark.full
def test_two_consumers_on_sqlite_for_a_minute(make_sqlite: MakeCompany, capsys: pytest.CaptureFixture[str]) -> None:
    location = make_sqlite()
    company.open_company(location)
    tell(capsys, rage(location, consumers=2, workers=2, documents=300, seconds=60, seed=3))


@pytest.mark.full
def test_four_consumers_on_postgres_for_two_minutes(
    make_postgres: MakeCompany, capsys: pytest.CaptureFixture[str]
) -> None:
    location = make_postgres()
    company.open_company(location)
    tell(capsys, rage(location, consumers=4, workers=2, documents=600, seconds=120, seed=4))
