"""Nobody becomes somebody by knowing a name and a number ."""

from __future__ import annotations

import re

import pytest

from tests.idp.conftest import LI, NO_PHONE, OUYANG, PASSWORD, Browser, House
from tests.idp.test_login_pages import NOBODY, answer, signed_in

NEW = "many roads lead to Xiamen"


@pytest.fixture
def town(house: House) -> House:
    house.import_rows(LI, OUYANG, NO_PHONE)
    return house


def begin(browser: Browser, name: str, number: str) -> str:
    """The page that asks for the code, without its token."""
    reply = browser.send("/activate", {"name": name, "identifier": number})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/activate/code")
    return answer(browser.get("/activate/code"))[1]


def finish(browser: Browser, code: str, password: str = NEW) -> int:
    reply = browser.send("/activate/code", {"code": code})
    if reply.status_code != 303:
        return reply.status_code
    assert reply.headers["Location"] == "/activate/password"
    reply = browser.send("/activate/password", {"password": password, "password_again": password})
    return reply.status_code


def test_activation_by_the_phone_on_file(town: House) -> None:
    browser = town.browser()
    page = begin(browser, LI["name"], LI["number"])
    assert "00" in page
    assert LI["mobile"] not in page
    [(mobile, _)] = town.messages()
    assert mobile == LI["mobile"]
    assert finish(browser, town.sms_code()) == 303
    assert browser.log_in(LI["number"], NEW).status_code == 303
    assert "R2" in browser.get("/account").text
    tags = [row[0] for row in town.rows("SELECT tag FROM event ORDER BY id")]
    assert "idp.account_activated" in tags
    assert "idp.logged_in" in tags


def test_the_code_may_be_typed_in_groups_or_full_width(town: House) -> None:
    browser = town.browser()
    begin(browser, LI["name"], LI["number"])
    code = town.sms_code()
    wide = code[:4].translate({ord("0") + each: ord("０") + each for each in range(10)})
    assert finish(browser, f"{wide} {code[4:8]}-{code[8:]}") == 303


@pytest.mark.parametrize(
    ("name", "number"),
    [
        (LI["name"], NOBODY),
        ("王小明", LI["number"]),
        (NO_PHONE["name"], NO_PHONE["number"]),
        (LI["name"], "no number at all"),
        (LI["name"], "91350000MADEM00030"),
    ],
)
def test_who_does_not_match_sees_the_same_pages_and_no_message_goes_out(
    town: House, name: str, number: str
) -> None:
    other, mine = town.browser(), town.browser()
    pages = [begin(other, name, number), begin(mine, LI["name"], LI["number"])]
    assert len({re.sub(r"(尾号为|ends in) \d\d", r"\1 --", page) for page in pages}) == 1
    assert len(town.messages()) == 1
    replies = [answer(each.send("/activate/code", {"code": "1" * 12})) for each in (other, mine)]
    assert len({re.sub(r"(尾号为|ends in) \d\d", r"\1 --", reply[1]) for reply in replies}) == 1
    assert town.rows("SELECT holder_key FROM password") == []


def test_the_shown_tail_of_a_number_that_nobody_has_is_always_the_same_for_a_name(town: House) -> None:
    pages = {begin(town.browser(), name, NOBODY) for name in ("甲乙", "甲乙", " 甲乙 ")}
    assert len(pages) == 1


def test_a_stranger_with_name_number_and_own_phone_gets_nothing_and_locks_nobody_out(town: House) -> None:
    """The form takes no phone; the stranger asks all day, guesses in every flow, and tries the login too."""
    for _ in range(40):
        stranger = town.browser()
        stranger.send(
            "/activate",
            {"name": LI["name"], "identifier": LI["number"], "mobile": "13700137000", "phone": "1"},
        )
        for guess in range(6):
            reply = stranger.send("/activate/code", {"code": f"{guess:012d}"})
        assert reply.status_code == 429
        stranger.log_in(LI["number"], "a wrong password")
        town.clock.advance(1800)
    assert town.rows("SELECT holder_key FROM password") == []
    assert all(mobile == LI["mobile"] for mobile, _ in town.messages())
    owner = town.browser()
    begin(owner, LI["name"], LI["number"])
    assert finish(owner, town.sms_code()) == 303
    assert owner.log_in(LI["number"], NEW).status_code == 303


def test_activation_ends_strangers_counters_and_every_session(town: House) -> None:
    town.account(LI["number"])
    old, lost = town.browser(), town.browser()
    old.log_in(LI["number"])
    for _ in range(6):
        lost.log_in(LI["number"], "forgotten, alas")
    begin(lost, LI["name"], LI["number"])
    assert finish(lost, town.sms_code()) == 303
    assert not signed_in(old)
    assert old.log_in(LI["number"], PASSWORD).status_code == 403
    assert lost.log_in(LI["number"], NEW).status_code == 303


def test_the_owner_goes_on_while_strangers_keep_their_counter_closed(town: House) -> None:
    owner, stranger = town.browser(), town.browser()
    begin(owner, LI["name"], LI["number"])
    finish(owner, town.sms_code())
    for _ in range(6):
        stranger.log_in(LI["number"], "a wrong password")
    assert owner.log_in(LI["number"], NEW).status_code == 303, (
        "the phone on file made this browser a known one"
    )


def test_a_code_belongs_to_its_account(town: House) -> None:
    mine, other = town.browser(), town.browser()
    begin(mine, LI["name"], LI["number"])
    code = town.sms_code()
    begin(other, OUYANG["name"], OUYANG["number"])
    assert finish(other, code) == 403


def test_a_code_sets_one_password(town: House) -> None:
    browser = town.browser()
    begin(browser, LI["name"], LI["number"])
    browser.send("/activate/code", {"code": town.sms_code()})
    kept = browser.cookie("manyou-activation") or ""
    assert browser.send("/activate/password", {"password": NEW, "password_again": NEW}).status_code == 303
    again = town.browser()
    again.http.set_cookie("manyou-activation", kept, domain="localhost")
    reply = again.send(
        "/activate/password", {"password": "another one here", "password_again": "another one here"}
    )
    assert reply.headers["Location"] == "/activate"
    assert browser.log_in(LI["number"], NEW).status_code == 303


def test_a_proof_ends_after_fifteen_minutes(town: House) -> None:
    browser = town.browser()
    begin(browser, LI["name"], LI["number"])
    browser.send("/activate/code", {"code": town.sms_code()})
    town.clock.advance(899)
    assert browser.get("/activate/password").status_code == 200
    town.clock.advance(1)
    assert browser.get("/activate/password").headers["Location"] == "/activate"


def test_without_the_code_there_is_no_password_page(town: House) -> None:
    browser = town.browser()
    begin(browser, LI["name"], LI["number"])
    assert browser.get("/activate/password").headers["Location"] == "/activate"
    reply = browser.send(
        "/activate/password", {"password": NEW, "password_again": NEW}, form_of="/activate/code"
    )
    assert reply.headers["Location"] == "/activate"


@pytest.mark.parametrize(
    ("password", "again"),
    [("short", "short"), ("password123", "password123"), (NEW, NEW + "!"), (LI["number"], LI["number"])],
)
def test_a_refused_password_can_be_chosen_again(town: House, password: str, again: str) -> None:
    browser = town.browser()
    begin(browser, LI["name"], LI["number"])
    browser.send("/activate/code", {"code": town.sms_code()})
    reply = browser.send("/activate/password", {"password": password, "password_again": again})
    assert reply.status_code == 400
    assert 'role="alert"' in reply.text
    assert browser.send("/activate/password", {"password": NEW, "password_again": NEW}).status_code == 303


def test_spellings_of_a_name_match_and_near_ones_do_not(house: House) -> None:
    house.import_rows({**LI, "name": "阿卜杜拉·买买提"})
    begin(house.browser(), "阿卜杜拉‧买买提", LI["number"])
    assert len(house.messages()) == 1
    house.clock.advance(120)
    begin(house.browser(), "阿卜杜拉·买买堤", LI["number"])
    assert len(house.messages()) == 1


def test_who_is_disabled_gets_no_code(house: House) -> None:
    house.import_rows({**LI, "state": "disabled"})
    begin(house.browser(), LI["name"], LI["number"])
    assert house.messages() == []


def test_the_development_page_is_absent_in_production(house: House) -> None:
    from idp import IdpSettings, build
    from store import Feed, open_expiring
    from web import HTTPS
    from web.fetching import Fetcher
    from web.outbound import FetchSettings

    pages = house.provider.endpoints  # the same parts, another environment
    assert any(each.path == "/development/sms" for each in pages)
    with pytest.raises(ValueError, match="gateway"):
        build(
            IdpSettings(environment="production"),
            issuer="https://id.example",
            durable=house.durable,
            expiring=open_expiring(house.durable, house.clock),
            keys=house.keys,
            register=house.register,
            feed=Feed(house.durable),
            transport=HTTPS,
            pages=house.pages,
            fetcher=Fetcher(FetchSettings()),
        )
