"""The report Batch Result: what became of each document of a batch."""

from __future__ import annotations

from postroom.core import company, values
from postroom.core.counted import counted
from postroom.core.jobs import batches, entry_views
from postroom.core.kinds import DocumentType, EntryStatus, PostedKind
from postroom.core.printing.listings import HEADING, LINE, Row, Table, refuse_about, refuse_large
from postroom.core.printing.reports import BATCH_RESULT
from postroom.core.statements import query


def read(about: str) -> Table:
    """What became of each document of a batch: posted as what, failed why, waiting for what."""
    if not about.strip().isdecimal() or int(about) > values.LARGEST_INTEGER:
        refuse_about(BATCH_RESULT, about, "A batch result is about one batch no.", "`postroom batch list` shows them.")
    batch = batches.show(int(about))
    refuse_large(BATCH_RESULT, about, batch.total)
    posted: dict[str, tuple[str, str, str, list[str]]] = {}
    for posting, type_, no, party, kind, posted_no in query(
        "SELECT posting_id, source_type, source_no, party_name, kind, no FROM posted_document WHERE batch_no = ?"
        " ORDER BY register_no, id",
        (batch.no,),
    ):
        found = posted.setdefault(posting, (type_, no, party, []))
        found[3].append(f"{PostedKind(kind).title} {posted_no}")
    rows = [Row(HEADING, ("Posted",))] if posted else []
    rows += [
        Row(LINE, (DocumentType(type_).title, no, party, ", ".join(made))) for type_, no, party, made in posted.values()
    ]
    parties = {
        (type_, no): party or ""
        for type_, no, party in query(
            "SELECT d.type, d.no, CASE WHEN d.party_name = '' THEN p.name ELSE d.party_name END FROM document d"
            " JOIN job_queue_entry e ON e.record_id = d.id AND e.record_no = d.no"
            " LEFT JOIN party p ON p.no = d.party_no AND p.area ="
            " CASE WHEN d.type LIKE 'sales%' THEN 'sales' ELSE 'purchase' END WHERE e.batch_no = ?",
            (batch.no,),
        )
    }
    failed: list[Row] = []
    waiting: list[Row] = []
    for entry in entry_views.list_entries(f"batch_no={batch.no}"):
        is_failed = entry.status == EntryStatus.ERROR
        told = " ".join(f"{problem.message} {problem.hint}".strip() for problem in entry.errors) if is_failed else ""
        reason = told or (entry.why.text if entry.why is not None else entry.status)
        party = parties.get((entry.record_type, entry.record_no), "")
        row = Row(LINE, (DocumentType(entry.record_type).title, entry.record_no, party, reason))
        (failed if is_failed else waiting).append(row)
    for heading, some in (("In error", failed), ("To go", waiting)):
        rows += [Row(HEADING, (heading,)), *some] if some else []
    counts = f"{counted(batch.total, 'document')}: {batch.posted} posted, {batch.failed} in error, {batch.to_go} to go"
    created = "" if batch.created is None else f"{batch.created.astimezone(company.time_zone()):%Y-%m-%d %H:%M}"
    facts = (("Batch No.", str(batch.no)), ("Report", batch.report), ("User", batch.user), ("Queued", created))
    return Table(("Type", "No.", "Party", "Result"), tuple(rows), (*facts, ("Result", counts)))
