"""A request object: the whole request as a JWT that the client signed (RFC 9101, FAPI 2.0 Message Signing).

It may be encrypted to the key that we publish. Only what stands inside counts; whose it is, for whom and when
are claims, everything else is a parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.oauth.clients.profiles import algorithms
from idp.oauth.errors import InvalidRequestObject
from keys import DecryptionRefused, ForeignRefused
from web.call import Parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine

__all__ = ["AHEAD_SECONDS", "LONGEST_SECONDS", "as_parameters", "claims_in", "parameters_in"]

TYPS: Final = (None, "JWT", "oauth-authz-req+jwt")
"""RFC 9101 § 4 and § 10.8; OIDC Core § 6.1 knew none."""
AHEAD_SECONDS: Final = 10
"""``nbf`` of a client whose clock is ahead."""
LONGEST_SECONDS: Final = 3600
"""From ``nbf`` to now, and from ``nbf`` to ``exp``, where FAPI binds the client."""
_ENCRYPTED_DOTS: Final = 4
_NO_PARAMETERS: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_NEVER_INSIDE: Final = ("request", "request_uri")

_text = msgspec.json.Encoder().encode


def parameters_in(engine: Engine, client: Client, text: str, *, at: int) -> Parameters:
    """What the client asks in an object of its own; ``at``: when it was shown first.

    Raises:
        InvalidRequestObject: the mend names the claim that failed.

    """
    allowed = algorithms(client, client.request_object_alg)
    return as_parameters(client, claims_in(engine, client, text, allowed, at=at, strict=client.fapi))


def claims_in(
    engine: Engine, client: Client, text: str, allowed: tuple[str, ...], *, at: int, strict: bool
) -> dict[str, Any]:
    """The claims of an object that the client signed for us; ``strict``: none of them may be left out.

    Raises:
        InvalidRequestObject: the mend names the claim that failed.

    """
    claims = _verified(engine, client, _decrypted(engine, client, text), allowed, at)
    _check_parties(engine, client, claims, strict=strict)
    _check_times(claims, at, strict=strict)
    for name in _NEVER_INSIDE:
        if name in claims:
            raise InvalidRequestObject(f"Send a request object without {name} inside.", detail=name)
    return claims


def as_parameters(client: Client, claims: dict[str, Any]) -> Parameters:
    """What of them is no claim about the object itself."""
    pairs = [("client_id", client.client_id)]
    for name, value in claims.items():
        if name not in _NO_PARAMETERS and name != "client_id":
            pairs += [(name, each) for each in _values(name, value)]
    return Parameters.of(pairs)


def _decrypted(engine: Engine, client: Client, text: str) -> str:
    if text.count(".") != _ENCRYPTED_DOTS:
        return text
    alg, enc = client.request_object_encryption_alg, client.request_object_encryption_enc
    try:
        return engine.keys.decrypt(text, alg=alg, enc=enc)
    except DecryptionRefused as refused:
        raise InvalidRequestObject(refused.mend, detail=refused.detail) from refused


def _verified(
    engine: Engine, client: Client, text: str, allowed: tuple[str, ...], now: int
) -> dict[str, Any]:
    try:
        _, claims = engine.client_keys.verify(client, text, algorithms=allowed, typs=TYPS, now=now)
    except ForeignRefused as refused:
        raise InvalidRequestObject(refused.mend, detail=refused.detail) from refused
    return claims


def _check_parties(engine: Engine, client: Client, claims: dict[str, Any], *, strict: bool) -> None:
    """Who and for whom; FAPI demands both, others may leave out what the signature says (OIDC Core § 6.1)."""
    for name in ("iss", "client_id"):
        if claims.get(name, client.client_id) != client.client_id:
            raise InvalidRequestObject(f"Send the client_id as {name}.", detail=name)
    if strict and "iss" not in claims:
        raise InvalidRequestObject("Send the client_id as iss.", detail="iss")
    if claims.get("sub") == client.client_id:  # RFC 9101 § 10.8: that is a client assertion
        raise InvalidRequestObject("Send a request object without the client_id as sub.", detail="sub")
    aud = claims.get("aud", None if strict else engine.issuer)
    if engine.issuer not in (aud if isinstance(aud, list) else [aud]):
        raise InvalidRequestObject("Send the issuer as aud, alone or among others.", detail="aud")


def _check_times(claims: dict[str, Any], at: int, *, strict: bool) -> None:
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    for name, value in times.items():
        if type(value) not in {int, float} or not 0 <= value < 1 << 40:
            raise InvalidRequestObject(f"Send {name} as a number of seconds.", detail=name)
    exp, nbf = times.get("exp"), times.get("nbf")
    if exp is not None and exp <= at:
        raise InvalidRequestObject("Send an exp that is still to come.", detail="exp")
    if nbf is not None and nbf > at + AHEAD_SECONDS:
        raise InvalidRequestObject("Send an nbf that has come.", detail="nbf")
    if not strict:
        return
    if exp is None or nbf is None:
        raise InvalidRequestObject("Send exp and nbf.", detail="exp or nbf is missing")
    if nbf < at - LONGEST_SECONDS:
        raise InvalidRequestObject("Send an nbf of at most 60 minutes ago.", detail="nbf")
    if exp > nbf + LONGEST_SECONDS:
        raise InvalidRequestObject("Send an exp at most 60 minutes after nbf.", detail="exp")


def _values(name: str, value: Any) -> Iterator[str]:
    """A member as a parameter has it: text as it is, anything else as JSON; RFC 8707 repeats resource."""
    several = value if name == "resource" and isinstance(value, list) else [value]
    for each in several:
        text = each if isinstance(each, str) else _text(each).decode()
        if "\0" in text or "\\u0000" in text:
            raise InvalidRequestObject("Send a request object without NUL characters.", detail="NUL")
        yield text
