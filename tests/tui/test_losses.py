"""What is lost with a terminal that is killed, a line that drops, a database that is away: nothing, and it says so."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from consumer_process import until
from halting import SLOW_POSTING, Halt
from jobs import assert_verified, entry_of, invoices
from postgres_server import Server, server_of_its_own
from pty_terminal import PtyTerminal, pty_terminal

from postroom.core import company, setups
from postroom.core.company import NewCompany
from postroom.core.database import Location
from postroom.core.kinds import DocumentStatus, EntryStatus, JobQueueStatus
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry

POST = b"\x1b[20~"
HELD = "import sys, sqlite3; held = sqlite3.connect(sys.argv[1]); held.execute('BEGIN IMMEDIATE'); print(); input()"
LEFT_CLEAN = {
    "the alternate screen is left": b"\x1b[?1049l",
    "the cursor is shown": b"\x1b[?25h",
    "the mouse is off": b"\x1b[?1003l",
    "its buttons too": b"\x1b[?1000l",
    "so is the focus": b"\x1b[?1004l",
    "what is pasted comes as it is": b"\x1b[?2004l",
    "the keys are as before": b"\x1b[<u",
}


def post_via_job_queue(wanted: bool) -> None:
    setups.change({"sales.post_documents_via_job_queue": str(wanted).lower()}, user=company.current_user())


@contextmanager
def sales_invoices(location: Location, **environ: str) -> Iterator[PtyTerminal]:
    """A terminal that shows the sales invoices of a company, which this process leaves meanwhile."""
    company.close()
    with pty_terminal(location, (80, 24), "sales-invoice", environ) as terminal:
        terminal.until(b"Released")
        yield terminal
    company.open_company(location)


def document(id_: int) -> Document:
    found: Document = Document.get_by_id(id_)
    return found


def assert_nobody_is_left(leader: int) -> None:
    """No process of the terminal's session lives on."""

    def living() -> list[str]:
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] not in "ZX":
                found.append(stat.parent.name)
        return found

    until(lambda: not living(), what="the end of the terminal's processes")


def test_what_a_killed_terminal_has_queued_is_posted_all_the_same(sqlite_firm: Location) -> None:
    (id_,) = invoices()
    post_via_job_queue(True)
    with sales_invoices(sqlite_firm) as terminal:
        terminal.type(POST)
        terminal.until(b"Scheduled for Posting")
        terminal.process.kill()
        assert terminal.process.wait(10) == -signal.SIGKILL
        assert_nobody_is_left(terminal.process.pid)
    assert document(id_).job_queue_status is JobQueueStatus.SCHEDULED
    assert entry_of(id_).status is EntryStatus.READY
    subprocess.run(
        [sys.executable, "-m", "postroom.tui.cli.main", "--company", sqlite_firm.text, "consumer", "--until-idle"],
        check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    assert PostedDocument.select().where(PostedDocument.kind == "invoice").count() == 1
    assert_verified()


@pytest.mark.parametrize("end", ["kill", "hang up"])
def test_a_terminal_that_goes_amid_a_posting_leaves_it_undone(sqlite_firm: Location, tmp_path: Path, end: str) -> None:
    (id_,) = invoices()
    post_via_job_queue(False)
    halt = Halt(tmp_path)
    options = halt.options(SLOW_POSTING)
    options["POSTROOM_TEST_PRELUDE"] = options.pop("prelude")
    with sales_invoices(sqlite_firm, **options) as terminal:
        terminal.type(POST)
        assert halt.worker() == terminal.process.pid, "it posts in the session, and stands before its commit"
        if end == "kill":
            terminal.process.kill()
        else:
            terminal.hang_up()
        assert terminal.process.wait(20) in (-signal.SIGKILL, 128 + signal.SIGHUP)
        assert_nobody_is_left(terminal.process.pid)
    assert document(id_).status is DocumentStatus.RELEASED
    assert document(id_).job_queue_status is JobQueueStatus.BLANK
    assert PostedDocument.select().count() == 0
    assert_verified()


def test_a_dropped_line_ends_the_terminal_by_itself_and_nothing_of_it_lives_on(sqlite_firm: Location) -> None:
    invoices()
    with sales_invoices(sqlite_firm) as terminal:
        terminal.hang_up()  # no signal of ours: the system tells it
        assert terminal.process.wait(20) == 128 + signal.SIGHUP
        assert_nobody_is_left(terminal.process.pid)


def test_a_line_that_drops_while_much_is_drawn_ends_the_terminal_too(sqlite_firm: Location) -> None:
    invoices()
    with sales_invoices(sqlite_firm) as terminal:
        terminal.type(b"?\x1b[B" * 100 + b":" + b"customers" * 20)  # more frames than Textual's writer takes unwritten
        terminal.bytes_within(0.3)
        terminal.hang_up()
        assert terminal.process.wait(20) == 128 + signal.SIGHUP
        assert_nobody_is_left(terminal.process.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_a_clean_terminal(sqlite_firm: Location, number: signal.Signals) -> None:
    invoices()
    with sales_invoices(sqlite_firm) as terminal:
        terminal.type(b":")  # also from under a box
        terminal.until(b"Search for a page")
        terminal.process.send_signal(number)
        assert terminal.ends() == 128 + number
        assert [what for what, sequence in LEFT_CLEAN.items() if sequence not in terminal.sent[-600:]] == []
        assert b"Traceback" not in terminal.sent
        assert_nobody_is_left(terminal.process.pid)


def test_while_another_program_holds_the_write_lock_pages_go_on_and_an_action_is_told_and_not_lost(
    sqlite_firm: Location,
) -> None:
    (id_,) = invoices()
    post_via_job_queue(True)
    with sales_invoices(sqlite_firm) as terminal:
        command = [sys.executable, "-c", HELD, sqlite_firm.text]
        other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert other.stdout is not None
        other.stdout.readline()
        terminal.type(POST)
        terminal.until_new(b"locked")
        terminal.type(b"/")
        terminal.until_new(b"EXPRESSION")  # the keys are heard meanwhile
        terminal.type(b"nothing-of-that\r")
        terminal.until_new(b"Nothing matches")
        assert b"Not connected" not in terminal.sent, "reading needs no lock"
        other.communicate(b"\n")
        terminal.type(b"\\")
        terminal.until_new(b"Released")
        terminal.type(POST)
        terminal.until_new(b"Scheduled for Posting")
    assert entry_of(id_).status is EntryStatus.READY
    assert JobQueueEntry.select().count() == 1


@pytest.fixture
def own_server() -> Iterator[Server]:
    with server_of_its_own() as made:
        yield made


@pytest.fixture
def served(own_server: Server) -> Location:
    """A company on a server of the test's own, with one invoice."""
    location = Location(own_server.url)
    company.create(location, NewCompany(is_test=True))
    invoices()
    post_via_job_queue(True)
    return location


@pytest.mark.parametrize("seconds", [0, pytest.param(10, marks=pytest.mark.full)])
def test_a_server_that_is_away_is_said_all_the_while_and_found_again(
    own_server: Server, served: Location, seconds: int
) -> None:
    with sales_invoices(served) as terminal:
        own_server.stop("fast")
        terminal.until(b"Not connected since")
        before = len(terminal.sent)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            terminal.read(0.1)
        assert b"No consumer is running" not in terminal.sent[before:], "what is wrong stays on the page"
        terminal.type(POST)
        terminal.until_new(b"database is not connected")
        own_server.start()
        terminal.until_new(b"No consumer is running")
        terminal.type(POST)
        terminal.until_new(b"Scheduled for Posting")
    assert JobQueueEntry.get().status is EntryStatus.READY
    assert JobQueueEntry.select().count() == 1


def test_an_action_that_meets_the_stopped_server_first_says_so_and_changes_nothing(
    own_server: Server, served: Location
) -> None:
    with sales_invoices(served) as terminal:
        terminal.type(b"P")  # paused: the poll does not notice it before the action does
        terminal.until(b"Paused")
        own_server.stop("immediate")
        terminal.type(POST)
        terminal.until_new(b"locked")
        terminal.until_new(b"Nothing was")
        own_server.start()
        terminal.until_new(b"No consumer is running")  # found again, though it is paused
        terminal.type(POST)
        terminal.until_new(b"Scheduled for Posting")
    assert JobQueueEntry.select().count() == 1
    assert Document.get().job_queue_status is JobQueueStatus.SCHEDULED


def test_a_server_that_keeps_silent_is_said_too_and_what_was_asked_for_meanwhile_is_done(
    own_server: Server, served: Location
) -> None:
    with sales_invoices(served) as terminal:
        own_server.tell(signal.SIGSTOP)
        try:
            terminal.until(b"No answer since")
            terminal.type(POST)
            terminal.until_new(b"waits for the database")
        finally:
            own_server.tell(signal.SIGCONT)
        terminal.until_new(b"Scheduled for Posting")
    assert JobQueueEntry.select().count() == 1
