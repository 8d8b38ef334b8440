"""Where the request stands: in the parameters, pushed before (RFC 9126), or in an object (RFC 9101)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth import pushed
from idp.oauth.checks.redirection import registered
from idp.oauth.errors import InvalidRequest, OAuthError, RequestNotSupported, RequestUriNotSupported
from web.call import Parameters

if TYPE_CHECKING:
    from idp.oauth.asking import Asking

__all__ = ["not_by_name", "object_opened", "pushed_opened"]


def pushed_opened(asking: Asking) -> None:
    """From here on what was pushed counts, and nothing that came beside its name."""
    name = asking.came.get("request_uri")
    if name is None:
        return
    if not name.startswith(pushed.PREFIX):
        raise _told(asking, RequestUriNotSupported())
    found = pushed.look(asking.engine, asking.client.client_id, name, begun=asking.begun, now=asking.now)
    asking.parameters = Parameters.of(found.pairs)
    asking.pushed, asking.signed = found, found.signed


def not_by_name(asking: Asking) -> None:
    """RFC 9126 § 2.1: what is pushed is a request, not the name of one."""
    if "request_uri" in asking.came:
        raise InvalidRequest("Push the request itself, without request_uri.")


def object_opened(asking: Asking) -> None:
    """A request object that we would ignore could say something else than the parameters do."""
    if asking.pushed is None and asking.came.get("request") is not None:
        raise _told(asking, RequestNotSupported())


def _told(asking: Asking, refusal: OAuthError) -> OAuthError:
    """The refusal, which goes to the address beside an object that cannot be read, if that is registered."""
    beside = asking.came.get("redirect_uri")
    if beside is not None and registered(asking.client, beside):
        asking.redirect_uri = beside
    return refusal
