"""/token, /introspect and /revoke: what clients call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.endpoints.gates import client, confidential_client
from idp.endpoints.refusals import oauth_refusal
from idp.oauth.token import exchange
from idp.oauth.tokens.introspection import MEDIA_TYPE, introspect, signed, wants_jwt
from idp.oauth.tokens.revocation import revoke
from web.endpoint import Endpoint
from web.reply import NO_STORE, Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from idp.oauth.tokens.verified import Tokens
    from web.call import Call

__all__ = ["token_endpoints"]

JWT = (("Content-Type", MEDIA_TYPE), *NO_STORE)
BODY_LIMIT = 32 * 1024


def token_endpoints(engine: Engine, tokens: Tokens) -> tuple[Endpoint, ...]:
    """The endpoints; none reads a cookie, so the lane may answer them."""

    def token(call: Call) -> Reply:
        return Reply.json(exchange(engine, call, call.principal))

    def introspection(call: Call) -> Reply:
        found = introspect(engine, tokens, call, call.principal)
        if not wants_jwt(call):
            return Reply.json(found)
        return Reply(200, signed(engine, call.principal, found, call.now).encode(), JWT)

    def revocation(call: Call) -> Reply:
        revoke(engine, call, call.principal)
        return Reply(200, b"", NO_STORE)

    asks = client(engine, "the steps go on only for a client that proved itself")
    reads = confidential_client(
        engine, "only a token's audience, or its own client, learns of it (RFC 7662 § 2.1)"
    )
    ends = client(engine, "a client ends its own tokens (RFC 7009 § 2.1)")
    return (
        Endpoint("POST", "/token", token, asks, body_limit=BODY_LIMIT, refuse=oauth_refusal),
        Endpoint("POST", "/introspect", introspection, reads, body_limit=BODY_LIMIT, refuse=oauth_refusal),
        Endpoint("POST", "/revoke", revocation, ends, body_limit=BODY_LIMIT, refuse=oauth_refusal),
    )
