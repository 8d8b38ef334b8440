"""/backchannel-authentication: where a hall asks a person who is not at its own page (CIBA § 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.endpoints.gates import confidential_client
from idp.endpoints.refusals import oauth_refusal
from idp.oauth.ciba import petition
from web.endpoint import Endpoint
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["ciba_endpoints"]

BODY_LIMIT = 32 * 1024


def ciba_endpoints(engine: Engine) -> tuple[Endpoint, ...]:
    """The endpoint; the page for the person is ``idp.pages.requests``'s."""

    def ask(call: Call) -> Reply:
        return Reply.json(petition(engine, call, call.principal))

    asks = confidential_client(engine, "a hall that proved itself asks a person to decide on their own page")
    path = "/backchannel-authentication"
    return (Endpoint("POST", path, ask, asks, body_limit=BODY_LIMIT, refuse=oauth_refusal),)
