"""A deadlock and a serialization failure, PostgreSQL's own: tried again, later each time, with the reason."""

from __future__ import annotations

import threading

import psycopg
from builders import document, item, item_line, party
from conftest import MakeCompany
from consumer_process import entry, until
from jobs import QUEUE, claimed, entry_of

from postroom.core import clock, company, verify
from postroom.core.company import current_user
from postroom.core.errors import problems_from_json
from postroom.core.jobs import background, runs
from postroom.core.kinds import Area, DocumentType, EntryStatus, JobQueueStatus
from postroom.core.tables.base import database
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueEntry


def until_somebody_waits(url: str) -> None:
    """Until a statement in this database waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(url, autocommit=True) as looks:
        until(lambda: looks.execute(waiting).fetchone()[0], what="the posting that waits")  # type: ignore[index]


class Rival:
    """Another program that holds a row and wants another, which the run holds by then; rows as SQL says them."""

    def __init__(self, url: str, *, holds: str, wants: str) -> None:
        self.connection = psycopg.connect(url)
        self._hold(holds)
        self.thread = threading.Thread(target=self._want, args=(url, wants), daemon=True)
        self.thread.start()

    def _hold(self, row: str) -> None:
        self.connection.execute(f"SELECT 1 FROM {row} FOR UPDATE")  # type: ignore[arg-type]

    def _want(self, url: str, row: str) -> None:
        until_somebody_waits(url)
        try:
            self._hold(row)
        finally:
            self.connection.rollback()

    def end(self) -> None:
        self.thread.join(20)
        self.connection.close()


def test_a_deadlock_is_an_attempt_tried_again_after_a_doubled_delay_with_its_reason(
    make_postgres: MakeCompany,
) -> None:
    firm = make_postgres()
    company.open_company(firm)
    party(Area.SALES)
    for no in ("I1", "I2"):
        item(no)
    first = document(DocumentType.SALES_INVOICE, [item_line("I1"), item_line("I2")])
    id_ = document(DocumentType.SALES_INVOICE, [item_line("I1"), item_line("I2")])
    background.post([first], background.PostRequest(mode="now"), user=current_user())  # so that both have stock
    background.post([id_], QUEUE, user=current_user())
    number = entry_of(id_).entry_no
    for attempt, delay in ((1, 10), (2, 20)):
        rival = Rival(firm.text, holds="item_stock WHERE item_no = 'I2'", wants="item_stock WHERE item_no = 'I1'")
        before = clock.now()
        runs.run(claimed())
        rival.end()
        found = entry(number)
        assert found is not None
        (problem,) = problems_from_json(found.errors)
        assert (found.status, found.attempts) == (EntryStatus.READY, attempt)
        assert (problem.code, "deadlock" in problem.message) == ("transient_failure", True)
        assert delay <= (found.earliest_start - before).total_seconds() < delay + 8
        assert Document.get_by_id(id_).job_queue_status is JobQueueStatus.SCHEDULED
        JobQueueEntry.update(earliest_start=None).where(JobQueueEntry.entry_no == number).execute()
    runs.run(claimed())
    assert entry(number) is None
    assert [check for check in verify.verify().checks if not check.ok] == []


def test_a_deadlock_of_the_ending_itself_is_written_again(make_postgres: MakeCompany) -> None:
    firm = make_postgres()
    company.open_company(firm)
    party(Area.SALES)
    item("I1")
    id_ = document(DocumentType.SALES_INVOICE, [item_line("I1")], "NOBODY")
    background.post([id_], QUEUE, user=current_user())
    number = entry_of(id_).entry_no
    claim = claimed()
    rival = Rival(firm.text, holds=f"job_queue_entry WHERE entry_no = {number}", wants=f"document WHERE id = {id_}")
    runs.run(claim)
    rival.end()
    found = entry(number)
    assert found is not None
    assert (found.status, found.attempts) == (EntryStatus.ERROR, 1)
    assert Document.get_by_id(id_).job_queue_status is JobQueueStatus.ERROR


def test_a_serialization_failure_is_an_attempt_too(make_postgres: MakeCompany) -> None:
    firm = make_postgres()
    company.open_company(firm)
    party(Area.SALES)
    item("I1")
    first, id_ = (document(DocumentType.SALES_INVOICE, [item_line("I1")]) for _ in range(2))
    background.post([first], background.PostRequest(mode="now"), user=current_user())
    background.post([id_], QUEUE, user=current_user())
    claim = claimed()
    with psycopg.connect(firm.text) as rival:
        database.execute_sql("SET default_transaction_isolation = 'serializable'")
        rival.execute("UPDATE item_stock SET quantity = quantity WHERE item_no = 'I1'")
        thread = threading.Thread(target=lambda: _commit_once_waited_for(firm.text, rival), daemon=True)
        thread.start()
        runs.run(claim)
        thread.join(20)
    found = entry(claim.entry_no)
    assert found is not None
    (problem,) = problems_from_json(found.errors)
    assert (found.status, problem.code) == (EntryStatus.READY, "transient_failure")
    assert "could not serialize" in problem.message


def _commit_once_waited_for(url: str, rival: psycopg.Connection) -> None:
    until_somebody_waits(url)
    rival.commit()
