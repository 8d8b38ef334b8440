"""Access tokens: opaque for the licence library and userinfo, ``at+jwt`` (RFC 9068) for every other resource.

An opaque one is a sealed ``Access``: a hall that holds it learns nothing from it. A JWT names the person by
the resource server's own ``sub``; what we ourselves need to check it again stands sealed in its claim
``ref``.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.oauth.grantee import Grantee
from idp.oauth.senders.sender import ANYBODY, Sender, confirmation, confirmed
from idp.oauth.standing import Bid
from idp.oauth.subject import subject_at
from idp.sessions.session import acr
from keys import base64url
from keys.errors import SealBroken, TokenRefused

if TYPE_CHECKING:
    from keys import Keys

__all__ = [
    "KIND",
    "RING",
    "TYPE",
    "Access",
    "acting",
    "bid_of",
    "jti_text",
    "jwt_of",
    "opaque_of",
    "open_access",
    "open_jwt",
]

KIND: Final = "access"
REFERENCE: Final = "access-ref"
RING: Final = "access-token"
TYPE: Final = "at+jwt"


class Access(msgspec.Struct, frozen=True, array_like=True):
    """What an access token stands for. Bytes are empty where a client asked for itself."""

    audience: str
    client: str
    scope: str
    at: int
    ends: int
    jti: bytes
    """16 random bytes."""
    holder_key: bytes = b""
    acting_for: bytes = b""
    session: bytes = b""
    family: bytes = b""
    kept: bool = False
    offline: bool = False
    office: str | None = None
    level: int = 0
    strength: int = 0
    auth_time: int = 0
    details: str = ""
    """authorization_details as canonical JSON, empty for none."""
    sender: Sender = ANYBODY
    """Whose key it is bound to."""
    actors: tuple[str, ...] = ()
    """Clients that act for the user of ``client`` by token exchange, the one that holds the token first."""
    claims: bytes = b""
    """Digest of the claims that userinfo answers beside what scopes open; they stand with the consent."""
    through: tuple[bytes, ...] = ()
    """``jti`` of the tokens that it was exchanged from: each of them revoked ends it too."""

    @property
    def held_by(self) -> str:
        """The client that the token was given to; ``client`` is whose consent and family it rests on."""
        return self.actors[0] if self.actors else self.client


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Access).decode
_json = msgspec.json.decode


def jti_text(jti: bytes) -> str:
    """The token's name as the wire shows it."""
    return base64url(jti).decode()


def opaque_of(keys: Keys, access: Access) -> str:
    """Seal it."""
    return keys.seal(KIND, _encode(access))


def jwt_of(keys: Keys, issuer: str, access: Access) -> str:
    """Sign it as RFC 9068 has it; ``sub`` is the resource server's own name for the person."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": access.audience,
        "client_id": access.held_by,
        "sub": access.client,
        "iat": access.at,
        "exp": access.ends,
        "jti": jti_text(access.jti),
    }
    if access.sender:
        claims["cnf"] = confirmation(access.sender)
    if access.actors:
        claims["act"] = acting(access.actors)
    if access.scope:
        claims["scope"] = access.scope
    if access.holder_key:
        claims["sub"] = subject_at(keys, access.audience, access.acting_for or access.holder_key)
        claims["acr"] = acr(access.level, access.strength)
        claims["auth_time"] = access.auth_time
        claims["ref"] = keys.seal(REFERENCE, _encode(access))
    if access.details:
        claims["authorization_details"] = _json(access.details)
    return keys.sign_jwt(RING, claims, typ=TYPE)


def acting(actors: tuple[str, ...]) -> dict[str, Any]:
    """The claim ``act`` (RFC 8693 § 4.1): who acts, and nested in it who acted before."""
    found: dict[str, Any] = {}
    for client in reversed(actors):
        found = {"sub": client, "act": found} if found else {"sub": client}
    return found


def open_access(keys: Keys, text: str) -> Access | None:
    """Read an opaque access token; None where it is none of ours."""
    try:
        return _decode(keys.open(KIND, text))
    except (SealBroken, msgspec.DecodeError):
        return None


def bid_of(access: Access) -> Bid:
    """What the gate is asked when a person's token is used; the sender is proven anew on every use, apart."""
    return Bid(
        grantee=Grantee(access.holder_key, access.acting_for, access.client),
        session=access.session,
        family=access.family,
        kept=access.kept,
        offline=access.offline,
        scopes=frozenset(access.scope.split()),
        at=access.at,
        office=access.office,
        token=access.jti,
        through=access.through,
    )


def open_jwt(keys: Keys, issuer: str, text: str) -> Access | None:
    """Read an ``at+jwt`` that we signed, whatever its age; None where it is none of ours."""
    try:
        claims = keys.verify_jwt_of_any_age(RING, text, typ=TYPE)
        if claims.get("iss") != issuer:
            return None
        if "ref" in claims:
            return _decode(keys.open(REFERENCE, claims["ref"]))
        return Access(
            audience=claims["aud"],
            client=claims["client_id"],
            scope=claims.get("scope", ""),
            at=claims["iat"],
            ends=claims["exp"],
            jti=urlsafe_b64decode(claims["jti"] + "=="),
            sender=confirmed(claims.get("cnf", {})),
        )
    except (TokenRefused, SealBroken, msgspec.DecodeError):
        return None
