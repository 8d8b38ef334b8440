"""How long what lives. Seconds, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from idp.oauth.senders.dpop_nonce import Mode

__all__ = ["OAuthSettings"]

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

CODE_SECONDS_MOST = 60
RETRY_SECONDS_MOST = 10
PUSHED_SECONDS_LIMIT = 600


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """Lifetimes of values and families."""

    code_seconds: int = 60
    """Authorization code; the browser is redirected at once, so never more than 60."""
    access_seconds: int = 10 * MINUTE
    """Access token of a person; revocation shows at once where we check, at its end elsewhere."""
    client_access_seconds: int = 10 * MINUTE
    """Access token of a client for itself."""
    id_token_seconds: int = 10 * MINUTE
    """ID token: read once by the hall that asked."""
    refresh_idle_seconds: int = 14 * DAY
    """A family of refresh tokens that nobody uses."""
    refresh_seconds: int = 90 * DAY
    """A family at most."""
    retry_seconds: int = 10
    """A lost reply: how long the generation before may be presented again."""
    begun_seconds: int = 30 * MINUTE
    """From the first arrival at /authorize to the end of login and consent."""
    device_seconds: int = 10 * MINUTE
    """A device waits so long for its person (RFC 8628 § 3.2)."""
    ciba_seconds: int = 5 * MINUTE
    """A back-channel request waits so long for its person, where the hall asks for nothing else."""
    ciba_seconds_most: int = 10 * MINUTE
    """As long as it may wait, whatever the hall asks."""
    poll_seconds: int = 5
    """Between two questions of a client that waits (RFC 8628 § 3.5)."""
    pushed_seconds: int = 120
    """A pushed request: from the answer to the browser's first arrival with it; below 600 (FAPI 2.0)."""
    par_required: bool = False
    """Whether every client has to push its requests, not only those registered so (RFC 9126 § 5)."""
    dpop_nonce: Mode = "on"
    """``on``: answers offer a nonce and proofs may bring it; ``required``: they must (RFC 9449 § 8)."""
    request_uri_fetched: bool = False
    """Whether signed requests are fetched from addresses that a client registered (OIDC Core § 6.2)."""
    nonce_most: int = 64
    """Characters; FAPI 2.0 § 5.3.2.2 allows to refuse longer ones, and a code stays under 512."""
    request_most: int = 8192
    """Characters of an authorization request written as a query."""
    registration: Literal["off", "token", "AnybodyMayRegister"] = "token"
    """Who may register clients at ``/register``: nobody, whoever has an initial access token, or anybody."""
    client_ca_file: Path | None = None
    """Authorities and intermediates that may certify clients for tls_client_auth (PEM); none: nobody may."""

    def faults(self) -> list[str]:
        """What is wrong with these numbers, all of it at once; empty where nothing is."""
        found = [
            f"idp.oauth.{name}: must be a positive number"
            for name in self.__slots__
            if type(value := getattr(self, name)) is int and value <= 0
        ]
        if self.code_seconds > CODE_SECONDS_MOST:
            found.append(f"idp.oauth.code_seconds: at most {CODE_SECONDS_MOST}")
        if self.ciba_seconds > self.ciba_seconds_most:
            found.append("idp.oauth.ciba_seconds: at most ciba_seconds_most")
        if self.retry_seconds > RETRY_SECONDS_MOST:
            found.append(f"idp.oauth.retry_seconds: at most {RETRY_SECONDS_MOST}")
        if self.pushed_seconds >= PUSHED_SECONDS_LIMIT:
            found.append(f"idp.oauth.pushed_seconds: below {PUSHED_SECONDS_LIMIT}")
        return found
