"""Job Queue Categories: at most one entry of a category is In Process at any time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from postroom.core import changelog, filters, users, values
from postroom.core.counted import counted
from postroom.core.database import transaction
from postroom.core.errors import NotFound, Problem, Refused
from postroom.core.jobs.claims import PRINT_CATEGORY
from postroom.core.setup_version import raise_version
from postroom.core.statements import query
from postroom.core.tables.setup import PurchasesSetup, SalesSetup
from postroom.core.tables.work import JobQueue, JobQueueCategory, JobQueueEntry, Printer
from postroom.core.users import Permission


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A category and how many entries bear it."""

    code: str
    description: str
    entries: int


def list_categories() -> list[CategoryView]:
    """All categories by code."""
    counted: Counter[str] = Counter()
    for code, count in query(  # by status as well, as their index has them
        "SELECT category_code, count(*) FROM job_queue_entry GROUP BY status, category_code"
    ):
        counted[code] += count
    return [
        CategoryView(row.code, row.description, counted[row.code])
        for row in JobQueueCategory.select().order_by(JobQueueCategory.code)
    ]


def add(code: str, description: str = "", *, user: str) -> CategoryView:
    """Make a category. Needs Job Queue Admin."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    name = _read_code(code)
    with transaction():
        if JobQueueCategory.get_or_none(JobQueueCategory.code == name) is not None:
            raise _exists(name)
        told = _read_description(name, description)
        JobQueueCategory.create(code=name, description=told)
        changelog.record(user, "Insert", "Job Queue Category", name)
    return CategoryView(name, told, 0)


def describe(code: str, description: str, *, user: str) -> CategoryView:
    """Change what a category is described as. Needs Job Queue Admin."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    with transaction():
        row = _row(code)
        told = _read_description(code, description)
        if told != row.description:
            JobQueueCategory.update(description=told).where(JobQueueCategory.code == code).execute()
            changelog.record(
                *(user, "Modify", "Job Queue Category", code), field="Description", old=row.description, new=told
            )
    return next(view for view in list_categories() if view.code == code)


def rename(old: str, new: str, *, user: str) -> CategoryView:
    """Rename a category; entries, setups and job queue filters that name it follow. Needs Job Queue Admin."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    name = _read_code(new)
    with transaction():
        row = _row(old)
        _refuse_printers(old)
        if name != old and JobQueueCategory.get_or_none(JobQueueCategory.code == name) is not None:
            raise _exists(name)
        JobQueueCategory.update(code=name).where(JobQueueCategory.code == old).execute()
        followed = JobQueueEntry.update(category_code=name).where(JobQueueEntry.category_code == old).execute()
        for setup in (SalesSetup, PurchasesSetup):
            setup.update(job_queue_category_code=name).where(setup.job_queue_category_code == old).execute()
        _rename_in_queues(old, name, user)
        raise_version()
        changelog.record(user, "Rename", "Job Queue Category", old, field="Code", old=old, new=name)
    return CategoryView(name, row.description, followed)


def _rename_in_queues(old: str, new: str, user: str) -> None:
    """Let job queues that name the category in their filter go on taking it."""
    for queue in JobQueue.select(JobQueue.code, JobQueue.category_filter):
        followed = filters.renamed(queue.category_filter, old, new)
        if followed != queue.category_filter:
            JobQueue.update(category_filter=followed).where(JobQueue.code == queue.code).execute()
            changelog.record(
                user,
                "Modify",
                "Job Queue",
                queue.code,
                field="Job Queue Category Filter",
                old=queue.category_filter,
                new=followed,
            )


def delete(code: str, *, user: str) -> None:
    """Delete a category that no entry and no setup names. Needs Job Queue Admin."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    with transaction():
        _row(code)
        _refuse_printers(code)
        entries = JobQueueEntry.select().where(JobQueueEntry.category_code == code).count()
        windows = [
            caption
            for setup, caption in (
                (SalesSetup, "Sales & Receivables Setup"),
                (PurchasesSetup, "Purchases & Payables Setup"),
            )
            if setup.select().where(setup.job_queue_category_code == code).exists()
        ]
        if entries or windows:
            used = [counted(entries, "job queue entry", "job queue entries")] * bool(entries) + windows
            raise Refused(
                f"The category is used by {' and '.join(used)}.",
                code="category_used",
                record=f"Job Queue Category {code}",
                field="code",
                value=code,
                hint="Delete or rename what uses it first.",
            )
        JobQueueCategory.delete().where(JobQueueCategory.code == code).execute()
        changelog.record(user, "Delete", "Job Queue Category", code)


def _refuse_printers(code: str) -> None:
    """The category of a printer, or of the Report Inbox, is named after it and goes with it."""
    printer = code.removeprefix(PRINT_CATEGORY)
    if code == f"{PRINT_CATEGORY}PDF" or (printer != code and Printer.get_or_none(Printer.code == printer) is not None):
        raise Refused(
            f"The category belongs to {'the Report Inbox' if printer == 'PDF' else f'printer {printer}'}.",
            code="category_used",
            record=f"Job Queue Category {code}",
            field="code",
            value=code,
            hint="It goes when its printer is deleted.",
        )


def _read_code(code: str) -> str:
    try:
        name = values.read_code(code)
        if not name:
            raise ValueError("is blank; a blank category needs no record")
    except ValueError as error:
        values.refuse_all([Problem("bad_value", f"Code {code!r} {error}.", field="code", value=code)])
        raise
    return name


def _read_description(code: str, text: str) -> str:
    try:
        return values.read_text(text)
    except ValueError as error:
        record = f"Job Queue Category {code}"
        values.refuse_all([Problem("bad_value", f"Description {error}.", record, field="description", value=text)])
        raise


def _row(code: str) -> JobQueueCategory:
    row: JobQueueCategory | None = JobQueueCategory.get_or_none(JobQueueCategory.code == code)
    if row is None:
        codes = [one.code for one in JobQueueCategory.select(JobQueueCategory.code)]
        raise NotFound(
            f"There is no job queue category {code}.",
            record=f"Job Queue Category {code}",
            field="code",
            value=code,
            hint=values.near(code, codes, "job queue category"),
        )
    return row


def _exists(code: str) -> Refused:
    return Refused(
        f"The category {code} exists already.",
        code="category_exists",
        record=f"Job Queue Category {code}",
        field="code",
        value=code,
        hint="Choose another code.",
    )
