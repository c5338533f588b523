"""Documents that cancel a posted one: they say so, and there is at most one for each, open and posted."""

from peewee import SqliteDatabase


def up(migrator, db):
    del migrator  # its add_column writes every row of what may be a long table
    for table in ("document", "posted_document"):
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN cancels BOOLEAN NOT NULL DEFAULT false")
    db.execute_sql("CREATE UNIQUE INDEX document_one_cancellation ON document (type, corrects_no) WHERE cancels")
    db.execute_sql(
        "CREATE UNIQUE INDEX posted_document_one_cancellation ON posted_document (area, kind, corrects_no)"
        " WHERE cancels"
    )
    db.execute_sql("CREATE INDEX posted_document_corrections ON posted_document (register_no) WHERE corrects_no <> ''")
    db.execute_sql("CREATE INDEX value_entry_adjustments ON value_entry (item_no, register_no) WHERE line_no <= 0")
    if isinstance(db, SqliteDatabase):  # as guard_posted_rows of the first schema does for the other keys
        db.execute_sql(
            "CREATE TRIGGER posted_document_no_replace_4 BEFORE INSERT ON posted_document WHEN NEW.cancels AND EXISTS"
            " (SELECT 1 FROM posted_document WHERE cancels AND area = NEW.area AND kind = NEW.kind"
            " AND corrects_no = NEW.corrects_no)"
            " BEGIN SELECT RAISE(ABORT, 'posted rows never change: posted_document'); END"
        )
