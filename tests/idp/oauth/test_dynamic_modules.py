"""The modules of OpenID Connect's dynamic profile that are about what a client registered by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.idp.oauth.conftest import BACK, OTHER_BACK, House, answered, body
from tests.idp.oauth.signing import Signer
from tests.idp.oauth.test_registration import REDIRECTS, refused, register, ticket
from tests.served import Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


@pytest.mark.module("oidcc-server[dynamic]")
def test_oidcc_server(house: House) -> None:
    """What was registered logs people in, without PKCE too, and its ID token is signed by RS256."""
    found = register(house, client_name="Fule Hall", grant_types=["authorization_code", "refresh_token"])
    client_id = found["client_id"]
    browser, _ = house.login(house.person())
    code = house.code(browser, client_id, code_challenge=None, code_challenge_method=None)
    answer = body(house.redeem(code, client_id, code_verifier=""))
    import jwt

    assert jwt.get_unverified_header(answer["id_token"])["alg"] == "RS256"
    assert "refresh_token" in answer


@pytest.mark.module("oidcc-refresh-token[dynamic]")
def test_oidcc_refresh_token(house: House) -> None:
    """For its own client alone, by the secret that it was given."""
    metadata = {"grant_types": ["authorization_code", "refresh_token"], "scope": "openid offline_access"}
    one, two = (register(house, **metadata)["client_id"] for _ in range(2))
    browser, _ = house.login(house.person())
    code = house.code(browser, one, scope="openid offline_access")
    token = body(house.redeem(code, one))["refresh_token"]
    fresh = body(house.refresh(token, one))
    assert house.userinfo(fresh["access_token"]).status == 200
    refused(house.refresh(fresh.get("refresh_token", token), two), 400, "invalid_grant")


@pytest.mark.module(
    "oidcc-registration-logo-uri",
    "oidcc-registration-policy-uri",
    "oidcc-registration-tos-uri",
)
@pytest.mark.parametrize("name", ["logo_uri", "policy_uri", "tos_uri", "client_uri"])
def test_oidcc_registration_logo_policy_tos_uri(house: House, name: str) -> None:
    """The person who is asked sees them, on the page that names the hall."""
    uri = "https://hall.example/page?a=b&c"
    found = register(house, **{name: uri})
    assert found[name] == uri
    browser, _ = house.login(house.person())
    consent = house.authorize(browser, found["client_id"]).header("Location") or ""
    page = house.call("GET", consent, browser=browser)
    shown = "src" if name == "logo_uri" else "href"
    assert f'{shown}="https://hall.example/page?a=b&amp;c"' in page.body.decode()
    policy = page.header("Content-Security-Policy") or ""
    pictures = " https://hall.example;" if name == "logo_uri" else ";"
    assert f"img-src 'self' data:{pictures}" in policy
    headers = ticket(house)
    for bad in (
        "http://hall.example/",
        "javascript:alert(1)",
        "//hall.example/",
        "x",
        "https://u@hall.example/",
    ):
        refused(
            house.call("POST", "/register", json=REDIRECTS | {name: bad}, headers=headers),
            400,
            "invalid_client_metadata",
            name,
        )


@pytest.mark.module("oidcc-registration-jwks-uri")
def test_oidcc_registration_jwks_uri(house: House, served: Served) -> None:
    signer = Signer("RS256")
    uri = served.put("/jwks", {"keys": [signer.jwk]})
    found = register(
        house,
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri=uri,
        grant_types=["authorization_code", "client_credentials"],
    )
    form = {"grant_type": "client_credentials", "scope": "x"} | signer.proof(
        found["client_id"], house.clock.now
    )
    assert body(house.call("POST", "/token", form=form)).get("error") != "invalid_client"
    assert served.count("/jwks") == 1


@pytest.mark.module("oidcc-registration-sector-uri")
def test_oidcc_registration_sector_uri(house: House, served: Served) -> None:
    uris = [BACK, OTHER_BACK]
    uri = served.put("/sector", [*uris, "https://other.example/"])
    found = register(house, redirect_uris=uris, sector_identifier_uri=uri)
    client = house.engine.clients.get(found["client_id"])
    assert client is not None
    assert client.sector == "127.0.0.1"
    assert found["sector_identifier_uri"] == uri


@pytest.mark.module("oidcc-registration-sector-bad")
@pytest.mark.parametrize("document", [["https://other.example/"], {}, [1], [], None, "x"])
def test_oidcc_registration_sector_bad(house: House, served: Served, document: Any) -> None:
    headers = ticket(house, uses=1)
    uri = served.put("/sector", document)
    for bad in (uri, served.put("/missing", b"", status=404), "http://sector.example/x", "x"):
        reply = house.call(
            "POST", "/register", json=REDIRECTS | {"sector_identifier_uri": bad}, headers=headers
        )
        refused(reply, 400, "invalid_client_metadata", "sector_identifier_uri")
    assert house.count("client") == 0
    register(house, headers)  # what was refused used nothing


@pytest.mark.module(
    "oidcc-redirect-uri-query-OK",
    "oidcc-redirect-uri-query-mismatch",
    "oidcc-redirect-uri-query-added",
    "oidcc-redirect-uri-regfrag",
)
def test_oidcc_redirect_uri_query_and_regfrag(house: House) -> None:
    """…-redirect-uri-query-OK, -query-mismatch, -query-added, -regfrag."""
    back = BACK + "?foo=bar"
    found = register(house, redirect_uris=[back])
    browser, _ = house.login(house.person())
    reply = house.authorize(browser, found["client_id"], redirect_uri=back)
    onward = house.decide(browser, reply.header("Location") or "").header("Location") or ""
    location = house.call("GET", onward, browser=browser).header("Location") or ""
    assert location.startswith(back + "&")
    assert answered(house.authorize(browser, found["client_id"], redirect_uri=back))["foo"] == "bar"
    for wrong in (BACK, BACK + "?foo=baz", back + "&x=y"):
        assert house.authorize(browser, found["client_id"], redirect_uri=wrong).status == 400
    for bad in (BACK + "#foobar", BACK + "#"):
        reply = house.call("POST", "/register", json={"redirect_uris": [bad]}, headers=ticket(house))
        refused(reply, 400, "invalid_redirect_uri")
