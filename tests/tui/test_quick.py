"""What keeps the terminal quick, each cause by itself, none by the clock: what a start imports, what a page draws."""

from __future__ import annotations

import gc
import json
import re
import sys
from collections import Counter
from pathlib import Path

from pty_terminal import on_terminal, pty_terminal
from screens import terminal

from postroom.core import clock, company
from postroom.core.database import Location
from postroom.core.tables.work import JobQueueLogEntry
from postroom.tui import readings
from postroom.tui.pages.list_state import Window
from postroom.tui.widgets.keyed_table import KeyedTable

WATCHED = """
import atexit, json, os, sys
opened = []
sys.addaudithook(lambda name, arguments: opened.append(str(arguments[0])) if name == "sqlite3.connect" else None)
atexit.register(lambda: open(os.environ["SEEN"], "w").write(json.dumps([sorted(sys.modules), opened])))
from postroom.tui.cli.main import main
sys.exit(main())
"""
"""The program, which tells at its end what it has imported and which databases it has opened."""
HEAVY = (
    "huey", "postroom.queue", "postroom.core.importing", "postroom.core.verify", "postroom.core.demo", "typst",
    "textual.widgets._data_table", "textual.widgets._markdown", "textual.widgets._text_area", "pygments",
    "markdown_it", "multiprocessing",
)  # fmt: skip
"""What no first page needs."""
ROWS = 305


def fill_log() -> None:
    now = clock.now()
    JobQueueLogEntry.insert_many(
        {
            "job_entry_id": f"e{number}",
            "job": "post-document",
            "record_type": "sales-invoice",
            "record_no": f"N{number:03}N",
            "user_id": "ann",
            "started_at": now,
            "ended_at": now,
            "status": "Error" if number % 3 == 0 else "Success",
            "posting_id": f"p{number}",
        }
        for number in range(ROWS)
    ).execute()


def test_a_start_imports_and_opens_no_more_than_the_first_page_needs(sqlite_firm: Location, tmp_path: Path) -> None:
    company.close()
    seen = tmp_path / "seen"
    command = (sys.executable, "-c", WATCHED, "--company", sqlite_firm.text)
    with on_terminal(*command, environ={"SEEN": str(seen)}) as program:
        program.until(b"No consumer is running")
        program.type(b"\x11")
        assert program.ends() == 0
    imported, opened = json.loads(seen.read_text())
    assert "textual.app" in imported
    needless = [name for name in imported if name.startswith(tuple(f"{heavy}." for heavy in HEAVY)) or name in HEAVY]
    assert needless == []
    assert len(opened) == 2, "one connection to see that it is a company, and the reader's"


async def test_garbage_is_looked_for_from_the_first_page_on_and_not_in_what_the_start_has_made(
    sqlite_firm: Location,
) -> None:
    gc.unfreeze()
    assert gc.get_freeze_count() == 0
    gc.disable()
    try:
        async with terminal(sqlite_firm) as screen:
            await screen.until(gc.isenabled)
            assert gc.get_freeze_count() > 10_000
    finally:
        gc.freeze()  # as it was
        gc.enable()


def test_each_row_of_a_page_is_sent_once_also_where_more_rows_are_loaded(sqlite_firm: Location) -> None:
    fill_log()
    company.close()
    with pty_terminal(sqlite_firm, (80, 24), "job-queue-log-entries") as program:
        program.until(b"N304N")
        program.bytes_until_silent(1.2)
        for keys in [b"\x1b[6~"] * 8 + [b"G", b"g"]:
            program.type(keys)
            sent = program.bytes_until_silent(1.2)
            counted = Counter(re.findall(rb"N\d{3}N", sent))
            assert len(counted) > 10, "a page of rows was sent"
            assert sum(count > 1 for count in counted.values()) <= 1, "the one under the cursor is told below as well"
            assert max(counted.values()) <= 2, counted


async def test_rows_that_are_loaded_around_those_in_view_leave_what_is_drawn(sqlite_firm: Location) -> None:
    fill_log()
    async with terminal(sqlite_firm, page="job-queue-log-entries") as screen:
        await screen.sees("305 log entries")
        screen.app.pause()  # so that none are loaded but by this test
        table = screen.page.query_one(KeyedTable)
        loaded = readings.read_log("", Window()).rows
        table.show_rows(loaded)
        table.move_cursor(70)
        key, drawn = table.cursor_key, list(table._drawn)
        table.show_rows(readings.read_log("", Window("from", str(loaded[50].entry_no))).rows)
        assert (table.cursor_row, table.cursor_key) == (20, key)
        assert all(one is other for one, other in zip(table._drawn, drawn, strict=True))
