"""The host's print system: `lp` sends, `lpstat` tells how it goes, `cancel` takes back. Nothing here knows the company.

Every call has a limit of its own; the words are those of the programs in English, whatever the host's language.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from postroom.core.errors import PrinterFailed

LOOK_SECONDS = 0.5
"""How often is looked how a job goes."""
CALL_SECONDS = 30.0
"""How long one call of a program may take."""
HEAR_SECONDS = 2.0
"""How long an interrupted `lp` is heard out, which may have sent its job."""

_JOB_ID = re.compile(r"request id is (\S+-\d+)")
_INDENTED = re.compile(r"^\s+(.*\S)", re.MULTILINE)
_SAYS_NOTHING = frozenset({"none", "cups-waiting-for-job-completed", "processing-to-stop-point", "job-printing"})
_WORDS = {
    "media-empty": "it has no paper",
    "media-needed": "it asks for other paper",
    "media-jam": "the paper is jammed",
    "media-low": "it has little paper left",
    "toner-empty": "it has no toner",
    "toner-low": "it has little toner left",
    "marker-supply-empty": "it has no ink or toner",
    "marker-supply-low": "it has little ink or toner left",
    "marker-waste-full": "its waste container is full",
    "cover-open": "a cover is open",
    "door-open": "a door is open",
    "interlock-open": "a cover is open",
    "output-area-full": "its output tray is full",
    "input-tray-missing": "a paper tray is missing",
    "paused": "it is stopped",
    "moving-to-paused": "it is being stopped",
    "offline": "it is offline",
    "shutdown": "it is switched off",
    "connecting-to-device": "it cannot be reached",
    "timed-out": "it does not answer",
    "spool-area-full": "its print system has no room left",
    "cups-held-for-authentication": "it asks for a user name and password",
    "auth-info-required": "it asks for a user name and password",
    "account-authorization-failed": "it refused the user name and password",
    "job-canceled-by-user": "the job was cancelled in the print system",
    "job-canceled-at-device": "the job was cancelled at the printer",
    "aborted-by-system": "the print system gave up on the job",
    "job-aborted-by-system": "the print system gave up on the job",
}


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue stands. `is_closed`: it prints nothing until somebody acts; `words`: what it says, if anything."""

    is_closed: bool
    words: str


class Withdrawn(Exception):
    """Nothing was sent, for it is no longer to be printed here."""


def send(
    queue: str,
    title: str,
    pdf: bytes,
    *,
    media: str,
    seconds: float,
    is_wanted: Callable[[], bool] = lambda: True,
) -> None:
    """Print and wait until it is done. Raises PrinterFailed with what the printer said, the job then cancelled.

    While the print system takes nothing it is tried again, until the time is over or it is not wanted: then Withdrawn.
    """
    end = time.monotonic() + seconds
    job = _submit(queue, title, pdf, media, end, is_wanted)
    try:
        while _is_under_way(queue, job):
            if time.monotonic() >= end:
                _give_up(queue, job, seconds)
            time.sleep(LOOK_SECONDS)
    except PrinterFailed:
        raise
    except BaseException:
        cancel(job)
        raise
    _require_done(queue, job)


def look(queue: str) -> QueueState:
    """How a queue stands now. Raises PrinterFailed where there is no such queue, or no print system."""
    told = _run("lpstat", "-l", "-p", queue)
    if told.returncode:
        raise _unknown(queue)
    accepting = _run("lpstat", "-a", queue).stdout
    is_disabled = " disabled since" in told.stdout.partition("\n")[0]
    is_rejecting = " not accepting" in accepting
    words = _words(told.stdout)
    if is_disabled and "it is stopped" not in words:
        words = ["it is stopped", *words]
    if is_rejecting:
        words = ["it takes no jobs", *words]
    return QueueState(is_disabled or is_rejecting, "; ".join(dict.fromkeys(words)))


def cancel(job: str) -> bool:
    """Take a job back; False where it has ended already."""
    return _run("cancel", job).returncode == 0


def _submit(queue: str, title: str, pdf: bytes, media: str, end: float, is_wanted: Callable[[], bool]) -> str:
    """Give the job to the print system, again and again while that takes nothing; returns the job's id."""
    while True:
        told = _run("lp", "-d", queue, "-t", title, "-o", f"media={media}", "-", given=pdf)
        found = _JOB_ID.search(told.stdout)
        if told.returncode == 0 and found:
            return found.group(1)
        problem = _not_taken(queue, told.stderr)
        if problem.problems[0].code == "printer_unknown" or time.monotonic() >= end:
            raise problem
        time.sleep(LOOK_SECONDS)
        if not is_wanted():
            raise Withdrawn


def _not_taken(queue: str, stderr: str) -> PrinterFailed:
    """Why nothing was taken: `lp` says the same of an unknown queue and of a print system that does not run."""
    if "is running" not in _run("lpstat", "-r").stdout:
        return PrinterFailed(
            "The print system (CUPS) of this host is not running.",
            code="printer_not_responding",
            hint="Start it, for example with `systemctl start cups`.",
        )
    if "does not exist" in stderr:
        return _unknown(queue)
    said = "; ".join(dict.fromkeys((*_said(stderr), *_words(_run("lpstat", "-l", "-p", queue).stdout))))
    return PrinterFailed(f"The print system does not take the job: {said}.", code="printer_not_responding")


def _said(stderr: str) -> list[str]:
    return [line.partition(":")[2].strip().rstrip(".") for line in stderr.splitlines() if ":" in line]


def _unknown(queue: str) -> PrinterFailed:
    return PrinterFailed(
        f"The print system has no queue {queue}.",
        code="printer_unknown",
        field="cups_queue",
        value=queue,
        hint="`lpstat -e` lists those it has.",
    )


def _is_under_way(queue: str, job: str) -> bool:
    told = _run("lpstat", "-W", "not-completed", "-o", queue)
    return told.returncode != 0 or any(line.split()[:1] == [job] for line in told.stdout.splitlines())


def _give_up(queue: str, job: str, seconds: float) -> NoReturn:
    """The time is over: take the job back and tell what the printer says, unless it has just been done."""
    said = _words(_of_job(queue, job, "not-completed")) + _words(_run("lpstat", "-l", "-p", queue).stdout)
    if not cancel(job):
        _require_done(queue, job)
    words = "; ".join(dict.fromkeys(said)) or "it says nothing"
    raise PrinterFailed(
        f"The printer did not finish within {seconds:g} seconds: {words}.",
        code="printer_not_responding",
        hint="See to the printer. Part of it may have been printed: look before you restart the job.",
    )


def _require_done(queue: str, job: str) -> None:
    """See how an ended job ended; one that the print system no longer knows counts as printed."""
    told = _of_job(queue, job, "completed")
    if re.search(r"Alerts:.*(cancel|abort)", told):
        raise PrinterFailed(
            f"The print job {job} was not finished: {'; '.join(_words(told))}.",
            code="printer_job_ended",
            hint="Part of it may have been printed: look before you restart the job.",
        )


def _of_job(queue: str, job: str, which: str) -> str:
    """What `lpstat` tells of one job."""
    blocks = re.split(r"^(?=\S)", _run("lpstat", "-l", "-W", which, "-o", queue).stdout, flags=re.MULTILINE)
    return next((block for block in blocks if block.split()[:1] == [job]), "")


def _words(told: str) -> list[str]:
    """What a long listing says in words: the state's message, then the reasons."""
    lines = [found.group(1) for found in _INDENTED.finditer(told)]
    said = [line.rstrip(".") for line in lines[:1] if ":" not in line and not line.startswith("queued for")]
    said += [line.partition(":")[2].strip().rstrip(".") for line in lines if line.startswith("Status:")]
    for line in lines:
        if line.startswith("Alerts:"):
            said += [_reason(word) for word in line.split()[1:] if word not in _SAYS_NOTHING]
    return [words for words in said if words and words != "Printing"]


def _reason(keyword: str) -> str:
    known = re.sub(r"-(error|warning|report)$", "", keyword)
    return _WORDS.get(known) or known.replace("-", " ")


def _run(*command: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run a program to its end. Whatever interrupts a job's sending, what was sent is taken back."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    except FileNotFoundError as error:
        raise PrinterFailed(
            f"{command[0]} is not installed on this host.",
            code="printer_unknown",
            hint="Install the client programs of CUPS (on Debian: apt install cups-client).",
        ) from error
    with process:
        try:
            stdout, stderr = process.communicate(given, timeout=CALL_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise PrinterFailed(
                f"The print system did not answer `{_shown(command)}` within {CALL_SECONDS:g} seconds.",
                code="printer_not_responding",
                hint="See whether CUPS hangs on this host.",
            ) from error
        except BaseException:
            if given:
                _take_back(process)
            process.kill()
            raise
    return subprocess.CompletedProcess(
        command, process.returncode, stdout.decode(errors="replace"), stderr.decode(errors="replace")
    )


def _take_back(process: subprocess.Popen[bytes]) -> None:
    """Hear what an interrupted `lp` has still to say, and cancel the job if it names one."""
    with suppress(subprocess.TimeoutExpired):
        found = _JOB_ID.search(process.communicate(timeout=HEAR_SECONDS)[0].decode(errors="replace"))
        if found:
            cancel(found.group(1))


def _shown(command: Sequence[str]) -> str:
    return " ".join(command[:3])
