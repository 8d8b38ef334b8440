"""One signing key: lazily read, signs only what its ring is for, verifies.

No ring signs bytes of a caller's choosing.  A JWT ring signs only ``header.payload`` whose header is the
ring's, byte for byte (algorithm, kid, typ, nothing else); the code ring only a COSE Sig_structure (RFC 9052
section 4.4) with its own protected header and this deployment's context.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from keys.base64url import base64url
from keys.errors import NotForThisRing
from keys.material import PrivateKey, read_private
from keys.records import RingKey
from keys.rings import purpose_of

__all__ = ["Signer", "SigningKey"]

_ES256: Final = ECDSA(SHA256())
_HASH: Final = SHA256()
_PADDINGS: Final[dict[str, PKCS1v15 | PSS]] = {
    "RS256": PKCS1v15(),
    "PS256": PSS(MGF1(_HASH), _HASH.digest_size),  # RFC 7518 section 3.5: the salt is as long as the hash
}
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF: Final = _ORDER // 2
_ES256_BYTES: Final = 64
_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]+")


_Public = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey


class Signer(Protocol):
    """What signs for a ring: its active key."""

    @property
    def kid(self) -> str:
        """Key id, as the JWKS and the trust list name it."""

    @property
    def algorithm(self) -> str:
        """One of its ring's."""

    @property
    def kid_bytes(self) -> bytes:
        """The 2 bytes that a code key's kid spells."""

    def public_jwk(self) -> dict[str, str]:
        """The public key's own members: kty, crv, x, y (or n, e)."""

    def sign(self, data: bytes, /) -> bytes:
        """Raw r ‖ s (64 bytes, low s) for ES256; refuses what the ring is not for."""


class SigningKey:
    """A key of a signing ring, in any state; thread-safe: what it caches is only ever set to one value."""

    __slots__ = ("_guard", "_material", "_private", "_public", "algorithm", "headers", "kid", "ring", "row")

    def __init__(
        self, row: RingKey, material: Callable[[], bytes], guard: Callable[[bytes], bool] | None
    ) -> None:
        """Keep the row; ``material`` opens the private part when first needed, ``guard`` judges data."""
        self.row = row
        self.kid = row.kid
        self.ring = row.ring
        self.algorithm = row.algorithm
        self._material = material
        self._guard = guard
        self._private: PrivateKey | None = None
        self._public: _Public | None = None
        self.headers = self._headers()

    def _headers(self) -> dict[str | None, bytes]:
        """``typ`` → encoded header and dot; None stands for the ring's first typ."""
        headers: dict[str | None, bytes] = {}
        for typ in purpose_of(self.ring).typs:
            header = {"alg": self.algorithm, "kid": self.kid} | ({"typ": typ} if typ else {})
            headers[typ] = base64url(msgspec.json.encode(header)) + b"."
            headers.setdefault(None, headers[typ])
        return headers

    def like(self, row: RingKey) -> SigningKey:
        """The same key under its newer row, without reading the material again."""
        twin = SigningKey(row, self._material, self._guard)
        twin._private, twin._public = self._private, self._public
        return twin

    @property
    def kid_bytes(self) -> bytes:
        """The 2 bytes of a code key's kid."""
        return bytes.fromhex(self.kid)

    def public_jwk(self) -> dict[str, str]:
        """The public key's own members."""
        return msgspec.json.decode(self.row.public, type=dict[str, str])

    def header(self, typ: str | None) -> bytes:
        """The encoded header and dot for a typ of this ring.

        Raises:
            NotForThisRing: the ring signs no such typ.
        """
        found = self.headers.get(typ)
        if found is None:
            raise NotForThisRing(detail=f"{self.ring} signs no typ {typ}")
        return found

    def sign(self, data: bytes) -> bytes:
        """Sign what belongs to the ring.

        Raises:
            NotForThisRing: ``data`` is not of the form that this ring signs.
        """
        if self._guard is not None:
            allowed = self._guard(data)
        else:
            head, dot, payload = data.partition(b".")
            allowed = head + dot in self.headers.values() and _BASE64URL.fullmatch(payload) is not None
        if not allowed:
            raise NotForThisRing(detail=f"ring {self.ring} does not sign such bytes")
        return self.sign_unjudged(data)

    def sign_unjudged(self, data: bytes) -> bytes:
        """Sign without looking: only for bytes that this room itself has put together and judged."""
        private = self._private
        if private is None:
            private = self._private = read_private(self._material())
        if isinstance(private, EllipticCurvePrivateKey):
            r, s = decode_dss_signature(private.sign(data, _ES256))
            # only the lower of s and n - s: codes refuse the other, or a spent code would pass again
            return r.to_bytes(32) + (s if s <= _HALF else _ORDER - s).to_bytes(32)
        if isinstance(private, RSAPrivateKey):
            return private.sign(data, _PADDINGS[self.algorithm], _HASH)
        return private.sign(data)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature over ``data`` is this key's."""
        public = self._public
        if public is None:
            public = self._public = _read_public(self.public_jwk())
        try:
            if isinstance(public, RSAPublicKey):
                public.verify(signature, data, _PADDINGS[self.algorithm], _HASH)
            elif isinstance(public, Ed25519PublicKey):
                public.verify(signature, data)
            elif len(signature) == _ES256_BYTES:
                r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
                public.verify(encode_dss_signature(r, s), data, _ES256)
            else:
                return False
        except InvalidSignature:
            return False
        return True


def _read_public(jwk: dict[str, str]) -> _Public:
    if jwk["kty"] == "OKP":
        return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(jwk["x"] + "=="))
    numbers = {name: int.from_bytes(urlsafe_b64decode(jwk[name] + "==")) for name in "xyne" if name in jwk}
    if jwk["kty"] == "RSA":
        return RSAPublicNumbers(numbers["e"], numbers["n"]).public_key()
    return EllipticCurvePublicNumbers(numbers["x"], numbers["y"], SECP256R1()).public_key()
