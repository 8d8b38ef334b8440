from __future__ import annotations

from hashlib import sha256

import pytest

from keys import Keys
from manyou.codes import (
    BadSignature,
    ClockDiffers,
    CodeExpired,
    UnknownIssuer,
    Unreadable,
    parse,
    sig_structure,
)
from qr import Checker, LicenceFacts, Minted, Minter
from tests.conftest import ManualClock


def test_a_code_of_now(checker: Checker, minted: Minted, clock: ManualClock) -> None:
    found = checker.check(minted.url, clock())
    code = parse(minted.digits)
    assert found.payload == code.payload
    assert found.replay_key == sha256(sig_structure(code.payload_bytes, code.kid, "test")).digest()
    assert checker.check(minted.digits, clock()) == found


@pytest.mark.parametrize("after", [-30, 0, 59])
def test_fresh(checker: Checker, minted: Minted, after: int) -> None:
    checker.check(minted.url, minted.issued_at + after)


@pytest.mark.parametrize(
    ("after", "refusal"), [(-31, ClockDiffers), (60, CodeExpired), (61, CodeExpired), (10**6, CodeExpired)]
)
def test_not_of_now(checker: Checker, minted: Minted, after: int, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        checker.check(minted.url, minted.issued_at + after)
    assert checker.signed(minted.url).payload.ends == minted.ends


@pytest.mark.parametrize("text", ["", "HTTPS://V.EXAMPLE.GOV.CN/V/", "1" * 300, "x" * 5000])
def test_unreadable(checker: Checker, text: str, clock: ManualClock) -> None:
    with pytest.raises(Unreadable):
        checker.check(text, clock())


def test_a_key_of_another_ring_is_unknown(minted: Minted, clock: ManualClock) -> None:
    with pytest.raises(UnknownIssuer):
        Checker(list, "test").check(minted.url, clock())


def test_another_deployments_code_is_not_ours(ring: Keys, minted: Minted, clock: ManualClock) -> None:
    with pytest.raises(BadSignature):
        Checker(lambda: ring.verifying("code"), "production").check(minted.url, clock())


def test_rotation_refuses_no_code(
    ring: Keys, checker: Checker, minter: Minter, facts: LicenceFacts, clock: ManualClock
) -> None:
    old = minter.mint(facts, ring.signer("code"), clock(), b"aaaa")
    checker.check(old.url, clock())
    ring.rotate("code")
    for _ in range(100):
        clock.advance(600)
        ring.advance(clock())
        code = minter.mint(facts, ring.signer("code"), clock(), b"bbbb")
        checker.check(code.url, clock())
        if parse(code.url).kid != parse(old.url).kid:
            break
    else:
        pytest.fail("the new key never became active")
