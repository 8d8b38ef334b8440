"""RP-initiated logout: on the word of an ID token of that session, or of the person."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.idp.oauth.conftest import ISSUER, Browser, House, answered, body
from web import Reply
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
        {"id_token_hint": "", "client_id": "hall-z"},
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


# the modules of the certification profile "RP-Initiated Logout", by their names


def _ask(house: House, browser: Browser, **parameters: str) -> Reply:
    return house.call("GET", "/logout?" + urlencode(parameters), browser=browser)


def _confirmed(house: House, browser: Browser, **parameters: str) -> Reply:
    """The person is asked, and agrees."""
    page = _ask(house, browser, **parameters)
    assert (page.status, page.header("Location")) == (200, None)
    assert _known(house, browser), "asking ends nothing"
    token = page.body.decode().partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    query = urlencode(parameters)
    return house.call("POST", f"/logout/confirm?{query}", browser=browser, form={FIELD: token})


@pytest.mark.module("oidcc-rp-initiated-logout")
def test_oidcc_rp_initiated_logout(house: House) -> None:
    browser, hint = _logged_in(house)
    reply = _ask(house, browser, id_token_hint=hint, post_logout_redirect_uri=HOME, state="s1")
    assert reply.header("Location") == HOME + "?state=s1"
    silent = answered(house.authorize(browser, prompt="none"))
    assert (silent["error"], silent["state"]) == ("login_required", "s1")


@pytest.mark.module("oidcc-rp-initiated-logout-discovery-endpoint-verification")
def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(house: House) -> None:
    known = body(house.call("GET", "/.well-known/openid-configuration"))
    assert known["end_session_endpoint"] == f"{ISSUER}/logout"


@pytest.mark.module("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri")
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(house: House) -> None:
    browser, hint = _logged_in(house)
    for bad in (
        HOME + "bad",
        HOME.replace("http:", "https:"),
        "http://localhost:8001",
        "javascript:alert(1)",
    ):
        reply = _ask(house, browser, id_token_hint=hint, post_logout_redirect_uri=bad, state="s1")
        assert (reply.status, reply.header("Location")) == (400, None)
        assert bad not in reply.body.decode()


@pytest.mark.module("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri")
def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(house: House) -> None:
    browser, hint = _logged_in(house)
    reply = _ask(house, browser, id_token_hint=hint, post_logout_redirect_uri=HOME + "?foo=bar", state="s1")
    assert (reply.status, reply.header("Location")) == (400, None)


@pytest.mark.module("oidcc-rp-initiated-logout-modified-id-token-hint")
@pytest.mark.parametrize("part", [0, 1, 2])
def test_oidcc_rp_initiated_logout_modified_id_token_hint(house: House, part: int) -> None:
    browser, hint = _logged_in(house)
    parts = hint.split(".")
    parts[part] = parts[part][:8] + ("A" if parts[part][8] != "A" else "B") + parts[part][9:]
    reply = _ask(house, browser, id_token_hint=".".join(parts), post_logout_redirect_uri=HOME, state="s1")
    assert (reply.status, reply.header("Location")) == (400, None)
    assert _known(house, browser)


@pytest.mark.module("oidcc-rp-initiated-logout-bad-id-token-hint")
def test_oidcc_rp_initiated_logout_bad_id_token_hint(house: House) -> None:
    browser, _ = _logged_in(house)
    reply = _ask(house, browser, id_token_hint="bad", post_logout_redirect_uri=HOME, state="s1")
    assert (reply.status, reply.header("Location")) == (400, None)
    assert _known(house, browser)


@pytest.mark.module("oidcc-rp-initiated-logout-no-id-token-hint")
def test_oidcc_rp_initiated_logout_no_id_token_hint(house: House) -> None:
    """Whose address it is cannot be told: the person is logged out and stays with us."""
    browser, _ = _logged_in(house)
    reply = _confirmed(house, browser, post_logout_redirect_uri=HOME, state="s1")
    assert (reply.status, reply.header("Location")) == (200, None)
    assert HOME not in reply.body.decode()
    assert not _known(house, browser)


@pytest.mark.module("oidcc-rp-initiated-logout-no-params", "oidcc-rp-initiated-logout-only-state")
@pytest.mark.parametrize("parameters", [{}, {"state": "s1"}])
def test_oidcc_rp_initiated_logout_no_params_and_only_state(house: House, parameters: dict[str, str]) -> None:
    browser, _ = _logged_in(house)
    reply = _confirmed(house, browser, **parameters)
    assert (reply.status, reply.header("Location")) == (200, None)
    assert not _known(house, browser)


@pytest.mark.module("oidcc-rp-initiated-logout-no-post-logout-redirect-uri")
def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(house: House) -> None:
    browser, hint = _logged_in(house)
    reply = _ask(house, browser, id_token_hint=hint, state="s1")
    assert (reply.status, reply.header("Location")) == (200, None)
    assert not _known(house, browser)


@pytest.mark.module("oidcc-rp-initiated-logout-no-state")
def test_oidcc_rp_initiated_logout_no_state(house: House) -> None:
    browser, hint = _logged_in(house)
    assert _ask(house, browser, id_token_hint=hint, post_logout_redirect_uri=HOME).header("Location") == HOME


# what the standard has beside them


def test_a_hint_that_has_expired_is_accepted(house: House) -> None:
    browser, hint = _logged_in(house)
    for _ in range(3):  # the session is in use while the ID token's ten minutes run out
        house.clock.now += 1800
        assert _known(house, browser)
    reply = _ask(house, browser, id_token_hint=hint, post_logout_redirect_uri=HOME)
    assert reply.header("Location") == HOME


def test_logout_hint_and_ui_locales_are_heard(house: House) -> None:
    """Hints: neither changes who is logged out nor the two languages of the page."""
    browser, hint = _logged_in(house)
    page = _ask(house, browser, logout_hint="someone", ui_locales="en fr")
    assert (page.status, "Log out" in page.body.decode()) == (200, True)
    reply = _ask(
        house,
        browser,
        id_token_hint=hint,
        logout_hint="someone else",
        ui_locales="zh-CN",
        client_id="hall-a",
        post_logout_redirect_uri=HOME,
    )
    assert reply.header("Location") == HOME


@pytest.mark.parametrize("name", ["id_token_hint", "post_logout_redirect_uri", "client_id", "state"])
def test_no_parameter_twice(house: House, name: str) -> None:
    browser, hint = _logged_in(house)
    known = [
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", HOME),
        ("client_id", "hall-a"),
        ("state", "s"),
    ]
    reply = house.call("GET", "/logout?" + urlencode([*known, *(each for each in known if each[0] == name)]))
    assert (reply.status, reply.header("Location")) == (400, None)
    assert _known(house, browser)
