"""Scheduling jobs: entries made by a person, to run once at a time or again and again by rules (behaviour 7)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from postroom.core import changelog, clock, company, users
from postroom.core.database import transaction
from postroom.core.errors import NotFound, UsageError
from postroom.core.jobs import doorbell, recurrence
from postroom.core.jobs.claims import PRINT_DOCUMENT
from postroom.core.jobs.entry_access import LOWEST_PRIORITY
from postroom.core.jobs.entry_views import EntryView, show
from postroom.core.jobs.recurrence import WEEKDAYS, Recurrence
from postroom.core.jobs.registry import POST_DOCUMENT, job_type, read_parameters
from postroom.core.jobs.results import DocumentResult
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import JobQueueCategory, JobQueueEntry
from postroom.core.users import Permission

_MADE_BY = {POST_DOCUMENT: "postroom post --queue", PRINT_DOCUMENT: "postroom posted print"}
"""The commands that make entries which nobody schedules."""
LONGEST_MINUTES = 525_600
"""A year, for minutes between runs."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When and under which category a job runs. Without weekdays and formula it runs once.

    `inactivity` is how many minutes a recurring job rests that found nothing to do; 0 lets it keep to its plan.
    """

    rules: Recurrence = field(default_factory=Recurrence)
    start: datetime | None = None
    expiration: datetime | None = None
    inactivity: int = 0
    category: str = ""
    priority: int = 1000
    hold: bool = False


def schedule(job: str, parameters: Mapping[str, str], plan: Schedule, *, user: str) -> EntryView:
    """Make an entry for a job. Needs its job type's permission. Raises UsageError, NotFound for an unknown category."""
    kind = job_type(job)
    if job in _MADE_BY:
        raise UsageError("A document is queued, not scheduled.", field="job", value=job, hint=f"Use `{_MADE_BY[job]}`.")
    users.require(user, kind.permission)
    stored = json.dumps(read_parameters(kind, parameters))
    _check(plan)
    start = first_start(plan)
    if plan.expiration is not None and plan.expiration <= (start or clock.now()):
        raise UsageError(
            "Its Expiration would have passed before it runs.",
            field="expiration",
            value=f"{plan.expiration:%Y-%m-%dT%H:%M:%SZ}",
            hint="Give a later expiration or an earlier start.",
        )
    rules, now = plan.rules, clock.now()
    with transaction():
        made = JobQueueEntry.create(
            id=secrets.token_hex(8),
            user_id=user,
            job=job,
            parameters=stored,
            description=kind.caption,
            status=EntryStatus.ON_HOLD if plan.hold else EntryStatus.READY,
            held_by=user if plan.hold else "",
            category_code=plan.category,
            priority=plan.priority,
            earliest_start=start,
            planned_start=start,
            expiration=plan.expiration,
            job_timeout=kind.default_timeout,
            weekdays=",".join(WEEKDAYS[day] for day in sorted(rules.weekdays)),
            next_run_date_formula=rules.formula,
            starting_time=rules.starting_time.isoformat() if rules.starting_time else "",
            ending_time=rules.ending_time.isoformat() if rules.ending_time else "",
            no_of_minutes_between_runs=rules.minutes,
            inactivity_timeout=plan.inactivity,
            created_at=now,
            last_ready_at=now,
        )
        changelog.record(
            user, "Schedule", "Job Queue Entry", f"{made.entry_no} {kind.caption}", new=recurrence.in_words(rules)
        )
        doorbell.ring_after_commit()
    return show(made.entry_no)


def check(name: str | int, *, user: str) -> list[DocumentResult]:
    """What a batch entry would do if it ran now: each document it takes, and why it would fail. Changes nothing.

    Raises NotFound, NotPermitted, and UsageError for a job that is no batch.
    """
    users.require(user, Permission.POST)
    entry = show(name)
    tried = job_type(entry.job).try_out
    if tried is None:
        raise UsageError(
            f"{entry.description} queues no documents.",
            code="not_a_batch",
            record=f"Job Queue Entry {entry.entry_no}",
            field="job",
            value=entry.job,
            hint="Only batch posting can be checked beforehand; a document by `postroom post --check`.",
        )
    return tried(entry.parameters, entry.user)


def _check(plan: Schedule) -> None:
    recurrence.check(plan.rules)
    for name, value, most in (
        ("no_of_minutes_between_runs", plan.rules.minutes, LONGEST_MINUTES),
        ("inactivity_timeout", plan.inactivity, LONGEST_MINUTES),
        ("priority", plan.priority, LOWEST_PRIORITY),
    ):
        if not 0 <= value <= most:
            raise UsageError(f"{name} is a whole number from 0 to {most}.", field=name, value=str(value))
    if plan.inactivity and not plan.rules.recurs:
        raise UsageError(
            "Only a recurring job has an Inactivity Timeout Period.",
            field="inactivity_timeout",
            value=str(plan.inactivity),
            hint="Give weekdays or a formula, or leave it out.",
        )
    if plan.category:
        refuse_unknown_category(plan.category)


def refuse_unknown_category(code: str) -> None:
    """Raise NotFound for a job queue category that does not exist."""
    if JobQueueCategory.get_or_none(JobQueueCategory.code == code) is None:
        raise NotFound(
            f"There is no job queue category {code}.",
            code="category_unknown",
            record=f"Job Queue Category {code}",
            field="category",
            value=code,
            hint="See `postroom category list`, or add it with `postroom category add`.",
        )


def first_start(plan: Schedule) -> datetime | None:
    """The first run; None for at once. A start that is given holds, but weekdays and window move it."""
    rules, zone = plan.rules, company.time_zone()
    if plan.start is not None and (rules.formula or not rules.recurs):
        return recurrence.allowed(rules, plan.start, zone)
    if not rules.recurs and rules.starting_time is None:
        return None
    return recurrence.first_run(rules, plan.start or clock.now(), zone)
