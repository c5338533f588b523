"""A table over rows with keys: new rows repaint only the lines that differ, and the cursor stays on its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey

MARK = "*"
LONG_TEXT = 20
"""Columns of so many characters hold text that is often longer."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `cell` draws its text from a row. `width` is in characters; those of width 0 share what is left.

    It is shown in terminals at least `from_width` wide, unless there is no room for it: those of width 0 get `least`
    characters first, then the others theirs in their order. `right` aligns numbers.
    """

    id: str
    caption: str
    width: int
    cell: Callable[[Any], Text]
    right: bool = False
    from_width: int = 0
    least: int = 8


def laid_out(columns: Sequence[Column], room: int) -> list[tuple[Column, int]]:
    """The columns that fit into so many characters, with their widths; a cell has a blank on either side.

    Where no column takes what is left, the widest does if it is meant for text.
    """
    room -= sum((column.width or column.least) + 2 for column in columns[:1] or ())
    fitting = set(columns[:1])
    for column in sorted(columns[1:], key=lambda column: column.width > 0):
        wide = (column.width or column.least) + 2
        if column.width and wide > room:
            break
        fitting.add(column)
        room -= wide
    shown = [column for column in columns if column in fitting]
    growing = [column for column in shown if not column.width]
    if not growing:
        growing = sorted((one for one in shown if one.width >= LONG_TEXT), key=lambda column: -column.width)[:1]
    share, rest = divmod(max(0, room), len(growing) or 1)
    more = {column.id: share + (place < rest) for place, column in enumerate(growing)}
    return [(column, (column.width or column.least) + more.get(column.id, 0)) for column in shown]


class KeyedTable(DataTable[Text]):
    """Rows by key. The page hands over whole lists with `show_rows`; what did not change is not sent to the terminal.

    The table's own rows are places, top to bottom; what moves between them is the text. So a changed cell costs one
    line, where `DataTable.update_cell` repaints the whole widget.
    """

    DEFAULT_CSS = """
    KeyedTable { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another row, or the row under it changed. `key` is blank in an empty table."""

        key: str

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, KeyedTable.CursorMoved)

    @dataclass
    class EdgeReached(Message):
        """The cursor wants to go on beyond the last (1) or first (-1) loaded row."""

        direction: int

    def __init__(self, columns: Sequence[Column], key: Callable[[Any], str], *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False, cell_padding=1)
        self.columns_wanted = tuple(columns)
        """Every column there may be; the width decides which are shown."""
        self.key_of = key
        self.keys: list[str] = []
        """The keys of the rows shown, top to bottom."""
        self.marks: set[str] = set()
        """The keys of the marked rows."""
        self._rows_by_key: dict[str, Any] = {}
        self._columns_drawn: tuple[tuple[str, int], ...] = ()
        self._fitting: list[Column] = []
        self._told: tuple[str, Any] = ("", None)
        self._made = 0

    @property
    def cursor_key(self) -> str:
        """The key of the row under the cursor; blank in an empty table."""
        return self.keys[self.cursor_row] if 0 <= self.cursor_row < len(self.keys) else ""

    @property
    def shown_columns(self) -> frozenset[str]:
        """The ids of the columns that there is room for."""
        return frozenset(column.id for column in self._fitting)

    def row_of(self, key: str) -> Any:
        """The loaded row with this key, or None."""
        return self._rows_by_key.get(key)

    def show_rows(self, rows: Sequence[Any], *, cursor_key: str = "") -> None:
        """Show these rows and no others. The cursor goes to `cursor_key`; if blank, it stays on its row and line."""
        before, line = cursor_key or self.cursor_key, self.cursor_row - round(self.scroll_y)
        old_place = self.cursor_row
        self._rows_by_key = {self.key_of(row): row for row in rows}
        self.keys = list(self._rows_by_key)
        self._draw()
        place = self.keys.index(before) if before in self._rows_by_key else min(old_place, len(self.keys) - 1)
        if self.keys and place != self.cursor_row:
            self.move_cursor(row=place, scroll=bool(cursor_key))
            if not cursor_key:
                self.scroll_to(y=max(0, place - line), animate=False, immediate=True)
        self._tell()

    def mark(self, keys: set[str]) -> None:
        """Mark exactly these rows."""
        self.marks = set(keys)
        self._draw()

    def show_columns(self) -> None:
        """Choose the columns that fit the width, and lay them out anew if that changed anything."""
        # The scrollbar's place is kept free: when it comes it must not cover the end of the last column.
        width = self.size.width - self.styles.scrollbar_size_vertical
        if width < 20:
            return
        wanted = [column for column in self.columns_wanted if self.app.size.width >= column.from_width]
        fitting = laid_out(wanted, width - len(MARK) - 2)
        drawn = ((MARK, len(MARK)), *((column.id, wide) for column, wide in fitting))
        if drawn == self._columns_drawn:
            return
        key, offset = self.cursor_key, self.scroll_y
        self._columns_drawn = drawn
        self._fitting = [column for column, _ in fitting]
        self.clear(columns=True)
        self.add_column(Text(" "), width=len(MARK), key=MARK)
        for column, wide in fitting:
            caption = Text(
                column.caption, justify="right" if column.right else "left", no_wrap=True, overflow="ellipsis"
            )
            self.add_column(caption, width=wide, key=column.id)
        self._draw()
        if key in self._rows_by_key:
            self.move_cursor(row=self.keys.index(key), scroll=False)
            self.scroll_to(y=offset, animate=False)
        self._tell()

    def _cells(self, key: str) -> list[Text]:
        row = self._rows_by_key[key]
        cells = [Text(MARK if key in self.marks else " ", style="bold")]
        for column in self._fitting:
            text = column.cell(row)
            text.no_wrap, text.overflow = True, "ellipsis"
            if column.right:
                text.justify = "right"
            cells.append(text)
        return cells

    def _draw(self) -> None:
        """Bring the lines up to date: only the ones that differ are repainted."""
        if not self._columns_drawn:
            return
        with self.app.batch_update() if self.row_count != len(self.keys) else _Nothing():
            while self.row_count > len(self.keys):
                self.remove_row(self._row_locations.get_key(self.row_count - 1))  # type: ignore[arg-type]
            changed = []
            for place, key in enumerate(self.keys):
                cells = self._cells(key)
                if place >= self.row_count:
                    self._made += 1
                    self.add_row(*cells, key=f"line-{self._made}")
                elif self._put(place, cells):
                    changed.append(place)
            if changed:
                self._update_count += 1  # the caches of drawn cells are keyed by it
                for place in changed:
                    self.refresh_row(place)

    def _put(self, place: int, cells: list[Text]) -> bool:
        """Write one line's cells into DataTable's own store; whether any differed. `update_cell` would repaint all."""
        stored = self._data[self._row_locations.get_key(place)]  # type: ignore[index]
        differs = False
        for column, cell in zip(self.ordered_columns, cells, strict=True):
            shown = stored[column.key]
            if shown.plain != cell.plain or shown.style != cell.style or shown.spans != cell.spans:
                stored[column.key] = cell
                differs = True
        return differs

    def _tell(self) -> None:
        """Say which row is under the cursor, once per row and content."""
        key = self.cursor_key
        now = (key, self._rows_by_key.get(key))
        if now != self._told:
            self._told = now
            self.post_message(self.CursorMoved(key))

    def on_resize(self, _: events.Resize) -> None:
        self.show_columns()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        self._tell()

    def action_cursor_down(self) -> None:
        if self.cursor_row >= len(self.keys) - 1:
            self.post_message(self.EdgeReached(1))
        super().action_cursor_down()

    def action_cursor_up(self) -> None:
        if self.cursor_row <= 0:
            self.post_message(self.EdgeReached(-1))
        super().action_cursor_up()

    def action_page_down(self) -> None:
        if self.cursor_row >= len(self.keys) - 1:
            self.post_message(self.EdgeReached(1))
        super().action_page_down()

    def action_page_up(self) -> None:
        if self.cursor_row <= 0:
            self.post_message(self.EdgeReached(-1))
        super().action_page_up()

    def half_page(self, direction: int) -> None:
        """Move the cursor by half the height of the table."""
        if self.cursor_row == (len(self.keys) - 1 if direction > 0 else 0):
            self.post_message(self.EdgeReached(direction))
        step = direction * max(1, self.scrollable_content_region.height // 2)
        self.move_cursor(row=max(0, min(len(self.keys) - 1, self.cursor_row + step)))

    def first_row(self) -> None:
        """Go to the first row of the list."""
        self.post_message(self.EdgeReached(-2))
        self.move_cursor(row=0)

    def last_row(self) -> None:
        """Go to the last row of the list."""
        self.post_message(self.EdgeReached(2))
        self.move_cursor(row=max(0, len(self.keys) - 1))


class _Nothing:
    """A context that does nothing: a batch update would repaint the whole screen."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


__all__ = ["MARK", "Column", "KeyedTable", "RowKey"]
