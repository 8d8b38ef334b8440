"""What a hall can have written without asking anybody does not grow without end."""

from __future__ import annotations

import json

from tests.idp.oauth.conftest import House, answered, body


def test_claims_that_scopes_open_anyway_are_not_kept_for_ever(either: House) -> None:
    either.client()
    browser, _ = either.login(either.person())
    either.code(browser)
    for number in range(300):
        claims = json.dumps({"userinfo": {"name": {"values": ["张三", str(number)]}}})
        either.clock.advance(1)
        reply = either.authorize(browser, claims=claims, prompt="none")
        assert "code" in answered(reply)
    assert either.count("consent_detail") <= 256
    tokens = body(either.redeem(answered(reply)["code"]))
    assert body(either.userinfo(tokens["access_token"]))["name"] == "张三"
    fresh = body(either.refresh(tokens["refresh_token"]))
    assert body(either.userinfo(fresh["access_token"]))["name"] == "张三"
