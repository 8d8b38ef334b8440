"""Refresh: kept by confidential clients, rotated by public ones; a lost reply logs nobody out."""

from __future__ import annotations

import pytest

from tests.idp.oauth.conftest import House, body


def _public(house: House) -> str:
    house.client("app", auth_method="none", application_type="native")
    browser, _ = house.login(house.person())
    return str(body(house.redeem(house.code(browser, "app"), "app"))["refresh_token"])


def _next(house: House, token: str) -> str:
    reply = house.refresh(token, "app")
    assert reply.status == 200, reply.body
    return str(body(reply)["refresh_token"])


def test_a_public_client_rotates(either: House) -> None:
    house = either
    first = _public(house)
    second = _next(house, first)
    third = _next(house, second)
    assert len({first, second, third}) == 3
    assert house.count("family", "generation = 3 AND live = 1") == 1


@pytest.mark.parametrize(("after", "good"), [(0, True), (10, True), (11, False)])
def test_a_lost_reply(either: House, after: int, *, good: bool) -> None:
    house = either
    first = _public(house)
    lost = _next(house, first)
    house.clock.advance(after)
    reply = house.refresh(first, "app")
    assert (reply.status == 200) is good
    if good:
        again = body(reply)["refresh_token"]
        assert house.count("family", "generation = 2 AND live = 1") == 1
        assert _next(house, again)  # either copy of generation 2 goes on, once
        assert house.refresh(lost, "app").status == 200  # and is now the one before
    else:
        assert house.count("family", "live = 0") == 1
        assert house.refresh(lost, "app").status == 400
        assert house.events("family_ended") == 1


def test_a_used_successor_ends_the_retry(either: House) -> None:
    house = either
    first = _public(house)
    second = _next(house, first)
    _next(house, second)
    assert house.refresh(first, "app").status == 400  # two behind, within the ten seconds
    assert house.count("family", "live = 0") == 1


def test_a_clock_that_is_behind_changes_no_rule(house: House) -> None:
    """Two workers, one 5 s behind: a retry is a retry, a replay a replay."""
    first = _public(house)
    second = _next(house, first)
    house.clock.advance(-5)
    assert house.refresh(first, "app").status == 200
    third = _next(house, second)
    house.clock.advance(5)
    assert house.refresh(first, "app").status == 400
    assert house.refresh(third, "app").status == 400


def test_a_confidential_client_keeps_its_token(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    tokens = body(house.redeem(house.code(browser)))
    for _ in range(3):
        house.clock.advance(100)
        again = body(house.refresh(tokens["refresh_token"]))
        assert again["refresh_token"] == tokens["refresh_token"]
        assert again["access_token"] != tokens["access_token"]
        assert "id_token" in again


def test_bound_to_its_client(house: House) -> None:
    house.client()
    house.client("hall-b")
    browser, _ = house.login(house.person())
    token = body(house.redeem(house.code(browser)))["refresh_token"]
    assert house.refresh(token, "hall-b").status == 400
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "hall-a"}
    assert house.call("POST", "/token", form=form).status == 401
    assert house.refresh(token).status == 200


def test_fewer_scopes_never_more(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    token = body(house.redeem(house.code(browser, scope="openid profile")))["refresh_token"]
    assert body(house.refresh(token, scope="openid"))["scope"] == "openid"
    assert body(house.refresh(token, scope="openid phone"))["error"] == "invalid_scope"
    assert body(house.refresh(token))["scope"] == "openid profile"


def test_a_refusal_moves_no_generation(house: House) -> None:
    first = _public(house)
    for wrong in ({"scope": "phone"}, {"resource": "https://no.example/"}, {"authorization_details": "{"}):
        assert house.refresh(first, "app", **wrong).status == 400
    assert house.count("family", "generation = 1 AND live = 1") == 1
    assert _next(house, first)


def test_ends_with_the_session_or_outlives_it(either: House) -> None:
    """Without offline_access the session's end is the family's; with it the session may run out."""
    house = either
    house.client()
    person = house.person()
    browser, session = house.login(person)
    online = body(house.redeem(house.code(browser)))["refresh_token"]
    offline = body(house.redeem(house.code(browser, scope="openid offline_access")))["refresh_token"]
    house.clock.advance(session.idle_ends - house.clock.now - 1)
    assert house.refresh(online).status == 200
    house.clock.advance(1)
    assert house.refresh(online).status == 400
    granted = body(house.refresh(offline))
    house.feed.poll()
    assert house.userinfo(granted["access_token"]).status == 200
    house.run("DELETE FROM session")  # swept
    assert house.refresh(offline).status == 200
    house.run("UPDATE person SET state = 'disabled'")
    assert house.refresh(offline).status == 400


def test_offline_ends_with_the_logout(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    tokens = body(house.redeem(house.code(browser, scope="openid offline_access")))
    house.call("GET", f"/logout?id_token_hint={tokens['id_token']}", browser=browser)
    assert house.refresh(tokens["refresh_token"]).status == 400


def test_idle_and_absolute_end(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    settings = house.engine.settings
    token = body(house.redeem(house.code(browser, scope="openid offline_access")))["refresh_token"]
    began = house.clock.now
    house.clock.advance(settings.refresh_idle_seconds - 1)
    assert house.refresh(token).status == 200
    house.clock.advance(settings.refresh_idle_seconds)
    assert house.refresh(token).status == 400
    token = body(house.redeem(_code(house)))["refresh_token"]
    began = house.clock.now
    while house.clock.now + settings.refresh_idle_seconds - 1 < began + settings.refresh_seconds:
        house.clock.advance(settings.refresh_idle_seconds - 1)
        assert house.refresh(token).status == 200
    house.clock.now = began + settings.refresh_seconds - 1
    assert house.refresh(token).status == 200
    house.clock.advance(1)
    assert house.refresh(token).status == 400


def _code(house: House) -> str:
    browser, _ = house.login(house.person())
    return house.code(browser, scope="openid offline_access")


def test_a_client_without_the_grant_gets_none(house: House) -> None:
    house.client(grants=("authorization_code",))
    browser, _ = house.login(house.person())
    assert "refresh_token" not in body(house.redeem(house.code(browser, scope="openid offline_access")))
    assert body(house.token(grant_type="refresh_token", refresh_token="x"))["error"] == "unauthorized_client"


def test_a_person_no_longer_in_office_gets_nothing(either: House) -> None:
    house = either
    house.client()
    person = house.person(level=3)
    company = house.organisation(person)
    browser, _ = house.login(person, acting_for=company)
    tokens = body(house.redeem(house.code(browser, scope="openid offline_access")))
    assert house.refresh(tokens["refresh_token"]).status == 200
    house.run("DELETE FROM session")
    assert house.refresh(tokens["refresh_token"]).status == 200
    house.run("UPDATE office SET ends = :now", now=house.clock.now)
    assert house.refresh(tokens["refresh_token"]).status == 400
