"""The parameter claims and the standard scopes; cases named after modules of the certification profiles."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from idp.oauth.claims.claims import NAMES
from idp.oauth.claims.claims_request import LONGEST
from idp.oauth.claims.verified_claims import VERIFIABLE
from idp.oauth.scopes import SCOPES
from store import SQL
from tests.idp.oauth.conftest import ISSUER, Browser, House, answered, body
from tests.idp.oauth.signing import Signer
from web.csrf import FIELD

ADDRESS = "福州市鼓楼区示范路 1 号"
EMAIL = "zhang@mail.example"
ALL = ("openid", "profile", "email", "address", "phone", "id_number", "offline_access", "use")


def person(house: House, **more: Any) -> bytes:
    """Somebody whose email and address the registry has."""
    key = house.person(**more)
    fields = house.register.fields(key)
    house.run(
        "UPDATE person SET email = :email, address = :address WHERE holder_key = :key",
        email=fields.seal("email", EMAIL),
        address=fields.seal("address", ADDRESS),
        key=key,
    )
    return key


def wants(**parts: Any) -> str:
    return json.dumps(parts, ensure_ascii=False)


def tick(house: House, browser: Browser, where: str, *claims: str) -> str:
    """Allow only these; where the browser goes on."""
    page = house.call("GET", where, browser=browser).body.decode()
    token = page.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    form = {FIELD: token, "decision": "allow", **{f"claim.{name}": "yes" for name in claims}}
    return house.call("POST", where, browser=browser, form=form).header("Location") or ""


def got(house: House, code: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Tokens, userinfo, claims of the ID token."""
    tokens = body(house.redeem(code))
    claims = house.engine.keys.verify_jwt("id-token", tokens["id_token"], now=house.clock.now)
    return tokens, body(house.userinfo(tokens["access_token"])), claims


@pytest.mark.module("oidcc-scope-profile", "oidcc-scope-email", "oidcc-scope-address", "oidcc-scope-phone")
@pytest.mark.parametrize(
    ("scope", "held"),
    [
        ("profile", {"name": "张三", "updated_at": 1_790_000_000}),
        ("email", {"email": EMAIL, "email_verified": False}),
        ("address", {"address": {"formatted": ADDRESS}}),
        ("phone", {"phone_number": "13800138000", "phone_number_verified": True}),
    ],
)
def test_oidcc_scope_profile_email_address_phone(house: House, scope: str, held: dict[str, Any]) -> None:
    house.client(scopes=ALL)
    browser, _ = house.login(person(house))
    _, info, token = got(house, house.code(browser, scope=f"openid {scope}"))
    assert held.items() <= info.items()
    assert set(info) <= {"sub", *SCOPES["openid"].claims, *SCOPES[scope].claims}
    assert not token.keys() & NAMES


@pytest.mark.module("oidcc-scope-all")
def test_oidcc_scope_all(house: House) -> None:
    house.client(scopes=ALL)
    browser, _ = house.login(person(house))
    _, info, _ = got(house, house.code(browser, scope="openid profile email address phone"))
    assert {"name", "email", "address", "phone_number"} <= info.keys()
    assert not {"birthdate", "gender", "id_number"} & info.keys()


def test_what_the_registry_does_not_hold_is_left_out(house: House) -> None:
    house.client(scopes=ALL)
    browser, _ = house.login(house.person(mobile=None))
    _, info, _ = got(house, house.code(browser, scope="openid profile email address phone"))
    left_out = {"email", "email_verified", "address", "phone_number", "phone_number_verified"}
    assert not left_out & info.keys()
    assert None not in info.values()


@pytest.mark.module("oidcc-claims-essential")
def test_oidcc_claims_essential(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    asked = wants(userinfo={"name": {"essential": True}})
    _, info, token = got(house, house.code(browser, scope="openid", claims=asked))
    assert info["name"] == "张三"
    assert "name" not in token


def test_each_claim_goes_where_it_was_asked_for(either: House) -> None:
    house = either
    house.client()
    browser, _ = house.login(person(house))
    asked = wants(userinfo={"birthdate": None}, id_token={"gender": {}, "auth_time": {"essential": True}})
    tokens, info, token = got(house, house.code(browser, scope="openid", claims=asked))
    assert (info["birthdate"], "gender" in info) == ("1990-01-01", False)
    assert (token["gender"], "birthdate" in token) == ("male", False)
    # a refreshed ID token is like the first (§ 12.2), and userinfo goes on answering
    again = body(house.refresh(tokens["refresh_token"]))
    claims = house.engine.keys.verify_jwt("id-token", again["id_token"], now=house.clock.now)
    assert claims["gender"] == "male"
    assert body(house.userinfo(again["access_token"]))["birthdate"] == "1990-01-01"


def test_the_code_stays_short(house: House) -> None:
    house.client(scopes=ALL)
    browser, _ = house.login(house.person())
    asked = wants(userinfo=dict.fromkeys(NAMES), id_token=dict.fromkeys(NAMES))
    code = house.code(browser, scope=" ".join(ALL), nonce="n" * 64, claims=asked)
    assert len(code) < 512


def test_the_page_shows_each_claim_that_no_scope_opens(house: House) -> None:
    house.client(scopes=ALL)
    browser, _ = house.login(person(house))
    asked = wants(
        userinfo={"name": None, "email": {"essential": True}, "shoe_size": None}, id_token={"address": None}
    )
    where = house.authorize(browser, scope="openid profile", claims=asked).header("Location") or ""
    page = house.call("GET", where, browser=browser).body.decode()
    assert {name for name in NAMES | {"shoe_size"} if f'name="claim.{name}"' in page} == {"email", "address"}
    for words in ("您的电子邮箱", "Your home address", "（办事需要）"):
        assert words in page


def test_what_the_person_does_not_tick_is_left_out(either: House) -> None:
    house = either
    house.client(scopes=ALL)
    browser, _ = house.login(person(house))
    asked = wants(
        userinfo={"name": {"essential": True}, "email": None}, id_token={"email": None, "gender": None}
    )
    where = house.authorize(browser, scope="openid", claims=asked).header("Location") or ""
    back = tick(house, browser, where, "email", "address")  # what was not asked for cannot be ticked
    code = answered(house.call("GET", back, browser=browser))["code"]
    read = SQL("SELECT body FROM event WHERE tag = 'idp.consent_given'")
    row = house.durable.read(lambda tx: tx.row(read))
    assert row is not None
    assert json.loads(bytes(row[0]))["claims"] == ["email"]  # the ledger tells which
    _, info, token = got(house, code)
    assert (info.get("email"), info.get("name"), info.get("address")) == (EMAIL, None, None)
    assert (token.get("email"), token.get("gender")) == (EMAIL, None)
    # it is remembered, asked for again it is not, until the hall shows the page anew
    assert "code" in answered(house.authorize(browser, scope="openid", claims=asked, prompt="none"))
    house.clock.advance(1)
    where = house.authorize(browser, scope="openid", claims=asked, prompt="consent").header("Location") or ""
    back = tick(house, browser, where, "name")
    _, info, token = got(house, answered(house.call("GET", back, browser=browser))["code"])
    assert (info.get("name"), info.get("email"), token.get("email")) == ("张三", None, None)


def test_other_claims_ask_again_and_none_silently(house: House) -> None:
    house.client(scopes=ALL)
    browser, _ = house.login(person(house))
    house.code(browser, scope="openid", claims=wants(userinfo={"name": None}))
    more = wants(userinfo={"name": None, "email": None})
    silent = answered(house.authorize(browser, scope="openid", claims=more, prompt="none"))
    assert silent["error"] == "consent_required"
    assert (house.authorize(browser, scope="openid", claims=more).header("Location") or "").startswith(
        "/consent?"
    )
    assert "code" in answered(house.authorize(browser, scope="openid", prompt="none"))


def test_what_scopes_open_anyway_asks_nobody_again(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    house.code(browser, scope="openid profile")
    asked = wants(id_token={"name": {"essential": True}})
    code = answered(house.authorize(browser, scope="openid profile", claims=asked, prompt="none"))["code"]
    assert got(house, code)[2]["name"] == "张三"


def test_what_a_hall_is_not_registered_for_it_does_not_get_by_claims(house: House) -> None:
    house.client(scopes=("openid", "phone"))
    browser, _ = house.login(person(house))
    every = dict.fromkeys(NAMES)
    verified = {"verification": {}, "claims": dict.fromkeys(VERIFIABLE)}
    asked = wants(userinfo={**every, "verified_claims": verified}, id_token=every)
    _, info, token = got(house, house.code(browser, scope="openid", claims=asked))
    mine = {"user_type", "holder_code_type", "phone_number", "phone_number_masked", "phone_number_verified"}
    assert info.pop("verified_claims")["claims"] == {"phone_number": "13800138000"}
    assert set(info) == {"sub", *mine}
    assert token.keys() & NAMES == mine


def test_withdrawing_takes_the_claims_back(house: House) -> None:
    house.client()
    key = house.person()
    browser, _ = house.login(key)
    asked = wants(userinfo={"birthdate": None})
    waiting = house.code(browser, scope="openid", claims=asked)
    house.run("UPDATE consent SET standing = 0")
    house.run("DELETE FROM consent_detail")
    assert house.redeem(waiting).status == 400


def test_first_party_halls_show_no_page_for_claims(house: House) -> None:
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    asked = wants(userinfo={"birthdate": None})
    code = answered(house.authorize(browser, scope="openid", claims=asked, prompt="none"))["code"]
    assert got(house, code)[1]["birthdate"] == "1990-01-01"
    assert house.count("consent_detail") == 1


def test_another_value_than_the_wanted_one_is_left_out(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    asked = wants(
        userinfo={"gender": {"value": "female"}, "birthdate": {"values": ["1990-01-01", "1991-01-01"]}},
        id_token={"gender": {"value": "male", "essential": True}, "birthdate": {"values": [1990]}},
    )
    _, info, token = got(house, house.code(browser, scope="openid", claims=asked))
    assert (info.get("gender"), info.get("birthdate")) == (None, "1990-01-01")
    assert (token.get("gender"), token.get("birthdate")) == ("male", None)


def test_an_organisations_claims(house: House) -> None:
    house.client()
    key = house.person(level=3)
    company = house.organisation(key)
    browser, _ = house.login(key, acting_for=company)
    asked = wants(userinfo={"uscc": None, "birthdate": None}, id_token={"name": None})
    _, info, token = got(house, house.code(browser, scope="openid", claims=asked))
    assert (info["uscc"], "birthdate" in info) == ("91350000MADEM00030", False)
    assert info["acting_person"]["birthdate"] == "1990-01-01"
    assert token["name"] == "闽味食品有限公司"
    assert token["sub"] == info["sub"]


def test_without_openid_claims_mean_nothing(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser, scope="use", claims="{broken")
    assert "id_token" not in body(house.redeem(code))


# acr, sub


def test_an_essential_acr_that_is_reached_is_named(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person(level=3))
    wanted = "urn:manyou:acr:r2-a1"
    asked = wants(
        id_token={"acr": {"essential": True, "values": ["urn:other", "urn:manyou:acr:r3-a3", wanted]}}
    )
    assert got(house, house.code(browser, scope="openid", claims=asked))[2]["acr"] == wanted
    voluntary = wants(id_token={"acr": {"values": ["urn:other"]}})
    _, _, token = got(house, house.code(browser, scope="openid", claims=voluntary))
    assert token["acr"] == "urn:manyou:acr:r3-a1"


@pytest.mark.parametrize(
    "acr",
    [
        {"essential": True, "value": "urn:other"},
        {"essential": True, "values": ["urn:manyou:acr:r3-a1"]},
        {"essential": True, "values": [1, None, {}]},
    ],
)
def test_an_essential_acr_out_of_reach_refuses(house: House, acr: dict[str, Any]) -> None:
    house.client()
    browser, _ = house.login(house.person(level=2))
    found = answered(house.authorize(browser, scope="openid", claims=wants(id_token={"acr": acr})))
    assert found["error"] == "unmet_authentication_requirements"


def test_an_essential_acr_leads_to_a_stronger_login_once(house: House) -> None:
    house.client()
    key = house.person(level=2)
    browser, _ = house.login(key)
    asked = wants(id_token={"acr": {"essential": True, "values": ["urn:manyou:acr:r2-a2"]}})
    silent = answered(house.authorize(browser, scope="openid", claims=asked, prompt="none"))
    assert silent["error"] == "login_required"
    where = house.authorize(browser, scope="openid", claims=asked).header("Location") or ""
    assert where.startswith("/login?")
    assert "strength=2" in where
    house.clock.advance(5)
    stronger, _ = house.login(key, factors={"pwd": house.clock.now, "otp": house.clock.now})
    _, _, token = got(house, house.code(stronger, scope="openid", claims=asked))
    assert token["acr"] == "urn:manyou:acr:r2-a2"


@pytest.mark.parametrize("place", ["id_token", "userinfo"])
def test_sub_with_a_value_names_who_must_be_logged_in(house: House, place: str) -> None:
    house.client()
    browser, _ = house.login(house.person())
    _, info, _ = got(house, house.code(browser, scope="openid"))
    named = wants(**{place: {"sub": {"value": info["sub"]}}})
    assert "code" in answered(house.authorize(browser, scope="openid", claims=named, prompt="none"))
    other = wants(**{place: {"sub": {"value": "somebody-else"}}})
    assert (
        answered(house.authorize(browser, scope="openid", claims=other, prompt="none"))["error"]
        == "login_required"
    )
    assert (house.authorize(browser, scope="openid", claims=other).header("Location") or "").startswith(
        "/login?"
    )


# what is none


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        "1",
        '"x"',
        '{"userinfo": []}',
        '{"id_token": "name"}',
        '{"userinfo": {"name": true}}',
        '{"userinfo": {"name": []}}',
        '{"userinfo": {"shoe_size": 7}}',
        '{"userinfo": {"name": {"essential": "yes"}}}',
        '{"userinfo": {"name": {"values": "x"}}}',
        '{"userinfo": {"name": {"values": [' + ",".join("1" for _ in range(17)) + "]}}}",
        '{"userinfo": ' + '{"a":' * 700 + "1" + "}" * 700 + "}",
        "[" * 3_000,
        '{"userinfo": {"x": "' + "x" * LONGEST + '"}}',
        '{"userinfo": {"name": {"value": "\\ud800"}}}',
        "\ud83d",
    ],
)
def test_junk_is_refused_and_never_breaks_anything(house: House, text: str) -> None:
    house.client()
    browser, _ = house.login(house.person())
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    reply = house.authorize(browser, scope="openid", claims=text)
    assert reply.status in {303, 400}
    assert "code=" not in (reply.header("Location") or "")
    assert house.count("consent") == 0


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"userinfo": null}',
        '{"userinfo": {}, "id_token": {}, "other": 1}',
        '{"userinfo": {"shoe": null}}',
    ],
)
def test_nothing_known_keeps_nothing(house: House, text: str) -> None:
    house.client()
    browser, _ = house.login(house.person())
    code = house.code(browser, scope="openid", claims=text)
    assert house.count("consent_detail") == 0
    assert house.redeem(code).status == 200


@pytest.mark.module("oidcc-claims-locales")
def test_oidcc_claims_locales(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    assert got(house, house.code(browser, claims_locales="se en zh-CN"))[1]["name"] == "张三"


def test_two_parties_of_one_claim_are_told_apart(house: House) -> None:
    """A digest names a hall's own consent: another hall's, or another holder's, opens nothing."""
    house.client()
    house.client("hall-b")
    browser, _ = house.login(house.person())
    asked = wants(userinfo={"birthdate": None})
    house.code(browser, scope="openid", claims=asked)
    silent = answered(house.authorize(browser, "hall-b", scope="openid", claims=asked, prompt="none"))
    assert silent["error"] == "consent_required"


# wherever the request stands


@pytest.mark.module("fapi2-security-profile-final-test-claims-parameter-identity-claims")
def test_claims_in_a_pushed_request(house: House) -> None:
    """Refused already when it is pushed; as fapi2's test-claims-parameter-identity-claims sends it."""
    house.client(trusted=True)
    browser, _ = house.login(house.person())
    reply = house.push(scope="openid", claims="{broken")
    assert (reply.status, body(reply)["error"]) == (400, "invalid_request")
    asked = wants(id_token={"birthdate": {"essential": True}}, userinfo={"gender": None, "given_name": None})
    query = house.pushed(scope="openid", claims=asked)
    code = answered(house.call("GET", "/authorize?" + query, browser=browser))["code"]
    _, info, token = got(house, code)
    assert (info["gender"], token["birthdate"], "given_name" in info) == ("male", "1990-01-01", False)


def test_claims_in_a_request_object_are_an_object(house: House) -> None:
    signer = Signer()
    house.client(trusted=True, jwks=signer.key_set)
    browser, _ = house.login(house.person())
    content: dict[str, Any] = dict(parse_qsl(house.ask(scope="openid")))
    times = {"iss": "hall-a", "aud": ISSUER, "iat": house.clock.now, "exp": house.clock.now + 60}
    content |= times | {"nbf": house.clock.now, "claims": {"userinfo": {"birthdate": None}}}
    query = urlencode({"client_id": "hall-a", "request": signer.sign(content)})
    code = answered(house.call("GET", "/authorize?" + query, browser=browser))["code"]
    assert got(house, code)[1]["birthdate"] == "1990-01-01"
