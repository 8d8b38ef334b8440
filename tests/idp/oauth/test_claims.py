"""What halls get to know: by scope, masked, pairwise; and what stands in an ID token."""

from __future__ import annotations

from typing import Any

import pytest

from idp.oauth.subject import subject_of
from tests.idp.oauth.conftest import OTHER_BACK, House, body

NUMBER = "350000199001010018"


def _claims(house: House, scope: str, person: bytes, acting_for: bytes | None = None) -> dict[str, Any]:
    browser, _ = house.login(person, acting_for=acting_for)
    return body(house.userinfo(body(house.redeem(house.code(browser, scope=scope)))["access_token"]))


@pytest.mark.parametrize(
    ("scope", "more"),
    [
        ("openid", {}),
        (
            "openid profile",
            {
                "name": "张三",
                "name_masked": "张*",
                "id_number_masked": "3****************8",
                "phone_number_masked": "138****8000",
                "updated_at": 1_790_000_000,
            },
        ),
        (
            "openid phone",
            {
                "phone_number": "13800138000",
                "phone_number_masked": "138****8000",
                "phone_number_verified": True,
            },
        ),
        ("openid id_number", {"id_number": NUMBER, "id_number_masked": "3****************8"}),
    ],
)
def test_a_person_by_scope(house: House, scope: str, more: dict[str, Any]) -> None:
    house.client()
    found = _claims(house, scope, house.person())
    assert len(found.pop("sub")) == 32
    assert found == {"user_type": "person", "holder_code_type": "111"} | more


def test_a_person_without_a_phone(house: House) -> None:
    house.client()
    found = _claims(house, "openid phone profile", house.person(mobile=None))
    assert not [name for name in found if name.startswith("phone")]


def test_an_organisation_and_who_acts(house: House) -> None:
    house.client()
    person = house.person(level=3)
    company = house.organisation(person)
    found = _claims(house, "openid profile", person, company)
    own = _claims(house, "openid", person)
    assert found["user_type"] == "organisation"
    assert found["holder_code_type"] == "001"
    assert found["uscc"] == "91350000MADEM00030"
    assert found["name"] == "闽味食品有限公司"
    assert found["sub"] != own["sub"]
    assert found["acting_person"]["sub"] == own["sub"]
    assert found["acting_person"]["office"] == "legal_representative"
    assert found["acting_person"]["name"] == "张三"
    assert NUMBER not in str(found)
    bare = _claims(house, "openid", person, company)
    assert bare["acting_person"].keys() == {"sub", "office", "holder_code_type"}
    assert "name" not in bare
    assert "uscc" not in bare


def test_two_halls_know_two_subjects_and_one_sector_one(house: House) -> None:
    a = house.client(sector="localhost")
    b = house.client("hall-b", redirect_uris=(OTHER_BACK,))
    c = house.client("hall-c", redirect_uris=(OTHER_BACK,), sector="localhost")
    p = house.client("hall-p", subject_type="public")
    q = house.client("hall-q", subject_type="public", sector="q.example")
    keys, holder = house.engine.keys, b"h" * 16
    subjects = [subject_of(keys, each, holder) for each in (a, b, c, p, q)]
    assert subjects[0] == subjects[2] != subjects[1]
    assert subjects[3] == subjects[4]
    assert len(set(subjects)) == 3
    assert subject_of(keys, a, b"i" * 16) not in subjects


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_the_id_token(house: House, algorithm: str) -> None:
    house.client(id_token_alg=algorithm)
    at = house.clock.now
    browser, session = house.login(house.person(), factors={"pwd": at, "otp": at})
    house.clock.advance(7)
    tokens = body(house.redeem(house.code(browser, nonce="n-1")))
    claims = house.engine.keys.verify_jwt("id-token", tokens["id_token"], now=house.clock.now)
    sid = claims.pop("sid")
    assert claims == {
        "iss": house.engine.issuer,
        "sub": body(house.userinfo(tokens["access_token"]))["sub"],
        "aud": "hall-a",
        "iat": at + 7,
        "exp": at + 7 + house.engine.settings.id_token_seconds,
        "auth_time": at,
        "acr": "urn:manyou:acr:r2-a2",
        "amr": ["otp", "pwd", "mfa"],
        "nonce": "n-1",
    }
    house.client("hall-b", trusted=True)
    other = body(house.redeem(house.code(browser, "hall-b"), "hall-b"))["id_token"]
    assert house.engine.keys.verify_jwt("id-token", other, now=house.clock.now)["sid"] != sid
    assert session.id.hex() not in sid


def test_without_openid_there_is_no_id_token_and_no_userinfo(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    tokens = body(house.redeem(house.code(browser, scope="use")))
    assert "id_token" not in tokens
    reply = house.userinfo(tokens["access_token"])
    assert (reply.status, body(reply)["error"]) == (403, "insufficient_scope")


def test_userinfo_takes_the_token_in_one_place(house: House) -> None:
    house.client()
    browser, _ = house.login(house.person())
    token = body(house.redeem(house.code(browser)))["access_token"]
    assert house.call("POST", "/userinfo", form={"access_token": token}).status == 200
    header = {"Authorization": f"Bearer {token}"}
    assert house.call("POST", "/userinfo", headers=header).status == 200
    assert house.call("POST", "/userinfo", form={"access_token": token}, headers=header).status == 400
    assert house.call("GET", f"/userinfo?access_token={token}").status == 401
    nothing = house.call("GET", "/userinfo")
    assert (nothing.status, nothing.header("WWW-Authenticate")) == (401, 'Bearer realm="manyou"')
    wrong = house.userinfo("x")
    assert 'error="invalid_token"' in (wrong.header("WWW-Authenticate") or "")
    house.clock.advance(house.engine.settings.access_seconds)
    assert house.userinfo(token).status == 401


def test_a_licence_library_learns_what_it_needs(house: House) -> None:
    from web import Call

    house.client(agency_uscc="11350000MBDEM0023C", verifier="registered", trusted=True)
    person = house.person(level=3)
    company = house.organisation(person)
    browser, session = house.login(person, acting_for=company)
    resource = f"{house.engine.issuer}/elicence"
    token = body(house.redeem(house.code(browser, scope="openid use", resource=resource)))["access_token"]
    call = Call.of("GET", "/", now=house.clock.now, headers={"Authorization": f"Bearer {token}"})
    found = house.oauth.tokens.verify(call, "elicence")
    assert (found.holder_key, found.acting_for, found.subject) == (person, company, company)
    assert (found.client, found.client_name, found.audience) == ("hall-a", "大厅甲", resource)
    assert (found.office, found.level, found.strength) == ("legal_representative", 3, 1)
    assert found.scopes == {"openid", "use"}
    assert found.session == session.id
    assert (found.agency_uscc, found.verifier) == ("11350000MBDEM0023C", "registered")
    house.run("UPDATE evidence SET level = 3")
    own = body(house.token(grant_type="client_credentials", scope="use"))["access_token"]
    call = Call.of("GET", "/", now=house.clock.now, headers={"Authorization": f"Bearer {own}"})
    assert house.oauth.tokens.verify(call, "elicence").holder_key is None
