"""Compact JWE (RFC 7516), by joserfc: to a client's key, and with our own of the ring ``encryption``.

Only what the two tables list is written or read. joserfc is loaded with the first one: most deployments never
encrypt, and it costs 30 ms. Nothing is compressed (``zip`` expands), no password opens anything (PBES2 lets
strangers choose our work), and whoever sends one that does not open learns only that.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers

from keys.errors import DecryptionRefused, NoEncryptionKey
from keys.material import UNREADABLE, PrivateKey, read_private
from keys.records import RingKey

if TYPE_CHECKING:
    from joserfc.jwe import JWERegistry
    from joserfc.jwk import ECKey, RSAKey

__all__ = ["ALGORITHMS", "ENCODINGS", "RING", "DecryptionKey", "decrypt", "encrypt", "kid_of"]

RING: Final = "encryption"
ALGORITHMS: Final[dict[str, str]] = {
    "ECDH-ES": "EC",
    "ECDH-ES+A128KW": "EC",
    "ECDH-ES+A256KW": "EC",
    "RSA-OAEP-256": "RSA",
}
"""``alg`` → the type of key that it takes."""
ENCODINGS: Final = ("A128GCM", "A256GCM", "A128CBC-HS256")
"""``enc``; the last is what a registration that names none means (OIDC Registration section 2)."""
LONGEST: Final = 32_768
"""Characters; longer ones are refused unread."""
HEADER_LONGEST: Final = 1_024

_KEYS_OF: Final = {"EC": "ECDH-ES", "RSA": "RSA-OAEP-256"}
"""Type of key → the ring's name for it."""
_CURVES: Final = frozenset({"P-256", "P-384", "P-521"})
_RSA_LEAST: Final = 2048
_RSA_MOST: Final = 8192
_EXPONENT_MOST: Final = 2**32
"""Larger ones only cost time."""
_NEVER: Final = frozenset({"zip", "crit", "p2s", "p2c"})

_object = msgspec.json.Decoder(dict[str, Any]).decode


@lru_cache(maxsize=1)
def _registry() -> JWERegistry:
    from joserfc.jwe import JWERegistry

    # further header members are ignored (RFC 7516 section 4), all but those of _NEVER
    return JWERegistry(algorithms=[*ALGORITHMS, *ENCODINGS], strict_check_header=False)


class DecryptionKey:
    """A key of our own, in any state but retired."""

    __slots__ = ("_key", "_material", "kid", "row")

    def __init__(self, row: RingKey, material: Callable[[], bytes]) -> None:
        """Keep the row; ``material`` opens the private part when first needed."""
        self.row = row
        self.kid = row.kid
        self._material = material
        self._key: ECKey | RSAKey | None = None

    def public_jwk(self) -> dict[str, str]:
        """The public key's own members; ``alg`` only where the key takes no other."""
        jwk = msgspec.json.decode(self.row.public, type=dict[str, str])
        return {"alg": self.row.algorithm, **jwk} if jwk["kty"] == "RSA" else jwk

    def opens(self, text: str) -> bytes:
        """The plaintext of what was encrypted to this key.

        Raises:
            DecryptionRefused: it was not, or it is malformed.
        """
        from joserfc.errors import JoseError
        from joserfc.jwe import decrypt_compact

        if self._key is None:
            self._key = _private(read_private(self._material()))
        try:
            plaintext = decrypt_compact(text, self._key, registry=_registry()).plaintext
        except (JoseError, ValueError, TypeError, KeyError, AssertionError) as e:
            raise DecryptionRefused(detail=type(e).__name__) from e
        return plaintext or b""


def _private(key: PrivateKey) -> ECKey | RSAKey:
    from joserfc.jwk import ECKey, RSAKey

    if isinstance(key, RSAPrivateKey):
        return RSAKey(key, key)
    if isinstance(key, EllipticCurvePrivateKey):
        return ECKey(key, key)
    raise TypeError(type(key).__name__)


def _header(text: str) -> dict[str, Any]:
    head, dot, rest = text.partition(".")
    if len(text) > LONGEST or len(head) > HEADER_LONGEST or not dot or rest.count(".") != 3:
        raise DecryptionRefused(detail="not five parts, or too long")
    try:
        header = _object(urlsafe_b64decode(head.encode("ascii") + b"=" * (-len(head) % 4)))
    except UNREADABLE as e:
        raise DecryptionRefused(detail="header") from e
    if _NEVER & header.keys():
        raise DecryptionRefused(detail="zip, crit or a password")
    return header


def kid_of(text: str, *, alg: str = "", enc: str = "") -> str:
    """The key that a JWE names; ``alg`` and ``enc``, where given, are the only ones taken.

    Raises:
        DecryptionRefused: no JWE, by none of our algorithms or by another than wanted, or of no kid, which
            OIDC Core section 10.2 asks for where a set has several keys.
    """
    header = _header(text)
    for name, wanted, listed in (("alg", alg, ALGORITHMS), ("enc", enc, ENCODINGS)):
        found = header.get(name)
        if not isinstance(found, str) or found not in listed or (wanted and found != wanted):
            raise DecryptionRefused(detail=name)
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise DecryptionRefused(detail="kid")
    return kid


def decrypt(key: DecryptionKey, text: str) -> str:
    """The text that was encrypted to ``key``.

    Raises:
        DecryptionRefused: it was not, is malformed, or is no text.
    """
    header = _header(text)
    if _KEYS_OF[ALGORITHMS[header["alg"]]] != key.row.algorithm:
        raise DecryptionRefused(detail="the key is for another alg")
    try:
        return key.opens(text).decode()
    except UnicodeDecodeError as e:
        raise DecryptionRefused(detail="plaintext") from e


def encrypt(text: str | bytes, jwks: Mapping[str, Any], alg: str, enc: str, *, cty: str = "JWT") -> str:
    """Encrypt to a key of a JWK Set (decoded) that its owner marked for it, or left unmarked.

    ``cty`` is ``JWT`` for a nested one (RFC 7519 section 5.2), empty for anything else.

    Raises:
        NoEncryptionKey: no such algorithm, or the set has no key for it.
    """
    from joserfc.jwe import encrypt_compact

    if enc not in ENCODINGS:
        raise NoEncryptionKey(detail="enc")
    kid, key = _chosen(jwks, alg)
    header = {"alg": alg, "enc": enc}
    if kid:
        header["kid"] = kid
    if cty:
        header["cty"] = cty
    return encrypt_compact(header, text, key, registry=_registry())


def _chosen(jwks: Mapping[str, Any], alg: str) -> tuple[str, ECKey | RSAKey]:
    """The first fitting key, one marked ``enc`` before an unmarked one."""
    members = jwks.get("keys")
    fit = [
        jwk
        for jwk in (members if isinstance(members, list) else ())
        if isinstance(jwk, dict)
        and jwk.get("kty") == ALGORITHMS.get(alg, "")
        and jwk.get("use", "enc") == "enc"
        and jwk.get("alg", alg) == alg
    ]
    for jwk in sorted(fit, key=lambda each: "use" not in each):
        key = _public(jwk)
        if key is not None:
            kid = jwk.get("kid")
            return (kid if isinstance(kid, str) else ""), key
    raise NoEncryptionKey(detail=alg)


def _public(jwk: dict[str, Any]) -> ECKey | RSAKey | None:
    """The public key; None for a weak or malformed one, so that a better one of the set is found."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    try:
        if jwk["kty"] == "RSA":
            n, e = _number(jwk["n"]), _number(jwk["e"])
            if not _RSA_LEAST <= n.bit_length() <= _RSA_MOST or e > _EXPONENT_MOST:
                return None
            rsa = RSAPublicNumbers(e, n).public_key()
            return RSAKey(rsa, rsa)
        if jwk["crv"] not in _CURVES:
            return None
        return ECKey.import_key({"kty": "EC", "crv": jwk["crv"], "x": jwk["x"], "y": jwk["y"]})
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
