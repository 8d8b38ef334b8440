"""npm express-openid-connect, unchanged: it logs people in and hears by the back channel that they left.

Of Node it needs 20.19; on an older one, such as Debian 12's own, these tests say so and are skipped.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.flows.plain_browser import PlainBrowser
from tests.flows.province import CHEN, LIN, Province, free_ports
from tests.flows.strangers import register, stranger

FOREIGN = Path(__file__).parents[1] / "foreign"
SECONDS = 15
NODE = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
OLD = tuple(map(int, NODE.removeprefix("v").split(".")[:2])) < (20, 19)
pytestmark = pytest.mark.skipif(OLD, reason=f"express-openid-connect needs Node 20.19, this is {NODE}")


@pytest.fixture(scope="module")
def hall(province: Province) -> Iterator[str]:
    """The hall's origin."""
    (port,) = free_ports(1)
    origin = f"http://localhost:{port}"
    client, secret = stranger(
        "express",
        redirect_uris=(f"{origin}/callback",),
        post_logout_redirect_uris=(origin,),
        backchannel_logout_uri=f"{origin}/backchannel-logout",
    )
    register(province, client)
    told = {
        "issuer": province.issuer,
        "clientID": client.client_id,
        "clientSecret": secret,
        "origin": origin,
        "secret": secrets.token_hex(32),
    }
    process = subprocess.Popen(["node", "express_hall.mjs"], cwd=FOREIGN, stdin=subprocess.PIPE)
    try:
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(json.dumps(told).encode())
        until = time.monotonic() + SECONDS
        while not _answers(origin):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        yield origin
    finally:
        process.terminate()
        process.wait(SECONDS)


def _answers(address: str) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(address, timeout=SECONDS).text == "stranger"
    return False


def _log_in(province: Province, hall: str, browser: PlainBrowser, number: str, name: str) -> None:
    browser.get(f"{hall}/mine").log_in(province, number).agree()
    assert browser.page.text == name
    assert browser.get(hall).page.text != "stranger"


def test_it_hears_of_a_logout_elsewhere(province: Province, hall: str) -> None:
    with PlainBrowser() as lin, PlainBrowser() as chen:
        _log_in(province, hall, lin, LIN, "林漫")
        _log_in(province, hall, chen, CHEN, "陈小游")
        lin.get(f"{province.issuer}/account").send("/account/logout")
        until = time.monotonic() + SECONDS
        while lin.get(hall).page.text != "stranger":
            assert time.monotonic() < until, "it never heard of the logout"
            time.sleep(0.05)
        assert "/login?" in lin.get(f"{hall}/mine").url
        assert chen.get(hall).page.text != "stranger"


def test_after_a_new_login_the_hall_lets_in_again(province: Province, hall: str) -> None:
    with PlainBrowser() as browser:
        _log_in(province, hall, browser, LIN, "林漫")


def test_its_own_logout_is_one_everywhere(province: Province, hall: str) -> None:
    with PlainBrowser() as browser:
        _log_in(province, hall, browser, LIN, "林漫")
        browser.get(f"{hall}/logout")
        assert browser.url.rstrip("/") == hall
        assert browser.page.text == "stranger"
        assert "/login" in browser.get(f"{province.issuer}/account").url
