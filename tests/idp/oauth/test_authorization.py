"""Each check of the authorization endpoint, and where its refusal goes."""

from __future__ import annotations

import json

import pytest

from idp.oauth.authorization import AUTHORIZATION_CHECKS
from idp.oauth.checks.redirection import registered
from idp.oauth.clients.client import Client
from tests.idp.oauth.conftest import BACK, CHALLENGE, ISSUER, Browser, House, answered, body

UNTRUSTED = [
    ({"client_id": None}, "unknown_client"),
    ({"client_id": "nobody"}, "unknown_client"),
    ({"redirect_uri": None}, "unregistered_redirect_uri"),
    ({"redirect_uri": BACK + "/"}, "unregistered_redirect_uri"),
    ({"redirect_uri": BACK + "?x=1"}, "unregistered_redirect_uri"),
    ({"redirect_uri": "https://evil.example/callback"}, "unregistered_redirect_uri"),
    ({"redirect_uri": "http://localhost:9999/callback"}, "unregistered_redirect_uri"),
    ({"begun": "x"}, "invalid_request"),
    ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request_uri"),
]

REFUSED = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"request": "x.y.z"}, "invalid_request_object"),
    ({"request_uri": "https://a.example/r"}, "request_uri_not_supported"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:-1] + "="}, "invalid_request"),
    ({"code_challenge": "é" * 43}, "invalid_request"),
    ({"code_challenge": "B" * 43}, "invalid_request"),  # not canonical: its last bits name no byte
    ({"scope": None}, "invalid_scope"),
    ({"scope": "unheard_of"}, "invalid_scope"),
    ({"scope": "openid file"}, "invalid_scope"),  # not the client's
    ({"scope": "openid check"}, "invalid_scope"),  # the client's, but no person's
    ({"nonce": "n" * 65}, "invalid_request"),
    ({"resource": "https://other.example/"}, "invalid_target"),
    ({"authorization_details": "{"}, "invalid_authorization_details"),
    ({"authorization_details": "{}"}, "invalid_authorization_details"),
    ({"authorization_details": '[{"type":"nil"}]'}, "invalid_authorization_details"),
    ({"authorization_details": '[{"type":["count"]}]'}, "invalid_authorization_details"),
    ({"authorization_details": '[{"type":"count"}]'}, "invalid_authorization_details"),
    (
        {"authorization_details": json.dumps([{"type": "count", "most": n} for n in range(4)])},
        "invalid_authorization_details",
    ),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "1e3"}, "invalid_request"),
    ({"max_age": "9" * 10}, "invalid_request"),
    ({"id_token_hint": "x.y.z"}, "invalid_request"),
]


def test_the_table_holds_every_check_once() -> None:
    assert len(AUTHORIZATION_CHECKS) == len(set(AUTHORIZATION_CHECKS)) == 26


@pytest.mark.parametrize(("changes", "code"), UNTRUSTED)
def test_before_the_address_is_trusted_a_page_is_shown(
    house: House, changes: dict[str, str | None], code: str
) -> None:
    house.client()
    reply = house.authorize(None, **changes)
    assert reply.status == 400
    assert reply.header("Location") is None
    assert code.encode() in reply.body
    assert b"evil" not in reply.body


@pytest.mark.parametrize(("changes", "error"), REFUSED)
def test_afterwards_the_client_is_told(house: House, changes: dict[str, str | None], error: str) -> None:
    house.client()
    browser, _ = house.login(house.person())
    found = answered(house.authorize(browser, **changes))
    assert found["error"] == error
    assert found["state"] == "s1"
    assert found["iss"] == ISSUER
    assert found["error_description"].isascii()
    assert "code" not in found
    assert house.count("consent") == 0


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_who_and_where_twice_is_a_page(house: House, name: str) -> None:
    house.client()
    reply = house.call("GET", f"/authorize?{house.ask()}&{name}=x")
    assert reply.status == 400
    assert reply.header("Location") is None


@pytest.mark.parametrize(
    "name", ["scope", "state", "nonce", "code_challenge", "prompt", "own", "response_mode"]
)
def test_anything_else_twice_is_told(house: House, name: str) -> None:
    house.client()
    query = house.ask(own="1", response_mode="form_post" if name == "response_mode" else "query")
    found = answered(house.call("GET", f"/authorize?{query}&{name}=x"))
    assert found["error"] == "invalid_request"
    assert ("state" in found) is (name != "state")


def test_resource_may_stand_twice(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    query = f"{house.ask()}&resource={ISSUER}/elicence&resource=https://api.example/"
    assert (house.call("GET", "/authorize?" + query, browser=browser).header("Location") or "").startswith(
        "/consent?"
    )


def test_post_becomes_get(house: House) -> None:
    house.client()
    reply = house.call("POST", "/authorize", form=[("client_id", "hall-a"), ("scope", "openid 照")])
    assert reply.status == 303
    assert reply.header("Location") == "/authorize?client_id=hall-a&scope=openid+%E7%85%A7"
    assert house.call("POST", "/authorize", form={"state": "x" * 9000}).status == 400


def test_a_disabled_client_is_unknown(house: House) -> None:
    house.client(enabled=False)
    assert house.authorize(None).status == 400


def test_a_client_without_the_grant_is_told(house: House) -> None:
    house.client(grants=("client_credentials",))
    assert answered(house.authorize(None))["error"] == "unauthorized_client"


def test_pkce_may_be_left_out_only_where_registered(house: House) -> None:
    house.client(pkce_required=False)
    browser, _ = house.login(house.person())
    code = house.code(browser, code_challenge=None, code_challenge_method=None)
    assert house.redeem(code).status == 400  # a code without a challenge refuses a verifier
    code = house.code(browser, code_challenge=None, code_challenge_method=None)
    assert house.redeem(code, code_verifier="").status == 200


@pytest.mark.parametrize(
    ("known", "asked", "good"),
    [
        ("http://127.0.0.1/back", "http://127.0.0.1:54321/back", True),
        ("http://127.0.0.1:1/back", "http://127.0.0.1:2/back", True),
        ("http://[::1]/back", "http://[::1]:54321/back", True),
        ("http://127.0.0.1/back", "http://127.0.0.1:54321/other", False),
        ("http://127.0.0.1/back", "http://127.0.0.1.evil.example:1/back", False),
        ("http://127.0.0.1/back", "http://127.0.0.1@evil.example/back", False),
        ("http://127.0.0.1/back", "http://127.0.0.1:1@evil.example/back", False),
        ("http://127.0.0.1/back", "http://127.0.0.1:99999/back", False),
        ("http://127.0.0.1/back", "http://127.0.0.1:x/back", False),
        ("http://127.0.0.1/back", "https://127.0.0.1:1/back", False),
        ("http://127.0.0.1/back", "http://[::1]:1/back", False),
        ("app.example:/back", "app.example:/back", True),
    ],
)
def test_a_native_client_may_choose_its_loopback_port(known: str, asked: str, *, good: bool) -> None:
    native = Client(
        client_id="n", name_zh="n", name_en="n", application_type="native", redirect_uris=(known,)
    )
    assert registered(native, asked) is good
    web = Client(client_id="w", name_zh="w", name_en="w", redirect_uris=(known,))
    assert registered(web, asked) is (known == asked)


def test_nobody_logged_in(house: House) -> None:
    house.client()
    reply = house.authorize(Browser())
    assert (reply.header("Location") or "").startswith("/login?return_to=%2Fauthorize%3F")
    assert answered(house.authorize(Browser(), prompt="none"))["error"] == "login_required"


def test_prompt_login_is_asked_for_once(house: House) -> None:
    house.client(trusted=True)
    person = house.person()
    browser, _ = house.login(person)
    house.clock.advance(5)
    location = house.authorize(browser, prompt="login").header("Location") or ""
    assert location.startswith("/login?return_to=")
    back = _return_to(location)
    # coming back without having logged in leads there again, however often
    assert (house.call("GET", back, browser=browser).header("Location") or "").startswith("/login?")
    house.clock.advance(5)
    house.login(person, browser=browser)
    assert "code" in answered(house.call("GET", back, browser=browser))


def test_the_proof_of_one_request_serves_no_other(house: House) -> None:
    house.client(trusted=True)
    person = house.person()
    browser, _ = house.login(person)
    house.clock.advance(5)
    begun = _return_to(house.authorize(browser, prompt="login").header("Location") or "").rpartition("=")[2]
    house.clock.advance(5)
    house.login(person, browser=browser)
    other = house.authorize(browser, prompt="login", state="s2", begun=begun)
    assert (other.status, other.header("Location")) == (400, None)


def test_a_proof_that_is_too_old_counts_as_none(house: House) -> None:
    house.client(trusted=True)
    person = house.person()
    browser, _ = house.login(person)
    back = _return_to(house.authorize(browser, prompt="login", max_age="0").header("Location") or "")
    house.clock.advance(house.engine.settings.begun_seconds)
    house.login(person, browser=browser)
    assert "code" in answered(house.call("GET", back, browser=browser))
    house.clock.advance(1)
    assert (house.call("GET", back, browser=browser).header("Location") or "").startswith("/login?")


@pytest.mark.parametrize(("age", "again"), [(9, False), (10, False), (11, True)])
def test_max_age(house: House, age: int, *, again: bool) -> None:
    house.client(trusted=True)
    person = house.person()
    browser, _ = house.login(person)
    house.clock.advance(age)
    reply = house.authorize(browser, max_age="10")
    assert (reply.header("Location") or "").startswith("/login?") is again
    if again:
        back = _return_to(reply.header("Location") or "")
        house.login(person, browser=browser)
        assert "code" in answered(house.call("GET", back, browser=browser))
        house.clock.advance(11)
        assert answered(house.authorize(browser, max_age="10", prompt="none"))["error"] == "login_required"


def test_what_the_request_leaves_out_the_registration_may_say(house: House) -> None:
    """OIDC Registration § 2: default_max_age, require_auth_time, default_acr_values."""
    house.client(trusted=True, default_max_age=10, require_auth_time=True)
    person = house.person()
    browser, session = house.login(person)
    code = answered(house.authorize(browser))["code"]
    house.clock.advance(11)
    tokens = body(house.redeem(code))
    claims = house.engine.keys.verify_jwt("id-token", tokens["id_token"], now=house.clock.now)
    assert claims["auth_time"] == session.auth_time
    assert (house.authorize(browser).header("Location") or "").startswith("/login?")
    assert "code" in answered(house.authorize(browser, max_age="20"))
    assert answered(house.authorize(browser, prompt="none"))["error"] == "login_required"
    house.client(trusted=True, default_acr_values=("urn:manyou:acr:r1-a2",))
    assert (house.authorize(browser).header("Location") or "").endswith("&strength=2")
    assert "code" in answered(house.authorize(browser, acr_values="urn:manyou:acr:r1-a1"))


def test_an_acr_that_cannot_be_reached_is_tried_once_and_never_an_error(house: House) -> None:
    house.client(trusted=True)
    person = house.person()
    browser, _ = house.login(person)
    location = house.authorize(browser, acr_values="urn:x urn:manyou:acr:r1-a2").header("Location") or ""
    assert location.endswith("&strength=2")
    house.login(person, browser=browser)
    assert "code" in answered(house.call("GET", _return_to(location), browser=browser))
    # what is reached, unknown, or out of the person's reach asks for nothing
    for values in (
        "urn:manyou:acr:r2-a1",
        "urn:x",
        "urn:manyou:acr:r3-a3",
        "urn:manyou:acr:r2-a3 urn:manyou:acr:r1-a1",
    ):
        assert "code" in answered(house.authorize(browser, acr_values=values))
    assert "code" in answered(house.authorize(browser, acr_values="urn:manyou:acr:r1-a3", prompt="none"))


def test_what_the_operator_demands_is_not_voluntary(house: House) -> None:
    house.client(trusted=True, least_strength=2)
    person = house.person()
    browser, _ = house.login(person)
    location = house.authorize(browser).header("Location") or ""
    assert location.endswith("&strength=2")
    house.login(person, browser=browser)
    back = house.call("GET", _return_to(location), browser=browser)
    assert answered(back)["error"] == "unmet_authentication_requirements"
    house.login(person, browser=browser, factors={"pwd": house.clock.now, "otp": house.clock.now})
    assert "code" in answered(house.authorize(browser))
    house.client(trusted=True, least_level=3)
    assert answered(house.authorize(browser))["error"] == "unmet_authentication_requirements"


def test_id_token_hint_names_the_person(house: House) -> None:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    hint = body(house.redeem(house.code(browser)))["id_token"]
    house.clock.advance(house.engine.settings.id_token_seconds + 1)  # expired, and still a name
    assert "code" in answered(house.authorize(browser, id_token_hint=hint, prompt="none"))
    other, _ = house.login(house.person())
    assert answered(house.authorize(other, id_token_hint=hint, prompt="none"))["error"] == "login_required"
    assert (house.authorize(other, id_token_hint=hint).header("Location") or "").startswith("/login?")
    house.client("hall-b", trusted=True)
    assert answered(house.authorize(browser, "hall-b", id_token_hint=hint))["error"] == "invalid_request"


def test_a_query_in_the_redirect_uri_stays(house: House) -> None:
    house.client(trusted=True, redirect_uris=(BACK + "?hall=1",))
    browser, _ = house.login(house.person())
    location = house.authorize(browser, redirect_uri=BACK + "?hall=1").header("Location") or ""
    assert location.startswith(BACK + "?hall=1&code=")


def _return_to(location: str) -> str:
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(location).query)["return_to"][0]
