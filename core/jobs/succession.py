"""The next document taken in the commit that ends the posting of one: one durable commit a document, no look between.

All that a claim promises holds: a compare-and-set, visible to everyone from that commit on, its log entry opened. What
is not a plain document to post, or would have to wait for somebody, is left to the ordinary claim.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from postroom.core import clock
from postroom.core import database as engine
from postroom.core.jobs import claims
from postroom.core.jobs.claims import LOG_COLUMNS, Claim, Look, Worker
from postroom.core.jobs.due import Place
from postroom.core.kinds import JobQueueStatus, LogStatus
from postroom.core.statements import answer, asked
from postroom.core.tables.base import instant_to_stored


class Succession:
    """What one run hands on to its worker: the claim of the next document, once the commit that made it has succeeded.

    `goes_on` is asked just before: a worker that is to stop takes nothing more.
    """

    def __init__(self, worker: Worker, goes_on: Callable[[], bool] = lambda: True) -> None:
        self.worker = worker
        self.goes_on = goes_on
        self.next_document: int | None = None
        """The document of the entry that is claimed by a statement not answered yet."""
        self.reading: Any = None
        """What was asked of it along with the commit, for its claim."""
        self._wanted: tuple[int, str] | None = None
        self._asked: Any = None
        self._claim: Claim | None = None

    def look(self) -> Look | None:
        """Ask for the line, in the transaction in which the running entry ends; None when nothing shall follow."""
        return claims.look(self.worker) if self.goes_on() else None

    def take(self, found: Look | None, ended: Claim) -> None:
        """Claim the best due entry, last in the transaction that ends a posting; it never waits for a lock.

        On PostgreSQL only one of the same category and job queue: nobody else may take those meanwhile, and its place
        in both is the one that the ended entry leaves.
        """
        if found is None or not self.goes_on():  # since the look there may have been locks to wait for
            return
        best = claims.best_of(found, self.worker, leaving=ended)
        if best is None:
            return
        queue, place = best
        if place.record_id is None or place.recurs:
            return
        if not engine.is_postgres():
            claim = claims.mark_in_process(self.worker, queue.code, place.entry_no, place.record_id)
            self._wanted = (place.entry_no, claim.token)  # first, for a signal may come between the two
            self._claim = claim
        elif (queue.code, place.category) == (ended.job_queue_code, ended.category_code):
            token = secrets.token_hex(8)
            self._asked = _claim_if_free(self.worker, ended, place, token)
            self._wanted, self.next_document = (place.entry_no, token), place.record_id

    def committed(self) -> None:
        """The transaction has been committed: what was claimed in it is the worker's."""
        if self._asked is not None:
            assert self._wanted is not None
            for *fields, log_no in answer(self._asked):
                claim = claims.claim_of(self._wanted[1], tuple(fields))
                self._claim = replace(claim, log_no=log_no, reading=self.reading)
        self._wanted = None

    def claim(self) -> Claim | None:
        """The claim that was handed on; where the commit's own end was not heard, the database is asked. May raise."""
        if self._wanted is not None:
            entry_no, token = self._wanted
            held = claims.open_claim(entry_no)
            self._claim = held if held is not None and held.token == token else None
            self._wanted = None
        return self._claim


def _claim_if_free(worker: Worker, ended: Claim, place: Place, token: str) -> Any:
    """Claim an entry by one statement that skips it where anybody holds it, its document or the stopping of its queue,
    or where it is no longer what was looked at.

    Its answer has the claim's fields and the number of its log entry, or no row.
    """
    now = instant_to_stored(clock.now())
    return asked(
        _CLAIM,
        (
            *(place.entry_no, ended.category_code, place.priority, now, now, ended.job_queue_code),
            *(now, ended.job_queue_code, worker.host, worker.process_id, worker.process_start, worker.consumer_id),
            token,
            JobQueueStatus.POSTING.value,
            *(ended.job_queue_code, worker.host, worker.process_id, now, LogStatus.IN_PROCESS.value, token),
        ),
    )


_CLAIM = f"""
WITH held AS (
    SELECT e.entry_no FROM job_queue_entry e JOIN document d ON d.id = e.record_id
    WHERE e.entry_no = ? AND e.status = 'Ready' AND e.category_code = ? AND e.priority = ? AND e.earliest_start <= ?
        AND (e.expiration = 0 OR e.expiration > ?) FOR UPDATE OF d, e SKIP LOCKED
), serving AS (
    SELECT code FROM job_queue WHERE code = ? AND started AND EXISTS (SELECT 1 FROM held) FOR SHARE SKIP LOCKED
), claimed AS (
    UPDATE job_queue_entry SET status = 'In Process', started_at = ?, job_queue_code = ?, host = ?, process_id = ?,
        process_start = ?, consumer_id = ?, claim_token = ?, attempts = attempts + 1, cancel_requested_by = ''
    WHERE entry_no = (SELECT entry_no FROM held) AND EXISTS (SELECT 1 FROM serving)
    RETURNING {claims.COLUMNS} AS recurs
), posting AS (
    UPDATE document SET job_queue_status = ? WHERE id = (SELECT record_id FROM claimed)
), logged AS (
    INSERT INTO job_queue_log_entry ({", ".join(LOG_COLUMNS)})
    SELECT id, job, description, record_type, record_no, user_id, category_code, ?, ?, ?, ?, 0, ?, attempts, '', '', ?,
        batch_no FROM claimed
    RETURNING entry_no AS log_no
)
SELECT claimed.*, logged.log_no FROM claimed, logged
"""
