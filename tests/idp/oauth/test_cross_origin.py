"""Pages of clients may call what a client in a browser needs; pages of others, and with cookies, never."""

from __future__ import annotations

import pytest

from tests.idp.oauth.conftest import BACK, House
from tests.idp.oauth.proving import Key
from web import Reply

PAGE = BACK.removesuffix("/callback")
"""Origin of a registered redirect URI."""
ELSEWHERE = ("https://evil.example", "null", PAGE + "0", PAGE.replace("http", "https"), PAGE.upper(), "*", "")
OPEN = (
    ("POST", "/token"),
    ("POST", "/revoke"),
    ("POST", "/par"),
    ("GET", "/userinfo"),
    ("POST", "/userinfo"),
)


def allowed(reply: Reply) -> str | None:
    assert reply.header("Access-Control-Allow-Credentials") is None
    return reply.header("Access-Control-Allow-Origin")


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_a_clients_page_is_answered(house: House, method: str, path: str) -> None:
    house.client()
    before = house.call("OPTIONS", path, headers={"Origin": PAGE})
    assert (before.status, allowed(before), before.header("Vary")) == (204, PAGE, "Origin")
    assert method in (before.header("Access-Control-Allow-Methods") or "").split(", ")
    sent = (before.header("Access-Control-Allow-Headers") or "").split(", ")
    assert {"Authorization", "Content-Type", "DPoP"} <= set(sent)
    refused = house.call(method, path, headers={"Origin": PAGE})
    assert refused.status in {400, 401}
    assert (allowed(refused), refused.header("Vary")) == (PAGE, "Origin")
    readable = (refused.header("Access-Control-Expose-Headers") or "").split(", ")
    assert {"DPoP-Nonce", "WWW-Authenticate"} <= set(readable)


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_another_page_reads_nothing(house: House, origin: str) -> None:
    house.client()
    for method, path in OPEN:
        for reply in (
            house.call("OPTIONS", path, headers={"Origin": origin}),
            house.call(method, path, headers={"Origin": origin}),
        ):
            assert allowed(reply) is None
            assert reply.header("Access-Control-Allow-Headers") is None


def test_without_an_origin_nothing_is_said(house: House) -> None:
    house.client()
    assert allowed(house.call("POST", "/token")) is None
    assert allowed(house.call("OPTIONS", "/token")) is None


def test_only_of_clients_that_are_enabled(house: House) -> None:
    house.client()
    assert allowed(house.call("OPTIONS", "/token", headers={"Origin": PAGE})) == PAGE
    house.client(enabled=False)
    assert allowed(house.call("OPTIONS", "/token", headers={"Origin": PAGE})) is None


def test_what_no_page_needs_stays_closed(house: House) -> None:
    house.client()
    paths = {path for method, path in house.endpoints if method == "OPTIONS"}
    assert paths == {path for _, path in OPEN}
    for method, path in house.endpoints:
        if path not in paths and path.startswith(("/introspect", "/device_auth", "/backchannel-auth")):
            assert allowed(house.call(method, path, headers={"Origin": PAGE})) is None


def test_a_token_by_a_page_with_a_bound_key(house: House) -> None:
    house.client("page", auth_method="none", dpop_bound=True)
    browser, _ = house.login(house.person())
    code = house.code(browser, "page")
    headers = {"Origin": PAGE, "DPoP": Key().proof(house, "POST", "/token")}
    form = {"client_id": "page", "grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    reply = house.call("POST", "/token", form=form | {"code_verifier": "v" * 43}, headers=headers)
    assert (reply.status, allowed(reply)) == (200, PAGE)
    assert reply.header("DPoP-Nonce")
