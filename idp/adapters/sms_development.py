"""The development transport: messages are kept in memory and shown on a page instead of being sent."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

__all__ = ["DevelopmentSms", "Shown"]

KEPT = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as the development page shows it."""

    mobile: str
    text: str


@dataclass(frozen=True, slots=True)
class DevelopmentSms:
    """An ``SmsSender`` that reaches no phone; wired in ``development`` only."""

    messages: deque[Shown] = field(default_factory=lambda: deque(maxlen=KEPT))
    """Latest first."""

    def send(self, mobile: str, text: str) -> None:
        """Keep the message for the page."""
        self.messages.appendleft(Shown(mobile, text))
