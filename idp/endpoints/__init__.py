"""The provider's routes for machines, and the browser's way through them.

``LANE`` names what ``web.application`` may answer without Flask's routing: machines' endpoints, and the
authorization endpoint, which sends most browsers on without a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idp.endpoints.authorize import authorize_endpoints
from idp.endpoints.backchannel_authentication import ciba_endpoints
from idp.endpoints.cross_origin import cross_origin
from idp.endpoints.device_authorization import device_endpoints
from idp.endpoints.documents import document_endpoints
from idp.endpoints.initiation import initiation_endpoints
from idp.endpoints.logout import logout_endpoints
from idp.endpoints.pushing import pushing_endpoints
from idp.endpoints.registration import registration_endpoints
from idp.endpoints.session_frame import session_frame_endpoints
from idp.endpoints.tokens import token_endpoints
from idp.endpoints.userinfo import userinfo_endpoints

if TYPE_CHECKING:
    from idp.oauth.assembly import OAuth
    from idp.oauth.logout.farewell import Farewell
    from store import Feed
    from web.endpoint import Endpoint
    from web.pages import Pages

__all__ = ["LANE", "oauth_endpoints"]

LANE: Final = (
    ("GET", "/authorize"),
    ("POST", "/token"),
    ("POST", "/par"),
    ("POST", "/introspect"),
    ("POST", "/revoke"),
    ("GET", "/userinfo"),
    ("GET", "/jwks"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/.well-known/oauth-authorization-server"),
)


def oauth_endpoints(oauth: OAuth, feed: Feed, pages: Pages, farewell: Farewell) -> tuple[Endpoint, ...]:
    """Every OAuth route but the consent page, which is ``idp.pages.consent``'s."""
    engine = oauth.engine
    found = (
        *authorize_endpoints(engine, pages),
        *pushing_endpoints(engine),
        *initiation_endpoints(engine),
        *token_endpoints(engine, oauth.tokens),
        *device_endpoints(engine),
        *ciba_endpoints(engine),
        *userinfo_endpoints(engine, oauth.tokens),
        *registration_endpoints(engine),
        *logout_endpoints(engine, farewell, pages),
        *session_frame_endpoints(engine.clients),
        *document_endpoints(engine, feed),
    )
    return cross_origin(engine.clients, found)
