"""DPoP proofs (RFC 9449) as a client makes them, ready before the clock runs."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["Proofs"]


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(value: dict[str, Any]) -> str:
    return _b64(json.dumps(value, separators=(",", ":")).encode())


class Proofs:
    """One key, and a fresh proof for each request to ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._key = generate_private_key(SECP256R1())
        numbers = self._key.public_key().public_numbers()
        jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": _b64(numbers.x.to_bytes(32)),
            "y": _b64(numbers.y.to_bytes(32)),
        }
        self._head = _json({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})

    def header(self) -> dict[str, str]:
        """The header of one POST."""
        claims = {"jti": secrets.token_urlsafe(16), "htm": "POST", "htu": self._url, "iat": int(time.time())}
        signed = f"{self._head}.{_json(claims)}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ECDSA(SHA256())))
        return {"DPoP": f"{signed}.{_b64(r.to_bytes(32) + s.to_bytes(32))}"}
