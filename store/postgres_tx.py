"""A PostgreSQL transaction as works see it: every statement prepared once a connection, values in binary.

Statements go straight to libpq through psycopg's own layer (``store.pipeline``); psycopg's cursors would cost
a work of two statements as much CPU again as the rest of it. Rows are read by psycopg's loaders.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from struct import Struct
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from store.errors import unavailable
from store.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from store.durable import SQL, Row, Value

__all__ = ["PostgresTx"]

_STATEMENTS_CACHED = 500
_INT8, _BYTEA, _TEXT, _UNKNOWN = 20, 17, 25, 0
_GOOD = {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}
_WRITE, _READ, _COMMIT, _ROLLBACK = b"begin-write", b"begin-read", b"commit", b"rollback"
_COMMANDS = {
    _WRITE: b"BEGIN",
    _READ: b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    _COMMIT: b"COMMIT",
    _ROLLBACK: b"ROLLBACK",
}
_pack_int8 = Struct("!q").pack


class PostgresTx:
    """The transaction on one connection, for as long as the connection lives; one work uses it at a time."""

    __slots__ = ("_ahead", "_pipeline", "_prepared", "_transformer", "connection")

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        """Prepare how works begin and end; whoever runs them says when."""
        self.connection = connection
        self._ahead = b""  # the BEGIN that goes with the first statement
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._transformer = Transformer(connection)
        self._pipeline = Pipeline(connection.pgconn)
        for name, text in _COMMANDS.items():
            self._pipeline.prepare(name, text)

    def begin(self, *, write: bool) -> None:
        """Begin a transaction with the first statement."""
        self._ahead = _WRITE if write else _READ

    def commit(self) -> None:
        """End a write; what was sent and not waited for is told now.

        Raises:
            psycopg.Error: a statement sent ``later`` failed, or the commit did.
        """
        if self._ahead:  # nothing was sent
            self._ahead = b""
            return
        self._pipeline.send(_COMMIT)
        if self._pipeline.answer().command_status == b"ROLLBACK":
            raise unavailable("a statement failed and the work went on")

    def end(self) -> None:
        """End a read; nobody waits for that."""
        if not self._ahead:
            self._pipeline.end(_COMMIT)
        self._ahead = b""

    def roll_back(self) -> None:
        """End it undone; a lost connection has done so itself."""
        if not self._ahead:
            with suppress(psycopg.Error):
                self._pipeline.send(_ROLLBACK)
                self._pipeline.answer()
        self._ahead = b""

    def run(self, sql: SQL, /, **p: Value) -> int:
        """Execute and return the number of rows changed."""
        self._send(sql, p)
        return self._pipeline.answer().command_tuples or 0

    def later(self, sql: SQL, /, **p: Value) -> None:
        """Execute; a failure is told by the next statement, or by the commit."""
        self._send(sql, p)

    def row(self, sql: SQL, /, **p: Value) -> Row | None:
        """Return the first row, or None."""
        found = self.rows(sql, **p)
        return found[0] if found else None

    def rows(self, sql: SQL, /, **p: Value) -> list[Row]:
        """Return all rows."""
        self._send(sql, p)
        result = self._pipeline.answer()
        if not result.ntuples:
            return []
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def load(self, sql: SQL, rows: Iterable[Mapping[str, Value]], /) -> None:
        """Insert many rows: a plain INSERT by COPY, anything else row by row."""
        if sql.copy is None:
            for row in rows:
                self._send(sql, row)
                self._pipeline.answer()
            return
        statement, names = sql.copy
        with self._apart(), self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])

    def script(self, text: str, /) -> None:
        """Execute several statements without parameters."""
        with self._apart():
            result: Any = self.connection.pgconn.exec_(text.encode())
            if result.status not in _GOOD:
                raise error_from_result(result)

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """Within the transaction, and outside the pipeline."""
        self._start()
        self._pipeline.leave()
        try:
            yield
        finally:
            self._pipeline.enter()

    def _start(self) -> None:
        if self._ahead:
            self._pipeline.send(self._ahead)
            self._ahead = b""

    def _send(self, sql: SQL, p: Mapping[str, Value]) -> None:
        values: list[bytes | None] = []
        types: list[int] = []
        for name in sql.names:
            value, type_ = _dumped(p[name])
            values.append(value)
            types.append(type_)
        key = (sql, tuple(types))
        statement = self._prepared.get(key) or self._prepare(key, sql)
        if self._ahead:
            self._start()
        self._pipeline.send(statement, values)

    def _prepare(self, key: tuple[SQL, tuple[int, ...]], sql: SQL) -> bytes:
        self._start()
        if len(self._prepared) >= _STATEMENTS_CACHED:
            for old in self._prepared.values():
                self._pipeline.command(b"DEALLOCATE " + old)
            self._prepared.clear()
        name = f"w{len(self._prepared)}".encode()
        self._pipeline.prepare(name, sql.numbered, key[1])
        self._pipeline.answer()
        self._prepared[key] = name
        return name


def _dumped(value: Value) -> tuple[bytes | None, int]:
    """Return a value in PostgreSQL's binary form and the type's number; integers are always 64 bits."""
    if isinstance(value, bytes):
        return value, _BYTEA
    if isinstance(value, int):
        return _pack_int8(value), _INT8
    if isinstance(value, str):
        return value.encode(), _TEXT
    if value is None:
        return None, _UNKNOWN
    message = f"a value of type {type(value).__name__} is neither int, str, bytes nor None"
    raise TypeError(message)
