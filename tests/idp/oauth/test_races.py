"""Fifty racing requests: exactly one wins, and what the losers have to write is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from idp.oauth import consent
from idp.oauth.grantee import Grantee
from idp.sessions import ending
from ledger import Event
from tests.idp.oauth.conftest import House, body
from tests.idp.oauth.proving import Key, ask, redeem, userinfo

RACERS = 50


def _race(*acts: Callable[[], int]) -> Counter[int]:
    barrier = Barrier(len(acts))

    def run(act: Callable[[], int]) -> int:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(run, acts))


def test_fifty_spend_one_code(either: House) -> None:
    house = either
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser)
    won: list[str] = []

    def redeem() -> int:
        reply = house.redeem(code)
        if reply.status == 200:
            won.append(body(reply)["access_token"])
        return reply.status

    assert _race(*[redeem] * RACERS) == {200: 1, 400: RACERS - 1}
    house.feed.poll()
    # 49 others showed the same code: what the one got is ended, and that stands
    assert house.userinfo(won[0]).status == 401
    assert house.count("family") == house.count("family", "live = 0") == 1
    assert house.count("spent") == 1
    assert house.events("family_made") == 1
    assert house.events("family_ended") == 1


def test_fifty_show_one_dpop_proof(either: House) -> None:
    """At a grant without a work of its own, at a grant with one, and at a resource."""
    house, key = either, Key()
    house.client()
    browser, _ = house.login(house.person())
    proof = key.proof(house, "POST", "/token")
    own = lambda: ask(house, proof, grant_type="client_credentials").status  # noqa: E731
    assert _race(*[own] * RACERS) == {200: 1, 400: RACERS - 1}

    proof = key.proof(house, "POST", "/token")
    codes = [house.code(browser) for _ in range(RACERS)]
    acts = [lambda code=code: redeem(house, None, code, proof=proof).status for code in codes]
    assert _race(*acts) == {200: 1, 400: RACERS - 1}
    assert house.count("spent", "kind = 'code'") == 1  # 49 codes are as good as before

    left = next(code for code in codes if (reply := redeem(house, key, code)).status == 200)
    assert left in codes
    token = body(reply)["access_token"]
    proof = key.proof(house, "GET", "/userinfo", token=token)
    assert _race(*[lambda: userinfo(house, key, token, proof=proof).status] * RACERS) == {200: 1, 401: 49}


def test_fifty_rotate_one_refresh_token(either: House) -> None:
    """Within ten seconds they are one client whose reply was lost: one generation, one family."""
    house = either
    house.client("app", auth_method="none")
    browser, _ = house.login(house.person())
    first = body(house.redeem(house.code(browser, "app"), "app"))["refresh_token"]
    assert _race(*[lambda: house.refresh(first, "app").status] * RACERS) == {200: RACERS}
    assert house.count("family", "generation = 2 AND live = 1") == 1
    house.clock.advance(11)
    assert _race(*[lambda: house.refresh(first, "app").status] * RACERS) == {400: RACERS}
    assert house.count("family", "live = 0") == 1
    assert house.events("family_ended") == 1


def test_withdrawal_against_exchange_and_refresh(either: House) -> None:
    """Whoever wins, nothing living is left when both are done."""
    house = either
    house.client()
    person = house.person()
    browser, _ = house.login(person)
    grantee = Grantee(person, b"", "hall-a")
    for _ in range(6):
        tokens = body(house.redeem(house.code(browser)))
        code = house.code(browser)
        now = house.clock.advance(10)
        given: list[str] = [tokens["refresh_token"]]

        def redeem(code: str = code, given: list[str] = given) -> int:
            reply = house.redeem(code)
            if reply.status == 200:
                given.append(body(reply)["refresh_token"])
            return reply.status

        def withdraw(now: int = now) -> int:
            event_id = house.engine.event_id(now)
            return int(house.durable.write(lambda tx: consent.withdraw(tx, grantee, now, event_id)))

        refresh = lambda tokens=tokens: house.refresh(tokens["refresh_token"]).status  # noqa: E731
        _race(redeem, withdraw, refresh)
        assert [house.refresh(token).status for token in given] == [400] * len(given)
        assert house.count("family", "live = 1") == 0


def test_logout_against_exchange(either: House) -> None:
    """Whoever wins: nothing living is left, and a hall that was let in is to be told."""
    house = either
    house.client(backchannel_logout_uri="http://127.0.0.1:9/logout")
    person = house.person()
    for _ in range(6):
        browser, session = house.login(person)
        code, now = house.code(browser), house.clock.now
        given: list[str] = []
        event_id = house.engine.event_id(now)
        ended = Event(event_id, "idp.test", 1, now, person, "person", "", b"", b"{}")

        def redeem(code: str = code, given: list[str] = given) -> int:
            reply = house.redeem(code)
            if reply.status == 200:
                given.append(body(reply)["access_token"])
            return reply.status

        def logout(session: bytes = session.id, ended: Event = ended) -> int:
            return int(house.durable.write(lambda tx: ending.end(tx, session, "logout", ended.at, ended)))

        _race(redeem, logout)
        house.feed.poll()
        for token in given:
            assert house.userinfo(token).status == 401
        untold = house.run("DELETE FROM logout_outbox WHERE session = :session", session=session.id)
        assert (untold, house.count("session_client")) == (len(given), 0)


def test_a_token_revoked_while_it_is_looked_up_is_not_remembered(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    tokens = body(house.redeem(house.code(browser)))
    access, remembered = tokens["access_token"], house.oauth.tokens
    assert remembered.look(access, house.clock.now) is not None
    assert house.call("POST", "/revoke", form={"token": access}, headers=house.basic("hall-a")).status == 200
    assert remembered.look(access, house.clock.now) is not None  # until the news come, at most 2 s
    house.feed.poll()
    assert remembered.look(access, house.clock.now) is None
    assert json.loads(json.dumps(house.introspect(access))) == {"active": False}
