"""Moving a company to the other kind of database and back: nothing lost, nothing doubled, the old place closed."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import builders
import pytest
from builders import document, item_line
from conftest import MakeCompany, drop_database, on_server, server_url
from jobs import consumer_row, here, invoices, queued, run_all
from peewee import Database

from postroom.core import company, moving, row_copying, users
from postroom.core import database as engine
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import CompanyError, NotPermitted, PostroomError, Refused
from postroom.core.jobs import background, claims
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentType
from postroom.core.statements import Row, query
from postroom.core.tables import ALL
from postroom.core.tables.base import database
from postroom.core.tables.setup import ChangeLogEntry
from postroom.core.tables.trade import Item, ItemStock
from postroom.core.tables.work import Consumer, JobQueueLogEntry, Note
from postroom.core.verify import verify


@pytest.fixture
def other(firm: Location, tmp_path: Path, postgres_server: str) -> Iterator[Location]:
    """An empty place of the other kind than the company's."""
    name = f"postroom_test_{uuid.uuid4().hex[:12]}"
    if firm.is_postgres:
        yield Location(str(tmp_path / f"{name}.db"))
        return
    on_server(f"CREATE DATABASE {name}")
    yield Location(server_url(name))
    company.close()
    drop_database(name)


def work() -> None:
    """Postings of many kinds, one that failed, one that waits."""
    builders.party(Area.SALES, "C1")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1", prevent_negative=False)
    builders.party(Area.SALES, "C2", blocked="All", name="Ærø & 東京")
    for type_ in DocumentType:
        document(type_, [item_line("I1", 3, "19.99")])
    ids = [document(type_, [item_line("I1", 3, "19.99")]) for type_ in DocumentType]
    ids.append(document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 5)], "C2"))
    background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=current_user())
    run_all()
    queued(1)


def rows_of_everything() -> dict[str, int]:
    names = [table._meta.table_name for table in ALL]
    return {name: int(query(f'SELECT count(*) FROM "{name}"')[0][0]) for name in names}


def test_a_company_moves_with_every_row_and_goes_on_there(firm: Location, other: Location) -> None:
    work()
    before, total = rows_of_everything(), row_copying.count()
    told: list[int] = []
    moved = moving.move(other, user=current_user(), progress=told.append)
    assert company.location() == other
    assert moved.verification.ok
    assert told[-1] == sum(moved.rows.values()) == total - before["consumer"] - before["worker"]
    after = rows_of_everything()
    grown = {name for name in after if after[name] != before[name]}
    assert grown <= {"change_log_entry", "user_setup"}
    change = ChangeLogEntry.select().order_by(ChangeLogEntry.entry_no.desc()).get()
    assert (change.action, change.old_value, change.new_value) == ("Move", firm.shown, other.shown)
    run_all()
    assert verify().ok
    last = JobQueueLogEntry.select().order_by(JobQueueLogEntry.entry_no.desc()).get()
    assert last.entry_no == before["job_queue_log_entry"] + 1


def test_what_was_left_says_where_the_company_is_and_takes_no_change(firm: Location, other: Location) -> None:
    builders.item("I1")
    moving.move(other, user=current_user())
    company.close()
    with pytest.raises(CompanyError) as moved:
        company.open_company(firm)
    (problem,) = moved.value.problems
    assert (problem.code, problem.value) == ("company_moved", other.shown)


def test_a_program_that_had_it_open_can_change_nothing_in_the_old_place(firm: Location, other: Location) -> None:
    builders.item("I1")
    had = engine.connect(firm)
    moving.move(other, user=current_user())
    now = database.obj
    database.initialize(had)
    try:
        for change in (
            lambda: Item.update(description="changed").execute(),
            lambda: Item.delete().execute(),
            lambda: Note.create(user_id="ann", created_at=None, text="late"),
        ):
            with pytest.raises(Exception, match="has moved") as refused:
                change()
            told = engine.translate(refused.value, firm.shown)
            assert isinstance(told, PostroomError)
            assert told.problems[0].code == "company_moved"
    finally:
        had.close()
        database.initialize(now)
    assert Item.get().description != "changed"


def test_there_and_back_is_the_company_that_it_was(firm: Location, other: Location) -> None:
    if firm.is_postgres:
        pytest.skip("once is enough: the way back is a move of the other kind")
    work()
    Note.create(user_id="ann", created_at=None, text="gone again")
    Note.delete().execute()
    (given,) = query("SELECT seq FROM sqlite_sequence WHERE name = 'note'")
    before = {table: _all_rows(table) for table in ("gl_entry", "posted_line", "document", "job_queue_entry", "item")}
    moving.move(other, user=current_user())
    back = Location(f"{firm.text}.back")
    moving.move(back, user=current_user())
    assert {table: _all_rows(table) for table in before} == before
    assert query("SELECT seq FROM sqlite_sequence WHERE name = 'note'") == [given]
    assert verify().ok


def _all_rows(table: str) -> list[tuple[object, ...]]:
    return query(f"SELECT * FROM {table} ORDER BY 1")


def test_nothing_moves_while_there_is_work(firm: Location, other: Location) -> None:
    consumer_row("one")
    with pytest.raises(Refused, match=r"A consumer is running: process .*`postroom consumer --stop`"):
        moving.move(other, user=current_user())
    Consumer.delete().execute()
    queued(1)
    assert claims.claim_next(here()) is not None
    with pytest.raises(Refused, match="is In Process"):
        moving.move(other, user=current_user())
    assert company.location() == firm


def test_nothing_moves_to_a_place_that_is_not_empty_or_of_the_same_kind(
    firm: Location, make_sqlite: MakeCompany, make_postgres: MakeCompany
) -> None:
    taken = make_sqlite() if firm.is_postgres else make_postgres()
    with pytest.raises(CompanyError, match=r"exists already|is not empty"):
        moving.move(taken, user=current_user())
    same = make_postgres() if firm.is_postgres else make_sqlite()
    with pytest.raises(Refused, match="already"):
        moving.move(same, user=current_user())


def test_books_that_do_not_hold_do_not_move(firm: Location, other: Location) -> None:
    invoices(1)
    ItemStock.create(item_no="I1", quantity=5, value=0, last_cost=0)
    with pytest.raises(Refused, match="does not hold: item_ledger_equals_stock"):
        moving.move(other, user=current_user())


def test_a_move_that_fails_on_the_way_leaves_nothing_there_and_all_here(
    firm: Location, other: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    work()
    whole = row_copying._Form.write

    def all_but_one(form: row_copying._Form, place: Database, rows: Iterable[Row]) -> None:
        whole(form, place, itertools.islice(rows, 1, None) if form.name == "item_ledger_entry" else rows)

    monkeypatch.setattr(row_copying._Form, "write", all_but_one)
    with pytest.raises(Refused, match="The rows of item_ledger_entry are not the same there"):
        moving.move(other, user=current_user())
    assert company.location() == firm
    assert verify().ok
    Item.update(description="still taken").execute()
    monkeypatch.undo()
    moving.move(other, user=current_user())


def test_who_may_not_change_the_setup_moves_nothing(sqlite_firm: Location) -> None:
    users.set_user("bo", {"may_setup": "false"}, user=current_user())
    with pytest.raises(NotPermitted):
        moving.move(Location("postgresql://nowhere/firm"), user="bo")
