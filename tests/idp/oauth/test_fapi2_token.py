"""The token endpoint for FAPI 2.0 clients, case by case as the certification modules name them.

private_key_jwt with DPoP; the same with a certificate where a module has that variant.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.idp.oauth.conftest import BACK, ISSUER, VERIFIER, House, answered, body
from tests.idp.oauth.proving import Key
from tests.idp.oauth.signing import Signer
from web import Reply

KEY = Key()
CERTIFICATE = b"\x30\x03one"
CODE = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}


def register(house: House, client_id: str = "hall-a", **changes: Any) -> Signer:
    signer = house.signers[client_id] = Signer()
    known = {"profile": "fapi2", "auth_method": "private_key_jwt", "jwks": signer.key_set, "trusted": True}
    house.client(client_id, **(known | {"dpop_bound": True} | changes))
    return signer


@pytest.fixture
def fapi(house: House) -> House:
    register(house)
    return house


def code_of(house: House, client_id: str = "hall-a", **asked: Any) -> str:
    browser, _ = house.login(house.person())
    query = house.pushed(client_id, **asked)
    return answered(house.call("GET", f"/authorize?{query}", browser=browser))["code"]


def ask(
    house: House,
    client_id: str = "hall-a",
    /,
    *,
    signer: Signer | None = None,
    key: Key | None = KEY,
    certificate: bytes | None = None,
    **form: str | None,
) -> Reply:
    """A token request with the client's assertion, and with a proof or a certificate."""
    shown = (signer or house.signers[client_id]).proof(client_id, house.clock.now)
    sent = {name: value for name, value in (shown | form).items() if value is not None}
    headers = {"DPoP": key.proof(house, "POST", "/token")} if key else {}
    return house.call("POST", "/token", form=sent, headers=headers, certificate=certificate)


def redeem(house: House, code: str, client_id: str = "hall-a", /, **more: Any) -> Reply:
    return ask(house, client_id, **({"code": code} | CODE | more))


def userinfo(house: House, token: str, key: Key = KEY, scheme: str = "DPoP") -> Reply:
    proof = key.proof(house, "GET", "/userinfo", token=token)
    return house.call("GET", "/userinfo", headers={"Authorization": f"{scheme} {token}", "DPoP": proof})


def error(reply: Reply) -> str:
    assert reply.status in {400, 401}, reply.body
    return str(body(reply)["error"])


@pytest.mark.module("fapi2-security-profile-final-happy-flow")
def test_happy_flow(fapi: House) -> None:
    found = body(redeem(fapi, code_of(fapi)))
    assert found["token_type"] == "DPoP"
    assert {"access_token", "refresh_token", "id_token", "expires_in", "scope"} <= set(found)
    assert userinfo(fapi, found["access_token"]).status == 200
    shown = fapi.introspect(found["access_token"])
    assert shown["cnf"] == {"jkt": KEY.jkt}


def test_happy_flow_with_a_certificate(house: House) -> None:
    register(house, dpop_bound=False, certificate_bound=True)
    found = body(redeem(house, code_of(house), key=None, certificate=CERTIFICATE))
    assert found["token_type"] == "Bearer"
    headers = {"Authorization": f"Bearer {found['access_token']}"}
    assert house.call("GET", "/userinfo", headers=headers, certificate=CERTIFICATE).status == 200
    assert house.call("GET", "/userinfo", headers=headers).status == 401


@pytest.mark.module("fapi2-security-profile-final-ensure-holder-of-key-required")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "invalid_dpop_proof"),
        ({"dpop_bound": False}, "invalid_dpop_proof"),
        ({"dpop_bound": False, "certificate_bound": True}, "invalid_request"),
    ],
)
def test_ensure_holder_of_key_required(house: House, changes: dict[str, Any], code: str) -> None:
    register(house, **changes)
    forms: list[dict[str, Any]] = [CODE | {"code": code_of(house)}, {"grant_type": "client_credentials"}]
    for form in forms:
        assert error(ask(house, key=None, **form)) == code


@pytest.mark.module("fapi2-security-profile-final-ensure-client-id-in-token-endpoint")
def test_ensure_client_id_in_token_endpoint(fapi: House) -> None:
    """Another client's id beside one's own assertion, or in it, with one's own key."""
    other = register(fapi, "hall-b")
    code = code_of(fapi)
    assert error(redeem(fapi, code, client_id="hall-b")) in {"invalid_client", "invalid_request"}
    assert error(redeem(fapi, code, "hall-a", signer=other)) == "invalid_client"
    assert redeem(fapi, code, client_id="hall-a").status == 200


@pytest.mark.module("fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client")
def test_ensure_authorization_code_is_bound_to_client(fapi: House) -> None:
    register(fapi, "hall-b")
    code = code_of(fapi)
    assert error(redeem(fapi, code, "hall-b")) == "invalid_grant"
    assert redeem(fapi, code).status == 200  # who stole it has burnt nothing


@pytest.mark.module("fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second")
def test_attempt_reuse_authorization_code_after_one_second(fapi: House) -> None:
    code = code_of(fapi)
    token = body(redeem(fapi, code))["access_token"]
    assert userinfo(fapi, token).status == 200
    fapi.clock.advance(1)
    assert error(redeem(fapi, code)) == "invalid_grant"
    fapi.feed.poll()
    assert userinfo(fapi, token).status == 401


@pytest.mark.module("fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code")
@pytest.mark.parametrize(("seconds", "good"), [(59, True), (60, False), (61, False)])
def test_ensure_token_endpoint_fails_with_expired_auth_code(fapi: House, seconds: int, *, good: bool) -> None:
    code = code_of(fapi)
    fapi.clock.advance(seconds)
    reply = redeem(fapi, code)
    assert (reply.status == 200) is good
    assert good or error(reply) == "invalid_grant"


@pytest.mark.module(
    "fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected",
    "fapi2-security-profile-final-ensure-pkce-code-verifier-required",
)
@pytest.mark.parametrize("verifier", [None, "w" * 43, VERIFIER[:-1], VERIFIER + "v"])
def test_incorrect_pkce_code_verifier_rejected(fapi: House, verifier: str | None) -> None:
    """Also ensure-pkce-code-verifier-required."""
    code = code_of(fapi)
    assert error(redeem(fapi, code, code_verifier=verifier)) == "invalid_grant"
    assert redeem(fapi, code).status == 200


@pytest.mark.module("fapi2-security-profile-final-refresh-token")
def test_refresh_token(fapi: House) -> None:
    """No rotation; for its client alone, proven and with a proof of a key, which may be another one."""
    other = register(fapi, "hall-b")
    found = body(redeem(fapi, code_of(fapi)))
    form = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    first = body(ask(fapi, **form))
    assert first["refresh_token"] == found["refresh_token"]
    assert userinfo(fapi, first["access_token"]).status == 200
    assert error(ask(fapi, "hall-b", **form)) == "invalid_grant"
    assert error(ask(fapi, signer=other, **form)) == "invalid_client"
    assert error(ask(fapi, key=None, **form)) == "invalid_dpop_proof"
    proof = {"DPoP": KEY.proof(fapi, "POST", "/token")}
    unproven = fapi.call("POST", "/token", form=form | {"client_id": "hall-a"}, headers=proof)
    assert error(unproven) == "invalid_client"
    key = Key()
    again = body(ask(fapi, key=key, **form))["access_token"]
    assert userinfo(fapi, again, key).status == 200
    assert userinfo(fapi, again).status == 401


def test_the_token_stands_in_the_header_alone(fapi: House) -> None:
    """FAPI 2.0 § 5.3.4."""
    token = body(redeem(fapi, code_of(fapi)))["access_token"]
    headers = {"DPoP": KEY.proof(fapi, "POST", "/userinfo", token=token)}
    posted = fapi.call("POST", "/userinfo", form={"access_token": token}, headers=headers)
    assert error(posted) in {"invalid_request", "invalid_token"}
    proof = {"DPoP": KEY.proof(fapi, "GET", "/userinfo", token=token)}
    assert fapi.call("GET", f"/userinfo?access_token={token}", headers=proof).status == 401


def test_client_credentials_for_a_resource_elsewhere(fapi: House) -> None:
    found = body(ask(fapi, grant_type="client_credentials", resource="https://api.example/"))
    assert found["token_type"] == "DPoP"
    assert fapi.introspect(found["access_token"])["cnf"] == {"jkt": KEY.jkt}
    assert ISSUER in fapi.introspect(found["access_token"])["iss"]
