"""Clients register themselves: RFC 7591 and RFC 7592."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, Literal

import pytest

from idp.oauth.registering import initial
from idp.oauth.registering.initial import Terms
from idp.oauth.settings import OAuthSettings
from store import SQL
from tests.idp.oauth.conftest import BACK, ISSUER, House, answered, body, make_house
from tests.idp.oauth.signing import Signer
from web import Reply

TERMS = Terms(scopes=("openid", "profile", "phone", "offline_access"), audiences=(f"{ISSUER}/elicence",))
REDIRECTS = {"redirect_uris": [BACK]}
_SQL_CLIENT = SQL("SELECT record FROM client")
_SQL_TOKEN = SQL("SELECT hash, terms FROM registration_token")


def ticket(house: House, *, uses: int = 100, ends: int = 3600, **terms: Any) -> dict[str, str]:
    """The header of a new initial access token."""
    token = os.urandom(32).hex()
    made = Terms(**({name: getattr(TERMS, name) for name in TERMS.__struct_fields__} | terms))
    now = house.clock.now
    house.durable.write(
        lambda tx: initial.issue(tx, initial.digest(token), made, uses=uses, ends=now + ends, now=now)
    )
    return {"Authorization": f"Bearer {token}"}


def register(house: House, headers: dict[str, str] | None = None, /, **metadata: Any) -> dict[str, Any]:
    reply = house.call("POST", "/register", json=REDIRECTS | metadata, headers=headers or ticket(house))
    assert reply.status == 201, reply.body
    assert reply.header("Cache-Control") == "no-store"
    house.feed.poll()
    found = body(reply)
    if "client_secret" in found:
        house.secrets[found["client_id"]] = found["client_secret"]
    return found


def refused(reply: Reply, status: int, error: str, mend: str = "") -> None:
    found = body(reply)
    assert (reply.status, found["error"]) == (status, error), found
    assert mend in found["error_description"], found
    assert found["error_description"].isascii()


def own(found: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {found['registration_access_token']}"}


def at(found: dict[str, Any]) -> str:
    return str(found["registration_client_uri"]).removeprefix(ISSUER)


# RFC 7591


def test_the_defaults_are_the_standards(house: House) -> None:
    found = register(house)
    assert found["token_endpoint_auth_method"] == "client_secret_basic"
    assert found["grant_types"] == ["authorization_code"]
    assert found["response_types"] == ["code"]
    assert found["id_token_signed_response_alg"] == "RS256"
    assert found["application_type"] == "web"
    assert found["scope"] == "openid profile phone offline_access"
    assert found["client_secret_expires_at"] == 0
    assert found["client_id_issued_at"] == house.clock.now
    assert found["client_name"] == "localhost"
    assert len(found["client_secret"]) >= 43
    assert len(found["registration_access_token"]) >= 43
    assert found["registration_client_uri"] == f"{ISSUER}/register/{found['client_id']}"
    listed = body(house.call("GET", "/.well-known/openid-configuration"))
    assert listed["registration_endpoint"] == f"{ISSUER}/register"


def test_a_native_application_is_public_and_needs_pkce(house: House) -> None:
    headers = ticket(house, profile="native", subject_types=("public",))
    found = register(
        house,
        headers,
        application_type="native",
        token_endpoint_auth_method="none",
        redirect_uris=["example.app:/back", "http://127.0.0.1/back"],
        sector_identifier_uri=None,
        subject_type="public",
    )
    assert "client_secret" not in found
    client = house.engine.clients.get(found["client_id"])
    assert client is not None
    assert client.pkce_required
    refused(house.call("POST", "/register", json=REDIRECTS, headers=headers), 400, "invalid_client_metadata")


def test_everything_that_is_registered_is_told(house: House) -> None:
    signer = Signer()
    sent = {
        "redirect_uris": ["https://hall.example/back?a=b", "https://hall.example/other"],
        "post_logout_redirect_uris": ["https://hall.example/"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": "ES256",
        "client_name": "Hall",
        "client_name#zh-CN": "大厅",
        "client_name#en": "Hall",
        "client_uri": "https://hall.example/",
        "logo_uri": "https://hall.example/logo.png",
        "policy_uri": "https://hall.example/policy",
        "tos_uri": "https://hall.example/tos",
        "contacts": ["hall@example.org"],
        "jwks": {"keys": [signer.jwk]},
        "default_max_age": 60,
        "require_auth_time": True,
        "request_uris": ["https://hall.example/request#abc"],
        "initiate_login_uri": "https://hall.example/login",
        "backchannel_logout_uri": "https://hall.example/out",
        "dpop_bound_access_tokens": True,
        "require_pushed_authorization_requests": True,
        "subject_type": "pairwise",
        "scope": "openid phone",
        "software_id": "ignored",
        "x_unknown": {"a": [1]},
    }
    found = register(house, **sent)
    told = body(house.call("GET", at(found), headers=own(found)))
    known = {
        name: value for name, value in sent.items() if name not in {"software_id", "x_unknown", "client_name"}
    }
    assert {name: told[name] for name in known} == known
    assert told["client_name"] == "大厅"
    assert not {"software_id", "x_unknown", "client_secret"} & told.keys()
    for name in ("registration_client_uri", "registration_access_token"):  # RFC 7592 § 3 requires both
        assert told[name] == found[name]
    form = {"grant_type": "client_credentials"} | signer.proof(found["client_id"], house.clock.now)
    assert body(house.call("POST", "/token", form=form))["error"] != "invalid_client"


@pytest.mark.parametrize(
    "uris",
    [
        [],
        None,
        ["http://hall.example/"],
        ["https://hall.example/*"],
        ["https://a@hall.example/"],
        ["https://[/"],
        [""],
    ],
)
def test_redirect_uris_that_are_none(house: House, uris: Any) -> None:
    reply = house.call("POST", "/register", json={"redirect_uris": uris}, headers=ticket(house))
    refused(reply, 400, "invalid_redirect_uri")


@pytest.mark.module("oidcc-idtoken-unsigned[dynamic]")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_types", ["code id_token"]),
        ("response_types", ["token"]),
        ("grant_types", ["implicit"]),
        ("grant_types", ["password"]),
        ("token_endpoint_auth_method", "client_secret_jwt"),
        ("token_endpoint_auth_method", "private_key_jwt"),  # without keys
        ("token_endpoint_auth_method", 1),
        ("token_endpoint_auth_signing_alg", "HS256"),
        ("id_token_signed_response_alg", "none"),
        ("id_token_signed_response_alg", "HS256"),
        ("subject_type", "x"),
        ("application_type", "desktop"),
        ("redirect_uris", "https://hall.example/"),
        ("scope", "openid id_number"),
        ("scope", "openid root"),
        ("scope", 7),
        ("jwks", {"keys": [{"kty": "oct", "k": "AAAA"}]}),
        ("jwks", {"keys": [Signer().jwk | {"d": "AA"}]}),
        ("jwks", {"keys": 7}),
        ("jwks", "x"),
        ("jwks_uri", "http://hall.example/jwks"),
        ("jwks_uri", "file:///etc/passwd"),
        ("request_uris", ["http://hall.example/"]),
        ("contacts", ["x"] * 33),
        ("contacts", ["x" * 256]),
        ("client_name", "x" * 101),
        ("client_name", "evil\u202egnp.exe"),
        ("client_name", "a\nb"),
        ("default_max_age", -1),
        ("default_max_age", "60"),
        ("default_max_age", 2**40),
        ("backchannel_user_code_parameter", True),
        ("authorization_details_types", ["count"]),
        ("subject_type", "public"),
        ("grant_types", ["urn:ietf:params:oauth:grant-type:device_code"]),
        ("grant_types", ["authorization_code", "urn:openid:params:grant-type:ciba"]),
        ("tls_client_auth_subject_dn", "CN=x"),
        ("backchannel_logout_uri", "http://hall.example/"),
        ("request_object_signing_alg", "none"),
    ],
)
def test_metadata_that_is_refused(house: House, name: str, value: Any) -> None:
    headers = ticket(house, uses=1)
    reply = house.call("POST", "/register", json=REDIRECTS | {name: value}, headers=headers)
    refused(reply, 400, "invalid_client_metadata")
    assert house.count("client") == 0
    assert house.events("client_changed") == 0
    register(house, headers)


def test_no_client_says_of_itself_what_the_operator_decides(house: House) -> None:
    found = register(
        house,
        trusted=True,
        audiences=["x"],
        serves=["x"],
        profile="fapi2",
        least_level=0,
        verifier="public",
        enabled=0,
    )
    client = house.engine.clients.get(found["client_id"])
    assert client is not None
    assert (client.trusted, client.serves, client.verifier, client.profile) == (False, (), "none", "basic")
    assert client.audiences == TERMS.audiences


def test_a_profile_is_the_initial_access_tokens(house: House) -> None:
    headers = ticket(house, profile="fapi2")
    reply = house.call("POST", "/register", json=REDIRECTS, headers=headers)
    refused(reply, 400, "invalid_client_metadata", "fapi2")
    keys = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [Signer().jwk]}}
    found = register(house, headers, **keys)
    assert found["id_token_signed_response_alg"] == "ES256"
    rsa = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [Signer("RS256").jwk]}}
    wrong = rsa | {"token_endpoint_auth_signing_alg": "RS256"}
    reply = house.call("POST", "/register", json=REDIRECTS | wrong, headers=headers)
    refused(reply, 400, "invalid_client_metadata")


@pytest.mark.parametrize("raw", [b"", b"[]", b"x", b"null", b"\xff", b"[" * 5000, b'{"redirect_uris":' * 900])
def test_bodies_that_are_none(house: House, raw: bytes) -> None:
    import io

    from web import Call
    from web.answer import answer

    call = Call.of("POST", "/register", now=house.clock.now, headers=ticket(house))
    call.environ |= {
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": io.BytesIO(raw),
    }
    reply = answer(house.endpoints["POST", "/register"], call, house.pages)
    refused(reply, 400, "invalid_client_metadata")


# initial access tokens


def test_only_with_an_initial_access_token(house: House) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
    ):
        reply = house.call("POST", "/register", json=REDIRECTS, headers=headers)
        refused(reply, 401, "invalid_token")
        assert (reply.header("WWW-Authenticate") or "").startswith("Bearer")


def test_an_initial_access_token_has_its_uses_and_its_end(either: House) -> None:
    headers = ticket(either, uses=2, ends=60)
    register(either, headers)
    either.clock.advance(59)
    register(either, headers)
    refused(either.call("POST", "/register", json=REDIRECTS, headers=headers), 401, "invalid_token")
    late = ticket(either, uses=2, ends=60)
    either.clock.advance(60)
    refused(either.call("POST", "/register", json=REDIRECTS, headers=late), 401, "invalid_token")
    assert either.events("client_changed") == 2


def test_fifty_race_for_the_last_use(either: House) -> None:
    headers = ticket(either, uses=1)
    barrier = Barrier(50)

    def run(_: int) -> int:
        barrier.wait()
        return either.call("POST", "/register", json=REDIRECTS, headers=headers).status

    with ThreadPoolExecutor(50) as pool:
        assert sorted(pool.map(run, range(50))) == [201] + [401] * 49
    assert either.count("client") == 1


@pytest.mark.parametrize("mode", ["off", "AnybodyMayRegister"])
def test_the_operator_decides(
    house: House, tmp_path: Path, mode: Literal["off", "AnybodyMayRegister"]
) -> None:
    other = make_house(house.durable, house.clock, tmp_path / "house", OAuthSettings(registration=mode))
    listed = body(other.call("GET", "/.well-known/openid-configuration"))
    assert ("registration_endpoint" in listed) is (mode != "off")
    assert (("POST", "/register") in other.endpoints) is (mode != "off")
    if mode != "off":
        assert other.call("POST", "/register", json=REDIRECTS).status == 201
        refused(
            other.call("POST", "/register", json=REDIRECTS | {"scope": "phone"}),
            400,
            "invalid_client_metadata",
        )
        refused(
            other.call("POST", "/register", json=REDIRECTS, headers={"Authorization": "Bearer x"}),
            401,
            "invalid_token",
        )


def test_secrets_are_kept_as_hashes(house: House) -> None:
    headers = ticket(house)
    found = register(house, headers)
    rows = house.durable.read(
        lambda tx: [str(row) for row in tx.rows(_SQL_CLIENT)] + [str(row) for row in tx.rows(_SQL_TOKEN)]
    )
    everything = "".join(rows)
    for secret in (found["client_secret"], found["registration_access_token"], headers["Authorization"][7:]):
        assert secret not in everything
    assert hashlib.sha256(found["client_secret"].encode()).hexdigest() in everything


# RFC 7592


def test_a_client_reads_changes_and_ends_its_registration(house: House) -> None:
    found = register(house, client_name="Before", scope="openid profile")
    changed = house.call(
        "PUT",
        at(found),
        json=REDIRECTS | {"client_id": found["client_id"], "client_name": "After", "scope": "openid phone"},
        headers=own(found),
    )
    assert changed.status == 200, changed.body
    house.feed.poll()
    new = body(changed)
    assert (new["client_name"], new["scope"], new["client_id"]) == (
        "After",
        "openid phone",
        found["client_id"],
    )
    assert new["registration_access_token"] != found["registration_access_token"]
    assert "client_secret" not in new  # it stays what it was
    assert house.token(found["client_id"], grant_type="x").status == 400
    refused(house.call("GET", at(found), headers=own(found)), 401, "invalid_token")
    assert body(house.call("GET", at(found), headers=own(new)))["client_name"] == "After"
    ended = house.call("DELETE", at(found), headers=own(new))
    assert (ended.status, ended.body) == (204, b"")
    house.feed.poll()
    refused(house.call("GET", at(found), headers=own(new)), 401, "invalid_token")
    refused(house.token(found["client_id"], grant_type="x"), 401, "invalid_client")
    assert house.events("client_changed") == 3


def test_what_was_changed_holds_at_once(either: House) -> None:
    """Before any news: whoever gets an answer goes on with what stands in it."""
    house, key, other = either, Signer(kid="k1"), Signer(kid="k2")
    by_key = REDIRECTS | {"token_endpoint_auth_method": "private_key_jwt"}
    found = register(house, **by_key, jwks={"keys": [key.jwk]})
    client_id = found["client_id"]

    def asks(signer: Signer) -> str:
        form = {"grant_type": "x"} | signer.proof(client_id, house.clock.now)
        return str(body(house.call("POST", "/token", form=form))["error"])

    assert asks(key) != "invalid_client"
    sent = by_key | {"client_id": client_id, "jwks": {"keys": [other.jwk]}}
    new = body(house.call("PUT", at(found), json=sent, headers=own(found)))
    refused(house.call("GET", at(found), headers=own(found)), 401, "invalid_token")
    assert (asks(key), asks(other) != "invalid_client") == ("invalid_client", True)
    assert house.call("DELETE", at(found), headers=own(new)).status == 204
    refused(house.call("GET", at(found), headers=own(new)), 401, "invalid_token")
    assert asks(other) == "invalid_client"


def test_a_change_replaces_everything(house: House) -> None:
    found = register(house, tos_uri="https://hall.example/tos", contacts=["a@b.example"])
    sent = REDIRECTS | {"client_id": found["client_id"]}
    new = body(house.call("PUT", at(found), json=sent, headers=own(found)))
    assert "tos_uri" not in new
    assert "contacts" not in new


def test_a_change_keeps_the_policy(house: House) -> None:
    """As creation does: not a scope more, no other profile, nothing that is the operator's."""
    found = register(house, scope="openid")
    sent = REDIRECTS | {"client_id": found["client_id"]}
    for wrong in (
        {"scope": "openid id_number"},
        {"redirect_uris": [BACK + "#x"]},
        {"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"client_id": "other"},
        {"client_id": None},
        {"client_secret": "wrong"},
        {"response_types": ["token"]},
        {"subject_type": "public"},
        {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]},
        {"sector_identifier_uri": "https://127.0.0.1:1/"},
    ):
        reply = house.call("PUT", at(found), json=sent | wrong, headers=own(found))
        assert reply.status == 400, wrong
    again = house.call(
        "PUT", at(found), json=sent | {"client_secret": found["client_secret"]}, headers=own(found)
    )
    assert again.status == 200
    client = house.engine.clients.get(found["client_id"])
    house.feed.poll()
    assert client is not None
    assert client.may_register == TERMS.scopes


def test_a_change_of_method_changes_the_secret(house: House) -> None:
    found = register(house)
    sent = REDIRECTS | {"client_id": found["client_id"]}
    keys = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [Signer().jwk]}}
    one = body(house.call("PUT", at(found), json=sent | keys, headers=own(found)))
    house.feed.poll()
    assert "client_secret" not in one
    refused(house.token(found["client_id"], grant_type="x"), 401, "invalid_client")
    two = body(house.call("PUT", at(found), json=sent, headers=own(one)))
    house.feed.poll()
    assert two["client_secret"] != found["client_secret"]
    refused(house.token(found["client_id"], grant_type="x"), 401, "invalid_client")
    house.secrets[found["client_id"]] = two["client_secret"]
    assert house.token(found["client_id"], grant_type="x").status == 400


def test_a_registration_is_its_clients_own(house: House) -> None:
    one, two = register(house), register(house)
    house.client()
    for method in ("GET", "PUT", "DELETE"):
        for path, headers in (
            (at(one), own(two)),
            (at(one), {}),
            (at(one), {"Authorization": "Bearer "}),
            (at(one), house.basic(one["client_id"])),
            ("/register/nobody", own(one)),
            ("/register/hall-a", own(one)),
            ("/register/hall-a", {"Authorization": "Bearer x"}),
            ("/register/a\0b", own(one)),
        ):
            reply = house.call(method, path, json=REDIRECTS, headers=headers)
            refused(reply, 401, "invalid_token")
    house.client(one["client_id"], enabled=False, registration_token_hash=hashlib.sha256(b"t").hexdigest())
    refused(house.call("GET", at(one), headers={"Authorization": "Bearer t"}), 401, "invalid_token")


def test_of_two_changes_that_race_one_counts(either: House) -> None:
    found = register(either)
    sent = REDIRECTS | {"client_id": found["client_id"]}
    barrier = Barrier(20)

    def run(place: int) -> int:
        barrier.wait()
        change = sent | {"client_name": f"Hall {place}"}
        return either.call("PUT", at(found), json=change, headers=own(found)).status

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(run, range(20))) == [200] + [401] * 19


def test_a_registered_client_is_a_stranger_to_consent(house: House) -> None:
    """Whoever registers gets a consent page, and its name stands there as text."""
    found = register(house, client_name="<script>alert(1)</script>")
    browser, _ = house.login(house.person())
    consent = house.authorize(browser, found["client_id"]).header("Location") or ""
    page = house.call("GET", consent, browser=browser)
    assert page.status == 200
    assert b"<script>alert" not in page.body
    assert answered(house.decide(browser, consent, "deny"))["error"] == "access_denied"
