"""RP-initiated logout: on the word of an ID token of that session, or of the person."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.idp.oauth.conftest import Browser, House, body
from web.csrf import FIELD

HOME = "http://localhost:8001/"


def _logged_in(house: House) -> tuple[Browser, str]:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    return browser, body(house.redeem(house.code(browser)))["id_token"]


def _known(house: House, browser: Browser) -> bool:
    return "code=" in (house.authorize(browser).header("Location") or "")


def test_with_the_hint_of_this_session_no_page_asks(house: House) -> None:
    browser, hint = _logged_in(house)
    query = urlencode({"id_token_hint": hint, "post_logout_redirect_uri": HOME, "state": "a b"})
    reply = house.call("GET", "/logout?" + query, browser=browser)
    assert reply.header("Location") == HOME + "?state=a+b"
    assert browser.cookies["manyou"] == ""
    assert house.count("session", "ended > 0 AND why = 'logout'") == 1
    assert house.events("sessions_ended") == 1


def test_post_becomes_get(house: House) -> None:
    browser, hint = _logged_in(house)
    reply = house.call("POST", "/logout", form={"id_token_hint": hint})
    assert reply.status == 303
    assert house.call("GET", reply.header("Location") or "", browser=browser).status == 200
    assert not _known(house, browser)
    assert house.call("POST", "/logout", form={"state": "x" * 9000}).status == 400


def test_without_proof_the_person_is_asked(house: House) -> None:
    browser, _ = _logged_in(house)
    query = urlencode({"client_id": "hall-a", "post_logout_redirect_uri": HOME})
    page = house.call("GET", "/logout?" + query, browser=browser)
    assert page.status == 200
    assert "大厅甲" in page.body.decode()
    assert _known(house, browser)
    refused = house.call("POST", "/logout/confirm?" + query, browser=browser, form={})
    assert refused.status == 403
    assert _known(house, browser)
    token = page.body.decode().partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    reply = house.call("POST", "/logout/confirm?" + query, browser=browser, form={FIELD: token})
    assert reply.header("Location") == HOME
    assert not _known(house, browser)


def test_the_hint_of_another_session_proves_nothing(house: House) -> None:
    _, hint = _logged_in(house)
    other, _ = house.login(house.person())
    assert house.call("GET", f"/logout?id_token_hint={hint}", browser=other).status == 200
    assert _known(house, other)


@pytest.mark.parametrize(
    "changes",
    [
        {"post_logout_redirect_uri": HOME + "x"},
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"client_id": "hall-b"},
        {"id_token_hint": "x"},
        {"id_token_hint": ""},
    ],
)
def test_no_redirect_to_what_is_not_registered(house: House, changes: dict[str, str]) -> None:
    browser, hint = _logged_in(house)
    house.client("hall-b", post_logout_redirect_uris=())
    known = {"id_token_hint": hint, "client_id": "", "post_logout_redirect_uri": HOME}
    query = urlencode({name: value for name, value in (known | changes).items() if value})
    reply = house.call("GET", "/logout?" + query, browser=browser)
    assert (reply.status, reply.header("Location")) == (400, None)
    assert _known(house, browser)


def test_nobody_logged_in_is_nothing_to_end(house: House) -> None:
    house.client()
    assert house.call("GET", "/logout", browser=Browser()).status == 200
    query = urlencode({"client_id": "hall-a", "post_logout_redirect_uri": HOME})
    assert house.call("GET", "/logout?" + query, browser=Browser()).header("Location") == HOME
