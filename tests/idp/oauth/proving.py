"""A client that proves its key: makes DPoP proofs by cryptography alone, right and wrong ones."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.idp.oauth.conftest import BACK, ISSUER, VERIFIER, House
from web import Reply

Sign = Callable[[bytes], bytes]


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8))


class Key:
    """A key of one of the three algorithms."""

    def __init__(self, alg: str = "ES256") -> None:
        self.alg = alg
        self.private_members: dict[str, str] = {}
        self.jwk, self.sign = {"ES256": self._ec, "EdDSA": self._okp, "PS256": self._rsa, "RS256": self._rsa}[
            alg
        ]()
        members = {"EC": "crv kty x y", "OKP": "crv kty x", "RSA": "e kty n"}[self.jwk["kty"]].split()
        canonical = json.dumps({name: self.jwk[name] for name in members}, separators=(",", ":"))
        self.jkt = b64(hashlib.sha256(canonical.encode()).digest())

    def _ec(self) -> tuple[dict[str, str], Sign]:
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_numbers()
        self.private_members = {"d": number(key.private_numbers().private_value, 32)}

        def sign(data: bytes) -> bytes:
            r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)

        return {"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)}, sign

    def _okp(self) -> tuple[dict[str, str], Sign]:
        key = ed25519.Ed25519PrivateKey.generate()
        self.private_members = {"d": b64(key.private_bytes_raw())}
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key().public_bytes_raw())}, key.sign

    def _rsa(self) -> tuple[dict[str, str], Sign]:
        key = rsa.generate_private_key(65537, 2048)
        numbers = key.public_key().public_numbers()
        self.private_members = {"d": number(key.private_numbers().d)}
        scheme = padding.PSS(padding.MGF1(SHA256()), 32) if self.alg == "PS256" else padding.PKCS1v15()
        return (
            {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)},
            lambda data: key.sign(data, scheme, SHA256()),
        )

    def jws(self, header: dict[str, Any], claims: Any) -> str:
        data = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{data}.{b64(self.sign(data.encode()))}"

    def proof(self, house: House, method: str, path: str, *, token: str | None = None, **changes: Any) -> str:
        """A proof for a request of now; ``changes`` are of claims, ``header=`` of the header; None drops."""
        header: dict[str, Any] = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk}
        header |= changes.pop("header", {})
        claims: dict[str, Any] = {
            "jti": b64(os.urandom(12)),
            "htm": method,
            "htu": ISSUER + path,
            "iat": house.clock.now,
        }
        if token is not None:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        claims |= changes
        return self.jws(
            {name: value for name, value in header.items() if value is not None},
            {name: value for name, value in claims.items() if value is not None},
        )


def ask(house: House, proof: str | None, client_id: str = "hall-a", /, **form: str) -> Reply:
    """A token request with this proof."""
    headers = house.proof_of(client_id)
    if not headers:
        form["client_id"] = client_id
    if proof is not None:
        headers["DPoP"] = proof
    return house.call("POST", "/token", form=form, headers=headers)


def redeem(
    house: House, key: Key | None, code: str, client_id: str = "hall-a", /, proof: str | None = None
) -> Reply:
    if key is not None:
        proof = proof or key.proof(house, "POST", "/token")
    form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return ask(house, proof, client_id, grant_type="authorization_code", **form)


def refresh(house: House, key: Key | None, token: str, client_id: str = "hall-a") -> Reply:
    proof = key.proof(house, "POST", "/token") if key else None
    return ask(house, proof, client_id, grant_type="refresh_token", refresh_token=token)


def userinfo(
    house: House,
    key: Key,
    token: str,
    *,
    scheme: str = "DPoP",
    proof: str | None = None,
    of: str | None = None,
    **changes: Any,
) -> Reply:
    """Claims, asked for with a proof (of another token, or changed as for ``Key.proof``)."""
    proof = proof or key.proof(house, "GET", "/userinfo", token=token if of is None else of, **changes)
    return house.call("GET", "/userinfo", headers={"Authorization": f"{scheme} {token}", "DPoP": proof})
