"""FAPI 2.0 where a certificate proves the client and binds its tokens (RFC 8705): modules that differ then.

The other modules of the profile are about requests, codes and answers, which are the same in both variants.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.idp.oauth.conftest import BACK, CHALLENGE, VERIFIER, House, answered, body
from tests.idp.oauth.test_certificate_methods import own
from web import Reply

CERTIFICATE, JWK = own()
OTHER, OTHER_JWK = own()
CODE = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}


def register(house: House, client_id: str = "hall-a", jwk: dict[str, Any] = JWK) -> None:
    house.client(
        client_id,
        profile="fapi2",
        auth_method="self_signed_tls_client_auth",
        jwks=json.dumps({"keys": [jwk]}),
        certificate_bound=True,
        trusted=True,
    )


@pytest.fixture
def fapi(house: House) -> House:
    """Two clients, each with a certificate of its own."""
    register(house)
    register(house, "hall-b", OTHER_JWK)
    return house


def ask(
    house: House,
    certificate: bytes | None,
    client_id: str | None = "hall-a",
    /,
    path: str = "/token",
    **form: str,
) -> Reply:
    named = {} if client_id is None else {"client_id": client_id}
    return house.call("POST", path, form=named | form, certificate=certificate)


def code_of(house: House) -> str:
    asked = {"redirect_uri": BACK, "response_type": "code", "scope": "openid profile offline_access"}
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    pushed = ask(house, CERTIFICATE, path="/par", **asked, **challenge)
    assert pushed.status == 201, pushed.body
    browser, _ = house.login(house.person())
    query = f"client_id=hall-a&request_uri={body(pushed)['request_uri']}"
    return answered(house.call("GET", f"/authorize?{query}", browser=browser))["code"]


def redeemed(house: House) -> dict[str, Any]:
    reply = ask(house, CERTIFICATE, **CODE, code=code_of(house))
    assert reply.status == 200, reply.body
    return body(reply)


def refused(reply: Reply) -> str:
    assert reply.status in {400, 401}, reply.body
    return str(body(reply)["error"])


def userinfo(house: House, token: str, certificate: bytes | None) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return house.call("GET", "/userinfo", headers=headers, certificate=certificate).status


@pytest.mark.module("fapi2-security-profile-final-happy-flow[mtls]")
def test_happy_flow(fapi: House) -> None:
    found = redeemed(fapi)
    assert found["token_type"] == "Bearer"
    assert {"access_token", "refresh_token", "id_token", "expires_in", "scope"} <= set(found)
    assert userinfo(fapi, found["access_token"], CERTIFICATE) == 200
    told = body(ask(fapi, CERTIFICATE, path="/introspect", token=found["access_token"]))
    assert list(told["cnf"]) == ["x5t#S256"]


@pytest.mark.module("fapi2-security-profile-final-ensure-holder-of-key-required[mtls]")
def test_ensure_holder_of_key_required(fapi: House) -> None:
    """Neither the token endpoint nor what a token opens takes it without, or under another, certificate."""
    code = code_of(fapi)
    for certificate in (None, OTHER):
        assert refused(ask(fapi, certificate, **CODE, code=code)) == "invalid_client"
    token = body(ask(fapi, CERTIFICATE, **CODE, code=code))["access_token"]
    assert [userinfo(fapi, token, each) for each in (None, OTHER, CERTIFICATE)] == [401, 401, 200]


@pytest.mark.module("fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client[mtls]")
def test_ensure_authorization_code_is_bound_to_client(fapi: House) -> None:
    code = code_of(fapi)
    assert refused(ask(fapi, OTHER, "hall-b", **CODE, code=code)) == "invalid_grant"
    assert ask(fapi, CERTIFICATE, **CODE, code=code).status == 200  # who stole it has burnt nothing


@pytest.mark.module("fapi2-security-profile-final-ensure-client-id-in-token-endpoint[mtls]")
def test_ensure_client_id_in_token_endpoint(fapi: House) -> None:
    """A certificate names nobody here: client_id does, and the certificate proves it."""
    code = code_of(fapi)
    assert refused(ask(fapi, CERTIFICATE, None, **CODE, code=code)) == "invalid_client"
    assert refused(ask(fapi, CERTIFICATE, "hall-b", **CODE, code=code)) == "invalid_client"
    assert ask(fapi, CERTIFICATE, **CODE, code=code).status == 200


@pytest.mark.module("fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second[mtls]")
def test_attempt_reuse_authorization_code_after_one_second(fapi: House) -> None:
    code = code_of(fapi)
    token = body(ask(fapi, CERTIFICATE, **CODE, code=code))["access_token"]
    fapi.clock.advance(1)
    assert refused(ask(fapi, CERTIFICATE, **CODE, code=code)) == "invalid_grant"
    fapi.feed.poll()
    assert userinfo(fapi, token, CERTIFICATE) == 401


@pytest.mark.module("fapi2-security-profile-final-refresh-token[mtls]")
def test_refresh_token(fapi: House) -> None:
    """No rotation; for its client alone, under its certificate."""
    found = redeemed(fapi)
    form = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    fresh = body(ask(fapi, CERTIFICATE, **form))
    assert fresh["refresh_token"] == found["refresh_token"]
    assert [userinfo(fapi, fresh["access_token"], each) for each in (None, OTHER, CERTIFICATE)] == [
        401,
        401,
        200,
    ]
    for certificate in (None, OTHER):
        assert refused(ask(fapi, certificate, **form)) == "invalid_client"
    assert refused(ask(fapi, OTHER, "hall-b", **form)) == "invalid_grant"
    assert ask(fapi, CERTIFICATE, **form).status == 200
