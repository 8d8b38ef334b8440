"""How long a login lives. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SessionSettings"]

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How long a login lives."""

    idle_seconds: int = HOUR
    """Without a request; a session in use goes on."""
    absolute_seconds: int = 12 * HOUR
    """In all, used or not."""
    known_browser_seconds: int = 400 * DAY
    """How long a browser that logged in counts as known; 400 days is the most browsers keep a cookie."""
