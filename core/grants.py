"""Database rights on PostgreSQL, so that permission sets do not only guide but guard, also against `psql`.

What User Setup says of a role is given to it as table rights. Where a table's right is too coarse, row policies narrow
it: one's own entries, log entries and notes, others' only as Job Queue Admin. The company's owner has every right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg import sql

from postroom.core import database as engine
from postroom.core.errors import NotPermitted
from postroom.core.tables import ALL, IMMUTABLE, setup, trade, work
from postroom.core.tables.base import Table, database

WRITE = "INSERT, UPDATE, DELETE"
QUEUE_RELATIONS = "huey\\_%"
"""The tables of the messages that ring consumers, and their sequences."""

Rights = Mapping[type[Table], str]

_LOGGED: Rights = {setup.ChangeLogEntry: "INSERT", setup.Company: "UPDATE (setup_version)"}
"""What every change of a record writes beside it."""

POST: Rights = {
    **_LOGGED,
    **dict.fromkeys(
        (trade.Document, trade.DocumentLine, trade.UsedDocumentNo, trade.Party, trade.Item, work.InboxReport), WRITE
    ),
    trade.ItemStock: "INSERT, UPDATE",
    setup.NumberSeriesLine: "UPDATE (last_value, last_date_used)",
    setup.Counter: "UPDATE",
    **dict.fromkeys(IMMUTABLE, "INSERT"),
    work.JobQueueEntry: WRITE,
    work.JobQueueLogEntry: "INSERT, UPDATE",
    work.Note: "INSERT, UPDATE",
    work.Batch: "INSERT",
    work.PrintJob: "INSERT, UPDATE",
    work.Printer: "UPDATE (not_responding_since, last_tried_at, last_message)",
}
JOB_QUEUE_ADMIN: Rights = {
    **_LOGGED,
    **dict.fromkeys(
        (
            *(work.JobQueue, work.JobQueueCategory, work.JobQueueEntry, work.JobQueueLogEntry, work.Consumer),
            *(work.Worker, work.Batch, work.PrintJob, work.Printer, work.PrinterSelection, work.InboxReport),
        ),
        WRITE,
    ),
    work.Note: "INSERT, UPDATE",
    trade.Document: "UPDATE (job_queue_status)",
    setup.SalesSetup: "UPDATE (job_queue_category_code)",
    setup.PurchasesSetup: "UPDATE (job_queue_category_code)",
}
SETUP: Rights = {
    **dict.fromkeys((table for table in ALL if table.__module__ == setup.__name__), WRITE),
    setup.ChangeLogEntry: "INSERT",
    setup.Company: "UPDATE",
    trade.Document: "UPDATE",
    trade.DocumentLine: "UPDATE",
}
VIEW: Rights = {work.Note: "UPDATE (is_read)"}
SETS: Mapping[str, Rights] = {
    "may_view": VIEW,
    "may_post": POST,
    "job_queue_admin": JOB_QUEUE_ADMIN,
    "may_setup": SETUP,
}
"""What each permission set may write, by its field in User Setup; each may read everything."""

_IS_ADMIN = "COALESCE((SELECT job_queue_admin FROM user_setup WHERE user_id = current_user), false)"
_OWN = f"(user_id = current_user OR {_IS_ADMIN})"
_POLICIES = {
    # Posting a document again, in the session or through the queue, also takes what failed for somebody else.
    "job_queue_entry": {
        "INSERT": f"WITH CHECK ({_OWN})",
        "UPDATE": f"USING ({_OWN} OR status = 'Error') WITH CHECK ({_OWN})",
        "DELETE": f"USING ({_OWN} OR status = 'Error')",
    },
    "job_queue_log_entry": {
        "INSERT": f"WITH CHECK ({_OWN})",
        "UPDATE": f"USING ({_OWN}) WITH CHECK ({_OWN})",
        "DELETE": f"USING ({_IS_ADMIN})",
    },
    "note": {"INSERT": "WITH CHECK (true)", "UPDATE": f"USING ({_OWN}) WITH CHECK ({_OWN})"},
}


def give(role: str, sets: Sequence[str]) -> None:
    """Let a database role do exactly what these sets allow, in the caller's transaction; nothing on SQLite.

    A role that does not exist is passed over, and so are those who own the company. Raises NotPermitted for somebody
    who may not give database rights.
    """
    if not engine.is_postgres() or not _needs_rights(role):
        return
    _require_owner()
    _guard_rows()
    name, schema = sql.Identifier(role), sql.Identifier(_schema())
    for kind in ("TABLES", "SEQUENCES"):
        _run(sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA {} FROM {}").format(sql.SQL(kind), schema, name))
    if not sets:
        return
    _run(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, name))
    _run(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, name))
    for table, rights in ((table, rights) for chosen in sets for table, rights in SETS[chosen].items()):
        _run(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), sql.Identifier(_name(table)), name))
    if _writes(sets):
        _run(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, name))
        _let_ring(name)


def give_again() -> None:
    """Give every role of User Setup its rights once more: after an upgrade there may be new tables."""
    if engine.is_postgres():
        for role, sets in _sets_of_roles():
            give(role, sets)


def give_messages() -> None:
    """Let whoever may write ring consumers, once the messages' tables are made: by who made them."""
    with engine.transaction():
        for role, sets in _sets_of_roles():
            if _writes(sets) and _needs_rights(role):
                _let_ring(sql.Identifier(role))


def role_at_work() -> str:
    """The database role of this connection."""
    ((role,),) = _rows("SELECT current_user")
    return str(role)


def lacking(sets: Sequence[str]) -> list[str]:
    """Which of these sets the role at work does not have in the database itself; none on SQLite."""
    return [chosen for chosen in sets if engine.is_postgres() and not _has(chosen)]


def _has(chosen: str) -> bool:
    wanted = [
        (_name(table), column, privilege)
        for table, rights in SETS[chosen].items()
        for privilege, column in _privileges(rights)
    ]
    ((has,),) = _rows(
        "SELECT bool_and(CASE WHEN c = '' THEN has_table_privilege(t, p) ELSE has_column_privilege(t, c, p) END)"
        f" FROM (VALUES {', '.join(['(%s, %s, %s)'] * len(wanted))}) AS wanted (t, c, p)",
        [text for one in wanted for text in one],
    )
    return bool(has) and (chosen != "job_queue_admin" or _sees_all_entries())


def _privileges(rights: str) -> list[tuple[str, str]]:
    """`UPDATE (a, b)` or `INSERT, UPDATE` as pairs of privilege and column; a blank column is the whole table."""
    privilege, has_columns, columns = rights.rstrip(")").partition(" (")
    if has_columns:
        return [(privilege, column) for column in columns.split(", ")]
    return [(one, "") for one in rights.split(", ")]


def _sees_all_entries() -> bool:
    """Whether the row policies let the role change entries of others."""
    ((may,),) = _rows(f"SELECT NOT row_security_active('job_queue_entry') OR {_IS_ADMIN}")
    return bool(may)


def _sets_of_roles() -> list[tuple[str, list[str]]]:
    rows = setup.UserSetup.select().order_by(setup.UserSetup.user_id)
    return [(row.user_id, [field for field in SETS if getattr(row, field)]) for row in rows]


def _writes(sets: Sequence[str]) -> bool:
    return bool(set(sets) - {"may_view"})


def _let_ring(name: sql.Identifier) -> None:
    for kind, rights, relation in _messages():
        grant = sql.SQL("GRANT {} ON {} {} TO {}")
        _run(grant.format(sql.SQL(rights), sql.SQL(kind), sql.Identifier(relation), name))


def _needs_rights(role: str) -> bool:
    """Whether a role exists and is neither superuser nor owner of the company."""
    rows = _rows(
        "SELECT rolsuper OR pg_has_role(rolname, %s, 'USAGE') FROM pg_roles WHERE rolname = %s", (_owner(), role)
    )
    return bool(rows) and not rows[0][0]


def _require_owner() -> None:
    ((may,),) = _rows(
        "SELECT rolsuper OR pg_has_role(current_user, %s, 'USAGE') FROM pg_roles WHERE rolname = current_user",
        (_owner(),),
    )
    if not may:
        raise NotPermitted(
            f"Database rights are given by {_owner()}, who owns the company, or by a superuser.",
            code="not_owner",
            hint=f"Let {_owner()} run the same command.",
        )


def _guard_rows() -> None:
    """The row policies, made anew so that they are those of this program."""
    for table, policies in _POLICIES.items():
        _run(sql.SQL(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
        for command, condition in {"SELECT": "USING (true)", **policies}.items():
            policy = f"postroom_{command.lower()}"
            _run(sql.SQL(f"DROP POLICY IF EXISTS {policy} ON {table}"))
            _run(sql.SQL(f"CREATE POLICY {policy} ON {table} FOR {command} {condition}"))


def _owner() -> str:
    ((owner,),) = _rows(
        "SELECT tableowner FROM pg_tables WHERE tablename = 'company' AND schemaname = %s", (_schema(),)
    )
    return str(owner)


def _schema() -> str:
    ((schema,),) = _rows("SELECT current_schema()")
    return str(schema)


def _messages() -> list[tuple[str, str, str]]:
    """The tables and sequences of the messages: kind, the rights that ringing takes, name."""
    return [
        ("TABLE", WRITE, str(name)) if kind == "r" else ("SEQUENCE", "USAGE", str(name))
        for name, kind in _rows(
            "SELECT relname, relkind FROM pg_class"
            " WHERE relname LIKE %s AND relkind IN ('r', 'S') AND relnamespace = to_regnamespace(%s)",
            (QUEUE_RELATIONS, sql.Identifier(_schema()).as_string()),
        )
    ]


def _name(table: type[Table]) -> str:
    return str(table._meta.table_name)


def _rows(statement: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = database.execute_sql(statement, parameters).fetchall()
    return found


def _run(statement: sql.Composable) -> None:
    database.execute_sql(statement.as_string(database.connection()))
