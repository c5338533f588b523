"""`postroom` without a command: the full-screen program, and what to do when there is no company yet."""

from __future__ import annotations

import sys

import click

from postroom.core import company
from postroom.core.company import NewCompany
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import Session


def has_terminal() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


def open_screen(session: Session) -> int:
    """Open the TUI on the company; on a first start offer the demo company or a new one."""
    location = session.location
    is_first = session.company is None and not location.path.exists()
    if not has_terminal():
        if is_first:
            writing.say(f"There is no company yet (looked for {location.shown}).")
            writing.say("Try `postroom demo`, or make one with `postroom init`.")
        writing.say("The full screen needs a terminal; `postroom --help` lists what runs without one.")
        return 2
    if is_first:
        answer = _ask()
        if answer == "quit":
            return 0
        if answer == "demo":
            from postroom.tui.cli import demo

            return demo.open_with_screen()
        frame.make_data_folder()
        company.create(location, NewCompany("My Company"))
        company.close()
    return show_screen(session)


def show_screen(session: Session) -> int:
    """Run the TUI on a company that is there."""
    session.read()
    company.close()
    from postroom.tui import app

    return app.run(session.location)


def _ask() -> str:
    writing.say("There is no company yet. Open the demo company, with documents to try things on, or make a new one?")
    return str(click.prompt("demo, new or quit", type=click.Choice(["demo", "new", "quit"]), default="demo", err=True))
