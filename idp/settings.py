"""Settings of the room, nested by subject."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from idp.factors.settings import ActivationSettings, PasswordSettings
from idp.oauth.settings import OAuthSettings
from idp.sessions.settings import SessionSettings

__all__ = ["IdpSettings"]

LEAST_PASSWORD = 8
LEAST_MEMORY_KIB = 19 * 1024
LEAST_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class IdpSettings:
    """Everything `idp` can be told."""

    environment: Literal["development", "production"] = "production"
    """The service's; ``development`` shows text messages on a page."""
    oauth: OAuthSettings = field(default_factory=OAuthSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    passwords: PasswordSettings = field(default_factory=PasswordSettings)
    activation: ActivationSettings = field(default_factory=ActivationSettings)

    def __post_init__(self) -> None:
        """Refuse numbers that would undo a rule; all faults at once.

        Raises:
            ValueError: naming every setting that is wrong.

        """
        faults = self.oauth.faults()
        if self.sessions.idle_seconds <= 0 or self.sessions.absolute_seconds <= 0:
            faults.append("idp.sessions: times must be positive")
        if self.passwords.least_length < LEAST_PASSWORD:
            faults.append(f"idp.passwords.least_length: at least {LEAST_PASSWORD}")
        if self.passwords.memory_kib < LEAST_MEMORY_KIB or self.passwords.rounds < LEAST_ROUNDS:
            faults.append("idp.passwords: argon2id below 19 MiB and two rounds")
        if faults:
            raise ValueError("; ".join(faults))
