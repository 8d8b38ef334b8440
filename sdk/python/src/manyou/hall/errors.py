"""What may go wrong between a hall and the provider.

Problem
├── BadRequest ── ForeignAnswer        what came to the redirect address belongs to no login of this browser
├── BadRequest ── InvalidLogoutToken   what came to the logout address is not the provider's word
├── Unauthenticated ── InvalidIdToken  the ID token does not prove who logged in
├── Forbidden ── LoginRefused          the provider said no; ``code`` is its own word for it
├── Unauthenticated ── StepUpNeeded    the person has to log in more strongly, or anew
├── Unauthenticated ── TokenRefused    a code or refresh token is no longer good: log in again
└── Unavailable ── ProviderUnavailable it does not answer, or not in its own language
"""

from __future__ import annotations

import re
from typing import Final

from manyou.errors import BadRequest, Forbidden, Unauthenticated, Unavailable

__all__ = [
    "ForeignAnswer",
    "InvalidIdToken",
    "InvalidLogoutToken",
    "LoginRefused",
    "ProviderUnavailable",
    "StepUpNeeded",
    "TokenRefused",
]


_MEMBER: Final = re.compile(r'([a-z_]+)="([^"]*)"')


class ForeignAnswer(BadRequest):
    """State or issuer are not those of a login begun here (RFC 6749 § 10.12, RFC 9207)."""

    code = "foreign_answer"
    mend = "Begin the login again from the hall's own page."


class InvalidIdToken(Unauthenticated):
    """The ID token fails a rule of OIDC Core § 3.1.3.7."""

    code = "invalid_id_token"
    mend = "Begin the login again."


class InvalidLogoutToken(BadRequest):
    """The logout token fails a rule of Back-Channel Logout 1.0 § 2.6."""

    code = "invalid_logout_token"
    mend = "Send a logout token that this provider signed for this client a moment ago."


class LoginRefused(Forbidden):
    """The person or the provider refused; the instance's ``code`` is the wire's ``error``."""

    code = "login_refused"
    mend = "Begin the login again, or agree to what the hall asks for."


class TokenRefused(Unauthenticated):
    """The provider takes a code or token no longer."""

    code = "token_refused"
    mend = "Log in again."


class StepUpNeeded(Unauthenticated):
    """The token is good, and the person has to log in more strongly, or anew (RFC 9470 § 3)."""

    code = "insufficient_user_authentication"
    mend = "Log in again, as strongly and as recently as this needs."
    acr_values = ""
    """Any of them suffices; empty: the strength is not what is lacking."""
    max_age: int | None = None
    """Seconds since the login; None: its age is not what is lacking."""

    def read(self, challenge: str) -> None:
        """Take both out of ``WWW-Authenticate``."""
        found = dict(_MEMBER.findall(challenge))
        self.acr_values = found.get("acr_values", "")
        age = found.get("max_age", "")
        self.max_age = int(age) if age.isascii() and age.isdigit() and len(age) < 10 else None


class ProviderUnavailable(Unavailable):
    """The provider cannot be reached, or its answer cannot be read."""

    code = "provider_unavailable"
