"""What travels over the line: nothing while nothing changes, a line where a cell changed."""

from __future__ import annotations

import pytest
from jobs import wait_entry
from pty_terminal import PtyTerminal, pty_terminal
from screens import SIZES

from postroom.core import setups
from postroom.core.database import Location
from postroom.core.tables.setup import Company
from postroom.core.tables.work import JobQueueEntry

POLLS = 2.5
"""Seconds in which the terminal looks at the company at least twice."""


def settled(terminal: PtyTerminal, word: bytes) -> None:
    """Wait until the page has drawn its data and gone quiet."""
    terminal.until(lambda: word in terminal.sent)
    terminal.bytes_until_silent(1.2)


@pytest.mark.parametrize("size", SIZES)
def test_while_nothing_changes_nothing_is_sent(sqlite_firm: Location, size: tuple[int, int]) -> None:
    with pty_terminal(sqlite_firm, size, "sales-setup") as terminal:
        settled(terminal, b"Remainder")
        assert terminal.read(POLLS) == b""


@pytest.mark.parametrize("keys", [b":", b"/"], ids=["search", "filter"])
def test_while_a_line_waits_to_be_typed_nothing_is_sent(sqlite_firm: Location, keys: bytes) -> None:
    with pty_terminal(sqlite_firm, (80, 24), "job-queue-entries") as terminal:
        settled(terminal, b"The job queue is empty.")
        terminal.type(keys)
        assert terminal.bytes_until_silent(1.2)
        assert terminal.read(POLLS) == b""


@pytest.mark.parametrize("size", SIZES)
def test_a_changed_field_costs_less_than_a_kilobyte(sqlite_firm: Location, size: tuple[int, int]) -> None:
    creator = Company.get_by_id(1).created_by
    with pty_terminal(sqlite_firm, size, "sales-setup") as terminal:
        settled(terminal, b"Remainder")
        setups.change({"sales.calc_inv_discount": "true"}, user=creator)
        before = len(terminal.sent)
        terminal.until(lambda: b"[x] Yes" in terminal.sent[before:])
        terminal.bytes_until_silent(POLLS)
        assert len(terminal.sent) - before < 1024


@pytest.mark.parametrize("size", SIZES)
def test_a_changed_cell_of_the_row_under_the_cursor_costs_less_than_a_kilobyte(
    sqlite_firm: Location, size: tuple[int, int]
) -> None:
    first, _ = wait_entry(), wait_entry()
    with pty_terminal(sqlite_firm, size, "job-queue-entries") as terminal:
        settled(terminal, b"Wait")
        before = len(terminal.sent)
        JobQueueEntry.update(description="Wait a while").where(JobQueueEntry.id == first.id).execute()
        terminal.until(lambda: len(terminal.sent) > before)
        terminal.bytes_until_silent(POLLS)
        assert 0 < len(terminal.sent) - before < 1024


def test_without_colours_no_colour_is_sent_and_the_cursor_is_reversed(sqlite_firm: Location) -> None:
    with pty_terminal(sqlite_firm, (80, 24), "sales-setup", {"NO_COLOR": "1"}) as terminal:
        settled(terminal, b"Remainder")
        codes = sgr_codes(terminal.sent)
        assert not [code for code in codes if code not in (39, 49) and (30 <= code <= 48 or 90 <= code <= 107)]
        assert 7 in codes


def test_sixteen_colours_are_enough(sqlite_firm: Location) -> None:
    with pty_terminal(sqlite_firm, (80, 24), "sales-setup", {"TERM": "xterm", "COLORTERM": ""}) as terminal:
        settled(terminal, b"Remainder")
        assert not {38, 48} & set(sgr_codes(terminal.sent)), "38 and 48 name colours beyond the sixteen"


def sgr_codes(sent: bytes) -> list[int]:
    """Every number in the sequences that set how text looks."""
    import re

    found = re.findall(rb"\x1b\[([0-9;]*)m", sent)
    return [int(code) for sequence in found for code in sequence.split(b";") if code]
