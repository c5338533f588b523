"""Who may do what, and who may say so."""

from __future__ import annotations

import os
import pwd
from datetime import date

import pytest

from postroom.core import company, users
from postroom.core.database import Location
from postroom.core.errors import NotPermitted, Refused, UsageError
from postroom.core.tables.setup import ChangeLogEntry, Company
from postroom.core.users import Permission


def test_the_creator_of_a_company_may_do_everything(firm: Location) -> None:
    for permission in Permission:
        users.require(company.current_user(), permission)


def test_on_sqlite_the_account_that_runs_the_program_is_at_work_whatever_the_environment_says(
    sqlite_firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "ann")
    assert company.current_user() == pwd.getpwuid(os.getuid()).pw_name != "ann"
    monkeypatch.setattr("os.getuid", lambda: 54321)
    assert company.current_user() == "uid54321"


def test_others_may_view_and_post_unless_user_setup_says_otherwise(firm: Location) -> None:
    assert [permission.value for permission in Permission if users.may("ann", permission)] == ["View", "Post"]
    users.set_user("ann", {"may_post": "no", "job_queue_admin": "true"}, user=company.current_user())
    assert [permission.value for permission in Permission if users.may("ann", permission)] == [
        "View",
        "Job Queue Admin",
    ]


def test_a_refusal_names_the_set_and_who_can_give_it(firm: Location) -> None:
    with pytest.raises(NotPermitted) as refusal:
        users.require("ann", Permission.SETUP)
    problem = refusal.value.problems[0]
    assert problem.code == "not_permitted"
    assert "permission set Setup" in problem.message
    assert company.current_user() in problem.hint
    assert "may_setup=true" in problem.hint


def test_a_user_without_setup_cannot_give_permissions(firm: Location) -> None:
    with pytest.raises(NotPermitted):
        users.set_user("ann", {"may_setup": "true"}, user="ann")
    assert not users.may("ann", Permission.SETUP)


def test_posting_dates_of_a_user_are_kept_and_logged(firm: Location) -> None:
    before = Company.get_by_id(1).setup_version
    view = users.set_user("ann", {"allow_posting_from": "2026-02-01"}, user=company.current_user())
    assert view.allow_posting_from == date(2026, 2, 1)
    assert view in users.list_users()
    logged = [(row.action, row.record, row.field, row.old_value, row.new_value) for row in ChangeLogEntry.select()]
    assert logged == [("Insert", "ann", "", "", ""), ("Modify", "ann", "Allow Posting From", "", "2026-02-01")]
    assert Company.get_by_id(1).setup_version == before + 1


def test_somebody_always_keeps_setup(firm: Location) -> None:
    me = company.current_user()
    with pytest.raises(Refused, match="Nobody would have"):
        users.set_user(me, {"may_setup": "false"}, user=me)
    assert users.may(me, Permission.SETUP)
    assert ChangeLogEntry.select().count() == 0


def test_every_wrong_field_and_value_is_named_at_once(firm: Location) -> None:
    with pytest.raises(UsageError) as refusal:
        users.set_user("ann", {"may_psot": "true", "may_post": "perhaps"}, user=company.current_user())
    assert [(problem.code, problem.field) for problem in refusal.value.problems] == [
        ("unknown_field", "may_psot"),
        ("bad_value", "may_post"),
    ]
    assert "may_post" in refusal.value.problems[0].hint
    assert [view.user_id for view in users.list_users()] == [company.current_user()]


def test_a_user_name_that_cannot_be_one_is_refused(firm: Location) -> None:
    for name in ("", " ", "a\nb", "x" * 64):
        with pytest.raises(UsageError):
            users.set_user(name, {}, user=company.current_user())
