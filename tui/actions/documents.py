"""Actions on documents not yet posted, on their lines, and on batches of them."""

from __future__ import annotations

from postroom.core.kinds import DocumentStatus, JobQueueStatus
from postroom.tui.actions.base import Action, Possible, Situation, is_connected, needs_rows

DOCUMENTS = "documents"
DOCUMENT = "document"
"""The page of actions that a document has in the list and on its card."""
LINES = "document-lines"
BATCH_POST = "batch-post"
SCHEDULE = "schedule-job"
ROLE_CENTRE = "role-centre"

_document = needs_rows("document")
_WAITING = (JobQueueStatus.SCHEDULED, JobQueueStatus.POSTING)


def _any(holds: Possible) -> Possible:
    """Possible if it is for at least one of the documents; else why not for the first."""

    def possible(situation: Situation) -> str:
        why_not = _document(situation)
        if why_not:
            return why_not
        said = [holds(Situation(rows=(row,))) for row in situation.rows]
        return "" if "" in said else said[0]

    return possible


def _not_waiting(situation: Situation) -> str:
    (row,) = situation.rows
    if row.job_queue_status not in _WAITING:
        return ""
    return f"{row.record} is {row.job_queue_status.value}; remove it from the job queue first."


def _order_not_waiting(situation: Situation) -> str:
    (row,) = situation.rows
    if not row.type.is_order:
        return f"{row.record} is posted whole; orders and return orders go in parts."
    return _not_waiting(situation)


def _queued(situation: Situation) -> str:
    (row,) = situation.rows
    if row.job_queue_status is JobQueueStatus.POSTING:
        return f"{row.record} is being posted."
    return "" if row.job_queue_status is not JobQueueStatus.BLANK else f"{row.record} is not in the job queue."


def _open(situation: Situation) -> str:
    (row,) = situation.rows
    return "" if row.status is DocumentStatus.OPEN else f"{row.record} is released already."


def _released(situation: Situation) -> str:
    (row,) = situation.rows
    return _not_waiting(situation) or (
        "" if row.status is DocumentStatus.RELEASED else f"{row.record} is open already."
    )


def _has_entry(situation: Situation) -> str:
    (row,) = situation.rows
    return "" if row.job_queue_entry_no is not None else f"{row.record} is not in the job queue."


ACTIONS: tuple[Action, ...] = (
    Action("documents.open", "Card", "enter,f2", "Its fields, lines and totals.", "Card", possible=_document),
    Action("documents.new", "New", "ctrl+n,n", "A document of the type shown.", "New", possible=is_connected),
    Action(
        "document.post",
        "Post",
        "f9,p",
        "In the session or through the job queue, as the setup says.",
        "Post",
        possible=_any(_not_waiting),
    ),
    Action(
        "document.post-part",
        "Ship or Invoice",
        "s",
        "Post an order in part: ship (receive) it, invoice it, or both; its lines say how much.",
        possible=_any(_order_not_waiting),
    ),
    Action(
        "document.post-and-print",
        "Post and Print",
        "shift+f9,f21,i",
        "As Post; its reports go to the Report Inbox or a printer, as the setup says.",
        "Print",
        wide=True,
        possible=_any(_not_waiting),
    ),
    Action(
        "document.queue",
        "Post via Job Queue",
        "b",
        "Queue it whatever the setup says.",
        "Queue",
        wide=True,
        possible=_any(_not_waiting),
    ),
    Action(
        "document.check",
        "Check",
        "c",
        "Every reason why it would not post; nothing is posted.",
        "Check",
        wide=True,
        possible=_document,
    ),
    Action(
        "document.preview",
        "Preview Posting",
        "v",
        "The entries it would post, by ledger; nothing is posted. Also of a queued document.",
        "Preview",
        wide=True,
        possible=_document,
    ),
    Action(
        "document.release", "Release", "r", "Ready to be posted; its fields are kept as they are.", possible=_any(_open)
    ),
    Action("document.reopen", "Reopen", "o", "To change it.", possible=_any(_released)),
    Action(
        "document.why",
        "Job Queue Status",
        "w",
        "Why it waits, who posts it, or what is wrong.",
        "Status",
        possible=_any(_has_entry),
    ),
    Action("document.mend", "Go to the Cause", "m", "The field that its error names.", possible=_any(_has_entry)),
    Action(
        "document.remove",
        "Remove From Job Queue",
        "R",
        "The entry goes; the document stays Released.",
        dangerous=True,
        possible=_any(_queued),
    ),
    Action(
        "document.delete",
        "Delete",
        "D",
        "The document is gone for good.",
        "Delete",
        dangerous=True,
        wide=True,
        possible=_any(_not_waiting),
    ),
    Action("documents.next-type", "Next Type", "right,tab", "The next of the eight document types.", "Type"),
    Action("documents.previous-type", "Previous Type", "left,shift+tab", "The one before."),
    Action(
        "documents.batch",
        "Batch Post",
        "B",
        "What is marked or matches, by options, now or scheduled.",
        possible=is_connected,
    ),
    Action("document-card.lines", "Lines", "l", "Its lines, to change them.", "Lines", possible=is_connected),
    Action(
        "document-lines.open", "Edit Line", "enter,f2", "All fields of the line.", "Edit", possible=needs_rows("line")
    ),
    Action("document-lines.new", "New Line", "ctrl+n,n", "After the last one.", "New", possible=is_connected),
    Action(
        "document-lines.delete",
        "Delete Line",
        "D",
        "The line is gone.",
        "Delete",
        dangerous=True,
        possible=needs_rows("line"),
    ),
    Action(
        "batch-post.check",
        "Check",
        "c",
        "What it would do now: each document, and why one would fail.",
        "Check",
        possible=is_connected,
    ),
    Action("batch-post.run", "Run Now", "f9,p", "Queue every document that matches.", "Run", possible=is_connected),
    Action(
        "batch-post.schedule",
        "Schedule",
        "s",
        "Let it run at its time, once or again and again.",
        "Schedule",
        possible=is_connected,
    ),
    Action(
        "schedule-job.schedule",
        "Schedule",
        "s",
        "Let it run at its time, once or again and again.",
        "Schedule",
        possible=is_connected,
    ),
    Action("role-centre.documents", "Documents", "1", "Orders, invoices, credit memos not yet posted.", "Documents"),
    Action("role-centre.in-queue", "In Queue", "2", "What waits for its turn."),
    Action("role-centre.in-process", "In Process", "3", "What runs now."),
    Action("role-centre.errors", "Errors", "4", "Every entry in error."),
    Action("role-centre.posted-today", "Posted Documents", "5", "What was posted."),
    Action("role-centre.to-handle", "Documents to Handle", "6", "What failed; mend and post again.", "To Handle"),
    Action("role-centre.notes", "Notes", "7", "What Postroom told me."),
    Action("role-centre.queues", "Job Queues", "8", "The runners: started, stopped, who serves them."),
    Action("role-centre.consumer", "Start a Consumer", "c", "On this host, in the background.", "Consumer", wide=True),
    Action("role-centre.read", "Take Notes as Read", "N", "None is new any more."),
)
