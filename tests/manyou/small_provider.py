"""A provider just large enough for a hall to log in at: codes in a dict, one person, keys that can change."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, Response, jsonify, request
from jwt.algorithms import ECAlgorithm

__all__ = ["ISSUER", "SmallProvider"]

ISSUER = "http://localhost:8000"


class SmallProvider:
    """``change`` alters claims of ID tokens, ``spoil`` the signed tokens, ``answers`` whole answers."""

    def __init__(self, clock: Callable[[], int], client_id: str, secret: str) -> None:
        self.clock = clock
        self.client_id = client_id
        self.basic = f"{client_id}:{secret}"
        self.signing_kid = "k1"
        self.keys = {"k1": ec.generate_private_key(ec.SECP256R1())}
        self.published = ["k1"]
        self.change: dict[str, Any] = {}
        self.headers: dict[str, Any] = {}
        self.spoil: Callable[[str], str] = lambda id_token: id_token
        self.metadata: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, Any]] = {}
        self.challenge = ""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.generation = 0
        self.app = self._app()

    def agree(self, url: str) -> dict[str, str]:
        """What the person's browser brings back after agreeing to ``url``."""
        parts = urlsplit(url)
        sent = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        assert parts.path == "/authorize"
        assert sent["response_type"] == "code"
        assert sent["code_challenge_method"] == "S256"
        code = f"code{len(self.codes)}"
        self.codes[code] = sent
        return {"code": code, "state": sent["state"], "iss": ISSUER}

    def id_token(self, sent: dict[str, str], access_token: str) -> str:
        now = self.clock()
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": ISSUER,
            "sub": "s-1",
            "aud": self.client_id,
            "iat": now,
            "exp": now + 600,
            "auth_time": now,
            "nonce": sent["nonce"],
            "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(),
            **self.change,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"kid": self.signing_kid, **self.headers}
        return jwt.encode(claims, self.keys[self.signing_kid], "ES256", headers=header)

    def _app(self) -> Flask:
        app = Flask("small provider")
        app.before_request(self._note)
        for method, path, view in (
            ("GET", "/.well-known/openid-configuration", self._discovery),
            ("GET", "/jwks", self._jwks),
            ("POST", "/token", self._token),
            ("GET", "/userinfo", self._userinfo),
            ("POST", "/revoke", lambda: ("", 200)),
            ("POST", "/introspect", lambda: jsonify(active=request.form["token"] == "at1")),
        ):
            app.add_url_rule(path, path, view, methods=[method])
        return app

    def _note(self) -> tuple[Response, int] | None:
        self.asked.append((request.path, request.form.to_dict()))
        if request.path in self.answers:
            status, body = self.answers[request.path]
            answer = Response(body if isinstance(body, str) else json.dumps(body))
            if self.challenge:
                answer.headers["WWW-Authenticate"] = self.challenge
            return answer, status
        return None

    def _discovery(self) -> Response:
        paths = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "jwks",
            "userinfo_endpoint": "userinfo",
            "revocation_endpoint": "revoke",
            "introspection_endpoint": "introspect",
            "end_session_endpoint": "logout",
        }
        return jsonify(
            {
                "issuer": ISSUER,
                "authorization_response_iss_parameter_supported": True,
                **{name: f"{ISSUER}/{path}" for name, path in paths.items()},
                **self.metadata,
            }
        )

    def _jwks(self) -> Response:
        keys = []
        for kid in self.published:
            public = self.keys[kid].public_key()
            keys.append(
                {**ECAlgorithm.to_jwk(public, as_dict=True), "kid": kid, "use": "sig", "alg": "ES256"}
            )
        return jsonify(keys=keys)

    def _token(self) -> tuple[Response, int]:
        scheme, _, value = request.headers["Authorization"].partition(" ")
        assert (scheme, b64decode(value).decode()) == ("Basic", self.basic)
        form = request.form
        self.generation += 1
        access_token = f"at{self.generation}"
        answer: dict[str, Any] = {"access_token": access_token, "token_type": "Bearer", "expires_in": 600}
        if form["grant_type"] == "authorization_code":
            sent = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
            if sent is None or (challenge, form["redirect_uri"]) != (
                sent["code_challenge"],
                sent["redirect_uri"],
            ):
                return jsonify(error="invalid_grant", error_description="Begin again."), 400
            answer |= {"refresh_token": "rt1", "id_token": self.spoil(self.id_token(sent, access_token))}
        elif form["grant_type"] == "refresh_token" and form["refresh_token"] != "rt1":
            return jsonify(error="invalid_grant"), 400
        return jsonify(answer), 200

    def _userinfo(self) -> tuple[Response, int]:
        if not request.headers["Authorization"].startswith("Bearer at"):
            return jsonify(error="invalid_token"), 401
        return jsonify(sub="s-1", name="林晓梅"), 200
