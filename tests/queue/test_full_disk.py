"""A disk that fills up while a consumer posts: nothing is lost, and it goes on once there is room."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import document, item, item_line, party
from consumer_process import ConsumerProcess, until

from postroom.core import company, verify
from postroom.core.company import NewCompany
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentType, EntryStatus
from postroom.core.statements import query
from postroom.core.tables.work import JobQueueEntry

LEFT = 400_000
"""Bytes left on the disk when the consumer starts: enough for some documents, not for all."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine does not let the test mount a small disk")
    try:
        yield folder
    finally:
        company.close()
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_loses_nothing_and_the_posting_goes_on_when_there_is_room(small_disk: Path) -> None:
    firm = Location(str(small_disk / "firm.db"))
    company.create(firm, NewCompany(is_test=True))
    party(Area.SALES)
    item("I1")
    ids = [document(DocumentType.SALES_INVOICE, [item_line("I1")] * 3) for _ in range(400)]
    background.post(ids, PostRequest(mode="queue", queue_anyway=True), user="ann")
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - LEFT))
    running = ConsumerProcess(firm, until_idle=True)
    try:
        until(lambda: "full" in running.messages, what="the full disk")
        assert running.process.poll() is None
        assert not JobQueueEntry.select().where(JobQueueEntry.status == EntryStatus.ERROR).exists()
        filler.unlink()
        assert running.wait() == 0
    finally:
        running.end()
    assert query("SELECT count(*) FROM posted_document WHERE kind = 'invoice'") == [(400,)]
    assert [check for check in verify.verify().checks if not check.ok] == []
