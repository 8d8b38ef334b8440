"""Clients of others, unchanged: npm openid-client, PyPI requests-oauth2client and Authlib.

Each logs in with code and PKCE (forms filled in by plain HTTP), reads userinfo, refreshes, introspects,
revokes and logs out; as the confidential client of hall A, as the public client ``try-me``, and those of
Python as one that proves itself by a key.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from requests_oauth2client import InvalidGrant

from tests.flows.province import HUANG, Province
from tests.flows.strangers import BACK, SCOPE, Visitor, invite, metadata, oauth2_client, register, stranger

FOREIGN = Path(__file__).parents[1] / "foreign"
CLIENTS = ("hall-a", "try-me")
BY_KEY = "by-key"


@pytest.fixture(scope="module")
def key(province: Province) -> dict[str, Any]:
    """The private key of a client that proves itself by one, which is registered with its public half."""
    made = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
    jwks = json.dumps({"keys": [made.as_dict(private=False)]})
    register(province, stranger(BY_KEY, auth_method="private_key_jwt", jwks=jwks)[0])
    return made.as_dict(private=True)


@pytest.fixture(params=(*CLIENTS, BY_KEY))
def visitor(province: Province, key: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Visitor]:
    if request.param == BY_KEY:
        with Visitor.of(province, BY_KEY, key) as found:
            yield found
        return
    client = province.client(request.param)
    back, left = client["redirect_uris"][0], client["post_logout_redirect_uris"][0]
    if request.param == "try-me":  # RFC 8252 § 7.3: any port on loopback
        back = back.replace("127.0.0.1/", "127.0.0.1:49152/")
    with Visitor.of(province, request.param, client["client_secret"], back, left) as found:
        yield found


def node(script: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What a script prints that is told this."""
    ran = subprocess.run(
        ["node", script],
        cwd=FOREIGN,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
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
    found = node("openid_client.mjs", asked)
    assert found["name"] == "黄一诺"
    assert found["acr"] == "urn:manyou:acr:r3-a1"
    assert found["amr"] == ["pwd"]
    assert (found["gender"], found["birthdate"]) == ("male", "2000-02-29")
    verification = found["verified"].pop("verification")
    assert found["verified"] == {"claims": {"name": "黄一诺"}}
    assert (verification["trust_framework"], verification["assurance_level"]) == ("cn_manyou_realname", "r3")
    assert found["out"] == {"status": 303, "location": f"{asked['left']}?state=bye"}
    if client["client_secret"]:
        assert found["known"]["active"] is True
        assert found["known"]["client_id"] == client_id
        assert found["gone"] == {"active": False}


def test_npm_openid_client_registers_itself(province: Province) -> None:
    person = {"identifier": HUANG, "password": province.person(HUANG)["password"]}
    asked = {"issuer": province.issuer, "token": invite(province), "person": person, "back": BACK}
    found = node("registering_openid_client.mjs", asked)
    assert found == {"name": "黄一诺", "changed": "Another"}


def test_requests_oauth2client(visitor: Visitor) -> None:
    client = oauth2_client(visitor.province, visitor.client_id, visitor.secret, visitor.back)
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
    secret: Any
    proof: Any
    secret, proof = visitor.secret, "client_secret_basic" if visitor.secret else "none"
    if isinstance(visitor.secret, dict):
        secret = ECKey.import_key(visitor.secret)
        proof = PrivateKeyJWT(alg="ES256", headers={"kid": visitor.secret["kid"]})
    with OAuth2Session(
        visitor.client_id,
        secret,
        scope=SCOPE,
        redirect_uri=visitor.back,
        code_challenge_method="S256",
        token_endpoint_auth_method=proof,
        revocation_endpoint_auth_method=proof,
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
            aud={"essential": True, "value": visitor.client_id},
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


@pytest.mark.parametrize("how", ["signed", "encrypted"])
def test_requests_oauth2client_signs_its_request(province: Province, key: dict[str, Any], how: str) -> None:
    client = oauth2_client(province, BY_KEY, key)
    asked = client.authorization_request(scope=SCOPE, aud=province.issuer, iss=BY_KEY)
    if how == "encrypted":
        ours = next(each for each in client.authorization_server_jwks.jwks if each.use == "enc")
        sent = asked.sign_and_encrypt(key, ours, "ES256", "ECDH-ES+A256KW", "A256GCM", lifetime=60)
    else:
        sent = asked.sign(key, alg="ES256", lifetime=60)
    assert set(parse_qs(urlsplit(str(sent)).query)) == {"client_id", "request"}
    with Visitor.of(province, BY_KEY) as visitor:
        answered = asked.validate_callback(visitor.go(str(sent)))
    tokens: Any = client.authorization_code(answered, validate=True)
    assert client.userinfo(tokens)["name"] == "林漫"
