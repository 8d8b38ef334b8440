"""The scaled engine: psycopg 3, one transaction a work, on PostgreSQL 15 or newer.

Writes run READ COMMITTED, since decisions rest on guarded statements; reads on one REPEATABLE READ snapshot.
A deadlock, a serialization conflict, or a connection lost before COMMIT was sent runs the work again. Lost
while committing, the outcome is unknown, so the caller is told Unavailable.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import pq
from psycopg.errors import (
    DeadlockDetected,
    IntegrityError,
    ReadOnlySqlTransaction,
    SerializationFailure,
    error_from_result,
)
from psycopg.types.numeric import Int8BinaryDumper

from store.connections import Connections
from store.durable import SQL
from store.errors import ConstraintBroken, Unavailable, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from store.durable import Engine, Row, Tx, Value

__all__ = ["PostgresDurable"]

T = TypeVar("T")
_Connection = psycopg.Connection[tuple[Any, ...]]

_TRIES = 8
_BACKOFF_SECONDS = 0.005  # doubled for every try, with jitter, so that two works do not meet again
_WAIT_SECONDS = 3.0
_STATEMENTS_CACHED = 500
# A slow or stuck server becomes a 503 instead of a caught thread.
_SERVER_OPTIONS = (
    "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=15s "
    "-c synchronous_commit=on"
)
_TCP_USER_TIMEOUT_MILLISECONDS = 10_000
_CONNECT_SECONDS = 3

_SERVER_CLOCK = SQL("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")
_BEGIN_WRITE = b"BEGIN"
_BEGIN_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_OPEN = {pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR}


class PostgresTx:
    """The transaction a work sees; every statement is prepared once a connection."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: psycopg.RawCursor[Row]) -> None:
        """Use one cursor; whoever runs works begins and ends transactions."""
        self._cursor = cursor

    def run(self, sql: SQL, /, **p: Value) -> int:
        """Execute and return the number of rows changed."""
        cursor = self._cursor
        cursor.execute(sql.numbered, [p[name] for name in sql.names], prepare=True)
        return cursor.rowcount

    def row(self, sql: SQL, /, **p: Value) -> Row | None:
        """Return the first row, or None."""
        return self._cursor.execute(sql.numbered, [p[name] for name in sql.names], prepare=True).fetchone()

    def rows(self, sql: SQL, /, **p: Value) -> list[Row]:
        """Return all rows."""
        return self._cursor.execute(sql.numbered, [p[name] for name in sql.names], prepare=True).fetchall()

    def load(self, sql: SQL, rows: Iterable[Mapping[str, Value]], /) -> None:
        """Insert many rows: a plain INSERT by COPY, anything else row by row in pipeline mode."""
        if sql.copy is None:
            self._cursor.executemany(sql.numbered, [[row[name] for name in sql.names] for row in rows])
            return
        command, names = sql.copy
        with self._cursor.copy(command) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])

    def script(self, text: str, /) -> None:
        """Execute several statements without parameters."""
        _command(self._cursor.connection.pgconn, text.encode())


class _Lost(Exception):
    """The connection broke before COMMIT was sent: nothing happened, the work may run again."""


class PostgresDurable:
    """A durable store on a PostgreSQL database, for one worker process."""

    engine: Engine = "postgres"

    def __init__(self, dsn: str, *, connections: int = 16) -> None:
        """Use at most `connections` at a time; they are made when needed, and after every outage anew."""
        self._dsn = dsn
        self._running = threading.local()
        self._connections: Connections[_Connection] = Connections(
            self._connect, _Connection.close, connections, _WAIT_SECONDS
        )

    def write(self, work: Callable[[Tx], T], /) -> T:
        """Run the work in a transaction; return once it is committed and synced."""
        return self._run(work, _BEGIN_WRITE)

    def read(self, work: Callable[[Tx], T], /) -> T:
        """Run the work on one snapshot."""
        return self._run(work, _BEGIN_READ)

    def time(self) -> float:
        """Return the server's clock."""
        row = self.read(lambda tx: tx.row(_SERVER_CLOCK))
        return row[0] / 1e6 if row else 0.0

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _connect(self) -> _Connection:
        connection = psycopg.connect(
            self._dsn,
            autocommit=True,  # works begin and end their transactions themselves
            application_name="manyou",
            connect_timeout=_CONNECT_SECONDS,
            tcp_user_timeout=_TCP_USER_TIMEOUT_MILLISECONDS,
            target_session_attrs="read-write",  # of several hosts the primary
            options=_SERVER_OPTIONS,
        )
        connection.adapters.register_dumper(int, Int8BinaryDumper)  # one type, so one prepared statement
        connection.prepared_max = _STATEMENTS_CACHED
        return connection

    def _run(self, work: Callable[[Tx], T], begin: bytes) -> T:
        if getattr(self._running, "work", False):
            message = "a work may not start another work"
            raise RuntimeError(message)
        self._running.work = True
        try:
            for attempt in range(_TRIES):
                try:
                    return self._once(work, begin)
                except (DeadlockDetected, SerializationFailure, _Lost):
                    time.sleep(random.uniform(0.5, 1) * _BACKOFF_SECONDS * 2**attempt)  # noqa: S311 no secret
            raise unavailable(f"the work was given up after {_TRIES} tries")
        except psycopg.Error as error:
            raise _translated(error) from error
        finally:
            self._running.work = False

    def _once(self, work: Callable[[Tx], T], begin: bytes) -> T:
        connection = self._connections.take()
        pgconn = connection.pgconn
        try:
            try:
                _command(pgconn, begin)
                with psycopg.RawCursor(connection) as cursor:
                    cursor.format = pq.Format.BINARY
                    result = work(PostgresTx(cursor))
            except psycopg.Error as error:
                if begin is _BEGIN_WRITE and isinstance(error, ReadOnlySqlTransaction):
                    connection.close()  # a primary that was demoted
                if connection.closed:
                    raise _Lost from error
                raise
            if _command(pgconn, b"COMMIT") == b"ROLLBACK":
                raise unavailable("a statement failed and the work went on")
            return result
        finally:
            if pgconn.transaction_status in _OPEN:
                pgconn.exec_(b"ROLLBACK")
            if pgconn.transaction_status == pq.TransactionStatus.IDLE:
                self._connections.give(connection)
            else:
                self._connections.drop(connection)


def _command(pgconn: pq.abc.PGconn, text: bytes) -> bytes | None:
    """Execute without parameters and return the command's tag."""
    result = pgconn.exec_(text)
    if result.status not in {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}:
        raise error_from_result(result)
    return result.command_status


def _translated(error: psycopg.Error) -> Unavailable:
    # The message may quote a row's values; for the log the class and SQLSTATE say enough.
    detail = f"{type(error).__name__} {error.sqlstate or ''}".strip()
    if isinstance(error, IntegrityError):
        constraint = error.diag.constraint_name or ""
        return ConstraintBroken(detail=f"{detail} {constraint}".strip())
    return unavailable(detail)
