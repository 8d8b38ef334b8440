"""Key material: making it, reading it, and the public JWK (RFC 7517, RFC 7518 section 6)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from keys.base64url import base64url

__all__ = ["SECRET_BYTES", "UNREADABLE", "Made", "PrivateKey", "make", "public_jwk", "read_private"]

SECRET_BYTES: Final = 32
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What msgspec raises where there is no JSON of the wanted type: bad UTF-8 a ValueError, depth the last."""
_RSA_BITS: Final = 2048

PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey
Made = tuple[bytes, dict[str, str]]
"""Private material (PKCS #8 DER, or the secret's bytes) and the public JWK's members (empty for a secret)."""


def _der(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _make_ec() -> Made:
    key = generate_private_key(SECP256R1())
    return _der(key), public_jwk(key.public_key())


def _make_rsa() -> Made:
    key = generate_rsa(public_exponent=65537, key_size=_RSA_BITS)
    return _der(key), public_jwk(key.public_key())


def _make_ed25519() -> Made:
    key = Ed25519PrivateKey.generate()
    return _der(key), public_jwk(key.public_key())


def _make_secret() -> Made:
    return os.urandom(SECRET_BYTES), {}


_MAKERS: Final[dict[str, Callable[[], Made]]] = {
    "ES256": _make_ec,
    "RS256": _make_rsa,
    "PS256": _make_rsa,
    "EdDSA": _make_ed25519,
    "ECDH-ES": _make_ec,
    "RSA-OAEP-256": _make_rsa,
    "A256": _make_secret,
}


def make(algorithm: str) -> Made:
    """Fresh material for an algorithm of the rings' table."""
    return _MAKERS[algorithm]()


def read_private(der: bytes) -> PrivateKey:
    """A private key from the bytes that :func:`make` gave.

    The RSA primality checks cost 32 ms and would check our own work: the bytes come out of an authenticated
    seal under the master key, written by :func:`make`.
    """
    key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, PrivateKey):
        raise TypeError(type(key).__name__)
    return key


def _number(value: int, length: int) -> str:
    return base64url(value.to_bytes(length)).decode()


def public_jwk(key: EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey) -> dict[str, str]:
    """The members that RFC 7638 hashes, and no others."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_bytes_raw()).decode()}
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        return {
            "kty": "RSA",
            "n": _number(numbers.n, (key.key_size + 7) // 8),
            "e": _number(numbers.e, (numbers.e.bit_length() + 7) // 8),
        }
    point = key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}
