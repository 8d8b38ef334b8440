"""Logging in on pages: equal answers, tries and delays, one-time codes, organisations, fixation."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from idp.factors import totp
from tests.idp.conftest import COMPANY, LI, OFFICE, OUYANG, PASSWORD, Browser, House

NOBODY = "350000200002290037"
SECRET = b"12345678901234567890"


def answer(reply: TestResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without what is random in every page: form token, request id, sealed cookies."""
    text = re.sub(r'name="csrf" value="[^"]+"', "", reply.text)
    headers = [
        (name, re.sub(r"=[^;]+;", "=;", value, count=1) if name == "Set-Cookie" else value)
        for name, value in reply.headers
        if name != "X-Request-Id"
    ]
    return reply.status_code, text, headers


@pytest.fixture
def town(house: House) -> House:
    house.import_rows(LI, OUYANG, COMPANY, OFFICE)
    house.account(LI["number"], level=3)
    house.account(OUYANG["number"], level=3)
    return house


def bind_totp(house: House, number: str = LI["number"]) -> None:
    now = house.clock()
    code = totp.code_at(SECRET, now // 30)
    assert house.provider.accounts.bind_totp(house.holder(number), SECRET, code, now, channel="test")
    house.clock.advance(30)


def code(house: House) -> str:
    return totp.code_at(SECRET, house.clock() // 30)


def signed_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def wrong(browser: Browser, number: str, times: int) -> TestResponse:
    for _ in range(times):
        reply = browser.log_in(number, "a wrong password")
    return reply


def test_a_person_logs_in_and_sees_the_account(town: House) -> None:
    browser = town.browser()
    reply = browser.log_in(LI["number"])
    assert (reply.status_code, reply.headers["Location"]) == (303, "/account")
    page = browser.get("/account")
    assert page.status_code == 200
    assert "李小明" in page.text
    assert LI["number"] not in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "typed",
    [
        "35000019850615002x",
        "３５００００１９８５０６１５００２Ｘ",
        " 350000 19850615 002X ",
        "350000850615002",
    ],
)
def test_spellings_of_one_number_are_one_account_and_one_counter(town: House, typed: str) -> None:
    wrong(town.browser(), OUYANG["number"], 5)
    assert town.browser().log_in(typed).status_code == 429
    town.clock.advance(30)
    assert town.browser().log_in(typed).status_code == 303


@pytest.mark.parametrize("times", [1, 5, 6])
def test_unknown_accounts_get_the_same_answers(town: House, times: int) -> None:
    known, unknown = (wrong(town.browser(), number, times) for number in (LI["number"], NOBODY))
    assert answer(known) == answer(unknown)
    for number in (LI["number"], NOBODY):
        assert number not in known.text + unknown.text


def test_an_unknown_spelling_is_one_counter_too(town: House) -> None:
    wrong(town.browser(), NOBODY, 5)
    assert wrong(town.browser(), "３５００００２０００" + NOBODY[10:], 1).status_code == 429


@pytest.mark.parametrize(
    "typed", ["x", "🦆", "1" * 64, "A" * 200, "91350000MADEM00031", "'; DROP TABLE person;--"]
)
def test_nonsense_is_answered_like_a_number(town: House, typed: str) -> None:
    assert answer(wrong(town.browser(), typed, 1)) == answer(wrong(town.browser(), NOBODY, 1))


def test_the_right_password_waits_like_a_wrong_one(town: House) -> None:
    reply = wrong(town.browser(), LI["number"], 5)
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "30")
    town.clock.advance(29)
    assert town.browser().log_in(LI["number"]).status_code == 429
    town.clock.advance(1)
    assert town.browser().log_in(LI["number"]).status_code == 303


def test_strangers_cannot_keep_out_a_browser_that_logged_in_before(town: House) -> None:
    mine = town.browser()
    mine.log_in(LI["number"])
    wrong(town.browser(), LI["number"], 6)
    assert mine.log_in(LI["number"]).status_code == 303


def test_a_known_browser_has_a_counter_of_its_own(town: House) -> None:
    mine = town.browser()
    mine.log_in(LI["number"])
    assert wrong(mine, LI["number"], 5).status_code == 429
    assert town.browser().log_in(LI["number"]).status_code == 303, "its tries close no other place"


def test_the_device_cookie_of_another_person_makes_nobody_known(town: House) -> None:
    other = town.browser()
    other.log_in(OUYANG["number"])
    wrong(town.browser(), LI["number"], 5)
    assert other.log_in(LI["number"]).status_code == 429


def test_after_a_hundred_only_the_phone_helps_and_known_browsers_go_on(town: House) -> None:
    mine = town.browser()
    mine.log_in(LI["number"])
    stranger = town.browser()
    for _ in range(100):
        reply = stranger.log_in(LI["number"], "a wrong password")
        town.clock.advance(int(reply.headers.get("Retry-After", "0")))
    reply = town.browser().log_in(LI["number"])
    assert reply.status_code == 429
    assert "Retry-After" not in reply.headers
    assert mine.log_in(LI["number"]).status_code == 303


def test_one_time_codes_are_a_second_step(town: House) -> None:
    bind_totp(town)
    browser = town.browser()
    reply = browser.log_in(LI["number"])
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login/otp")
    assert not signed_in(browser), "the first factor alone opens nothing"
    reply = browser.send("/login/otp", {"otp": "00000000"})
    assert reply.status_code == 403
    reply = browser.send("/login/otp", {"otp": code(town)})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/account")
    assert signed_in(browser)
    assert town.rows("SELECT factors FROM session WHERE ended = 0")[0][0].count("otp") == 1


def test_one_time_codes_on_the_same_form(town: House) -> None:
    bind_totp(town)
    browser = town.browser()
    assert browser.log_in(LI["number"], otp=code(town)).status_code == 303
    assert signed_in(browser)


def test_a_one_time_code_is_good_once(town: House) -> None:
    bind_totp(town)
    used = code(town)
    assert signed_in_with(town, used)
    assert not signed_in_with(town, used)
    town.clock.advance(30)
    assert not signed_in_with(town, used), "also not within the drift of the next step"
    assert signed_in_with(town, code(town))


def signed_in_with(house: House, otp: str) -> bool:
    browser = house.browser()
    browser.log_in(LI["number"], otp=otp)
    return signed_in(browser)


def test_a_second_step_without_a_first_leads_to_the_login(town: House) -> None:
    bind_totp(town)
    browser = town.browser()
    reply = browser.send("/login/otp", {"otp": code(town)}, form_of="/login")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login")
    assert not signed_in(browser)


def test_a_first_factor_ends_after_five_minutes_and_with_the_password(town: House) -> None:
    bind_totp(town)
    browser = town.browser()
    browser.log_in(LI["number"])
    town.clock.advance(300)
    assert browser.send("/login/otp", {"otp": code(town)}, form_of="/login").headers["Location"] == "/login"
    browser.log_in(LI["number"])
    town.clock.advance(1)
    holder, now = town.holder(LI["number"]), town.clock()
    town.provider.accounts.bind_password(holder, "another long password", channel="test", now=now)
    assert browser.send("/login/otp", {"otp": code(town)}, form_of="/login").status_code == 403
    assert not signed_in(browser)


def test_the_code_counter_is_not_reset_by_the_password(town: House) -> None:
    bind_totp(town)
    for _ in range(5):
        browser = town.browser()
        reply = browser.log_in(LI["number"], otp="00000000")
    assert reply.status_code == 429
    assert town.browser().log_in(LI["number"], otp=code(town)).status_code == 429
    town.clock.advance(30)
    assert town.browser().log_in(LI["number"], otp=code(town)).status_code == 303


def test_an_organisation_is_acted_for_by_its_office_holder(town: House) -> None:
    browser = town.browser()
    reply = browser.log_in(COMPANY["number"], "")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login/acting")
    reply = browser.send("/login/acting", {"identifier": LI["number"], "password": PASSWORD})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/account")
    page = browser.get("/account").text
    assert COMPANY["name"] in page
    assert "法定代表人" in page
    assert len(town.rows("SELECT id FROM session WHERE ended = 0")) == 1


def acting(
    house: House, number: str, password: str = PASSWORD, company: str = COMPANY["number"]
) -> TestResponse:
    browser = house.browser()
    browser.log_in(company, "")
    return browser.send("/login/acting", {"identifier": number, "password": password})


def test_wrong_office_wrong_password_and_nobody_are_one_answer(town: House) -> None:
    no_office = answer(acting(town, OUYANG["number"]))
    assert no_office[0] == 403
    assert no_office == answer(acting(town, OUYANG["number"], "a wrong password"))
    assert no_office == answer(acting(town, NOBODY))


def test_an_unknown_organisation_is_one_answer_with_a_wrong_office(town: House) -> None:
    unknown = "91350000MADEM0011T"
    found = acting(town, LI["number"], company=unknown)
    other = acting(town, OUYANG["number"])
    assert found.status_code == 403
    assert answer(found)[1].replace(unknown, "") == answer(other)[1].replace(COMPANY["number"], "")


def test_below_r3_nobody_acts(house: House) -> None:
    house.import_rows(LI, COMPANY, OFFICE)
    house.account(LI["number"], level=2)
    assert acting(house, LI["number"]).status_code == 403


@pytest.mark.parametrize("state", ["注销", "迁出", "合并", "分立", "个转企"])
def test_an_organisation_that_has_ended_is_not_acted_for(town: House, state: str) -> None:
    town.import_rows({**COMPANY, "state": state})
    assert acting(town, LI["number"]).status_code == 403


@pytest.mark.parametrize("state", ["disabled", "deceased"])
def test_who_is_not_enabled_gets_the_common_answer(town: House, state: str) -> None:
    browser = town.browser()
    browser.log_in(LI["number"])
    town.import_rows({**LI, "state": state})
    assert not signed_in(browser)
    assert answer(town.browser().log_in(LI["number"])) == answer(wrong(town.browser(), NOBODY, 1))


def test_a_planted_cookie_never_becomes_a_session(town: House) -> None:
    browser = town.browser()
    planted = "A" * 43
    browser.http.set_cookie("manyou", planted, domain="localhost")
    browser.log_in(LI["number"])
    assert browser.cookie("manyou") != planted
    thief = town.browser()
    thief.http.set_cookie("manyou", planted, domain="localhost")
    assert not signed_in(thief)


def test_a_login_over_a_session_changes_the_secret_and_keeps_the_session(town: House) -> None:
    browser = town.browser()
    browser.log_in(LI["number"])
    before = browser.cookie("manyou") or ""
    browser.log_in(LI["number"])
    assert browser.cookie("manyou") != before
    thief = town.browser()
    thief.http.set_cookie("manyou", before, domain="localhost")
    assert not signed_in(thief)
    assert len(town.rows("SELECT id FROM session WHERE ended = 0")) == 1


def test_another_person_in_the_same_browser_ends_the_first_session(town: House) -> None:
    browser = town.browser()
    browser.log_in(LI["number"])
    browser.log_in(OUYANG["number"])
    assert town.rows("SELECT why FROM session WHERE ended <> 0") == [("replaced",)]
    assert "欧阳娜" in browser.get("/account").text


@pytest.mark.parametrize(
    ("asked", "to"),
    [
        ("/authorize?client_id=a%26b", "/authorize?client_id=a%26b"),
        ("/account/password", "/account/password"),
        ("//evil.example/authorize?", "/account"),
        ("/authorize//evil?", "/account"),
        ("https://evil.example/", "/account"),
        ("/\\evil.example", "/account"),
        ("/authorize?\r\nSet-Cookie: a=b", "/account"),
        ("/authorizeevil", "/account"),
        ("", "/account"),
    ],
)
def test_a_login_leads_to_our_own_addresses_only(town: House, asked: str, to: str) -> None:
    from urllib.parse import quote

    browser = town.browser()
    address = f"/login?return_to={quote(asked, safe='')}"
    reply = browser.send(address, {"identifier": LI["number"], "password": PASSWORD})
    assert (reply.status_code, reply.headers["Location"]) == (303, to)


def test_where_it_leads_is_kept_through_every_step(town: House) -> None:
    bind_totp(town)
    browser = town.browser()
    to = "/authorize?client_id=x&scope=openid"
    reply = browser.send(
        "/login?return_to=%2Fauthorize%3Fclient_id%3Dx%26scope%3Dopenid", {"identifier": COMPANY["number"]}
    )
    reply = browser.send(reply.headers["Location"], {"identifier": LI["number"], "password": PASSWORD})
    reply = browser.send(reply.headers["Location"], {"otp": code(town)})
    assert reply.headers["Location"] == to


def test_a_form_without_its_token_changes_nothing(town: House) -> None:
    browser = town.browser()
    browser.get("/login")
    reply = browser.http.post(
        "/login",
        data={"identifier": LI["number"], "password": "wrong"},
        base_url="http://localhost:8000",
    )
    assert reply.status_code == 403
    assert town.rows("SELECT owner FROM attempts") == []


@pytest.mark.parametrize(
    "fields", [{}, {"identifier": LI["number"]}, {"password": "x"}, {"identifier": "", "password": ""}]
)
def test_missing_fields_are_told(town: House, fields: dict[str, str]) -> None:
    reply = town.browser().send("/login", fields)
    assert reply.status_code == 400
    assert 'role="alert"' in reply.text


def test_a_cookie_of_junk_is_no_session(town: House) -> None:
    for junk in ("x", "=" * 43, "é" * 43, "A" * 4000):
        browser = town.browser()
        browser.http.set_cookie("manyou", junk, domain="localhost")
        assert browser.get("/account").headers["Location"] == "/login?return_to=/account"
