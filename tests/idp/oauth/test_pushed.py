"""Pushed requests, named after the modules of the FAPI 2.0 profile that look at them."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from idp.oauth.requests.pushed import PREFIX
from idp.oauth.settings import OAuthSettings
from store import SQL
from tests.idp.oauth.conftest import BACK, ISSUER, Browser, House, answered, body, make_house
from tests.idp.oauth.proving import Key, redeem

RACERS = 50
KEPT = SQL("SELECT key, value, ends FROM expiring WHERE key LIKE 'par:%'")


def _known(house: House, **changes: Any) -> Browser:
    """Somebody logged in at a hall that asks for no consent."""
    house.client(trusted=True, **changes)
    return house.login(house.person())[0]


def _open(house: House, browser: Browser | None, query: str, **beside: str) -> Any:
    return house.call("GET", f"/authorize?{query}&{urlencode(beside)}", browser=browser)


def test_a_pushed_request_leads_to_a_code(house: House) -> None:
    browser = _known(house)
    reply = house.push()
    assert reply.status == 201
    assert reply.header("Cache-Control") == "no-store"
    found = body(reply)
    assert found["request_uri"].startswith(PREFIX)
    assert found["expires_in"] == house.engine.settings.pushed_seconds < 600
    query = urlencode({"client_id": "hall-a", "request_uri": found["request_uri"]})
    answer = answered(_open(house, browser, query))
    assert (answer["state"], answer["iss"]) == ("s1", ISSUER)
    assert house.redeem(answer["code"]).status == 200


@pytest.mark.module("fapi2-security-profile-final-par-without-duplicate-parameters")
def test_par_without_duplicate_parameters(house: House) -> None:
    """Only client_id and request_uri are needed, and what stands beside them counts for nothing."""
    browser = _known(house)
    beside = {"state": "other", "redirect_uri": "https://evil.example/", "scope": "x", "response_mode": "x"}
    found = answered(_open(house, browser, house.pushed(), **beside))
    assert found["state"] == "s1"


@pytest.mark.module("fapi2-security-profile-final-state-only-outside-request-object-not-used")
def test_state_only_outside_the_request_is_not_used(house: House) -> None:
    browser = _known(house)
    assert "state" not in answered(_open(house, browser, house.pushed(state=None), state="outside"))


def test_the_way_over_login_and_consent_is_short_and_leads_back(house: House) -> None:
    house.client()
    person = house.person()
    browser = Browser()
    query = house.pushed(state="x" * 2000)
    location = _open(house, browser, query, state="x" * 2000).header("Location") or ""
    assert location.startswith("/login?return_to=%2Fauthorize%3F")
    assert len(location) < 800
    house.login(person, browser=browser)
    reply = house.call("GET", _return_to(location), browser=browser)
    consent = reply.header("Location") or ""
    assert consent.startswith("/consent?")
    reply = house.decide(browser, consent)
    found = answered(house.call("GET", reply.header("Location") or "", browser=browser))
    assert found["state"] == "x" * 2000
    assert house.redeem(found["code"]).status == 200


@pytest.mark.module(
    "fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds",
)
def test_ensure_reused_request_uri_prior_to_auth_completion_succeeds(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    query = house.pushed()
    for _ in range(3):
        assert (_open(house, browser, query).header("Location") or "").startswith("/consent?")
    consent = _open(house, browser, query).header("Location") or ""
    reply = house.decide(browser, consent)
    assert "code" in answered(house.call("GET", reply.header("Location") or "", browser=browser))


@pytest.mark.module("fapi2-security-profile-final-par-attempt-reuse-request_uri")
@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_attempt_reuse_request_uri(house: House, decision: str) -> None:
    house.client()
    browser, _ = house.login(house.person())
    query = house.pushed()
    consent = _open(house, browser, query).header("Location") or ""
    reply = house.decide(browser, consent, decision)
    if decision == "allow":
        reply = house.call("GET", reply.header("Location") or "", browser=browser)
        assert "code" in answered(reply)
    else:
        assert answered(reply)["error"] == "access_denied"
    for who in (browser, Browser(), None):
        again = _open(house, who, query)
        assert (again.status, again.header("Location")) == (400, None)
        assert b"invalid_request_uri" in again.body
    assert house.call("GET", consent, browser=browser).status == 400


def test_a_refusal_spends_nothing(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    query = house.pushed(prompt="none")
    assert answered(_open(house, browser, query))["error"] == "consent_required"
    assert house.count("spent") == 0
    house.code(browser)
    assert "code" in answered(_open(house, browser, query))


@pytest.mark.module("fapi2-security-profile-final-par-attempt-to-use-expired-request_uri")
@pytest.mark.parametrize(("late", "good"), [(-1, True), (0, False), (1, False)])
def test_attempt_to_use_expired_request_uri(house: House, late: int, *, good: bool) -> None:
    browser = _known(house)
    query = house.pushed()
    house.clock.advance(house.engine.settings.pushed_seconds + late)
    reply = _open(house, browser, query)
    assert ("code" in answered(reply)) if good else reply.status == 400


@pytest.mark.parametrize(("late", "good"), [(0, True), (1, False)])
def test_whoever_opened_it_in_time_has_time_to_log_in(house: House, late: int, *, good: bool) -> None:
    house.client(trusted=True)
    person = house.person()
    browser = Browser()
    location = _open(house, browser, house.pushed()).header("Location") or ""
    house.clock.advance(house.engine.settings.begun_seconds + late)
    house.login(person, browser=browser)
    reply = house.call("GET", _return_to(location), browser=browser)
    assert ("code" in answered(reply)) if good else reply.status == 400


def test_the_moment_of_another_request_opens_no_expired_one(house: House) -> None:
    browser = _known(house)
    late = house.pushed()
    begun = _return_to(_open(house, Browser(), house.pushed()).header("Location") or "").rpartition("=")[2]
    house.clock.advance(house.engine.settings.pushed_seconds)
    assert _open(house, browser, late, begun=begun).status == 400


@pytest.mark.module("fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client")
def test_attempt_to_use_request_uri_for_different_client(house: House) -> None:
    browser = _known(house)
    house.client("hall-b", trusted=True)
    request_uri = parse_qs(house.pushed())["request_uri"][0]
    query = urlencode({"client_id": "hall-b", "request_uri": request_uri})
    reply = _open(house, browser, query)
    assert (reply.status, reply.header("Location")) == (400, None)


@pytest.mark.module(
    "fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param",
)
def test_authorization_request_containing_request_uri_form_param(house: House) -> None:
    house.client()
    for request_uri in (PREFIX + "x", "https://a.example/request", ""):
        reply = house.push(request_uri=request_uri)
        assert (reply.status, body(reply)["error"]) == (400, "invalid_request")


@pytest.mark.module("fapi2-security-profile-final-par-attempt-invalid-http-method")
def test_attempt_invalid_http_method(house: House) -> None:
    methods = {method for method, path in house.endpoints if path == "/par"}
    assert methods == {"POST", "OPTIONS"}  # the second asks whether a page of that origin may


@pytest.mark.module(
    "fapi2-security-profile-final-plain-fapi-tolerate-unregistered-redirect-uri",
    "fapi2-security-profile-final-ensure-redirect-uri-in-authorization-request",
    "fapi2-security-profile-final-ensure-response-type-token-fails",
    "fapi2-security-profile-final-ensure-response-type-code-idtoken-fails",
    "fapi2-security-profile-final-par-plain-pkce-rejected",
    "fapi2-security-profile-final-ensure-authorization-request-with-long-nonce",
)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": BACK + "/other"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "unheard_of"}, "invalid_scope"),
        ({"nonce": "n" * 384}, "invalid_request"),
        ({"resource": "https://other.example/"}, "invalid_target"),
        ({"authorization_details": "{"}, "invalid_authorization_details"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"id_token_hint": "x.y.z"}, "invalid_request"),
        ({"client_id": "hall-b"}, "invalid_request"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
)
def test_what_is_wrong_is_told_when_it_is_pushed(
    house: House, changes: dict[str, str | None], error: str
) -> None:
    house.client()
    house.client("hall-b")
    reply = house.push(**changes)
    assert (reply.status, body(reply)["error"]) == (400, error)
    assert house.count("expiring") == 0


@pytest.mark.parametrize("name", ["scope", "state", "client_id", "redirect_uri", "client_secret", "own"])
def test_a_parameter_twice(house: House, name: str) -> None:
    house.client()
    form = [*parse_qsl(house.ask(own="1")), (name, "x"), (name, "y")]
    reply = house.call("POST", "/par", form=form, headers=house.basic("hall-a"))
    assert (reply.status, body(reply)["error"]) == (400, "invalid_request")


def test_only_the_client_itself_pushes(house: House) -> None:
    house.client()
    house.client("hall-b")
    form = parse_qsl(house.ask())
    assert house.call("POST", "/par", form=form).status == 401
    wrong = {"Authorization": "Basic aGFsbC1hOng="}
    assert house.call("POST", "/par", form=form, headers=wrong).status == 401
    assert house.call("POST", "/par", form=form, headers=house.basic("hall-b")).status == 400
    house.client("app", auth_method="none")
    named = [(name, "app" if name == "client_id" else value) for name, value in form]
    assert house.call("POST", "/par", form=named).status == 201


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails",
)
@pytest.mark.parametrize("changes", [{"par_required": True}, {"profile": "fapi2"}])
def test_ensure_unsigned_authorization_request_without_using_par_fails(
    house: House, changes: dict[str, Any]
) -> None:
    browser = _known(house, **changes)
    found = answered(house.authorize(browser))
    assert found["error"] == "invalid_request"
    assert "pushed_authorization_request_endpoint" in found["error_description"]
    assert "code" in answered(_open(house, browser, house.pushed()))


def test_the_operator_may_demand_it_of_all(house: House, tmp_path: Path) -> None:
    browser = _known(house)
    strict = make_house(house.durable, house.clock, tmp_path / "house", OAuthSettings(par_required=True))
    strict.secrets.update(house.secrets)
    assert answered(strict.authorize(browser))["error"] == "invalid_request"
    assert "code" in answered(_open(strict, browser, strict.pushed()))
    path = "/.well-known/openid-configuration"
    assert body(strict.call("GET", path))["require_pushed_authorization_requests"] is True
    assert body(house.call("GET", path))["require_pushed_authorization_requests"] is False


@pytest.mark.module("fapi2-security-profile-final-par-ensure-pkce-required")
def test_ensure_pkce_required(house: House) -> None:
    """FAPI knows no exception, whatever is registered."""
    _known(house, profile="fapi2", pkce_required=False)
    reply = house.push(code_challenge=None, code_challenge_method=None)
    assert (reply.status, body(reply)["error"]) == (400, "invalid_request")


@pytest.mark.module("fapi2-security-profile-final-ensure-authorization-request-with-64-char-nonce-success")
def test_ensure_authorization_request_with_64_char_nonce_success(house: House) -> None:
    browser = _known(house, profile="fapi2")
    nonce = "n" * 64
    code = answered(_open(house, browser, house.pushed(nonce=nonce)))["code"]
    id_token = body(redeem(house, Key(), code))["id_token"]
    assert house.engine.keys.verify_jwt("id-token", id_token, now=house.clock.now)["nonce"] == nonce


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-authorization-request-without-state-success",
    "fapi2-security-profile-final-ensure-authorization-request-without-nonce-success",
)
@pytest.mark.parametrize("left_out", ["state", "nonce"])
def test_ensure_authorization_request_without_it_success(house: House, left_out: str) -> None:
    browser = _known(house, profile="fapi2")
    assert "code" in answered(_open(house, browser, house.pushed(**{left_out: None})))


@pytest.mark.module("fapi2-security-profile-final-ensure-authorization-request-with-long-state")
def test_ensure_authorization_request_with_long_state(house: House) -> None:
    browser = _known(house, profile="fapi2")
    state = "s" * 1024
    assert answered(_open(house, browser, house.pushed(state=state)))["state"] == state


@pytest.mark.parametrize("state", ["s" * 2049, "漫" * 228])
def test_a_longer_one_would_not_pass_proxies(house: House, state: str) -> None:
    """It does not come back with the refusal either."""
    browser = _known(house)
    reply = house.push(state=state)
    assert (reply.status, body(reply)["error"]) == (400, "invalid_request")
    found = answered(house.authorize(browser, state=state))
    assert found["error"] == "invalid_request"
    assert "state" not in found


@pytest.mark.module("fapi2-security-profile-final-ensure-other-scope-order-succeeds")
def test_ensure_other_scope_order_succeeds(house: House) -> None:
    browser = _known(house, profile="fapi2")
    assert "code" in answered(_open(house, browser, house.pushed(scope="profile openid")))


@pytest.mark.module("fapi2-security-profile-final-user-rejects-authentication")
def test_user_rejects_authentication(house: House) -> None:
    house.client(profile="fapi2")
    browser, _ = house.login(house.person())
    consent = _open(house, browser, house.pushed()).header("Location") or ""
    assert answered(house.decide(browser, consent, "deny"))["error"] == "access_denied"


def test_what_the_client_lost_meanwhile_is_not_given(house: House) -> None:
    browser = _known(house)
    query = house.pushed(scope="openid phone")
    house.client(trusted=True, scopes=("openid",))
    assert answered(_open(house, browser, query))["error"] == "invalid_scope"
    house.client(enabled=False)
    assert _open(house, browser, query).status == 400


def test_a_lost_expiring_store_costs_one_retry(house: House) -> None:
    browser = _known(house)
    query = house.pushed()
    house.run("DELETE FROM expiring")
    assert _open(house, browser, query).status == 400
    assert "code" in answered(_open(house, browser, house.pushed()))


def test_a_request_put_back_after_it_was_answered_stays_answered(house: House) -> None:
    """The expiring store decides nothing: what it remembers wrongly lets nobody in twice."""
    browser = _known(house)
    query = house.pushed()
    kept = house.durable.read(lambda tx: tx.row(KEPT))
    assert kept is not None
    assert "code" in answered(_open(house, browser, query))
    house.run("DELETE FROM expiring")
    house.engine.expiring.put(kept[0], kept[1], kept[2])
    assert _open(house, browser, query).status == 400


def test_fifty_answer_one_pushed_request(either: House) -> None:
    house = either
    browser = _known(house)
    assert house.code(browser)  # the consent stands
    query = house.pushed()
    barrier = Barrier(RACERS)

    def finish(_: int) -> int:
        barrier.wait()
        return int(_open(house, browser, query).status)

    with ThreadPoolExecutor(RACERS) as pool:
        assert Counter(pool.map(finish, range(RACERS))) == {303: 1, 400: RACERS - 1}
    assert house.count("spent", "kind = 'request-uri'") == 1


def _return_to(location: str) -> str:
    return parse_qs(urlsplit(location).query)["return_to"][0]
