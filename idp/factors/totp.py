"""Time-based one-time codes (RFC 6238), pure: eight digits, thirty seconds, one step of drift either way.

Eight digits and not six: with three living steps the guess budget of 10⁻⁶ a day leaves six digits no try at
all. HMAC-SHA-1 because that is what every authenticator app does; its collisions do not matter to HMAC.
"""

from __future__ import annotations

import base64
import hmac
import struct
from typing import Final
from urllib.parse import quote

__all__ = ["DIGITS", "SECRET_BYTES", "STEP_SECONDS", "code_at", "key_uri", "matching_step", "shown_secret"]

DIGITS: Final = 8
STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
SECRET_BYTES: Final = 20
"""As long as the hash (RFC 4226 § 4, R6)."""


def code_at(secret: bytes, step: int) -> str:
    """The code of one time step (RFC 4226 § 5.3)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: bytes, code: str, now: int) -> int | None:
    """The time step whose code was typed, or None; looks at all living steps, whichever matches."""
    typed = code.encode()
    found = None
    for step in range(now // STEP_SECONDS - DRIFT_STEPS, now // STEP_SECONDS + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(secret, max(step, 0)).encode(), typed):
            found = step
    return found


def shown_secret(secret: bytes) -> str:
    """The secret in base32, in groups of four, for typing it into an app."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def key_uri(secret: bytes, *, issuer: str, account: str) -> str:
    """The ``otpauth`` URI that authenticator apps read; ``account`` is a masked number."""
    text = base64.b32encode(secret).decode().rstrip("=")
    label = f"{quote(issuer)}:{quote(account)}"
    options = f"issuer={quote(issuer)}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    return f"otpauth://totp/{label}?secret={text}&{options}"
