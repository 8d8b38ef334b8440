"""A page that asks for a level, or for a login of just now: the person logs in again and is back on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from manyou.flask import FlaskHall
from manyou.hall import StepUpNeeded
from manyou.hall.levels import reaches
from manyou.transports import WsgiAdapter
from tests.manyou.small_provider import ISSUER, SmallProvider

BASE = "http://127.0.0.1:8001"
STRONG = "urn:manyou:acr:r2-a2"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> SmallProvider:
    found = SmallProvider(clock, "hall-a", "secret")
    found.change["acr"] = "urn:manyou:acr:r2-a1"
    return found


@pytest.fixture
def browser(provider: SmallProvider, clock: Clock) -> FlaskClient:
    app = Flask("hall")
    app.secret_key = "x" * 32
    transport = WsgiAdapter(provider.app)
    hall = FlaskHall(app, ISSUER, "hall-a", "secret", transport=transport, clock=clock)

    @app.get("/plain")
    @hall.login_required
    def plain() -> str:
        return "plain"

    @app.get("/strong")
    @hall.needs(acr=STRONG)
    def strong() -> str:
        return "strong"

    @app.get("/face")
    @hall.needs(acr=STRONG, max_age=300)
    def face() -> str:
        return "face within five minutes"

    @app.get("/fresh")
    @hall.needs(max_age=300)
    def fresh() -> str:
        return "fresh"

    @app.get("/file")
    @hall.login_required
    def file() -> Any:
        token = hall.access_token(hall.licences.resource)
        if token is None:
            return hall.ask(resource=hall.licences.resource)
        return hall.licences.file(token)

    return app.test_client()


def sent(answer: Any) -> dict[str, str]:
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def back(browser: FlaskClient, provider: SmallProvider, answer: Any) -> str:
    """Agree at the provider, come back, and read the page that one is led to."""
    returned = browser.get("/callback", query_string=provider.agree(answer.location), base_url=BASE)
    assert returned.status_code == 303, returned.text
    return browser.get(returned.location, base_url=BASE).text


def test_a_stronger_login_is_asked_for_and_the_page_resumed(
    browser: FlaskClient, provider: SmallProvider
) -> None:
    assert back(browser, provider, browser.get("/plain", base_url=BASE)) == "plain"
    asked = browser.get("/strong?a=1", base_url=BASE)
    assert sent(asked)["acr_values"] == STRONG
    provider.change["acr"] = "urn:manyou:acr:r2-a3"
    assert back(browser, provider, asked) == "strong"
    assert browser.get("/strong", base_url=BASE).text == "strong"


def test_who_is_not_logged_in_is_asked_for_the_level_at_once(
    browser: FlaskClient, provider: SmallProvider
) -> None:
    provider.change["acr"] = STRONG
    asked = browser.get("/strong", base_url=BASE)
    assert sent(asked)["acr_values"] == STRONG
    assert back(browser, provider, asked) == "strong"


def test_who_cannot_reach_it_is_told_so_and_goes_round_in_no_circle(
    browser: FlaskClient, provider: SmallProvider, clock: Clock
) -> None:
    text = back(browser, provider, browser.get("/strong", base_url=BASE))
    assert text.startswith("login_refused: ")
    assert browser.get("/plain", base_url=BASE).text == "plain"
    clock.now += 60
    assert sent(browser.get("/strong", base_url=BASE))["acr_values"] == STRONG


def test_an_old_login_is_made_anew(browser: FlaskClient, provider: SmallProvider, clock: Clock) -> None:
    assert back(browser, provider, browser.get("/plain", base_url=BASE)) == "plain"
    clock.now += 300
    assert browser.get("/fresh", base_url=BASE).text == "fresh"
    clock.now += 1
    asked = browser.get("/fresh", base_url=BASE)
    assert sent(asked)["max_age"] == "300"
    assert "acr_values" not in sent(asked)
    assert back(browser, provider, asked) == "fresh"


def test_face_within_five_minutes(browser: FlaskClient, provider: SmallProvider, clock: Clock) -> None:
    provider.change["acr"] = STRONG
    assert back(browser, provider, browser.get("/face", base_url=BASE)) == "face within five minutes"
    clock.now += 301
    asked = sent(browser.get("/face", base_url=BASE))
    assert (asked["acr_values"], asked["max_age"]) == (STRONG, "300")
    assert browser.get("/strong", base_url=BASE).text == "strong"


def challenged(**more: str) -> tuple[int, Any]:
    return 401, {"code": "insufficient_user_authentication", "mend": "Log in again."} | more


def test_what_the_library_challenges_is_done_and_the_page_opened_again(
    browser: FlaskClient, provider: SmallProvider
) -> None:
    assert back(browser, provider, browser.get("/plain", base_url=BASE)) == "plain"
    provider.answers["/elicence/v1/file"] = challenged()
    provider.challenge = 'DPoP realm="x", error="y", acr_values="urn:manyou:acr:r3-a2", max_age="300"'
    again = browser.get("/file", base_url=BASE)
    asked = sent(again)
    assert (asked["acr_values"], asked["max_age"]) == ("urn:manyou:acr:r3-a2", "300")
    assert asked["resource"] == f"{ISSUER}/elicence"
    returned = browser.get("/callback", query_string=provider.agree(again.location), base_url=BASE)
    assert returned.location == "/file"
    assert browser.get("/file", base_url=BASE).status_code == 401  # still challenged: no circle
    provider.answers["/elicence/v1/file"] = (200, {"licences": []})
    assert browser.get("/file", base_url=BASE).json == {"licences": []}


@pytest.mark.parametrize(
    ("challenge", "acr_values", "max_age"),
    [
        ('Bearer acr_values="a b", max_age="0"', "a b", 0),
        ('Bearer acr_values="a"', "a", None),
        ('Bearer max_age="12345678901"', "", None),
        ('Bearer max_age="-1", acr_values=a', "", None),
        ("", "", None),
    ],
)
def test_a_challenge_is_read(challenge: str, acr_values: str, max_age: int | None) -> None:
    needed = StepUpNeeded()
    needed.read(challenge)
    assert (needed.acr_values, needed.max_age) == (acr_values, max_age)


@pytest.mark.parametrize(
    ("acr", "wanted", "enough"),
    [
        ("urn:manyou:acr:r2-a2", "urn:manyou:acr:r2-a2", True),
        ("urn:manyou:acr:r3-a3", "urn:manyou:acr:r2-a2", True),
        ("urn:manyou:acr:r3-a1", "urn:manyou:acr:r2-a2", False),
        ("urn:manyou:acr:r1-a3", "urn:manyou:acr:r2-a2", False),
        ("urn:manyou:acr:r1-a3", "urn:manyou:acr:r2-a2 urn:manyou:acr:r1-a1", True),
        ("gold", "gold", True),
        ("gold", "silver", False),
        ("", "urn:manyou:acr:r0-a1", False),
        ("urn:manyou:acr:r9-a9", "urn:manyou:acr:r0-a1", False),
    ],
)
def test_levels(acr: str, wanted: str, *, enough: bool) -> None:
    assert reaches(acr, wanted) is enough
