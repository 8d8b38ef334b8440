"""From a ticket to what its person agreed to: the part that device_code and CIBA share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idp.oauth.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidGrant,
    InvalidRequest,
    SlowDown,
)
from idp.oauth.grants.authorization_code import Opened, narrowed, resources_of
from idp.oauth.grants.narrowing import audience
from idp.oauth.waiting.waiting import find, open_ticket

if TYPE_CHECKING:
    from idp.oauth.exchange import Exchange
    from idp.oauth.waiting.waiting import Kind

__all__ = ["opened"]

EARLY_SECONDS: Final = 1
"""A client that keeps the interval by its own clock may seem to come so much early by ours."""


def opened(ask: Exchange, kind: Kind) -> Opened:
    """What was agreed to, not spent yet.

    Raises:
        InvalidRequest: no ticket.
        InvalidGrant: not a ticket of this client.
        ExpiredToken: it has ended, or what it stands for was lost.
        AccessDenied: the person said no.
        AuthorizationPending, SlowDown: they have said nothing yet.

    """
    text = ask.form.get(kind)
    if text is None:
        raise InvalidRequest(f"Send {kind}.")
    engine, client_id = ask.engine, ask.client.client_id
    ticket = open_ticket(engine.keys, kind, client_id, text)
    if ticket.ends <= ask.now:
        raise ExpiredToken
    found = find(engine, kind, ticket.place)
    if found is None or found.waiting.family != ticket.family:
        raise ExpiredToken(detail="the waiting request was lost")
    if found.waiting.decided == "deny":
        raise AccessDenied
    code = found.waiting.code
    if code is None:
        raise _not_yet(ask, ticket.family)
    if code.family != ticket.family or code.ends != ticket.ends:
        raise InvalidGrant(detail="ticket and decision differ")
    resources = resources_of(ask.client, code)
    owner = client_id.encode()  # and not the person's: of two that agreed to one ticket, one counts
    return Opened(code, resources, audience(ask, resources), narrowed(ask, code), kind, owner)


def _not_yet(ask: Exchange, family: bytes) -> AuthorizationPending | SlowDown:
    """RFC 8628 § 3.5: who asks again within the interval is told to wait longer."""
    ends = ask.now + ask.engine.settings.poll_seconds - EARLY_SECONDS
    return (
        SlowDown() if ask.engine.expiring.bump(f"poll:{family.hex()}", ends) > 1 else AuthorizationPending()
    )
