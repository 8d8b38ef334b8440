"""Wrapping holders' data keys: ``key number 2 ‖ nonce 12 ‖ AES-256-GCM-SIV(data key)``, bound to the holder.

The issuer's URL has no part in it: that may change, the register must not become unreadable.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from keys.derive import derive, framed
from keys.errors import SealBroken

__all__ = ["WrappingKey", "wrapped_by"]

_NUMBER: Final = 2
_NONCE: Final = 12


def wrapped_by(wrapped: bytes) -> int:
    """The number of the field key that a wrapped data key names."""
    return int.from_bytes(wrapped[:_NUMBER])


class WrappingKey:
    """One key of the field ring."""

    __slots__ = ("_cipher", "_deployment", "number")

    def __init__(self, secret: bytes, number: int, deployment: str) -> None:
        """Derive the wrapping key of this deployment."""
        self.number = number
        self._deployment = deployment
        self._cipher = AESGCMSIV(derive(secret, "data-key", deployment))

    def wrap(self, data_key: bytes, holder_key: bytes) -> bytes:
        """A data key as the register stores it."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, data_key, framed(self._deployment, holder_key))
        return self.number.to_bytes(_NUMBER) + nonce + sealed

    def unwrap(self, wrapped: bytes, holder_key: bytes) -> bytes:
        """The data key again.

        Raises:
            SealBroken: changed, or another holder's.
        """
        body = wrapped[_NUMBER:]
        try:
            return self._cipher.decrypt(body[:_NONCE], body[_NONCE:], framed(self._deployment, holder_key))
        except (InvalidTag, ValueError) as e:
            raise SealBroken(detail="data key does not unwrap") from e
