"""Post: in the session or through the job queue, as the setup says; and Remove From Job Queue."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from postroom.core import changelog, clock, users
from postroom.core import database as engine
from postroom.core.database import transaction
from postroom.core.documents import releasing, terms
from postroom.core.errors import CheckFailed, PostroomError, Problem, Refused, UsageError, problems_to_json
from postroom.core.jobs import entries, posting_options, processes, queueing
from postroom.core.jobs.claims import LOG_COLUMNS
from postroom.core.jobs.queueing import QueueOptions, already_queued, gone
from postroom.core.jobs.registry import POST_DOCUMENT
from postroom.core.jobs.results import DocumentResult
from postroom.core.kinds import Area, JobQueueStatus, LogStatus
from postroom.core.posting import check
from postroom.core.posting import post as posting
from postroom.core.posting.post import PostedRef
from postroom.core.posting.steps import Asked
from postroom.core.printing import print_jobs
from postroom.core.printing.reports import Report
from postroom.core.statements import execute, insert, query
from postroom.core.tables.base import instant_to_stored
from postroom.core.tables.setup import setup_of
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry, JobQueueLogEntry
from postroom.core.users import Permission

__all__ = ["DocumentResult", "PostRequest", "post", "refuse_if_queued", "remove"]


@dataclass(frozen=True, slots=True)
class PostRequest:
    """What a person asked for. `mode` is setup (as the setup says), now (in this process) or queue.

    With any of `ship`, `receive`, `invoice`: exactly those; with none: as each document says. `print`: Post and Print.
    `again`: what failed is queued to do what it was to do before, in place of these four.
    """

    ship: bool = False
    receive: bool = False
    invoice: bool = False
    print: bool = False
    again: bool = False
    mode: str = "setup"
    queue_anyway: bool = False
    check_only: bool = False
    posting_date: date | None = None
    replace_posting_date: bool = False
    replace_document_date: bool = False
    calc_inv_discount: bool = False

    @property
    def asked(self) -> Asked:
        return Asked(self.ship, self.receive, self.invoice)


def post(
    document_ids: Sequence[int],
    request: PostRequest,
    *,
    user: str,
    progress: Callable[[int], None] | None = None,
) -> list[DocumentResult]:
    """Post documents, queue them or check them; a result for each, in their order. Several are a batch.

    Raises NotPermitted, and UsageError for a request that contradicts itself.
    """
    users.require(user, Permission.POST)
    _refuse_nonsense(request)
    ids = list(dict.fromkeys(document_ids))
    if request.check_only:
        results = _each(ids, lambda id_: _check(id_, request, user), progress)
    else:
        results = {}
        queued = _queued_ones(ids, request)
        to_queue = [id_ for id_ in ids if id_ in queued]
        options = _queue_options(request, user, one=len(ids) == 1)
        for id_, result in zip(
            to_queue, queueing.queue_documents(to_queue, options, user=user, progress=progress), strict=True
        ):
            results[id_] = result
        now = [id_ for id_ in ids if id_ not in queued]
        results |= _each(now, lambda id_: _post_in_session(id_, request, user), progress)
    return [results[id_] for id_ in ids]


def remove(
    document_ids: Sequence[int], *, user: str, progress: Callable[[int], None] | None = None
) -> list[DocumentResult]:
    """Remove From Job Queue: the entry goes, the document stays released. One's own with Post, others' as admin."""
    users.require(user, Permission.POST)
    done = []
    for id_ in dict.fromkeys(document_ids):
        done.append(_remove(id_, user))
        if progress is not None:
            progress(len(done))
    return done


def refuse_if_queued(document: Document) -> None:
    """Raise Refused while a document is scheduled or being posted, naming its entry, who queued it, and when."""
    if document.job_queue_status in (JobQueueStatus.SCHEDULED, JobQueueStatus.POSTING):
        problem = already_queued(document.type, document.no, document.job_queue_status.value, _entry_of(document.id))
        refusal = Refused(problem.message)
        refusal.problems = (problem,)
        raise refusal


def _refuse_nonsense(request: PostRequest) -> None:
    if request.mode not in ("setup", "now", "queue"):
        raise UsageError(f"{request.mode} is no way to post.", field="mode", value=request.mode)
    if (request.replace_posting_date or request.replace_document_date) and request.posting_date is None:
        raise UsageError(
            "There is no date to replace with.", field="posting_date", hint="Give a posting date, or do not replace."
        )


def _queued_ones(ids: Sequence[int], request: PostRequest) -> set[int]:
    """Which documents the request or the setup sends through the job queue."""
    if request.mode != "setup":
        return set(ids) if request.mode == "queue" else set()
    areas = {
        area
        for area in Area
        if (setup := setup_of(area)).post_documents_via_job_queue
        and (setup.post_and_print_with_job_queue or not request.print)
    }
    if len(areas) != 1:
        return set(ids) if areas else set()
    prefix = f"{areas.pop().value}%"
    return {id_ for (id_,) in query("SELECT id FROM document WHERE type LIKE ?", (prefix,))} & set(ids)


def _queue_options(request: PostRequest, user: str, *, one: bool) -> QueueOptions:
    """A person's single document is checked first, where the setup of its area says so; batches are not."""

    def checked(document_id: int) -> tuple[Problem, ...]:
        document = Document.get_or_none(Document.id == document_id)
        if document is None:
            return (gone(document_id),)
        setup = setup_of(document.type.area)
        asked = posting_options.of_document(document_id).asked if request.again else request.asked
        return check.check(document_id, user=user, asked=asked) if setup.check_before_queueing else ()

    return QueueOptions(
        check=checked if one and not request.queue_anyway else None,
        posting_date=request.posting_date,
        replace_posting_date=request.replace_posting_date,
        replace_document_date=request.replace_document_date,
        calc_inv_discount=request.calc_inv_discount,
        asked=request.asked,
        print=request.print,
        again=request.again,
    )


def _each(
    ids: Sequence[int], act: Callable[[int], DocumentResult], progress: Callable[[int], None] | None
) -> dict[int, DocumentResult]:
    results = {}
    for number, id_ in enumerate(ids, 1):
        results[id_] = act(id_)
        if progress is not None:
            progress(number)
    return results


def _check(document_id: int, request: PostRequest, user: str) -> DocumentResult:
    """The document as it stands, or as the request would change it; nothing of that is kept."""
    if request.replace_posting_date or request.replace_document_date or request.calc_inv_discount:
        (result,) = queueing.check_documents([document_id], _queue_options(request, user, one=False), user=user)
        return result
    document = Document.get_or_none(Document.id == document_id)
    if document is None:
        return DocumentResult("", str(document_id), "refused", errors=(gone(document_id),))
    return queueing.checked(document.type, document.no, document_id, user, request.asked)


def _post_in_session(document_id: int, request: PostRequest, user: str) -> DocumentResult:
    """Post one document here and now; its log entry has a blank job queue, its Error entry goes with it."""
    document = Document.get_or_none(Document.id == document_id)
    if document is None:
        return DocumentResult("", str(document_id), "refused", errors=(gone(document_id),))
    type_, no = document.type.value, document.no
    started, token = instant_to_stored(clock.now()), secrets.token_hex(8)
    is_ready = False
    try:
        # One transaction, so that a document that fails is neither released nor dated anew.
        with transaction():
            _get_ready(document_id, request)
            is_ready = True
            plan = posting.prepare(
                document_id, user=user, posting_id=token, printing=request.print, asked=request.asked
            )
            _drop_entry(document)
            posted = posting.write(plan)
            _log(document, user, token, started, LogStatus.SUCCESS, ())
    except PostroomError as error:
        if not is_ready:
            return DocumentResult(type_, no, "refused", errors=error.problems)
        with transaction():
            _log(document, user, token, started, LogStatus.ERROR, error.problems)
        return DocumentResult(type_, no, "failed", errors=error.problems)
    if request.print:
        # What goes to a printer is left to the consumers; a report for the inbox is laid there at once.
        reports = [(Report(ref.area, ref.kind), ref.no) for ref in posted]
        entries.run_once(print_jobs.waiting_for_inbox(reports, user=user), user=user, is_logged=False)
    return DocumentResult(type_, no, "posted", posted=tuple(PostedRef(ref.area, ref.kind, ref.no) for ref in posted))


def _get_ready(document_id: int, request: PostRequest) -> None:
    """Write the request's dates and discount to the document, and release it."""
    document = _locked(document_id)
    if request.replace_posting_date or request.replace_document_date:
        dated, problems = terms.redated(
            [document_id],
            posting_date=request.posting_date if request.replace_posting_date else None,
            document_date=request.posting_date if request.replace_document_date else None,
        )
        if problems:
            raise CheckFailed(problems.values())
        terms.write(dated.values())
        document = Document.get_by_id(document_id)
    if request.calc_inv_discount:
        releasing.calculate_invoice_discount(document)
    releasing.release_in_transaction(document)


def _locked(document_id: int) -> Document:
    """The document under a lock, not queued. Raises Refused."""
    chosen = Document.select().where(Document.id == document_id)
    document: Document | None = (chosen.for_update() if engine.is_postgres() else chosen).first()
    if document is None:
        missing = Refused("The document is no longer there.")
        missing.problems = (gone(document_id),)
        raise missing
    refuse_if_queued(document)
    return document


def _drop_entry(document: Document) -> None:
    """The entry of an earlier attempt goes with the posting in the session."""
    execute("DELETE FROM job_queue_entry WHERE job = ? AND record_id = ?", (POST_DOCUMENT, document.id))


def _log(
    document: Document, user: str, token: str, started: int, status: LogStatus, problems: Sequence[Problem]
) -> None:
    insert(
        JobQueueLogEntry,
        LOG_COLUMNS,
        [
            (
                *("", POST_DOCUMENT, f"Post {document.type.title} {document.no}", document.type.value, document.no),
                *(user, "", "", processes.host(), os.getpid(), started, instant_to_stored(clock.now())),
                *(status.value, 1, problems_to_json(problems) if problems else "", "", token, None),
            )
        ],
    )


def _remove(document_id: int, user: str) -> DocumentResult:
    with transaction():
        chosen = Document.select().where(Document.id == document_id)
        document: Document | None = (chosen.for_update() if engine.is_postgres() else chosen).first()
        if document is None:
            return DocumentResult("", str(document_id), "refused", errors=(gone(document_id),))
        type_, no = document.type.value, document.no
        entry = JobQueueEntry.get_or_none(JobQueueEntry.job == POST_DOCUMENT, JobQueueEntry.record_id == document_id)
        problem = _not_removable(document, entry, user)
        if problem is not None or entry is None:
            return DocumentResult(type_, no, "refused", errors=(problem,) if problem else ())
        gone_now = execute(
            "DELETE FROM job_queue_entry WHERE entry_no = ? AND status <> 'In Process'", (entry.entry_no,)
        ).rowcount
        if gone_now != 1:
            posting_now = already_queued(document.type, no, JobQueueStatus.POSTING.value, _entry_of(document_id))
            return DocumentResult(type_, no, "refused", errors=(posting_now,))
        Document.update(job_queue_status=JobQueueStatus.BLANK).where(Document.id == document_id).execute()
        changelog.record(
            user,
            "Remove From Job Queue",
            document.type.title,
            no,
            field="Job Queue Status",
            old=document.job_queue_status.value,
        )
    return DocumentResult(type_, no, "removed", entry.id)


def _not_removable(document: Document, entry: JobQueueEntry | None, user: str) -> Problem | None:
    record = f"{document.type.title} {document.no}"
    if entry is None:
        return Problem(
            "document_not_queued",
            "The document is not in the job queue.",
            record,
            field="job_queue_status",
            hint="There is nothing to remove.",
        )
    if document.job_queue_status is JobQueueStatus.POSTING:
        return already_queued(document.type, document.no, JobQueueStatus.POSTING.value, _entry_of(document.id))
    if entry.user_id != user and not users.may(user, Permission.JOB_QUEUE_ADMIN):
        return Problem(
            "not_permitted",
            f"The document was queued by {entry.user_id}.",
            record,
            field="user",
            value=user,
            hint=f"Ask {entry.user_id} or a Job Queue Admin to remove it.",
        )
    return None


def _entry_of(document_id: int) -> tuple[object, ...] | None:
    rows = query(
        "SELECT entry_no, id, user_id, created_at FROM job_queue_entry WHERE job = ? AND record_id = ?",
        (POST_DOCUMENT, document_id),
    )
    return rows[0] if rows else None
