"""Pipelines on PostgreSQL: answered when read, and a connection that errors in them leave usable."""

from __future__ import annotations

from typing import Any

import pytest
from peewee import IntegrityError, ProgrammingError

from postroom.core.database import Location, pipelined_transaction
from postroom.core.statements import answer, asked, execute, pipelined, query
from postroom.core.tables.base import database


@pytest.fixture
def opened(firm: Location) -> Any:
    if not firm.is_postgres:
        pytest.skip("SQLite has no pipelines")
    return database.connection()


def test_what_is_asked_in_a_pipeline_is_answered_when_it_is_read(opened: Any) -> None:
    with pipelined():
        found = [asked("SELECT ? + 1", (number,)) for number in range(10)]
        assert [answer(one) for one in found] == [[(number + 1,)] for number in range(10)]


def test_what_is_not_read_is_done_at_the_end(opened: Any) -> None:
    with pipelined():
        execute("UPDATE counter SET last_value = 41 WHERE name = 'gl_register'")
    assert query("SELECT last_value FROM counter WHERE name = 'gl_register'") == [(41,)]


@pytest.mark.parametrize("is_read", [True, False], ids=["read", "not read"])
def test_an_error_shows_at_the_reading_or_at_the_end_and_the_connection_goes_on(opened: Any, is_read: bool) -> None:
    for _ in range(2):
        with pytest.raises(ProgrammingError, match="nothing_of_that_name"):
            pipeline_with_an_error(is_read)
        assert query("SELECT 1") == [(1,)]


def pipeline_with_an_error(is_read: bool) -> None:
    with pipelined():
        execute("UPDATE counter SET last_value = 42 WHERE name = 'gl_register'")
        broken = asked("SELECT nothing_of_that_name")
        if is_read:
            answer(broken)


def test_what_is_asked_to_follow_a_commit_is_answered_with_it(opened: Any) -> None:
    followed: list[Any] = []

    def ask() -> None:
        followed.append(
            asked("SELECT last_value, pg_current_xact_id_if_assigned() FROM counter WHERE name = 'gl_register'")
        )

    with pipelined_transaction(then=ask):
        execute("UPDATE counter SET last_value = 43 WHERE name = 'gl_register'")
        assert answer(asked("SELECT 1")) == [(1,)]
        execute("SELECT 1")
    assert answer(followed[0]) == [(43, None)]


def test_nothing_follows_a_commit_that_fails(opened: Any) -> None:
    followed: list[Any] = []
    with pytest.raises(IntegrityError), pipelined_transaction(then=lambda: followed.append(asked("SELECT 1"))):
        execute("INSERT INTO counter (name, last_value) VALUES ('gl_register', 1)")
    sent = len(followed)  # none if the error came back before the commit was sent
    with pipelined_transaction():
        execute("SELECT 1")
    assert len(followed) == sent
    assert query("SELECT count(*) FROM counter WHERE name = 'gl_register'") == [(1,)]
