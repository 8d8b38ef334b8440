"""Codes bound to a key where the request is pushed (RFC 9449 § 10.1), by the names of FAPI 2.0's modules."""

from __future__ import annotations

import pytest

from tests.idp.oauth.conftest import House, answered, body
from tests.idp.oauth.proving import Key, redeem, userinfo
from web import Reply

KEY = Key()
OTHER = Key()


@pytest.fixture
def fapi(house: House) -> House:
    house.client(profile="fapi2", dpop_bound=True, trusted=True)
    return house


def proof(house: House, key: Key = KEY, **changes: str) -> str:
    return key.proof(house, "POST", "/par", **changes)


def code(house: House, *, by: str | None = None, **changes: str) -> str:
    browser, _ = house.login(house.person())
    return answered(house.call("GET", "/authorize?" + house.pushed(proof=by, **changes), browser=browser))[
        "code"
    ]


def error(reply: Reply) -> str:
    assert reply.status == 400
    return str(body(reply)["error"])


@pytest.mark.module("fapi2-security-profile-final-ensure-dpopproof-at-par-endpoint-binding-success")
def test_ensure_dpopproof_at_par_endpoint_binding_success(fapi: House) -> None:
    token = body(redeem(fapi, KEY, code(fapi, by=proof(fapi))))["access_token"]
    assert userinfo(fapi, KEY, token).status == 200


@pytest.mark.module("fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt")
def test_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(fapi: House) -> None:
    bound = code(fapi, by=proof(fapi))
    assert error(redeem(fapi, OTHER, bound)) == "invalid_grant"
    assert redeem(fapi, KEY, bound).status == 200


@pytest.mark.module("fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt")
def test_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(fapi: House) -> None:
    bound = code(fapi, dpop_jkt=KEY.jkt)
    assert error(redeem(fapi, OTHER, bound)) == "invalid_grant"
    assert redeem(fapi, KEY, bound).status == 200


@pytest.mark.module("fapi2-security-profile-final-ensure-dpop-auth-code-binding-success")
def test_ensure_dpop_auth_code_binding_success(fapi: House) -> None:
    assert redeem(fapi, KEY, code(fapi, by=proof(fapi), dpop_jkt=KEY.jkt)).status == 200


@pytest.mark.module("fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails")
def test_ensure_mismatched_dpop_jkt_fails(fapi: House) -> None:
    assert error(fapi.push(proof=proof(fapi), dpop_jkt=OTHER.jkt)) == "invalid_dpop_proof"
    assert error(fapi.push(dpop_jkt="x")) == "invalid_request"


def test_without_a_key_the_code_takes_the_key_that_redeems_it(fapi: House) -> None:
    assert body(redeem(fapi, OTHER, code(fapi)))["token_type"] == "DPoP"


@pytest.mark.parametrize("changes", [{"htm": "GET"}, {"htu": "http://localhost:8000/token"}, {"jti": ""}])
def test_a_wrong_proof_is_refused_where_the_request_is_pushed(fapi: House, changes: dict[str, str]) -> None:
    refused = fapi.push(proof=proof(fapi, KEY, **changes))
    assert error(refused) == "invalid_dpop_proof"
    assert next(iter(changes)) in body(refused)["error_description"]
    assert refused.header("DPoP-Nonce")


def test_the_proof_is_good_once(fapi: House) -> None:
    shown = proof(fapi)
    assert fapi.push(proof=shown).status == 201
    assert error(fapi.push(proof=shown)) == "invalid_dpop_proof"


def test_a_refused_request_spends_no_proof(fapi: House) -> None:
    shown = proof(fapi)
    assert error(fapi.push(proof=shown, redirect_uri="https://evil.example/")) == "invalid_request"
    assert fapi.push(proof=shown).status == 201


def test_what_stands_beside_the_name_binds_to_no_other_key(fapi: House) -> None:
    browser, _ = fapi.login(fapi.person())
    query = f"{fapi.pushed(proof=proof(fapi))}&dpop_jkt={OTHER.jkt}"
    bound = answered(fapi.call("GET", f"/authorize?{query}", browser=browser))["code"]
    assert error(redeem(fapi, OTHER, bound)) == "invalid_grant"
    assert redeem(fapi, KEY, bound).status == 200
