"""Front-channel logout and session management: what the browser is given, by the profiles' modules."""

from __future__ import annotations

import hashlib
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import msgspec
import pytest

from idp.oauth.clients.rules import faults
from idp.oauth.requests.session_state import state_of
from tests.idp.oauth.conftest import BACK, ISSUER, Browser, House, answered, body
from web import HTTPS, Reply

FIELD = re.compile(r'name="([^"]+)" value="([^"]*)"')
HOME = "http://localhost:8001/"
FRAME = "http://localhost:8001/frontchannel"


def _claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def _logged_in(house: House, *clients: str) -> tuple[Browser, str]:
    browser, _ = house.login(house.person())
    hints = [body(house.redeem(house.code(browser, each), each))["id_token"] for each in clients]
    return browser, hints[0]


def _policy(reply: Reply) -> dict[str, list[str]]:
    found = [part.split() for part in (reply.header("Content-Security-Policy") or "").split(";")]
    return {words[0]: words[1:] for words in found}


def _frames(reply: Reply) -> list[str]:
    return [unescape(each) for each in re.findall(r'<iframe [^>]*src="([^"]*)"', reply.body.decode())]


@pytest.mark.module("oidcc-frontchannel-rp-initiated-logout")
def test_oidcc_frontchannel_rp_initiated_logout(house: House) -> None:
    house.client(trusted=True, frontchannel_logout_uri=FRAME + "?hall=a")
    house.client("hall-b", trusted=True)
    browser, hint = _logged_in(house, "hall-a", "hall-b")
    query = urlencode({"id_token_hint": hint, "post_logout_redirect_uri": HOME, "state": 'a"<&b'})
    page = house.call("GET", "/logout?" + query, browser=browser)

    assert page.status == 200
    (frame,) = _frames(page)
    assert frame.startswith(FRAME + "?hall=a&")
    sent = {name: values[0] for name, values in parse_qs(urlsplit(frame).query).items()}
    assert sent == {"hall": "a", "iss": ISSUER, "sid": _claims(hint)["sid"]}
    policy = _policy(page)
    assert policy["frame-src"] == ["http://localhost:8001"]
    assert policy["script-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]

    # without a script the page goes on by itself, and by its link
    onward = HOME + "?state=a%22%3C%26b"
    text = page.body.decode()
    assert f'content="1; url={onward}"' in text
    assert f'id="onward" href="{onward}"' in text
    assert browser.cookies["manyou"] == ""
    assert house.count("session_client") == 0


@pytest.mark.module(
    "oidcc-frontchannel-logout-discovery-endpoint-verification",
    "oidcc-backchannel-logout-discovery-endpoint-verification",
)
def test_oidcc_frontchannel_logout_discovery_endpoint_verification(house: House) -> None:
    known = body(house.call("GET", "/.well-known/openid-configuration"))
    supported = {name: value for name, value in known.items() if "channel_logout" in name}
    assert supported == {
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }


def test_the_last_page_of_ours_has_the_frames_too(house: House) -> None:
    house.client(trusted=True, frontchannel_logout_uri=FRAME)
    browser, hint = _logged_in(house, "hall-a")
    page = house.call("GET", f"/logout?id_token_hint={hint}", browser=browser)
    assert len(_frames(page)) == 1
    assert "http-equiv" not in page.body.decode()


def test_a_hall_that_is_disabled_is_framed_no_more(house: House) -> None:
    house.client(trusted=True, frontchannel_logout_uri=FRAME)
    browser, _ = _logged_in(house, "hall-a")
    house.client(trusted=True, frontchannel_logout_uri=FRAME, enabled=False)
    page = house.call("GET", "/logout", browser=browser)
    token = page.body.decode().partition('name="csrf" value="')[2].partition('"')[0]
    page = house.call("POST", "/logout/confirm", browser=browser, form={"csrf": token})
    assert (page.status, _frames(page), "frame-src" in _policy(page)) == (200, [], False)


@pytest.mark.parametrize(
    "uri",
    [
        "https://localhost:8001/x",
        "http://localhost:8002/x",
        "http://127.0.0.1:8001/x",
        "http://localhost:8001/x#f",
        "javascript:alert(1)",
        "http://evil.example/",
        "http://u@localhost:8001/",
    ],
)
def test_a_front_channel_address_stands_at_a_redirect_uri(house: House, uri: str) -> None:
    """Front-Channel Logout 1.0 section 2: scheme, host and port of one."""
    known = house.client()
    assert faults(msgspec.structs.replace(known, frontchannel_logout_uri=FRAME)) == []
    assert faults(msgspec.structs.replace(known, frontchannel_logout_uri=uri)) != []
    assert faults(msgspec.structs.replace(known, backchannel_logout_uri="https://other.example/x")) == []


@pytest.mark.parametrize("uri", ["http://hall.example/x", "x", "https://h.example/#f", "com.example.app:/x"])
def test_a_back_channel_address_is_https(house: House, uri: str) -> None:
    known = house.client("app", auth_method="none", application_type="native")
    assert faults(msgspec.structs.replace(known, backchannel_logout_uri=uri)) != []


# session management


def _matches(
    session_state: str, browser: Browser, client_id: str = "hall-a", origin: str = HOME[:-1]
) -> bool:
    """What the frame's script does."""
    mix, _, salt = session_state.partition(".")
    words = f"{client_id} {origin} {browser.cookies['manyou-state']} {salt}"
    return hashlib.sha256(words.encode()).hexdigest() == mix


@pytest.mark.module("oidcc-session-management-rp-initiated-logout")
def test_oidcc_session_management_rp_initiated_logout(house: House) -> None:
    house.client(trusted=True)
    browser, session = house.login(house.person())
    state = answered(house.authorize(browser))["session_state"]
    assert " " not in state
    assert _matches(state, browser)
    assert not _matches(state, browser, client_id="hall-b")
    assert not _matches(state, browser, origin="https://evil.example")
    again = house.authorize(browser, prompt="none")
    assert answered(again)["session_state"] != state, "salted"
    assert _matches(answered(again)["session_state"], browser)
    assert again.header("Set-Cookie") is None, "the browser has it already"

    hint = body(house.redeem(house.code(browser)))["id_token"]
    house.call("GET", f"/logout?id_token_hint={hint}", browser=browser)
    assert not _matches(state, browser)
    assert browser.cookies["manyou-state"] not in {"", state_of(session.id)}


@pytest.mark.parametrize("mode", ["form_post", "query.jwt", "jwt", "form_post.jwt"])
def test_every_response_mode_carries_it(house: House, mode: str) -> None:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    reply = house.authorize(browser, response_mode=mode)
    found = {name: unescape(value) for name, value in FIELD.findall(reply.body.decode())}
    found |= {
        name: values[0] for name, values in parse_qs(urlsplit(reply.header("Location") or "").query).items()
    }
    if mode.endswith("jwt"):
        found = _claims(found["response"])
    assert _matches(found["session_state"], browser)


def test_another_login_is_another_state(house: House) -> None:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    state = answered(house.authorize(browser))["session_state"]
    house.login(house.person(), browser=browser)
    house.authorize(browser)
    assert not _matches(state, browser)


@pytest.mark.module("oidcc-session-management-discovery-endpoint-verification")
def test_oidcc_session_management_discovery_endpoint_verification(house: House) -> None:
    known = body(house.call("GET", "/.well-known/openid-configuration"))
    assert known["check_session_iframe"] == f"{ISSUER}/session-frame"


def test_only_openid_and_only_web_pages_get_it(house: House) -> None:
    house.client(
        trusted=True, application_type="native", redirect_uris=(BACK, "com.example.app:/back"), sector="a"
    )
    browser, _ = house.login(house.person())
    assert "session_state" not in answered(house.authorize(browser, scope="use"))
    location = house.authorize(browser, redirect_uri="com.example.app:/back").header("Location") or ""
    assert location.startswith("com.example.app:/back?code=")
    assert "session_state" not in location


@pytest.mark.parametrize(
    ("referer", "may"),
    [
        ("http://localhost:8001/some/page?x", ["http://localhost:8001"]),
        ("http://LOCALHOST:8001/", ["http://localhost:8001"]),
        ("http://localhost:8002/", ["'none'"]),
        ("https://evil.example/; script-src *", ["'none'"]),
        ("http://[", ["'none'"]),
        ("", ["'none'"]),
        (None, ["http://localhost:8001", "https://hall.example"]),
    ],
)
def test_the_frame_is_for_registered_pages_alone(house: House, referer: str | None, may: list[str]) -> None:
    house.client()
    house.client("hall-b", redirect_uris=("https://HALL.example:443/callback",))
    house.client("hall-c", redirect_uris=("https://gone.example/callback",), enabled=False)
    house.feed.poll()
    headers = {} if referer is None else {"Referer": referer}
    page = house.call("GET", "/session-frame", headers=headers)
    assert page.status == 200
    assert page.header("X-Frame-Options") is None
    assert _policy(page) == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": may,
    }


def test_too_many_origins_for_a_header_are_none(house: House) -> None:
    for number in range(150):
        house.client(f"hall-{number}", redirect_uris=(f"https://hall-{number}.a-long-name.example/callback",))
    assert _policy(house.call("GET", "/session-frame"))["frame-ancestors"] == ["'none'"]
    page = house.call("GET", "/session-frame", headers={"Referer": "https://hall-7.a-long-name.example/"})
    assert _policy(page)["frame-ancestors"] == ["https://hall-7.a-long-name.example"]


def test_its_cookie_is_readable_in_frames_and_nothing_else_of_ours_is() -> None:
    _, readable = HTTPS.readable_cookie("manyou-state", "x")
    assert readable == "__Host-manyou-state=x; Path=/; SameSite=None; Secure"
    _, session = HTTPS.set_cookie("manyou", "x")
    assert "HttpOnly" in session
    assert "SameSite=Lax" in session
