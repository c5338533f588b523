"""Printer Selections: which printer a user's report goes to. The most specific wins.

First user and report, then the report, then the user, then the one for all.
"""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core import changelog, users, values
from postroom.core.database import transaction
from postroom.core.errors import NotFound, Problem
from postroom.core.printing import printers
from postroom.core.printing.reports import ALL
from postroom.core.statements import query
from postroom.core.tables.work import PrinterSelection
from postroom.core.users import Permission

KIND = "Printer Selection"


@dataclass(frozen=True, slots=True)
class SelectionView:
    """One selection; a blank user or report stands for any."""

    user: str
    report: str
    printer: str


def list_selections() -> list[SelectionView]:
    """All selections by user and report."""
    select = PrinterSelection.select().order_by(PrinterSelection.user_id, PrinterSelection.report)
    return [SelectionView(row.user_id, row.report, row.printer_code) for row in select]


def choose(user: str, report: str) -> str:
    """The code of the printer that a user's report goes to; blank if none is selected."""
    found = {
        (for_user, for_report): printer
        for for_user, for_report, printer in query(
            "SELECT user_id, report, printer_code FROM printer_selection"
            " WHERE user_id IN ('', ?) AND report IN ('', ?)",
            (user, report),
        )
    }
    for key in ((user, report), ("", report), (user, ""), ("", "")):
        if key in found:
            return str(found[key])
    return ""


def select(printer: str, *, for_user: str = "", report: str = "", user: str) -> SelectionView:
    """Let reports go to a printer, in place of what was selected before. Needs Job Queue Admin."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    _refuse_unknown_report(report)
    name = values.read_code(for_user, longest=63)
    with transaction():
        printers.find(printer)
        row = _row(name, report)
        old = row.printer_code if row is not None else ""
        if row is None:
            PrinterSelection.create(user_id=name, report=report, printer_code=printer)
        else:
            row.printer_code = printer
            row.save()
        if old != printer:
            action = "Modify" if old else "Insert"
            changelog.record(user, action, KIND, _named(name, report), field="Printer", old=old, new=printer)
    return SelectionView(name, report, printer)


def delete(*, for_user: str = "", report: str = "", user: str) -> None:
    """Take a selection away. Needs Job Queue Admin. Raises NotFound."""
    users.require(user, Permission.JOB_QUEUE_ADMIN)
    with transaction():
        row = _row(for_user, report)
        if row is None:
            raise NotFound(
                f"There is no printer selection for {_named(for_user, report)}.",
                record=f"{KIND} {_named(for_user, report)}",
                hint="`postroom printer-selection list` shows them.",
            )
        row.delete_instance()
        changelog.record(user, "Delete", KIND, _named(for_user, report), field="Printer", old=row.printer_code)


def _row(for_user: str, report: str) -> PrinterSelection | None:
    found: PrinterSelection | None = PrinterSelection.get_or_none(
        PrinterSelection.user_id == for_user, PrinterSelection.report == report
    )
    return found


def _named(for_user: str, report: str) -> str:
    return f"{for_user or 'any user'}, {report or 'any report'}"


def _refuse_unknown_report(report: str) -> None:
    if report and report not in ALL:
        hint = values.near(report, ALL, "report")
        message = f"There is no report {report}."
        values.refuse_all([Problem("unknown_report", message, KIND, field="report", value=report, hint=hint)])
