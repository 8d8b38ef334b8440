"""A new password takes back everything that somebody with the old one has got."""

from __future__ import annotations

from idp.events import new_id
from idp.sessions.ending import end_all
from tests.idp.oauth.conftest import House, body


def test_a_family_that_outlived_its_session_ends_with_the_password(either: House) -> None:
    house = either
    house.client()
    person = house.person()
    thief, _ = house.login(person)
    token = str(body(house.redeem(house.code(thief, scope="openid offline_access")))["refresh_token"])
    house.clock.advance(13 * 3600)
    house.feed.poll()
    assert house.refresh(token).status == 200
    mine, session = house.login(person)
    kept = str(body(house.redeem(house.code(mine, scope="openid offline_access")))["refresh_token"])
    now = house.clock.now
    id_ = new_id(now)
    house.durable.write(lambda tx: end_all(tx, person, "password_changed", now, id_, keep=session.id))
    house.feed.poll()
    assert house.refresh(token).status == 400
    assert house.refresh(kept).status == 200
