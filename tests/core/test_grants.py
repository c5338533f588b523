"""Permission sets as database rights, with real PostgreSQL roles: what the program does, what psql is refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from builders import document, item, item_line, party
from command_line import spawn
from conftest import MakeCompany, drop_database, on_server, server_url
from consumer_process import ConsumerProcess, until
from jobs import QUEUE, claimed
from peewee import PeeweeException

from postroom.core import company, database, documents, grants, setups, users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotPermitted, PostroomError, UsageError
from postroom.core.jobs import background, categories, entries, log, notes, queues, runs, undo
from postroom.core.jobs.background import PostRequest
from postroom.core.jobs.undo import CancelRequest
from postroom.core.kinds import Area, DocumentType, JobQueueStatus
from postroom.core.masters import records
from postroom.core.posting.preview import preview
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import UserSetup
from postroom.core.tables.work import Consumer, JobQueueEntry, Worker
from postroom.core.users import Permission
from postroom.queue import broker
from postroom.tui.cli.main import main


class Firm:
    """A company on PostgreSQL and roles that may log in to it."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self.roles: list[str] = []

    def role(self, *sets: str) -> str:
        """A new role with these permission sets, given by the company's owner."""
        name = f"postroom_test_{uuid.uuid4().hex[:10]}"
        on_server(f"CREATE ROLE {name} LOGIN")
        self.roles.append(name)
        self.work_as("")
        if sets:
            users.grant(name, sets, user=current_user())
        return name

    def place(self, role: str) -> Location:
        parts = urlsplit(self.location.text)
        return Location(parts._replace(netloc=f"{role}@{parts.hostname}:{parts.port or 5432}").geturl())

    def work_as(self, role: str) -> str:
        """Open the company as that role; blank: as its owner."""
        company.close()
        company.open_company(self.place(role) if role else self.location)
        return current_user()

    def refuses(self, role: str, statement: str) -> bool:
        """Whether the database itself refuses a statement of the role, or lets it touch no row."""
        with psycopg.connect(self.place(role).text, autocommit=True) as connection:
            try:
                return connection.execute(statement).rowcount == 0  # type: ignore[call-overload]
            except psycopg.errors.InsufficientPrivilege:
                return True


@pytest.fixture
def quiet_firm(make_postgres: MakeCompany) -> Iterator[Firm]:
    """A company whose consumers were never rung: the tables of the messages are not there."""
    location = make_postgres()
    company.open_company(location)
    party(Area.SALES)
    item()
    made = Firm(location)
    yield made
    company.close()
    database_name = location.database_name
    with psycopg.connect(location.text, autocommit=True) as connection:
        for role in made.roles:
            connection.execute(f"DROP OWNED BY {role}")  # type: ignore[call-overload]
    for role in made.roles:
        on_server(f"DROP ROLE {role}")
    assert database_name


@pytest.fixture
def firm(quiet_firm: Firm) -> Firm:
    broker.prepare(quiet_firm.location)
    return quiet_firm


def invoice() -> int:
    return document(DocumentType.SALES_INVOICE, [item_line()])


def view_of(id_: int) -> documents.DocumentView:
    return next(view for view in documents.list_documents() if view.id == id_)


WRITES = {
    "a customer": "UPDATE party SET name = 'x'",
    "a document": "DELETE FROM document",
    "the setup": "UPDATE sales_setup SET maximum_no_of_attempts = 9",
    "an account": "UPDATE gl_account SET name = 'x'",
    "a job queue": "UPDATE job_queue SET started = false",
    "the rights": "UPDATE user_setup SET may_setup = true",
    "the change log": "DELETE FROM change_log_entry",
    "posted documents": "DELETE FROM posted_document",
    "the schema": "CREATE TABLE mine (x int)",
}


def test_a_role_without_rights_is_told_who_gives_them(firm: Firm) -> None:
    owner = current_user()
    stranger = firm.role()
    with pytest.raises(NotPermitted) as refused:
        firm.work_as(stranger)
    assert "schema_migration" not in str(refused.value)
    assert f"The database role {stranger} has no rights in the company" in str(refused.value)
    assert f"{owner}, who owns it, gives some: `postroom grant {stranger} post`" in refused.value.problems[0].hint


def test_view_reads_everything_and_writes_nothing(firm: Firm) -> None:
    role = firm.role("view")
    firm.work_as("")
    background.post([invoice()], PostRequest(mode="now"), user=current_user())
    id_ = invoice()
    assert firm.work_as(role) == role
    assert PostedDocument.select().count() == 2
    assert entries.list_entries() == []
    assert [name for name, write in WRITES.items() if not firm.refuses(role, write)] == []
    with pytest.raises(NotPermitted):
        background.post([id_], QUEUE, user=role)


def test_post_undoes_what_was_posted_and_previews(firm: Firm) -> None:
    ann = firm.role("view", "post")
    firm.work_as(ann)
    document_id = invoice()
    assert preview(document_id, user=ann).errors == ()
    background.post([document_id], PostRequest(mode="now"), user=ann)
    row = PostedDocument.get(PostedDocument.kind == "invoice")
    (queued,) = undo.cancel([row.id], CancelRequest(), user=ann)
    assert queued.result == "queued", queued.errors
    firm.work_as("")
    runs.run(claimed())
    assert PostedDocument.select().where(PostedDocument.cancels).count() == 2
    viewer = firm.role("view")
    firm.work_as(viewer)
    with pytest.raises(NotPermitted):
        undo.cancel([row.id], CancelRequest(), user=viewer)


def test_post_does_the_days_work_and_is_refused_the_rest_by_the_database(firm: Firm) -> None:
    ann, bob = firm.role("view", "post"), firm.role("view", "post")
    others = [invoice() for _ in range(2)]
    firm.work_as(bob)
    background.post(others, QUEUE, user=bob)

    firm.work_as(ann)
    (posted,) = background.post([invoice()], PostRequest(mode="now"), user=ann)
    assert posted.result == "posted", posted.errors
    records.set_record("customer", "C1", {"name": "Renamed"}, user=ann)
    made = documents.new("sales-invoice", {"party_no": "C1", "posting_date": "2026-03-02"}, user=ann)
    documents.delete(made.id, user=ann)
    mine = invoice()
    (queued,) = background.post([mine], QUEUE, user=ann)
    assert queued.result == "queued", queued.errors
    for act in (entries.set_on_hold, entries.restart, entries.run_once):
        (result,) = act([queued.entry_id], user=ann)
        assert not result.errors, result
    (removed,) = background.remove(others[:1], user=ann)
    assert removed.errors[0].code == "not_permitted"

    refused = {name: write for name, write in WRITES.items() if name not in ("a customer", "a document")}
    assert [name for name, write in refused.items() if not firm.refuses(ann, write)] == []
    assert firm.refuses(ann, "UPDATE job_queue_entry SET priority = 0")
    assert firm.refuses(ann, "DELETE FROM job_queue_entry")
    assert firm.refuses(ann, f"UPDATE job_queue_entry SET user_id = '{ann}'")
    assert firm.refuses(ann, "DELETE FROM job_queue_log_entry")
    assert firm.refuses(ann, "UPDATE number_series_line SET starting_no = '1'")
    with pytest.raises(NotPermitted):
        setups.change({"sales.rerun_delay": "1"}, user=ann)


def test_what_failed_for_another_may_be_posted_again(firm: Firm) -> None:
    ann, bob = firm.role("view", "post"), firm.role("view", "post")
    first, second = invoice(), invoice()
    firm.work_as(bob)
    background.post([first, second], QUEUE, user=bob)
    firm.work_as("")
    records.set_record("customer", "C1", {"blocked": "All"}, user=current_user())
    for row in list(JobQueueEntry.select()):
        entries.run_once([row.id], user=current_user())
    records.set_record("customer", "C1", {"blocked": ""}, user=current_user())
    firm.work_as(ann)
    (queued,) = background.post([first], QUEUE, user=ann)
    assert queued.result == "queued", queued.errors
    (posted,) = background.post([second], PostRequest(mode="now"), user=ann)
    assert posted.result == "posted", posted.errors
    assert [row.user_id for row in JobQueueEntry.select()] == [ann]


def test_a_consumer_with_a_role_of_its_own_posts_what_others_queued(firm: Firm) -> None:
    ann, runner = firm.role("view", "post"), firm.role("view", "post", "job-queue-admin")
    ids = [invoice() for _ in range(3)]
    firm.work_as(ann)
    background.post(ids, QUEUE, user=ann)
    consumer = ConsumerProcess(firm.place(runner), workers=1)
    try:
        until(lambda: not JobQueueEntry.select().exists(), what="the postings")
        assert "cannot be read" not in consumer.messages
        assert "nobody can ring" not in consumer.messages, consumer.messages
    finally:
        consumer.end()
    assert {row.user_id for row in PostedDocument.select()} == {ann}
    assert {view.user for view in log.list_log()} == {ann}


@pytest.mark.parametrize(
    ("given", "missing", "command"),
    [
        ("job-queue-admin", "the permission set Post", "post"),
        ("post", "the permission set Job Queue Admin", "job-queue-admin"),
        ("setup", "the permission sets Post and Job Queue Admin", "post job-queue-admin"),
    ],
)
def test_a_consumer_whose_role_lacks_a_set_refuses_to_start(firm: Firm, given: str, missing: str, command: str) -> None:
    runner = firm.role(given)
    id_ = invoice()
    background.post([id_], QUEUE, user=current_user())
    told = spawn("--company", firm.place(runner).text, "consumer", "--until-idle")
    assert told.code == 1
    assert f"lacks {missing}" in told.err
    assert f"`postroom grant {runner} {command}`" in told.err
    assert view_of(id_).job_queue_status is JobQueueStatus.SCHEDULED
    assert not Consumer.select().exists()


def test_a_consumer_whose_rights_were_never_given_to_its_role_refuses_to_start(firm: Firm) -> None:
    runner = firm.role("view")
    fields = {"may_post": True, "job_queue_admin": True}
    UserSetup.update(fields).where(UserSetup.user_id == runner).execute()  # as if the role had come later
    firm.work_as(runner)
    with pytest.raises(NotPermitted, match="Post and Job Queue Admin"):
        users.require_in_database("run a consumer", Permission.POST, Permission.JOB_QUEUE_ADMIN)
    firm.work_as("")
    users.require_in_database("run a consumer", Permission.POST, Permission.JOB_QUEUE_ADMIN)


def test_run_once_of_a_posting_needs_post(firm: Firm) -> None:
    admin = firm.role("job-queue-admin")
    id_ = invoice()
    (queued,) = background.post([id_], QUEUE, user=current_user())
    firm.work_as(admin)
    (result,) = entries.run_once([queued.entry_id], user=admin)
    assert (result.result, result.errors[0].code) == ("refused", "not_permitted")
    assert "Post" in result.errors[0].message
    assert view_of(id_).job_queue_status is JobQueueStatus.SCHEDULED


def test_a_right_taken_away_from_a_running_consumer_is_told_as_such(firm: Firm) -> None:
    runner = firm.role("post", "job-queue-admin")
    id_ = invoice()
    background.post([id_], QUEUE, user=current_user())
    firm.work_as(runner)
    claim = claimed()
    with psycopg.connect(firm.location.text, autocommit=True) as connection:
        connection.execute(f"REVOKE INSERT ON posted_document FROM {runner}")  # type: ignore[call-overload]
    runs.run(claim)
    (error,) = view_of(id_).errors
    assert error.code == "not_permitted"
    assert "permission denied for table posted_document" in error.message
    assert f"`postroom grant {runner} post job-queue-admin`" in error.hint


RING = "INSERT INTO huey_task (queue, data) VALUES ('postroom', '')"


def test_init_makes_the_tables_by_which_consumers_are_rung(postgres_server: str) -> None:
    name = f"postroom_test_{uuid.uuid4().hex[:12]}"
    on_server(f"CREATE DATABASE {name}")
    try:
        assert main(["--company", server_url(name), "init"]) == 0
        with psycopg.connect(server_url(name)) as connection:
            assert connection.execute("SELECT count(*) FROM huey_task").fetchone() == (0,)
    finally:
        drop_database(name)


def test_who_had_rights_before_the_first_consumer_may_ring_it_too(quiet_firm: Firm) -> None:
    clerk, viewer, nobody = quiet_firm.role("post"), quiet_firm.role("view"), quiet_firm.role()
    consumer = ConsumerProcess(quiet_firm.location, workers=1)
    try:
        until(lambda: Worker.select().exists(), what="the worker")
    finally:
        consumer.end()
    assert not quiet_firm.refuses(clerk, RING)
    assert quiet_firm.refuses(viewer, RING)
    assert quiet_firm.refuses(nobody, RING)


def test_a_job_queue_admin_has_the_queue_and_not_the_setup(firm: Firm) -> None:
    admin = firm.role("view", "job-queue-admin")
    background.post([invoice()], QUEUE, user=current_user())
    firm.work_as(admin)
    queues.change("SPPOST", {"max_concurrent": "2"}, user=admin)
    categories.rename("SALESPOST", "SALES", user=admin)
    (waiting,) = entries.list_entries()
    (held,) = entries.set_on_hold([waiting.id], user=admin)
    assert not held.errors
    (deleted,) = entries.delete([waiting.id], user=admin)
    assert not deleted.errors
    log.clean(None, user=admin)
    for name in ("the setup", "an account", "the rights", "the change log", "posted documents", "a document"):
        assert firm.refuses(admin, WRITES[name]), name


def test_setup_changes_setup_and_touches_no_queue(firm: Firm) -> None:
    keeper = firm.role("view", "setup")
    firm.work_as(keeper)
    setups.change({"sales.rerun_delay": "7", "ledger.allow_posting_from": "2026-01-01"}, user=keeper)
    records.set_record("gl-account", _an_account(), {"name": "Cash"}, user=keeper)
    users.set_user("somebody", {"may_post": "false"}, user=keeper)
    for name in ("a job queue", "the change log", "posted documents", "a customer"):
        assert firm.refuses(keeper, WRITES[name]), name
    with pytest.raises(NotPermitted, match="owns the company"):
        users.grant(firm.roles[0], ["post"], user=keeper)
    assert not UserSetup.get(UserSetup.user_id == keeper).may_post


def _an_account() -> str:
    return str(records.list_records("gl-account")[0]["no"])


def test_rights_taken_away_are_gone_and_nothing_else(firm: Firm) -> None:
    role = firm.role("view", "post")
    assert not firm.refuses(role, "UPDATE party SET name = 'x'")
    users.grant(role, ["post"], revoke=True, user=current_user())
    assert firm.refuses(role, "UPDATE party SET name = 'x'")
    assert not firm.refuses(role, "SELECT * FROM party")
    users.set_user(role, {"may_view": "false"}, user=current_user())
    assert firm.refuses(role, "SELECT * FROM party")


def test_what_the_database_refuses_is_told_in_words(firm: Firm) -> None:
    role = firm.role("view")
    UserSetup.update(may_post=True).where(UserSetup.user_id == role).execute()  # as if somebody had meant to guide only
    id_ = invoice()
    firm.work_as(role)
    with pytest.raises(PeeweeException) as raised:
        background.post([id_], QUEUE, user=role)
    told = database.translate(raised.value, "The company")
    assert isinstance(told, NotPermitted)
    assert "postroom grant" in str(told)


def test_an_upgrade_gives_the_rights_once_more(firm: Firm) -> None:
    role = firm.role("view", "post")
    company.database.execute_sql(f"REVOKE ALL ON party FROM {role}")
    assert firm.refuses(role, "UPDATE party SET name = 'x'")
    with database.transaction():
        grants.give_again()
    assert not firm.refuses(role, "UPDATE party SET name = 'x'")


def test_view_marks_its_own_notes_as_read_and_touches_no_others(firm: Firm) -> None:
    role, another = firm.role("view"), firm.role("view")
    for user in (role, another):
        notes.write(user, "It has failed.")
    firm.work_as(role)
    assert (notes.unread_count(role), notes.mark_read(role), notes.unread_count(role)) == (1, 1, 0)
    assert notes.mark_read(another) == 0
    for statement in (
        "UPDATE note SET is_read = false WHERE user_id <> current_user",
        "UPDATE note SET text = 'x'",
        f"UPDATE note SET user_id = '{another}'",
        "DELETE FROM note",
        "INSERT INTO note (user_id, created_at, text, is_read) VALUES (current_user, 0, 'x', false)",
        RING,
    ):
        assert firm.refuses(role, statement), statement


@pytest.mark.parametrize("given", ["post", "job-queue-admin", "setup"])
def test_a_set_brings_view_along(firm: Firm, given: str) -> None:
    role = firm.role(given)
    firm.work_as(role)
    users.require(role, Permission.VIEW)
    assert entries.list_entries() == []


def test_on_sqlite_a_grant_is_kept_in_user_setup_and_is_what_was_given_and_view(sqlite_firm: Location) -> None:
    view = users.grant("ann", ["post"], user=current_user())
    assert (view.may_view, view.may_post, view.job_queue_admin) == (True, True, False)
    users.set_user("cid", {"may_view": "false", "may_post": "false"}, user=current_user())
    admin = users.grant("cid", ["job-queue-admin"], user=current_user())
    assert (admin.may_view, admin.may_post, admin.job_queue_admin) == (True, False, True)
    assert not users.grant("cid", ["view"], revoke=True, user=current_user()).may_view
    assert users.grant("ann", ["Job Queue Admin"], user=current_user()).job_queue_admin
    assert not users.grant("ann", ["job-queue-admin"], revoke=True, user=current_user()).job_queue_admin
    assert not users.grant("bob", ["post"], revoke=True, user=current_user()).may_post
    assert users.may("bob", Permission.VIEW)
    with pytest.raises(UsageError, match="king is not a permission set"):
        users.grant("ann", ["king"], user=current_user())
    with pytest.raises(PostroomError):
        users.grant("ann", ["post"], user="bob")
