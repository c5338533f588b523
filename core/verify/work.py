"""The work: entries In Process have a live worker and their category to themselves, documents agree with them."""

from __future__ import annotations

from postroom.core import clock
from postroom.core.jobs import consumers, processes
from postroom.core.kinds import EntryStatus
from postroom.core.statements import query
from postroom.core.tables.base import instant_to_stored
from postroom.core.verify.finding import Finding, examined, offenders, source_title

_IN_PROCESS = f"status = '{EntryStatus.IN_PROCESS.value}'"


def in_process_has_live_worker() -> Finding:
    """Every entry In Process is held by a process that lives: on this host by pid and start time, else by heartbeat."""
    oldest = instant_to_stored(clock.now()) - int(consumers.lease() * 1_000_000)
    rows = query(
        "SELECT e.entry_no, e.description, e.host, e.process_id, e.process_start, COALESCE(c.last_heartbeat, 0)"
        f" FROM job_queue_entry e LEFT JOIN consumer c ON c.id = e.consumer_id WHERE e.{_IN_PROCESS}"
        " ORDER BY e.entry_no"
    )
    found = Finding(len(rows))
    for entry_no, description, host, process_id, process_start, heartbeat in rows:
        if host == processes.host():
            lives, why = processes.is_alive(process_id, process_start), "that process is gone"
        else:
            lives, why = heartbeat >= oldest, f"its consumer has had no heartbeat for {consumers.lease():g} seconds"
        if not lives:
            found += Finding(
                0,
                1,
                (
                    f"Job Queue Entry {entry_no} ({description}) is In Process with process {process_id}"
                    f" on {host or 'no host'}, but {why}.",
                ),
            )
    return found


def document_status_agrees() -> Finding:
    """Each document's Job Queue Status is that of its entry, blank without one; no entry lacks its document."""
    wanted = " ".join(f"WHEN '{status.value}' THEN '{status.document_status.value}'" for status in EntryStatus)
    disagreeing = offenders(
        "SELECT d.type, d.no, d.job_queue_status, e.entry_no, e.status FROM document d"
        " LEFT JOIN job_queue_entry e ON e.record_id = d.id AND e.job = 'post-document'"
        f" WHERE d.job_queue_status <> CASE e.status {wanted} ELSE '' END",
        lambda type_, no, said, entry_no, status: (
            f"{source_title(type_, no)} has the Job Queue Status {said or 'blank'}, "
            + (f"but its Job Queue Entry {entry_no} is {status}." if entry_no else "but no Job Queue Entry.")
        ),
    )
    orphans = offenders(
        "SELECT e.entry_no, e.record_type, e.record_no, d.type, d.no FROM job_queue_entry e"
        " LEFT JOIN document d ON d.id = e.record_id WHERE e.job = 'post-document'"
        " AND (d.id IS NULL OR d.type <> e.record_type OR d.no <> e.record_no)",
        lambda entry_no, type_, no, there_type, there_no: (
            f"Job Queue Entry {entry_no} posts {source_title(type_, no)}, "
            + ("which is not there." if there_no is None else f"but points to {source_title(there_type, there_no)}.")
        ),
    )
    return examined("document", "job_queue_entry") + disagreeing + orphans


def one_per_category() -> Finding:
    """At most one entry of a category, blank excepted, is In Process."""
    return examined("job_queue_entry") + offenders(
        "SELECT category_code, COUNT(*), MIN(entry_no), MAX(entry_no) FROM job_queue_entry"
        f" WHERE {_IN_PROCESS} AND category_code <> '' GROUP BY category_code HAVING COUNT(*) > 1",
        lambda code, count, first, last: (
            f"Category {code} has {count} entries In Process at once, among them {first} and {last}."
        ),
    )
