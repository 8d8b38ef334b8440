"""/par: a client pushes its request before the browser comes with the name of it (RFC 9126)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idp.endpoints.gates import client
from idp.endpoints.refusals import oauth_refusal
from idp.oauth.authorization import push
from idp.oauth.errors import InvalidRequest
from web.call import Parameters
from web.endpoint import Endpoint
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["pushing_endpoints"]

BODY_LIMIT: Final = 32 * 1024
PROOFS: Final = frozenset({"client_id", "client_secret", "client_assertion", "client_assertion_type"})
"""What says who is calling; no part of the request that is kept."""


def pushing_endpoints(engine: Engine) -> tuple[Endpoint, ...]:
    """The pushed authorization request endpoint."""

    def handle(call: Call) -> Reply:
        for name in PROOFS:
            if len(call.form.all(name)) > 1:
                raise InvalidRequest("Send each parameter once; only resource may be repeated.")
        own = [pair for pair in call.form.pairs() if pair[0] not in PROOFS]
        named = [("client_id", call.principal.client_id), *own]
        request_uri = push(engine, call, call.principal, Parameters.of(named))
        return Reply.json({"request_uri": request_uri, "expires_in": engine.settings.pushed_seconds}, 201)

    pushes = client(engine, "a request that counts as this client's (RFC 9126 § 2.1)")
    return (Endpoint("POST", "/par", handle, pushes, body_limit=BODY_LIMIT, refuse=oauth_refusal),)
