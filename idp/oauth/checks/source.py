"""Where the request stands: in the parameters, pushed before (RFC 9126), or in an object (RFC 9101)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.checks.redirection import registered
from idp.oauth.errors import (
    InvalidRequest,
    InvalidRequestObject,
    InvalidRequestUri,
    OAuthError,
    RequestUriNotSupported,
)
from idp.oauth.requests import pushed
from idp.oauth.requests.request_object import parameters_in
from idp.oauth.requests.response import MODES, fits
from web.call import Parameters
from web.errors import NotFetched

if TYPE_CHECKING:
    from idp.oauth.requests.asking import Asking

__all__ = ["not_by_name", "object_opened", "pushed_opened"]
ACCEPTED = "application/oauth-authz-req+jwt, application/jwt"
"""RFC 9101 § 5.2.3; OIDC Core § 6.2 has the other."""


def pushed_opened(asking: Asking) -> None:
    """From here on what was pushed counts, and nothing that came beside its name."""
    name = asking.came.get("request_uri")
    if name is None:
        return
    if not name.startswith(pushed.PREFIX):
        _fetch(asking, name)
        return
    found = pushed.look(asking.engine, asking.client.client_id, name, begun=asking.begun, now=asking.now)
    asking.parameters = Parameters.of(found.pairs)
    asking.pushed, asking.signed = found, found.signed


def not_by_name(asking: Asking) -> None:
    """RFC 9126 § 2.1: what is pushed is a request, not the name of one."""
    if "request_uri" in asking.came:
        raise InvalidRequest("Push the request itself, without request_uri.")


def object_opened(asking: Asking) -> None:
    """From here on only what the client signed counts (RFC 9101 § 5)."""
    if asking.pushed is not None:
        return
    text = asking.fetched or asking.came.get("request")
    if text is None:
        return
    if not asking.pushing and len(text) > asking.engine.settings.request_most:
        raise _told(asking, InvalidRequestObject("Push a request object of this length."))
    at = asking.now if asking.begun is None else asking.begun
    try:
        asking.parameters = parameters_in(asking.engine, asking.client, text, at=at)
    except OAuthError as refusal:
        raise _told(asking, refusal)  # noqa: B904 - the same refusal
    asking.signed = True


def _fetch(asking: Asking, address: str) -> None:
    """An object at a registered address (OIDC Core § 6.2); it goes on by value, so it stays as it was."""
    client, engine = asking.client, asking.engine
    if not engine.settings.request_uri_fetched or client.fapi or not client.request_uris:
        raise _told(asking, RequestUriNotSupported())
    if address not in client.request_uris:
        raise _told(
            asking, InvalidRequestUri("Send a request_uri that is registered, character by character.")
        )
    if "request" in asking.came:
        raise _told(asking, InvalidRequest("Send request or request_uri, not both."))
    try:
        document = engine.fetcher.get(
            address.partition("#")[0], accept=ACCEPTED, most=engine.settings.request_most
        )
        asking.fetched = document.body.decode("ascii")
    except (NotFetched, UnicodeDecodeError) as error:
        raise _told(asking, InvalidRequestUri("Serve the request object at request_uri.")) from error
    asking.own = [("client_id", client.client_id), ("request", asking.fetched)]


def _told(asking: Asking, refusal: OAuthError) -> OAuthError:
    """The refusal, which goes to the address beside an object that cannot be read, if that is registered.

    It travels as that request asks (Form Post § 2), where the mode is one.
    """
    beside = asking.came.get("redirect_uri")
    if beside is not None and registered(asking.client, beside):
        asking.redirect_uri = beside
        mode = asking.came.get("response_mode") or ""
        if mode in MODES and fits(MODES[mode], beside):
            asking.mode = mode
    return refusal
