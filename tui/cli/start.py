"""`postroom` without a command: the full-screen program, and what to do when there is no company yet."""

from __future__ import annotations

import gc
import shutil
import sys
import textwrap

import click

from postroom.core import company
from postroom.core.company import AMOUNT_PRECISIONS, NewCompany
from postroom.core.database import Location
from postroom.core.errors import UsageError
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import Session

GREETING = """\
Welcome to Postroom: documents posted in the background, with job queues.

There is no company yet. Yours would be
{place}

  demo   a company with some eighty documents to try everything on, posted while you look
  new    your own: chart of accounts, number series and job queues are made with it
  quit   make nothing
"""


def has_terminal() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


def open_screen(session: Session) -> int:
    """Open the TUI on the company; on a first start offer the demo company or a new one."""
    location = session.location
    is_first = session.company is None and not location.path.exists()
    if not has_terminal():
        if is_first:
            _say(f"There is no company yet (looked for {location.shown}).")
            _say("Try `postroom demo`, or make one with `postroom init`.")
        _say("The full screen needs a terminal; `postroom --help` lists what runs without one.")
        return 2
    if is_first:
        writing.say(GREETING.format(place=location.shown))
        answer = _ask("demo, new or quit", "demo", ("demo", "new", "quit"), show=False)
        if answer == "quit":
            return 0
        if answer == "demo":
            from postroom.tui.cli import demo

            return demo.open_with_screen()
        _make(location)
    return show_screen(session)


def show_screen(session: Session) -> int:
    """Run the TUI on a company that is there."""
    gc.disable()  # until the first page is read: nothing is thrown away so early, and looking for it takes a tenth
    from postroom.tui.snapshots import BUSY_SECONDS

    session.read(busy_seconds=BUSY_SECONDS)
    from postroom.tui import app

    return app.show(session.location)


def _make(location: Location) -> None:
    """Ask what a new company needs, and make it. Raises CompanyError where it cannot be made."""
    frame.make_data_folder()
    name = _ask("Name of the company", "My Company")
    zone = _ask_time_zone()
    precision = _ask("Smallest amount, for good", "0.01", AMOUNT_PRECISIONS)
    company.create(location, NewCompany(name, precision, zone))
    company.close()


def _ask_time_zone() -> str:
    """Ask until it is one that there is."""
    while True:
        zone = _ask("Time zone", company.local_time_zone())
        try:
            company.refuse_unknown_time_zone(zone)
            return zone
        except UsageError as error:
            _say(str(error))


def _say(text: str) -> None:
    """A sentence whose lines end between words; a terminal would break it anywhere."""
    width = shutil.get_terminal_size().columns
    writing.say(textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False))


def _ask(question: str, default: str, choices: tuple[str, ...] = (), *, show: bool = True) -> str:
    """A line typed at the terminal; of `choices`, which are shown, one: asked again until it is."""
    kind = click.Choice(choices, case_sensitive=False) if choices else str
    return str(click.prompt(question, type=kind, default=default, show_choices=show, err=True)).strip() or default
