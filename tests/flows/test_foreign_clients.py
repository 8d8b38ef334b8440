"""Clients of others, unchanged: npm openid-client, PyPI requests-oauth2client and Authlib.

Each logs in with code and PKCE (forms filled in by plain HTTP), reads userinfo, refreshes, introspects,
revokes and logs out; as the confidential client of hall A and as the public client ``try-me``.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet
from requests_oauth2client import InvalidGrant, OAuth2Client

from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import HUANG, LIN, Province

FOREIGN = Path(__file__).parents[1] / "foreign"
SCOPE = "openid profile offline_access"
CLIENTS = ("hall-a", "try-me")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A client, and a person in a browser that stops where the client's own address begins."""

    province: Province
    client: dict[str, Any]
    back: str
    left: str
    browser: PlainBrowser

    @property
    def secret(self) -> str | None:
        found: str | None = self.client["client_secret"]
        return found

    def go(self, url: str) -> str:
        """Open the authorization request, log in where asked, agree where asked; where it led."""
        self.browser.get(url)
        if "/login" in self.browser.url and not self.browser.left_for:
            self.browser.log_in(self.province, LIN)
        self.browser.agree()
        assert self.browser.left_for, self.browser.text
        return self.browser.left_for

    def log_out(self, metadata: dict[str, Any], id_token: str) -> None:
        """RP-initiated logout, with the ID token as the proof; afterwards nobody is logged in."""
        asked = {"id_token_hint": id_token, "post_logout_redirect_uri": self.left, "state": "bye"}
        url = requests.Request("GET", metadata["end_session_endpoint"], params=asked).prepare().url
        assert url
        self.browser.get(url)
        assert self.browser.left_for == f"{self.left}?state=bye"
        assert "/login" in self.browser.get(f"{self.province.issuer}/account").url


@pytest.fixture(params=CLIENTS)
def visitor(province: Province, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    client = province.client(request.param)
    back, left = client["redirect_uris"][0], client["post_logout_redirect_uris"][0]
    if request.param == "try-me":  # RFC 8252 § 7.3: any port on loopback
        back = back.replace("127.0.0.1/", "127.0.0.1:49152/")
    with PlainBrowser(stop=lambda url: url.startswith(back) or url.partition("?")[0] == left) as browser:
        yield Visitor(province, client, back, left, browser)


def metadata(province: Province) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(
        f"{province.issuer}/.well-known/openid-configuration", timeout=10
    ).json()
    return found


@pytest.mark.parametrize("client_id", CLIENTS)
def test_npm_openid_client(province: Province, client_id: str) -> None:
    client = province.client(client_id)
    back = client["redirect_uris"][0]
    asked = {
        "issuer": province.issuer,
        "client": client,
        "person": {"identifier": HUANG, "password": province.person(HUANG)["password"]},
        "back": back,
        "left": client["post_logout_redirect_uris"][0],
    }
    ran = subprocess.run(
        ["node", "openid_client.mjs"],
        cwd=FOREIGN,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["name"] == "黄一诺"
    assert found["acr"] == "urn:manyou:acr:r3-a1"
    assert found["amr"] == ["pwd"]
    assert found["out"] == {"status": 303, "location": f"{asked['left']}?state=bye"}
    if client["client_secret"]:
        assert found["known"]["active"] is True
        assert found["known"]["client_id"] == client_id
        assert found["gone"] == {"active": False}


def test_requests_oauth2client(visitor: Visitor) -> None:
    auth: dict[str, Any] = {"client_secret": visitor.secret} if visitor.secret else {}
    with OAuth2Client.from_discovery_endpoint(
        issuer=visitor.province.issuer,
        client_id=visitor.client["client_id"],
        redirect_uri=visitor.back,
        id_token_signed_response_alg="ES256",
        testing=True,  # plain HTTP on loopback
        **auth,
    ) as client:
        asked = client.authorization_request(scope=SCOPE)
        answered = asked.validate_callback(visitor.go(str(asked)))
        tokens: Any = client.authorization_code(answered, validate=True)
        user = client.userinfo(tokens)
        assert user["name"] == "林漫"
        assert user["sub"] == tokens.id_token.sub
        fresh: Any = client.refresh_token(tokens.refresh_token)
        assert client.userinfo(fresh)["sub"] == user["sub"]
        if visitor.secret:
            assert client.introspect_token(fresh)["active"] is True
        refresh = fresh.refresh_token or tokens.refresh_token
        assert client.revoke_refresh_token(refresh)
        with pytest.raises(InvalidGrant):
            client.refresh_token(refresh)
        if visitor.secret:
            assert client.introspect_token(fresh)["active"] is False
        visitor.log_out(metadata(visitor.province), str(tokens.id_token))


def test_authlib(visitor: Visitor) -> None:
    known = metadata(visitor.province)
    with OAuth2Session(
        visitor.client["client_id"],
        visitor.secret,
        scope=SCOPE,
        redirect_uri=visitor.back,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic" if visitor.secret else "none",
    ) as client:
        verifier = "authlib-" + "v" * 43
        url, state = client.create_authorization_url(
            known["authorization_endpoint"], code_verifier=verifier, nonce="authlib-nonce"
        )
        returned = visitor.go(url)
        assert parse_qs(urlsplit(returned).query)["iss"] == [visitor.province.issuer]
        tokens = client.fetch_token(
            known["token_endpoint"], authorization_response=returned, state=state, code_verifier=verifier
        )
        keys = KeySet.import_key_set(requests.get(known["jwks_uri"], timeout=10).json())
        claims = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": visitor.province.issuer},
            aud={"essential": True, "value": visitor.client["client_id"]},
            exp={"essential": True},
        ).validate(claims)
        assert claims["nonce"] == "authlib-nonce"
        user = client.get(known["userinfo_endpoint"]).json()
        assert (user["sub"], user["name"]) == (claims["sub"], "林漫")
        refresh = tokens["refresh_token"]
        fresh = client.refresh_token(known["token_endpoint"], refresh_token=refresh)
        refresh = fresh.get("refresh_token", refresh)
        assert client.get(known["userinfo_endpoint"]).status_code == 200
        if visitor.secret:
            answer = client.introspect_token(known["introspection_endpoint"], fresh["access_token"])
            assert answer.json()["active"] is True
        assert client.revoke_token(known["revocation_endpoint"], refresh).status_code == 200
        assert client.get(known["userinfo_endpoint"]).status_code == 401
        visitor.log_out(known, tokens["id_token"])
