"""Back-channel logout: what is told, to whom, when, and how often (oidcc-backchannel-*)."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import msgspec
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from idp.events import new_id
from idp.oauth import consent
from idp.oauth.clients.answer_rules import SIGNING
from idp.oauth.grantee import Grantee
from idp.oauth.logout.backchannel import EVENT, LEASE_SECONDS, TRIES_MOST, BackChannel, after
from idp.people import records as people
from idp.people.person import PersonState
from idp.sessions import logout_outbox
from idp.sessions.ending import end_all
from idp.sessions.session_client import look_soon
from tests.idp.oauth.conftest import ISSUER, Browser, House, body
from tests.served import Served, serving

PATH = "/backchannel"


@pytest.fixture
def hall() -> Iterator[Served]:
    with serving() as served:
        served.put(PATH, b"")
        yield served


def _client(house: House, hall: Served, client_id: str = "hall-a", **changes: Any) -> None:
    house.client(client_id, trusted=True, backchannel_logout_uri=hall.origin + PATH, **changes)


def _login(
    house: House, client_id: str = "hall-a", person: bytes | None = None
) -> tuple[Browser, str, bytes]:
    person = person or house.person()
    browser, session = house.login(person)
    return browser, body(house.redeem(house.code(browser, client_id), client_id))["id_token"], session.id


def _tokens(hall: Served) -> list[str]:
    return [
        parse_qs(sent.decode())["logout_token"][0] for method, path, _, sent in hall.asked if path == PATH
    ]


def _claims(house: House, token: str, audience: str = "hall-a", algorithm: str = "ES256") -> dict[str, Any]:
    keys = msgspec.json.decode(house.call("GET", "/jwks").body)["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWK(next(each for each in keys if each["kid"] == kid), algorithm=algorithm)
    options: Any = {"verify_exp": False, "verify_iat": False}
    return dict(
        jwt.decode(token, key, algorithms=[algorithm], audience=audience, issuer=ISSUER, options=options)
    )


def _settled(house: House, hall: Served, count: int) -> None:
    """Run the job until so many were told, or fail."""
    for _ in range(200):
        house.oauth.back_channel.deliver(house.clock.now)
        if len(_tokens(hall)) >= count:
            break
        time.sleep(0.01)
    assert len(_tokens(hall)) == count
    _idle(house)


def _idle(house: House) -> None:
    """Wait until no thread tells anybody anything."""
    for _ in range(500):
        if not house.oauth.back_channel._working:
            return
        time.sleep(0.01)
    raise AssertionError("still telling")


def _log_out(house: House, browser: Browser, hint: str) -> None:
    assert house.call("GET", f"/logout?id_token_hint={hint}", browser=browser).status == 200


@pytest.mark.module("oidcc-backchannel-rp-initiated-logout")
@pytest.mark.parametrize("algorithm", SIGNING)
def test_oidcc_backchannel_rp_initiated_logout(house: House, hall: Served, algorithm: str) -> None:
    _client(house, hall, id_token_alg=algorithm)
    browser, hint, _ = _login(house)
    query = urlencode(
        {"id_token_hint": hint, "post_logout_redirect_uri": "http://localhost:8001/", "state": "s"}
    )
    assert (
        house.call("GET", "/logout?" + query, browser=browser).header("Location")
        == "http://localhost:8001/?state=s"
    )

    # told before the browser is sent on
    (token,) = _tokens(hall)
    assert hall.asked[0][0] == "POST"
    assert hall.asked[0][2]["content-type"] == "application/x-www-form-urlencoded"
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("logout+jwt", algorithm)
    claims, login = _claims(house, token, algorithm=algorithm), _claims(house, hint, algorithm=algorithm)
    assert claims.keys() == {"iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"}
    assert (claims["sid"], claims["sub"]) == (login["sid"], login["sub"])
    assert claims["events"] == {EVENT: {}}
    assert claims["iat"] <= house.clock.now + 2
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert (house.count("session_client"), house.count("logout_outbox")) == (0, 0)


def test_a_logout_token_is_encrypted_like_the_id_tokens(house: House, hall: Served) -> None:
    """§ 2.6: a hall that has its ID tokens encrypted may refuse any other."""
    key = ECKey.generate_key("P-256")
    jwks = json.dumps({"keys": [key.as_dict(private=False)]})
    _client(house, hall, id_token_encrypted_alg="ECDH-ES", id_token_encrypted_enc="A256GCM", jwks=jwks)
    browser, hint, _ = _login(house)
    inner = jwe.decrypt_compact(hint, key).plaintext or b""
    _log_out(house, browser, inner.decode())
    (token,) = _tokens(hall)
    found = jwe.decrypt_compact(token, key)
    assert found.protected["cty"] == "JWT"
    assert _claims(house, (found.plaintext or b"").decode())["events"] == {EVENT: {}}


def test_without_a_key_to_encrypt_to_a_logout_waits(house: House, hall: Served) -> None:
    _client(house, hall)
    browser, hint, _ = _login(house)
    _client(house, hall, id_token_encrypted_alg="ECDH-ES", jwks='{"keys": []}')
    _log_out(house, browser, hint)
    _idle(house)
    assert (_tokens(hall), house.count("logout_outbox")) == ([], 1)
    key = ECKey.generate_key("P-256")
    jwks = json.dumps({"keys": [key.as_dict(private=False)]})
    _client(house, hall, id_token_encrypted_alg="ECDH-ES", jwks=jwks)
    house.clock.advance(after(1))
    _settled(house, hall, 1)


def test_a_logout_token_is_no_hint(house: House, hall: Served) -> None:
    """A value made for one purpose is refused everywhere else."""
    _client(house, hall)
    browser, hint, _ = _login(house)
    _log_out(house, browser, hint)
    assert house.call("GET", f"/logout?id_token_hint={_tokens(hall)[0]}").status == 400
    assert house.userinfo(_tokens(hall)[0]).status == 401


def test_every_hall_of_the_session_and_no_other(house: House, hall: Served) -> None:
    _client(house, hall)
    _client(house, hall, "hall-b")
    _client(house, hall, "hall-c")
    house.client("hall-d", trusted=True)
    person = house.person()
    browser, hint, _ = _login(house, person=person)
    for client_id in ("hall-a", "hall-b", "hall-d"):
        house.redeem(house.code(browser, client_id), client_id)
    _login(house, "hall-c", house.person())
    assert house.count("session_client") == 3, "once each, and only where somebody hears of it"
    _log_out(house, browser, hint)
    told = {jwt.decode(token, options={"verify_signature": False})["aud"] for token in _tokens(hall)}
    assert told == {"hall-a", "hall-b"}
    assert house.count("session_client") == 1


def test_without_openid_there_is_no_login_to_end(house: House, hall: Served) -> None:
    _client(house, hall)
    browser, _ = house.login(house.person())
    assert house.redeem(house.code(browser, scope="use")).status == 200
    assert house.count("session_client") == 0


def test_also_when_time_ends_the_session(house: House, hall: Served) -> None:
    _client(house, hall)
    _, hint, _ = _login(house)
    house.clock.now += 3599
    house.oauth.back_channel.deliver(house.clock.now)
    assert house.count("session_client") == 1
    house.clock.now += 1
    _settled(house, hall, 1)
    assert _claims(house, _tokens(hall)[0])["sid"] == _claims(house, hint)["sid"]


def test_a_session_in_use_is_looked_at_again_and_told_of_when_it_is_over(house: House, hall: Served) -> None:
    _client(house, hall)
    browser, _, _ = _login(house)
    house.clock.now += 3000
    assert "code=" in (house.authorize(browser).header("Location") or "")
    house.clock.now += 3000
    house.oauth.back_channel.deliver(house.clock.now)
    _idle(house)
    assert (len(_tokens(hall)), house.count("session_client")) == (0, 1)
    house.clock.now += 600
    _settled(house, hall, 1)


def test_also_when_the_person_is_disabled(house: House, hall: Served) -> None:
    _client(house, hall)
    person = house.person()
    _login(house, person=person)

    def work(tx: Any) -> None:
        row = people.person(tx, person)
        assert row is not None
        people.save_person(tx, dataclasses.replace(row, state=PersonState.DECEASED))
        look_soon(tx, person)

    house.durable.write(work)
    _settled(house, hall, 1)


def test_also_when_the_sessions_are_ended_elsewhere(house: House, hall: Served) -> None:
    _client(house, hall)
    person = house.person()
    for _ in range(3):
        _login(house, person=person)
    id_, now = new_id(house.clock.now), house.clock.now
    house.durable.write(lambda tx: end_all(tx, person, "password_changed", now, id_))
    _settled(house, hall, 3)


def test_also_when_the_hall_loses_its_access(house: House, hall: Served) -> None:
    """The account page takes it back; another person's login and another hall's stay."""
    _client(house, hall)
    _client(house, hall, "hall-b")
    person = house.person()
    browser, _, _ = _login(house, person=person)
    house.redeem(house.code(browser, "hall-b"), "hall-b")
    _login(house)
    id_, now = new_id(house.clock.now), house.clock.now
    house.durable.write(lambda tx: consent.withdraw(tx, Grantee(person, b"", "hall-a"), now, id_))
    _settled(house, hall, 1)
    assert house.count("session_client") == 2


def test_a_hall_that_fails_is_told_again_and_given_up_at_last(
    house: House, hall: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "idp.logout")
    _client(house, hall)
    hall.put(PATH, b"", 503)
    browser, hint, _ = _login(house)
    _log_out(house, browser, hint)
    _idle(house)
    for tries in range(1, TRIES_MOST):
        assert len(_tokens(hall)) == tries
        house.clock.now += after(tries) - 1
        house.oauth.back_channel.deliver(house.clock.now)
        _idle(house)
        assert len(_tokens(hall)) == tries, "not before its time"
        house.clock.now += 2
        house.oauth.back_channel.deliver(house.clock.now)
        _idle(house)
    assert house.count("logout_outbox") == 0
    last = caplog.records[-1]
    assert (last.message, last.levelname) == ("logout_given_up", "WARNING")
    assert last.facts == {"client": "hall-a", "why": "status 503", "tries": TRIES_MOST}  # type: ignore[attr-defined]
    identifiers = [_claims(house, token)["jti"] for token in _tokens(hall)]
    assert len(set(identifiers)) == TRIES_MOST, "each try is a token of its own"


def test_what_was_not_taken_is_taken_later(house: House, hall: Served) -> None:
    _client(house, hall)
    hall.put(PATH, b"", 400)
    browser, hint, _ = _login(house)
    _log_out(house, browser, hint)
    _idle(house)
    assert house.count("logout_outbox") == 1
    hall.put(PATH, b"", 204)
    house.clock.now += after(1) + 1
    _settled(house, hall, 2)
    assert house.count("logout_outbox") == 0


def test_a_try_that_died_with_its_worker_is_made_again(either: House, hall: Served) -> None:
    house = either
    _client(house, hall)
    _, _, session = _login(house)
    house.durable.write(lambda tx: logout_outbox.tell(tx, session, house.clock.now))
    (row,) = house.durable.read(lambda tx: logout_outbox.of_session(tx, session, house.clock.now))
    until, now = house.clock.now + LEASE_SECONDS, house.clock.now
    leased = house.durable.write(lambda tx: logout_outbox.lease(tx, row, now, until))
    assert leased is not None
    assert house.durable.write(lambda tx: logout_outbox.lease(tx, row, now, until)) is None, "it is taken"
    house.clock.now = until - 1
    house.oauth.back_channel.deliver(house.clock.now)
    _idle(house)
    assert _tokens(hall) == []
    house.clock.now = until
    _settled(house, hall, 1)
    house.durable.write(lambda tx: logout_outbox.postpone(tx, leased, until))  # the dead one wakes: too late
    assert house.count("logout_outbox") == 0


def test_a_hall_without_an_address_any_more_is_nobody_to_tell(house: House, hall: Served) -> None:
    _client(house, hall)
    browser, hint, _ = _login(house)
    house.client(trusted=True)
    _log_out(house, browser, hint)
    _idle(house)
    assert (house.count("logout_outbox"), _tokens(hall)) == (0, [])


def test_fifty_sessions_ended_at_once_block_nobody(house: House, hall: Served) -> None:
    """One hall hangs: no browser waits longer than a second, and the other hall hears at once."""
    released = threading.Event()
    with serving() as hanging:
        hanging.put_raw(PATH, lambda _: released.wait(10))
        _client(house, hanging, "hall-b")
        _client(house, hall)
        person = house.person()
        logins = [_login(house, "hall-b", person) for _ in range(50)]
        begun = time.monotonic()
        _log_out(house, logins[0][0], logins[0][1])
        assert time.monotonic() - begun < 2
        id_, now = new_id(house.clock.now), house.clock.now
        begun = time.monotonic()
        house.durable.write(lambda tx: end_all(tx, person, "password_changed", now, id_))
        house.oauth.back_channel.deliver(house.clock.now)
        assert time.monotonic() - begun < 1
        browser, hint, _ = _login(house)
        begun = time.monotonic()
        _log_out(house, browser, hint)
        assert time.monotonic() - begun < 1
        assert len(_tokens(hall)) == 1
        assert hanging.count(PATH) <= 2
        released.set()
        _idle(house)
        assert house.count("logout_outbox") == 50, "nothing is lost"


def test_two_workers_tell_once(either: House, hall: Served) -> None:
    """On both engines: whoever leases the row tells."""
    house = either
    _client(house, hall)
    person = house.person()
    for _ in range(5):
        _login(house, person=person)
    id_, now = new_id(house.clock.now), house.clock.now
    house.durable.write(lambda tx: end_all(tx, person, "password_changed", now, id_))
    workers = [BackChannel(house.engine) for _ in range(4)]
    for worker in workers:
        worker.deliver(now)
    for worker in workers:
        worker._pool.shutdown()
    assert len(_tokens(hall)) == 5
    assert house.count("logout_outbox") == 0
