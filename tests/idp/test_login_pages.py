from __future__ import annotations

from tests.idp.conftest import LI, PASSWORD, House


def test_a_person_logs_in_and_sees_the_account(house: House) -> None:
    house.import_rows(LI)
    house.account(LI["number"])
    browser = house.browser()
    reply = browser.log_in(LI["number"])
    assert reply.status_code == 303, reply.text
    assert reply.headers["Location"] == "/account"
    page = browser.get("/account")
    assert page.status_code == 200
    assert "李小明" in page.text
    assert LI["number"] not in page.text
