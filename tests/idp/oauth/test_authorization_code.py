"""The code: what it is bound to, that it is good once, for a minute, that a second use undoes the first."""

from __future__ import annotations

import json

import pytest

from idp.oauth.family import sweep
from idp.oauth.sealed_code import open_code
from store import SQL
from tests.idp.oauth.conftest import BACK, ISSUER, VERIFIER, House, body

DETAILS = json.dumps([{"type": "count", "most": n} for n in range(3)])


def test_a_code_stays_under_512_characters(house: House) -> None:
    scopes = "openid profile phone id_number offline_access file use"
    house.client(
        scopes=tuple(scopes.split()), audiences=tuple(f"https://{n}.example/" for n in range(8)), trusted=True
    )
    person = house.person(level=3)
    browser, _ = house.login(person, acting_for=house.organisation(person))
    query = house.ask(scope=scopes, nonce="n" * 64, authorization_details=DETAILS)
    resources = "".join(f"&resource=https://{n}.example/" for n in range(8))
    location = house.call("GET", f"/authorize?{query}{resources}", browser=browser).header("Location") or ""
    code = location.partition("code=")[2].partition("&")[0]
    assert 100 < len(code) < 512


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": ""},
        {"code_verifier": ""},
        {"code_verifier": "w" * 43},
        {"code_verifier": VERIFIER + "="},
        {"code_verifier": "v" * 42},
        {"code_verifier": "v" * 129},
        {"code_verifier": "é" * 43},
        {"code": "x"},
        {"code": "é"},
        {"code": "x" * 20_000},
    ],
)
def test_what_does_not_match_burns_nothing(house: House, changes: dict[str, str]) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser)
    reply = house.redeem(code, **changes)
    assert (reply.status, body(reply)["error"]) == (400, "invalid_grant")
    assert house.count("spent") == 0
    assert house.redeem(code).status == 200


def test_no_code_at_all(house: House) -> None:
    house.client()
    assert body(house.redeem(""))["error"] == "invalid_request"


def test_another_client_neither_uses_nor_burns_it(house: House) -> None:
    house.client()
    house.client("hall-b")
    browser, _ = house.login(house.person())
    code = house.code(browser)
    assert body(house.redeem(code, "hall-b"))["error"] == "invalid_grant"
    assert house.redeem(code).status == 200
    assert body(house.redeem(code, "hall-b"))["error"] == "invalid_grant"
    assert house.count("family", "live = 1") == 1


@pytest.mark.parametrize(("after", "status"), [(59, 200), (60, 400), (61, 400)])
def test_a_minute(house: House, after: int, status: int) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser)
    house.clock.advance(after)
    assert house.redeem(code).status == status


def test_the_watermark_stands_above_a_clock_that_is_behind(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser)
    house.run("UPDATE watermark SET ends = :at", at=house.clock.now + 60)
    assert body(house.redeem(code))["error"] == "invalid_grant"
    assert house.count("family") == 0


@pytest.mark.parametrize("grants", [("authorization_code", "refresh_token"), ("authorization_code",)])
def test_a_second_use_ends_what_the_first_gave(either: House, grants: tuple[str, ...]) -> None:
    house = either
    house.client(grants=grants)
    browser, _ = house.login(house.person())
    code = house.code(browser)
    tokens = body(house.redeem(code))
    assert house.userinfo(tokens["access_token"]).status == 200
    assert ("refresh_token" in tokens) is ("refresh_token" in grants)
    for _ in range(2):
        again = house.redeem(code)
        assert (again.status, body(again)["error"]) == (400, "invalid_grant")
    house.feed.poll()
    assert house.userinfo(tokens["access_token"]).status == 401
    assert house.introspect(tokens["access_token"]) == {"active": False}
    if "refresh_token" in tokens:
        assert house.refresh(tokens["refresh_token"]).status == 400
    assert house.events("family_ended") == 1


def test_a_second_use_is_known_by_its_marker_even_after_a_minute_of_another_clock(house: House) -> None:
    """Two workers: the one whose clock is behind still refuses what the other has used."""
    house.client()
    browser, _ = house.login(house.person())
    house.clock.advance(4)
    code = house.code(browser)
    house.clock.advance(59)
    tokens = body(house.redeem(code))
    house.clock.advance(-8)
    assert house.redeem(code).status == 400
    house.feed.poll()
    assert house.userinfo(tokens["access_token"]).status == 401


def test_a_thief_without_the_clients_proof_ends_nothing(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser)
    tokens = body(house.redeem(code))
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    assert house.call("POST", "/token", form=form | {"client_id": "hall-a"}).status == 401
    assert house.redeem(code, code_verifier="w" * 43).status == 400
    house.feed.poll()
    assert house.userinfo(tokens["access_token"]).status == 200


def test_the_resource_decides_the_token(house: House) -> None:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    query = f"{house.ask()}&resource={ISSUER}/elicence&resource=https://api.example/"

    def code() -> str:
        location = house.call("GET", "/authorize?" + query, browser=browser).header("Location") or ""
        return location.partition("code=")[2].partition("&")[0]

    first = body(house.redeem(code()))
    assert house.introspect(first["access_token"])["aud"] == f"{ISSUER}/elicence"
    assert "." not in first["access_token"]
    signed = body(house.redeem(code(), resource="https://api.example/"))["access_token"]
    claims = house.engine.keys.verify_jwt("access-token", signed, typ="at+jwt", now=house.clock.now)
    assert claims["aud"] == "https://api.example/"
    assert claims["sub"] != house.introspect(first["access_token"])["sub"]
    assert house.introspect(signed)["sub"] == claims["sub"]
    info = body(house.redeem(code(), resource=f"{ISSUER}/userinfo"))
    assert house.userinfo(info["access_token"]).status == 200
    burnt = code()
    assert body(house.redeem(burnt, resource="https://evil.example/"))["error"] == "invalid_target"
    assert house.redeem(burnt).status == 200
    # the refresh token reaches each resource that was agreed to, and no other
    assert house.introspect(body(house.refresh(first["refresh_token"]))["access_token"])["aud"].endswith(
        "/elicence"
    )
    assert house.refresh(first["refresh_token"], resource=f"{ISSUER}/userinfo").status == 200
    assert (
        body(house.refresh(first["refresh_token"], resource="https://no.example/"))["error"]
        == "invalid_target"
    )


def test_details_may_be_narrowed_never_widened(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    asked = json.dumps([{"type": "count", "most": 3}])
    code = house.code(browser, authorization_details=asked)
    wider = json.dumps([{"type": "count", "most": 4}])
    assert body(house.redeem(code, authorization_details=wider))["error"] == "invalid_authorization_details"
    narrow = json.dumps([{"type": "count", "most": 2}])
    tokens = body(house.redeem(code, authorization_details=narrow))
    assert tokens["authorization_details"] == [{"type": "count", "most": 2}]
    assert house.introspect(tokens["access_token"])["authorization_details"] == [{"type": "count", "most": 2}]
    again = body(house.refresh(tokens["refresh_token"]))
    assert again["authorization_details"] == [{"type": "count", "most": 3}]
    refused = house.refresh(tokens["refresh_token"], authorization_details=wider)
    assert body(refused)["error"] == "invalid_authorization_details"


def test_audiences_that_were_taken_away_are_not_given(house: House) -> None:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    code = house.code(browser, resource="https://api.example/")
    house.client(trusted=True, audiences=())
    assert house.redeem(code).status == 400


def test_the_family_is_fixed_in_the_code(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser)
    family = open_code(house.engine.keys, "hall-a", code).family
    house.redeem(code)
    row = house.durable.read(lambda tx: tx.rows(SQL("SELECT id FROM family")))
    assert row == [(family,)]


def test_what_is_over_is_swept(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser)
    house.redeem(code)
    house.redeem(code)
    later = house.clock.now + 100 * 86400
    assert house.durable.write(lambda tx: sweep(tx, house.clock.now, 10)) == 0
    assert house.durable.write(lambda tx: sweep(tx, later, 10)) == 2
    assert house.count("family") == 0
