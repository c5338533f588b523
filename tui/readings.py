"""What pages read: windows of long lists by keyset, never more than PAGE_ROWS rows; called in the reader's thread.

The modules of `core.jobs` are imported when first needed, so that the terminal paints before they are.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from peewee import Field

from postroom.core import reading
from postroom.core.documents import views
from postroom.core.kinds import DocumentType
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import ChangeLogEntry, GeneralLedgerSetup
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry
from postroom.tui.snapshots import COUNT_LIMIT, PAGE_ROWS, ListSnapshot

if TYPE_CHECKING:
    from postroom.tui.pages.list_page import Window


def entries() -> Any:
    """The use cases of job queue entries."""
    return importlib.import_module("postroom.core.jobs.entries")


def log() -> Any:
    """The use cases of job queue log entries."""
    return importlib.import_module("postroom.core.jobs.log")


def time_zone_name() -> str:
    """The company's time zone."""
    return str(GeneralLedgerSetup.get_by_id(1).company_time_zone)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a window's rows in the list's order, and what lies around them."""

    numbers: tuple[int, ...]
    total: int
    before: bool
    after: bool


def numbers_in(
    number: Field, where: Sequence[Any], window: Window, *, newest_first: bool, joined: Any = None
) -> Numbers:
    """The rows of one window by their ascending numbers: a key condition and a limit, so that depth costs nothing.

    `joined` is what to select from where the conditions also look at another table.
    """
    rows = joined if joined is not None else number.model.select(number)
    if where:
        rows = rows.where(*where)
    total = rows.limit(COUNT_LIMIT + 1).count()
    backward = window.start in ("until", "bottom")
    order = number.desc() if newest_first != backward else number.asc()
    found = rows.order_by(order).limit(PAGE_ROWS + 1)
    if window.key:
        from_here = number <= int(window.key) if newest_first != backward else number >= int(window.key)
        found = found.where(from_here)
    numbers = [row[0] for row in found.tuples()]
    more = len(numbers) > PAGE_ROWS
    numbers = numbers[:PAGE_ROWS]
    if backward:
        numbers.reverse()
        if window.key and not more and len(numbers) < PAGE_ROWS:
            # Near the top there are too few rows before the key: then it is simply the top.
            return numbers_in(number, where, type(window)("top"), newest_first=newest_first, joined=joined)
        return Numbers(tuple(numbers), total, more, _is_beyond(rows, number, numbers[-1:], newest_first))
    return Numbers(tuple(numbers), total, _is_beyond(rows, number, numbers[:1], not newest_first), more)


def _is_beyond(rows: Any, number: Field, edge: Sequence[int], downward: bool) -> bool:
    """Whether there is a row with a smaller (`downward`) or larger number than the edge's."""
    if not edge:
        return False
    return bool(rows.where(number < edge[0] if downward else number > edge[0]).limit(1).count())


def sliced(rows: Sequence[Any], key_of: Callable[[Any], str], window: Window) -> ListSnapshot:
    """A window of a list that is short enough to be read whole."""
    keys = [key_of(row) for row in rows] if window.key else []
    place = keys.index(window.key) if window.key in keys else 0
    first = {
        "top": 0,
        "bottom": max(0, len(rows) - PAGE_ROWS),
        "from": place,
        "until": max(0, place + 1 - PAGE_ROWS),
    }[window.start]
    shown = tuple(rows[first : first + PAGE_ROWS])
    return ListSnapshot(shown, min(len(rows), COUNT_LIMIT + 1), first > 0, first + len(shown) < len(rows))


def read_entries(filter: str, window: Window) -> ListSnapshot:
    """A window of the job queue, oldest first. Raises UsageError for a filter that cannot be read."""
    return read_entries_where(entries().conditions(filter), window)


def read_entries_where(where: Sequence[Any], window: Window) -> ListSnapshot:
    """The same for conditions of a query."""
    return _snapshot(
        numbers_in(JobQueueEntry.entry_no, where, window, newest_first=False),
        lambda numbers: {view.entry_no: view for view in entries().list_entries(entry_nos=numbers)},
    )


def read_log(filter: str, window: Window) -> ListSnapshot:
    """A window of the log, newest first. Raises UsageError for a filter that cannot be read."""
    return _snapshot(
        numbers_in(JobQueueLogEntry.entry_no, log().conditions(filter), window, newest_first=True),
        lambda numbers: {view.entry_no: view for view in log().list_log(entry_nos=numbers)},
    )


def read_documents(kind: DocumentType, filter: str, window: Window) -> ListSnapshot:
    """A window of the documents of one type, oldest first. Raises UsageError for a filter that cannot be read."""
    where = [Document.type == kind, *views.conditions(filter)]
    found = numbers_in(Document.id, where, window, newest_first=False, joined=views.with_entries(Document.id))
    return _snapshot(found, lambda ids: {view.id: view for view in views.list_documents(ids=ids)})


def read_ledger(name: str, filter: str, window: Window) -> ListSnapshot:
    """A window of a ledger, newest first. Raises UsageError for a filter that cannot be read."""
    number = reading.LEDGERS[name].columns["entry_no"]
    return _snapshot(
        numbers_in(number, reading.ledger_conditions(name, filter), window, newest_first=True),
        lambda numbers: {row["entry_no"]: row for row in reading.ledger_entries(name, numbers)},
    )


def read_posted(filter: str, window: Window) -> ListSnapshot:
    """A window of the posted documents, newest first. Raises UsageError for a filter that cannot be read."""
    return _snapshot(
        numbers_in(PostedDocument.id, reading.posted_conditions(filter), window, newest_first=True),
        lambda ids: {row["id"]: row for row in reading.posted_headers(ids)},
    )


def read_changes(filter: str, window: Window) -> ListSnapshot:
    """A window of the change log, newest first. Raises UsageError for a filter that cannot be read."""
    return _snapshot(
        numbers_in(ChangeLogEntry.entry_no, reading.change_conditions(filter), window, newest_first=True),
        lambda numbers: {row["entry_no"]: row for row in reading.changes(numbers)},
    )


def _snapshot(found: Numbers, read: Callable[[Sequence[int]], Mapping[int, Any]]) -> ListSnapshot:
    """The rows of the numbers, in their order."""
    by_number = read(found.numbers) if found.numbers else {}
    rows = tuple(by_number[number] for number in found.numbers if number in by_number)
    return ListSnapshot(rows, found.total, found.before, found.after)
