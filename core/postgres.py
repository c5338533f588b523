"""A connection to PostgreSQL: statements in its own text, pipelines, and what its driver leaves to be minded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, cast

import psycopg
from peewee import PostgresqlDatabase, Psycopg3Adapter, __exception_wrapper__  # type: ignore[attr-defined]
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

MOST_PREPARED = 200
"""Statements that PostgreSQL keeps prepared for a connection; an insert of more rows is another one."""


MOST_TOGETHER = 64
"""Statements that a pipeline keeps back before it sends them, though nothing was read."""


class _Together(psycopg.Pipeline):
    """A pipeline that sends its statements together when something is read.

    The driver's own sends each by itself, and wakes the server for it: a fifth of a posting's time on both sides.
    """

    def _communicate_gen(self) -> PQGen[None]:
        if len(self.command_queue) >= MOST_TOGETHER:
            yield from self._send_gen()

    def _fetch_gen(self, *, flush: bool) -> PQGen[None]:
        if self.command_queue:
            yield from self._send_gen()
        yield from super()._fetch_gen(flush=flush)

    def _send_gen(self) -> PQGen[None]:
        while self.command_queue:
            self.command_queue.popleft()()  # into the connection's buffer
        yield from super()._communicate_gen()


class _Connection(psycopg.Connection[Any]):
    @contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        if self._pipeline is None:
            self._pipeline = _Together(self, _no_lock=True)
        with super().pipeline() as opened:
            yield opened


class _Adapter(Psycopg3Adapter):
    def connect(self, db: Postgres, **options: Any) -> _Connection:
        return _Connection.connect(dbname=db.database, **options)


class Postgres(PostgresqlDatabase):
    """PostgreSQL, also taking statements in its own text, which the driver need not rewrite, and without waiting."""

    psycopg3_adapter = _Adapter
    prepare_threshold = 5
    """How often a statement is run before a new connection keeps it prepared."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._pipelines = threading.local()
        self._forgotten = 0
        super().__init__(*arguments, **options)

    def cursor(self, named_cursor: str | None = None, *, native: bool = False) -> Any:
        made: Any = cast(Any, super())
        return psycopg.RawCursor(made.connection()) if native else made.cursor(named_cursor)

    def execute_native(self, sql: bytes, parameters: Sequence[Any]) -> Any:
        """Run a statement written with `$1` and return its cursor."""
        return cast(Any, self)._execute_cursor(sql, parameters, native=True)

    def _connect(self) -> Any:
        made = cast(Any, super())._connect()
        # A number's type shall not hang on its size: each mixture would be another statement to prepare.
        made.adapters.register_dumper(int, Int8Dumper)
        made.prepared_max, made.prepare_threshold = MOST_PREPARED, self.prepare_threshold
        return made

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """A block whose statements are answered when something is read, or at its end; errors show then."""
        connection = cast(Any, self).connection()
        try:
            with __exception_wrapper__, connection.pipeline():
                yield
        except BaseException:
            if connection.info.transaction_status == TransactionStatus.IDLE:
                with suppress(psycopg.Error):
                    self._forget_prepared("DEALLOCATE ALL")
            raise  # within a transaction its rollback does that

    def is_pipelined(self) -> bool:
        """Whether this thread's connection is in such a block."""
        return bool(cast(Any, self).connection().pgconn.pipeline_status)

    def open_pipeline(self, then: Callable[[], object]) -> None:
        """Begin a pipeline that the next commit or rollback ends; what `then` asks goes along with the commit."""
        opened = ExitStack()
        opened.enter_context(cast(Any, self).connection().pipeline())
        self._pipelines.until_commit, self._pipelines.then = opened, then

    def commit(self) -> None:
        """COMMIT, answered together with what the pipeline has not answered yet; any error of it shows here."""
        cast(Any, super()).commit()
        if getattr(self._pipelines, "until_commit", None) is not None:
            self._pipelines.then()
        with __exception_wrapper__:
            self.close_pipeline()

    def rollback(self) -> None:
        with suppress(psycopg.Error):  # what made the transaction fail has been raised
            self.close_pipeline()
        self._forget_prepared("ROLLBACK")

    def _forget_prepared(self, statement: str) -> None:
        """Run ROLLBACK or DEALLOCATE ALL in a text of its own: the driver then prepares all statements anew.

        It takes a statement for prepared whose preparing the server has skipped after an error in a pipeline, and
        looks at these two only when their text is new to it.
        """
        self._forgotten += 1
        with __exception_wrapper__:
            cast(Any, self).cursor().execute(f"{statement} /* {self._forgotten} */")

    def close_pipeline(self) -> None:
        """End what `open_pipeline` began, if it is not ended yet."""
        opened: ExitStack | None = getattr(self._pipelines, "until_commit", None)
        if opened is not None:
            self._pipelines.until_commit = None
            opened.close()
