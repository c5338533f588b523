"""Cancel: posted invoices and credit memos, one, several or a whole batch, are undone by corrective documents.

Each is made from what it cancels and queued, the last posted first, so that goods go back as they came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from peewee import IntegrityError

from postroom.core import reading, users
from postroom.core.counted import counted
from postroom.core.database import transaction
from postroom.core.documents import cancellations
from postroom.core.documents.cancellations import Cancellation
from postroom.core.errors import Problem, Refused, UsageError
from postroom.core.jobs import background, batches, doorbell, queueing
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.queueing import AT_ONCE, QueueOptions
from postroom.core.jobs.results import DocumentResult
from postroom.core.kinds import Area, DocumentType, PostedKind
from postroom.core.posting import check
from postroom.core.posting.rows import PostedRef
from postroom.core.printing.reports import Report
from postroom.core.statements import in_parts
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import setup_of
from postroom.core.users import Permission

Result = TypeVar("Result")

MONEY = (PostedKind.INVOICE, PostedKind.CREDIT_MEMO)
_TRIES = 5


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """How to cancel. `mode` is queue or now (in this process); `queue_anyway`: also what the check finds wrong now.

    `posting_date`: of all corrective documents; without it each is dated as what it cancels or, where that day is
    closed to the user, today.
    """

    mode: str = "queue"
    queue_anyway: bool = False
    posting_date: date | None = None


@dataclass(frozen=True, slots=True)
class CancelResult:
    """What became of cancelling one posted document, `cancels`: `result` is queued, posted, refused or failed.

    `type` and `no` name the corrective document, or the posted one where none was made: `posted-sales-invoice`.
    """

    type: str
    no: str
    result: str
    entry_id: str
    posted: tuple[PostedRef, ...]
    errors: tuple[Problem, ...]
    cancels: PostedRef


class _Undone(Exception):
    """Rolls back a corrective document that was only tried."""


def cancel(
    posted_ids: Sequence[int],
    request: CancelRequest,
    *,
    user: str,
    progress: Callable[[int], None] | None = None,
    report: str = "Cancel Posted Documents",
) -> list[CancelResult]:
    """Cancel posted documents; a result for each, in their order. Several that are queued are a batch.

    A single one, and each that is posted at once, is checked first: what is wrong leaves no document behind.
    Raises NotPermitted, and UsageError for a request that contradicts itself.
    """
    users.require(user, Permission.POST)
    if request.mode not in ("queue", "now"):
        raise UsageError(f"{request.mode} is no way to cancel.", field="mode", value=request.mode)
    ids = list(dict.fromkeys(posted_ids))
    in_turn = sorted(ids, reverse=True)
    if request.mode == "now":
        done = _now(in_turn, request, user, progress)
    elif len(ids) == 1 and not request.queue_anyway:
        done = {ids[0]: _as_others_let(lambda: _checked(ids[0], request, user, _queue_one))}
    else:
        done = _queued(in_turn, request, user, progress, report)
    return [done[id_] for id_ in ids]


def cancel_batch(
    no: int, request: CancelRequest, *, user: str, progress: Callable[[int], None] | None = None
) -> list[CancelResult]:
    """Cancel every posted invoice and credit memo of a batch. Raises NotFound, and Refused where nothing is posted."""
    found = of_batch(no)
    if not found:
        raise Refused(
            f"Nothing of batch {no} is posted.",
            code="nothing_to_cancel",
            record=f"Batch {no}",
            field="no",
            value=str(no),
            hint="`postroom remove` takes what still waits out of the job queue.",
        )
    return cancel(found, request, user=user, progress=progress, report=f"Cancel Batch {no}")


def of_batch(no: int) -> list[int]:
    """The posted invoices and credit memos of a batch, by id, in the order of their posting. Raises NotFound."""
    batches.show(no)
    chosen = PostedDocument.select(PostedDocument.id).where(
        PostedDocument.batch_no == no, PostedDocument.kind.in_(MONEY)
    )
    return [row.id for row in chosen.order_by(PostedDocument.id)]


def find(no: str, *, area: Area | None = None, kind: PostedKind | None = None) -> int:
    """The id of the posted document with this no., of an invoice or credit memo before one of goods.

    Raises NotFound, and UsageError where several have it.
    """
    chosen = PostedDocument.select().where(PostedDocument.no == no)
    if area is not None:
        chosen = chosen.where(PostedDocument.area == area)
    if kind is not None:
        chosen = chosen.where(PostedDocument.kind == kind)
    found = list(chosen)
    if kind is None:
        found = [row for row in found if row.kind in MONEY] or found
    reading.refuse_not_one(no, [(row.area, row.kind) for row in found])
    return int(found[0].id)


def described(posted_ids: Sequence[int]) -> str:
    """How many of what posted documents are: `2 Sales Invoices, 1 Purchase Credit Memo`."""
    counts: dict[str, int] = {}
    for part in in_parts(posted_ids):
        chosen = PostedDocument.select(PostedDocument.area, PostedDocument.kind).where(PostedDocument.id.in_(part))
        for row in chosen.order_by(PostedDocument.id):
            title = f"{row.area.title()} {row.kind.title}"
            counts[title] = counts.get(title, 0) + 1
    return ", ".join(counted(count, title) for title, count in counts.items())


_FOR_GOOD = {"already_cancelled", "already_corrected", "being_cancelled", "not_cancellable"}


def may_be_queued_anyway(result: CancelResult) -> bool:
    """Whether it was refused only by what the check finds wrong now, which may be right when it is posted."""
    codes = {problem.code for problem in result.errors}
    return result.result == "refused" and bool(codes) and not codes & _FOR_GOOD


def matching(filter: str, *, area: str = "", kind: str = "") -> list[int]:
    """The posted invoices and credit memos that a filter takes, by id, in the order of their posting.

    Raises UsageError for a filter that cannot be read.
    """
    conditions = [PostedDocument.kind.in_(MONEY), *reading.posted_conditions(filter)]
    if area:
        conditions.append(PostedDocument.area == area)
    if kind:
        conditions.append(PostedDocument.kind == kind)
    return [row.id for row in PostedDocument.select(PostedDocument.id).where(*conditions).order_by(PostedDocument.id)]


def _now(
    ids: Sequence[int], request: CancelRequest, user: str, progress: Callable[[int], None] | None
) -> dict[int, CancelResult]:
    done = {}
    for number, id_ in enumerate(ids, 1):
        done[id_] = _as_others_let(lambda id_=id_: _checked(id_, request, user, None))  # type: ignore[misc]
        if progress is not None:
            progress(number)
    return done


def _as_others_let(act: Callable[[], Result]) -> Result:
    """Do it again where somebody else cancels the same document at this very moment, and is seen the next time."""
    for _ in range(_TRIES - 1):
        with suppress(IntegrityError):
            return act()
    return act()


def _checked(
    posted_id: int, request: CancelRequest, user: str, queue: Callable[[Cancellation, str], CancelResult] | None
) -> CancelResult:
    """Make one corrective document, check it, and queue it in the same transaction or post it after that."""
    result: CancelResult | None = None
    with suppress(_Undone), transaction():
        made = _make([posted_id], request, user)[posted_id]
        if made.type is None:
            return _refused(made, made.problem)
        if queue is None or _is_checked(made.type):
            problems = check.check(made.document_id, user=user)
            if problems:
                result = _refused(made, *problems)
                raise _Undone
        if queue is not None:
            return queue(made, user)
    if result is not None:
        return result
    (posted,) = background.post([made.document_id], PostRequest(mode="now"), user=user)
    return _result(made, posted)


def _is_checked(type_: DocumentType) -> bool:
    """Whether the setup of its area checks what a person queues."""
    setup = setup_of(type_.area)
    return bool(setup.check_before_queueing)


def _queued(
    ids: Sequence[int], request: CancelRequest, user: str, progress: Callable[[int], None] | None, report: str
) -> dict[int, CancelResult]:
    """Make and queue corrective documents, part by part, under one batch no.; none is made that is not queued."""
    batch_no: int | None = None
    done: dict[int, CancelResult] = {}

    def make_and_queue(part: Sequence[int]) -> dict[int, CancelResult]:
        nonlocal batch_no
        number = batch_no
        with transaction():
            made = _make(part, request, user)
            ready = [one for one in made.values() if one.type is not None]
            if ready and number is None and len(ids) > 1:
                number = queueing.new_batch(QueueOptions(report=report), user)
            queued = {result.cancels: result for result in _queue(ready, number, user)}
        batch_no = number
        return {id_: queued.get(one.posted) or _refused(one, one.problem) for id_, one in made.items()}

    for part in in_parts(ids, AT_ONCE):
        done |= _as_others_let(lambda part=part: make_and_queue(part))  # type: ignore[misc]
        if progress is not None:
            progress(len(done))
    return done


def _make(posted_ids: Sequence[int], request: CancelRequest, user: str) -> dict[int, Cancellation]:
    """The corrective documents of posted ones by their ids, in the caller's transaction."""
    made = cancellations.make(posted_ids, user=user, posting_date=request.posting_date)
    return dict(zip(posted_ids, made, strict=True))


def _queue_one(made: Cancellation, user: str) -> CancelResult:
    return _queue([made], None, user)[0]


def _queue(made: Sequence[Cancellation], batch_no: int | None, user: str) -> list[CancelResult]:
    if not made:
        return []
    results = queueing.queue_part([one.document_id for one in made], QueueOptions(), batch_no, user)
    doorbell.ring_after_commit()
    return [_result(one, result) for one, result in zip(made, results, strict=True)]


def _result(made: Cancellation, result: DocumentResult) -> CancelResult:
    return CancelResult(
        result.type, result.no, result.result, result.entry_id, result.posted, result.errors, made.posted
    )


def _refused(made: Cancellation, *problems: Problem | None) -> CancelResult:
    posted = made.posted
    name = f"posted-{Report(posted.area, posted.kind).name}"
    errors = tuple(problem for problem in problems if problem is not None)
    return CancelResult(name, posted.no, "refused", "", (), errors, posted)
