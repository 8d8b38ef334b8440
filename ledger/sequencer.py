"""Give committed events their numbers: 1, 2, 3 … without a gap, by one sequencer at a time.

On PostgreSQL a work appends its event unnumbered, so that no two works wait for each other. The sequencer
takes events by membership (number IS NULL), never above a high-water mark: one that commits late is simply
taken later. On SQLite works commit one after another and each event has its number at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import SQL

if TYPE_CHECKING:
    from store import Durable, Tx

__all__ = ["BATCH_SIZE", "Sequencer"]

BATCH_SIZE = 500
MOST_COUNTED = 100_000

# Held to the end of the transaction; the next statement's snapshot is taken after it, so it sees all numbers.
_LOCK = SQL("SELECT pg_try_advisory_xact_lock(30796326453342819)")
_LAST_NUMBER = SQL("SELECT MAX(number) FROM event WHERE number IS NOT NULL")
_WAITING = SQL("SELECT COUNT(*) FROM (SELECT id FROM event WHERE number IS NULL LIMIT :most) AS waiting")
_NUMBER = SQL("""
    UPDATE event SET number = waiting.number
    FROM (
        SELECT id, :last + ROW_NUMBER() OVER (ORDER BY id) AS number
        FROM (SELECT id FROM event WHERE number IS NULL ORDER BY id LIMIT :batch) AS batch
    ) AS waiting
    WHERE event.id = waiting.id""")


class Sequencer:
    """Numbers events; any number of them may be asked to, one does."""

    def __init__(self, durable: Durable) -> None:
        """Number the events of `durable`."""
        self._durable = durable

    def step(self) -> int:
        """Number one batch in one work; return how many, 0 too while another sequencer is at it."""
        return 0 if self._durable.engine == "sqlite" else self._durable.write(self._number)

    def waiting(self, tx: Tx) -> int:
        """Return how many events have no number yet, at most `MOST_COUNTED`."""
        row = tx.row(_WAITING, most=MOST_COUNTED)
        return int(row[0]) if row else 0

    def _number(self, tx: Tx) -> int:
        row = tx.row(_LOCK)
        if row is None or not row[0]:
            return 0
        last = tx.row(_LAST_NUMBER)
        return tx.run(_NUMBER, last=(last[0] if last else None) or 0, batch=BATCH_SIZE)
