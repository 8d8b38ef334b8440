"""client_credentials (RFC 6749 § 4.4): a client for itself. Nothing of ours changes or is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from idp.oauth.errors import InvalidScope, InvalidTarget, UnauthorizedClient
from idp.oauth.exchange import Grant
from idp.oauth.scopes import SCOPES, known
from idp.oauth.senders.sender import token_type
from idp.oauth.tokens.access_token import Access
from idp.oauth.tokens.issue import access_text

if TYPE_CHECKING:
    from idp.oauth.exchange import Exchange

__all__ = ["GRANT"]


class _Asked(msgspec.Struct, frozen=True):
    scopes: tuple[str, ...]
    audience: str


def _open(ask: Exchange) -> _Asked:
    client = ask.client
    if client.public:
        raise UnauthorizedClient
    allowed = tuple(name for name in client.scopes if SCOPES[name].client)
    text = ask.form.get("scope")
    scopes = allowed if text is None else known(text)
    if not set(scopes) <= set(allowed):
        raise InvalidScope
    return _Asked(scopes, _audience(ask))


def _audience(ask: Exchange) -> str:
    """The resource asked for, else the client's first, else the issuer itself (RFC 9068 § 3)."""
    asked = ask.form.all("resource")
    if not asked:
        return ask.client.audiences[0] if ask.client.audiences else ask.engine.issuer
    if len(asked) > 1:
        raise InvalidTarget("Send one resource; each token is for one.")
    if asked[0] not in ask.client.audiences:
        raise InvalidTarget
    return asked[0]


def _redeem(ask: Exchange) -> None:
    """The gate's one question here, whether the client is enabled, was answered when it authenticated."""
    del ask


def _answer(ask: Exchange) -> dict[str, Any]:
    engine, asked = ask.engine, ask.opened
    seconds = engine.settings.client_access_seconds
    access = Access(
        audience=asked.audience,
        client=ask.client.client_id,
        scope=" ".join(asked.scopes),
        at=ask.now,
        ends=ask.now + seconds,
        jti=engine.entropy(16),
        sender=ask.sender,
    )
    return {
        "access_token": access_text(engine, access),
        "token_type": token_type(ask.sender),
        "expires_in": seconds,
        "scope": access.scope,
    }


GRANT = Grant(_open, _redeem, _answer)
