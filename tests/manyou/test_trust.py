from __future__ import annotations

from typing import Any

import msgspec
import pytest

from manyou import trust
from manyou._jws import BadJws
from manyou.trust import Pin, TrustList, TrustListExpired, TrustListRefused, TrustListRolledBack
from tests.vectors.frozen import SigningKey, read

VECTORS: dict[str, Any] = read("lists.json")
LIST: dict[str, Any] = VECTORS["trust"]
NOW: int = VECTORS["now"]
PIN = Pin((VECTORS["anchor"],), VECTORS["deployment"])


def verified() -> TrustList:
    return PIN.verify(LIST["token"], NOW)


def test_a_list_is_read() -> None:
    found = verified()
    assert found.version == LIST["version"]
    assert found.deployment == VECTORS["deployment"]
    assert found.issuers[300].name == "漫省市场监督管理局"
    assert found.types[44] is found.type_codes["91350000MADEM00030001"]
    assert found.types[44].public
    assert found.status_lists[3].uri.startswith("https://")
    key = found.code_key(b"\x01\x02")
    assert key is not None
    assert key.public_key.curve.name == "secp256r1"


def test_a_key_is_good_for_its_one_purpose() -> None:
    found = verified()
    purposes: tuple[trust.KeyPurpose, ...] = ("code", "licence", "status")
    for key in found.content.keys:
        assert [each for each in purposes if found.key(each, key.kid)] == [key.purpose]


@pytest.mark.parametrize("name", LIST["refused"])
def test_refused(name: str) -> None:
    with pytest.raises(TrustListRefused):
        PIN.verify(LIST["refused"][name], NOW)


@pytest.mark.parametrize("token", ["", "a.b.c", "é" * 100, "a" * (trust.LONGEST + 1)])
def test_no_list_at_all(token: str) -> None:
    with pytest.raises(TrustListRefused):
        PIN.verify(token, NOW)


def test_every_character_counts() -> None:
    token = LIST["token"]
    for at in range(0, len(token), 97):
        other = "A" if token[at] != "A" else "B"
        with pytest.raises(TrustListRefused):
            PIN.verify(token[:at] + other + token[at + 1 :], NOW)


def test_the_end_has_no_tolerance_and_the_beginning_thirty_seconds() -> None:
    end, begin = NOW + 86_400, NOW
    for now in (end - 1, begin - 30):
        PIN.verify(LIST["token"], now)
    for now in (end, end + 1, begin - 31):
        with pytest.raises(TrustListExpired):
            PIN.verify(LIST["token"], now)
    assert not verified().expired(end - 1)
    assert verified().expired(end)


def test_a_list_names_who_may_sign_the_next() -> None:
    with pytest.raises(TrustListRefused):
        PIN.verify(LIST["next"], NOW)
    following = verified().pin.verify(LIST["next"], NOW)
    assert following.version == LIST["version"] + 1
    with pytest.raises(TrustListRefused):
        following.pin.verify(LIST["token"], NOW)  # its signer is no anchor any more


def test_an_older_list_than_one_seen_is_refused() -> None:
    seen = Pin(PIN.anchors, PIN.deployment, LIST["version"])
    assert seen.verify(LIST["token"], NOW).version == LIST["version"]
    with pytest.raises(TrustListRolledBack):
        Pin(PIN.anchors, PIN.deployment, LIST["version"] + 1).verify(LIST["token"], NOW)


def test_nothing_pinned_means_refuse() -> None:
    with pytest.raises(TrustListRefused):
        Pin((), PIN.deployment).verify(LIST["token"], NOW)


def test_signed_by_us_it_says_the_same() -> None:
    anchor = SigningKey("a")
    pinned = {**anchor.jwk(), "kid": "a"}
    content = msgspec.structs.replace(verified().content, anchors=(pinned,))
    token = trust.sign(content, "a", anchor.sign)
    assert Pin((pinned,), content.deployment).verify(token, NOW).content == content


@pytest.mark.parametrize(
    ("after", "good"),
    [(-1, False), (0, True), (9, True), (10, False)],
    ids=["before", "first", "last", "after"],
)
def test_a_keys_time(after: int, good: bool) -> None:  # noqa: FBT001 - a column of the table
    key = trust.TrustedKey("k", "code", {}, NOW, NOW + 10)
    assert key.good_at(NOW + after) is good
    assert trust.TrustedKey("k", "code", {}, NOW).good_at(NOW + 10**9)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {**VECTORS["anchor"], "d": "AA"},
        {**VECTORS["anchor"], "x": VECTORS["anchor"]["x"] + "="},
    ],
    ids=str,
)
def test_a_key_that_is_none_is_refused(jwk: dict[str, str]) -> None:
    with pytest.raises(BadJws):
        _ = trust.TrustedKey("k", "code", jwk, 0).public_key
    with pytest.raises(TrustListRefused):
        Pin(({**jwk, "kid": "anchor-1"},), PIN.deployment).verify(LIST["token"], NOW)
