"""/halls/‹client_id›: a login that we begin at the hall's own page (OIDC Core § 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from web.endpoint import Endpoint, public
from web.errors import NoSuchPage
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from web.call import Call

__all__ = ["initiation_endpoints"]


def initiation_endpoints(engine: Engine) -> tuple[Endpoint, ...]:
    """The way to a hall that registered where its logins begin."""

    def handle(call: Call) -> Reply:
        client = engine.clients.enabled(call.args.get("client_id", ""))
        if client is None or not client.initiate_login_uri:
            raise NoSuchPage
        uri = client.initiate_login_uri
        joint = "&" if "?" in uri else "?"
        return Reply.redirect(f"{uri}{joint}{urlencode({'iss': engine.issuer})}")

    anybody = public("leads to an address that the hall registered, and tells it nothing of anybody")
    return (Endpoint("GET", "/halls/<client_id>", handle, anybody, page=True),)
