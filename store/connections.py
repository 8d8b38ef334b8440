"""A bounded stack of PostgreSQL connections, made by the caller that needs one.

Connections are made on demand and in no thread of our own, so an outage is over with the first caller after
it; when one is found broken the idle ones are let go with it, since they met the same restart or failover.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from store.errors import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Connections"]

C = TypeVar("C")


class Connections(Generic[C]):
    """At most `limit` open at a time; the one used last is given first, so that the others may age."""

    def __init__(self, connect: Callable[[], C], close: Callable[[C], Any], limit: int, wait: float) -> None:
        """Make none yet. A caller waits at most `wait` seconds for its turn."""
        self._connect = connect
        self._close = close
        self._wait = wait
        self._turns: SimpleQueue[None] = SimpleQueue()  # a semaphore in C: callers take turns in order
        for _ in range(limit):
            self._turns.put(None)
        self._idle: list[C] = []
        self._closed = False

    def take(self) -> C:
        """Return a connection for the caller's own use, to be given to `give` or `drop`."""
        try:
            self._turns.get(timeout=self._wait)
        except Empty:
            raise unavailable("no connection became free in time") from None
        try:
            if self._closed:
                raise unavailable("the store is closed")
            try:
                return self._idle.pop()
            except IndexError:
                return self._connect()
        except BaseException:
            self._turns.put(None)
            raise

    def give(self, connection: C) -> None:
        """Take a connection back."""
        self._idle.append(connection)
        self._turns.put(None)
        if self._closed:
            self._close_idle()

    def drop(self, connection: C) -> None:
        """Close a broken connection, and the idle ones with it."""
        self._close(connection)
        self._turns.put(None)
        self._close_idle()

    def close(self) -> None:
        """Close the idle ones now, those in use when they come back."""
        self._closed = True
        self._close_idle()

    def _close_idle(self) -> None:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return
            self._close(connection)
