"""Who asks, and where the answer may go: before both are good nothing is sent (RFC 6749 § 4.1.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from idp.oauth.clients.rules import LOOPBACK
from idp.oauth.errors import InvalidRequest, UnauthorizedClient, UnknownClient, UnregisteredRedirect

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.requests.asking import Asking

__all__ = ["client_known", "grant_allowed", "once", "redirect_uri_registered", "registered"]

REPEATABLE = frozenset({"resource"})
"""RFC 8707 § 2."""


def client_known(asking: Asking) -> None:
    """An enabled client of that client_id."""
    client = asking.engine.clients.enabled(asking.get("client_id") or "")
    if client is None:
        raise UnknownClient
    asking.client = client


def redirect_uri_registered(asking: Asking) -> None:
    """Exact string match; from here on errors go to the client."""
    uri = asking.get("redirect_uri")
    if uri is None or not registered(asking.client, uri):
        raise UnregisteredRedirect
    asking.redirect_uri = uri


def registered(client: Client, uri: str) -> bool:
    """Whether the client may be answered at ``uri``; a native one at any loopback port (RFC 8252 § 7.3)."""
    if uri in client.redirect_uris:
        return True
    if client.application_type != "native":
        return False
    portless = _without_port(uri)
    return portless is not None and any(portless == _without_port(known) for known in client.redirect_uris)


def _without_port(uri: str) -> str | None:
    """A loopback http URI with its port left out, or None where it is none."""
    if not uri.startswith("http://"):
        return None
    netloc, slash, rest = uri[len("http://") :].partition("/")
    host, _, port = netloc.rpartition(":") if not netloc.endswith("]") and ":" in netloc else (netloc, "", "")
    if host not in LOOPBACK or not slash or (port and not (port.isascii() and port.isdigit())):
        return None
    try:
        _ = urlsplit(uri).port
    except ValueError:
        return None
    return f"http://{host}/{rest}"


def once(asking: Asking) -> None:
    """RFC 6749 § 3.1: no parameter twice, but those that may."""
    if asking.parameters.repeated - REPEATABLE:
        raise InvalidRequest("Send each parameter once; only resource may be repeated.")


def grant_allowed(asking: Asking) -> None:
    """The client is registered for the code flow."""
    if "authorization_code" not in asking.client.grants:
        raise UnauthorizedClient
