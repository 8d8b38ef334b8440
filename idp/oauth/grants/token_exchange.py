"""Token exchange (RFC 8693): a hall that was called for a user calls another hall for the same user.

What it shows is the access token that it was called with; who acts is the client that authenticates. The new
token rests on what the old one rests on, the first hall's consent, family and session: it never opens more,
never outlives it, and falls with it. Nothing of ours changes, so nothing is spent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from idp.oauth.errors import InvalidRequest, InvalidScope, InvalidTarget
from idp.oauth.exchange import Grant
from idp.oauth.gate import may_issue
from idp.oauth.grants import narrowing
from idp.oauth.scopes import OFFLINE, OPENID
from idp.oauth.senders.sender import token_type
from idp.oauth.standing import standing
from idp.oauth.tokens import access_token
from idp.oauth.tokens.access_token import Access, bid_of
from idp.oauth.tokens.issue import access_text, joined

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.exchange import Exchange

__all__ = ["ACCESS_TOKEN", "ACTORS_MOST", "GRANT"]

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
ACTORS_MOST: Final = 4
"""Halls in a row: a longer chain is nothing that somebody agreed to, and makes tokens grow without bound."""
NOT_PASSED_ON: Final = frozenset({OPENID, OFFLINE})
"""They ask for an ID token and a refresh token, of which an exchange gives neither."""

_details = msgspec.json.Decoder(list[dict[str, Any]]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


class _Opened(msgspec.Struct, frozen=True):
    shown: Access
    first: Client
    """The hall that the person agreed to."""
    audience: str
    scope: str
    details: str


def _open(ask: Exchange) -> _Opened:
    if ask.form.get("actor_token") is not None or ask.form.get("actor_token_type") is not None:
        raise InvalidRequest("Leave out actor_token; the client that authenticates is the actor.")
    if ask.form.get("requested_token_type") not in {None, ACCESS_TOKEN}:
        raise InvalidRequest(f"Leave out requested_token_type, or send {ACCESS_TOKEN}.")
    shown, first = _shown(ask)
    if len(shown.actors) >= ACTORS_MOST:
        raise InvalidRequest(f"Send a subject_token that went through fewer than {ACTORS_MOST} halls.")
    audience = _audience(ask)
    scope, details = _scope(ask, shown), _narrowed(ask, shown)
    if not scope and not details:
        raise InvalidScope("Nothing of the subject_token is open to this client.")
    return _Opened(shown, first, audience, scope, details)


def _shown(ask: Exchange) -> tuple[Access, Client]:
    """The token that this client was called with; one that is not good is an invalid_request (§ 2.2.2)."""
    engine, text = ask.engine, ask.form.get("subject_token")
    if text is None or ask.form.get("subject_token_type") not in {ACCESS_TOKEN, JWT}:
        raise InvalidRequest(f"Send subject_token, and subject_token_type {ACCESS_TOKEN}.")
    shown = access_token.open_access(engine.keys, text)
    if shown is None:
        shown = access_token.open_jwt(engine.keys, engine.issuer, text)
    if shown is None or shown.ends <= ask.now:
        raise InvalidRequest("Send a subject_token that this provider issued and that lives.")
    if shown.audience not in ask.client.serves:
        raise InvalidRequest("Send a subject_token whose audience is this client's own resource.")
    if not shown.holder_key:
        raise InvalidRequest("Send a user's token; for itself a client has client_credentials.")
    acting = [engine.clients.enabled(each) for each in (shown.client, *shown.actors)]
    first = acting[0]
    if first is None or None in acting:
        raise InvalidRequest(_OVER, detail="client_disabled")
    return shown, first


_OVER: Final = "Send a subject_token whose session, consent and halls still stand."


def _audience(ask: Exchange) -> str:
    """The one resource, by its URI or by a name (§ 2.1); else the client's first."""
    client = ask.client
    asked = [*ask.form.all("resource"), *(_called(ask, name) for name in ask.form.all("audience"))]
    asked = list(dict.fromkeys(asked))
    if len(asked) > 1:
        raise InvalidTarget("Send one resource or audience; each token is for one.")
    if not asked:
        return client.audiences[0]
    if asked[0] not in client.audiences:
        raise InvalidTarget
    return asked[0]


def _called(ask: Exchange, name: str) -> str:
    """The resource of a name: of the client so called, where it serves one to be asked for; else ours."""
    server = ask.engine.clients.enabled(name)
    served = [each for each in server.serves if each in ask.client.audiences] if server else []
    return served[0] if len(served) == 1 else ask.engine.audience(name)


def _scope(ask: Exchange, shown: Access) -> str:
    """As asked, within what the token has and the client is registered for; none asked: all of that."""
    open_to = [
        each for each in shown.scope.split() if each in ask.client.scopes and each not in NOT_PASSED_ON
    ]
    return narrowing.scopes(ask, " ".join(open_to))


def _narrowed(ask: Exchange, shown: Access) -> str:
    granted = [
        _encode(each).decode()
        for each in _details(shown.details or "[]")
        if each["type"] in ask.client.detail_types
    ]
    if narrowing.wants_details(ask):
        return narrowing.details(ask, granted, shown.client)
    return joined(granted)


def _redeem(ask: Exchange) -> str | None:
    """The gate's reason why not; the stricter of both halls' policies holds."""
    opened: _Opened = ask.opened
    bid = msgspec.structs.replace(
        bid_of(opened.shown),
        least_level=max(ask.client.least_level, opened.first.least_level),
        least_strength=max(ask.client.least_strength, opened.first.least_strength),
    )
    return ask.engine.durable.read(lambda tx: may_issue(bid, standing(tx, bid, ask.now), ask.now))


def _answer(ask: Exchange) -> dict[str, Any]:
    engine, opened = ask.engine, ask.opened
    if ask.outcome is not None:
        raise InvalidRequest(_OVER, detail=ask.outcome)
    shown: Access = opened.shown
    ends = min(shown.ends, ask.now + engine.settings.access_seconds)
    access = msgspec.structs.replace(
        shown,
        audience=opened.audience,
        scope=opened.scope,
        details=opened.details,
        at=ask.now,
        ends=ends,
        jti=engine.entropy(16),
        sender=ask.sender,
        actors=(ask.client.client_id, *shown.actors),
        through=(shown.jti, *shown.through),
        claims=b"",  # userinfo's, which is none of the audiences that a client serves
    )
    found: dict[str, Any] = {
        "access_token": access_text(engine, access),
        "issued_token_type": ACCESS_TOKEN,
        "token_type": token_type(ask.sender),
        "expires_in": ends - ask.now,
        "scope": access.scope,
    }
    if access.details:
        found["authorization_details"] = msgspec.Raw(access.details.encode())
    return found


GRANT = Grant(_open, _redeem, _answer)
