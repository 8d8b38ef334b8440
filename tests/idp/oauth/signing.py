"""A client's own key: what it signs for us, by another library than ours."""

from __future__ import annotations

import json
import os
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "http://localhost:8000"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # dear to make; signers share it


class Signer:
    """One key with its kid and algorithm."""

    def __init__(self, alg: str = "ES256", kid: str = "k1") -> None:
        self.alg, self.kid = alg, kid
        self.key: Any
        if alg == "ES256":
            self.key = ec.generate_private_key(ec.SECP256R1())
            self.jwk: dict[str, Any] = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        elif alg == "EdDSA":
            self.key = ed25519.Ed25519PrivateKey.generate()
            self.jwk = OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        else:
            self.key = _RSA
            self.jwk = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            self.jwk.pop("key_ops", None)
        self.jwk |= {"kid": kid, "use": "sig"}

    @property
    def key_set(self) -> str:
        """The JWK Set of this key alone."""
        return json.dumps({"keys": [self.jwk]})

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A compact JWT; a header or claim that is None is left out."""
        headers = {"kid": self.kid, **header}
        algorithm = headers.pop("alg", self.alg)
        payload = json.dumps({name: value for name, value in claims.items() if value is not None})
        kept = {name: value for name, value in headers.items() if value is not None or name == "typ"}
        return pyjwt.PyJWS().encode(payload.encode(), self.key, algorithm, headers=kept)

    def assertion(
        self, client_id: str, now: int, /, *, header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A client assertion for the issuer, good for a minute."""
        known = {
            "iss": client_id,
            "sub": client_id,
            "aud": ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": os.urandom(8).hex(),
        }
        return self.sign(known | claims, **(header or {}))

    def proof(self, client_id: str, now: int, /, **claims: Any) -> dict[str, str]:
        """The two parameters of a request."""
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(client_id, now, **claims),
        }
