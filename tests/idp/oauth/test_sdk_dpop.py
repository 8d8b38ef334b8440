"""The SDK's hall with a DPoP key, over the whole application: login, claims, refresh, a retry for a nonce."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idp.endpoints import LANE
from idp.oauth.settings import OAuthSettings
from manyou.errors import Unauthenticated
from manyou.hall import DpopKey, Hall, ProviderUnavailable
from manyou.hall.tokens import Tokens
from manyou.transports import WsgiAdapter
from tests.idp.oauth.conftest import BACK, ISSUER, Browser, House, make_house
from web import Site
from web.application import WSGI, application


def served(house: House) -> WSGI:
    site = Site("provider", "localhost:8000", tuple(house.endpoints.values()))
    return application([(site, house.pages)], house.clock, LANE)


def hall_of(house: House, key: DpopKey | None, **more: Any) -> Hall:
    transport = WsgiAdapter(served(house))
    secret = house.secrets["hall-a"]
    return Hall(
        ISSUER, "hall-a", secret, redirect_uri=BACK, transport=transport, clock=house.clock, dpop=key, **more
    )


def logged_in(house: House, hall: Hall, browser: Browser, **asked: Any) -> Any:
    url, pending = hall.begin(**asked)
    parts = urlsplit(url)
    reply = house.call("GET", f"{parts.path}?{parts.query}", browser=browser)
    location = urlsplit(reply.header("Location") or "")
    return hall.finish(pending, dict(parse_qsl(location.query)))


@pytest.fixture(params=["on", "required", "off"])
def strict(request: pytest.FixtureRequest, house: House, tmp_path: Path) -> House:
    settings = OAuthSettings(dpop_nonce=request.param)
    return make_house(house.durable, house.clock, tmp_path / "house", settings)


def test_a_hall_with_a_key(strict: House) -> None:
    strict.client(trusted=True, dpop_bound=True)
    browser, _ = strict.login(strict.person())
    key = DpopKey()
    hall = hall_of(strict, key)
    login = logged_in(strict, hall, browser)
    assert strict.introspect(login.tokens.access_token)["cnf"] == {"jkt": key.thumbprint}
    assert hall.userinfo(login)["name"] == "张三"
    assert hall.userinfo(login)["sub"] == login.sub
    strict.clock.advance(301)  # the nonce that it knows is too old
    fresh = hall.refresh(login.tokens)
    assert strict.introspect(fresh.access_token)["cnf"] == {"jkt": key.thumbprint}
    own = hall.client_token(resource=f"{ISSUER}/elicence")
    assert strict.introspect(own.access_token)["token_type"] == "DPoP"
    assert hall.introspect(own.access_token)["active"] is True
    hall.revoke(fresh.access_token)
    strict.feed.poll()
    with pytest.raises(Unauthenticated):
        hall.userinfo(type(login)(login.claims, Tokens(fresh.access_token, 2**31)))


def test_anothers_hall_cannot_use_its_token(house: House) -> None:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    login = logged_in(house, hall_of(house, DpopKey()), browser)
    for thief in (hall_of(house, DpopKey()), hall_of(house, None)):
        with pytest.raises(Unauthenticated):
            thief.userinfo(login)


def test_a_key_that_is_kept_is_the_same_in_every_process(house: House) -> None:
    house.client(trusted=True)
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    browser, _ = house.login(house.person())
    login = logged_in(house, hall_of(house, DpopKey(pem)), browser)
    assert hall_of(house, DpopKey(pem)).userinfo(login)["sub"] == login.sub
    assert DpopKey(pem).thumbprint == DpopKey(pem).thumbprint != DpopKey().thumbprint


def test_a_public_hall_keeps_its_refresh_token_to_its_key(house: House) -> None:
    house.client("app", trusted=True, auth_method="none")
    browser, _ = house.login(house.person())

    def app(key: DpopKey) -> Hall:
        transport = WsgiAdapter(served(house))
        return Hall(ISSUER, "app", redirect_uri=BACK, transport=transport, clock=house.clock, dpop=key)

    mine = app(DpopKey())
    login = logged_in(house, mine, browser)
    with pytest.raises(Unauthenticated):
        app(DpopKey()).refresh(login.tokens)
    second = mine.refresh(login.tokens)
    assert second.refresh_token != login.tokens.refresh_token


@pytest.mark.parametrize(
    "private",
    [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()],
    ids=["P-384", "Ed25519"],
)
def test_another_kind_of_key_is_refused(private: Any) -> None:
    with pytest.raises(ValueError, match="P-256"):
        DpopKey(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_a_provider_that_binds_nothing_is_noticed(house: House) -> None:
    """Who was given a key believes in no token that everybody could use."""
    house.client()
    inner = served(house)

    def deaf(environ: Any, start_response: Any) -> Any:
        environ.pop("HTTP_DPOP", None)
        return inner(environ, start_response)

    hall = Hall(
        ISSUER,
        "hall-a",
        house.secrets["hall-a"],
        transport=WsgiAdapter(deaf),
        clock=house.clock,
        dpop=DpopKey(),
    )
    with pytest.raises(ProviderUnavailable):
        hall.client_token()
