"""Documents to Handle: those whose posting failed, mine first, the same reasons together."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core.errors import Problem
from postroom.core.jobs.entry_views import list_entries


@dataclass(frozen=True, slots=True)
class ToHandle:
    """A document in Error. Those with the same `reason` have the same cause, mended once: code, field and value."""

    type: str
    no: str
    user: str
    description: str
    entry_id: str
    entry_no: int
    batch_no: int | None
    reason: str
    errors: tuple[Problem, ...]


def list_documents(user: str, *, mine_only: bool = False) -> list[ToHandle]:
    """Documents in Error: the user's own first, in each part the oldest reason first, its documents together."""
    found = [
        ToHandle(
            view.record_type,
            view.record_no,
            view.user,
            view.description,
            view.id,
            view.entry_no,
            view.batch_no,
            _reason(view.errors),
            view.errors,
        )
        for view in list_entries("status=Error job=post-document", user=user if mine_only else None)
    ]
    first: dict[tuple[bool, str], int] = {}
    for row in found:
        first.setdefault((row.user != user, row.reason), row.entry_no)
    return sorted(found, key=lambda row: (row.user != user, first[row.user != user, row.reason], row.entry_no))


def _reason(errors: tuple[Problem, ...]) -> str:
    """What has to be mended, such as `party_blocked party_no=C2`; every error counts, once."""
    causes = (f"{error.code} {error.field}={error.value}" if error.field else error.code for error in errors)
    return "; ".join(dict.fromkeys(causes))
