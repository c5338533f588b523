"""Postings and claims of a real consumer that stand still at a chosen step until the test lets them go on."""

from __future__ import annotations

from pathlib import Path

from consumer_process import until

from postroom.core import verify
from postroom.core.tables.ledgers import PostedDocument

HALTING = """
import os, time
from postroom.core.posting import post
def halting(step):
    def halt(*arguments, **options):
        done = step(*arguments, **options)
        with open(os.environ["POSTROOM_TEST_MARK"], "w") as mark:
            mark.write(str(os.getpid()))
        while not os.path.exists(os.environ["POSTROOM_TEST_GO"]):
            time.sleep(0.01)
        return done
    return halt
"""
SLOW_POSTING = HALTING + "post.write = halting(post.write)\n"
"""A posting that has written everything and commits only once it is told to."""
SLOW_CLAIM = (
    HALTING
    + """
from postroom.core.jobs import claims
claims.mark_in_process = halting(claims.mark_in_process)
"""
)
"""A claim that has been written and is committed only once it is told to."""
SLOW_CHECK = HALTING + "post.prepare = halting(post.prepare)\n"
"""A posting that has computed everything and begins to write only once it is told to."""
IMPATIENT = """
import functools
from postroom.core import company
company.open_company = functools.partial(company.open_company, busy_seconds=0.5)
"""
"""Waits half a second for SQLite's write lock in place of five."""


class Halt:
    """Where a worker stands still, and may go on."""

    def __init__(self, folder: Path) -> None:
        self.mark, self.go = folder / "mark", folder / "go"

    def options(self, prelude: str) -> dict[str, str]:
        """What a consumer is started with so that it stands still here, at the step of the prelude."""
        return {
            "prelude": prelude,
            "POSTROOM_TEST_MARK": str(self.mark),
            "POSTROOM_TEST_GO": str(self.go),
        }

    def worker(self) -> int:
        """The process that stands there, once it does."""
        return int(until(lambda: self.mark.exists() and self.mark.read_text(), what="the step"))


def posted_count() -> int:
    return int(PostedDocument.select().where(PostedDocument.kind == "invoice").count())


def assert_verified() -> None:
    assert [check for check in verify.verify().checks if not check.ok] == []
