"""Batch posting and checking as jobs: each run finds the documents that are meant, then queues or checks them.

A batch is a producer: one entry per document under one batch number. What it did is told in a note to its user.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from postroom.core import clock, company, users, values
from postroom.core.counted import counted
from postroom.core.errors import NotFound, Problem, UsageError, describe
from postroom.core.kinds import DocumentType, JobQueueStatus
from postroom.core.statements import query
from postroom.core.users import Permission

if TYPE_CHECKING:
    from postroom.core.documents import DocumentView
    from postroom.core.jobs.claims import Claim
    from postroom.core.jobs.queueing import QueueOptions
    from postroom.core.jobs.results import DocumentResult

MOST_NAMED = 20
"""A note names so many documents and counts the others."""

_WAITING = (JobQueueStatus.SCHEDULED, JobQueueStatus.POSTING)


class NothingToDo(Exception):
    """A job found nothing to do: a recurring one may rest for its inactivity period."""


def read_filter(text: str) -> str:
    """A filter over documents that can be read. Raises UsageError."""
    from postroom.core.documents import views  # imported late: documents stand beside the jobs that post them

    views.list_documents(text, limit=0)
    return text


def _read_date(text: str) -> str:
    """A date, or `today` for the day of each run."""
    return "today" if text.strip().lower() == "today" else values.read_date(text.strip()).isoformat()


PARAMETERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("ship", "receive", "invoice"), values.read_boolean),
    "posting_date": _read_date,
    **dict.fromkeys(
        ("replace_posting_date", "replace_document_date", "calc_inv_discount", "print"), values.read_boolean
    ),
    "filter": read_filter,
}


def check_parameters(kind: DocumentType, given: Mapping[str, Any]) -> None:
    """Raise UsageError for options that do not go together, or that do not fit the documents."""
    if (given.get("replace_posting_date") or given.get("replace_document_date")) and not given.get("posting_date"):
        raise UsageError(
            "There is no date to replace with.", field="posting_date", hint="Give a posting date, or do not replace."
        )
    other = "ship" if kind.receives else "receive"
    if kind.is_order and given.get(other):
        moves = "receive" if kind.receives else "ship"
        raise UsageError(
            f"{kind.title}s do not {other}.", field=other, value="true", hint=f"They {moves}: give {moves} instead."
        )


def queue_batch(kind: DocumentType, claim: Claim) -> str:
    """Queue every document of a type that the filter takes; scheduled ones are skipped. Raises NothingToDo."""
    from postroom.core.jobs import claims, queueing  # imported late: they know the job types

    users.require(claim.user_id, Permission.POST)
    given = json.loads(claim.parameters)
    wanted, skipped = _meant(kind, given)
    if not wanted:
        raise NothingToDo
    options = replace(_options(given), report=claim.description, is_batch=True)
    done = queueing.queue_documents(
        [view.id for view in wanted], options, user=claim.user_id, prove=lambda: claims.prove(claim)
    )
    queued = [result for result in done if result.result == "queued"]
    refused = [result for result in done if result.result == "refused"]
    batch = _batch_of([result.entry_id for result in queued])
    text = f"{claim.description}: {counted(len(queued), 'document')} queued{batch}."
    if skipped:
        text += f" Skipped, as scheduled already: {_named([view.no for view in skipped])}."
    if refused:
        text += f" Refused: {_named([f'{result.no} ({result.errors[0].message})' for result in refused])}"
    return text


def check_batch(kind: DocumentType, parameters: str, user: str) -> list[DocumentResult]:
    """What a batch would do if it ran now: for each document `checked`, or why it would fail. Nothing is changed."""
    from postroom.core.jobs import queueing

    given = json.loads(parameters)
    wanted, _ = _meant(kind, given)
    return queueing.check_documents([view.id for view in wanted], _options(given), user=user)


def count(job: str, parameters: Mapping[str, str]) -> int:
    """How many documents a batch would queue now. Raises UsageError."""
    kind, given = _read(job, parameters)
    return len(_meant(kind, given)[0])


def run_now(
    job: str, parameters: Mapping[str, str], *, user: str, progress: Callable[[int], None] | None = None
) -> list[DocumentResult]:
    """A batch by hand: every document that matches is queued under one batch number. Raises UsageError."""
    from postroom.core.jobs import queueing

    users.require(user, Permission.POST)
    kind, given = _read(job, parameters)
    wanted, _ = _meant(kind, given)
    options = replace(_options(given), report=f"Batch Post {kind.title}s", is_batch=True)
    return queueing.queue_documents([view.id for view in wanted], options, user=user, progress=progress)


def _read(job: str, parameters: Mapping[str, str]) -> tuple[DocumentType, dict[str, Any]]:
    """The document type of a batch job, and its checked parameters. Raises UsageError."""
    from postroom.core.jobs import registry

    kind = DocumentType(job.removeprefix("batch-post-")[:-1])
    return kind, registry.read_parameters(registry.job_type(job), parameters)


def check_documents(claim: Claim) -> str:
    """Check every document that the filter takes and tell its user what would fail. Raises NothingToDo."""
    from postroom.core.posting.check import check_and_warn

    users.require(claim.user_id, Permission.POST)
    found = _documents(json.loads(claim.parameters).get("filter", ""))
    if not found:
        raise NothingToDo
    wrong: list[Sequence[Problem]] = []
    warned: dict[str, None] = {}
    for view in found:
        with suppress(NotFound):  # posted or deleted meanwhile
            problems, warnings = check_and_warn(view.id, user=claim.user_id)
            warned |= dict.fromkeys(f"{warning.message} {warning.hint}" for warning in warnings)
            if problems:
                wrong.append(problems)
    text = f"{claim.description}: {counted(len(found), 'document')} checked, {len(wrong)} would fail."
    reasons = [
        describe(problems[0]) + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else "") for problems in wrong
    ]
    return " ".join(part for part in (text, _named(reasons), *warned) if part)


def _meant(kind: DocumentType, given: Mapping[str, Any]) -> tuple[list[DocumentView], list[DocumentView]]:
    """The documents that a batch takes: those it queues, and those it skips because they are scheduled already."""
    found = _documents(f"type={kind.value} {given.get('filter', '')}")
    skipped = [view for view in found if view.job_queue_status in _WAITING]
    return [view for view in found if view.job_queue_status not in _WAITING], skipped


def _options(given: Mapping[str, Any]) -> QueueOptions:
    from postroom.core.jobs.queueing import QueueOptions
    from postroom.core.posting.steps import Asked

    return QueueOptions(
        posting_date=_date_of(given.get("posting_date", "")),
        replace_posting_date=given.get("replace_posting_date", False),
        replace_document_date=given.get("replace_document_date", False),
        calc_inv_discount=given.get("calc_inv_discount", False),
        asked=Asked(*(given.get(name, False) for name in ("ship", "receive", "invoice"))),
        print=given.get("print", False),
    )


def _documents(filter: str) -> list[DocumentView]:
    from postroom.core.documents import list_documents

    return list_documents(filter.strip())


def _date_of(text: str) -> date | None:
    if text == "today":
        return clock.today(str(company.time_zone()))
    return date.fromisoformat(text) if text else None


def _batch_of(entry_ids: Sequence[str]) -> str:
    if not entry_ids:
        return ""
    rows = query("SELECT batch_no FROM job_queue_entry WHERE id = ?", (entry_ids[0],))
    return f" as batch {rows[0][0]}" if rows else ""


def _named(names: Sequence[str]) -> str:
    more = f", and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return "; ".join(names[:MOST_NAMED]) + more
