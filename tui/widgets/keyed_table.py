"""A table over rows with keys: only lines that come to look otherwise are drawn, and the cursor stays on its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from postroom.tui import shown

MARK = "*"
LONG_TEXT = 20
"""Columns of so many characters hold text that is often longer."""
FILES_ONLY = 100_000
"""The `from_width` of a column that stands in files alone: no terminal is so wide."""


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
    cut: Callable[[Any, int], Text] | None = None
    """Draws a row in at most so many characters where the cell's text needs more; without it the end is left out."""
    value: Callable[[Any], str] | None = None
    """What a file holds where the cell is drawn for the eye: a whole time, a number of seconds."""
    is_drawing: bool = False
    """Whether it only draws what other columns tell: then files leave it out."""

    def written(self, row: Any) -> str:
        """The cell in a file: numbers without signs between thousands."""
        if self.value is not None:
            return self.value(row)
        text = self.cell(row).plain
        return text.replace(",", "") if self.right else text


def time_column(
    page: Any, id_: str, caption: str, time_of: Callable[[Any], datetime | None], from_width: int = 0
) -> Column:
    """A column of times in the time zone of a page's desk: short on the screen, whole in a file."""
    return Column(
        *(id_, caption, 12, lambda row: Text(shown.stamp(time_of(row), page.desk.time_zone))),
        from_width=from_width,
        value=lambda row: shown.written_stamp(time_of(row), page.desk.time_zone),
    )


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


@dataclass(slots=True)
class _Line:
    """A row as its columns show it, and how it was drawn under each look."""

    cells: list[Text]
    generation: int
    strips: dict[object, Strip] = field(default_factory=dict)


class KeyedTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows by key below a line of captions. The page hands over whole lists with `show_rows`.

    A row's line is drawn once and kept by its key, so that nothing is sent that stands there already, as where rows
    around those in view are loaded. Textual's DataTable renders each cell for itself, and anew whenever anything moved.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keyed-table--header", "keyed-table--cursor", "keyed-table--hover"}
    DEFAULT_CSS = """
    KeyedTable { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page_down", "A Page Down", show=False),
        Binding("pageup", "page_up", "A Page Up", show=False),
    ]

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

    class Opened(Message):
        """The row under the cursor was clicked."""

    def __init__(self, columns: Sequence[Column], key: Callable[[Any], str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns_wanted = tuple(columns)
        """Every column there may be; the width decides which are shown."""
        self.key_of = key
        self.keys: list[str] = []
        """The keys of the rows shown, top to bottom."""
        self.marks: set[str] = set()
        """The keys of the marked rows."""
        self.cursor_row = 0
        """The place of the row under the cursor."""
        self._hover_row = -1
        self._rows_by_key: dict[str, Any] = {}
        self._fitting: list[tuple[Column, int]] = []
        self._lines: dict[str, _Line] = {}
        self._generation = 0
        """Rises when rows or marks may have changed: a line of an earlier one is compared with its row first."""
        self._drawn: list[Strip] = []
        """What stands below the captions, line by line."""
        self._looks: tuple[Style, Style, Style] = (Style.null(),) * 3
        """Of a row, of the one under the cursor, of the one under the mouse; asked for once per drawing."""
        self._told: tuple[str, Any] = ("", None)

    @property
    def cursor_key(self) -> str:
        """The key of the row under the cursor; blank in an empty table."""
        return self.keys[self.cursor_row] if 0 <= self.cursor_row < len(self.keys) else ""

    @property
    def shown_columns(self) -> frozenset[str]:
        """The ids of the columns that there is room for."""
        return frozenset(column.id for column, _ in self._fitting)

    @property
    def height_of_rows(self) -> int:
        """How many rows are in view at once."""
        return max(1, self.size.height - 1)

    def row_of(self, key: str) -> Any:
        """The loaded row with this key, or None."""
        return self._rows_by_key.get(key)

    def show_rows(self, rows: Sequence[Any], *, cursor_key: str = "") -> None:
        """Show these rows and no others. The cursor goes to `cursor_key`; if blank, it stays on its row and line."""
        before, line = cursor_key or self.cursor_key, self.cursor_row - round(self.scroll_y)
        self._rows_by_key = {self.key_of(row): row for row in rows}
        self.keys = list(self._rows_by_key)
        self._lines = {key: line for key, line in self._lines.items() if key in self._rows_by_key}
        self._generation += 1
        if before in self._rows_by_key:
            place = self.keys.index(before)
        else:
            place = min(self.cursor_row, len(self.keys) - 1)
        has_moved = place != self.cursor_row
        self.cursor_row = max(0, place)
        self.virtual_size = Size(0, len(self.keys) + 1)
        if self.size.height:  # in the same layout, not in one more
            self.show_vertical_scrollbar = self.virtual_size.height > self.size.height
        if has_moved and not cursor_key:
            self.scroll_to(y=max(0, self.cursor_row - line), animate=False)
        self._scroll_into_view()
        self._repaint()
        self._tell()

    def mark(self, keys: set[str]) -> None:
        """Mark exactly these rows."""
        self.marks = set(keys)
        self._generation += 1
        self._repaint()

    def move_cursor(self, row: int) -> None:
        """Put the cursor on the row at a place, and bring it into view."""
        self.cursor_row = max(0, min(row, len(self.keys) - 1))
        self._scroll_into_view()
        self._repaint()
        self._tell()

    def show_columns(self) -> None:
        """Choose the columns that fit the width, and lay them out anew if that changed anything."""
        # The scrollbar's place is kept free: when it comes it must not cover the end of the last column.
        width = self.size.width - self.styles.scrollbar_size_vertical
        if width < 20:
            return
        wanted = [column for column in self.columns_wanted if self.app.size.width >= column.from_width]
        fitting = laid_out(wanted, width - len(MARK) - 2)
        if fitting != self._fitting:
            self._fitting = fitting
            self._lines.clear()
            self.refresh()

    def _scroll_into_view(self) -> None:
        top, height = round(self.scroll_y), self.height_of_rows
        if not top <= self.cursor_row < top + height:
            self.scroll_to(y=self.cursor_row if self.cursor_row < top else self.cursor_row - height + 1, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        self._repaint()

    def _repaint(self) -> None:
        """Have the lines drawn that look otherwise than what stands there."""
        self._take_looks()
        width, drawn = self.size.width, [self._strip_at(y) for y in range(1, self.size.height)]
        differing = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip_longest(self._drawn, drawn), 1)
            if old is not new and old != new
        ]
        self._drawn = drawn
        if differing:
            self.refresh(*differing)

    def render_lines(self, crop: Region) -> list[Strip]:
        self._take_looks()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        return self._strip_at(y)

    def _strip_at(self, y: int) -> Strip:
        """One line of the widget: the captions first, then the rows in view."""
        width, place = self.size.width, y - 1 + round(self.scroll_y)
        if y == 0:
            return self._captions(width)
        if not self._fitting or place >= len(self.keys):
            return Strip.blank(width, self._looks[0])
        key = self.keys[place]
        line = self._lines.get(key)
        if line is None or line.generation != self._generation:
            cells = self._cells(key)
            if line is None or not all(map(_looks_like, line.cells, cells)):
                line = self._lines[key] = _Line(cells, self._generation)
            line.generation = self._generation
        under, over = self._look(place)
        look = (width, under, over)
        if look not in line.strips:
            line.strips[look] = self._strip(line.cells, width, under, over)
        return line.strips[look]

    def _take_looks(self) -> None:
        base, of = self.rich_style, self.get_component_rich_style
        self._looks = (base, base + of("keyed-table--cursor"), base + of("keyed-table--hover"))

    def _look(self, place: int) -> tuple[Style, Style]:
        """The styles under and over the cells' own of the row at a place: the cursor's colour goes before theirs."""
        base, cursor, hover = self._looks
        if place == self.cursor_row:
            return cursor, Style(color=cursor.color)
        return hover if place == self._hover_row else base, Style.null()

    def _captions(self, width: int) -> Strip:
        style = self.get_component_rich_style("keyed-table--header")
        captions = [Text(" "), *(_in_column(Text(column.caption), column) for column, _ in self._fitting)]
        return self._strip(captions, width, style, Style.null())

    def _cells(self, key: str) -> list[Text]:
        row = self._rows_by_key[key]
        mark = Text(MARK if key in self.marks else " ", style="bold")
        return [mark, *(_in_column(_cut(column, row, wide), column) for column, wide in self._fitting)]

    def _strip(self, cells: Sequence[Text], width: int, under: Style, over: Style) -> Strip:
        """Cells side by side, each with a blank on either side, filled up to the width."""
        console, segments = self.app.console, []
        for cell, wide in zip(cells, (len(MARK), *(wide for _, wide in self._fitting)), strict=True):
            segments += _segments(cell, wide, under, over, console)
        return Strip(segments).adjust_cell_length(width, under + over).simplify()

    def _tell(self) -> None:
        """Say which row is under the cursor, once per row and content."""
        key = self.cursor_key
        now = (key, self._rows_by_key.get(key))
        if now != self._told:
            self._told = now
            self.post_message(self.CursorMoved(key))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines.clear()

    def on_resize(self, _: events.Resize) -> None:
        self.show_columns()
        self._scroll_into_view()
        self._repaint()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover(event.y)

    def on_leave(self) -> None:
        self._hover(0)

    def _hover(self, y: int) -> None:
        self._hover_row = y - 1 + round(self.scroll_y) if y > 0 else -1
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        place = event.y - 1 + round(self.scroll_y)
        if event.y < 1 or place >= len(self.keys):
            return
        event.stop()
        if place == self.cursor_row:
            self.post_message(self.Opened())
        self.move_cursor(place)

    def action_cursor_down(self) -> None:
        self._step(1)

    def action_cursor_up(self) -> None:
        self._step(-1)

    def action_page_down(self) -> None:
        self._step(self.height_of_rows, scrolling=True)

    def action_page_up(self) -> None:
        self._step(-self.height_of_rows, scrolling=True)

    def half_page(self, direction: int) -> None:
        """Move the cursor by half the height of the table."""
        self._step(direction * max(1, self.height_of_rows // 2))

    def _step(self, rows: int, *, scrolling: bool = False) -> None:
        """Move the cursor by so many rows, its line staying the same where the rows are to scroll along."""
        self._hover_row = -1
        direction = 1 if rows > 0 else -1
        if self.cursor_row == (max(0, len(self.keys) - 1) if direction > 0 else 0):
            self.post_message(self.EdgeReached(direction))
        if scrolling:
            self.scroll_to(y=round(self.scroll_y) + rows, animate=False)
        self.move_cursor(self.cursor_row + rows)


def _cut(column: Column, row: Any, wide: int) -> Text:
    """A row's cell, cut with care where it is wider than its column."""
    text = column.cell(row)
    return column.cut(row, wide) if column.cut is not None and text.cell_len > wide else text


def _in_column(text: Text, column: Column) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    if column.right:
        text.justify = "right"
    return text


def _looks_like(one: Text, other: Text) -> bool:
    return one.plain == other.plain and one.style == other.style and one.spans == other.spans


def _segments(cell: Text, width: int, under: Style, over: Style, console: Console) -> list[Segment]:
    """A cell in so many characters and a blank on either side; what does not fit ends in an ellipsis."""
    blank, plain = under + over, cell.plain
    if cell_len(plain) > width:
        plain = plain.rstrip()
        if cell_len(plain) > width:
            plain = set_cell_size(plain, width - 1) + "…"
    room = width - cell_len(plain)
    if not cell.spans:
        drawn = [Segment(plain, under + console.get_style(cell.style) + over)]
    else:
        short = cell.copy()
        short.plain = plain
        drawn = [
            Segment(text, under + (style or Style.null()) + over) for text, style, _ in short.render(console) if text
        ]
    before, after = (room + 1, 1) if cell.justify == "right" else (1, room + 1)
    return [Segment(" " * before, blank), *drawn, Segment(" " * after, blank)]
