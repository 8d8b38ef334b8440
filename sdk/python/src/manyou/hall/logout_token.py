"""The provider's word that a login is over (OpenID Connect Back-Channel Logout 1.0 § 2.6), rule by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from manyou.hall.errors import InvalidLogoutToken
from manyou.hall.id_token import AHEAD_SECONDS, signed_claims

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manyou.hall.provider import Provider

__all__ = ["LoggedOut", "check_logout_token"]

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYP: Final = "logout+jwt"


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whose login is over. At least one of the two is there."""

    sub: str | None
    """The person or organisation: without ``sid``, all their logins."""
    sid: str | None
    """The one session, as ``sid`` of its ID tokens."""


def check_logout_token(
    token: str, provider: Provider, client_id: str, now: int, algorithms: Sequence[str]
) -> LoggedOut:
    """Whom a logout token logs out.

    Raises:
        InvalidLogoutToken: the detail names the first rule that it breaks.

    """
    claims, header = signed_claims(token, provider, algorithms, InvalidLogoutToken)
    rules = _rules(claims, header, provider.issuer, client_id, now)
    broken = next((rule for rule, kept in rules if not kept), None)
    if broken is not None:
        raise InvalidLogoutToken(detail=broken)
    return LoggedOut(claims.get("sub"), claims.get("sid"))


def _rules(
    claims: Mapping[str, Any], header: Mapping[str, Any], issuer: str, client_id: str, now: int
) -> list[tuple[str, bool]]:
    audience, ends, at, events = (claims.get(name) for name in ("aud", "exp", "iat", "events"))
    named = [claims[name] for name in ("sub", "sid") if name in claims]
    return [
        # an ID token must never log anybody out: here it could be told by its nonce alone
        ("typ", str(header.get("typ", "")).lower().removeprefix("application/") == TYP),
        ("nonce", "nonce" not in claims),
        ("iss", claims.get("iss") == issuer),
        ("aud", client_id in (audience if isinstance(audience, list) else [audience])),
        ("iat", isinstance(at, int) and at <= now + AHEAD_SECONDS),
        ("exp", isinstance(ends, int) and now < ends + AHEAD_SECONDS),
        ("jti", isinstance(claims.get("jti"), str)),
        ("events", isinstance(events, dict) and isinstance(events.get(EVENT), dict)),
        ("sub or sid", bool(named) and all(isinstance(name, str) and name for name in named)),
    ]
