"""A SQLite transaction as works see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from store.durable import SQL, Row, Value

__all__ = ["SqliteTx"]


class SqliteTx:
    """The transaction a work sees. A failed statement fails the whole work, as on PostgreSQL."""

    __slots__ = ("_changes", "_execute", "_many", "failure")

    def __init__(self, connection: apsw.Connection) -> None:
        """Use one cursor of the connection; whoever runs works begins and ends transactions."""
        cursor = connection.cursor()
        self._execute = cursor.execute
        self._many = cursor.executemany
        self._changes = connection.changes
        self.failure: apsw.Error | None = None

    def run(self, sql: SQL, /, **p: Value) -> int:
        """Execute and return the number of rows changed."""
        if self.failure is not None:
            raise self.failure
        try:
            self._execute(sql, p)
        except apsw.Error as error:
            self.failure = error
            raise
        return self._changes()

    def later(self, sql: SQL, /, **p: Value) -> None:
        """Execute; the same here as ``run``, but that nobody looks at what it changed."""
        if self.failure is not None:
            raise self.failure
        try:
            self._execute(sql, p)
        except apsw.Error as error:
            self.failure = error
            raise

    def row(self, sql: SQL, /, **p: Value) -> Row | None:
        """Return the first row, or None."""
        found = self.rows(sql, **p)
        return found[0] if found else None

    def rows(self, sql: SQL, /, **p: Value) -> list[Row]:
        """Return all rows."""
        if self.failure is not None:
            raise self.failure
        try:
            return self._execute(sql, p).fetchall()
        except apsw.Error as error:
            self.failure = error
            raise

    def load(self, sql: SQL, rows: Iterable[Mapping[str, Value]], /) -> None:
        """Insert many rows."""
        if self.failure is not None:
            raise self.failure
        try:
            self._many(sql, (dict(row) for row in rows))
        except apsw.Error as error:
            self.failure = error
            raise

    def script(self, text: str, /) -> None:
        """Execute several statements without parameters."""
        if self.failure is not None:
            raise self.failure
        try:
            self._execute(text).fetchall()
        except apsw.Error as error:
            self.failure = error
            raise
