"""When a recurring run was planned, beside when it may start; and indexes that keep a deep queue quick."""

from peewee import BigIntegerField


def up(migrator, db):
    migrator.migrate(migrator.add_column("job_queue_entry", "planned_start", BigIntegerField(default=0)))
    db.execute_sql("UPDATE job_queue_entry SET planned_start = earliest_start")
    db.execute_sql(
        "CREATE INDEX job_queue_entry_running ON job_queue_entry (job_queue_code, category_code)"
        " WHERE status = 'In Process'"
    )
    db.execute_sql(
        "CREATE INDEX job_queue_entry_expiring ON job_queue_entry (expiration)"
        " WHERE status = 'Ready' AND expiration > 0"
    )
    db.execute_sql(
        "CREATE INDEX job_queue_entry_resting ON job_queue_entry (earliest_start)"
        " WHERE status = 'On Hold with Inactivity Timeout'"
    )
    db.execute_sql(
        "CREATE INDEX job_queue_entry_waiting ON job_queue_entry"
        " (status, (CASE WHEN earliest_start > last_ready_at THEN earliest_start ELSE last_ready_at END),"
        " earliest_start, last_ready_at)"
    )
    (old,) = [index.name for index in db.get_indexes("job_queue_entry") if index.columns == ["batch_no"]]
    db.execute_sql(f"DROP INDEX {old}")
    db.execute_sql("CREATE INDEX job_queue_entry_batch ON job_queue_entry (batch_no, status)")
