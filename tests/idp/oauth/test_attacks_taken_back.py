"""What an operator takes back from a hall ends at the next refresh, though people had agreed to it."""

from __future__ import annotations

from typing import Any

from idp.oauth.registering import operators
from tests.idp.oauth.conftest import ISSUER, House, body

API = "https://api.example/"
CLAIMS = '{"userinfo":{"id_number":null},"id_token":{"phone_number":null}}'


def taken_back(house: House, **fields: str) -> None:
    operators.change(house.engine, "hall-a", fields, house.clock.now)
    house.feed.poll()


def granted(house: House, **changes: str) -> dict[str, Any]:
    house.client()
    browser, _ = house.login(house.person())
    return body(house.redeem(house.code(browser, "hall-a", **changes)))


def test_a_scope(house: House) -> None:
    tokens = granted(house, scope="openid profile id_number offline_access")
    assert "id_number" in body(house.userinfo(tokens["access_token"]))
    taken_back(house, scopes="openid,profile,offline_access")
    assert "id_number" not in body(house.userinfo(tokens["access_token"]))
    fresh = body(house.refresh(tokens["refresh_token"]))
    assert "id_number" not in fresh["scope"].split()
    assert "name" in body(house.userinfo(fresh["access_token"]))
    assert house.refresh(tokens["refresh_token"], scope="openid id_number").status == 400


def test_claims_that_were_asked_for_one_by_one(house: House) -> None:
    import jwt

    tokens = granted(house, claims=CLAIMS)
    assert "id_number" in body(house.userinfo(tokens["access_token"]))
    taken_back(house, scopes="openid,profile")
    fresh = body(house.refresh(tokens["refresh_token"]))
    assert "id_number" not in body(house.userinfo(fresh["access_token"]))
    assert "phone_number" in jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert "phone_number" not in jwt.decode(fresh["id_token"], options={"verify_signature": False})


def test_a_resource_and_a_type_of_details(house: House) -> None:
    tokens = granted(house, resource=API, authorization_details='[{"type":"count","most":2}]')
    first = body(house.refresh(tokens["refresh_token"]))
    assert first["authorization_details"] == [{"most": 2, "type": "count"}]
    taken_back(house, audiences=f"{ISSUER}/elicence", detail_types="")
    fresh = body(house.refresh(tokens["refresh_token"]))
    assert "authorization_details" not in fresh
    assert house.introspect(fresh["access_token"])["aud"] == f"{ISSUER}/userinfo"
    assert house.refresh(tokens["refresh_token"], resource=API).status == 400
