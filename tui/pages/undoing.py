"""Cancel on the screen: what is asked before posted documents are undone, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.text import Text

from postroom.core.counted import counted, plural
from postroom.core.jobs import undo
from postroom.core.jobs.undo import CancelRequest, CancelResult
from postroom.core.plain_text import visible
from postroom.tui import shown
from postroom.tui.pages import results

_DETAILS = "Corrective documents are made from them and queued. What is posted stays."


async def cancel(desk: Any, ids: Sequence[int], what: str, report: str = "") -> list[CancelResult] | None:
    """Ask, and cancel posted documents by their ids; a single one that the check refused may be queued all the same.

    `what` names them in the question. None where the person, or a missing right, kept it from being done.
    """
    told = await desk.carry_out(lambda: undo.described(ids))
    if told is None:
        return None
    it = plural(len(ids), "it", "them")
    if not await desk.ask(f"Cancel {what}?", f"{told}. {_DETAILS}", yes=f"Yes, cancel {it}", no=f"No, keep {it}"):
        return None
    request, user, named = CancelRequest(), desk.user, {"report": report} if report else {}
    done: list[CancelResult] | None = await desk.long_work(
        f"Cancel: {counted(len(ids), 'document')}",
        len(ids),
        lambda progress: undo.cancel(ids, request, user=user, progress=progress, **named),
    )
    if done is not None and len(done) == 1 and undo.may_be_queued_anyway(done[0]):
        details = "\n".join(problem.message for problem in done[0].errors)
        question = f"Cancelling {what} would not post now. Queue it anyway?"
        if not await desk.ask(question, details, yes="Queue Anyway"):
            return done
        anyway = replace(request, queue_anyway=True)
        done = await desk.carry_out(lambda: undo.cancel(ids, anyway, user=user))
    if done is not None:
        results.tell(desk, "Cancel", done)
    return done


def standing(row: Any) -> Text:
    """What a posted document corrects, or what corrects it: `Cancelled by 104001`, `Cancels 103001`; else nothing."""
    if row.get("cancelled_by"):
        return Text(f"Cancelled by {visible(row['cancelled_by'])}", "bold yellow")
    if row.get("corrected_by"):
        return Text(f"Corrected by {visible(', '.join(row['corrected_by']))}", "yellow")
    if row["corrects_no"]:
        return shown.text(f"{'Cancels' if row['cancels'] else 'Corrects'} {row['corrects_no']}")
    return Text("")
