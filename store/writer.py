"""The embedded engine's one writer: waiting works share a commit, each in its own savepoint.

Callers append to a deque and wait on a lock of their own. The writer takes up to GROUP_SIZE of them, runs
them in one transaction and wakes them after one fully synced commit: 64 callers pay for one fsync.
A caller that finds the writer idle takes the turn itself, which saves two changes of thread.

1. All run as they are: a work may run again, so nothing is risked, and two statements a work are saved.
2. Where one fails, the group runs again, each work in its own savepoint, and only the one at fault fails.
3. Where an error ends the whole transaction (disk full), they run once more, one by one.
"""

from __future__ import annotations

from _thread import LockType, allocate_lock
from collections import deque
from contextlib import suppress
from threading import Thread, get_ident
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from store.errors import ConstraintBroken, Unavailable, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.durable import Tx
    from store.sqlite_tx import SqliteTx

__all__ = ["GROUP_SIZE", "Writer", "translated"]

T = TypeVar("T")

GROUP_SIZE = 256
# After a group the writer waits at most this long for most of its callers to come again. Each computes 0.1 ms
# before it does; a group that runs while they sleep is larger, and need not fight for the interpreter's lock.
_GATHER_SECONDS = 0.005
_GATHER_SHARE = 0.9
_IDLE_SECONDS = 1.0  # an interrupt may come between two steps of ringing; so the writer also looks by itself


def translated(error: apsw.Error) -> Unavailable:
    """Return the store's own error for one of SQLite's."""
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, apsw.ConstraintError):
        return ConstraintBroken(detail=detail)
    return unavailable(detail)


class _Unit:
    """A submitted work, with the lock its caller waits on."""

    __slots__ = ("done", "error", "result", "work")

    done: LockType

    def __init__(self, work: Callable[[Tx], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """Owns the writing connection and the thread that uses it."""

    def __init__(self, connection: apsw.Connection, tx: SqliteTx) -> None:
        """Start the thread; `tx` works on `connection`, which nobody else may use from now on."""
        self._connection = connection
        self._tx = tx
        self._execute = connection.cursor().execute
        self._queue: deque[_Unit] = deque()
        self._turn = allocate_lock()  # held by whoever uses the connection
        self._runner = 0  # that thread
        self._goal = 0  # how many waiting works ring the bell; 0 while the writer is awake
        self._closing = False
        self._stopped = False
        self._bell = allocate_lock()
        self._bell.acquire()
        self._thread = Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Tx], T]) -> T:
        """Run the work in a coming group; return once it is durable."""
        if get_ident() == self._runner:
            message = "a work may not start another work"
            raise RuntimeError(message)
        unit = _Unit(work)
        if self._goal == 1 and self._turn.acquire(blocking=False):
            self._run_alone(unit)
        else:
            self._wait_for_group(unit)
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

    def _run_alone(self, unit: _Unit) -> None:
        """Run one work on the caller's own thread; its turn is already taken."""
        self._runner = get_ident()
        try:
            self._run_group([unit])
        finally:  # an interrupt, too, must leave no transaction open
            self._roll_back()
            self._runner = 0
            self._turn.release()

    def _wait_for_group(self, unit: _Unit) -> None:
        unit.done = allocate_lock()
        unit.done.acquire()
        queue = self._queue
        queue.append(unit)
        if 0 < self._goal <= len(queue):
            self._ring()
        if self._stopped:
            self._refuse_waiting()
        unit.done.acquire()

    def close(self) -> None:
        """Finish what waits, then stop the thread; the turn is never given again."""
        self._closing = True
        self._ring()
        self._thread.join()
        self._turn.acquire()

    def _ring(self) -> None:
        self._goal = 0
        with suppress(RuntimeError):  # rung already: the writer looks at the queue after every ring
            self._bell.release()

    def _serve(self) -> None:
        served = 0
        while self._queue or not self._closing:
            self._gather(int(served * _GATHER_SHARE))
            served = self._serve_group() if self._queue else 0
        self._stopped = True
        self._refuse_waiting()

    def _gather(self, goal: int) -> None:
        """Wait until `goal` works wait, or a moment has passed; with 0 until there is one."""
        queue = self._queue
        if len(queue) < max(goal, 1) and not self._closing:
            self._goal = max(goal, 1)  # before the last look: a caller appends first, then looks at this
            if len(queue) < self._goal and not self._closing:
                self._bell.acquire(timeout=_GATHER_SECONDS if goal else _IDLE_SECONDS)
            self._goal = 0

    def _serve_group(self) -> int:
        queue = self._queue
        with self._turn:
            units = [queue.popleft() for _ in range(min(len(queue), GROUP_SIZE))]
            self._runner = get_ident()
            try:
                self._run_group(units)
            except BaseException as error:  # noqa: BLE001 the thread must outlive whatever happens
                self._roll_back()
                for unit in units:
                    unit.error = error
            self._runner = 0
        for unit in units:
            unit.done.release()
        return len(units)

    def _refuse_waiting(self) -> None:
        while True:
            try:
                unit = self._queue.popleft()
            except IndexError:
                return
            unit.error = unavailable("the store is closed")
            unit.done.release()

    def _run_group(self, units: list[_Unit]) -> None:
        """Run all in one transaction, at first without savepoints; in the worst case one by one."""
        if not self._begin(units) or self._run_plainly(units) or not self._begin(units):
            return
        if not self._run_together(units) and len(units) > 1:
            for unit in units:
                if self._begin([unit]):
                    self._run_together([unit])

    def _run_plainly(self, units: list[_Unit]) -> bool:
        """Run all as they are; undone and False as soon as one of them fails."""
        tx = self._tx
        tx.failure = None
        try:
            for unit in units:
                unit.result = unit.work(tx)
            if tx.failure is None and self._connection.in_transaction:
                self._execute("COMMIT")
                return True
        except BaseException:  # noqa: BLE001 it is raised again, and handed to its caller, in the second run
            self._roll_back()
            return False
        self._roll_back()
        return False

    def _begin(self, units: list[_Unit]) -> bool:
        try:
            self._execute("BEGIN IMMEDIATE")
        except apsw.Error as error:  # busy: the command line is writing, and one by one would wait as often
            for unit in units:
                unit.error = error
            return False
        return True

    def _run_together(self, units: list[_Unit]) -> bool:
        try:
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
        tx.failure = unit.error = None
        try:
            unit.result = unit.work(tx)
            unit.error = tx.failure
        except BaseException as error:  # noqa: BLE001 handed to the caller
            unit.error = error
        if not self._connection.in_transaction:
            unit.error = unit.error or unavailable("the transaction ended within the work")
            return
        if unit.error is not None:
            execute("ROLLBACK TO unit")
        execute("RELEASE unit")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with suppress(apsw.Error):  # it ended by itself
                self._execute("ROLLBACK")
