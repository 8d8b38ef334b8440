"""Settings of the room, nested by subject. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["ActivationSettings", "IdpSettings", "PasswordSettings", "SessionSettings"]

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How long a login lives."""

    idle_seconds: int = HOUR
    absolute_seconds: int = 12 * HOUR
    known_browser_seconds: int = 400 * DAY
    """How long a browser that logged in counts as known; 400 days is the most browsers keep a cookie."""


@dataclass(frozen=True, slots=True)
class PasswordSettings:
    """Passwords: NIST SP 800-63B-4 § 3.1.1 (length and block-list, no composition, no forced change)."""

    least_length: int = 8
    block_list_file: Path | None = None
    """One password a line, added to the built-in list."""
    memory_kib: int = 19 * 1024
    """Argon2id, OWASP's first recommendation: 19 MiB, t=2, p=1."""
    rounds: int = 2
    threads: int = 2
    """Hashes made at once; more than the cores only makes all of them slow."""
    waiting: int = 64
    """Hashes that may wait; beyond it the answer is 503, so that a flood cannot fill the memory."""


@dataclass(frozen=True, slots=True)
class ActivationSettings:
    """The phone on file."""

    resend_seconds: int = 60
    """A second message with another code goes out at the earliest after this time."""
    code_seconds: int = 600
    """Life of the first code; it doubles with each further code that nobody used, to a day."""
    flow_seconds: int = DAY
    """How long a browser may go on with what it began: as long as the longest code lives."""


@dataclass(frozen=True, slots=True)
class IdpSettings:
    """Everything `idp` can be told."""

    environment: Literal["development", "production"] = "production"
    sessions: SessionSettings = field(default_factory=SessionSettings)
    passwords: PasswordSettings = field(default_factory=PasswordSettings)
    activation: ActivationSettings = field(default_factory=ActivationSettings)
