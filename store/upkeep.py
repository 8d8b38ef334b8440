"""Keep the tables small: raise the watermark, drop or sweep what lies well below it, prune the news.

`maintain` is a job that service runs every minute on one worker; running it twice does no harm.
"""

from __future__ import annotations

from datetime import UTC, datetime
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
_SWEEP_BEYOND = SQL("""
    DELETE FROM spent_beyond WHERE (ends, owner, kind, value) IN
        (SELECT ends, owner, kind, value FROM spent_beyond WHERE ends <= :below ORDER BY ends LIMIT :step)""")
_PARTITIONS = SQL("""
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = CAST('spent' AS regclass) AND relname <> 'spent_beyond' ORDER BY relname""")
_POSTGRES_LOCK = SQL("SELECT pg_try_advisory_xact_lock(30796326453342818)")


def maintain(durable: Durable, now: int) -> None:
    """Do all upkeep due at `now`, unix seconds of the store's clock, in bounded works."""
    durable.write(lambda tx: raise_watermark(tx, now - WATERMARK_LAG_SECONDS))
    # Read after the raise is committed: whoever spends from here on sees at least this watermark.
    below = durable.read(watermark) - MARGIN_SECONDS
    if durable.engine == "postgres":
        for day in range(now // _DAY, now // _DAY + DAYS_AHEAD + 1):
            durable.write(partial(_create_day, day=day))
        durable.write(lambda tx: _drop_days(tx, below))
        _in_steps(durable, lambda tx: tx.run(_SWEEP_BEYOND, below=below, step=_STEP_ROWS))
    else:
        _in_steps(durable, lambda tx: tx.run(_SWEEP_SQLITE, below=below, step=_STEP_ROWS))
    _in_steps(durable, lambda tx: sweep_expiring(tx, now, _STEP_ROWS))
    durable.write(lambda tx: prune(tx, now - NEWS_SECONDS))


def _in_steps(durable: Durable, work: Callable[[Tx], int]) -> None:
    for _ in range(_STEPS):
        if durable.write(work) < _STEP_ROWS:
            return


def _name(day: int) -> str:
    return f"spent_{datetime.fromtimestamp(day * _DAY, UTC):%Y%m%d}"


def _create_day(tx: Tx, day: int) -> None:
    """Make the partition of one day (of unix days) and move into it what waited in spent_beyond."""
    name, begins, ends = _name(day), day * _DAY, (day + 1) * _DAY
    if not _alone(tx) or (name,) in tx.rows(_PARTITIONS):
        return
    # Spenders wait these few milliseconds: a marker must not arrive in spent_beyond between move and attach.
    tx.script(f"""
        LOCK TABLE spent IN SHARE ROW EXCLUSIVE MODE;
        CREATE TABLE {name} (LIKE spent INCLUDING ALL);
        WITH moved AS (DELETE FROM spent_beyond WHERE ends >= {begins} AND ends < {ends} RETURNING *)
        INSERT INTO {name} SELECT * FROM moved;
        ALTER TABLE spent ATTACH PARTITION {name} FOR VALUES FROM ({begins}) TO ({ends})""")  # noqa: S608 own numbers


def _drop_days(tx: Tx, below: int) -> None:
    """Drop the partitions of days that ended at or before `below`."""
    if not _alone(tx):
        return
    for (name,) in tx.rows(_PARTITIONS):
        day = int(datetime.strptime(name, "spent_%Y%m%d").replace(tzinfo=UTC).timestamp()) // _DAY
        if (day + 1) * _DAY <= below:
            tx.script(f"DROP TABLE {name}")


def _alone(tx: Tx) -> bool:
    """Take the upkeep's lock until the end of the transaction; another worker that has it does the work."""
    row = tx.row(_POSTGRES_LOCK)
    return row is not None and bool(row[0])
