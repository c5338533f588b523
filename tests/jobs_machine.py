"""What people, workers and the sweep do to Job Queue Entries, as rules of a state machine over `jobs_model`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from jobs import ANN, QUEUE, entry_of, here
from jobs_model import (
    ERROR,
    HOLD,
    MOST_ATTEMPTS,
    READY,
    RERUN_DELAY,
    RESTS,
    RUNS,
    VIC,
    Doc,
    Entry,
    JobsModel,
    claim_of,
    refusal_of,
    stored,
)
from peewee import OperationalError
from psycopg.errors import DeadlockDetected

from postroom.core import clock, documents
from postroom.core.database import transaction
from postroom.core.errors import NotPermitted, Problem
from postroom.core.jobs import (
    background,
    claims,
    endings,
    entries,
    entry_fields,
    log,
    queues,
    recovery,
    runs,
    schedules,
)
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.jobs.schedules import Schedule
from postroom.core.jobs.watch import Watch
from postroom.core.kinds import LogStatus
from postroom.core.tables.trade import Party
from postroom.core.tables.work import JobQueueEntry

DEADLOCK = OperationalError("deadlock")
DEADLOCK.__cause__ = DeadlockDetected("deadlock detected")
EVERY_TEN_MINUTES = Recurrence(frozenset(range(7)), "", time(0), None, 10)
INACTIVITY = 15
"""Minutes."""
FEW = 4
"""So many documents and jobs: with more, what is drawn seldom meets the same one twice."""

entries_there = st.runner().flatmap(lambda machine: st.sampled_from(machine.models))
entries_running = st.runner().flatmap(lambda machine: st.sampled_from(machine.in_process() or machine.models))
docs_there = st.runner().flatmap(lambda machine: st.sampled_from(machine.docs_there()))
anybody = st.sampled_from([ANN, VIC, "", "", "", ""])
"""Blank: the company's creator."""


@contextmanager
def customer_blocked(blocked: bool) -> Iterator[None]:
    """The customer of all documents, blocked for as long as the block lasts."""
    Party.update(blocked="All" if blocked else "").execute()
    yield
    Party.update(blocked="").execute()


class JobsMachine(JobsModel):
    """Several documents and jobs, three users, queues that stop, workers that die, and time that passes."""

    # What is made.

    @precondition(lambda self: len(self.docs_there()) < FEW)
    @rule()
    def new_document(self) -> None:
        self.new_doc()

    @precondition(lambda self: self.docs_there())
    @rule(doc=docs_there, user=anybody)
    def queue(self, doc: Doc, user: str) -> None:
        who = user or self.admin
        if self.on_document("queue", doc, who, lambda: background.post([doc.id], QUEUE, user=who)):
            self.queued(doc, who)

    def queued(self, doc: Doc, who: str) -> None:
        """A document is in the queue: by an entry of its own, or by the one that was in Error, as new."""
        no = entry_of(doc.id).entry_no
        if doc.entry is None:
            doc.entry = self.born(Entry(no, who, "SALESPOST", doc=doc), "queue")
            return
        entry = doc.entry
        assert entry.no == no
        self.to_ready(entry, "queue")
        entry.start, entry.expiration, entry.priority, entry.category, entry.owner = None, None, 1000, "SALESPOST", who

    @precondition(lambda self: len(self.models) < FEW)
    @rule(
        category=st.sampled_from(["", "A", "B"]),
        hold=st.booleans(),
        kind=st.sampled_from(["once", "later", "expires", "recurs", "rests", "rests", "batch"]),
        priority=st.sampled_from([10, 1000]),
    )
    def schedule(self, category: str, hold: bool, kind: str, priority: int) -> None:
        now = clock.now()
        plan = Schedule(
            EVERY_TEN_MINUTES if kind in ("recurs", "rests") else Recurrence(),
            start=now + timedelta(seconds=40) if kind == "later" else None,
            expiration=now + timedelta(seconds=30) if kind == "expires" else None,
            inactivity=INACTIVITY if kind == "rests" else 0,
            category=category,
            priority=priority,
            hold=hold,
        )
        jobs = {"rests": "batch-post-purchase-credit-memos", "batch": "batch-post-sales-invoices"}
        view = schedules.schedule(jobs.get(kind, "wait"), {}, plan, user=self.admin)
        made = Entry(view.entry_no, self.admin, category, HOLD if hold else READY, priority)
        made.start, made.expiration, made.held_by = view.earliest_start, view.expiration, self.admin if hold else ""
        made.recurs, made.finds_work, made.is_batch = plan.rules.recurs, kind != "rests", kind == "batch"
        if not made.recurs:
            assert made.start == stored(made).earliest_start
            assert (made.start is None) == (kind != "later")
        self.born(made, "schedule")

    # What people do.

    @precondition(lambda self: self.models)
    @rule(entry=entries_there, user=anybody, at_once=st.booleans())
    def set_ready(self, entry: Entry, user: str, at_once: bool) -> None:
        what, act = ("restart", entries.restart) if at_once else ("ready", entries.set_ready)
        if self.act(what, entry, user or self.admin, act, HOLD, ERROR, RESTS):
            if at_once or (entry.attempts and entry.status is ERROR and not entry.recurs):
                entry.start = None
            elif entry.recurs:
                self.next_start(entry)
            self.to_ready(entry, what)

    @precondition(lambda self: self.models)
    @rule(entry=entries_there, user=anybody)
    def set_on_hold(self, entry: Entry, user: str) -> None:
        who = user or self.admin
        if self.act("hold", entry, who, entries.set_on_hold, READY, ERROR, RESTS):
            self.move(entry, HOLD, "hold")
            entry.held_by = who

    @precondition(lambda self: self.models)
    @rule(entry=entries_running, user=anybody)
    def cancel(self, entry: Entry, user: str) -> None:
        who = user or self.admin
        if self.act("cancel", entry, who, entries.cancel, RUNS):
            entry.cancelled_by = who
            if entry.is_lost:
                self.ended(entry, HOLD, "at once", log=LogStatus.ERROR)

    @precondition(lambda self: self.models)
    @rule(entry=entries_there, user=anybody, priority=st.integers(0, 3))
    def set_priority(self, entry: Entry, user: str, priority: int) -> None:
        def act(ids: Any, *, user: str) -> Any:
            return entries.set_priority(ids, priority, user=user)

        if self.act("priority", entry, user or self.admin, act, READY, HOLD, ERROR, RESTS):
            entry.priority = priority

    @precondition(lambda self: self.models)
    @rule(
        entry=entries_there,
        user=anybody,
        field=st.sampled_from(["priority", "category", "earliest_start", "expiration"]),
    )
    def edit(self, entry: Entry, user: str, field: str) -> None:
        soon = clock.now() + timedelta(seconds=30)
        text = {"priority": "7", "category": "B"}.get(field, soon.isoformat())

        def act(ids: Any, *, user: str) -> None:
            entry_fields.change(ids[0], {field: text}, user=user)

        if self.act("edit", entry, user or self.admin, act, HOLD):
            match field:
                case "priority":
                    entry.priority = 7
                case "category":
                    entry.category = "B"
                case "earliest_start":
                    entry.start = soon
                case "expiration":
                    entry.expiration = soon

    @precondition(lambda self: len(self.models) == FEW)
    @rule(entry=entries_there, user=anybody)
    def delete(self, entry: Entry, user: str) -> None:
        if self.act("delete", entry, user or self.admin, entries.delete, READY, HOLD, ERROR, RESTS):
            self.gone(entry, "delete")

    @precondition(lambda self: self.docs_there())
    @rule(doc=docs_there, user=anybody)
    def remove(self, doc: Doc, user: str) -> None:
        entry, who = doc.entry, user or self.admin
        problems = refusal_of(lambda: background.remove([doc.id], user=who))
        if entry is not None and entry.status is not RUNS and self.may(entry, who):
            assert not problems
            self.gone(entry, "remove")
        else:
            self.told("remove", entry.status if entry else None, who, problems)

    @precondition(lambda self: self.models)
    @rule(entry=entries_there, user=anybody, blocked=st.booleans())
    def run_once(self, entry: Entry, user: str, blocked: bool) -> None:
        who = user or self.admin
        with customer_blocked(blocked):
            (result,) = entries.run_once([entry.no], user=who)
        is_running = entry.status is RUNS and not entry.recurs
        if is_running or entry.category in self.busy_categories() or not self.may(entry, who):
            assert result.result == "refused"
            self.told("run once", entry.status if is_running else None, who, result.errors)
            return
        if entry.recurs:
            assert result.result == "done"
            self.logs[LogStatus.SUCCESS] += 1  # a copy ran, and is gone
            return
        if entry.status is not READY:
            if entry.attempts and entry.status is ERROR:
                entry.start = None
            self.to_ready(entry, "run once")
        self.move(entry, RUNS, "run once")
        entry.attempts += 1
        self.work_is_done(entry, blocked)
        good = "posted" if entry.doc is not None else "done"
        assert result.result == (good if entry not in self.models else "failed")

    @precondition(lambda self: self.docs_there())
    @rule(doc=docs_there, user=anybody)
    def edit_document(self, doc: Doc, user: str) -> None:
        who = user or self.admin
        is_done = self.on_document("edit document", doc, who, lambda: documents.reopen(doc.id, user=who))
        change = partial(documents.set_fields, doc.id, {"external_document_no": "X"}, user=who)
        assert self.on_document("edit document", doc, who, change) == is_done
        if is_done:
            documents.release(doc.id, user=who)

    @precondition(lambda self: self.docs_there())
    @rule(doc=docs_there, user=anybody)
    def delete_document(self, doc: Doc, user: str) -> None:
        who = user or self.admin
        if self.on_document("delete document", doc, who, lambda: documents.delete(doc.id, user=who)):
            if doc.entry is not None:
                self.gone(doc.entry, "document deleted")
            doc.is_gone = True

    @precondition(lambda self: self.docs_there())
    @rule(doc=docs_there, user=anybody, blocked=st.booleans())
    def post_in_session(self, doc: Doc, user: str, blocked: bool) -> None:
        who = user or self.admin
        try:
            with customer_blocked(blocked):
                (result,) = background.post([doc.id], PostRequest(mode="now"), user=who)
        except NotPermitted as error:
            assert who == VIC
            self.told("post in session", None, who, error.problems)
            return
        if not doc.is_free:
            assert result.result == "refused"
            self.told("post in session", doc.entry.status if doc.entry else None, who, result.errors)
        elif blocked:
            assert (result.result, result.errors[0].code) == ("failed", "party_blocked")
            self.logs[LogStatus.ERROR] += 1
        else:
            assert result.result == "posted"
            self.logs[LogStatus.SUCCESS] += 1
            if doc.entry is not None:
                self.gone(doc.entry, "posted in session", posted=True)
            else:
                doc.is_gone, self.posted = True, self.posted + 1

    @precondition(lambda self: not self.stopped)
    @rule(code=st.sampled_from(["SPPOST", "DEFAULT", "", ""]))
    def stop_a_queue(self, code: str) -> None:
        if code:
            queues.stop(code, user=self.admin)
            self.stopped.add(code)

    @precondition(lambda self: self.stopped)
    @rule()
    def start_the_queue(self) -> None:
        queues.start(self.stopped.pop(), user=self.admin)

    @rule(seconds=st.sampled_from([1, 60, 1000]))
    def time_passes(self, seconds: int) -> None:
        clock.start_at(clock.now() + timedelta(seconds=seconds))

    # What workers and the sweep do.

    @rule(dies=st.sampled_from([False, False, False, True]))
    def claim(self, dies: bool) -> None:
        best = self.best()
        claimed = claims.claim_next(self.lost_worker if dies else here())
        assert (claimed.entry_no if claimed else None) == (best.no if best else None)
        if claimed is not None and best is not None:
            self.move(best, RUNS, "claim")
            best.attempts += 1
            best.claim, best.is_lost = claimed, dies

    @precondition(lambda self: self.running())
    @rule()
    def worker_dies(self) -> None:
        entry = self.running()[0]
        process_id, process_start = self.dead
        JobQueueEntry.update(process_id=process_id, process_start=process_start).where(
            JobQueueEntry.entry_no == entry.no
        ).execute()
        entry.is_lost = True

    @precondition(lambda self: self.running())
    @rule(blocked=st.booleans())
    def worker_works(self, blocked: bool) -> None:
        entry = self.running()[0]
        with customer_blocked(blocked):
            runs.run(claim_of(entry))
        self.work_is_done(entry, blocked)

    def work_is_done(self, entry: Entry, blocked: bool) -> None:
        """A run went through: what became of the entry, and which others it made."""
        if entry.is_batch:
            self.batch_is_queued(entry)
        if entry.doc is not None and blocked:
            self.ended(entry, ERROR, "business error", reason="party_blocked", log=LogStatus.ERROR)
        elif not entry.recurs:
            self.logs[LogStatus.SUCCESS] += 1
            self.gone(entry, "success", posted=True)
        else:
            to, trigger = (READY, "success") if entry.finds_work else (RESTS, "nothing to do")
            if not entry.cancelled_by:
                entry.attempts = 0
                self.next_start(entry)
            self.ended(entry, to, trigger, log=LogStatus.SUCCESS)

    def batch_is_queued(self, batch: Entry) -> None:
        """What a batch made: an entry for each document that may be queued, and a note to its user."""
        wanted = [row for row in self.docs_seen if row.is_free]
        for doc in wanted:
            self.queued(doc, batch.owner)
        self.notes += bool(wanted)

    def next_start(self, entry: Entry) -> None:
        """A recurring entry has a next start, which lies ahead; when exactly is for the tests of recurrence."""
        start = stored(entry).earliest_start
        assert start is not None
        assert start > clock.now() - timedelta(seconds=1)
        entry.start = start

    @precondition(lambda self: self.running())
    @rule()
    def database_gives_up(self) -> None:
        entry, before = self.running()[0], clock.now()
        runs._classified(claim_of(entry), DEADLOCK)
        self.tried(entry, "transient", "transient_failure", RERUN_DELAY * 2 ** (entry.attempts - 1), before)

    def tried(self, entry: Entry, trigger: str, reason: str, delay: int, before: Any) -> None:
        """A run ended by no fault of its own and counted as an attempt."""
        if entry.attempts >= MOST_ATTEMPTS and not (entry.cancelled_by and trigger == "lost"):
            self.ended(entry, ERROR, trigger, reason=reason, log=LogStatus.ERROR)
            return
        if not entry.cancelled_by and delay:
            self.planned(entry, before, delay)
        self.ended(entry, READY, trigger, reason=reason, log=LogStatus.ERROR)

    @precondition(lambda self: self.running())
    @rule()
    def consumer_stops(self) -> None:
        entry = self.running()[0]
        problem = Problem("returned", "The consumer was stopped.", hint="It runs again by itself.")
        with transaction():
            endings.give_back(claim_of(entry), problem)
        entry.attempts -= not entry.cancelled_by
        self.ended(entry, READY, "given back", log=LogStatus.ERROR)

    @precondition(lambda self: any(one.cancelled_by for one in self.running()))
    @rule()
    def cancelled_worker_stops(self) -> None:
        for entry in [one for one in self.running() if one.cancelled_by]:
            with transaction():
                endings.hold(claim_of(entry), entry.cancelled_by)
            self.ended(entry, HOLD, "stopped", log=LogStatus.ERROR)

    @precondition(lambda self: self.running())
    @rule(why=st.sampled_from(["timeout", "bug"]))
    def run_fails(self, why: str) -> None:
        entry = self.running()[0]
        held = claim_of(entry)
        if why == "timeout":
            with transaction():
                endings.fail(held, (runs.timeout_problem(held),))
        else:
            runs._classified(held, RuntimeError("a bug"))
        reason = {"timeout": "timeout", "bug": "internal_error"}[why]
        self.ended(entry, ERROR, why, reason=reason, log=LogStatus.ERROR)

    @precondition(lambda self: self.in_process())
    @rule(user=anybody)
    def set_log_entry_to_error(self, user: str) -> None:
        who, entry = user or self.admin, self.in_process()[0]
        held = claim_of(entry)
        problems = refusal_of(partial(log.set_error, [held.log_no], user=who))
        if who != self.admin:
            self.told("set error", None, who, problems)
            return
        assert not problems
        self.stale.append(held)
        self.ended(entry, ERROR, "set error", reason="set_to_error", log=LogStatus.ERROR)

    @precondition(lambda self: self.stale)
    @rule()
    def late_worker_works(self) -> None:
        """What a revoked claim still tries changes nothing: the invariants see to that."""
        runs.run(self.stale.pop())

    @rule()
    def sweep(self) -> None:
        before = clock.now()
        recovery.recover(Watch())
        for entry in [one for one in self.models if one.status is RUNS and one.is_lost]:
            self.tried(entry, "lost", "worker_lost", RERUN_DELAY if entry.attempts > 1 else 0, before)
        entries.expire_overdue()
        entries.wake_resting()
        for entry in self.models:
            over = entry.expiration is not None and entry.expiration <= before
            if entry.status is READY and over and not entry.recurs:
                self.move(entry, ERROR, "expired")
                self.notes += 1
                entry.reason = "expired"
            elif entry.status is RESTS and entry.start is not None and entry.start <= before:
                self.move(entry, READY, "wake")
