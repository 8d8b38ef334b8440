"""What a holder agreed to: one row for each client, and one for each authorization detail or set of claims.

It stands until it is withdrawn, and grows when more is agreed to. A first-party client's row is written
without a page: the record stands all the same, is listed and can be withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idp.oauth.events import ConsentGiven, ConsentWithdrawn, event
from idp.oauth.grantee import Grantee
from idp.sessions import logout_outbox
from ledger import append
from store import SQL, publish

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from store import Tx

__all__ = ["NEWS", "Agreed", "Given", "agreed", "bodies", "body", "give", "hold", "list_for", "withdraw"]

NEWS: Final = "consent"
"""Kind of the news row; its subject is the person's holder_key."""

_ONE = SQL(
    "SELECT scopes, since, agreed_at FROM consent WHERE holder_key = :holder_key AND acting_for = :acting_for"
    " AND client_id = :client_id AND standing = 1"
)
_DETAILS = SQL(
    "SELECT digest, body FROM consent_detail WHERE holder_key = :holder_key AND acting_for = :acting_for"
    " AND client_id = :client_id"
)
_DETAIL = SQL(
    "SELECT body FROM consent_detail WHERE holder_key = :holder_key AND acting_for = :acting_for"
    " AND client_id = :client_id AND digest = :digest"
)
_GIVE = SQL("""
INSERT INTO consent (
    holder_key, acting_for, client_id, scopes, standing, first_party, since, agreed_at, withdrawn_at
)
VALUES (:holder_key, :acting_for, :client_id, :scopes, 1, :first_party, :now, :now, 0)
ON CONFLICT (holder_key, acting_for, client_id) DO UPDATE SET
    since = CASE WHEN consent.standing = 1 THEN consent.since ELSE excluded.since END,
    scopes = excluded.scopes, standing = 1, first_party = excluded.first_party, agreed_at = excluded.agreed_at
""")
_GIVE_DETAIL = SQL(
    "INSERT INTO consent_detail (holder_key, acting_for, client_id, digest, body, agreed_at)"
    " VALUES (:holder_key, :acting_for, :client_id, :digest, :body, :now)"
    " ON CONFLICT (holder_key, acting_for, client_id, digest) DO UPDATE SET body = excluded.body,"
    " agreed_at = excluded.agreed_at"  # of the same claims others may be allowed the next time
)
_KEPT_MOST: Final = 256
"""Details and sets of claims of one client and person: what scopes open anyway is written down unasked, so a
hall could write without end. Who comes back to the oldest is asked again."""
_FORGET_OLDEST = SQL(
    "DELETE FROM consent_detail WHERE holder_key = :holder_key AND acting_for = :acting_for"
    " AND client_id = :client_id AND agreed_at < :now AND digest NOT IN (SELECT digest FROM consent_detail"
    " WHERE holder_key = :holder_key AND acting_for = :acting_for AND client_id = :client_id"
    " ORDER BY agreed_at DESC, digest LIMIT :most)"
)
_HOLD = SQL(
    "SELECT 1 FROM consent WHERE holder_key = :holder_key AND acting_for = :acting_for"
    " AND client_id = :client_id FOR UPDATE"
)
_WITHDRAW = SQL(
    "UPDATE consent SET standing = 0, withdrawn_at = :now WHERE holder_key = :holder_key"
    " AND acting_for = :acting_for AND client_id = :client_id AND standing = 1"
)
_FORGET_DETAILS = SQL(
    "DELETE FROM consent_detail WHERE holder_key = :holder_key AND acting_for = :acting_for"
    " AND client_id = :client_id"
)
_END_FAMILIES = SQL(
    "UPDATE family SET live = 0 WHERE holder_key = :holder_key AND acting_for = :acting_for"
    " AND client_id = :client_id AND live = 1"
)
_LIST = SQL(
    "SELECT client_id, scopes, first_party, since, agreed_at FROM consent"
    " WHERE holder_key = :holder_key AND acting_for = :acting_for AND standing = 1"
    " ORDER BY agreed_at DESC, client_id"
)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What stands for one client."""

    scopes: frozenset[str]
    since: int
    agreed_at: int
    details: frozenset[bytes]
    """Digests."""


@dataclass(frozen=True, slots=True)
class Given:
    """One line of the account page."""

    client_id: str
    scopes: tuple[str, ...]
    first_party: bool
    since: int
    agreed_at: int


def agreed(tx: Tx, grantee: Grantee, *, details: bool = True) -> Agreed | None:
    """What stands, or None; ``details`` False: where none is asked for, none need be read."""
    row = tx.row(_ONE, **_key(grantee))
    if row is None:
        return None
    found = tx.rows(_DETAILS, **_key(grantee)) if details else []
    return Agreed(frozenset(row[0].split()), row[1], row[2], frozenset(digest for digest, _ in found))


def bodies(tx: Tx, grantee: Grantee) -> dict[bytes, str]:
    """The texts of the details agreed to, by digest."""
    return dict(tx.rows(_DETAILS, **_key(grantee)))


def body(tx: Tx, grantee: Grantee, digest: bytes) -> str | None:
    """The one text agreed to under this digest."""
    row = tx.row(_DETAIL, **_key(grantee), digest=digest)
    return None if row is None else str(row[0])


def give(
    tx: Tx,
    grantee: Grantee,
    *,
    scopes: frozenset[str],
    details: Mapping[bytes, str],
    first_party: bool,
    now: int,
    event_id: bytes,
    claims: Iterable[str] = (),
) -> None:
    """Record that the holder agrees, adding to what stands; ``claims`` are the names that an event tells."""
    stands = tx.row(_ONE, **_key(grantee))
    every = scopes | frozenset(stands[0].split()) if stands else scopes
    tx.run(_GIVE, **_key(grantee), scopes=" ".join(sorted(every)), first_party=int(first_party), now=now)
    for digest, text in details.items():
        tx.run(_GIVE_DETAIL, **_key(grantee), digest=digest, body=text, now=now)
    if details:
        tx.run(_FORGET_OLDEST, **_key(grantee), now=now, most=_KEPT_MOST)
    digests = [digest.hex() for digest in details]
    given = ConsentGiven(
        sorted(scopes), digests, first_party, grantee.acting_for.hex(), tuple(sorted(claims))
    )
    append(tx, event(event_id, given, at=now, grantee=grantee))


def hold(tx: Tx, grantee: Grantee) -> None:
    """Keep the row as it is until this work commits; for PostgreSQL, where works run beside each other.

    A withdrawal then comes before, and is seen, or after, and ends what this work has given.
    """
    tx.later(_HOLD, **_key(grantee))


def withdraw(tx: Tx, grantee: Grantee, now: int, event_id: bytes) -> bool:
    """Take the agreement back: families end, tokens are refused at once, the client is told to log out.

    False where nothing stood.
    """
    if tx.run(_WITHDRAW, **_key(grantee), now=now) == 0:
        return False
    tx.run(_FORGET_DETAILS, **_key(grantee))
    tx.run(_END_FAMILIES, **_key(grantee))
    logout_outbox.tell_one(tx, grantee.holder_key, grantee.acting_for, grantee.client, now)
    publish(tx, NEWS, grantee.holder_key, now)
    append(tx, event(event_id, ConsentWithdrawn(grantee.acting_for.hex()), at=now, grantee=grantee))
    return True


def list_for(tx: Tx, holder_key: bytes, acting_for: bytes = b"") -> list[Given]:
    """What stands for this person, or for the organisation they act for; latest first."""
    rows = tx.rows(_LIST, holder_key=holder_key, acting_for=acting_for)
    return [Given(row[0], tuple(row[1].split()), row[2] == 1, row[3], row[4]) for row in rows]


def _key(grantee: Grantee) -> dict[str, bytes | str]:
    return {
        "holder_key": grantee.holder_key,
        "acting_for": grantee.acting_for,
        "client_id": grantee.client,
    }
