"""Whatever is sent to a page: never a fault of ours, and a refused request changes nothing but counters."""

from __future__ import annotations

import pytest

from tests.idp.conftest import LI, House

FIELDS = (
    "identifier",
    "password",
    "otp",
    "name",
    "code",
    "password_again",
    "new_password",
    "session",
    "client",
)
JUNK = (
    "\u0000",
    "\ufeff\u202e",
    "🦆" * 40,
    "A" * 20_000,
    "%00",
    "-1",
    "' OR 1=1 --",
    "９" * 18,
    "\r\nX: y",
    "ﷺ" * 100,
)


@pytest.mark.parametrize("signed_in", [False, True])
def test_junk_in_every_form(house: House, *, signed_in: bool) -> None:
    house.import_rows(LI)
    house.account(LI["number"])
    paths = {each.path for each in house.provider.endpoints if each.page and "<" not in each.path}
    assert len(paths) > 10
    for path in sorted(paths - {"/account/logout", "/logout", "/logout/confirm"}):
        browser = house.browser()
        if signed_in:
            assert browser.log_in(LI["number"]).status_code == 303
        for junk in JUNK:
            reply = browser.send(path, dict.fromkeys(FIELDS, junk), form_of="/login")
            assert reply.status_code < 500, (path, junk, reply.text)
            assert LI["number"] not in reply.text
        assert browser.get(path + "?return_to=%ff").status_code < 500
    assert [row[0] for row in house.rows("SELECT COUNT(*) FROM password")] == [1]
    assert house.rows("SELECT holder_key FROM totp") == []
    assert (
        house.browser().http.post("/login", data=b"\xff\xfe", base_url="http://localhost:8000").status_code
        < 500
    )
