"""PyPI idpyoidc, the Python stack of the conformance suite's authors, unchanged, as a relying party.

It registers itself, or is registered; logs in with PKCE, reads userinfo (a signed one, where it says no
algorithm), refreshes, logs out, and checks the logout token that comes by the back channel.

What it cannot do with any provider, and is not asked here: register a refresh token's grant, or more than one
scope; push a request (it waits for 200 where RFC 9126 says 201); DPoP (its ``ath`` is hexadecimal).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from idpyoidc.client.oauth2.stand_alone_client import backchannel_logout
from idpyoidc.client.rp_handler import RPHandler

from tests.flows.province import Province
from tests.flows.strangers import SCOPE, Visitor, invite, register, stranger
from tests.served import Served, serving

SECONDS = 10
ROOM = "idpyoidc.client.oidc"
SERVICES = {
    "discovery": {"class": f"{ROOM}.provider_info_discovery.ProviderInfoDiscovery"},
    "registration": {"class": f"{ROOM}.registration.Registration"},
    "read_registration": {"class": f"{ROOM}.read_registration.RegistrationRead"},
    "authorization": {"class": f"{ROOM}.authorization.Authorization"},
    "access_token": {"class": f"{ROOM}.access_token.AccessToken"},
    "refresh_access_token": {"class": f"{ROOM}.refresh_access_token.RefreshAccessToken"},
    "userinfo": {"class": f"{ROOM}.userinfo.UserInfo"},
    "end_session": {"class": f"{ROOM}.end_session.EndSession"},
}
PKCE = {
    "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
    "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
}


@pytest.fixture
def site() -> Iterator[Served]:
    """The relying party's own site, where the provider tells of a logout."""
    with serving() as served:
        served.put("/bc", b"")
        yield served


def party(province: Province, site: Served, **known: str) -> Any:
    """A relying party that has read the discovery document."""
    preference = {
        "client_name": "idpyoidc",
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "subject_types_supported": ["pairwise"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "post_logout_redirect_uris": [f"{site.origin}/bye"],
        "backchannel_logout_uri": f"{site.origin}/bc",
    }
    config = {
        "client_type": "oidc",
        "client_authn_methods": ["client_secret_basic", "bearer_header"],
        "redirect_uris": [f"{site.origin}/callback"],
        "preference": preference,
        "add_ons": {"pkce": PKCE},
        **known,
    }
    keys = {"key_defs": [{"type": "EC", "crv": "P-256", "use": ["sig"]}]}
    handler = RPHandler(site.origin, client_configs={"": config}, services=SERVICES, key_conf=keys)
    client = handler.init_client(province.issuer)
    assert client.do_provider_info() == province.issuer
    return client


def log_in(client: Any, visitor: Visitor, **asked: Any) -> dict[str, Any]:
    url = client.init_authorization(req_args=asked)
    assert "code_challenge_method=S256" in url
    answer = dict(parse_qsl(urlsplit(visitor.go(url)).query))
    found: dict[str, Any] = client.finalize(answer)
    assert "error" not in found
    return found


def test_registers_itself_and_hears_of_the_logout(province: Province, site: Served) -> None:
    client = party(province, site)
    back, left = f"{site.origin}/callback", f"{site.origin}/bye"
    asked = {"access_token": invite(province), "scope": "openid", "post_logout_redirect_uris": [left]}
    registered = client.do_request("registration", request_args=asked, authn_method="bearer_header")
    assert registered["client_name"] == "idpyoidc"
    assert registered["id_token_signed_response_alg"] == "ES256"
    read = client.do_request("registration_read")
    assert read["client_id"] == registered["client_id"]
    with Visitor.of(province, registered["client_id"], back=back, left=left) as visitor:
        found = log_in(client, visitor, scope=["openid"])
        assert found["userinfo"]["sub"] == found["id_token"]["sub"]
        visitor.browser.get(client.logout(found["state"])["url"])
        assert visitor.browser.left_for.startswith(left)
    until = time.monotonic() + SECONDS
    while not site.count("/bc"):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert backchannel_logout(client, request=site.asked[0][3]) == found["state"]


def test_refreshes(province: Province, site: Served) -> None:
    back, left = f"{site.origin}/callback", f"{site.origin}/bye"
    made, secret = stranger("idpyoidc", redirect_uris=(back,), post_logout_redirect_uris=(left,))
    register(province, made)
    client = party(province, site, client_id="idpyoidc", client_secret=secret)
    client.do_client_registration()
    with Visitor.of(province, "idpyoidc", back=back, left=left) as visitor:
        found = log_in(client, visitor, scope=SCOPE.split())
    assert found["userinfo"]["name"] == "林漫"
    fresh = client.refresh_access_token(found["state"])
    assert fresh["access_token"] != found["token"]
    again = client.get_user_info(found["state"], access_token=fresh["access_token"])
    assert again["sub"] == found["userinfo"]["sub"]
