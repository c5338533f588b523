"""Commands on job queues and their categories."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import click

from postroom.core.jobs import categories, consumers, queues
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import Session, captions

queue_command = frame.group(
    "queue", "List, change, start and stop job queues.", "postroom queue start SPPOST --with-consumer"
)

category_command = frame.group(
    "category",
    "List, add, describe, rename and delete job queue categories.",
    "postroom category add NIGHT 'Runs at night'",
)

_QUEUES = captions("code", "description", category_filter="Filter", max_concurrent="Max.", state="State") | captions(
    "start_automatically", "on_host", "last_heartbeat", "host", "process_id"
)

_CATEGORIES = captions("code", "description", "entries")

_SERVED_WITHIN = 15.0
_LOOK_EVERY = 0.05


@frame.command("list", "postroom queue list", under=queue_command)
@frame.json_option
def queue_list(session: Session) -> None:
    """List the job queues with what they take and who serves them."""
    session.read()
    views = queues.list_queues()
    session.write_list(_QUEUES, views)
    if any(view.started for view in views) and not consumers.alive() and not session.as_json:
        writing.say("No consumer is running: `postroom consumer`. Heartbeat, host and process are the last one's.")


@frame.command("set", "postroom queue set DEFAULT max_concurrent=8", under=queue_command)
@click.argument("code")
@click.argument("changes", metavar="KEY=VALUE...", nargs=-1, required=True)
@frame.json_option
def queue_set(session: Session, code: str, changes: tuple[str, ...]) -> None:
    """Change a job queue: description, category_filter, start_automatically, on_host, max_concurrent."""
    user = session.open(rings=True)
    session.write_card(queues.change(code, frame.pairs(changes), user=user))


@frame.command(
    "start", "postroom queue start SPPOST", "postroom queue start SPPOST --with-consumer", under=queue_command
)
@click.argument("codes", metavar="CODE...", nargs=-1, required=True)
@click.option("--with-consumer", is_flag=True, help="Start a consumer in the background where none serves it.")
@frame.json_option
def queue_start(session: Session, codes: tuple[str, ...], with_consumer: bool) -> int:
    """Let job queues take entries; exit 1 if no consumer that may serve them is alive."""
    user = session.open(rings=True)
    for code in codes:
        queues.start(code, user=user)
    unserved = _unserved(codes)
    if unserved and not with_consumer and sys.stdin.isatty() and not session.as_json:
        writing.say(f"No consumer that may serve {', '.join(unserved)} is alive.")
        with_consumer = click.confirm("Start one on this host in the background?", default=True, err=True)
    if unserved and with_consumer:
        from postroom.queue.consumer import start_in_background

        process_id = start_in_background(session.location)
        writing.say(f"Started a consumer in the background, process {process_id}.")
        unserved = _wait_until_served(unserved)
    _write(session, codes)
    for code in unserved:
        writing.say(f"Job queue {code} is started, but no consumer that may serve it is alive: `postroom consumer`.")
    return 1 if unserved else 0


def _unserved(codes: Sequence[str]) -> list[str]:
    """The job queues that no living consumer may serve."""
    return [code for code in codes if not queues.is_served(code)]


def _wait_until_served(codes: Sequence[str]) -> list[str]:
    """The codes that no consumer has come forward for in time."""
    end = time.monotonic() + _SERVED_WITHIN
    while unserved := _unserved(codes):
        if time.monotonic() > end:
            return unserved
        time.sleep(_LOOK_EVERY)
    return []


@frame.command("stop", "postroom queue stop SPPOST", under=queue_command)
@click.argument("codes", metavar="CODE...", nargs=-1, required=True)
@frame.json_option
def queue_stop(session: Session, codes: tuple[str, ...]) -> None:
    """Let job queues take no more entries; what runs is finished."""
    user = session.open()
    for code in codes:
        queues.stop(code, user=user)
    _write(session, codes)


def _write(session: Session, codes: tuple[str, ...]) -> None:
    session.write_list(_QUEUES, [queues.show(code) for code in codes])


@frame.command("list", "postroom category list", under=category_command)
@frame.json_option
def category_list(session: Session) -> None:
    """List the categories and how many entries each has."""
    session.read()
    session.write_list(_CATEGORIES, categories.list_categories())


@frame.command("add", "postroom category add NIGHT 'Runs at night'", under=category_command)
@click.argument("code")
@click.argument("description", default="")
@frame.json_option
def category_add(session: Session, code: str, description: str) -> None:
    """Make a category; at most one entry of it runs at a time."""
    user = session.open()
    categories.add(code, description, user=user)
    _write_category(session, code)


@frame.command("rename", "postroom category rename NIGHT LATE", under=category_command)
@click.argument("old")
@click.argument("new")
@frame.json_option
def category_rename(session: Session, old: str, new: str) -> None:
    """Rename a category; its entries and the setups that name it follow."""
    user = session.open()
    categories.rename(old, new, user=user)
    _write_category(session, new)


@frame.command("describe", "postroom category describe NIGHT 'Runs at night'", under=category_command)
@click.argument("code")
@click.argument("description")
@frame.json_option
def category_describe(session: Session, code: str, description: str) -> None:
    """Change the description of a category."""
    user = session.open()
    categories.describe(code, description, user=user)
    _write_category(session, code)


def _write_category(session: Session, code: str) -> None:
    session.write_list(_CATEGORIES, [view for view in categories.list_categories() if view.code == code.strip()])


@frame.command("delete", "postroom category delete NIGHT", under=category_command)
@click.argument("code")
@frame.json_option
def category_delete(session: Session, code: str) -> None:
    """Delete a category that nothing uses."""
    user = session.open()
    categories.delete(code, user=user)
    if session.as_json:
        session.write({"deleted": code})
    else:
        writing.say(f"Deleted the category {code}.")
