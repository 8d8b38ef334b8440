"""DPoP (RFC 9449), case by case as the certification modules of FAPI 2.0 name them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.oauth.errors import InvalidToken
from idp.oauth.senders.dpop import AGE_MOST, AHEAD_MOST
from store import maintain
from tests.idp.oauth.conftest import ISSUER, House, body, make_house
from tests.idp.oauth.proving import Key, ask, b64, redeem, refresh, userinfo
from web import Call

KEY = Key()
OTHER = Key()


def tokens(house: House, key: Key | None = KEY, /, client_id: str = "hall-a", **asked: str) -> dict[str, Any]:
    browser, _ = house.login(house.person())
    reply = redeem(house, key, house.code(browser, client_id, **asked), client_id)
    assert reply.status == 200, reply.body
    return body(reply)


@pytest.fixture
def bound(house: House) -> House:
    house.client(dpop_bound=True)
    return house


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
def test_happy_flow(bound: House, alg: str) -> None:
    key = Key(alg)
    found = tokens(bound, key)
    assert found["token_type"] == "DPoP"
    told = bound.introspect(found["access_token"])
    assert (told["cnf"], told["token_type"]) == ({"jkt": key.jkt}, "DPoP")
    assert userinfo(bound, key, found["access_token"]).status == 200
    again = body(refresh(bound, key, found["refresh_token"]))
    assert again["token_type"] == "DPoP"
    assert userinfo(bound, key, again["access_token"]).status == 200


def test_ensure_holder_of_key_required(bound: House) -> None:
    browser, _ = bound.login(bound.person())
    code = bound.code(browser)
    for refused in (redeem(bound, None, code), ask(bound, None, grant_type="client_credentials")):
        assert refused.status == 400
        assert body(refused)["error"] == "invalid_dpop_proof"
    assert redeem(bound, KEY, code).status == 200


@pytest.mark.parametrize("profile", ["fapi2", "fapi2-message-signing"])
def test_a_fapi_clients_tokens_are_bound_even_if_its_record_forgot(house: House, profile: str) -> None:
    house.client(profile=profile)
    form = {"grant_type": "client_credentials"}
    assert body(ask(house, None, **form))["error"] == "invalid_dpop_proof"
    assert body(ask(house, KEY.proof(house, "POST", "/token"), **form))["token_type"] == "DPoP"
    shown = house.call("POST", "/token", form=form, headers=house.basic("hall-a"), certificate=b"\x30\x01x")
    assert "x5t#S256" in house.introspect(body(shown)["access_token"])["cnf"]


def test_whoever_sends_a_proof_gets_bound_tokens(house: House) -> None:
    house.client()
    found = tokens(house)
    assert found["token_type"] == "DPoP"
    assert house.userinfo(found["access_token"]).status == 401
    assert tokens(house, None)["token_type"] == "Bearer"


def test_a_certificates_client_proves_no_key(house: House) -> None:
    house.client(certificate_bound=True)
    refused = ask(house, KEY.proof(house, "POST", "/token"), grant_type="client_credentials")
    assert body(refused)["error"] == "invalid_dpop_proof"


def test_tokens_of_every_kind_are_bound(bound: House) -> None:
    form = {"grant_type": "client_credentials"}
    for resource in (f"{ISSUER}/elicence", "https://api.example/"):
        proof = KEY.proof(bound, "POST", "/token")
        token = body(ask(bound, proof, **form, resource=resource))["access_token"]
        assert bound.introspect(token)["cnf"] == {"jkt": KEY.jkt}
    person = tokens(bound, resource="https://api.example/")["access_token"]
    assert bound.introspect(person)["cnf"] == {"jkt": KEY.jkt}


# what a proof must be: dpop-negative-tests, at the resource and at the token endpoint


def _unsigned(proof: str) -> str:
    return proof.rpartition(".")[0] + "."


def _other_signature(proof: str) -> str:
    data, _, signature = proof.rpartition(".")
    return f"{data}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def _without_alg(proof: str) -> str:
    return ".".join([b64(json.dumps({"typ": "dpop+jwt", "jwk": KEY.jwk}).encode()), *proof.split(".")[1:]])


RS256 = Key("RS256")
HEADERS: dict[str, dict[str, Any]] = {
    "typ missing": {"typ": None},
    "typ wrong": {"typ": "dpop+jwt+wrongyousee"},
    "typ of a JWT": {"typ": "JWT"},
    "jwk missing": {"jwk": None},
    "jwk no object": {"jwk": KEY.jkt},
    "jwk private": {"jwk": KEY.jwk | KEY.private_members},
    "jwk of another": {"jwk": OTHER.jwk},
    "jwk symmetric": {"jwk": {"kty": "oct", "k": b64(b"k" * 32)}},
    "jwk off the curve": {"jwk": KEY.jwk | {"y": KEY.jwk["x"]}},
    "jwk of another curve": {"jwk": KEY.jwk | {"crv": "P-384"}},
    "alg none": {"alg": "none"},
    "alg HS256": {"alg": "HS256"},
    "alg of another kind": {"alg": "EdDSA"},
    "crit": {"crit": ["b64"], "b64": True},
}
CLAIMS: dict[str, tuple[str, dict[str, Any]]] = {
    "jti missing": ("jti", {"jti": None}),
    "jti empty": ("jti", {"jti": ""}),
    "jti no string": ("jti", {"jti": 7}),
    "jti long": ("jti", {"jti": "j" * 257}),
    "htm missing": ("htm", {"htm": None}),
    "htm of another method": ("htm", {"htm": "PUT"}),
    "htm in another case": ("htm", {"htm": "get"}),
    "htu missing": ("htu", {"htu": None}),
    "htu of another path": ("htu", {"htu": ISSUER + "/userinfoohnonotagain"}),
    "htu of another origin": ("htu", {"htu": "http://127.0.0.1:8000/userinfo"}),
    "htu of another scheme": ("htu", {"htu": "https://localhost:8000/userinfo"}),
    "htu of another port": ("htu", {"htu": "http://localhost/userinfo"}),
    "htu of a user": ("htu", {"htu": "http://localhost:8000@localhost:8000/userinfo"}),
    "htu no URI": ("htu", {"htu": "/userinfo"}),
    "iat missing": ("iat", {"iat": None}),
    "iat no number": ("iat", {"iat": "now"}),
    "iat true": ("iat", {"iat": True}),
    "iat huge": ("iat", {"iat": 1e300}),
    "exp no number": ("exp", {"exp": "soon"}),
}
TEXTS: dict[str, Callable[[str], str]] = {
    "two proofs": lambda proof: f"{proof}, {proof}",
    "two parts": lambda proof: proof.rpartition(".")[0],
    "four parts": lambda proof: proof + ".x",
    "no JWS": lambda _: "proof",
    "empty": lambda _: "",
    "dots": lambda _: "..",
    "not ASCII": lambda proof: proof + "é",
    "padded": lambda proof: proof + "=",
    "no signature": _unsigned,
    "another signature": _other_signature,
    "alg taken out": _without_alg,
    "long": lambda proof: proof + "A" * 9000,
}


def _refused(bound: House, reply: Any, code: str = "invalid_dpop_proof") -> str:
    assert reply.status in {400, 401}, reply.body
    found = body(reply)
    assert found["error"] == code
    if reply.status == 401:
        assert reply.header("WWW-Authenticate").startswith(f'DPoP realm="manyou", error="{code}", ')
        assert reply.header("WWW-Authenticate").endswith('algs="ES256 PS256 EdDSA"')
    described: str = found["error_description"]
    assert described.isascii()
    return described


@pytest.mark.module("fapi2-security-profile-final-dpop-negative-tests")
def test_dpop_negative_tests(bound: House) -> None:
    """One token, everything that can be wrong with a proof for it, and at the end it still works."""
    token = tokens(bound)["access_token"]
    for name, header in HEADERS.items():
        refused = userinfo(bound, KEY, token, header=header)
        assert _refused(bound, refused), name
    proof = RS256.proof(bound, "GET", "/userinfo", token=token)
    assert "alg" in _refused(bound, userinfo(bound, RS256, token, proof=proof))
    for name, (claim, changes) in CLAIMS.items():
        assert f"claim {claim}" in _refused(bound, userinfo(bound, KEY, token, **changes)), name
    for name, change in TEXTS.items():
        proof = KEY.proof(bound, "GET", "/userinfo", token=token)
        headers = {"Authorization": f"DPoP {token}", "DPoP": change(proof)}
        assert _refused(bound, bound.call("GET", "/userinfo", headers=headers)), name
    for changes in ({"ath": None}, {"of": token + "x"}, {"ath": token}):
        assert "ath" in _refused(bound, userinfo(bound, KEY, token, **changes))
    assert _refused(bound, userinfo(bound, OTHER, token), "invalid_token")
    nothing = bound.call("GET", "/userinfo", headers={"Authorization": f"DPoP {token}"})
    assert _refused(bound, nothing)
    assert userinfo(bound, KEY, token, scheme="Bearer").status == 401
    assert userinfo(bound, KEY, token).status == 200


@pytest.mark.module("fapi2-security-profile-final-dpop-negative-tests")
def test_a_wrong_proof_spends_nothing_at_the_token_endpoint(bound: House) -> None:
    browser, _ = bound.login(bound.person())
    code = bound.code(browser)

    def tried(**changes: Any) -> str:
        return _refused(bound, redeem(bound, None, code, proof=KEY.proof(bound, "POST", "/token", **changes)))

    for header in HEADERS.values():
        assert tried(header=header)
    for name, (claim, changes) in CLAIMS.items():
        if not name.startswith("htu of another path"):
            assert f"claim {claim}" in tried(**changes), name
    for name, change in TEXTS.items():
        proof = change(KEY.proof(bound, "POST", "/token"))
        assert _refused(bound, redeem(bound, None, code, proof=proof)), name
    assert bound.count("spent") == 0
    assert redeem(bound, KEY, code).status == 200


def test_what_is_unknown_in_a_proof_is_passed_over(bound: House) -> None:
    token = tokens(bound)["access_token"]
    assert userinfo(bound, KEY, token, tx_id_key=1, header={"tx_id": 2}).status == 200
    assert userinfo(bound, KEY, token, header={"jwk": KEY.jwk | {"kid": "k", "use": "sig"}}).status == 200
    assert userinfo(bound, KEY, token, header={"typ": "application/dpop+jwt"}).status == 200


@pytest.mark.parametrize(
    "htu",
    [
        "http://localhost:8000/userinfo?allthedoorsonthisspaceship#x",
        "http://localhost:8000/userinfo#x",
        "HTTP://LOCALHOST:8000/userinfo",
        "http://localhost:8000/%75serinfo",
    ],
)
def test_htu_is_compared_normalised(bound: House, htu: str) -> None:
    token = tokens(bound)["access_token"]
    assert userinfo(bound, KEY, token, htu=htu).status == 200


@pytest.mark.module("fapi2-security-profile-final-access-token-type-header-case-sensitivity")
@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP", "dPoP"])
def test_access_token_type_header_case_sensitivity(bound: House, scheme: str) -> None:
    token = tokens(bound)["access_token"]
    assert userinfo(bound, KEY, token, scheme=scheme).status == 200


@pytest.mark.module(
    "fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-before-succeeds",
    "fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-after-succeeds",
)
@pytest.mark.parametrize(
    ("seconds", "good"),
    [
        (10, True),
        (AHEAD_MOST, True),
        (AHEAD_MOST + 1, False),
        (3600, False),
        (-10, True),
        (-AGE_MOST, True),
        (-AGE_MOST - 1, False),
        (-3600, False),
    ],
)
def test_ensure_dpopproof_with_iat_10seconds_before_and_after(
    bound: House, seconds: int, *, good: bool
) -> None:
    token = tokens(bound)["access_token"]
    iat = bound.clock.now + seconds
    assert (userinfo(bound, KEY, token, iat=iat).status == 200) is good
    reply = ask(bound, KEY.proof(bound, "POST", "/token", iat=iat), grant_type="client_credentials")
    assert (reply.status == 200) is good
    assert userinfo(bound, KEY, token, iat=bound.clock.now + 0.5).status == 200


@pytest.mark.module("fapi2-security-profile-final-check-dpop-proof-nbf-exp")
@pytest.mark.parametrize(
    ("nbf", "exp", "good"),
    [(0, 60, True), (10, 60, True), (31, 60, False), (-5, 1, True), (-5, 0, False), (0, -1, False)],
)
def test_check_dpop_proof_nbf_exp(bound: House, nbf: int, exp: int, *, good: bool) -> None:
    token, now = tokens(bound)["access_token"], bound.clock.now
    reply = userinfo(bound, KEY, token, nbf=now + nbf, exp=now + exp)
    assert (reply.status == 200) is good
    if not good:
        assert ("nbf" in _refused(bound, reply)) is (nbf > 30)


# once


def test_a_proof_is_good_once(either: House) -> None:
    either.client(dpop_bound=True)
    token = tokens(either)["access_token"]
    proof = KEY.proof(either, "GET", "/userinfo", token=token)
    assert userinfo(either, KEY, token, proof=proof).status == 200
    assert "jti" in _refused(either, userinfo(either, KEY, token, proof=proof))
    form = {"grant_type": "client_credentials"}
    proof = KEY.proof(either, "POST", "/token")
    assert ask(either, proof, **form).status == 200
    assert "jti" in _refused(either, ask(either, proof, **form))
    browser, _ = either.login(either.person())
    code = either.code(browser)
    assert "jti" in _refused(either, redeem(either, None, code, proof=proof))
    found = body(redeem(either, KEY, code))  # the replayed proof did not cost the code
    used = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    assert "jti" in _refused(either, ask(either, proof, **used))


def test_a_jti_is_good_once_whatever_iat_stands_beside_it(either: House) -> None:
    """Wherever the steps of markers lie: a jti that lives is not taken again, earlier or later."""
    either.client(dpop_bound=True)
    token = tokens(either)["access_token"]
    for jti in "abcdefgh":
        now = either.clock.advance(12)
        assert userinfo(either, KEY, token, jti=jti, iat=now).status == 200
        for iat in (now - AGE_MOST, now - 1, now, now + 1, now + AHEAD_MOST):
            assert userinfo(either, KEY, token, jti=jti, iat=iat).status == 401
    either.clock.advance(AGE_MOST)
    for iat in (now, now + AGE_MOST, now + AGE_MOST + AHEAD_MOST):
        assert userinfo(either, KEY, token, jti="h", iat=iat).status == 401


def test_after_a_restart_and_on_another_worker_a_proof_was_used_all_the_same(
    house: House, tmp_path: Path
) -> None:
    house.client(dpop_bound=True)
    token = tokens(house)["access_token"]
    proof = KEY.proof(house, "GET", "/userinfo", token=token)
    assert userinfo(house, KEY, token, proof=proof).status == 200
    other = make_house(house.durable, house.clock, tmp_path / "house")
    assert "jti" in _refused(other, userinfo(other, KEY, token, proof=proof))
    assert userinfo(other, KEY, token).status == 200


def test_anothers_jti_is_not_in_the_way(bound: House) -> None:
    mine, theirs = tokens(bound), tokens(bound, OTHER)
    assert userinfo(bound, KEY, mine["access_token"], jti="j").status == 200
    assert userinfo(bound, OTHER, theirs["access_token"], jti="j").status == 200


def test_below_the_watermark_nothing_is_good_whatever_the_local_clock_says(bound: House) -> None:
    token, now = tokens(bound)["access_token"], bound.clock.now
    maintain(bound.durable, now + 3600)
    assert "jti" in _refused(bound, userinfo(bound, KEY, token))


# bound codes and refresh tokens


@pytest.mark.parametrize(("key", "status"), [(KEY, 200), (OTHER, 400), (None, 400)], ids="ABC")
def test_ensure_dpop_auth_code_binding(house: House, key: Key | None, status: int) -> None:
    """-success, and ensure-token-endpoint-fails-with-mismatched-dpop-jkt: the wrong key burns nothing."""
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser, dpop_jkt=KEY.jkt)
    reply = redeem(house, key, code)
    assert reply.status == status
    if status != 200:
        assert body(reply)["error"] == "invalid_grant"
        assert house.count("spent") == 0
        assert redeem(house, KEY, code).status == 200


def test_a_dpop_jkt_that_names_no_key_is_refused(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    for jkt in ("x", KEY.jkt[:-1], KEY.jkt + "=", KEY.jkt[:-1] + "*", "é" * 43):
        location = house.authorize(browser, dpop_jkt=jkt).header("Location") or ""
        assert "error=invalid_request" in location
        assert "dpop_jkt" in location


def test_a_bound_code_stays_under_512_characters(house: House) -> None:
    scopes = "openid profile phone id_number offline_access file use"
    audiences = tuple(f"https://{n}.example/" for n in range(8))
    house.client(scopes=tuple(scopes.split()), audiences=audiences, trusted=True)
    person = house.person(level=3)
    browser, _ = house.login(person, acting_for=house.organisation(person))
    details = json.dumps([{"type": "count", "most": n} for n in range(3)])
    query = house.ask(scope=scopes, nonce="n" * 64, authorization_details=details, dpop_jkt=KEY.jkt)
    query += "&claims=" + quote('{"userinfo": {"birthdate": null}}')
    resources = "".join(f"&resource={each}" for each in audiences)
    location = house.call("GET", f"/authorize?{query}{resources}", browser=browser).header("Location") or ""
    assert 100 < len(location.partition("code=")[2].partition("&")[0]) < 512


def test_refresh_token_of_a_confidential_client_is_not_bound_to_the_key(bound: House) -> None:
    """RFC 9449 § 5: the client proves itself; the new token is bound to the key of this request."""
    found = tokens(bound)
    assert body(refresh(bound, None, found["refresh_token"]))["error"] == "invalid_dpop_proof"
    again = body(refresh(bound, OTHER, found["refresh_token"]))
    assert again["refresh_token"] == found["refresh_token"]
    assert userinfo(bound, OTHER, again["access_token"]).status == 200
    assert userinfo(bound, KEY, again["access_token"]).status == 401
    assert userinfo(bound, KEY, found["access_token"]).status == 200


def test_refresh_token_of_a_public_client_is_bound(either: House) -> None:
    """The wrong key neither moves the family nor ends it, with an old generation either."""
    either.client("app", auth_method="none")
    first = tokens(either, KEY, client_id="app")["refresh_token"]
    for key in (OTHER, None):
        assert body(refresh(either, key, first, "app"))["error"] == "invalid_grant"
    second = body(refresh(either, KEY, first, "app"))["refresh_token"]
    assert body(refresh(either, KEY, first, "app"))["token_type"] == "DPoP"  # its reply was lost
    either.clock.advance(11)
    assert refresh(either, OTHER, first, "app").status == 400
    assert either.count("family", "live = 1") == 1
    assert refresh(either, KEY, second, "app").status == 200
    assert refresh(either, KEY, first, "app").status == 400
    assert either.count("family", "live = 0") == 1


def test_the_licence_library_asks_for_the_proof_too(bound: House) -> None:
    token = tokens(bound, resource=f"{ISSUER}/elicence")["access_token"]

    def tried(proof: str | None, scheme: str = "DPoP") -> str:
        headers = {"Authorization": f"{scheme} {token}"} | ({"DPoP": proof} if proof else {})
        call = Call.of("GET", "/elicence/v1/file", now=bound.clock.now, headers=headers)
        try:
            assert bound.oauth.tokens.verify(call, "elicence").confirmation == {"jkt": KEY.jkt}
        except InvalidToken as refused:
            return refused.code
        return ""

    proof = KEY.proof(bound, "GET", "/elicence/v1/file", token=token)
    assert tried(proof) == ""
    assert tried(proof) == "invalid_dpop_proof"
    assert tried(None) == "invalid_dpop_proof"
    assert tried(KEY.proof(bound, "GET", "/userinfo", token=token)) == "invalid_dpop_proof"
    assert tried(OTHER.proof(bound, "GET", "/elicence/v1/file", token=token)) == "invalid_token"
    assert tried(KEY.proof(bound, "GET", "/elicence/v1/file", token=token), "Bearer") == "invalid_token"


def test_who_shows_nothing_is_offered_both_schemes(bound: House) -> None:
    reply = bound.call("GET", "/userinfo")
    offered = [value for name, value in reply.headers if name == "WWW-Authenticate"]
    assert offered == ['Bearer realm="manyou"', 'DPoP realm="manyou", algs="ES256 PS256 EdDSA"']


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(place=st.integers(min_value=0), other=st.sampled_from("ABCdef019-_"))
def test_any_change_to_a_proof_is_refused(bound: House, place: int, other: str) -> None:
    proof = KEY.proof(bound, "POST", "/token")
    place %= len(proof)
    if proof[place] == other:
        return
    changed = proof[:place] + other + proof[place + 1 :]
    assert ask(bound, changed, grant_type="client_credentials").status == 400


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    header=st.dictionaries(
        st.sampled_from(["typ", "alg", "jwk", "kid"]), st.text() | st.integers() | st.none()
    ),
    claims=st.one_of(st.text(), st.lists(st.integers()), st.dictionaries(st.text(), st.text() | st.floats())),
)
def test_junk_is_refused_and_never_a_fault(bound: House, header: dict[str, Any], claims: Any) -> None:
    whole = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.jwk}
    for each in (header, whole | header, whole):
        reply = ask(bound, KEY.jws(each, claims), grant_type="client_credentials")
        assert reply.status == 400
        assert body(reply)["error"] == "invalid_dpop_proof"


def test_the_thumbprint_is_rfc_7638s(house: House) -> None:
    canonical = json.dumps(KEY.jwk, sort_keys=True, separators=(",", ":"))
    assert b64(hashlib.sha256(canonical.encode()).digest()) == KEY.jkt
