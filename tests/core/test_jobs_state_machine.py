"""The life of Job Queue Entries against a simple model: whatever is done in whatever order, each status is as it says.

Twice on each database: rules at random, and a walk by hand through every transition of behaviour 4 and every refusal.
"""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeCompany
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from jobs import ANN
from jobs_machine import JobsMachine
from jobs_model import ERROR, MOST_ATTEMPTS, RESTS, VIC, Doc, Entry, make_world

from postroom.core import company

INACTIVE = "On Hold with Inactivity Timeout"
TABLE = {
    ("", "Ready", "queue"),
    ("", "Ready", "schedule"),
    ("", "On Hold", "schedule"),
    ("On Hold", "Ready", "ready"),
    ("Error", "Ready", "ready"),
    (INACTIVE, "Ready", "ready"),
    ("On Hold", "Ready", "restart"),
    ("Error", "Ready", "restart"),
    (INACTIVE, "Ready", "restart"),
    ("Error", "Ready", "queue"),
    ("Error", "Ready", "run once"),
    ("On Hold", "Ready", "run once"),
    ("Ready", "On Hold", "hold"),
    ("Error", "On Hold", "hold"),
    (INACTIVE, "On Hold", "hold"),
    ("Ready", "In Process", "claim"),
    ("Ready", "In Process", "run once"),
    ("In Process", "", "success"),
    ("In Process", "Ready", "success"),
    ("In Process", "Ready", "transient"),
    ("In Process", "Ready", "lost"),
    ("In Process", "Ready", "given back"),
    ("In Process", "Error", "business error"),
    ("In Process", "Error", "transient"),
    ("In Process", "Error", "lost"),
    ("In Process", "Error", "timeout"),
    ("In Process", "Error", "bug"),
    ("In Process", "Error", "set error"),
    ("In Process", "On Hold", "cancelled, stopped"),
    ("In Process", "On Hold", "cancelled, transient"),
    ("In Process", "On Hold", "cancelled, lost"),
    ("In Process", "On Hold", "cancelled, at once"),
    ("In Process", "On Hold", "cancelled, given back"),
    ("In Process", "On Hold", "cancelled, success"),
    ("In Process", "On Hold", "cancelled, nothing to do"),
    ("In Process", INACTIVE, "nothing to do"),
    (INACTIVE, "Ready", "wake"),
    ("Ready", "Error", "expired"),
    ("Ready", "", "delete"),
    ("Error", "", "delete"),
    ("On Hold", "", "delete"),
    (INACTIVE, "", "delete"),
    ("Ready", "", "remove"),
    ("On Hold", "", "remove"),
    ("Error", "", "remove"),
    ("Error", "", "posted in session"),
    ("Error", "", "document deleted"),
}
"""Every transition there is. The walk makes each; what is done at random makes most of them, and no other."""

ON_DOCUMENTS = {"queue", "edit document", "delete document", "post in session"}
FORBIDDEN = {
    "Ready": {"ready", "restart", "cancel", "edit", *ON_DOCUMENTS},
    "On Hold": {"hold", "cancel", *ON_DOCUMENTS},
    "In Process": {"ready", "restart", "hold", "priority", "edit", "delete", "run once", "remove", *ON_DOCUMENTS},
    "Error": {"cancel", "edit"},
    INACTIVE: {"cancel", "edit"},
}
"""What must have been refused in each status, to a user who may do everything."""


def machine_of(engine: str, request: pytest.FixtureRequest) -> type[JobsMachine]:
    """The machine over a company of its own, which has reached nothing yet."""
    make: MakeCompany = request.getfixturevalue(f"make_{engine}")
    company.open_company(make())
    make_world()
    return type(f"Machine_{engine}", (JobsMachine,), {"reached": set(), "refused": set()})


def run_at_random(machine: type[JobsMachine], *, examples: int, steps: int) -> None:
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
    run_at_random(machine_of(engine, request), examples=4, steps=40)


@pytest.mark.full
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_whatever_is_done_for_long(engine: str, request: pytest.FixtureRequest) -> None:
    machine = machine_of(engine, request)
    run_at_random(machine, examples=150, steps=150)
    assert machine.reached <= TABLE


class Walk:
    """The machine led by hand: the same steps, and all that must hold after each."""

    def __init__(self, machine: type[JobsMachine]) -> None:
        self.machine = machine()

    def __call__(self, step: str, **options: Any) -> None:
        getattr(self.machine, step)(**options)
        for invariant in self.machine.invariants:
            invariant.function(self.machine)

    def refusals(self, entry: Entry) -> None:
        """All that is refused in the entry's status, and that nobody does to it who may only look."""
        of_entry = {
            "ready": ("set_ready", {"at_once": False}),
            "restart": ("set_ready", {"at_once": True}),
            "hold": ("set_on_hold", {}),
            "cancel": ("cancel", {}),
            "priority": ("set_priority", {"priority": 1}),
            "edit": ("edit", {"field": "priority"}),
            "delete": ("delete", {}),
            "run once": ("run_once", {"blocked": False}),
        }
        of_document = {
            "remove": ("remove", {}),
            "queue": ("queue", {}),
            "edit document": ("edit_document", {}),
            "delete document": ("delete_document", {}),
            "post in session": ("post_in_session", {"blocked": False}),
        }
        for what, (step, options) in of_entry.items():
            for user in ("", VIC) if what in FORBIDDEN[entry.status.value] else (VIC,):
                self(step, entry=entry, user=user, **options)
        if entry.doc is not None:
            for what, (step, options) in of_document.items():
                for user in ("", VIC) if what in FORBIDDEN[entry.status.value] else (VIC,):
                    self(step, doc=entry.doc, user=user, **options)

    def queued(self) -> tuple[Doc, Entry]:
        doc = self.document()
        self("queue", doc=doc, user=ANN)
        assert doc.entry is not None
        return doc, doc.entry

    def document(self) -> Doc:
        self("new_document")
        return self.machine.docs_seen[-1]

    def failed(self) -> tuple[Doc, Entry]:
        doc, entry = self.queued()
        self.fails()
        return doc, entry

    def fails(self) -> None:
        self("claim", dies=False)
        self("worker_works", blocked=True)

    def succeeds(self) -> None:
        self("claim", dies=False)
        self("worker_works", blocked=False)

    def job(self, kind: str = "once", *, hold: bool = False) -> Entry:
        self("schedule", category="A", hold=hold, kind=kind, priority=10)
        return self.machine.models[-1]

    def resting(self) -> Entry:
        entry = self.job("rests")
        self.succeeds()
        assert entry.status is RESTS
        return entry


@pytest.fixture(params=["sqlite", "postgres"])
def walk(request: pytest.FixtureRequest) -> Walk:
    return Walk(machine_of(request.param, request))


def test_every_transition_of_the_table_is_made_and_agrees_with_the_model(walk: Walk) -> None:
    people_move_it(walk)
    documents_take_it_along(walk)
    runs_end(walk)
    cancelled_runs_end(walk)
    plans_come_round(walk)
    walk.machine.teardown()
    assert TABLE - walk.machine.reached == set()


def test_what_a_status_forbids_is_refused_with_a_reason_to_everybody(walk: Walk) -> None:
    _, entry = walk.queued()
    walk.refusals(entry)
    walk("set_on_hold", entry=entry, user=ANN)
    walk.refusals(entry)
    walk("set_ready", entry=entry, user=ANN, at_once=False)
    walk("claim", dies=False)
    walk.refusals(entry)
    walk("worker_works", blocked=True)
    walk.refusals(entry)
    walk.refusals(walk.resting())
    expected = {(status, what) for status, refused in FORBIDDEN.items() for what in refused}
    assert walk.machine.refused == expected


def people_move_it(walk: Walk) -> None:
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
    walk("run_once", entry=entry, user=ANN, blocked=True)
    walk("set_on_hold", entry=entry, user="")
    walk("run_once", entry=entry, user=ANN, blocked=True)
    walk("queue", doc=doc, user="")
    walk.succeeds()
    walk("delete", entry=walk.failed()[1], user="")
    walk("delete", entry=walk.queued()[1], user=ANN)
    walk("delete", entry=walk.job(hold=True), user="")
    acts: tuple[tuple[str, dict[str, bool]], ...] = (
        ("set_ready", {"at_once": False}),
        ("set_ready", {"at_once": True}),
        ("set_on_hold", {}),
        ("delete", {}),
    )
    for act, options in acts:
        entry = walk.resting()
        walk(act, entry=entry, user="", **options)
        if entry in walk.machine.models:
            walk("delete", entry=entry, user="")


def documents_take_it_along(walk: Walk) -> None:
    walk("remove", doc=walk.queued()[0], user="")
    walk("remove", doc=walk.failed()[0], user=ANN)
    doc, entry = walk.queued()
    walk("set_on_hold", entry=entry, user=ANN)
    walk("remove", doc=doc, user=ANN)
    doc, _ = walk.failed()
    walk("edit_document", doc=doc, user=ANN)
    walk("post_in_session", doc=doc, user=ANN, blocked=True)
    walk("post_in_session", doc=doc, user=ANN, blocked=False)
    walk("delete_document", doc=walk.failed()[0], user=ANN)
    plain, (failed, _), (waiting, _) = walk.document(), walk.failed(), walk.queued()
    walk.job("batch")
    walk.succeeds()
    assert plain.entry is not None
    while walk.machine.best():  # what was removed before is queued too
        walk.succeeds()
    assert all(doc.is_gone for doc in (plain, failed, waiting))


def runs_end(walk: Walk) -> None:
    for ending in ("database_gives_up", "sweep"):
        entry = walk.job()
        for _ in range(MOST_ATTEMPTS):
            walk("claim", dies=ending == "sweep")
            walk(ending)
            walk("time_passes", seconds=60)
        assert entry.status is ERROR
        walk("delete", entry=entry, user="")
    endings: tuple[tuple[str, dict[str, str]], ...] = (
        ("consumer_stops", {}),
        ("run_fails", {"why": "timeout"}),
        ("run_fails", {"why": "bug"}),
        ("set_log_entry_to_error", {"user": ""}),
    )
    for ending, options in endings:
        for make in (walk.job, lambda: walk.queued()[1]):
            entry = make()
            walk("claim", dies=False)
            walk(ending, **options)
            if walk.machine.stale:
                walk("late_worker_works")
            walk("delete", entry=entry, user="")


def cancelled_runs_end(walk: Walk) -> None:
    for ending in ("cancelled_worker_stops", "database_gives_up", "sweep", "consumer_stops"):
        for kind in ("once", "recurs", "rests"):
            entry = walk.job(kind)
            walk("claim", dies=False)
            walk("cancel", entry=entry, user="")
            if ending == "sweep":
                walk("worker_dies")
            walk(ending)
            assert entry.status.value == "On Hold"
            walk("delete", entry=entry, user="")
    for entry in (walk.job(), walk.queued()[1]):
        walk("claim", dies=True)
        walk("cancel", entry=entry, user="")
        assert entry.status.value == "On Hold"
        walk("delete", entry=entry, user="")
    for kind in ("recurs", "rests"):
        entry = walk.job(kind)
        walk("claim", dies=False)
        walk("cancel", entry=entry, user="")
        walk("worker_works", blocked=False)
        walk("set_ready", entry=entry, user="", at_once=False)
        walk("delete", entry=entry, user="")


def plans_come_round(walk: Walk) -> None:
    entry = walk.job("recurs")
    for _ in range(3):
        walk.succeeds()
        walk("time_passes", seconds=1000)
    walk("run_once", entry=entry, user="", blocked=False)
    walk("delete", entry=entry, user="")
    entry = walk.resting()
    walk("time_passes", seconds=1000)
    walk("sweep")
    walk.succeeds()
    assert entry.status is RESTS
    walk("delete", entry=entry, user="")
    later = walk.job("later")
    walk("claim", dies=False)
    assert later.claim is None
    walk("time_passes", seconds=60)
    walk.succeeds()
    assert later not in walk.machine.models
    walk.job("expires")
    doc, entry = walk.queued()
    walk("set_on_hold", entry=entry, user=ANN)
    walk("edit", entry=entry, user=ANN, field="expiration")
    walk("set_ready", entry=entry, user=ANN, at_once=False)
    walk("time_passes", seconds=60)
    walk("sweep")
    assert entry.status is ERROR
    walk("queue", doc=doc, user=ANN)
    walk.succeeds()
    assert doc.is_gone
