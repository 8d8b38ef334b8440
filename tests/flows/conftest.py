"""One running province and one Chromium for each worker of xdist."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.flows import chromium
from tests.flows.province import Province


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
