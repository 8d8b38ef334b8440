"""Every way in which a login ends is told to the halls: what stands in the outbox once its work is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from idp.oauth.clients.client import Client
from idp.oauth.clients.registered import put
from idp.sessions import records, session_client
from idp.sessions.session import Session
from tests.idp.conftest import COMPANY, LI, OFFICE, OUYANG, PASSWORD, Browser, House

NEW_PASSWORD = "another long way to Wuyi Shan"


def _begin(house: House, *, organisation: bool = False) -> tuple[Browser, Session]:
    """A browser whose session has logged into a hall."""
    house.clock.now += 1  # the latest is this one
    browser = house.browser()
    if organisation:
        browser.send("/login", {"identifier": COMPANY["number"], "password": ""})
        told = browser.send("/login/acting", {"identifier": LI["number"], "password": PASSWORD})
    else:
        told = browser.log_in(LI["number"])
    assert told.status_code == 303
    (row,) = house.rows("SELECT id FROM session ORDER BY started DESC, id LIMIT 1")
    session = house.durable.read(lambda tx: records.living(tx, bytes(row[0]), house.clock()))
    assert session is not None
    house.durable.write(lambda tx: session_client.note(tx, session, "hall-a"))
    return browser, session


def _untold(house: House) -> list[tuple[bytes, bytes]]:
    house.durable.write(lambda tx: session_client.sweep(tx, house.clock(), 100))
    found = house.rows("SELECT session, holder_key FROM logout_outbox WHERE client_id = 'hall-a'")
    return [(bytes(row[0]), bytes(row[1])) for row in found]


@pytest.fixture
def li(either_house: House) -> House:
    either_house.import_rows(LI, OUYANG, COMPANY, OFFICE)
    either_house.account(LI["number"], level=3)
    return either_house


BY_THE_REGISTER: dict[str, Callable[[House], object]] = {
    "disabled": lambda house: house.import_rows({**LI, "state": "停用"}),
    "deceased": lambda house: house.import_rows({**LI, "state": "死亡"}),
}
OF_THE_COMPANY: dict[str, Callable[[House], object]] = {
    **BY_THE_REGISTER,
    "deregistered": lambda house: house.import_rows({**COMPANY, "state": "注销"}),
    "office over": lambda house: house.import_rows(OFFICE | {"begins": "2020-01-01", "ends": "2021-01-01"}),
}


@pytest.mark.parametrize("how", BY_THE_REGISTER)
def test_the_register_ends_a_persons_login(li: House, how: str) -> None:
    _, session = _begin(li)
    assert _untold(li) == []
    BY_THE_REGISTER[how](li)
    assert _untold(li) == [(session.id, session.holder_key)]


@pytest.mark.parametrize("how", OF_THE_COMPANY)
def test_the_register_ends_a_login_for_a_company(li: House, how: str) -> None:
    _, session = _begin(li, organisation=True)
    assert _untold(li) == []
    OF_THE_COMPANY[how](li)
    assert _untold(li) == [(session.id, session.acting_for)], "the hall knows the company"


def test_what_the_register_says_of_others_ends_nothing(li: House) -> None:
    _begin(li)
    li.import_rows({**OUYANG, "state": "停用"}, {**LI, "name": "李晓明"}, {**COMPANY, "state": "注销"})
    assert _untold(li) == []
    assert li.rows("SELECT COUNT(*) FROM session_client") == [(1,)]


def test_a_new_password_ends_the_others(li: House) -> None:
    _, other = _begin(li)
    browser, _ = _begin(li)
    changed = {"password": PASSWORD, "new_password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
    assert browser.send("/account/password", changed).status_code == 303
    assert [session for session, _ in _untold(li)] == [other.id]


def test_the_account_page_ends_another(li: House) -> None:
    _, other = _begin(li)
    browser, _ = _begin(li)
    browser.send("/account/sessions/end", {"session": other.id.hex()}, form_of="/account")
    assert [session for session, _ in _untold(li)] == [other.id]


def test_another_person_in_the_same_browser_ends_it(li: House) -> None:
    li.account(OUYANG["number"])
    browser, session = _begin(li)
    assert browser.log_in(OUYANG["number"]).status_code == 303
    assert [session for session, _ in _untold(li)] == [session.id]


@pytest.mark.parametrize("own", [False, True])
def test_logging_out_on_the_account_page_has_the_halls_frames(li: House, *, own: bool) -> None:
    """By the button, and by ending the session that one is in."""
    client = Client(
        client_id="hall-a",
        name_zh="大厅甲",
        name_en="Hall A",
        secret_hashes=("0" * 64,),
        redirect_uris=("https://hall.example/callback",),
        frontchannel_logout_uri="https://hall.example/front",
    )
    li.durable.write(lambda tx: put(tx, client, li.clock()))
    browser, session = _begin(li)
    if own:
        left = browser.send("/account/sessions/end", {"session": session.id.hex()}, form_of="/account")
    else:
        left = browser.send("/account/logout", {}, form_of="/account")
    assert left.status_code == 200
    assert 'src="https://hall.example/front?iss=' in left.text
    assert 'href="/login"' in left.text
    assert "frame-src https://hall.example;" in left.headers["Content-Security-Policy"] + ";"
    assert browser.get("/account").status_code == 303


def test_a_sweep_is_bounded_and_goes_on(li: House) -> None:
    _, session = _begin(li)
    for number in range(30):
        li.durable.write(lambda tx, number=number: session_client.note(tx, session, f"hall-{number}"))  # type: ignore[misc]
    li.clock.now += 13 * 3600
    seen = 0
    while li.durable.write(lambda tx: session_client.sweep(tx, li.clock(), 5)):
        seen += 1
    assert seen >= 1
    assert li.rows("SELECT COUNT(*) FROM logout_outbox") == [(31,)]


def test_rows_of_a_session_that_is_gone_go(li: House) -> None:
    _, session = _begin(li)
    li.durable.write(lambda tx: records.sweep(tx, session.ends, 10))
    li.clock.now = session.ends
    assert _untold(li) == []
    assert li.rows("SELECT COUNT(*) FROM session_client") == [(0,)]
