"""What of a posted document is corrected already, so that nothing is cancelled or corrected twice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from postroom.core import database as engine
from postroom.core.errors import Problem
from postroom.core.kinds import CORRECTED, Area, LineType, PostedKind
from postroom.core.money import ZERO, from_units, write
from postroom.core.posting.amounts import Amounts
from postroom.core.posting.source import Source
from postroom.core.posting.steps import Step
from postroom.core.statements import execute, query

_LOCK = 0x506F_7374 << 32
"""Where the numbers of the locks on posted documents begin, among all advisory locks of a PostgreSQL database."""


def hold(document: Source) -> None:
    """Hold the posted document that one corrects until the transaction ends, so that its corrections come in turn.

    SQLite has one writer anyway. On PostgreSQL it is an advisory lock: a lock on the row would need the right to change
    it, which nobody has.
    """
    if not engine.is_postgres():
        return
    kind = CORRECTED[document.type.money_kind]
    for (posted_id,) in query(
        "SELECT id FROM posted_document WHERE area = ? AND kind = ? AND no = ?",
        (document.area.value, kind.value, document.corrects_no),
    ):
        execute("SELECT pg_advisory_xact_lock(CAST(? AS BIGINT))", (_LOCK + posted_id,))


def problems(document: Source, step: Step, amounts: Amounts) -> Iterator[Problem]:
    """Why a document may not correct what it names once more: it is cancelled, or as much as was posted is corrected.

    A cancellation takes a whole document: any correction before it is in its way.
    """
    kind = document.type.money_kind
    before = problem_with(document.area, kind, document.corrects_no, document.record, document.cancels)
    if before is not None:
        yield before
    elif not document.cancels:
        yield from _too_much(document, step, amounts)


def problem_with(area: Area, kind: PostedKind, corrects_no: str, record: str, is_cancellation: bool) -> Problem | None:
    """Why `corrects_no` may not be cancelled (or else corrected) by another document of that kind; None if it may."""
    where = "" if is_cancellation else " AND d.cancels"
    found = query(
        "SELECT d.no, d.cancels, d.posting_date, d.user_id FROM posted_document d"
        f" WHERE d.area = ? AND d.kind = ? AND d.corrects_no = ?{where}{_STANDS} ORDER BY d.id LIMIT 1",
        (area.value, kind.value, corrects_no, CORRECTED[kind].value),
    )
    if not found:
        return None
    ((no, cancels, day, by),) = found
    title = f"{area.title()} {kind.title}"
    if cancels:
        return Problem(
            "already_cancelled",
            f"{corrects_no} is cancelled already, by {title} {no} of {day} ({by}).",
            record,
            field="corrects_no",
            value=corrects_no,
            hint=f"There is nothing left to do. To undo that, cancel {title} {no}.",
        )
    return Problem(
        "already_corrected",
        f"{corrects_no} is corrected already, by {title} {no} of {day} ({by}).",
        record,
        field="corrects_no",
        value=corrects_no,
        hint=f"Cancel {title} {no} first, or correct what is left by a document of its own.",
    )


_STANDS = (
    " AND (d.cancels OR NOT EXISTS (SELECT 1 FROM posted_document c WHERE c.cancels AND c.area = d.area AND c.kind = ?"
    " AND c.corrects_no = d.no))"
)
"""The condition that a correction was not taken back; its parameter is the kind of what it corrects. What a document
cancels is cancelled for good: cancelling that one makes a new document in its place."""


def _too_much(document: Source, step: Step, amounts: Amounts) -> Iterator[Problem]:
    """The lines of which more would be corrected than was posted: items by quantity, other lines by amount."""
    kind = document.type.money_kind
    posted = _lines(document, CORRECTED[kind], "d.no = ?")
    corrected = _lines(document, kind, f"d.corrects_no = ?{_STANDS}", CORRECTED[kind].value)
    for line, quantity in zip(amounts.lines, step.invoice, strict=True):
        key = (line.line.line_no, line.line.type.value, line.line.no)
        if key not in posted:
            continue
        field, place = ("quantity", 0) if line.line.type is LineType.ITEM else ("amount", 1)
        whole, before = posted[key][place], corrected.get(key, (ZERO, ZERO))[place]
        wanted = (quantity, line.net)[place]
        if (before + wanted) * whole > whole * whole:
            already = f", {write(before)} of it is corrected already" if before else ""
            yield Problem(
                "corrected_more_than_posted",
                f"{write(wanted)} is too much: {write(whole)} was posted{already}.",
                document.record,
                line.line.line_no,
                field,
                write(wanted),
                f"At most {write(whole - before)} is left of this line of {document.corrects_no}.",
            )


def _lines(
    document: Source, kind: PostedKind, condition: str, *parameters: str
) -> dict[tuple[int, str, str], tuple[Decimal, Decimal]]:
    """Quantity and amount of posted lines by line no., type and no.: of the original, or of all its corrections."""
    return {
        (line_no, type_, no): (from_units(int(quantity)), from_units(int(amount)))
        for line_no, type_, no, quantity, amount in query(
            "SELECT l.line_no, l.type, l.no, SUM(l.quantity), SUM(l.amount) FROM posted_document d"
            f" JOIN posted_line l ON l.posted_document_id = d.id WHERE d.area = ? AND d.kind = ? AND {condition}"
            " GROUP BY l.line_no, l.type, l.no",
            (document.area.value, kind.value, document.corrects_no, *parameters),
        )
    }
