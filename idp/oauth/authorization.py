"""The authorization endpoint on one screen (RFC 6749 § 4.1, OIDC Core § 3.1.2).

Until ``redirect_uri_registered`` a refusal is a page of ours; from there on it goes to the client, with its
``state`` and our ``iss`` (RFC 9207). What is pushed goes over the same checks but those that ask the person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idp.oauth.checks.claims import claims_read, essential_acr_reached
from idp.oauth.checks.consent import agreed
from idp.oauth.checks.profile import as_profiled
from idp.oauth.checks.redirection import client_known, grant_allowed, once, redirect_uri_registered
from idp.oauth.checks.request import (
    nonce_short,
    nothing_unsupported,
    pkce,
    response_mode_known,
    response_type_code,
    state_short,
)
from idp.oauth.checks.scope import authorization_details, resources_registered, scopes_allowed
from idp.oauth.checks.sender import key_named, key_proved
from idp.oauth.checks.session import hint_ours, least_reached, logged_in, max_age_whole, prompt_known
from idp.oauth.checks.source import not_by_name, object_opened, pushed_opened
from idp.oauth.errors import OAuthError
from idp.oauth.requests import begun
from idp.oauth.requests.asking import Asking, Check, Leave
from idp.oauth.requests.pushed import keep, spent
from idp.oauth.requests.response import answered
from idp.oauth.requests.session_state import kept, session_state
from idp.oauth.scopes import OPENID
from idp.oauth.sealed_code import CHALLENGE_BYTES, SealedCode, digest_of, seal_code
from idp.oauth.senders.sender import short
from web.reply import Reply

if TYPE_CHECKING:
    from idp.oauth.clients.client import Client
    from idp.oauth.engine import Engine
    from web.call import Call, Parameters
    from web.pages import Pages

__all__ = [
    "AUTHORIZATION_CHECKS",
    "PUSHING_CHECKS",
    "asked",
    "authorize",
    "concluded",
    "problem_of",
    "push",
]

REQUEST_CHECKS: Final[tuple[Check, ...]] = (
    redirect_uri_registered,
    # from here on the client hears of it
    response_mode_known,
    once,
    as_profiled,
    nothing_unsupported,
    response_type_code,
    state_short,
    grant_allowed,
    pkce,
    key_named,
    scopes_allowed,
    nonce_short,
    resources_registered,
    authorization_details,
    claims_read,
    prompt_known,
    max_age_whole,
    hint_ours,
)
"""Of every request, whichever way it came."""
PUSHING_CHECKS: Final[tuple[Check, ...]] = (
    not_by_name,
    object_opened,
    *REQUEST_CHECKS,
    key_proved,
)
AUTHORIZATION_CHECKS: Final[tuple[Check, ...]] = (
    client_known,
    begun.read,
    pushed_opened,
    object_opened,
    *REQUEST_CHECKS,
    logged_in,
    least_reached,
    essential_acr_reached,
    agreed,
)


def authorize(engine: Engine, pages: Pages, call: Call) -> Reply:
    """Answer an authorization request.

    Raises:
        UntrustedRequest, DuplicateParameter: before there is an address to answer to.

    """
    found = asked(engine, pages, call, AUTHORIZATION_CHECKS)
    return found if isinstance(found, Reply) else _granted(found)


def _granted(asking: Asking) -> Reply:
    """Answer with a code, and to OpenID Connect's clients with what they compare the login with later."""
    answer = {"code": _code(asking)}
    if OPENID not in asking.scopes:
        return concluded(asking, answer)
    engine, session = asking.engine, asking.session.id
    state = session_state(engine, asking.client.client_id, asking.redirect_uri or "", session)
    if state is not None:
        answer["session_state"] = state
    return concluded(asking, answer).adding(*kept(engine, asking.call, session))


def push(engine: Engine, call: Call, client: Client, parameters: Parameters) -> str:
    """Keep an authenticated client's request; the ``request_uri`` under which it can be opened.

    Raises:
        OAuthError: what is wrong with it.

    """
    asking = Asking(engine, call, parameters, call.now, pushing=True)
    asking.client = client
    for check in PUSHING_CHECKS:
        check(asking)
    pairs = asking.parameters.pairs()
    return keep(engine, client.client_id, pairs, signed=asking.signed, now=call.now)


def asked(engine: Engine, pages: Pages, call: Call, checks: tuple[Check, ...]) -> Asking | Reply:
    """Go over the checks; a Reply where the person or the client has to be answered at once."""
    asking = Asking(engine, call, call.query, call.now, pages)
    try:
        for check in checks:
            check(asking)
    except Leave as leave:
        return leave.reply
    except OAuthError as refusal:
        if asking.redirect_uri is None:
            raise
        return answered(asking, problem_of(refusal))
    return asking


def problem_of(refusal: OAuthError) -> dict[str, str]:
    """RFC 6749 § 4.1.2.1."""
    return {"error": refusal.code, "error_description": refusal.mend}


def concluded(asking: Asking, answer: dict[str, str]) -> Reply:
    """Tell the client what the person decided; a pushed request is spent by it.

    Raises:
        InvalidRequestUri: it was answered meanwhile.

    """
    reply = answered(asking, answer)
    if asking.pushed is not None:
        spent(asking.engine, asking.pushed)
    return reply


def _code(asking: Asking) -> str:
    engine, session = asking.engine, asking.session
    grantee = asking.grantee
    code = SealedCode(
        family=engine.family_id(),
        session=session.id,
        holder_key=grantee.holder_key,
        acting_for=grantee.acting_for,
        redirect=digest_of(asking.redirect_uri or ""),
        challenge=asking.challenge[:CHALLENGE_BYTES],
        at=asking.now,
        ends=asking.now + engine.settings.code_seconds,
        scope=" ".join(asking.scopes),
        nonce=asking.nonce,
        resources=asking.resources,
        details=tuple(asking.details),
        claims=asking.claims,
        sender=short(asking.sender),
    )
    return seal_code(engine.keys, grantee.client, code)
