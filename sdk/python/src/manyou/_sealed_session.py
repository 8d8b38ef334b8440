"""A browser's session in an encrypted, authenticated cookie. Framework: anything with Werkzeug's responses.

Fernet (AES-128-CBC and HMAC-SHA256) under a key that HKDF makes of the application's secret and the cookie's
name, so that one application's two cookies, and two applications with one secret, never read each other's.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

__all__ = ["SealedSession"]

COOKIE_MOST: Final = 4000
"""Characters that browsers keep for certain, name and attributes included (RFC 6265 § 6.1: 4096)."""


class SealedSession:
    """Reads and writes one cookie."""

    def __init__(self, secret: str | bytes, name: str, seconds: int, *, secure: bool) -> None:
        """``seconds``: how long it is good after its last writing. ``secure``: https, so ``__Host-``."""
        material = secret.encode() if isinstance(secret, str) else secret
        self._name = f"__Host-{name}" if secure else name
        key = HKDF(SHA256(), 32, salt=None, info=f"manyou cookie {self._name}".encode()).derive(material)
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        self._seconds = seconds
        self._secure = secure

    def read(self, cookies: Mapping[str, str], now: int) -> dict[str, Any]:
        """What the cookie holds; empty where it is absent, foreign, changed or too old."""
        token = cookies.get(self._name)
        if not token:
            return {}
        try:
            value = json.loads(self._fernet.decrypt_at_time(token.encode(), self._seconds, now))
        except (InvalidToken, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def holds(self, value: dict[str, Any]) -> bool:
        """Tell whether ``write`` would find it short enough."""
        # base64 of version, time, initial vector, text padded by up to a block, and HMAC
        return (1 + 8 + 16 + len(_text(value)) // 16 * 16 + 16 + 32 + 2) // 3 * 4 <= COOKIE_MOST

    def write(self, response: Response, value: dict[str, Any], now: int) -> None:
        """Keep ``value`` in the browser; an empty one removes the cookie.

        Raises:
            ValueError: sealed it would be longer than browsers keep.

        """
        token, age = "", 0
        if value:
            token, age = self._fernet.encrypt_at_time(_text(value), now).decode(), self._seconds
            if len(token) > COOKIE_MOST:
                raise ValueError(f"cookie {self._name} of {len(token)} characters")
        response.set_cookie(
            self._name, token, max_age=age, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )


def _text(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
