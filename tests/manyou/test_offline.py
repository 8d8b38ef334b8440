from __future__ import annotations

from typing import Any

import msgspec
import pytest

from manyou import status
from manyou.codes import UnknownIssuer, Verdict, parse
from manyou.offline import OfflineVerifier, verify_offline, verify_signed
from manyou.trust import Pin
from tests.vectors.frozen import read

LISTS: dict[str, Any] = read("lists.json")
CODES: dict[str, Any] = read("codes.json")
NOW: int = LISTS["now"]
TRUST = Pin((LISTS["anchor"],), LISTS["deployment"]).verify(LISTS["trust"]["token"], NOW)
STATUS_LIST = status.verify(LISTS["status"]["token"], 3, TRUST, NOW)
VERIFIER = OfflineVerifier(TRUST, {3: STATUS_LIST})
VALID: str = LISTS["offline"][0]["digits"]


@pytest.mark.parametrize("row", LISTS["offline"], ids=lambda row: row["name"])
def test_verdict(row: dict[str, Any]) -> None:
    found = VERIFIER.check("HTTPS://EXAMPLE.GOV.CN/V/" + row["digits"], NOW + row["after"])
    assert found.verdict == row["verdict"]
    assert found.valid == (row["verdict"] == "valid")


@pytest.mark.parametrize("row", CODES["refused"], ids=lambda row: row["name"])
def test_a_refused_code_has_its_verdict_and_shows_nothing(row: dict[str, str]) -> None:
    found = VERIFIER.check(row["text"], NOW)
    assert (found.verdict, found.code, found.holder, found.list_age) == (row["verdict"], None, None, None)
    assert not found.holder_is_person


@pytest.mark.parametrize("after", [0, 1, 59])
def test_every_verdict_says_how_old_the_list_is(after: int) -> None:
    found = VERIFIER.check(VALID, NOW + after)
    assert (found.valid, found.list_age) == (True, after)
    assert VERIFIER.check(VALID, NOW + 60 + after).list_age == 60 + after


def test_what_is_shown_comes_from_what_was_signed() -> None:
    found = VERIFIER.check(VALID, NOW)
    assert (found.holder, found.holder_is_person) == ("欧***", True)
    assert found.issuer is TRUST.issuers[300]
    assert found.type is TRUST.types[44]
    assert found.code is not None
    assert found.code.payload.licence.hex() == CODES["valid"][0]["payload"]["licence"]


def test_an_organisation_is_named_by_its_code() -> None:
    organisation = next(row for row in CODES["valid"] if row["name"] == "an organisation")
    found = verify_offline(organisation["digits"], TRUST, {3: STATUS_LIST}, NOW)
    assert (found.holder, found.holder_is_person) == ("91350000MADEM00030", False)
    assert found.verdict is Verdict.STATUS_UNKNOWN  # its index lies beyond this list


def test_without_a_list_nothing_is_valid() -> None:
    found = verify_offline(VALID, TRUST, {}, NOW)
    assert (found.verdict, found.list_age) == (Verdict.STATUS_UNKNOWN, None)


def test_a_trust_list_past_its_end_makes_nothing_valid() -> None:
    content = msgspec.structs.replace(TRUST.content, exp=NOW)
    ended = msgspec.structs.replace(TRUST, content=content)
    assert verify_offline(VALID, ended, {3: STATUS_LIST}, NOW).verdict is Verdict.STATUS_UNKNOWN


def test_a_listed_key_that_is_none_is_no_key() -> None:
    keys = {place: msgspec.structs.replace(key, jwk={"kty": "EC"}) for place, key in TRUST.keys.items()}
    with pytest.raises(UnknownIssuer):
        verify_signed(parse(VALID), msgspec.structs.replace(TRUST, keys=keys))
