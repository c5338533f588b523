"""A document that is released, or waits in the job queue, is changed after one question in place of a refusal."""

from __future__ import annotations

from typing import Any

from postroom.core import documents
from postroom.core.jobs import background, entries
from postroom.core.kinds import DocumentStatus, JobQueueStatus
from postroom.tui import shown
from postroom.tui.pages import results


async def may_change(desk: Any, view: Any, *, while_released: bool = False) -> bool:
    """Whether a document may be changed now; if the person says so it is taken out of the job queue and reopened.

    `view` is the document as the page shows it; what is changed `while_released` needs no reopening. One that is being
    posted is left to the refusal, which names its worker. Only inside a worker.
    """
    if view.job_queue_status is JobQueueStatus.POSTING:
        return True
    is_scheduled = view.job_queue_status is JobQueueStatus.SCHEDULED
    if is_scheduled and not await _removed(desk, view):
        return False
    if while_released or view.status is DocumentStatus.OPEN:
        return True
    question = f"{view.record} is released. Reopen it to change it?"
    if not is_scheduled and not await desk.ask(question, "Posting releases it again.", yes="Reopen"):
        return False
    user = desk.user
    return bool(await desk.carry_out(lambda: documents.reopen(view.id, user=user)))


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
