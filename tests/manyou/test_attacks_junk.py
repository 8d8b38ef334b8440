"""Bytes that others chose, at every depth and in no encoding: a verifier refuses them and never breaks."""

from __future__ import annotations

from typing import Any

import pytest

from manyou import licences, status
from manyou._jws import b64
from manyou.licences import LicenceRefused
from manyou.status import StatusListRefused
from manyou.trust import Pin, TrustList, TrustListRefused
from tests.vectors.frozen import read

LISTS: dict[str, Any] = read("lists.json")
NOW: int = LISTS["now"]
PIN = Pin((LISTS["anchor"],), LISTS["deployment"])
TRUST: TrustList = PIN.verify(LISTS["trust"]["token"], NOW)
HEADERS = (
    b'{"alg":"\xff"}',
    b'{"\xff":"a"}',
    b'{"alg":"ES256","kid":"a\xc3","typ":"x"}',
    b'{"a":' * 50_000,
    b"[" * 50_000,
    b"\xff",
)


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_that_is_no_text_is_a_refusal(header: bytes) -> None:
    token = f"{b64(header)}.{b64(b'{}')}.{'A' * 86}"
    with pytest.raises(StatusListRefused):
        status.verify(token, LISTS["status"]["number"], TRUST, NOW)
    with pytest.raises(TrustListRefused):
        PIN.verify(token, NOW)
    with pytest.raises(LicenceRefused):
        licences.verify(token, TRUST)


@pytest.mark.parametrize("payload", [*HEADERS, b'{"licence":' + b'{"a":' * 50_000])
def test_a_payload_of_any_depth_is_a_refusal(payload: bytes) -> None:
    with pytest.raises(LicenceRefused):
        licences.read_payload(payload, LISTS["deployment"])
