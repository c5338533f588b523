"""Queueing documents, many at once: release, Scheduled for Posting, one entry each, change log; a part at a time.

What is done to every document is a statement over all of a part (queueing 10,000 documents must take seconds).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from postroom.core import clock, company
from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.documents import releasing, terms
from postroom.core.documents.terms import Dated
from postroom.core.errors import CheckFailed, PostroomError, Problem
from postroom.core.jobs import doorbell, posting_options
from postroom.core.jobs.posting_options import PostingOptions
from postroom.core.jobs.registry import POST_DOCUMENT
from postroom.core.jobs.results import DocumentResult
from postroom.core.kinds import Area, DocumentStatus, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.posting import check, source
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.statements import (
    Row,
    answer,
    asked,
    execute,
    in_parts,
    insert,
    insert_returning,
    marks,
    pipelined,
    query,
)
from postroom.core.tables.base import instant_from_stored, instant_to_stored
from postroom.core.tables.setup import BackgroundPostingSetup, ChangeLogEntry, setup_of
from postroom.core.tables.trade import Document
from postroom.core.tables.work import Batch, JobQueueEntry

AT_ONCE = 1000
"""Documents queued in one transaction: a batch must not hold SQLite's write lock for long."""


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """How documents are queued. `check` tells what is wrong with a document now; None leaves that to the posting.

    `asked`: whether they are to ship, receive, invoice. `print`: Post and Print. `again`: both as the entry that a
    document has already, in the batch that it is of. `is_batch`: also a single document gets a batch number.
    """

    check: Callable[[int], tuple[Problem, ...]] | None = None
    posting_date: date | None = None
    replace_posting_date: bool = False
    replace_document_date: bool = False
    calc_inv_discount: bool = False
    asked: Asked = AS_THE_DOCUMENT_SAYS
    print: bool = False
    again: bool = False
    report: str = "Post"
    is_batch: bool = False


@dataclass(frozen=True, slots=True)
class _Queued:
    """A document's row as its queueing reads it."""

    id: int
    type: DocumentType
    no: str
    status: str
    job_queue_status: str


def queue_documents(
    document_ids: Sequence[int],
    options: QueueOptions,
    *,
    user: str,
    progress: Callable[[int], None] | None = None,
    prove: Callable[[], None] | None = None,
) -> list[DocumentResult]:
    """Queue documents in their order; several make a batch. Those that may not be queued are refused with why.

    `prove` runs first in each transaction: a job's proof that its claim still holds.
    """
    is_batch = options.is_batch or (len(document_ids) > 1 and not options.again)
    batch_no = new_batch(options, user) if is_batch else None
    results: list[DocumentResult] = []
    for part in in_parts(document_ids, AT_ONCE):
        with transaction():
            if prove is not None:
                prove()
            results += queue_part(part, options, batch_no, user)
            doorbell.ring_after_commit()
        if progress is not None:
            progress(len(results))
    return results


class _Undone(Exception):
    """Rolls back what was only tried."""


def check_documents(document_ids: Sequence[int], options: QueueOptions, *, user: str) -> list[DocumentResult]:
    """Whether each document would post, made ready as the options say; nothing of it is kept."""
    results: list[DocumentResult] = []
    for id_ in document_ids:
        with suppress(_Undone), transaction():
            results.append(_check_one(id_, options, user))
            raise _Undone
    return results


def _check_one(document_id: int, options: QueueOptions, user: str) -> DocumentResult:
    found = _lock([document_id])[0]
    if document_id not in found:
        return DocumentResult("", str(document_id), "refused", errors=(gone(document_id),))
    document = found[document_id]
    refused = _get_ready([document], options, _setups())
    if document_id in refused:
        return replace(refused[document_id], result="failed")
    return checked(document.type, document.no, document_id, user, options.asked)


def checked(type_: DocumentType, no: str, document_id: int, user: str, asked: Asked) -> DocumentResult:
    """What the check finds of a document as it stands: problems, and warnings of what does not hinder it yet."""
    problems, warnings = check.check_and_warn(document_id, user=user, asked=asked)
    result = "failed" if problems else "checked"
    return DocumentResult(type_.value, no, result, errors=problems, warnings=warnings)


def new_batch(options: QueueOptions, user: str) -> int:
    """The number of a new batch."""
    dates = str(options.posting_date) if options.posting_date else ""
    stored = json.dumps(
        {
            "posting_date": dates,
            "replace_posting_date": options.replace_posting_date,
            "replace_document_date": options.replace_document_date,
            "calc_inv_discount": options.calc_inv_discount,
            "print": options.print,
            **asdict(options.asked),
        }
    )
    with transaction():
        (number,) = insert_returning(
            Batch,
            ("report", "user_id", "created_at", "options"),
            [(options.report, user, instant_to_stored(clock.now()), stored)],
            "no",
        )
    return number


def queue_part(ids: list[int], options: QueueOptions, batch_no: int | None, user: str) -> list[DocumentResult]:
    """Queue documents in the caller's transaction; a result for each, in their order."""
    found, entries = _lock(ids)
    setups = _setups()
    refused: dict[int, DocumentResult] = {}
    for id_ in ids:
        if id_ not in found:
            refused[id_] = DocumentResult("", str(id_), "refused", errors=(gone(id_),))
        elif found[id_].job_queue_status in (JobQueueStatus.SCHEDULED.value, JobQueueStatus.POSTING.value):
            document = found[id_]
            problem = already_queued(document.type, document.no, document.job_queue_status, entries.get(id_))
            refused[id_] = _refused(document, (problem,))
    wanted = [found[id_] for id_ in ids if id_ not in refused]
    get_ready = _get_ready if options.check is None else _get_ready_and_check
    refused |= get_ready(wanted, options, setups)
    queued = [document for document in wanted if document.id not in refused]
    with pipelined():
        entry_ids = _write_entries(queued, entries, options, batch_no, user, setups)
        _mark_scheduled(queued, user)
    return [
        refused.get(id_) or DocumentResult(found[id_].type.value, found[id_].no, "queued", entry_ids[id_])
        for id_ in ids
    ]


Setups = Mapping[Area, Any]
"""The setup windows' rows, read once for all documents of a part."""


def _setups() -> Setups:
    return {area: setup_of(area) for area in Area}


def _get_ready(documents: Sequence[_Queued], options: QueueOptions, setups: Setups) -> dict[int, DocumentResult]:
    """Release the documents and write the batch's dates to them; those that are refused stay as they were."""
    dated, problems = _redated(documents, options)
    refused = {one.id: _refused(one, (problems[one.id],)) for one in documents if one.id in problems}
    refused |= _release([one for one in documents if one.id not in refused], options, setups)
    terms.write([new for id_, new in dated.items() if id_ not in refused])
    return refused


def _get_ready_and_check(
    documents: Sequence[_Queued], options: QueueOptions, setups: Setups
) -> dict[int, DocumentResult]:
    """The same, refusing also what the check finds wrong with a document as it would be posted."""
    refused: dict[int, DocumentResult] = {}
    for document in documents:
        try:
            with transaction():  # a savepoint, so that a refused document is neither released nor dated anew
                refused |= _get_ready([document], options, setups)
                if document.id not in refused and options.check and (problems := options.check(document.id)):
                    raise CheckFailed(problems)
        except CheckFailed as error:
            refused[document.id] = _refused(document, error.problems)
    return refused


def _lock(ids: list[int]) -> tuple[dict[int, _Queued], dict[int, Row]]:
    """The documents, held in the order of their ids until the transaction ends, and the posting entries that they have
    already, as (entry_no, id, user, created_at, parameters).
    """
    held = " FOR UPDATE" if engine.is_postgres() else ""
    with pipelined():
        documents = asked(
            f"SELECT id, type, no, status, job_queue_status FROM document WHERE id IN ({marks(len(ids))})"
            f" ORDER BY id{held}",
            ids,
        )
        entries = asked(
            "SELECT record_id, entry_no, id, user_id, created_at, parameters FROM job_queue_entry"
            f" WHERE job = 'post-document' AND record_id IN ({marks(len(ids))})",
            ids,
        )
    return (
        {row[0]: _Queued(row[0], DocumentType(row[1]), *row[2:]) for row in answer(documents)},
        {row[0]: row[1:] for row in answer(entries)},
    )


def _redated(documents: Sequence[_Queued], options: QueueOptions) -> tuple[dict[int, Dated], dict[int, Problem]]:
    """The documents with the batch's dates, where it replaces any."""
    if not documents or not (options.replace_posting_date or options.replace_document_date):
        return {}, {}
    return terms.redated(
        [document.id for document in documents],
        posting_date=options.posting_date if options.replace_posting_date else None,
        document_date=options.posting_date if options.replace_document_date else None,
    )


def _release(documents: Sequence[_Queued], options: QueueOptions, setups: Setups) -> dict[int, DocumentResult]:
    """Release what is still open: those plainly ready all at once, the others one by one, with every reason."""
    still_open = [document for document in documents if document.status == DocumentStatus.OPEN.value]
    calculates = options.calc_inv_discount or any(setup.calc_inv_discount for setup in setups.values())
    one_by_one = still_open if calculates else []
    if not one_by_one and still_open:
        ids = [document.id for document in still_open]
        ready = {
            id_
            for (id_,) in query(
                "SELECT d.id FROM document d WHERE d.party_no <> '' AND EXISTS (SELECT 1 FROM document_line l"
                " WHERE l.document_id = d.id AND l.type <> 'comment' AND l.no <> '' AND l.quantity <> 0)"
                f" AND d.id IN ({marks(len(ids))})",
                ids,
            )
        }
        one_by_one = [document for document in still_open if document.id not in ready]
    refused = {}
    for document in one_by_one:
        try:
            with transaction():
                row = Document.get_or_none(Document.id == document.id)
                if row is None:
                    raise source.gone()
                if options.calc_inv_discount:
                    releasing.calculate_invoice_discount(row)
                releasing.release_in_transaction(row)
        except PostroomError as error:
            refused[document.id] = _refused(document, error.problems)
    return refused


def _write_entries(
    documents: Sequence[_Queued],
    existing: Mapping[int, Row],
    options: QueueOptions,
    batch_no: int | None,
    user: str,
    setups: Setups,
) -> dict[int, str]:
    """One entry per document: a new one, or the one it has, with its attempts back at 0 and of its batch still."""
    now = instant_to_stored(clock.now())
    entry_ids: dict[int, str] = {}
    orders, others = (PostingOptions(asked, options.print) for asked in (options.asked, Asked()))
    new = []
    for document in documents:
        setup = setups[document.type.area]
        wanted = orders if document.type.is_order else others
        if options.again and document.id in existing:
            wanted = posting_options.of_entry(existing[document.id][4])
        how = _how(document, setup, wanted)
        if document.id in existing:
            entry_no, entry_ids[document.id] = existing[document.id][:2]
            _reuse(entry_no, how, setup, batch_no, user, now)
            continue
        entry_ids[document.id] = secrets.token_hex(8)
        new.append(
            (
                entry_ids[document.id],
                user,
                POST_DOCUMENT,
                document.type.value,
                document.id,
                document.no,
                *how,
                EntryStatus.READY.value,
                setup.job_queue_category_code,
                setup.maximum_no_of_attempts,
                setup.rerun_delay,
                setup.job_timeout,
                batch_no,
                setup.notify_on_success,
                now,
                now,
            )
        )
    insert(JobQueueEntry, _ALL_COLUMNS, [(*row, *_BLANK.values()) for row in new])
    return entry_ids


_COLUMNS = (
    *("id", "user_id", "job", "record_type", "record_id", "record_no", "description", "parameters", "priority"),
    *(
        "status",
        "category_code",
        "max_attempts",
        "rerun_delay",
        "job_timeout",
        "batch_no",
        "notify_on_success",
        "created_at",
    ),
    "last_ready_at",
)
_BLANK: Mapping[str, Any] = {
    name: field.default
    for name, field in JobQueueEntry._meta.fields.items()
    if name not in _COLUMNS and name != "entry_no"
}
_ALL_COLUMNS = (*_COLUMNS, *_BLANK)


def _how(document: _Queued, setup: BackgroundPostingSetup, options: PostingOptions) -> tuple[str, str, int]:
    """Description, parameters and priority of a document's entry."""
    name = f"{document.type.title} {document.no}"
    if options.print:
        return f"Post and Print {name}", posting_options.stored(options), setup.priority_for_post_and_print
    return f"Post {name}", posting_options.stored(options), setup.priority_for_post


def _reuse(
    entry_no: int,
    how: tuple[str, str, int],
    setup: BackgroundPostingSetup,
    batch_no: int | None,
    user: str,
    now: int,
) -> None:
    execute(
        "UPDATE job_queue_entry SET status = 'Ready', attempts = 0, errors = '', held_by = '', earliest_start = 0,"
        " expiration = 0,"
        " user_id = ?, created_at = ?, category_code = ?, description = ?, parameters = ?, priority = ?,"
        " max_attempts = ?, rerun_delay = ?, job_timeout = ?,"
        " batch_no = COALESCE(?, batch_no), notify_on_success = ?, last_ready_at = ? WHERE entry_no = ?",
        (
            *(user, now),
            setup.job_queue_category_code,
            *how,
            setup.maximum_no_of_attempts,
            setup.rerun_delay,
            setup.job_timeout,
            batch_no,
            setup.notify_on_success,
            now,
            entry_no,
        ),
    )


def _mark_scheduled(documents: Sequence[_Queued], user: str) -> None:
    if not documents:
        return
    ids = [document.id for document in documents]
    execute(
        f"UPDATE document SET job_queue_status = ?, status = ? WHERE id IN ({marks(len(ids))})",
        [JobQueueStatus.SCHEDULED.value, DocumentStatus.RELEASED.value, *ids],
    )
    now = instant_to_stored(clock.now())
    insert(
        ChangeLogEntry,
        ("at", "user_id", "action", "kind", "record", "field", "old_value", "new_value"),
        [
            (
                *(now, user, "Queue", document.type.title, document.no, "Job Queue Status"),
                *(document.job_queue_status, JobQueueStatus.SCHEDULED.value),
            )
            for document in documents
        ],
    )


def _refused(document: _Queued, problems: tuple[Problem, ...]) -> DocumentResult:
    return DocumentResult(document.type.value, document.no, "refused", errors=problems)


def gone(document_id: int) -> Problem:
    """The problem of a document that is no longer there."""
    return Problem(
        "document_gone",
        "The document is no longer there.",
        value=str(document_id),
        hint="It may have been posted or deleted meanwhile.",
    )


def already_queued(type_: DocumentType, no: str, status: str, entry: tuple[Any, ...] | None) -> Problem:
    """The refusal of a document that waits in the job queue, naming its entry, who queued it, and when.

    `entry` is (entry_no, id, user, created_at, ...) as stored.
    """
    who = ""
    if entry is not None:
        since = instant_from_stored(entry[3])
        when = f" at {since.astimezone(company.time_zone()):%Y-%m-%d %H:%M}" if since else ""
        who = f" by entry {entry[0]}, queued by {entry[2]}{when}"
    posting = status == JobQueueStatus.POSTING.value
    return Problem(
        "document_is_posting" if posting else "document_is_scheduled",
        f"The document is {'being posted' if posting else 'scheduled for posting'}{who}.",
        f"{type_.title} {no}",
        field="job_queue_status",
        value=status,
        hint="Wait until it has ended." if posting else "Remove it from the job queue first, or wait.",
    )
