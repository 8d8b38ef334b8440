"""Ten lines of Flask are a hall."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from manyou._sealed_session import SealedSession
from manyou.flask import FlaskHall
from manyou.transports import WsgiAdapter
from tests.manyou.small_provider import ISSUER, SmallProvider

NOW = 1_800_000_000
BASE = "http://127.0.0.1:8001"


@pytest.fixture
def provider() -> SmallProvider:
    return SmallProvider(lambda: NOW, "hall-a", "secret")


@pytest.fixture
def browser(provider: SmallProvider) -> FlaskClient:
    app = Flask("hall")
    app.secret_key = "x" * 32
    transport = WsgiAdapter(provider.app)
    hall = FlaskHall(app, ISSUER, "hall-a", "secret", transport=transport, clock=lambda: NOW)

    @app.get("/")
    def welcome() -> str:
        user = hall.current_user
        return f"hello {user.name if user else 'stranger'}"

    @app.get("/mine")
    @hall.login_required
    def mine() -> str:
        user = hall.current_user
        assert user is not None
        return f"{user.sub} {user.name} {hall.access_token()}"

    @app.get("/library")
    def library() -> Any:
        token = hall.access_token("urn:library")
        return token or hall.ask(resource="urn:library")

    return app.test_client()


def go(browser: FlaskClient, provider: SmallProvider, path: str) -> str:
    """Open a page, agree at the provider, and come back."""
    answer = browser.get(path, base_url=BASE)
    assert answer.status_code == 303
    back = provider.agree(answer.location)
    answer = browser.get("/callback", query_string=back, base_url=BASE)
    assert answer.status_code == 303
    return str(answer.location)


def test_login_leads_back_to_the_page(browser: FlaskClient, provider: SmallProvider) -> None:
    assert browser.get("/", base_url=BASE).text == "hello stranger"
    assert go(browser, provider, "/mine?a=1") == "/mine?a=1"
    answer = browser.get("/mine", base_url=BASE)
    assert answer.text == "s-1 林晓梅 at1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.get("/", base_url=BASE).text == "hello 林晓梅"


def test_no_token_is_readable_in_the_browser(browser: FlaskClient, provider: SmallProvider) -> None:
    go(browser, provider, "/mine")
    cookie = browser.get_cookie("manyou-hall-a", domain="127.0.0.1")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    for secret in ("at1", "rt1", "s-1"):
        assert secret not in cookie.value


def test_an_answer_counts_in_its_own_browser_and_once(browser: FlaskClient, provider: SmallProvider) -> None:
    back = provider.agree(browser.get("/mine", base_url=BASE).location)
    stranger = browser.application.test_client()
    assert stranger.get("/callback", query_string=back, base_url=BASE).status_code == 400
    assert browser.get("/callback", query_string=back, base_url=BASE).status_code == 303
    assert browser.get("/callback", query_string=back, base_url=BASE).status_code == 400
    assert browser.get("/callback", base_url=BASE).status_code == 400


def test_two_tabs_log_in(browser: FlaskClient, provider: SmallProvider) -> None:
    tabs = [browser.get(f"/mine?tab={tab}", base_url=BASE).location for tab in range(4)]
    backs = [provider.agree(url) for url in tabs]
    statuses = [browser.get("/callback", query_string=back, base_url=BASE) for back in backs]
    assert [answer.status_code for answer in statuses] == [400, 303, 303, 303]
    assert statuses[3].location == "/mine?tab=3"


@pytest.mark.parametrize("path", ["/mine?" + "a" * 3_000, "/mine?" + "漫" * 400, "/mine?" + "a" * 800])
def test_a_long_address_is_forgotten_and_keeps_nobody_out(
    browser: FlaskClient, provider: SmallProvider, path: str
) -> None:
    for _ in range(3):
        assert browser.get(path, base_url=BASE).status_code == 303
    assert go(browser, provider, path) == "/"


def test_a_refusal_is_shown_and_logs_nobody_in(browser: FlaskClient, provider: SmallProvider) -> None:
    back = provider.agree(browser.get("/mine", base_url=BASE).location)
    refused = {"state": back["state"], "iss": ISSUER, "error": "access_denied"}
    answer = browser.get("/callback", query_string=refused, base_url=BASE)
    assert (answer.status_code, answer.text[:13]) == (403, "access_denied")
    assert browser.get("/mine", base_url=BASE).status_code == 303


def test_more_is_asked_for_and_the_name_stays(browser: FlaskClient, provider: SmallProvider) -> None:
    go(browser, provider, "/mine")
    # the refresh token gives a token for another resource, where the provider allows it
    assert browser.get("/library", base_url=BASE).text == "at2"
    provider.answers["/token"] = (400, {"error": "invalid_target"})
    answer = browser.get("/mine", base_url=BASE)
    assert answer.status_code == 200
    stranger = browser.application.test_client()
    del provider.answers["/token"]
    assert go(stranger, provider, "/library") == "/library"
    assert provider.asked[-1][1]["resource"] == "urn:library"


def test_logout_ends_it_here_and_there(browser: FlaskClient, provider: SmallProvider) -> None:
    go(browser, provider, "/mine")
    assert browser.get("/logout", base_url=BASE).status_code == 405
    answer = browser.post("/logout", base_url=BASE)
    url = urlsplit(answer.location)
    assert (url.path, "id_token_hint=ey" in url.query) == ("/logout", True)
    assert provider.asked[-1] == ("/revoke", {"token": "rt1"})
    assert browser.get("/mine", base_url=BASE).status_code == 303
    assert browser.post("/logout", base_url=BASE).status_code == 303


def test_a_logout_elsewhere_is_noticed(provider: SmallProvider) -> None:
    now = [NOW]
    app = Flask("hall")
    app.secret_key = "x" * 32
    transport = WsgiAdapter(provider.app)
    hall = FlaskHall(app, ISSUER, "hall-a", "secret", transport=transport, clock=lambda: now[0])

    @app.get("/mine")
    @hall.login_required
    def mine() -> str:
        return "mine"

    browser = app.test_client()
    go(browser, provider, "/mine")
    now[0] += 60
    assert browser.get("/mine", base_url=BASE).text == "mine"
    assert provider.asked[-1] == ("/introspect", {"token": "at1"})
    provider.answers["/introspect"] = (200, {"active": False})
    now[0] += 59
    assert browser.get("/mine", base_url=BASE).text == "mine"
    now[0] += 1
    assert browser.get("/mine", base_url=BASE).status_code == 303
    assert hall.hall.clock() == NOW + 120


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "https://evil.example"])
def test_nobody_is_sent_elsewhere(provider: SmallProvider, path: str) -> None:
    app = Flask("hall")
    app.secret_key = "x" * 32
    transport = WsgiAdapter(provider.app)
    hall = FlaskHall(app, ISSUER, "hall-a", "secret", transport=transport, clock=lambda: NOW)
    app.add_url_rule("/x", view_func=lambda: hall.ask(back=path), endpoint="x")
    assert go(app.test_client(), provider, "/x") == "/"


def test_a_long_id_token_is_left_out_of_the_cookie(browser: FlaskClient, provider: SmallProvider) -> None:
    provider.change = {"filling": None, "sid": "x" * 1200}
    go(browser, provider, "/mine")
    answer = browser.post("/logout", base_url=BASE)
    assert "id_token_hint" not in answer.location


def test_a_hall_without_a_secret_does_not_start() -> None:
    with pytest.raises(ValueError, match="secret_key"):
        FlaskHall(Flask("hall"), ISSUER, "hall-a")


def test_the_cookie_ends_and_stands_alone() -> None:
    from werkzeug.wrappers import Response

    def written(session: SealedSession, value: dict[str, Any]) -> str:
        response = Response()
        session.write(response, value, NOW)
        return response.headers["Set-Cookie"].partition(";")[0].partition("=")[2]

    ours, theirs = (SealedSession("secret", name, 60, secure=False) for name in ("a", "b"))
    token = written(ours, {"x": 1})
    assert ours.read({"a": token}, NOW + 60) == {"x": 1}
    assert ours.read({"a": token}, NOW + 61) == {}
    assert theirs.read({"b": token}, NOW) == {}
    assert SealedSession("other", "a", 60, secure=False).read({"a": token}, NOW) == {}
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert ours.read({"a": changed}, NOW) == {}
    assert ours.read({"a": ""}, NOW) == {}
    for size in range(2850, 2960):
        value = {"x": "y" * size}
        if ours.holds(value):
            assert len(written(ours, value)) <= 4000
        else:
            with pytest.raises(ValueError, match="cookie"):
                written(ours, value)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_that_the_provider_begins(browser: FlaskClient, provider: SmallProvider, method: str) -> None:
    asked = {"iss": ISSUER, "target_link_uri": BASE + "/mine?a=1", "login_hint": "someone"}
    sent: dict[str, Any] = {"query_string": asked} if method == "GET" else {"data": asked}
    answer = browser.open("/initiate-login", method=method, base_url=BASE, **sent)
    assert answer.status_code == 303
    assert answer.location.startswith(ISSUER)
    assert "login_hint=someone" in answer.location
    back = provider.agree(answer.location)
    assert browser.get("/callback", query_string=back, base_url=BASE).location == "/mine?a=1"


def test_a_login_that_a_stranger_begins(browser: FlaskClient) -> None:
    answer = browser.get("/initiate-login", query_string={"iss": "https://evil.example"}, base_url=BASE)
    assert answer.status_code == 400
