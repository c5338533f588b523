"""What is done with posted documents: printed, also once more, cancelled; and how far their print jobs are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from postroom.core import filters
from postroom.core.counted import counted
from postroom.core.jobs import undo
from postroom.core.kinds import ReportOutput
from postroom.core.plain_text import visible
from postroom.core.printing import print_jobs
from postroom.core.printing.reports import Report
from postroom.tui import shown
from postroom.tui.pages import results, undoing
from postroom.tui.pages.page import PageActions
from postroom.tui.widgets.search import Choose

OUTPUTS: dict[str, ReportOutput | None] = {
    "As the setup says": None,
    "PDF (Report Inbox)": ReportOutput.PDF,
    "Print (a printer)": ReportOutput.PRINT,
}
"""Where a document may be printed, as a person chooses it."""


class PostedActions(PageActions):
    """What can be done with posted documents, the same in the list and on the card."""

    async def do_print(self) -> None:
        """Ask where to, and print each document; what was printed is unmarked also if the rest was stopped."""
        rows, user = self.situation().rows, self.desk.user
        named = [(Report(row["area"], row["kind"]).name, row["no"]) for row in rows]
        title = f"Print {visible(rows[0]['no'])}" if len(rows) == 1 else f"Print {counted(len(rows), 'document')}"
        chosen = await self.app.push_screen_wait(Choose(title, list(OUTPUTS), next(iter(OUTPUTS))))
        if chosen is None:
            return
        done: list[results.RecordResult] = []

        def reprint(place: int) -> str:
            row = rows[place]
            output = OUTPUTS[chosen]
            return print_jobs.print_posted(row["no"], user=user, area=row["area"], kind=row["kind"], output=output).told

        def reprint_each(progress: Callable[[int], None]) -> None:
            for result in results.each(named, reprint):
                done.append(result)
                progress(len(done))

        await self.desk.long_work(title, len(rows), reprint_each)
        self.done_with({str(row["id"]) for row, one in zip(rows, done, strict=False) if one.result not in results.BAD})
        if done:
            results.tell(self.desk, "Print", done)

    async def do_cancel(self) -> None:
        """Undo the invoices and credit memos among them, whose goods come along; what is undone already is told of."""
        marked = self.situation().rows
        rows = [row for row in marked if row["kind"] in undo.MONEY]
        title = Report(rows[0]["area"], rows[0]["kind"]).title
        what = f"Posted {title} {rows[0]['no']}" if len(rows) == 1 else counted(len(rows), "posted document")
        done = await undoing.cancel(self.desk, [row["id"] for row in rows], what)
        if done is not None:
            left = {row["id"] for row, one in zip(rows, done, strict=True) if one.result in results.BAD}
            self.done_with({str(row["id"]) for row in marked if row["id"] not in left})

    def done_with(self, keys: set[str]) -> None:
        """These documents' action has succeeded."""

    def do_jobs(self) -> None:
        """Their entries; what is printed has none any more."""
        (row,) = self.situation().rows[:1]
        report = Report(row["area"], row["kind"]).name
        page: Any = self.desk.open_page("job-queue-entries")
        page.want_filter(f"record_no={filters.quote(row['no'])} record_type=posted-{report}")


def job_line(job: Any, time_zone: str) -> Text:
    """A print job in one line: `Copy 1 on STORE: Error  The printer has no paper.`"""
    text = standing(job, time_zone)
    return text.append(f"  {shown.one_line(job.errors)}", "red") if job.errors else text


def standing(job: Any, time_zone: str) -> Text:
    """How a print job stands and why, but for its errors."""
    where = f"on {visible(job.printer)}" if job.printer else f"in the Report Inbox of {visible(job.user)}"
    text = Text(f"{f'Copy {job.copy_no}' if job.copy_no else 'Original'} {where}: ").append(shown.status(job.state))
    if job.printed is not None:
        text.append(f" {shown.stamp(job.printed, time_zone)}")
    return text.append(f"  {visible(job.reason)}", "") if job.reason else text


def around(title: Text, amounts: Text, jobs: Sequence[Any], time_zone: str) -> Text:
    """A posted document in a few lines with all its print jobs.

    What went wrong stands first, and what waits before the amounts: a narrow terminal shows three lines.
    """
    failed = [job for job in jobs if job.state == "Error"]
    printed = [job for job in jobs if job.state == "Printed"]
    waiting = [job for job in jobs if job not in failed and job not in printed]

    def lines(chosen: Sequence[Any]) -> list[Text]:
        return [job_line(job, time_zone) for job in chosen]

    return Text("\n").join([*lines(failed), title, *lines(waiting), amounts, *lines(printed)])


def jobs_in_full(jobs: Sequence[Any], time_zone: str) -> Text:
    """Every print job, the newest first, with every error and what to do."""
    text = Text()
    for job in jobs:
        text.append("\n" if text else "").append(standing(job, time_zone))
        if job.errors:
            text.append("\n").append(shown.problem_lines(job.errors))
    return text
