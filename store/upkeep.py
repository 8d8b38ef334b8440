"""Keep the tables small: raise the watermark, drop or sweep what lies well below it, prune the news.

`maintain` is a job that service runs every minute on one worker; running it twice does no harm.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from store.durable import SQL
from store.expiring_table import sweep_expiring
from store.news import prune
from store.spent import raise_watermark, watermark

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.durable import Durable, Tx

__all__ = ["maintain"]

_DAY = 86_400
WATERMARK_LAG_SECONDS = 60  # an expired value gets in by no clock more than this late
MARGIN_SECONDS = 3_600  # markers stay this long below the watermark
NEWS_SECONDS = 3_600
DAYS_AHEAD = 3
_STEP_ROWS = 500  # a sweep's work stays short, so that callers wait behind it for milliseconds at most
_STEPS = 40

_SWEEP_SQLITE = SQL("""
    DELETE FROM spent WHERE (ends, owner, kind, value) IN
        (SELECT ends, owner, kind, value FROM spent WHERE ends <= :below ORDER BY ends LIMIT :step)""")
# On PostgreSQL functions of the tables' owner: the service's role changes no table (0017_store_partitions).
_MAKE_DAY = SQL("SELECT spent_make_day(:day)")
_DROP_DAYS = SQL("SELECT spent_drop_days(:below)")
_SWEEP_BEYOND = SQL("SELECT spent_sweep_beyond(:below, :step)")
_POSTGRES_LOCK = SQL("SELECT pg_try_advisory_xact_lock(30796326453342818)")


def maintain(durable: Durable, now: int) -> None:
    """Do all upkeep due at `now`, unix seconds of the store's clock, in bounded works."""
    durable.write(lambda tx: raise_watermark(tx, now - WATERMARK_LAG_SECONDS))
    # Read after the raise is committed: whoever spends from here on sees at least this watermark.
    below = durable.read(watermark) - MARGIN_SECONDS
    if durable.engine == "postgres":
        for day in range(now // _DAY, now // _DAY + DAYS_AHEAD + 1):
            durable.write(partial(_alone, sql=_MAKE_DAY, day=day))
        durable.write(partial(_alone, sql=_DROP_DAYS, below=below))
        _in_steps(durable, partial(_alone, sql=_SWEEP_BEYOND, below=below, step=_STEP_ROWS))
    else:
        _in_steps(durable, lambda tx: tx.run(_SWEEP_SQLITE, below=below, step=_STEP_ROWS))
    _in_steps(durable, lambda tx: sweep_expiring(tx, now, _STEP_ROWS))
    durable.write(lambda tx: prune(tx, now - NEWS_SECONDS))


def _in_steps(durable: Durable, work: Callable[[Tx], int]) -> None:
    for _ in range(_STEPS):
        if durable.write(work) < _STEP_ROWS:
            return


def _alone(tx: Tx, sql: SQL, **p: int) -> int:
    """Call a function under the upkeep's lock; 0 where another worker has it and does the work."""
    locked = tx.row(_POSTGRES_LOCK)
    if locked is None or not locked[0]:
        return 0
    row = tx.row(sql, **p)
    return int(row[0]) if row else 0
