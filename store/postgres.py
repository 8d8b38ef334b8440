"""The scaled engine: psycopg 3, one transaction a work, on PostgreSQL 15 or newer.

Writes run READ COMMITTED, since decisions rest on guarded statements; reads on one REPEATABLE READ snapshot.
A deadlock, a serialization conflict, or a connection lost before COMMIT was sent runs the work again. Lost
while committing, the outcome is unknown, so the caller is told Unavailable.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg import pq
from psycopg.errors import (
    DeadlockDetected,
    FeatureNotSupported,
    InsufficientPrivilege,
    IntegrityError,
    InvalidSqlStatementName,
    ReadOnlySqlTransaction,
    SerializationFailure,
)

from store.connections import Connections
from store.durable import SQL
from store.errors import ConstraintBroken, NotGranted, Unavailable, unavailable
from store.postgres_tx import PostgresTx

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.durable import Engine, Tx

__all__ = ["PostgresDurable"]

T = TypeVar("T")

_TRIES = 8
_BACKOFF_SECONDS = 0.005  # doubled for every try, with jitter, so that two works do not meet again
_WAIT_SECONDS = 3.0
# A slow or stuck server becomes a 503 instead of a caught thread.
_SERVER_OPTIONS = (
    "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=15s "
    "-c synchronous_commit=on"
)
_TCP_USER_TIMEOUT_MILLISECONDS = 10_000
_CONNECT_SECONDS = 3

_SERVER_CLOCK = SQL("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")
# A prepared statement that is gone, or whose table a migration changed since.
_STALE_STATEMENT = (FeatureNotSupported, InvalidSqlStatementName)


class _Lost(Exception):
    """The connection broke before COMMIT was sent: nothing happened, the work may run again."""


class PostgresDurable:
    """A durable store on a PostgreSQL database, for one worker process."""

    engine: Engine = "postgres"

    def __init__(self, dsn: str, *, connections: int = 16) -> None:
        """Use at most `connections` at a time; they are made when needed, and after every outage anew."""
        self._dsn = dsn
        self._running = threading.local()
        self._connections: Connections[PostgresTx] = Connections(
            self._connect, lambda tx: tx.connection.close(), connections, _WAIT_SECONDS
        )

    def write(self, work: Callable[[Tx], T], /) -> T:
        """Run the work in a transaction; return once it is committed and synced."""
        return self._run(work, write=True)

    def read(self, work: Callable[[Tx], T], /) -> T:
        """Run the work on one snapshot."""
        return self._run(work, write=False)

    def time(self) -> float:
        """Return the server's clock."""
        row = self.read(lambda tx: tx.row(_SERVER_CLOCK))
        return row[0] / 1e6 if row else 0.0

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _connect(self) -> PostgresTx:
        connection = psycopg.connect(
            self._dsn,
            autocommit=True,  # works begin and end their transactions themselves
            application_name="manyou",
            connect_timeout=_CONNECT_SECONDS,
            tcp_user_timeout=_TCP_USER_TIMEOUT_MILLISECONDS,
            target_session_attrs="read-write",  # of several hosts the primary
            options=_SERVER_OPTIONS,
        )
        return PostgresTx(connection)

    def _run(self, work: Callable[[Tx], T], *, write: bool) -> T:
        if getattr(self._running, "work", False):
            message = "a work may not start another work"
            raise RuntimeError(message)
        self._running.work = True
        try:
            for attempt in range(_TRIES):
                try:
                    return self._once(work, write=write)
                except (DeadlockDetected, SerializationFailure, _Lost):
                    time.sleep(random.uniform(0.5, 1) * _BACKOFF_SECONDS * 2**attempt)  # noqa: S311 no secret
            raise unavailable(f"the work was given up after {_TRIES} tries")
        except psycopg.Error as error:
            raise _translated(error) from error
        finally:
            self._running.work = False

    def _once(self, work: Callable[[Tx], T], *, write: bool) -> T:
        tx = self._connections.take()
        connection, kept = tx.connection, False
        try:
            try:
                tx.begin(write=write)
                result = work(tx)
            except psycopg.Error as error:
                if connection.closed:
                    raise _Lost from error
                raise
            if write:
                tx.commit()
            else:
                tx.end()
            kept = True
            return result
        except (ReadOnlySqlTransaction, *_STALE_STATEMENT) as error:
            connection.close()  # a statement failed, so nothing was committed
            raise _Lost from error
        finally:
            if not kept and not connection.closed:
                tx.roll_back()
                kept = connection.pgconn.transaction_status == pq.TransactionStatus.IDLE
            if kept:
                self._connections.give(tx)
            else:
                self._connections.drop(tx)


def _translated(error: psycopg.Error) -> Unavailable:
    # The message may quote a row's values; for the log the class and SQLSTATE say enough.
    detail = f"{type(error).__name__} {error.sqlstate or ''}".strip()
    if isinstance(error, IntegrityError):
        constraint = error.diag.constraint_name or ""
        return ConstraintBroken(detail=f"{detail} {constraint}".strip())
    if isinstance(error, InsufficientPrivilege):
        return NotGranted(detail=detail)
    return unavailable(detail)
