"""A connection to PostgreSQL: statements in its own text, pipelines, and what its driver leaves to be minded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, cast

import psycopg
from peewee import PostgresqlDatabase, __exception_wrapper__  # type: ignore[attr-defined]
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

MOST_PREPARED = 200
"""Statements that PostgreSQL keeps prepared for a connection; an insert of more rows is another one."""


class Postgres(PostgresqlDatabase):
    """PostgreSQL, also taking statements in its own text, which the driver need not rewrite, and without waiting."""

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
