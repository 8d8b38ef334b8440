"""The expiring store as a table of the durable one: embedded, or small deployments without Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.durable import SQL

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.durable import Durable, Tx

__all__ = ["ExpiringTable", "sweep_expiring"]

_PUT = SQL("""
    INSERT INTO expiring (key, value, count, ends) VALUES (:key, :value, 0, :ends)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, count = 0, ends = excluded.ends""")
_GET = SQL("SELECT value FROM expiring WHERE key = :key AND ends > :now")
_BUMP = SQL("""
    INSERT INTO expiring (key, value, count, ends) VALUES (:key, NULL, 1, :ends)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN expiring.ends > :now THEN expiring.count + 1 ELSE 1 END,
        ends = CASE WHEN expiring.ends > :now THEN expiring.ends ELSE excluded.ends END
    RETURNING count""")
_SWAP = SQL("""
    UPDATE expiring SET value = :new, ends = :ends WHERE key = :key AND value = :old AND ends > :now""")
_SWEEP = SQL("""
    DELETE FROM expiring WHERE key IN
        (SELECT key FROM expiring WHERE ends <= :now ORDER BY ends LIMIT :step)""")


class ExpiringTable:
    """See `Expiring`. Ended rows are swept by `maintain`."""

    def __init__(self, durable: Durable, clock: Callable[[], int]) -> None:
        """Keep values in `durable`; `clock` gives unix seconds."""
        self._durable = durable
        self._clock = clock

    def close(self) -> None:
        """Nothing: the durable store is its owner's to close."""

    def put(self, key: str, value: bytes, ends: int) -> None:
        """Set the value and its end, whatever was there."""
        self._durable.write(lambda tx: tx.run(_PUT, key=key, value=value, ends=ends))

    def get(self, key: str) -> bytes | None:
        """Return the living value, or None."""
        now = self._clock()
        row = self._durable.read(lambda tx: tx.row(_GET, key=key, now=now))
        value: bytes | None = row[0] if row else None
        return value

    def bump(self, key: str, ends: int) -> int:
        """Count one more and return the count; the first of a period sets when the period ends."""
        now = self._clock()

        def work(tx: Tx) -> int:
            row = tx.row(_BUMP, key=key, ends=ends, now=now)
            count: int = row[0] if row else 0
            return count

        return self._durable.write(work)

    def swap(self, key: str, old: bytes, new: bytes, ends: int) -> bool:
        """Replace the living value if it is still `old`; of two racing swaps one succeeds."""
        now = self._clock()
        return self._durable.write(
            lambda tx: tx.run(_SWAP, key=key, old=old, new=new, ends=ends, now=now) == 1
        )


def sweep_expiring(tx: Tx, now: int, step: int) -> int:
    """Delete at most `step` ended values and return how many."""
    return tx.run(_SWEEP, now=now, step=step)
