"""/device_authorization: where a device that cannot show a login begins (RFC 8628 § 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.endpoints.gates import client
from idp.endpoints.refusals import oauth_refusal
from idp.oauth.device import begin
from web.endpoint import Endpoint
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["device_endpoints"]

BODY_LIMIT = 32 * 1024


def device_endpoints(engine: Engine) -> tuple[Endpoint, ...]:
    """The endpoint; the page for the person is ``idp.pages.device``'s."""

    def start(call: Call) -> Reply:
        return Reply.json(begin(engine, call, call.principal))

    asks = client(engine, "a client lets its request wait for whoever types its code")
    return (
        Endpoint("POST", "/device_authorization", start, asks, body_limit=BODY_LIMIT, refuse=oauth_refusal),
    )
