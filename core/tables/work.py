"""The work and those who do it: job queues, categories, entries, log, batches, print jobs, consumers, notes."""

from __future__ import annotations

from peewee import SQL, BlobField, BooleanField, IntegerField, TextField

from postroom.core.kinds import EntryStatus, LogStatus, ReportOutput
from postroom.core.tables.base import ChoiceField, InstantField, NumberField, Table


class JobQueue(Table):
    """A named runner of entries. `serving_*` and `last_heartbeat` tell which consumer served it last."""

    code = TextField(primary_key=True)
    description = TextField(default="")
    category_filter = TextField(default="")
    started = BooleanField(default=False)
    started_at = InstantField()
    stopped_reason = TextField(default="")
    start_automatically = BooleanField(default=True)
    on_host = TextField(default="")
    max_concurrent = IntegerField(default=1)
    last_heartbeat = InstantField()
    host = TextField(default="")
    process_id = IntegerField(default=0)
    running_as = TextField(default="")


class JobQueueCategory(Table):
    """At most one entry of a category is In Process at any time."""

    code = TextField(primary_key=True)
    description = TextField(default="")


class JobQueueEntry(Table):
    """One piece of work. Its row is the truth; messages of the queue engine only ring for it.

    `id` is what the log keeps; `record_id` the id of the document it posts. Delays and timeouts are seconds.
    `earliest_start` is when it may run, `planned_start` when its rules meant it to: a retry moves only the first.
    While In Process, `claim_token`, `job_queue_code`, `host`, `process_id`, `process_start` tell who has it.
    """

    entry_no = NumberField()
    id = TextField(unique=True)
    user_id = TextField()
    job = TextField()
    record_type = TextField(default="")
    record_id = IntegerField(null=True)
    record_no = TextField(default="")
    parameters = TextField(default="{}")
    description = TextField(default="")
    status = ChoiceField(EntryStatus, default=EntryStatus.READY)
    category_code = TextField(default="")
    priority = IntegerField(default=1000)
    earliest_start = InstantField()
    planned_start = InstantField()
    expiration = InstantField()
    max_attempts = IntegerField(default=3)
    attempts = IntegerField(default=0)
    rerun_delay = IntegerField(default=10)
    job_timeout = IntegerField(default=7200)
    weekdays = TextField(default="")
    next_run_date_formula = TextField(default="")
    starting_time = TextField(default="")
    ending_time = TextField(default="")
    no_of_minutes_between_runs = IntegerField(default=0)
    inactivity_timeout = IntegerField(default=0)
    batch_no = IntegerField(null=True)
    notify_on_success = BooleanField(default=False)
    errors = TextField(default="")
    held_by = TextField(default="")
    cancel_requested_by = TextField(default="")
    created_at = InstantField()
    last_ready_at = InstantField()
    started_at = InstantField()
    job_queue_code = TextField(default="")
    host = TextField(default="")
    process_id = IntegerField(default=0)
    process_start = TextField(default="")
    consumer_id = TextField(default="")
    claim_token = TextField(default="")


JobQueueEntry.add_index(
    JobQueueEntry.index(
        JobQueueEntry.status,
        JobQueueEntry.category_code,
        JobQueueEntry.priority,
        JobQueueEntry.earliest_start,
        JobQueueEntry.entry_no,
        name="job_queue_entry_due",
    )
)
JobQueueEntry.add_index(
    JobQueueEntry.index(
        JobQueueEntry.category_code,
        unique=True,
        where=(JobQueueEntry.status == EntryStatus.IN_PROCESS) & (JobQueueEntry.category_code != ""),
        name="job_queue_entry_one_per_category",
    )
)
JobQueueEntry.add_index(
    JobQueueEntry.index(
        JobQueueEntry.record_id,
        unique=True,
        where=(JobQueueEntry.job == "post-document"),
        name="job_queue_entry_one_per_document",
    )
)
JobQueueEntry.add_index(
    JobQueueEntry.index(
        JobQueueEntry.job_queue_code,
        JobQueueEntry.category_code,
        where=JobQueueEntry.status == EntryStatus.IN_PROCESS,
        name="job_queue_entry_running",
    )
)
JobQueueEntry.add_index(
    JobQueueEntry.index(
        JobQueueEntry.expiration,
        where=(JobQueueEntry.status == EntryStatus.READY) & (JobQueueEntry.expiration > 0),
        name="job_queue_entry_expiring",
    )
)
JobQueueEntry.add_index(
    JobQueueEntry.index(
        JobQueueEntry.earliest_start,
        where=JobQueueEntry.status == EntryStatus.ON_HOLD_INACTIVE,
        name="job_queue_entry_resting",
    )
)
RECURS = "(weekdays <> '' OR next_run_date_formula <> '')"
"""Whether an entry's rules let it run again and again."""
WAITING_SINCE = "CASE WHEN earliest_start > last_ready_at THEN earliest_start ELSE last_ready_at END"
"""Since when a Ready entry could run, as its index has it; it lies in the future for one that starts later."""
JobQueueEntry.add_index(
    JobQueueEntry.index(
        JobQueueEntry.status,
        SQL(f"({WAITING_SINCE})"),
        JobQueueEntry.earliest_start,
        JobQueueEntry.last_ready_at,
        name="job_queue_entry_waiting",
    )
)
JobQueueEntry.add_index(JobQueueEntry.index(JobQueueEntry.batch_no, JobQueueEntry.status, name="job_queue_entry_batch"))


class JobQueueLogEntry(Table):
    """One run of an entry, or one posting in the session (then with a blank job queue)."""

    entry_no = NumberField()
    job_entry_id = TextField(index=True)
    job = TextField()
    description = TextField(default="")
    record_type = TextField(default="")
    record_no = TextField(default="")
    user_id = TextField()
    category_code = TextField(default="")
    job_queue_code = TextField(default="")
    host = TextField(default="")
    process_id = IntegerField(default=0)
    started_at = InstantField()
    ended_at = InstantField(index=True)
    status = ChoiceField(LogStatus)
    attempt = IntegerField(default=1)
    errors = TextField(default="")
    call_stack = TextField(default="")
    posting_id = TextField(index=True)
    batch_no = IntegerField(null=True)


JobQueueLogEntry.add_index(
    JobQueueLogEntry.index(JobQueueLogEntry.status, JobQueueLogEntry.entry_no, name="job_queue_log_entry_listed")
)
JobQueueLogEntry.add_index(  # with all that is counted of what has ended, so that a look reads no rows
    JobQueueLogEntry.index(
        JobQueueLogEntry.status,
        JobQueueLogEntry.ended_at,
        JobQueueLogEntry.job,
        JobQueueLogEntry.job_queue_code,
        name="job_queue_log_entry_ended",
    )
)


class Batch(Table):
    """One act of queueing several documents. How far it is follows from its entries and posted documents."""

    no = NumberField()
    report = TextField()
    user_id = TextField()
    created_at = InstantField()
    options = TextField(default="{}")


class PrintJob(Table):
    """One report to be put on paper or into an inbox; a posted document's is made in the posting's own transaction.

    `document_no` is what the report is about: for a listing its registers, period or batch.
    """

    id = NumberField()
    entry_id = TextField(default="", index=True)
    report = TextField()
    document_no = TextField(index=True)
    user_id = TextField()
    output = ChoiceField(ReportOutput)
    printer_code = TextField(default="")
    copy_no = IntegerField(default=0)
    state = TextField(default="")
    message = TextField(default="")
    created_at = InstantField()
    printed_at = InstantField()


class Printer(Table):
    """A File printer writes into `folder`; a CUPS printer is the queue `cups_queue` of the host's print system.

    While `not_responding_since` is set its jobs wait, and one is tried each minute after `last_tried_at`.
    """

    code = TextField(primary_key=True)
    description = TextField(default="")
    type = TextField(default="File")
    folder = TextField(default="")
    cups_queue = TextField(default="")
    timeout = IntegerField(default=300)
    not_responding_since = InstantField()
    last_tried_at = InstantField()
    last_message = TextField(default="")


class PrinterSelection(Table):
    """Which printer a user's report goes to; blank user or report means any."""

    user_id = TextField(default="")
    report = TextField(default="")
    printer_code = TextField()

    class Meta:
        indexes = ((("user_id", "report"), True),)


class InboxReport(Table):
    """A report in a user's Report Inbox: a PDF; `listing` is what a listing says, in JSON, blank for a document."""

    id = NumberField()
    user_id = TextField(index=True)
    created_at = InstantField()
    description = TextField()
    document_no = TextField(default="")
    content = BlobField()
    listing = TextField(default="")
    is_read = BooleanField(default=False)


class Note(Table):
    """A message to a user: on final failure, on success if asked."""

    id = NumberField()
    user_id = TextField(index=True)
    created_at = InstantField()
    text = TextField()
    record_type = TextField(default="")
    record_no = TextField(default="")
    is_read = BooleanField(default=False)


class Consumer(Table):
    """A consumer process that lives, or lived until its last heartbeat."""

    id = TextField(primary_key=True)
    host = TextField()
    process_id = IntegerField()
    process_start = TextField()
    started_at = InstantField()
    last_heartbeat = InstantField()
    workers = IntegerField()
    running_as = TextField()
    job_queues = TextField(default="")


class Worker(Table):
    """One worker process of a consumer. `backend_pid` is its PostgreSQL connection's, 0 on SQLite."""

    consumer_id = TextField(index=True)
    process_id = IntegerField()
    process_start = TextField()
    backend_pid = IntegerField(default=0)
    last_heartbeat = InstantField()
