"""What a hall's request does to the login page, in a browser without JavaScript; named after the modules."""

from __future__ import annotations

import hashlib
import json
import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.oauth.clients.client import Client
from idp.oauth.clients.registered import put
from tests.idp.conftest import HOST, LI, PASSWORD, Browser, House

BACK = "http://localhost:8001/callback"
SECRET = "s" * 43
NOBODY = "350000200002290037"
"""A well-formed number that no account has."""


@pytest.fixture
def town(house: House) -> House:
    house.import_rows(LI)
    house.account(LI["number"])
    client = Client(
        client_id="hall",
        name_zh="大厅",
        name_en="Hall",
        auth_method="client_secret_post",
        secret_hashes=(hashlib.sha256(SECRET.encode()).hexdigest(),),
        redirect_uris=(BACK,),
        pkce_required=False,
        trusted=True,
        initiate_login_uri="https://hall.example/begin",
    )
    house.durable.write(lambda tx: put(tx, client, house.clock()))
    return house


def asked(**changes: str) -> dict[str, str]:
    known = {"client_id": "hall", "redirect_uri": BACK, "response_type": "code", "scope": "openid"}
    return known | changes


def led(browser: Browser, **changes: str) -> str:
    """Where a request leads to first."""
    answer = browser.get("/authorize?" + urlencode(asked(**changes)))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def filled(page: str) -> str:
    found = re.search(r'<input id="identifier"[^>]* value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def auth_time(town: House, answer: dict[str, str]) -> int:
    """What the ID token says of when the person logged in."""
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": BACK}
    proof = {"client_id": "hall", "client_secret": SECRET}
    tokens = town.browser().http.post("/token", data=form | proof, base_url=f"http://{HOST}")
    assert tokens.status_code == 200, tokens.text
    claims = town.keys.verify_jwt("id-token", json.loads(tokens.text)["id_token"], now=town.clock())
    return int(claims["auth_time"])


def logged_in(browser: Browser, login: str, number: str = LI["number"]) -> dict[str, str]:
    """Fill in the form that a request led to, follow it to the hall, and read what the hall gets."""
    answer = browser.send(login, {"identifier": number, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return told(browser.get(answer.headers["Location"]))


def told(answer: TestResponse) -> dict[str, str]:
    """What the hall gets: in the query, or in a form that goes to it."""
    if answer.status_code == 200:
        assert f'<form method="post" action="{BACK}">' in answer.text
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text)
        return {name: unescape(value) for name, value in fields}
    location = str(answer.headers["Location"])
    assert location.startswith(BACK + "?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.mark.module("oidcc-login-hint", also="form_post")
@pytest.mark.parametrize("hint", [LI["number"], NOBODY, "buffy@example.com", '"><b>x', "王小明"])
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_oidcc_login_hint(town: House, hint: str, mode: str) -> None:
    """The form is filled in alike for known and unknown, and the hint stands in no address of ours."""
    browser = town.browser()
    login = led(browser, login_hint=hint, state="s", response_mode=mode)
    assert hint not in login
    assert urlencode({"": hint})[1:] not in login
    page = browser.get(login).text
    assert filled(page) == hint
    assert "<b>x" not in page
    assert filled(browser.get("/login").text) == ""
    found = logged_in(browser, login)
    assert (found["state"], "code" in found) == ("s", True)


def test_the_page_for_a_known_and_an_unknown_number_is_the_same(town: House) -> None:
    def page(number: str) -> str:
        browser = town.browser()
        text = browser.get(led(browser, login_hint=number)).text
        return re.sub(r'name="csrf" value="[^"]+"', "", text).replace(number, "NUMBER")

    assert re.sub(r"return_to=[^\"]+", "", page(LI["number"])) == re.sub(
        r"return_to=[^\"]+", "", page(NOBODY)
    )


def test_a_posted_hint_comes_into_no_address(town: House) -> None:
    browser = town.browser()
    answer = browser.http.post("/authorize", data=asked(login_hint=LI["number"]), base_url=f"http://{HOST}")
    location = str(answer.headers["Location"])
    assert answer.status_code == 303
    assert location.startswith("/authorize?")
    assert LI["number"] not in location
    login = str(browser.get(location).headers["Location"])
    assert LI["number"] not in login
    assert filled(browser.get(login).text) == LI["number"]
    assert "code" in logged_in(browser, login)


@pytest.mark.parametrize("hint", ["x" * 65, "", "sealed.", "sealed.AAAA", "sealed." + "A" * 90])
def test_what_is_no_hint_fills_in_nothing(town: House, hint: str) -> None:
    browser = town.browser()
    assert filled(browser.get(led(browser, login_hint=hint)).text) == ""
    assert filled(browser.get("/login?" + urlencode({"hint": hint})).text) == ""
    assert filled(browser.get("/login?" + urlencode({"hint": LI["number"]})).text) == ""


@pytest.mark.parametrize(("late", "shown"), [(1800, LI["number"]), (1801, "")])
def test_an_address_in_the_history_shows_no_number(town: House, late: int, shown: str) -> None:
    browser = town.browser()
    login = led(browser, login_hint=LI["number"])
    town.clock.advance(late)
    assert filled(browser.get(login).text) == shown


def test_who_is_hinted_at_decides_nothing(town: House) -> None:
    browser = town.browser()
    assert browser.log_in(LI["number"]).status_code == 303
    assert led(browser, login_hint=NOBODY).startswith(BACK + "?code=")


@pytest.mark.module(
    "oidcc-ui-locales",
    "oidcc-claims-locales",
    "oidcc-display-page",
    "oidcc-display-popup",
    "oidcc-ensure-request-with-unknown-parameter-succeeds",
    "oidcc-ensure-request-with-acr-values-succeeds",
    "oidcc-max-age-10000",
    also="form_post",
)
@pytest.mark.parametrize(
    "changes",
    [
        {"ui_locales": "se"},  # oidcc-ui-locales
        {"ui_locales": "zh-CN en"},
        {"claims_locales": "se"},  # oidcc-claims-locales
        {"display": "page"},  # oidcc-display-page
        {"display": "popup"},  # oidcc-display-popup
        {"display": "hologram"},
        {"extra": "foobar"},  # oidcc-ensure-request-with-unknown-parameter-succeeds
        {"acr_values": "1 2"},  # oidcc-ensure-request-with-acr-values-succeeds
        {"max_age": "10000"},  # oidcc-max-age-10000
        {"prompt": "consent"},
    ],
)
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_voluntary_parameters_change_nothing(town: House, changes: dict[str, str], mode: str) -> None:
    browser = town.browser()
    login = led(browser, **changes, response_mode=mode)
    assert login.startswith("/login?")
    if "prompt" not in changes:
        assert "code" in logged_in(browser, login)


@pytest.mark.module("oidcc-prompt-login", "oidcc-max-age-1", also="form_post")
@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "1"}])
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_oidcc_prompt_login_and_max_age_1(town: House, changes: dict[str, str], mode: str) -> None:
    """Whoever is logged in proves it again, once, and auth_time tells."""
    browser = town.browser()
    assert browser.log_in(LI["number"]).status_code == 303
    town.clock.advance(2)
    login = led(browser, **changes, response_mode=mode)
    assert login.startswith("/login?")
    town.clock.advance(3)
    assert auth_time(town, logged_in(browser, login)) == town.clock()
    assert led(browser, prompt="none").startswith(BACK + "?code=")


@pytest.mark.module("oidcc-prompt-none-not-logged-in", "oidcc-prompt-none-logged-in", also="form_post")
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_oidcc_prompt_none(town: House, mode: str) -> None:
    browser = town.browser()
    query = "/authorize?" + urlencode(asked(prompt="none", response_mode=mode))
    assert told(browser.get(query))["error"] == "login_required"  # …-not-logged-in
    browser.log_in(LI["number"])
    assert "code" in told(browser.get(query))  # …-logged-in


def test_the_account_page_leads_to_halls_that_begin_logins(town: House) -> None:
    browser = town.browser()
    logged_in(browser, led(browser))
    page = browser.get("/account").text
    assert '<a href="/halls/hall">' in page
    answer = browser.get("/halls/hall")
    assert answer.headers["Location"] == "https://hall.example/begin?iss=http%3A%2F%2Flocalhost%3A8000"
    assert browser.get("/halls/other").status_code == 404


def test_the_form_post_page_and_its_script(town: House) -> None:
    browser = town.browser()
    browser.log_in(LI["number"])
    answer = browser.get("/authorize?" + urlencode(asked(response_mode="form_post", state="s")))
    assert answer.status_code == 200
    assert f'<form method="post" action="{BACK}">' in answer.text
    assert 'name="code"' in answer.text
    script = browser.get("/static/form_post.js")
    assert script.status_code == 200
    assert script.headers["Content-Type"].startswith("text/javascript")
