"""Key rows: SQL of the room, as functions of the transaction."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from keys.rings import State
from store import SQL, Tx

__all__ = [
    "RingKey",
    "activate",
    "add",
    "all_keys",
    "all_licence_rings",
    "begin_epoch",
    "epoch",
    "retire",
    "set_licence_ring",
    "succeed",
]


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key as the store has it; times are unix seconds.

    Attributes:
        number: 1, 2, 3 … within the ring; what sealed values and blind indexes name the key by.
        activates_at: when it signs (pending: is to sign).
        retires_at: when it stops verifying; None while it has no successor.
        public: public JWK as JSON, empty for a secret.
        sealed: private part under the master key; None once retired.
    """

    kid: str
    ring: str
    algorithm: str
    number: int
    state: str
    created_at: int
    activates_at: int
    retiring_at: int | None
    retires_at: int | None
    public: str
    sealed: bytes | None


_ALL = SQL(
    "SELECT kid, ring, algorithm, number, state, created_at, activates_at, retiring_at, retires_at, public, "
    "sealed FROM ring_key ORDER BY ring, number"
)
# two workers that make the same key at once, or draw the same kid: one row, the other sees 0 rows changed
_ADD = SQL(
    "INSERT INTO ring_key (kid, ring, algorithm, number, state, created_at, activates_at, public, sealed) "
    "SELECT :kid, :ring, :algorithm, COALESCE(MAX(number), 0) + 1, :state, :created_at, :activates_at, "
    ":public, :sealed FROM ring_key WHERE ring = :ring "
    "ON CONFLICT DO NOTHING"
)
_ACTIVATE = SQL(
    "UPDATE ring_key SET state = 'active', activates_at = :now WHERE kid = :kid AND state = 'pending'"
)
_SUCCEED = SQL(
    "UPDATE ring_key SET state = 'retiring', retiring_at = :now, retires_at = :retires_at "
    "WHERE kid = :kid AND state = 'active'"
)
_RETIRE = SQL(
    "UPDATE ring_key SET state = 'retired', retires_at = :now, sealed = NULL "
    "WHERE kid = :kid AND state = 'retiring'"
)
_RINGS = SQL("SELECT ring, types FROM licence_ring ORDER BY ring")
_SET_RING = SQL(
    "INSERT INTO licence_ring (ring, agency_uscc, types, changed_at) VALUES (:ring, :agency, :types, :now) "
    "ON CONFLICT (ring) DO UPDATE SET types = EXCLUDED.types, changed_at = EXCLUDED.changed_at"
)
_EPOCH = SQL("SELECT epoch FROM key_epoch WHERE one = 1")
_BEGIN_EPOCH = SQL("UPDATE key_epoch SET epoch = epoch + 1 WHERE one = 1")


def all_keys(tx: Tx) -> list[RingKey]:
    """Every key there ever was, retired ones with their public part; by ring and number."""
    return [RingKey(*row) for row in tx.rows(_ALL)]


def add(tx: Tx, key: RingKey) -> bool:
    """Insert a key, numbering it; False when its kid, or its ring's place for that state, is taken."""
    changed = tx.run(
        _ADD,
        kid=key.kid,
        ring=key.ring,
        algorithm=key.algorithm,
        state=key.state,
        created_at=key.created_at,
        activates_at=key.activates_at,
        public=key.public,
        sealed=key.sealed,
    )
    return changed == 1


def activate(tx: Tx, kid: str, now: int) -> bool:
    """Pending → active; False when it was not pending."""
    return tx.run(_ACTIVATE, kid=kid, now=now) == 1


def succeed(tx: Tx, kid: str, now: int, retires_at: int | None) -> bool:
    """Active → retiring; ``retires_at`` is None where time alone never retires."""
    return tx.run(_SUCCEED, kid=kid, now=now, retires_at=retires_at) == 1


def retire(tx: Tx, kid: str, now: int) -> bool:
    """Retiring → retired, and the private part is erased."""
    return tx.run(_RETIRE, kid=kid, now=now) == 1


def all_licence_rings(tx: Tx) -> dict[str, frozenset[str]]:
    """Licence rings and the types each may sign."""
    return {ring: frozenset(msgspec.json.decode(types, type=list[str])) for ring, types in tx.rows(_RINGS)}


def set_licence_ring(tx: Tx, ring: str, agency_uscc: str, types: frozenset[str], now: int) -> None:
    """Write the types of a licence ring."""
    text = msgspec.json.encode(sorted(types)).decode()
    tx.run(_SET_RING, ring=ring, agency=agency_uscc, types=text, now=now)


def epoch(tx: Tx) -> int:
    """The present epoch of sealed values, from 1."""
    row = tx.row(_EPOCH)
    if row is None:
        raise LookupError("key_epoch")
    return int(row[0])


def begin_epoch(tx: Tx) -> None:
    """Refuse from now on every value sealed before."""
    tx.run(_BEGIN_EPOCH)


def living(key: RingKey) -> bool:
    """Whether the key still verifies or opens."""
    return key.state != State.RETIRED
