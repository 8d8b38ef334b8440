"""Uses counted durably against a grant's daily cap, in the work that makes the use."""

from __future__ import annotations

from eLicense.catalogue import UseGrant
from store import SQL, Tx

__all__ = ["count"]

_BEGIN = SQL("""
    INSERT INTO licence_use_count (use_grant, day, used) VALUES (:use_grant, :day, 0)
    ON CONFLICT DO NOTHING""")
_COUNT = SQL("""
    UPDATE licence_use_count SET used = used + 1
    WHERE use_grant = :use_grant AND day = :day AND used < :cap""")


def count(tx: Tx, grant: UseGrant, day: int) -> bool:
    """Count one use on a day; False where the cap is reached, and then nothing is counted."""
    if tx.run(_COUNT, use_grant=grant.key, day=day, cap=grant.daily_cap):
        return True
    tx.run(_BEGIN, use_grant=grant.key, day=day)
    return tx.run(_COUNT, use_grant=grant.key, day=day, cap=grant.daily_cap) > 0
