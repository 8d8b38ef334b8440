"""News between workers: a durable feed of what changed, so that caches elsewhere forget it.

Publishing is a row in the work that makes the change. Every worker reads the feed each 250 ms. Its cursor is
never simply the highest row seen, or a lower one that commits later would be missed: on PostgreSQL a row's
position is its transaction's number, all visible rows from the cursor on are read (those told already are
passed over), and the cursor goes no further than the oldest transaction still running. SQLite commits in
order, so there the position is the row's number.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from store.durable import SQL

if TYPE_CHECKING:
    from store.durable import Durable, Engine, Row, Tx

__all__ = ["Feed", "Subscriber", "prune", "publish"]

POLL_SECONDS = 0.25
FRESH_SECONDS = 2
_NEVER_SECONDS = 1e9

Subscriber = Callable[[bytes | None], None]
"""Called with the subject of the news, or with None: everything of this kind may have changed."""

_log = logging.getLogger(__name__)

_PUBLISH = SQL("INSERT INTO news (kind, subject, at) VALUES (:kind, :subject, :at)")
_PRUNED = SQL("SELECT position FROM news_pruned")
_PRUNE_MARK = SQL("""
    UPDATE news_pruned SET position = (SELECT MAX(position) FROM news WHERE at < :before)
    WHERE position < (SELECT MAX(position) FROM news WHERE at < :before)""")
_PRUNE = SQL("DELETE FROM news WHERE at < :before")
# The first position that a later look may still find something new at.
_HORIZON = {
    "sqlite": SQL("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'news'), 0) + 1"),
    "postgres": SQL("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"),
}
_SINCE = {
    "sqlite": SQL("SELECT position, position, kind, subject FROM news WHERE position >= :cursor ORDER BY 1"),
    "postgres": SQL("SELECT number, position, kind, subject FROM news WHERE position >= :cursor ORDER BY 1"),
}


def publish(tx: Tx, kind: str, subject: bytes, now: int) -> None:
    """Tell every worker, once this work is committed, that `subject` of `kind` changed."""
    tx.later(_PUBLISH, kind=kind, subject=subject, at=now)


def prune(tx: Tx, before: int) -> int:
    """Delete what was published before `before`; a reader that had not come so far is told of everything."""
    tx.run(_PRUNE_MARK, before=before)
    return tx.run(_PRUNE, before=before)


class _Look(NamedTuple):
    horizon: int
    pruned: int
    rows: list[Row]


class Feed:
    """One worker's reader of the news.

    Delivery is at least once and begins with the first poll: what was published before it is not told, since
    there was no cache yet. A subscriber that raises is called again at the next poll, and until it succeeds
    the feed is not fresh.
    """

    def __init__(self, durable: Durable, clock: Callable[[], float] = time.monotonic) -> None:
        """Make a reader that has read nothing; `clock` measures the cursor's age in seconds."""
        self._durable = durable
        self._engine: Engine = durable.engine
        self._clock = clock
        self._subscribers: dict[str, list[Subscriber]] = {}
        self._cursor: int | None = None
        self._read_at: float | None = None
        self._told: dict[int, int] = {}  # number → position, of rows that the next look will meet again
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def subscribe(self, kind: str, subscriber: Subscriber) -> None:
        """Call `subscriber` for each subject of `kind` that changes; do it before the first poll."""
        self._subscribers.setdefault(kind, []).append(subscriber)

    def fresh(self) -> bool:
        """Say whether caches may answer: the last complete look is at most 2 s old."""
        return self._read_at is not None and self._clock() - self._read_at <= FRESH_SECONDS

    def age(self) -> float:
        """Return seconds since the last complete look began; very many where there was none yet."""
        return _NEVER_SECONDS if self._read_at is None else self._clock() - self._read_at

    def poll(self) -> int:
        """Read and tell what is new; return how many rows. Raises what the store or a subscriber raises."""
        with self._lock:
            begun = self._clock()
            look = self._durable.read(self._look)
            news: list[Row] = []
            if self._cursor is None:
                self._told = {row[0]: row[1] for row in look.rows}
            elif self._cursor <= look.pruned:
                for kind in self._subscribers:
                    self._tell(kind, None)
                self._told = {row[0]: row[1] for row in look.rows}
            else:
                news = [row for row in look.rows if row[0] not in self._told]
            for number, position, kind, subject in news:
                self._tell(kind, subject)
                self._told[number] = position
            self._cursor = look.horizon
            self._told = {number: at for number, at in self._told.items() if at >= look.horizon}
            self._read_at = begun
            return len(news)

    def start(self) -> None:
        """Poll once, then every 250 ms in a thread of its own."""
        self._poll_quietly()
        self._thread = threading.Thread(target=self._run, name="store-news", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self, tx: Tx) -> _Look:
        horizon = tx.row(_HORIZON[self._engine])
        pruned = tx.row(_PRUNED)
        if horizon is None or pruned is None:
            message = "the feed's rows are missing: the store is not migrated"
            raise RuntimeError(message)
        start: int = horizon[0] if self._cursor is None else self._cursor
        return _Look(horizon[0], pruned[0], tx.rows(_SINCE[self._engine], cursor=start))

    def _tell(self, kind: str, subject: bytes | None) -> None:
        for subscriber in self._subscribers.get(kind, ()):
            subscriber(subject)

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self._poll_quietly()

    def _poll_quietly(self) -> None:
        try:
            self.poll()
        except Exception:  # noqa: BLE001 whatever a subscriber raises, the thread goes on
            # The cursor stays, so nothing is missed; after 2 s of this the caches stop answering.
            _log.exception("news_not_read")
