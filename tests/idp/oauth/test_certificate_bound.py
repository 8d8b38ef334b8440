"""Tokens bound to the client's certificate (RFC 8705 § 3): whoever copied one cannot use it."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode, urlsafe_b64encode

import msgspec
import pytest

from idp.oauth.errors import InvalidToken
from manyou.errors import Problem
from tests.idp.oauth.conftest import BACK, ISSUER, VERIFIER, House, body
from web import Call, Reply

CERTIFICATE = b"\x30\x03one"
OTHER = b"\x30\x03two"
CNF = {
    "x5t#S256": urlsafe_b64encode(hashlib.sha256(CERTIFICATE).digest()).rstrip(b"=").decode(),
}


def ask(house: House, certificate: bytes | None, client_id: str = "hall-a", /, **form: str) -> Reply:
    headers = house.proof_of(client_id)
    if not headers:
        form["client_id"] = client_id
    return house.call("POST", "/token", form=form, headers=headers, certificate=certificate)


def redeem(house: House, certificate: bytes | None, code: str, client_id: str = "hall-a") -> Reply:
    form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return ask(house, certificate, client_id, grant_type="authorization_code", **form)


def userinfo(house: House, token: str, certificate: bytes | None, scheme: str = "Bearer") -> int:
    headers = {"Authorization": f"{scheme} {token}"}
    return house.call("GET", "/userinfo", headers=headers, certificate=certificate).status


def elicence(house: House, token: str, certificate: bytes | None) -> Problem | None:
    shown = "" if certificate is None else f":{b64encode(certificate).decode()}:"
    headers = {"Authorization": f"Bearer {token}"}
    call = Call.of("GET", "/elicence", now=house.clock.now, headers=headers, certificate=shown)
    try:
        assert house.oauth.tokens.verify(call, "elicence").confirmation == CNF
    except InvalidToken as refused:
        return refused
    return None


@pytest.fixture
def bound(house: House) -> House:
    house.client(certificate_bound=True)
    return house


def test_ensure_holder_of_key_required(bound: House) -> None:
    browser, _ = bound.login(bound.person())
    code = bound.code(browser)
    for refused in (redeem(bound, None, code), ask(bound, None, grant_type="client_credentials")):
        assert refused.status == 400
        assert body(refused)["error"] == "invalid_request"
        assert "certificate" in body(refused)["error_description"]
    assert redeem(bound, CERTIFICATE, code).status == 200  # the refusal has spent nothing


def test_every_token_carries_cnf_and_opens_for_its_certificate_alone(bound: House) -> None:
    browser, _ = bound.login(bound.person())
    tokens = body(redeem(bound, CERTIFICATE, bound.code(browser)))
    assert tokens["token_type"] == "Bearer"
    access = tokens["access_token"]
    told = bound.introspect(access)
    assert told["cnf"] == CNF
    assert told["token_type"] == "Bearer"
    assert userinfo(bound, access, CERTIFICATE) == 200
    for certificate in (None, OTHER):
        assert userinfo(bound, access, certificate) == 401
    assert userinfo(bound, access, CERTIFICATE) == 200
    assert userinfo(bound, access, CERTIFICATE, "DPoP") == 401
    posted = bound.call("POST", "/userinfo", form={"access_token": access}, certificate=CERTIFICATE)
    assert posted.status == 400


def test_at_the_licence_library(bound: House) -> None:
    form = {"grant_type": "client_credentials", "resource": f"{ISSUER}/elicence"}
    token = body(ask(bound, CERTIFICATE, **form))["access_token"]
    assert elicence(bound, token, CERTIFICATE) is None
    assert elicence(bound, token, OTHER) is not None
    assert elicence(bound, token, None) is not None


def test_a_jwt_for_another_resource_says_whose_it_is(bound: House) -> None:
    form = {"grant_type": "client_credentials", "resource": "https://api.example/"}
    token = body(ask(bound, CERTIFICATE, **form))["access_token"]
    payload = token.split(".")[1]
    claims = msgspec.json.decode(b64decode(payload + "==", altchars=b"-_"))
    assert claims["cnf"] == CNF
    assert bound.introspect(token)["cnf"] == CNF


def test_a_confidential_client_may_refresh_under_its_next_certificate(bound: House) -> None:
    """It proves itself otherwise; certificates are renewed (RFC 8705 § 7.1)."""
    browser, _ = bound.login(bound.person())
    tokens = body(redeem(bound, CERTIFICATE, bound.code(browser)))
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert ask(bound, None, **form).status == 400
    fresh = body(ask(bound, OTHER, **form))["access_token"]
    assert userinfo(bound, fresh, OTHER) == 200
    assert userinfo(bound, fresh, CERTIFICATE) == 401


def test_a_public_clients_refresh_token_is_bound_too(either: House) -> None:
    """RFC 8705 § 4; a wrong key neither moves nor ends the family."""
    either.client("app", auth_method="none", certificate_bound=True)
    browser, _ = either.login(either.person())
    tokens = body(redeem(either, CERTIFICATE, either.code(browser, "app"), "app"))
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert body(ask(either, OTHER, "app", **form))["error"] == "invalid_grant"
    assert ask(either, None, "app", **form).status == 400
    assert either.count("family", "generation = 1 AND live = 1 AND length(sender) = 33") == 1
    second = body(ask(either, CERTIFICATE, "app", **form))
    form["refresh_token"] = second["refresh_token"]
    assert ask(either, OTHER, "app", **form).status == 400
    assert ask(either, CERTIFICATE, "app", **form).status == 200


def test_an_unbound_clients_tokens_stay_anybodys(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    tokens = body(redeem(house, CERTIFICATE, house.code(browser)))
    assert "cnf" not in house.introspect(tokens["access_token"])
    assert userinfo(house, tokens["access_token"], None) == 200
    assert userinfo(house, tokens["access_token"], OTHER) == 200
