"""What has two implementations: the gateway to phones."""

from __future__ import annotations

from typing import Protocol

__all__ = ["SmsSender"]


class SmsSender(Protocol):
    """Takes a text for a phone.

    Called by the outbox's job, never while somebody waits for a page. Returning means the gateway has it;
    raising ``manyou.errors.Unavailable`` means it is tried again, so a message may arrive twice.
    """

    def send(self, mobile: str, text: str) -> None:
        """Send ``text`` to ``mobile`` (digits as the registry has them)."""
        ...
