"""What the code ring signs: a COSE Sig_structure (RFC 9052 section 4.4) of code A or B, and nothing else.

``["Signature1", protected {1: -7, 4: kid}, external_aad = kind ‖ deployment, payload]``, deterministic CBOR
(RFC 8949 section 4.2), the payload itself an array of ten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["code_context"]

_KINDS: Final = (b"A", b"B")
_STRUCTURE: Final = b"\x84\x6aSignature1"
_PAYLOAD_FIELDS: Final = b"\x8a"
_LONGEST_PAYLOAD: Final = 255


def _head(length: int) -> bytes:
    """The head of a CBOR byte string, up to 255 bytes."""
    return bytes((0x40 | length,)) if length < 24 else bytes((0x58, length))


def _string(data: bytes) -> bytes:
    return _head(len(data)) + data


def code_context(kid: bytes, deployment: str) -> Callable[[bytes], bool]:
    """A judge of bytes: are they a Sig_structure of a code of this key and deployment?"""
    protected = _string(b"\xa2\x01\x26\x04" + _string(kid))
    prefixes = tuple(_STRUCTURE + protected + _string(kind + deployment.encode()) for kind in _KINDS)

    def judge(data: bytes) -> bool:
        for prefix in prefixes:
            if data.startswith(prefix):
                rest = data[len(prefix) :]
                size = len(rest) - (1 if len(rest) < 25 else 2)
                payload = rest[-size:] if size > 0 else b""
                return (
                    0 < size <= _LONGEST_PAYLOAD
                    and rest == _string(payload)
                    and payload.startswith(_PAYLOAD_FIELDS)
                )
        return False

    return judge
