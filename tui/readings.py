"""What pages read: windows of long lists by keyset, never more than PAGE_ROWS rows; called in the reader's thread.

The modules of `core.jobs` are imported when first needed, so that the terminal paints before they are.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import Enum
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from peewee import Field

from postroom.core import filters, reading
from postroom.core.documents import views
from postroom.core.filters import FieldFilter
from postroom.core.kinds import DocumentType
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import ChangeLogEntry
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry
from postroom.tui.snapshots import COUNT_LIMIT, PAGE_ROWS, ListSnapshot

if TYPE_CHECKING:
    from postroom.tui.pages.list_state import Window
    from postroom.tui.widgets.keyed_table import Column

NO_SORTS: Mapping[str, Field] = MappingProxyType({})
LOG_SORTS: Mapping[str, Field] = {"entry_no": JobQueueLogEntry.entry_no, "when": JobQueueLogEntry.ended_at}
DOCUMENT_SORTS: Mapping[str, Field] = {
    "no": Document.no,
    "party": Document.party_no,
    "queue": Document.job_queue_status,
}
POSTED_SORTS: Mapping[str, Field] = {
    "no": PostedDocument.no,
    "posting_date": PostedDocument.posting_date,
    "source_no": PostedDocument.source_no,
}
ENTRY_SORTS: Mapping[str, Field] = {"entry_no": JobQueueEntry.entry_no, "status": JobQueueEntry.status}
LEDGER_SORTS = ("entry_no", "document_no", "party_no", "item_no")
"""What the long lists can be sorted by, as their columns are called: what the database has an index of.

Accounts and the log's statuses are left out: of each there may be a million rows, which no index has by number.
"""


def entries() -> Any:
    """The use cases of job queue entries."""
    return importlib.import_module("postroom.core.jobs.entries")


def log() -> Any:
    """The use cases of job queue log entries."""
    return importlib.import_module("postroom.core.jobs.log")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a window's rows in the list's order, and what lies around them."""

    numbers: tuple[int, ...]
    total: int
    before: bool
    after: bool


def numbers_in(
    number: Field,
    where: Sequence[Any],
    window: Window,
    *,
    newest_first: bool,
    joined: Any = None,
    sorts: Mapping[str, Field] = NO_SORTS,
) -> Numbers:
    """The rows of one window in the list's order: a key condition and a limit, so that depth costs nothing.

    The order is that of the numbers, or of one of `sorts` and the number. `joined` is what to select from where the
    conditions also look at another table.
    """
    sort = sorts.get(window.sort.removeprefix("-"))
    descends = window.sort.startswith("-") if sort is not None else newest_first
    rows = joined if joined is not None else number.model.select(number)
    if where:
        rows = rows.where(*where)
    line = _Line(rows.select(number, sort if sort is not None else number), number, sort, descends)
    start = line.place_of(int(window.key)) if window.key else None
    if window.key and start is None:
        window = replace(window, start="top", key="")
    backward = window.start in ("until", "bottom")
    places = line.read(start, PAGE_ROWS + 1, backward=backward)
    more = len(places) > PAGE_ROWS
    places = places[:PAGE_ROWS]
    if backward:
        places.reverse()
        if window.key and not more and len(places) < PAGE_ROWS:
            # Near the top there are too few rows before the key: then it is simply the top.
            return numbers_in(
                number,
                where,
                replace(window, start="top", key=""),
                newest_first=newest_first,
                joined=joined,
                sorts=sorts,
            )
    # One side is known already: more than fits was asked for, and nothing lies beyond the end that was begun at.
    is_end = not window.key
    total = len(places) if is_end and not more else rows.limit(COUNT_LIMIT + 1).count()
    if backward:
        first = more
        last = not is_end and line.is_beyond(places[-1:], backward=False)
    else:
        first = not is_end and line.is_beyond(places[:1], backward=True)
        last = more
    return Numbers(tuple(place[0] for place in places), total, first, last)


Place = tuple[int, Any]
"""A row's number and what it is sorted by."""


@dataclass(frozen=True, slots=True)
class _Line:
    """The rows of a list in its order, read from any place up or down."""

    rows: Any
    number: Field
    sort: Field | None
    descends: bool

    def place_of(self, number: int) -> Place | None:
        """Where a row stands; None if it is gone and the order needs it."""
        if self.sort is None:
            return number, number
        found = self.number.model.select(self.number, self.sort).where(self.number == number).tuples().first()
        return (found[0], found[1]) if found is not None else None

    def read(self, start: Place | None, most: int, *, backward: bool) -> list[Place]:
        """So many places from one on, itself included, or from the end."""
        descends = self.descends != backward
        order = [self.number] if self.sort is None else [self.sort, self.number]
        found = self.rows.order_by(*(field.desc() if descends else field.asc() for field in order)).limit(most)
        if start is not None:
            found = found.where(self._from(start, descends, or_equal=True))
        return [(number, value) for number, value in found.tuples()]

    def is_beyond(self, edge: Sequence[Place], *, backward: bool) -> bool:
        """Whether there is a row before or behind the one at the edge."""
        if not edge:
            return False
        beyond = self._from(edge[0], self.descends != backward, or_equal=False)
        return bool(self.rows.where(beyond).limit(1).count())

    def _from(self, place: Place, descends: bool, *, or_equal: bool) -> Any:
        number, value = place
        if descends:
            rest = self.number <= number if or_equal else self.number < number
            return rest if self.sort is None else (self.sort <= value) & ((self.sort < value) | rest)
        rest = self.number >= number if or_equal else self.number > number
        return rest if self.sort is None else (self.sort >= value) & ((self.sort > value) | rest)


def sliced(
    rows: Sequence[Any], key_of: Callable[[Any], str], window: Window, columns: Sequence[Column] = ()
) -> ListSnapshot:
    """A window of a list that is short enough to be read whole, and sorted by what any of its columns shows."""
    wanted = window.sort.removeprefix("-")
    for column in columns:
        if column.id == wanted:
            rows = sorted(rows, key=lambda row: sort_key(column.cell(row).plain), reverse=window.sort.startswith("-"))
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


def matching(rows: Sequence[Any], filter: str, *names: str, **others: Callable[[Any], object]) -> list[Any]:
    """The rows in memory that a list's filter lets through, by these attributes of theirs and what `others` tell.

    Bare words are looked for in all of them. Raises UsageError for a filter that cannot be read.
    """
    chosen = filters.parse_filter(filter)
    told: Mapping[str, Callable[[Any], object]] = {**{name: attrgetter(name) for name in names}, **others}
    for one in chosen:
        if one.field:
            filters.refuse_unknown(one.field, told)
            filters.refuse_unlisted(one.field, one.filter, _choices_of(told[one.field], rows))

    def passes(row: Any, one: FieldFilter) -> bool:
        if one.field:
            return one.filter.matches(told[one.field](row))
        return any(one.filter.matches(str(found)) for tell in told.values() if (found := tell(row)) not in ("", None))

    return [row for row in rows if all(passes(row, one) for one in chosen)]


def _choices_of(tell: Callable[[Any], object], rows: Sequence[Any]) -> list[str]:
    """The values of the closed list that a row's field is of; none where it is of no such list."""
    value = tell(rows[0]) if rows else None
    return [one.value for one in type(value)] if isinstance(value, Enum) else []


def sort_key(text: str) -> tuple[int, Decimal, str]:
    """Numbers by their value and before words, words by their letters, whatever their case."""
    try:
        return 0, Decimal(text.replace(",", "")), ""
    except InvalidOperation:
        return 1, Decimal(0), text.casefold()


def read_entries(filter: str, window: Window) -> ListSnapshot:
    """A window of the job queue, oldest first. Raises UsageError for a filter that cannot be read."""
    return read_entries_where(entries().conditions(filter), window)


def read_entries_where(where: Sequence[Any], window: Window) -> ListSnapshot:
    """The same for conditions of a query."""
    return _snapshot(
        numbers_in(JobQueueEntry.entry_no, where, window, newest_first=False, sorts=ENTRY_SORTS),
        lambda numbers: {view.entry_no: view for view in entries().list_entries(entry_nos=numbers)},
    )


def read_log(filter: str, window: Window) -> ListSnapshot:
    """A window of the log, newest first. Raises UsageError for a filter that cannot be read."""
    return _snapshot(
        numbers_in(JobQueueLogEntry.entry_no, log().conditions(filter), window, newest_first=True, sorts=LOG_SORTS),
        lambda numbers: {view.entry_no: view for view in log().list_log(entry_nos=numbers)},
    )


def read_documents(kind: DocumentType, filter: str, window: Window) -> ListSnapshot:
    """A window of the documents of one type, oldest first. Raises UsageError for a filter that cannot be read."""
    where = [Document.type == kind, *views.conditions(filter)]
    found = numbers_in(
        *(Document.id, where, window),
        newest_first=False,
        joined=views.with_entries(Document.id),
        sorts=DOCUMENT_SORTS,
    )
    return _snapshot(found, lambda ids: {view.id: view for view in views.list_documents(ids=ids)})


def read_ledger(name: str, filter: str, window: Window) -> ListSnapshot:
    """A window of a ledger, newest first. Raises UsageError for a filter that cannot be read."""
    columns = reading.LEDGERS[name].columns
    sorts = {key: columns[key] for key in LEDGER_SORTS if key in columns}
    return _snapshot(
        numbers_in(
            *(columns["entry_no"], reading.ledger_conditions(name, filter), window), newest_first=True, sorts=sorts
        ),
        lambda numbers: {row["entry_no"]: row for row in reading.ledger_entries(name, numbers)},
    )


def read_posted(filter: str, window: Window) -> ListSnapshot:
    """A window of the posted documents with their `print_jobs`, newest first. Raises UsageError for a wrong filter."""
    return _snapshot(
        numbers_in(
            *(PostedDocument.id, reading.posted_conditions(filter), window), newest_first=True, sorts=POSTED_SORTS
        ),
        lambda ids: {row["id"]: row for row in with_print_jobs(reading.posted_headers(ids))},
    )


def with_print_jobs(documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Posted documents and, under `print_jobs`, what was printed of each or is to be."""
    from postroom.core.printing import print_views
    from postroom.core.printing.reports import Report

    reports = [Report(row["area"], row["kind"]) for row in documents]
    found = print_views.of_documents((report, row["no"]) for report, row in zip(reports, documents, strict=True))
    return [
        {**row, "print_jobs": found.get((report.name, row["no"]), [])}
        for report, row in zip(reports, documents, strict=True)
    ]


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
