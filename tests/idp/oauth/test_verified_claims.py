"""Identity Assurance: cases named after the modules of the ekyc profile, and answers by the schema's form."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import pytest

from idp.oauth.claims.verified_claims import VERIFIABLE
from idp.people.records import EvidenceRow, save_evidence
from tests.idp.oauth.conftest import Browser, House, answered, body
from web.csrf import FIELD

NUMBER = "350000199001010018"
FRAMEWORK = "cn_manyou_realname"
PLAIN: dict[str, Any] = {"trust_framework": None}


# the form of an answer, as openid-ida-verified-claims-1_0 has it, nothing else may stand in it


class Check(msgspec.Struct, forbid_unknown_fields=True):
    check_method: Literal["data", "token", "vpip", "pvp"]
    time: datetime | None = None


class Kind(msgspec.Struct, forbid_unknown_fields=True):
    type: str


class Document(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="document"):
    check_details: list[Check] | None = None
    document_details: Kind | None = None


class Record(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="electronic_record"):
    check_details: list[Check] | None = None
    record: Kind | None = None


class Verification(msgspec.Struct, forbid_unknown_fields=True):
    trust_framework: str
    assurance_level: str | None = None
    time: datetime | None = None
    evidence: list[Document | Record] | None = None


class Verified(msgspec.Struct, forbid_unknown_fields=True):
    verification: Verification
    claims: dict[str, Any]


def valid(element: Any) -> Verified:
    """The element, by the schema: at least one claim, evidence never an empty array."""
    found = msgspec.convert(element, Verified)
    assert found.claims
    assert found.verification.evidence != []
    return found


def verified_person(house: House, level: int = 3) -> bytes:
    """Somebody for whom evidence of each level up to this one stands, a hundred seconds after the other."""
    key = house.person(level=0)
    channels = ((1, "registry"), (2, "phone_on_file"), (3, "seen_by_clerk"))[:level]
    for row in (
        EvidenceRow(key, each, name, house.clock.now - 400 + 100 * each, 0) for each, name in channels
    ):
        house.durable.write(lambda tx, row=row: save_evidence(tx, row))  # type: ignore[misc]
    return key


def asking(claims: Any, verification: Any = None) -> dict[str, Any]:
    return {"verified_claims": {"verification": verification or PLAIN, "claims": claims}}


def got(house: House, browser: Browser, **parts: Any) -> tuple[Any, Any]:
    """verified_claims of userinfo and of the ID token."""
    claims = json.dumps(parts, ensure_ascii=False)
    tokens = body(house.redeem(house.code(browser, scope="openid", claims=claims)))
    info = body(house.userinfo(tokens["access_token"]))
    token = house.engine.keys.verify_jwt("id-token", tokens["id_token"], now=house.clock.now)
    return info.get("verified_claims"), token.get("verified_claims")


def test_a_person_of_the_registry_on_either_engine(either: House) -> None:
    either.client()
    browser, _ = either.login(verified_person(either))
    info, _ = got(either, browser, userinfo=asking({"name": None}, {"evidence": None}))
    assert len(valid(info).verification.evidence or []) == 3


@pytest.fixture
def browser(house: House) -> Browser:
    """A person of level 3, logged in."""
    house.client()
    return house.login(verified_person(house))[0]


@pytest.mark.module(
    "ekyc-server-happypath",
    "ekyc-server-happypath-emptyobject",
    "ekyc-server-happypath-essentialfalse",
)
@pytest.mark.parametrize("want", [None, {}, {"essential": False}, {"essential": True}])
def test_ekyc_server_happypath_emptyobject_essentialfalse(house: House, browser: Browser, want: Any) -> None:
    info, token = got(house, browser, userinfo=asking({"name": want}), id_token=asking({"birthdate": want}))
    assert info == {"verification": {"trust_framework": FRAMEWORK}, "claims": {"name": "张三"}}
    assert token == {"verification": {"trust_framework": FRAMEWORK}, "claims": {"birthdate": "1990-01-01"}}


@pytest.mark.module("ekyc-server-request-only-in-idtoken", "ekyc-server-request-only-in-userinfo")
@pytest.mark.parametrize("place", ["userinfo", "id_token"])
def test_ekyc_server_request_only_in_idtoken_only_in_userinfo(
    house: House, browser: Browser, place: str
) -> None:
    info, token = got(house, browser, **{place: asking({"name": None})})
    assert (info is None, token is None) == (place == "id_token", place == "userinfo")


@pytest.mark.module(
    "ekyc-server-unknown-claim-omitted",
    "ekyc-server-unknown-essential-claim-omitted",
    "ekyc-server-unknown-claim-specialchars-omitted",
)
@pytest.mark.parametrize("essential", [True, False])
@pytest.mark.parametrize("name", ["unknown_claim", "%25#\U0001f600'\"<&>\\/ \t", "verification", ""])
def test_ekyc_server_unknown_essential_specialchars_claim_omitted(
    house: House,
    browser: Browser,
    name: str,
    essential: bool,  # noqa: FBT001
) -> None:
    info, _ = got(house, browser, userinfo=asking({name: {"essential": essential}, "name": None}))
    assert info["claims"] == {"name": "张三"}
    info, token = got(house, browser, userinfo=asking({name: {"essential": essential}}))
    assert (info, token) == (None, None)


@pytest.mark.module("ekyc-server-one-claim-with-random-value-omitted")
def test_ekyc_server_one_claim_with_random_value_omitted(house: House, browser: Browser) -> None:
    info, _ = got(
        house, browser, userinfo=asking({"name": {"value": "4Zq"}, "gender": {"values": ["male", "x"]}})
    )
    assert info["claims"] == {"gender": "male"}
    info, _ = got(house, browser, userinfo=asking({"name": {"value": "4Zq", "essential": True}}))
    assert info is None


@pytest.mark.module("ekyc-server-testuserprovidedrequest")
def test_ekyc_server_testuserprovidedrequest(house: House, browser: Browser) -> None:
    """All that there is to ask for, in one request, by the form of the schema."""
    verification = {
        "trust_framework": {"value": FRAMEWORK},
        "assurance_level": {"values": ["r2", "r3"]},
        "time": {"max_age": 101},
        "evidence": [
            {"type": {"value": "document"}, "check_details": None, "document_details": {"type": None}},
            {
                "type": {"value": "electronic_record"},
                "check_details": [{"check_method": None}],
                "record": None,
            },
        ],
    }
    info, _ = got(house, browser, userinfo=asking(dict.fromkeys(VERIFIABLE), verification))
    found = valid(info)
    at = datetime.fromtimestamp(house.clock.now - 100, UTC)
    assert (found.verification.assurance_level, found.verification.time) == ("r3", at)
    assert [type(each).__name__ for each in found.verification.evidence or []] == [
        "Record",
        "Record",
        "Document",
    ]
    assert info["verification"]["evidence"][0] == {
        "type": "electronic_record",
        "check_details": [{"check_method": "data"}],
        "record": {"type": "population_register"},
    }
    assert info["claims"] == {
        "name": "张三",
        "birthdate": "1990-01-01",
        "gender": "male",
        "id_number": NUMBER,
        "phone_number": "13800138000",
    }
    assert info["verification"]["time"].endswith("Z")


@pytest.mark.module("ekyc-server-testbasedonuserinfo-defaults")
def test_ekyc_server_testbasedonuserinfo_defaults(house: House, browser: Browser) -> None:
    """A verified claim says the same as the plain one of that name, and never stands beside it unasked."""
    plain = json.dumps({"userinfo": dict.fromkeys(VERIFIABLE)})
    tokens = body(house.redeem(house.code(browser, scope="openid", claims=plain)))
    info = body(house.userinfo(tokens["access_token"]))
    assert "verified_claims" not in info
    verified, _ = got(house, browser, userinfo=asking(dict.fromkeys(VERIFIABLE)))
    assert verified["claims"] == {name: info[name] for name in VERIFIABLE if name in info}


@pytest.mark.module("ekyc-server-test-userinfo-notfoundinop")
def test_ekyc_server_test_userinfo_notfoundinop(house: House, browser: Browser) -> None:
    """What the registry does not hold of this person, here an address, is left out."""
    info, _ = got(house, browser, userinfo=asking({"address": {"essential": True}, "name": None}))
    assert info["claims"] == {"name": "张三"}
    assert got(house, browser, userinfo=asking({"address": None})) == (None, None)


@pytest.mark.parametrize(
    ("verification", "met"),
    [
        ({}, True),
        ({"trust_framework": {"value": "de_aml"}}, False),
        ({"trust_framework": {"values": ["de_aml", FRAMEWORK]}}, True),
        ({"assurance_level": {"value": "r2"}}, False),
        ({"time": {"max_age": 100}}, True),
        ({"time": {"max_age": 99}}, False),
        ({"evidence": None}, True),
        ({"evidence": [{"type": {"value": "vouch"}}]}, False),
        ({"evidence": [{"type": {"value": "vouch"}}, {"type": {"value": "document"}}]}, True),
        ({"evidence": [{"check_details": [{"check_method": {"value": "vpip"}}]}]}, True),
        ({"evidence": [{"check_details": [{"check_method": {"value": "bvr"}}]}]}, False),
        ({"evidence": [{"document_details": {"type": {"values": ["passport"]}}}]}, False),
        ({"evidence": [{"document_details": {"serial": {"value": "1"}}}]}, False),
        ({"evidence": [{"document_details": {"serial": None}}]}, True),
        ({"verification_process": {"value": "x"}}, False),
        ({"verification_process": None, "anything": [1, "x", {}]}, True),
    ],
)
def test_what_is_demanded_of_the_verification_is_met_or_nothing_is_said(
    house: House,
    browser: Browser,
    verification: Any,
    met: bool,  # noqa: FBT001
) -> None:
    info, _ = got(house, browser, userinfo=asking({"name": None}, verification))
    assert (info is not None) is met
    if met:
        valid(info)


def test_nothing_of_the_verification_is_said_unasked(house: House, browser: Browser) -> None:
    """Data minimisation (§ 5.4): a part that holds what was asked for, and what makes it valid."""
    verification = {
        "time": None,
        "evidence": [{"type": {"value": "document"}, "document_details": {"serial": None}}],
    }
    info, _ = got(house, browser, userinfo=asking({"name": None}, verification))
    assert info["verification"] == {
        "trust_framework": FRAMEWORK,
        "time": info["verification"]["time"],
        "evidence": [{"type": "document", "document_details": {"type": "idcard"}}],
    }


def test_of_an_empty_verification_the_framework_is_said(house: House, browser: Browser) -> None:
    for verification in ({}, {"essential": True}):
        element = {"verification": verification, "claims": {"name": None}}
        info, _ = got(house, browser, userinfo={"verified_claims": element})
        assert info["verification"] == {"trust_framework": FRAMEWORK}


def test_several_elements_are_answered_each_by_itself(house: House, browser: Browser) -> None:
    elements = [
        {"verification": {"trust_framework": {"value": "de_aml"}}, "claims": {"name": None}},
        {"verification": {"assurance_level": {"value": "r3"}}, "claims": {"name": None}},
        {"verification": {"evidence": [{"type": {"value": "document"}}]}, "claims": {"birthdate": None}},
    ]
    info, _ = got(house, browser, userinfo={"verified_claims": elements})
    assert [valid(each).claims for each in info] == [{"name": "张三"}, {"birthdate": "1990-01-01"}]
    info, _ = got(house, browser, userinfo={"verified_claims": elements[:2]})
    assert valid(info).claims == {"name": "张三"}


@pytest.mark.parametrize(("level", "phone"), [(0, None), (1, False), (2, True)])
def test_the_level_is_the_assurance(house: House, level: int, phone: bool | None) -> None:  # noqa: FBT001
    house.client()
    browser, _ = house.login(verified_person(house, level))
    asked = asking({"name": None, "phone_number": None}, {"assurance_level": None})
    info, _ = got(house, browser, userinfo=asked)
    if phone is None:
        assert info is None
        return
    assert info["verification"]["assurance_level"] == f"r{level}"
    assert ("phone_number" in info["claims"]) is phone


def test_evidence_that_ended_counts_for_nothing(house: House, browser: Browser) -> None:
    house.run("UPDATE evidence SET ends = :now WHERE level > 1", now=house.clock.now)
    info, _ = got(
        house, browser, userinfo=asking({"name": None}, {"assurance_level": None, "evidence": None})
    )
    found = valid(info).verification
    assert (found.assurance_level, len(found.evidence or [])) == ("r1", 1)


def test_an_organisation_has_no_verified_claims(house: House) -> None:
    house.client()
    key = verified_person(house)
    browser, _ = house.login(key, acting_for=house.organisation(key))
    assert got(house, browser, userinfo=asking({"name": None})) == (None, None)


def test_each_verified_claim_is_agreed_to_by_itself(house: House, browser: Browser) -> None:
    claims = json.dumps({"userinfo": {"name": None, **asking({"name": {"essential": True}, "gender": None})}})
    where = house.authorize(browser, scope="openid profile", claims=claims).header("Location") or ""
    page = house.call("GET", where, browser=browser).body.decode()
    assert 'name="claim.name"' not in page  # the scope opens it; that it is verified no scope says
    for words in (
        'name="claim.verified_name"',
        'name="claim.verified_gender"',
        "（办事需要）",
        "经核验的性别",
    ):
        assert words in page
    token = page.partition(f'name="{FIELD}" value="')[2].partition('"')[0]
    form = {FIELD: token, "decision": "allow", "claim.verified_gender": "yes"}
    back = house.call("POST", where, browser=browser, form=form).header("Location") or ""
    code = answered(house.call("GET", back, browser=browser))["code"]
    info = body(house.userinfo(body(house.redeem(code))["access_token"]))
    assert (info["name"], info["verified_claims"]["claims"]) == ("张三", {"gender": "male"})


@pytest.mark.parametrize(
    "element",
    [
        1,
        "x",
        {},
        [{}],
        [None],
        {"verification": PLAIN},
        {"claims": {"name": None}},
        {"verification": None, "claims": {"name": None}},
        {"verification": [], "claims": {"name": None}},
        {"verification": PLAIN, "claims": ["name"]},
        {"verification": PLAIN, "claims": {"name": 1}},
        [{"verification": PLAIN, "claims": {"name": None}}] * 5,
    ],
)
def test_what_has_not_the_form_is_refused(house: House, browser: Browser, element: Any) -> None:
    claims = json.dumps({"userinfo": {"verified_claims": element}})
    assert answered(house.authorize(browser, scope="openid", claims=claims))["error"] == "invalid_request"


@pytest.mark.parametrize("inner", ['{"a":', "["])
@pytest.mark.parametrize("depth", [13, 100, 700])
def test_what_is_too_deep_is_refused(house: House, browser: Browser, inner: str, depth: int) -> None:
    close = "}" if inner.startswith("{") else "]"
    deep = inner * depth + "1" + close * depth
    element = f'{{"verification": {{"x": {deep}}}, "claims": {{"name": null}}}}'
    claims = f'{{"userinfo": {{"verified_claims": {element}}}}}'
    assert answered(house.authorize(browser, scope="openid", claims=claims))["error"] == "invalid_request"


def test_the_metadata_tells_what_is_offered(house: House) -> None:
    found = body(house.call("GET", "/.well-known/openid-configuration"))
    assert found["verified_claims_supported"] is True
    assert found["trust_frameworks_supported"] == [FRAMEWORK]
    assert found["claims_in_verified_claims_supported"] == list(VERIFIABLE)
    assert found["evidence_supported"] == ["document", "electronic_record"]
    assert "idcard" in found["documents_supported"]
    assert found["documents_check_methods_supported"] == ["vpip", "pvp"]
    assert "population_register" in found["electronic_records_supported"]
    assert {"verified_claims", *VERIFIABLE} <= set(found["claims_supported"])
