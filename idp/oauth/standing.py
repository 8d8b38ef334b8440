"""What the gate looks at, read in one statement within the very work that issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from idp.oauth.senders.sender import ANYBODY, Sender
from idp.people.records import LEVEL, OFFICE_STANDS
from idp.sessions.session import Session
from store import SQL

if TYPE_CHECKING:
    from idp.oauth.grantee import Grantee
    from store import Tx

__all__ = ["Bid", "Standing", "revoked", "standing"]


class Bid(msgspec.Struct, frozen=True):
    """What somebody wants a token for."""

    grantee: Grantee
    session: bytes
    family: bytes
    """The family's id, fixed in the code; it has a row only where ``kept``."""
    kept: bool
    """A family row must be there and live."""
    offline: bool
    """Outlives the natural end of the session, never its ending by somebody."""
    scopes: frozenset[str]
    at: int
    """When the value that is presented was issued."""
    office: str | None = None
    """By which office, where the session may be gone; None: as the session says."""
    token: bytes = b""
    """jti of an access token that is presented."""
    through: tuple[bytes, ...] = ()
    """jti of those that it was exchanged from."""
    least_level: int = 0
    least_strength: int = 0
    sender: Sender = ANYBODY
    """To whose key what is presented is bound."""
    proven: Sender = ANYBODY
    """Whose key the caller proved to hold."""


class Standing(msgspec.Struct, frozen=True):
    """How everything that a grant rests on stands now."""

    client_enabled: bool
    person_enabled: bool
    level: int
    session: Session | None
    """The row, whether it lives or not; None once it was swept, long after its end."""
    session_ended: bool
    """Ended by somebody, not by time."""
    office_stands: bool
    """True where the person acts for nobody else."""
    consent: frozenset[str] | None
    """Scopes agreed to; None where nothing is, or not any more."""
    consent_since: int
    family: bool | None
    """Live or not; None where there is no row."""
    revoked: bool
    """The family or the token was revoked by name."""


_STANDING: Final = SQL(  # put together of texts of our own
    "SELECT COALESCE((SELECT k.enabled FROM client k WHERE k.client_id = :client_id), 0), p.state, "  # noqa: S608
    + LEVEL.format(person="p.holder_key")
    + ", s.id, s.acting_for, s.office, s.factors, s.started, s.idle_ends, s.ends, s.ended,"
    " CASE WHEN length(:acting_for) = 0 THEN 1 WHEN "
    + OFFICE_STANDS.format(
        organisation=":acting_for", person="p.holder_key", role="COALESCE(:office, s.office)"
    )
    + " THEN 1 ELSE 0 END,"
    " c.standing, c.scopes, c.since, f.live,"
    " (SELECT COUNT(*) FROM revoked_token r WHERE r.id = :family OR r.id = :token)"
    " FROM person p"
    " LEFT JOIN session s ON s.id = :session AND s.holder_key = p.holder_key"
    " LEFT JOIN consent c ON c.holder_key = p.holder_key AND c.acting_for = :acting_for"
    " AND c.client_id = :client_id"
    " LEFT JOIN family f ON f.holder_key = p.holder_key AND f.acting_for = :acting_for"
    " AND f.client_id = :client_id AND f.id = :family"
    " WHERE p.holder_key = :holder_key"
)

_factors = msgspec.json.Decoder(dict[str, int]).decode

NOBODY: Final = Standing(
    client_enabled=False,
    person_enabled=False,
    level=0,
    session=None,
    session_ended=False,
    office_stands=False,
    consent=None,
    consent_since=0,
    family=None,
    revoked=False,
)


def standing(tx: Tx, bid: Bid, now: int) -> Standing:
    """Read it all; an unknown person gives a standing that every rule refuses."""
    row = tx.row(
        _STANDING,
        client_id=bid.grantee.client,
        holder_key=bid.grantee.holder_key,
        acting_for=bid.grantee.acting_for,
        office=bid.office,
        session=bid.session,
        family=bid.family,
        token=bid.token,
        now=now,
    )
    if row is None:
        return NOBODY
    session = None
    if row[3] is not None:
        session = Session(
            row[3], bid.grantee.holder_key, row[4], row[5], int(row[2]), _factors(row[6]), *row[7:10]
        )
    return Standing(
        client_enabled=row[0] == 1,
        person_enabled=row[1] == "enabled",
        level=int(row[2]),
        session=session,
        session_ended=bool(row[10]),
        office_stands=row[11] == 1,
        consent=frozenset(row[13].split()) if row[12] == 1 else None,
        consent_since=row[14] or 0,
        family=None if row[15] is None else row[15] == 1,
        revoked=row[16] > 0 or any(revoked(tx, each) for each in bid.through),
    )


_REVOKED: Final = SQL("SELECT 1 FROM revoked_token WHERE id = :id")


def revoked(tx: Tx, token: bytes) -> bool:
    """Whether an access token that is about nobody was revoked."""
    return tx.row(_REVOKED, id=token) is not None
