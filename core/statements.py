"""SQL as text: one way to write it for both databases, and multi-row inserts made once from the models' own columns.

The query builder costs seven eighths of a posting's time (spec: 193 documents/s through it, 1,316 as text); so what
runs for every document is text from here, everything else peewee expressions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

from peewee import __exception_wrapper__  # type: ignore[attr-defined]

from postroom.core import database as engine
from postroom.core.tables.base import Table, database

Row = tuple[Any, ...]

MOST_PARAMETERS = 30_000
"""Below the limits of both databases (SQLite 32,766, PostgreSQL 65,535)."""


def execute(sql: str, parameters: Sequence[Any] = ()) -> Any:
    """Run one statement, written with `?` for parameters, and return its cursor."""
    if engine.is_postgres():
        return database.execute_native(_postgres_text(sql), parameters)
    return database.execute_sql(sql, parameters)


def query(sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """All rows of one statement."""
    return answer(asked(sql, parameters))


def asked(sql: str, parameters: Sequence[Any] = ()) -> Any:
    """Run one statement whose rows are read later, by `answer`: PostgreSQL is not waited for in a pipeline.

    SQLite's are read at once: a statement that is not read to its end would be in the way of the transaction's.
    """
    cursor = execute(sql, parameters)
    return cursor if engine.is_postgres() else cursor.fetchall()


def answer(asked_for: Any) -> list[Row]:
    """All rows of what was `asked`; in a pipeline this waits for them, and errors show here."""
    if isinstance(asked_for, list):
        return asked_for
    with __exception_wrapper__:
        rows: list[Row] = asked_for.fetchall()
    return rows


@contextmanager
def pipelined() -> Iterator[None]:
    """Let PostgreSQL take the block's statements without an answer to each; errors show at the end at latest.

    Only a cursor that is read from waits in the block; another's `rowcount` is not known yet. Inside another such
    block, or a pipelined transaction, it is part of that one. Nothing on SQLite.
    """
    with database.pipeline() if engine.is_postgres() and not database.is_pipelined() else nullcontext():
        yield


def marks(count: int) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * count)


def insert(model: type[Table], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows of already stored values (scaled integers, texts, ISO dates), as few statements as fit."""
    at_once = max(1, MOST_PARAMETERS // len(columns))
    for first in range(0, len(rows), at_once):
        part = rows[first : first + at_once]
        execute(insert_text(model, tuple(columns), len(part)), [value for row in part for value in row])


def insert_returning(model: type[Table], columns: Sequence[str], rows: Sequence[Row], key: str) -> list[int]:
    """Like `insert` for rows that fit one statement; returns the new keys in the rows' order."""
    text = f"{insert_text(model, tuple(columns), len(rows))} RETURNING {key}"
    return sorted(number for (number,) in query(text, [value for row in rows for value in row]))


@lru_cache(maxsize=512)
def insert_text(model: type[Table], columns: tuple[str, ...], rows: int) -> str:
    """The INSERT for so many rows. Raises KeyError for a column that the model does not have."""
    fields = model._meta.columns
    names = ", ".join(f'"{fields[column].column_name}"' for column in columns)
    values = ", ".join([f"({marks(len(columns))})"] * rows)
    return f'INSERT INTO "{model._meta.table_name}" ({names}) VALUES {values}'


@lru_cache(maxsize=2048)
def _postgres_text(sql: str) -> bytes:
    """With PostgreSQL's own `$1` for `?`: the driver reads `%s` anew in every long statement (0.6 ms a posting)."""
    head, *tail = sql.split("?")
    return (head + "".join(f"${number}{part}" for number, part in enumerate(tail, 1))).encode()


def in_parts(values: Iterable[Any], size: int = 10_000) -> Iterable[list[Any]]:
    """Values in lists short enough for an IN list."""
    part: list[Any] = []
    for value in values:
        part.append(value)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
