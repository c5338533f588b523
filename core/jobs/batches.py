"""Batches: one act of queueing several documents, and how far it is. That follows from entries and posted documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from postroom.core.errors import NotFound
from postroom.core.jobs import entries
from postroom.core.jobs.registry import POST_DOCUMENT
from postroom.core.jobs.results import EntryResult
from postroom.core.statements import query
from postroom.core.tables.work import Batch


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch: `total` is what was queued and not removed again."""

    no: int
    report: str
    user: str
    created: datetime | None
    options: dict[str, Any]
    total: int
    posted: int
    failed: int
    to_go: int


def list_batches() -> list[BatchView]:
    """All batches, the newest first."""
    return _views(list(Batch.select().order_by(Batch.no.desc())))


def show(no: int) -> BatchView:
    """One batch. Raises NotFound."""
    row = Batch.get_or_none(Batch.no == no)
    if row is None:
        raise NotFound(f"There is no batch {no}.", record=f"Batch {no}", hint="See `postroom batch list`.")
    return _views([row])[0]


def restart(no: int, *, user: str) -> list[EntryResult]:
    """Restart the entries of a batch that are in Error, and only those. Raises NotFound."""
    show(no)
    failed = query(
        "SELECT entry_no FROM job_queue_entry WHERE batch_no = ? AND status = 'Error' ORDER BY entry_no", (no,)
    )
    return entries.restart([number for (number,) in failed], user=user)


def waiting(no: int) -> list[int]:
    """The ids of a batch's documents that wait in the job queue, also On Hold. Raises NotFound."""
    show(no)
    found = query(
        "SELECT record_id FROM job_queue_entry WHERE batch_no = ? AND job = ?"
        " AND status NOT IN ('Error', 'In Process') ORDER BY entry_no",
        (no, POST_DOCUMENT),
    )
    return [document_id for (document_id,) in found]


def _views(rows: Sequence[Batch]) -> list[BatchView]:
    posted: dict[int, int] = dict(
        query(
            "SELECT batch_no, count(DISTINCT posting_id) FROM posted_document"
            " WHERE batch_no IS NOT NULL GROUP BY batch_no"
        )
    )
    failed: dict[int, int] = {}
    to_go: dict[int, int] = {}
    for number, status, count in query(
        "SELECT batch_no, status, count(*) FROM job_queue_entry WHERE batch_no IS NOT NULL GROUP BY batch_no, status"
    ):
        kind = failed if status == "Error" else to_go
        kind[number] = kind.get(number, 0) + count
    return [
        BatchView(
            row.no,
            row.report,
            row.user_id,
            row.created_at,
            json.loads(row.options),
            posted.get(row.no, 0) + failed.get(row.no, 0) + to_go.get(row.no, 0),
            posted.get(row.no, 0),
            failed.get(row.no, 0),
            to_go.get(row.no, 0),
        )
        for row in rows
    ]
