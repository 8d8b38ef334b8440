"""Compact JWS (RFC 7515), ES256, with exactly the header ``{alg, kid, typ}``: all that our lists need.

Signing takes a function, since keys may live in another process; verifying is PyJWT's.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)

from manyou.errors import Malformed

__all__ = [
    "UNREADABLE",
    "BadJws",
    "Sign",
    "b64",
    "header_of",
    "load_es256",
    "open_signed",
    "seal",
    "signing_input",
    "unb64",
]

Sign = Callable[[bytes], bytes]
"""ES256 over the given bytes: raw r ‖ s, 64 bytes."""

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises on bytes that others chose: bad UTF-8 and depth are errors of Python's own."""

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_COORDINATE_BYTES: Final = 32


class BadJws(Malformed):
    """Not a compact JWS of the wanted kind, or its signature does not verify."""

    code = "bad_jws"
    mend = "Send the signed value complete and unchanged."


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of canonical, unpadded base64url.

    Raises:
        BadJws: any other text.
    """
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise BadJws(detail="base64url") from error
    if b64(data) != text:
        raise BadJws(detail="base64url is not canonical")
    return data


def signing_input(payload: bytes, *, kid: str, typ: str) -> bytes:
    """What is signed: ``header.payload``, both base64url."""
    header = msgspec.json.encode({"alg": "ES256", "kid": kid, "typ": typ})
    return f"{b64(header)}.{b64(payload)}".encode()


def seal(payload: bytes, *, kid: str, typ: str, sign: Sign) -> str:
    """The compact serialisation."""
    data = signing_input(payload, kid=kid, typ=typ)
    return f"{data.decode()}.{b64(sign(data))}"


def header_of(token: str, *, typ: str, longest: int) -> str:
    """The kid that a token of ``typ`` names; nothing is verified yet.

    Raises:
        BadJws: longer than ``longest``, not a compact JWS, or any header but ES256, this typ and a kid.
    """
    if len(token) > longest:
        raise BadJws(detail="too long")
    compact = _COMPACT.fullmatch(token)
    if compact is None:
        raise BadJws(detail="not a compact JWS")
    try:
        header = msgspec.json.decode(unb64(compact[1]), type=dict[str, str])
    except UNREADABLE as error:
        raise BadJws(detail="header") from error
    if header.keys() != {"alg", "kid", "typ"} or header["alg"] != "ES256" or header["typ"] != typ:
        raise BadJws(detail="header is not ES256 of this typ")
    return header["kid"]


def open_signed(token: str, key: EllipticCurvePublicKey) -> bytes:
    """The payload of a token that :func:`header_of` has judged, verified with ``key``.

    Raises:
        BadJws: the signature is not by this key.
    """
    import jwt

    try:
        opened = jwt.PyJWS(algorithms=["ES256"]).decode_complete(token, key, algorithms=["ES256"])
    except jwt.PyJWTError as error:
        raise BadJws(detail="signature") from error
    payload = opened["payload"]
    if not isinstance(payload, bytes):
        raise BadJws(detail="payload")
    return payload


def load_es256(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    """The public key of a JWK (RFC 7518 section 6.2) on P-256.

    Raises:
        BadJws: another kind of key, or no point of the curve.
    """
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
        raise BadJws(detail="not a public EC key on P-256")
    x, y = unb64(str(jwk.get("x"))), unb64(str(jwk.get("y")))
    if len(x) != _COORDINATE_BYTES or len(y) != _COORDINATE_BYTES:
        raise BadJws(detail="coordinates")
    try:
        numbers = EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1())
        return numbers.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadJws(detail="not a point of P-256") from error
