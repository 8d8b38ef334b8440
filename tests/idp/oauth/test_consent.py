"""The consent page and its record."""

from __future__ import annotations

import json

from idp.oauth import consent
from idp.oauth.grantee import Grantee
from tests.idp.oauth.conftest import Browser, House, answered, body
from web.csrf import FIELD

DETAIL = json.dumps([{"type": "count", "most": 3}])


def test_allow_is_remembered_and_deny_told(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    where = house.authorize(browser).header("Location") or ""
    denied = answered(house.decide(browser, where, "deny"))
    assert denied["error"] == "access_denied"
    assert denied["state"] == "s1"
    assert house.count("consent") == 0
    assert answered(house.authorize(browser, prompt="none"))["error"] == "consent_required"
    house.decide(browser, where)
    assert "code" in answered(house.authorize(browser, prompt="none"))
    assert house.events("consent_given") == 1


def test_the_page_names_the_hall_and_each_thing(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    where = (
        house.authorize(browser, scope="openid id_number", authorization_details=DETAIL).header("Location")
        or ""
    )
    page = house.call("GET", where, browser=browser).body.decode()
    for words in ("大厅甲", "Hall A", "您完整的证件号码", "至多 3 个", "at most 3"):
        assert words in page
    assert "form-action" not in page


def test_more_is_asked_for_less_is_not(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    house.code(browser, scope="openid profile")
    assert "code" in answered(house.authorize(browser, scope="openid"))
    assert (house.authorize(browser, scope="openid phone").header("Location") or "").startswith("/consent?")
    house.code(browser, scope="openid phone")
    assert "code" in answered(house.authorize(browser, scope="openid profile phone"))


def test_each_detail_is_agreed_to_by_itself(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser, authorization_details=DETAIL)
    assert body(house.redeem(code))["authorization_details"] == [{"type": "count", "most": 3}]
    other = json.dumps([{"type": "count", "most": 4}])
    assert (house.authorize(browser, authorization_details=other).header("Location") or "").startswith(
        "/consent?"
    )
    same = '[ {"most":3, "type":"count"} ]'
    assert "code" in answered(house.authorize(browser, authorization_details=same))


def test_prompt_consent_asks_again_once(house: House) -> None:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    house.code(browser)
    house.clock.advance(5)
    where = house.authorize(browser, prompt="consent").header("Location") or ""
    assert where.startswith("/consent?")
    reply = house.decide(browser, where)
    assert "code" in answered(house.call("GET", reply.header("Location") or "", browser=browser))


def test_first_party_skips_the_page_never_the_record(house: House) -> None:
    house.client(trusted=True)
    person = house.person()
    browser, _ = house.login(person)
    assert "code" in answered(house.authorize(browser, prompt="none"))
    given = house.durable.read(lambda tx: consent.list_for(tx, person))
    assert [(each.client_id, each.scopes, each.first_party) for each in given] == [
        ("hall-a", ("openid", "profile"), True)
    ]


def test_the_form_counts_only_from_our_own_page(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    where = house.authorize(browser).header("Location") or ""
    assert house.call("POST", where, browser=browser, form={"decision": "allow"}).status == 403
    assert house.count("consent") == 0


def test_a_form_without_a_decision_is_refused(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    where = house.authorize(browser).header("Location") or ""
    assert house.decide(browser, where, "perhaps").status == 400


def test_the_page_needs_the_session(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    where = house.authorize(browser).header("Location") or ""
    assert (house.call("GET", where, browser=Browser()).header("Location") or "").startswith("/login?")


def test_withdrawing_ends_everything_at_once(either: House) -> None:
    house = either
    house.client()
    person = house.person()
    browser, _ = house.login(person)
    tokens = body(house.redeem(house.code(browser)))
    waiting = house.code(browser)
    assert house.userinfo(tokens["access_token"]).status == 200
    grantee = Grantee(person, b"", "hall-a")
    house.clock.advance(10)

    def withdraw() -> bool:
        now = house.clock.now
        event_id = house.engine.event_id(now)
        return house.durable.write(lambda tx: consent.withdraw(tx, grantee, now, event_id))

    assert withdraw()
    assert not withdraw()
    house.feed.poll()
    assert house.userinfo(tokens["access_token"]).status == 401
    assert house.refresh(tokens["refresh_token"]).status == 400
    assert house.redeem(waiting).status == 400
    assert house.events("consent_withdrawn") == 1
    # agreeing anew wakes nothing that was issued before
    other = house.code(browser)
    assert house.userinfo(tokens["access_token"]).status == 401
    assert house.refresh(tokens["refresh_token"]).status == 400
    assert house.redeem(other).status == 200


def test_one_persons_consent_is_not_the_companys(house: House) -> None:
    house.client()
    person = house.person(level=3)
    company = house.organisation(person)
    own, _ = house.login(person)
    house.code(own)
    acting, _ = house.login(person, acting_for=company)
    where = house.authorize(acting).header("Location") or ""
    assert where.startswith("/consent?")
    assert "闽味食品有限公司" in house.call("GET", where, browser=acting).body.decode()
    house.code(acting)
    assert len(house.durable.read(lambda tx: consent.list_for(tx, person))) == 1
    assert len(house.durable.read(lambda tx: consent.list_for(tx, person, company))) == 1


def test_what_one_was_shown_is_not_agreed_to_by_another_who_logs_in_meanwhile(house: House) -> None:
    """A page left open in one tab, somebody else logged in in another: its button is nobody's yes."""
    house.client()
    first, second = house.person(level=3), house.person(name="李四", level=3)
    company = house.organisation(first)
    browser, _ = house.login(first)
    where = house.authorize(browser).header("Location") or ""
    page = house.call("GET", where, browser=browser).body.decode()
    token = page.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    for person, acting_for in ((second, None), (first, company)):
        house.login(person, acting_for=acting_for, browser=browser)
        reply = house.call("POST", where, browser=browser, form={FIELD: token, "decision": "allow"})
        assert house.count("consent") == 0
        again = reply.header("Location") or ""
        assert again.startswith("/consent?")
        assert again != where
    assert "闽味食品有限公司" in house.call("GET", again, browser=browser).body.decode()
    assert (house.decide(browser, again).header("Location") or "").startswith("/authorize?")
    assert len(house.durable.read(lambda tx: consent.list_for(tx, first, company))) == 1


def test_a_consent_page_that_nobody_was_led_to_leads_to_one(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    where = house.call("GET", "/consent?" + house.ask(), browser=browser).header("Location") or ""
    assert where.startswith("/consent?")
    assert "begun=" in where
    assert (house.decide(browser, where).header("Location") or "").startswith("/authorize?")
