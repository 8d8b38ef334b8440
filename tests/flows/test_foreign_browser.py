"""npm oidc-client-ts, unchanged, in Chromium: a client without a secret, on a page of an origin of its own.

It logs in, renews silently in a hidden frame or by its refresh token, notices a logout elsewhere, revokes,
logs out; once with bearer tokens and once with tokens bound to a key that never leaves the browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.flows import chromium
from tests.flows.province import LIN, Province
from tests.flows.strangers import SCOPE, register, stranger
from tests.served import Served, serving

FOREIGN = Path(__file__).parents[1] / "foreign"
LIBRARY = FOREIGN / "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"
SCRIPTS = b'<script src="/oidc-client-ts.js"></script><script type="module" src="/browser_app.mjs"></script>'
PAGE = b"<!doctype html><title>app</title>" + SCRIPTS
HTML: dict[str, Any] = {"Content_Type": "text/html"}
SCRIPT: dict[str, Any] = {"Content_Type": "text/javascript"}


@dataclass(frozen=True, slots=True)
class App:
    """The client's own site, and one page of it in a browser."""

    province: Province
    client_id: str
    served: Served
    page: Page

    def call(self, what: str) -> Any:
        """What a function of the page gives."""
        return self.page.evaluate(f"app.{what}()")

    def log_in(self, scope: str = "openid profile") -> dict[str, Any]:
        """Go to the provider, log in and agree where asked, come back."""
        self.open()
        with self.page.expect_navigation():
            self.page.evaluate(f"void app.logIn('{scope}')")
        if "/login" in self.page.url:
            chromium.log_in(self.page, self.province, LIN)
        chromium.agree(self.page)
        self.ready()
        found: dict[str, Any] = self.call("user")
        return found

    def open(self) -> None:
        """The page, anew."""
        self.page.goto(f"{self.served.origin}/app")
        self.ready()

    def ready(self) -> None:
        """Wait until its script has run."""
        self.page.wait_for_url(f"{self.served.origin}/app")
        self.page.wait_for_selector("html[data-ready]")


@pytest.fixture(scope="module", params=["bearer", "bound"])
def site(province: Province, request: pytest.FixtureRequest) -> Iterator[tuple[str, Served]]:
    """On another port of the provider's host: as halls of one province are, same site and other origin."""
    bound = request.param == "bound"
    with serving(name="localhost") as served:
        for path in ("/app", "/silent"):
            served.put(path, PAGE, **HTML)
        served.put("/bye", b"<!doctype html><title>bye</title>", **HTML)
        served.put("/browser_app.mjs", (FOREIGN / "browser_app.mjs").read_bytes(), **SCRIPT)
        served.put("/oidc-client-ts.js", LIBRARY.read_bytes(), **SCRIPT)
        served.put("/favicon.ico", b"")
        client, _ = stranger(
            f"page-{request.param}",
            profile="browser",
            auth_method="none",
            redirect_uris=(f"{served.origin}/app", f"{served.origin}/silent"),
            post_logout_redirect_uris=(f"{served.origin}/bye",),
            dpop_bound=bound,
        )
        register(province, client)
        config = {"authority": province.issuer, "clientId": client.client_id, "bound": bound}
        served.put("/config.json", config)
        yield client.client_id, served


@pytest.fixture
def app(province: Province, site: tuple[str, Served], browser: Browser) -> Iterator[App]:
    with chromium.opened(browser, chromium.DESKTOP) as somebody:
        yield App(province, *site, somebody.page())
        assert somebody.said == []


def test_log_in_renew_in_a_hidden_frame_and_log_out(app: App) -> None:
    user = app.log_in()
    assert app.call("userinfo")["name"] == "林漫"
    renewed = app.call("renew")
    assert renewed["sub"] == user["sub"]
    assert renewed["access"] != user["access"]
    assert app.call("userinfo")["sub"] == user["sub"]
    app.page.evaluate("void app.logOut()")
    app.page.wait_for_url(lambda url: url.startswith(f"{app.served.origin}/bye"))
    app.page.goto(f"{app.province.issuer}/account")
    assert "/login" in app.page.url


def test_renew_by_refresh_token_and_revoke(app: App) -> None:
    user = app.log_in(SCOPE)
    renewed = app.call("renew")
    assert renewed["sub"] == user["sub"]
    assert renewed["refresh"] not in (None, user["refresh"])  # of a public client it rotates
    assert app.call("userinfo")["name"] == "林漫"
    app.call("revoke")
    form = {
        "client_id": app.client_id,
        "grant_type": "refresh_token",
        "refresh_token": renewed["refresh"],
    }
    refused = requests.post(f"{app.province.issuer}/token", data=form, timeout=10).json()
    assert refused["error"] in {"invalid_grant", "invalid_dpop_proof"}


def test_a_logout_elsewhere_is_noticed(app: App) -> None:
    app.log_in()
    app.page.wait_for_selector("iframe", state="attached")
    elsewhere = app.page.context.new_page()
    elsewhere.goto(f"{app.province.issuer}/account")
    elsewhere.click("form[action='/account/logout'] button")
    elsewhere.wait_for_url(lambda url: "/account" not in url)
    app.page.wait_for_function("app.leaves.length > 0")
