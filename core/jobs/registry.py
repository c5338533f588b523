"""Job types: what an entry may run, whether a second run after a crash is safe, and its default timeout."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from postroom.core.errors import UsageError
from postroom.core.jobs.claims import Claim

POST_DOCUMENT = "post-document"


@dataclass(frozen=True, slots=True)
class JobType:
    """One kind of work. `run` does it, outside of any transaction; None for the posting, which ends in its own.

    `parameters` maps each parameter it knows to the function that reads and checks its text.
    """

    name: str
    caption: str
    default_timeout: int
    rerun_is_safe: bool
    run: Callable[[Claim], None] | None
    parameters: Mapping[str, Callable[[str], Any]]


def _seconds(text: str) -> int:
    """A whole number of seconds, at most a day."""
    if not (text.isascii() and text.isdigit() and int(text) <= 86_400):
        raise ValueError("must be a whole number of seconds from 0 to 86400")
    return int(text)


def _wait(claim: Claim) -> None:
    time.sleep(int(json.loads(claim.parameters).get("seconds", 0)))


JOB_TYPES: Mapping[str, JobType] = {
    job.name: job
    for job in (
        JobType(POST_DOCUMENT, "Post Document", 7200, True, None, {}),
        JobType("wait", "Wait", 7200, True, _wait, {"seconds": _seconds}),
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


def read_parameters(job: JobType, given: Mapping[str, str]) -> str:
    """Checked parameters as an entry stores them. Raises UsageError naming the parameter."""
    read = {}
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
    return json.dumps(read)
