"""The seed story on a real terminal, 80x24, with a real consumer process: ticked by keyboard, then hands off."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tmux_terminal import POSTROOM, Tmux, tmux

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


def go_to(screen: Tmux, words: str, title: str) -> None:
    """Open a page by the search."""
    screen.keys(":")
    screen.sees("Search for a page or an action")
    screen.type(words)
    screen.sees(title)
    screen.keys("Enter")
    screen.sees_no("Search for a page or an action")
    screen.sees(title)


def test_ctrl_z_stops_make_too_and_fg_brings_the_screen_back(sqlite_firm: Location, tmp_path: Path) -> None:
    company.close()
    (tmp_path / "Makefile").write_text(f"demo:\n\t{POSTROOM} --company {sqlite_firm.text}\n")
    with consumer(sqlite_firm), tmux(tmp_path) as screen:
        screen.run("make", "demo")
        screen.sees("My Job Queue", "Consumer running")
        screen.keys("C-z")
        screen.sees_no("My Job Queue")
        screen.type("echo the shell $((40 + 2)); stty -a | grep -o ' echo '")
        screen.keys("Enter")
        screen.sees("the shell 42", "ready>")
        screen.until(lambda: " echo" in screen.shown.splitlines())
        screen.run("fg")
        screen.sees("My Job Queue", "Consumer running")
        screen.keys(":")
        screen.sees("Search for a page or an action")
        screen.keys("Escape")
        screen.sees_no("Search for a page or an action")
        screen.keys("q")
        screen.sees("ready>")


def test_the_seed_story_by_keyboard_from_the_setup_to_the_nights_batch(sqlite_firm: Location, tmp_path: Path) -> None:
    demo.fill(user=company.current_user())
    setups.change({"sales.post_documents_via_job_queue": "false"}, user=company.current_user())
    company.close()
    with tmux(tmp_path) as screen:
        screen.run(POSTROOM, "--company", sqlite_firm.text)
        screen.sees("My Job Queue", "No consumer is running")

        go_to(screen, "sales setup", "Sales & Receivables Setup")
        screen.sees("Ext. Doc. No. Mandatory")
        screen.keys("]", "Enter")
        screen.sees("Post Documents via Job Queue ")
        screen.keys("j", "Space")
        screen.until(lambda: "[x] Yes" in screen.line("Post Documents via Job Queue "))
        screen.keys("j", "j", "Enter")
        screen.sees("SALESPOST", "PURCHPOST", "Leave as it is")
        screen.keys("Enter")
        screen.until(lambda: "SALESPOST" in screen.line("Job Queue Category Code"))

        go_to(screen, "job queues", "Job Queues")
        screen.sees("SPPOST")
        screen.keys("j", "j", "j")
        screen.until(lambda: "Sales" in screen.shown.splitlines()[-4])
        screen.keys("Enter")
        screen.sees("Job Queue SPPOST", "+ NAS Settings")
        screen.keys("]", "Enter", "j")
        screen.until(lambda: "[x] Yes" in screen.line("Start Automatically from NAS"))
        screen.keys("Space")
        screen.until(lambda: "[ ] No" in screen.line("Start Automatically from NAS"))
        postroom(sqlite_firm, "queue", "stop", "SPPOST")

        with consumer(sqlite_firm):
            screen.sees("Consumer running, 1 worker")
            screen.sees("Stopped")
            screen.keys("s")
            screen.until(lambda: "Running" in screen.shown.splitlines()[1])

            go_to(screen, "sales orders", "Sales Orders")
            first = no_of(screen)
            screen.keys("F9")
            screen.sees("queued")
            screen.until(lambda: no_of(screen) != first)
            go_to(screen, "log entries", "Job Queue Log Entries")
            screen.until(lambda: "Success" in screen.line(f"Sales Order {first}"))

            postroom(sqlite_firm, "queue", "stop", "SPPOST")
            go_to(screen, "sales orders", "Sales Orders")
            removed = no_of(screen)
            screen.keys("F9")
            screen.until(lambda: "Scheduled for Posting" in screen.line(removed))
            screen.keys("w")
            screen.sees("Job queue SPPOST is stopped", "Queued by")
            screen.keys("Escape")  # and nothing with it: a terminal sends Alt+R as Esc, R
            screen.sees_no("Queued by")
            screen.keys("R")
            screen.sees(f"Remove Sales Order {removed} from the job queue?")
            screen.keys("y")
            screen.until(lambda: "Released" in screen.line(removed) and "Scheduled" not in screen.line(removed))

            screen.keys("F9")
            screen.until(lambda: "Scheduled for Posting" in screen.line(removed))
            customer = screen.line(removed).split()[1]
            postroom(sqlite_firm, "customer", "set", customer, "blocked=All")
            postroom(sqlite_firm, "queue", "start", "SPPOST")
            go_to(screen, "documents to handle", "Documents to Handle")
            screen.until(lambda: f"{customer} is blocked" in screen.line(f"Sales Order {removed}"))
            screen.keys("m")
            screen.sees(f"Customer {customer}")
            screen.until(lambda: "All" in screen.line("Blocked ..."))
            screen.keys("Enter")
            screen.sees("(blank)", "Leave as it is")
            screen.keys("Home", "Enter")
            screen.until(lambda: "Leave as it is" not in screen.shown and "(blank)" in screen.line("Blocked ..."))
            screen.keys("Escape")
            screen.sees("What is wrong")
            screen.keys("t")
            screen.sees("queued")
            screen.sees("Nothing is in error")

            go_to(screen, "batch post sales invoices", "Batch Post Sales Invoices")
            screen.sees("- Runs")  # before its first look at the company a page has fewer FastTabs
            screen.keys("G", "k", "Enter")  # unfold the Schedule, above Runs
            screen.sees("Weekdays")
            screen.keys("j", "j", "Enter")
            screen.sees("Leave as it is")
            screen.type("mon,tue,wed,thu,fri,sat,sun")
            screen.keys("Enter")
            screen.until(lambda: "mon,tue" in screen.line("Weekdays ..."))
            screen.keys("j", "j", "Enter")
            screen.sees("Leave as it is")
            screen.type("22:00")
            screen.keys("Enter")
            screen.until(lambda: "22:00" in screen.line("Starting Time ..."))
            screen.keys("s")
            screen.sees("every day at 22:00, next")
            go_to(screen, "job queue entries", "Job Queue Entries")
            screen.sees("Batch Post Sales Invoices", "It starts at")
        screen.sees("No consumer is running")
        screen.keys("q")
        screen.sees("ready>")


def no_of(screen: Tmux) -> str:
    """The number of the first document of the list."""
    screen.sees("Customer/Vendor", "S-ORD")
    lines = screen.shown.splitlines()
    (head,) = [place for place, line in enumerate(lines) if "Customer/Vendor" in line]
    return lines[head + 1].split()[0]
