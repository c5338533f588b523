"""The change log: who changed what, from what, to what."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text

from postroom.core.plain_text import visible
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, LIST, bindings
from postroom.tui.actions.records import CHANGES
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import Reading
from postroom.tui.widgets.keyed_table import Column, time_column

LEAST_FIELD = 10
"""So many characters are left to the name of a field, or of a kind of record, whatever stands behind it."""


class ChangesPage(ListPage):
    """The change log: who changed what, newest first."""

    PAGE = CHANGES
    SORTS = ()
    ACTIONS_OF = (CHANGES, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Change Log"
    ROWS = ("change", "changes")
    EMPTY = "Nobody has changed anything yet."

    def columns(self) -> tuple[Column, ...]:
        return (
            time_column(self, "at", "Time", lambda row: row["at"]),
            Column("user", "User", 10, lambda row: shown.text(row["user"]), from_width=100),
            Column("action", "Action", 18, lambda row: shown.text(row["action"]), from_width=120),
            Column("record", "Record", 22, changed_record, cut=changed_record_within),
            Column("change", "Change", 0, change_of, cut=change_within),
        )

    def key_of(self, row: Any) -> str:
        return str(row["entry_no"])

    def read(self, filter: str, window: Window) -> ListSnapshot:
        return readings.read_changes(filter, window)

    def detail(self, row: Any) -> Text:
        name = visible(f"{row['action']}: {row['kind']} {row['record']}")
        when = shown.whole_stamp(row["at"], self.desk.time_zone)
        return Text.assemble((name, "bold"), f"\n{when} by {visible(row['user'])}\n", change_of(row))

    def do_open(self) -> None:
        (row,) = self.situation().rows[:1]
        self.app.push_screen(Reading("Change", self.detail(row)))


def changed_record(row: Any) -> Text:
    """`Purchase Credit Memo P-CR1004`."""
    return shown.text(f"{row['kind']} {row['record']}")


def changed_record_within(row: Any, width: int) -> Text:
    """The same in so many characters: a short key stays whole, the end of its kind goes."""
    key = visible(row["record"])
    if cell_len(key) > width - LEAST_FIELD:
        return changed_record(row)
    return Text(f"{shown.shortened(visible(row['kind']), width - cell_len(key) - 1)} {key}")


def _values(row: Any) -> tuple[str, str]:
    """From what, to what."""
    return visible(row["old_value"]) or "(blank)", visible(row["new_value"]) or "(blank)"


def change_of(row: Any) -> Text:
    """`Priority: 1000 -> 5`."""
    return shown.text(
        f"{row['field']}: {' -> '.join(_values(row))}" if row["field"] else row["new_value"] or row["old_value"]
    )


def change_within(row: Any, width: int) -> Text:
    """The same in so many characters: the field's name is shortened before the values are."""
    if not row["field"]:
        return change_of(row)
    old, new = _values(row)
    values = f"{old} -> {new}"
    if cell_len(values) > width - LEAST_FIELD:
        each = max(1, (width - LEAST_FIELD - len(" -> ")) // 2)
        old = shown.shortened(old, max(each, 2 * each - cell_len(new)))
        values = f"{old} -> {shown.shortened(new, 2 * each - cell_len(old))}"
    field = shown.shortened(visible(row["field"]), width - cell_len(values) - 2)
    return Text(f"{field}: {values}")
