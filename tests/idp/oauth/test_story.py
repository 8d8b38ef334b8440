"""The main line: log in at one hall, be known at the second, refresh, introspect, log out at both."""

from __future__ import annotations

from tests.idp.oauth.conftest import House, answered, body

HOME = "http://localhost:8001/"


def test_the_whole_of_it(either: House) -> None:
    house = either
    house.client()
    browser, _ = house.login(house.person())
    location = house.authorize(browser).header("Location") or ""
    assert location.startswith("/consent?")
    reply = house.decide(browser, location)
    found = answered(house.call("GET", reply.header("Location") or "", browser=browser))
    assert found["state"] == "s1"
    assert found["iss"] == house.engine.issuer
    tokens = body(house.redeem(found["code"]))
    assert set(tokens) >= {"access_token", "id_token", "refresh_token", "expires_in", "scope"}
    info = body(house.userinfo(tokens["access_token"]))
    assert info["name"] == "张三"
    assert "id_number" not in info
    assert house.introspect(tokens["access_token"])["active"]
    again = body(house.refresh(tokens["refresh_token"]))
    assert again["refresh_token"] == tokens["refresh_token"]

    # known at the second hall, under another name
    house.client("hall-b", sector="hall-b.example", trusted=True)
    second = body(house.redeem(house.code(browser, "hall-b"), "hall-b"))
    assert body(house.userinfo(second["access_token"]))["sub"] != info["sub"]

    # out at the first hall, out at both
    query = f"id_token_hint={tokens['id_token']}&post_logout_redirect_uri={HOME}"
    assert house.call("GET", "/logout?" + query, browser=browser).header("Location") == HOME
    house.feed.poll()
    for client, granted in (("hall-a", tokens), ("hall-b", second)):
        assert house.refresh(granted["refresh_token"], client).status == 400
        assert house.userinfo(granted["access_token"]).status == 401
        assert house.introspect(granted["access_token"], client) == {"active": False}
    assert (house.authorize(browser).header("Location") or "").startswith("/login?")
