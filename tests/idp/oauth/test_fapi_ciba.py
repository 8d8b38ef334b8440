"""The modules of the OpenID Foundation's FAPI-CIBA plan (fapi-ciba-id1), by name, at our endpoints.

private_key_jwt, requests signed; those for mTLS stand with certificate-bound tokens. A ping client where a
module is about notices.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from idp.oauth.clients.grant_types import CIBA
from tests.idp.oauth.conftest import ISSUER, Browser, House, body
from tests.idp.oauth.signing import Signer
from tests.idp.oauth.test_certificate_bound import CERTIFICATE
from tests.idp.oauth.test_ciba import NUMBER, decide, pinged
from tests.served import Served, serving
from web import Reply

SIGNER = Signer("ES256", "k1")
OTHER = Signer("ES256", "k1")
ENDPOINT = "/backchannel-authentication"


@pytest.fixture
def endpoint() -> Iterator[Served]:
    with serving() as served:
        yield served


def register(house: House, client_id: str = "bank", signer: Signer = SIGNER, **changes: Any) -> None:
    known = {
        "auth_method": "private_key_jwt",
        "secret_hashes": (),
        "jwks": signer.key_set,
        "redirect_uris": (),
        "grants": (CIBA, "refresh_token"),
        "ciba_delivery": "poll",
        "ciba_request_alg": signer.alg,
    }
    house.client(client_id, **known | changes)


def claims(house: House, client_id: str = "bank", **changes: Any) -> dict[str, Any]:
    now = house.clock.now
    return {
        "iss": client_id,
        "aud": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "jti": os.urandom(16).hex(),
        "scope": "openid profile",
        "login_hint": NUMBER,
        "binding_message": "4821",
    } | changes


def sent(
    house: House,
    form: dict[str, str],
    client_id: str = "bank",
    signer: Signer = SIGNER,
    path: str = ENDPOINT,
    **assertion: Any,
) -> Reply:
    return house.call("POST", path, form=form | signer.proof(client_id, house.clock.now, **assertion))


def ask(house: House, **changes: Any) -> Reply:
    return sent(house, {"request": SIGNER.sign(claims(house, **changes))})


def poll(
    house: House, auth_req_id: str, client_id: str = "bank", signer: Signer = SIGNER, **more: Any
) -> Reply:
    form = {"grant_type": CIBA, "auth_req_id": auth_req_id}
    return sent(house, form, client_id, signer, "/token", **more)


def error(reply: Reply, status: int = 400) -> str:
    assert reply.status == status, reply.body
    return str(body(reply)["error"])


@pytest.fixture
def phone(house: House) -> Browser:
    register(house)
    browser, _ = house.login(house.person())
    return browser


@pytest.mark.module("fapi-ciba-id1-discovery-end-point-verification")
def test_discovery_end_point_verification(house: House) -> None:
    found = body(house.call("GET", "/.well-known/openid-configuration"))
    assert found["backchannel_authentication_endpoint"] == ISSUER + ENDPOINT
    assert {"poll", "ping"} <= set(found["backchannel_token_delivery_modes_supported"])
    assert {"ES256", "PS256"} <= set(found["backchannel_authentication_request_signing_alg_values_supported"])
    assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"]
    assert CIBA in found["grant_types_supported"]


@pytest.mark.module("fapi-ciba-id1")
def test_happy_path(house: House, phone: Browser) -> None:
    asked = body(ask(house))
    assert decide(house, phone) == "allow"
    got = body(poll(house, asked["auth_req_id"]))
    assert {"access_token", "id_token", "refresh_token", "expires_in"} <= set(got)
    assert house.userinfo(got["access_token"]).status == 200


def test_happy_path_by_ps256(house: House) -> None:
    signer = Signer("PS256", "k2")
    register(house, "other", signer)
    browser, _ = house.login(house.person())
    request = {"request": signer.sign(claims(house, "other"))}
    asked = body(sent(house, request, "other", signer))["auth_req_id"]
    decide(house, browser)
    assert poll(house, asked, "other", signer).status == 200


@pytest.mark.module("fapi-ciba-id1-user-rejects-authentication")
def test_user_rejects_authentication(house: House, phone: Browser) -> None:
    asked = body(ask(house))["auth_req_id"]
    decide(house, phone, "deny")
    assert error(poll(house, asked)) == "access_denied"


@pytest.mark.module("fapi-ciba-id1-multiple-call-to-token-endpoint")
@pytest.mark.usefixtures("phone")
def test_multiple_call_to_token_endpoint(house: House) -> None:
    asked = body(ask(house))["auth_req_id"]
    assert error(poll(house, asked)) == "authorization_pending"
    assert error(poll(house, asked)) == "slow_down"
    house.clock.advance(5)
    assert error(poll(house, asked)) == "authorization_pending"


@pytest.mark.module("fapi-ciba-id1-auth-req-id-expired")
@pytest.mark.usefixtures("phone")
def test_auth_req_id_expired(house: House) -> None:
    asked = body(ask(house, requested_expiry=30))
    assert asked["expires_in"] == 30
    house.clock.advance(30)
    assert error(poll(house, asked["auth_req_id"])) == "expired_token"


@pytest.mark.module(
    "fapi-ciba-id1-ensure-authorization-request-with-binding-message-succeeds",
    "fapi-ciba-id1-ensure-other-scope-order-succeeds",
    "fapi-ciba-id1-ensure-requested-expiry-as-string-succeeds",
)
@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"binding_message": "1234"}, id="with-binding-message"),
        pytest.param({"scope": "profile openid"}, id="other-scope-order"),
        pytest.param({"requested_expiry": "30"}, id="requested-expiry-as-string"),
        pytest.param({"aud": [ISSUER, "https://else.example"]}, id="aud-among-others"),
        pytest.param({"client_id": "bank"}, id="client-id-inside"),
    ],
)
def test_ensure_succeeds(house: House, changes: dict[str, Any]) -> None:
    assert ask(house, **changes).status == 200


@pytest.mark.module("fapi-ciba-id1-ensure-authorization-request-with-potentially-bad-binding-message")
@pytest.mark.usefixtures("phone")
def test_ensure_authorization_request_with_potentially_bad_binding_message(house: House) -> None:
    text = "1234 \U0001f44d\U0001f3ff \u54c1\u5ddd " + "Lorem ipsum dolor sit amet " * 16
    assert error(ask(house, binding_message=text)) == "invalid_binding_message"


MINUTE = 60


@pytest.mark.module(
    "fapi-ciba-id1-ensure-request-object-missing-aud-fails",
    "fapi-ciba-id1-ensure-request-object-bad-aud-fails",
    "fapi-ciba-id1-ensure-request-object-missing-iss-fails",
    "fapi-ciba-id1-ensure-request-object-bad-iss-fails",
    "fapi-ciba-id1-ensure-request-object-missing-exp-fails",
    "fapi-ciba-id1-ensure-request-object-expired-exp-fails",
    "fapi-ciba-id1-ensure-request-object-exp-is-70-minutes-in-future-fails",
    "fapi-ciba-id1-ensure-request-object-missing-iat-fails",
    "fapi-ciba-id1-ensure-request-object-missing-nbf-fails",
    "fapi-ciba-id1-ensure-request-object-nbf-is-10-minutes-in-future-fails",
    "fapi-ciba-id1-ensure-request-object-nbf-is-70-minutes-in-past-fails",
    "fapi-ciba-id1-ensure-request-object-missing-jti-fails",
)
@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("aud", None),
        ("aud", "https://else.example"),
        ("iss", None),
        ("iss", "somebody"),
        ("exp", None),
        ("exp", -MINUTE),
        ("exp", 70 * MINUTE),
        ("iat", None),
        ("nbf", None),
        ("nbf", 10 * MINUTE),
        ("nbf", -70 * MINUTE),
        ("jti", None),
        ("jti", ""),
    ],
)
def test_ensure_request_object_fails(house: House, claim: str, value: Any) -> None:
    moved = house.clock.now + value if isinstance(value, int) else value
    refused = ask(house, **{claim: moved})
    assert error(refused) == "invalid_request"
    assert claim in body(refused)["error_description"]
    assert house.count("expiring", "key LIKE 'auth_req_id:%'") == 0


@pytest.mark.module(
    "fapi-ciba-id1-ensure-request-object-signature-algorithm-is-none-fails",
    "fapi-ciba-id1-ensure-request-object-signature-algorithm-is-bad-fails",
)
@pytest.mark.usefixtures("phone")
def test_ensure_request_object_signature_algorithm_is_none_or_bad_fails(house: House) -> None:
    signed = SIGNER.sign(claims(house))
    head, payload, signature = signed.split(".")
    none = f"eyJhbGciOiJub25lIn0.{payload}."
    bad = f"{head}.{payload}.{signature[:-8]}AAAAAAAA"
    for text in (none, bad, "x", "..", signed + "x"):
        assert error(sent(house, {"request": text})) == "invalid_request"


@pytest.mark.module("fapi-ciba-id1-ensure-request-object-signature-algorithm-is-RS256-fails")
def test_ensure_request_object_signature_algorithm_is_rs256_fails(house: House) -> None:
    signer = Signer("RS256", "k3")
    register(house, "other", signer, ciba_request_alg="")
    request = {"request": signer.sign(claims(house, "other"))}
    assert error(sent(house, request, "other", signer)) == "invalid_request"


@pytest.mark.module("fapi-ciba-id1-ensure-request-object-signed-by-other-client-fails")
@pytest.mark.usefixtures("phone")
def test_ensure_request_object_signed_by_other_client_fails(house: House) -> None:
    register(house, "other", OTHER)
    assert error(sent(house, {"request": OTHER.sign(claims(house))})) == "invalid_request"


@pytest.mark.usefixtures("phone")
def test_ensure_a_request_object_is_used_once(house: House) -> None:
    request = {"request": SIGNER.sign(claims(house))}
    assert sent(house, request).status == 200
    assert error(sent(house, request)) == "invalid_request"


@pytest.mark.module("fapi-ciba-id1-ensure-authorization-request-with-multiple-hints-fails")
@pytest.mark.usefixtures("phone")
def test_ensure_authorization_request_with_multiple_hints_fails(house: House) -> None:
    assert error(ask(house, id_token_hint="x")) == "invalid_request"
    assert error(ask(house, login_hint=None)) == "invalid_request"


@pytest.mark.module("fapi-ciba-id1-ensure-wrong-auth-req-id-in-token-endpoint-request")
@pytest.mark.usefixtures("phone")
def test_ensure_wrong_auth_req_id_in_token_endpoint_request(house: House) -> None:
    asked = body(ask(house))["auth_req_id"]
    assert error(poll(house, asked[:-1] + ("A" if asked[-1] != "A" else "B"))) == "invalid_grant"


@pytest.mark.module(
    "fapi-ciba-id1-ensure-different-client-id-and-issuer-in-backchannel-authorization-request",
)
@pytest.mark.usefixtures("phone")
def test_ensure_different_client_id_and_issuer_in_backchannel_authorization_request(house: House) -> None:
    register(house, "other", OTHER)
    request = {"request": SIGNER.sign(claims(house, client_id="other"))}
    assert error(sent(house, request)) == "invalid_request"


@pytest.mark.module("fapi-ciba-id1-ensure-wrong-client-id-in-token-endpoint-request")
def test_ensure_wrong_client_id_in_token_endpoint_request(house: House, phone: Browser) -> None:
    register(house, "other", OTHER)
    asked = body(ask(house))["auth_req_id"]
    decide(house, phone)
    assert error(poll(house, asked, "other", OTHER)) == "invalid_grant"
    form = {"grant_type": CIBA, "auth_req_id": asked, "client_id": "other"}
    assert sent(house, form, path="/token").status in {400, 401}
    assert poll(house, asked).status == 200


@pytest.mark.module("fapi-ciba-id1-ensure-wrong-client-id-in-backchannel-authorization-request")
@pytest.mark.usefixtures("phone")
def test_ensure_wrong_client_id_in_backchannel_authorization_request(house: House) -> None:
    register(house, "other", OTHER)
    request = {"request": SIGNER.sign(claims(house, "other"))}
    assert error(sent(house, request)) == "invalid_request"


@pytest.mark.module(
    "fapi-ciba-id1-ensure-without-client-assertion-in-token-endpoint-request",
    "fapi-ciba-id1-ensure-without-client-assertion-in-backchannel-authorization-request",
)
def test_ensure_without_client_assertion(house: House, phone: Browser) -> None:
    request = {"request": SIGNER.sign(claims(house)), "client_id": "bank"}
    assert error(house.call("POST", ENDPOINT, form=request), 401) == "invalid_client"
    asked = body(ask(house))["auth_req_id"]
    decide(house, phone)
    form = {"grant_type": CIBA, "auth_req_id": asked, "client_id": "bank"}
    assert error(house.call("POST", "/token", form=form), 401) == "invalid_client"


@pytest.mark.module(
    "fapi-ciba-id1-ensure-client-assertion-signature-algorithm-in-backchannel-authorization-request-is-RS256-fails",
    "fapi-ciba-id1-ensure-client-assertion-signature-algorithm-in-token-endpoint-request-is-RS256-fails",
)
def test_ensure_client_assertion_signature_algorithm_is_rs256_fails(house: House) -> None:
    """A client that registered PS256 for itself, with an RSA key that could do both."""
    signer, weak = Signer("PS256", "k4"), Signer("RS256", "k4")
    register(house, "other", signer, auth_alg="PS256")
    request = {"request": signer.sign(claims(house, "other"))}
    assert error(sent(house, request, "other", weak), 401) == "invalid_client"
    assert error(poll(house, "x", "other", weak), 401) == "invalid_client"


@pytest.mark.module("fapi-ciba-id1-ensure-client-assertion-with-iss-aud-to-token-endpoint-succeeds")
def test_ensure_client_assertion_with_iss_aud_to_token_endpoint_succeeds(
    house: House, phone: Browser
) -> None:
    asked = body(ask(house))["auth_req_id"]
    decide(house, phone)
    assert poll(house, asked, aud=ISSUER).status == 200


@pytest.mark.module("fapi-ciba-id1-ensure-unsigned-backchannel-authorization-request-fails")
@pytest.mark.usefixtures("phone")
def test_ensure_unsigned_backchannel_authorization_request_fails(house: House) -> None:
    form = {name: str(value) for name, value in claims(house).items() if name in {"scope", "login_hint"}}
    assert error(sent(house, form)) == "invalid_request"
    beside = {"request": SIGNER.sign(claims(house)), "scope": "openid profile"}
    assert error(sent(house, beside)) == "invalid_request"


@pytest.mark.module("fapi-ciba-id1-refresh-token")
def test_refresh_token(house: House, phone: Browser) -> None:
    asked = body(ask(house))["auth_req_id"]
    decide(house, phone)
    token = body(poll(house, asked))["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    fresh = body(sent(house, form, path="/token"))
    assert house.userinfo(fresh["access_token"]).status == 200
    register(house, "other", OTHER)
    assert error(sent(house, form, "other", OTHER, "/token")) == "invalid_grant"


@pytest.mark.module(
    "fapi-ciba-id1-ping-backchannel-notification-endpoint-response-has-body",
    "fapi-ciba-id1-ping-backchannel-notification-endpoint-response-401",
    "fapi-ciba-id1-ping-backchannel-notification-endpoint-response-403",
    "fapi-ciba-id1-ping-backchannel-notification-endpoint-return-redirect-request",
)
@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(200, {}, id="response-has-body"),
        pytest.param(401, {}, id="response-401"),
        pytest.param(403, {}, id="response-403"),
        pytest.param(301, {"Location": "/elsewhere"}, id="return-redirect-request"),
    ],
)
def test_ping_backchannel_notification_endpoint(
    house: House, endpoint: Served, status: int, headers: dict[str, str]
) -> None:
    url = endpoint.put("/notice", b'{"ok":true}', status, **headers)
    register(house, ciba_delivery="ping", ciba_notification_endpoint=url)
    phone, _ = house.login(house.person())
    assert error(ask(house)) == "invalid_request"  # nothing to be told with
    asked = body(ask(house, client_notification_token="n" * 40))["auth_req_id"]
    decide(house, phone)
    pinged(house, endpoint, 1)
    house.clock.advance(60)
    house.oauth.pings.deliver(house.clock.now)
    assert [each[1] for each in endpoint.asked] == ["/notice"]
    assert poll(house, asked).status == 200


@pytest.mark.module(
    "fapi-ciba-id1-ping-with-mtls-ciba-notification-endpoint-response-401-and-require-server-does-not-retry"
)
def test_ping_with_mtls_response_401_does_not_retry(house: House, endpoint: Served) -> None:
    """Whose endpoint wants a certificate that we have not says 401 once; its client asks by itself."""
    url = endpoint.put("/notice", b"certificate needed", 401, **{"WWW-Authenticate": "Mutual"})
    register(house, certificate_bound=True, ciba_delivery="ping", ciba_notification_endpoint=url)
    phone, _ = house.login(house.person())
    asked = body(ask(house, client_notification_token="n" * 40))["auth_req_id"]
    decide(house, phone)
    pinged(house, endpoint, 1)
    for _ in range(3):
        house.clock.advance(60)
        house.oauth.pings.deliver(house.clock.now)
    assert len(endpoint.asked) == 1
    form = {"grant_type": CIBA, "auth_req_id": asked} | SIGNER.proof("bank", house.clock.now)
    assert house.call("POST", "/token", form=form, certificate=CERTIFICATE).status == 200


@pytest.mark.module("fapi-ciba-id1-ensure-mtls-holder-of-key-required")
def test_ensure_mtls_holder_of_key_required(house: House) -> None:
    register(house, certificate_bound=True)
    phone, _ = house.login(house.person())
    asked = body(ask(house))["auth_req_id"]
    decide(house, phone)
    form = {"grant_type": CIBA, "auth_req_id": asked}
    assert error(poll(house, asked)) == "invalid_request"  # without the certificate, and nothing is spent
    proved = form | SIGNER.proof("bank", house.clock.now)
    got = body(house.call("POST", "/token", form=proved, certificate=CERTIFICATE))
    headers = {"Authorization": f"Bearer {got['access_token']}"}
    assert house.call("GET", "/userinfo", headers=headers).status == 401
    assert house.call("GET", "/userinfo", headers=headers, certificate=CERTIFICATE).status == 200
