"""Draws the pages into `screenshots/`, from the demo company at a fixed time: the same pictures on every machine.

.venv/bin/python -m postroom.tui.screenshots [FOLDER]
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postroom.core import clock, company
from postroom.core.database import Location
from postroom.tui.app import PostroomApp

NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
SIZES = ((80, 24), (120, 40))
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "job-queue-entries": ("job-queue-entries", ()),
    "job-queue-log-entries": ("job-queue-log-entries", ("j", "j", "j")),
    "sales-and-receivables-setup": ("sales-setup", ("f", "j", "j", "j", "j", "j", "j", "j")),
}
"""The pictures by name: the page's address, and the keys pressed before the picture is taken."""
CELL = 12.2
"""The width of a character in Textual's pictures."""


def stage(path: Path) -> None:
    """The demo company in the middle of a morning: most documents posted, some in error, some waiting, one running."""
    from postroom.core import demo, setups
    from postroom.core.demo.trade import COMPANY
    from postroom.core.jobs import background
    from postroom.core.jobs.background import PostRequest
    from postroom.core.kinds import DocumentType
    from postroom.core.tables.trade import Document

    wanted = company.NewCompany(name=COMPANY, time_zone="Europe/Copenhagen", is_test=True)
    company.create(Location(str(path)), wanted)
    user = company.current_user()
    demo.fill(user=user)
    switches = ("sales.post_documents_via_job_queue", "purchases.post_documents_via_job_queue")
    setups.change(dict.fromkeys(switches, "true"), user=user)
    documents = list(Document.select(Document.id, Document.type).order_by(Document.id))
    early = [one.id for one in documents if one.type in (DocumentType.SALES_INVOICE, DocumentType.PURCHASE_INVOICE)]
    late = [one.id for one in documents if one.id not in early]
    request = PostRequest(mode="queue", queue_anyway=True)
    background.post(early, request, user=user)
    _run_what_is_due()
    background.post(late, request, user=user)
    _run_what_is_due(at_most=12)
    _fix_what_differs(user)
    company.close()


def _run_what_is_due(at_most: int = 1000) -> None:
    """Post the oldest entries in this process, one after the other."""
    from postroom.core.jobs import entries
    from postroom.core.tables.work import JobQueueEntry

    due = JobQueueEntry.select(JobQueueEntry.id).where(JobQueueEntry.status == "Ready")
    ids = [entry.id for entry in due.order_by(JobQueueEntry.entry_no).limit(at_most)]
    entries.run_once(ids, user=company.current_user())


def _fix_what_differs(user: str) -> None:
    """Times, hosts and users as they would be on one particular morning."""
    from postroom.core.jobs import processes
    from postroom.core.kinds import EntryStatus
    from postroom.core.tables.base import database
    from postroom.core.tables.work import Consumer, JobQueue, JobQueueEntry, JobQueueLogEntry

    with database.atomic():
        runs = list(JobQueueLogEntry.select(JobQueueLogEntry.entry_no).order_by(JobQueueLogEntry.entry_no.desc()))
        for place, run in enumerate(runs):
            ended = NOW - timedelta(seconds=2 + place * 3)
            taken = timedelta(milliseconds=180 + (run.entry_no * 37) % 240)
            JobQueueLogEntry.update(
                started_at=ended - taken,
                ended_at=ended,
                user_id="anna",
                host="office",
                process_id=4107,
                job_queue_code="SPPOST",
            ).where(JobQueueLogEntry.entry_no == run.entry_no).execute()
        JobQueueEntry.update(user_id="anna").execute()
        first = (
            JobQueueEntry.select()
            .where((JobQueueEntry.status == EntryStatus.READY) & (JobQueueEntry.category_code == "SALESPOST"))
            .order_by(JobQueueEntry.entry_no)
            .first()
        )
        JobQueueEntry.update(
            status=EntryStatus.IN_PROCESS,
            started_at=NOW - timedelta(seconds=1),
            host="office",
            process_id=4107,
            job_queue_code="SPPOST",
            claim_token="staged",
            attempts=1,
        ).where(JobQueueEntry.entry_no == first.entry_no).execute()
        JobQueue.update(started=True, started_at=NOW).execute()
        Consumer.create(
            id="staged",
            host=processes.host(),
            process_id=os.getpid(),
            process_start=processes.start_of(os.getpid()),
            started_at=NOW,
            last_heartbeat=NOW + timedelta(days=1),
            workers=2,
            running_as=user,
        )


async def draw(location: Location, name: str, size: tuple[int, int]) -> str:
    """One picture as SVG."""
    address, keys = PAGES[name]
    app = PostroomApp(location, poll=0.05, first_page=address, few_colours=False)
    async with app.run_test(size=size) as pilot:
        while not app.reads:
            await pilot.pause(0.01)
        await pilot.press(*keys)
        await pilot.pause()
        return portable(app.export_screenshot(title="Postroom"))


def portable(svg: str) -> str:
    """The picture without the blanks that some viewers drop at the start of a text: the text moves right instead."""

    def moved(match: re.Match[str]) -> str:
        opening, x, rest, blanks, text = match.groups()
        return f"{opening}{float(x) + CELL * blanks.count('&#160;'):g}{rest}{text}"

    svg = re.sub(r' textLength="[^"]*"', "", svg)
    return re.sub(r'(<text [^>]*x=")([\d.]+)("[^>]*>)((?:&#160;)+)([^<]*)', moved, svg)


def main(folder: Path) -> None:
    """Draw every page at every size into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    clock.start_at(NOW)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "demo.db"
        stage(path)
        company.open_company(Location(str(path)))
        company.close()
        for name in PAGES:
            for size in SIZES:
                clock.start_at(NOW)
                picture = asyncio.run(draw(Location(str(path)), name, size))
                (folder / f"{name}-{size[0]}x{size[1]}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "screenshots")
