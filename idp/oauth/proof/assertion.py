"""private_key_jwt: an assertion that the client signed for us, once (RFC 7523 § 3, OIDC Core § 9).

Checked in this order: signature by a registered key, whom it is about, whom it is for, when. Only then is its
``jti`` spent, durably and before anything else is done, so that an assertion is good for one request.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from idp.oauth.clients.profiles import algorithms
from idp.oauth.errors import InvalidClient
from keys import ForeignRefused, unverified_claims
from store import Marker, spend_name

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["AHEAD_SECONDS", "ASSERTION_TYPE", "check_assertion", "subject_of"]

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPS: Final = (None, "JWT", "client-authentication+jwt")
KIND: Final = "client-assertion"
AHEAD_SECONDS: Final = 30
"""``iat`` and ``nbf`` of a client whose clock is ahead; FAPI 2.0 asks for at least 10 and at most 60."""
LONGEST_SECONDS: Final = 7200
"""From now to ``exp``; as long a spent jti is kept."""
LONGEST_JTI: Final = 512


def subject_of(assertion: str) -> str:
    """Whom an assertion says it is from, to ask that client's keys; nothing of it is verified yet."""
    try:
        claims = unverified_claims(assertion)
    except ForeignRefused:
        return ""
    return next((each for name in ("sub", "iss") if isinstance(each := claims.get(name), str)), "")


def check_assertion(engine: Engine, client: Client, assertion: str, call: Call) -> None:
    """Let the client in by its assertion, once.

    Raises:
        InvalidClient: the mend names the header or claim that failed.
    """
    try:
        _, claims = engine.client_keys.verify(
            client, assertion, algorithms=algorithms(client, client.auth_alg), typs=TYPS, now=call.now
        )
    except ForeignRefused as refused:
        raise InvalidClient(f"client_assertion: {refused.mend}", detail=refused.detail) from refused
    for name in ("iss", "sub"):
        if claims.get(name) != client.client_id:
            raise InvalidClient(f"client_assertion: Send the client_id as {name}.", detail=name)
    _check_audience(engine, client, claims.get("aud"), call)
    _check_window(claims, call.now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise InvalidClient("client_assertion: Send jti, a new string each time.", detail="jti")
    marker = Marker(
        owner=hashlib.sha256(client.client_id.encode()).digest()[:16],
        kind=KIND,
        value=hashlib.sha256(jti.encode()).digest(),
        ends=int(claims["exp"]),
        by=client.client_id.encode(),
        at=call.now,
        ref=b"",
    )
    if not engine.durable.write(lambda tx: spend_name(tx, marker, LONGEST_SECONDS)):
        raise InvalidClient("client_assertion: Send another jti; this one was used.", detail="jti")


def _check_audience(engine: Engine, client: Client, aud: Any, call: Call) -> None:
    """FAPI 2.0 § 5.3.2.1: the issuer as one string; otherwise also an endpoint's URL, or several of them."""
    allowed = {engine.issuer}
    if client.fapi:
        good = aud == engine.issuer
    else:
        origins = [engine.issuer, engine.mtls] if engine.mtls else [engine.issuer]
        allowed |= {origin + path for origin in origins for path in ("/token", call.path)}
        named = aud if isinstance(aud, list) else [aud]
        good = any(isinstance(each, str) and each in allowed for each in named)
    if not good:
        raise InvalidClient("client_assertion: Send the issuer as aud, one string.", detail="aud")


def _check_window(claims: dict[str, Any], now: int) -> None:
    """``exp`` in its bounds, and neither ``iat`` nor ``nbf`` too far ahead (RFC 7523 § 3).

    Raises:
        InvalidClient: the mend names the claim.
    """
    exp: Any = claims.get("exp")
    if not _time(exp):
        raise InvalidClient("client_assertion: Send exp as a number of seconds.", detail="exp")
    if int(exp) <= now:
        raise InvalidClient("client_assertion: Send an exp that is still to come.", detail="exp")
    if exp > now + LONGEST_SECONDS:
        raise InvalidClient(
            f"client_assertion: Send an exp at most {LONGEST_SECONDS} seconds ahead.", detail="exp"
        )
    for name in ("iat", "nbf"):
        at = claims.get(name, now)
        if not _time(at):
            raise InvalidClient(f"client_assertion: Send {name} as a number of seconds.", detail=name)
        if at > now + AHEAD_SECONDS:
            raise InvalidClient(f"client_assertion: Send an {name} that has come.", detail=name)


def _time(value: Any) -> bool:
    """A NumericDate (RFC 7519 § 2), which may have a fraction; a truth value is none, nor is infinity."""
    return type(value) in {int, float} and 0 <= value < 1 << 40
