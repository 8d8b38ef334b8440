"""Step-up (RFC 9470): the challenge, and that the authorization which it names gives a token that will do."""

from __future__ import annotations

import pytest

from tests.idp.oauth.conftest import House, body
from web.challenges import StepUp


def test_a_hall_that_demands_more_by_now_hears_what_would_do(house: House) -> None:
    house.client()
    person = house.person(level=2)
    browser, _ = house.login(person)
    token = body(house.redeem(house.code(browser)))["access_token"]
    assert house.userinfo(token).status == 200
    known = house.engine.clients.get("hall-a")
    assert known is not None
    house.client(least_level=2, least_strength=2, secret_hashes=known.secret_hashes)
    reply = house.userinfo(token)
    assert (reply.status, body(reply)["error"]) == (401, "insufficient_user_authentication")
    shown = reply.header("WWW-Authenticate") or ""
    assert 'error="insufficient_user_authentication"' in shown
    assert 'acr_values="urn:manyou:acr:r2-a2"' in shown
    location = house.authorize(browser, acr_values="urn:manyou:acr:r2-a2").header("Location") or ""
    assert location.startswith("/login?")
    assert "strength=2" in location
    house.login(person, browser=browser, factors={"pwd": house.clock.now, "otp": house.clock.now})
    stronger = body(house.redeem(house.code(browser, acr_values="urn:manyou:acr:r2-a2")))["access_token"]
    assert house.userinfo(stronger).status == 200
    assert house.introspect(stronger)["acr"] == "urn:manyou:acr:r2-a2"


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (StepUp(acr_values="a b"), ', acr_values="a b"'),
        (StepUp(max_age=0), ', max_age="0"'),
        (StepUp(acr_values="a", max_age=300), ', acr_values="a", max_age="300"'),
    ],
)
def test_the_challenge_says_what_is_lacking(lacking: StepUp, said: str) -> None:
    assert lacking.members == said
