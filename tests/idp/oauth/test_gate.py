"""The one gate: each rule alone, and every grant against every state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from idp.oauth import consent, family
from idp.oauth.gate import GATE, may_issue
from idp.oauth.grantee import Grantee
from idp.oauth.standing import Bid, Standing, standing
from idp.sessions.session import Session
from store import SQL, Tx
from tests.idp.oauth.conftest import House, body

_ORGANISATION = SQL("SELECT holder_key FROM organisation")
_FAMILIES = SQL("SELECT holder_key, acting_for, id FROM family")

NOW = 1_000
SESSION = Session(b"s", b"h", None, None, 2, {"pwd": 900}, 900, 2_000, 3_000)
BID = Bid(Grantee(b"h", b"", "c"), b"s", b"f", kept=True, offline=False, scopes=frozenset({"openid"}), at=950)
GOOD = Standing(
    client_enabled=True,
    person_enabled=True,
    level=2,
    session=SESSION,
    session_ended=False,
    office_stands=True,
    consent=frozenset({"openid", "profile"}),
    consent_since=900,
    family=True,
    revoked=False,
)
ACTING = replace(BID, grantee=Grantee(b"h", b"o", "c"))
IN_OFFICE = replace(GOOD, level=3, session=replace(SESSION, acting_for=b"o", level=3))


def test_the_table_is_whole() -> None:
    assert [reason for reason, _ in GATE] == [
        "client_disabled",
        "person_disabled",
        "session_over",
        "delegation_over",
        "consent_missing",
        "level_not_reached",
        "revoked",
        "sender_key",
    ]


@pytest.mark.parametrize(
    ("bid", "found", "reason"),
    [
        (BID, GOOD, None),
        (ACTING, IN_OFFICE, None),
        (BID, replace(GOOD, client_enabled=False), "client_disabled"),
        (BID, replace(GOOD, person_enabled=False), "person_disabled"),
        (BID, replace(GOOD, session=None), "session_over"),
        (BID, replace(GOOD, session_ended=True), "session_over"),
        (BID, replace(GOOD, session=replace(SESSION, idle_ends=NOW)), "session_over"),
        (BID, replace(GOOD, session=replace(SESSION, idle_ends=NOW + 1)), None),
        (BID, replace(GOOD, session=replace(SESSION, ends=NOW)), "session_over"),
        (BID, replace(GOOD, session=replace(SESSION, acting_for=b"o")), "session_over"),
        (ACTING, GOOD, "session_over"),
        (replace(BID, offline=True), replace(GOOD, session=None), None),
        (replace(BID, offline=True), replace(GOOD, session=replace(SESSION, ends=NOW)), None),
        (replace(BID, offline=True), replace(GOOD, session_ended=True), "session_over"),
        (ACTING, replace(IN_OFFICE, office_stands=False), "delegation_over"),
        (ACTING, replace(IN_OFFICE, level=2), "delegation_over"),
        (BID, replace(GOOD, consent=None), "consent_missing"),
        (BID, replace(GOOD, consent=frozenset()), "consent_missing"),
        (BID, replace(GOOD, consent_since=955), None),
        (BID, replace(GOOD, consent_since=956), "consent_missing"),
        (replace(BID, least_level=3), GOOD, "level_not_reached"),
        (replace(BID, least_strength=2), GOOD, "level_not_reached"),
        (BID, replace(GOOD, revoked=True), "revoked"),
        (BID, replace(GOOD, family=False), "revoked"),
        (BID, replace(GOOD, family=None), "revoked"),
        (replace(BID, kept=False), replace(GOOD, family=None), None),
        (replace(BID, kept=False), replace(GOOD, family=False), "revoked"),
        (replace(BID, sender=b"k1"), GOOD, "sender_key"),
        (replace(BID, sender=b"k1", proven=b"k2"), GOOD, "sender_key"),
        (replace(BID, sender=b"k1", proven=b"c1"), GOOD, "sender_key"),
        (replace(BID, sender=b"k1", proven=b"k1"), GOOD, None),
        (replace(BID, proven=b"k1"), GOOD, None),
    ],
)
def test_each_rule(bid: Bid, found: Standing, reason: str | None) -> None:
    assert may_issue(bid, found, NOW) == reason


def test_nobody_is_refused(house: House) -> None:
    found = house.durable.read(lambda tx: standing(tx, BID, NOW))
    assert all(may_issue(bid, found, NOW) for bid in (BID, ACTING))


def _disable(house: House, _person: bytes) -> None:
    known = house.engine.clients.get("hall-a")
    assert known is not None
    house.client(enabled=False, least_level=3, secret_hashes=known.secret_hashes)


def _withdraw(house: House, person: bytes) -> None:
    row = house.durable.read(lambda tx: tx.row(_ORGANISATION))
    assert row is not None
    grantee, now = Grantee(person, row[0], "hall-a"), house.clock.now
    assert house.durable.write(lambda tx: consent.withdraw(tx, grantee, now, house.engine.event_id(now)))


def _revoke(house: House, _person: bytes) -> None:
    now = house.clock.now

    def work(tx: Tx) -> None:
        for holder, acting_for, each in tx.rows(_FAMILIES):
            assert family.end(tx, Grantee(holder, acting_for, "hall-a"), each, now + 999, now)

    house.durable.write(work)


def _now(text: str) -> Callable[[House, bytes], object]:
    return lambda house, _: house.run(text, n=house.clock.now)


def _just(text: str) -> Callable[[House, bytes], object]:
    return lambda house, _: house.run(text)


STATES: dict[str, Callable[[House, bytes], object]] = {
    "client disabled": _disable,
    "person disabled": _just("UPDATE person SET state = 'disabled'"),
    "person deceased": _just("UPDATE person SET state = 'deceased'"),
    "session ended": _just("UPDATE session SET ended = 1"),
    "session idle": _now("UPDATE session SET idle_ends = :n"),
    "session over": _now("UPDATE session SET ends = :n"),
    "session gone": _just("DELETE FROM session"),
    "consent withdrawn": _withdraw,
    "level fallen": _just("UPDATE evidence SET level = 1"),
    "office over": _now("UPDATE office SET ends = :n"),
    "organisation deregistered": _just("UPDATE organisation SET status = 'deregistered'"),
    "family revoked": _revoke,
}


@pytest.mark.parametrize("state", STATES)
def test_every_grant_against_every_state(either: House, state: str) -> None:
    """Code, refresh, userinfo and introspection of one login, each before and after."""
    house = either
    house.client(least_level=3)
    person = house.person(level=3)
    browser, _ = house.login(person, acting_for=house.organisation(person))
    tokens = body(house.redeem(house.code(browser)))
    waiting = house.code(browser)
    assert house.refresh(tokens["refresh_token"]).status == 200
    assert house.userinfo(tokens["access_token"]).status == 200
    STATES[state](house, person)
    house.clock.advance(3)  # a worker whose news are old asks the store
    refused = 401 if state == "client disabled" else 400
    if state != "family revoked":  # a code that waits has a family of its own
        assert house.redeem(waiting).status == refused
    assert house.refresh(tokens["refresh_token"]).status == refused
    assert house.userinfo(tokens["access_token"]).status == 401
    if state == "client disabled":
        assert house.token(grant_type="client_credentials").status == 401
    else:
        assert house.introspect(tokens["access_token"]) == {"active": False}
        assert house.token(grant_type="client_credentials").status == 200
