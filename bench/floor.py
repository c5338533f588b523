"""The floor: the rows of a posting as bare SQL, one durable transaction a document, nothing computed while it runs.

Two sets of rows: `spec` is the work that spec/performance.md names, in tables without any index but their key;
`product` is every row that Postroom writes for such an invoice, in its own tables with their indexes and triggers.
The rows are copies of one real posting.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg

from postroom.core.database import Location

Value = Any
Step = tuple[str, tuple[Value, ...]]
Work = list[Step]

SPEC_TABLES = ("posted_document", "posted_line", "gl_entry", "party_ledger_entry", "vat_entry")
SPEC_TABLES += ("item_ledger_entry", "value_entry")
"""Of these the spec's work has the invoice's rows only: 1 + 5 + 7 + 1 + 2 + 5 + 5."""
WORK_TABLES = ("job_queue_log_entry", "job_queue_entry", "document", "document_line", "number_series_line")

KEYS = {"posted_document": "id", "posted_line": "posted_document_id, line_no", "document_line": "document_id, line_no"}
KEYS |= {"document": "id", "job_queue_entry": "record_id", "number_series_line": "id"}


@dataclass(frozen=True)
class Copied:
    """Rows of one table, without the key that the database gives. `columns` are in the rows' order."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def with_values(self, changed: dict[str, Callable[[tuple[Value, ...]], Value]]) -> list[tuple[Value, ...]]:
        places = {self.columns.index(column): make for column, make in changed.items() if column in self.columns}
        return [
            tuple(places[index](row) if index in places else value for index, value in enumerate(row))
            for row in self.rows
        ]


class Connection:
    """A bare connection to either database; SQL is written with `?`."""

    def __init__(self, location: Location) -> None:
        self.is_postgres = location.is_postgres
        if self.is_postgres:
            self.postgres = psycopg.connect(location.text, autocommit=True, cursor_factory=psycopg.RawCursor)
            return
        self.sqlite = sqlite3.connect(location.path, isolation_level=None)
        for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = 1", "busy_timeout = 5000"):
            self.sqlite.execute(f"PRAGMA {pragma}")

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        if self.is_postgres:
            return self.postgres.execute(dollars(sql), parameters or None).fetchall()  # type: ignore[arg-type]
        return self.sqlite.execute(sql, parameters).fetchall()

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        if self.is_postgres:
            self.postgres.execute(dollars(sql), parameters or None)  # type: ignore[arg-type]
        else:
            self.sqlite.execute(sql, parameters)

    def close(self) -> None:
        (self.postgres if self.is_postgres else self.sqlite).close()


@lru_cache(maxsize=200)
def dollars(sql: str) -> bytes:
    """The text with PostgreSQL's own `$1` for `?`."""
    head, *tail = sql.split("?")
    return (head + "".join(f"${number}{part}" for number, part in enumerate(tail, 1))).encode()


def columns_of(connection: Connection, table: str) -> list[str]:
    if connection.is_postgres:
        return [
            name
            for (name,) in connection.rows(
                "SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position",
                (table,),
            )
        ]
    return [row[1] for row in connection.rows(f'PRAGMA table_info("{table}")')]


def copied(connection: Connection, table: str, where: str, value: Value) -> Copied:
    """The rows of a posting in one table. `entry_no` and `posted_line.id` are the database's to give."""
    given = {"entry_no"} | ({"id"} if table == "posted_line" else set())
    columns = tuple(column for column in columns_of(connection, table) if column not in given)
    order = "no" if table == "posted_document" else "1"
    rows = connection.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {where} ORDER BY {order}", (value,))
    return Copied(table, columns, tuple(tuple(row) for row in rows))


def prepare_spec_tables(connection: Connection) -> None:
    """Tables of the same columns with nothing but a key each, holding the source documents and their jobs."""
    for table in (*SPEC_TABLES, *WORK_TABLES):
        names = columns_of(connection, table)
        keyed = table in KEYS
        if connection.is_postgres:
            connection.run(f"CREATE TABLE bare_{table} (LIKE {table})")
            if not keyed:
                connection.run(f"ALTER TABLE bare_{table} DROP COLUMN entry_no")
                connection.run(f"ALTER TABLE bare_{table} ADD COLUMN entry_no bigserial PRIMARY KEY")
            if table == "posted_line":
                connection.run("ALTER TABLE bare_posted_line ALTER COLUMN id DROP NOT NULL")
        else:
            body = ", ".join(name for name in names if keyed or name != "entry_no")
            first = "" if keyed else "entry_no INTEGER PRIMARY KEY, "
            connection.run(f"CREATE TABLE bare_{table} ({first}{body})")
        if keyed:
            connection.run(f"CREATE UNIQUE INDEX bare_{table}_key ON bare_{table} ({KEYS[table]})")
    for table in ("document", "document_line", "job_queue_entry", "number_series_line"):
        connection.run(f"INSERT INTO bare_{table} SELECT * FROM {table}")


@dataclass(frozen=True)
class Posting:
    """One real posting: its rows by table, and the register's."""

    tables: tuple[Copied, ...]
    stock: tuple[tuple[Value, ...], ...]
    log: Copied
    series: tuple[int, int]


def read_posting(connection: Connection, posting_id: str, log: Copied) -> Posting:
    """The rows of a posting, read back from the company that it was posted in."""
    documents = copied(connection, "posted_document", "posting_id = ?", posting_id)
    places = {name: index for index, name in enumerate(documents.columns)}
    ids = [row[places["id"]] for row in documents.rows]
    lines = copied(connection, "posted_line", f"posted_document_id IN ({ids[0]}, {ids[1]}) AND ? = ''", "")
    entries = [copied(connection, table, "posting_id = ?", posting_id) for table in ("gl_register", *SPEC_TABLES[2:])]
    item_ledger = next(found for found in entries if found.table == "item_ledger_entry")
    items = sorted({row[item_ledger.columns.index("item_no")] for row in item_ledger.rows})
    stock = [
        connection.rows("SELECT item_no, quantity, value, last_cost FROM item_stock WHERE item_no = ?", (no,))[0]
        for no in items
    ]
    series = [row[places["number_series"]] for row in documents.rows]
    found = [
        connection.rows("SELECT id FROM number_series_line WHERE series_code = ?", (code,))[0][0] for code in series
    ]
    return Posting((documents, lines, *entries), tuple(stock), log, (found[0], found[1]))


def log_rows(connection: Connection, values: dict[str, Value]) -> Copied:
    """A log entry such as a background posting leaves."""
    columns = tuple(column for column in columns_of(connection, "job_queue_log_entry") if column != "entry_no")
    return Copied("job_queue_log_entry", columns, (tuple(values.get(column, "") for column in columns),))


def keys_work(posting: Posting, number: int, document_id: int) -> Work:
    """The spec's rows for one document in the bare tables."""
    return spec_work(posting, number, document_id, "bare_")


def spec_work(posting: Posting, number: int, document_id: int, prefix: str = "") -> Work:
    """The spec's rows for one document: 27 inserted, number series, job and source document."""
    steps: Work = [draw(posting.series[0], f"{prefix}number_series_line")]
    invoice_ids = set()
    for found in posting.tables:
        if found.table not in SPEC_TABLES:
            continue
        if found.table == "posted_document":
            kind = found.columns.index("kind")
            invoice_ids = {row[found.columns.index("id")] for row in found.rows if row[kind] == "invoice"}
            found = Copied(found.table, found.columns, tuple(row for row in found.rows if row[kind] == "invoice"))
        if found.table == "posted_line":
            owner = found.columns.index("posted_document_id")
            found = Copied(found.table, found.columns, tuple(row for row in found.rows if row[owner] in invoice_ids))
        steps.append(insert(found, number, prefix))
    steps.append(insert(posting.log, number, prefix))
    return [*steps, *finish(document_id, prefix)]


def product_work(posting: Posting, number: int, document_id: int) -> Work:
    """The product's rows for one document, in its own tables."""
    steps = [draw(series) for series in sorted(posting.series)]
    steps.append(("UPDATE counter SET last_value = last_value + 1 WHERE name = 'gl_register' RETURNING last_value", ()))
    steps += [insert(found, number) for found in posting.tables]
    steps.append(
        (
            "INSERT INTO item_stock (item_no, quantity, value, last_cost) VALUES "
            + ", ".join(["(?, ?, ?, ?)"] * len(posting.stock))
            + " ON CONFLICT (item_no) DO UPDATE SET quantity = excluded.quantity, value = excluded.value,"
            " last_cost = excluded.last_cost",
            tuple(value for row in posting.stock for value in row),
        )
    )
    steps.append(insert(posting.log, number))
    return [*steps, *finish(document_id)]


def draw(series: int, table: str = "number_series_line") -> Step:
    return f"UPDATE {table} SET last_value = last_value + 1 WHERE id = ? RETURNING last_value", (series,)


def finish(document_id: int, prefix: str = "") -> Work:
    return [
        (f"DELETE FROM {prefix}job_queue_entry WHERE record_id = ?", (document_id,)),
        (f"DELETE FROM {prefix}document_line WHERE document_id = ?", (document_id,)),
        (f"DELETE FROM {prefix}document WHERE id = ?", (document_id,)),
    ]


def insert(found: Copied, number: int, prefix: str = "") -> Step:
    """One multi-row INSERT of a table's rows, with keys of their own by `number`."""
    posting_id = uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex
    ids = FIRST_ID + number * 2
    changed: dict[str, Callable[[tuple[Value, ...]], Value]] = {
        "posting_id": lambda row: posting_id,
        "register_no": lambda row: FIRST_ID + number,
        "document_no": lambda row: f"F{number:07d}",
    }
    if found.table == "posted_document":
        changed |= {"id": lambda row: ids + row[0] % 2, "no": lambda row: f"F{number:07d}"}
        vendors = found.columns.index("vendor_document_no")
        changed["vendor_document_no"] = lambda row: row[vendors] and f"F{number:07d}"
    if found.table == "posted_line":
        owner = found.columns.index("posted_document_id")
        changed["posted_document_id"] = lambda row: ids + row[owner] % 2
    if found.table == "gl_register":
        changed["no"] = lambda row: FIRST_ID + number
    rows = found.with_values(changed)
    marks = ", ".join([f"({', '.join('?' * len(found.columns))})"] * len(rows))
    names = ", ".join(found.columns)
    return f"INSERT INTO {prefix}{found.table} ({names}) VALUES {marks}", tuple(value for row in rows for value in row)


FIRST_ID = 1_000_000


def write_sqlite(connection: Connection, documents: list[Work]) -> list[float]:
    """Seconds of each document, one IMMEDIATE transaction each."""
    execute = connection.sqlite.execute
    taken = []
    for steps in documents:
        start = time.perf_counter()
        execute("BEGIN IMMEDIATE")
        for sql, parameters in steps:
            cursor = execute(sql, parameters)
            if cursor.description:
                cursor.fetchall()
        execute("COMMIT")
        taken.append(time.perf_counter() - start)
    return taken


def write_multi_row(connection: Connection, documents: list[Work]) -> list[float]:
    """The same on PostgreSQL, each statement awaited."""
    cursor = connection.postgres.cursor()
    taken = []
    for steps in native(documents):
        start = time.perf_counter()
        cursor.execute(b"BEGIN")
        for sql, parameters in steps:
            cursor.execute(sql, parameters, prepare=True)
            if cursor.description:
                cursor.fetchall()
        cursor.execute(b"COMMIT")
        taken.append(time.perf_counter() - start)
    return taken


def write_pipelined(connection: Connection, documents: list[Work]) -> list[float]:
    """The same with one wait for the drawn numbers and one for the commit."""
    taken = []
    prepared = native(documents)
    with connection.postgres.pipeline() as pipeline:
        for steps in prepared:
            start = time.perf_counter()
            cursors = []
            connection.postgres.execute(b"BEGIN")
            for sql, parameters in steps:
                if cursors and not sql.startswith(b"UPDATE"):
                    for cursor in cursors:
                        cursor.fetchall()
                    cursors.clear()
                made = connection.postgres.execute(sql, parameters, prepare=True)
                if sql.startswith(b"UPDATE"):
                    cursors.append(made)
            connection.postgres.execute(b"COMMIT")
            pipeline.sync()
            taken.append(time.perf_counter() - start)
    return taken


def native(documents: list[Work]) -> list[list[tuple[bytes, tuple[Value, ...]]]]:
    return [[(dollars(sql), parameters) for sql, parameters in steps] for steps in documents]
