"""Logins that begin elsewhere than at the hall: third-party initiated login."""

from __future__ import annotations

import pytest

from idp.oauth.clients.registered import ClientFaulty
from tests.idp.oauth.conftest import House


@pytest.mark.module("oidcc-3rd_party-init-login")
def test_oidcc_3rd_party_init_login(house: House) -> None:
    house.client(initiate_login_uri="https://hall.example/initiate-login")
    house.client("hall-b", initiate_login_uri="https://hall.example/begin?at=b")
    reply = house.visit("/halls/<client_id>", client_id="hall-a")
    assert reply.status == 303
    assert reply.header("Location") == "https://hall.example/initiate-login?iss=http%3A%2F%2Flocalhost%3A8000"
    reply = house.visit("/halls/<client_id>", client_id="hall-b")
    assert reply.header("Location") == "https://hall.example/begin?at=b&iss=http%3A%2F%2Flocalhost%3A8000"


def test_who_registered_none_is_not_led_to(house: House) -> None:
    house.client()
    house.client("gone", initiate_login_uri="https://hall.example/", enabled=False)
    for client_id in ("hall-a", "gone", "nobody", "\0"):
        assert house.visit("/halls/<client_id>", client_id=client_id).status == 404


@pytest.mark.module("oidcc-3rd_party-init-login-nohttps")
@pytest.mark.parametrize("uri", ["http://hall.example/login", "javascript:alert(1)", "hall.example/login"])
def test_oidcc_3rd_party_init_login_nohttps(house: House, uri: str) -> None:
    with pytest.raises(ClientFaulty):
        house.client(initiate_login_uri=uri)
