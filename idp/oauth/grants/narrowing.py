"""What a token request may choose: one resource, fewer scopes, narrower details; never more than granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from idp.oauth.checks.scope import canonical_details
from idp.oauth.errors import InvalidAuthorizationDetails, InvalidScope, InvalidTarget
from idp.oauth.tokens.issue import joined

if TYPE_CHECKING:
    from idp.oauth.exchange import Exchange

__all__ = ["audience", "details", "scopes", "wants_details"]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def audience(ask: Exchange, granted: tuple[str, ...]) -> str:
    """The one audience of the token: as asked, else the first granted, else userinfo (RFC 8707 § 2.2).

    Raises:
        InvalidTarget: more than one, or one that was not granted.

    """
    asked = ask.form.all("resource")
    if not asked:
        return granted[0] if granted else ask.engine.userinfo
    if len(asked) > 1:
        raise InvalidTarget("Send one resource; each token is for one.")
    if asked[0] not in granted and asked[0] != ask.engine.userinfo:
        raise InvalidTarget("Send a resource that the authorization request named.")
    return asked[0]


def scopes(ask: Exchange, granted: str) -> str:
    """The scopes asked for, all of them granted ones; none asked, all of them (RFC 6749 § 6).

    Raises:
        InvalidScope: one that was not granted.

    """
    asked = ask.form.get("scope")
    if asked is None:
        return granted
    names = tuple(dict.fromkeys(asked.split()))
    if not set(names) <= set(granted.split()):
        raise InvalidScope("Ask only for scopes that were granted.")
    return " ".join(names)


def wants_details(ask: Exchange) -> bool:
    """Whether the request narrows authorization_details: then what was granted is read before spending."""
    return ask.form.get("authorization_details") is not None


def details(ask: Exchange, granted: list[str], given_to: str | None = None) -> str:
    """The authorization details asked for, each within a granted one (RFC 9396 § 6), as a JSON array.

    ``given_to``: the client that they were granted to, where that is another than the one that asks.

    Raises:
        InvalidAuthorizationDetails: one that goes beyond.

    """
    text = ask.form.get("authorization_details") or ""
    asked = canonical_details(ask.engine, given_to or ask.client.client_id, ask.client.detail_types, text)
    stands = [_decode(body) for body in granted]
    for body in asked:
        detail = _decode(body)
        kind = ask.engine.details[detail["type"]]
        if not any(whole["type"] == kind.name and kind.narrow(detail, whole) for whole in stands):
            raise InvalidAuthorizationDetails("Ask for nothing beyond what was granted.")
    return joined(asked)
