"""Who acts for an organisation loses it at once: by the registry's news, and by the clock without any."""

from __future__ import annotations

from idp.people import records as people
from store import SQL, Tx, publish
from tests.idp.oauth.conftest import Browser, House, body


def acting_token(house: House) -> tuple[str, bytes, bytes]:
    """A token for a company that this worker has seen and remembers."""
    house.client()
    person = house.person(level=3)
    company = house.organisation(person)
    browser, _ = house.login(person, acting_for=company, browser=Browser())
    token = str(body(house.redeem(house.code(browser)))["access_token"])
    assert house.userinfo(token).status == 200
    return token, person, company


def test_a_deregistered_company_is_acted_for_no_more_although_the_token_was_seen(either: House) -> None:
    token, _, company = acting_token(either)

    def close(tx: Tx) -> None:  # as the registry's import does it
        tx.run(SQL("UPDATE organisation SET status = 'deregistered' WHERE holder_key = :key"), key=company)
        publish(tx, "person", company, either.clock.now)

    either.durable.write(close)
    either.feed.poll()
    assert either.userinfo(token).status == 401
    assert either.introspect(token) == {"active": False}


def test_an_office_that_ends_by_its_term_ends_a_remembered_token(house: House) -> None:
    token, person, company = acting_token(house)
    ends = house.clock.now + 30

    def term(tx: Tx) -> None:
        tx.run(SQL("UPDATE office SET ends = :ends WHERE person = :person"), ends=ends, person=person)

    house.durable.write(term)
    house.clock.advance(20)
    house.feed.poll()
    assert house.userinfo(token).status == 200
    house.clock.advance(15)
    house.feed.poll()
    assert house.userinfo(token).status == 401
    assert house.durable.read(lambda tx: people.offices_between(tx, company, person, ends)) == []


def test_a_level_that_ends_by_its_term_falls_in_a_remembered_token(house: House) -> None:
    token, person, _ = acting_token(house)
    ends = house.clock.now + 30

    def term(tx: Tx) -> None:
        tx.run(SQL("UPDATE evidence SET ends = :ends WHERE holder_key = :person"), ends=ends, person=person)

    house.durable.write(term)
    house.clock.advance(29)
    house.feed.poll()
    assert house.userinfo(token).status == 200
    house.clock.advance(6)
    house.feed.poll()
    assert house.userinfo(token).status == 401
