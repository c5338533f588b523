"""Actions on job queue entries, their log, job queues and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterable

from postroom.core.kinds import EntryStatus, LogStatus
from postroom.tui.actions.base import Action, Possible, Situation, is_connected, needs_rows

ENTRIES = "job-queue-entries"
LOG = "job-queue-log-entries"
QUEUES = "job-queues"
QUEUE = "job-queue"
"""The page of actions that a job queue has in the list and on its card."""
CATEGORIES = "job-queue-categories"
BATCHES = "batches"
HANDLE = "documents-to-handle"
NOTES = "notes"

_entry = needs_rows("entry")
_log_entry = needs_rows("log entry")


def _entries_in(statuses: Iterable[str], otherwise: str) -> Possible:
    """Possible if at least one of the entries has one of the statuses: each gets its own answer."""
    allowed = frozenset(statuses)

    def possible(situation: Situation) -> str:
        why_not = _entry(situation)
        if why_not or any(row.status in allowed for row in situation.rows):
            return why_not
        if len(situation.rows) == 1:
            return f"Entry {situation.rows[0].entry_no} is {situation.rows[0].status}. {otherwise}"
        return f"None of the {len(situation.rows)} marked entries can. {otherwise}"

    return possible


def _running_log_entry(situation: Situation) -> str:
    why_not = _log_entry(situation)
    if why_not or any(row.status == LogStatus.IN_PROCESS for row in situation.rows):
        return why_not
    return "Only a log entry that is In Process can be set to Error."


def _names_record(possible: Possible) -> Possible:
    """Possible where the first row is about a document, posted or not."""

    def names(situation: Situation) -> str:
        why_not = possible(situation)
        return why_not or ("" if situation.rows[0].record_type else "It is about no document.")

    return names


def _has_errors(possible: Possible) -> Possible:
    """Possible where the first row has failed."""

    def failed(situation: Situation) -> str:
        why_not = possible(situation)
        return why_not or ("" if situation.rows[0].errors else "It has no error.")

    return failed


WAITING = "Waiting"
"""A Ready entry whose category is busy. Shown, never stored."""
_HELD = (EntryStatus.ON_HOLD, EntryStatus.ON_HOLD_INACTIVE)
_RESTARTABLE = (EntryStatus.ERROR, *_HELD)
_WAITS = (EntryStatus.READY, WAITING, *_HELD)

_queue = needs_rows("job queue")
_category = needs_rows("category")
_batch = needs_rows("batch")
_handled = needs_rows("document")
_note = needs_rows("note")


def _queues_that(started: bool, otherwise: str) -> Possible:
    """Possible if at least one of the job queues is started, or stopped."""

    def possible(situation: Situation) -> str:
        why_not = _queue(situation)
        return why_not or ("" if any(row.started is started for row in situation.rows) else otherwise)

    return possible


def _batch_failed(situation: Situation) -> str:
    why_not = _batch(situation)
    return why_not or ("" if any(row.failed for row in situation.rows) else "Nothing of it has failed.")


def _batch_posted(situation: Situation) -> str:
    why_not = _batch(situation)
    return why_not or ("" if any(row.posted for row in situation.rows) else "Nothing of it is posted.")


def _batch_waits(situation: Situation) -> str:
    why_not = _batch(situation)
    return why_not or ("" if any(row.to_go for row in situation.rows) else "Nothing of it waits.")


ACTIONS: tuple[Action, ...] = (
    Action(
        "job-queue-entries.open",
        "Card",
        "enter",
        "All fields of the entry, its errors, and why it waits.",
        "Card",
        possible=_entry,
    ),
    Action(
        "job-queue-entries.edit",
        "Edit Fields",
        "f2",
        "Schedule, priority, category, options, attempts, timeout; it is set on hold for that.",
        possible=_entries_in((*_WAITS, EntryStatus.ERROR), "Fields are changed On Hold; cancel it first."),
    ),
    Action(
        "job-queue-entries.set-ready",
        "Set Status to Ready",
        "r",
        "It runs when its time, its category and a started queue allow.",
        "Ready",
        possible=_entries_in(_RESTARTABLE, "Only what is On Hold or in Error can be set to Ready."),
    ),
    Action(
        "job-queue-entries.set-on-hold",
        "Set On Hold",
        "h",
        "Park it until somebody sets it to Ready.",
        "Hold",
        possible=_entries_in(
            (EntryStatus.READY, WAITING, EntryStatus.ERROR, EntryStatus.ON_HOLD_INACTIVE),
            "Only what is Ready or in Error can be set On Hold.",
        ),
    ),
    Action(
        "job-queue-entries.restart",
        "Restart",
        "t",
        "Attempts 0, errors cleared, Ready again.",
        "Restart",
        wide=True,
        possible=_entries_in(_RESTARTABLE, "Only what is in Error or On Hold can be restarted."),
    ),
    Action(
        "job-queue-entries.show-errors",
        "Show Errors",
        "e",
        "Every error with its field and what to do.",
        possible=_entry,
    ),
    Action(
        "job-queue-entries.why",
        "Why Is It Not Running?",
        "w",
        "The reason in full, and what to do about it.",
        "Why",
        wide=True,
        possible=_entry,
    ),
    Action(
        "job-queue-entries.mend",
        "Go to the Cause",
        "m",
        "The field that its error names; Esc leads back.",
        "Mend",
        wide=True,
        possible=_has_errors(_entry),
    ),
    Action(
        "job-queue-entries.show-record",
        "Show Record",
        "d",
        "The document's card; of a print job that of the posted document.",
        "Record",
        wide=True,
        possible=_names_record(_entry),
    ),
    Action(
        "job-queue-entries.schedule",
        "Schedule a Job",
        "ctrl+n,n",
        "A batch, a check, a backup: once, or again and again.",
        "Schedule",
        wide=True,
        possible=is_connected,
    ),
    Action("job-queue-entries.log-entries", "Log Entries", "l", "The runs of this entry.", possible=_entry),
    Action(
        "job-queue-entries.set-priority",
        "Set Priority",
        "p",
        "0 is served first.",
        possible=_entries_in((*_WAITS, EntryStatus.ERROR), "A running entry keeps its priority."),
    ),
    Action(
        "job-queue-entries.run-once",
        "Run Once",
        "O",
        "Post now, here, in the foreground.",
        dangerous=True,
        possible=_entries_in((*_WAITS, EntryStatus.ERROR), "It runs already."),
    ),
    Action(
        "job-queue-entries.cancel",
        "Cancel",
        "C",
        "Stop the worker, roll back, and set the entry On Hold.",
        dangerous=True,
        possible=_entries_in((EntryStatus.IN_PROCESS,), "Only what is In Process can be cancelled."),
    ),
    Action(
        "job-queue-entries.delete",
        "Delete (Remove From Job Queue)",
        "D",
        "The entry goes; the document stays Released.",
        "Delete",
        dangerous=True,
        possible=_entries_in((*_WAITS, EntryStatus.ERROR), "Cancel it first."),
    ),
    Action(
        "job-queue-entries.remove-failed",
        "Remove Failed Entries",
        "X",
        "Every entry in Error that the filter lets through; the documents stay Released.",
        dangerous=True,
        possible=is_connected,
    ),
    Action(
        "job-queue-log-entries.open",
        "Card",
        "enter,f2",
        "The run with its errors, posted documents and call stack.",
        "Card",
        possible=_log_entry,
    ),
    Action(
        "job-queue-log-entries.show-errors",
        "Show Errors",
        "e",
        "Every error with its field and what to do.",
        "Errors",
        possible=_log_entry,
    ),
    Action(
        "job-queue-log-entries.show-record",
        "Show Record or Posted Document",
        "d",
        "What the run has posted, else the document itself.",
        "Record",
        possible=_names_record(_log_entry),
    ),
    Action(
        "job-queue-log-entries.mend",
        "Go to the Cause",
        "m",
        "The field that its error names; Esc leads back.",
        "Mend",
        wide=True,
        possible=_has_errors(_log_entry),
    ),
    Action(
        "job-queue-log-entries.show-call-stack",
        "Show Call Stack",
        "s",
        "Where in the program it failed.",
        possible=_log_entry,
    ),
    Action(
        "job-queue-log-entries.set-error",
        "Set Status to Error",
        "E",
        "Also takes the entry away from the worker that runs it.",
        dangerous=True,
        possible=_running_log_entry,
    ),
    Action(
        "job-queue-log-entries.delete-old",
        "Delete Entries Older Than 7 Days",
        "X",
        "Runs In Process stay.",
        dangerous=True,
        possible=is_connected,
    ),
    Action(
        "job-queue-log-entries.delete-all",
        "Delete All",
        "Z",
        "Runs In Process stay.",
        dangerous=True,
        possible=is_connected,
    ),
    Action("job-queues.open", "Card", "enter,f2", "All its fields, to change them.", "Card", possible=_queue),
    Action(
        "job-queue.start",
        "Start Job Queue",
        "s",
        "It takes entries from now on.",
        "Start",
        possible=_queues_that(False, "It is started already."),
    ),
    Action(
        "job-queue.stop",
        "Stop Job Queue",
        "S",
        "It takes no more entries; what runs is finished.",
        "Stop",
        dangerous=True,
        possible=_queues_that(True, "It is stopped already."),
    ),
    Action("job-queue.entries", "Job Queue Entries", "l", "The entries that wait for it.", "Entries", possible=_queue),
    Action("job-queue.consumer", "Start a Consumer", "c", "On this host, in the background.", "Consumer", wide=True),
    Action("job-queue-categories.new", "New", "ctrl+n,n", "Make a category.", "New", possible=is_connected),
    Action(
        "job-queue-categories.open",
        "Rename",
        "enter,f2",
        "Entries, setups and filters follow.",
        "Rename",
        possible=_category,
    ),
    Action("job-queue-categories.describe", "Change the Description", "e", "What it is for.", possible=_category),
    Action(
        "job-queue-categories.entries", "Entries", "l", "The entries of the category.", "Entries", possible=_category
    ),
    Action(
        "job-queue-categories.delete",
        "Delete",
        "D",
        "Only what nothing uses.",
        "Delete",
        dangerous=True,
        possible=_category,
    ),
    Action(
        "batches.open",
        "Entries",
        "enter,l",
        "Its entries that are left: what failed and what is to go; without any, its result.",
        "Entries",
        possible=_batch,
    ),
    Action("batches.result", "Batch Result", "r", "What became of each document; to print.", "Result", possible=_batch),
    Action("batches.posted", "Posted Documents", "p", "What came out of it.", "Posted", possible=_batch),
    Action(
        "batches.cancel",
        "Cancel What Was Posted",
        "C",
        "Undo the invoices and credit memos of the batch: corrective documents are made and queued.",
        "Cancel",
        wide=True,
        dangerous=True,
        possible=_batch_posted,
    ),
    Action(
        "batches.remove",
        "Remove From Job Queue",
        "R",
        "Everything of the batch that still waits; the documents stay Released.",
        "Remove",
        wide=True,
        dangerous=True,
        possible=_batch_waits,
    ),
    Action(
        "batches.restart",
        "Restart What Failed",
        "t",
        "Exactly those documents that failed.",
        "Restart",
        possible=_batch_failed,
    ),
    Action(
        "documents-to-handle.open",
        "Show Errors",
        "enter,e",
        "Every error with its field and what to do.",
        "Errors",
        possible=_handled,
    ),
    Action(
        "documents-to-handle.mend",
        "Go to the Cause",
        "m",
        "The field that must be mended; Esc leads back.",
        "Mend",
        possible=_handled,
    ),
    Action(
        "documents-to-handle.again",
        "Post Again",
        "t",
        "Restart the marked ones, or this one.",
        "Post Again",
        possible=_handled,
    ),
    Action(
        "documents-to-handle.again-group",
        "Post Again All of the Same Reason",
        "T",
        "Mend the cause once, then all of them.",
        "Group",
        wide=True,
        dangerous=True,
        possible=_handled,
    ),
    Action(
        "documents-to-handle.document",
        "Show Document",
        "d",
        "The document's card.",
        "Document",
        wide=True,
        possible=_handled,
    ),
    Action("documents-to-handle.mine", "Mine or Everyone's", "a", "Only what I queued, or all.", "Mine/All", wide=True),
    Action(
        "documents-to-handle.remove",
        "Remove From Job Queue",
        "D",
        "The entry goes; the document stays Released.",
        "Remove",
        dangerous=True,
        possible=_handled,
    ),
    Action("notes.open", "Read", "enter", "The whole note; then it is new no more.", "Read", possible=_note),
    Action(
        "notes.show-record",
        "Show Record",
        "d",
        "The document that the note is about.",
        "Record",
        possible=_names_record(_note),
    ),
    Action("notes.mark-read", "Take All as Read", "r", "None is new any more.", "All read", possible=is_connected),
)
