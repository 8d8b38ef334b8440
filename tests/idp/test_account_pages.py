"""One's own account: sessions ended, password changed, one-time codes on and off."""

from __future__ import annotations

import base64
import re

import pytest

from idp.factors import totp
from idp.oauth import consent
from idp.oauth.claims.claims import Part, Want
from idp.oauth.claims.claims_request import Wanted, canonical
from idp.oauth.grantee import Grantee
from store import Tx
from tests.idp.conftest import LI, OUYANG, PASSWORD, Browser, House
from tests.idp.test_login_pages import SECRET, bind_totp, code, signed_in

NEW = "many roads lead to Xiamen"


@pytest.fixture
def town(house: House) -> House:
    house.import_rows(LI, OUYANG)
    house.account(LI["number"])
    house.account(OUYANG["number"])
    return house


def logged_in(house: House, number: str = LI["number"]) -> Browser:
    browser = house.browser()
    assert browser.log_in(number).status_code == 303
    return browser


def handles(browser: Browser) -> list[str]:
    return re.findall(r'name="session" value="([^"]+)"', browser.get("/account").text)


def test_ending_another_session_and_ones_own(town: House) -> None:
    first = logged_in(town)
    town.clock.advance(61)
    second = logged_in(town)
    mine, other = handles(second)
    assert second.send("/account/sessions/end", {"session": other}, form_of="/account").status_code == 303
    assert not signed_in(first)
    assert signed_in(second)
    second.send("/account/sessions/end", {"session": mine}, form_of="/account")
    assert not signed_in(second)


def test_nobody_ends_anothers_session(town: House) -> None:
    other = logged_in(town, OUYANG["number"])
    [handle] = handles(other)
    mine = logged_in(town)
    mine.send("/account/sessions/end", {"session": handle}, form_of="/account")
    assert signed_in(other)


def test_a_hall_shows_what_it_was_allowed_one_by_one(town: House) -> None:
    browser, now = logged_in(town), town.clock()
    grantee = Grantee(town.holder(LI["number"]), b"", "some-hall")
    name = Part({"name": Want(), "birthdate": Want()})
    digest, claims = canonical(Wanted(userinfo=name))
    details = {digest: claims, b"d" * 16: '{"type":"count","most":3}', b"e" * 16: '{"type":"x","userinfo":1}'}

    def work(tx: Tx) -> None:
        scopes = frozenset({"openid", "profile"})
        consent.give(
            tx, grantee, scopes=scopes, details=details, first_party=False, now=now, event_id=b"i" * 16
        )

    town.durable.write(work)
    page = browser.get("/account").text
    assert "您的出生日期" in page
    assert "您的姓名或单位名称，以及" in page
    assert page.count("Your name") == 1  # the scope says it


def test_logging_out(town: House) -> None:
    browser = logged_in(town)
    before = browser.cookie("manyou") or ""
    assert browser.send("/account/logout", {}, form_of="/account").headers["Location"] == "/login"
    browser.http.set_cookie("manyou", before, domain="localhost")
    assert not signed_in(browser)


def test_changing_the_password_ends_the_other_sessions(town: House) -> None:
    other = logged_in(town)
    browser = logged_in(town)
    fields = {"password": PASSWORD, "new_password": NEW, "password_again": NEW}
    assert browser.send("/account/password", {**fields, "password": "wrong one"}).status_code == 403
    assert browser.send("/account/password", {**fields, "password_again": "else"}).status_code == 400
    assert (
        browser.send("/account/password", {**fields, "new_password": "1", "password_again": "1"}).status_code
        == 400
    )
    town.clock.advance(1)
    assert browser.send("/account/password", fields).status_code == 303
    assert signed_in(browser)
    assert not signed_in(other)
    assert town.browser().log_in(LI["number"], PASSWORD).status_code == 403
    assert town.browser().log_in(LI["number"], NEW).status_code == 303


def test_guessing_the_present_password_is_counted(town: House) -> None:
    browser = logged_in(town)
    fields = {"password": "wrong one", "new_password": NEW, "password_again": NEW}
    statuses = [browser.send("/account/password", fields).status_code for _ in range(6)]
    assert statuses == [403] * 5 + [429]


def enrol(house: House, browser: Browser) -> bytes:
    import base64

    page = browser.get("/account/totp").text
    found = re.search(r"secret=([A-Z2-7]+)", page)
    assert found
    secret = base64.b32decode(found[1])
    reply = browser.send("/account/totp", {"otp": totp.code_at(secret, house.clock() // 30)})
    assert reply.status_code == 303, reply.text
    return secret


def test_one_time_codes_are_turned_on_and_the_session_rises(town: House) -> None:
    browser = logged_in(town)
    before = browser.cookie("manyou")
    secret = enrol(town, browser)
    assert browser.cookie("manyou") != before
    assert signed_in(browser)
    town.clock.advance(30)
    other = town.browser()
    assert other.log_in(LI["number"]).headers["Location"] == "/login/otp"
    reply = other.send("/login/otp", {"otp": totp.code_at(secret, town.clock() // 30)})
    assert reply.status_code == 303
    assert signed_in(other)


def test_the_code_that_turned_them_on_is_used(town: House) -> None:
    secret = enrol(town, logged_in(town))
    other = town.browser()
    other.log_in(LI["number"], otp=totp.code_at(secret, town.clock() // 30))
    assert not signed_in(other)


def test_a_wrong_code_turns_nothing_on_and_keeps_the_secret(town: House) -> None:
    browser = logged_in(town)
    shown = re.findall(r"secret=([A-Z2-7]+)", browser.get("/account/totp").text)
    reply = browser.send("/account/totp", {"otp": "00000000"})
    assert reply.status_code == 403
    assert re.findall(r"secret=([A-Z2-7]+)", reply.text) == shown
    assert town.rows("SELECT holder_key FROM totp") == []


def test_a_secret_shown_in_one_session_binds_in_no_other(town: House) -> None:
    victim, thief = logged_in(town), logged_in(town, OUYANG["number"])
    thief.get("/account/totp")
    planted = thief.cookie("manyou-totp") or ""
    victim.http.set_cookie("manyou-totp", planted, domain="localhost")
    shown = re.findall(r"secret=([A-Z2-7]+)", thief.get("/account/totp").text)
    assert re.findall(r"secret=([A-Z2-7]+)", victim.get("/account/totp").text) != shown


def test_turning_them_on_takes_a_login_of_a_moment_ago(town: House) -> None:
    """A browser left open, or a cookie that was found, binds no app that would lock the owner out."""
    browser = logged_in(town)
    secret = base64.b32decode(
        re.findall(r"secret=([A-Z2-7]+)", browser.get("/account/totp").text)[0].ljust(32, "=")
    )
    town.clock.advance(901)
    reply = browser.get("/account/totp")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login?return_to=/account/totp")
    sent = {"otp": totp.code_at(secret, town.clock() // 30)}
    reply = browser.send("/account/totp", sent, form_of="/account")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login?return_to=/account/totp")
    assert town.rows("SELECT holder_key FROM totp") == []
    form = {"identifier": LI["number"], "password": PASSWORD}
    assert browser.send("/login?return_to=/account/totp", form).headers["Location"] == "/account/totp"
    assert "secret=" in browser.get("/account/totp").text


def test_turning_them_off_takes_the_password(town: House) -> None:
    bind_totp(town)
    browser = town.browser()
    browser.log_in(LI["number"], otp=code(town))
    assert (
        browser.send("/account/totp/off", {"password": "wrong one"}, form_of="/account/totp").status_code
        == 403
    )
    assert town.rows("SELECT holder_key FROM totp") != []
    assert (
        browser.send("/account/totp/off", {"password": PASSWORD}, form_of="/account/totp").status_code == 303
    )
    assert town.rows("SELECT holder_key FROM totp") == []
    assert SECRET
    assert town.browser().log_in(LI["number"]).headers["Location"] == "/account"


@pytest.mark.parametrize("path", ["/account", "/account/password", "/account/totp"])
def test_every_page_of_the_account_needs_a_login(town: House, path: str) -> None:
    reply = town.browser().get(path)
    assert (reply.status_code, reply.headers["Location"]) == (303, f"/login?return_to={path}")


@pytest.mark.parametrize(
    "path",
    [
        "/account/sessions/end",
        "/account/halls/end",
        "/account/logout",
        "/account/password",
        "/account/totp/off",
    ],
)
def test_every_act_on_the_account_needs_a_login(town: House, path: str) -> None:
    reply = town.browser().send(path, {}, form_of="/login")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/login?return_to=/account")
