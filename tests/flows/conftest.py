"""One running province and one Chromium for each worker of xdist."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.flows import chromium
from tests.flows.province import CATERING, HUANG, Province


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    found = Province(tmp_path_factory.mktemp("province") / "var")
    try:
        yield found.start()
    finally:
        found.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.begun() as found:
        yield found


@pytest.fixture(scope="session")
def early(province: Province, browser: Browser) -> Iterator[chromium.Early]:
    """Taken before the stories, so that the test of an old picture need hardly wait until it is old."""
    with chromium.opened(browser, chromium.DESKTOP) as huang:
        page = huang.page()
        page.goto(f"{province.portal}/login")
        chromium.log_in(page, province, HUANG, CATERING)
        chromium.show_code(page, province, "食品经营许可证")
        yield chromium.Early(page, chromium.code_shown(page), page.screenshot(), time.time())
        assert huang.said == []
