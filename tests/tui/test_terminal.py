"""The seed story on a real terminal, 80x24, with a real consumer process: ticked by keyboard, then hands off."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tmux_terminal import POSTROOM, tmux

from postroom.core import company, demo, setups
from postroom.core.database import Location


@contextmanager
def consumer(location: Location) -> Iterator[None]:
    """A real consumer, stopped as an operator stops it."""
    process = subprocess.Popen(
        [POSTROOM, "--company", location.text, "consumer", "--workers", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def postroom(location: Location, *arguments: str) -> None:
    """A command of somebody else."""
    subprocess.run([POSTROOM, "--company", location.text, *arguments], check=True, capture_output=True, timeout=60)


def test_a_document_queued_from_the_command_line_is_seen_to_go_and_its_log_line_to_come(
    sqlite_firm: Location, tmp_path: Path
) -> None:
    demo.fill(user=company.current_user())
    setups.change({"sales.post_documents_via_job_queue": "false"}, user=company.current_user())
    company.close()
    with tmux(tmp_path) as screen:
        screen.run(POSTROOM, "--company", sqlite_firm.text)
        screen.sees("Job Queue Entries", "No consumer is running")

        screen.keys(":")
        screen.sees("Search for a page or an action")
        screen.type("sales setup")
        screen.sees("Sales & Receivables Setup")
        screen.keys("Enter")
        screen.sees("Ext. Doc. No. Mandatory")
        screen.keys("]", "Enter")
        screen.sees("Post Documents via Job Queue ")
        screen.keys("j", "Space")
        screen.until(lambda: "[x] Yes" in screen.line("Post Documents via Job Queue "))
        screen.keys("Escape")
        screen.sees("Job Queue Entries", "The job queue is empty")

        postroom(sqlite_firm, "post", "--no", "S-INV1001")
        screen.sees("Sales Invoice S-INV1001", "1 entry")
        with consumer(sqlite_firm):
            screen.sees("Consumer running, 1 worker", "The job queue is empty")
            screen.keys(":")
            screen.sees("Search for a page or an action")
            screen.type("log entries")
            screen.keys("Enter")
            screen.sees("Job Queue Log Entries", "Success")
            assert "S-INV1001" in screen.line("Success")
            postroom(sqlite_firm, "post", "--no", "S-INV1002")
            screen.until(lambda: "Success" in screen.line("S-INV1002"))
        screen.sees("No consumer is running")
        screen.keys("q")
        screen.sees("ready>")
