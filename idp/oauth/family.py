"""A family: one row for each authorization that gives a refresh token, and what moves it.

Public clients rotate: a family's ``generation`` is the newest one handed out. Presenting it moves on.
Presenting the one before is a lost reply while the newest is unused and at most ``retry_seconds`` old, and
gives the newest again; whoever presents anything older holds a copy, and the family ends (RFC 9700 §
4.14.2).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from idp.oauth.grantee import Grantee
from idp.oauth.senders.sender import ANYBODY, Sender
from store import SQL, publish

if TYPE_CHECKING:
    from store import Tx

__all__ = [
    "NEWS",
    "TOKEN_NEWS",
    "Family",
    "Move",
    "end",
    "find",
    "insert",
    "move",
    "revoke_token",
    "sweep",
    "use",
]

NEWS: Final = "family"
"""Kind of the news row; its subject is the family's id."""
TOKEN_NEWS: Final = "token"
"""Kind of the news row; its subject is the access token's jti."""


class Family(msgspec.Struct, frozen=True):
    """The row; ``login`` is a msgpack ``Login``, ``details`` canonical JSON or empty."""

    id: bytes
    holder_key: bytes
    acting_for: bytes
    client: str
    session: bytes
    offline: bool
    scopes: str
    resources: str
    details: str
    login: bytes
    generation: int
    moved_at: int
    idle_ends: int
    ends: int
    live: bool
    sender: Sender = ANYBODY
    """A public client's key: who refreshes must hold it. A confidential one proves itself (RFC 9449 § 5)."""
    claims: bytes = b""
    """Digest of the claims asked for one by one; they stand with the consent."""

    @property
    def grantee(self) -> Grantee:
        """Whose it is."""
        return Grantee(self.holder_key, self.acting_for, self.client)


class Move(Enum):
    """How presenting a generation went."""

    MOVED = "moved"
    AGAIN = "again"
    REPLAYED = "replayed"
    """Revoked, and that commits."""
    OVER = "over"


_INSERT = SQL(
    "INSERT INTO family (id, holder_key, acting_for, client_id, session, offline, scopes, resources, details,"
    " login, generation, moved_at, idle_ends, ends, live, sender, claims)"
    " VALUES (:id, :holder_key, :acting_for, :client_id, :session, :offline, :scopes, :resources, :details,"
    " :login, 1, :now, :idle_ends, :ends, 1, :sender, :claims)"
)
_KEY = "holder_key = :holder_key AND acting_for = :acting_for AND client_id = :client_id AND id = :id"
_FIND = SQL(
    "SELECT id, holder_key, acting_for, client_id, session, offline, scopes, resources, details, login,"  # noqa: S608
    " generation, moved_at, idle_ends, ends, live, sender, claims FROM family"
    f" WHERE {_KEY}"
)
_LIVES = f"{_KEY} AND live = 1 AND idle_ends > :now AND ends > :now"
_USE = SQL(  # the texts put together here and below are this file's own
    "UPDATE family SET moved_at = :now,"  # noqa: S608
    f" idle_ends = CASE WHEN :idle_ends < ends THEN :idle_ends ELSE ends END WHERE {_LIVES}"
)
_MOVE = SQL(
    "UPDATE family SET generation = generation + 1, moved_at = :now,"  # noqa: S608
    " idle_ends = CASE WHEN :idle_ends < ends THEN :idle_ends ELSE ends END"
    f" WHERE {_LIVES} AND generation = :generation"
)
_END = SQL(f"UPDATE family SET live = 0 WHERE {_KEY} AND live = 1")  # noqa: S608
_REVOKE = SQL("INSERT INTO revoked_token (id, ends) VALUES (:id, :ends) ON CONFLICT DO NOTHING")
_SWEEP_VALUES = SQL(
    "DELETE FROM revoked_token WHERE id IN (SELECT id FROM revoked_token WHERE ends <= :before LIMIT :most)"
)
_SWEEP = SQL(
    "DELETE FROM family WHERE (holder_key, acting_for, client_id, id) IN"
    " (SELECT holder_key, acting_for, client_id, id FROM family WHERE ends <= :before LIMIT :most)"
)


def insert(tx: Tx, family: Family) -> None:
    """Write a family that begins; its generation 1 is handed out."""
    tx.later(
        _INSERT,
        id=family.id,
        holder_key=family.holder_key,
        acting_for=family.acting_for,
        client_id=family.client,
        session=family.session,
        offline=int(family.offline),
        scopes=family.scopes,
        resources=family.resources,
        details=family.details,
        login=family.login,
        now=family.moved_at,
        idle_ends=family.idle_ends,
        ends=family.ends,
        sender=family.sender or None,
        claims=family.claims or None,
    )


def _named(grantee: Grantee, family_id: bytes) -> dict[str, bytes | str]:
    return {
        "holder_key": grantee.holder_key,
        "acting_for": grantee.acting_for,
        "client_id": grantee.client,
        "id": family_id,
    }


def find(tx: Tx, grantee: Grantee, family_id: bytes) -> Family | None:
    """The family, living or not."""
    row = tx.row(_FIND, **_named(grantee, family_id))
    if row is None:
        return None
    values = list(row)
    values[5], values[14] = row[5] == 1, row[14] == 1  # stored as numbers on both engines
    values[15], values[16] = row[15] or ANYBODY, row[16] or b""
    return Family(*values)


def use(tx: Tx, grantee: Grantee, family_id: bytes, now: int, idle_ends: int) -> Move:
    """A confidential client refreshes: no rotation, the idle end moves."""
    return (
        Move.MOVED if tx.run(_USE, **_named(grantee, family_id), now=now, idle_ends=idle_ends) else Move.OVER
    )


def move(
    tx: Tx,
    grantee: Grantee,
    family_id: bytes,
    generation: int,
    now: int,
    *,
    idle_ends: int,
    retry_seconds: int,
) -> Move:
    """A public client presents ``generation``; decided by the guarded update alone."""
    if tx.run(_MOVE, **_named(grantee, family_id), generation=generation, now=now, idle_ends=idle_ends):
        return Move.MOVED
    found = find(tx, grantee, family_id)
    if found is None or not found.live or found.idle_ends <= now or found.ends <= now:
        return Move.OVER
    if generation == found.generation - 1 and now - found.moved_at <= retry_seconds:
        return Move.AGAIN
    # of several that show it at once, one ends the family and tells of it
    return Move.REPLAYED if end(tx, grantee, family_id, found.ends, now) else Move.OVER


def end(tx: Tx, grantee: Grantee, family_id: bytes, over: int, now: int) -> bool:
    """End a family, with or without a row of its own; False where it had ended before.

    ``over``: from when on no token of it can be good by its own end.
    """
    changed = tx.run(_END, **_named(grantee, family_id)) + tx.run(_REVOKE, id=family_id, ends=over)
    if changed:
        publish(tx, NEWS, family_id, now)
    return changed > 0


def revoke_token(tx: Tx, jti: bytes, ends: int, now: int) -> None:
    """Refuse one access token until its end."""
    if tx.run(_REVOKE, id=jti, ends=ends):
        publish(tx, TOKEN_NEWS, jti, now)


def sweep(tx: Tx, before: int, most: int) -> int:
    """Delete at most ``most`` families, and as many revocations, that ended at or before ``before``."""
    return tx.run(_SWEEP, before=before, most=most) + tx.run(_SWEEP_VALUES, before=before, most=most)
