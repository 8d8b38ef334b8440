"""Request objects by value, through PAR and by reference; named after the modules that look at them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import KeySet
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from idp.oauth.settings import OAuthSettings
from tests.idp.oauth.conftest import BACK, CHALLENGE, ISSUER, Browser, House, answered, body, make_house
from tests.idp.oauth.signing import Signer
from tests.idp.oauth.test_response_modes import told
from tests.served import serving
from web import Reply

TYP = "oauth-authz-req+jwt"
HOUR = 3600


@cache
def _key(algorithm: str, _number: int = 0) -> Any:
    if algorithm == "ES256":
        return new_ec(SECP256R1())
    return Ed25519PrivateKey.generate() if algorithm == "EdDSA" else new_rsa(65537, 2048)


def _jwk(algorithm: str) -> dict[str, Any]:
    public = _key(algorithm).public_key()
    writers: dict[str, Any] = {"ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
    writer = writers.get(algorithm, RSAAlgorithm)
    return {**json.loads(writer.to_jwk(public)), "kid": algorithm, "use": "sig", "alg": algorithm}


@cache
def jwks(*algorithms: str) -> str:
    return json.dumps({"keys": [_jwk(each) for each in algorithms]})


def claims(house: House, client_id: str = "hall-a", /, **changes: Any) -> dict[str, Any]:
    """A good request object's; None takes a member out."""
    now = house.clock.now
    known = {
        "iss": client_id,
        "aud": ISSUER,
        "nbf": now,
        "exp": now + 300,
        "client_id": client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "response_mode": "jwt",
        "scope": "openid profile",
        "state": "inside",
        "nonce": "n1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (known | changes).items() if value is not None}


def signed(content: dict[str, Any], algorithm: str = "ES256", /, *, key: Any = None, **header: Any) -> str:
    headers = {"kid": algorithm, "typ": TYP, **header}
    payload = json.dumps(content).encode()
    return pyjwt.PyJWS().encode(payload, key or _key(algorithm), algorithm, headers)


def _known(house: House, **changes: Any) -> Browser:
    """Somebody logged in at a hall that signs and asks for no consent."""
    known: dict[str, Any] = {"trusted": True, "jwks": jwks("ES256", "PS256", "EdDSA")}
    house.client(**(known | changes))
    return house.login(house.person())[0]


def by_value(house: House, browser: Browser | None, request: str, /, **beside: str) -> Reply:
    query = urlencode({"client_id": "hall-a", "request": request, **beside})
    return house.call("GET", "/authorize?" + query, browser=browser)


def pushed(house: House, request: str, /, **beside: str) -> Reply:
    form = {"request": request, **beside}
    return house.call("POST", "/par", form=form, headers=house.basic("hall-a"))


def opened(house: House, browser: Browser, reply: Reply, /, **beside: str) -> Reply:
    assert reply.status == 201, reply.body
    query = urlencode({"client_id": "hall-a", "request_uri": body(reply)["request_uri"], **beside})
    return house.call("GET", "/authorize?" + query, browser=browser)


def refused(reply: Reply) -> tuple[int, str]:
    return reply.status, body(reply)["error"]


@pytest.mark.parametrize("typ", [TYP, "JWT", "jwt", "application/oauth-authz-req+jwt", None])
@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
def test_by_value_and_through_par(house: House, algorithm: str, typ: str | None) -> None:
    browser = _known(house)
    request = signed(claims(house), algorithm, typ=typ)
    for reply in (by_value(house, browser, request), opened(house, browser, pushed(house, request))):
        found = told(house, reply, "jwt")
        assert found["state"] == "inside"
        assert house.redeem(found["code"]).status == 200


@pytest.mark.module(
    "fapi2-security-profile-final-state-only-outside-request-object-not-used",
    "fapi2-security-profile-final-ensure-different-nonce-inside-and-outside-request-object",
    "fapi2-security-profile-final-ensure-different-state-inside-and-outside-request-object",
)
def test_what_stands_outside_is_not_used(house: House) -> None:
    """fapi2: state-only-outside-request-object-not-used, ensure-different-state/nonce-inside-and-outside."""
    browser = _known(house)
    request = signed(claims(house, state=None, response_mode=None))
    beside = {"state": "outside", "nonce": "outside", "scope": "openid id_number", "prompt": "login"}
    found = answered(by_value(house, browser, request, **beside))
    assert "state" not in found
    tokens = body(house.redeem(found["code"]))
    id_token = house.engine.keys.verify_jwt("id-token", tokens["id_token"], now=house.clock.now)
    assert (id_token["nonce"], tokens["scope"]) == ("n1", "openid profile")
    found = answered(opened(house, browser, pushed(house, request, state="outside"), state="outside"))
    assert "state" not in found


@pytest.mark.module("oidcc-ensure-request-object-with-redirect-uri")
def test_oidcc_ensure_request_object_with_redirect_uri(house: House) -> None:
    browser = _known(house)
    request = signed(claims(house, response_mode=None))
    reply = by_value(house, browser, request, redirect_uri="https://evil.example/", response_type="code")
    assert answered(reply)["state"] == "inside"


@pytest.mark.module("fapi2-security-profile-final-ensure-request-object-without-redirect-uri-fails")
@pytest.mark.parametrize("changes", [{"redirect_uri": None}, {"redirect_uri": BACK + "/x"}])
def test_ensure_request_object_without_redirect_uri_fails(house: House, changes: dict[str, Any]) -> None:
    _known(house)
    request = signed(claims(house, **changes))
    assert refused(pushed(house, request, redirect_uri=BACK)) == (400, "invalid_request")
    assert by_value(house, None, request, redirect_uri=BACK).status == 400


def _fapi(house: House, *algorithms: str, profile: str = "fapi2-message-signing", **changes: Any) -> None:
    """A client that authenticates by one key and signs its requests by others."""
    own = house.signers["hall-a"] = Signer(kid="authentication")
    keys = json.dumps({"keys": [own.jwk, *(_jwk(each) for each in algorithms)]})
    house.client(trusted=True, profile=profile, auth_method="private_key_jwt", jwks=keys, **changes)


@pytest.fixture
def fapi(house: House) -> House:
    """A provider whose client keeps all of Message Signing."""
    _fapi(house, "ES256", "PS256", "EdDSA")
    return house


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-request-object-with-multiple-aud-succeeds",
    "fapi2-security-profile-final-ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted",
)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": [ISSUER, "https://other.example"]},  # ensure-request-object-with-multiple-aud-succeeds
        {"nbf": 8},  # ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted
        {"nbf": -HOUR, "exp": 0},
        {"exp": HOUR},
        {"exp": 1},
        {"nbf": 0.5},
        {"iat": 0, "jti": "j"},
        {"state": None},
        {"nonce": None},
        {"nonce": "n" * 64},
        {"state": "s" * 1024},
        {"scope": "profile openid"},
    ],
)
def test_succeeds(fapi: House, changes: dict[str, Any]) -> None:
    browser, _ = fapi.login(fapi.person())
    request = signed(claims(fapi, **_moved(fapi, changes)))
    if changes.get("exp") == 0:
        fapi.clock.advance(-1)
    found = told(fapi, opened(fapi, browser, pushed(fapi, request)), "jwt")
    assert "code" in found


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-request-object-without-exp-fails",
    "fapi2-security-profile-final-ensure-request-object-without-nbf-fails",
    "fapi2-security-profile-final-ensure-expired-request-object-fails",
    "fapi2-security-profile-final-ensure-request-object-with-bad-aud-fails",
    "fapi2-security-profile-final-ensure-request-object-with-exp-over-60-fails",
    "fapi2-security-profile-final-ensure-request-object-with-nbf-over-60-fails",
)
@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},  # ensure-request-object-without-exp-fails
        {"nbf": None},  # ensure-request-object-without-nbf-fails
        {"exp": 0},  # ensure-expired-request-object-fails
        {"exp": -300, "nbf": -600},
        {"exp": HOUR + 1},  # ensure-request-object-with-exp-over-60-fails
        {"nbf": -HOUR - 1, "exp": 1},  # ensure-request-object-with-nbf-over-60-fails
        {"nbf": 11, "exp": 300},
        {"nbf": "now"},
        {"exp": True},
        {"exp": 1e300},
        {"aud": None},
        {"aud": "https://other.example"},  # ensure-request-object-with-bad-aud-fails
        {"aud": ISSUER + "/par"},
        {"aud": [ISSUER + "/"]},
        {"aud": []},
        {"aud": {}},
        {"iss": None},
        {"iss": "hall-b"},
        {"client_id": "hall-b"},
        {"client_id": ["hall-a"]},
        {"sub": "hall-a"},
        {"request": "x.y.z"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
        {"state": "\0"},
        {"authorization_details": [{"type": "\0"}]},
    ],
)
def test_fails(fapi: House, changes: dict[str, Any]) -> None:
    fapi.client("hall-b")
    reply = pushed(fapi, signed(claims(fapi, **_moved(fapi, changes))))
    assert refused(reply) == (400, "invalid_request_object")
    assert fapi.count("expiring") == 0


def _moved(house: House, changes: dict[str, Any]) -> dict[str, Any]:
    """Times told as seconds from now."""
    now = house.clock.now
    return {
        name: now + value if name in {"exp", "nbf", "iat"} and type(value) in {int, float} else value
        for name, value in changes.items()
    }


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-signed-request-object-with-RS256-fails",
    "fapi2-security-profile-final-ensure-request-object-signature-algorithm-is-not-none",
)
@pytest.mark.parametrize("algorithm", ["RS256", "none", "HS256"])
def test_ensure_signature_algorithm_is_not_that(fapi: House, algorithm: str) -> None:
    """ensure-signed-request-object-with-RS256-fails, …-signature-algorithm-is-not-none."""
    _fapi(fapi, "ES256", "RS256")
    content = claims(fapi)
    if algorithm == "RS256":
        request = signed(content, "RS256")
    else:
        key: Any = "x" * 32 if algorithm == "HS256" else None
        request = pyjwt.encode(content, key, algorithm=algorithm, headers={"typ": TYP})
    assert refused(pushed(fapi, request)) == (400, "invalid_request_object")


@pytest.mark.module("fapi2-security-profile-final-ensure-matching-key-in-authorization-request")
def test_ensure_matching_key_in_authorization_request(fapi: House) -> None:
    request = signed(claims(fapi), key=_key("ES256", 1))
    assert refused(pushed(fapi, request)) == (400, "invalid_request_object")


@pytest.mark.module("fapi2-security-profile-final-ensure-request-object-with-invalid-signature-fails")
def test_ensure_request_object_with_invalid_signature_fails(fapi: House) -> None:
    head, payload, signature = signed(claims(fapi)).split(".")
    broken = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert refused(pushed(fapi, f"{head}.{payload}.{broken}")) == (400, "invalid_request_object")


@pytest.mark.module("fapi2-security-profile-final-ensure-unsigned-request-at-par-endpoint-fails")
def test_ensure_unsigned_request_at_par_endpoint_fails(fapi: House) -> None:
    reply = fapi.push(response_mode="jwt")
    assert refused(reply) == (400, "invalid_request")
    assert "request object" in body(reply)["error_description"]


def test_its_answers_are_signed_too(fapi: House) -> None:
    for mode in (None, "query", "form_post"):
        assert refused(pushed(fapi, signed(claims(fapi, response_mode=mode)))) == (400, "invalid_request")


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails",
)
def test_ensure_unsigned_and_signed_requests_without_par_fail(fapi: House) -> None:
    browser, _ = fapi.login(fapi.person())
    assert answered(fapi.authorize(browser))["error"] == "invalid_request"
    assert told(fapi, by_value(fapi, browser, signed(claims(fapi))), "jwt")["error"] == "invalid_request"


@pytest.mark.module("fapi2-security-profile-final-par-authorization-request-containing-request_uri")
def test_par_authorization_request_containing_request_uri(fapi: House) -> None:
    reply = pushed(fapi, signed(claims(fapi)), request_uri="urn:ietf:params:oauth:request_uri:x")
    assert refused(reply) == (400, "invalid_request")


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-response-type-code-idtoken-fails",
    "fapi2-security-profile-final-ensure-response-type-token-fails",
    "fapi2-security-profile-final-par-ensure-pkce-required",
    "fapi2-security-profile-final-par-plain-pkce-rejected",
    "fapi2-security-profile-final-ensure-authorization-request-with-long-nonce",
)
def test_response_types_and_pkce_inside(fapi: House) -> None:
    for changes, error in (
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"nonce": "n" * 384}, "invalid_request"),
    ):
        assert refused(pushed(fapi, signed(claims(fapi, **changes)))) == (400, error)


def test_who_is_not_bound_by_fapi_may_say_less(house: House) -> None:
    """OIDC Core § 6.1: iss and aud should be there; RS256 is what its own suite signs with."""
    browser = _known(house, jwks=jwks("RS256"))
    bare = claims(house, iss=None, aud=None, exp=None, nbf=None, client_id=None, response_mode=None)
    assert "code" in answered(by_value(house, browser, signed(bare, "RS256")))
    for changes in ({"aud": "https://other.example"}, {"iss": "x"}, {"exp": house.clock.now}):
        request = signed(claims(house, **changes), "RS256")
        found = answered(by_value(house, browser, request, redirect_uri=BACK, state="outside"))
        assert (found["error"], found["state"]) == ("invalid_request_object", "outside")
        assert by_value(house, browser, request).status == 400  # nowhere to tell it


@pytest.mark.module("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported")
def test_oidcc_unsigned_request_object_rejected_as_unsupported(house: House) -> None:
    browser = _known(house)
    request = pyjwt.encode(claims(house), "", algorithm="none")
    found = answered(by_value(house, browser, request, redirect_uri=BACK, response_type="code", state="o"))
    assert found["error"] == "invalid_request_object"
    listed = body(house.call("GET", "/.well-known/openid-configuration"))
    assert listed["request_object_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA", "RS256"]
    assert listed["request_parameter_supported"] is True


@pytest.mark.module("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported")
def test_oidcc_request_uri_unsigned_rejected_as_unsupported(house: House) -> None:
    browser = _known(house, request_uris=("https://hall.example/request",))
    found = answered(house.authorize(browser, request_uri="https://hall.example/request"))
    assert found["error"] == "request_uri_not_supported"
    listed = body(house.call("GET", "/.well-known/openid-configuration"))
    assert listed["request_uri_parameter_supported"] is False


@pytest.fixture
def fetching(house: House, tmp_path: Path) -> House:
    """The same provider where the operator lets request objects be fetched."""
    found = make_house(
        house.durable, house.clock, tmp_path / "house", OAuthSettings(request_uri_fetched=True)
    )
    found.numbers = house.numbers
    return found


@pytest.mark.module("oidcc-request-uri-signed-rs256")
def test_oidcc_request_uri_signed_rs256(fetching: House) -> None:
    """By the algorithm that a registration means which names none."""
    with serving() as place:
        address = place.put("/request", signed(claims(fetching, response_mode=None), "RS256").encode())
        browser = _known(fetching, jwks=jwks("RS256"), request_uris=(address,))
        assert answered(fetching.authorize(browser, request_uri=address))["state"] == "inside"


def test_oidcc_request_uri_signed(fetching: House) -> None:
    """Fetched once: what the person is asked is what they were shown, whatever stands there later."""
    with serving() as place:
        address = place.put("/request", signed(claims(fetching, response_mode=None)).encode())
        _known(fetching, request_uris=(address, place.origin + "/none", place.origin + "/large"))
        person = fetching.person()
        browser = Browser()
        location = fetching.authorize(browser, request_uri=address, state="o").header("Location") or ""
        place.put("/request", signed(claims(fetching, scope="openid id_number")).encode())
        fetching.login(person, browser=browser)
        back = parse_qs(urlsplit(location).query)["return_to"][0]
        found = answered(fetching.call("GET", back, browser=browser))
        assert found["state"] == "inside"
        assert body(fetching.redeem(found["code"]))["scope"] == "openid profile"
        assert place.count("/request") == 1

        place.put("/large", b"x" * 9000)
        place.put("/other", signed(claims(fetching)).encode())
        for path in ("/none", "/large", "/other", "/request?x"):
            reply = fetching.authorize(browser, request_uri=place.origin + path, state="o")
            assert (answered(reply)["error"], answered(reply)["state"]) == ("invalid_request_uri", "o")
        assert place.count("/other") == place.count("/request?x") == 0
        place.put("/request", pyjwt.encode(claims(fetching), "", algorithm="none").encode())
        assert answered(fetching.authorize(browser, request_uri=address))["error"] == "invalid_request_object"
        both = fetching.authorize(browser, request_uri=address, request="x.y.z")
        assert answered(both)["error"] == "invalid_request"
        listed = body(fetching.call("GET", "/.well-known/openid-configuration"))
        assert listed["request_uri_parameter_supported"] is listed["require_request_uri_registration"] is True


def test_nothing_is_fetched_for_fapi(fetching: House) -> None:
    with serving() as place:
        address = place.put("/request", signed(claims(fetching)).encode())
        _fapi(fetching, "ES256", profile="fapi2", request_uris=(address,))
        browser, _ = fetching.login(fetching.person())
        found = answered(fetching.authorize(browser, request_uri=address))
        assert found["error"] == "request_uri_not_supported"
        assert place.asked == []


@pytest.mark.module("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported")
def test_who_registered_no_address_is_told_that_it_is_not_supported(fetching: House) -> None:
    """oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported, where others may."""
    browser = _known(fetching)
    found = answered(fetching.authorize(browser, request_uri="https://hall.example/request"))
    assert found["error"] == "request_uri_not_supported"


def test_the_algorithm_registered_is_the_only_one(house: House) -> None:
    browser = _known(house, request_object_alg="PS256")
    content = claims(house, response_mode=None)
    assert "code" in answered(by_value(house, browser, signed(content, "PS256")))
    found = answered(by_value(house, browser, signed(content, "ES256"), redirect_uri=BACK))
    assert found["error"] == "invalid_request_object"


def test_a_client_without_keys_signs_nothing(house: House) -> None:
    browser = _known(house, jwks="")
    found = answered(by_value(house, browser, signed(claims(house)), redirect_uri=BACK))
    assert found["error"] == "invalid_request_object"


def test_signed_requests_may_be_demanded_of_one_client(house: House) -> None:
    browser = _known(house, signed_request_required=True)
    assert answered(house.authorize(browser))["error"] == "invalid_request"
    assert "code" in answered(by_value(house, browser, signed(claims(house, response_mode=None))))


@pytest.mark.parametrize("alg", ["ECDH-ES", "RSA-OAEP-256"])
def test_encrypted_to_the_key_that_we_publish(house: House, alg: str) -> None:
    browser = _known(house)
    published = [key for key in body(house.call("GET", "/jwks"))["keys"] if key["use"] == "enc"]
    mine = next(key for key in published if key["kty"] == ("RSA" if alg.startswith("RSA") else "EC"))
    header = {"alg": alg, "enc": "A256GCM", "kid": mine["kid"], "cty": "JWT"}
    keys = KeySet.import_key_set({"keys": [mine]})
    request = jwe.encrypt_compact(header, signed(claims(house)), keys, algorithms=[alg, "A256GCM"])
    assert "code" in told(house, opened(house, browser, pushed(house, request)), "jwt")
    unsigned = jwe.encrypt_compact(header, json.dumps(claims(house)), keys, algorithms=[alg, "A256GCM"])
    assert refused(pushed(house, unsigned)) == (400, "invalid_request_object")
    assert refused(pushed(house, request[:-4] + "AAAA")) == (400, "invalid_request_object")
    house.client(
        trusted=True,
        jwks=jwks("ES256"),
        request_object_encryption_alg=alg,
        request_object_encryption_enc="A128GCM",
    )
    assert refused(pushed(house, request)) == (400, "invalid_request_object")


def test_an_encrypted_answer_is_read_by_the_client_alone(house: House) -> None:
    own = new_ec(SECP256R1())
    public = {**json.loads(ECAlgorithm.to_jwk(own.public_key())), "use": "enc", "kid": "mine"}
    keys = json.dumps({"keys": [_jwk("ES256"), public]})
    browser = _known(house, jwks=keys, authorization_encrypted_alg="ECDH-ES+A128KW")
    private = KeySet.import_key_set({"keys": [{**json.loads(ECAlgorithm.to_jwk(own)), "kid": "mine"}]})
    response = answered(house.authorize(browser, response_mode="jwt"))["response"]
    plain = jwe.decrypt_compact(response, private).plaintext
    assert plain is not None
    found = house.engine.keys.verify_jwt("authorization-response", plain.decode(), now=house.clock.now)
    assert house.redeem(found["code"]).status == 200
    # without a key there is no answer rather than a readable one, and a pushed request stays to be answered
    query = house.pushed(response_mode="jwt")
    house.client(trusted=True, jwks=jwks("ES256"), authorization_encrypted_alg="ECDH-ES+A128KW")
    reply = house.call("GET", "/authorize?" + query, browser=browser)
    assert (reply.status, reply.header("Location")) == (400, None)
    assert house.count("spent", "kind = 'request-uri'") == 0


def test_the_way_over_the_login_keeps_the_object_and_its_moment(house: House) -> None:
    _known(house)
    person = house.person()
    browser = Browser()
    request = signed(claims(house, response_mode=None))
    location = by_value(house, browser, request, state="outside").header("Location") or ""
    back = parse_qs(urlsplit(location).query)["return_to"][0]
    assert sorted(parse_qs(urlsplit(back).query)) == ["begun", "client_id", "request"]
    house.clock.advance(HOUR // 2)  # past exp, but it was shown in time
    house.login(person, browser=browser)
    assert answered(house.call("GET", back, browser=browser))["state"] == "inside"
    assert by_value(house, browser, request).status == 400


def test_an_empty_parameter_is_none(house: House) -> None:
    """RFC 6749 § 3.1; and the way over the login keeps all of the request."""
    house.client(trusted=True)
    person = house.person()
    browser = Browser()
    location = house.authorize(browser, request="", request_uri="").header("Location") or ""
    house.login(person, browser=browser)
    back = parse_qs(urlsplit(location).query)["return_to"][0]
    assert "code" in answered(house.call("GET", back, browser=browser))


def test_a_long_object_has_to_be_pushed(house: House) -> None:
    browser = _known(house)
    request = signed(claims(house, response_mode=None, own="x" * 8000))
    found = answered(by_value(house, browser, request, redirect_uri=BACK))
    assert (found["error"], "Push" in found["error_description"]) == ("invalid_request_object", True)
    assert "code" in answered(opened(house, browser, pushed(house, request)))


def test_members_that_are_no_text(house: House) -> None:
    """RFC 9101 § 4: numbers and objects stand as what they are; RFC 8707 repeats resource."""
    browser = _known(house)
    rich = claims(
        house,
        response_mode=None,
        max_age=10,
        claims={"id_token": {"acr": {"essential": True}}},
        authorization_details=[{"type": "count", "most": 3}],
        resource=[f"{ISSUER}/elicence", "https://api.example/"],
    )
    query = urlencode({"client_id": "hall-a", "request": signed(rich)})
    reply = house.call("GET", "/authorize?" + query, browser=browser)
    tokens = body(house.redeem(answered(reply)["code"], resource="https://api.example/"))
    assert tokens["authorization_details"] == [{"type": "count", "most": 3}]
    house.clock.advance(11)
    reply = house.call("GET", "/authorize?" + query, browser=browser)
    assert (reply.header("Location") or "").startswith("/login?")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    """client_id redirect_uri response_type response_mode scope state nonce prompt max_age acr_values
    id_token_hint code_challenge code_challenge_method resource authorization_details claims iss aud exp nbf
    iat jti sub login_hint request request_uri registration begun dpop_jkt ui_locales""".split()  # noqa: SIM905
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.dictionaries(NAMES | st.text(max_size=8), VALUES, max_size=6), strict=st.booleans())
def test_no_signed_junk_gives_a_fault(house: House, changes: dict[str, Any], *, strict: bool) -> None:
    """House.call itself refuses a 5xx."""
    if strict:
        _fapi(house, "ES256")
    else:
        house.signers.clear()
        house.client(jwks=jwks("ES256"))
    request = signed({**claims(house), **changes})
    assert pushed(house, request).status in {201, 400}
    assert by_value(house, None, request, redirect_uri=BACK).status in {200, 303, 400}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(alphabet=st.characters(codec="utf-8"), max_size=60) | st.from_regex(r"[\w-]*(\.[\w-]*){2,4}")
)
def test_no_junk_gives_a_fault(house: House, text: str) -> None:
    house.client(jwks=jwks("ES256"))
    assert pushed(house, text).status in {201, 400}
    assert by_value(house, None, text).status in {303, 400}
