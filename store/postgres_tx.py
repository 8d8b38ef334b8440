"""A PostgreSQL transaction as works see it: every statement prepared once a connection, values in binary.

Statements go straight to libpq through psycopg's own layer; psycopg's cursors would cost a work of two
statements as much CPU again as the rest of it. Rows are read by psycopg's loaders.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from store.durable import SQL, Row, Value

__all__ = ["PostgresTx", "command"]

_STATEMENTS_CACHED = 500
_INT8, _BYTEA, _TEXT, _UNKNOWN = 20, 17, 25, 0
_BINARY = pq.Format.BINARY
_GOOD = {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}
_pack_int8 = Struct("!q").pack


class PostgresTx:
    """The transaction on one connection, for as long as the connection lives; one work uses it at a time."""

    __slots__ = ("_pgconn", "_prepared", "_transformer", "connection")

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        """Prepare nothing yet; whoever runs works begins and ends transactions."""
        self.connection = connection
        self._pgconn = connection.pgconn
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._transformer = Transformer(connection)

    def run(self, sql: SQL, /, **p: Value) -> int:
        """Execute and return the number of rows changed."""
        return self._execute(sql, p).command_tuples or 0

    def row(self, sql: SQL, /, **p: Value) -> Row | None:
        """Return the first row, or None."""
        found = self.rows(sql, **p)
        return found[0] if found else None

    def rows(self, sql: SQL, /, **p: Value) -> list[Row]:
        """Return all rows."""
        result = self._execute(sql, p)
        if not result.ntuples:
            return []
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def load(self, sql: SQL, rows: Iterable[Mapping[str, Value]], /) -> None:
        """Insert many rows: a plain INSERT by COPY, anything else row by row."""
        if sql.copy is None:
            for row in rows:
                self._execute(sql, row)
            return
        statement, names = sql.copy
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])

    def script(self, text: str, /) -> None:
        """Execute several statements without parameters."""
        command(self._pgconn, text.encode())

    def _execute(self, sql: SQL, p: Mapping[str, Value]) -> pq.abc.PGresult:
        values: list[bytes | None] = []
        types: list[int] = []
        for name in sql.names:
            value, type_ = _dumped(p[name])
            values.append(value)
            types.append(type_)
        key = (sql, tuple(types))
        statement = self._prepared.get(key) or self._prepare(key, sql)
        binary = [_BINARY] * len(values)
        result = self._pgconn.exec_prepared(statement, values, binary, _BINARY)  # type: ignore[arg-type]  # None is NULL
        if result.status not in _GOOD:
            raise error_from_result(result)
        return result

    def _prepare(self, key: tuple[SQL, tuple[int, ...]], sql: SQL) -> bytes:
        if len(self._prepared) >= _STATEMENTS_CACHED:
            self._prepared.clear()
            command(self._pgconn, b"DEALLOCATE ALL")
        name = f"w{len(self._prepared)}".encode()
        result = self._pgconn.prepare(name, sql.numbered, key[1])
        if result.status not in _GOOD:
            raise error_from_result(result)
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


def command(pgconn: pq.abc.PGconn, text: bytes) -> bytes | None:
    """Execute without parameters and return the command's tag, such as COMMIT or ROLLBACK."""
    result: Any = pgconn.exec_(text)
    if result.status not in _GOOD:
        raise error_from_result(result)
    tag: bytes | None = result.command_status
    return tag
