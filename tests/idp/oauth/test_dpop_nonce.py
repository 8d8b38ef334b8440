"""Nonces in DPoP proofs (RFC 9449 § 8, § 9): off, offered, required; the same on every worker."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from idp.oauth.senders.dpop_nonce import STEP_SECONDS, STEPS, Nonces
from idp.oauth.settings import OAuthSettings
from tests.idp.oauth.conftest import ISSUER, House, body, make_house
from tests.idp.oauth.proving import Key, ask, redeem, userinfo

KEY = Key()
FORM = {"grant_type": "client_credentials"}


@pytest.fixture
def strict(house: House, tmp_path: Path) -> House:
    """Over the same store, where nonces are required."""
    return make_house(house.durable, house.clock, tmp_path / "house", OAuthSettings(dpop_nonce="required"))


@pytest.fixture
def silent(house: House, tmp_path: Path) -> House:
    """Where there are none."""
    return make_house(house.durable, house.clock, tmp_path / "house", OAuthSettings(dpop_nonce="off"))


def test_an_answer_to_a_proof_offers_a_nonce_that_the_next_may_bring(house: House) -> None:
    house.client()
    assert ask(house, None, **FORM).header("DPoP-Nonce") is None
    reply = ask(house, KEY.proof(house, "POST", "/token"), **FORM)
    nonce = reply.header("DPoP-Nonce")
    assert nonce
    assert ask(house, KEY.proof(house, "POST", "/token", nonce=nonce), **FORM).status == 200
    refused = ask(house, KEY.proof(house, "POST", "/token", htm="PUT"), **FORM)
    assert refused.header("DPoP-Nonce") == nonce
    browser, _ = house.login(house.person())
    token = body(redeem(house, KEY, house.code(browser)))["access_token"]
    assert userinfo(house, KEY, token, nonce=nonce).header("DPoP-Nonce") == nonce
    assert userinfo(house, KEY, token).status == 200


@pytest.mark.parametrize("nonce", ["", "x", "A" * 27, "é"])
def test_a_nonce_that_is_not_ours_is_answered_with_one_that_is(house: House, nonce: str) -> None:
    house.client()
    reply = ask(house, KEY.proof(house, "POST", "/token", nonce=nonce), **FORM)
    assert (reply.status, body(reply)["error"]) == (400, "use_dpop_nonce")
    given = reply.header("DPoP-Nonce")
    assert ask(house, KEY.proof(house, "POST", "/token", nonce=given), **FORM).status == 200


def test_where_it_is_required_one_retry_brings_it(strict: House) -> None:
    strict.client(dpop_bound=True)
    browser, _ = strict.login(strict.person())
    code = strict.code(browser)
    refused = redeem(strict, KEY, code)
    assert (refused.status, body(refused)["error"]) == (400, "use_dpop_nonce")
    nonce = refused.header("DPoP-Nonce")
    proof = KEY.proof(strict, "POST", "/token", nonce=nonce)
    token = body(redeem(strict, None, code, proof=proof))["access_token"]
    lacking = userinfo(strict, KEY, token)
    assert (lacking.status, body(lacking)["error"]) == (401, "use_dpop_nonce")
    assert 'DPoP realm="manyou", error="use_dpop_nonce"' in (lacking.header("WWW-Authenticate") or "")
    assert userinfo(strict, KEY, token, nonce=lacking.header("DPoP-Nonce")).status == 200


def test_where_there_are_none_a_proof_may_bring_what_it_likes(silent: House) -> None:
    silent.client()
    reply = ask(silent, KEY.proof(silent, "POST", "/token", nonce="x"), **FORM)
    assert reply.status == 200
    assert reply.header("DPoP-Nonce") is None


def test_an_old_nonce_is_refused_and_replaced(strict: House) -> None:
    strict.client()
    nonce = ask(strict, KEY.proof(strict, "POST", "/token"), **FORM).header("DPoP-Nonce")
    strict.clock.advance((STEPS - 1) * STEP_SECONDS)
    assert ask(strict, KEY.proof(strict, "POST", "/token", nonce=nonce), **FORM).status == 200
    strict.clock.advance(STEP_SECONDS)
    reply = ask(strict, KEY.proof(strict, "POST", "/token", nonce=nonce), **FORM)
    assert body(reply)["error"] == "use_dpop_nonce"
    assert reply.header("DPoP-Nonce") != nonce


def test_workers_make_the_same_ones_and_accept_anothers_of_the_next_minute() -> None:
    one, two = (Nonces(lambda data: sha256(data).digest(), "on") for _ in range(2))
    for now in range(1000, 2000, 7):
        assert one.newest(now) == two.newest(now)
        assert two.good(one.newest(now + 5), now)
        assert two.good(one.newest(now), now + (STEPS - 1) * STEP_SECONDS)
        assert not two.good(one.newest(now), now + STEPS * STEP_SECONDS)
        assert not two.good(one.newest(now + 2 * STEP_SECONDS), now)
    assert not one.good(Nonces(lambda data: sha256(data + b"x").digest(), "on").newest(1000), 1001)


def test_the_issuer_and_the_certificates_listener_are_both_us(house: House, tmp_path: Path) -> None:
    both = make_house(house.durable, house.clock, tmp_path / "house", mtls="https://mtls.example:8443")
    both.client()
    house.client("hall-b")
    for origin in (ISSUER, "https://mtls.example:8443"):
        assert ask(both, KEY.proof(both, "POST", "/token", htu=f"{origin}/token"), **FORM).status == 200
    elsewhere = KEY.proof(house, "POST", "/token", htu="https://mtls.example:8443/token")
    assert "htu" in body(ask(house, elsewhere, "hall-b", **FORM))["error_description"]
