"""`postroom demo`: the demo company, posted in the background while one looks, or headless from start to end.

It works with `demo.db` in the user's data folder and no other company.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from postroom.core import company, demo, documents, verify
from postroom.core.company import NewCompany
from postroom.core.database import Location
from postroom.core.documents import DocumentView
from postroom.core.errors import CompanyError, Problem, Refused, describe
from postroom.core.jobs import background, consumers, processes
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import DocumentType, JobQueueStatus
from postroom.core.verify import Verification
from postroom.tui.cli import frame, start, trial, writing
from postroom.tui.cli.frame import Session

LOOK_EVERY = 0.1
"""Seconds between two looks at how far the consumer is."""

_TO_GO = "job_queue_status='Scheduled for Posting'|Posting"
_END_WITHIN = 30.0


@frame.command("demo", "postroom demo", "postroom demo --headless")
@click.option("--headless", is_flag=True, help="Post everything from start to end without the full screen.")
@frame.json_option
def demo_command(session: Session, headless: bool) -> int:
    """Show the demo company; without a terminal, post its documents in the background and tell the result.

    A consumer in the background is started where none runs. It ends when the full screen is left; what is scheduled
    then waits for the next `postroom demo`.
    """
    if headless or session.as_json or not start.has_terminal():
        return _run_headless(session)
    return open_with_screen()


def open_with_screen() -> int:
    """Make the demo company if it is not there, see that a consumer serves it, and open the TUI on it."""
    from postroom.queue.consumer import start_in_background

    location = _location()
    with _alone(location):
        if not location.path.exists():
            writing.say("Making the demo company ...")
            _make(location)
            company.close()
    session = Session(location.text)
    session.read()
    own = None if consumers.alive() else start_in_background(location)
    try:
        return start.show_screen(session)
    finally:
        if own is not None:
            _terminate(own)
            writing.say("The demo's own consumer has ended with it; what is scheduled waits for `postroom demo`.")


def _run_headless(session: Session) -> int:
    began = time.monotonic()
    location = _location()
    with _alone(location):
        _end_consumers(location)
        _remove(location)
        writing.say(f"Making the demo company {location.path} ...")
        user = _make(location)
        session.company, session.is_open = location.text, True
        before = documents.list_documents()
        request = PostRequest(mode="queue", queue_anyway=True)
        queued = background.post([view.id for view in before], request, user=user)
        count = sum(row.result == "queued" for row in queued)
        writing.say(f"{count} documents are queued; a consumer in a process of its own posts them ...")
        _consume(location, count)
        outcome = _outcome(before, documents.list_documents())
    seconds = time.monotonic() - began
    return _tell(session, outcome, seconds)


def _location() -> Location:
    return Location(str(frame.make_data_folder() / "demo.db"))


@contextmanager
def _alone(location: Location) -> Iterator[None]:
    """One demo at a time. Raises CompanyError while another one is at it."""
    path = location.path.with_name("demo.lock")
    try:
        lock = path.open("w")
    except OSError as error:
        raise CompanyError(f"{path} cannot be written: {error.strerror}.", hint="Check the folder.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CompanyError(
                f"Another `postroom demo` works with {location.path}.", hint="Wait until it has ended."
            ) from error
        yield


def _make(location: Location) -> str:
    """Make the demo company and leave it open; gives the user. Made aside, so that a kill leaves none half filled."""
    draft = Location(str(location.path.with_name(f".demo.{os.getpid()}.db")))
    try:
        company.create(draft, NewCompany("Demo Company"))
        trial.apply(os.environ)
        demo.fill(user=company.current_user())
        company.close()
        os.replace(draft.path, location.path)
    finally:
        company.close()
        _remove(draft)
    company.open_company(location)
    return company.current_user()


def _remove(location: Location) -> None:
    """Delete a company's files and its queue's."""
    for path in (location.path, location.queue_path):
        for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            name.unlink(missing_ok=True)


def _end_consumers(location: Location) -> None:
    """Stop the consumers on this host that still serve the demo company of before; it is about to go."""
    if not location.path.exists():
        return
    try:
        company.open_company(location)
        for process_id in _serving_here():
            _terminate(process_id)
        end = time.monotonic() + _END_WITHIN
        while still := _serving_here():
            if time.monotonic() > end:
                numbers = ", ".join(str(process_id) for process_id in still)
                raise Refused(f"A consumer still serves the demo company (process {numbers}).", hint="End it first.")
            time.sleep(LOOK_EVERY)
    except CompanyError:
        return  # of another schema, or no company at all: nothing serves it
    finally:
        company.close()


def _serving_here() -> list[int]:
    """The processes of the consumers that live on this host."""
    return [one.process_id for one in consumers.alive() if one.host == processes.host()]


def _terminate(process_id: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process_id, signal.SIGTERM)


def _consume(location: Location, count: int) -> None:
    """Let a consumer process post what is queued, and show how far it is. Raises Refused where it broke down."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "postroom.tui.cli.main",
        "--company",
        location.text,
        "consumer",
        "--until-idle",
    ]
    with tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=messages)
        try:
            with writing.progress_bar("Posting", count) as advance:
                while process.poll() is None:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(LOOK_EVERY)
                    if advance is not None:
                        advance(count - len(documents.list_documents(_TO_GO)))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if process.returncode not in (0, 1):
            messages.seek(0)
            last = messages.read().strip().splitlines()[-1:] or [""]
            raise Refused(f"The consumer ended with {process.returncode}. {last[0]}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the demo's documents. `unexpected` names those that came out otherwise than designed."""

    types: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    unexpected: list[str]
    verification: Verification

    @property
    def is_as_designed(self) -> bool:
        return not self.unexpected and self.verification.ok


def _outcome(before: Sequence[DocumentView], after: Sequence[DocumentView]) -> Outcome:
    """Compare what is left with what was designed to fail, and recompute every invariant."""
    left = {view.id: view for view in after}
    failed = [view for view in after if view.job_queue_status is JobQueueStatus.ERROR]
    types = [
        {
            "type": type_,
            "posted": sum(view.type is type_ and view.id not in left for view in before),
            "failed": sum(view.type is type_ for view in failed),
        }
        for type_ in DocumentType
    ]
    designed = dict(demo.EXPECTED_FAILURES)
    unexpected = [f"{view.no} was not posted" for view in after if view not in failed]
    for view in failed:
        codes = [problem.code for problem in view.errors]
        if view.no not in designed:
            unexpected.append(f"{view.no} failed: {_reasons(view.errors)}")
        elif designed[view.no] not in codes:
            unexpected.append(f"{view.no} failed with {', '.join(codes)} instead of {designed[view.no]}")
    missing = designed.keys() - {view.no for view in failed}
    unexpected += [f"{no} was posted and should have failed ({designed[no]})" for no in sorted(missing)]
    return Outcome(
        types,
        [{"type": view.type, "no": view.no, "errors": view.errors} for view in failed],
        unexpected,
        verify.verify(),
    )


def _tell(session: Session, outcome: Outcome, seconds: float) -> int:
    code = 0 if outcome.is_as_designed else 1
    if session.as_json:
        session.write(
            {
                "types": outcome.types,
                "failed": outcome.failed,
                "unexpected": outcome.unexpected,
                "verify": {"checks": outcome.verification.checks, "ok": outcome.verification.ok},
                "ok": code == 0,
            }
        )
        return code
    session.write_list(frame.captions("type", "posted", "failed"), outcome.types)
    writing.write_text(f"\nFailed by design ({len(outcome.failed)}):")
    for row in outcome.failed:
        writing.write_text(f"  {_reasons(row['errors'])}")
    for text in outcome.unexpected:
        writing.write_text(f"Not as designed: {text}")
    for check in outcome.verification.checks:
        if not check.ok:
            writing.write_text(f"Does not hold: {check.name}: {check.detail}")
    posted = sum(row["posted"] for row in outcome.types)
    held = "every invariant holds" if outcome.verification.ok else "NOT every invariant holds"
    writing.write_text(f"\n{posted} posted, {len(outcome.failed)} failed, {held}; {seconds:.1f} s.")
    return code


def _reasons(problems: Sequence[Problem]) -> str:
    return " ".join(describe(problem) for problem in problems)
