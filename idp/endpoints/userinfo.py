"""/userinfo: claims about the holder (OIDC Core § 5.3), to the bearer of a token made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.endpoints.gates import userinfo_bearer
from idp.endpoints.refusals import oauth_refusal
from idp.oauth.errors import InvalidToken
from idp.oauth.tokens.userinfo import as_jwt, userinfo
from web.endpoint import Endpoint
from web.reply import NO_STORE, Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.tokens.verified import Tokens
    from web.call import Call

__all__ = ["userinfo_endpoints"]

JWT = (("Content-Type", "application/jwt"), *NO_STORE)


def userinfo_endpoints(engine: Engine, tokens: Tokens) -> tuple[Endpoint, ...]:
    """GET and POST."""

    def answer(call: Call) -> Reply:
        client = engine.clients.enabled(call.principal.client)
        found = userinfo(engine, client, call.principal, call.now) if client else None
        if found is None:
            raise InvalidToken
        jwt = as_jwt(engine, client, found, call.now) if client else None
        return Reply.json(found) if jwt is None else Reply(200, jwt.encode(), JWT)

    bearer = userinfo_bearer(engine, tokens, "what the token's scopes open")
    return tuple(
        Endpoint(method, "/userinfo", answer, bearer, refuse=oauth_refusal) for method in ("GET", "POST")
    )
