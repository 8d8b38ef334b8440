"""JWTs of our own rings (RFC 7519, RFC 8725): signing on the hot path, and verifying strictly.

The header is prebuilt for each key and typ, and verifying finds the very same bytes or refuses: ``alg`` is
the key's, never the token's choice; ``none``, ``HS256``, ``crit`` or a further member is no header of ours.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from keys.base64url import base64url
from keys.errors import TokenExpired, TokenRefused
from keys.material import UNREADABLE
from keys.rings import State
from keys.signing import SigningKey
from keys.snapshot import Snapshot

__all__ = ["LONGEST", "check_times", "find_key", "sign", "sign_payload", "split", "verify"]

LONGEST: Final = 16_384
"""Characters of a token; longer ones are refused unread."""
_AHEAD: Final = 5
"""Seconds that another worker's clock may be ahead (one that is further off is not ready)."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def sign(key: SigningKey, claims: Mapping[str, Any], typ: str | None) -> str:
    """The compact serialisation (RFC 7515 section 3.1).

    Raises:
        NotForThisRing: the ring signs no such typ.
    """
    data = key.header(typ) + base64url(_encode(claims))
    return (data + b"." + base64url(key.sign_unjudged(data))).decode()


def sign_payload(key: SigningKey, payload: bytes) -> str:
    """The compact JWS of a payload as it is, under the ring's first typ."""
    data = key.header(None) + base64url(payload)
    return (data + b"." + base64url(key.sign_unjudged(data))).decode()


def split(token: str) -> tuple[bytes, bytes, bytes]:
    """Header with its dot, payload, signature, still encoded.

    Raises:
        TokenRefused: too long, not ASCII, or not three parts.
    """
    if len(token) > LONGEST:
        raise TokenRefused(detail="too long")
    try:
        head, payload, signature = token.encode("ascii").split(b".")
    except ValueError as e:
        raise TokenRefused(detail="not three ASCII parts") from e
    return head + b".", payload, signature


def find_key(snapshot: Snapshot, ring: str, head: bytes) -> SigningKey | None:
    """The verifying key that a header names; None where the kid is unknown.

    Raises:
        TokenRefused: a header that is none of ours, whatever key it names.
    """
    found = snapshot.by_header.get((ring, head))
    if found is not None:
        return found
    header = _object(_bytes(head[:-1]))
    if "crit" in header:
        raise TokenRefused(detail="crit is not understood")
    kid = header.get("kid")
    named = snapshot.signing.get(kid) if isinstance(kid, str) else None
    if named is None:
        return None
    if named.ring != ring or named.row.state == State.RETIRED:
        raise TokenRefused(detail="kid is not a verifying key of this ring")
    raise TokenRefused(detail="alg, typ or other members are not as this key's headers are")


def verify(key: SigningKey, parts: tuple[bytes, bytes, bytes], typ: str | None) -> dict[str, Any]:
    """The claims of a token by ``key`` and of this typ (None: the ring's first), whatever its age.

    Raises:
        TokenRefused: another typ, a wrong signature, or a payload that is no JSON object.
    """
    head, payload, encoded = parts
    if head != key.header(typ):
        raise TokenRefused(detail="another typ")
    signature = _bytes(encoded)
    if not key.verifies(signature, head + payload):
        raise TokenRefused(detail="signature")
    return _object(_bytes(payload))


def check_times(claims: Mapping[str, Any], now: int) -> None:
    """``exp`` has no tolerance, ``nbf`` the clock difference allowed between workers.

    Raises:
        TokenExpired: from ``exp`` on.
        TokenRefused: before ``nbf``, no ``exp``, or a time that is no whole number.
    """
    exp, nbf = claims.get("exp"), claims.get("nbf")
    if type(exp) is not int:
        raise TokenRefused(detail="exp is missing or no whole number")
    if now >= exp:
        raise TokenExpired(detail="exp")
    if nbf is not None and (type(nbf) is not int or now < nbf - _AHEAD):
        raise TokenRefused(detail="nbf")


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return _decode(raw)
    except UNREADABLE as e:
        raise TokenRefused(detail="no JSON object") from e


def _bytes(encoded: bytes) -> bytes:
    try:
        raw = urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    except ValueError as e:
        raise TokenRefused(detail="not base64url") from e
    if base64url(raw) != encoded:
        raise TokenRefused(detail="not canonical base64url")
    return raw
