"""Who registers itself learns no other hall's names for people, gets what it may, and is shown as such."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE
from idp.oauth.clients.rules import faults
from idp.oauth.registering import operators
from idp.oauth.subject import subject_of
from tests.idp.oauth.conftest import BACK, House, body
from tests.idp.oauth.test_registration import TERMS, at, own, refused, register, ticket
from tests.served import serving
from web.csrf import FIELD

HALL = "https://hall.example/back"
OFFLINE = {"grant_types": ["authorization_code", "refresh_token"]}


def known_to(house: House, client_id: str, person: bytes) -> str:
    client = house.engine.clients.get(client_id)
    assert client is not None
    return subject_of(house.engine.keys, client, person)


@pytest.mark.parametrize("uri", ["com.evil.app://hall.example/back", "http://127.0.0.1/back", BACK])
def test_a_host_that_is_nobodys_own_is_no_sector(house: House, uri: str) -> None:
    """An application chooses the host behind its own scheme, and gets the answer; loopback is everybody's."""
    person = house.person()
    house.client("hall", redirect_uris=(HALL,))
    house.client("other", redirect_uris=("http://127.0.0.1:9/", "http://127.0.0.1:10/"))
    native = {"application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": [uri]}
    evil = register(house, None, **native)["client_id"]
    assert known_to(house, evil, person) not in {known_to(house, name, person) for name in ("hall", "other")}


def test_who_moves_to_a_halls_host_hears_nothing_of_old_tokens(house: House) -> None:
    """The answers would go to the hall, but refresh tokens that were given before would tell its subjects."""
    house.client("hall", redirect_uris=(HALL,))
    found = register(house, None, redirect_uris=["https://evil.example/back"], **OFFLINE)
    sent = {"client_id": found["client_id"], **OFFLINE}
    reply = house.call("PUT", at(found), json=sent | {"redirect_uris": [HALL]}, headers=own(found))
    refused(reply, 400, "invalid_client_metadata", "sector_identifier_uri")
    other_path = ["https://evil.example/other"]
    assert (
        house.call("PUT", at(found), json=sent | {"redirect_uris": other_path}, headers=own(found)).status
        == 200
    )


def test_who_registered_a_halls_host_does_not_move_away_with_its_subjects(house: House) -> None:
    found = register(house, None, redirect_uris=[HALL])
    sent = {"client_id": found["client_id"], "redirect_uris": ["https://evil.example/back"]}
    reply = house.call("PUT", at(found), json=sent, headers=own(found))
    refused(reply, 400, "invalid_client_metadata", "redirect_uris")


def test_a_host_that_says_so_is_moved_to(house: House) -> None:
    with serving() as served:
        found = register(house)
        named = served.put("/sector", [BACK])
        sent = {"client_id": found["client_id"], "redirect_uris": [BACK], "sector_identifier_uri": named}
        assert house.call("PUT", at(found), json=sent, headers=own(found)).status == 200


@pytest.mark.parametrize("grant", [DEVICE_CODE, CIBA])
def test_answers_that_come_another_way_prove_no_host(house: House, grant: str) -> None:
    headers = ticket(house, grants=("authorization_code", grant))
    sent: dict[str, Any] = {
        "redirect_uris": [HALL],
        "grant_types": ["authorization_code", grant],
        "backchannel_token_delivery_mode": "poll",
    }
    reply = house.call("POST", "/register", json=sent, headers=headers)
    refused(reply, 400, "invalid_client_metadata", "sector_identifier_uri")
    alone = sent | {"redirect_uris": [], "grant_types": [grant]}
    assert house.call("POST", "/register", json=alone, headers=headers).status == 201


def test_a_change_gives_no_grant_that_the_operator_left_out(house: House) -> None:
    found = register(house, ticket(house, grants=("authorization_code", "refresh_token")))
    sent = {"client_id": found["client_id"], "redirect_uris": [BACK]}
    more = {"grant_types": ["authorization_code", "client_credentials"]}
    reply = house.call("PUT", at(found), json=sent | more, headers=own(found))
    refused(reply, 400, "invalid_client_metadata", "grant_types")
    assert house.call("PUT", at(found), json=sent | OFFLINE, headers=own(found)).status == 200


def test_a_change_does_not_undo_that_the_operator_demands_pkce(house: House) -> None:
    found = register(house)
    client_id = found["client_id"]
    operators.change(house.engine, client_id, {"pkce_required": "true"}, house.clock.now)
    house.feed.poll()
    sent = {"client_id": client_id, "redirect_uris": [BACK]}
    assert house.call("PUT", at(found), json=sent, headers=own(found)).status == 200
    house.feed.poll()
    client = house.engine.clients.get(client_id)
    assert client is not None
    assert client.pkce_required


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example;sandbox/back",
        "https://evil.example,https://hall.example/back",
        "https://evil.example'/back",
        'https://evil.example"/back',
        "https://hall%2eexample/back",
        "https://evil.example:/back",
        "https://evil.example/\x0cback",
        "https://evil.example/\x7fback",
        "https://evil.example/<back>",
    ],
)
def test_an_address_ends_no_directive_of_a_pages_policy(house: House, uri: str) -> None:
    """Form post and the session frame name hosts in Content-Security-Policy."""
    reply = house.call(
        "POST", "/register", json={"client_name": "x", "redirect_uris": [uri]}, headers=ticket(house)
    )
    assert body(reply)["error"] in {"invalid_redirect_uri", "invalid_client_metadata"}
    client = house.client()
    for field in ("redirect_uris", "post_logout_redirect_uris"):
        assert faults(type(client)(**{**_fields(client), field: (uri,)}))
    assert faults(type(client)(**{**_fields(client), "initiate_login_uri": "https://hall.example/\x0b"}))


def _fields(client: Any) -> dict[str, Any]:
    return {name: getattr(client, name) for name in client.__struct_fields__}


def test_the_page_says_that_nobody_checked_the_name_and_where_the_answer_goes(house: House) -> None:
    browser, _ = house.login(house.person())
    found = register(house, client_name="省政务服务网")
    house.client()
    for client_id, warned in ((found["client_id"], True), ("hall-a", False)):
        led = house.authorize(browser, client_id).header("Location") or ""
        page = house.call("GET", led, browser=browser).body.decode()
        assert ("名称未经核实" in page and "<code>localhost:8001</code>" in page) == warned


def test_the_device_page_says_so_too(house: House) -> None:
    browser, _ = house.login(house.person())
    found = register(
        house,
        ticket(house, grants=(DEVICE_CODE,), scopes=TERMS.scopes),
        redirect_uris=[],
        grant_types=[DEVICE_CODE],
        client_name="省政务服务网",
    )
    asked = house.call(
        "POST", "/device_authorization", form={"scope": "openid"}, headers=house.basic(found["client_id"])
    )
    code = body(asked)["user_code"]
    page = house.call("GET", "/device?" + urlencode({"user_code": code}), browser=browser)
    token = page.body.decode().partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    shown = house.call("POST", "/device", browser=browser, form={"user_code": code, FIELD: token})
    assert "名称未经核实" in shown.body.decode()
