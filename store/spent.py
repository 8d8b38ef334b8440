"""Spent markers: a value is used once, decided by the durable store alone.

The marker is inserted in the same work as the effect. Its key holds `ends`, which is read from the value
itself, never `now + ttl`: equal values with different ends would both pass on a partitioned table. Whatever
ends at or below the *watermark* is refused, even by a worker whose clock is wrong; the watermark only rises,
and markers are dropped well below it (`store.upkeep`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from store.durable import SQL

if TYPE_CHECKING:
    from store.durable import Tx

__all__ = ["Marker", "Spending", "raise_watermark", "spend", "spend_name", "standing", "watermark"]

_SPEND = SQL("""
    INSERT INTO spent (owner, kind, value, ends, by, at, ref)
    SELECT :owner, :kind, :value, :ends, :by, :at, :ref WHERE :ends > (SELECT ends FROM watermark)
    ON CONFLICT DO NOTHING""")
_FIRST = SQL("""
    SELECT owner, kind, value, ends, by, at, ref FROM spent
    WHERE ends = :ends AND owner = :owner AND kind = :kind AND value = :value""")
_TWIN = """SELECT 1 FROM spent
    WHERE ends = :{place} AND owner = :owner AND kind = :kind AND value = :value"""
_NAME_GONE = SQL(
    f"SELECT 1 FROM watermark WHERE ends >= :true_ends"  # noqa: S608 - of texts of our own
    f" OR EXISTS ({_TWIN.format(place='before')}) OR EXISTS ({_TWIN.format(place='after')})"
)
_WATERMARK = SQL("SELECT ends FROM watermark")
_RAISE = SQL("UPDATE watermark SET ends = :ends WHERE ends < :ends")


class Marker(msgspec.Struct, frozen=True):
    """That a value was used.

    `owner` is the holder's or client's key, `value` a digest, `ends` the value's own end in unix seconds.
    `by` (who spent it), `at` and `ref` (what the first use gave, such as the family) serve "same verifier,
    same answer" and "revoke what the first use gave".
    """

    owner: bytes
    kind: str
    value: bytes
    ends: int
    by: bytes
    at: int
    ref: bytes


class Spending(msgspec.Struct, frozen=True):
    """How it went: `won`, or the `first` marker that stands already, or `too_old` by the watermark."""

    won: bool
    first: Marker | None = None
    too_old: bool = False


_WON = Spending(won=True)


def spend(tx: Tx, marker: Marker) -> Spending:
    """Use the value once: of any number of racing callers, on any worker, exactly one wins."""
    inserted = tx.run(
        _SPEND,
        owner=marker.owner,
        kind=marker.kind,
        value=marker.value,
        ends=marker.ends,
        by=marker.by,
        at=marker.at,
        ref=marker.ref,
    )
    if inserted:
        return _WON
    found = tx.row(_FIRST, owner=marker.owner, kind=marker.kind, value=marker.value, ends=marker.ends)
    return Spending(won=False, first=Marker(*found) if found else None, too_old=marker.ends <= watermark(tx))


def spend_name(tx: Tx, marker: Marker, span: int) -> bool:
    """Use a name that others give, such as a `jti`: once while it lives, whatever end stands beside it.

    Whoever signs a name can sign it again with another end. `span` is how far apart the ends of two values
    can be that live at one time: markers stand at its multiples, and both neighbours are looked at. Of equal
    ends exactly one wins any race; of two that a signer makes different and races, both may.
    """
    step = -(-marker.ends // span) * span
    gone = tx.row(
        _NAME_GONE,
        true_ends=marker.ends,
        before=step - span,
        after=step + span,
        owner=marker.owner,
        kind=marker.kind,
        value=marker.value,
    )
    return gone is None and spend(tx, structs.replace(marker, ends=step)).won


def standing(tx: Tx, marker: Marker) -> Marker | None:
    """Return the marker that a value already has, spending nothing: for who may look and not redeem."""
    found = tx.row(_FIRST, owner=marker.owner, kind=marker.kind, value=marker.value, ends=marker.ends)
    return Marker(*found) if found else None


def watermark(tx: Tx) -> int:
    """Return the unix time at or below whose end every value is refused."""
    row = tx.row(_WATERMARK)
    if row is None:
        message = "the watermark's row is missing: the store is not migrated"
        raise RuntimeError(message)
    ends: int = row[0]
    return ends


def raise_watermark(tx: Tx, ends: int) -> None:
    """Raise the watermark to `ends`; a lower one changes nothing."""
    tx.run(_RAISE, ends=ends)
