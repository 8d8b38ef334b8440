"""Who reads the expiring store learns no number; who writes there changes no request and is no client."""

from __future__ import annotations

import json

from idp.oauth.clients.client_keys import ClientKeys
from store import SQL
from tests.idp.oauth.conftest import House
from tests.idp.oauth.signing import Signer
from tests.served import serving

NUMBER = "350000199001010018"
_HELD = SQL("SELECT key, value FROM expiring WHERE value IS NOT NULL")
_PUT = SQL("UPDATE expiring SET value = :value WHERE key = :key")


def held(house: House, prefix: str) -> dict[str, bytes]:
    rows = house.durable.read(lambda tx: tx.rows(_HELD))
    return {key: value for key, value in rows if key.startswith(prefix)}


def write(house: House, key: str, value: bytes) -> None:
    house.durable.write(lambda tx: tx.run(_PUT, key=key, value=value))


def test_a_pushed_request_shows_nobodys_number(house: House) -> None:
    house.client()
    house.pushed(login_hint=NUMBER)
    (value,) = held(house, "par:").values()
    assert NUMBER.encode() not in value
    assert b"hall-a" not in value


def test_a_pushed_request_that_was_changed_there_opens_nothing(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    first = house.pushed(scope="openid")
    ((one, mild),) = held(house, "par:").items()
    second = house.pushed(scope="openid id_number")
    ((other, strong),) = held(house, "par:").items() - {(one, mild)}
    for key, value in ((one, strong), (other, mild)):  # whole ones of ours, each at the other's place
        write(house, key, value)
    for query in (first, second):
        assert house.call("GET", f"/authorize?{query}", browser=browser).status == 400
    write(house, one, b"\xff")
    write(house, other, strong)
    assert house.call("GET", f"/authorize?{first}", browser=browser).status == 400
    led = house.call("GET", f"/authorize?{second}", browser=browser)
    assert (led.header("Location") or "").startswith("/consent?")


def test_keys_that_somebody_put_there_are_no_clients(house: House) -> None:
    with serving() as served:
        right, thief = Signer(), Signer()
        uri = served.put("/jwks", {"keys": [right.jwk]})
        house.client(auth_method="private_key_jwt", jwks_uri=uri)
        form = {"grant_type": "client_credentials"}
        assert house.call("POST", "/token", form=form | right.proof("hall-a", house.clock.now)).status == 200
        ((key, value),) = held(house, "jwks:").items()
        forged = json.dumps({"keys": [thief.jwk]}).encode()
        client = house.engine.clients.get("hall-a")
        assert client is not None
        engine, now = house.engine, house.clock.now
        for planted in (value[:24] + forged, now.to_bytes(8) + forged, b"", value[:16], b"\0" * 24 + b"{"):
            write(house, key, planted)
            worker = ClientKeys(engine.fetcher, engine.expiring, lambda data: engine.keys.mac("jwks", data))
            (found,) = worker.of(client, now).keys
            assert found.thumbprint == engine.client_keys.of(client, now).keys[0].thumbprint
        assert served.count("/jwks") == 6
