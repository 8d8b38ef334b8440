"""The authorization endpoint on one screen (RFC 6749 § 4.1, OIDC Core § 3.1.2).

Until ``redirect_uri_registered`` a refusal is a page of ours; from there on it goes to the client, with its
``state`` and our ``iss`` (RFC 9207).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from idp.oauth import begun
from idp.oauth.asking import Asking, Check, Leave
from idp.oauth.checks.consent import agreed
from idp.oauth.checks.redirection import client_known, grant_allowed, once, redirect_uri_registered
from idp.oauth.checks.request import (
    nonce_short,
    nothing_unsupported,
    pkce,
    response_mode_query,
    response_type_code,
)
from idp.oauth.checks.scope import authorization_details, resources_registered, scopes_allowed
from idp.oauth.checks.session import least_reached, logged_in, prompt_known
from idp.oauth.errors import OAuthError
from idp.oauth.sealed_code import SealedCode, digest_of, seal_code
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.engine import Engine
    from web.call import Call, Parameters

__all__ = ["AUTHORIZATION_CHECKS", "answered", "asked", "authorize", "refused"]

AUTHORIZATION_CHECKS: Final[tuple[Check, ...]] = (
    client_known,
    redirect_uri_registered,
    # from here on the client hears of it
    once,
    nothing_unsupported,
    response_type_code,
    response_mode_query,
    grant_allowed,
    pkce,
    scopes_allowed,
    nonce_short,
    resources_registered,
    authorization_details,
    prompt_known,
    begun.read,
    logged_in,
    least_reached,
    agreed,
)


def authorize(engine: Engine, call: Call, parameters: Parameters) -> Reply:
    """Answer an authorization request.

    Raises:
        UntrustedRequest, DuplicateParameter: before there is an address to answer to.

    """
    found = asked(engine, call, parameters, AUTHORIZATION_CHECKS)
    return found if isinstance(found, Reply) else answered(found, {"code": _code(found)})


def asked(engine: Engine, call: Call, parameters: Parameters, checks: tuple[Check, ...]) -> Asking | Reply:
    """Go over the checks; a Reply where the person or the client has to be answered at once."""
    asking = Asking(engine, call, parameters, call.now)
    try:
        for check in checks:
            check(asking)
    except Leave as leave:
        return leave.reply
    except OAuthError as refusal:
        if asking.redirect_uri is None:
            raise
        return refused(asking, refusal)
    return asking


def refused(asking: Asking, refusal: OAuthError) -> Reply:
    """Tell the client."""
    return answered(asking, {"error": refusal.code, "error_description": refusal.mend})


def answered(asking: Asking, answer: dict[str, str]) -> Reply:
    """Send the browser back; only ever to the redirect URI that was found registered."""
    uri = asking.redirect_uri
    if uri is None:
        raise RuntimeError("answered before redirect_uri was trusted")
    states = asking.parameters.all("state")
    state = {"state": states[0]} if len(states) == 1 and states[0] else {}
    query = urlencode(answer | state | {"iss": asking.engine.issuer})
    return Reply.redirect(f"{uri}{'&' if '?' in uri else '?'}{query}")


def _code(asking: Asking) -> str:
    engine, session = asking.engine, asking.session
    grantee = asking.grantee
    code = SealedCode(
        family=engine.family_id(),
        session=session.id,
        holder_key=grantee.holder_key,
        acting_for=grantee.acting_for,
        redirect=digest_of(asking.redirect_uri or ""),
        challenge=asking.challenge,
        at=asking.now,
        ends=asking.now + engine.settings.code_seconds,
        scope=" ".join(asking.scopes),
        nonce=asking.nonce,
        resources=asking.resources,
        details=tuple(asking.details),
    )
    return seal_code(engine.keys, grantee.client, code)
