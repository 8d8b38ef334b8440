"""The one gate behind every grant: each grant against each state that may come before it is redeemed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from idp.oauth.clients.grant_types import CIBA, DEVICE_CODE, TOKEN_EXCHANGE
from idp.oauth.grants.token_exchange import ACCESS_TOKEN
from idp.oauth.token import GRANTS
from tests.idp.oauth import test_ciba, test_device
from tests.idp.oauth.conftest import ISSUER, Browser, House, body
from tests.idp.oauth.test_gate import STATES
from web import Reply

LIBRARY, BACK_OFFICE = f"{ISSUER}/elicence", "https://api.example/"
COMPANY = "91350000MADEM00030"
Presented = Callable[[], Reply]


def _code(house: House, browser: Browser) -> Presented:
    code = house.code(browser)
    return lambda: house.redeem(code)


def _refresh(house: House, browser: Browser) -> Presented:
    token = body(house.redeem(house.code(browser)))["refresh_token"]
    return lambda: house.refresh(token)


def _for_itself(house: House, browser: Browser) -> Presented:
    house.code(browser)  # a person's consent stands beside, and means nothing here
    return lambda: house.token(grant_type="client_credentials")


def _device(house: House, browser: Browser) -> Presented:
    begun = body(test_device.begin(house, "hall-a"))
    page = test_device.look(house, browser, begun["user_code"])
    assert test_device.decide(house, browser, page) == "allow"
    return lambda: test_device.poll(house, begun["device_code"], "hall-a")


def _asked(house: House, browser: Browser) -> Presented:
    asked = body(test_ciba.ask(house, "hall-a", login_hint=COMPANY))["auth_req_id"]
    assert test_ciba.decide(house, browser) == "allow"
    return lambda: test_ciba.poll(house, asked, "hall-a")


def _exchange(house: House, browser: Browser) -> Presented:
    code = house.code(browser, scope="openid profile", resource=BACK_OFFICE)
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": body(house.redeem(code))["access_token"],
        "subject_token_type": ACCESS_TOKEN,
    }
    return lambda: house.token("back-office", **form)


WAYS: dict[str, Callable[[House, Browser], Presented]] = {
    "authorization_code": _code,
    "refresh_token": _refresh,
    "client_credentials": _for_itself,
    DEVICE_CODE: _device,
    CIBA: _asked,
    TOKEN_EXCHANGE: _exchange,
}
NOT_TOUCHED = {
    *(("client_credentials", state) for state in STATES if state != "client disabled"),
    # what is not redeemed yet has no family to be revoked
    *((grant, "family revoked") for grant in ("authorization_code", DEVICE_CODE, CIBA)),
}


def test_every_grant_is_in_the_matrix() -> None:
    assert list(WAYS) == list(GRANTS)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("grant", WAYS)
def test_a_state_between(house: House, grant: str, state: str) -> None:
    house.client(
        least_level=3,
        grants=("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE, CIBA),
        ciba_delivery="poll",
    )
    house.client(
        "back-office",
        redirect_uris=(),
        grants=(TOKEN_EXCHANGE,),
        serves=(BACK_OFFICE,),
        audiences=(LIBRARY,),
    )
    person = house.person(level=3)
    browser, _ = house.login(person, acting_for=house.organisation(person, uscc=COMPANY))
    before, after = WAYS[grant](house, browser), WAYS[grant](house, browser)
    assert before().status == 200
    STATES[state](house, person)
    house.feed.poll()
    assert (after().status == 200) is ((grant, state) in NOT_TOUCHED)
