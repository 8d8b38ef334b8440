"""Who may ask about a token, who may end it, and what falls with it."""

from __future__ import annotations

import pytest

from tests.idp.oauth.conftest import ISSUER, House, body


def _tokens(house: House) -> dict[str, str]:
    browser, _ = house.login(house.person())
    found: dict[str, str] = body(house.redeem(house.code(browser)))
    return found


def _revoke(house: House, token: str, client: str = "hall-a") -> None:
    reply = house.call("POST", "/revoke", form={"token": token}, headers=house.basic(client))
    assert (reply.status, reply.body) == (200, b"")
    house.feed.poll()


def test_only_the_audience_and_the_tokens_own_client_learn_of_it(house: House) -> None:
    house.client(trusted=True)
    house.client("library", serves=(f"{ISSUER}/elicence",))
    house.client("stranger")
    browser, _ = house.login(house.person())
    token = body(house.redeem(house.code(browser, resource=f"{ISSUER}/elicence")))["access_token"]
    own, served = house.introspect(token), house.introspect(token, "library")
    assert own["active"]
    assert served["active"]
    assert own["client_id"] == served["client_id"] == "hall-a"
    assert own["scope"] == "openid profile"
    assert own["acr"] == "urn:manyou:acr:r2-a1"
    assert house.introspect(token, "stranger") == {"active": False}
    assert house.introspect(_tokens(house)["access_token"], "library") == {"active": False}


def test_introspection_needs_a_proven_client(house: House) -> None:
    house.client()
    house.client("app", auth_method="none")
    token = _tokens(house)["access_token"]
    assert house.call("POST", "/introspect", form={"token": token}).status == 401
    assert house.call("POST", "/introspect", form={"token": token, "client_id": "app"}).status == 401
    missing = house.call("POST", "/introspect", form={}, headers=house.basic("hall-a"))
    assert body(missing)["error"] == "invalid_request"


@pytest.mark.parametrize("token", ["x", "x.y.z", "é", "x" * 20_000, "...", "A" * 100])
def test_nonsense_is_inactive(house: House, token: str) -> None:
    house.client()
    assert house.introspect(token) == {"active": False}


def test_a_refresh_token_is_known_to_its_client_alone(house: House) -> None:
    house.client()
    house.client("library", serves=(f"{ISSUER}/userinfo",))
    tokens = _tokens(house)
    assert house.introspect(tokens["refresh_token"])["active"]
    assert house.introspect(tokens["refresh_token"], "library") == {"active": False}
    _revoke(house, tokens["refresh_token"])
    assert house.introspect(tokens["refresh_token"]) == {"active": False}


def test_an_access_token_ends_alone(either: House) -> None:
    house = either
    house.client()
    tokens = _tokens(house)
    assert house.userinfo(tokens["access_token"]).status == 200
    _revoke(house, tokens["access_token"])
    assert house.userinfo(tokens["access_token"]).status == 401
    other = body(house.refresh(tokens["refresh_token"]))
    assert house.userinfo(other["access_token"]).status == 200


def test_a_refresh_token_takes_all_along(either: House) -> None:
    house = either
    house.client()
    tokens = _tokens(house)
    second = body(house.refresh(tokens["refresh_token"]))["access_token"]
    apart = _tokens(house)
    assert house.userinfo(second).status == 200
    _revoke(house, tokens["refresh_token"])
    _revoke(house, tokens["refresh_token"])
    assert house.userinfo(tokens["access_token"]).status == 401
    assert house.userinfo(second).status == 401
    assert house.refresh(tokens["refresh_token"]).status == 400
    assert house.userinfo(apart["access_token"]).status == 200
    assert house.events("family_ended") == 1


def test_nobody_ends_anothers(house: House) -> None:
    house.client()
    house.client("stranger")
    tokens = _tokens(house)
    for value in (tokens["access_token"], tokens["refresh_token"], "x", "a.b.c"):
        _revoke(house, value, "stranger")
    assert house.userinfo(tokens["access_token"]).status == 200
    assert house.refresh(tokens["refresh_token"]).status == 200
    assert house.call("POST", "/revoke", form={"token": tokens["refresh_token"]}).status == 401
    assert house.call("POST", "/revoke", form={}, headers=house.basic("hall-a")).status == 400


def test_a_public_client_ends_its_own(house: House) -> None:
    house.client("app", auth_method="none")
    browser, _ = house.login(house.person())
    tokens = body(house.redeem(house.code(browser, "app"), "app"))
    assert (
        house.call("POST", "/revoke", form={"token": tokens["refresh_token"], "client_id": "app"}).status
        == 200
    )
    assert house.refresh(tokens["refresh_token"], "app").status == 400


def test_a_signed_token_is_checked_and_ended_too(house: House) -> None:
    house.client(trusted=True)
    own = body(house.token(grant_type="client_credentials", resource="https://api.example/"))["access_token"]
    browser, _ = house.login(house.person())
    code = house.code(browser, resource="https://api.example/")
    tokens = body(house.redeem(code))
    for token in (own, tokens["access_token"]):
        assert house.introspect(token)["active"]
        _revoke(house, token)
        assert house.introspect(token) == {"active": False}
    other = body(house.refresh(tokens["refresh_token"]))["access_token"]
    assert house.introspect(other)["active"]
    _revoke(house, tokens["refresh_token"])
    assert house.introspect(other) == {"active": False}


def test_old_news_answer_nothing_from_the_cache(house: House) -> None:
    house.client()
    tokens = _tokens(house)
    assert house.userinfo(tokens["access_token"]).status == 200
    house.run("UPDATE session SET ended = 1")  # by another worker, whose news have not come
    assert house.userinfo(tokens["access_token"]).status == 200
    house.clock.advance(3)
    assert house.userinfo(tokens["access_token"]).status == 401


def test_news_that_were_lost_forget_everything(house: House) -> None:
    house.client()
    tokens = _tokens(house)
    assert house.userinfo(tokens["access_token"]).status == 200
    house.run("UPDATE session SET ended = 1")
    house.oauth.tokens._forget(None)
    assert house.userinfo(tokens["access_token"]).status == 401
