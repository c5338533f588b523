"""The setup that postings look up is read once per change, and never remembered from a change that did not last."""

from __future__ import annotations

from typing import Any

import pytest

from postroom.core import posting_setup
from postroom.core.database import Location, transaction
from postroom.core.errors import Refused
from postroom.core.setup_version import raise_version
from postroom.core.tables.base import database
from postroom.core.tables.setup import GlAccount


def block(no: str) -> None:
    GlAccount.update(blocked=True).where(GlAccount.no == no).execute()
    raise_version()


def test_the_setup_is_read_anew_only_after_a_change(firm: Location) -> None:
    first = posting_setup.current()
    assert posting_setup.current() is first
    block("8100")
    assert posting_setup.current().accounts["8100"].blocked
    assert posting_setup.current() is not first


def test_a_change_that_was_rolled_back_is_not_remembered(firm: Location) -> None:
    posting_setup.current()

    def block_and_give_up() -> None:
        with transaction():
            block("8100")
            assert posting_setup.current().accounts["8100"].blocked
            raise Refused("given up")

    with pytest.raises(Refused):
        block_and_give_up()
    block("8200")  # bears the version number that the rolled-back change had
    assert not posting_setup.current().accounts["8100"].blocked
    assert posting_setup.current().accounts["8200"].blocked


def test_it_costs_one_small_query_while_nothing_changes(firm: Location) -> None:
    posting_setup.current()
    seen: list[str | bytes] = []

    def watch(event: Any) -> None:
        seen.append(event.sql)

    hooks = database.obj.query_hooks
    hooks.append(watch)
    try:
        posting_setup.current()
    finally:
        hooks.remove(watch)
    texts = [sql.decode() if isinstance(sql, bytes) else sql for sql in seen]
    assert texts == ["SELECT setup_version FROM company WHERE id = 1"]
