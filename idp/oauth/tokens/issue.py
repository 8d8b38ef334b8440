"""Signing and sealing after the work has committed: what a person's grant is answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from idp.oauth.claims.claims_request import stored
from idp.oauth.scopes import OPENID
from idp.oauth.senders.sender import ANYBODY, Sender, token_type
from idp.oauth.tokens.access_token import Access, jwt_of, opaque_of
from idp.oauth.tokens.id_token import id_token

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.grantee import Grantee
    from idp.oauth.login import Login

__all__ = ["Granted", "access_text", "answer", "joined"]

_raw = msgspec.Raw


class Granted(msgspec.Struct, frozen=True):
    """What the gate let through."""

    client: Client
    grantee: Grantee
    session: bytes
    family: bytes
    kept: bool
    offline: bool
    login: Login
    scopes: str
    audience: str
    details: str
    """authorization_details as a JSON array, or empty."""
    nonce: str = ""
    sender: Sender = ANYBODY
    """Whose key the access token is bound to."""
    claims: bytes = b""
    """Digest of the claims asked for one by one."""
    wanted: str = ""
    """What of them was allowed, as it stands with the consent."""


def joined(bodies: list[str]) -> str:
    """Details as one JSON array; empty for none."""
    return f"[{','.join(bodies)}]" if bodies else ""


def access_text(engine: Engine, access: Access) -> str:
    """Sealed for our own resources, signed for others."""
    if engine.opaque(access.audience):
        return opaque_of(engine.keys, access)
    return jwt_of(engine.keys, engine.issuer, access)


def answer(engine: Engine, granted: Granted, now: int) -> dict[str, Any]:
    """The members of a successful answer (RFC 6749 § 5.1), without a refresh token."""
    grantee, login = granted.grantee, granted.login
    seconds = engine.settings.access_seconds
    access = Access(
        audience=granted.audience,
        client=grantee.client,
        scope=granted.scopes,
        at=now,
        ends=now + seconds,
        jti=engine.entropy(16),
        holder_key=grantee.holder_key,
        acting_for=grantee.acting_for,
        session=granted.session,
        family=granted.family,
        kept=granted.kept,
        offline=granted.offline,
        office=login.office,
        level=login.level,
        strength=login.strength,
        auth_time=login.auth_time,
        details=granted.details,
        sender=granted.sender,
        claims=granted.claims if granted.audience == engine.userinfo else b"",
    )
    found: dict[str, Any] = {
        "access_token": access_text(engine, access),
        "token_type": token_type(granted.sender),
        "expires_in": seconds,
        "scope": granted.scopes,
    }
    if OPENID in granted.scopes.split():
        found["id_token"] = id_token(
            engine,
            granted.client,
            grantee,
            login,
            session=granted.session,
            nonce=granted.nonce,
            wanted=stored(granted.wanted) if granted.wanted else None,
            now=now,
        )
    if granted.details:
        found["authorization_details"] = _raw(granted.details.encode())
    return found
