"""A token that was exchanged falls with the one that it was exchanged from."""

from __future__ import annotations

from idp.oauth.clients.grant_types import TOKEN_EXCHANGE
from tests.idp.oauth.conftest import House, body
from tests.idp.oauth.test_token_exchange import ARCHIVE, LIBRARY, called, error, exchange, halls


def test_revoking_a_token_ends_what_it_was_exchanged_for(house: House) -> None:
    halls(house)
    house.client(
        "archive",
        grants=("client_credentials", TOKEN_EXCHANGE),
        redirect_uris=(),
        scopes=("use",),
        serves=(ARCHIVE,),
        audiences=(LIBRARY,),
    )
    first = called(house)["access_token"]
    second = body(exchange(house, first, resource=ARCHIVE))["access_token"]
    third = body(exchange(house, second, "archive"))["access_token"]
    other = body(exchange(house, called(house)["access_token"]))["access_token"]
    holders = ((second, "back-office"), (third, "archive"), (other, "back-office"))
    assert all(house.introspect(token, by)["active"] for token, by in holders)  # and is remembered
    assert house.call("POST", "/revoke", form={"token": first}, headers=house.basic("hall-a")).status == 200
    house.feed.poll()
    assert [house.introspect(token, by)["active"] for token, by in holders] == [False, False, True]
    assert error(exchange(house, second, "archive")) == "invalid_request"


def test_a_hall_on_the_way_revokes_what_came_of_its_own_alone(house: House) -> None:
    halls(house)
    first = called(house)["access_token"]
    second = body(exchange(house, first))["access_token"]
    form = {"token": second}
    assert house.call("POST", "/revoke", form=form, headers=house.basic("back-office")).status == 200
    house.feed.poll()
    assert house.introspect(second, "back-office") == {"active": False}
    assert house.introspect(first)["active"]
