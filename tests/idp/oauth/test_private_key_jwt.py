"""private_key_jwt: named after the modules of the certification profiles that send such assertions."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.idp.oauth.conftest import ISSUER, House, body
from tests.idp.oauth.signing import ASSERTION_TYPE, Signer
from web import Reply

FORM = {"grant_type": "client_credentials"}
TOKEN = f"{ISSUER}/token"


def register(house: House, client_id: str = "hall-a", /, alg: str = "ES256", **changes: Any) -> Signer:
    signer = house.signers[client_id] = Signer(alg)
    known = {"auth_method": "private_key_jwt", "jwks": signer.key_set}
    house.client(client_id, **(known | changes))
    return signer


def register_fapi(house: House, /, alg: str = "ES256") -> Signer:
    # bound to nothing but the assertion, so that what is refused here is the assertion
    return register(house, alg=alg, profile="fapi2")


def ask(house: House, path: str = "/token", /, **parameters: Any) -> Reply:
    form = {name: value for name, value in {**FORM, **parameters}.items() if value is not None}
    return house.call("POST", path, form=form)


def show(house: House, signer: Signer, path: str = "/token", /, **changes: Any) -> Reply:
    proof = signer.proof(changes.pop("client", "hall-a"), house.clock.now, **changes)
    form = {"token": "unknown"} if path in {"/introspect", "/revoke"} else {}
    return ask(house, path, **proof, **form)


def refused(reply: Reply, claim: str) -> None:
    found = body(reply)
    assert (reply.status, found["error"]) == (401, "invalid_client"), found
    assert claim in found["error_description"], found
    assert found["error_description"].isascii()


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "RS256"])
def test_every_algorithm_of_the_metadata(house: House, alg: str) -> None:
    signer = register(house, alg=alg)
    assert show(house, signer).status == 200
    listed = body(house.call("GET", "/.well-known/openid-configuration"))
    assert alg in listed["token_endpoint_auth_signing_alg_values_supported"]
    assert "private_key_jwt" in listed["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke", "/par", "/device_authorization"])
def test_wherever_clients_authenticate(house: House, path: str) -> None:
    signer = register(house)
    assert show(house, signer, path).status != 401
    assert show(house, Signer(), path).status == 401
    assert ask(house, path, client_id="hall-a").status == 401


@pytest.mark.module("oidcc-ensure-client-assertion-with-iss-aud-succeeds")
def test_ensure_client_assertion_with_iss_aud_succeeds(house: House) -> None:
    """oidcc-…, and fapi-ciba-…-with-iss-aud-to-token-endpoint-succeeds."""
    signer = register(house)
    assert show(house, signer, aud=ISSUER).status == 200


@pytest.mark.parametrize("aud", [TOKEN, [ISSUER], [TOKEN, "https://other.example/"], f"{ISSUER}/introspect"])
def test_outside_fapi_endpoints_are_audiences_too(house: House, aud: Any) -> None:
    signer = register(house)
    reply = show(house, signer, "/introspect", aud=aud)
    assert reply.status == 200, reply.body


@pytest.mark.module("fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails")
@pytest.mark.parametrize(
    "aud",
    [None, "", "https://other.example/", f"{ISSUER}/", ISSUER.upper(), [], [1], {}, 7, f"{ISSUER}/revoke"],
)
def test_ensure_client_assertion_with_wrong_aud_fails(house: House, aud: Any) -> None:
    signer = register(house)
    refused(show(house, signer, aud=aud), "aud")


@pytest.mark.module(
    "fapi2-security-profile-final-par-test-array-as-audience-fails",
    "fapi2-security-profile-final-par-test-par-endpoint-url-as-audience-fails",
    "fapi2-security-profile-final-par-test-token-endpoint-url-as-audience-fails",
    "fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails",
)
@pytest.mark.parametrize("path", ["/par", "/token"])
@pytest.mark.parametrize(
    "aud", [[ISSUER], TOKEN, f"{ISSUER}/par", [ISSUER, TOKEN], "https://other.example/", None]
)
def test_par_test_array_and_endpoint_as_audience_fails(house: House, path: str, aud: Any) -> None:
    """…par-test-array-as-audience, -par-endpoint-url-as-audience, -token-endpoint-url-as-audience-fails."""
    signer = register_fapi(house)
    refused(show(house, signer, path, aud=aud), "aud")


@pytest.mark.module("fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails")
@pytest.mark.parametrize("path", ["/par", "/token", "/introspect"])
def test_ensure_signed_client_assertion_with_rs256_fails(house: House, path: str) -> None:
    signer = register_fapi(house, alg="PS256")
    refused(show(house, signer, path, header={"alg": "RS256"}), "alg")
    assert show(house, signer, path).status != 401


def test_the_registered_algorithm_alone(house: House) -> None:
    signer = register(house, alg="PS256", auth_alg="PS256")
    refused(show(house, signer, header={"alg": "RS256"}), "alg")
    assert show(house, signer).status == 200


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails",
)
def test_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(house: House) -> None:
    signer = register_fapi(house)
    refused(show(house, signer, exp=house.clock.now - 300), "exp")


@pytest.mark.parametrize(("left", "good"), [(-1, False), (0, False), (1, True), (7200, True), (7201, False)])
def test_exp_has_its_bounds(house: House, left: int, good: bool) -> None:  # noqa: FBT001
    signer = register(house)
    assert (show(house, signer, exp=house.clock.now + left).status == 200) is good


@pytest.mark.module(
    "fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted",
    "fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails",
)
@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize(
    ("ahead", "good"), [(-60, True), (8, True), (10, True), (30, True), (31, False), (61, False)]
)
def test_par_ensure_jwt_client_assertions_nbf_in_the_future(
    house: House,
    claim: str,
    ahead: int,
    good: bool,  # noqa: FBT001
) -> None:
    """…-nbf-8-seconds-in-the-future-is-accepted, -nbf-over-60-seconds-in-the-future-fails."""
    signer = register_fapi(house)
    reply = show(house, signer, "/par", **{claim: house.clock.now + ahead})
    if good:
        assert reply.status != 401
    else:
        refused(reply, claim)


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["1790000060", True, [], {}, 1e30, -1])
def test_times_that_are_none(house: House, claim: str, value: Any) -> None:
    signer = register(house)
    refused(show(house, signer, **{claim: value}), claim)


def test_times_may_have_a_fraction(house: House) -> None:
    signer = register(house)
    now = house.clock.now
    assert show(house, signer, exp=now + 30.5, iat=now + 0.25).status == 200
    refused(show(house, signer, exp=now + 0.5), "exp")


@pytest.mark.module("fapi2-security-profile-final-ensure-client-assertion-with-no-sub-fails")
@pytest.mark.parametrize("claim", ["iss", "sub", "exp", "jti", "aud"])
def test_ensure_client_assertion_with_no_sub_fails(house: House, claim: str) -> None:
    signer = register_fapi(house)
    refused(show(house, signer, **{claim: None}), claim)


@pytest.mark.parametrize("claim", ["iss", "sub"])
@pytest.mark.parametrize("value", ["", "hall-b", 1, ["hall-a"]])
def test_iss_and_sub_are_the_client(house: House, claim: str, value: Any) -> None:
    signer = register(house)
    register(house, "hall-b")
    assert show(house, signer, **{claim: value}).status == 401


@pytest.mark.parametrize("jti", ["", 1, "j" * 513, ["x"]])
def test_jti_is_a_string(house: House, jti: Any) -> None:
    signer = register(house)
    refused(show(house, signer, jti=jti), "jti")


@pytest.mark.module("fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint")
def test_ensure_client_assertion_in_token_endpoint(house: House) -> None:
    """fapi2-…, and fapi-ciba-…-ensure-without-client-assertion-in-token-endpoint-request-fails."""
    signer = register_fapi(house)
    assert ask(house, client_id="hall-a").status == 401
    assert ask(house).status == 401
    proof = signer.proof("hall-a", house.clock.now)
    for wrong in (
        {"client_assertion": None},
        {"client_assertion_type": None},
        {"client_assertion_type": "jwt"},
    ):
        reply = ask(house, **(proof | wrong))
        assert (reply.status, body(reply)["error"]) == (401, "invalid_client")
    assert ask(house, **proof, client_id="hall-b").status == 400


def test_ensure_client_assertion_signed_by_other_client_fails(house: House) -> None:
    register(house)
    other = register(house, "hall-b")
    refused(show(house, other), "registered key")
    assert show(house, other, client="hall-b").status == 200


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "other"},
        {"typ": "at+jwt"},
        {"typ": "dpop+jwt"},
        {"typ": "oauth-authz-req+jwt"},
        {"crit": ["b64"]},
    ],
)
def test_headers_that_are_refused(house: House, header: dict[str, Any]) -> None:
    assert show(house, register(house), header=header).status == 401


@pytest.mark.parametrize("typ", [None, "JWT", "client-authentication+jwt"])
def test_typ(house: House, typ: str | None) -> None:
    assert show(house, register(house), header={"typ": typ}).status == 200


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "..", "é.é.é", "a" * 20_000, "e30.e30.", "W10.W10.W10"])
def test_malformed_assertions(house: House, assertion: str) -> None:
    register(house)
    for more in ({}, {"client_id": "hall-a"}):
        reply = ask(house, client_assertion=assertion, client_assertion_type=ASSERTION_TYPE, **more)
        assert (reply.status, body(reply)["error"]) == (401, "invalid_client")


def test_one_method_a_request(house: House) -> None:
    signer = register(house)
    house.client("hall-b")
    proof = signer.proof("hall-a", house.clock.now)
    secret = house.secrets["hall-b"]
    for form, headers in (
        ({**proof, "client_id": "hall-a", "client_secret": "x"}, {}),
        (proof, house.basic("hall-b")),
        ({**proof, "client_id": "hall-b", "client_secret": secret}, {}),
    ):
        reply = house.call("POST", "/token", form=FORM | form, headers=headers)
        assert (reply.status, body(reply)["error"]) == (400, "invalid_request")
    # also where the header was proved just before
    assert house.call("POST", "/token", form=FORM, headers=house.basic("hall-b")).status == 200
    assert house.call("POST", "/token", form=FORM | proof, headers=house.basic("hall-b")).status == 400


def test_another_method_than_the_registered(house: House) -> None:
    signer = Signer()
    house.client("by-secret", jwks=signer.key_set)
    assert show(house, signer, client="by-secret").status == 401
    house.client("by-name", auth_method="none", jwks=signer.key_set)
    assert show(house, signer, client="by-name").status == 401
    register(house)
    assert (
        house.call("POST", "/token", form=FORM | {"client_id": "hall-a", "client_secret": ""}).status == 401
    )


def test_an_unknown_and_a_known_client_answer_alike(house: House) -> None:
    register(house)
    register(house, "gone", enabled=False)
    stranger = Signer()
    answers = {
        show(house, stranger, client=name).status for name in ("hall-a", "gone", "nobody", "a\0b", "大厅")
    }
    assert answers == {401}


# once


def test_a_jti_is_good_once(either: House) -> None:
    signer = register(either)
    proof = signer.proof("hall-a", either.clock.now)
    assert ask(either, **proof).status == 200
    for path in ("/token", "/introspect", "/revoke", "/par"):
        refused(ask(either, path, **proof, token="x"), "jti")
    either.clock.advance(59)
    refused(ask(either, **proof), "jti")
    either.clock.advance(1)
    refused(ask(either, **proof), "exp")


def test_a_second_exp_for_a_living_jti_is_refused(either: House) -> None:
    signer = register(either)
    now = either.clock.now
    for place, left in enumerate((60, 61, 59, 1, 7200, 3000)):
        reply = show(either, signer, jti="same", exp=now + left)
        assert (reply.status == 200) is (place == 0), left


def test_a_jti_is_its_clients_own(house: House) -> None:
    one, two = register(house), register(house, "hall-b")
    assert show(house, one, jti="same").status == 200
    assert show(house, two, client="hall-b", jti="same").status == 200


def test_what_is_refused_spends_no_jti(house: House) -> None:
    signer = register(house)
    before = house.count("spent")
    for wrong in (
        {"aud": "https://other.example/"},
        {"exp": house.clock.now - 1},
        {"iss": "hall-b"},
        {"sub": None},
    ):
        assert show(house, signer, jti="kept", **wrong).status == 401
    assert show(house, Signer(), jti="kept").status == 401
    assert house.count("spent") == before
    assert show(house, signer, jti="kept").status == 200
    assert house.count("spent") == before + 1


def test_fifty_race_for_one_jti(either: House) -> None:
    signer = register(either)
    proof = signer.proof("hall-a", either.clock.now)
    statuses: list[int] = []
    ready = threading.Barrier(50)

    def run() -> None:
        ready.wait()
        statuses.append(ask(either, **proof).status)

    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 49


def test_a_jti_below_the_watermark_is_refused_whatever_the_clock(house: House) -> None:
    signer = register(house)
    house.run("UPDATE watermark SET ends = :ends", ends=house.clock.now + 60)
    refused(show(house, signer), "jti")
    assert show(house, signer, exp=house.clock.now + 61).status == 200


def test_keys_rotate_with_overlap(house: House) -> None:
    import json

    old, new = Signer(kid="old"), Signer(kid="new")
    both = json.dumps({"keys": [old.jwk, new.jwk]})
    for keys, good in ((old.key_set, (old,)), (both, (old, new)), (new.key_set, (new,))):
        house.client(auth_method="private_key_jwt", jwks=keys)
        for signer in (old, new):
            assert (show(house, signer).status == 200) is (signer in good)
