"""A document that is released, or waits in the job queue, is changed after one question in place of a refusal."""

from __future__ import annotations

from typing import Any

from postroom.core import documents
from postroom.core.jobs import background, entries
from postroom.core.kinds import DocumentStatus, JobQueueStatus
from postroom.tui import shown
from postroom.tui.pages import results


async def may_change(desk: Any, id_: int) -> bool:
    """Whether a document may be changed now; if the person says so it is taken out of the job queue and reopened.

    One that is being posted is left to the refusal, which names its worker. Only inside a worker.
    """
    detail = await desk.carry_out(lambda: documents.show(id_))
    if detail is None:
        return False
    view = detail.view
    if view.job_queue_status is JobQueueStatus.POSTING:
        return True
    if view.job_queue_status is JobQueueStatus.SCHEDULED and not await _removed(desk, view):
        return False
    if view.job_queue_status is not JobQueueStatus.SCHEDULED and view.status is DocumentStatus.RELEASED:
        question = f"{view.record} is released. Reopen it to change it?"
        if not await desk.ask(question, "Posting releases it again.", yes="Reopen"):
            return False
    user = desk.user
    return view.status is DocumentStatus.OPEN or bool(await desk.carry_out(lambda: documents.reopen(id_, user=user)))


async def _removed(desk: Any, view: Any) -> bool:
    """Ask whether a document that is scheduled shall leave the job queue to be changed, and remove it."""
    entry = await desk.carry_out(lambda: entries.show(view.job_queue_entry_no))
    if entry is None:
        return False
    queued = f"Queued by {entry.user}, {shown.whole_stamp(entry.created, desk.time_zone)}, as entry {entry.entry_no}."
    question = f"{view.record} is Scheduled for Posting. Remove it from the job queue to change it?"
    if not await desk.ask(question, queued, yes="Remove From Job Queue"):
        return False
    user = desk.user
    done = await desk.carry_out(lambda: background.remove([view.id], user=user))
    if done and done[0].errors:
        results.tell(desk, "Remove From Job Queue", done)
    return bool(done) and not done[0].errors
