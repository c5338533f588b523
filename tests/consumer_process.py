"""Consumers as real processes, for tests: started, looked into, killed; and waiting for a state with a deadline."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from forked_program import Forked, server

from postroom.core.database import Location
from postroom.core.jobs.registry import JOB_TYPES
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import JobQueueEntry

_RUN = """
import os
import sys
from postroom.core.database import Location
from postroom.queue import consumer
exec(os.environ.get("POSTROOM_TEST_PRELUDE", ""))
place, workers, until_idle, *codes = sys.argv[1:]
sys.exit(consumer.run(Location(place), workers=int(workers), until_idle=until_idle == "1", job_queues=codes))
"""

Found = TypeVar("Found")


def until(look: Callable[[], Found], seconds: float = 30, what: str = "it") -> Found:
    """Look until something true is found, and return it; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"{what} did not come within {seconds} s"
        time.sleep(0.01)
    return found


class ConsumerProcess:
    """One consumer in a process group of its own; its messages are in `messages`.

    `prelude` is Python that its process runs first; `around` a command that the process is started through.
    """

    def __init__(
        self,
        location: Location,
        *codes: str,
        workers: int = 2,
        until_idle: bool = False,
        prelude: str = "",
        around: tuple[str, ...] = (),
        **env: str,
    ) -> None:
        self.file = open(f"/tmp/postroom-consumer-{os.getpid()}-{time.monotonic_ns()}.log", "w+b")  # noqa: SIM115
        os.unlink(self.file.name)
        arguments = [location.text, str(workers), "1" if until_idle else "0", *codes]
        environment = {**os.environ, **env, "POSTROOM_TEST_PRELUDE": prelude}
        self.process: Forked | subprocess.Popen[bytes]
        if around:
            self.process = subprocess.Popen(
                [*around, sys.executable, "-P", "-c", _RUN, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=self.file,
                stderr=self.file,
                start_new_session=True,
                env=environment,
            )
        else:
            self.process = server().start(_RUN, arguments, environment, self.file.fileno())

    @property
    def messages(self) -> str:
        self.file.seek(0)
        return self.file.read().decode()

    def wait(self, seconds: float = 60) -> int:
        """Its exit code. Never a traceback."""
        code = self.process.wait(seconds)
        assert "Traceback" not in self.messages, self.messages
        return code

    def children(self) -> list[int]:
        """The processes it has forked and that live."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.process.pid and fields[0] not in "ZX":
                    found.append(int(stat.parent.name))
        return found

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> None:
        """Kill what is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.file.close()


def lives(process_id: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_entry(seconds: float = 0, **fields: Any) -> int:
    """An entry that waits so many seconds, ready at once unless told otherwise; returns its entry no."""
    number = JobQueueEntry.select().count() + 1
    values: dict[str, Any] = {
        "id": f"wait-{number}-{time.monotonic_ns()}",
        "user_id": "ann",
        "job": JOB_TYPES["wait"].name,
        "parameters": f'{{"seconds": {int(seconds)}}}',
        "description": f"Wait {number}",
        "status": EntryStatus.READY,
    }
    return int(JobQueueEntry.create(**{**values, **fields}).entry_no)


def entry(entry_no: int) -> JobQueueEntry | None:
    """The entry as it stands now."""
    found: JobQueueEntry | None = JobQueueEntry.get_or_none(JobQueueEntry.entry_no == entry_no)
    return found


def running(entry_no: int) -> JobQueueEntry | None:
    """The entry if it is In Process now."""
    found = entry(entry_no)
    return found if found is not None and found.status is EntryStatus.IN_PROCESS else None
