"""The rows of one company's tables brought into another database, each compared once it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import AutoField, BooleanField, Database, SqliteDatabase

from postroom.core.errors import Refused
from postroom.core.statements import Row, query
from postroom.core.tables import ALL, Table
from postroom.core.tables.base import NumberField

_AT_ONCE = 2_000

Progress = Callable[[int], None]
"""Told how many rows have been copied."""


def count(tables: Sequence[type[Table]] = ALL) -> int:
    """How many rows the open company has."""
    return sum(int(query(f'SELECT count(*) FROM "{table._meta.table_name}"')[0][0]) for table in tables)


def copy_all(tables: Sequence[type[Table]], old: Database, new: Database, said: Progress) -> dict[str, int]:
    """Bring the tables' rows over, in this order, and read them again there; returns how many there are of each.

    Raises Refused if any row is another there.
    """
    copied: dict[str, int] = {}
    for table in tables:
        form = _Form.of(table)
        copied[form.name] = _copy(form, old, new, sum(copied.values()), said)
    return copied


def carry_numbers(old: Database, new: Database) -> None:
    """The last number that each table has given, so that none is given twice, not even that of a deleted row."""
    for table in ALL:
        key = table._meta.primary_key
        if isinstance(key, AutoField):
            _set_last(new, table, key.column_name, _last(old, table, key.column_name))


@dataclass(frozen=True, slots=True)
class _Form:
    """How a table's rows are read and written as plain values: whole numbers, texts (ISO dates), bytes.

    `switches` are the places of the columns that are true or false.
    """

    name: str
    columns: tuple[str, ...]
    switches: tuple[int, ...]

    @classmethod
    def of(cls, table: type[Table]) -> _Form:
        fields = table._meta.sorted_fields
        switches = tuple(place for place, field in enumerate(fields) if isinstance(field, BooleanField))
        return cls(table._meta.table_name, tuple(field.column_name for field in fields), switches)

    @property
    def _named(self) -> str:
        return ", ".join(f'"{column}"' for column in self.columns)

    def read(self, place: Database) -> Iterator[Row]:
        """Every row, a part at a time."""
        select = f'SELECT {self._named} FROM "{self.name}"'
        if isinstance(place, SqliteDatabase):
            cursor = place.execute_sql(select)
        else:  # its rows stay at the server until they are asked for
            cursor = place.connection().cursor(name="postroom_move")
            cursor.execute(select)
        while part := cursor.fetchmany(_AT_ONCE):
            for row in part:
                yield tuple(map(_plain, row))
        cursor.close()

    def write(self, place: Database, rows: Iterable[Row]) -> None:
        """Add the rows."""
        if isinstance(place, SqliteDatabase):
            marks = ", ".join("?" * len(self.columns))
            place.connection().executemany(f'INSERT INTO "{self.name}" ({self._named}) VALUES ({marks})', rows)
            return
        text = f'COPY "{self.name}" ({self._named}) FROM STDIN'
        with place.connection().cursor() as cursor, cursor.copy(text) as into:
            for row in rows:
                values = list(row)
                for at in self.switches:
                    values[at] = None if row[at] is None else bool(row[at])
                into.write_row(values)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, date):
        return value.isoformat()
    return bytes(value) if isinstance(value, memoryview) else value


def _copy(form: _Form, old: Database, new: Database, before: int, said: Progress) -> int:
    sent, come, number = _Digest(), _Digest(), 0

    def rows() -> Iterator[Row]:
        nonlocal number
        for row in form.read(old):
            sent.add(row)
            number += 1
            if number % _AT_ONCE == 0:
                said(before + number)
            yield row

    form.write(new, rows())
    for row in form.read(new):
        come.add(row)
    if come.value != sent.value:
        raise Refused(
            f"The rows of {form.name} are not the same there; nothing has moved.",
            code="move_not_equal",
            value=form.name,
            hint="Please report it.",
        )
    said(before + number)
    return number


class _Digest:
    """What tells two sets of rows apart, in whatever order they come."""

    def __init__(self) -> None:
        self.value = 0

    def add(self, row: Row) -> None:
        self.value = (self.value + int.from_bytes(hashlib.sha256(repr(row).encode()).digest())) % 2**256


def _last(place: Database, table: type[Table], column: str) -> int:
    """The last number that a table has given in this place."""
    name = table._meta.table_name
    (most,) = place.execute_sql(f'SELECT COALESCE(max("{column}"), 0) FROM "{name}"').fetchone()
    if isinstance(place, SqliteDatabase):
        given = place.execute_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).fetchone()
        return int(max(most, given[0] if given else 0))
    (sequence,) = place.execute_sql("SELECT pg_get_serial_sequence(%s, %s)", (name, column)).fetchone()
    last, is_called = place.execute_sql(f"SELECT last_value, is_called FROM {sequence}").fetchone()
    return int(max(most, last if is_called else 0))


def _set_last(place: Database, table: type[Table], column: str, last: int) -> None:
    name = table._meta.table_name
    if not isinstance(place, SqliteDatabase):
        (sequence,) = place.execute_sql("SELECT pg_get_serial_sequence(%s, %s)", (name, column)).fetchone()
        place.execute_sql("SELECT setval(%s, %s, %s)", (sequence, max(last, 1), last > 0))
    elif isinstance(table._meta.primary_key, NumberField):
        place.execute_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        place.execute_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))
