"""Keys at a client's jwks_uri: fetched, kept, looked for again; a bad server gives no 5xx."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from idp.oauth.clients.client_keys import ClientKeys
from tests.idp.oauth.conftest import House, body
from tests.idp.oauth.signing import Signer
from tests.served import Served, serving
from web import Reply
from web.fetching import Fetcher
from web.outbound import FetchSettings

FORM = {"grant_type": "client_credentials"}


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


def publish(served: Served, *signers: Signer) -> str:
    return served.put("/jwks", {"keys": [each.jwk for each in signers]})


def mac_of(house: House) -> Callable[[bytes], bytes]:
    return lambda data: house.engine.keys.mac("jwks", data)


def register(house: House, uri: str, client_id: str = "hall-a") -> None:
    house.client(client_id, auth_method="private_key_jwt", jwks_uri=uri)


def show(house: House, signer: Signer, client_id: str = "hall-a") -> Reply:
    return house.call("POST", "/token", form=FORM | signer.proof(client_id, house.clock.now))


def test_keys_are_fetched_and_kept(house: House, served: Served) -> None:
    signer = Signer()
    register(house, publish(served, signer))
    for _ in range(3):
        assert show(house, signer).status == 200
    assert served.count("/jwks") == 1
    house.clock.advance(599)
    assert show(house, signer).status == 200
    assert served.count("/jwks") == 1
    house.clock.advance(1)
    assert show(house, signer).status == 200
    assert served.count("/jwks") == 2


@pytest.mark.module("oidcc-refresh-token-rp-key-rotation")
def test_oidcc_refresh_token_rp_key_rotation(house: House, served: Served) -> None:
    """A new key is good at once, and the one that it replaced no more."""
    old, new = Signer(kid="old"), Signer(kid="new")
    register(house, publish(served, old))
    assert show(house, old).status == 200
    publish(served, new)
    assert show(house, new).status == 200
    assert served.count("/jwks") == 2
    assert show(house, old).status == 401
    house.signers["hall-a"] = new
    browser, _ = house.login(house.person())
    token = body(house.redeem(house.code(browser)))["refresh_token"]
    newer = house.signers["hall-a"] = Signer(kid="newer")
    house.clock.advance(60)
    publish(served, newer)
    assert house.refresh(token).status == 200


def test_an_unknown_kid_is_looked_for_once_a_minute(house: House, served: Served) -> None:
    signer, stranger = Signer(), Signer(kid="unknown")
    register(house, publish(served, signer))
    assert show(house, signer).status == 200
    for _ in range(5):
        assert show(house, stranger).status == 401
    assert served.count("/jwks") == 2
    house.clock.advance(59)
    assert show(house, stranger).status == 401
    assert served.count("/jwks") == 2
    house.clock.advance(1)
    publish(served, signer, stranger)
    assert show(house, stranger).status == 200
    assert served.count("/jwks") == 3


def test_a_wrong_signature_fetches_nothing(house: House, served: Served) -> None:
    signer = Signer()
    register(house, publish(served, signer))
    assert show(house, signer).status == 200
    assert show(house, Signer()).status == 401  # the same kid
    assert served.count("/jwks") == 1


def test_workers_share_what_was_fetched(house: House, served: Served) -> None:
    signer, new = Signer(), Signer(kid="new")
    uri = publish(served, signer)
    register(house, uri)
    client = house.engine.clients.get("hall-a")
    assert client is not None
    first = house.engine.client_keys
    second = ClientKeys(house.engine.fetcher, house.engine.expiring, mac_of(house))
    now = house.clock.now

    def verify(by: ClientKeys, signed_by: Signer) -> dict[str, Any]:
        token = signed_by.sign({"a": 1})
        return by.verify(client, token, algorithms=("ES256",), typs=(None, "JWT"), now=now)[1]

    for worker in (first, second):
        assert verify(worker, signer) == {"a": 1}
    assert served.count("/jwks") == 1
    publish(served, signer, new)
    for worker in (first, second):
        assert verify(worker, new) == {"a": 1}
    assert served.count("/jwks") == 2


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (404, b""),
        (500, b"oops"),
        (302, b""),
        (200, b""),
        (200, b"{}"),
        (200, b"<html>"),
        (200, b'{"keys":[{"kty":"oct","k":"AAAA"}]}'),
        (200, b'{"keys":[]}'),
        (200, b'{"keys":[' + b" " * 70_000 + b"]}"),
    ],
)
def test_a_server_that_gives_none(house: House, served: Served, status: int, document: bytes) -> None:
    register(house, served.put("/jwks", document, status=status))
    reply = show(house, Signer())
    assert (reply.status, body(reply)["error"]) == (401, "invalid_client")
    assert body(reply)["error_description"].isascii()


def test_a_server_that_fails_is_asked_again_after_a_while(house: House, served: Served) -> None:
    signer = Signer()
    register(house, served.put("/jwks", b"", status=503))
    for _ in range(3):
        reply = show(house, signer)
        assert reply.status == 401
        assert "jwks_uri" in body(reply)["error_description"]
    assert served.count("/jwks") == 1
    publish(served, signer)
    house.clock.advance(10)
    assert show(house, signer).status == 200


def test_the_last_set_goes_on_for_an_hour(house: House, served: Served) -> None:
    signer = Signer()
    register(house, publish(served, signer))
    assert show(house, signer).status == 200
    served.put("/jwks", b"", status=503)
    house.clock.advance(3599)
    assert show(house, signer).status == 200
    assert served.count("/jwks") == 2
    house.clock.advance(1)
    assert show(house, signer).status == 401


def test_a_slow_server_of_one_client_holds_few_of_us(house: House, served: Served) -> None:
    gate = threading.Event()
    slow = served.put_raw("/slow", lambda _out: gate.wait(5))
    good = Signer()
    register(house, slow)
    register(house, publish(served, good), "hall-b")
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(show(house, Signer()).status)) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    limit = time.monotonic() + 3
    while len(statuses) < 16 and time.monotonic() < limit:
        time.sleep(0.01)
    assert len(statuses) == 16  # one fetches, three wait, nobody else
    assert show(house, good, "hall-b").status == 200
    gate.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {401}


def test_an_address_inside_is_never_asked(house: House, served: Served) -> None:
    signer = Signer()
    uri = publish(served, signer)
    register(house, uri)
    client = house.engine.clients.get("hall-a")
    assert client is not None
    strict = ClientKeys(Fetcher(FetchSettings()), house.engine.expiring, mac_of(house))
    with pytest.raises(Exception, match="jwks_uri"):
        strict.of(client, house.clock.now)
    assert served.asked == []
