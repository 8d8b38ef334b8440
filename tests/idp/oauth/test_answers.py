"""Answers in the form that a client registered: each algorithm, encrypted or not, for it alone."""

from __future__ import annotations

import json
from typing import Any

import jwt as pyjwt
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey

from idp.oauth.clients.answer_rules import SIGNING, answer_faults
from idp.oauth.clients.registered import ClientFaulty
from idp.oauth.tokens.introspection import MEDIA_TYPE
from keys.jwe import ALGORITHMS, ENCODINGS
from tests.idp.oauth.conftest import ISSUER, Browser, House, answered, body
from web import Reply

EC, RSA = ECKey.generate_key("P-256"), RSAKey.generate_key(2048)
JWKS = json.dumps(
    {
        "keys": [
            {**EC.as_dict(private=False), "kid": "e", "use": "enc"},
            {**RSA.as_dict(private=False), "kid": "r", "use": "enc"},
        ]
    }
)


def opened(text: str, alg: str = "ECDH-ES", enc: str = "A128CBC-HS256") -> str:
    """What a client reads with its own key."""
    key: Any = RSA if ALGORITHMS[alg] == "RSA" else EC
    found = jwe.decrypt_compact(text, key, [alg, enc])
    assert (found.protected["alg"], found.protected["enc"]) == (alg, enc)
    assert found.plaintext is not None
    return found.plaintext.decode()


def verified(house: House, token: str, *, audience: str = "hall-a") -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, by a library that is not ours."""
    header = pyjwt.get_unverified_header(token)
    jwks = house.call("GET", "/jwks").body.decode()
    key = next(pyjwt.PyJWK(each) for each in json.loads(jwks)["keys"] if each["kid"] == header["kid"])
    options: Any = {"verify_exp": False, "verify_iat": False}  # by the house's clock, not the machine's
    return header, pyjwt.decode(
        token, key, [header["alg"]], audience=audience, issuer=ISSUER, options=options
    )


def tokens_of(house: House, browser: Browser) -> dict[str, Any]:
    return body(house.redeem(house.code(browser, scope="openid profile")))


@pytest.mark.module("oidcc-idtoken-signature", "oidcc-idtoken-rs256")
@pytest.mark.parametrize("algorithm", SIGNING)
def test_oidcc_idtoken_signature_by_each_algorithm(house: House, algorithm: str) -> None:
    """Among them RS256, as oidcc-idtoken-rs256 has it."""
    house.client(id_token_alg=algorithm)
    browser, _ = house.login(house.person())
    header, claims = verified(house, tokens_of(house, browser)["id_token"])
    assert (header["alg"], header["typ"], claims["nonce"]) == (algorithm, "JWT", "n1")


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS384", "ES256K", ""])
def test_oidcc_idtoken_unsigned(house: House, algorithm: str) -> None:
    with pytest.raises(ClientFaulty) as refused:
        house.client(id_token_alg=algorithm)
    assert "id_token_alg" in refused.value.mend


@pytest.mark.module("oidcc-userinfo-rs256")
@pytest.mark.parametrize("algorithm", SIGNING)
def test_oidcc_userinfo_by_each_algorithm(house: House, algorithm: str) -> None:
    """Among them RS256, as oidcc-userinfo-rs256 has it."""
    house.client(userinfo_signed_alg=algorithm)
    browser, _ = house.login(house.person())
    tokens = tokens_of(house, browser)
    reply = house.userinfo(tokens["access_token"])
    assert reply.header("Content-Type") == "application/jwt"
    assert reply.header("Cache-Control") == "no-store"
    header, claims = verified(house, reply.body.decode())
    assert (header["alg"], "typ" in header, claims["name"]) == (algorithm, False, "张三")
    assert claims["sub"] == verified(house, tokens["id_token"])[1]["sub"]


@pytest.mark.module("oidcc-userinfo-get", "oidcc-userinfo-post-header", "oidcc-userinfo-post-body")
def test_oidcc_userinfo_get_post_header_post_body(house: House) -> None:
    house.client(userinfo_signed_alg="ES256")
    browser, _ = house.login(house.person())
    token = tokens_of(house, browser)["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    replies = [
        house.call("GET", "/userinfo", headers=header),
        house.call("POST", "/userinfo", headers=header),
        house.call("POST", "/userinfo", form={"access_token": token}),
    ]
    assert [verified(house, each.body.decode())[1]["name"] for each in replies] == ["张三"] * 3


@pytest.mark.parametrize("enc", ENCODINGS)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_id_tokens_are_signed_then_encrypted(house: House, alg: str, enc: str) -> None:
    house.client(id_token_encrypted_alg=alg, id_token_encrypted_enc=enc, jwks=JWKS)
    browser, _ = house.login(house.person())
    token = tokens_of(house, browser)["id_token"]
    assert token.count(".") == 4
    assert verified(house, opened(token, alg, enc))[1]["nonce"] == "n1"


def test_userinfo_is_encrypted_signed_or_not(house: House) -> None:
    house.client(userinfo_encrypted_alg="ECDH-ES", jwks=JWKS)
    house.client("hall-b", userinfo_encrypted_alg="ECDH-ES", userinfo_signed_alg="PS256", jwks=JWKS)
    browser, _ = house.login(house.person())
    reply = house.userinfo(tokens_of(house, browser)["access_token"])
    assert reply.header("Content-Type") == "application/jwt"
    assert json.loads(opened(reply.body.decode()))["name"] == "张三"
    token = body(house.redeem(house.code(browser, "hall-b"), "hall-b"))["access_token"]
    nested = opened(house.userinfo(token).body.decode())
    assert verified(house, nested, audience="hall-b")[1]["name"] == "张三"


@pytest.mark.parametrize(
    "jwks", ['{"keys": []}', json.dumps({"keys": [{**EC.as_dict(private=False), "use": "sig"}]})]
)
def test_without_a_key_nothing_leaves_in_clear(house: House, jwks: str) -> None:
    house.client(userinfo_encrypted_alg="RSA-OAEP-256", id_token_encrypted_alg="", jwks=jwks)
    house.client("hall-b", id_token_encrypted_alg="RSA-OAEP-256", jwks=jwks)
    browser, _ = house.login(house.person())
    reply = house.userinfo(tokens_of(house, browser)["access_token"])
    assert (reply.status, body(reply)["error"]) == (400, "invalid_request")
    assert "键".encode() not in reply.body
    reply = house.redeem(house.code(browser, "hall-b"), "hall-b")
    assert (reply.status, body(reply)["error"]) == (400, "invalid_request")
    assert "张三".encode() not in reply.body


def test_a_signed_userinfo_is_no_id_token(house: House) -> None:
    house.client(userinfo_signed_alg="ES256", trusted=True)
    browser, _ = house.login(house.person())
    info = house.userinfo(tokens_of(house, browser)["access_token"]).body.decode()
    found = answered(house.authorize(browser, prompt="none", id_token_hint=info))
    assert found["error"] == "invalid_request"
    assert not house.introspect(info)["active"]


# signed introspection


def asked(house: House, token: str, client_id: str = "hall-a", accept: str = MEDIA_TYPE) -> Reply:
    headers = {**house.basic(client_id), "Accept": accept}
    return house.call("POST", "/introspect", form={"token": token}, headers=headers)


@pytest.mark.parametrize("algorithm", ["", *SIGNING])
def test_introspection_is_signed_for_whom_it_asks_for(house: House, algorithm: str) -> None:
    house.client(introspection_signed_alg=algorithm)
    browser, _ = house.login(house.person())
    token = tokens_of(house, browser)["access_token"]
    reply = asked(house, token)
    assert reply.header("Content-Type") == MEDIA_TYPE
    header, claims = verified(house, reply.body.decode())
    assert (header["typ"], header["alg"]) == ("token-introspection+jwt", algorithm or "ES256")
    assert claims.keys() == {"iss", "aud", "iat", "token_introspection"}
    assert claims["token_introspection"] == house.introspect(token)
    assert claims["token_introspection"]["active"] is True


@pytest.mark.parametrize(
    ("accept", "signed"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        (f"application/json;q=0.5, {MEDIA_TYPE};q=0.9", True),
        (f"x{MEDIA_TYPE}", False),
        (f"{MEDIA_TYPE}x", False),
    ],
)
def test_only_who_accepts_it_gets_a_signed_answer(house: House, accept: str, signed: bool) -> None:  # noqa: FBT001
    house.client(introspection_signed_alg="ES256")
    browser, _ = house.login(house.person())
    reply = asked(house, tokens_of(house, browser)["access_token"], accept=accept)
    assert reply.header("Content-Type") == (MEDIA_TYPE if signed else "application/json")


def test_signed_introspection_tells_strangers_nothing(house: House) -> None:
    house.client()
    house.client("hall-b")
    house.client("library", serves=(f"{ISSUER}/elicence",))
    browser, _ = house.login(house.person())
    plain = tokens_of(house, browser)["access_token"]
    resource = body(house.redeem(house.code(browser, resource=f"{ISSUER}/elicence")))["access_token"]
    for token, caller, active in (
        (plain, "hall-b", False),
        (resource, "hall-b", False),
        (resource, "library", True),
        (plain, "library", False),
        ("junk", "hall-a", False),
    ):
        _, claims = verified(house, asked(house, token, caller).body.decode(), audience=caller)
        assert claims["token_introspection"]["active"] is active
        assert active or claims["token_introspection"] == {"active": False}


def test_introspection_is_encrypted_where_that_is_registered(house: House) -> None:
    house.client(
        introspection_encrypted_alg="ECDH-ES+A128KW", introspection_encrypted_enc="A128GCM", jwks=JWKS
    )
    browser, _ = house.login(house.person())
    token = tokens_of(house, browser)["access_token"]
    text = asked(house, token).body.decode()
    _, claims = verified(house, opened(text, "ECDH-ES+A128KW", "A128GCM"))
    assert claims["token_introspection"]["active"] is True


# what may be registered


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"userinfo_signed_alg": "none"}, "userinfo_signed_alg"),
        ({"introspection_signed_alg": "HS256"}, "introspection_signed_alg"),
        ({"profile": "fapi2", "id_token_alg": "RS256"}, "id_token_alg"),
        ({"profile": "fapi2-message-signing", "userinfo_signed_alg": "RS256"}, "userinfo_signed_alg"),
        ({"id_token_encrypted_alg": "RSA1_5", "jwks": JWKS}, "id_token_encrypted_alg"),
        ({"userinfo_encrypted_enc": "A128GCM", "jwks": JWKS}, "userinfo_encrypted_alg"),
        (
            {"userinfo_encrypted_alg": "ECDH-ES", "userinfo_encrypted_enc": "A192GCM", "jwks": JWKS},
            "userinfo",
        ),
        ({"introspection_encrypted_alg": "ECDH-ES"}, "a key to encrypt to"),
    ],
)
def test_what_is_not_offered_cannot_be_registered(house: House, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ClientFaulty) as refused:
        house.client(**changes)
    assert named in refused.value.mend


def test_the_metadata_lists_what_is_on(house: House) -> None:
    found = body(house.call("GET", "/.well-known/openid-configuration"))
    for name in ("id_token", "userinfo", "introspection"):
        assert found[f"{name}_signing_alg_values_supported"] == ["ES256", "RS256", "PS256", "EdDSA"]
        assert found[f"{name}_encryption_alg_values_supported"] == list(ALGORITHMS)
        assert found[f"{name}_encryption_enc_values_supported"] == list(ENCODINGS)
    client = house.client()
    assert answer_faults(client) == []
