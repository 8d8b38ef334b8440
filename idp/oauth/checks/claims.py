"""The claims asked for one by one; two of them decide something: ``acr`` and ``sub`` (OIDC Core § 5.5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.oauth.checks.session import strength_wanted
from idp.oauth.claims.claims import may_ask
from idp.oauth.claims.claims_request import canonical, read
from idp.oauth.errors import LoginRequired, UnmetAuthenticationRequirements
from idp.oauth.scopes import OPENID
from idp.sessions.session import reaches

if TYPE_CHECKING:
    from idp.oauth.requests.asking import Asking

__all__ = ["claims_read", "essential_acr_reached"]


def claims_read(asking: Asking) -> None:
    """Of a request without ``openid`` it means nothing: neither ID token nor userinfo answers it."""
    text = asking.get("claims")
    if text is None or OPENID not in asking.scopes:
        return
    asking.asked = read(text, may_ask(frozenset(asking.client.scopes)))
    if asking.asked.wanted:
        asking.claims = canonical(asking.asked.wanted)[0]


def essential_acr_reached(asking: Asking) -> None:
    """Where it cannot be, the login has failed (§ 5.5.1.1)."""
    essential, session = asking.asked.wanted.acrs, asking.session
    if not essential or any(reaches(session.level, session.strength, acr) for acr in essential):
        return
    if asking.silent and strength_wanted(asking, session):
        raise LoginRequired("Send the person without prompt=none, so that they can reach the acr.")
    raise UnmetAuthenticationRequirements("The person reaches none of the acr values that claims demands.")
