"""The hall proves that it sends its tokens itself: DPoP (RFC 9449), where ``Hall`` is given a ``DpopKey``.

Proofs are added beneath the client, on the way out: to requests for tokens, and to those that use one. Where
the provider wants a nonce, the request is sent once more with it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from manyou._override import override

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest, Response
    from requests.adapters import BaseAdapter

__all__ = ["DpopKey", "proving"]

_WANTED: Final = "use_dpop_nonce"


class DpopKey:
    """A private key, P-256, whose holder alone can use the hall's tokens."""

    def __init__(self, pem: bytes | None = None) -> None:
        """``pem``: PKCS#8, for a hall of several processes or restarts; None: a new key.

        Raises:
            ValueError: no P-256 key.

        """
        key = generate_private_key(SECP256R1()) if pem is None else load_pem_private_key(pem, None)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError("a P-256 key in PEM is meant")  # noqa: TRY004 - the value of pem, not its type
        self._key = key
        point = key.public_key().public_numbers()
        x, y = _text(point.x.to_bytes(32)), _text(point.y.to_bytes(32))
        self._jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    @property
    def thumbprint(self) -> str:
        """``jkt`` (RFC 7638): as a token's ``cnf`` names the key."""
        return _text(hashlib.sha256(_json(self._jwk)).digest())

    def proof(
        self, method: str, url: str, now: int, *, access_token: str | None = None, nonce: str | None = None
    ) -> str:
        """The value of the header ``DPoP`` for one request."""
        parts = urlsplit(url)
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": f"{parts.scheme}://{parts.netloc}{parts.path or '/'}",
            "iat": now,
        }
        if access_token is not None:
            claims["ath"] = _text(hashlib.sha256(access_token.encode()).digest())
        if nonce is not None:
            claims["nonce"] = nonce
        head = {"alg": "ES256", "jwk": self._jwk, "typ": "dpop+jwt"}
        data = f"{_text(_json(head))}.{_text(_json(claims))}"
        r, s = decode_dss_signature(self._key.sign(data.encode(), ECDSA(SHA256())))
        return f"{data}.{_text(r.to_bytes(32) + s.to_bytes(32))}"


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def proving(transport: BaseAdapter, key: DpopKey, clock: Callable[[], int]) -> BaseAdapter:
    """The transport, with a proof in each request that needs one."""
    from requests.adapters import BaseAdapter as Adapter

    class Proving(Adapter):
        def __init__(self) -> None:
            super().__init__()
            self._nonces: dict[str, str] = {}

        @override
        def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
            token = _token_of(request)
            if token is None:
                return transport.send(request, *args, **kwargs)
            response = self._send(request, token, *args, **kwargs)
            if response.status_code in (400, 401) and _WANTED in _said(response):
                response.close()
                response = self._send(request, token, *args, **kwargs)
            return response

        def _send(self, request: PreparedRequest, token: str, *args: Any, **kwargs: Any) -> Response:
            url, place = str(request.url), urlsplit(str(request.url)).netloc
            request.headers["DPoP"] = key.proof(
                str(request.method), url, clock(), access_token=token or None, nonce=self._nonces.get(place)
            )
            response = transport.send(request, *args, **kwargs)
            nonce = response.headers.get("DPoP-Nonce")
            if nonce:
                self._nonces[place] = nonce
            return response

        @override
        def close(self) -> None:
            transport.close()

    return Proving()


def _token_of(request: PreparedRequest) -> str | None:
    """The token that a request uses, empty where it asks for one; None: it needs no proof."""
    scheme, _, token = str(request.headers.get("Authorization", "")).partition(" ")
    if scheme == "DPoP":
        return token
    body = request.body if isinstance(request.body, str | bytes) else b""
    asks = "grant_type=" in body if isinstance(body, str) else b"grant_type=" in body
    return "" if request.method == "POST" and asks else None


def _said(response: Response) -> str:
    """Where a refusal says that it wants a nonce: the challenge of a resource, the body of the provider."""
    return response.headers.get("WWW-Authenticate", "") + response.text[:1000]
