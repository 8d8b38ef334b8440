"""The SDK's resource server, on tokens of the real provider: bound to a key, to a certificate, to nobody."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manyou.resource import AccessRefused, ResourceServer
from manyou.transports import WsgiAdapter
from tests.idp.oauth.conftest import ISSUER, House, body
from tests.idp.oauth.proving import Key, ask, redeem
from tests.idp.oauth.test_sdk_dpop import served

API = "https://api.example/"
URL = "https://api.example/records/1"
KEY = Key()
OTHER = Key()
CERTIFICATE = b"\x30\x03one"
JUNK = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.none(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.text()),
)
FORM = {"grant_type": "client_credentials", "resource": API}


@pytest.fixture
def api(house: House) -> ResourceServer:
    house.client()
    return server(house)


def server(house: House, resource: str = API, **more: Any) -> ResourceServer:
    transport = WsgiAdapter(served(house))
    return ResourceServer(ISSUER, resource, transport=transport, clock=house.clock, **more)


def bound(house: House, key: Key = KEY) -> str:
    return str(body(ask(house, key.proof(house, "POST", "/token"), **FORM))["access_token"])


def sent(house: House, token: str, key: Key = KEY, **changes: Any) -> dict[str, str]:
    proof = key.proof(house, "GET", "/", token=token, **({"htu": URL} | changes))
    return {"Authorization": f"DPoP {token}", "DPoP": proof}


def refused(api: ResourceServer, headers: dict[str, str], method: str = "GET", **more: Any) -> AccessRefused:
    with pytest.raises(AccessRefused) as found:
        api.verify(method, URL, headers, **more)
    return found.value


def test_a_token_bound_to_a_key(house: House, api: ResourceServer) -> None:
    token = bound(house)
    access = api.verify("GET", URL, sent(house, token))
    assert (access.client_id, access.sub) == ("hall-a", "hall-a")
    assert access.scopes == {"use", "check"}
    assert api.verify("GET", URL + "?page=2", sent(house, token, htu="HTTPS://API.example:443/records/1#x"))


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("jti", {"jti": None}),
        ("jti", {"jti": "j" * 257}),
        ("htm", {"htm": "POST"}),
        ("htu", {"htu": API}),
        ("htu", {"htu": None}),
        ("htu", {"htu": "https://x@api.example/records/1"}),
        ("htu", {"htu": "https://api.example:x/records/1"}),
        ("iat", {"iat": None}),
        ("iat", {"iat": 1}),
        ("iat", {"iat": "now"}),
        ("exp", {"exp": 1}),
        ("exp", {"exp": "soon"}),
        ("nbf", {"nbf": "soon"}),
        ("nbf", {"nbf": 9e9}),
        ("ath", {"ath": "x"}),
        ("ath", {"ath": None}),
        ("header", {"header": {"typ": "JWT"}}),
        ("header", {"header": {"jwk": None}}),
        ("header", {"header": {"jwk": KEY.jwk | KEY.private_members}}),
        ("header", {"header": {"alg": "HS256"}}),
        ("another key", {"header": {"jwk": OTHER.jwk}}),
        ("another key", {"header": {"jwk": {"kty": "EC"}}}),
    ],
)
def test_a_proof_that_is_wrong(house: House, api: ResourceServer, rule: str, changes: dict[str, Any]) -> None:
    found = refused(api, sent(house, bound(house), **changes))
    assert found.detail == rule
    assert found.challenge == 'DPoP error="invalid_dpop_proof", algs="ES256 PS256 EdDSA"'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(
    header=st.dictionaries(st.sampled_from(["typ", "alg", "jwk"]), JUNK),
    claims=st.dictionaries(
        st.sampled_from(["jti", "htm", "htu", "iat", "nbf", "exp", "ath"]), JUNK, min_size=1
    ),
)
def test_junk_is_refused_and_never_a_fault(
    house: House, api: ResourceServer, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    token = bound(house)
    whole = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.jwk}
    good = {"jti": "j", "htm": "GET", "htu": URL, "iat": house.clock.now}
    for each in (whole, whole | header):
        headers = {"Authorization": f"DPoP {token}", "DPoP": KEY.jws(each, good | claims)}
        assert refused(api, headers).code == "invalid_dpop_proof"


def test_a_proof_of_another_key_or_for_another_token_or_none(house: House, api: ResourceServer) -> None:
    token = bound(house)
    assert refused(api, sent(house, token, OTHER)).detail == "another key"
    stolen = sent(house, token) | {"Authorization": f"DPoP {bound(house)}"}
    assert refused(api, stolen).detail == "ath"
    assert refused(api, {"Authorization": f"DPoP {token}"}).code == "invalid_dpop_proof"
    assert refused(api, {"Authorization": f"Bearer {token}"}).challenge.startswith("DPoP ")
    forged = sent(house, token)
    forged["DPoP"] = forged["DPoP"][:-4] + "AAAA"
    assert refused(api, forged).detail == "not signed as it says"


def test_a_proof_is_good_once_under_fifty(house: House, api: ResourceServer) -> None:
    headers = sent(house, bound(house))

    def once(_: int) -> str:
        try:
            return api.verify("GET", URL, headers).client_id
        except AccessRefused as found:
            return found.detail

    with ThreadPoolExecutor(50) as pool:
        assert Counter(pool.map(once, range(50))) == {"hall-a": 1, "jti": 49}


def test_several_processes_share_what_they_have_seen(house: House, api: ResourceServer) -> None:
    known: dict[str, int] = {}

    def first(name: str, ends: int) -> bool:
        return known.setdefault(name, ends) == ends and len(known) == 1

    headers = sent(house, bound(house))
    assert server(house, first=first).verify("GET", URL, headers)
    assert len(known) == 1
    assert next(iter(known.values())) > house.clock.now
    assert api.verify("GET", URL, headers)  # which was told nothing of it


def test_a_token_bound_to_a_certificate(house: House) -> None:
    house.client(certificate_bound=True)
    api = server(house)
    reply = house.call("POST", "/token", form=FORM, headers=house.basic("hall-a"), certificate=CERTIFICATE)
    headers = {"Authorization": f"Bearer {body(reply)['access_token']}"}
    assert api.verify("GET", URL, headers, certificate=CERTIFICATE).client_id == "hall-a"
    assert refused(api, headers, certificate=b"\x30\x03two").detail == "another certificate"
    assert refused(api, headers).detail == "not sent by whom it is bound to"


def test_a_token_that_everybody_may_send(house: House, api: ResourceServer) -> None:
    token = body(ask(house, None, **FORM))["access_token"]
    assert api.verify("GET", URL, {"Authorization": f"bearer {token}"}).claims["aud"] == API
    assert refused(api, {"Authorization": f"DPoP {token}"}).code == "invalid_token"
    assert refused(api, {}).challenge == 'Bearer error="invalid_token"'
    elsewhere = server(house, "https://other.example/")
    assert refused(elsewhere, {"Authorization": f"Bearer {token}"}).detail == "aud"
    for junk in ("x", "a.b.c", token + "x", token[:-4] + "AAAA"):
        assert refused(api, {"Authorization": f"Bearer {junk}"}).code == "invalid_token"
    house.clock.advance(house.engine.settings.client_access_seconds)
    assert refused(api, {"Authorization": f"Bearer {token}"}).detail == "exp"


def test_no_other_token_of_the_provider_passes(house: House, api: ResourceServer) -> None:
    browser, _ = house.login(house.person())
    found = body(house.redeem(house.code(browser)))
    for name in ("id_token", "access_token", "refresh_token"):
        assert refused(api, {"Authorization": f"Bearer {found[name]}"}).code == "invalid_token"


def test_it_asks_for_a_stronger_or_more_recent_login(house: House, api: ResourceServer) -> None:
    browser, _ = house.login(house.person())
    token = body(redeem(house, KEY, house.code(browser, resource=API)))["access_token"]
    assert api.verify("GET", URL, sent(house, token), acr="urn:manyou:acr:r2-a1", max_age=0)
    low = refused(api, sent(house, token), acr="urn:manyou:acr:r2-a2")
    assert low.challenge == (
        'Bearer error="insufficient_user_authentication", acr_values="urn:manyou:acr:r2-a2"'
    )
    house.clock.advance(61)
    assert refused(api, sent(house, token), max_age=60).challenge.endswith(', max_age="60"')
