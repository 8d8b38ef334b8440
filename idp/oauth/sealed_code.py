"""The authorization code: a sealed value, so nothing is stored until it is spent (RFC 6749 § 4.1.2).

Bound to the client by the seal's associated data; the rest stands inside. The family's id is fixed here,
before the first use, so that a second use can revoke what the first gave. Under 512 characters: each text
in it is bounded by the registration or by the settings.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from idp.oauth.errors import InvalidGrant
from keys.errors import SealBroken

if TYPE_CHECKING:
    from keys import Keys

__all__ = ["CHALLENGE_BYTES", "KIND", "SealedCode", "digest_of", "open_code", "seal_code"]

KIND: Final = "code"
CHALLENGE_BYTES: Final = 16
"""Of a challenge: finding another verifier for 128 bits is as hard as guessing the code."""


class SealedCode(msgspec.Struct, frozen=True, array_like=True):
    """What a code stands for."""

    family: bytes
    session: bytes
    holder_key: bytes
    acting_for: bytes
    redirect: bytes
    """``digest_of`` the redirect URI."""
    challenge: bytes
    """``CHALLENGE_BYTES`` of the SHA-256 of the code verifier, empty where none was sent."""
    at: int
    ends: int
    scope: str
    nonce: str
    resources: tuple[int, ...]
    """Places in the client's audiences; none: userinfo."""
    details: tuple[bytes, ...]
    """``digest_of`` each authorization detail; their texts stand with the consent."""
    sender: bytes = b""
    """``short`` of the key that the request named or proved: only its holder redeems (RFC 9449 § 10)."""
    claims: bytes = b""
    """Digest of the claims asked for one by one; they stand with the consent."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SealedCode).decode


def digest_of(text: str) -> bytes:
    """The first 16 bytes of SHA-256: names a value of ours that cannot be chosen to collide usefully."""
    return hashlib.sha256(text.encode()).digest()[:16]


def seal_code(keys: Keys, client_id: str, code: SealedCode) -> str:
    """Make the code's text."""
    return keys.seal(KIND, _encode(code), bound=client_id.encode())


def open_code(keys: Keys, client_id: str, text: str) -> SealedCode:
    """Read a code that this client was given.

    Raises:
        InvalidGrant: not ours, another client's, or of another kind; which, nobody is told.

    """
    try:
        return _decode(keys.open(KIND, text, bound=client_id.encode()))
    except (SealBroken, msgspec.DecodeError) as error:
        raise InvalidGrant(detail="code does not open for this client") from error
