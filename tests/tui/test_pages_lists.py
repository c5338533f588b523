"""Job Queue Entries and Job Queue Log Entries on the screen: what they show, what keys do, what stays where it is."""

from __future__ import annotations

import csv
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from conftest import MakeCompany, on_server
from rich.cells import cell_len
from rich.text import Text
from screens import SIZES, Terminal, terminal

from postroom.core import clock, company
from postroom.core.database import Location
from postroom.core.errors import Problem, problems_to_json
from postroom.core.kinds import EntryStatus, LogStatus
from postroom.core.tables.work import Consumer, JobQueueEntry, JobQueueLogEntry
from postroom.tui import readings, shown
from postroom.tui.memory import Memory
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import PAGE_ROWS

BLOCKED = Problem(
    "customer_blocked",
    "Customer C0012 is blocked for All.",
    record="Sales Invoice S-INV2",
    field="party_no",
    value="C0012",
    hint="Unblock the customer.",
)


def add_entry(
    no: str, status: EntryStatus = EntryStatus.ON_HOLD, *, error: Problem | None = None, **more: object
) -> str:
    """An entry of the job `wait`, which needs no document; returns its id."""
    made = JobQueueEntry.create(
        **{
            "id": uuid.uuid4().hex,
            "user_id": company.current_user(),
            "job": "wait",
            "record_type": "sales-invoice",
            "record_no": no,
            "description": f"Post {no}",
            "status": status,
            "category_code": "SALESPOST",
            "errors": problems_to_json([error]) if error else "",
            "created_at": clock.now(),
        }
        | more
    )
    return str(made.id)


def add_run(no: str, status: LogStatus = LogStatus.SUCCESS, *, error: Problem | None = None, **more: object) -> int:
    """A log entry; returns its number."""
    now = clock.now()
    made = JobQueueLogEntry.create(
        **{
            "job_entry_id": uuid.uuid4().hex,
            "job": "post-document",
            "description": f"Post {no}",
            "record_type": "sales-invoice",
            "record_no": no,
            "user_id": "anna",
            "job_queue_code": "SPPOST",
            "started_at": now - timedelta(seconds=1),
            "ended_at": None if status is LogStatus.IN_PROCESS else now,
            "status": status,
            "errors": problems_to_json([error]) if error else "",
            "posting_id": uuid.uuid4().hex,
        }
        | more
    )
    return int(made.entry_no)


def status_of(id_: str) -> str:
    found = JobQueueEntry.get_or_none(JobQueueEntry.id == id_)
    return str(found.status) if found else "gone"


def list_of(screen: Terminal) -> ListPage:
    page = screen.page
    assert isinstance(page, ListPage)
    return page


def cursor_line(screen: Terminal) -> str:
    """The record of the row under the cursor."""
    row = list_of(screen).table.row_of(list_of(screen).table.cursor_key)
    return str(row.record_no)


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_shows_the_errors_text_and_not_only_the_word(
    sqlite_firm: Location, size: tuple[int, int]
) -> None:
    add_entry("S-INV1")
    add_entry("S-INV2", EntryStatus.ERROR, error=BLOCKED)
    async with terminal(sqlite_firm, size) as screen:
        await screen.sees("2 entries", "Sales Invoice S-INV1", "Sales Invoice S-INV2", "On Hold")
        assert "Error" in screen.line("Sales Invoice S-INV2")
        assert "Customer C0012 is blocked" in screen.line("Sales Invoice S-INV2")
        await screen.press("j")
        await screen.sees("Unblock the customer.")


@pytest.mark.parametrize("size", SIZES)
async def test_wider_terminals_show_more_columns(sqlite_firm: Location, size: tuple[int, int]) -> None:
    add_entry("S-INV1")
    async with terminal(sqlite_firm, size) as screen:
        await screen.sees("S-INV1")
        assert ("Category" in screen.line("Status")) == (size[0] >= 120)
        assert ("SALESPOST" in screen.line("S-INV1")) == (size[0] >= 120)


async def test_names_like_markup_and_escapes_show_as_text(sqlite_firm: Location) -> None:
    wild = Problem("x", "see [/bad] and \x1b[31mred", record="[bold]", hint="list[int]")
    add_entry("[/x]\x1b[2J", EntryStatus.ERROR, error=wild)
    async with terminal(sqlite_firm) as screen:
        await screen.sees("[/x]\\e[2J", "see [/bad] and \\e[31mred")
        await screen.press("enter")
        await screen.sees("- Errors", "list[int]")


async def test_the_cursor_stays_on_its_row_when_rows_above_go(sqlite_firm: Location) -> None:
    ids = [add_entry(f"S-INV{n}") for n in range(1, 61)]
    async with terminal(sqlite_firm) as screen:
        await screen.press("G", "k", "k")
        assert cursor_line(screen) == "S-INV58"
        table = list_of(screen).table
        line = table.cursor_row - round(table.scroll_y)
        JobQueueEntry.delete().where(JobQueueEntry.id.in_(ids[:5])).execute()
        await screen.sees("55 entries")
        assert cursor_line(screen) == "S-INV58"
        assert table.cursor_row - round(table.scroll_y) == line


async def test_the_row_under_a_deleted_one_takes_the_cursor(sqlite_firm: Location) -> None:
    ids = [add_entry(f"S-INV{n}") for n in range(1, 5)]
    async with terminal(sqlite_firm) as screen:
        await screen.press("j")
        JobQueueEntry.delete().where(JobQueueEntry.id == ids[1]).execute()
        await screen.sees("3 entries")
        assert cursor_line(screen) == "S-INV3"


async def test_marked_entries_are_set_to_ready_each_with_its_result(sqlite_firm: Location) -> None:
    first, second, third = add_entry("S-INV1"), add_entry("S-INV2"), add_entry("S-INV3")
    async with terminal(sqlite_firm) as screen:
        await screen.press("space", "space")
        await screen.sees("2 marked")
        await screen.press("r")
        await screen.until(lambda: status_of(first) == status_of(second) == EntryStatus.READY)
        assert status_of(third) == EntryStatus.ON_HOLD
        await screen.hears("Set to Ready: 2 entries.")
        await screen.sees_no("2 marked")


async def test_entries_that_cannot_are_named_and_stay_marked(sqlite_firm: Location) -> None:
    add_entry("S-INV1", EntryStatus.IN_PROCESS, process_id=1, host="elsewhere", claim_token="t", category_code="")
    held = add_entry("S-INV2")
    async with terminal(sqlite_firm) as screen:
        await screen.press("asterisk", "r")
        await screen.sees("1 done, 1 refused", "In Process")
        assert status_of(held) == EntryStatus.READY
        await screen.press("escape")
        await screen.sees("1 marked")


async def test_what_is_not_possible_now_is_dim_and_says_why(sqlite_firm: Location) -> None:
    held = add_entry("S-INV1")
    async with terminal(sqlite_firm) as screen:
        await screen.sees("S-INV1")
        keys = screen.app.screen.query_one("KeyLine").render()
        assert isinstance(keys, Text)
        place = keys.plain.index("Hold")
        assert any(span.start <= place < span.end and "dim" in str(span.style) for span in keys.spans)
        await screen.press("h")
        await screen.hears("Only what is Ready or in Error can be set On Hold.")
        assert status_of(held) == EntryStatus.ON_HOLD


async def test_delete_asks_first_and_names_what(sqlite_firm: Location) -> None:
    entry = add_entry("S-INV1")
    async with terminal(sqlite_firm) as screen:
        await screen.press("D")
        await screen.sees("Delete Sales Invoice S-INV1 (entry 1)?")
        await screen.press("enter")
        await screen.sees_no("Delete Sales Invoice")
        assert status_of(entry) == EntryStatus.ON_HOLD
        await screen.press("D")
        await screen.sees("Delete Sales Invoice S-INV1 (entry 1)?")
        await screen.press("y")
        await screen.sees("The job queue is empty.")
        assert status_of(entry) == "gone"


async def test_a_refresh_below_does_not_close_a_question(sqlite_firm: Location) -> None:
    add_entry("S-INV1")
    async with terminal(sqlite_firm) as screen:
        await screen.press("D")
        await screen.sees("Delete Sales Invoice S-INV1")
        add_entry("S-INV2")
        await screen.sees("2 entries", "Delete Sales Invoice S-INV1")


async def test_the_filter_is_typed_kept_and_cleared(sqlite_firm: Location) -> None:
    add_entry("S-INV1")
    add_entry("S-INV2", EntryStatus.ERROR, error=BLOCKED)
    async with terminal(sqlite_firm) as screen:
        await screen.press("slash")
        await screen.type("status=Error")
        await screen.press("enter")
        await screen.sees("1 entry", "Filter: status=Error")
        await screen.sees_no("S-INV1 ")
        await screen.goes_to("log entries")
        await screen.sees("Nothing has run yet.")
        await screen.press("escape")
        await screen.sees("1 entry", "Filter: status=Error")
        await screen.press("backslash")
        await screen.sees("2 entries")
        await screen.sees_no("Filter:")


async def test_a_filter_that_cannot_be_read_says_why_and_can_be_mended(sqlite_firm: Location) -> None:
    add_entry("S-INV1")
    async with terminal(sqlite_firm) as screen:
        await screen.press("slash")
        await screen.type("nonsense=1")
        await screen.press("enter")
        await screen.hears("There is no field nonsense")
        assert "S-INV1" in screen.shown  # the rows stay in view
        await screen.press("escape")
        await screen.until(lambda: not screen.app.messages.said)
        await screen.sees("1 entry", "Sales Invoice S-INV1")


async def test_long_lists_are_paged_under_the_cursor(sqlite_firm: Location) -> None:
    for n in range(1, 156):
        add_run(f"S-INV{n}")
    async with terminal(sqlite_firm, page="job-queue-log-entries") as screen:
        await screen.sees("155 log entries", "S-INV155")
        page = list_of(screen)
        for _ in range(155):
            await screen.press("pagedown")
            assert len(page.table.keys) <= PAGE_ROWS
            if cursor_line(screen) == "S-INV1":
                break
        assert cursor_line(screen) == "S-INV1"
        for _ in range(155):
            await screen.press("pageup")
            assert len(page.table.keys) <= PAGE_ROWS
            if cursor_line(screen) == "S-INV155":
                break
        assert cursor_line(screen) == "S-INV155"
        await screen.press("G")
        await screen.until(lambda: cursor_line(screen) == "S-INV1")
        await screen.press("g")
        await screen.until(lambda: cursor_line(screen) == "S-INV155")


async def test_the_newest_run_comes_first_with_its_error(sqlite_firm: Location) -> None:
    add_run("S-INV1")
    add_run("S-INV2", LogStatus.ERROR, error=BLOCKED, call_stack="Stack line [/x]")
    async with terminal(sqlite_firm, page="job-queue-log-entries") as screen:
        await screen.sees("2 log entries", "S-INV1 ", "S-INV2 ")
        assert screen.shown.index("S-INV2 ") < screen.shown.index("S-INV1 ")
        assert "Customer C0012" in screen.line("S-INV2")
        await screen.press("s")
        await screen.sees("- Call Stack", "Stack line [/x]")
        await screen.press("escape")
        await screen.sees("2 log entries")
        add_run("S-INV3")
        await screen.sees("3 log entries", "S-INV3")
        assert cursor_line(screen) == "S-INV2"


async def test_delete_all_keeps_what_is_in_process(sqlite_firm: Location) -> None:
    add_run("S-INV1")
    add_run("S-INV2", LogStatus.IN_PROCESS)
    async with terminal(sqlite_firm, page="job-queue-log-entries") as screen:
        await screen.press("Z")
        await screen.sees("Delete all log entries?")
        await screen.press("y")
        await screen.sees("1 log entry", "S-INV2")
        assert JobQueueLogEntry.select().count() == 1


async def test_the_runs_of_an_entry_are_one_key_away(sqlite_firm: Location) -> None:
    entry = add_entry("S-INV1")
    add_run("S-INV1", LogStatus.ERROR, error=BLOCKED, job_entry_id=entry)
    add_run("S-INV9")
    async with terminal(sqlite_firm) as screen:
        await screen.press("l")
        await screen.sees("Job Queue Log Entries", "1 log entry")
        await screen.press("escape")
        await screen.sees("Job Queue Entries")


async def test_priority_is_asked_for_and_checked(sqlite_firm: Location) -> None:
    entry = add_entry("S-INV1")
    async with terminal(sqlite_firm) as screen:
        await screen.press("p")
        await screen.sees("0 is served first")
        await screen.type("x")
        await screen.press("enter")
        await screen.sees("x is not a priority")
        await screen.press("backspace")
        await screen.type("5")
        await screen.press("enter")
        await screen.until(lambda: JobQueueEntry.get(JobQueueEntry.id == entry).priority == 5)


async def test_a_company_that_is_away_is_said_and_found_again(sqlite_firm: Location) -> None:
    add_entry("S-INV1")
    path = sqlite_firm.path
    async with terminal(sqlite_firm) as screen:
        await screen.sees("S-INV1")
        company.close()
        moved = path.with_name("moved.db")
        path.rename(moved)
        await screen.sees("Not connected since", "S-INV1")
        await screen.press("r")
        await screen.hears("The company's database is not connected.")
        moved.rename(path)
        await screen.sees_no("Not connected since")


async def test_while_paused_nothing_moves_until_f5(sqlite_firm: Location) -> None:
    add_entry("S-INV1")
    async with terminal(sqlite_firm) as screen:
        await screen.press("P")
        await screen.sees("Paused")
        reads = screen.app.reads
        add_entry("S-INV2")
        for _ in range(30):
            await screen.pilot.pause(0.01)
        assert screen.app.reads == reads
        assert "S-INV2" not in screen.shown
        await screen.press("f5")
        await screen.sees("S-INV2", "Paused")
        await screen.press("P")
        await screen.sees_no("Paused")


async def test_a_consumer_that_does_not_respond_is_said(sqlite_firm: Location) -> None:
    long_ago = clock.now() - timedelta(minutes=5)
    row = {"id": "c", "host": "elsewhere", "process_id": 7, "process_start": "x", "workers": 2, "running_as": "anna"}
    Consumer.create(**row, started_at=long_ago, last_heartbeat=long_ago)
    async with terminal(sqlite_firm) as screen:
        await screen.sees("Consumer not responding since")
        Consumer.update(last_heartbeat=clock.now()).execute()
        await screen.sees("Consumer running, 2 workers")


@pytest.mark.parametrize("size", SIZES)
async def test_help_names_every_key_of_the_page(sqlite_firm: Location, size: tuple[int, int]) -> None:
    async with terminal(sqlite_firm, size) as screen:
        actions = screen.page.actions
        await screen.press("question_mark")
        await screen.sees("Keys of Job Queue Entries", actions[0].caption)
        seen = screen.shown
        for _ in range(50):
            await screen.press("j")
            seen += screen.shown
        assert [action.caption for action in actions if action.caption not in seen] == []
        await screen.press("escape")
        await screen.sees_no("Keys of Job Queue Entries")


async def test_the_search_finds_actions_and_says_why_one_is_not_possible(sqlite_firm: Location) -> None:
    add_entry("S-INV1")
    async with terminal(sqlite_firm) as screen:
        await screen.press("ctrl+p")
        await screen.type("cancel")
        await screen.sees("Only what is In Process can be cancelled.")
        await screen.press("escape")
        await screen.press("ctrl+p")
        await screen.type("set status to ready")
        await screen.press("enter")
        await screen.until(lambda: JobQueueEntry.get().status == EntryStatus.READY)


async def test_an_entry_that_ends_while_its_card_is_open_says_so(sqlite_firm: Location) -> None:
    entry = add_entry("S-INV1", EntryStatus.ERROR, error=BLOCKED)
    async with terminal(sqlite_firm) as screen:
        await screen.press("e")
        await screen.sees("- Errors", "Customer C0012 is blocked for All.")
        JobQueueEntry.delete().where(JobQueueEntry.id == entry).execute()
        await screen.sees("The entry is gone")


async def test_at_eighty_columns_at_most_seven_keys_stand_below_and_all_fit(sqlite_firm: Location) -> None:
    add_entry("S-INV1")
    add_run("S-INV2")
    for page in ("job-queue-entries", "job-queue-log-entries", "sales-setup"):
        async with terminal(sqlite_firm, page=page) as screen:
            line = screen.page.query_one("KeyLine")
            assert len(line.shown()) <= 7  # type: ignore[attr-defined]
            wanted = [action for action in line.actions if not action.wide]  # type: ignore[attr-defined]
            assert list(line.shown()) == wanted  # type: ignore[attr-defined]


async def test_on_both_databases_what_others_commit_comes_without_a_key(firm: Location) -> None:
    entry = add_entry("S-INV1")
    async with terminal(firm) as screen:
        await screen.sees("Sales Invoice S-INV1", "On Hold")
        JobQueueEntry.update(status=EntryStatus.ERROR, errors=problems_to_json([BLOCKED])).execute()
        await screen.sees("Customer C0012 is blocked")
        JobQueueEntry.delete().where(JobQueueEntry.id == entry).execute()
        await screen.sees("The job queue is empty.")


async def test_a_server_that_ends_the_connection_is_said_and_found_again(make_postgres: MakeCompany) -> None:
    location = make_postgres()
    company.open_company(location)
    add_entry("S-INV1")
    name = location.text.rpartition("/")[2]
    async with terminal(location) as screen:
        await screen.sees("Sales Invoice S-INV1")
        company.close()
        on_server(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        on_server(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        await screen.sees("Not connected since", "Sales Invoice S-INV1")
        on_server(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await screen.sees_no("Not connected since")


async def test_a_long_list_is_sorted_by_a_column_up_and_down_and_stays_so(
    sqlite_firm: Location, tmp_path: Path
) -> None:
    for n in range(1, 306):
        add_run(f"S-INV{n}")
    memory = Memory(tmp_path / "pages.json")
    async with terminal(sqlite_firm, page="job-queue-log-entries", memory=memory) as screen:
        await screen.sees("305 log entries", "S-INV305 ")
        await screen.press("z")
        await screen.sees("Sort by", "No., downwards", "Time")
        await screen.press("down", "enter")
        await screen.sees("by No.", "S-INV1 ")
        assert cursor_line(screen) == "S-INV1"
        await screen.press("G")
        await screen.until(lambda: cursor_line(screen) == "S-INV305")
        await screen.press("g")
        await screen.until(lambda: cursor_line(screen) == "S-INV1")
    async with terminal(sqlite_firm, page="job-queue-log-entries", memory=Memory(tmp_path / "pages.json")) as screen:
        await screen.sees("by No.", "S-INV1 ")


@pytest.mark.parametrize("descends", [False, True])
def test_each_window_of_each_order_holds_what_a_sorted_list_has_there(firm: Location, descends: bool) -> None:
    random = Random(7)
    for n in range(1, 450):
        add_run(f"S-INV{n}", ended_at=clock.now() + timedelta(seconds=random.randrange(40)))
    rows = [(one.ended_at, one.entry_no) for one in JobQueueLogEntry.select()]
    numbers = [number for _, number in sorted(rows, reverse=descends)]
    sort = "-when" if descends else "when"
    for place in (0, 1, PAGE_ROWS - 1, PAGE_ROWS, 248, 447, 448):
        found = readings.read_log("", Window("from", str(numbers[place]), sort))
        assert [one.entry_no for one in found.rows] == numbers[place : place + PAGE_ROWS]
        assert (found.before, found.after) == (place > 0, place + PAGE_ROWS < len(numbers))
        until = readings.read_log("", Window("until", str(numbers[place]), sort))
        expected = numbers[max(0, place - PAGE_ROWS + 1) : place + 1] if place >= PAGE_ROWS - 1 else numbers[:PAGE_ROWS]
        assert [one.entry_no for one in until.rows] == expected
    assert [one.entry_no for one in readings.read_log("", Window("bottom", sort=sort)).rows] == numbers[-PAGE_ROWS:]


async def test_the_star_marks_all_that_match_also_what_is_not_loaded(sqlite_firm: Location) -> None:
    for n in range(1, 306):
        add_entry(f"S-INV{n}")
    async with terminal(sqlite_firm) as screen:
        await screen.sees("305 entries")
        await screen.press("asterisk")
        await screen.sees("305 marked")
        await screen.press("p")
        await screen.sees("Priority of 305 entries")
        await screen.type("7")
        await screen.press("enter")
        await screen.until(lambda: JobQueueEntry.select().where(JobQueueEntry.priority == 7).count() == 305)
        await screen.sees_no("305 marked")


async def test_rows_are_copied_to_the_clipboard_and_all_that_match_to_a_file(
    sqlite_firm: Location, tmp_path: Path
) -> None:
    for n in range(1, 306):
        add_run(f"S-INV{n}")
    async with terminal(sqlite_firm, page="job-queue-log-entries") as screen:
        await screen.sees("305 log entries", "S-INV305 ")
        await screen.press("y")
        await screen.until(lambda: "S-INV305" in screen.app.clipboard)
        assert "\t" in screen.app.clipboard
        await screen.press("Y")
        await screen.sees("Copy to a File")
        await screen.press("enter")
        await screen.sees("A name is missing.")
        target = tmp_path / "log.csv"
        target.write_text("mine")
        await screen.type(str(target))
        await screen.press("enter")
        await screen.sees("is there already")
        assert target.read_text() == "mine"
        await screen.type("2")
        await screen.press("enter")
        await screen.hears("Written:")
        lines = (tmp_path / "log.csv2").read_text().splitlines()
        assert lines[0].startswith("No.,Status,")
        assert len(lines) == 306
        times = [datetime.fromisoformat(row["Time"]) for row in csv.DictReader(lines)]
        assert all(time.tzinfo is not None for time in times)


@pytest.mark.parametrize("value", ["plain", "漢字漢字", "e\u0301te\u0301"])
def test_text_fills_as_many_cells_of_the_terminal_as_its_column_has(value: str) -> None:
    for width in (3, 4, 12):
        for right in (False, True):
            assert cell_len(shown.padded(value, width, right=right)) == width


@pytest.mark.parametrize(
    ("page", "filter", "kept", "left_out"),
    [
        ("job-queues", "code=PP*|PRINT", ("PPPOST", "PRINT"), ("SPPOST", "DEFAULT")),
        ("job-queues", "max_concurrent>1", ("PRINT", "DEFAULT"), ("SPPOST",)),
        ("job-queue-categories", "code<>SALES*", ("PURCHPOST",), ("SALESPOST",)),
        ("job-queue-categories", "Posting of sales", ("SALESPOST",), ("PURCHPOST",)),
        ("user-setup", "may_post=yes", ("Yes",), ()),
    ],
)
async def test_short_lists_take_the_one_filter_language_too(
    sqlite_firm: Location, page: str, filter: str, kept: tuple[str, ...], left_out: tuple[str, ...]
) -> None:
    async with terminal(sqlite_firm, page=page) as screen:
        await screen.press("slash")
        await screen.type(filter)
        await screen.press("enter")
        await screen.sees(f"Filter: {filter}", *kept)
        await screen.until(lambda: not any(screen.line(f"    {part} ") for part in left_out))


@pytest.mark.parametrize("page", ["batches", "notes", "documents-to-handle", "job-queues", "printers"])
async def test_a_field_that_a_short_list_lacks_is_refused_and_its_fields_are_named(
    sqlite_firm: Location, page: str
) -> None:
    async with terminal(sqlite_firm, page=page) as screen:
        await screen.press("slash")
        await screen.type("colour=red")
        await screen.press("enter")
        await screen.hears("There is no field colour to filter by. The fields are")


async def test_a_category_is_described_anew(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="job-queue-categories") as screen:
        await screen.sees("PURCHPOST")
        while list_of(screen).table.cursor_key != "PURCHPOST":
            await screen.press("j")
        await screen.press("e")
        await screen.sees("Describe PURCHPOST")
        await screen.press("ctrl+u")
        await screen.type("Buying [bold]")
        await screen.press("enter")
        await screen.until(lambda: "Buying [bold]" in screen.line("PURCHPOST"))
