"""Commands on schedules: make a job that runs later or again and again, and tell when rules would run."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click

from postroom.core import company
from postroom.core.errors import UsageError
from postroom.core.jobs import entry_fields, recurrence, recurrence_fields, schedules
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.jobs.results import EntryResult
from postroom.tui.cli import frame, results, writing
from postroom.tui.cli.entries import entry_command
from postroom.tui.cli.frame import Session

__all__ = ["entry_command"]

MOST_RUNS = 100_000


@frame.command(
    "schedule",
    "postroom entry schedule wait --param seconds=5 --weekdays mon,tue --starting-time 22:00",
    "postroom entry schedule batch-post-sales-invoices --param filter=party_no=C* --start 2026-11-24T22:00",
    "postroom entry schedule delete-old-log-entries --formula 1D+CM --starting-time 23:00",
    under=entry_command,
)
@click.argument("job", metavar="JOB")
@click.option("--param", "parameters", metavar="K=V", multiple=True, help="A parameter of the job.")
@click.option("--start", metavar="T", help="Earliest start; without an offset in the company's time.")
@click.option("--expire", metavar="T", help="When it may run no more.")
@click.option("--weekdays", default="", metavar="DAYS", help="Run on these days: mon,tue.")
@click.option("--formula", default="", metavar="F", help="Run by a date formula: 1D, 1M, CM, 1D+CM.")
@click.option("--starting-time", default="", metavar="H", help="The time of day, or where its window begins: 22:00.")
@click.option("--ending-time", default="", metavar="H", help="Where its window ends; may lie past midnight.")
@click.option("--every", "minutes", type=int, default=0, metavar="MIN", help="Minutes between runs.")
@click.option(
    "--inactivity", type=int, default=0, metavar="MIN", help="How long it rests when there was nothing to do."
)
@click.option("--category", default="", metavar="C", help="Its job queue category.")
@click.option("--priority", type=int, default=1000, show_default=True, metavar="P", help="0 is served first.")
@click.option("--hold", is_flag=True, help="On Hold at first.")
@frame.json_option
def schedule_command(
    session: Session,
    job: str,
    parameters: tuple[str, ...],
    start: str | None,
    expire: str | None,
    weekdays: str,
    formula: str,
    starting_time: str,
    ending_time: str,
    minutes: int,
    inactivity: int,
    category: str,
    priority: int,
    hold: bool,
) -> int:
    """Schedule a job: once, on weekdays, or by a date formula."""
    user = session.open(rings=True)
    zone = company.time_zone()
    plan = schedules.Schedule(
        rules=Recurrence(
            recurrence_fields.read_weekdays(weekdays),
            formula,
            recurrence_fields.read_time("starting_time", starting_time),
            recurrence_fields.read_time("ending_time", ending_time),
            minutes,
        ),
        start=recurrence_fields.read_instant("start", start, zone) if start is not None else None,
        expiration=recurrence_fields.read_instant("expire", expire, zone) if expire is not None else None,
        inactivity=inactivity,
        category=category,
        priority=priority,
        hold=hold,
    )
    made = schedules.schedule(job, frame.pairs(parameters), plan, user=user)
    code = results.report(session, [EntryResult("", "", "scheduled", made.id)])
    if not session.as_json and made.recurrence:
        writing.write_text(f"    {made.recurrence}")
    return code


@frame.command(
    "set",
    "postroom entry set 12 priority=10 earliest_start=2026-11-24T22:00",
    "postroom entry set 13 weekdays=mon,tue starting_time=21:30 param.filter=party_no=C*",
    under=entry_command,
)
@click.argument("name", metavar="ID")
@click.argument("changes", metavar="FIELD=VALUE...", nargs=-1, required=True)
@frame.json_option
def set_command(session: Session, name: str, changes: tuple[str, ...]) -> None:
    """Change fields of an entry that is On Hold; param.NAME is a parameter of its job."""
    user = session.open()
    session.write_card(entry_fields.change(name, frame.pairs(changes), user=user))


set_command.help += f"\n\nFields: {', '.join(entry_fields.FIELDS)}."


@frame.command("check", "postroom entry check 12", under=entry_command)
@click.argument("name", metavar="ID")
@frame.json_option
def check_command(session: Session, name: str) -> int:
    """Tell what a scheduled batch would do if it ran now: each document, and why it would fail. Changes nothing."""
    user = session.open()
    return results.report(session, schedules.check(name, user=user))


@frame.command(
    "next-runs",
    'postroom entry next-runs --spec \'{"weekdays": ["mon"], "starting_time": "22:00"}\' --from 2026-11-24 --count 3',
    under=entry_command,
)
@click.option("--spec", required=True, metavar="JSON", help="The rules, by the names of an entry's fields.")
@click.option("--from", "planned", required=True, metavar="T", help="The run after which they are counted.")
@click.option("--count", type=click.IntRange(1, MOST_RUNS), default=10, show_default=True, metavar="N")
@frame.json_option
def next_runs_command(session: Session, spec: str, planned: str, count: int) -> None:
    """Tell the next runs after one planned at a time."""
    given = _read_spec(spec)
    zone = _zone(given["time_zone"]) if "time_zone" in given else None
    if zone is None:
        session.read()
        zone = company.time_zone()
    rules = _rules(given)
    recurrence.check(rules)
    if not rules.recurs:
        raise UsageError("These rules run only once.", field="spec", value=spec, hint="Give weekdays or a formula.")
    start = recurrence_fields.read_instant("from", planned, zone)
    runs = [run.astimezone(zone).isoformat() for run in recurrence.next_runs(rules, start, count, zone)]
    if session.as_json:
        session.write(runs)
    else:
        for run in runs:
            writing.write_text(run)


_TEXTS = ("next_run_date_formula", "starting_time", "ending_time", "time_zone")
_KEYS = ("weekdays", "no_of_minutes_between_runs", *_TEXTS)


def _read_spec(text: str) -> dict[str, Any]:
    """The rules as JSON names them. Raises UsageError."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise UsageError(
            "--spec is not a JSON object.", field="spec", value=text, hint='It looks like {"weekdays": …}.'
        )
    for key, value in given.items():
        if key not in _KEYS:
            raise UsageError(f"{key} is no rule.", field="spec", value=key, hint=f"There are {', '.join(_KEYS)}.")
        if key == "weekdays":
            fits = isinstance(value, list) and all(isinstance(day, str) for day in value)
        elif key in _TEXTS:
            fits = isinstance(value, str)
        else:
            fits = isinstance(value, int) and not isinstance(value, bool) and value <= schedules.LONGEST_MINUTES
        if not fits and value is not None:
            raise UsageError(f"{key} cannot be {json.dumps(value)}.", field=key, value=json.dumps(value))
    return {key: value for key, value in given.items() if value is not None}


def _rules(given: dict[str, Any]) -> Recurrence:
    return Recurrence(
        recurrence_fields.read_weekdays(",".join(given.get("weekdays", []))),
        given.get("next_run_date_formula", ""),
        recurrence_fields.read_time("starting_time", given.get("starting_time", "")),
        recurrence_fields.read_time("ending_time", given.get("ending_time", "")),
        given.get("no_of_minutes_between_runs", 0),
    )


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise UsageError(
            f"{name} is not a time zone.", field="time_zone", value=name, hint="It looks like Europe/Copenhagen."
        )
    return ZoneInfo(name)
