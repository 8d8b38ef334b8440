"""Keys of others: JWKs and JWK Sets of clients (RFC 7517, RFC 7518 section 6, RFC 8037), read strictly.

Only what verifies with ES256, PS256, RS256 or EdDSA is a key here. A set is refused whole where it shows a
private or symmetric key, since who publishes that has lost it, or where a key of a known kind is malformed or
weak; kinds that we do not know, and keys for encryption, are passed over (RFC 7517 section 5).
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from keys.base64url import base64url
from keys.errors import KeySetRefused
from keys.material import UNREADABLE

__all__ = ["ForeignKey", "ForeignKeySet", "read_key_set", "read_public_key"]

LONGEST_SET: Final = 65_536
"""Characters of a JWK Set; longer ones are refused unread."""
MOST_KEYS: Final = 32
LONGEST_KID: Final = 256
RSA_BITS: Final = range(2048, 8193)
"""FAPI 2.0 section 5.4.2 asks for 2048; above 8192 a single verification takes a millisecond."""
EXPONENT_BITS: Final = range(2, 33)
"""A long public exponent makes verifying as dear as signing."""

_SECRET_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_THUMBPRINTED: Final = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
_COORDINATE_BYTES: Final = 32
_ES256_BYTES: Final = 64

PublicKey = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A public key of somebody else's, for verifying."""

    kid: str | None
    alg: str | None
    """The only algorithm that its owner uses it with, where the JWK says so."""
    kty: str
    public: PublicKey
    thumbprint: str
    """RFC 7638 with SHA-256, base64url: what ``jkt`` and ``dpop_jkt`` hold."""

    def fits(self, algorithm: str) -> bool:
        """Whether the key's kind and its own ``alg`` allow the algorithm."""
        return _VERIFIERS[algorithm][0] == self.kty and self.alg in (None, algorithm)

    def verifies(self, algorithm: str, signature: bytes, data: bytes) -> bool:
        """Whether the signature over ``data`` is this key's by exactly this algorithm."""
        if not self.fits(algorithm):
            return False
        try:
            return _VERIFIERS[algorithm][1](self.public, signature, data)
        except InvalidSignature:
            return False


def _es256(public: Any, signature: bytes, data: bytes) -> bool:
    if len(signature) != _ES256_BYTES:
        return False
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    public.verify(encode_dss_signature(r, s), data, ECDSA(SHA256()))
    return True


def _ps256(public: Any, signature: bytes, data: bytes) -> bool:
    # RFC 7518 section 3.5: the salt is as long as the hash
    public.verify(signature, data, PSS(MGF1(SHA256()), SHA256.digest_size), SHA256())
    return True


def _rs256(public: Any, signature: bytes, data: bytes) -> bool:
    public.verify(signature, data, PKCS1v15(), SHA256())
    return True


def _eddsa(public: Any, signature: bytes, data: bytes) -> bool:
    public.verify(signature, data)
    return True


_VERIFIERS: Final[dict[str, tuple[str, Callable[[Any, bytes, bytes], bool]]]] = {
    "ES256": ("EC", _es256),
    "PS256": ("RSA", _ps256),
    "EdDSA": ("OKP", _eddsa),
    "RS256": ("RSA", _rs256),
}
"""Algorithm → the kind of key it needs, and how it verifies; there are no others."""


@dataclass(frozen=True, slots=True)
class ForeignKeySet:
    """The verifying keys of one party."""

    keys: tuple[ForeignKey, ...]
    document: Mapping[str, Any] = field(repr=False)
    """The whole set as it was read, keys for encryption among it."""


def read_key_set(text: str | bytes) -> ForeignKeySet:
    """A JWK Set from its JSON.

    Raises:
        KeySetRefused: the mend says what is wrong.
    """
    if len(text) > LONGEST_SET:
        raise KeySetRefused(f"Send a JWK Set of at most {LONGEST_SET} bytes.")
    try:
        document = _decode(text)
    except UNREADABLE as e:
        raise KeySetRefused("Send the JWK Set as a JSON object.", detail="no JSON object") from e
    listed = document.get("keys")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise KeySetRefused("Send a JWK Set with its member keys, an array of JWKs.")
    if len(listed) > MOST_KEYS:
        raise KeySetRefused(f"Send at most {MOST_KEYS} keys in a JWK Set.")
    found = [read_public_key(each) for each in listed if not _passed_over(each)]
    return ForeignKeySet(tuple(found), document)


def _passed_over(jwk: Mapping[str, Any]) -> bool:
    """A key that is not for verifying, or of a kind we do not know; a secret one is never passed over."""
    if _SECRET_MEMBERS & jwk.keys() or jwk.get("kty") == "oct":
        raise KeySetRefused("Send public keys only; a key that was shown here is to be replaced.")
    if jwk.get("use", "sig") != "sig":
        return True
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return True
    curve = {"EC": "P-256", "OKP": "Ed25519"}.get(str(jwk.get("kty")))
    return jwk.get("kty") != "RSA" and (curve is None or jwk.get("crv") != curve)


def read_public_key(jwk: Mapping[str, Any]) -> ForeignKey:
    """One verifying key from its JWK.

    Raises:
        KeySetRefused: private, symmetric, of another kind or curve, malformed, or weak.
    """
    if _passed_over(jwk):
        raise KeySetRefused("Send a signing key of kind EC (P-256), RSA or OKP (Ed25519).")
    kid, alg = jwk.get("kid"), jwk.get("alg")
    if kid is not None and (not isinstance(kid, str) or len(kid) > LONGEST_KID):
        raise KeySetRefused(f"Send kid as a string of at most {LONGEST_KID} characters.")
    if alg is not None and not isinstance(alg, str):
        raise KeySetRefused("Send alg as a string.")
    kty = str(jwk["kty"])
    try:
        public = _READERS[kty](jwk)
    except ValueError as e:  # such as a point that is not on the curve
        raise KeySetRefused("Send well-formed keys.", detail="the key's numbers") from e
    members = {name: jwk[name] for name in _THUMBPRINTED[kty]}
    digest = hashlib.sha256(msgspec.json.encode(members)).digest()
    return ForeignKey(kid, alg, kty, public, base64url(digest).decode())


def _bytes(jwk: Mapping[str, Any], name: str) -> bytes:
    """A member's bytes; only the one canonical text is read, so that a key has one thumbprint."""
    text = jwk.get(name)
    if not isinstance(text, str) or not text.isascii():
        raise KeySetRefused(f"Send the key's member {name} as base64url.")
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as e:
        raise KeySetRefused(f"Send the key's member {name} as base64url.") from e
    if base64url(raw) != text.encode():
        raise KeySetRefused(f"Send the key's member {name} as canonical base64url.")
    return raw


def _coordinate(jwk: Mapping[str, Any], name: str) -> int:
    raw = _bytes(jwk, name)
    if len(raw) != _COORDINATE_BYTES:
        raise KeySetRefused(f"Send the key's member {name} with {_COORDINATE_BYTES} bytes.")
    return int.from_bytes(raw)


def _number(jwk: Mapping[str, Any], name: str) -> int:
    raw = _bytes(jwk, name)
    if raw[:1] in (b"", b"\0"):  # RFC 7518 section 2: the fewest octets
        raise KeySetRefused(f"Send the key's member {name} without leading zeros.")
    return int.from_bytes(raw)


def _read_ec(jwk: Mapping[str, Any]) -> PublicKey:
    return EllipticCurvePublicNumbers(_coordinate(jwk, "x"), _coordinate(jwk, "y"), SECP256R1()).public_key()


def _read_rsa(jwk: Mapping[str, Any]) -> PublicKey:
    n, e = _number(jwk, "n"), _number(jwk, "e")
    if n.bit_length() not in RSA_BITS:
        raise KeySetRefused(f"Send RSA keys of {RSA_BITS.start} to {RSA_BITS.stop - 1} bits.")
    if e.bit_length() not in EXPONENT_BITS or e % 2 == 0:
        raise KeySetRefused("Send RSA keys with the public exponent 65537.")
    return RSAPublicNumbers(e, n).public_key()


def _read_okp(jwk: Mapping[str, Any]) -> PublicKey:
    return Ed25519PublicKey.from_public_bytes(_bytes(jwk, "x"))


_READERS: Final[dict[str, Callable[[Mapping[str, Any]], PublicKey]]] = {
    "EC": _read_ec,
    "RSA": _read_rsa,
    "OKP": _read_okp,
}
