"""JWS that others signed (RFC 7515, RFC 7519, RFC 8725): client assertions, request objects, DPoP proofs.

    jws = read_foreign(token, algorithms=("ES256",), typs=("dpop+jwt",))     # header judged, nothing verified
    header, claims = verify_foreign(token, key_set, algorithms=…, typs=(None, "JWT"))

Pure. The caller names every algorithm and ``typ`` that it accepts; ``none`` and ``HS256`` have no verifier at
all. Keys come from the party's registered set, never from ``jwk``, ``jku`` or ``x5c`` of the token itself.
What the claims must be is the caller's to judge: nothing of them is looked at here.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from keys.base64url import base64url
from keys.errors import ForeignKeyUnknown, ForeignRefused
from keys.foreign_keys import ForeignKey, ForeignKeySet
from keys.material import UNREADABLE

__all__ = ["ForeignJws", "read_foreign", "unverified_claims", "verify_foreign"]

LONGEST: Final = 16_384
"""Characters of a token; longer ones are refused unread."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class ForeignJws:
    """A compact JWS whose header was judged and whose signature was not."""

    header: dict[str, Any]
    algorithm: str
    _data: bytes
    _payload: bytes
    _signature: bytes

    def verified_by(self, key: ForeignKey) -> dict[str, Any]:
        """The claims, if this key signed them.

        Raises:
            ForeignRefused: it did not, or what it signed is no JSON object.
        """
        if not key.verifies(self.algorithm, self._signature, self._data):
            raise ForeignRefused("Sign with the registered key, by its algorithm.", detail="signature")
        return _object(self._payload, "payload")


def read_foreign(token: str, *, algorithms: Collection[str], typs: Collection[str | None]) -> ForeignJws:
    """Take a token apart and judge its header; ``None`` among ``typs`` allows a token without ``typ``.

    Raises:
        ForeignRefused: the mend names the part or header parameter that failed.
    """
    if len(token) > LONGEST:
        raise ForeignRefused(f"Send a JWT of at most {LONGEST} characters.")
    try:
        head, payload, signature = token.encode("ascii").split(b".")
    except ValueError as e:
        raise ForeignRefused("Send a signed JWT in its compact form.", detail="not three ASCII parts") from e
    header = _object(_bytes(head, "header"), "header")
    if {"crit", "b64"} & header.keys():  # RFC 7515 section 4.1.11: we understand no extension
        raise ForeignRefused("Send a JWT whose header has neither crit nor b64.")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise ForeignRefused("Sign with alg " + " or ".join(algorithms) + ".", detail="alg")
    # compared one by one: what stands there may be an array, which no set can be asked for
    if all(_typ(header.get("typ")) != _typ(each) for each in typs):
        allowed = " or ".join(each or "absent" for each in typs)
        raise ForeignRefused(f"Send a JWT whose typ is {allowed}.", detail="typ")
    if not isinstance(header.get("kid", ""), str):
        raise ForeignRefused("Send kid as a string.", detail="kid")
    parts = _bytes(payload, "payload"), _bytes(signature, "signature")
    return ForeignJws(header, algorithm, head + b"." + payload, *parts)


def verify_foreign(
    token: str, keys: ForeignKeySet, *, algorithms: Collection[str], typs: Collection[str | None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that a key of the set signed.

    Raises:
        ForeignKeyUnknown: no key of the set fits kid and alg; a newer set may hold it.
        ForeignRefused: anything else; the mend names the part or header parameter that failed.
    """
    jws = read_foreign(token, algorithms=algorithms, typs=typs)
    return jws.header, jws.verified_by(_choose(jws, keys))


def unverified_claims(token: str) -> dict[str, Any]:
    """What a token says and nobody vouches for: to find out whose keys to ask, and for nothing else.

    Raises:
        ForeignRefused: no compact JWS of a JSON object.
    """
    if len(token) > LONGEST:
        raise ForeignRefused(f"Send a JWT of at most {LONGEST} characters.")
    parts = token.split(".")
    if len(parts) != 3 or not parts[1].isascii():
        raise ForeignRefused("Send a signed JWT in its compact form.", detail="not three ASCII parts")
    return _object(_bytes(parts[1].encode(), "payload"), "payload")


def _choose(jws: ForeignJws, keys: ForeignKeySet) -> ForeignKey:
    """The one key that is meant; where several could be, kid must tell (OIDC Core section 10.1)."""
    kid = jws.header.get("kid")
    fitting = [key for key in keys.keys if key.fits(jws.algorithm) and kid in (None, key.kid)]
    if not fitting:
        raise ForeignKeyUnknown(detail="no key fits kid and alg")
    if len({key.thumbprint for key in fitting}) > 1:
        raise ForeignRefused("Send the kid of exactly one key of your JWK Set.", detail="kid is ambiguous")
    return fitting[0]


def _typ(typ: Any) -> Any:
    """RFC 7515 section 4.1.9: a media type, any case, whose ``application/`` may be left out."""
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else typ


def _object(raw: bytes, part: str) -> dict[str, Any]:
    try:
        return _decode(raw)
    except UNREADABLE as e:
        raise ForeignRefused(f"Send a JWT whose {part} is a JSON object.", detail=part) from e


def _bytes(encoded: bytes, part: str) -> bytes:
    try:
        raw = urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    except ValueError as e:
        raise ForeignRefused(f"Send a JWT whose {part} is base64url.", detail=part) from e
    if base64url(raw) != encoded:
        raise ForeignRefused(f"Send a JWT whose {part} is canonical base64url.", detail=part)
    return raw
