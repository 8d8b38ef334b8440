"""Who may call the machine endpoints: a client that proves itself, or the bearer of a token for userinfo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idp.oauth.errors import InsufficientScope, InvalidClient, InvalidRequest, InvalidToken
from idp.oauth.proof.client_authentication import authenticate
from idp.oauth.proof.proving import check_sender
from idp.oauth.scopes import OPENID
from idp.oauth.tokens.verified import presented
from idp.sessions.session import acr
from web.challenges import StepUp
from web.endpoint import Authorisation

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.tokens.verified import Tokens
    from web.access import VerifiedAccess
    from web.call import Call

__all__ = ["client", "confidential_client", "userinfo_bearer"]

POSTED: Final = "posted"
"""Instead of a scheme: the token came in the body (RFC 6750 § 2.2)."""


def client(engine: Engine, reason: str) -> Authorisation:
    """An authenticated client, or a public one that names itself; it is ``call.principal``."""
    return Authorisation("client", reason, lambda call: authenticate(engine, call))


def confidential_client(engine: Engine, reason: str) -> Authorisation:
    """A client that proved itself."""

    def admit(call: Call) -> Client:
        found = authenticate(engine, call)
        if found.public:
            raise InvalidClient
        return found

    return Authorisation("client", reason, admit)


def userinfo_bearer(engine: Engine, tokens: Tokens, reason: str) -> Authorisation:
    """The bearer of a token for userinfo with scope openid, in the header or the POST body, never both."""

    def admit(call: Call) -> VerifiedAccess:
        scheme, text = _token(call)
        known = tokens.look(text, call.now)
        if known is None or known.access.audience != engine.userinfo or known.jwt:
            raise InvalidToken
        if scheme == POSTED and known.access.sender:  # FAPI 2.0 § 5.3.4: bound tokens stand in the header
            raise InvalidRequest("Send a sender-constrained access token in the Authorization header.")
        scheme = "bearer" if scheme == POSTED else scheme
        check_sender(engine, call, known.access.sender, scheme, text)
        if OPENID not in known.verified.scopes:
            raise InsufficientScope
        _strong_enough(engine, known.verified)
        return known.verified

    return Authorisation("bearer", reason, admit)


def _strong_enough(engine: Engine, access: VerifiedAccess) -> None:
    """The operator may have raised what a hall demands since the token was given (RFC 9470)."""
    client = engine.clients.enabled(access.client)
    if client is None:
        raise InvalidToken
    if access.level < client.least_level or access.strength < client.least_strength:
        raise StepUp(acr_values=acr(client.least_level, max(client.least_strength, 1)))


def _token(call: Call) -> tuple[str, str]:
    posted = call.form.get("access_token") if call.method == "POST" and call.body else None
    if posted is None:
        return presented(call)
    if call.header("Authorization") is not None:
        raise InvalidRequest("Send the access token in one place only.")
    return POSTED, posted
