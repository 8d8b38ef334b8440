"""Settings of the room. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["PortalSettings"]

HOUR = 3600


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """Where the portal stands and as which client it logs people in."""

    origin: str = "http://127.0.0.1:8000"
    """Another host than the provider's: what shows licences has cookies of its own."""
    client_id: str = "portal"
    """As the provider has registered the portal."""
    client_secret_file: Path | None = None
    """The client's secret; None where the service seeds the client itself."""
    session_seconds: int = 12 * HOUR
    """The portal's cookie at most; the provider's session and the tokens in it end sooner."""
    login_seconds: int = 1800
    """From leaving for the login page to coming back; the provider's own limit is the same."""
