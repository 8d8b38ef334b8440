"""Sealed fields of one holder: AES-256-GCM-SIV under the holder's own data key, bound to holder and label.

``version 1 ‖ nonce 12 ‖ ciphertext``.  A field of one holder or label never opens as another's.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from keys import SealBroken

__all__ = ["DATA_KEY_BYTES", "Fields"]

DATA_KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_BODY: Final = 13
"""Where the ciphertext begins."""


class Fields:
    """Seals and opens the fields of one holder."""

    __slots__ = ("_cipher", "holder_key")

    def __init__(self, holder_key: bytes, data_key: bytes) -> None:
        """Take the holder's unwrapped data key, 32 bytes."""
        self.holder_key = holder_key
        self._cipher = AESGCMSIV(data_key)

    def seal(self, label: str, text: str) -> bytes:
        """A field as its table stores it; the length of the text shows."""
        nonce = os.urandom(12)
        sealed = self._cipher.encrypt(nonce, text.encode(), self.holder_key + label.encode())
        return _VERSION + nonce + sealed

    def open(self, label: str, sealed: bytes) -> str:
        """The text of a field.

        Raises:
            SealBroken: changed, or another holder's or label's.
        """
        if sealed[:1] != _VERSION:
            raise SealBroken(detail="field of an unknown version")
        try:
            raw = self._cipher.decrypt(sealed[1:_BODY], sealed[_BODY:], self.holder_key + label.encode())
        except (InvalidTag, ValueError) as e:
            raise SealBroken(detail=f"field {label} does not open") from e
        return raw.decode()
