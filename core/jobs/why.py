"""Why an entry is not running: for every entry that is not In Process the first reason of behaviour 5 that holds."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from postroom.core import clock, company
from postroom.core.counted import counted
from postroom.core.errors import problems_from_json
from postroom.core.jobs import consumers, due, entry_rows, queues, recovery, windows
from postroom.core.jobs.claims import PRINT_CATEGORY, categories_taken
from postroom.core.jobs.consumers import ConsumerView
from postroom.core.jobs.due import Key
from postroom.core.jobs.entry_rows import EntryRow
from postroom.core.kinds import EntryStatus
from postroom.core.statements import query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import JobQueue, JobQueueEntry, Printer

MOST_COUNTED = 1000
"""Entries ahead are counted up to here; beyond it `1,000 or more` says enough."""


@dataclass(frozen=True, slots=True)
class Why:
    """A reason. `until` is when it ends by itself, `entry_no` the entry waited for, `ahead` how many come first."""

    code: str
    text: str
    hint: str = ""
    since: datetime | None = None
    until: datetime | None = None
    category: str | None = None
    entry_no: int | None = None
    ahead: int | None = None


@dataclass(frozen=True, slots=True)
class _Queue:
    row: JobQueue
    started: bool
    categories: frozenset[str]
    running: int


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that the reasons of many entries are judged by, read once."""

    now: datetime
    zone: ZoneInfo
    queues: tuple[_Queue, ...]
    living: tuple[ConsumerView, ...]
    last_heartbeat: datetime | None
    busy: dict[str, EntryRow]
    full: frozenset[str]
    """Consumers whose workers all run something; print workers stand beside these."""
    silent_printers: dict[str, Printer]
    """Printers that do not respond, by the category of their jobs."""


def explain(entries: Sequence[EntryRow]) -> dict[int, Why | None]:
    """The reason of each entry by entry no.; None for those In Process whose worker does its work."""
    waiting = [entry for entry in entries if entry.status is not EntryStatus.IN_PROCESS]
    reasons = {entry.entry_no: _stuck(entry) for entry in entries}
    if not waiting:
        return reasons
    scene = _read_scene()
    in_line: list[tuple[EntryRow, _Queue]] = []
    of_category: dict[str, tuple[Why | None, _Queue | None]] = {}
    for entry in waiting:
        found = _own_reason(entry, scene)
        if found is None:
            category = entry.category_code
            if category not in of_category:
                of_category[category] = _queue_reason(category, scene)
            found, queue = of_category[category]
            if found is None and queue is not None:
                in_line.append((entry, queue))
        reasons[entry.entry_no] = found
    for (entry, queue), ahead in zip(in_line, _count_ahead(in_line, scene.now), strict=True):
        reasons[entry.entry_no] = _place(entry, ahead) if ahead else _next_in_line(entry, queue, scene)
    return reasons


STANDSTILL = ("no_job_queue", "queue_stopped", "pinned", "not_responding")
"""Reasons that no entry outlasts until somebody does something about its job queue."""


def standstill(entry_id: str) -> str:
    """Why an entry that was just queued stands still, if its job queue does nothing; else blank."""
    numbers = query("SELECT entry_no FROM job_queue_entry WHERE id = ?", (entry_id,))
    reasons = explain(entry_rows.by_number(number for (number,) in numbers)).values()
    return next((reason.text for reason in reasons if reason is not None and reason.code in STANDSTILL), "")


def _stuck(entry: EntryRow) -> Why | None:
    """Why an In Process entry gets no further: its worker does not respond, and nobody here may kill it."""
    if entry.status is not EntryStatus.IN_PROCESS or not entry.errors:
        return None
    (problem,) = problems_from_json(entry.errors)[:1]
    if problem.code != recovery.NOT_KILLABLE:
        return None
    return Why(
        problem.code, problem.message, problem.hint, since=entry.started_at, category=entry.category_code or None
    )


def _read_scene() -> _Scene:
    codes = tuple(code for (code,) in query("SELECT code FROM job_queue_category ORDER BY code"))
    held = entry_rows.in_process()
    running: dict[str, int] = {}
    for entry in held:
        running[entry.job_queue_code] = running.get(entry.job_queue_code, 0) + 1
    at_work = Counter(entry.consumer_id for entry in held if not entry.category_code.startswith(PRINT_CATEGORY))
    everyone = consumers.list_consumers()
    beats = [one.last_heartbeat for one in everyone if one.last_heartbeat is not None]
    living = tuple(one for one in everyone if one.is_alive)
    rows = list(JobQueue.select().order_by(JobQueue.code))
    beats += [row.last_heartbeat for row in rows if row.last_heartbeat is not None]
    return _Scene(
        clock.now(),
        company.time_zone(),
        tuple(
            _Queue(
                row,
                row.started and not queues.is_abandoned(row, living),
                frozenset(categories_taken(row.category_filter, codes)),
                running.get(row.code, 0),
            )
            for row in rows
        ),
        living,
        max(beats, default=None),
        {entry.category_code: entry for entry in held if entry.category_code},
        frozenset(one.id for one in living if 0 < one.workers <= at_work.get(one.id, 0)),
        {f"{PRINT_CATEGORY}{row.code}": row for row in Printer.select().where(Printer.not_responding_since != 0)},
    )


def _own_reason(entry: EntryRow, scene: _Scene) -> Why | None:
    """What lies in the entry itself: its status, or a time that has not come."""
    start = entry.earliest_start
    if entry.status is EntryStatus.ERROR:
        problems = problems_from_json(entry.errors)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        what = problems[0].message if problems else "It failed."
        return Why("error", f"In error: {what}{more}", "Mend the cause, then restart it.")
    if entry.status is EntryStatus.ON_HOLD:
        by = f" by {entry.held_by}" if entry.held_by else ""
        return Why("on_hold", f"On hold{by}.", "Set its status to Ready.")
    if entry.status is EntryStatus.ON_HOLD_INACTIVE:
        return Why("inactive", f"There was nothing to do; it wakes at {_at(start, scene)}.", until=start)
    if start is not None and start > scene.now:
        if entry.attempts:
            problems = problems_from_json(entry.errors)
            after = f", after: {problems[0].message}" if problems else ""
            text = f"Attempt {entry.attempts + 1} of {entry.max_attempts} at {_at(start, scene)}{after}"
            return Why("retry", text, "It runs by itself.", until=start)
        return Why("starts_at", f"It starts at {_at(start, scene)}.", until=start)
    if entry.expiration is not None and entry.expiration <= scene.now:
        text = f"Its Expiration, {_at(entry.expiration, scene)}, has passed."
        return Why("expired", text, "Delete it, or schedule it anew.", since=entry.expiration)
    opening = windows.opens_at(entry)
    if opening is not None:
        return Why("outside_window", f"It is outside its window until {_at(opening, scene)}.", until=opening)
    return None


def _queue_reason(category: str, scene: _Scene) -> tuple[Why | None, _Queue | None]:
    """What lies in the job queues, consumers and categories; with None the queue that will run it."""
    named = f"category {category}" if category else "entries without a category"
    takers = [queue for queue in scene.queues if category in queue.categories]
    if not takers:
        text = f"No job queue takes {named}."
        return Why("no_job_queue", text, "Change a job queue's category filter.", category=category), None
    started = [queue for queue in takers if queue.started]
    if not started:
        queue = takers[0]
        reason = queues.ABANDONED if queue.row.started else queue.row.stopped_reason
        why = f" {reason}" if reason else ""
        text = f"Job queue {queue.row.code} is stopped.{why}"
        return Why("queue_stopped", text, f"Start job queue {queue.row.code}.", category=category), None
    served = [queue for queue in started if any(one.is_responding for one in _servers(queue, scene))]
    if not served:
        return _unserved(min(started, key=lambda queue: _is_pinned_away(queue, scene)), scene), None
    holder = scene.busy.get(category) if category else None
    if holder is not None:
        since = _at(holder.started_at, scene)
        text = f"Category {category} is busy with entry {holder.entry_no} ({holder.description}) since {since}."
        stuck = _stuck(holder)
        if stuck is not None:
            text = f"{text} {stuck.text}"
        return (
            Why(
                "category_busy",
                text,
                stuck.hint if stuck is not None else "It runs when that one has ended.",
                since=holder.started_at,
                category=category,
                entry_no=holder.entry_no,
            ),
            None,
        )
    roomy = [queue for queue in served if queue.running < queue.row.max_concurrent]
    if not roomy:
        queue = served[0]
        text = f"Job queue {queue.row.code} runs its maximum of {queue.row.max_concurrent}."
        return Why("queue_at_maximum", text, "It runs when one of them has ended.", category=category), None
    if category in scene.silent_printers:
        return _silent_printer(category, scene), None
    return None, roomy[0]


def waits_for_its_category() -> Any:
    """The condition of a query for the entries whose reason is that their category is busy: `explain`, in the database.

    Those outside their window are named by number: when it opens is for the rules of recurrence to say.
    """
    scene = _read_scene()
    reasons = {category: _queue_reason(category, scene)[0] for category in scene.busy}
    busy = [category for category, reason in reasons.items() if reason is not None and reason.code == "category_busy"]
    due_now = (
        (JobQueueEntry.status == EntryStatus.READY)
        & (JobQueueEntry.category_code << busy)
        & (JobQueueEntry.earliest_start <= scene.now)
        & ((JobQueueEntry.expiration == 0) | (JobQueueEntry.expiration > scene.now))
    )
    has_window = (JobQueueEntry.weekdays != "") & (JobQueueEntry.ending_time != "")
    windowed = JobQueueEntry.select(JobQueueEntry.entry_no).where(due_now, has_window)
    rows = entry_rows.by_number([row.entry_no for row in windowed])
    outside = [row.entry_no for row in rows if windows.opens_at(row)]
    return due_now & JobQueueEntry.entry_no.not_in(outside) if outside else due_now


def _silent_printer(category: str, scene: _Scene) -> Why:
    printer = scene.silent_printers[category]
    since = printer.not_responding_since
    said = f": {printer.last_message.rstrip('.')}" if printer.last_message else ""
    text = f"Printer {printer.code} has not responded since {_at(since, scene)}{said}."
    hint = "See to the printer. One job is tried each minute; `postroom printer test` tries at once."
    return Why("printer_not_responding", text, hint, since=since, category=category)


def _servers(queue: _Queue, scene: _Scene) -> list[ConsumerView]:
    return [one for one in scene.living if one.may_serve(queue.row.code, queue.row.on_host)]


def _is_pinned_away(queue: _Queue, scene: _Scene) -> bool:
    return bool(queue.row.on_host) and all(one.host != queue.row.on_host for one in scene.living)


def _unserved(queue: _Queue, scene: _Scene) -> Why:
    host = queue.row.on_host
    if _is_pinned_away(queue, scene):
        text = f"Job queue {queue.row.code} is pinned to host {host}, where no consumer runs."
        return Why("pinned", text, f"Start a consumer on {host}, or clear Start on This Host.")
    silent = _servers(queue, scene)
    if silent:
        one = max(silent, key=lambda one: one.last_heartbeat or one.started or scene.now)
        text = f"The consumer on {one.host} (process {one.process_id}) has not responded since"
        return Why(
            "not_responding",
            f"{text} {_at(one.last_heartbeat, scene)}.",
            "See whether it is stopped or its host too busy; end it and start another if it does not come back.",
            since=one.last_heartbeat,
        )
    if scene.living:
        text = f"No consumer serves job queue {queue.row.code}."
        return Why("no_consumer", text, "Start a consumer without --job-queue, or one for it.")
    since = scene.last_heartbeat
    text = f"No consumer has responded since {_at(since, scene)}." if since else "No consumer is running."
    return Why("no_consumer", text, "Start one with `postroom consumer`.", since=since)


def _count_ahead(waiting: Sequence[tuple[EntryRow, _Queue]], now: datetime) -> list[int]:
    """How many due entries come before each: in its category, else in its queue; at most MOST_COUNTED."""
    keys: dict[tuple[str, ...], list[Key]] = {}
    for entry, queue in waiting:
        keys.setdefault(_competing(entry, queue), []).append(_key(entry))
    ranks = {competing: _ranks(competing, some, instant_to_stored(now)) for competing, some in keys.items()}
    return [ranks[_competing(entry, queue)].get(_key(entry), MOST_COUNTED) for entry, queue in waiting]


def _ranks(competing: Sequence[str], keys: Sequence[Key], now: int) -> dict[Key, int]:
    """The places of some due entries in the line of the competing categories; of the first MOST_COUNTED alone."""
    least, last = min(keys), max(keys)
    ahead = 0
    for category in competing:
        ahead += due.count_before(category, now, MOST_COUNTED - ahead, least)
    room = MOST_COUNTED - ahead
    if len(keys) == 1 or not room:
        return {least: ahead}
    lines = [due.between(category, now, room, least, last) for category in competing]
    return {key: ahead + place for place, key in enumerate(islice(heapq.merge(*lines), room))}


def _key(entry: EntryRow) -> Key:
    return entry.priority, instant_to_stored(entry.earliest_start), entry.entry_no


def _competing(entry: EntryRow, queue: _Queue) -> tuple[str, ...]:
    return (entry.category_code,) if entry.category_code else tuple(sorted(queue.categories))


def _next_in_line(entry: EntryRow, queue: _Queue, scene: _Scene) -> Why:
    prints = entry.category_code.startswith(PRINT_CATEGORY)
    if prints or any(one.is_responding and one.id not in scene.full for one in _servers(queue, scene)):
        return Why("about_to_start", "About to start.", category=entry.category_code, ahead=0)
    text = "It is the next one; all workers of its consumer are busy."
    hint = "It runs when one of them is free. `postroom consumer --workers N` has more of them."
    return Why("workers_busy", text, hint, category=entry.category_code, ahead=0)


def _place(entry: EntryRow, ahead: int) -> Why:
    many = f"{ahead:,} or more entries are" if ahead == MOST_COUNTED else counted(ahead, "entry is", "entries are")
    text = f"{many} ahead of it."
    return Why("ahead", text, "It runs when they have ended.", category=entry.category_code, ahead=ahead)


def _at(instant: datetime | None, scene: _Scene) -> str:
    """A time of day, with its date unless that is today."""
    if instant is None:
        return "an unknown time"
    local, today = instant.astimezone(scene.zone), scene.now.astimezone(scene.zone)
    return local.strftime("%H:%M:%S" if local.date() == today.date() else "%Y-%m-%d %H:%M")
