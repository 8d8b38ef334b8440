"""Statements on their way to PostgreSQL: sent together, answered together (libpq's pipeline mode).

A thread that waits for an answer lets the others run and has to get its turn again, which costs more than the
statement. So a transaction's BEGIN goes with its first statement, its COMMIT with the last ones, and what a
read ends with is answered when the connection is used next.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Any, Final

from psycopg import OperationalError, pq
from psycopg.errors import error_from_result

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Pipeline"]

_BINARY: Final = pq.Format.BINARY
_GOOD: Final = {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}
_SYNC: Final = pq.ExecStatus.PIPELINE_SYNC
_ABORTED: Final = pq.ExecStatus.PIPELINE_ABORTED
_BAD: Final = pq.ConnStatus.BAD


class Pipeline:
    """One connection's; every failure is raised by the next ``answer``, the first one of several."""

    __slots__ = ("_pgconn", "_readable", "_syncs")

    def __init__(self, pgconn: pq.abc.PGconn) -> None:
        """Take the connection over, until ``leave``."""
        self._pgconn: Any = pgconn  # its types know no NULL among the parameters
        self._syncs = 0
        readable = select.poll()
        readable.register(pgconn.socket, select.POLLIN)
        self._readable = readable.poll
        pgconn.enter_pipeline_mode()

    def send(self, statement: bytes, values: Sequence[bytes | None] = ()) -> None:
        """Send a prepared statement, with values in binary."""
        self._pgconn.send_query_prepared(statement, values, [_BINARY] * len(values), _BINARY)

    def prepare(self, name: bytes, text: bytes, types: Sequence[int] = ()) -> None:
        """Prepare a statement; whether it is one, the next answer tells."""
        self._pgconn.send_prepare(name, text, types)

    def command(self, text: bytes) -> None:
        """Send a statement as it is."""
        self._pgconn.send_query_params(text, None)

    def end(self, statement: bytes) -> None:
        """Send a last statement whose answer nobody waits for."""
        self.send(statement)
        self._sync()

    def answer(self) -> pq.abc.PGresult:
        """Wait for the answers to all that was sent; the last one.

        Raises:
            psycopg.Error: a statement failed, or the connection is lost.
        """
        self._sync()
        pgconn, failed = self._pgconn, None
        last: Any = None
        while self._syncs:
            while pgconn.is_busy():
                self._readable()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                if pgconn.status == _BAD:
                    raise error_from_result(failed) if failed else OperationalError("connection lost")
                continue
            status = result.status
            if status in _GOOD:
                last = result
            elif status == _SYNC:
                self._syncs -= 1
            elif failed is None and status != _ABORTED:
                failed = result
        if failed is not None:
            raise error_from_result(failed)
        answered: pq.abc.PGresult = last
        return answered

    def leave(self) -> None:
        """Give the connection back for what knows no pipeline, everything answered; ``enter`` goes on."""
        self.answer()
        self._pgconn.exit_pipeline_mode()

    def enter(self) -> None:
        """Take it over again."""
        self._pgconn.enter_pipeline_mode()

    def _sync(self) -> None:
        self._pgconn.pipeline_sync()
        self._syncs += 1
