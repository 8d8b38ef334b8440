"""Which browsers logged in before, by a sealed cookie: strangers' tries are counted apart from theirs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idp.factors.attempts import STRANGER

if TYPE_CHECKING:
    from web import Call
    from web.sealed_cookie import SealedCookie

__all__ = ["COOKIE", "KnownBrowsers"]

COOKIE: Final = "manyou-device"
MOST_PEOPLE: Final = 8
"""People of one household browser; the one who came longest ago becomes a stranger again."""


@dataclass(frozen=True, slots=True)
class KnownBrowsers:
    """Reads and writes the cookie."""

    cookie: SealedCookie

    def place(self, call: Call, holder_key: bytes | None) -> bytes:
        """Where the tries of this browser at this account are counted."""
        device, people = self._read(call)
        known = holder_key is not None and holder_key.hex() in people
        return bytes.fromhex(device) if known else STRANGER

    def remember(self, call: Call, holder_key: bytes) -> tuple[str, str]:
        """The header that makes this browser a known one of the person."""
        device, people = self._read(call)
        mine = holder_key.hex()
        latest = [*(each for each in people if each != mine), mine][-MOST_PEOPLE:]
        return self.cookie.write(call, {"device": device or secrets.token_hex(16), "people": latest})

    def _read(self, call: Call) -> tuple[str, list[str]]:
        value = self.cookie.read(call)
        return value.get("device", ""), value.get("people", [])
