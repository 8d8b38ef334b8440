"""The documents list exactly what is on, and are cached by their tag."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from idp.endpoints import LANE
from idp.oauth.token import GRANTS
from tests.idp.oauth.conftest import ISSUER, House, body, make_house

WELL_KNOWN = "/.well-known/openid-configuration"


def test_every_endpoint_that_is_named_is_routed_and_the_reverse(house: House) -> None:
    found = body(house.call("GET", WELL_KNOWN))
    assert found["issuer"] == ISSUER
    named = {
        value.removeprefix(ISSUER)
        for name, value in found.items()
        if name.endswith(("_endpoint", "_uri", "_iframe"))
    }
    routed = {path for _, path in house.endpoints}
    pages = {
        "/consent",
        "/logout/confirm",
        "/register/<client_id>",
        "/device",
        "/device/decide",
        "/account/requests",
        "/account/requests/decide",
        "/halls/<client_id>",
    }
    documents = {WELL_KNOWN, "/.well-known/oauth-authorization-server"}
    assert named == routed - pages - documents
    assert set(LANE) <= set(house.endpoints)
    assert [each for each in LANE if house.endpoints[each].page] == [("GET", "/authorize")]


@pytest.mark.module("oidcc-discovery-endpoint-verification")
def test_oidcc_discovery_endpoint_verification(house: House) -> None:
    """What OpenID Connect Discovery § 3 requires, and what it takes from a provider that says nothing."""
    reply = house.call("GET", WELL_KNOWN)
    assert (reply.status, reply.header("Content-Type")) == (200, "application/json")
    found = body(reply)
    required = {"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"}
    assert required | {"response_types_supported", "id_token_signing_alg_values_supported"} <= found.keys()
    assert None not in found.values()
    assert [] not in found.values()
    assert all(len(set(each)) == len(each) for each in found.values() if isinstance(each, list))
    assert {"openid", "profile", "email", "address", "phone"} <= set(found["scopes_supported"])
    assert {"sub", "iss", "name", "email", "address", "phone_number"} <= set(found["claims_supported"])
    assert found["subject_types_supported"] == ["pairwise", "public"]
    assert (found["claims_parameter_supported"], found["request_parameter_supported"]) == (True, True)
    assert found["request_uri_parameter_supported"] is False  # left out it would count as true
    keys = body(house.call("GET", "/jwks"))["keys"]
    assert not any({"d", "p", "q", "k", "oth"} & key.keys() for key in keys)
    assert len({key["kid"] for key in keys}) == len(keys)


@pytest.mark.module("fapi2-security-profile-final-discovery-end-point-verification")
def test_fapi2_discovery_end_point_verification(house: House) -> None:
    """FAPI 2.0 § 5.3.2, and what Message Signing adds to it."""
    found = body(house.call("GET", WELL_KNOWN))
    assert found["pushed_authorization_request_endpoint"] == f"{ISSUER}/par"
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert {"authorization_code", "refresh_token"} <= set(found["grant_types_supported"])
    assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"]
    for name in ("dpop", "token_endpoint_auth", "request_object", "authorization", "id_token"):
        assert {"ES256", "PS256", "EdDSA"} <= set(found[f"{name}_signing_alg_values_supported"]), name
    assert "jwt" in found["response_modes_supported"]
    signing = [value for name, value in found.items() if name.endswith("signing_alg_values_supported")]
    assert {each for value in signing for each in value} == {"ES256", "PS256", "EdDSA", "RS256"}


def test_what_is_off_is_not_named(house: House) -> None:
    found = body(house.call("GET", WELL_KNOWN))
    assert found["response_types_supported"] == ["code"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["grant_types_supported"] == list(GRANTS)
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    assert found["authorization_details_types_supported"] == ["count"]
    assert not [name for name in found if "mtls" in name or "tls_" in name]
    assert found["dpop_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]


def test_mtls_endpoint_aliases(house: House, tmp_path: Path) -> None:
    """RFC 8705 § 5: every endpoint that a client calls, at the listener that asks for its certificate."""
    mtls = make_house(house.durable, house.clock, tmp_path / "house", mtls="https://mtls.example:8443")
    found = body(mtls.call("GET", WELL_KNOWN))
    assert found["tls_client_certificate_bound_access_tokens"] is True
    called = {name for name in found if name.endswith("_endpoint")}
    aliases = found["mtls_endpoint_aliases"]
    assert set(aliases) == called - {"authorization_endpoint", "end_session_endpoint"}
    assert aliases["token_endpoint"] == "https://mtls.example:8443/token"
    paths = {alias.removeprefix("https://mtls.example:8443") for alias in aliases.values()}
    assert paths < {path for _, path in mtls.endpoints}


def test_both_forms_are_one_document(house: House) -> None:
    one, other = (house.call("GET", path) for path in (WELL_KNOWN, "/.well-known/oauth-authorization-server"))
    assert one.body == other.body


def test_etag(house: House) -> None:
    for path in (WELL_KNOWN, "/jwks"):
        first = house.call("GET", path)
        etag = first.header("ETag") or ""
        again = house.call("GET", path, headers={"If-None-Match": etag})
        assert (again.status, again.body, again.header("ETag")) == (304, b"", etag)
        assert house.call("GET", path, headers={"If-None-Match": '"x"'}).status == 200


@pytest.mark.module("oidcc-server-rotate-keys")
def test_keys_follow_the_rings(house: House) -> None:
    before = house.call("GET", "/jwks")
    kids = {key["kid"] for key in msgspec.json.decode(before.body)["keys"]}
    house.engine.keys.rotate("id-token")
    house.feed.poll()
    after = msgspec.json.decode(house.call("GET", "/jwks").body)["keys"]
    assert {key["kid"] for key in after} > kids
    assert all("d" not in key for key in after)
    assert {key["alg"] for key in after if key["use"] == "sig"} == {"ES256", "RS256", "PS256", "EdDSA"}
    assert {key["kty"] for key in after if key["use"] == "enc"} == {"EC", "RSA"}


@pytest.mark.module("oidcc-server-rotate-keys")
def test_a_token_of_a_key_that_is_being_replaced_stays_good(house: House) -> None:
    house.client(trusted=True)
    person = house.person()
    browser, _ = house.login(person)
    hint = body(house.redeem(house.code(browser)))["id_token"]
    keys = house.engine.keys
    keys.rotate("id-token")
    keys.rotate("seal", "A256")
    token = body(house.redeem(house.code(browser)))["refresh_token"]
    house.clock.advance(3601)
    keys.advance(house.clock.now)
    browser, _ = house.login(person)
    assert "code=" in (house.authorize(browser, id_token_hint=hint).header("Location") or "")
    assert house.introspect(token)["active"]
