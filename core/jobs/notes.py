"""Notes to users: on final failure always, on success where asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from postroom.core import clock
from postroom.core.database import transaction
from postroom.core.errors import Problem, describe
from postroom.core.statements import insert
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.work import Note


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as lists show it."""

    id: int
    user: str
    created: datetime
    text: str
    record_type: str
    record_no: str
    is_read: bool


def write(user: str, text: str, record_type: str = "", record_no: str = "") -> None:
    """Leave a note, in the caller's transaction."""
    insert(
        Note,
        ("user_id", "created_at", "text", "record_type", "record_no", "is_read"),
        [(user, instant_to_stored(clock.now()), text, record_type, record_no, False)],
    )


def of_failure(description: str, problem: Problem) -> str:
    """`Post Sales Invoice S-INV1: Customer C1 is blocked.`: a record that the description names is not named again."""
    is_named = problem.record and problem.record in description
    return f"{description}: {describe(replace(problem, record='') if is_named else problem)}"


def list_notes(user: str, *, unread_only: bool = False) -> list[NoteView]:
    """A user's notes, newest first."""
    chosen = Note.select().where(Note.user_id == user)
    if unread_only:
        chosen = chosen.where(~Note.is_read)
    return [
        NoteView(row.id, row.user_id, row.created_at, row.text, row.record_type, row.record_no, row.is_read)
        for row in chosen.order_by(Note.id.desc())
    ]


def unread_count(user: str) -> int:
    """How many notes a user has not read."""
    return int(Note.select().where((Note.user_id == user) & ~Note.is_read).count())


def mark_read(user: str, note: int | None = None) -> int:
    """Take a user's notes as read, all or the one with this id; returns how many were new."""
    new = (Note.user_id == user) & ~Note.is_read
    with transaction():
        return int(Note.update(is_read=True).where(new if note is None else new & (Note.id == note)).execute())
