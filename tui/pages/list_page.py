"""What every list is: a filter, a table by key, the row under the cursor in full below it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Input, Static

from postroom.core.counted import counted
from postroom.core.errors import PostroomError
from postroom.core.plain_text import visible
from postroom.tui import shown
from postroom.tui.actions import Situation
from postroom.tui.pages.list_state import ListState, Window
from postroom.tui.pages.page import Page
from postroom.tui.snapshots import COUNT_LIMIT, ListSnapshot
from postroom.tui.widgets.detail import Detail
from postroom.tui.widgets.filter_line import FILTER_SIGNS, FilterLine, fields_told_by
from postroom.tui.widgets.keyed_table import Column, KeyedTable
from postroom.tui.widgets.search import Choose

MOST_MARKED = 10_000
"""At most so many rows are marked at once."""
MOST_COPIED = 100_000
"""At most so many rows are copied to a file; `postroom export` and `--json` know no limit."""
OWN_ORDER = "Its own order"
ONLY_INDEXED = "Its other columns have no index: sorted by them, a long list would keep you waiting."
NEAR = 40
"""So many rows before the last loaded one the next are loaded."""


class ListPage(Page):
    """A page over a list. Subclasses give the columns, the key of a row, the query and the text below the table."""

    CSS_PATH = "list_page.tcss"
    SORTS: tuple[str, ...] | None = None
    """The columns that the list can be sorted by; None is every one."""
    ROWS: tuple[str, str] = ("row", "rows")
    """What a row is called, singular and plural."""
    EMPTY: str = "There is nothing here."

    def __init__(self) -> None:
        super().__init__()
        self.state = ListState()
        self.snapshot = ListSnapshot()
        self.has_read = False
        self.beyond: dict[str, Any] = {}
        """The marked rows that are not loaded, as they were when they were marked."""
        self.go_to = ""
        """Where the cursor goes with the next rows: `top`, `bottom`, or blank to stay on its row."""
        self.drilled: ListState | None = None
        """What is shown in place of the user's own view, where another page asked for it (`want_filter`)."""

    def columns(self) -> tuple[Column, ...]:
        """Every column the list may have."""
        raise NotImplementedError

    def key_of(self, row: Any) -> str:
        """The row's key, which stays the same as long as the row exists."""
        raise NotImplementedError

    def read(self, filter: str, window: Window) -> ListSnapshot:
        """Read one window. Runs in the reader's thread; may raise a PostroomError about the filter."""
        raise NotImplementedError

    def detail(self, row: Any) -> Text:
        """The row under the cursor in full, a few lines."""
        raise NotImplementedError

    def remark(self) -> str:
        """What else the caption tells of the rows; blank for nothing."""
        return ""

    def body(self) -> ComposeResult:
        yield Static(markup=False, id="caption")
        yield FilterLine(compact=True, id="filter", placeholder="field=EXPRESSION or words; empty shows everything")
        yield Static(Text(), markup=False, id="filter-help")
        yield KeyedTable(self.columns(), self.key_of, id="table")
        yield Static(markup=False, id="empty")
        yield Detail(id="detail")

    @property
    def table(self) -> KeyedTable:
        return self.query_one("#table", KeyedTable)

    @property
    def state_name(self) -> str:
        """Under which name the list's filter, marks and cursor are kept."""
        return self.address

    def on_mount(self) -> None:
        super().on_mount()
        self.state = self.drilled or self.own_state()
        self.table.marks = self.state.marks
        self.query_one("#filter").display = self.query_one("#filter-help").display = False
        self.query_one("#empty").display = False
        self.table.focus()
        self._draw_caption()

    def own_state(self) -> ListState:
        """The list as this user left it; what other pages asked for is no part of it."""
        return self.desk.list_states.setdefault(self.state_name, self._remembered())

    def reopened(self, wanted: Page) -> None:
        """Going to a list by its name shows the user's own view of it, whatever another page had asked for."""
        if self.drilled is not None:
            self.drilled = None
            self._take_state(self.own_state())

    def _take_state(self, state: ListState) -> None:
        """Show another view of the list, with its filter, marks and cursor."""
        self.state = state
        self.table.mark(state.marks)
        self.has_read = False
        self.awaits = True
        self._draw_caption()
        self.desk.look_now(even_if_paused=True)

    def _remembered(self) -> ListState:
        """The list as this user left it when the program last ended."""
        kept = self.desk.memory.view(self.state_name)
        return ListState(filter=kept.get("filter", ""), window=Window(sort=kept.get("sort", "")))

    def asked(self) -> object:
        return (self.address, self.state.filter, self.state.window)

    def reading(self) -> Callable[[], Any]:
        filter, window, read = self.state.filter, self.state.window, self.read
        return lambda: read(filter, window)

    def show(self, snapshot: Any) -> None:
        assert isinstance(snapshot, ListSnapshot)
        self.snapshot = snapshot
        table = self.table
        wanted = "" if self.has_read else self.state.cursor_key
        if self.go_to and snapshot.rows:
            wanted = self.key_of(snapshot.rows[-1 if self.go_to == "bottom" else 0])
        elif not self.has_read and snapshot.rows and wanted not in map(self.key_of, snapshot.rows):
            wanted = self.key_of(snapshot.rows[0])  # not another row that happens to stand in its place
        self.go_to = ""
        table.show_rows(snapshot.rows, cursor_key=wanted)
        self.has_read = True
        if not (snapshot.before or snapshot.after) and not self.state.marks <= set(table.keys):
            self.state.marks &= set(table.keys)
            table.mark(self.state.marks)
        self._draw_empty()
        self._draw_caption()
        self.update_keys()

    def situation(self) -> Situation:
        table = self.table
        loaded = [key for key in table.keys if key in self.state.marks]
        beyond = [key for key in self.beyond if key in self.state.marks and table.row_of(key) is None]
        rows = [table.row_of(key) for key in loaded] + [self.beyond[key] for key in beyond]
        return Situation(
            rows=tuple(row for row in rows or [table.row_of(table.cursor_key)] if row is not None),
            connected=self.desk.is_connected,
            has_filter=bool(self.state.filter),
            is_first_page=self.desk.is_first(self),
        )

    def _draw_empty(self) -> None:
        empty = self.query_one("#empty", Static)
        is_empty = not self.snapshot.rows
        if is_empty:
            told = self._no_match() if self.state.filter else self.EMPTY
            if empty.content != told:
                empty.update(told)
        if empty.display != is_empty:
            empty.display = is_empty
            self.table.display = not is_empty
            self.query_one("#detail").display = not is_empty
            if is_empty:
                self.set_focus(None)
            elif not isinstance(self.focused, Input):
                self.table.focus()

    def _no_match(self) -> str:
        """What a filter that lets nothing through says, with the keys that lead on."""
        keys = {action.id: action.shown_key for action in self.actions}
        told = f"Nothing matches the filter {visible(self.state.filter)}."
        return f"{told} {keys['list.filter']} changes it, {keys['list.clear-filter']} shows everything again."

    def _draw_caption(self) -> None:
        """Caption, how many, how many marked, and the filter, in one line."""
        total = self.snapshot.total
        one, many = self.ROWS
        text = Text(no_wrap=True, overflow="ellipsis").append(self.CAPTION, "bold")
        if self.has_read:
            count = f"{COUNT_LIMIT:,}+ {many}" if total > COUNT_LIMIT else counted(total, one, many)
            text.append(f"   {count}")
        if remark := self.remark():
            text.append(f"   {remark}", "yellow")
        if self.state.marks:
            text.append(f"   {len(self.state.marks)} marked", "yellow")
        if self.state.window.sort:
            text.append(f"   by {self._caption_of(self.state.window.sort)}", "cyan")
        if self.state.filter:
            text.append("   Filter: ").append(visible(self.state.filter), "cyan")
        caption = self.query_one("#caption", Static)
        if caption.content != text:
            caption.update(text, layout=False)

    def on_keyed_table_cursor_moved(self, event: KeyedTable.CursorMoved) -> None:
        self.state.cursor_key = event.key
        row = self.table.row_of(event.key)
        text = self.detail(row) if row is not None else Text("")
        self.query_one(Detail).show(text)
        self.update_keys()
        place, last = self.table.cursor_row, len(self.table.keys) - 1
        if last - place < NEAR:
            self._load_beyond(1)
        elif place < NEAR:
            self._load_beyond(-1)

    def on_keyed_table_edge_reached(self, event: KeyedTable.EdgeReached) -> None:
        self._load_beyond(event.direction)

    def _load_beyond(self, direction: int) -> bool:
        """Load the rows beyond; half of the present ones stay, so that the cursor keeps its surroundings.

        2 and -2 go to the very end and the very beginning. False if there are none, or they cannot be had now.
        """
        keys, forward = self.table.keys, direction > 0
        if not (self.snapshot.after if forward else self.snapshot.before) or not keys or not self.desk.is_connected:
            return False
        if abs(direction) == 2:
            self.awaits = True
            self.state.window = replace(self.state.window, start="bottom" if forward else "top", key="")
            self.go_to = "bottom" if forward else "top"
        elif not self.go_to:
            key = keys[len(keys) // 2]
            self.state.window = replace(self.state.window, start="from" if forward else "until", key=key)
        self.desk.look_now(even_if_paused=True)
        return True

    def on_keyed_table_opened(self) -> None:
        opening = next((action.id for action in self.actions if action.method == "do_open"), "")
        if opening:
            self.action_act(opening)

    def do_filter(self) -> Any:
        line = self.query_one("#filter", FilterLine)
        line.value = self.state.filter
        line.display = True
        self.query_one("#caption").display = False
        line.focus()
        signs = self.query_one("#filter-help", Static)
        signs.update(FILTER_SIGNS)
        signs.display = True
        return self._show_filter_fields()

    async def _show_filter_fields(self) -> None:
        fields = " ".join(await self.filter_fields())
        self.query_one("#filter-help", Static).update(Text(f"{FILTER_SIGNS}\nFields: {fields}"))

    async def filter_fields(self) -> tuple[str, ...]:
        """The fields that the list can be filtered by."""
        read, window = self.read, self.state.window
        return await self.desk.reader.desk.do(lambda: fields_told_by(lambda filter: read(filter, window)))

    def close_filter(self) -> None:
        """Leave the filter line as if it had not been opened."""
        self.desk.messages.hush()  # what was wrong with it
        self.query_one("#filter").display = self.query_one("#filter-help").display = False
        self.query_one("#caption").display = True
        if self.table.display:
            self.table.focus()
        else:
            self.set_focus(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        self.run_worker(self._try_filter(typed), exclusive=True)

    async def _try_filter(self, typed: str) -> None:
        """Take the filter if it can be read; else say what is wrong and let the person mend it."""
        read, window = self.read, Window(sort=self.state.window.sort)
        with self.desk.early_keys.held(self):
            try:
                found = await self.desk.reader.desk.do(lambda: read(typed, window))
            except PostroomError as error:
                self.desk.say(shown.told(error), "error")
                return
            self.close_filter()
        self._take_filter(typed)
        self._remember()
        self.show(found)

    def set_filter(self, filter: str) -> None:
        """Show what matches."""
        self._take_filter(filter)
        self._draw_caption()
        self.awaits = True
        self.desk.look_now(even_if_paused=True)

    def _take_filter(self, filter: str) -> None:
        self.state.filter, self.state.window = filter, Window(sort=self.state.window.sort)
        self.state.marks.clear()
        self.beyond.clear()
        self.table.mark(self.state.marks)
        self.has_read = False

    def _remember(self) -> None:
        """Keep the filter and order that a person chose for the next time; a filter is kept only in the own view."""
        own = self.own_state()
        own.window = replace(own.window, sort=self.state.window.sort)
        self.desk.memory.keep_view(self.state_name, filter=own.filter, sort=own.window.sort)
        self.desk.tell_trouble()

    def _sortable(self) -> list[Column]:
        return [column for column in self.columns() if self.SORTS is None or column.id in self.SORTS]

    def _caption_of(self, sort: str) -> str:
        """`Posting Date, downwards`."""
        name = sort.removeprefix("-")
        caption = next((column.caption for column in self.columns() if column.id == name), name)
        return f"{caption}, downwards" if sort.startswith("-") else caption

    def copied(self) -> str:
        return "\n".join(
            "\t".join(column.cell(row).plain for column in self.columns()) for row in self.situation().rows
        )

    async def written(self) -> str | None:
        """All that match, with the captions above."""
        rows = await self._all_rows("Copy to a File", MOST_COPIED)
        if rows is None:
            return None
        columns, file = [column for column in self.columns() if not column.is_drawing], io.StringIO()
        table = csv.writer(file, lineterminator="\n")
        table.writerow(column.caption for column in columns)
        table.writerows([column.written(row) for column in columns] for row in rows.values())
        return file.getvalue()

    async def do_sort(self) -> None:
        """Ask for a column and a direction."""
        sorts = ["", *(sign + column.id for column in self._sortable() for sign in ("", "-"))]
        captions = [OWN_ORDER, *(self._caption_of(sort) for sort in sorts[1:])]
        now = self.state.window.sort
        chosen = await self.app.push_screen_wait(
            Choose(
                "Sort by",
                captions,
                captions[sorts.index(now)] if now in sorts else OWN_ORDER,
                ONLY_INDEXED if self.SORTS is not None else "",
            )
        )
        if chosen is not None:
            self.state.window = Window(sort=sorts[captions.index(chosen)])
            self.go_to = "top"
            self._remember()
            self._draw_caption()
            self.awaits = True
            self.desk.look_now(even_if_paused=True)

    def want_filter(self, filter: str) -> None:
        """Show what matches as soon as the page is there, for as long as it is open: the user's own view stays."""
        self.drilled = ListState(filter=filter, window=Window(sort=self.own_state().window.sort))
        if self.is_mounted:
            self._take_state(self.drilled)

    def do_clear_filter(self) -> None:
        self.set_filter("")
        self._remember()

    def do_mark(self) -> None:
        key = self.table.cursor_key
        if key:
            self.state.marks ^= {key}
            self._marked()
            self.table.action_cursor_down()

    async def do_mark_all(self) -> None:
        """Mark every row that the filter lets through, also those that are not loaded."""
        if not (self.snapshot.before or self.snapshot.after):
            self.state.marks |= set(self.table.keys)
            self._marked()
            return
        rows = await self._all_rows("Mark All That Match", MOST_MARKED)
        if rows is not None:
            self.beyond = rows
            self.state.marks |= set(rows)
            self._marked()

    async def _all_rows(self, title: str, most: int) -> dict[str, Any] | None:
        """The rows that match by their keys, at most so many, which is said; None if reading them was stopped."""
        filter, window, read, key_of = self.state.filter, Window(sort=self.state.window.sort), self.read, self.key_of
        is_all = True

        def read_all(advance: Callable[[int], None]) -> dict[str, Any]:
            nonlocal is_all, window
            rows: dict[str, Any] = {}
            while True:
                found = read(filter, window)
                rows.update((key_of(row), row) for row in found.rows)
                is_all = not found.after
                advance(total if is_all else min(len(rows), total - 1))
                if is_all or len(rows) >= most:
                    return rows
                window = replace(window, start="from", key=key_of(found.rows[-1]))

        total = min(self.snapshot.total, most) if self.snapshot.total <= COUNT_LIMIT else most
        rows = await self.desk.long_work(title, total, read_all)
        if rows is not None and not is_all:
            self.desk.say(f"{title}: only the first {len(rows):,} {self.ROWS[1]}; more match.", "warning")
        return rows

    def do_unmark_all(self) -> None:
        self.state.marks.clear()
        self.beyond.clear()
        self._marked()

    def unmark(self, keys: set[str]) -> None:
        """A row is unmarked the moment its action succeeded."""
        if self.state.marks & keys:
            self.state.marks -= keys
            self._marked()

    def _marked(self) -> None:
        self.table.mark(self.state.marks)
        self._draw_caption()
        self.update_keys()

    def do_down(self) -> None:
        self.table.action_cursor_down()

    def do_up(self) -> None:
        self.table.action_cursor_up()

    def do_half_page_down(self) -> None:
        self.table.half_page(1)

    def do_half_page_up(self) -> None:
        self.table.half_page(-1)

    def do_first_row(self) -> None:
        if not self._load_beyond(-2):
            self.table.move_cursor(0)

    def do_last_row(self) -> None:
        if not self._load_beyond(2):
            self.table.move_cursor(len(self.table.keys) - 1)
