"""What Job Queue Entries are by behaviour 2, 4 and 6, as a model that knows nothing of the code; and comparing the two.

The model holds what must be stored. Rules (`jobs_machine`) do something to both; the invariants here compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from builders import document, item, item_line, party
from hypothesis.stateful import RuleBasedStateMachine, invariant
from jobs import ANN, assert_verified, ended_process
from peewee import fn

from postroom.core import clock, documents, users
from postroom.core.company import current_user
from postroom.core.errors import PostroomError, Problem, problems_from_json
from postroom.core.jobs import entries, processes, queues, recovery
from postroom.core.jobs.claims import Claim, Worker
from postroom.core.jobs.entry_rows import EntryRow, by_number
from postroom.core.jobs.results import DocumentResult, EntryResult
from postroom.core.jobs.watch import Watch
from postroom.core.kinds import Area, DocumentStatus, DocumentType, EntryStatus, JobQueueStatus, LogStatus
from postroom.core.statements import query
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import SalesSetup
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueCategory, JobQueueEntry, JobQueueLogEntry, Note

READY, RUNS, ERROR = EntryStatus.READY, EntryStatus.IN_PROCESS, EntryStatus.ERROR
HOLD, RESTS = EntryStatus.ON_HOLD, EntryStatus.ON_HOLD_INACTIVE
NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)
VIC = "vic"
"""May look and no more. Ann has Post; the third user is the company's creator, who has all."""
LONG = 10**8
"""A Job Timeout, in seconds, that no test's clock reaches."""
MOST_ATTEMPTS, RERUN_DELAY = 3, 10

Reached = set[tuple[str, str, str]]
"""Transitions as (from, to, trigger); a blank status is no entry."""


@dataclass(eq=False)
class Doc:
    """A sales invoice, as the model knows it."""

    id: int
    entry: Entry | None = None
    is_gone: bool = False

    @property
    def is_free(self) -> bool:
        """Whether it may be changed, deleted and posted."""
        return not self.is_gone and (self.entry is None or self.entry.status is ERROR)


@dataclass(eq=False)
class Entry:
    """A Job Queue Entry, as the model knows it."""

    no: int
    owner: str
    category: str
    status: EntryStatus = READY
    priority: int = 1000
    start: datetime | None = None
    expiration: datetime | None = None
    attempts: int = 0
    held_by: str = ""
    reason: str = ""
    """The code of the error that it bears."""
    doc: Doc | None = None
    recurs: bool = False
    finds_work: bool = True
    is_batch: bool = False
    claim: Claim | None = None
    is_lost: bool = False
    """Its worker's process has ended."""
    cancelled_by: str = ""


class JobsModel(RuleBasedStateMachine):
    """The world as it must be after each step, and the look whether it is."""

    reached: Reached = set()  # noqa: RUF012  a subclass per test has its own
    refused: set[tuple[str, str]] = set()  # noqa: RUF012
    """What was refused in which status to a user who may do it elsewhere."""
    dead = ended_process()

    def __init__(self) -> None:
        super().__init__()
        clock.start_at(NOON)
        self.admin = current_user()
        self.models: list[Entry] = []
        self.docs_seen: list[Doc] = []
        self.stale: list[Claim] = []
        self.stopped: set[str] = set()
        self.lost_worker = Worker(processes.host(), *self.dead, "")
        empty_the_queue()
        self.logs = {status: logged(status) for status in LogStatus}
        self.posted, self.notes = posted_invoices(), Note.select().count()

    # What holds after each step.

    @invariant()
    def entries_are_as_the_model_says(self) -> None:
        stored = {row.entry_no: row for row in by_number([one.no for one in self.models])}
        for entry in self.models:
            row = stored[entry.no]
            assert (row.status, row.attempts, row.priority) == (entry.status, entry.attempts, entry.priority)
            assert (row.user_id, row.category_code, row.held_by) == (entry.owner, entry.category, entry.held_by)
            assert (row.earliest_start, row.expiration) == (entry.start, entry.expiration)
            assert [problem.code for problem in problems_from_json(row.errors)[:1]] == [entry.reason] * bool(
                entry.reason
            )
            assert row.claim_token == (entry.claim.token if entry.claim is not None else "")
            assert (row.cancel_requested_by if entry.status is RUNS else "") == entry.cancelled_by
        assert JobQueueEntry.select().count() == len(self.models)

    @invariant()
    def documents_and_entries_agree(self) -> None:
        queued = {one.doc.id: one.status.document_status for one in self.models if one.doc is not None}
        for row in Document.select(Document.id, Document.status, Document.job_queue_status):
            assert row.job_queue_status is queued.pop(row.id, JobQueueStatus.BLANK)
            assert row.status is DocumentStatus.RELEASED
        assert not queued

    @invariant()
    def at_most_one_of_a_category_runs_and_no_document_has_two_entries(self) -> None:
        for column, where in (
            ("category_code", "status = 'In Process' AND category_code <> ''"),
            ("record_id", "record_id IS NOT NULL AND job = 'post-document'"),
        ):
            assert not query(
                f"SELECT {column} FROM job_queue_entry WHERE {where} GROUP BY {column} HAVING count(*) > 1"
            )

    @invariant()
    def each_run_has_one_log_entry_which_is_open_while_it_lasts(self) -> None:
        tokens = [row.posting_id for row in JobQueueLogEntry.select().where(JobQueueLogEntry.status == "In Process")]
        assert sorted(tokens) == sorted(claim_of(one).token for one in self.models if one.status is RUNS)
        for status in (LogStatus.SUCCESS, LogStatus.ERROR):
            assert logged(status) == self.logs[status], status

    @invariant()
    def each_document_is_posted_once_and_users_are_told_once(self) -> None:
        assert posted_invoices() == self.posted
        assert Note.select().count() == self.notes

    @invariant()
    def every_waiting_entry_says_why_and_waits_for_its_category_only_while_that_is_busy(self) -> None:
        busy = self.busy_categories()
        for view in entries.list_entries():
            assert (view.why is None) == (view.status == "In Process")
            assert view.why is None or view.why.text
            assert view.status != "Waiting" or view.category in busy

    def teardown(self) -> None:
        recovery.recover(Watch())  # what a lost worker holds is an error until somebody noticed
        assert_verified()
        empty_the_queue()

    # How the model moves.

    def new_doc(self) -> Doc:
        """A released sales invoice that is not queued."""
        self.docs_seen.append(Doc(document(DocumentType.SALES_INVOICE, [item_line()])))
        return self.docs_seen[-1]

    def born(self, made: Entry, trigger: str) -> Entry:
        JobQueueEntry.update(job_timeout=LONG, max_attempts=MOST_ATTEMPTS, rerun_delay=RERUN_DELAY).where(
            JobQueueEntry.entry_no == made.no
        ).execute()
        self.models.append(made)
        self.reached.add(("", made.status.value, trigger))
        return made

    def move(self, entry: Entry, to: EntryStatus, trigger: str) -> None:
        self.reached.add((entry.status.value, to.value, trigger))
        entry.status = to

    def to_ready(self, entry: Entry, trigger: str) -> None:
        """A person, or a command, makes it Ready: as new."""
        self.move(entry, READY, trigger)
        entry.attempts, entry.reason, entry.held_by = 0, "", ""

    def ended(self, entry: Entry, to: EntryStatus, trigger: str, *, reason: str = "", log: LogStatus) -> None:
        """A run ends. One that was cancelled is on hold afterwards, unless it ended for good."""
        if entry.cancelled_by and to is not ERROR:
            to, reason, trigger = HOLD, "cancelled", f"cancelled, {trigger}"
            entry.held_by = entry.cancelled_by
        self.move(entry, to, trigger)
        self.logs[log] += 1
        self.notes += to is ERROR
        entry.claim, entry.is_lost, entry.cancelled_by, entry.reason = None, False, "", reason

    def gone(self, entry: Entry, trigger: str, *, posted: bool = False) -> None:
        self.reached.add((entry.status.value, "", trigger))
        self.models.remove(entry)
        if entry.doc is not None:
            entry.doc.entry = None
            entry.doc.is_gone = posted
            self.posted += posted

    def planned(self, entry: Entry, since: datetime, seconds: float) -> None:
        """It starts so many seconds later, to the clock's running on."""
        start = stored(entry).earliest_start
        assert start is not None
        assert timedelta(0) <= start - since - timedelta(seconds=seconds) < timedelta(seconds=20)
        entry.start = start

    # Who may, and what is served.

    def may(self, entry: Entry, who: str) -> bool:
        """One's own entries need Post, others' Job Queue Admin."""
        return who == self.admin or (who == ANN and entry.owner == ANN)

    def told(self, what: str, status: EntryStatus | None, who: str, problems: Iterable[Problem]) -> None:
        """A refusal says why and what to do; it is kept for the count of what was refused."""
        found = list(problems)
        assert found
        for problem in found:
            assert problem.code
            assert problem.message
            assert problem.hint, problem
        if who == self.admin and status is not None:
            self.refused.add((status.value, what))

    def act(self, what: str, entry: Entry, who: str, use_case: Callable[..., Any], *allowed: EntryStatus) -> bool:
        """Do something to an entry; whether it was done, which must be as the model says."""
        problems = refusal_of(lambda: use_case([entry.no], user=who))
        may = entry.status in allowed and self.may(entry, who)
        assert (not problems) == may, (what, entry, who, problems)
        if not may:
            self.told(what, entry.status, who, problems)
        return may

    def on_document(self, what: str, doc: Doc, who: str, use_case: Callable[[], Any]) -> bool:
        """Do something to a document that is not scheduled or posting; whether it was done."""
        problems = refusal_of(use_case)
        may = doc.is_free and who != VIC
        assert (not problems) == may, (what, doc, who, problems)
        if not may:
            self.told(what, doc.entry.status if doc.entry else None, who, problems)
        return may

    def docs_there(self) -> list[Doc]:
        """Those neither posted nor deleted: the id of one that is gone may be another's by now."""
        return [one for one in self.docs_seen if not one.is_gone]

    def in_process(self) -> list[Entry]:
        return [one for one in self.models if one.status is RUNS]

    def running(self) -> list[Entry]:
        """What living workers hold."""
        return [one for one in self.in_process() if not one.is_lost]

    def busy_categories(self) -> set[str]:
        return {one.category for one in self.models if one.status is RUNS and one.category}

    def best(self) -> Entry | None:
        """Which entry is served next: of SPPOST one at a time, of DEFAULT four, by priority, start and number."""
        now = clock.now()
        busy = self.busy_categories()
        in_default = sum(
            one.status is RUNS and one.claim is not None and one.claim.job_queue_code == "DEFAULT"
            for one in self.models
        )

        def is_served(one: Entry) -> bool:
            if one.category == "SALESPOST":
                return "SPPOST" not in self.stopped
            return "DEFAULT" not in self.stopped and in_default < 4

        due = [
            one
            for one in self.models
            if one.status is READY
            and one.category not in busy
            and is_served(one)
            and (one.start is None or one.start <= now)
            and (one.expiration is None or one.expiration > now)
        ]
        never = datetime.min.replace(tzinfo=UTC)
        return min(due, key=lambda one: (one.priority, one.start or never, one.no), default=None)


def refusal_of(use_case: Callable[[], Any]) -> tuple[Problem, ...]:
    """Why it was refused; nothing if it was done."""
    try:
        results = use_case()
    except PostroomError as error:
        return error.problems
    if isinstance(results, list) and results and isinstance(results[0], (DocumentResult, EntryResult)):
        (result,) = results
        errors: tuple[Problem, ...] = result.errors
        assert (result.result == "refused") == bool(errors), result
        return errors
    return ()


def claim_of(entry: Entry) -> Claim:
    assert entry.claim is not None
    return entry.claim


def stored(entry: Entry) -> EntryRow:
    return by_number([entry.no])[0]


def logged(status: LogStatus) -> int:
    """How many runs ended so; postings in the session are among them."""
    return int(JobQueueLogEntry.select().where(JobQueueLogEntry.status == status).count())


def posted_invoices() -> int:
    """How many invoices were posted, no source document twice."""
    count, sources = (
        PostedDocument.select(fn.COUNT(PostedDocument.id), fn.COUNT(PostedDocument.source_no.distinct()))
        .where(PostedDocument.kind == "invoice")
        .tuples()
        .get()
    )
    assert count == sources
    return int(count)


def empty_the_queue() -> None:
    """As if nothing had ever been queued; what was posted stays."""
    for code in ("SPPOST", "DEFAULT"):
        queues.start(code, user=current_user())
    JobQueueEntry.delete().execute()
    JobQueueLogEntry.delete().where(JobQueueLogEntry.status == "In Process").execute()
    for (id_,) in query("SELECT id FROM document"):
        Document.update(job_queue_status=JobQueueStatus.BLANK).where(Document.id == id_).execute()
        documents.delete(id_, user=current_user())


def make_world() -> None:
    """A customer, an item, categories, and a user who may do nothing, in the open company."""
    party(Area.SALES)
    item()
    for code in ("A", "B"):
        JobQueueCategory.create(code=code)
    users.set_user(VIC, {"may_post": "false"}, user=current_user())
    SalesSetup.update(job_timeout=LONG, maximum_no_of_attempts=MOST_ATTEMPTS, rerun_delay=RERUN_DELAY).execute()
