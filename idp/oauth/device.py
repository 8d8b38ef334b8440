"""The device authorization endpoint (RFC 8628 § 3.1-3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idp.oauth.checks.redirection import once
from idp.oauth.checks.scope import authorization_details, resources_registered, scopes_allowed
from idp.oauth.clients.grant_types import DEVICE_CODE
from idp.oauth.errors import UnauthorizedClient
from idp.oauth.requests.asking import Asking
from idp.oauth.waiting import user_code
from idp.oauth.waiting.waiting import DEVICE, Waiting, find, keep
from manyou.errors import TooMany

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from idp.oauth.requests.asking import Check
    from web.call import Call

__all__ = ["DEVICE_CHECKS", "begin"]

DRAWS: Final = 8
"""With every code that may live living, all of these are taken once in 10⁵⁶ requests."""


def _grant_allowed(asking: Asking) -> None:
    if DEVICE_CODE not in asking.client.grants:
        raise UnauthorizedClient


DEVICE_CHECKS: Final[tuple[Check, ...]] = (
    _grant_allowed,
    once,
    scopes_allowed,
    resources_registered,
    authorization_details,
)


def begin(engine: Engine, call: Call, client: Client) -> dict[str, Any]:
    """Let a request of an authenticated client wait for whoever types its code.

    Raises:
        OAuthError: what is wrong with it.
        TooMany: as many wait as may.

    """
    asking = Asking(engine, call, call.form, call.now)
    asking.client = client
    for check in DEVICE_CHECKS:
        check(asking)
    seconds = engine.settings.device_seconds
    ends = call.now + seconds
    user_code.room(engine, client.client_id, ends)
    code, place = _free(engine)
    page = f"{engine.issuer}/device"
    return {
        "device_code": keep(engine, DEVICE, place, Waiting.of(asking, ends)),
        "user_code": user_code.shown(code),
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={user_code.shown(code)}",
        "expires_in": seconds,
        "interval": engine.settings.poll_seconds,
    }


def _free(engine: Engine) -> tuple[str, str]:
    """A code under which nothing waits, and its place."""
    for _ in range(DRAWS):
        code = user_code.new(engine.entropy)
        place = user_code.place_of(engine, code)
        if place is not None and find(engine, DEVICE, place) is None:
            return code, place
    raise TooMany(detail="no user code free")
