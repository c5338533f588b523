"""Allowed posting dates: the company's, a user's own where User Setup has any, and in a job those of its user."""

from __future__ import annotations

from datetime import date

import pytest
from jobs import QUEUE, invoices, run_all

from postroom.core import setups, users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.posting import check
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry

FEBRUARY, MARCH, APRIL = (date(2026, month, 15) for month in (2, 3, 4))


@pytest.fixture
def march_only(firm: Location) -> Location:
    """The company allows March 2026; ann may post from February on, bob has no row of his own."""
    setups.change(
        {"ledger.allow_posting_from": "2026-03-01", "ledger.allow_posting_to": "2026-03-31"}, user=current_user()
    )
    users.set_user("ann", {"allow_posting_from": "2026-02-01"}, user=current_user())
    return firm


def allowed(user: str, day: date) -> bool:
    (made,) = invoices(posting_date=day)
    problems = check.check(made, user=user)
    assert {problem.code for problem in problems} <= {"posting_date_not_allowed"}
    return not problems


def test_a_user_has_the_companys_dates_or_those_of_user_setup_alone(march_only: Location) -> None:
    assert [allowed("bob", day) for day in (FEBRUARY, MARCH, APRIL)] == [False, True, False]
    assert [allowed("ann", day) for day in (date(2026, 1, 31), FEBRUARY, MARCH, APRIL)] == [False, True, True, True]


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 3, 31)])
def test_the_first_and_the_last_day_are_allowed(march_only: Location, day: date) -> None:
    assert allowed("bob", day)


def test_the_message_names_the_range_and_where_it_is_set_up(march_only: Location) -> None:
    (made,) = invoices(posting_date=APRIL)
    (problem,) = check.check(made, user="bob")
    assert problem.message == "Posting Date 2026-04-15 is outside the allowed range (from 2026-03-01 to 2026-03-31)."
    assert "User Setup" in problem.hint


def test_a_job_runs_with_the_dates_of_the_user_that_it_runs_for(march_only: Location) -> None:
    anns, bobs = invoices(2, posting_date=FEBRUARY)
    for made, user in ((anns, "ann"), (bobs, "bob")):
        (result,) = background.post([made], QUEUE, user=user)
        assert result.result == "queued"
    run_all()
    assert not Document.select().where(Document.id == anns).exists()
    (entry,) = JobQueueEntry.select()
    assert (entry.record_id, entry.user_id, entry.status.value) == (bobs, "bob", "Error")
    assert "posting_date_not_allowed" in entry.errors
    (result,) = background.post([bobs], PostRequest(mode="now"), user="ann")
    assert result.result == "posted"
