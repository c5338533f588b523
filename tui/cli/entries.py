"""Commands on the work itself: job queue entries, their log, batches, documents to handle, notes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta

import click

from postroom.core.errors import UsageError, describe
from postroom.core.jobs import background, batches, entries, handling, log, notes, undo
from postroom.core.jobs.results import EntryResult
from postroom.tui.cli import frame, results, writing
from postroom.tui.cli import undo as undo_options
from postroom.tui.cli.frame import Session, captions

entry_command = frame.group(
    "entry", "List job queue entries and act on them.", "postroom entry list --filter status=Error"
)
log_command = frame.group("log", "List what ran, and how it ended.", "postroom log list --filter 'status=Error'")
batch_command = frame.group(
    "batch",
    "Show how far batches are; restart, remove from the job queue, cancel.",
    "postroom batch show 7",
)
handle_command = frame.group("handle", "List the documents to handle.", "postroom handle list")
note_command = frame.group("note", "List your notes.", "postroom note list")

_ENTRIES = captions(
    "entry_no",
    "description",
    "status",
    "category",
    "priority",
    "earliest_start",
    "attempts",
    "user",
    why="Why It Is Not Running",
)
_LOG = captions("entry_no", "description", "status", "start", "duration", "user", "job_queue", "posted", "errors")
_BATCHES = captions("no", "report", "user", "created", "total", "posted", "failed", "to_go")
_HANDLE = captions("type", "no", "user", "description", "errors")
_NOTES = captions("created", "text", is_read="Read")


@frame.command(
    "list",
    "postroom entry list --mine",
    "postroom entry list --filter 'status=Ready category=SALESPOST' --json",
    under=entry_command,
)
@click.option("--mine", is_flag=True, help="Only those that I queued.")
@frame.filter_option
@frame.json_option
def entry_list(session: Session, mine: bool, filter_text: str) -> None:
    """List job queue entries, each with the reason why it is not running."""
    user = session.read()
    session.write_list(_ENTRIES, entries.list_entries(filter_text, user=user if mine else None))


@frame.command("show", "postroom entry show 12", under=entry_command)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@frame.json_option
def entry_show(session: Session, ids: tuple[str, ...]) -> None:
    """Show entries in full, named by id or entry no."""
    session.read()
    found = [entries.show(name) for name in ids]
    if session.as_json:
        session.write(found[0] if len(found) == 1 else found)
        return
    for view in found:
        session.write_card(view)
        _write_why(view)
        for problem in view.errors:
            writing.write_text(f"Error: {describe(problem)}")


@frame.command("why", "postroom entry why 12", under=entry_command)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@frame.json_option
def entry_why(session: Session, ids: tuple[str, ...]) -> None:
    """Say why entries are not running, and what to do."""
    session.read()
    found = [entries.show(name) for name in ids]
    if session.as_json:
        session.write([{"id": view.id, "entry_no": view.entry_no, "why": view.why} for view in found])
        return
    for view in found:
        writing.write_text(f"{view.entry_no} {view.description}: {view.status}")
        _write_why(view)


def _write_why(view: entries.EntryView) -> None:
    if view.why is not None:
        writing.write_text(f"    {view.why.text} {view.why.hint}".rstrip())


Act = Callable[..., list[EntryResult]]


def _add_action(name: str, sentence: str, act: Act) -> None:
    """A command that does one thing to entries: those named, or all that match a filter."""

    @frame.command(
        name,
        f"postroom entry {name} 12 13",
        f"postroom entry {name} --filter 'status=Error user=ann'",
        under=entry_command,
    )
    @click.argument("ids", metavar="ID...", nargs=-1)
    @frame.filter_option
    @frame.json_option
    def action(session: Session, ids: tuple[str, ...], filter_text: str) -> int:
        user = session.open(rings=True)
        return results.report(session, act(_chosen(ids, filter_text), user=user))

    action.help = sentence


def _chosen(ids: Sequence[str], filter_text: str) -> list[str]:
    """The ids of the entries that are meant. Raises UsageError where none or both ways are used."""
    if bool(ids) == bool(filter_text.strip()):
        raise UsageError("Which entries?", hint="Name them by ID or entry no., or choose them by --filter.")
    return list(ids) if ids else [view.id for view in entries.list_entries(filter_text)]


_add_action(
    "ready", "Set the status of entries On Hold or in Error to Ready; their attempts count anew.", entries.set_ready
)
_add_action("hold", "Set entries on hold.", entries.set_on_hold)
_add_action("cancel", "Stop entries that run; what they did is rolled back, and they go on hold.", entries.cancel)
_add_action("restart", "Let entries that failed or were held run again at once.", entries.restart)
_add_action("delete", "Delete entries that do not run; their documents leave the job queue.", entries.delete)
_add_action("run-once", "Run entries here and now, each under its category.", entries.run_once)


@frame.command("priority", "postroom entry priority 12 13 --to 10", under=entry_command)
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option("--to", "priority", type=int, required=True, metavar="P", help="0 is served first.")
@frame.filter_option
@frame.json_option
def entry_priority(session: Session, ids: tuple[str, ...], priority: int, filter_text: str) -> int:
    """Set the priority of entries that do not run."""
    user = session.open(rings=True)
    return results.report(session, entries.set_priority(_chosen(ids, filter_text), priority, user=user))


@frame.command("list", "postroom log list --filter 'start=2026-11-24 status=Error' --json", under=log_command)
@frame.filter_option
@frame.json_option
def log_list(session: Session, filter_text: str) -> None:
    """List what ran, the newest first, with what came out of it."""
    session.read()
    session.write_list(_LOG, log.list_log(filter_text))


@frame.command("show", "postroom log show 12", under=log_command)
@click.argument("entry_no", type=frame.NUMBER)
@frame.json_option
def log_show(session: Session, entry_no: int) -> None:
    """Show one log entry with its errors and its call stack."""
    session.read()
    view = log.show(entry_no)
    session.write_card(view)
    if session.as_json:
        return
    for problem in view.errors:
        writing.write_text(f"Error: {describe(problem)}")
    for ref in view.posted:
        writing.write_text(f"Posted: {ref.area.value} {ref.kind.title.lower()} {ref.no}")


_AGE = re.compile(r"(\d{1,5})\s*([dhm])\Z", re.ASCII)


@frame.command("clean", "postroom log clean --older-than 30d", under=log_command)
@click.option("--older-than", default="7d", show_default=True, metavar="AGE", help="Days, hours or minutes: 7d, 12h.")
@click.option("--all", "all_", is_flag=True, help="Every log entry, however young.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@frame.json_option
def log_clean(session: Session, older_than: str, all_: bool, yes: bool) -> None:
    """Delete old log entries, never one that runs; asks on a terminal."""
    age = None if all_ else _age(older_than)
    user = session.open()
    if not yes and sys.stdin.isatty():
        what = "every log entry" if all_ else f"the log entries older than {older_than}"
        click.confirm(f"Delete {what}?", abort=True, err=True)
    deleted = log.clean(age, user=user)
    if session.as_json:
        session.write({"deleted": deleted})
    else:
        writing.say(f"Deleted {deleted} log entries.")


def _age(text: str) -> timedelta:
    """`7d`, `12h` or `30m`. Raises UsageError."""
    read = _AGE.match(text.strip())
    if read is None:
        raise UsageError(f"{text} is not an age.", field="older-than", value=text, hint="It looks like 7d, 12h or 30m.")
    unit = {"d": "days", "h": "hours", "m": "minutes"}[read[2]]
    return timedelta(**{unit: int(read[1])})


@frame.command("set-error", "postroom log set-error 12", under=log_command)
@click.argument("entry_nos", metavar="ENTRY_NO...", nargs=-1, required=True, type=frame.NUMBER)
@frame.json_option
def log_set_error(session: Session, entry_nos: tuple[int, ...]) -> int:
    """Set runs In Process to Error; nothing of them can be committed any more."""
    user = session.open(rings=True)
    return results.report(session, log.set_error(entry_nos, user=user))


@frame.command("list", "postroom batch list", under=batch_command)
@frame.json_option
def batch_list(session: Session) -> None:
    """List the batches, the newest first."""
    session.read()
    session.write_list(_BATCHES, batches.list_batches())


@frame.command("show", "postroom batch show 7", under=batch_command)
@click.argument("no", type=frame.NUMBER)
@frame.json_option
def batch_show(session: Session, no: int) -> None:
    """Show how many documents of a batch are posted, failed and to go."""
    session.read()
    session.write_card(batches.show(no))


@frame.command("restart", "postroom batch restart 7", under=batch_command)
@click.argument("no", type=frame.NUMBER)
@frame.json_option
def batch_restart(session: Session, no: int) -> int:
    """Let exactly those documents of a batch run again that failed."""
    user = session.open(rings=True)
    return results.report(session, batches.restart(no, user=user))


@frame.command("remove", "postroom batch remove 7", under=batch_command)
@click.argument("no", type=frame.NUMBER)
@frame.json_option
def batch_remove(session: Session, no: int) -> int:
    """Take everything of a batch that still waits out of the job queue; the documents stay released."""
    user = session.open(rings=True)
    return results.report(session, background.remove(batches.waiting(no), user=user))


@frame.command("cancel", "postroom batch cancel 7", under=batch_command)
@click.argument("no", type=frame.NUMBER)
@undo_options.options
@frame.json_option
def batch_cancel(session: Session, no: int, now: bool, queue_anyway: bool, posting_date: str | None) -> int:
    """Cancel all that a batch posted: corrective documents are made of its invoices and credit memos, and queued.

    What is cancelled already is refused and listed. What still waits stays in the job queue.
    """
    request = undo_options.request(now, queue_anyway, posting_date)
    user = session.open(rings=True)
    count = len(undo.of_batch(no))
    return undo_options.carry_out(
        session, count, lambda advance: undo.cancel_batch(no, request, user=user, progress=advance)
    )


@frame.command("list", "postroom handle list --mine", under=handle_command)
@click.option("--mine", is_flag=True, help="Only those that I queued.")
@frame.json_option
def handle_list(session: Session, mine: bool) -> None:
    """List the documents whose posting failed, mine first, the same reasons together."""
    user = session.read()
    session.write_list(_HANDLE, handling.list_documents(user, mine_only=mine))


@frame.command("list", "postroom note list --unread", under=note_command)
@click.option("--unread", is_flag=True, help="Only those that I have not read.")
@click.option("--mark-read", is_flag=True, help="Take them all as read.")
@frame.json_option
def note_list(session: Session, unread: bool, mark_read: bool) -> None:
    """List my notes, the newest first."""
    user = session.read()
    found = notes.list_notes(user, unread_only=unread)
    session.write_list(_NOTES, found)
    if mark_read:
        notes.mark_read(user)
