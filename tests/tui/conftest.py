"""Every test here has its own folders and no company in its environment; some have a copy of the demo company."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Run, Told
from conftest import Template

from postroom.core import company, demo
from postroom.core.database import Location
from postroom.core.jobs import background, entries
from postroom.core.jobs.background import PostRequest
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry
from postroom.tui.cli import main


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("POSTROOM_COMPANY", "POSTROOM_CLOCK", "POSTROOM_LEASE"):
        monkeypatch.delenv(name, raising=False)


LOGGERS = ("postroom", "huey")
"""Where a consumer adds a handler that writes to its standard error."""


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process."""

    def run(*arguments: str) -> Told:
        capfd.readouterr()
        kept = {name: list(logging.getLogger(name).handlers) for name in LOGGERS}
        code = main.main(arguments)
        for name, handlers in kept.items():  # a consumer's go to this test's standard error, which ends with the test
            logging.getLogger(name).handlers[:] = handlers
        return Told(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def demo_file(templates: Template) -> Path:
    """The demo company, nothing posted yet."""
    path = templates.folder / "demo.db"
    shutil.copy(templates.sqlite("0.01"), path)
    company.open_company(Location(str(path)))
    demo.fill(user=company.current_user())
    company.close()
    return path


@pytest.fixture(scope="session")
def posted_demo_file(demo_file: Path) -> Path:
    """The demo company after all its documents went through the job queue: those designed to fail are in Error."""
    path = demo_file.with_name("posted-demo.db")
    shutil.copy(demo_file, path)
    company.open_company(Location(str(path)))
    user = company.current_user()
    ids = [one.id for one in Document.select(Document.id).order_by(Document.id)]
    background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=user)
    waiting = JobQueueEntry.select(JobQueueEntry.id).order_by(JobQueueEntry.entry_no)
    entries.run_once([one.id for one in waiting], user=user)
    company.close()
    return path


def opened_copy(file: Path, folder: Path) -> Iterator[Location]:
    location = Location(str(shutil.copy(file, folder / "firm.db")))
    company.open_company(location)
    yield location
    company.close()


@pytest.fixture
def demo_firm(demo_file: Path, tmp_path: Path) -> Iterator[Location]:
    """A copy of the demo company, open."""
    yield from opened_copy(demo_file, tmp_path)


@pytest.fixture
def posted_demo(posted_demo_file: Path, tmp_path: Path) -> Iterator[Location]:
    """A copy of the demo company whose documents went through the job queue, open."""
    yield from opened_copy(posted_demo_file, tmp_path)
