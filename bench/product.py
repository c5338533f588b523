"""The product at the same work: importing, queueing, posting in the session, posting by a real consumer, verifying."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from postroom.core import company, verify
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.statements import execute, query

LEDGER_TABLES = ("posted_document", "posted_line", "gl_register", "gl_entry", "party_ledger_entry", "vat_entry")
LEDGER_TABLES += ("item_ledger_entry", "value_entry")
LONGEST_DRAIN = 300


class NotAsDesigned(Exception):
    """The product did not do the work that was to be measured."""


@dataclass(frozen=True)
class Drain:
    """A backlog posted by a consumer process. `posting` runs from the first posting to the last, `whole` from the
    start of the process to its end.
    """

    posting: float
    whole: float
    postings: int

    @property
    def rate(self) -> float:
        """Documents a second while it posts."""
        return (self.postings - 1) / self.posting


def queue(ids: Sequence[int]) -> float:
    """Seconds that queueing one batch takes."""
    start = time.perf_counter()
    results = background.post(ids, PostRequest(mode="queue"), user=company.current_user())
    taken = time.perf_counter() - start
    _all_are(results, "queued")
    return taken


def post_in_session(ids: Sequence[int]) -> list[float]:
    """Seconds of each document posted as `post --now` does, its log entry included."""
    user, request, taken = company.current_user(), PostRequest(mode="now"), []
    for id_ in ids:
        start = time.perf_counter()
        results = background.post([id_], request, user=user)
        taken.append(time.perf_counter() - start)
        _all_are(results, "posted")
    return taken


def drain(location: Location, workers: int = 1) -> Drain:
    """Let a consumer process post all that is queued; this process only waits."""
    ((before,),) = query("SELECT count(*) FROM gl_register")
    ((waiting,),) = query("SELECT count(*) FROM job_queue_entry")
    company.close()
    start = time.perf_counter()
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("postroom")),
            *("--company", location.text, "consumer", "--until-idle", "--workers", str(workers)),
        ],
        capture_output=True,
        text=True,
        timeout=LONGEST_DRAIN,
        check=False,
        env={key: value for key, value in os.environ.items() if not key.startswith("POSTROOM_")},
    )
    whole = time.perf_counter() - start
    company.open_company(location)
    stamps = query("SELECT min(created_at), max(created_at), count(*) FROM gl_register WHERE no > ?", (before,))
    ((first, last, count),) = stamps
    if done.returncode or count != waiting:
        raise NotAsDesigned(f"{count} of {waiting} posted, exit {done.returncode}: {done.stderr[-500:]}")
    return Drain((last - first) / 1e6, whole, count)


def verify_company() -> tuple[float, int]:
    """Seconds that `verify` takes, and how many posted rows it proves."""
    rows = sum(query(f"SELECT count(*) FROM {table}")[0][0] for table in LEDGER_TABLES)
    start = time.perf_counter()
    found = verify.verify()
    taken = time.perf_counter() - start
    if not found.ok:
        raise NotAsDesigned("; ".join(f"{check.name}: {check.detail}" for check in found.checks if not check.ok))
    return taken, rows


def settle() -> None:
    """Let the database do now what it would do sooner or later anyway, so that it falls into nobody's time."""
    from postroom.core import database as engine

    if engine.is_postgres():
        for statement in ("CHECKPOINT", "ANALYZE"):
            execute(statement)
    else:
        query("PRAGMA wal_checkpoint(TRUNCATE)")


def _all_are(results: Sequence[background.DocumentResult], wanted: str) -> None:
    for found in results:
        if found.result != wanted:
            raise NotAsDesigned(f"{found.no} is {found.result}, not {wanted}: {found.errors}")
