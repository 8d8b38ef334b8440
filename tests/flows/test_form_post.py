"""response_mode=form_post in a real browser: the page goes on by itself, or by its button without scripts."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import Browser

from tests.flows.chromium import DESKTOP, PHONE, agree, check_page, log_in, opened
from tests.flows.province import HUANG, Province
from tests.served import serving

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636, appendix B."""


@pytest.mark.parametrize("scripts", [True, False])
def test_the_answer_is_posted_to_the_hall(province: Province, browser: Browser, *, scripts: bool) -> None:
    with (
        serving() as hall,
        opened(browser, DESKTOP if scripts else PHONE, java_script_enabled=scripts) as huang,
    ):
        hall.put("/callback", b"<!doctype html><title>hall</title>", Content_Type="text/html")
        asked = {
            "client_id": "try-me",
            "redirect_uri": f"{hall.origin}/callback",
            "response_type": "code",
            "response_mode": "form_post",
            "scope": "openid profile",
            "state": '"><s>x</s>',
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        page = huang.page()
        page.goto(f"{province.issuer}/authorize?{urlencode(asked)}")
        log_in(page, province, HUANG)
        agree(page)
        if not scripts:
            assert page.url.startswith(f"{province.issuer}/authorize?")
            check_page(page)
            page.click("main button")
        page.wait_for_url(f"{hall.origin}/callback")
        [(method, _, headers, body)] = [each for each in hall.asked if each[1] == "/callback"]
        found = parse_qs(body.decode())
        assert (method, headers["origin"]) == ("POST", province.issuer)
        assert sorted(found) == ["code", "iss", "session_state", "state"]
        assert (found["state"], found["iss"]) == ([asked["state"]], [province.issuer])
        assert huang.said == []
