"""Deriving one key from another for a named use (HKDF-SHA-256, RFC 5869)."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["derive", "framed"]


def framed(*parts: str | bytes | int) -> bytes:
    """Parts joined so that no two lists of parts give the same bytes: each behind its 4-byte length."""
    out = []
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        out += [len(raw).to_bytes(4), raw]
    return b"".join(out)


def derive(secret: bytes, use: str, *context: str | bytes | int) -> bytes:
    """32 bytes for one use of ``secret``, which holds at least 32 random bytes (hence no salt)."""
    return HKDF(SHA256(), 32, salt=None, info=framed("manyou", use, *context)).derive(secret)
