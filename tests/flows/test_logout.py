"""A logout that reaches every hall: through a crash, through hidden frames, and seen by a page in a frame."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.flows import chromium
from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import CHEN, LIN, Province
from tests.flows.strangers import register, stranger
from tests.served import Served, serving

SECONDS = 20
BACK = "/backchannel-logout"


def until(what: Any) -> None:
    ends = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def test_what_a_crash_left_untold_is_told_after_the_restart(tmp_path: Path) -> None:
    """Kill -9 between the end of the session and the hall's hearing of it."""
    province = Province(tmp_path / "var", halls=False)
    try:
        province.start()
        hall = province.hall("hall-a")
        url, pending = hall.begin()
        with PlainBrowser(stop=lambda address: address.startswith(province.hall_a)) as browser:
            browser.get(url).log_in(province, LIN).agree()
            answer = {name: values[0] for name, values in parse_qs(urlsplit(browser.left_for).query).items()}
            login = hall.finish(pending, answer)
            # nobody listens at the hall: the person is logged out all the same
            browser.get(hall.logout_url(id_token=login.tokens.id_token, back=f"{province.hall_a}/"))
            assert browser.left_for == f"{province.hall_a}/"
        province.kill()
        with serving(port=province.ports[1]) as listening:
            listening.put(BACK, b"")
            province.start()
            until(lambda: listening.count(BACK))
            token = parse_qs(listening.asked[0][3].decode())["logout_token"][0]
            assert hall.logged_out(token).sid == login.claims["sid"]
            time.sleep(1.5)
            assert listening.count(BACK) == 1
    finally:
        province.kill()


# in Chromium


@pytest.fixture(scope="module")
def hall(province: Province) -> Iterator[Served]:
    """A hall's own site, another origin of the same machine: registered for every way to hear of a logout."""
    with serving(name="localhost") as served:
        for path in ("/callback", "/front", "/bye", "/favicon.ico"):
            served.put(path, b"<!doctype html><title>hall</title>", Content_Type="text/html")
        frame = f'<iframe id="op" src="{province.issuer}/session-frame"></iframe>'
        served.put("/check", b"<!doctype html><title>hall</title>" + frame.encode(), Content_Type="text/html")
        client, secret = stranger(
            "framed",
            redirect_uris=(f"{served.origin}/callback", f"{elsewhere(served)}/callback"),
            post_logout_redirect_uris=(f"{served.origin}/bye",),
            frontchannel_logout_uri=f"{served.origin}/front?a=b",
            frontchannel_logout_session_required=True,
            pkce_required=False,
            trusted=True,
        )
        served.put("/secret", secret.encode())
        register(province, client)
        yield served


def log_in(page: Page, province: Province, hall: Served, number: str) -> tuple[str, str]:
    """The ID token and session_state of a login."""
    back = f"{hall.origin}/callback"
    asked = {"client_id": "framed", "redirect_uri": back, "response_type": "code", "scope": "openid"}
    page.goto(f"{province.issuer}/authorize?{urlencode(asked)}")
    chromium.log_in(page, province, number)
    page.wait_for_url(lambda url: url.startswith(back))
    answer = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": back}
    secret = hall.places["/secret"][2].decode()  # type: ignore[index]
    told = requests.post(f"{province.issuer}/token", data=form, auth=("framed", secret), timeout=SECONDS)
    return told.json()["id_token"], answer["session_state"]


def leave(province: Province, hall: Served, hint: str) -> str:
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": f"{hall.origin}/bye", "state": "s1"}
    return f"{province.issuer}/logout?{urlencode(asked)}"


def elsewhere(hall: Served) -> str:
    """The same site by its other name, which to browsers is another site than the provider's."""
    return hall.origin.replace("localhost", "127.0.0.1")


ASK = """message => new Promise(answered => {
  addEventListener('message', event => answered(event.data), {once: true});
  document.getElementById('op').contentWindow.postMessage(message, '*');
})"""


@pytest.mark.module("oidcc-frontchannel-rp-initiated-logout")
@pytest.mark.parametrize("scripts", [True, False])
def test_oidcc_frontchannel_rp_initiated_logout(
    province: Province, browser: Browser, hall: Served, *, scripts: bool
) -> None:
    with chromium.opened(browser, chromium.DESKTOP, java_script_enabled=scripts) as person:
        page = person.page()
        hint, _ = log_in(page, province, hall, LIN)
        hall.asked.clear()
        page.goto(leave(province, hall, hint), wait_until="commit")
        page.wait_for_url(f"{hall.origin}/bye?state=s1")
        fronts = [urlsplit(path) for _, path, _, _ in hall.asked if path.startswith("/front")]
        assert len(fronts) == 1
        sid = jwt.decode(hint, options={"verify_signature": False})["sid"]
        assert parse_qs(fronts[0].query) == {"a": ["b"], "iss": [province.issuer], "sid": [sid]}
        assert person.said == []


def test_a_hall_that_hangs_keeps_nobody(
    province: Province, browser: Browser, hall: Served, tmp_path: Path
) -> None:
    with chromium.opened(browser, chromium.DESKTOP) as person:
        page = person.page()
        hint, _ = log_in(page, province, hall, CHEN)
        before = hall.places["/front"]
        hall.put_raw("/front", lambda _: time.sleep(4))
        try:
            page.goto(leave(province, hall, hint), wait_until="commit")
            page.wait_for_selector("#onward")
            for size in (chromium.PHONE, chromium.DESKTOP):
                page.set_viewport_size(size["viewport"])
                chromium.check_page(page)
                page.screenshot(path=tmp_path / f"logged-out-{size['viewport']['width']}.png")
            page.wait_for_url(f"{hall.origin}/bye?state=s1")  # after three seconds
        finally:
            hall.places["/front"] = before
        assert person.said == []


@pytest.mark.module("oidcc-session-management-rp-initiated-logout")
def test_oidcc_session_management_rp_initiated_logout(
    province: Province, browser: Browser, hall: Served
) -> None:
    with chromium.opened(browser, chromium.DESKTOP) as person:
        page = person.page()
        hint, state = log_in(page, province, hall, LIN)

        def asked(message: str) -> str:
            return str(page.evaluate(ASK, message))

        page.goto(f"{hall.origin}/check")
        assert asked(f"framed {state}") == "unchanged"
        assert asked(f"framed {state}") == "unchanged"
        assert asked(f"hall-a {state}") == "changed"
        assert asked(f"framed {'0' * 64}.{state.partition('.')[2]}") == "changed"
        for bad in ("", "framed", f"framed {state} more", "framed x", "framed x.y.z", f" {state}"):
            assert asked(bad) == "error", bad
        # the browser hides our cookie from a frame of another site: no reason to think that anything changed
        page.goto(f"{elsewhere(hall)}/check")
        assert asked(f"framed {state}") == "error"
        page.goto(leave(province, hall, hint))
        page.wait_for_url(f"{hall.origin}/bye?state=s1")
        page.goto(f"{hall.origin}/check")
        assert asked(f"framed {state}") == "changed"
        assert person.said == []


def test_the_session_frame_is_for_halls_alone(province: Province, browser: Browser, hall: Served) -> None:
    """The same page from an origin that no client registered: Chromium refuses to show it."""
    with serving(name="localhost") as stranger, chromium.opened(browser, chromium.DESKTOP) as person:
        stranger.put("/check", hall.places["/check"][2], Content_Type="text/html")  # type: ignore[index]
        page = person.page()
        page.goto(f"{stranger.origin}/check")
        page.wait_for_timeout(200)
        assert "frame-ancestors" in person.said[0]
