"""Schedules from the command line: made, shown in words, and their runs foretold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import Run
from conftest import MakeCompany


def test_a_job_is_scheduled_shown_in_words_and_run_once(
    make: MakeCompany, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = make().text
    monkeypatch.setenv("POSTROOM_CLOCK", "2026-11-24T12:00:00+01:00")
    rules = ("--weekdays", "mon,tue,wed,thu,fri", "--starting-time", "22:00")
    told = run("--company", firm, "entry", "schedule", "wait", "--param", "seconds=0", *rules, "--json")
    assert told.code == 0, told.err
    (made,) = told.json["results"]
    assert made["result"] == "scheduled"
    shown = run("--company", firm, "entry", "show", made["entry_id"], "--json").json
    assert (shown["job"], shown["recurrence"]) == ("wait", "every weekday at 22:00, next Tue 24 Nov 22:00")
    assert shown["next_run"] == "2026-11-24T22:00:00+01:00"
    assert "every weekday at 22:00" in run("--company", firm, "entry", "show", made["entry_id"]).out
    again = run("--company", firm, "entry", "run-once", made["entry_id"], "--json")
    assert again.json["results"][0]["result"] == "done"
    assert len(run("--company", firm, "entry", "list", "--json").json) == 1


def test_start_and_expiration_are_company_time_unless_they_say_otherwise(make: MakeCompany, run: Run) -> None:
    firm = make().text
    for start in ("2099-01-01T22:00", "2099-01-01T21:00+00:00"):
        told = run(
            "--company", firm, "entry", "schedule", "wait", "--start", start, "--expire", "2099-01-02T00:00", "--json"
        )
        shown = run("--company", firm, "entry", "show", told.json["results"][0]["entry_id"], "--json").json
        assert shown["earliest_start"] == "2099-01-01T22:00:00+01:00"
        assert shown["expiration"] == "2099-01-02T00:00:00+01:00"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("wait", "--weekdays", "someday"),
        ("wait", "--starting-time", "25:00"),
        ("wait", "--starting-time", "22:00+01:00"),
        ("wait", "--start", "soon"),
        ("wait", "--every", "5"),
        ("wait", "--formula", "x"),
        ("wait", "--formula", "0D"),
        ("wait", "--weekdays", "monkey"),
        ("wait", "--ending-time", "06:00"),
        ("wait", "--param", "seconds"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_wrong_usage(make: MakeCompany, run: Run, arguments: tuple[str, ...]) -> None:
    assert run("--company", make().text, "entry", "schedule", *arguments).code == 2


def foretold(run: Run, spec: Any, planned: str, *more: str) -> Any:
    told = run(*more, "entry", "next-runs", "--spec", json.dumps(spec), "--from", planned, "--count", "3", "--json")
    assert told.code == 0, told.err
    return told.json


def test_next_runs_are_listed_across_a_clock_change(make: MakeCompany, run: Run) -> None:
    nightly = {"weekdays": ["sat", "sun", "mon"], "starting_time": "02:30"}
    expected = ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    assert foretold(run, nightly, "2026-03-27T02:30", "--company", make().text) == expected
    assert foretold(run, {**nightly, "time_zone": "Europe/Paris"}, "2026-03-27T02:30") == expected


def test_next_runs_by_formula(run: Run) -> None:
    spec = {"next_run_date_formula": "1D+CM", "time_zone": "UTC", "weekdays": [], "no_of_minutes_between_runs": 0}
    assert foretold(run, spec, "2026-01-31T00:00") == [
        "2026-02-28T00:00:00+00:00",
        "2026-03-31T00:00:00+00:00",
        "2026-04-30T00:00:00+00:00",
    ]


@pytest.mark.parametrize(
    "spec",
    [
        "[]",
        "{",
        '{"colour": 1}',
        '{"weekdays": "mon"}',
        '{"weekdays": ["mon"], "no_of_minutes_between_runs": true}',
        '{"weekdays": ["mon"], "next_run_date_formula": "1D"}',
        '{"no_of_minutes_between_runs": 5}',
        "{}",
        '{"weekdays": ["mon"], "time_zone": "Nowhere"}',
    ],
)
def test_rules_that_cannot_be_are_wrong_usage(make: MakeCompany, run: Run, spec: str) -> None:
    told = run("--company", make().text, "entry", "next-runs", "--spec", spec, "--from", "2026-01-01")
    assert told.code == 2


def test_runs_beyond_the_calendar_are_wrong_usage(run: Run) -> None:
    spec = '{"weekdays": ["mon"], "time_zone": "Europe/Copenhagen"}'
    told = run("entry", "next-runs", "--spec", spec, "--from", "9997-01-01T00:00", "--count", "1000")
    assert told.code == 2
    assert "beyond the calendar" in told.err
