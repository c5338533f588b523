"""When recurring entries run next: every rule of behaviour 7, and a year of schedules against a slow computation."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.core.errors import UsageError
from postroom.core.jobs import date_formula
from postroom.core.jobs.recurrence import Recurrence, check, first_run, in_words, next_run, next_runs
from postroom.core.jobs.recurrence_fields import read_weekdays

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
EVERY_DAY = frozenset(range(7))
WORKDAYS = frozenset(range(5))


def at(text: str, zone: ZoneInfo = COPENHAGEN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def local(instants: list[datetime], zone: ZoneInfo = COPENHAGEN) -> list[str]:
    return [instant.astimezone(zone).strftime("%a %d %b %H:%M") for instant in instants]


@pytest.mark.parametrize(
    ("formula", "day", "expected"),
    [
        ("1D", "2026-01-31", "2026-02-01"),
        ("1M", "2026-01-31", "2026-02-28"),
        ("CM", "2026-02-10", "2026-02-28"),
        ("1D+CM", "2026-01-31", "2026-02-28"),
        ("-CM", "2026-02-10", "2026-02-01"),
        ("CM+1D", "2026-02-10", "2026-03-01"),
        ("2W", "2026-12-24", "2027-01-07"),
        ("1Q", "2026-11-30", "2027-02-28"),
        ("CQ", "2026-11-30", "2026-12-31"),
        ("CW", "2026-11-24", "2026-11-29"),
        ("-1Y", "2028-02-29", "2027-02-28"),
        ("D15", "2026-11-15", "2026-12-15"),
        ("WD5", "2026-11-24", "2026-11-27"),
        ("cm + 10d", "2026-02-10", "2026-03-10"),
    ],
)
def test_date_formulas(formula: str, day: str, expected: str) -> None:
    assert date_formula.parse(formula)(date.fromisoformat(day)) == date.fromisoformat(expected)


@pytest.mark.parametrize("formula", ["", "x", "1", "D", "1X", "1D1M", "1D+", "WD8", "D0", "1D++1D", "D32"])
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(UsageError, match="no date formula"):
        date_formula.parse(formula)


def test_a_formula_beyond_the_calendar_says_so() -> None:
    with pytest.raises(UsageError, match="beyond the calendar"):
        date_formula.parse("9999Y")(date(2026, 1, 1))


def test_runs_are_counted_from_the_planned_start_and_missed_ones_are_not_made_up() -> None:
    rules = Recurrence(weekdays=EVERY_DAY, minutes=60)
    planned = at("2026-03-02T08:00")
    assert next_run(rules, planned, at("2026-03-02T08:07"), COPENHAGEN) == at("2026-03-02T09:00")
    assert next_run(rules, planned, at("2026-03-02T13:30"), COPENHAGEN) == at("2026-03-02T14:00")


def test_once_a_day_is_the_next_allowed_day_at_the_starting_time() -> None:
    rules = Recurrence(weekdays=WORKDAYS, starting_time=time(22))
    assert local(next_runs(rules, at("2026-11-26T22:00"), 3, COPENHAGEN)) == [
        "Fri 27 Nov 22:00",
        "Mon 30 Nov 22:00",
        "Tue 01 Dec 22:00",
    ]
    assert next_run(rules, at("2026-11-26T22:00"), at("2026-12-02T09:00"), COPENHAGEN) == at("2026-12-02T22:00")


def test_the_daily_window_holds_and_its_end_is_inside() -> None:
    rules = Recurrence(weekdays=WORKDAYS, starting_time=time(8), ending_time=time(9), minutes=30)
    assert local(next_runs(rules, at("2026-11-27T08:00"), 4, COPENHAGEN)) == [
        "Fri 27 Nov 08:30",
        "Fri 27 Nov 09:00",
        "Mon 30 Nov 08:00",
        "Mon 30 Nov 08:30",
    ]


def test_a_window_over_midnight_keeps_what_is_inside_and_moves_what_is_outside() -> None:
    rules = Recurrence(weekdays=EVERY_DAY, starting_time=time(23), ending_time=time(1), minutes=60)
    assert local(next_runs(rules, at("2026-11-24T23:00"), 4, COPENHAGEN)) == [
        "Wed 25 Nov 00:00",
        "Wed 25 Nov 01:00",
        "Wed 25 Nov 23:00",
        "Thu 26 Nov 00:00",
    ]


def test_a_formula_runs_at_the_starting_time_of_its_date() -> None:
    rules = Recurrence(formula="1D+CM", starting_time=time(6))
    assert local(next_runs(rules, at("2026-01-31T06:00"), 2, COPENHAGEN)) == ["Sat 28 Feb 06:00", "Tue 31 Mar 06:00"]
    to_month_end = Recurrence(formula="CM")
    assert local(next_runs(to_month_end, at("2026-01-31T00:00"), 2, COPENHAGEN)) == [
        "Sat 28 Feb 00:00",
        "Tue 31 Mar 00:00",
    ]


def test_a_start_that_a_clock_change_leaves_out_is_the_first_time_after_it() -> None:
    rules = Recurrence(weekdays=EVERY_DAY, starting_time=time(2, 30))
    assert local(next_runs(rules, at("2026-03-27T02:30"), 3, COPENHAGEN)) == [
        "Sat 28 Mar 02:30",
        "Sun 29 Mar 03:00",
        "Mon 30 Mar 02:30",
    ]


def test_a_start_that_comes_twice_is_the_first() -> None:
    rules = Recurrence(weekdays=EVERY_DAY, starting_time=time(2, 30))
    runs = next_runs(rules, at("2026-10-24T02:30"), 2, COPENHAGEN)
    assert runs == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_minutes_are_elapsed_time_and_whole_days_are_local_ones() -> None:
    planned = at("2026-10-25T01:30")
    half_hours = next_runs(Recurrence(weekdays=EVERY_DAY, minutes=30), planned, 5, COPENHAGEN)
    assert [run - planned for run in half_hours] == [timedelta(minutes=30 * k) for k in range(1, 6)]
    assert next_runs(Recurrence(weekdays=EVERY_DAY, minutes=1440), planned, 1, COPENHAGEN) == [at("2026-10-26T01:30")]


def test_a_new_entry_starts_now_if_its_rules_allow_it() -> None:
    now = at("2026-11-24T12:00")
    assert first_run(Recurrence(weekdays=EVERY_DAY), now, COPENHAGEN) == now
    assert first_run(Recurrence(weekdays=WORKDAYS, starting_time=time(22)), now, COPENHAGEN) == at("2026-11-24T22:00")
    assert first_run(Recurrence(formula="1D", starting_time=time(6)), now, COPENHAGEN) == at("2026-11-25T06:00")


@pytest.mark.parametrize(
    "rules",
    [
        Recurrence(weekdays=WORKDAYS, formula="1D"),
        Recurrence(formula="1D", minutes=5),
        Recurrence(minutes=5),
        Recurrence(weekdays=WORKDAYS, minutes=-1),
        Recurrence(formula="soon"),
        Recurrence(formula="0D"),
        Recurrence(formula="1D-1D"),
        Recurrence(formula="-1D"),
        Recurrence(formula="CD"),
        Recurrence(formula="9999Y"),
        Recurrence(ending_time=time(6)),
        Recurrence(starting_time=time(22), ending_time=time(6)),
    ],
)
def test_rules_that_exclude_each_other_or_lead_nowhere_are_refused(rules: Recurrence) -> None:
    with pytest.raises(UsageError):
        check(rules)


@pytest.mark.parametrize("formula", ["-1D", "0D", "1D-1D"])
def test_a_formula_that_goes_nowhere_is_refused_when_it_is_applied(formula: str) -> None:
    with pytest.raises(UsageError, match="later date"):
        next_run(Recurrence(formula=formula), at("2026-11-24T00:00"), at("2026-11-24T00:00"), COPENHAGEN)


def test_a_formula_that_stays_in_its_period_means_the_next_one() -> None:
    assert local(next_runs(Recurrence(formula="CM-1D"), at("2026-01-05T00:00"), 3, COPENHAGEN)) == [
        "Fri 30 Jan 00:00",
        "Fri 27 Feb 00:00",
        "Mon 30 Mar 00:00",
    ]
    assert local(next_runs(Recurrence(formula="-CW+4D"), at("2026-11-24T00:00"), 2, COPENHAGEN)) == [
        "Fri 27 Nov 00:00",
        "Fri 04 Dec 00:00",
    ]


@pytest.mark.parametrize(
    "rules",
    [
        Recurrence(weekdays=EVERY_DAY),
        Recurrence(weekdays=frozenset({0}), starting_time=time(22), ending_time=time(23)),
        Recurrence(weekdays=EVERY_DAY, minutes=525_600),
        Recurrence(weekdays=EVERY_DAY, minutes=7),
        Recurrence(formula="1D"),
        Recurrence(formula="1D+CM", starting_time=time(23)),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Copenhagen", "America/New_York", "Pacific/Kiritimati"])
def test_runs_beyond_the_calendar_are_refused(rules: Recurrence, zone: str) -> None:
    with pytest.raises(UsageError, match="beyond the calendar"):
        next_runs(rules, datetime(9999, 12, 1, tzinfo=UTC), 100_000, ZoneInfo(zone))


@pytest.mark.parametrize("text", ["monkey", "mo", "tuesdays", "sunny", "mond"])
def test_only_a_weekdays_name_or_its_first_three_letters_are_a_weekday(text: str) -> None:
    assert read_weekdays("mon,Tuesday WED") == frozenset({0, 1, 2})
    with pytest.raises(UsageError, match=f"{text} is not a weekday"):
        read_weekdays(f"fri,{text}")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Recurrence(), "once"),
        (Recurrence(weekdays=WORKDAYS, starting_time=time(22)), "every weekday at 22:00"),
        (Recurrence(weekdays=EVERY_DAY, minutes=30), "every day every 30 minutes"),
        (
            Recurrence(weekdays=frozenset({0, 2}), minutes=1, starting_time=time(8), ending_time=time(17, 30)),
            "every Monday and Wednesday every minute from 08:00 to 17:30",
        ),
        (Recurrence(formula="CM", starting_time=time(23, 59)), "by CM at 23:59"),
    ],
)
def test_rules_are_said_in_words(rules: Recurrence, words: str) -> None:
    assert in_words(rules) == words


def slow_next(rules: Recurrence, planned: datetime, zone: ZoneInfo) -> datetime:
    """The rules once more, from wall-clock minutes alone: every minute of the zone's calendar, looked up one by one."""

    def wall(instant: datetime) -> datetime:
        return instant.astimezone(zone).replace(tzinfo=None)

    def first_instant_of(moment: datetime) -> datetime:
        probe = datetime.combine(moment.date(), time(), UTC) - timedelta(hours=15)
        while wall(probe) < moment:
            probe += timedelta(minutes=1)
        return probe

    start = rules.starting_time or time()
    k = 0
    while True:
        k += 1
        if rules.minutes % 1440:
            candidate = planned + timedelta(minutes=k * rules.minutes)
        else:
            days = timedelta(days=k * max(1, rules.minutes // 1440))
            base = wall(planned) if rules.minutes else datetime.combine(wall(planned).date(), start)
            candidate = first_instant_of(base + days)
        moment = wall(candidate)
        moved = moment
        over_midnight = rules.ending_time is not None and start > rules.ending_time
        if over_midnight and rules.ending_time < moved.time() < start:
            moved = datetime.combine(moved.date(), start)
        elif not over_midnight:
            if rules.ending_time is not None and moved.time() > rules.ending_time:
                moved = datetime.combine(moved.date() + timedelta(days=1), start)
            elif moved.time() < start:
                moved = datetime.combine(moved.date(), start)
        while moved.weekday() not in rules.weekdays:
            moved = datetime.combine(moved.date() + timedelta(days=1), start)
        run = candidate if moved == moment else first_instant_of(moved)
        if candidate > planned and run > planned:
            return run


ZONES = ("Europe/Copenhagen", "America/New_York", "Australia/Lord_Howe")
clock_times = st.one_of(st.none(), st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45])))
schedules = st.builds(
    Recurrence,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    starting_time=clock_times,
    ending_time=clock_times,
    minutes=st.sampled_from([0, 0, 7, 30, 60, 90, 720, 1440, 2880]),
)


def assert_equal_over(rules: Recurrence, zone: ZoneInfo, planned: datetime, runs: int) -> None:
    for _ in range(runs):
        expected = slow_next(rules, planned, zone)
        found = next_run(rules, planned, planned, zone)
        assert found == expected, (rules, planned.astimezone(zone), found.astimezone(zone), expected.astimezone(zone))
        planned = found


@settings(max_examples=60, deadline=None)
@given(schedules, st.sampled_from(ZONES), st.integers(0, 365 * 96))
def test_runs_equal_a_slow_computation(rules: Recurrence, zone: str, quarter: int) -> None:
    assert_equal_over(rules, ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC) + quarter * timedelta(minutes=15), 3)


@pytest.mark.full
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "rules",
    [
        Recurrence(weekdays=WORKDAYS, starting_time=time(22)),
        Recurrence(weekdays=EVERY_DAY, starting_time=time(2, 30)),
        Recurrence(weekdays=EVERY_DAY, minutes=1440),
        Recurrence(weekdays=frozenset({5, 6}), starting_time=time(22), ending_time=time(3), minutes=45),
        Recurrence(weekdays=EVERY_DAY, starting_time=time(1), ending_time=time(4), minutes=50),
    ],
)
def test_a_year_of_runs_equals_a_slow_computation(rules: Recurrence, zone: str) -> None:
    planned, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    while planned < end:
        expected = slow_next(rules, planned, ZoneInfo(zone))
        planned = next_run(rules, planned, planned, ZoneInfo(zone))
        assert planned == expected
