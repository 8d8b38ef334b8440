from __future__ import annotations

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyou import status
from manyou._jws import b64
from manyou.status import (
    Status,
    StatusBits,
    StatusList,
    StatusListRefused,
    StatusListRolledBack,
    StatusOutOfRange,
)
from manyou.trust import Pin, StatusListAddress, TrustContent, TrustedKey, TrustList
from tests.vectors.frozen import SigningKey, read

VECTORS: dict[str, Any] = read("lists.json")
LIST: dict[str, Any] = VECTORS["status"]
NOW: int = VECTORS["now"]
TRUST: TrustList = Pin((VECTORS["anchor"],), VECTORS["deployment"]).verify(VECTORS["trust"]["token"], NOW)


def verified() -> StatusList:
    return status.verify(LIST["token"], LIST["number"], TRUST, NOW)


def test_the_drafts_vectors() -> None:
    assert status.compress(bytes.fromhex("b9a3")) == "eNrbuRgAAhcBXQ"
    assert status.decompress("eNrbuRgAAhcBXQ") == bytes.fromhex("b9a3")
    bits = StatusBits(12)
    for index, value in enumerate((1, 2, 0, 0, 0, 1, 0, 1, 1, 2)):
        bits[index] = Status(value)
    assert bits.packed() == bytes.fromhex("094409")


def test_a_list_is_read() -> None:
    found = verified()
    assert (found.number, found.version, len(found)) == (LIST["number"], LIST["version"], LIST["size"])
    assert {str(index): found.status(index) for index in (4, 5, 6)} == LIST["entries"]


@pytest.mark.parametrize("index", [-1, LIST["size"], 10**9, LIST["reserved"]])
def test_what_the_list_does_not_say_is_refused(index: int) -> None:
    with pytest.raises(StatusOutOfRange):
        verified().status(index)


@pytest.mark.parametrize("name", LIST["refused"])
def test_refused(name: str) -> None:
    with pytest.raises(StatusListRefused):
        status.verify(LIST["refused"][name], LIST["number"], TRUST, NOW)


def test_a_number_that_the_trust_list_does_not_name_is_refused() -> None:
    with pytest.raises(StatusListRefused):
        status.verify(LIST["token"], 4, TRUST, NOW)


def test_the_limit_is_a_limit() -> None:
    found = verified()
    assert found.limit == NOW + 300
    for now in (NOW - 30, NOW, NOW + 299):
        assert found.usable(now)
    for now in (NOW - 31, NOW + 300, NOW + 301):
        assert not found.usable(now)
    assert (found.age(NOW + 7), found.age(NOW - 7)) == (7, 0)


def test_an_older_list_than_one_seen_is_refused() -> None:
    seen = verified()
    assert status.verify(LIST["token"], LIST["number"], TRUST, NOW, seen) == seen
    with pytest.raises(StatusListRolledBack):
        status.verify(LIST["older"], LIST["number"], TRUST, NOW, seen)


def test_a_newer_version_that_was_made_earlier_is_refused() -> None:
    key = SigningKey("s")
    content = TrustContent(
        iss="x",
        deployment="x",
        version=1,
        iat=NOW,
        exp=NOW + 1,
        keys=(TrustedKey("s", "status", key.jwk(), 0),),
        status_lists=(StatusListAddress(1, "https://x"),),
        anchors=({**key.jwk(), "kid": "s"},),
    )
    from manyou import trust

    listed = Pin(content.anchors, "x").verify(trust.sign(content, "s", key.sign), NOW)

    def made(iat: int, version: int) -> str:
        claims = status.claims("https://x", bytes(4), iat=iat, exp=NOW + 99, ttl=99, version=version)
        return status.sign(claims, "s", key.sign)

    seen = status.verify(made(NOW, 1), 1, listed, NOW)
    assert status.verify(made(NOW, 2), 1, listed, NOW, seen).version == 2
    with pytest.raises(StatusListRolledBack):
        status.verify(made(NOW - 1, 2), 1, listed, NOW, seen)


@given(st.lists(st.sampled_from(Status), min_size=1, max_size=200))
def test_packed_and_unpacked(entries: list[Status]) -> None:
    bits = StatusBits(len(entries))
    for index, entry in enumerate(entries):
        bits[index] = entry
    packed = status.decompress(status.compress(bits.packed()))
    again = StatusBits.of(packed)
    assert [again[index] for index in range(len(entries))] == entries
    assert len(again) == -(-len(entries) // 4) * 4


def test_an_entry_is_overwritten_and_leaves_its_neighbours() -> None:
    bits = StatusBits(4)
    for value in (Status.INVALID, Status.SUSPENDED, Status.VALID):
        bits[1] = value
        assert [bits[index] for index in range(4)] == [0, value, 0, 0]


def test_bits_have_their_bounds() -> None:
    bits = StatusBits(5)
    assert len(bits) == 8
    for index in (-1, 8):
        with pytest.raises(StatusOutOfRange):
            bits[index] = Status.VALID
        with pytest.raises(StatusOutOfRange):
            _ = bits[index]
    for size in (0, -1, status.LARGEST_BYTES * 4 + 1):
        with pytest.raises(ValueError, match="entries"):
            StatusBits(size)


@pytest.mark.parametrize(
    "lst",
    [
        "",
        "!!",
        b64(b"no zlib"),
        b64(zlib.compress(b"ab")[:-1]),
        b64(zlib.compress(b"ab") + b"x"),
        b64(zlib.compress(bytes(status.LARGEST_BYTES + 1))),
    ],
    ids=["empty", "no base64", "no zlib", "cut off", "something behind", "a bomb"],
)
def test_what_does_not_unpack_is_refused(lst: str) -> None:
    with pytest.raises(StatusListRefused):
        status.decompress(lst)
