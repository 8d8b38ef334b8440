"""client_credentials: a client for itself."""

from __future__ import annotations

import pytest

from tests.idp.oauth.conftest import ISSUER, House, body

FORM = {"grant_type": "client_credentials"}


def test_a_signed_token_for_an_ordinary_resource(house: House) -> None:
    house.client(audiences=("https://api.example/",))
    answer = body(house.token(**FORM))
    claims = house.engine.keys.verify_jwt(
        "access-token", answer["access_token"], typ="at+jwt", now=house.clock.now
    )
    jti = claims.pop("jti")
    assert len(jti) == 22
    assert claims == {
        "iss": ISSUER,
        "aud": "https://api.example/",
        "client_id": "hall-a",
        "sub": "hall-a",
        "iat": house.clock.now,
        "exp": house.clock.now + 600,
        "scope": "use check",
    }
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope"}


def test_the_audience(house: House) -> None:
    house.client()
    assert "." not in body(house.token(**FORM))["access_token"]  # the first of its audiences is ours
    house.client("bare", audiences=())
    token = body(house.token("bare", **FORM))["access_token"]
    assert house.introspect(token, "bare")["aud"] == ISSUER
    assert body(house.token("bare", **FORM, resource="https://api.example/"))["error"] == "invalid_target"
    two = [
        ("grant_type", "client_credentials"),
        ("resource", "https://api.example/"),
        ("resource", f"{ISSUER}/elicence"),
    ]
    reply = house.call("POST", "/token", form=two, headers=house.basic("hall-a"))
    assert body(reply)["error"] == "invalid_target"


@pytest.mark.parametrize("scope", ["openid", "use openid", "issue"])
def test_scopes_of_persons_and_of_others_are_refused(house: House, scope: str) -> None:
    house.client()
    assert body(house.token(**FORM, scope=scope))["error"] == "invalid_scope"
    assert body(house.token(**FORM, scope="check"))["scope"] == "check"


def test_what_the_steps_refuse(house: House) -> None:
    house.client()
    house.client("app", auth_method="none")
    assert body(house.token())["error"] == "invalid_request"
    assert body(house.token(grant_type="password"))["error"] == "unsupported_grant_type"
    assert body(house.token("app", **FORM))["error"] == "unauthorized_client"
    twice = [*FORM.items(), ("scope", "use"), ("scope", "check")]
    reply = house.call("POST", "/token", form=twice, headers=house.basic("hall-a"))
    assert body(reply)["error"] == "invalid_request"
    assert house.count("event", "tag LIKE 'idp.%'") == 0


def test_it_ends(house: House) -> None:
    house.client()
    token = body(house.token(**FORM))["access_token"]
    house.clock.advance(599)
    assert house.introspect(token)["active"]
    house.clock.advance(1)
    assert house.introspect(token) == {"active": False}
