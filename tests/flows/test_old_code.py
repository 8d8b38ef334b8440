"""The code on the holder's screen turns by itself, and a picture of an old one is worthless.

Alone in its file: pytest-xdist gives out files with few tests last, when the picture is old already.
"""

from __future__ import annotations

import time

from playwright.sync_api import Browser

from tests.flows.chromium import PHONE, Early, check_page, code_shown, opened, scanned, verdict
from tests.flows.province import Province

CODE_LIVES = 60


def test_the_page_turns_the_code_and_an_old_picture_is_worthless(
    province: Province, browser: Browser, early: Early
) -> None:
    early.page.wait_for_timeout(max(0.0, (early.at + CODE_LIVES + 1 - time.time()) * 1000))
    assert time.time() >= early.at + CODE_LIVES + 1
    assert scanned(early.screenshot) == early.address
    with opened(browser, PHONE) as somebody:
        camera = somebody.page()
        assert verdict(camera, early.address) == "code_expired"
        check_page(camera)
        shown = code_shown(early.page)
        assert shown != early.address
        assert scanned(early.page.screenshot()) == shown
        assert verdict(camera, shown) == "valid"
        assert somebody.said == []
