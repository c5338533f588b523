"""Job types: what an entry may run, whether a second run after a crash is safe, and its default timeout."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from postroom.core.database import transaction
from postroom.core.errors import Problem, UsageError
from postroom.core.jobs import backups, batch_posting, claims
from postroom.core.jobs.claims import PRINT_DOCUMENT, Claim
from postroom.core.jobs.results import DocumentResult
from postroom.core.kinds import DocumentType
from postroom.core.users import Permission

POST_DOCUMENT = "post-document"


@dataclass(frozen=True, slots=True)
class JobType:
    """One kind of work. `run` does it, outside of any transaction; None for the posting, which ends in its own.

    `run` returns what it has to tell its user, or nothing; whatever it writes, it writes in transactions that prove its
    claim. It raises NothingToDo where there was nothing.

    `parameters` maps each parameter it knows to the function that reads and checks its text; `check` raises UsageError
    for parameters that do not go together. `permission` is what scheduling it needs. `try_out` tells from an entry's
    parameters and user what a run would do to each document, and changes nothing.

    `finish` writes what a run leaves behind in the transaction that ends it. Where `rerun_is_safe` is false,
    `is_untouched` tells of a lost run whether it may run again all the same, `lost` what else may have happened.
    """

    name: str
    caption: str
    default_timeout: int
    rerun_is_safe: bool
    run: Callable[[Claim], str] | None
    parameters: Mapping[str, Callable[[str], Any]]
    check: Callable[[Mapping[str, Any]], None] | None = None
    permission: Permission = Permission.JOB_QUEUE_ADMIN
    try_out: Callable[[str, str], list[DocumentResult]] | None = None
    finish: Callable[[Claim], None] | None = None
    is_untouched: Callable[[Claim], bool] | None = None
    lost: str = "It may have been done all the same."


def _seconds(text: str) -> int:
    """A whole number of seconds, at most a day."""
    if not (text.isascii() and text.isdigit() and int(text) <= 86_400):
        raise ValueError("must be a whole number of seconds from 0 to 86400")
    return int(text)


def _wait(claim: Claim) -> str:
    time.sleep(int(json.loads(claim.parameters).get("seconds", 0)))
    return ""


def _days(text: str) -> int:
    """A whole number of days, at most a hundred years."""
    if not (text.isascii() and text.isdigit() and int(text) <= 36_500):
        raise ValueError("must be a whole number of days from 0 to 36500")
    return int(text)


def _delete_old_log_entries(claim: Claim) -> str:
    from postroom.core.jobs import log  # imported late: the log stands above the job types

    days = json.loads(claim.parameters).get("older_than", 7)
    with transaction():
        claims.prove(claim)
        log.clean(timedelta(days=days), user=claim.user_id)
    return ""


def _print_document(claim: Claim) -> str:
    from postroom.core.printing import print_jobs  # imported late, as Typst is large

    return print_jobs.run(claim)


def _finish_print_document(claim: Claim) -> None:
    from postroom.core.printing import print_jobs

    print_jobs.finish(claim)


def _is_print_untouched(claim: Claim) -> bool:
    from postroom.core.printing import print_jobs

    return print_jobs.is_untouched(claim)


JOB_TYPES: Mapping[str, JobType] = {
    job.name: job
    for job in (
        JobType(POST_DOCUMENT, "Post Document", 7200, True, None, {}),
        JobType(
            *(PRINT_DOCUMENT, "Print Document", 330, False, _print_document, {}),
            permission=Permission.POST,
            finish=_finish_print_document,
            is_untouched=_is_print_untouched,
            lost="It may have been printed.",
        ),
        JobType("wait", "Wait", 7200, True, _wait, {"seconds": _seconds}),
        JobType(
            *("delete-old-log-entries", "Delete Old Log Entries", 7200, True),
            _delete_old_log_entries,
            {"older_than": _days},
        ),
        JobType("backup", "Back Up the Company", 7200, True, backups.run, backups.PARAMETERS, backups.check_parameters),
        JobType(
            *("check", "Check Documents", 7200, True, batch_posting.check_documents),
            {"filter": batch_posting.read_filter},
            permission=Permission.POST,
        ),
        *(
            JobType(
                *(f"batch-post-{kind.value}s", f"Batch Post {kind.title}s", 7200, True),
                partial(batch_posting.queue_batch, kind),
                batch_posting.PARAMETERS,
                partial(batch_posting.check_parameters, kind),
                Permission.POST,
                partial(batch_posting.check_batch, kind),
            )
            for kind in DocumentType
        ),
    )
}


def job_type(name: str) -> JobType:
    """The job type of a name. Raises UsageError that lists those there are."""
    found = JOB_TYPES.get(name)
    if found is None:
        raise UsageError(
            f"There is no job {name}.", field="job", value=name, hint=f"There are {', '.join(sorted(JOB_TYPES))}."
        )
    return found


def may_run_again(claim: Claim) -> bool:
    """Whether a run that was lost or given back may run again by itself: it is safe, or has done nothing yet."""
    job = JOB_TYPES.get(claim.job)
    return job is None or job.rerun_is_safe or (job.is_untouched is not None and job.is_untouched(claim))


def unsafe(claim: Claim, problem: Problem) -> Problem:
    """The error of such a run that may not run again by itself."""
    return Problem(
        problem.code, f"{problem.message} {JOB_TYPES[claim.job].lost}", claim.description, hint="Look, then restart it."
    )


def read_parameters(job: JobType, given: Mapping[str, str], others: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Checked parameters as an entry stores them in JSON. Raises UsageError naming the parameter.

    `others`: what an entry has already besides those given.
    """
    read: dict[str, Any] = {}
    for name, text in given.items():
        if name not in job.parameters:
            known = ", ".join(job.parameters) or "none"
            raise UsageError(
                f"Job {job.name} has no parameter {name}.", field=name, value=text, hint=f"It takes: {known}."
            )
        try:
            read[name] = job.parameters[name](text)
        except ValueError as error:
            raise UsageError(f"{name} {error}.", field=name, value=text, hint="Correct the value.") from error
    if job.check is not None:
        job.check({**(others or {}), **read})
    return read
