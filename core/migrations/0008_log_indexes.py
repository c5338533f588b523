"""Indexes that keep a long log quick to list by status, and to count what has ended since when."""


def up(migrator, db):
    (old,) = [index.name for index in db.get_indexes("job_queue_log_entry") if index.columns == ["status"]]
    db.execute_sql(f"DROP INDEX {old}")
    db.execute_sql("CREATE INDEX job_queue_log_entry_listed ON job_queue_log_entry (status, entry_no)")
    db.execute_sql(
        "CREATE INDEX job_queue_log_entry_ended ON job_queue_log_entry (status, ended_at, job, job_queue_code)"
    )
