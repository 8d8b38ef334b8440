"""What an operator does about clients, by fields written as text."""

from __future__ import annotations

import json

import pytest

from idp.oauth.clients.registered import ClientFaulty
from idp.oauth.registering import initial, operators
from idp.oauth.registering.initial import Terms
from manyou.errors import Conflict, NotFound
from tests.idp.oauth.conftest import BACK, House
from tests.idp.oauth.signing import Signer
from tests.served import serving

NAMES = {"name_zh": "大厅丙", "name_en": "Hall C"}
HALL = NAMES | {"redirect_uris": BACK, "scopes": "openid, profile"}


def add(house: House, client_id: str = "hall-c", /, **fields: str) -> str:
    secret = operators.add(house.engine, client_id, HALL | fields, house.clock.now)
    house.feed.poll()
    return secret


def change(house: House, client_id: str = "hall-c", /, **fields: str) -> str:
    secret = operators.change(house.engine, client_id, fields, house.clock.now)
    house.feed.poll()
    return secret


def good(house: House, secret: str, client_id: str = "hall-c") -> bool:
    house.secrets[client_id] = secret
    return house.token(client_id, grant_type="x").status == 400


def test_fields_are_text(house: House) -> None:
    secret = add(house, default_max_age="60", require_auth_time="true", contacts="a@b.example,c@d.example,")
    client = house.engine.clients.get("hall-c")
    assert client is not None
    assert (client.scopes, client.default_max_age) == (("openid", "profile"), 60)
    assert client.require_auth_time is True
    assert client.contacts == ("a@b.example", "c@d.example")
    assert client.registered_at == house.clock.now
    assert good(house, secret)
    change(house, default_max_age="", contacts="", pkce_required="false")
    client = house.engine.clients.get("hall-c")
    assert client is not None
    assert (client.default_max_age, client.contacts, client.pkce_required) == (None, (), False)
    assert good(house, secret)
    assert house.events("client_changed") == 2


def test_what_a_profile_leaves_no_choice_about(house: House) -> None:
    assert add(house, profile="native", redirect_uris="example.app:/back") == ""
    client = house.engine.clients.get("hall-c")
    assert client is not None
    assert (client.auth_method, client.application_type) == ("none", "native")


@pytest.mark.parametrize(
    "fields",
    [
        {"colour": "red"},
        {"secret_hashes": "x"},
        {"client_id": "x"},
        {"enabled": "false"},
        {"registration_token_hash": "x"},
        {"profile": "x"},
        {"default_max_age": "soon"},
        {"require_auth_time": "perhaps"},
        {"profile": "fapi2"},
        {"redirect_uris": "http://hall.example/"},
        {"sector_identifier_uri": "https://127.0.0.1:1/"},
        {"jwks": "{}"},
    ],
)
def test_what_breaks_a_rule_is_refused(house: House, fields: dict[str, str]) -> None:
    with pytest.raises(ClientFaulty):
        add(house, **fields)
    assert house.count("client") == 0
    add(house)
    with pytest.raises(ClientFaulty):
        change(house, **fields)
    assert house.events("client_changed") == 1


def test_a_sector_lists_the_redirect_uris(house: House) -> None:
    with serving() as served:
        add(house, sector_identifier_uri=served.put("/sector", [BACK]))
        with pytest.raises(ClientFaulty):
            change(house, redirect_uris="https://other.example/")


def test_one_client_a_name(house: House) -> None:
    add(house)
    with pytest.raises(Conflict):
        add(house)
    for unknown in (change, lambda of, name: operators.shown(of.engine, name)):
        with pytest.raises(NotFound):
            unknown(house, "nobody")


def test_secrets_rotate_with_overlap(house: House) -> None:
    first = add(house)
    second = operators.rotate_secret(house.engine, "hall-c", 60, house.clock.now)
    house.feed.poll()
    assert good(house, first)
    assert good(house, second)
    house.clock.advance(59)
    assert good(house, first)
    house.clock.advance(1)
    assert not good(house, first)
    assert good(house, second)
    third = operators.rotate_secret(house.engine, "hall-c", 60, house.clock.now)
    fourth = operators.rotate_secret(house.engine, "hall-c", 60, house.clock.now)
    house.feed.poll()
    assert [good(house, each) for each in (first, second, third, fourth)] == [False, False, True, True]
    last = operators.rotate_secret(house.engine, "hall-c", 0, house.clock.now)
    house.feed.poll()
    assert [good(house, each) for each in (third, fourth, last)] == [False, False, True]


def test_another_method_another_proof(house: House) -> None:
    first = add(house)
    assert change(house, auth_method="private_key_jwt", jwks=Signer().key_set) == ""
    assert not good(house, first)
    with pytest.raises(ClientFaulty):
        operators.rotate_secret(house.engine, "hall-c", 60, house.clock.now)
    second = change(house, auth_method="client_secret_post")
    assert second not in ("", first)


def test_a_disabled_client_is_out_at_once(house: House) -> None:
    secret = add(house)
    for enabled in (False, True):
        operators.switch(house.engine, "hall-c", enabled=enabled, now=house.clock.now)
        house.feed.poll()
        assert good(house, secret) is enabled
    assert operators.listed(house.engine) == [("hall-c", True)]


def test_what_is_shown_holds_nothing_to_compare_secrets_with(house: House) -> None:
    add(house)
    client = house.engine.clients.get("hall-c")
    assert client is not None
    text = json.dumps(operators.shown(house.engine, "hall-c"))
    assert client.secret_hashes[0] not in text
    assert "大厅丙" in json.loads(text)["name_zh"]


def test_a_ticket_holds_its_terms(house: House) -> None:
    terms = Terms("fapi2", ("openid",))
    token = operators.ticket(house.engine, terms, uses=1, seconds=60, now=house.clock.now)
    found = house.durable.read(lambda tx: initial.look(tx, initial.digest(token), house.clock.now))
    assert found == terms
    assert (
        house.durable.read(lambda tx: initial.look(tx, initial.digest(token), house.clock.now + 60)) is None
    )
    house.durable.write(lambda tx: initial.sweep(tx, house.clock.now + 60, 10))
    assert house.count("registration_token") == 0
