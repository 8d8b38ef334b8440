"""A hall that logs people in by a popup: the window that waits is still there when the answer comes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser
from typing_extensions import override

from tests.flows.chromium import DESKTOP, agree, log_in, opened
from tests.flows.province import HUANG, Province
from tests.flows.test_form_post import CHALLENGE
from tests.served import serving

WAITING = b"""<!doctype html><title>waiting</title><script>
addEventListener('message', event => { if (event.origin === origin) document.title = event.data; });
</script>"""
ANSWERED = b"""<!doctype html><title>answered</title><script>
opener.postMessage('answered', origin);
</script>"""


class Everywhere(dict[str, Any]):
    """Answers at each path that nothing was put at: what stands in the query is the provider's."""

    @override
    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, (200, {"Content-Type": "text/html"}, ANSWERED))


@pytest.mark.module("oidcc-display-popup")
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_oidcc_display_popup(province: Province, browser: Browser, mode: str) -> None:
    with serving() as hall, opened(browser, DESKTOP) as huang:
        hall.places = Everywhere()
        hall.put("/", WAITING, Content_Type="text/html")
        page = huang.page()
        page.goto(hall.origin + "/")
        asked = {
            "client_id": "try-me",
            "redirect_uri": f"{hall.origin}/callback",
            "response_type": "code",
            "response_mode": mode,
            "display": "popup",
            "prompt": "login",
            "scope": "openid profile",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        with page.expect_popup() as popped:
            page.evaluate("url => { open(url) }", f"{province.issuer}/authorize?{urlencode(asked)}")
        popup = popped.value
        log_in(popup, province, HUANG)
        agree(popup)
        page.wait_for_function("document.title === 'answered'")
        assert huang.said == []
