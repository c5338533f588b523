"""Companies for tests: over SQLite and PostgreSQL alike, copied from one template each, so that a new one is cheap."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from consumer_process import ConsumerProcess

from postroom.core import clock, company
from postroom.core.database import Location
from postroom.core.tables.base import database

SERVER = os.environ.get("POSTROOM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
MUST_HAVE_POSTGRES = bool(os.environ.get("POSTROOM_REQUIRE_POSTGRES"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long forms run only when asked for with `-m full`."""
    if not config.getoption("-m"):
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(pytest.mark.skip(reason="a long form: `make test-full` runs it"))


def pytest_collection_finish() -> None:
    """What was imported and collected stays: going through it again and again for garbage took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def server_url(name: str) -> str:
    """The URL of a database on the test server."""
    return f"{SERVER.rpartition('/')[0]}/{name}"


def on_server(statement: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def drop_database(name: str) -> None:
    on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The test server, or a skip that says that there is none (a failure where it is required)."""
    try:
        on_server("SELECT 1")
    except psycopg.OperationalError as error:
        if MUST_HAVE_POSTGRES:
            pytest.fail(f"PostgreSQL is required and does not answer at {SERVER}: {error}")
        pytest.skip(f"no PostgreSQL at {SERVER}")
    return SERVER


class Template:
    """One whole company of each precision, from which tests get their copies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[str, str] = {}

    def sqlite(self, precision: str) -> Path:
        path = self.folder / f"template-{precision}.db"
        if not path.exists():
            make_company(Location(str(path)), precision)
        return path

    def postgres(self, precision: str) -> str:
        if precision not in self.made:
            name = f"postroom_template_{uuid.uuid4().hex[:12]}"
            on_server(f"CREATE DATABASE {name}")
            self.made[precision] = name  # before it is filled, so that a failure leaves no database behind
            make_company(Location(server_url(name)), precision)
        return self.made[precision]


def make_company(location: Location, precision: str) -> None:
    company.create(
        location,
        company.NewCompany(name="Test", amount_precision=precision, time_zone="Europe/Copenhagen", is_test=True),
    )
    company.close()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    template = Template(tmp_path_factory.mktemp("templates"))
    yield template
    for name in template.made.values():
        drop_database(name)


class PostgresCompanies:
    """Companies on the test server. A used one is emptied for the next test: making and dropping take 0.5 s."""

    def __init__(self, templates: Template) -> None:
        self.templates = templates
        self.thread = ThreadPoolExecutor(1, "test-databases")
        self.clean: dict[str, list[Future[str]]] = {}
        self.precisions: dict[str, str] = {}
        self.pristine: dict[str, Pristine] = {}

    def take(self, precision: str) -> str:
        """The name of a fresh one."""
        self.templates.postgres(precision)  # made here: the thread has no company of its own
        clean = self.clean.setdefault(precision, [])
        ready = clean.pop(0) if clean else self.thread.submit(self._make, precision)
        return ready.result()

    def give_back(self, name: str) -> None:
        precision = self.precisions[name]
        self.clean[precision].append(self.thread.submit(self._clean, name, precision))

    def close(self) -> None:
        self.thread.shutdown()
        for name in self.precisions:
            drop_database(name)

    def _make(self, precision: str) -> str:
        template = self.templates.postgres(precision)
        if precision not in self.pristine:
            self.pristine[precision] = Pristine(template)
        name = f"postroom_test_{uuid.uuid4().hex[:12]}"
        on_server(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.precisions[name] = precision
        return name

    def _clean(self, name: str, precision: str) -> str:
        """`name` with the rows of a fresh company, or another where a test has changed more than rows."""
        if self.pristine[precision].restore(name):
            return name
        del self.precisions[name]
        drop_database(name)
        return self._make(precision)


SHAPE = """
SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
  SELECT format('%s %s %s %s %s', oid::regclass, relkind, relacl, relrowsecurity, reloptions) AS line FROM pg_class
   WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s %s %s %s', attrelid::regclass, attname, atttypid, attnotnull, attacl) FROM pg_attribute
   WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
  UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
   WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT format('%s %s %s', polrelid::regclass, polname, polroles) FROM pg_policy
  UNION ALL SELECT definition FROM pg_rules WHERE schemaname = 'public'
  UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', nspname, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_'
  UNION ALL SELECT format('%s %s', datallowconn, datacl) FROM pg_database WHERE datname = current_database()
  UNION ALL SELECT setconfig::text FROM pg_db_role_setting JOIN pg_database d ON setdatabase = d.oid
   WHERE datname = current_database()
) AS shape"""


class Pristine:
    """What a database must hold to be like the template: its shape, and the statements that make its rows so again."""

    def __init__(self, template: str) -> None:
        url = server_url(template)
        with psycopg.connect(url) as connection:
            self.shape = connection.execute(SHAPE).fetchone()
            tables = [
                name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ]
        dump = subprocess.run(
            ["pg_dump", "--data-only", "--inserts", "--rows-per-insert=1000", "--no-comments", url],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        inserts = "\n".join(line for line in dump.splitlines() if not line.startswith("\\"))
        deletes = "".join(f'DELETE FROM public."{table}";' for table in tables)
        self.rows = f"BEGIN; SET LOCAL session_replication_role = replica; {deletes}\n{inserts}\nCOMMIT;"

    def restore(self, name: str) -> bool:
        """Make the rows of `name` those of the template; False, undone, where its shape is another."""
        try:
            with psycopg.connect(server_url(name), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                if connection.execute(SHAPE).fetchone() != self.shape:
                    return False
                connection.execute(self.rows)  # type: ignore[call-overload]
        except psycopg.Error:
            return False  # a test took it away or left it unreachable
        return True


@pytest.fixture(scope="session")
def postgres_companies(templates: Template) -> Iterator[PostgresCompanies]:
    companies = PostgresCompanies(templates)
    yield companies
    companies.close()


MakeCompany = Callable[..., Location]


@pytest.fixture
def make_sqlite(templates: Template, tmp_path: Path) -> MakeCompany:
    """A function that copies a fresh SQLite company and says where it is, without opening it."""

    def make(precision: str = "0.01") -> Location:
        path = tmp_path / f"firm-{uuid.uuid4().hex[:6]}.db"
        shutil.copy(templates.sqlite(precision), path)
        return Location(str(path))

    return make


@pytest.fixture
def make_postgres(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[MakeCompany]:
    """The same on PostgreSQL."""
    companies: PostgresCompanies = request.getfixturevalue("postgres_companies")
    names: list[str] = []

    def make(precision: str = "0.01") -> Location:
        names.append(companies.take(precision))
        return Location(server_url(names[-1]))

    yield make
    company.close()
    for name in names:
        companies.give_back(name)


@pytest.fixture(params=["sqlite", "postgres"])
def make(request: pytest.FixtureRequest) -> MakeCompany:
    """`make_sqlite` and `make_postgres` in turn: what a test of both databases takes."""
    made: MakeCompany = request.getfixturevalue(f"make_{request.param}")
    return made


NewDatabase = Callable[[], str]


@pytest.fixture(params=["sqlite", "postgres"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """A function that names a place where `postroom init` can make a company: a free path, an empty database."""
    names: list[str] = []
    if request.param == "postgres":
        request.getfixturevalue("postgres_server")

    def make() -> str:
        name = f"postroom_test_{uuid.uuid4().hex[:12]}"
        if request.param == "sqlite":
            return str(tmp_path / f"{name}.db")
        on_server(f"CREATE DATABASE {name}")
        names.append(name)
        return server_url(name)

    yield make
    for name in names:
        drop_database(name)


@pytest.fixture
def firm(make: MakeCompany) -> Iterator[Location]:
    """An open company with the standard setup, on each database in turn."""
    location = make()
    company.open_company(location)
    yield location
    company.close()


@pytest.fixture
def sqlite_firm(make_sqlite: MakeCompany) -> Iterator[Location]:
    """An open SQLite company, for what does not differ between databases."""
    location = make_sqlite()
    company.open_company(location)
    yield location
    company.close()


StartConsumer = Callable[..., ConsumerProcess]


@pytest.fixture
def start_consumer() -> Iterator[StartConsumer]:
    """Starts consumers, called as ConsumerProcess is; what is left of them at the end is killed."""
    started: list[ConsumerProcess] = []

    def start(location: Location, *codes: str, **options: Any) -> ConsumerProcess:
        started.append(ConsumerProcess(location, *codes, **options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture(autouse=True)
def _real_time() -> Iterator[None]:
    yield
    clock.start_at_real_time()
    if database.obj is not None:
        company.close()
