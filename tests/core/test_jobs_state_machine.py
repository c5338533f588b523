"""The life of Job Queue Entries against a simple model: whatever is done in whatever order, each status is as it says.

The model knows behaviour 4's table and nothing of the code. After each step entries, documents and log agree with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from builders import document, item, item_line, party
from conftest import MakeCompany
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from jobs import QUEUE, ended_process, here
from peewee import OperationalError
from psycopg.errors import DeadlockDetected

from postroom.core import clock, company, documents, verify
from postroom.core.company import current_user
from postroom.core.database import Location, transaction
from postroom.core.errors import PostroomError, Problem
from postroom.core.jobs import background, claims, endings, entries, log, processes, queues, recovery, runs, schedules
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.claims import Claim, Worker
from postroom.core.jobs.entry_rows import by_number
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.jobs.schedules import Schedule
from postroom.core.jobs.watch import Watch
from postroom.core.kinds import Area, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.statements import query
from postroom.core.tables.trade import Document, Party
from postroom.core.tables.work import JobQueueCategory, JobQueueEntry, JobQueueLogEntry

READY, RUNS, ERROR = EntryStatus.READY, EntryStatus.IN_PROCESS, EntryStatus.ERROR
HOLD, RESTS = EntryStatus.ON_HOLD, EntryStatus.ON_HOLD_INACTIVE
NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)
ANN = "ann"
"""Has Post and no more; the other user of the test is the company's creator, who has all."""
CATEGORIES = ("", "A", "B")
MOST_ATTEMPTS = 3
DEADLOCK = OperationalError("deadlock")
DEADLOCK.__cause__ = DeadlockDetected("deadlock detected")

DEAD = ended_process()

reached: dict[str, set[tuple[str, str, str]]] = {"sqlite": set(), "postgres": set()}
"""Every transition that was made, as (from, to, trigger), on each database."""

TABLE = {
    ("", "Ready", "queue"),
    ("", "Ready", "schedule"),
    ("", "On Hold", "schedule"),
    ("On Hold", "Ready", "ready"),
    ("Error", "Ready", "ready"),
    ("On Hold", "Ready", "restart"),
    ("Error", "Ready", "restart"),
    ("Error", "Ready", "queue"),
    ("Ready", "On Hold", "hold"),
    ("Error", "On Hold", "hold"),
    ("Ready", "In Process", "claim"),
    ("In Process", "", "success"),
    ("In Process", "Ready", "success"),
    ("In Process", "Ready", "transient"),
    ("In Process", "Ready", "lost"),
    ("In Process", "Ready", "given back"),
    ("In Process", "Error", "business error"),
    ("In Process", "Error", "transient"),
    ("In Process", "Error", "lost"),
    ("In Process", "Error", "timeout"),
    ("In Process", "Error", "set error"),
    ("In Process", "On Hold", "cancel"),
    ("In Process", "On Hold with Inactivity Timeout", "nothing to do"),
    ("On Hold with Inactivity Timeout", "Ready", "wake"),
    ("Ready", "Error", "expired"),
    ("Ready", "", "delete"),
    ("Error", "", "delete"),
    ("On Hold", "", "delete"),
    ("On Hold with Inactivity Timeout", "", "delete"),
    ("Ready", "", "remove"),
    ("Error", "", "posted in session"),
    ("Error", "", "document deleted"),
}
"""Behaviour 4: what must have been reached."""


@dataclass(eq=False)
class Doc:
    """A sales invoice, as the model knows it."""

    id: int
    no: str
    entry: Model | None = None
    is_gone: bool = False


@dataclass(eq=False)
class Model:
    """An entry, as the model knows it."""

    no: int
    owner: str
    category: str
    status: EntryStatus = READY
    priority: int = 1000
    start: datetime | None = None
    expiration: datetime | None = None
    attempts: int = 0
    doc: Doc | None = None
    recurs: bool = False
    finds_work: bool = True
    claim: Claim | None = None
    is_lost: bool = False
    """Its worker's process has ended."""
    is_cancelled: bool = False


class Machine(RuleBasedStateMachine):
    """Several documents and jobs, two users, queues that stop, workers that die, and time that passes."""

    engine = ""
    known = Bundle("known")
    docs = Bundle("docs")

    def __init__(self) -> None:
        super().__init__()
        clock.start_at(NOON)
        self.admin = current_user()
        self.models: list[Model] = []
        self.stale: list[Claim] = []
        self.stopped: set[str] = set()
        self.dead = Worker(processes.host(), *DEAD, "")
        empty_the_queue()

    # What is made.

    @rule(target=docs)
    def new_document(self) -> Doc:
        id_ = document(DocumentType.SALES_INVOICE, [item_line()])
        return Doc(id_, Document.get_by_id(id_).no)

    @rule(target=known, doc=docs, user=st.sampled_from([ANN, ""]))
    def queue(self, doc: Doc, user: str) -> Model | None:
        if doc.is_gone:  # its id may be another document's by now
            return None
        (result,) = background.post([doc.id], QUEUE, user=user or self.admin)
        entry = doc.entry
        if entry is not None and entry.status is not ERROR:
            assert result.errors[0].code == ("document_is_posting" if entry.status is RUNS else "document_is_scheduled")
            return None
        assert result.result == "queued"
        if entry is not None:
            assert entries.show(entry.no).id == result.entry_id
            self.move(entry, READY, "queue")
            entry.attempts, entry.start, entry.owner, entry.priority = 0, None, user or self.admin, 1000
            return None
        made = Model(entries.show(result.entry_id).entry_no, user or self.admin, "SALESPOST", doc=doc)
        doc.entry = made
        return self.born(made, "queue")

    @rule(
        target=known,
        category=st.sampled_from(CATEGORIES),
        hold=st.booleans(),
        kind=st.sampled_from(["once", "once", "expires", "recurs", "rests"]),
        priority=st.sampled_from([10, 1000]),
    )
    def schedule(self, category: str, hold: bool, kind: str, priority: int) -> Model:
        rules = Recurrence(frozenset(range(7)), "", time(0), None, 10) if kind in ("recurs", "rests") else Recurrence()
        plan = Schedule(
            rules,
            expiration=clock.now() + timedelta(seconds=30) if kind == "expires" else None,
            inactivity=15 if kind == "rests" else 0,
            category=category,
            priority=priority,
            hold=hold,
        )
        job = "batch-post-purchase-credit-memos" if kind == "rests" else "wait"
        view = schedules.schedule(job, {}, plan, user=self.admin)
        made = Model(
            view.entry_no,
            self.admin,
            category,
            HOLD if hold else READY,
            priority,
            recurs=rules.recurs,
            start=view.earliest_start,
            expiration=plan.expiration,
            finds_work=kind != "rests",
        )
        return self.born(made, "schedule")

    # What people do.

    @rule(entry=known, user=st.sampled_from([ANN, ""]), at_once=st.booleans())
    def set_ready(self, entry: Model | None, user: str, at_once: bool) -> None:
        act = entries.restart if at_once else entries.set_ready
        if self.act(entry, user, act, HOLD, ERROR, RESTS) and entry is not None:
            keep = entry.start if not (at_once or (entry.attempts and entry.status is ERROR)) else None
            self.move(entry, READY, "restart" if at_once else "ready")
            entry.attempts = 0
            entry.start = self.stored(entry).earliest_start if entry.recurs else keep

    @rule(entry=known, user=st.sampled_from([ANN, ""]))
    def set_on_hold(self, entry: Model | None, user: str) -> None:
        if self.act(entry, user, entries.set_on_hold, READY, ERROR, RESTS) and entry is not None:
            self.move(entry, HOLD, "hold")

    @rule(entry=known, user=st.sampled_from([ANN, ""]))
    def cancel(self, entry: Model | None, user: str) -> None:
        if self.act(entry, user, entries.cancel, RUNS) and entry is not None:
            entry.is_cancelled = True

    @rule(entry=known, user=st.sampled_from([ANN, ""]), priority=st.integers(0, 3))
    def set_priority(self, entry: Model | None, user: str, priority: int) -> None:
        def act(ids: Any, *, user: str) -> Any:
            return entries.set_priority(ids, priority, user=user)

        if self.act(entry, user, act, READY, HOLD, ERROR, RESTS) and entry is not None:
            entry.priority = priority

    @rule(entry=known, user=st.sampled_from([ANN, "", ""]))
    def delete(self, entry: Model | None, user: str) -> None:
        if self.act(entry, user, entries.delete, READY, HOLD, ERROR, RESTS) and entry is not None:
            self.gone(entry, "delete")

    @rule(doc=docs, user=st.sampled_from([ANN, ""]))
    def remove(self, doc: Doc, user: str) -> None:
        entry, who = doc.entry, user or self.admin
        if doc.is_gone:
            return
        (result,) = background.remove([doc.id], user=who)
        may = entry is not None and entry.status is not RUNS and (who == self.admin or entry.owner == who)
        assert (result.result == "removed") == may, result
        if may and entry is not None:
            self.gone(entry, "remove")
        else:
            assert_explained(result.errors)

    @rule(entry=known, user=st.sampled_from([ANN, "", ""]))
    def run_once(self, entry: Model | None, user: str) -> None:
        if entry is None or entry not in self.models:
            return
        who = user or self.admin
        (result,) = entries.run_once([entry.no], user=who)
        is_busy = entry.category and any(one.status is RUNS and one.category == entry.category for one in self.models)
        may = who == self.admin or entry.owner == who
        if not may or (entry.status is RUNS and not entry.recurs) or is_busy:
            assert result.result == "refused"
            assert_explained(result.errors)
        elif not entry.recurs:
            assert result.result in ("posted", "done")
            if entry.status is not READY:
                self.move(entry, READY, "run once")
            self.move(entry, RUNS, "run once")
            self.gone(entry, "success", posted=True)

    @rule(doc=docs)
    def reopen_and_release(self, doc: Doc) -> None:
        if doc.is_gone:
            return
        self.on_document(doc, lambda: documents.reopen(doc.id, user=ANN))
        if self.may_change(doc):
            documents.release(doc.id, user=ANN)

    @rule(doc=docs)
    def delete_document(self, doc: Doc) -> None:
        if doc.is_gone:
            return
        may = self.may_change(doc)
        self.on_document(doc, lambda: documents.delete(doc.id, user=ANN))
        if may:
            if doc.entry is not None:
                self.gone(doc.entry, "document deleted")
            doc.is_gone = True

    @rule(doc=docs)
    def post_in_session(self, doc: Doc) -> None:
        if doc.is_gone:
            return
        (result,) = background.post([doc.id], PostRequest(mode="now"), user=ANN)
        assert (result.result == "posted") == self.may_change(doc), result
        if self.may_change(doc):
            if doc.entry is not None:
                self.gone(doc.entry, "posted in session")
            doc.is_gone = True
        else:
            assert_explained(result.errors)

    @rule(code=st.sampled_from(["SPPOST", "DEFAULT"]))
    def stop_or_start_a_queue(self, code: str) -> None:
        if code in self.stopped:
            queues.start(code, user=self.admin)
        else:
            queues.stop(code, user=self.admin)
        self.stopped ^= {code}

    @rule(seconds=st.sampled_from([1, 15, 60, 1000]))
    def time_passes(self, seconds: int) -> None:
        clock.start_at(clock.now() + timedelta(seconds=seconds))

    # What workers and the sweep do.

    @rule(dies=st.booleans())
    def claim(self, dies: bool) -> None:
        claimed = claims.claim_next(self.dead if dies else here())
        best = self.best()
        assert (claimed.entry_no if claimed else None) == (best.no if best else None)
        if claimed is not None and best is not None:
            self.move(best, RUNS, "claim")
            best.attempts += 1
            best.claim, best.is_lost, best.is_cancelled = claimed, dies, False

    @rule(blocked=st.booleans())
    def worker_works(self, blocked: bool) -> None:
        for entry in self.running():
            assert entry.claim is not None
            if entry.doc is not None and blocked:
                Party.update(blocked="All").execute()
                runs.run(entry.claim)
                Party.update(blocked="").execute()
                self.move(entry, ERROR, "business error")
            else:
                runs.run(entry.claim)
                self.succeeded(entry)
            break

    def succeeded(self, entry: Model) -> None:
        if not entry.recurs:
            self.gone(entry, "success", posted=True)
        elif entry.is_cancelled:
            self.move(entry, HOLD, "cancel")
        elif entry.finds_work:
            self.move(entry, READY, "success")
            entry.attempts, entry.start = 0, self.stored(entry).earliest_start
            assert entry.start is not None
            assert entry.start > clock.now() - timedelta(seconds=1)
        else:
            self.move(entry, RESTS, "nothing to do")
            entry.attempts, entry.start = 0, self.stored(entry).earliest_start

    @rule()
    def database_gives_up(self) -> None:
        for entry in self.running()[:1]:
            assert entry.claim is not None
            before = clock.now()
            runs._classified(entry.claim, DEADLOCK)
            if entry.attempts >= MOST_ATTEMPTS:
                self.move(entry, ERROR, "transient")
            elif entry.is_cancelled:
                self.move(entry, HOLD, "cancel")
            else:
                self.move(entry, READY, "transient")
                self.delayed(entry, before, 10 * 2 ** (entry.attempts - 1))

    @rule()
    def consumer_stops(self) -> None:
        for entry in self.running()[:1]:
            with transaction():
                endings.give_back(self.claim_of(entry), Problem("returned", "The consumer was stopped."))
            entry.attempts -= 1
            self.move(entry, HOLD if entry.is_cancelled else READY, "cancel" if entry.is_cancelled else "given back")

    @rule()
    def cancelled_worker_stops(self) -> None:
        for entry in [one for one in self.running() if one.is_cancelled]:
            with transaction():
                endings.hold(self.claim_of(entry), self.admin)
            self.move(entry, HOLD, "cancel")

    @rule()
    def time_is_over(self) -> None:
        for entry in self.running()[:1]:
            with transaction():
                endings.fail(self.claim_of(entry), (runs.timeout_problem(self.claim_of(entry)),))
            self.move(entry, ERROR, "timeout")

    @rule(user=st.sampled_from([ANN, ""]))
    def set_log_entry_to_error(self, user: str) -> None:
        for entry in [one for one in self.models if one.status is RUNS][:1]:
            held = self.claim_of(entry)
            if user:
                with pytest.raises(PostroomError) as refused:
                    log.set_error([held.log_no], user=user)
                assert_explained(refused.value.problems)
                continue
            (result,) = log.set_error([held.log_no], user=self.admin)
            assert not result.errors
            self.stale.append(held)
            self.move(entry, ERROR, "set error")

    @rule()
    def late_worker_works(self) -> None:
        """What a revoked claim still tries changes nothing: the invariants see to that."""
        if self.stale:
            runs.run(self.stale.pop())

    @rule()
    def sweep(self) -> None:
        before = clock.now()
        recovery.recover(Watch())
        for entry in [one for one in self.models if one.status is RUNS and one.is_lost]:
            if entry.is_cancelled:
                self.move(entry, HOLD, "cancel")
            elif entry.attempts >= MOST_ATTEMPTS:
                self.move(entry, ERROR, "lost")
            else:
                self.move(entry, READY, "lost")
                if entry.attempts > 1:
                    self.delayed(entry, before, 10)
        entries.expire_overdue()
        entries.wake_resting()
        for entry in self.models:
            if entry.status is READY and entry.expiration is not None and entry.expiration <= before:
                self.move(entry, ERROR, "expired")
            elif entry.status is RESTS and entry.start is not None and entry.start <= before:
                self.move(entry, READY, "wake")

    # What holds after each step.

    @invariant()
    def entries_are_as_the_model_says(self) -> None:
        stored = {row.entry_no: row for row in by_number([one.no for one in self.models])}
        for entry in self.models:
            row = stored[entry.no]
            assert (row.status, row.attempts, row.priority) == (entry.status, entry.attempts, entry.priority)
            if not entry.recurs:
                assert row.earliest_start == entry.start
            assert (row.status is RUNS) == bool(row.claim_token)
            assert bool(row.errors) == bool(row.errors) if row.status is not ERROR else row.errors
        assert JobQueueEntry.select().count() == len(self.models)

    @invariant()
    def documents_and_entries_agree(self) -> None:
        for entry in self.models:
            if entry.doc is not None:
                shown = Document.get_by_id(entry.doc.id).job_queue_status
                assert shown is entry.status.document_status
        queued = {one.doc.id for one in self.models if one.doc is not None}
        for row in Document.select(Document.id, Document.job_queue_status):
            assert row.id in queued or row.job_queue_status is JobQueueStatus.BLANK

    @invariant()
    def at_most_one_of_a_category_runs_and_each_run_has_one_open_log_entry(self) -> None:
        busy = [one.category for one in self.models if one.status is RUNS and one.category]
        assert len(busy) == len(set(busy))
        tokens = {row.posting_id for row in JobQueueLogEntry.select().where(JobQueueLogEntry.status == "In Process")}
        assert tokens == {self.claim_of(one).token for one in self.models if one.status is RUNS}

    @invariant()
    def every_waiting_entry_says_why(self) -> None:
        for view in entries.list_entries():
            assert (view.why is None) == (view.status == "In Process")
            assert view.why is None or view.why.text

    def teardown(self) -> None:
        empty_the_queue()
        assert [check for check in verify.verify().checks if not check.ok] == []

    # The model itself.

    def born(self, made: Model, trigger: str) -> Model:
        JobQueueEntry.update(job_timeout=10**8, max_attempts=MOST_ATTEMPTS).where(
            JobQueueEntry.entry_no == made.no
        ).execute()
        self.models.append(made)
        reached[self.engine].add(("", made.status.value, trigger))
        return made

    def move(self, entry: Model, to: EntryStatus, trigger: str) -> None:
        reached[self.engine].add((entry.status.value, to.value, trigger))
        entry.status = to
        if to is not RUNS:
            entry.claim, entry.is_lost, entry.is_cancelled = None, False, False

    def gone(self, entry: Model, trigger: str, *, posted: bool = False) -> None:
        reached[self.engine].add((entry.status.value, "", trigger))
        self.models.remove(entry)
        if entry.doc is not None:
            entry.doc.entry = None
            entry.doc.is_gone = posted

    def delayed(self, entry: Model, before: datetime, seconds: int) -> None:
        """The entry starts so many seconds after it failed."""
        start = self.stored(entry).earliest_start
        assert start is not None
        assert timedelta(0) <= start - before - timedelta(seconds=seconds) < timedelta(seconds=20)
        entry.start = start

    def act(self, entry: Model | None, user: str, use_case: Callable[..., Any], *allowed: EntryStatus) -> bool:
        """Do something to an entry; whether it was done, which must be as the model says."""
        if entry is None or entry not in self.models:
            return False
        who = user or self.admin
        (result,) = use_case([entry.no], user=who)
        may = entry.status in allowed and (who == self.admin or entry.owner == who)
        assert (not result.errors) == may, (entry, who, result)
        if not may:
            assert_explained(result.errors)
        return may

    def may_change(self, doc: Doc) -> bool:
        return not doc.is_gone and (doc.entry is None or doc.entry.status is ERROR)

    def on_document(self, doc: Doc, act: Callable[[], object]) -> None:
        if self.may_change(doc):
            act()
            return
        with pytest.raises(PostroomError) as refused:
            act()
        assert_explained(refused.value.problems)

    def running(self) -> list[Model]:
        return [one for one in self.models if one.status is RUNS and not one.is_lost]

    def claim_of(self, entry: Model) -> Claim:
        assert entry.claim is not None
        return entry.claim

    def stored(self, entry: Model) -> Any:
        return by_number([entry.no])[0]

    def best(self) -> Model | None:
        """Which entry is served next."""
        now = clock.now()
        busy = {one.category for one in self.models if one.status is RUNS and one.category}
        others = sum(one.status is RUNS and one.category != "SALESPOST" for one in self.models)

        def is_served(one: Model) -> bool:
            if one.category == "SALESPOST":
                return "SPPOST" not in self.stopped
            return "DEFAULT" not in self.stopped and others < 4

        due = [
            one
            for one in self.models
            if one.status is READY
            and one.category not in busy
            and is_served(one)
            and (one.start is None or one.start <= now)
            and (one.expiration is None or one.expiration > now)
        ]
        return min(
            due, key=lambda one: (one.priority, one.start or datetime.min.replace(tzinfo=UTC), one.no), default=None
        )


def assert_explained(problems: Any) -> None:
    assert problems
    for problem in problems:
        assert problem.code
        assert problem.message


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
    party(Area.SALES)
    item()
    for code in ("A", "B"):
        JobQueueCategory.create(code=code)


def run_machine(firm: Location, engine: str, *, examples: int, steps: int) -> None:
    make_world()
    machine = type(f"Machine_{engine}", (Machine,), {"engine": engine})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # shrinking steps over a database takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_whatever_is_done_entries_documents_and_log_are_as_the_model_says(
    engine: str, request: pytest.FixtureRequest
) -> None:
    make: MakeCompany = request.getfixturevalue(f"make_{engine}")
    firm = make()
    company.open_company(firm)
    run_machine(firm, engine, examples=12, steps=80)


@pytest.mark.full
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_whatever_is_done_for_long(engine: str, request: pytest.FixtureRequest) -> None:
    make: MakeCompany = request.getfixturevalue(f"make_{engine}")
    firm = make()
    company.open_company(firm)
    run_machine(firm, engine, examples=100, steps=150)


class Walk:
    """The machine led by hand: the same steps, and all that must hold after each."""

    def __init__(self, engine: str) -> None:
        self.machine = type(f"Machine_{engine}", (Machine,), {"engine": engine})()
        reached[engine].clear()

    def __call__(self, step: str, **options: Any) -> Any:
        done = getattr(self.machine, step)(**options)
        self.machine.entries_are_as_the_model_says()
        self.machine.documents_and_entries_agree()
        self.machine.at_most_one_of_a_category_runs_and_each_run_has_one_open_log_entry()
        self.machine.every_waiting_entry_says_why()
        return done

    def queued(self) -> tuple[Doc, Model]:
        doc = self("new_document")
        return doc, self("queue", doc=doc, user=ANN)

    def failed(self) -> tuple[Doc, Model]:
        doc, entry = self.queued()
        self.fails()
        return doc, entry

    def fails(self) -> None:
        self("claim", dies=False)
        self("worker_works", blocked=True)

    def succeeds(self) -> None:
        self("claim", dies=False)
        self("worker_works", blocked=False)

    def job(self, kind: str = "once", *, hold: bool = False) -> Model:
        made: Model = self("schedule", category="A", hold=hold, kind=kind, priority=10)
        return made


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_transition_of_the_table_is_made_and_agrees_with_the_model(
    engine: str, request: pytest.FixtureRequest
) -> None:
    make: MakeCompany = request.getfixturevalue(f"make_{engine}")
    company.open_company(make())
    make_world()
    walk = Walk(engine)

    doc, entry = walk.queued()
    walk("set_on_hold", entry=entry, user=ANN)
    for at_once in (False, True):
        walk("set_ready", entry=entry, user=ANN, at_once=at_once)
        walk("set_on_hold", entry=entry, user=ANN)
    walk("set_ready", entry=entry, user=ANN, at_once=True)
    for at_once in (False, True):
        walk.fails()
        walk("set_ready", entry=entry, user=ANN, at_once=at_once)
    walk.fails()
    walk("queue", doc=doc, user="")
    walk.succeeds()

    _, entry = walk.failed()
    walk("set_on_hold", entry=entry, user=ANN)
    walk("delete", entry=entry, user=ANN)
    walk("delete", entry=walk.failed()[1], user="")
    walk("remove", doc=walk.failed()[0], user=ANN)
    walk("post_in_session", doc=walk.failed()[0])
    walk("delete_document", doc=walk.failed()[0])
    walk("delete", entry=walk.queued()[1], user=ANN)
    walk("remove", doc=walk.queued()[0], user="")

    walk("delete", entry=walk.job(hold=True), user="")
    for ending in ("database_gives_up", "sweep"):
        entry = walk.job()
        for _ in range(MOST_ATTEMPTS):
            walk("claim", dies=ending == "sweep")
            walk(ending)
            walk("time_passes", seconds=60)
        assert entry.status is ERROR
        walk("delete", entry=entry, user="")
    for endings_of_a_run in (["consumer_stops"], ["time_is_over"], ["set_log_entry_to_error", "late_worker_works"]):
        entry = walk.job()
        walk("claim", dies=False)
        for step in endings_of_a_run:
            walk(step, **({"user": ""} if step == "set_log_entry_to_error" else {}))
        walk("delete", entry=entry, user="")
    entry = walk.job()
    walk("claim", dies=False)
    walk("cancel", entry=entry, user="")
    walk("cancelled_worker_stops")
    walk("delete", entry=entry, user="")

    entry = walk.job("recurs")
    walk.succeeds()
    walk("delete", entry=entry, user="")
    entry = walk.job("rests")
    walk.succeeds()
    walk("time_passes", seconds=1000)
    walk("sweep")
    walk.succeeds()
    assert entry.status is RESTS
    walk("delete", entry=entry, user="")
    walk.job("expires")
    walk("time_passes", seconds=60)
    walk("sweep")

    assert TABLE - reached[engine] == set()
    walk.machine.teardown()
