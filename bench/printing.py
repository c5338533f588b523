"""Invoices posted and printed to files by a consumer: how fast beside posting alone, and whether memory stays flat."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from measures import Rate
from processes import children_of, pss
from trade import Site, import_invoices

from postroom.core import company
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import ReportOutput
from postroom.core.printing import printers, selections
from postroom.core.statements import query
from postroom.core.tables.setup import SalesSetup

LOOK_SECONDS = 0.25
PATIENCE = 900.0


def posted_and_printed(site: Site, engine: str, count: int) -> tuple[dict[str, Rate], tuple[float, float]]:
    """Documents a second, posted and printed; and the consumer's memory in MB (PSS, with its workers), in the middle of
    the second quarter of the run and of its last.
    """
    folder = site.folder / f"prints-{engine}"
    folder.mkdir(exist_ok=True)
    with site.company(engine) as location:
        user = company.current_user()
        printers.add("FILES", {"folder": str(folder)}, user=user)
        selections.select("FILES", user=user)
        SalesSetup.update(report_output_type=ReportOutput.PRINT).execute()
        ids = import_invoices(site.folder, 1, count)
        background.post(ids, PostRequest(mode="queue", queue_anyway=True, print=True), user=user)
        command = [sys.executable, "-m", "postroom.tui.cli.main", "--company", location.text, "consumer"]
        process = subprocess.Popen([*command, "--until-idle", "--workers", "1"], stderr=subprocess.DEVNULL)
        try:
            sizes = list(memory_until_its_end(process))
        finally:
            process.kill()
        if process.returncode or len(list(folder.glob("*.pdf"))) != count:
            raise RuntimeError(f"{len(list(folder.glob('*.pdf')))} of {count} invoices were printed")
        rates = {}
        for job, what in (("post-document", "posted"), ("print-document", "printed")):
            ((first, last),) = query(
                "SELECT min(started_at), max(ended_at) FROM job_queue_log_entry WHERE job = ?", (job,)
            )
            rates[f"background, 1 worker, posted and printed: {what}"] = Rate(count / ((last - first) / 1e6))
        for file in folder.iterdir():
            file.unlink()
    quarter = max(1, len(sizes) // 4)
    return rates, (statistics.median(sizes[quarter : 2 * quarter]), statistics.median(sizes[-quarter:]))


def memory_until_its_end(process: subprocess.Popen[bytes]) -> Iterator[float]:
    """The memory of a process and its children in MB, again and again."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None:
        if time.monotonic() > end:
            raise RuntimeError("the consumer did not end")
        if size := sum(map(pss, [process.pid, *children_of(process.pid)])):
            yield size
        time.sleep(LOOK_SECONDS)
