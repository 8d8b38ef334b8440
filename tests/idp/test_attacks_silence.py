"""Every refusal leaves a line in the log, a wrong password or code too; none holds what was typed."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.idp.conftest import LI, House


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["facts"] for record in caplog.records if record.getMessage() == "refused"]


def test_wrong_passwords_and_codes_are_logged_without_what_was_typed(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.import_rows(LI)
    house.account(LI["number"])
    browser = house.browser()
    with caplog.at_level(logging.INFO, logger="web"):
        for _ in range(6):
            browser.log_in(LI["number"], "a wrong password")
        browser.send("/activate", {"name": LI["name"], "identifier": LI["number"]})
        browser.send("/activate/code", {"code": "123456789012"})
    facts = told(caplog)
    assert [each["status"] for each in facts if each["endpoint"] == "/login"] == [403] * 4 + [429] * 2
    assert [each["status"] for each in facts if each["endpoint"] == "/activate/code"] == [403]
    for secret in (LI["number"], LI["name"], "a wrong password", "123456789012"):
        assert secret not in repr(facts)
