"""Actions on job queue entries, their log, job queues and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterable

from postroom.core.kinds import EntryStatus, LogStatus
from postroom.tui.actions.base import Action, Possible, Situation, is_connected, needs_rows

ENTRIES = "job-queue-entries"
LOG = "job-queue-log-entries"

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


WAITING = "Waiting"
"""A Ready entry whose category is busy. Shown, never stored."""
_HELD = (EntryStatus.ON_HOLD, EntryStatus.ON_HOLD_INACTIVE)
_RESTARTABLE = (EntryStatus.ERROR, *_HELD)
_WAITS = (EntryStatus.READY, WAITING, *_HELD)

ACTIONS: tuple[Action, ...] = (
    Action(
        "job-queue-entries.open",
        "Card",
        "enter,f2",
        "All fields of the entry, its errors, and why it waits.",
        "Card",
        possible=_entry,
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
)
