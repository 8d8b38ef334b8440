"""The ID token proves who logged in, for this client, in answer to this very request.

OIDC Core § 3.1.3.7, in this order:

1. Algorithm on the hall's list, key by kid from the provider's own set.
2. Signature.
3. Issuer, audience, authorized party.
4. Times: not ended, not from the future; a login recent enough where that was asked.
5. Nonce of this login; hash of the access token it came with.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from manyou.hall.errors import InvalidIdToken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manyou.errors import Problem
    from manyou.hall.provider import Provider

__all__ = ["AHEAD_SECONDS", "ALGORITHMS", "Expected", "check_id_token", "signed_claims"]

ALGORITHMS: Final = ("ES256", "PS256", "EdDSA")
"""Accepted unless the hall says otherwise; a client registered for RS256 must name it."""
AHEAD_SECONDS: Final = 30
"""How far the provider's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What this login's ID token must say. Times are unix seconds."""

    client_id: str
    nonce: str
    now: int
    access_token: str
    max_age: int | None = None
    algorithms: Sequence[str] = ALGORITHMS


def check_id_token(token: str, provider: Provider, expected: Expected) -> Mapping[str, Any]:
    """Return the claims of an ID token that passes every rule.

    Raises:
        InvalidIdToken: the detail names the first rule that it breaks.

    """
    claims, header = signed_claims(token, provider, expected.algorithms, InvalidIdToken)
    rules = _rules(claims, provider.issuer, expected, str(header["alg"]))
    broken = next((rule for rule, kept in rules if not kept), None)
    if broken is not None:
        raise InvalidIdToken(detail=broken)
    return claims


def signed_claims(
    token: str, provider: Provider, algorithms: Sequence[str], refusal: type[Problem]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The claims and header of a JWT that a key of the provider signed; nothing in them is judged.

    Raises:
        refusal: no such JWT.

    """
    import jwt

    try:
        header = jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in algorithms:
            raise refusal(detail="algorithm not allowed")
        if header.get("crit") is not None:
            raise refusal(detail="critical header")
        key = provider.key(kid) if isinstance(kid, str) else None
        if key is None or key.get("alg", algorithm) != algorithm:
            raise refusal(detail="no such key")
        claims = jwt.decode(
            token,
            jwt.PyJWK(dict(key), algorithm=algorithm),
            algorithms=[str(algorithm)],
            # times are checked below, by the hall's own clock
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )
    except jwt.PyJWTError as error:
        raise refusal(detail=type(error).__name__) from error
    return claims, header


def _rules(
    claims: Mapping[str, Any], issuer: str, expected: Expected, algorithm: str
) -> list[tuple[str, bool]]:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    ends, at, login = claims.get("exp"), claims.get("iat"), claims.get("auth_time")
    now = expected.now
    nonce = claims.get("nonce")
    return [
        ("sub", isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255),
        ("iss", claims.get("iss") == issuer),
        ("aud", expected.client_id in audiences),
        # another party named beside us may hold the token too: azp must say that it was made for us
        ("azp", claims.get("azp", expected.client_id if len(audiences) == 1 else None) == expected.client_id),
        ("exp", isinstance(ends, int) and now < ends),
        ("iat", isinstance(at, int) and at <= now + AHEAD_SECONDS),
        (
            "auth_time",
            expected.max_age is None
            or (isinstance(login, int) and now <= login + expected.max_age + AHEAD_SECONDS),
        ),
        ("nonce", isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), expected.nonce.encode())),
        ("at_hash", claims.get("at_hash") in (None, _half_hash(expected.access_token, algorithm))),
    ]


def _half_hash(access_token: str, algorithm: str) -> str:
    """``at_hash``: half the hash that the algorithm uses (OIDC Core § 3.1.3.6; Ed25519's is SHA-512)."""
    name = "sha512" if algorithm == "EdDSA" else f"sha{algorithm[-3:]}"
    digest = hashlib.new(name, access_token.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
