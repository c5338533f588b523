"""The Report Inbox: each user's own reports as PDF, until that user deletes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from peewee import fn

from postroom.core import clock, filters, reading, users
from postroom.core.database import transaction
from postroom.core.errors import NotFound
from postroom.core.printing import folder
from postroom.core.printing.reports import Report
from postroom.core.tables.work import InboxReport
from postroom.core.users import Permission


@dataclass(frozen=True, slots=True)
class InboxView:
    """A report as the list shows it; `size` in bytes."""

    id: int
    created: datetime | None
    description: str
    document_no: str
    is_read: bool
    size: int


_COLUMNS = {
    "id": InboxReport.id,
    "created": InboxReport.created_at,
    "description": InboxReport.description,
    "document_no": InboxReport.document_no,
    "is_read": InboxReport.is_read,
}


def put(user: str, description: str, document_no: str, content: bytes, listing: str = "") -> int:
    """Lay a report into a user's inbox, in the caller's transaction; returns its id.

    `listing` is what a listing says, in JSON.
    """
    made = InboxReport.create(
        user_id=user,
        created_at=clock.now(),
        description=description,
        document_no=document_no,
        content=content,
        listing=listing,
    )
    return int(made.id)


def list_reports(filter: str = "", *, user: str) -> list[InboxView]:
    """The user's own reports, the newest first. Raises UsageError for a filter that cannot be read."""
    users.require(user, Permission.VIEW)
    return _views(filters.conditions(filter, _COLUMNS, [InboxReport.description, InboxReport.document_no]), user)


def show(id_: int, *, user: str) -> InboxView:
    """One of the user's own reports. Raises NotFound."""
    users.require(user, Permission.VIEW)
    found = _views([InboxReport.id == id_], user)
    if not found:
        raise _not_there(id_, user)
    return found[0]


def document_of(report: InboxView) -> dict[str, Any] | None:
    """The posted document that a report shows, with its lines and VAT; None where it shows none."""
    no = report.document_no
    for row in reading.posted_documents(f"no={filters.quote(no)}") if no else ():
        if report.description.startswith(f"{Report(row['area'], row['kind']).title} {no}"):
            return row
    return None


def listing_of(id_: int, *, user: str) -> dict[str, Any] | None:
    """What a listing in the user's inbox says, as its layout got it; None for a posted document. Raises NotFound."""
    users.require(user, Permission.VIEW)
    listing = _own(id_, user).listing
    return dict(json.loads(listing)) if listing else None


def count_unread(user: str) -> int:
    """How many reports the user has not opened yet."""
    return int(InboxReport.select().where(InboxReport.user_id == user, ~InboxReport.is_read).count())


def open_report(id_: int, *, user: str) -> tuple[str, bytes]:
    """A report's file name and PDF; it is marked read. Raises NotFound, also for what is another user's."""
    users.require(user, Permission.VIEW)
    row = _own(id_, user)
    if not row.is_read and users.may(user, Permission.POST):
        with transaction():
            InboxReport.update(is_read=True).where(InboxReport.id == id_).execute()
    before, no, after = row.description.partition(row.document_no) if row.document_no else (row.description, "", "")
    name = folder.file_name(*before.lower().split(), no, *after.lower().split())  # as where it is printed to a folder
    return f"{name}.pdf", bytes(row.content)


def save(id_: int, target: Path, *, user: str) -> Path:
    """Save a report as a file, or under its own name in a folder; it never overwrites. Returns the file's path."""
    name, content = open_report(id_, user=user)
    return folder.write_new(target, name, content)


def delete(ids: Sequence[int], *, user: str) -> int:
    """Delete one's own reports, all or none; returns how many. Raises NotFound."""
    users.require(user, Permission.POST)
    wanted = list(dict.fromkeys(ids))
    with transaction():
        for id_ in wanted:
            _own(id_, user)
        InboxReport.delete().where(InboxReport.id << wanted, InboxReport.user_id == user).execute()
    return len(wanted)


def _views(conditions: Sequence[Any], user: str) -> list[InboxView]:
    select = InboxReport.select(*_COLUMNS.values(), fn.LENGTH(InboxReport.content)).where(InboxReport.user_id == user)
    for condition in conditions:
        select = select.where(condition)
    rows = cast(Iterable[tuple[Any, ...]], select.order_by(InboxReport.id.desc()).tuples())
    return [InboxView(*row) for row in rows]


def _own(id_: int, user: str) -> InboxReport:
    row: InboxReport | None = InboxReport.get_or_none(InboxReport.id == id_, InboxReport.user_id == user)
    if row is None:
        raise _not_there(id_, user)
    return row


def _not_there(id_: int, user: str) -> NotFound:
    return NotFound(
        f"There is no report {id_} in the Report Inbox of {user}.",
        record=f"Report {id_}",
        value=str(id_),
        hint="`postroom inbox list` shows yours.",
    )
