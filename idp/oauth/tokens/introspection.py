"""Introspection (RFC 7662, RFC 9701): for the token's audience and the client that was given it.

To others it is inactive, like a token that nobody made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.oauth import family
from idp.oauth.clients.answer_rules import RING
from idp.oauth.errors import InvalidGrant, InvalidRequest
from idp.oauth.senders.sender import confirmation, token_type
from idp.oauth.subject import subject_at, subject_of
from idp.oauth.tokens.access_token import acting, jti_text
from idp.oauth.tokens.answering import encrypted
from idp.oauth.tokens.sealed_refresh import open_refresh
from idp.sessions.session import acr

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.tokens.verified import Known, Tokens
    from web.call import Call

__all__ = ["INACTIVE", "MEDIA_TYPE", "introspect", "signed", "wants_jwt"]

MEDIA_TYPE: Final = "application/token-introspection+jwt"
TYPE: Final = "token-introspection+jwt"
ALGORITHM: Final = "ES256"
"""Where the caller registered none."""

INACTIVE: Final[dict[str, Any]] = {"active": False}
"""One answer for everything that is not a living token of the caller's (§ 2.2)."""


def introspect(engine: Engine, tokens: Tokens, call: Call, caller: Client) -> dict[str, Any]:
    """What a token stands for.

    Raises:
        InvalidRequest: no token.

    """
    text = call.form.get("token")
    if text is None:
        raise InvalidRequest("Send token.")
    known = tokens.look(text, call.now)
    if known is not None:
        access = known.access
        if access.held_by != caller.client_id and access.audience not in caller.serves:
            return INACTIVE
        return _access(engine, known, caller)
    return _refresh(engine, text, call.now, caller)


def wants_jwt(call: Call) -> bool:
    """Whether the caller asks for a signed answer (RFC 9701 § 4)."""
    accepted = call.header("Accept") or ""
    return MEDIA_TYPE in accepted and any(
        each.partition(";")[0].strip() == MEDIA_TYPE for each in accepted.split(",")
    )


def signed(engine: Engine, caller: Client, found: dict[str, Any], now: int) -> str:
    """The answer as evidence for this caller alone (RFC 9701 § 5), encrypted where it registered that.

    Raises:
        ForeignRefused, NoEncryptionKey: it is to be encrypted, and no key for that can be had.

    """
    claims = {"iss": engine.issuer, "aud": caller.client_id, "iat": now, "token_introspection": found}
    algorithm = caller.introspection_signed_alg or ALGORITHM
    jwt = engine.keys.sign_jwt(RING, claims, typ=TYPE, algorithm=algorithm)
    return encrypted(engine, caller, "introspection", jwt, now)


def _access(engine: Engine, known: Known, caller: Client) -> dict[str, Any]:
    access = known.access
    found: dict[str, Any] = {
        "active": True,
        "iss": engine.issuer,
        "aud": access.audience,
        "client_id": access.held_by,
        "token_type": token_type(access.sender),
        "iat": access.at,
        "exp": access.ends,
        "jti": jti_text(access.jti),
        "scope": access.scope,
        "sub": access.client,
    }
    if access.holder_key:
        subject = access.acting_for or access.holder_key
        if known.jwt:  # as the JWT itself has it
            found["sub"] = subject_at(engine.keys, access.audience, subject)
        else:
            found["sub"] = subject_of(engine.keys, caller, subject)
        found["acr"] = acr(access.level, access.strength)
        found["auth_time"] = access.auth_time
    if access.sender:
        found["cnf"] = confirmation(access.sender)
    if access.actors:
        found["act"] = acting(access.actors)
    if access.details:
        found["authorization_details"] = msgspec.Raw(access.details.encode())
    return found


def _refresh(engine: Engine, text: str, now: int, caller: Client) -> dict[str, Any]:
    """A refresh token opens for its own client alone."""
    try:
        refresh = open_refresh(engine.keys, caller.client_id, text)
    except InvalidGrant:
        return INACTIVE
    grantee = refresh.grantee(caller.client_id)
    found = engine.durable.read(lambda tx: family.find(tx, grantee, refresh.family))
    living = found is not None and found.live and found.idle_ends > now and found.ends > now
    if found is None or not living or refresh.generation != found.generation:
        return INACTIVE
    return {
        "active": True,
        "iss": engine.issuer,
        "client_id": caller.client_id,
        "exp": min(found.ends, found.idle_ends),
        "scope": found.scopes,
        "sub": subject_of(engine.keys, caller, found.grantee.subject),
    }
