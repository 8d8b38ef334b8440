"""The embedded engine's one writer: waiting works share a commit, each in its own savepoint.

Callers append to a deque and wait on a lock of their own. The writer takes up to GROUP_SIZE of them, runs
each in a savepoint and wakes them after one fully synced commit: 64 callers pay for one fsync, not for 64.
An error that ends the whole transaction (disk full) makes the works of the group run again one by one, so
that only the one at fault fails.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque
from contextlib import suppress
from threading import Thread, get_ident
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from store.errors import ConstraintBroken, Unavailable, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.durable import Tx
    from store.sqlite import SqliteTx

__all__ = ["GROUP_SIZE", "Writer", "translated"]

T = TypeVar("T")

GROUP_SIZE = 256


def translated(error: apsw.Error) -> Unavailable:
    """Return the store's own error for one of SQLite's."""
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, apsw.ConstraintError):
        return ConstraintBroken(detail=detail)
    return unavailable(detail)


class _Unit:
    """A submitted work, with the lock its caller waits on."""

    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[Tx], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = allocate_lock()
        self.done.acquire()


class Writer:
    """Owns the writing connection and the thread that uses it."""

    def __init__(self, connection: apsw.Connection, tx: SqliteTx) -> None:
        """Start the thread; `tx` works on `connection`, which nobody else may use from now on."""
        self._connection = connection
        self._tx = tx
        self._execute = connection.cursor().execute
        self._queue: deque[_Unit] = deque()
        self._idle = False
        self._closing = False
        self._stopped = False
        self._bell = allocate_lock()
        self._bell.acquire()
        self._thread = Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Tx], T]) -> T:
        """Run the work in a coming group; return once it is durable."""
        if get_ident() == self._thread.ident:
            message = "a work may not start another work"
            raise RuntimeError(message)
        unit = _Unit(work)
        self._queue.append(unit)
        if self._idle:
            self._ring()
        if self._stopped:
            self._refuse_waiting()
        unit.done.acquire()
        error = unit.error
        if error is None:
            result: T = unit.result
            return result
        try:
            if isinstance(error, apsw.Error):
                raise translated(error) from error
            raise error
        finally:
            del error, unit  # the traceback holds this frame: leave no cycle

    def close(self) -> None:
        """Finish what waits, then stop the thread."""
        self._closing = True
        self._ring()
        self._thread.join()

    def _ring(self) -> None:
        self._idle = False
        with suppress(RuntimeError):  # rung already: the writer looks at the queue after every ring
            self._bell.release()

    def _serve(self) -> None:
        while True:
            if self._queue:
                self._serve_group()
                continue
            if self._closing:
                break
            self._idle = True  # before the last look: a caller appends first, then looks at this
            if not self._queue:
                self._bell.acquire()
            self._idle = False
        self._stopped = True
        self._refuse_waiting()

    def _serve_group(self) -> None:
        queue = self._queue
        units = [queue.popleft() for _ in range(min(len(queue), GROUP_SIZE))]
        try:
            self._run_group(units)
        except BaseException as error:  # noqa: BLE001 the thread must outlive whatever a work does
            self._roll_back()
            for unit in units:
                unit.error = error
        for unit in units:
            unit.done.release()

    def _refuse_waiting(self) -> None:
        while True:
            try:
                unit = self._queue.popleft()
            except IndexError:
                return
            unit.error = unavailable("the store is closed")
            unit.done.release()

    def _run_group(self, units: list[_Unit]) -> None:
        """Run all in one transaction, or, when it ends early or its commit fails, one by one."""
        if self._run_together(units) or len(units) == 1:
            return
        for unit in units:
            self._run_together([unit])

    def _run_together(self, units: list[_Unit]) -> bool:
        try:
            self._execute("BEGIN IMMEDIATE")
            for unit in units:
                self._attempt(unit)
                if not self._connection.in_transaction:
                    return False
            self._execute("COMMIT")
        except apsw.Error as error:
            self._roll_back()
            for unit in units:
                unit.error = error
            return False
        return True

    def _attempt(self, unit: _Unit) -> None:
        """Run one work in its savepoint; on any exception undo it alone, if there is still a transaction."""
        execute, tx = self._execute, self._tx
        execute("SAVEPOINT unit")
        tx.failure = None
        try:
            unit.result = unit.work(tx)
            unit.error = tx.failure
        except BaseException as error:  # noqa: BLE001 handed to the caller
            unit.error = error
        if unit.error is not None:
            if not self._connection.in_transaction:
                return
            execute("ROLLBACK TO unit")
        execute("RELEASE unit")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with suppress(apsw.Error):  # it ended by itself
                self._execute("ROLLBACK")
