"""Models and migrations agree, and posted rows cannot be changed, on both databases."""

from __future__ import annotations

import pytest
from peewee import DatabaseError
from playhouse.schema_diff import diff_models

from postroom.core import database as engine
from postroom.core.database import Location
from postroom.core.tables import ALL, IMMUTABLE
from postroom.core.tables.base import database
from postroom.core.tables.ledgers import GlRegister


def test_migrations_make_what_the_models_say(firm: Location) -> None:
    assert not diff_models(database.obj, ALL)


def stored_register() -> None:
    GlRegister.create(
        no=1, posting_id="p1", posting_date="2026-01-01", source_code="SALES", user_id="ann", created_at=None
    )


def test_a_posted_row_is_neither_updated_nor_deleted_nor_replaced(firm: Location) -> None:
    stored_register()
    attempts = [
        "UPDATE gl_register SET user_id = 'bob'",
        "DELETE FROM gl_register",
    ]
    if engine.is_postgres():
        attempts.append("TRUNCATE gl_register")
    else:
        columns = "no, posting_id, posting_date, source_code, user_id, created_at"
        attempts.append(f"INSERT OR REPLACE INTO gl_register ({columns}) VALUES (1, 'p2', '2026-01-01', '', 'bob', 0)")
        attempts.append(f"REPLACE INTO gl_register ({columns}) VALUES (2, 'p1', '2026-01-01', '', 'bob', 0)")
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="posted rows never change"), database.atomic():
            database.execute_sql(attempt)
    assert [(row.no, row.user_id) for row in GlRegister.select()] == [(1, "ann")]


def test_every_immutable_table_is_guarded(firm: Location) -> None:
    for model in IMMUTABLE:
        table = model._meta.table_name
        if engine.is_postgres():
            found = database.execute_sql(
                "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", (table,)
            ).fetchone()[0]
            assert found == 1, table
        else:
            names = [
                trigger
                for (trigger,) in database.execute_sql(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
                )
            ]
            assert len(names) >= 3, (table, names)
