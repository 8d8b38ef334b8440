"""A hall hears that a login is over: by the provider's word alone, for that login alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient

from manyou.flask import FlaskHall
from manyou.hall import EndedLogins, Hall, InvalidLogoutToken, LoggedOut
from manyou.transports import WsgiAdapter
from tests.manyou.small_provider import ISSUER, SmallProvider

NOW = 1_800_000_000
BASE = "http://127.0.0.1:8001"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "hall-a",
    "iat": NOW,
    "exp": NOW + 120,
    "jti": "j",
    "events": {EVENT: {}},
    "sid": "one",
    "sub": "s-1",
}


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> SmallProvider:
    return SmallProvider(clock, "hall-a", "secret")


def word(
    provider: SmallProvider, *, header: dict[str, Any] | None = None, key: Any = None, **changes: Any
) -> str:
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    head = {"kid": "k1", "typ": "logout+jwt", **(header or {})}
    return jwt.encode(claims, key or provider.keys["k1"], "ES256", headers=head)


def hall_of(provider: SmallProvider, clock: Callable[[], int]) -> Hall:
    return Hall(ISSUER, "hall-a", "secret", transport=WsgiAdapter(provider.app), clock=clock)


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({}, LoggedOut("s-1", "one")),
        ({"sub": None}, LoggedOut(None, "one")),
        ({"sid": None}, LoggedOut("s-1", None)),
        ({"aud": ["other", "hall-a"]}, LoggedOut("s-1", "one")),
        ({"events": {EVENT: {}, "urn:more": 1}}, LoggedOut("s-1", "one")),
        ({"header": {"typ": "application/logout+jwt"}}, LoggedOut("s-1", "one")),
        ({"iat": NOW + 30}, LoggedOut("s-1", "one")),
        ({"exp": NOW - 29}, LoggedOut("s-1", "one")),
    ],
)
def test_the_providers_word_is_taken(
    provider: SmallProvider, clock: Clock, changes: dict[str, Any], who: LoggedOut
) -> None:
    assert hall_of(provider, clock).logged_out(word(provider, **changes)) == who


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"header": {"typ": "JWT"}}, "typ"),
        ({"nonce": "n"}, "nonce"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "hall-b"}, "aud"),
        ({"aud": ["hall-b"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"iat": NOW + 31}, "iat"),
        ({"iat": None}, "iat"),
        ({"exp": NOW - 30}, "exp"),
        ({"exp": None}, "exp"),
        ({"jti": None}, "jti"),
        ({"events": None}, "events"),
        ({"events": {}}, "events"),
        ({"events": {EVENT: None}}, "events"),
        ({"events": {EVENT: "x"}}, "events"),
        ({"events": [EVENT]}, "events"),
        ({"sub": None, "sid": None}, "sub or sid"),
        ({"sid": ""}, "sub or sid"),
        ({"sid": 1}, "sub or sid"),
        ({"header": {"kid": "k9"}}, "no such key"),
        ({"header": {"crit": ["exp"]}}, "InvalidTokenError"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, "InvalidSignatureError"),
    ],
)
def test_and_nothing_else_is(
    provider: SmallProvider, clock: Clock, changes: dict[str, Any], rule: str
) -> None:
    with pytest.raises(InvalidLogoutToken) as refused:
        hall_of(provider, clock).logged_out(word(provider, **changes))
    assert refused.value.detail == rule


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", jwt.encode(GOOD, "", "none"), jwt.encode(GOOD, "k" * 32, "HS256")]
)
def test_no_signature_of_the_providers_no_word(provider: SmallProvider, clock: Clock, token: str) -> None:
    with pytest.raises(InvalidLogoutToken):
        hall_of(provider, clock).logged_out(token)


def flask_hall(provider: SmallProvider, clock: Clock, ended: EndedLogins | None = None) -> FlaskClient:
    app = Flask("hall")
    app.secret_key = "x" * 32
    hall = FlaskHall(
        app,
        ISSUER,
        "hall-a",
        "secret",
        check_seconds=10**6,
        ended=ended,
        transport=WsgiAdapter(provider.app),
        clock=clock,
    )

    @app.get("/")
    def welcome() -> str:
        return hall.current_user.sub if hall.current_user else "stranger"

    @app.get("/mine")
    @hall.login_required
    def mine() -> str:
        return "mine"

    return app.test_client()


def log_in(browser: FlaskClient, provider: SmallProvider, sid: str = "one", sub: str = "s-1") -> FlaskClient:
    provider.change = {"sid": sid, "sub": sub}
    provider.answers["/userinfo"] = (200, {"sub": sub})
    back = provider.agree(browser.get("/mine", base_url=BASE).location)
    assert browser.get("/callback", query_string=back, base_url=BASE).status_code == 303
    assert who(browser) == sub
    return browser


def who(browser: FlaskClient) -> str:
    return browser.get("/", base_url=BASE).text


def tell(hall: FlaskClient, token: str) -> tuple[int, Any]:
    provider = hall.application.test_client()
    answer = provider.post("/backchannel-logout", data={"logout_token": token}, base_url=BASE)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json


def test_one_session_ends_by_sid(provider: SmallProvider, clock: Clock) -> None:
    first = log_in(flask_hall(provider, clock), provider)
    second = log_in(first.application.test_client(), provider, sid="two")
    assert tell(first, word(provider, sid="one")) == (200, {})
    assert (who(first), who(second)) == ("stranger", "s-1")
    assert first.get_cookie("manyou-hall-a", domain="127.0.0.1") is None, "taken from the browser too"


def test_all_of_a_person_end_by_sub(provider: SmallProvider, clock: Clock) -> None:
    first = log_in(flask_hall(provider, clock), provider)
    second = log_in(first.application.test_client(), provider, sid="two")
    other = log_in(first.application.test_client(), provider, sid="three", sub="s-2")
    assert tell(first, word(provider, sid=None))[0] == 200
    assert (who(first), who(second), who(other)) == ("stranger", "stranger", "s-2")


def test_a_login_afterwards_stands(provider: SmallProvider, clock: Clock) -> None:
    """The person may log in again in the same session of the provider, as after taking access back."""
    browser = log_in(flask_hall(provider, clock), provider)
    tell(browser, word(provider))
    assert who(browser) == "stranger"
    clock.now += 1
    log_in(browser, provider)


def test_what_proves_nothing_ends_nothing(provider: SmallProvider, clock: Clock) -> None:
    browser = log_in(flask_hall(provider, clock), provider)
    status, answer = tell(browser, word(provider, aud="hall-b"))
    assert (status, answer["error"]) == (400, "invalid_request")
    assert tell(browser, "")[0] == 400
    assert who(browser) == "s-1"


def test_a_provider_that_is_away_tells_again_later(provider: SmallProvider, clock: Clock) -> None:
    browser = flask_hall(provider, clock)
    provider.answers["/jwks"] = (500, {})
    answer = browser.post("/backchannel-logout", data={"logout_token": word(provider)}, base_url=BASE)
    assert answer.status_code == 503


def test_a_file_is_shared_and_outlives_the_process(
    provider: SmallProvider, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "ended.sqlite"
    browser = log_in(flask_hall(provider, clock, EndedLogins(file)), provider)
    beside = flask_hall(provider, clock, EndedLogins(file))
    assert tell(beside, word(provider))[0] == 200
    assert who(browser) == "stranger"


def test_what_no_session_is_as_old_as_is_forgotten(clock: Clock) -> None:
    ended = EndedLogins()
    ended.add(LoggedOut(None, "one"), NOW, kept=100)
    ended.add(LoggedOut(None, "two"), NOW + 100, kept=100)
    assert ended.holds("s", "one", NOW)
    assert not ended.holds("s", "one", NOW + 1)
    ended.add(LoggedOut(None, "three"), NOW + 101, kept=100)
    assert not ended.holds("s", "one", NOW - 1000)
    assert ended.holds("s", "two", NOW - 1000)
    ended.close()
